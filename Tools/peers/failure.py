"""What keeps a benchmark from running."""


class Failure(Exception):
    """Something failed to run; said in one line."""

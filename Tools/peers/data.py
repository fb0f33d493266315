"""The events that all systems are given."""
import os

from .failure import Failure
from .run import call


def make(options, binary, folder, say):
    """A file of NDJSON, how many events it holds, and their bytes with line ends."""
    if options.input:
        return measure(os.path.abspath(options.input))
    path = os.path.join(folder, "events.ndjson")
    say(f"generating {options.events:,} events")
    with open(path, "wb") as file:
        call([binary, "bench", "data", "--events", options.events, "--ids", options.ids], output=file)
    return measure(path)


def measure(path):
    """How many lines and bytes a file has."""
    try:
        with open(path, "rb") as file:
            count = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        size = os.path.getsize(path)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    if not count:
        raise Failure(f"{path} holds no events")
    return path, count, size

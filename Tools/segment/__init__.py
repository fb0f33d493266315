"""The parts of Tools/read_segment.py, of the Python standard library alone: bytes, format, indexes, the walk."""

"""The events that all systems are given."""
import os
import sys

from .failure import Failure
from .install import CLIENTS
from .run import call

GENERATE = CLIENTS.parent.parent / "generate.py"


def make(options, binary, folder, say):
    """A file of NDJSON, how many events it holds, and their bytes with line ends."""
    if options.input:
        return measure(os.path.abspath(options.input))
    path = os.path.join(folder, "events.ndjson")
    say(f"generating {options.events:,} events")
    try:
        printed = call([binary, "bench", "data", "--events", options.events, "--ids", options.ids, "--output", path])
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(printed)
    except Failure:
        call([sys.executable, GENERATE, "--events", options.events, "--ids", options.ids, "--out", path])
    return measure(path)


def measure(path):
    try:
        with open(path, "rb") as file:
            count = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        if not count:
            raise Failure(f"{path} holds no events")
        return path, count, os.path.getsize(path)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None

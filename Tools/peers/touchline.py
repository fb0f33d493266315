"""Touchline itself, measured by `touchline bench`."""
import json
import os
import subprocess

from .failure import Failure
from .install import CLIENTS
from .run import call, measured

ROOT = CLIENTS.parent.parent.parent
# What `touchline bench` is asked for each test, and the words that the row of its rate begins with.
ASKED = {
    "append1": ["append", "--tasks", "1", "--request", "1"],
    "append64": ["append", "--tasks", "64", "--request", "1"],
    "batch": ["append", "--tasks", "1", "--request", "1000"],
    "read": ["replay", "--what", "dispatch"],
    "fold": ["replay", "--what", "all"],
    "history": ["history"],
    "disk": ["disk"],
    "tail": ["tail"],
}


def locate(given):
    """The binary: as given, as the environment names it, else the release build."""
    named = given or os.environ.get("TOUCHLINE_BINARY")
    if not named:
        build = ["swift", "build", "-c", "release"]
        subprocess.run(build + ["--product", "touchline"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        found = subprocess.run(build + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
        named = os.path.join(found.stdout.strip(), "touchline")
    if not os.access(named, os.X_OK):
        raise Failure(f"{named}: no such program; build it, or name it with --binary")
    return os.path.abspath(named)


class Touchline:
    """In process, too: `touchline bench` makes a log of its own for each measurement."""

    name, title = "touchline", "Touchline"
    tests = tuple(ASKED)
    settings = "fdatasync before each acknowledgement; all indexes kept; the limit is measured in the same process"
    server = None

    def __init__(self, work):
        self.work = work

    def version(self):
        return call([self.work.binary, "--version"]).strip()

    def measure(self, test):
        words = [self.work.binary, "bench", *ASKED[test], "--input", self.work.events_file, "--runs", "1", "--json"]
        return measured(words, read=lambda printed: figures(json.loads(printed), test))

    def end(self):
        """Nothing runs in the background."""


def figures(printed, test):
    raise Failure(f"bench {test} is not there yet")

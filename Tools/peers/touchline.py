"""Touchline itself, measured by `touchline bench`, which tells the limit of the machine beside each figure."""
import json
import os
import shutil
import subprocess

from .failure import Failure
from .install import CLIENTS
from .run import call, measured

# Enough for a million events; `bench` measures the limit for a fifth of it.
BATCH_SECONDS_MAX = 30
ROOT = CLIENTS.parent.parent.parent


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
    settings = "fdatasync before each acknowledgement, all indexes kept; limits measured in the same process"
    server = None

    def __init__(self, work):
        self.work = work
        file = work.events_file
        timed = ["--input", file, "--seconds", work.seconds]
        whole = ["--input", file, "--seconds", BATCH_SECONDS_MAX, "--events", work.events]
        replay = ["replay", file, "--workers", 1]
        # For each test, what is asked, and the names of the rows that answer.
        asked = {
            "append1": (["append", "--tasks", 1, "--request", 1] + timed, latencies("append.1x1")),
            "append64": (["append", "--tasks", 64, "--request", 1] + timed, latencies("append.64x1")),
            "batch": (["append", "--tasks", 1, "--request", 1000] + whole, latencies("append.1x1000")),
            "read": (replay, {"rate": ["replay.dispatch"]}),
            "fold": (replay, {"rate": ["replay.all"]}),
            "history": (["history", file], latencies("history")),
            "tail": (["tail", "--seconds", work.seconds], latencies("tail")),
            "disk": self.disk(),
        }
        known = call([work.binary, "bench", "--help"])
        self.asked = {test: ask for test, ask in asked.items() if f"\n  {ask[0][0]} " in known}
        self.tests = tuple(self.asked)
        self.last = (None, None)

    def disk(self):
        """Of the generated events `bench` makes its own copy, with the budget for their ids.

        Too few events close no segment; then what counts is the segment that is still being written.
        """
        words = ["disk", "--events", self.work.events]
        words += [] if self.work.ids else ["--input", self.work.events_file]
        begin = "disk." + (self.work.ids or "input")
        return words, {"ratio": [begin + ".log+index", begin + ".active"]}

    def version(self):
        return call([self.work.binary, "--version"]).strip()

    def measure(self, test):
        words, names = self.asked[test]
        asked, report = self.last
        # Reading and folding are one benchmark: what it told of the first answers the second.
        if not (test == "fold" and asked == words):
            folder = os.path.join(self.work.folder, self.name)
            shutil.rmtree(folder, ignore_errors=True)
            command = [self.work.binary, "bench", *words, "--data", folder, "--runs", 1, "--json"]
            report = measured(command, read=lambda printed: {"printed": json.loads(printed)})
        self.last = (words, report) if test == "read" else (None, None)
        return dict(figures(report["printed"], names), foreign=report["foreign"], noisy=report["noisy"])

    def end(self):
        """Nothing runs in the background."""


def latencies(begin):
    """The rows of a rate and of its latencies."""
    return {"rate": [begin + ".rate"], "p50_us": [begin + ".p50"], "p99_us": [begin + ".p99"]}


def figures(report, names):
    """The figures of a report of `touchline bench`: for each, of the first row of these names; and its budgets."""
    rows = {row["name"]: row for row in report["rows"]}
    found = {}
    for key, choice in names.items():
        row = next((rows[name] for name in choice if name in rows), None)
        if not row:
            continue
        found[key] = row["figure"]["median"]
        if key == "rate" and row["limit"]:
            found["limit"], found["limit_is"] = row["limit"]["median"], row["limit_is"]
    if not found:
        raise Failure(f"bench {report['benchmark']} has no row {' or '.join(sum(names.values(), []))}")
    begins = tuple(name.rsplit(".", 1)[0] + "." for choice in names.values() for name in choice)
    found["promises"] = [promise(row) for row in rows.values() if row["budget"] and row["name"].startswith(begins)]
    return found


def promise(row):
    """A budget and what is held against it."""
    return {"name": row["name"], "unit": row["unit"], "figure": row["figure"]["median"], "budget": row["budget"],
            "ratio": row["ratio"]["median"] if row["ratio"] else None}

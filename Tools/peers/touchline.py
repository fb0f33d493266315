"""Touchline itself, measured by `touchline bench`, which tells the limit of the machine beside each figure."""
import json
import os
import shutil
import subprocess

from .failure import Failure
from .install import CLIENTS
from .run import SECONDS_MAX, call, measured

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
        timed, whole = ["--seconds", work.seconds], ["--seconds", SECONDS_MAX / 2, "--events", work.events]
        # For each test, what is asked and how the names of its rows begin.
        self.asked = {
            "append1": (["append", "--tasks", 1, "--request", 1] + timed, "append.1x1."),
            "append64": (["append", "--tasks", 64, "--request", 1] + timed, "append.64x1."),
            "batch": (["append", "--tasks", 1, "--request", 1000] + whole, "append.1x1000."),
        }
        self.tests = tuple(self.asked)

    def version(self):
        return call([self.work.binary, "--version"]).strip()

    def measure(self, test):
        words, prefix = self.asked[test]
        folder = os.path.join(self.work.folder, self.name)
        shutil.rmtree(folder, ignore_errors=True)
        words = [self.work.binary, "bench", *words, "--input", self.work.events_file, "--data", folder]
        return measured(words + ["--runs", 1, "--json"], read=lambda printed: figures(json.loads(printed), prefix))

    def end(self):
        """Nothing runs in the background."""


# What a row's name ends with, and the name of its figure here.
FIGURES = {"rate": "rate", "p50": "p50_us", "p99": "p99_us"}


def figures(report, prefix):
    """The figures of a report of `touchline bench`, of rows whose names begin with `prefix`."""
    found = {"promises": []}
    for row in report["rows"]:
        if not row["name"].startswith(prefix):
            continue
        key = FIGURES.get(row["name"][len(prefix):])
        if key:
            found[key] = row["figure"]["median"]
        if key == "rate" and row["limit"]:
            found["limit"], found["limit_is"] = row["limit"]["median"], row["limit_is"]
        if row["budget"]:
            ratio = row["ratio"]["median"] if row["ratio"] else None
            found["promises"].append({"name": row["name"], "unit": row["unit"], "figure": row["figure"]["median"],
                                      "ratio": ratio, "budget": row["budget"]})
    if len(found) == 1:
        raise Failure(f"bench {report['benchmark']} has no row {prefix}…")
    return found

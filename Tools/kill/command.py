"""Running the built `touchline`, and the log as the `lz4` program reads it."""
import glob
import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# A command that takes longer than this hangs.
SECONDS_MAX = 300


class Violation(Exception):
    """A promise that was not kept."""


def demand(holds, message):
    if not holds:
        raise Violation(message)


def locate(given):
    """The binary: as given, as the environment names it, else the release build."""
    named = given or os.environ.get("TOUCHLINE_BINARY")
    if named:
        return os.path.abspath(named)
    build = ["swift", "build", "-c", "release"]
    subprocess.run(build + ["--product", "touchline"], cwd=ROOT, check=True)
    found = subprocess.run(build + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return os.path.join(found.stdout.strip(), "touchline")


class Touchline:
    """The command on one data folder."""

    def __init__(self, binary, data):
        self.binary, self.data = binary, data
        self.log = os.path.join(data, "log")

    def arguments(self, *words):
        return [self.binary, *words, "--data", self.data]

    def run(self, *words, status=0, stdin=b""):
        """Runs a command to its end; any other exit status than `status` (None: any) is a violation."""
        try:
            done = subprocess.run(self.arguments(*words), input=stdin, capture_output=True, timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise Violation(f"`touchline {' '.join(words)}` did not end in {SECONDS_MAX} s") from None
        if status is not None and done.returncode != status:
            output = (done.stdout[-2000:] + done.stderr[-2000:]).decode(errors="replace")
            raise Violation(f"`touchline {' '.join(words)}` ended with {done.returncode}, not {status}:\n{output}")
        return done

    def segments(self):
        return sorted(glob.glob(os.path.join(self.log, "*.lz4")))

    def lz4(self):
        """The exit status of `cat log/*.lz4 | lz4 -dc`, and what it printed."""
        stream = b"".join(pathlib.Path(path).read_bytes() for path in self.segments())
        done = subprocess.run(["lz4", "-dc"], input=stream, capture_output=True, timeout=SECONDS_MAX)
        return done.returncode, done.stdout


def kill(process):
    """Kills a process the hard way; returns whether it was alive."""
    alive = process.poll() is None
    if alive:
        process.send_signal(signal.SIGKILL)
    return alive

"""A `touchline tail -f` in a process of its own, whose output goes to a file."""
import os
import subprocess
import time

from .command import SECONDS_MAX, demand, kill
from .record import demand_start


class Follower:
    """Follows a log from its start, over any number of writers; may itself be killed and go on."""

    def __init__(self, touchline, folder):
        self.touchline = touchline
        self.path = os.path.join(folder, "tailed")
        self.errors = os.path.join(folder, "tail-errors")
        self.printed = b""
        self.starts = 0
        self.process = None
        open(self.path, "wb").close()
        self.start()

    @property
    def lines(self):
        return self.printed.count(b"\n")

    def start(self):
        """Goes on after the last whole line that was printed."""
        words = self.touchline.arguments("tail", "-f", "--from", str(self.lines))
        with open(self.path, "ab") as output, open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        self.starts += 1

    def read(self):
        """Everything printed so far."""
        with open(self.path, "rb") as file:
            file.seek(len(self.printed))
            self.printed += file.read()
        return self.printed

    def check(self, log):
        """What was printed before `log` was read must be how it begins."""
        demand(self.process.poll() is None, f"the tail ended with {self.process.poll()}; see {self.errors}")
        demand_start(log, self.printed, "the tail printed what is not in the log")

    def restart(self, log):
        """Kills the tail, checks its last words, and resumes behind its last whole line."""
        kill(self.process)
        self.process.wait()
        demand_start(log, self.read(), "the tail printed what is not in the log")
        self.printed = self.printed[:self.printed.rfind(b"\n") + 1]
        os.truncate(self.path, len(self.printed))
        self.start()

    def catch_up(self, log):
        """Waits until all of the log is printed."""
        deadline = time.monotonic() + SECONDS_MAX
        while len(self.read()) < len(log) and self.process.poll() is None:
            demand(time.monotonic() < deadline, f"the tail stands at {len(self.printed)} of {len(log)} bytes")
            time.sleep(0.005)
        self.check(log)

    def stop(self):
        kill(self.process)
        self.process.wait()

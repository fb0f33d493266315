"""Killing `touchline rebuild`: run again, it leaves the rows of an undisturbed one."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from .command import ROOT, Touchline, demand
from .follower import Follower
from .rounds import ATTEMPTS_MAX, delay
from .watch import Watch

ROUNDS_OF_A_LIFE = 40
EVENTS_FIRST, EVENTS_MORE = 6_000, 200


class Rebuilds:
    """Each round kills one rebuild, or the projecting of new events; some rounds let one end and compare."""

    name = "rebuild"

    def __init__(self, binary, folder, random, counts):
        self.binary, self.folder, self.random, self.counts = binary, folder, random, counts
        self.touchline = self.process = self.follower = None
        self.seconds = 0.3
        self.plan = ""

    def round(self, number):
        if number % ROUNDS_OF_A_LIFE == 0:
            self.end_life()
            self.new_folder(number)
        elif self.random.random() < 0.15:
            self.grow()
        attempts = 0
        while not self.kill_one():
            attempts += 1
            demand(attempts < ATTEMPTS_MAX, "no rebuild lasts long enough to be killed")
            self.finished(is_rebuilt=not self.plan.startswith("projections"))
        self.counts["checks"] += 1
        self.touchline.run("verify")
        if self.random.random() < 0.4:
            self.same_rows("after a kill, the views")
        if self.random.random() < 0.4:
            self.touchline.run("rebuild")
            self.finished()

    def new_folder(self, number):
        data = os.path.join(self.folder, f"rebuild-{number}")
        self.touchline = Touchline(self.binary, data)
        self.touchline.run("init", "--segment-bytes", "200000")
        self.follower = Follower(self.touchline, self.folder)
        events = os.path.join(self.folder, f"life-{number}.ndjson")
        generator = [sys.executable, str(ROOT / "Tools/generate.py"), "--events", str(EVENTS_FIRST + 20 * EVENTS_MORE),
                     "--seed", str(self.random.randrange(1 << 30)), "--corrections", "--ids", "short", "--shuffle",
                     "0.1", "--out", events]
        subprocess.run(generator, check=True, capture_output=True)
        with open(events, "rb") as file:
            self.lines = file.readlines()
        self.next = 0
        self.append(EVENTS_FIRST)
        self.touchline.run("rebuild")
        self.undisturbed()

    def append(self, count):
        lines = self.lines[self.next:self.next + count]
        self.next += len(lines)
        self.touchline.run("append", "--quiet", stdin=b"".join(lines))
        self.counts["answers"] += len(lines)

    def grow(self):
        """More events, which the tail prints, and what the views must be then."""
        self.append(EVENTS_MORE)
        self.follower.catch_up(self.touchline.run("cat").stdout)
        self.undisturbed()

    def undisturbed(self):
        """The digest of a rebuild that nobody disturbs, of a copy of the log."""
        copy = self.touchline.data + "-copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.touchline.data, copy, symlinks=True, ignore=shutil.ignore_patterns("views*", "rebuild*"))
        other = Touchline(self.binary, copy)
        other.run("rebuild", "--workers", "1")
        self.digest = self.digest_of(other)

    @staticmethod
    def digest_of(touchline):
        listing = json.loads(touchline.run("projections", "--digest", "--json").stdout)
        demand(all(one["lag"] == 0 for one in listing["projections"]), f"the views lag behind: {listing}")
        return listing["digest"]

    def same_rows(self, what):
        self.counts["checks"] += 1
        digest = self.digest_of(self.touchline)
        demand(digest == self.digest, f"{what} have the digest {digest}, not {self.digest}")

    def kill_one(self):
        """Starts a rebuild (or lets new events be projected) and kills it; whether it was still there to be killed."""
        random, data = self.random, self.touchline.data
        words = random.choice([["rebuild", "--workers", "1"], ["rebuild"], ["rebuild", "--verify"], ["projections"]])
        end, count, late = random.choice([
            ("", 0, random.uniform(0, self.seconds)), ("views.db.new", 1, delay(random, 0.001)),
            ("-wal", random.randint(1, 30), delay(random, 0.05)), (".db", random.randint(1, 6), delay(random, 0.05))])
        self.plan = f"{' '.join(words)}, {late * 1e6:.0f} µs after {count} changes of {end}"
        before = self.generations()[0]
        started = time.monotonic()
        watch = Watch(data)
        errors = os.path.join(self.folder, "rebuild-errors")
        with open(errors, "wb") as file:
            self.process = subprocess.Popen(
                self.touchline.arguments(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file)
        watch.wait(self.process, count, lambda folder, name, mask: name.endswith(end))
        watch.close()
        try:
            self.process.wait(late)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
        status = self.process.wait()
        if status == 0:
            self.seconds = 0.9 * self.seconds + 0.1 * (time.monotonic() - started)
            return False
        demand(status == -signal.SIGKILL, f"`touchline {' '.join(words)}` ended with {status}; see {errors}")
        self.counts["kills"] += 1
        self.see_what_is_left(before)
        return True

    def generations(self):
        """The number of the views in use, and those of all that are there."""
        def number(name):
            match = re.fullmatch(r"views-(\d+)\.db", name)
            return int(match[1]) if match else None
        all_of_them = [number(name) for name in os.listdir(self.touchline.data) if number(name)]
        return number(os.readlink(os.path.join(self.touchline.data, "views.db"))), sorted(all_of_them)

    def see_what_is_left(self, before):
        """In the midst of what the kill came: a half-built file, a link on its way, views just switched."""
        current, there = self.generations()
        found = {"in rebuild": there[-1] > current, "after the switch": current > before,
                 "in switch": os.path.lexists(os.path.join(self.touchline.data, "views.db.new"))}
        self.counts["hits"] += any(found.values())
        for name, was_found in found.items():
            self.counts[name] += was_found

    def finished(self, is_rebuilt=True):
        """A command ended by itself: the right rows, and after a rebuild nothing left of the killed ones."""
        self.counts["reopened"] += 1
        self.same_rows("after all, the views")
        current, there = self.generations()
        demand(there == [current] or not is_rebuilt, f"the views in use are {current}, and there are {there}")
        self.touchline.run("verify")

    def end_life(self):
        if self.touchline:
            self.touchline.run("rebuild")
            self.finished()
            self.follower.catch_up(self.touchline.run("cat").stdout)
            self.follower.stop()
            self.counts["tailed"] += self.follower.lines
        self.touchline = None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.follower:
            self.follower.stop()

"""Killing `touchline import csv` until it is complete: every row once."""
import json
import os
import signal
import subprocess
import time

from .command import demand
from .events import Event
from .life import Life
from .rounds import ATTEMPTS_MAX, delay
from .watch import WRITTEN, Watch

# What an import sends in one request, as `EventStream.requestEvents` says.
REQUEST_EVENTS = 5_000
FILES_OF_A_LIFE = 3
MAPPING = """\
source: /shop
zone: UTC
defaults: {subject: "{customer}", time: "{date}"}
emit:
- {type: purchase.completed, id: "{order}",
   data: {order: "{order}", amount: "{amount}", currency: CNY}}
"""


class Imports:
    """Each round kills one import; a file is imported again until an import ends by itself before it is killed."""

    name = "import"

    def __init__(self, binary, folder, random, counts):
        self.binary, self.folder, self.random, self.counts = binary, folder, random, counts
        self.life = self.process = self.csv = None
        self.files = 0
        self.seconds = 0.4
        self.plan = ""

    def round(self, number):
        """Kills one import; files that end before they are killed are followed by others."""
        if self.csv is None:
            self.new_file(number)
        attempts = 0
        while not self.kill_one():
            attempts += 1
            demand(attempts < ATTEMPTS_MAX, "no import lasts long enough to be killed")
            self.new_file(number)
        self.life.check()
        if self.random.random() < 0.2:
            self.complete()

    def new_file(self, number):
        if self.life and self.files % FILES_OF_A_LIFE == 0:
            self.end_life()
        if self.life is None:
            folder = os.path.join(self.folder, f"import-{number}-{self.files}")
            bytes_max = self.random.choice([4096, 1 << 20, 256 << 20])
            self.life = Life(self.binary, folder, self.random, self.counts, bytes_max)
            with open(os.path.join(folder, "m.yaml"), "w") as file:
                file.write(MAPPING)
        self.files += 1
        random = self.random
        self.csv = os.path.join(self.life.folder, f"shop-{self.files}.csv")
        rows = random.choice([3_000, 8_000, 14_000])
        events = []
        with open(self.csv, "w") as file:
            file.write("order,customer,date,amount\n")
            for row in range(rows):
                order, customer = f"O{self.files}-{row}", f"C-{random.randrange(2_000)}"
                date, amount = f"2026-01-{random.randint(1, 28):02}", f"{random.randint(1, 900)}.50"
                file.write(f"{order},{customer},{date},{amount}\n")
                data = f'{{"order":"{order}","amount":"{amount}","currency":"CNY"}}'
                events.append(Event(order, "/shop", "purchase.completed", customer, data, f"{date}T00:00:00Z"))
        for start in range(0, rows, REQUEST_EVENTS):
            self.life.record.send(events[start:start + REQUEST_EVENTS])
        self.rows = rows
        self.known = len(self.life.record.completed)

    def words(self):
        mapping = os.path.join(self.life.folder, "m.yaml")
        return ["import", "csv", self.csv, "--mapping", mapping, "--json"]

    def kill_one(self):
        """Starts the import and kills it; whether it was still there to be killed."""
        random, life = self.random, self.life
        is_aimed = os.path.exists(life.index) and random.random() < 0.5
        watch = Watch(life.touchline.log, life.index) if is_aimed else None
        count = random.randint(1, 12)
        late = delay(random, 0.02) if is_aimed else random.uniform(0, self.seconds)
        self.plan = f"{self.csv}, {late * 1e6:.0f} µs after " + (f"change {count} of a file" if watch else "the start")
        errors = os.path.join(life.folder, "import-errors")
        with open(errors, "wb") as file:
            self.process = subprocess.Popen(
                life.touchline.arguments(*self.words()), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file)
        started = time.monotonic()
        if watch:
            watch.wait(self.process, count, lambda folder, name, mask: mask & WRITTEN)
            watch.close()
        try:
            self.process.wait(late)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
        printed = self.process.communicate()[0]
        status = self.process.returncode
        if status == -signal.SIGKILL:
            self.counts["kills"] += 1
            self.counts["hits"] += 1
            for work in life.landed():
                self.counts["in " + work] += 1
            life.was_killed = True
            return True
        demand(status == 0, f"`touchline import` ended with {status}; see {errors}")
        self.seconds = 0.9 * self.seconds + 0.1 * (time.monotonic() - started)
        self.completed(json.loads(printed))
        return False

    def complete(self):
        """Imports what is left, then once more, which adds nothing."""
        if self.csv is None:
            return
        self.completed(json.loads(self.life.touchline.run(*self.words()).stdout))

    def completed(self, summary):
        """An import ended by itself: all rows are there, each once, and one event says so."""
        record, life = self.life.record, self.life
        self.reopened()
        life.check(is_clean=True)
        demand(summary["rows"] == self.rows and summary["rejected"] == 0, f"the import says {summary}")
        demand(summary["appended"] + summary["duplicates"] == self.rows, f"the import says {summary}")
        demand(len(record.completed) == self.known + 1, f"{len(record.completed)} imports say that they are complete")
        demand(record.unseen == 0, f"{record.unseen} requests are missing")
        again = json.loads(life.touchline.run(*self.words()).stdout)
        demand(again["appended"] == 0 and again["duplicates"] == self.rows, f"imported again, it says {again}")
        before = record.count
        life.check(is_clean=True)
        demand(record.count == before, "imported again, it added something")
        self.counts["answers"] += self.rows
        self.csv = None

    def reopened(self):
        self.counts["reopened"] += self.life.was_killed
        self.life.was_killed = False

    def end_life(self):
        if self.life:
            self.complete()
            self.life.end_follower()
        self.life = None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.life:
            self.life.stop()

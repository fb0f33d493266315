"""What the scenarios with `touchline append` share: lives of so many rounds, in each a kill and the checks after it."""
import os
import select
import signal

from .command import demand
from .life import Life, size

ROUNDS_OF_A_LIFE = 12
ATTEMPTS_MAX = 100


def delay(random, most):
    """From a microsecond to `most` seconds; half of the time the short ones are as likely as the long ones."""
    if random.random() < 0.5:
        return random.uniform(0, most)
    return min(most, 1e-6 * (most / 1e-6) ** random.random())


class Rounds:
    """A scenario; a new folder every so many rounds."""

    name = ""
    segment_bytes = []

    def __init__(self, binary, folder, random, counts):
        self.binary, self.folder, self.random, self.counts = binary, folder, random, counts
        self.life = None
        self.writer = None
        self.plan = ""

    def round(self, number):
        """One kill, and what must hold after it."""
        random = self.random
        if number % ROUNDS_OF_A_LIFE == 0:
            self.end_life()
            folder = os.path.join(self.folder, f"{self.name}-{number}")
            self.life = Life(self.binary, folder, random, self.counts, random.choice(self.segment_bytes))
        attempts = 0
        while not self.attack():
            attempts += 1
            demand(attempts < ATTEMPTS_MAX, "no writer lives long enough to be killed")
        if random.random() < 0.3:
            self.life.reopen()
        if random.random() < 0.15:
            self.life.restart_follower()

    def attack(self):
        """One writer; whether it was killed (else it ended before)."""
        raise NotImplementedError

    def end_life(self):
        """The folder's last writer ends well."""
        if self.life:
            self.life.end()
        self.life = None

    def stop(self):
        """Ends what still runs."""
        if self.writer:
            self.writer.kill()
        if self.life:
            self.life.stop()

    def kill(self, writer, trigger, watch=None, ends=False):
        """Lets the writer work until the trigger, and checks what is left; whether the trigger came in time."""
        self.writer = writer
        worked = writer.run(trigger, watch, ends=ends)
        if worked and self.random.random() < 0.2:
            # The dying process may hold its lock a moment longer than it lives.
            self.life.append_one()
        status = writer.wait()
        demand(status in (0, -signal.SIGKILL), f"`touchline append` ended with {status}; see {writer.errors}")
        was_killed = status != 0
        self.life.note(writer, was_killed)
        landed = self.life.landed() if was_killed else []
        for work in landed:
            self.counts["in " + work] += 1
        if was_killed:
            self.counts["hits"] += self.is_hit(worked, landed)
            self.counts["before any answer"] += writer.answers == 0
        self.life.check()
        return was_killed

    def is_hit(self, worked, landed):
        """Whether a kill came while the work aimed at was going on."""
        return worked

    def repeats(self):
        """Some requests that were answered, to be sent again."""
        known = self.life.record.acknowledged
        answered = [group for group in self.life.record.groups[-200:]
                    if size(group) <= select.PIPE_BUF and all(event.key in known for event in group)]
        return self.random.sample(answered, min(len(answered), 3))

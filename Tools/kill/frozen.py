"""A writer that is stopped (SIGSTOP) while another tries, and then goes on, or is killed as it stands."""
import signal

from .command import demand
from .rounds import Rounds, delay
from .writer import Trigger, Writer


class Frozen(Rounds):
    """The second is refused, unless the first was stopped before it had the lock."""

    name = "freeze"
    segment_bytes = [4096, 65536]

    def attack(self):
        random, life = self.random, self.life
        groups = [life.maker.group(random.choice([1, 5, 40]), Writer.pipe_bytes_max()) for _ in range(20)]
        first = self.writer = life.send_again(groups)
        kind = random.choice(["start", "answer", "answer", "request", "request"])
        trigger = Trigger(kind, random.randint(1, 15), delay(random, 0.03 if kind == "start" else 0.002))
        goes_on = random.random() < 0.5
        self.plan = f"stopped {trigger}, then {'goes on' if goes_on else 'is killed'}"
        worked = first.run(trigger, signal_number=signal.SIGSTOP)
        try:
            self.second(is_locked=first.answers > 0)
            life.check()
        finally:
            first.process.send_signal(signal.SIGCONT if goes_on else signal.SIGKILL)
        if goes_on:
            first.finish()
            self.counts["went on"] += 1
        else:
            demand(first.wait() == -signal.SIGKILL, "the stopped writer was not killed")
            self.counts["hits"] += worked
        life.note(first, was_killed=not goes_on)
        life.check(is_clean=goes_on)
        return True

    def second(self, is_locked):
        """Another writer meanwhile."""
        sequence, said, status = self.life.try_one()
        if status == 0:
            demand(not is_locked, f"two writers at a time: the second stored {sequence}")
            self.counts["second was first"] += 1
            return
        demand(status == 74, f"the second writer ended with {status}: {said}")
        demand("is writing this log; wait until it ends, or stop it" in said, f"the second writer said: {said}")
        demand(not is_locked or f"process {self.writer.process.pid} " in said, f"the second writer said: {said}")
        self.counts["refused"] += 1

"""Killing `touchline append` at any instant, in every way of feeding it."""
import select

from .life import size
from .rounds import Rounds, delay
from .writer import Trigger, Writer

# Events of a file; with those that are sent again, still one request.
FILE_EVENTS_MAX = 2_000


class Appends(Rounds):
    """Requests one by one, as many as the pipe takes, from a file, or one of megabytes."""

    name = "append"
    segment_bytes = [4096, 65536, 1 << 20, 256 << 20]

    def attack(self):
        ways = 3 * [self.one_by_one] + 3 * [self.pipelined] + [self.file] + 2 * [self.whole]
        way = self.random.choice(ways)
        writer, trigger = way()
        self.plan = f"{way.__name__}, {trigger}"
        ends = writer.ended or trigger.kind == "end" or self.random.random() < 0.2
        return self.kill(writer, trigger, ends=ends)

    def trigger(self, *kinds):
        """Any instant of a process that is fed through a pipe."""
        random = self.random
        kind = random.choice(kinds)
        most = {"start": 0.05, "answer": 0.002, "request": 0.002, "end": 0.01}[kind]
        return Trigger(kind, random.randint(1, 60), delay(random, most) if random.random() < 0.8 else 0)

    def one_by_one(self):
        random = self.random
        groups = [self.life.maker.group(random.choice([1, 1, 5, 40, 300]), Writer.pipe_bytes_max())
                  for _ in range(random.randint(5, 40))]
        trigger = self.trigger("start", "answer", "request", "request", "request", "end")
        return self.life.send_again(self.repeats() + groups), trigger

    def pipelined(self):
        unanswered = self.life.record.unanswered()
        if any(size(group) > select.PIPE_BUF for group in unanswered):
            return self.one_by_one()
        random = self.random
        groups = [self.life.maker.group(random.choice([1, 1, 3, 20]), select.PIPE_BUF)
                  for _ in range(random.randint(20, 150))]
        writer = self.life.writer()
        writer.feed(unanswered + self.repeats() + groups, is_pipelined=True)
        # All requests may be on their way before the log is open.
        return writer, self.trigger("start", "answer", "answer", "answer")

    def file(self):
        if sum(len(group) for group in self.life.record.unanswered()) > FILE_EVENTS_MAX:
            self.life.reopen()
        random = self.random
        fresh = [self.life.maker.event() for _ in range(random.choice([10, 300, FILE_EVENTS_MAX]))]
        groups = self.life.record.unanswered() + self.repeats() + [fresh]
        return self.life.writer_of_file(groups), Trigger("start", 0, delay(random, 0.1))

    def whole(self):
        """One request of megabytes, with an expected version: all or nothing; often killed within its write."""
        random = self.random
        self.life.reopen()
        events = [self.life.maker.event(random.choice([500, 2_000])) for _ in range(random.choice([300, 1_500]))]
        for event in events:
            event.subject = f"W-{events[0].id}"
        late = delay(random, 0.0003) if random.random() < 0.4 else 0
        trigger = Trigger("growth", 0, late, path=self.life.touchline.segments()[-1])
        if random.random() < 0.3:
            trigger = Trigger("start", 0, random.uniform(0, 0.08))
        return self.life.writer_of_file([events], ["--expected-version", "0"]), trigger

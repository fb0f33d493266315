"""One data folder from `init` on, with its record, its tail, and what is checked after every kill."""
import glob
import os
import re

from .command import Touchline, demand
from .events import Maker
from .follower import Follower
from .record import Record, demand_start
from .writer import Writer

DEEP_EVERY = 25
FOOTER_END = b"TLSEGEND"


def size(group):
    """Bytes of a request's lines."""
    return sum(len(event.line()) for event in group)


def segment_starts(paths):
    """The first sequences of segments, as their names say."""
    return [int(os.path.basename(path)[:20]) for path in paths]


class Life:
    """A folder that lives through many kills."""

    def __init__(self, binary, folder, random, counts, segment_bytes):
        os.makedirs(folder)
        self.folder, self.random, self.counts = folder, random, counts
        self.touchline = Touchline(binary, os.path.join(folder, "data"))
        self.touchline.run("init", "--segment-bytes", str(segment_bytes))
        self.record = Record()
        self.maker = Maker(random, os.path.basename(folder))
        self.follower = Follower(self.touchline, folder)
        self.was_killed = False

    @property
    def index(self):
        return os.path.join(self.touchline.log, "index")

    def writer(self, file=None, words=(), before=()):
        """A new `touchline append`, run by the program and words `before` it."""
        return Writer(self.touchline, self.record, self.folder, file, words, before)

    def note(self, writer, was_killed):
        """Counts what a writer that is gone has done."""
        self.counts["answers"] += writer.answers
        if self.was_killed and writer.answers:
            self.counts["reopened"] += 1
            self.was_killed = False
        self.counts["kills"] += was_killed
        self.was_killed |= was_killed

    def reopen(self):
        """A writer that ends by itself: sends again what got no answer, and leaves nothing to mend."""
        writer = self.writer_of_file(self.record.unanswered() + [[self.maker.event()]])
        writer.finish()
        self.note(writer, was_killed=False)
        self.check(is_clean=True)

    def send_again(self, groups, before=()):
        """A writer that is given what got no answer, then `groups`, one request after the other."""
        if any(size(group) > Writer.pipe_bytes_max() for group in self.record.unanswered()):
            self.reopen()
        writer = self.writer(before=before)
        writer.feed(self.record.unanswered() + groups, is_pipelined=False)
        return writer

    def writer_of_file(self, groups, words=()):
        """A writer that reads all of it from one file, which is one request if it is not over 5,000 events."""
        path = os.path.join(self.folder, "input.ndjson")
        with open(path, "wb") as file:
            file.writelines(event.line() for group in groups for event in group)
        writer = self.writer(path, words)
        writer.expect(groups)
        return writer

    # Checks

    def check(self, is_clean=False):
        """Everything that must hold whenever no writer runs; `is_clean`: and the last one ended by itself."""
        self.counts["checks"] += 1
        self.follower.read()
        log = self.touchline.run("cat").stdout
        self.record.look(log)
        self.follower.check(log)
        self._check_lz4(log, is_clean)
        deep = ["--deep"] if self.counts["checks"] % DEEP_EVERY == 0 else []
        self.touchline.run("verify", *deep)
        if is_clean:
            demand(not self.landed(), f"left behind after a good end: {self.landed()}")

    def _check_lz4(self, log, is_clean):
        """What lz4 alone prints: the log, and after a kill perhaps more, which nobody was told of."""
        status, printed = self.touchline.lz4()
        demand_start(printed, log, "lz4 prints another log")
        surplus = printed[len(log):]
        if is_clean:
            demand(status == 0 and not surplus, f"lz4 ends with {status} and {len(surplus)} bytes too many")
        elif status == 0:
            self.record.surplus(surplus.split(b"\n")[:-1])
            self.counts["unpublished"] += bool(surplus)
        else:
            self.counts["torn"] += 1

    def landed(self):
        """In the midst of what the last kill came, by the files that it left: a list of names of work."""
        found = []
        segments = [os.path.basename(path) for path in self.touchline.segments()]
        for path in glob.glob(os.path.join(self.touchline.log, "*.lz4.new")):
            found.append("repack" if os.path.basename(path)[:-4] in segments else "roll")
        with open(self.touchline.segments()[-1], "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(FOOTER_END)))
            if file.read() == FOOTER_END:
                found.append("roll")
        starts = segment_starts(segments)
        ranges = []
        for name in os.listdir(self.index) if os.path.exists(self.index) else []:
            match = re.fullmatch(r"(\d{20})-(\d{20})\.run(\.tmp)?", name)
            demand(match, f"index/{name} is there")
            low, high = int(match[1]), int(match[2])
            ranges.append((low, high))
            if match[3]:
                found.append("merge" if any(low < start < high for start in starts) else "index")
        if any(a != b and a[0] <= b[0] and b[1] <= a[1] for a in ranges for b in ranges):
            found.append("merge")
        return sorted(set(found))

    def try_one(self):
        """Appends one event; its sequence or None, what was said on standard error, and the exit status."""
        event = self.maker.event()
        done = self.touchline.run("append", status=None, stdin=event.line())
        if done.returncode == 0:
            sequence, _, state = done.stdout.decode().rstrip("\n").split("\t")
            is_first = self.record.send([event])
            self.record.acknowledge(event, int(sequence), state, is_first)
            return int(sequence), "", 0
        return None, done.stderr.decode(errors="replace"), done.returncode

    def append_one(self):
        """Appends one event, which must succeed."""
        _, said, status = self.try_one()
        demand(status == 0, f"`touchline append` right after a kill ended with {status}: {said}")
        self.counts["at once"] += 1

    # The tail, and the end

    def restart_follower(self):
        """Kills the tail too, and resumes it."""
        self.follower.restart(self.touchline.run("cat").stdout)
        self.counts["tails killed"] += 1

    def end_follower(self):
        """Waits until the tail has printed everything."""
        self.follower.catch_up(self.record.bytes)
        self.follower.stop()
        self.counts["tailed"] += self.follower.lines

    def end(self):
        """The last writer ends well, the tail has everything, and nothing runs any more."""
        self.reopen()
        self.end_follower()

    def stop(self):
        """Ends what still runs."""
        self.follower.stop()

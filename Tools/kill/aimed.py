"""Kills aimed at what a writer does besides appending: rolls, repacks, merges."""
import os

from .life import segment_starts
from .rounds import Rounds, delay
from .watch import WRITTEN, Watch
from .writer import Trigger, Writer


class Aimed(Rounds):
    """Kills a short time after a file of the work aimed at appears, grows or gets its name, as inotify tells it."""

    segment_bytes = [4096, 8192, 16384]

    def attack(self):
        random, life = self.random, self.life
        if not os.path.exists(life.index):
            life.reopen()
        groups = [life.maker.group(random.choice([5, 20, 60]), Writer.pipe_bytes_max()) for _ in range(60)]
        writer = life.send_again(self.repeats() + groups)
        late = delay(random, 0.001) if random.random() < 0.7 else 0
        trigger = Trigger("file", random.randint(1, 12), late, wants=self.wants)
        self.plan = str(trigger)
        watch = Watch(life.touchline.log, life.index)
        try:
            return self.kill(writer, trigger, watch)
        finally:
            watch.close()

    def wants(self, folder, name, mask):
        """Whether a file event tells of the work aimed at."""
        raise NotImplementedError

    def is_hit(self, worked, landed):
        return self.name in landed


class Rolls(Aimed):
    """Closing a segment and making the next; also every write to the active one, for a footer looks no different."""

    name = "roll"

    def wants(self, folder, name, mask):
        if name.endswith(".lz4"):
            return mask & WRITTEN
        return name.endswith(".lz4.new") and not os.path.exists(os.path.join(folder, name[:-4]))


class Repacks(Aimed):
    """Writing a closed segment again under a name of its own."""

    name = "repack"

    def wants(self, folder, name, mask):
        return name.endswith(".lz4.new") and os.path.exists(os.path.join(folder, name[:-4]))


class Merges(Aimed):
    """Joining runs of the log-wide index: a new run over more than one segment."""

    name = "merge"

    def wants(self, folder, name, mask):
        if not name.endswith(".run.tmp"):
            return False
        low, high = int(name[:20]), int(name[21:41])
        return any(low < start < high for start in segment_starts(self.life.touchline.segments()))

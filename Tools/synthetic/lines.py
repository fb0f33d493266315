"""Chance, time stamps, the NDJSON line, and late arrival.

Only random.Random.random() and getrandbits() are used, and arithmetic that IEEE 754 fixes (no log, no pow), so that one
seed gives the same bytes on every Python from 3.9 on."""
import datetime
import heapq
import random

DAY = 86_400_000  # all times are whole milliseconds
HOUR = 3_600_000
MINUTE = 60_000


class Chance:
    """A seeded source of choices."""

    def __init__(self, seed):
        source = random.Random(seed)
        self.random = source.random
        self.bits = source.getrandbits

    def pick(self, things):
        return things[int(self.random() * len(things))]

    def below(self, n):
        return int(self.random() * n)

    def span(self, low, high):
        """A whole number from low up to, not including, high; smaller ones more often."""
        r = self.random()
        return low + int(r * r * (high - low))


class Stamps:
    """Writes milliseconds since the start as RFC 3339 text and as dates, by hand and with one small cache."""

    def __init__(self, start):
        self.first = start.toordinal()
        self.days = {}

    def date(self, t):
        day = t // DAY
        text = self.days.get(day)
        if text is None:
            text = self.days[day] = datetime.date.fromordinal(self.first + day).isoformat()
        return text

    def utc(self, t):
        s, ms = divmod(t % DAY, 1000)
        m, s = divmod(s, 60)
        return "%sT%02d:%02d:%02d.%03dZ" % (self.date(t), m // 60, m % 60, s, ms)

    def china(self, t):
        """The same moment as a clock in Shanghai shows it: senders' habits differ."""
        t += 8 * HOUR
        s, ms = divmod(t % DAY, 1000)
        m, s = divmod(s, 60)
        return "%sT%02d:%02d:%02d.%03d+08:00" % (self.date(t), m // 60, m % 60, s, ms)


class Lines:
    """Writes lines to a file, in blocks."""

    def __init__(self, file):
        self.file = file
        self.block = []
        self.bytes = 0

    def write(self, line):
        self.block.append(line)
        if len(self.block) >= 2000:
            self.flush()

    def flush(self):
        data = "".join(self.block).encode("utf-8")
        self.bytes += len(data)
        self.file.write(data)
        self.block.clear()

    def finish(self):
        self.flush()
        self.file.flush()


class LateLines:
    """Lets a share of the lines arrive late: most by up to 200 places, some by up to `far`."""

    def __init__(self, lines, share, chance, far):
        self.lines, self.share, self.chance, self.far = lines, share, chance, far
        self.waiting = []
        self.place = 0

    def write(self, line):
        self.place += 1
        while self.waiting and self.waiting[0][0] <= self.place:
            self.lines.write(heapq.heappop(self.waiting)[2])
        if self.chance.random() < self.share:
            late = 1 + (self.chance.below(200) if self.chance.random() < 0.7 else self.chance.span(1, self.far))
            heapq.heappush(self.waiting, (self.place + late, self.place, line))
        else:
            self.lines.write(line)

    def finish(self):
        while self.waiting:
            self.lines.write(heapq.heappop(self.waiting)[2])
        self.lines.finish()


class ShuffledLines:
    """Holds all lines and writes them in an order that has nothing to do with time."""

    def __init__(self, lines, chance):
        self.lines, self.chance = lines, chance
        self.held = []

    def write(self, line):
        self.held.append(line.encode("utf-8"))  # half the memory of text where the text is Chinese

    def finish(self):
        held = self.held
        for i in range(len(held) - 1, 0, -1):
            j = int(self.chance.random() * (i + 1))
            held[i], held[j] = held[j], held[i]
        for line in held:
            self.lines.write(line.decode("utf-8"))
        self.lines.finish()

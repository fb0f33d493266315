"""The synthetic world: its clock, its customers, and the one place that writes an event.

What is due later waits in a heap; between two due things new ones begin at random customers, a few of whom have most of
the events (weights 1 / (rank + q)). Memory grows with the customers and with what is under way, not with the events."""
import bisect
import heapq

from synthetic import lines, words

LOG_HEADER = '{"specversion":"1.0","id":"%s","source":"%s","type":"%s",'


class Full(Exception):
    """All events asked for are written."""


class Customer:
    """What the synthetic company remembers of one customer."""

    __slots__ = ("subject", "chinese", "currency", "store", "owner", "alive", "leaving", "tags", "tier", "points",
                 "order", "orders", "merged", "touched")

    def __init__(self, subject, chance):
        self.subject = subject
        self.chinese = chance.random() < 0.6
        r = chance.random()
        if self.chinese:
            self.currency = "CNY" if r < 0.97 else "HKD"
        else:
            shares = ((0.45, "CNY"), (0.7, "USD"), (0.85, "EUR"), (0.95, "GBP"), (1, "JPY"))
            self.currency = next(currency for share, currency in shares if r < share)
        self.store = 1 + chance.below(12)
        self.owner = chance.pick(words.AGENTS)
        r = chance.random()
        self.leaving = 0.01 + 0.14 * r * r  # the chance to leave for good after a purchase
        self.alive = True
        self.tags = None
        self.tier = 0
        self.points = 0
        self.order = None  # the last order's id
        self.orders = 0
        self.merged = False
        self.touched = 0

    def money(self, amount):
        """Cents as decimal text in this customer's currency."""
        if self.currency == "JPY":
            return "%d" % (amount // 5 + 1)
        return "%d.%02d" % (amount // 100, amount % 100)


class World:
    """The clock, the customers and the writer. Lives (see lives.py) are told through it."""

    def __init__(self, options, chance, out):
        self.chance, self.out = chance, out
        self.stamps = lines.Stamps(options.start)
        self.end = options.days * lines.DAY * 99 // 100  # the pace overshoots by a little
        self.now = 0
        self.left = self.total = options.events
        self.begun = 0
        self.heap = []
        self.ticket = 0
        self.numbers = {}
        self.prefix = "s%d-" % options.seed
        self.ids = options.ids
        self.id_bits = lines.Chance(options.seed + 2_000_003).bits  # apart, so that ids change nothing else
        self.complaint_effect = options.complaint_effect
        self.retractor = None
        self.sources = {}
        self.customers = [None] * options.customers
        self.registered = []
        self.weigh(options.customers)

    # Customers

    def weigh(self, count):
        q = max(2.0, count / 1000.0)
        self.weights, total = [], 0.0
        for rank in range(1, count + 1):
            total += 1.0 / (rank + q)
            self.weights.append(total)
        # Ranks are scattered over the ids by a step that shares no factor with the count.
        self.step = 7919 if count % 7919 else 7927

    def draw(self):
        """A customer's place, a few of them far more often than the rest."""
        rank = bisect.bisect_left(self.weights, self.chance.random() * self.weights[-1])
        return (min(rank, len(self.weights) - 1) * self.step + 13) % len(self.weights)

    def stranger(self):
        """The place of somebody who is no customer yet; None if a few tries found nobody."""
        for _ in range(4):
            place = self.draw()
            if self.customers[place] is None:
                return place
        return None

    def known(self):
        """Any registered customer, all alike."""
        return self.registered[self.chance.below(len(self.registered))]

    # Time

    def after(self, delay, act, *rest):
        """Lets `act(*rest)` happen `delay` milliseconds from now."""
        self.ticket += 1
        heapq.heappush(self.heap, (self.now + delay, self.ticket, act, rest))

    def run(self, begin):
        """Runs until all events are written, which is about at the end; `begin` starts something new."""
        heap, rnd = self.heap, self.chance.random
        space, prior = self.end / self.total, 10 + self.total / 50
        while True:
            # New things begin at the pace that has let their consequences fill the time so far; slower if ahead of it.
            written = self.total - self.left
            each = (written + 3.0 * prior) / (self.begun + prior)
            ahead = written / self.total - self.now / self.end
            pace = each * max(0.2, min(4.0, 1.0 + 25.0 * ahead)) * self.hour()
            following = self.now + int(2.0 * rnd() * space * pace)
            while heap and heap[0][0] <= following:
                self.now, _, act, rest = heapq.heappop(heap)
                act(*rest)
            self.now = following
            self.begun += 1
            begin()

    def hour(self):
        """How much longer than on average it takes until something begins: few things begin by night (in China)."""
        hour = self.now % lines.DAY // lines.HOUR
        return 2.85 if hour >= 14 else 0.6 if hour < 10 else 1.05

    # Events

    def number(self, kind, width=6):
        """The next id of a kind, such as O-000017."""
        n = self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return "%s-%0*d" % (kind, width, n)

    def source(self, kind, store):
        family = kind[:kind.index(".")]
        if family == "purchase":
            return "/synthetic/pos/%d" % store
        if family in ("product", "x", "points"):
            return "/synthetic/web"
        if family in ("call", "message", "meeting", "visit"):
            return "/synthetic/desk"
        if family in ("campaign", "survey"):
            return "/synthetic/campaigns"
        return "/synthetic/crm"

    def say(self, kind, subject, data, extension="", store=1):
        """Writes one event that happens now; `data` is the inside of a JSON object, `extension` ends with a comma.

        Returns what names the event for ever, (source, id), or None if events carry no ids."""
        source = self.sources.get((kind, store))
        if source is None:
            source = self.sources[kind, store] = self.source(kind, store)
        key = None
        if self.ids == "none":
            line = '{"source":"%s","type":"%s",' % (source, kind)
        else:
            if self.ids == "short":
                name = self.prefix + "%x" % (self.total - self.left)
            else:
                name = self.uuid()
            key = (source, name)
            line = LOG_HEADER % (name, source, kind)
        if subject is not None:
            line += '"subject":"%s",' % subject
        stamp = self.stamps.china if source.startswith("/synthetic/pos") else self.stamps.utc
        self.out.write('%s"time":"%s",%s"data":{%s}}\n' % (line, stamp(self.now), extension, data))
        self.left -= 1
        if self.left == 0:
            raise Full
        if self.retractor is not None:
            self.retractor(kind, subject, data, key, store)
        return key

    def uuid(self):
        n = self.id_bits(128)
        n = (n & ~(0xF << 76) | (4 << 76)) & ~(0x3 << 62) | (0x2 << 62)
        x = "%032x" % n
        return "%s-%s-%s-%s-%s" % (x[:8], x[8:12], x[12:16], x[16:20], x[20:])

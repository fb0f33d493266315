"""Events to send: made up from a seed, small and large, many for one subject and few for others."""
import json

SOURCES = ["/stores/7", "/web", "https://example.com/a%20b?c=d"]
TYPES = ["x.note", "x.touch", "x.visit", "x.größe"]
WORDS = ["blue", "Tür", "客户", "half-price", "\\", "\"quoted\"", "\U0001f600", "line\nfeed", "0.10", ""]


class Event:
    """One event as it is sent, with what the log must give back."""

    __slots__ = ("id", "source", "type", "subject", "time", "data")

    def __init__(self, id, source, type, subject, data, time=None):
        self.id, self.source, self.type, self.subject = id, source, type, subject
        self.data, self.time = data, time

    @property
    def key(self):
        return self.source, self.id

    def line(self):
        """The event as a line of NDJSON."""
        fields = {"specversion": "1.0", "id": self.id, "source": self.source, "type": self.type}
        if self.subject is not None:
            fields["subject"] = self.subject
        if self.time is not None:
            fields["time"] = self.time
        head = json.dumps(fields, ensure_ascii=False)[:-1]
        return f'{head}, "data": {self.data}}}\n'.encode()


class Maker:
    """Makes events whose ids never come twice."""

    def __init__(self, random, prefix):
        self.random, self.prefix = random, prefix
        self.count = 0

    def event(self, data_bytes=None):
        random, number = self.random, self.count
        self.count += 1
        few = random.random() < 0.7
        subject = f"C-{random.randrange(12)}" if few else f"C-{random.randrange(10_000)}"
        if random.random() < 0.02:
            subject = None
        time = f"2026-{random.randint(1, 9):02}-{random.randint(1, 28):02}T08:30:00Z" if random.random() < 0.5 else None
        if data_bytes is None:
            data_bytes = random.choice([0, 20, 60, 60, 200, 200, 2_000 if random.random() < 0.2 else 100])
        data = {"n": number, "word": random.choice(WORDS), "fill": "%x" % random.getrandbits(4 * max(1, data_bytes))}
        text = json.dumps(data, ensure_ascii=random.random() < 0.5, separators=(",", ":"))
        return Event(f"{self.prefix}-{number}", random.choice(SOURCES), random.choice(TYPES), subject, text, time)

    def group(self, count, bytes_max):
        """Up to `count` events whose lines together take at most `bytes_max` bytes."""
        events, size = [], 0
        for _ in range(count):
            event = self.event()
            length = len(event.line())
            if events and size + length > bytes_max:
                break
            events.append(event)
            size += length
        return events

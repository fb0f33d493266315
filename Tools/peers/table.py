"""The table of a run in Markdown, and its place in the README."""
import pathlib
import re
import statistics

from .budgets import verdicts
from .failure import Failure
from .numbers import number

README = pathlib.Path(__file__).resolve().parent.parent.parent / "README.md"
BEGIN, END = "<!-- peers: made by Tools/bench-peers -->", "<!-- end of peers -->"
TITLES = {"touchline": "Touchline", "sqlite": "SQLite", "redis": "Redis Streams", "postgres": "PostgreSQL"}
DISTURBED = "A sync then waits for them, which brings all systems nearer to each other; compare within a row only."
PREEMPTED = "All systems ran before them (SCHED_RR); they disturb caches and the kernel's own threads."
# Row, test, kind of figure.
ROWS = [
    ("durable append, 1 writer, 1 event an acknowledgement: events/s", "append1", "rate"),
    ("— p50 / p99, µs", "append1", "us"),
    ("durable append, 64 writers, 1 event an acknowledgement: events/s", "append64", "rate"),
    ("— p50 / p99, ms", "append64", "ms"),
    ("durable append, 1,000 events an acknowledgement: events/s", "batch", "rate"),
    ("— p50 / p99, ms", "batch", "ms"),
    ("syncs an event, 1 writer / 64 writers", "append", "syncs"),
    ("replay, reading only: events/s", "read", "rate"),
    ("replay with a fold: events/s", "fold", "rate"),
    ("one customer's history: p50 / p99, µs", "history", "us"),
    ("disk: bytes a raw byte of the sender", "disk", "ratio"),
    ("append to a local tail, 1,000 events/s: p50 / p99, µs", "tail", "us"),
]


class Table:
    """The cells of a run."""

    def __init__(self, results):
        self.results, self.systems = results, results.systems()

    def mark(self, system, test):
        return "~" if self.results.is_noisy(system, test) else ""

    def rate(self, system, test):
        values = self.results.values(system, test, "rate")
        if not values:
            return None
        text = number(self.results.median(system, test, "rate"))
        spread = f" [{number(min(values))}..{number(max(values))}]" if len(values) > 1 else ""
        return text + spread + self.mark(system, test)

    def pair(self, system, test, per):
        values = [self.results.median(system, test, key) for key in ("p50_us", "p99_us")]
        if None in values:
            return None
        return " / ".join(number(value / per) for value in values) + self.mark(system, test)

    def ratio(self, system, test):
        value, before = (self.results.median(system, test, key) for key in ("ratio", "ratio_before"))
        if value is None:
            return None
        return f"{value:.2f}" + (f" (before rewriting {before:.2f})" if before is not None else "")

    def syncs(self, system, _):
        shares = []
        for test in ("append1", "append64"):
            syncs, events = (self.results.median(system, test, key) for key in ("syncs", "events"))
            shares.append(None if syncs is None or not events else f"{syncs / events:.2f}")
        return None if shares == [None, None] else " / ".join(share or "–" for share in shares)

    def cell(self, system, test, kind):
        make = {"rate": self.rate, "ratio": self.ratio, "syncs": self.syncs}.get(kind)
        text = make(system, test) if make else self.pair(system, test, 1 if kind == "us" else 1000)
        # What a history costs Redis: a second stream for each customer.
        if system == "redis" and test == "batch" and kind == "rate" and self.rate(system, "batch2"):
            text = f"{text or '–'}; with customers' streams {self.rate(system, 'batch2')}"
        if system == "redis" and test == "disk" and self.ratio(system, "disk2"):
            text = f"{text or '–'}; with customers' streams {self.ratio(system, 'disk2')}"
        return text or "–"

    def limit(self, test, kind):
        if kind != "rate":
            return ""
        # Run by run: the limit was measured right beside the figure.
        lines = [line for line in self.results.of("touchline", test) if line.get("limit")]
        return f"{statistics.median(line['rate'] / line['limit'] for line in lines):.2f}" if lines else "–"

    def best(self, test, kind):
        """The system with the best figure of a row."""
        key = {"rate": "rate", "ratio": "ratio", "syncs": None}.get(kind, "p50_us")
        found = {system: self.results.median(system, test, key) for system in self.systems} if key else {}
        found = {system: value for system, value in found.items() if value is not None}
        if len(found) < 2:
            return None
        return (max if kind == "rate" else min)(found, key=found.get)

    def lines(self):
        with_limit = "touchline" in self.systems
        heads = [""] + [TITLES[system] for system in self.systems]
        if with_limit:
            heads.insert(2, "of its limit")
        rows = [heads, ["---"] * len(heads)]
        for name, test, kind in ROWS:
            cells = [self.cell(system, test, kind) for system in self.systems]
            if all(cell == "–" for cell in cells):
                continue
            best = self.best(test, kind)
            cells = [f"**{cell}**" if system == best else cell for system, cell in zip(self.systems, cells)]
            if with_limit:
                cells.insert(1, self.limit(test, kind))
            rows.append([name] + cells)
        return ["| " + " | ".join(row) + " |" for row in rows]

    def text(self):
        return "\n".join(self.lines() + [""] + notes(self.results))


def notes(results):
    """What must be said of a table: where, when, by what command, of what; and the budgets."""
    header, machine = results.header, results.header["machine"]
    versions = ", ".join(f"{TITLES[system]} {version}" for system, version in header["versions"].items())
    lines = [
        f"`{header['command']}`, {header['date']}: {header['events']:,} synthetic events of "
        f"{header['raw_bytes'] / header['events']:.0f} bytes, {header['rounds']} round{'s' * (header['rounds'] > 1)}, alternated; medians, and "
        f"[lowest..highest]; bold: the best of a row. {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_mib'] / 1024:.0f} GiB, {machine['file_system']}, Linux {machine['kernel']}. {versions}.",
    ]
    if any(line.get("noisy") for line in results.lines):
        lines += ["", f"~: other programs used over 0.2 cores meanwhile (load before: {machine['load']:.1f}). "
                  + (PREEMPTED if header.get("realtime") else DISTURBED)]
    told = verdicts(results)
    for is_kept, words in ((False, "Missed"), (True, "Kept")):
        chosen = [text for text, kept in told if kept == is_kept]
        if chosen:
            lines += ["", f"{words}: {'; '.join(chosen)}."]
    if results.errors:
        failed = sorted({f"{line['test']} of {TITLES[line['system']]}" for line in results.errors})
        lines += ["", f"Did not run: {', '.join(failed)}."]
    return lines


def put_in_readme(text, path=README):
    """Puts a table between its marks."""
    old = path.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if len(pattern.findall(old)) != 1:
        raise Failure(f"{path.name}: there is no place for the table; put back the lines {BEGIN} and {END}")
    path.write_text(pattern.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", old), encoding="utf-8")

"""Checks this tool without measuring anything: its arithmetic, its table, and the table's place in the README."""
import pathlib
import tempfile

from . import table
from .budgets import verdicts
from .numbers import number
from .results import Results

HEADER = {
    "command": "Tools/bench-peers", "events": 1000, "raw_bytes": 256_000, "date": "2026-01-01", "rounds": 3,
    "ids": "uuid",
    "machine": {"processor": "made up", "cores": 2, "memory_mib": 4096, "kernel": "6", "file_system": "ext4",
                "load": 0},
    "versions": {"touchline": "1", "sqlite": "3", "redis": "7"},
}


def made_up():
    """Results in which Touchline wins, loses, and was disturbed."""
    results = Results(HEADER)
    for number, rate in enumerate((5000, 7000, 6000)):
        results.add({"system": "touchline", "test": "append1", "round": number, "rate": rate, "limit": 8000,
                     "p50_us": 150, "p99_us": 200, "noisy": rate == 7000,
                     "promises": [{"name": "append.1x1.rate", "unit": "events/s", "figure": rate, "ratio": rate / 8000,
                                   "budget": {"of": "ratio", "at_least": 0.85, "at_most": None}}]})
        results.add({"system": "sqlite", "test": "append1", "round": number, "rate": 4000, "p50_us": 250, "p99_us": 400,
                     "events": 100, "syncs": 100})
    for system, p50 in (("touchline", 700), ("redis", 400)):
        results.add({"system": system, "test": "tail", "round": 0, "p50_us": p50, "p99_us": 800, "noisy": True})
    results.add({"system": "sqlite", "test": "fold", "round": 0, "rate": 1, "digest": "a"})
    results.add({"system": "redis", "test": "fold", "round": 0, "rate": 1, "digest": "b"})
    results.add({"system": "redis", "test": "disk", "round": 0, "error": "made up"})
    return results


def check():
    """0, or an error that says what is wrong."""
    results = made_up()
    text = table.Table(results).text()
    # The noisy round is left out: the median of 5,000 and 6,000.
    assert results.median("touchline", "append1", "rate") == 5500
    assert "**5,500 [5,000..6,000]** | 0.69 | 4,000" in text, text
    assert "700 / 800~" in text and "1.00 / –" in text, text
    kept = dict(verdicts(results))
    assert [kept[words] for words in kept] == [False, True, False, True], kept
    assert "Missed: append.1x1 0.69 of its limit, at least 0.85; tail" in text and "Did not run: disk of Redis Streams." in text, text
    assert results.disagreement() == "sqlite and redis"
    assert [number(value) for value in (1234567, 999.6, 12.34, 0.123)] == ["1,230,000", "1000", "12.3", "0.12"]
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "README.md"
        copy.write_text(table.README.read_text(encoding="utf-8"), encoding="utf-8")
        table.put_in_readme(text, copy)
        table.put_in_readme(text, copy)
        assert copy.read_text(encoding="utf-8").count(text) == 1
    return 0

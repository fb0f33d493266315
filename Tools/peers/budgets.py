"""What Touchline promises, beside its limits and beside others, and whether it was kept in a run."""
import statistics

from .numbers import number

# Test, system, and the words for it: Touchline's rate must not be behind.
RATES = [
    ("append1", "sqlite", "append by 1 writer", "SQLite"),
    ("append64", "redis", "append by 64 writers", "Redis"),
    ("batch", "redis", "append of 1,000 events", "Redis"),
    ("fold", "sqlite", "replay", "SQLite doing the lesser fold"),
]


def verdicts(results):
    """For each budget that was measured: its words, and whether it was kept."""
    return own(results) + beside(results)


def own(results):
    """The budgets that `touchline bench` names itself: of figures, or of their ratios to the limit beside them."""
    promised = {}
    tests = dict.fromkeys(line["test"] for line in results.lines if line["system"] == "touchline")
    for line in [line for test in tests for line in results.of("touchline", test)]:
        for promise in line.get("promises", []):
            promised.setdefault(promise["name"], []).append(promise)
    return [verdict(name, promises) for name, promises in promised.items()]


def verdict(name, promises):
    budget, unit = promises[0]["budget"], promises[0]["unit"]
    key = "ratio" if budget["of"] == "ratio" else "figure"
    value = statistics.median(promise[key] for promise in promises)
    name = name.removesuffix(".rate")
    words = f"{name} {value:.2f} of its limit" if key == "ratio" else f"{name} {number(value)} {unit}"
    is_kept = True
    if budget.get("at_least") is not None:
        words, is_kept = f"{words}, at least {budget['at_least']:,g}", value >= budget["at_least"]
    if budget.get("at_most") is not None:
        words, is_kept = f"{words}, at most {budget['at_most']:,g}", is_kept and value <= budget["at_most"]
    return words, is_kept


def beside(results):
    """The budgets that name another system."""
    found = []
    for test, system, words, name in RATES:
        rate, other = results.median("touchline", test, "rate"), results.median(system, test, "rate")
        if rate is not None and other:
            found.append((f"{words} {rate / other:.2f} × {name}", rate >= other))
    for key, name in (("p50_us", "p50"), ("p99_us", "p99")):
        latency, other = (results.median(system, "tail", key) for system in ("touchline", "redis"))
        if latency is not None and other:
            found.append((f"tail {name} {latency:,.0f} µs, Redis {other:,.0f} µs", latency <= other))
    return found

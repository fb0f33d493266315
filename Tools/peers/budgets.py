"""What Touchline promises beside others, and whether it was kept."""

# Test, what it is held against (the limit in its own process, or a system), the share of it that is promised, words.
RATES = [
    ("append1", "limit", 0.85, "0.85 of a bare write and fdatasync"),
    ("append1", "sqlite", 1, "ahead of SQLite"),
    ("append64", "limit", 0.6, "0.6 of a bare group commit"),
    ("append64", "redis", 1, "ahead of Redis"),
    ("batch", "redis", 1, "ahead of Redis"),
    ("read", "limit", 0.4, "0.4 of bare LZ4"),
    ("fold", "limit", 0.15, "0.15 of bare LZ4"),
    ("fold", "sqlite", 1, "ahead of SQLite doing the lesser fold"),
]
NAMES = {"append1": "append, 1 writer", "append64": "append, 64 writers", "batch": "append, 1,000 events",
         "read": "replay without data", "fold": "replay, all projectors", "history": "history", "disk": "disk",
         "tail": "tail"}
HISTORY_P50_US_MAX = 100 + 20 * 2
DISK_MAX = {"uuid": 0.46, "none": 0.31}


def verdicts(results):
    """For each budget that was measured: its words, and whether it was kept."""
    found = rates(results)
    p50 = results.median("touchline", "history", "p50_us")
    if p50 is not None:
        found.append((f"history: p50 {p50:.0f} µs of at most {HISTORY_P50_US_MAX} (100 and 20 a frame, two frames)",
                      p50 <= HISTORY_P50_US_MAX))
    ratio, ids = results.median("touchline", "disk", "ratio"), results.header.get("ids")
    if ratio is not None and ids in DISK_MAX:
        found.append((f"disk: {ratio:.3f} of at most {DISK_MAX[ids]} a raw byte", ratio <= DISK_MAX[ids]))
    for key, name in (("p50_us", "p50"), ("p99_us", "p99")):
        own, other = (results.median(system, "tail", key) for system in ("touchline", "redis"))
        if own is not None and other is not None:
            found.append((f"tail: {name} {own:.0f} µs, Redis {other:.0f} µs", own <= other))
    return found


def rates(results):
    found = []
    for test, against, share, words in RATES:
        own = results.median("touchline", test, "rate")
        system, key = ("touchline", "limit") if against == "limit" else (against, "rate")
        other = results.median(system, test, key)
        if own is not None and other:
            found.append((f"{NAMES[test]}: {own / other:.2f} × where {words} is promised"
                          if against == "limit" else f"{NAMES[test]}: {own / other:.2f} × {words[9:]}",
                          own >= share * other))
    return found

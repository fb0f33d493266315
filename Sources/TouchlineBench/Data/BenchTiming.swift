/// The seconds that work takes.
func seconds(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// The nanoseconds since an instant.
func nanoseconds(since start: ContinuousClock.Instant) -> UInt64 {
    let taken = (ContinuousClock.now - start).components
    return UInt64(taken.seconds) * 1_000_000_000 + UInt64(taken.attoseconds / 1_000_000_000)
}

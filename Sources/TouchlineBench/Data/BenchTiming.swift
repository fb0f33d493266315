/// The seconds that work takes.
func seconds(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// The seconds that work takes, and the processor time of all threads meanwhile, in seconds.
func timed(_ work: () throws -> Void) rethrows -> Timed {
    let before = ProcessUsage.cpuSeconds
    let allocations = AllocationCount.now
    let taken = try seconds(work)
    return Timed(
        seconds: taken, cpuSeconds: ProcessUsage.cpuSeconds - before, allocations: AllocationCount.since(allocations))
}

/// How long something took.
struct Timed {
    /// By the clock on the wall.
    var seconds: Double
    /// Of all processors together.
    var cpuSeconds: Double
    /// The allocations meanwhile, if they are counted.
    var allocations: UInt64?

    static func + (left: Timed, right: Timed) -> Timed {
        Timed(seconds: left.seconds + right.seconds, cpuSeconds: left.cpuSeconds + right.cpuSeconds)
    }
}

/// The nanoseconds since an instant.
func nanoseconds(since start: ContinuousClock.Instant) -> UInt64 {
    let taken = (ContinuousClock.now - start).components
    return UInt64(taken.seconds) * 1_000_000_000 + UInt64(taken.attoseconds / 1_000_000_000)
}

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How many allocations the process has made: a figure that, unlike time, is the same on a busy machine.
///
/// The C library does not count them. `Tools/guards` loads a library that does; without it there is no count, and no
/// row of it.
enum AllocationCount {
    private typealias Count = @convention(c) () -> UInt64

    private static let function: Count? = {
        // A null handle looks through every library that is loaded.
        guard let symbol = dlsym(nil, "touchline_allocation_count") else { return nil }
        return unsafeBitCast(symbol, to: Count.self)
    }()

    /// The allocations so far; nil if nothing counts them.
    static var now: UInt64? { function?() }

    /// The allocations since an earlier count.
    static func since(_ earlier: UInt64?) -> UInt64? {
        guard let earlier, let now else { return nil }
        return now - earlier
    }
}

extension BenchSeries {
    /// Adds a row of allocations an event, if they were counted.
    mutating func addAllocations(_ name: String, _ allocations: UInt64?, events: Double) {
        guard let allocations, events > 0 else { return }
        add(name + ".allocations", "allocations/event", Double(allocations) / events)
    }
}

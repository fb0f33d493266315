/// Room that a benchmark takes on the disk at most.
enum BenchRoom {
    /// So many times so many bytes, and what is needed whatever the number; more than any disk has if that overflows.
    static func bytes(_ count: UInt64, each: UInt64, besides: UInt64 = 256 << 20) -> UInt64 {
        let (product, overflow) = count.multipliedReportingOverflow(by: each)
        let (sum, carry) = product.addingReportingOverflow(besides)
        return overflow || carry ? .max : sum
    }
}

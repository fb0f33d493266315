/// Told what a benchmark is doing, again and again; what it throws stops the benchmark.
package struct BenchProgress: Sendable {
    private let update: @Sendable (_ doing: String, _ done: UInt64, _ total: UInt64) throws -> Void

    /// Progress that is told to `update`.
    package init(_ update: @escaping @Sendable (_ doing: String, _ done: UInt64, _ total: UInt64) throws -> Void) {
        self.update = update
    }

    func callAsFunction(_ doing: String, _ done: UInt64 = 0, of total: UInt64 = 0) throws {
        try update(doing, done, total)
    }
}

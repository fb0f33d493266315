/// Counts bytes over all passes.
final class ImportProgress {
    private let total: Int64
    private let report: ((Int64, Int64) -> Void)?
    private var base: Int64 = 0
    private var current: Int64 = 0

    init(total: Int64, report: ((Int64, Int64) -> Void)?) {
        self.total = total
        self.report = report
    }

    /// The current pass has read this many bytes.
    func moved(to bytes: Int64) {
        guard bytes != current else { return }
        current = bytes
        report?(min(base + bytes, total), total)
    }

    /// The current pass is over.
    func passEnded() {
        base += current
        current = 0
    }
}

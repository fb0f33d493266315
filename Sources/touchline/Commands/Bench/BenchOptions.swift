import ArgumentParser
import Foundation
import Synchronization
import SystemPackage
import TouchlineBench

/// What most benchmarks take.
struct BenchOptions: ParsableArguments {
    @Option(help: "How often each figure is taken; printed are the median, the least and the greatest.")
    var runs = 5

    @Option(
        name: .customLong("data"),
        help: "Where to work: a folder that is empty or not there yet (default: one among the temporary files).")
    var folder: String?

    @Flag(help: "Print one JSON document with stable keys.")
    var json = false

    func validate() throws {
        guard runs > 0 else { throw ValidationError("--runs \(runs): give at least 1") }
    }

    /// Where to work.
    var path: FilePath? { folder.map { FilePath($0) } }

    /// Does a benchmark and prints what it found.
    func run(_ benchmark: (BenchProgress) async throws -> BenchReport) async throws {
        Interruption.listen()
        let report = try await benchmark(BenchBar().progress)
        ProgressBar.clear()
        if json { try JSONOutput.print(report) } else { BenchText.write(report) }
    }
}

/// The bar of a benchmark, whose title changes with what it is doing.
private final class BenchBar: Sendable {
    private let bar = Mutex<(title: String, bar: ProgressBar)?>(nil)

    var progress: BenchProgress {
        BenchProgress { [self] title, done, total in
            try Interruption.check("stopped; what it had made is gone")
            guard total > 0 else { return }
            let current = bar.withLock { bar in
                if let bar, bar.title == title { return bar.bar }
                let made = ProgressBar(title, unit: "events")
                bar = (title, made)
                return made
            }
            current.update(done, of: total)
        }
    }
}

import Foundation

/// Watches how much of the machine others use while a benchmark runs.
struct NoiseMeter {
    /// More of a core than this makes figures doubtful.
    private static let foreignCoresMax = 0.3
    /// A limit that varies by more than this factor does so, too.
    private static let limitFactorMax = 3.0

    let machine: Machine
    private let start = ContinuousClock.now
    private let before = NoiseMeter.usage()

    init(_ machine: Machine) { self.machine = machine }

    /// Makes the report of what was found, and of who was about.
    func report(_ benchmark: String, _ data: BenchData, runs: Int, _ rows: [BenchRow], notes: [String]) -> BenchReport {
        let foreign = foreignCores()
        let varies = rows.contains { row in
            row.limit.map { $0.max > Self.limitFactorMax * $0.min } ?? false
        }
        return BenchReport(
            benchmark: benchmark, machine: machine, data: data, runs: runs, rows: rows, notes: notes,
            foreign_cores: (foreign * 100).rounded() / 100,
            noisy: machine.isBusy || varies || foreign > Self.foreignCoresMax)
    }

    /// Cores that neither this process nor its ended children used.
    private func foreignCores() -> Double {
        let now = Self.usage()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return max(0, (now.machine - before.machine) - (now.own - before.own)) / max(seconds, 1e-9)
    }

    /// Processor seconds so far, of everybody and of this process.
    private static func usage() -> (machine: Double, own: Double) {
        let line = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n").first
        let ticks = line?.split(separator: " ").dropFirst().compactMap { Double($0) } ?? []
        // user, nice, system, (idle, waiting), interrupts, soft interrupts, stolen
        let busy = ticks.enumerated().reduce(0) { [3, 4].contains($1.offset) || $1.offset > 7 ? $0 : $0 + $1.element }
        let own = [__rusage_who_t(0), -1].reduce(0.0) { sum, who in
            // This process, and its children.
            var usage = rusage()
            getrusage(who, &usage)
            return sum + seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        return (busy / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))), own)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}

import ArgumentParser
import EventLog
import Foundation
import LogSimulation

/// Runs many seeds of the simulation and says what they met.
@main
struct FaultsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "Run the log's engine on a simulated disk that fails, beside a model.",
        discussion: """
            Each seed makes a scenario: appends, reads, rolls, repacking, index merges, reopenings, and crashes, power \
            losses, failed and short calls, full disks and flipped bits in the middle of them. After every step the \
            log is compared with a small model. A seed that fails is made smaller and printed as JSON: put that file \
            into Tests/LogSimulationTests/Regressions, and the tests run it from then on. A run of 1,000 seeds or more \
            also fails if a class of faults, or a path of the engine, was never met.
            """)

    @Option(help: "How many seeds to run.")
    var seeds = 1_000

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Option(help: "Run only the scenario in this JSON file.")
    var scenario: String?

    @Flag(help: "Print only whether a seed failed, and after how many.")
    var quiet = false

    private static let seedsThatMeetAll = 1_000

    func run() throws {
        if let scenario { return try runFile(scenario) }
        let start = ContinuousClock.now
        var met = Coverage()
        for seed in from..<(from + UInt64(seeds)) {
            do {
                let run = try ScenarioRun(ScenarioGenerator.scenario(seed: seed))
                defer { met.add(run.coverage) }
                try run.run()
            } catch {
                try report(seed, error, after: seed - from + 1)
            }
            if !quiet, isatty(2) == 1, seed % 100 == 0 {
                FileHandle.standardError.write(Data("\r\(seed - from + 1) of \(seeds) seeds".utf8))
            }
        }
        if quiet { return print("\(seeds) seeds without a failure") }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if isatty(2) == 1 { FileHandle.standardError.write(Data("\r".utf8)) }
        for line in met.table { print(line) }
        let rate = seconds > 0 ? Int(Double(seeds) / seconds) : 0
        print("\n\(seeds) seeds, \(rate) a second: 0 acknowledged events lost, 0 published events taken back.")
        if seeds >= Self.seedsThatMeetAll, !met.missing.isEmpty {
            for name in met.missing { print("never met: \(name)") }
            throw ExitCode(1)
        }
    }

    private func report(_ seed: UInt64, _ error: any Error, after count: UInt64) throws -> Never {
        if quiet {
            print("caught after \(count) seeds: \(error)")
            throw ExitCode(1)
        }
        print("seed \(seed) fails: \(error)")
        if let smaller = Shrinker.shrink(ScenarioGenerator.scenario(seed: seed)) {
            print("\(smaller.scenario.steps.count) steps are enough: \(smaller.error)")
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            print(String(decoding: try encoder.encode(smaller.scenario), as: UTF8.self))
        }
        throw ExitCode(1)
    }

    private func runFile(_ path: String) throws {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read; give the path of a scenario's JSON")
        }
        let scenario = try JSONDecoder().decode(Scenario.self, from: bytes)
        if let error = Shrinker.failure(of: scenario) {
            print("fails: \(error)")
            throw ExitCode(1)
        }
        print("holds")
    }
}

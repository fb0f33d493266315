import EventLog
import Foundation
import LogSimulation
import Testing

/// The engine on the simulated disk, beside the model.
@Suite struct SeedTests {
    /// `Tools/faults` runs more.
    private static let seedsOfARun: UInt64 = 1_000

    @Test func seeds() async throws {
        var met = Coverage()
        for seed in 1...Self.seedsOfARun {
            do {
                let run = try ScenarioRun(ScenarioGenerator.scenario(seed: seed))
                defer { met.add(run.coverage) }
                try run.run()
                // Long work without a pause keeps other tests from going on.
                await Task.yield()
            } catch {
                Issue.record("seed \(seed): \(error); see `Tools/faults --from \(seed) --seeds 1`")
            }
        }
        // What never happened was not tested.
        #expect(met.missing == [])
    }

    @Test(arguments: try regressions())
    func regressionsHold(_ file: URL) throws {
        let scenario = try JSONDecoder().decode(Scenario.self, from: Data(contentsOf: file))
        if let error = Shrinker.failure(of: scenario) { Issue.record("\(file.lastPathComponent): \(error)") }
    }

    static func regressions() throws -> [URL] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Regressions")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.path() < $1.path() }
    }

    @Test func aScenarioComesBackFromItsJSON() throws {
        for seed in UInt64(1)...50 {
            let scenario = ScenarioGenerator.scenario(seed: seed)
            let copy = try JSONDecoder().decode(Scenario.self, from: JSONEncoder().encode(scenario))
            #expect(copy == scenario)
        }
    }

    @Test func aSeedMeetsTheSameEachTime() throws {
        for seed in UInt64(1)...20 {
            let tables = try (0..<2).map { _ in
                let run = try ScenarioRun(ScenarioGenerator.scenario(seed: seed))
                try run.run()
                return run.coverage.table
            }
            #expect(tables[0] == tables[1])
        }
    }
}

import Foundation
import Testing

/// What the README says is what the program does.
@Suite struct ReadmeTests {
    @Test func generatedPartsAreUpToDate() throws {
        let result = try Binary.shell("python3 \"$README\" --check", ["README": Repository.path("Tools/readme")])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func everyCommandOfTheTableIsThere() throws {
        let text = try String(contentsOfFile: Repository.path("README.md"), encoding: .utf8)
        let help = try Binary.run(["--help"]).output
        for name in [
            "init", "append", "import", "cat", "tail", "customer", "customers", "timeline", "audit", "funnel",
            "campaigns", "service", "agenda", "churn", "cohorts", "segments", "rebuild", "projections", "anomalies",
            "catalogue", "verify",
            "stats",
        ] {
            #expect(text.contains("`\(name)"), "\(name)")
            #expect(help.contains("  \(name) "), "\(name)")
        }
    }
}

import Foundation
import Testing

/// The house rules that a program can check.
@Suite struct RepositoryTests {
    private func files(_ folder: String, _ suffix: String) throws -> [(name: String, lines: [String])] {
        let root = Repository.root.appending(path: folder)
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(suffix) }
        return try names.sorted().map { name in
            let text = try String(contentsOf: root.appending(path: name), encoding: .utf8)
            return ("\(folder)/\(name)", text.components(separatedBy: "\n"))
        }
    }

    @Test func filesAndLinesStayShort() throws {
        for (name, lines) in try files("Sources", ".swift") + files("Tests", ".swift") {
            #expect(lines.count <= 600, "\(name) has \(lines.count) lines")
            // A text is not broken for its length: it is found by searching for it.
            for (number, line) in lines.enumerated() where line.count > 120 && !line.contains("\"") {
                Issue.record("\(name):\(number + 1) has \(line.count) characters")
            }
        }
    }

    @Test func nothingStopsTheProcessOnInput() throws {
        let words = ["fatalError(", "try!", "as!", "TODO", "FIXME"]
        for (name, lines) in try files("Sources", ".swift") {
            for (number, line) in lines.enumerated() {
                for word in words where line.contains(word) { Issue.record("\(name):\(number + 1) says \(word)") }
            }
        }
    }

    @Test func everyTargetThatIsImportedIsNamed() throws {
        // The compiler checks this too, if the build is asked to; here it holds however the tests are built.
        let floors = [
            "EventLog": 0, "Projection": 1, "BuyTillYouDie": 2, "CRM": 2, "CSVImport": 2, "TouchlineService": 3,
            "TouchlineBench": 3,
            "touchline": 4,
        ]
        for (target, floor) in floors {
            for (name, lines) in try files("Sources/\(target)", ".swift") {
                for line in lines where line.contains("import ") {
                    guard let imported = line.split(separator: " ").last.map(String.init), let other = floors[imported]
                    else { continue }
                    #expect(other <= floor, "\(name) imports \(imported)")
                }
            }
        }
    }

    @Test func everyMutationFitsTheSource() throws {
        let result = try Binary.shell("python3 \"$TOOL\" --check", ["TOOL": Repository.path("Tools/mutations")])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func theBenchmarkOfOtherSystemsFitsTheReadme() throws {
        let result = try Binary.shell(
            "python3 \"$TOOL\" --check && python3 \"$TOOL\" --help", ["TOOL": Repository.path("Tools/bench-peers")])
        #expect(result.status == 0, "\(result.errors)")
    }
}

import Foundation
import Testing

/// Every input that is kept under `Fuzz/`, through the same functions as the fuzzer calls.
///
/// `Corpus` holds inputs that reach much of each decoder, `Regressions` those that once stopped it.
@Suite struct KeptInputsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz")

    private static func files(_ folder: String) -> [URL] {
        let url = root.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.sorted().map { url.appending(path: $0) }
    }

    @Test(arguments: FuzzTarget.all.map(\.name)) func inputsHold(_ name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let corpus = Self.files("Corpus/\(name)")
        #expect(!corpus.isEmpty, "there is a corpus")
        for file in corpus + Self.files("Regressions/\(name)") {
            let bytes = Array(try Data(contentsOf: file))
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try target.check(bytes) }
        }
        #expect(throws: Never.self, "no bytes") { try target.check([]) }
    }

    @Test func whatIsKeptIsRun() {
        let names = Set(FuzzTarget.all.map(\.name))
        for file in Self.files("Corpus") + Self.files("Regressions") {
            #expect(names.contains(file.lastPathComponent), "\(file.path) is of no target")
        }
    }

    @Test func aPropertyThatDoesNotHoldIsTold() {
        #expect(throws: Broken.self) { try require(false, "a reason") }
    }
}

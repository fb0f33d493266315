import Foundation
import Testing

/// Definitions on their way from the folder's files into the log, on the built binary.
@Suite struct DefinitionsTests {
    private static let first = "pipelines:\n  default:\n    stages: [new, offer]\n"
    private static let second = "pipelines:\n  default:\n    stages: [new, offer, contract]\n"

    private func write(_ text: String, _ name: String, in data: TestData) throws {
        try Data(text.utf8).write(to: URL(filePath: data.path).appending(path: name))
    }

    private func append(_ data: TestData, _ extra: String...) throws -> Binary.Result {
        let line = #"{"type":"x.thing","subject":"C-1","data":{}}"#
        return try Binary.run(["append", "--data", data.path] + extra, input: Data(line.utf8))
    }

    private func definitions(_ data: TestData, _ extra: String...) throws -> [[String: Any]] {
        let result = try Binary.run(["definitions", "--json", "--data", data.path] + extra)
        return try #require(try result.json["definitions"] as? [[String: Any]], "\(result.errors)")
    }

    @Test func theNextWriterPublishesWhatChanged() throws {
        let data = try TestData()
        try write(Self.first, "pipelines.yaml", in: data)
        #expect(try append(data).output.hasPrefix("1\t"))
        #expect(try append(data).output.hasPrefix("2\t"))
        try write(Self.second, "pipelines.yaml", in: data)
        #expect(try append(data).output.hasPrefix("4\t"))
        let known = try definitions(data)
        #expect(known.map { $0["sequence"] as? Int } == [3, 0])
        #expect(known.map { $0["in_force"] as? Bool } == [true, false])
        let hash = try Binary.shell(#"sha256sum < "$DATA/pipelines.yaml""#, ["DATA": data.path])
        #expect(hash.output.hasPrefix(known[0]["sha256"] as? String ?? "?"))
        #expect(try definitions(data, "--at", "2").map { $0["sequence"] as? Int } == [0])
        #expect(try data.run("definitions", "show", "pipelines", "--at", "2").output == Self.first)
        #expect(try data.run("definitions", "show", "pipelines").output == Self.second)
        #expect(try data.run("definitions", "show", "pipelines", "--as-of", "1999-01-01").output == Self.second)
        let none = try data.run("definitions", "show", "segments")
        #expect(none.status == 65)
        #expect(none.errors.contains("segments.yaml"))
    }

    @Test func publishIsAWriterToo() throws {
        let data = try TestData()
        try write("segments:\n  - {name: all, where: purchases >= 0}\n", "segments.yaml", in: data)
        try write("types:\n  shop.visited: {summary: Came in.}\n", "catalogue.yaml", in: data)
        let waiting = try data.run("definitions")
        #expect(waiting.errors.contains("segments.yaml is not published yet, no definition is in force"))
        let published = try data.run("definitions", "publish")
        #expect(published.output.contains("segments.yaml: published as event 0"))
        #expect(published.output.contains("catalogue.yaml: published as event 1"))
        #expect(try data.run("definitions", "publish").output.contains("segments.yaml: in force as it is"))
        #expect(try data.run("definitions").errors.isEmpty)
    }

    @Test func aBrokenFileStopsNoAppendAndIsNotPublished() throws {
        let data = try TestData()
        try write(Self.first, "pipelines.yaml", in: data)
        _ = try append(data)
        try write("pipelines:\n  default: {stages: [a, a]}\n", "pipelines.yaml", in: data)
        let result = try append(data)
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("2\t"))
        #expect(result.errors.contains("pipelines.yaml: line 2: pipelines.default.stages[2]"), "\(result.errors)")
        #expect(try definitions(data).map { $0["sequence"] as? Int } == [0])
        let publish = try data.run("definitions", "publish")
        #expect(publish.status == 65)
        #expect(try data.run("definitions", "check").status == 1)
    }

    @Test func anEmptyFileTakesNothingOutOfForce() throws {
        let data = try TestData()
        try write(Self.first, "pipelines.yaml", in: data)
        _ = try append(data)
        try write("", "pipelines.yaml", in: data)
        try write("# pipelines\n" + String(repeating: "#", count: 300_000), "segments.yaml", in: data)
        let result = try append(data)
        #expect(result.status == 0)
        #expect(result.errors.contains("pipelines.yaml: nothing is in it; write `pipelines: {}`"), "\(result.errors)")
        #expect(result.errors.contains("bytes do not fit into an event"), "\(result.errors)")
        #expect(try definitions(data).map { $0["sequence"] as? Int } == [0])
        #expect(try data.run("definitions", "check").status == 1)
    }

    @Test func whatOthersPublishIsCheckedToo() throws {
        let data = try TestData()
        let lines = [
            #"{"type":"definition.published","data":{"kind":"pipelines","body":"pipelines: {a: {stages: [x]}}"}}"#,
            #"{"type":"definition.published","data":{"kind":"pipelines","body":"pipelines: [x]"}}"#,
            #"{"type":"definition.published","data":{"kind":"pipelines","body":"pipelines: {}","sha256":"00"}}"#,
            #"{"type":"definition.published","data":{"kind":"mapping","body":"anything"}}"#,
            #"{"type":"definition.published","data":{"body":"anything"}}"#,
        ]
        let appended = try Binary.run(["append", "--data", data.path], input: Data(lines.joined(separator: "\n").utf8))
        #expect(appended.status == 0, "\(appended.errors)")
        let known = try definitions(data)
        #expect(known.map { $0["sequence"] as? Int } == [3, 0])
        #expect(known.map { $0["in_force"] as? Bool } == [true, true])
        let anomalies = try data.run("anomalies", "--json").output
        for kind in ["bad_definition", "other_hash", "missing_field"] { #expect(anomalies.contains(kind), "\(kind)") }
    }
}

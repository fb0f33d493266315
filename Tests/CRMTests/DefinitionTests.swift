import CRM
import Testing

/// Files of definitions: what they say, and what is said of those that cannot be used.
@Suite struct DefinitionTests {
    @Test func pipelinesInOrderWithProbabilitiesAndLimits() throws {
        let definitions = try PipelineDefinitions(
            yaml: """
                pipelines:
                  default:
                    stages:
                      - {name: qualify, probability: 0.1, limit: 14d}
                      - 报价
                      - {name: contract, limit: 36h}
                  renewal:
                    stages: [due, asked]
                """)
        #expect(definitions.pipelines.map(\.name) == ["default", "renewal"])
        let stages = try #require(definitions.pipeline("default")).stages
        #expect(stages.map(\.name) == ["qualify", "报价", "contract"])
        #expect(stages.map(\.probability) == [0.1, nil, nil])
        #expect(stages.map(\.limitDays) == [14, nil, 1.5])
        #expect(definitions.pipeline("sales") == nil)
    }

    @Test(
        "An empty definition defines nothing",
        arguments: ["", "# nothing\n", "pipelines:\n", "pipelines: {}\n"])
    func emptyPipelines(_ yaml: String) throws {
        #expect(try PipelineDefinitions(yaml: yaml).pipelines.isEmpty)
    }

    @Test(
        "A bad pipeline names line, entry and mend",
        arguments: [
            ("pipelines: [a]", 1, "pipelines: not a list of names and values"),
            ("pipelines:\n  a: {stages: []}", 2, "pipelines.a: no list of stages"),
            ("pipelines:\n  a: {stages: [x, x]}", 2, "is there twice"),
            ("pipelines:\n  a:\n    stages:\n      - {name: x, probability: 1.5}", 4, "no probability"),
            ("pipelines:\n  a:\n    stages:\n      - {name: x, probability: nan}", 4, "no probability"),
            ("pipelines:\n  a:\n    stages:\n      - {name: x, limit: soon}", 4, "no length of time"),
            ("pipelines:\n  a:\n    stages:\n      - {name: x, limit: -2d}", 4, "no length of time"),
            ("pipelines:\n  a:\n    stages:\n      - {limit: 2d}", 4, "a stage without a name"),
            ("pipelines:\n  a:\n    stage: [x]", 3, "unknown key; write stages"),
            ("pipelines:\n  leads: {stages: [x]}", 2, "built in"),
            ("pipelines: {a: {stages: [x]", 2, "not YAML"),
        ])
    func badPipelines(_ yaml: String, _ line: Int, _ message: String) throws {
        let error = try #require(throws: DefinitionError.self) { try PipelineDefinitions(yaml: yaml) }
        let problem = try #require(error.problems.first)
        #expect(problem.line == line)
        #expect(problem.description.contains(message), "\(problem)")
    }

    @Test func segmentsInOrder() throws {
        let definitions = try SegmentDefinitions(
            yaml:
                "segments:\n  - {name: a, where: total > 1}\n  - name: 睡眠\n    description: Long away.\n    where: x\n")
        #expect(definitions.segments.map(\.name) == ["a", "睡眠"])
        #expect(definitions.segments.map(\.condition) == ["total > 1", "x"])
        #expect(definitions.segments.map(\.description) == [nil, "Long away."])
        #expect(definitions.segments.map(\.line) == [2, 3])
    }

    @Test(
        "A bad segment names line, entry and mend",
        arguments: [
            ("segments:\n  a: {where: x}", 2, "segments: not a list"),
            ("segments:\n  - {where: x}", 2, "without a name"),
            ("segments:\n  - {name: a}", 2, "without a condition"),
            ("segments:\n  - {name: a, where: x}\n  - {name: a, where: y}", 3, "there twice"),
            ("segments:\n  - {name: a, were: x}", 2, "unknown key; write where"),
        ])
    func badSegments(_ yaml: String, _ line: Int, _ message: String) throws {
        let error = try #require(throws: DefinitionError.self) { try SegmentDefinitions(yaml: yaml) }
        let problem = try #require(error.problems.first)
        #expect(problem.line == line)
        #expect(problem.description.contains(message), "\(problem)")
    }

    @Test("What an interrupted save leaves is not published", arguments: DefinitionKind.allCases)
    func emptyFiles(_ kind: DefinitionKind) throws {
        for body in ["", "\n", "# to come\n", "---\n# to come\n", "~", "null\n"] {
            let error = try #require(throws: DefinitionError.self) { try kind.checkToPublish(body) }
            #expect("\(error)".hasPrefix("\(kind.fileName): nothing is in it; write `"))
            try kind.check(body)
        }
    }

    @Test(
        "A definition that does nothing is one",
        arguments: [
            (DefinitionKind.pipelines, "pipelines: {}"), (.segments, "segments: []"), (.catalogue, "types: {}"),
        ])
    func definitionsOfNothing(_ kind: DefinitionKind, _ body: String) throws { try kind.checkToPublish(body) }

    /// The size is looked at before the text is read: a file of millions of stages is refused at once.
    @Test func whatDoesNotFitIntoAnEventIsRefusedUnread() throws {
        let stages = (0..<300_000).map { "s\($0)" }.joined(separator: ", ")
        let error = try #require(throws: DefinitionError.self) {
            try DefinitionKind.pipelines.checkToPublish("pipelines: {a: {stages: [\(stages), ", path: "p.yaml")
        }
        let size = stages.utf8.count + 27
        #expect("\(error)".hasPrefix("p.yaml: \(size) bytes do not fit into an event, which has room for "))
        // Quotes take more room in an event than in the file.
        let quotes = "segments: []  # " + String(repeating: "\"", count: 600)
        try DefinitionKind.segments.checkToPublish(quotes, eventBytesMax: 2_500)
        #expect(throws: DefinitionError.self) {
            try DefinitionKind.segments.checkToPublish(quotes, eventBytesMax: 2_300)
        }
    }

    @Test func hashIsThatOfTheBytes() {
        #expect(
            Definition.sha256(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}

public import GRDB
import Yams

/// Named groups of customers as a company's `segments.yaml` defines them.
///
/// ```yaml
/// segments:
///   - name: sleeping
///     description: Bought often, not lately.
///     where: "purchases >= 5 AND last_purchase < date(:now, '-90 days')"
/// ```
public struct SegmentDefinitions: Sendable, Equatable {
    /// A segment.
    public struct Segment: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// What it is for; `nil` if the file does not say.
        public var description: String?
        /// The SQL condition over a customer's row.
        public var condition: String
        /// The line of the file on which it starts.
        public var line: Int?

        /// Makes a segment.
        public init(name: String, description: String? = nil, condition: String, line: Int? = nil) {
            self.name = name
            self.description = description
            self.condition = condition
            self.line = line
        }
    }

    /// The segments, as the file lists them.
    public var segments: [Segment]

    /// No segments.
    public init() { segments = [] }

    /// Reads the text of a `segments.yaml`; `path` is what messages call it.
    ///
    /// The conditions are taken as they stand.
    ///
    /// - Throws: `DefinitionError` with everything that is wrong with it.
    public init(yaml: String, path: String = DefinitionKind.segments.fileName) throws(DefinitionError) {
        var reader = SegmentReader()
        let segments = reader.read(yaml)
        guard reader.found.isEmpty else { throw DefinitionError(path: path, problems: reader.problems) }
        self.segments = segments
    }

    /// The segments in force at the moment the tables stand for, and what published them.
    public static func inForce(_ db: Database) throws -> (SegmentDefinitions, Definition?) {
        guard let definition = try Definition.inForce(.segments, db) else { return (SegmentDefinitions(), nil) }
        return (try SegmentDefinitions(yaml: definition.body), definition)
    }
}

private struct SegmentReader: DefinitionReading {
    var found: [DefinitionProblem] = []

    mutating func read(_ yaml: String) -> [SegmentDefinitions.Segment] {
        guard let root = compose(yaml) else { return [] }
        var segments: [SegmentDefinitions.Segment] = []
        var names: Set<String> = []
        for (_, value) in mapping(root, "", ["segments"]) ?? [] {
            if let text = value.scalar?.string, text.isEmpty || text == "~" || text == "null" { continue }
            guard let nodes = value.sequence else {
                report(value, "segments", "not a list", "write - name: …, and below it where: …, for each segment")
                continue
            }
            for (number, node) in nodes.enumerated() {
                guard let segment = segment(node, "segments[\(number + 1)]") else { continue }
                if !names.insert(segment.name).inserted {
                    report(node, segment.name, "the segment is there twice", "give one of them another name")
                }
                segments.append(segment)
            }
        }
        return segments
    }

    private mutating func segment(_ node: Node, _ entry: String) -> SegmentDefinitions.Segment? {
        guard let keys = mapping(node, entry, ["name", "description", "where"]) else { return nil }
        var segment = SegmentDefinitions.Segment(name: "", condition: "", line: node.mark?.line)
        for (key, value) in keys {
            switch key {
            case "name": segment.name = value.scalar?.string ?? ""
            case "description": segment.description = text(value, "\(entry).description")
            default: segment.condition = value.scalar?.string ?? ""
            }
        }
        if segment.name.isEmpty { report(node, entry, "a segment without a name", "add name: and a name") }
        if segment.condition.isEmpty {
            report(node, entry, "a segment without a condition", "add where: and an SQL condition")
        }
        return segment
    }
}

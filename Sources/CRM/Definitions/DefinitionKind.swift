public import EventLog
import Yams

/// What a company defines for itself: one file in the data folder each, and events of the log that say what held when.
public enum DefinitionKind: String, Sendable, CaseIterable, Codable {
    /// The stages of pipelines, their probabilities and limits.
    case pipelines
    /// Groups of customers by a condition.
    case segments
    /// Event types and fields.
    case catalogue

    /// The file in the data folder.
    public var fileName: String { rawValue + ".yaml" }

    /// Checks a definition's text.
    ///
    /// - Throws: `DefinitionError` with everything that is wrong with it.
    public func check(_ body: String, path: String? = nil) throws(DefinitionError) {
        switch self {
        case .pipelines: _ = try PipelineDefinitions(yaml: body, path: path ?? fileName)
        case .segments: _ = try SegmentDefinitions(yaml: body, path: path ?? fileName)
        case .catalogue: _ = try Catalogue.load(user: body, path: path ?? fileName)
        }
    }

    /// Checks a definition's text as is done before it is published: it fits into an event, there is something in it,
    /// and conditions of segments are such that they can be asked.
    ///
    /// What was published is read without that, since it would depend on the version of SQLite.
    ///
    /// - Parameter eventBytesMax: the most bytes that an event may have.
    /// - Throws: `DefinitionError` with everything that is wrong with it.
    public func checkToPublish(
        _ body: String, path: String? = nil, eventBytesMax: Int = Limits.eventBytesMax
    ) throws(DefinitionError) {
        let path = path ?? fileName
        // First, so that what cannot be published in any case takes no time.
        try Self.checkSize(body.utf8.count, path: path, eventBytesMax: eventBytesMax)
        try Self.checkSize(eventData(body).count, path: path, eventBytesMax: eventBytesMax)
        // What an interrupted save leaves behind must not take everything out of force.
        if Self.isEmpty(body) {
            throw DefinitionError(
                path: path,
                problems: [
                    DefinitionProblem(
                        line: nil, entry: "", message: "nothing is in it",
                        mend: "write \(nothing) to do without, or take the file away")
                ])
        }
        try check(body, path: path)
        if self == .segments { try SegmentsQuery.check(body, path: path) }
    }

    /// Whether there is no value in a YAML text, or one that says so.
    private static func isEmpty(_ body: String) -> Bool {
        do {
            guard let root = try Yams.compose(yaml: body) else { return true }
            return root.scalar.map { ["", "~", "null"].contains($0.string) } ?? false
        } catch {
            // `check` says what is wrong with it.
            return false
        }
    }

    /// Room that an event needs beside a definition.
    private static let eventOverheadBytes = 1024

    /// Checks that a definition of so many bytes fits into an event.
    ///
    /// - Throws: `DefinitionError` if it does not.
    public static func checkSize(_ bytes: Int, path: String, eventBytesMax: Int) throws(DefinitionError) {
        guard bytes >= eventBytesMax - eventOverheadBytes else { return }
        let problem = DefinitionProblem(
            line: nil, entry: "",
            message:
                "\(bytes) bytes do not fit into an event, which has room for \(eventBytesMax - eventOverheadBytes)",
            mend: "shorten it, or raise event_bytes_max in config.yaml")
        throw DefinitionError(path: path, problems: [problem])
    }

    /// The `data` of the event that publishes a definition, as JSON.
    public func eventData(_ body: String) -> [UInt8] {
        let members = [("body", body), ("kind", rawValue), ("sha256", Definition.sha256(of: body))]
        let texts = members.map { name, text in
            "\"\(name)\":" + String(decoding: JSONText.string(text), as: UTF8.self)
        }
        return Array("{\(texts.joined(separator: ","))}".utf8)
    }

    /// A text that defines nothing.
    private var nothing: String {
        switch self {
        case .pipelines: "`pipelines: {}`"
        case .segments: "`segments: []`"
        case .catalogue: "`types: {}`"
        }
    }
}

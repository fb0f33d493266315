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

    /// Checks a definition's text as is done before it is published: conditions of segments must be such that they can
    /// be asked.
    ///
    /// What was published is read without that, since it would depend on the version of SQLite.
    ///
    /// - Throws: `DefinitionError` with everything that is wrong with it.
    public func checkToPublish(_ body: String, path: String? = nil) throws(DefinitionError) {
        try check(body, path: path)
        if self == .segments { try SegmentsQuery.check(body, path: path ?? fileName) }
    }
}

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
}

/// What is known of pipelines: their first stages and the order of their stages.
///
/// Only the pipeline of leads is built in. Every other pipeline is what the events make it.
struct FunnelPipelines: Sendable, Equatable {
    /// The pipeline of an opportunity that names none.
    static let defaultName = "default"
    /// The stage of an opportunity that names none, in a pipeline whose first stage is not known.
    static let noStage = "(none)"
    /// The built-in pipeline of leads.
    static let leadsName = "leads"

    /// The stages of the pipelines whose order is known, first to last.
    private var stages: [String: [String]] = [leadsName: LeadStep.stages.map(\.rawValue)]

    /// The built-in ones.
    init() {}

    /// The stage in which an opportunity starts that names none.
    func firstStage(of pipeline: String) -> String { stages[pipeline]?.first ?? Self.noStage }

    /// The stages in order, if the pipeline is defined.
    func order(of pipeline: String) -> [String]? { stages[pipeline] }
}

import GRDB

/// What is known of pipelines: their stages in order, with the chance of each and how long a deal may stay there.
///
/// The pipeline of leads is built in; the others are defined in the data folder. What is not defined is what the events
/// make it.
struct FunnelPipelines: Sendable {
    typealias Stage = PipelineDefinitions.Stage

    /// The pipeline of an opportunity that names none.
    static let defaultName = "default"
    /// The stage of an opportunity that names none, in a pipeline whose first stage is not known.
    static let noStage = "(none)"
    /// The built-in pipeline of leads.
    static let leadsName = "leads"
    /// Its stages.
    static let leadsStages = LeadStep.stages.map { Stage(name: $0.rawValue) }

    /// The pipelines that are defined, without that of leads.
    let defined: [PipelineDefinitions.Pipeline]
    /// What defines them.
    let definition: DefinitionAnswer

    /// What is in force at the moment that the tables stand for.
    static func inForce(_ db: Database) throws -> FunnelPipelines {
        let (pipelines, definition) = try PipelineDefinitions.inForce(db)
        return FunnelPipelines(defined: pipelines.pipelines, definition: DefinitionAnswer(definition))
    }

    /// The stages in order, if the pipeline is defined.
    func stages(of pipeline: String) -> [Stage]? {
        pipeline == Self.leadsName ? Self.leadsStages : defined.first { $0.name == pipeline }?.stages
    }

    /// The stage in which an opportunity starts that names none, as far as events alone tell.
    static func startStage(of pipeline: String) -> String {
        pipeline == leadsName ? LeadStep.captured.rawValue : noStage
    }

    /// A stage as it counts: `noStage` is the first of its pipeline where that is defined.
    func resolved(_ stage: String, of pipeline: String) -> String {
        stage == Self.noStage ? stages(of: pipeline)?.first?.name ?? stage : stage
    }
}

extension PipelineDefinitions.Stage {
    /// How long an opportunity may stay, in microseconds.
    var limit: Int64? { limitDays.map { Int64(($0 * 86_400e6).rounded()) } }
}

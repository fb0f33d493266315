public import GRDB
import Yams

/// The pipelines of a company as its `pipelines.yaml` defines them.
///
/// ```yaml
/// pipelines:
///   default:
///     stages:
///       - {name: qualify, probability: 0.1, limit: 14d}
///       - proposal
/// ```
public struct PipelineDefinitions: Sendable, Equatable {
    /// A stage of a pipeline.
    public struct Stage: Sendable, Equatable {
        /// Its name, as events say it.
        public var name: String
        /// The share of opportunities in it that is expected to be won, from 0 to 1; `nil` if none is given.
        public var probability: Double?
        /// Days after which an opportunity has been in it too long; `nil` if none is given.
        public var limitDays: Double?

        /// Makes a stage.
        public init(name: String, probability: Double? = nil, limitDays: Double? = nil) {
            self.name = name
            self.probability = probability
            self.limitDays = limitDays
        }
    }

    /// A pipeline.
    public struct Pipeline: Sendable, Equatable {
        /// Its name, as events say it; `default` is that of opportunities which name none.
        public var name: String
        /// Its stages, first to last; never empty.
        public var stages: [Stage]

        /// Makes a pipeline.
        public init(name: String, stages: [Stage]) {
            self.name = name
            self.stages = stages
        }
    }

    /// The pipelines, as the file lists them.
    public var pipelines: [Pipeline]

    /// No pipelines.
    public init() { pipelines = [] }

    /// Reads the text of a `pipelines.yaml`; `path` is what messages call it.
    ///
    /// - Throws: `DefinitionError` with everything that is wrong with it.
    public init(yaml: String, path: String = DefinitionKind.pipelines.fileName) throws(DefinitionError) {
        var reader = PipelineReader()
        let pipelines = reader.read(yaml)
        guard reader.found.isEmpty else { throw DefinitionError(path: path, problems: reader.problems) }
        self.pipelines = pipelines
    }

    /// The pipeline of this name.
    public func pipeline(_ name: String) -> Pipeline? { pipelines.first { $0.name == name } }

    /// The pipelines in force at the moment the tables stand for, and what published them.
    public static func inForce(_ db: Database) throws -> (PipelineDefinitions, Definition?) {
        guard let definition = try Definition.inForce(.pipelines, db) else { return (PipelineDefinitions(), nil) }
        return (try PipelineDefinitions(yaml: definition.body), definition)
    }
}

private struct PipelineReader: DefinitionReading {
    var found: [DefinitionProblem] = []

    mutating func read(_ yaml: String) -> [PipelineDefinitions.Pipeline] {
        guard let root = compose(yaml) else { return [] }
        var pipelines: [PipelineDefinitions.Pipeline] = []
        for (_, value) in mapping(root, "", ["pipelines"]) ?? [] {
            for (keyNode, value) in members(value, "pipelines") {
                let name = keyNode.scalar?.string ?? ""
                let entry = "pipelines.\(name)"
                if name.isEmpty {
                    report(keyNode, entry, "a pipeline without a name", "write name: {stages: [first, second]}")
                } else if name == FunnelPipelines.leadsName {
                    report(keyNode, entry, "the pipeline of leads is built in", "give yours another name")
                } else if let pipeline = pipeline(name, value, entry) {
                    pipelines.append(pipeline)
                }
            }
        }
        return pipelines
    }

    private mutating func pipeline(_ name: String, _ node: Node, _ entry: String) -> PipelineDefinitions.Pipeline? {
        guard let keys = mapping(node, entry, ["stages"]) else { return nil }
        guard let list = keys.first(where: { $0.0 == "stages" })?.1, let nodes = list.sequence, !nodes.isEmpty else {
            report(node, entry, "no list of stages", "write stages: [first, second]")
            return nil
        }
        var stages: [PipelineDefinitions.Stage] = []
        var names: Set<String> = []
        for (number, node) in nodes.enumerated() {
            let place = "\(entry).stages[\(number + 1)]"
            guard let stage = stage(node, place) else { continue }
            if !names.insert(stage.name).inserted {
                report(node, place, "the stage \"\(stage.name)\" is there twice", "keep one of them")
            }
            stages.append(stage)
        }
        return PipelineDefinitions.Pipeline(name: name, stages: stages)
    }

    private mutating func stage(_ node: Node, _ entry: String) -> PipelineDefinitions.Stage? {
        if let name = node.scalar?.string, !name.isEmpty { return PipelineDefinitions.Stage(name: name) }
        guard let keys = mapping(node, entry, ["name", "probability", "limit"]) else { return nil }
        var stage = PipelineDefinitions.Stage(name: "")
        for (key, value) in keys {
            switch key {
            case "name": stage.name = value.scalar?.string ?? ""
            case "probability": stage.probability = probability(value, "\(entry).probability")
            default: stage.limitDays = days(value, "\(entry).limit")
            }
        }
        if stage.name.isEmpty { report(node, entry, "a stage without a name", "add name: and the name in the events") }
        return stage
    }

    private mutating func probability(_ node: Node, _ entry: String) -> Double? {
        if let value = node.scalar.flatMap({ Double($0.string) }), (0...1).contains(value) { return value }
        report(node, entry, "no probability", "write a number from 0 to 1, such as 0.25")
        return nil
    }

    private mutating func days(_ node: Node, _ entry: String) -> Double? {
        let text = node.scalar?.string ?? ""
        let units: [Character: Double] = ["h": 1.0 / 24, "d": 1, "w": 7]
        let unit = text.last.flatMap { units[$0] }
        let number = Double(unit == nil ? text : String(text.dropLast()))
        if let number, number > 0, number.isFinite, number <= 36_500 { return number * (unit ?? 1) }
        report(node, entry, "no length of time", "write hours, days or weeks, as in 36h, 14d or 2w")
        return nil
    }
}

public import CRM
public import EventLog
public import GRDB
public import Projection

/// Answers questions of a data folder, for the present from its views, for any other moment by replay.
public struct Answers: Sendable {
    /// What a question needs to be replayed for.
    public enum Scope: Sendable, Equatable {
        /// The whole log.
        case log
        /// One customer, and whoever is merged with it.
        case customer(String)
        /// Events without a subject, such as definitions and models.
        case system
    }

    /// How far catching up has come.
    public typealias Progress = @Sendable (_ done: UInt64, _ total: UInt64) throws -> Void

    /// Who went into whom, and what words mean, decides every answer.
    private static let alwaysWanted: Set = ["merges", "definitions"]

    private let folder: DataFolder
    private let reader: LogReader
    private let set: ProjectorSet
    private let progress: Progress

    /// Answers of a folder.
    ///
    /// - Parameter progress: called while views catch up or a past is replayed; throw to stop.
    public init(_ folder: DataFolder, reader: LogReader, progress: @escaping Progress = { _, _ in }) throws {
        self.folder = folder
        self.reader = reader
        self.progress = progress
        set = try folder.projectors()
    }

    /// Answers a question.
    ///
    /// - Parameters:
    ///   - request: the moment it is asked of.
    ///   - scope: what a replay has to cover.
    ///   - projectors: the projectors whose tables the question reads; `nil` = all.
    ///   - cutsRows: whether the question can cut the present rows at `--as-of` itself; where it throws `ReplayNeeded`
    ///     it is asked again of replayed ones.
    ///   - question: reads the tables.
    /// - Throws: `ServiceError`, `LogError`, `ProjectionError`, `NotFound`, or what `question` throws.
    public func answer<Answer>(
        at request: MomentRequest = MomentRequest(), scope: Scope = .log, projectors: [String]? = nil,
        cutsRows: Bool = false, _ question: (Database, AnswerContext) throws -> Answer
    ) throws -> Answer {
        if request.isPresent { return try answerFromViews(question) }
        if cutsRows, request.isAsOfOnly, try viewsAreCurrent(),
            let answer = try cutViews(at: request, question)
        {
            return answer
        }
        var context = try request.resolve(in: reader, calendar: folder.calendar)
        context.bands = folder.configuration.bands
        let wanted = set.filter { projector in
            projectors.map { $0.contains(projector.name) || Self.alwaysWanted.contains(projector.name) } ?? true
        }
        let subjects: [String]? =
            switch scope {
            case .log: nil
            case .customer(let name): try group(of: name, context: context)
            case .system: []
            }
        let total = context.at
        let past = try PastViews.make(
            wanted, from: reader, known: context.at, asOf: context.asOf, subjects: subjects
        ) { try progress($0, total) }
        return try past.read { try question($0, context) }
    }

    /// Answers a question that no view can, from a fold of its own: by replay, of the present too.
    ///
    /// - Parameters:
    ///   - request: the moment it is asked of.
    ///   - projectors: what folds the tables that the question reads; `merges` and `definitions` are there as well.
    ///   - question: reads the tables.
    /// - Throws: `ServiceError`, `LogError`, or what `question` throws.
    public func answer<Answer>(
        at request: MomentRequest, folding projectors: [any Projector],
        _ question: (Database, AnswerContext) throws -> Answer
    ) throws -> Answer {
        let context = try request.resolve(in: reader, calendar: folder.calendar)
        let always = set.filter { Self.alwaysWanted.contains($0.name) }.projectors
        let folded = ProjectorSet(always + projectors, policy: set.policy)
        let past = try PastViews.make(folded, from: reader, known: context.at, asOf: context.asOf) {
            try progress($0, context.at)
        }
        return try past.read { try question($0, context) }
    }

    /// Answers from the views as of the end of a day, among what an answer's moment knows.
    public func answer<Answer>(
        asOf day: Int, known context: AnswerContext, projectors: [String]? = nil,
        _ question: (Database, AnswerContext) throws -> Answer
    ) throws -> Answer {
        let request = MomentRequest(at: context.lastSequence, asOf: DayCalendar.text(of: day))
        return try answer(at: request, projectors: projectors, question)
    }

    /// The subjects that a customer's group held at a moment: the one named, its survivor, and all merged into it.
    public func group(of subject: String, context: AnswerContext) throws -> [String] {
        let merges = set.filter { $0.name == "merges" }
        let past = try PastViews.make(merges, from: reader, known: context.at, asOf: context.asOf)
        return try past.read { try MergeGroup.of(subject, $0).members }
    }

    /// Whether there are views, made by this program's projectors.
    private func viewsAreCurrent() throws -> Bool {
        try folder.views.read { try ViewStatus.outdated($0, set).isEmpty } ?? false
    }

    /// Asks a question of what had happened by a moment of the present rows; `nil` if these cannot tell.
    private func cutViews<Answer>(
        at request: MomentRequest, _ question: (Database, AnswerContext) throws -> Answer
    ) throws -> Answer? {
        let asOf = try request.resolve(in: reader, calendar: folder.calendar).asOf
        do {
            return try answerFromViews { db, present in
                var context = present
                context.asOf = asOf
                context.now = asOf ?? present.now
                context.cutsRows = true
                return try question(db, context)
            }
        } catch is ReplayNeeded {
            return nil
        }
    }

    /// Brings the views up to the log if no other process holds them, and reads from them.
    private func answerFromViews<Answer>(_ question: (Database, AnswerContext) throws -> Answer) throws -> Answer {
        try Views(folder, reader: reader, set: set).catchUp(progress: progress)
        let now = Instant.now()
        let answer = try folder.views.read { db in
            let outdated = try ViewStatus.outdated(db, set)
            guard outdated.isEmpty else {
                throw ServiceError(
                    .io,
                    "the views of \(outdated.joined(separator: ", ")) were made by another version or configuration; run `touchline rebuild`"
                )
            }
            var context = AnswerContext(at: try ViewStatus.cursor(db, set), now: now, calendar: folder.calendar)
            context.bands = folder.configuration.bands
            return try question(db, context)
        }
        guard let answer else {
            throw ServiceError(.io, "\(folder.path): another process is making the views; try again in a moment")
        }
        return answer
    }
}

public import CRM
public import EventLog
public import Projection

/// Questions about one customer that the log itself answers.
public struct History: Sendable {
    private let folder: DataFolder
    private let reader: LogReader
    private let set: ProjectorSet
    private let answers: Answers

    /// Histories of a folder.
    public init(_ folder: DataFolder, reader: LogReader, progress: @escaping Answers.Progress = { _, _ in }) throws {
        self.folder = folder
        self.reader = reader
        set = try folder.projectors()
        answers = try Answers(folder, reader: reader, progress: progress)
    }

    /// Every event of a customer with what it changed in the views.
    ///
    /// - Throws: `NotFound` if no event names the customer.
    public func audit(_ subject: String, at request: MomentRequest) throws -> AuditTrail {
        let (group, context) = try group(of: subject, at: request)
        return AuditTrail.make(subject: subject, group: group, set: set, context: context)
    }

    /// The customer's events in business order.
    ///
    /// - Throws: `NotFound` if no event names the customer.
    public func timeline(_ subject: String, at request: MomentRequest) throws -> Timeline {
        let (group, context) = try group(of: subject, at: request)
        return Timeline.make(subject: subject, group: group, policy: set.policy, context: context)
    }

    /// What a member of a merge group is known by: the events that name it, in sequence order.
    struct Member {
        var subject: String
        var events: [StoredEvent]
    }

    private func group(of subject: String, at request: MomentRequest) throws -> ([Member], AnswerContext) {
        var context = try request.resolve(in: reader, calendar: folder.calendar)
        if request.isPresent { context.now = .now() }
        let subjects =
            try request.isPresent
            ? answers.answer { db, _ in try MergeGroup.of(subject, db).members }
            : answers.group(of: subject, context: context)
        let group = try subjects.map {
            Member(subject: $0, events: try reader.history(of: $0, before: context.at, passingGaps: true))
        }
        let firsts = group.compactMap(\.events.first)
        if reader.firstSequence > 0, let cut = firsts.first(where: { $0.subjectSequence ?? 1 > 1 }) {
            throw ServiceError(
                .io,
                "the log starts at sequence \(reader.firstSequence), and \(cut.subject ?? "") has earlier events; "
                    + "bring the archived segments back into its folder")
        }
        if firsts.isEmpty {
            let near = try answers.answer { db, _ in try NearMatches.subjects(db, near: subject) }
            throw NotFound(kind: "customer", name: subject, nearMatches: near)
        }
        return (group, context)
    }
}

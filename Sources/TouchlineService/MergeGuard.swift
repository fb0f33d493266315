import CRM
public import EventLog
import GRDB
import Projection
import Synchronization

/// Refuses a merge that would close a circle, where it can still be mended: before it is in the log.
///
/// The pointers in force are read from the log when the first merge comes by, and followed from then on. An event that
/// is sent again changes nothing; looking that up costs a pass over what was appended last, so it is done only where
/// it makes a difference.
public final class MergeGuard: Sendable {
    /// Where a merged customer went.
    private struct Pointer {
        var into: String
        /// The event it came with, as long as that was not looked up.
        var unproven: Origin?
    }

    private struct Origin {
        var source: String
        var id: String
        /// The log's head when the event came by: it is a repetition if the log had it before.
        var head: UInt64
    }

    private let reader: LogReader
    private let pointers = Mutex<[String: Pointer]?>(nil)

    /// A guard for the log behind `reader`.
    public init(reader: LogReader) {
        self.reader = reader
    }

    /// Checks a draft and, if it is a merge, takes note of it.
    ///
    /// - Throws: `ServiceError` naming the circle.
    func check(_ draft: EventDraft) throws {
        guard let subject = draft.subject, draft.type == "customer.merged" || draft.type == "customer.unmerged" else {
            return
        }
        try pointers.withLock { known in
            var map = try known ?? load()
            defer { known = map }
            try take(draft, of: subject, &map)
        }
    }

    private func take(_ draft: EventDraft, of subject: String, _ map: inout [String: Pointer]) throws {
        guard draft.type == "customer.merged", let data = draft.data, let into = JSONView(data[...])["into"]?.text
        else {
            if map[subject] != nil, try !isRepetition(draft) { map[subject] = nil }
            return
        }
        if let standing = map[subject] {
            if standing.into == into { return }
            if try isRepetition(draft) { return }
        }
        while let circle = circle(from: subject, into: into, map) {
            if try isRepetition(draft) { return }
            guard try disprove(circle, &map) else {
                throw ServiceError(
                    .badInput,
                    "the merge would close a circle (\(circle.joined(separator: " → "))); send customer.unmerged for one of them first"
                )
            }
        }
        var origin: Origin?
        if map[subject] == nil, let source = draft.source, let id = draft.id {
            origin = Origin(source: source, id: id, head: reader.head)
        }
        map[subject] = Pointer(into: into, unproven: origin)
    }

    /// The way back to `subject`, if a merge into `into` would close one.
    private func circle(from subject: String, into: String, _ map: [String: Pointer]) -> [String]? {
        var path = [subject, into]
        while path[path.count - 1] != subject, path.count <= map.count + 2, let next = map[path[path.count - 1]] {
            path.append(next.into)
        }
        return path.dropFirst().contains(subject) ? path : nil
    }

    /// Whether one of the pointers on the way turns out to be none: its event was sent again, and had been taken back
    /// since.
    private func disprove(_ circle: [String], _ map: inout [String: Pointer]) throws -> Bool {
        for subject in circle {
            guard let origin = map[subject]?.unproven else { continue }
            if let sequence = try reader.sequence(source: origin.source, id: origin.id), sequence < origin.head {
                map[subject] = nil
                return true
            }
            map[subject]?.unproven = nil
        }
        return false
    }

    private func isRepetition(_ draft: EventDraft) throws -> Bool {
        guard let source = draft.source, let id = draft.id else { return false }
        return try reader.sequence(source: source, id: id) != nil
    }

    private func load() throws -> [String: Pointer] {
        let set = ProjectorSet([MergesProjector()], policy: CRMPolicy.fold)
        let past = try PastViews.make(set, from: reader, known: reader.head)
        let rows = try past.read { try Row.fetchAll($0, sql: "SELECT subject, into_subject FROM merges") }
        return Dictionary(
            rows.map { ($0["subject"] as String, Pointer(into: $0["into_subject"] as String)) }
        ) { $1 }
    }
}

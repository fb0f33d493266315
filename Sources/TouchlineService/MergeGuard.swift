import CRM
public import EventLog
import GRDB
import Projection
import Synchronization

/// Refuses a merge that would close a circle, where it can still be mended: before it is in the log.
///
/// The pointers in force are read from the log when the first merge comes by, and followed from then on.
public final class MergeGuard: Sendable {
    private let reader: LogReader
    private let pointers = Mutex<[String: String]?>(nil)

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
        if let source = draft.source, let id = draft.id, try reader.sequence(source: source, id: id) != nil { return }
        try pointers.withLock { known in
            var map = try known ?? load()
            defer { known = map }
            guard draft.type == "customer.merged", let data = draft.data, let into = JSONView(data[...])["into"]?.text
            else {
                map[subject] = nil
                return
            }
            var path = [subject, into]
            while let next = map[path[path.count - 1]], path.count <= map.count + 2 {
                path.append(next)
                if next == subject { break }
            }
            guard path.dropFirst().allSatisfy({ $0 != subject }) else {
                throw ServiceError(
                    .badInput,
                    "the merge would close a circle (\(path.joined(separator: " → "))); send customer.unmerged for one of them first"
                )
            }
            map[subject] = into
        }
    }

    private func load() throws -> [String: String] {
        let set = ProjectorSet([MergesProjector()], policy: CRMPolicy.fold)
        let past = try PastViews.make(set, from: reader, known: reader.head)
        let rows = try past.read { try Row.fetchAll($0, sql: "SELECT subject, into_subject FROM merges") }
        return Dictionary(rows.map { ($0["subject"] as String, $0["into_subject"] as String) }) { $1 }
    }
}

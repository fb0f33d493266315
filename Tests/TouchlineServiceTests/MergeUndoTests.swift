import CRM
import Foundation
import GRDB
import Projection
import Testing
import TouchlineService

/// Merges that are taken back leave nothing behind, in no table and in no answer, save what counts and lists the merge
/// events themselves.
@Suite struct MergeUndoTests {
    private static let segments = #"""
        segments:\n  - {name: buyers, where: purchase_days > 0}\n  - {name: upset, where: open_complaints > 0}\n\#
          - {name: best, where: recency + frequency + monetary > 11}\n  - {name: asleep, where: risk > 0.5}
        """#

    /// More of it with TOUCHLINE_MERGE_PAIRS=10000.
    @Test func viewsAreAsNeverMerged() async throws {
        let pairs = ProcessInfo.processInfo.environment["TOUCHLINE_MERGE_PAIRS"].flatMap { Int($0) } ?? 150
        let history = MergeHistory(pairs: pairs, seed: 7)
        let (merged, plain) = (try Folder(), try Folder())
        let definition =
            #"{"type":"definition.published","data":{"kind":"segments","body":"\#(Self.segments)"}}"#
        for (folder, lines) in [(merged, history.merged), (plain, history.plain)] {
            try await folder.append([definition])
            // In steps, so that views are brought up to date while merges are in force.
            let step = max(1, lines.count / 7)
            for start in stride(from: 0, to: lines.count, by: step) {
                try await folder.append(Array(lines[start..<min(start + step, lines.count)]))
                _ = try Self.rows(folder)
            }
        }
        let (left, right) = (try Self.rows(merged), try Self.rows(plain))
        #expect(left.keys == right.keys && left.count > 20)
        for (table, rows) in left.sorted(by: { $0.key < $1.key }) {
            let other = right[table] ?? []
            #expect(rows == other, "\(table): \(Set(rows).symmetricDifference(other).prefix(4))")
            if !["merges", "anomalies", "quotes", "churn_models", "campaigns"].contains(table) {
                #expect(!rows.isEmpty, "\(table) is never filled")
            }
        }
        #expect(left["merges"] == [])
        let (ours, theirs) = (
            try Self.answers(merged, history.subjects), try Self.answers(plain, history.subjects)
        )
        #expect(ours.count == theirs.count && ours.count > 80)
        for (mine, other) in zip(ours, theirs) { #expect(mine == other) }
    }

    /// Every row of every table as text; what only the clock and the merge events' names make different is left out.
    private static func rows(_ folder: Folder) throws -> [String: [String]] {
        let set = try folder.data.projectors()
        return try folder.answers().answer { db, _ in
            var tables: [String: [String]] = [:]
            // Which merges there were is what `merge_history` is for.
            for table in set.projectors.flatMap(\.tables) where table.name != "merge_history" {
                let rows = try Row.fetchAll(db, sql: "SELECT * FROM \"\(table.name)\"")
                tables[table.name] = rows.map { row in
                    table.columns.filter { $0.name != "published" }.map { column in
                        named("\(column.name)=\(row[column.name] as DatabaseValue)")
                    }.joined(separator: " ")
                }.sorted()
            }
            let anomalies = try Row.fetchAll(db, sql: "SELECT projector, subject, sequence, kind FROM anomalies")
            tables["anomalies"] = anomalies.map { "\($0)" }.sorted()
            return tables
        }
    }

    private static func named(_ text: String) -> String {
        text.replacing("x.merged", with: "customer.merged")
            .replacing("x.unmerged", with: "customer.unmerged")
    }

    /// The answers of every command that takes customers together, for one and the same moment.
    private static func answers(_ folder: Folder, _ subjects: [String]) throws -> [String] {
        try folder.answers().answer(at: MomentRequest(asOf: "2026-03-31")) { db, context in
            var answers: [String] = []
            func add(_ answer: some Encodable) throws {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                answers.append(named(String(decoding: try encoder.encode(answer), as: UTF8.self)))
            }
            for subject in subjects {
                let value = CustomerValueQuery.part(amongAll: CustomerValueQuery())
                var customer = try CustomerQuery(subject: subject, value: value).run(db, context)
                customer.events = Dictionary(uniqueKeysWithValues: customer.events.map { (named($0.key), $0.value) })
                try add(customer)
                try add(try ChurnExplainQuery(subject: subject).run(db, context))
            }
            try add(try ChurnQuery(top: 100).run(db, context))
            try add(try CustomersQuery(limit: 100).run(db, context))
            for pipeline in ["default", "leads"] { try add(try FunnelQuery(pipeline: pipeline).run(db, context)) }
            for period in CohortPeriod.allCases { try add(try CohortsQuery(by: period).run(db, context)) }
            for currency in ["CNY", "USD"] { try add(try CustomerValueQuery(currency: currency).run(db, context)) }
            let membership = try SegmentsQuery().run(db, context)
            try add(SegmentsAnswer(membership, before: nil, limit: 100, namesMembers: true))
            try add(try ServiceQuery().run(db, context))
            try add(try CampaignsQuery(campaign: nil).run(db, context))
            try add(try AgendaQuery().run(db, context))
            return answers
        }
    }
}

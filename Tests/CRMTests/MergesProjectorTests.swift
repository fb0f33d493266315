import CRM
import EventLog
import GRDB
import Testing

/// Merges: pointers, chains, circles, and who answers for whom.
struct MergesProjectorTests {
    private func merged(_ subject: String, into: String, day: Int = 1) -> TestViews.Event {
        event("customer.merged", subject, day: day, #"{"into":"\#(into)","rule":"phone"}"#)
    }

    private let survivors = "SELECT subject, customer FROM survivors ORDER BY subject"

    @Test func chainsEndAtTheSurvivor() throws {
        let views = try TestViews([merged("A", into: "B"), merged("B", into: "C"), merged("D", into: "C")])
        #expect(try views.rows(survivors) == ["A|C", "B|C", "D|C"])
        #expect(try views.rows("SELECT DISTINCT customer FROM customers_by_customer") == ["C"])
        for subject in ["A", "B", "C", "D"] {
            let group = try views.database.read { try MergeGroup.of(subject, $0) }
            #expect(group == MergeGroup(survivor: "C", members: ["C", "A", "B", "D"]))
        }
    }

    @Test func theLastWordHolds() throws {
        let views = try TestViews([
            merged("A", into: "B", day: 1), event("customer.unmerged", "A", day: 2, "{}"),
            merged("B", into: "C", day: 1),
            merged("B", into: "D", day: 3), event("customer.unmerged", "E", day: 1, "{}"),
        ])
        #expect(try views.rows("SELECT subject, into_subject, sequence, rule FROM merges") == ["B|D|3|phone"])
        #expect(views.kinds("merges") == ["not_merged"])
    }

    @Test func aSelfMergeSetsNoPointer() throws {
        let views = try TestViews([
            merged("A", into: "B", day: 1), merged("A", into: "A", day: 2), event("customer.merged", "C", day: 1, "{}"),
        ])
        #expect(try views.rows(survivors) == ["A|B"])
        #expect(views.kinds("merges") == ["self_merge", "missing_field"])
    }

    @Test func inACircleTheLeastIdStandsForAll() throws {
        let views = try TestViews([
            merged("B", into: "C"), merged("C", into: "D"), merged("D", into: "B"), merged("A", into: "C"),
            merged("Z", into: "A"), merged("é", into: "z"), merged("z", into: "é"),
        ])
        #expect(try views.rows(survivors) == ["A|B", "B|B", "C|B", "D|B", "Z|B", "z|z", "é|z"])
        #expect(
            try views.crossCheck("merge_circle").map { String($0.prefix { $0 != "|" }) } == ["B", "C", "D", "z", "é"])
        for subject in ["A", "B", "C", "D", "Z"] {
            let group = try views.database.read { try MergeGroup.of(subject, $0) }
            #expect(group == MergeGroup(survivor: "B", members: ["B", "A", "C", "D", "Z"]))
        }
    }

    /// The view and the walk are two ways to one answer, whatever points where.
    @Test func theViewAndTheWalkAgree() throws {
        var random = SplitMix(seed: 21)
        for _ in 0..<30 {
            let events = (0..<25).map { _ in
                merged("S\(random.next() % 15)", into: "S\(random.next() % 15)", day: Int(random.next() % 28) + 1)
            }
            let views = try TestViews(events)
            try views.database.read { db in
                let rows = try Row.fetchAll(db, sql: survivors)
                var view: [String: String] = [:]
                for row in rows { view[row["subject"]] = row["customer"] }
                for number in 0..<15 {
                    let group = try MergeGroup.of("S\(number)", db)
                    #expect(group.survivor == view["S\(number)"] ?? "S\(number)")
                    #expect(group.members.contains("S\(number)"))
                    let others = view.filter { $0.value == group.survivor && $0.key != group.survivor }.map(\.key)
                    #expect(group.members.dropFirst() == ArraySlice(others.sorted()))
                }
            }
        }
    }

    @Test func aMergeIntoNobodyIsAnAnomaly() throws {
        let views = try TestViews([merged("A", into: "B"), merged("C", into: "A")])
        #expect(try views.crossCheck("merged_into_unknown").map { $0.prefix(3) } == ["A|0"])
    }
}

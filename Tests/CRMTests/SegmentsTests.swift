import EventLog
import Foundation
import GRDB
import ReferenceFold
import Testing

@testable import CRM

/// Conditions that can be asked, and those that are refused with the mend.
@Suite struct SegmentsTests {
    private static let now = "2026-03-31T12:00:00.000000Z"

    private static func problem(_ condition: String) throws -> String {
        let yaml =
            "segments:\n  - name: s\n    where: |\n"
            + "      \(condition)\n"
        let error = try #require(throws: DefinitionError.self) {
            try SegmentsQuery.check(yaml, path: "segments.yaml")
        }
        #expect(error.problems.count == 1 && error.problems[0].line == 2)
        return "\(error)"
    }

    @Test(
        "What writes, loops, asks elsewhere, or names nothing is refused",
        arguments: [
            ("1; DROP TABLE customer", "semicolon"), ("1) OR (1", "closes what was never opened"),
            ("(1", "not closed"), ("tier = 'gold", "quote is not closed"), ("1 -- all", "YAML"),
            ("1 /* all */", "YAML"),
            ("teir = 'gold'", "near it: tier"), ("plain.teir = 1", "no column"), ("rowid > 1", "no column"),
            ("tier = \"gold\"", "'gold'"), ("tier = [gold]", "'gold'"), ("tier = `gold`", "'gold'"),
            ("customer IN (SELECT customer FROM plain)", "question of its own"), ("customer IN plain", "question"),
            ("EXISTS (SELECT 1 FROM sqlite_schema)", "question of its own"),
            ("(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c)", "question"),
            ("(VALUES (1))", "question"), ("ATTACH 'x' AS y", "no SQL condition"), ("PRAGMA user_version", "no SQL"),
            ("DELETE FROM plain", "no SQL condition"), ("1 UNION SELECT 1", "no SQL condition"),
            ("random() > 0", "another answer each time"), ("randomblob(4) > 0", "another answer"),
            ("last_event < CURRENT_TIMESTAMP", ":now"), ("last_event < current_date", ":now"),
            ("date('now') > last_event", ":now"), ("date(' NOW ') > last_event", ":now"),
            ("date(last_event, 'localtime') > 1", "UTC"), ("load_extension('x')", "may not be used"),
            ("readfile('/etc/passwd') > ''", "may not be used"), ("sqlite_version() > 1", "may not be used"),
            ("lowr(tier) = 'gold'", "lower"), ("zeroblob(1000000000)", "may not be used"), ("sum(points) > 1", "sum"),
            ("count(*) > 1", "count"), ("row_number() OVER () = 1", "may not be used"), ("tier MATCH 'gold'", "match"),
            ("tier REGEXP 'gold'", "REGEXP"), ("tier GLOB 'g*'", "glob"), ("points > ?1", "only parameter is :now"),
            ("points > :then", ":then"), ("points > @now", ":now"), ("points > $now", ":now"), ("points >", "no SQL"),
            ("json_extract(spent, '$[') > 1", "path"), ("spent IS NOT NULL AND json_type(fields, 'x') = 'a'", "path"),
            ("tier COLLATE klingon = 'a'", "collation"), ("RAISE(ABORT, 'x')", "no SQL condition"),
            ("points > \(String(repeating: "1 + ", count: 900))1", "no SQL condition"),
            ("points IN (\(String(repeating: "1,", count: 2500))1)", "bytes"),
        ])
    func refused(_ condition: String, _ word: String) throws {
        let message = try Self.problem(condition)
        #expect(message.contains(word), "\(message)")
        #expect(message.contains("line 2: s: ") && !message.contains("\n"), "\(message)")
    }

    @Test func eachConditionIsJudgedForItself() throws {
        let yaml = """
            segments:
              - {name: a, where: "json_extract(spent, '$[') > 1"}
              - {name: b, where: "tier = 'gold'"}
              - {name: c, where: "json_extract(fields, '.x') > 1"}
            """
        let error = try #require(throws: DefinitionError.self) {
            try SegmentsQuery.check(yaml, path: "segments.yaml")
        }
        #expect(error.problems.map(\.entry) == ["a", "c"])
        #expect(error.problems.allSatisfy { $0.message.contains("path") }, "\(error)")
        // What may be good or bad by the customer is left to the customers.
        try SegmentsQuery.check("segments: [{name: d, where: \"json_extract(tier, '$.x') > 1\"}]", path: "x")
    }

    @Test func nowHiddenFromTheTextIsFoundWhenItRuns() throws {
        for condition in [
            "date('n' || 'ow') > ''", "date() > ''", "strftime('%Y') > '2'", "julianday(lower('NOW')) > 0",
        ] {
            let views = try Self.views("  - {name: s, where: \"\(condition)\"}")
            let error = try #require(throws: SegmentError.self) { try Self.ask(views, SegmentsQuery()) }
            #expect(error.description.contains("segment \"s\"") && error.mend.contains(":now"), "\(error)")
        }
    }

    @Test func anyWordsAreAskedOrRefusedInOneLine() throws {
        let words = [
            "tier", "points", "customer", "plain", "(", ")", "'gold'", "'", "\"", "[", "]", "`", "--", "/*", ";",
            ":now",
            "?", "SELECT", "FROM", "AND", "OR", "NOT", "IN", "LIKE", "IS", "CASE", "WHEN", "THEN", "END", "date(",
            "abs(",
            "random()", "||", "+", "<", "=", "1", "NULL", "\u{0}", "中", "BETWEEN", "EXISTS", "COLLATE", "CAST", "AS",
            "TEXT", ",", "%", "->>", "RAISE", "WITH", "VALUES", "x'00'", "1e999", ".",
        ]
        var random = ReferenceRandom(seed: 3)
        let table = try ConditionTable(columns: SegmentColumns.all, now: Self.now)
        var accepted: [String] = []
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...9, using: &random)
            let text = (0..<count).map { _ in random.pick(words) }.joined(separator: " ")
            do throws(ConditionFault) {
                accepted.append(try table.check(text).sql)
            } catch {
                #expect(!error.message.contains("\n") && !error.mend.isEmpty)
            }
        }
        #expect(accepted.count > 200)
        try table.prepare()
        try table.add(SegmentColumns.all.map { $0.name == "customer" ? .text("A") : .null })
        for condition in accepted.prefix(300) {
            let members = try table.members(condition)
            #expect(members.isEmpty || members == ["A"], "\(condition)")
        }
    }

    @Test func conditionsOverTheWholeRow() throws {
        let views = try Self.views(
            """
              - {name: gold, where: tier = 'gold'}
              - {name: tagged, where: "tags LIKE '%\\"vip\\"%'"}
              - {name: asleep, where: "last_purchase < date(:now, '-30 days')"}
              - {name: rich, where: "json_extract(spent, '$.CNY') >= 129.90"}
              - {name: upset, where: open_complaints > 0 AND unsubscribed = 0}
              - {name: everyone, where: "1"}
              - {name: nobody, where: "NULL"}
              - {name: field, where: "json_extract(fields, '$.colour') = 'red'"}
              - {name: merged, where: "purchase_days = 2 AND days_since_purchase = 40"}
              - {name: quoted, where: "name = 'O''Hara; -- ('"}
            """)
        let membership = try Self.ask(views, SegmentsQuery())
        #expect(membership.customers == 3)
        #expect(
            membership.members == [
                ["A"], ["A"], ["A"], ["A"], ["B"], ["A", "B", "D"], [], ["B"], ["A"], ["D"],
            ])
        #expect(membership.definition.source == "published" && membership.definition.sha256 != nil)
        let one = SegmentsAnswer(
            try Self.ask(views, SegmentsQuery(name: "gold")), before: nil, limit: 10, namesMembers: true)
        #expect(one.segments.map(\.members) == [["A"]])
        #expect(throws: NotFound.self) { try Self.ask(views, SegmentsQuery(name: "golden")) }
    }

    @Test func textsOfAnyLengthAndWithAnyCharacterAreKept() throws {
        let table = try ConditionTable(columns: SegmentColumns.all, now: Self.now)
        let condition = try table.check("length(tags) > 1000000").sql
        try table.prepare()
        let tags = "[\"" + String(repeating: "长", count: 2_000_000) + "\"]"
        for customer in ["A", "A\u{0}B", "é", "e\u{301}"] {
            try table.add(
                SegmentColumns.all.map {
                    $0.name == "customer" ? .text(customer) : $0.name == "tags" ? .text(tags) : .null
                })
        }
        #expect(
            try table.members(condition).map { Array($0.utf8) }
                == ["A", "A\u{0}B", "e\u{301}", "é"].map { Array($0.utf8) })
    }

    @Test func everyColumnCanBeAsked() throws {
        let conditions = SegmentColumns.all.map { "  - {name: \($0.name), where: \($0.name) IS NOT NULL}" }
        let membership = try Self.ask(try Self.views(conditions.joined(separator: "\n")), SegmentsQuery())
        #expect(membership.members.count == SegmentColumns.all.count)
        let filled = zip(SegmentColumns.all, membership.members).filter { !$1.isEmpty }.map(\.0.name)
        // Three customers are too few for a model; everything else has a value.
        let unfilled = Set(SegmentColumns.all.map(\.name)).subtracting(filled)
        #expect(
            unfilled.subtracting(["risk", "risk_band", "alive", "expected_purchases", "expected_spend", "team"])
                .subtracting(["kind", "company", "origin", "email", "phone", "birthday", "last_touch", "owner"])
                .isEmpty,
            "\(unfilled)")
    }

    @Test func likeIsLinearAndLikeSQLites() throws {
        let database = try DatabaseQueue()
        let words = ["", "a", "A", "ab", "abc", "aXbXc", "%", "_", "é", "中文", "aaaa", "ba"]
        let patterns = ["", "%", "_", "a%", "%a", "%b%", "a_c", "A%C", "%%", "_%_", "é", "中_", "%a%a%", "\\%", "a\\_"]
        for word in words {
            for pattern in patterns {
                let expected = try database.read {
                    try Bool.fetchOne($0, sql: "SELECT ? LIKE ? ESCAPE '\\'", arguments: [word, pattern])
                }
                let ours = LikeFunction.matches(
                    Array(word.unicodeScalars), Array(pattern.unicodeScalars), escape: "\\")
                #expect(ours == expected, "\(word) LIKE \(pattern)")
            }
        }
        let long = Array(String(repeating: "a", count: 20_000).unicodeScalars)
        let hard = Array((String(repeating: "%a", count: 60) + "%b").unicodeScalars)
        #expect(!LikeFunction.matches(long, hard, escape: nil))
    }

    @Test func touchesAreContactsAndNothingElseWithAChannel() throws {
        let body = "segments:\n  - {name: t, where: \"touches = 1 AND last_touch >= '2026-01-02'\"}\n"
        let definition = String(decoding: DefinitionKind.segments.eventData(body), as: UTF8.self)
        let contacts = [
            "call.completed", "message.received", "message.sent", "meeting.held", "visit.made",
        ]
        let others = [
            "campaign.sent", "campaign.clicked", "purchase.completed", "product.viewed", "complaint.opened",
            "survey.sent", "call.missed",
        ]
        let data = #"{"channel":"web","direction":"inbound","campaign":"K","order":"1","amount":"1","currency":"EUR"}"#
        let events = (contacts + others).map {
            TestViews.Event(type: $0, subject: $0, time: "2026-01-03T00:00:00Z", data: data)
        }
        let views = try TestViews([event("definition.published", nil, definition)] + events)
        #expect(try Self.ask(views, SegmentsQuery(name: "t")).members == [contacts.sorted()])
    }

    @Test func moreSegmentsThanCanBeAskedAreNotPublished() throws {
        func yaml(_ count: Int) -> String {
            "segments:\n" + (0..<count).map { "- {name: s\($0), where: \"points > \($0)\"}\n" }.joined()
        }
        try SegmentsQuery.check(yaml(SegmentsQuery.segmentsMax), path: "segments.yaml")
        let error = try #require(throws: DefinitionError.self) {
            try SegmentsQuery.check(yaml(SegmentsQuery.segmentsMax + 1), path: "segments.yaml")
        }
        #expect("\(error)".contains("line \(SegmentsQuery.segmentsMax + 2): s1000: more than 1000 segments"))
    }

    @Test func whoJoinedAndWhoLeft() throws {
        let segment = SegmentDefinitions.Segment(name: "s", condition: "1")
        func membership(_ members: [String]) -> SegmentMembership {
            SegmentMembership(
                definition: DefinitionAnswer(nil), segments: [segment], members: [members], customers: 9, at: 1,
                now: Self.now)
        }
        let answer = SegmentsAnswer(
            membership(["A", "B", "D"]), before: membership(["B", "C"]), limit: 1, namesMembers: true)
        #expect(answer.segments[0].change?.joined == ["A"] && answer.segments[0].change?.joinedCount == 2)
        #expect(answer.segments[0].change?.left == ["C"] && answer.segments[0].change?.leftCount == 1)
    }

    /// Three customers, A of them merged from two.
    private static func views(_ segments: String) throws -> TestViews {
        let body = "segments:\n" + segments
        let data = String(decoding: try JSONEncoder().encode(["kind": "segments", "body": body]), as: UTF8.self)
        func purchase(_ subject: String, _ order: String, _ day: String) -> TestViews.Event {
            TestViews.Event(
                type: "purchase.completed", subject: subject, time: "\(day)T10:00:00Z",
                data: #"{"order":"\#(order)","amount":"64.95","currency":"CNY"}"#)
        }
        return try TestViews([
            event("definition.published", nil, data),
            event("customer.registered", "A", #"{"name":"Ada","tier":"gold"}"#),
            event("customer.tagged", "C", #"{"tag":"vip"}"#),
            purchase("A", "1", "2026-01-10"), purchase("C", "2", "2026-02-19"),
            event("customer.merged", "C", #"{"into":"A"}"#),
            event("customer.registered", "B", #"{"colour":"red"}"#),
            event("complaint.opened", "B", #"{"complaint":"K","severity":"high"}"#),
            event("customer.registered", "D", #"{"name":"O'Hara; -- ("}"#),
        ])
    }

    private static func ask(_ views: TestViews, _ query: SegmentsQuery) throws -> SegmentMembership {
        let context = try views.context(now: now)
        return try views.database.read { try query.run($0, context) }
    }
}

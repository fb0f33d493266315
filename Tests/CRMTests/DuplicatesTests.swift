import CRM
import GRDB
import Testing

/// Customers that may be one.
@Suite struct DuplicatesTests {
    private static func register(_ subject: String, _ data: String) -> TestViews.Event {
        event("customer.registered", subject, data)
    }

    private static func find(_ events: [TestViews.Event], limit: Int = 50) throws -> DuplicatesAnswer {
        let views = try TestViews(events)
        let context = try views.context()
        return try views.database.read { try DuplicatesQuery(limit: limit).run($0, context) }
    }

    private static func event(
        _ type: String, _ subject: String, day: Int = 1, _ data: String
    ) -> TestViews.Event {
        TestViews.Event(type: type, subject: subject, time: "2026-01-0\(day)T10:00:00Z", data: data)
    }

    @Test func groupsWithTheirReasons() throws {
        let answer = try Self.find([
            Self.register("A", #"{"phone":"13800138000","email":"ada@example.com"}"#),
            Self.register("B", #"{"phone":"+86 138 0013 8000"}"#),
            Self.register("C", #"{"email":" Ada@Example.com"}"#),
            Self.register("D", #"{"phone":"010-12345678"}"#),
            Self.event("identity.linked", "E", #"{"kind":"wechat","value":"wx1"}"#),
            Self.event("identity.linked", "F", #"{"kind":"wechat","value":"wx1"}"#),
            Self.event("identity.linked", "G", #"{"kind":"erp","value":"wx1"}"#),
            Self.event("identity.linked", "D", #"{"kind":"phone","value":"+86 10 1234 5678"}"#),
        ])
        #expect(answer.groups.map { $0.customers.map(\.customer) } == [["A", "B", "C"], ["E", "F"]])
        #expect(answer.groups[0].reasons.map(\.reason) == ["email", "phone"])
        #expect(answer.groups[0].reasons.map(\.customers) == [["A", "C"], ["A", "B"]])
        #expect(answer.groups[1].reasons.map(\.kind) == ["wechat"])
        #expect(answer.groupCount == 2 && answer.customers == 5 && answer.shared.isEmpty)
    }

    @Test func mergedAreOneAndUnmergedAreTold() throws {
        var events = ["A", "B", "C", "D"].map { Self.register($0, #"{"phone":"1380013800\#($0 < "C" ? 1 : 2)"}"#) }
        events.append(Self.event("customer.merged", "B", day: 2, #"{"into":"A"}"#))
        #expect(try Self.find(events).groups.map { $0.customers.map(\.customer) } == [["C", "D"]])
        events.append(Self.event("customer.unmerged", "B", day: 3, "{}"))
        let answer = try Self.find(events)
        #expect(answer.groups.map { $0.customers.map(\.customer) } == [["C", "D"], ["A", "B"]])
        #expect(answer.groups.map { $0.note == nil } == [true, false])
        #expect(answer.groups[1].customers.map { $0.unmerged != nil } == [false, true])
    }

    @Test func whatManyShareJoinsNobody() throws {
        let many = (0..<40).map { Self.register("S\($0 + 10)", #"{"phone":"4008001234"}"#) }
        let answer = try Self.find(
            many + [
                Self.register("A", #"{"phone":"4008001234","email":"a@example.com"}"#),
                Self.register("B", #"{"email":"a@example.com"}"#),
            ])
        #expect(answer.groups.map { $0.customers.map(\.customer) } == [["A", "B"]])
        #expect(answer.shared.map(\.customers) == [41] && answer.shared[0].examples.count == 5)
    }
}

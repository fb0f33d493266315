import CRM
import EventLog
import Testing

@testable import CSVImport

/// A row is taken whole or not at all, also where it is the catalogue that refuses an event.
@Suite struct RefusalTests {
    private static let invoices = """
        source: /shop
        zone: UTC
        defaults: {subject: "{customer}", time: "{date}"}
        emit:
        - {per: [invoice], type: purchase.completed, id: "{invoice}",
           data: {order: "{invoice}", amount: {sum: amount}, currency: "{currency}"}}
        - {when: {first_of: customer}, type: customer.registered, id: "new:{customer}"}
        - {type: x.line, id: "line:{#row}"}

        """

    @Test func aRefusedRowOpensNoGroupAndAddsNothing() throws {
        let result = try Importing.run(
            Self.invoices,
            csv: """
                invoice,customer,date,amount,currency
                I1,C1,2026-01-01,5,XX9
                I1,C1,2026-01-02,7,CNY
                I1,C1,2026-01-03,1,CNY
                I2,13812345678,2026-01-03,1,CNY

                """, check: try Importing.catalogueCheck())
        #expect(result.rejected.map(\.line) == [2, 5])
        #expect(result.rejected[0].cause.contains("rule 1: ") && result.rejected[0].cause.contains("XX9"))
        #expect(result.rejected[1].cause.contains("looks like a phone number"))
        #expect(result.ids == ["I1", "new:C1", "line:2", "line:3"])
        #expect(result.data[0] == #"{"order":"I1","amount":"8","currency":"CNY"}"#)
        #expect(result.times[0] == "2026-01-02T00:00:00Z")
        #expect(result.counts.eventsByRule == [1, 1, 2])
        #expect(result.counts.events == 4)
    }

    @Test func withoutSumsARefusedRowOpensNoGroupEither() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            defaults: {subject: "{c}", time: "{t}"}
            emit:
            - {per: [g], type: call.completed, id: "{g}", data: {direction: "{d}"}}
            - {when: {first_of: c}, type: x.first, id: "first:{#row}"}
            """,
            csv: "c,t,g,d\nC1,2026-01-01,A,sideways\nC1,2026-01-02,A,inbound\n",
            check: try Importing.catalogueCheck())
        #expect(result.rejected.map(\.line) == [2])
        #expect(result.ids == ["A", "first:2"])
    }

    @Test func aGroupWhoseSumIsRefusedIsRejectedWithAllItsRows() throws {
        struct Refusal: Error, CustomStringConvertible { var description = "too dear" }
        let check = EventCheck(alone: { draft in
            if String(decoding: draft.data ?? [], as: UTF8.self).contains("\"12\"") { throw Refusal() }
            return []
        })
        let result = try Importing.run(
            Self.invoices,
            csv: """
                invoice,customer,date,amount,currency
                I1,C1,2026-01-01,5,CNY
                I2,C2,2026-01-01,5,CNY
                I1,C1,2026-01-02,7,CNY

                """, check: check)
        #expect(result.rejected.map(\.line) == [2, 4])
        #expect(result.rejected[0].cause == "rule 1: too dear")
        #expect(result.rejected[1].cause.contains("as said of line 2"))
        #expect(result.ids == ["I2", "new:C2", "line:2"])
    }

    @Test func theOrderIsCheckedOnceForRowsThatPassAllElse() throws {
        let calls = Calls()
        let check = EventCheck(inOrder: { calls.ids.append($0.id ?? "") })
        _ = try Importing.run(
            Self.invoices,
            csv: "invoice,customer,date,amount,currency\nI1,C1,2026-01-01,5,CNY\nI2,,2026-01-01,5,CNY\n", check: check)
        #expect(calls.ids == ["I1", "new:C1", "line:1"])
    }

    private final class Calls { var ids: [String] = [] }

    @Test func slipsInFieldNamesAreToldOnceForEachRule() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            emit:
            - {type: call.completed, subject: "{c}", time: "{t}", data: {direction: inbound, agnet: "{a}"}}
            """,
            csv: "c,t,a\nC1,2026-01-01,Li\nC2,2026-01-02,Wu\n", check: try Importing.catalogueCheck())
        #expect(result.rejected == [])
        #expect(result.warnings.count == 1)
        #expect(result.warnings.first?.contains("m.yaml:4, emit[1]: call.completed has no field data.agnet") == true)
    }
}

/// Ids: attempts, and events that have one in common.
@Suite struct IDTests {
    private static let mapping = """
        source: /t
        zone: UTC
        defaults: {subject: "{c}", time: "{t}"}
        emit:
        - {type: x.a, id: "{n}"}
        - {type: x.b}
        """
    private static let csv = "c,t,n\nC1,2026-01-01,1\nC2,2026-01-02,2\n"

    @Test func anAttemptHasIDsOfItsOwn() throws {
        let first = try Importing.run(Self.mapping, csv: Self.csv)
        let second = try Importing.run(Self.mapping, csv: Self.csv, attempt: 2)
        #expect(second.importID == first.importID + "-2")
        #expect(second.ids == first.ids.map { ($0 ?? "") + "~2" })
        #expect(second.data == first.data)
        #expect(second.events[0].json.contains("\"importid\":\"\(first.importID)-2\""))
    }

    @Test func rulesThatTakeTheSameRowsNeedDifferentIDs() throws {
        let mapping = """
            source: /t
            zone: UTC
            defaults: {subject: "{c}", time: "{t}", id: "{n}"}
            emit:
            - {type: x.a}
            - {WHENtype: x.b}
            """
        let message = try Importing.failure(mapping.replacing("WHEN", with: "when: {n: A}, "), csv: Self.csv)
        #expect(message.hasPrefix("m.yaml:6, emit[2]: rules 1 and 2 take the same rows"), "\(message)")
        #expect(message.contains("as in `id: \"2:{n}\"`"))
        #expect(try Importing.run(mapping.replacing("WHEN", with: "otherwise: true, "), csv: Self.csv).rejected == [])
    }

    @Test func aRowWhoseEventsShareAnIDIsRejected() throws {
        let result = try Importing.run(
            """
            source: /t
            zone: UTC
            defaults: {subject: "{c}", time: "{t}", id: "{n}"}
            emit:
            - {when: {c: "C*"}, type: x.a}
            - {when: {n: "2"}, type: x.b}
            """, csv: Self.csv)
        #expect(result.ids == ["1"])
        #expect(result.rejected.map(\.line) == [3])
        #expect(
            result.rejected[0].cause.hasPrefix("rules 1 and 2 give this row's events one id, \"2\"; make them differ"))
    }

    @Test func rowsThatShareAnIDAreFound() throws {
        let result = try Importing.run(
            "source: /t\nzone: UTC\nemit:\n- {type: x.a, id: \"{n}\", subject: \"{c}\", time: \"{t}\"}\n",
            csv: "c,t,n\nC1,2026-01-01,1\nC1,2026-01-01,1\nC2,2026-01-02,1\n")
        var clashes = IDClashes()
        let found = result.events.map { clashes.clash(of: $0) }
        #expect(found[0] == nil && found[1] == nil)
        #expect(found[2]?.hasPrefix("rule 1: the id \"1\" is that of line 2, with other content; name columns") == true)
    }
}

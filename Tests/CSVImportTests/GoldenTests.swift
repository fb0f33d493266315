import CRM
import EventLog
import Foundation
import Testing

@testable import CSVImport

/// The three mappings that the language was made for, and the real file.
@Suite struct GoldenTests {
    @Test func invoices() throws {
        let result = try Importing.run(
            """
            source: /shop
            zone: Europe/London
            skip:
            - {when: {Customer: ""}, reason: no customer}
            defaults: {subject: "{Customer}", time: "{Date}"}
            emit:
            - {when: {Invoice: "C*"}, per: [Invoice], type: purchase.refunded, id: "{Invoice}",
               data: {amount: {abs: {sum: {multiply: [Quantity, Price]}}}, currency: GBP}}
            - {otherwise: true, per: [Invoice], type: purchase.completed, id: "{Invoice}",
               data: {order: "{Invoice}", amount: {sum: {multiply: [Quantity, Price]}}, currency: GBP}}
            """,
            csv: """
                Invoice,Quantity,Date,Price,Customer
                536365,6,2010-12-01 08:26,2.55,17850
                536366,1,2010-12-01 08:28,1.85,17850
                536365,2,2010-12-01 08:26,3.39,17850
                C536379,-1,2010-12-01 09:41,27.50,14527
                536414,56,2010-12-01 11:52,0,
                C536379,-2,2010-12-01 09:41,0.25,14527

                """)
        #expect(result.rejected == [])
        #expect(result.counts.skippedByReason == ["no customer": 1])
        let importID = result.importID
        #expect(
            result.events.map(\.json) == [
                #"{"id":"536365","source":"/shop","type":"purchase.completed","subject":"17850","time":"2010-12-01T08:26:00Z","importid":"\#(importID)","data":{"order":"536365","amount":"22.08","currency":"GBP"}}"#,
                #"{"id":"536366","source":"/shop","type":"purchase.completed","subject":"17850","time":"2010-12-01T08:28:00Z","importid":"\#(importID)","data":{"order":"536366","amount":"1.85","currency":"GBP"}}"#,
                #"{"id":"C536379","source":"/shop","type":"purchase.refunded","subject":"14527","time":"2010-12-01T09:41:00Z","importid":"\#(importID)","data":{"amount":"28.00","currency":"GBP"}}"#,
            ])
    }

    @Test func processLog() throws {
        let result = try Importing.run(
            """
            source: /process
            skip:
            - {when: {"phase": {not: COMPLETE}}, reason: not complete}
            defaults: {subject: "{case:id}", time: "{time:stamp}", data: {opportunity: "{case:id}"}}
            emit:
            - {when: {first_of: "case:id"}, type: opportunity.opened, data: {pipeline: loans, stage: "{activity}", amount: "{case:amount}", currency: EUR}}
            - {when: {"activity": APPROVED}, type: opportunity.won}
            - {when: {"activity": [DECLINED, CANCELLED]}, type: opportunity.lost, data: {reason: "{activity}"}}
            - {otherwise: true, type: opportunity.stage_changed, data: {to: "{activity}"}}
            """,
            csv: """
                case:id,phase,time:stamp,activity,case:amount
                173688,COMPLETE,2011-10-01 00:38:44.546000+02:00,SUBMITTED,20000
                173688,START,2011-10-01 00:38:45.000000+02:00,SUBMITTED,20000
                173691,COMPLETE,2011-10-01 08:08:58.256000+02:00,SUBMITTED,5000
                173688,COMPLETE,2011-10-01 00:39:37.906000+02:00,PREACCEPTED,20000
                173688,COMPLETE,2011-10-13 10:37:29.226000+02:00,APPROVED,20000
                173691,COMPLETE,2011-10-10 10:00:00+02:00,DECLINED,5000

                """)
        #expect(result.rejected == [])
        #expect(result.skipped.map(\.line) == [3])
        #expect(
            result.types == [
                "opportunity.opened", "opportunity.opened", "opportunity.stage_changed", "opportunity.won",
                "opportunity.lost",
            ])
        #expect(
            result.data[0]
                == #"{"opportunity":"173688","pipeline":"loans","stage":"SUBMITTED","amount":"20000","currency":"EUR"}"#
        )
        #expect(result.data[2] == #"{"opportunity":"173688","to":"PREACCEPTED"}"#)
        #expect(result.data[4] == #"{"opportunity":"173691","reason":"DECLINED"}"#)
        #expect(result.times[0] == "2011-10-01T00:38:44.546000+02:00")
        let catalogue = try Catalogue.load()
        for event in result.events { _ = try catalogue.validate(event.draft) }
    }

    @Test func cdnow() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().resolvingSymlinksInPath().appendingPathComponent("fixtures/cdnow").path
        let mapping = try String(contentsOfFile: folder + "/mapping.yaml", encoding: .utf8)
        let result = try Importing.run(mapping, file: folder + "/CDNOW_master.txt")
        #expect(result.rejected == [])
        #expect(result.events.count == 69_659)
        #expect(Set(result.subjects).count == 23_570)
        #expect(result.ids.first == "1" && result.ids.last == "69659")
        #expect(result.data.first == #"{"order":"1","amount":"11.77","currency":"USD","items":1}"#)
        #expect(result.subjects.first == "00001")
        #expect(result.times.first == "1997-01-01T00:00:00Z")
        // The file's own totals, in whole cents, added up without the importer.
        let text = try String(contentsOfFile: folder + "/CDNOW_master.txt", encoding: .utf8)
        var cents: [String: Int] = [:]
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: " ")
            cents[String(fields[0]), default: 0] += Int(fields[3].replacing(".", with: "")) ?? 0
        }
        var totals: [String: DecimalAmount] = [:]
        for event in result.events {
            let amount = JSONView(ArraySlice(event.draft.data ?? []))["amount"].flatMap { DecimalAmount($0) }
            let subject = event.draft.subject ?? ""
            totals[subject] = (totals[subject] ?? .zero).adding(try #require(amount))
        }
        #expect(totals.count == cents.count)
        for (subject, total) in cents {
            #expect(totals[subject] == DecimalAmount(mantissa: Int128(total), scale: 2))
        }
    }
}

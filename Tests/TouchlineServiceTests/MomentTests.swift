import CRM
import EventLog
import Foundation
import SystemPackage
import Testing
import TouchlineService

@Suite struct MomentTests {
    @Test func boundsCombineAndAreChecked() async throws {
        let folder = try Folder(zone: "Asia/Shanghai")
        try await folder.append((0..<5).map { customerLine($0, "C-1", time: "2026-01-0\($0 + 1)T12:00:00Z") })
        let reader = try folder.data.openReader()
        let calendar = folder.data.calendar
        #expect(throws: ServiceError.self) { try MomentRequest(at: 5).resolve(in: reader, calendar: calendar) }
        #expect(throws: ServiceError.self) {
            try MomentRequest(asOf: "yesterday").resolve(in: reader, calendar: calendar)
        }
        let third = try MomentRequest(at: 2).resolve(in: reader, calendar: calendar)
        #expect(third.at == 3)
        #expect(try third.now == reader.event(at: 2).recordedTime)
        let day = try MomentRequest(asOf: "2026-01-02").resolve(in: reader, calendar: calendar)
        // The end of that day on the clocks of Shanghai.
        #expect(day.asOf.map { $0.rfc3339.hasPrefix("2026-01-02T15:59:59") } == true)
        #expect(day.now == day.asOf)
        #expect(try MomentRequest(at: 3, knownAt: "2000-01-01").resolve(in: reader, calendar: calendar).at == 0)
    }

    @Test func aPastAnswerIsTheViewsOfThen() async throws {
        let folder = try Folder()
        let purchase = #"{"order":"O-1","amount":"10.00","currency":"CNY"}"#
        let refund = #"{"order":"O-1","amount":"4.00"}"#
        try await folder.append([
            customerLine(1, "C-1", purchase, type: "purchase.completed", time: "2026-01-05T00:00:00Z"),
            customerLine(2, "C-2", type: "x.other"),
            customerLine(3, "C-1", refund, type: "purchase.refunded", time: "2026-01-03T00:00:00Z"),
            customerLine(4, "C-1", #"{"event":{"source":"/t","id":"3"}}"#, type: "event.retracted"),
        ])
        func totals(_ request: MomentRequest) throws -> [String: String] {
            try folder.answers().answer(at: request, scope: .customer("C-1")) {
                try CustomerQuery(subject: "C-1").run($0, $1).purchases.totals.mapValues { "\($0)" }
            }
        }
        #expect(try totals(MomentRequest()) == ["CNY": "10.00"])
        #expect(try totals(MomentRequest(at: 0)) == ["CNY": "10.00"])
        #expect(try totals(MomentRequest(at: 2)) == ["CNY": "6.00"])
        #expect(try totals(MomentRequest(at: 3)) == ["CNY": "10.00"])
        #expect(throws: NotFound.self) { try totals(MomentRequest(asOf: "2026-01-02")) }
    }

    @Test func viewsOfALogThatWasRestoredAreRefused() async throws {
        let folder = try Folder()
        try await folder.append([customerLine(1, "A"), customerLine(2, "A")])
        func ask() throws -> UInt64? { try folder.answers().answer { $1.lastSequence } }
        #expect(try ask() == 1)
        let other = try Folder()
        try await other.append([customerLine(7, "A"), customerLine(8, "A")])
        try replaceLog(of: folder, with: other)
        #expect(throws: (any Error).self) { try ask() }
    }

    private func replaceLog(of folder: Folder, with other: Folder) throws {
        try FileManager.default.removeItem(atPath: folder.data.log.string)
        try FileManager.default.copyItem(atPath: other.data.log.string, toPath: folder.data.log.string)
    }
}

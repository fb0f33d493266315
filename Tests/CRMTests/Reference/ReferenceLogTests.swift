import EventLog
import Foundation
import GRDB
import Projection
import ReferenceFold
import Testing

@testable import CRM

/// Random histories through a log and the whole engine, live, rebuilt and for past moments, against the reference.
@Suite struct ReferenceLogTests {
    /// Shows the first differences of a moment, if there are any.
    static func expectNone(_ differences: [String], _ what: String) {
        if !differences.isEmpty { Issue.record("\(what): \(differences.prefix(12).joined(separator: "\n"))") }
    }

    static func differences(
        _ database: DatabaseQueue, _ log: LogOfHistory, _ fold: ReferenceFold, _ context: AnswerContext,
        hasLeads: Bool = false
    ) throws -> [String] {
        try database.read { db in
            var answers = ReferenceAnswers(fold: fold, context: context, hasLeads: hasLeads)
            try answers.compare(db)
            return ReferenceRows(fold: fold).differences(from: try FoldedViews(log.set, db)) + answers.differences
        }
    }

    static func digest(_ log: LogOfHistory) throws -> String {
        let database = try #require(try log.store.openReader())
        return try database.read { try ViewDigest.digest($0, of: log.set) }
    }

    @Test(arguments: 100...120) func liveRebuiltAndPast(seed: UInt64) async throws {
        let log = try LogOfHistory(zone: seed % 2 == 0 ? "Europe/London" : "Asia/Shanghai")
        let lines = RandomHistory(seed: seed, count: 400).events.map(\.senderLine)
        // Live, in steps, so that events come late to subjects that have rows already.
        for start in stride(from: 0, to: lines.count, by: 80) {
            try await log.append(lines[start..<min(start + 80, lines.count)], request: 13)
            try log.project()
        }
        let events = try log.events()
        #expect(events.count == lines.count)
        let calendar = try DayCalendar(zone: log.zone)
        let now = try Instant(rfc3339: "2025-07-01T00:00:00Z")
        let context = AnswerContext(at: UInt64(events.count), now: now, calendar: calendar)
        let fold = ReferenceFold(events, zone: log.zone)
        let live = try #require(try log.store.openReader())
        Self.expectNone(try Self.differences(live, log, fold, context), "live")
        let digest = try Self.digest(log)

        let rebuild = try Rebuild(
            store: log.store, reader: log.reader(), projectors: log.set, options: RebuildOptions(workers: 2))
        _ = try rebuild.run { _ in true }
        #expect(try Self.digest(log) == digest)

        for (known, asOf) in [
            (137, nil), (400, "2025-03-25T00:00:00Z"), (250, "2025-03-31T12:00:00Z"), (1, nil),
        ] as [(UInt64, String?)] {
            let bound = try asOf.map { try Instant(rfc3339: $0) }
            let past = try PastViews.make(log.set, from: log.reader(), known: known, asOf: bound)
            let fold = ReferenceFold(events, limit: known, asOf: bound?.microseconds, zone: log.zone)
            let context = AnswerContext(at: known, asOf: bound, now: bound ?? now, calendar: calendar)
            Self.expectNone(
                try Self.differences(past, log, fold, context), "at \(known), as of \(asOf ?? "-")")
        }
        await log.close()
    }

    /// A coherent life, as the generator tells it; more of it with TOUCHLINE_REFERENCE_EVENTS=1000000.
    @Test func generatedLife() async throws {
        let count = ProcessInfo.processInfo.environment["TOUCHLINE_REFERENCE_EVENTS"].flatMap { Int($0) } ?? 8000
        let text = try Self.generate(["--events", "\(count)", "--corrections", "--shuffle", "all", "--seed", "11"])
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == count)
        let log = try LogOfHistory(zone: "Asia/Shanghai", segmentBytes: 64 << 20)
        try await log.append(lines[...], request: 5000)
        try log.project()
        let events = try log.events()
        let fold = ReferenceFold(events, zone: log.zone)
        let now = try Instant(rfc3339: "2026-01-01T00:00:00Z")
        let context = AnswerContext(
            at: UInt64(events.count), now: now, calendar: try DayCalendar(zone: log.zone))
        let live = try #require(try log.store.openReader())
        Self.expectNone(try Self.differences(live, log, fold, context, hasLeads: true), "generated life")
        let digest = try Self.digest(log)
        for workers in [1, 2] {
            let options = RebuildOptions(workers: workers, memoryBytes: 16 << 20)
            _ = try Rebuild(store: log.store, reader: log.reader(), projectors: log.set, options: options)
                .run { _ in true }
            #expect(try Self.digest(log) == digest, "\(workers) workers")
        }
        await log.close()
    }

    /// Runs Tools/generate.py.
    static func generate(_ arguments: [String]) throws -> String {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", package.appending(path: "Tools/generate.py").path] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}

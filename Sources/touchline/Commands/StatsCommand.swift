import ArgumentParser
import EventLog
import Foundation
import Projection
import TouchlineService

struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Sizes, ratios, segments, the clock.")

    @OptionGroup var options: GlobalOptions

    private struct Report: Encodable {
        struct Segment: Encodable {
            var name: String
            var first: UInt64
            var events: UInt64
            var line_bytes: UInt64
            var file_bytes: UInt64
            var state: String
        }
        var events: UInt64
        var first: UInt64
        var head: UInt64
        var line_bytes: UInt64
        var segment_bytes: UInt64
        var index_bytes: UInt64
        var view_bytes: Int64
        var last_recordedtime: String?
        /// The first sequence that reuses the last instant because the clock was behind.
        var clock_behind_since: UInt64?
        /// How far the clock is behind the log's last instant, in seconds.
        var clock_behind_seconds: Double?
        var segments: [Segment]
    }

    func run() throws {
        let folder = try options.folder()
        let statistics = try folder.openReader().statistics()
        let clock = ClockState(statistics)
        let report = try Self.report(folder, statistics, clock)
        if options.json { return try JSONOutput.print(report) }
        let raw = Double(max(1, report.line_bytes))
        Output.line(
            "\(Text.count(report.events)) events, sequences \(report.first) to \(report.head == 0 ? "–" : String(report.head - 1))"
        )
        Output.line("lines     \(Text.bytes(report.line_bytes))")
        Output.line(
            "segments  \(Text.bytes(report.segment_bytes))  (\(Self.ratio(report.segment_bytes, raw)) of the lines)")
        Output.line("indexes   \(Text.bytes(report.index_bytes))  (\(Self.ratio(report.index_bytes, raw)))")
        Output.line("views     \(Text.bytes(report.view_bytes))  (\(Self.ratio(report.view_bytes, raw)))")
        if let last = report.last_recordedtime { Output.line("last recorded at \(last)") }
        if let clock { Output.line(clock.text) }
        Output.line()
        var table = TextTable("segment", ">events", ">lines", ">file", ">ratio", "state")
        for segment in report.segments {
            table.add(
                segment.name, Text.count(segment.events), Text.bytes(segment.line_bytes),
                Text.bytes(segment.file_bytes),
                Self.ratio(segment.file_bytes, Double(max(1, segment.line_bytes))), segment.state)
        }
        Output.write(table.text())
        Output.flush()
    }

    private static func ratio(_ bytes: some BinaryInteger, _ raw: Double) -> String {
        String(format: "%.3f", Double(bytes) / raw)
    }

    private static func report(
        _ folder: DataFolder, _ statistics: LogStatistics, _ clock: ClockState?
    ) throws -> Report {
        return Report(
            events: statistics.events, first: statistics.firstSequence, head: statistics.head,
            line_bytes: statistics.lineBytes, segment_bytes: statistics.segmentBytes,
            index_bytes: statistics.indexBytes, view_bytes: try folder.views.bytes(),
            last_recordedtime: statistics.lastRecordedTime?.rfc3339, clock_behind_since: clock?.since,
            clock_behind_seconds: clock?.behind,
            segments: statistics.segments.map {
                Report.Segment(
                    name: $0.name, first: $0.firstSequence, events: $0.events, line_bytes: $0.lineBytes,
                    file_bytes: $0.fileBytes, state: $0.state.rawValue)
            })
    }
}

import EventLog
import Projection
import ReferenceFold
import Testing

@testable import CRM

/// Random histories through the projectors and through the reference: two independent readings of the catalogue.
@Suite struct ReferenceTests {
    static let zone = "America/New_York"

    static func differences(_ lines: [String], asOf: Int64? = nil) throws -> [String] {
        let configuration = CRMConfiguration(zone: zone)
        let projectors = try ProjectorCatalogue.projectors(configuration)
        let set = ProjectorSet(projectors, policy: CRMPolicy.fold)
        let views = try FoldedViews(set, storedLines: lines, asOf: asOf.map { Instant(microseconds: $0) })
        let events = lines.compactMap { ReferenceEvent(line: $0.utf8) }
        return ReferenceRows(fold: ReferenceFold(events, asOf: asOf, zone: zone)).differences(from: views)
    }

    /// The table and column of a difference.
    static func kind(_ difference: String) -> String {
        let words = difference.split(separator: ": expected")[0]
        return "\(words.prefix { $0 != " " }) \(words.split(separator: ".").dropFirst().last ?? "rows")"
    }

    /// The fewest of the lines that still differ in the same table and column.
    static func minimal(_ lines: [String], _ first: String, asOf: Int64? = nil) throws -> [String] {
        var left = lines
        var size = lines.count / 2
        while size > 0 {
            var at = 0
            while at < left.count {
                var fewer = left
                fewer.removeSubrange(at..<min(at + size, left.count))
                if try differences(fewer, asOf: asOf).contains(where: { kind($0) == kind(first) }) {
                    left = fewer
                } else {
                    at += size
                }
            }
            size /= 2
        }
        return left
    }

    @Test(arguments: 1...60) func randomHistories(seed: UInt64) throws {
        let lines = RandomHistory(seed: seed, count: 300).storedLines
        let differences = try Self.differences(lines)
        var kinds: Set<String> = []
        for first in differences where kinds.insert(Self.kind(first)).inserted {
            let least = try Self.minimal(lines, first)
            let shown = try Self.differences(least)
            Issue.record("KIND \(Self.kind(first))\n\(shown.joined(separator: "\n"))\n\(least.joined(separator: "\n"))")
        }
    }
}

package import EventLog
import Foundation
package import SystemPackage

/// The child that appends until it is killed.
package struct BenchFill: Sendable {
    /// Events of one request.
    private static let requestEvents = 1_000
    /// Requests that wait for their acknowledgement at any time.
    private static let inFlight = 8

    /// The log's folder.
    package var directory: FilePath
    /// How the log is written.
    package var options: LogOptions
    /// The events.
    package var life: SyntheticLife

    /// A filling of this log.
    package init(directory: FilePath, options: LogOptions, life: SyntheticLife) {
        self.directory = directory
        self.options = options
        self.life = life
    }

    /// What the child says after each request: how many events it has got acknowledged, and the most anonymous memory
    /// so far in bytes.
    package struct Progress: Sendable {
        package var events: UInt64
        package var anonymousBytes: UInt64

        init(events: UInt64, anonymousBytes: UInt64) {
            self.events = events
            self.anonymousBytes = anonymousBytes
        }

        /// What a line says; nil if it is none of these.
        package init?(line: String) {
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 2 else { return nil }
            self.init(events: numbers[0], anonymousBytes: numbers[1])
        }
    }

    /// Opens the log, or makes it, and appends without end.
    package func run(_ said: (Progress) -> Void) async throws {
        let before = ProcessUsage.now()
        if !FileManager.default.fileExists(atPath: directory.string) {
            try EventLog.create(at: directory, options: options)
        }
        let sequencer = try LocalSequencer.open(directory, options: options) { .now() }
        var stream = life.makeStream()
        var done: UInt64 = 0
        var number = 0
        var memory: UInt64 = 0
        try await withThrowingTaskGroup(of: Int.self) { group in
            while true {
                let request = AppendRequest(events: stream.request(Self.requestEvents))
                group.addTask { try await sequencer.append(request).count }
                number += 1
                guard number >= Self.inFlight, let count = try await group.next() else { continue }
                done += UInt64(count)
                if number % 32 == Self.inFlight { memory = ProcessUsage.anonymousPeak(since: before) }
                said(Progress(events: done, anonymousBytes: memory))
            }
        }
    }
}

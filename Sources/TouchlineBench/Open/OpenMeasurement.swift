package import EventLog
package import SystemPackage

/// One opening of a log, measured in a process of its own.
package struct OpenMeasurement: Sendable, Codable, Equatable {
    /// Events in the log.
    package var events: UInt64
    /// Events whose lines were read at opening: those of the active segment and of closed ones without an index run.
    package var events_read: UInt64
    /// Closed segments that had no index run yet.
    package var unindexed_segments: Int
    /// Closed segments that waited for repacking.
    package var unpacked_segments: Int
    /// From the call until it returned, in seconds: appends can be taken then.
    package var open_seconds: Double
    /// From the call until a first event was acknowledged, in seconds.
    package var first_append_seconds: Double
    /// Processor time of all threads until the opening returned, in seconds.
    package var cpu_seconds: Double
    /// Anonymous memory at its peak, until the first event was acknowledged.
    package var anonymous_bytes: UInt64
    /// The limit: the same segments' bytes read, their checksums and LZ4 alone, in seconds.
    package var limit_seconds: Double
    /// Bytes that were read for that.
    package var bytes_read: UInt64

    /// Opens the log in `directory`, appends one event, closes, and then measures the limit.
    package static func take(_ directory: FilePath, options: LogOptions) async throws -> OpenMeasurement {
        let before = ProcessUsage.now()
        let start = ContinuousClock.now
        let sequencer = try LocalSequencer.open(directory, options: options) { .now() }
        let opened = ContinuousClock.now - start
        let cpuSeconds = ProcessUsage.now().cpuSeconds - before.cpuSeconds
        let again = ContinuousClock.now
        let event = EventDraft(type: "bench.opened", subject: nil)
        let acknowledgements = try await sequencer.append(AppendRequest(events: [event]))
        let appended = ContinuousClock.now - again
        let memory = ProcessUsage.anonymousPeak(since: before)
        let work = sequencer.opening
        await sequencer.close()
        let limitStart = ContinuousClock.now
        var bytes: UInt64 = 0
        for segment in work.segmentsRead { bytes += try BareFrames.read(segment: segment, of: directory).fileBytes }
        return OpenMeasurement(
            events: acknowledgements.first?.sequence ?? 0, events_read: work.eventsRead,
            unindexed_segments: work.segmentsRead.count - 1, unpacked_segments: work.unpacked,
            open_seconds: opened / .seconds(1), first_append_seconds: (opened + appended) / .seconds(1),
            cpu_seconds: cpuSeconds, anonymous_bytes: memory,
            limit_seconds: (ContinuousClock.now - limitStart) / .seconds(1), bytes_read: bytes)
    }
}

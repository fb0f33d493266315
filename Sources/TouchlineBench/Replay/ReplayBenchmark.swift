import EventLog
import Foundation
import Projection
package import SystemPackage

/// How fast a log is read and folded, beside LZ4 decompression of the same frames.
package struct ReplayBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// What is replayed.
        package var source = ReplaySource.synthetic(.uuid)
        /// How many events are made, or taken from a file at most.
        package var events: UInt64 = 1_000_000
        /// By how many threads all projectors are fed, one figure each.
        package var workers = [1, 2]
        /// Which figures are taken, by what stands behind `replay.`; empty = all.
        package var only: Set<String> = []
        /// How often each figure is taken.
        package var runs = 5
        /// Memory for events, as `touchline rebuild --memory` takes it.
        package var memoryBytes = 1 << 30

        /// The defaults.
        package init() {}
    }

    private let options: Options
    private let log: ReplayLog
    private let reader: LogReader
    private let progress: BenchProgress

    /// Does it; a folder given as the source is only read.
    ///
    /// - Parameter folder: where a log is made of events that are in none; empty or not there yet.
    /// - Throws: `BenchError`, `LogError`, or what `progress` threw; what was made is gone in any case.
    package static func run(
        _ options: Options, folder: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let log = try await ReplayLog.open(options.source, events: options.events, folder: folder, progress)
        defer { log.remove() }
        let benchmark = ReplayBenchmark(
            options: options, log: log, reader: try LogReader.open(log.directory), progress: progress)
        return try benchmark.run()
    }

    private func run() throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(log.directory))
        let replay = LogReplay(reader: reader, directory: log.directory, progress: progress)
        // What is counted is the same each time; it also brings the files into memory.
        let census = try replay.census()
        let type = census.clusteredType
        var series = BenchSeries()
        for run in 0..<max(1, options.runs) {
            try progress("replaying", UInt64(run), of: UInt64(options.runs))
            try takeReading(replay, type: type, census, &series)
            try takeFolding(replay, census, &series)
        }
        var notes = [
            "events/s: events of the whole log by the time it takes; files are in the page cache; cpu-s: seconds of one core"
        ]
        if type == nil {
            notes.append("no type is about 1 % of the events and stands in runs of its own: none is replayed alone")
        }
        return meter.report("replay", log.data, runs: options.runs, series.rows, notes: notes)
    }

    private static let lz4 = "LZ4 decompression alone, of the same frames, from memory to memory, on one core"

    /// Adds a row by the clock, and one by processor time, which others on the machine disturb less.
    private func add(
        _ name: String, _ taken: Timed, _ census: LogReplay.Census, limit: Timed, budget: BenchBudget? = nil,
        withCPU: Bool = false, _ series: inout BenchSeries
    ) {
        let events = Double(census.events)
        series.add(
            "replay.\(name)", "events/s", events / taken.seconds, limit: events / limit.seconds, limitIs: Self.lz4,
            budget: budget)
        series.addAllocations("replay.\(name)", taken.allocations, events: events)
        guard withCPU else { return }
        series.add(
            "replay.\(name).cpu", "events/cpu-s", events / taken.cpuSeconds, limit: events / limit.cpuSeconds,
            limitIs: Self.lz4)
    }

    /// What reads no `data`.
    private func takeReading(
        _ replay: LogReplay, type: String?, _ census: LogReplay.Census, _ series: inout BenchSeries
    ) throws {
        guard isAsked("frames") || isAsked("dispatch") || isAsked("type") else { return }
        let limit = try replay.decompress()
        if isAsked("frames") { add("frames", try replay.readFrames(), census, limit: limit, &series) }
        guard isAsked("dispatch") || isAsked("type") else { return }
        let dispatch = try replay.dispatch(census)
        add("dispatch", dispatch, census, limit: limit, budget: .atLeast(0.4, .ratio), withCPU: true, &series)
        guard isAsked("type"), let type, let count = census.types[type]?.events else { return }
        let events = Double(census.events)
        series.add(
            "replay.type.\(type)", "events/s", events / (try replay.only(type, expecting: count).seconds),
            limit: events / dispatch.seconds, limitIs: "replay.dispatch, of all types", budget: .atLeast(20, .ratio))
    }

    /// Projectors alone and together, into memory.
    private func takeFolding(_ replay: LogReplay, _ census: LogReplay.Census, _ series: inout BenchSeries) throws {
        let before = try replay.decompress()
        for projector in log.set.projectors where isAsked(projector.name) {
            let alone = log.set.filter { $0.name == projector.name }
            add(projector.name, try fold(alone, workers: 1, census), census, limit: before, &series)
        }
        guard isAsked("all") else { return }
        var one: Timed?
        for workers in options.workers {
            let limit = try replay.decompress()
            let taken = try fold(log.set, workers: workers, census)
            if workers == 1 {
                one = taken
                add("all", taken, census, limit: limit, budget: .atLeast(0.15, .ratio), withCPU: true, &series)
            } else {
                addWorkers(workers, taken, than: one, census, &series)
                series.add(
                    "replay.lz4.\(workers)-threads", "x", try replay.decompress(threads: workers),
                    limit: Double(workers), limitIs: "as many times one thread as there are threads")
            }
        }
    }

    /// Several workers beside one.
    private func addWorkers(
        _ workers: Int, _ taken: Timed, than one: Timed?, _ census: LogReplay.Census, _ series: inout BenchSeries
    ) {
        let events = Double(census.events)
        let limitIs = one == nil ? nil : "replay.all, with one worker"
        series.add(
            "replay.all.\(workers)-workers", "events/s", events / taken.seconds, limit: one.map { events / $0.seconds },
            limitIs: limitIs, budget: workers == 2 && one != nil ? .atLeast(1.5, .ratio) : nil)
        series.add(
            "replay.all.\(workers)-workers.cpu", "events/cpu-s", events / taken.cpuSeconds,
            limit: one.map { events / $0.cpuSeconds }, limitIs: limitIs)
    }

    private func isAsked(_ name: String) -> Bool { options.only.isEmpty || options.only.contains(name) }

    /// A fold of the whole log into memory.
    private func fold(_ set: ProjectorSet, workers: Int, _ census: LogReplay.Census) throws -> Timed {
        let progress = progress
        var events = 0
        let taken = try timed {
            events = try MemoryReplay.run(
                set, from: reader, options: RebuildOptions(workers: workers, memoryBytes: options.memoryBytes)
            ) { (try? progress("replaying")) != nil }.events
        }
        guard events == census.events else { throw LogReplay.changed }
        return taken
    }
}

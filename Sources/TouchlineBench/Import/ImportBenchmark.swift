import CSVImport
import EventLog
import Foundation
package import SystemPackage
import TouchlineService

/// How fast rows of a CSV file become events in the log, beside the same events appended as NDJSON.
package struct ImportBenchmark: Sendable {
    /// What is measured.
    package struct Options: Sendable {
        /// How many rows are made.
        package var rows: UInt64 = 500_000
        /// How often it is done.
        package var runs = 3

        /// The defaults.
        package init() {}
    }

    private let options: Options
    private let folder: BenchFolder
    private let progress: BenchProgress

    /// Does it, in `folder` (which must be empty or not there) or among the temporary files.
    ///
    /// - Throws: `BenchError`, or what `progress` threw; the folder is gone in any case.
    package static func run(
        _ options: Options, folder given: FilePath?, progress: BenchProgress
    ) async throws -> BenchReport {
        let folder = try BenchFolder(given, bytes: BenchRoom.bytes(options.rows, each: EventSource.lineBytes + 800))
        defer { folder.remove() }
        return try await ImportBenchmark(options: options, folder: folder, progress: progress).run()
    }

    private func run() async throws -> BenchReport {
        let meter = NoiseMeter(Machine.current(folder.path))
        let table = SyntheticOrders(rows: options.rows)
        let csv = folder.path.appending("orders.csv")
        try table.write(csv, progress)
        let lines = folder.path.appending("orders.ndjson")
        var series = BenchSeries()
        for _ in 0..<max(1, options.runs) {
            let imported = try await load(csv)
            if !FileManager.default.fileExists(atPath: lines.string) { try copyLines(to: lines) }
            try FileManager.default.removeItem(atPath: data.string)
            let log = folder.path.appending("log")
            let appended = try await EventSource.file(lines).fill(
                options.rows, log: log, folder: folder.path, progress)
            try FileManager.default.removeItem(atPath: log.string)
            series.add(
                "import.rate", "events/s", Double(options.rows) / imported, limit: appended.rate,
                limitIs: "the same events appended as NDJSON, 1,000 a request, 4 requests in flight")
        }
        let bytes = try FileManager.default.attributesOfItem(atPath: csv.string)[.size] as? UInt64
        let data = BenchData(name: "synthetic orders, CSV", ids: nil, events: options.rows, raw_bytes: bytes)
        return meter.report(
            "import", data, runs: options.runs, series.rows,
            notes: ["one event a row, by a mapping of seven columns; the file is read twice, first for its hash"])
    }

    private var data: FilePath { folder.path.appending("data") }

    /// Imports into a new data folder, as `touchline import csv` does; the seconds from the file's first byte on.
    private func load(_ csv: FilePath) async throws -> Double {
        let target = try DataFolder.initialize(data, configuration: FolderConfiguration(zone: "UTC"))
        let catalogue = try target.catalogue()
        let reader = try target.openReader()
        let ingest = Ingest(catalogue: catalogue, merges: MergeGuard(reader: reader))
        let sequencer = try target.openSequencer()
        do {
            let start = ContinuousClock.now
            let importer = try CSVImporter(
                mapping: SyntheticOrders.mapping, mappingName: "orders.yaml", file: csv.string, kinds: catalogue,
                check: ingest.eventCheck)
            let rejected: @Sendable (RejectedRow) -> Void = { _ in }
            let run = ImportRun(reader: reader, sequencer: sequencer, rejected: rejected)
            let summary = try await run.run(importer) {
                try progress("importing", UInt64(importer.counts.rows), of: options.rows)
            }
            let taken = (ContinuousClock.now - start) / .seconds(1)
            await sequencer.close()
            guard summary.appended == Int(options.rows) else {
                throw BenchError(.failed, "\(summary.appended) of \(options.rows) rows became events")
            }
            return taken
        } catch {
            await sequencer.close()
            throw error
        }
    }

    /// The imported events as a sender would write them.
    private func copyLines(to path: FilePath) throws {
        let reader = try LogReader.open(data.appending("log"))
        var buffer: [UInt8] = []
        var cursor = reader.cursor(from: 0, to: options.rows)
        while let batch = try cursor.nextBatch() {
            for event in batch {
                let sent = SyntheticEvent(
                    id: event.id, source: event.source, type: event.type, subject: event.subject ?? "",
                    time: event.time.rfc3339, data: Array(event.data.bytes))
                sent.appendLine(to: &buffer)
            }
        }
        try Data(buffer).write(to: URL(filePath: path.string))
    }
}

import Crypto
import EventLog
import Foundation

/// Turns the rows of a CSV file into events, as a mapping says.
///
/// The importer reads the file in one pass, or in two if a rule sums over groups, and holds one row at a time; beside
/// it, memory grows only with the keys of `per` and `first_of`, the lookups and, where ids are left to it, some forty
/// bytes a row. The same file under the same mapping gives the same import: the same id and the same events in the same
/// order.
///
/// ```swift
/// let importer = try CSVImporter(mapping: yaml, mappingName: "shop.yaml", file: "shop.csv", kinds: catalogue)
/// while let item = try importer.next() {
///     switch item {
///     case .event(let event): append(event.draft)
///     case .rejected(let row): print("line \(row.line): \(row.cause)")
///     case .skipped: break
///     }
/// }
/// ```
///
/// Not thread-safe: one task at a time calls it.
public final class CSVImporter {
    /// Names this import: the same for the same file and mapping, whatever they are called.
    ///
    /// Every event carries it as its extension `importid`.
    public let importID: String
    /// The file's name without its folder.
    public let fileName: String
    /// The file's size in bytes.
    public let fileBytes: Int64
    /// The rules under `emit`, in order.
    public let rules: [RuleDescription]
    /// What came of the rows that `next` has read.
    public private(set) var counts: ImportCounts
    /// What may be wrong with the mapping although it can be followed; more may come with the rows.
    public var warnings: [String] { plan.warnings + processor.warnings }

    /// What a rule is, for a report.
    public struct RuleDescription: Sendable, Equatable {
        /// Its place under `emit`, from 1.
        public var number: Int
        /// The event types it can give, where the mapping spells them out.
        public var types: [String]
        /// The mapping's file and line.
        public var place: String
    }

    private let plan: ImportPlan
    private let path: String
    private let processor: RowProcessor
    private let progress: ImportProgress
    private var reader: CSVReader?
    private var pending: [ImportedEvent] = []
    private var pendingStart = 0

    /// Reads the mapping and the file's header, and prepares the import.
    ///
    /// Reads the whole file once, for its hash, and once more if a rule sums over groups.
    ///
    /// - Parameters:
    ///   - mapping: the mapping's YAML text.
    ///   - mappingName: what messages call it.
    ///   - mappingFolder: where the mapping's lookup files are; empty: the working folder.
    ///   - file: the path of the CSV file, a plain file.
    ///   - kinds: what the catalogue says of fields and types.
    ///   - attempt: from 2 on, a new import of what was imported before and undone: every id ends with `~` and this
    ///     number, and the import's with `-` and it.
    ///   - check: what events must pass; an event that does not rejects its row.
    ///   - progress: called about once a megabyte with the bytes done and the bytes to do, over all passes.
    /// - Throws: `ImportError` if the mapping cannot be followed or the file cannot be read.
    public init(
        mapping: String, mappingName: String, mappingFolder: String = "", file: String, kinds: any FieldKinds,
        attempt: Int = 1, check: EventCheck = EventCheck(),
        progress: ((_ done: Int64, _ total: Int64) -> Void)? = nil
    ) throws(ImportError) {
        let outline = try PlanCompiler.Outline(yaml: mapping, file: mappingName)
        fileName = file.split(separator: "/").last.map(String.init) ?? file
        path = file
        var probe = try CSVReader(source: try ByteSource(path: file, name: fileName), dialect: outline.options.dialect)
        let header = try HeaderReader.header(of: &probe, outline.options, file: fileName)
        plan = try PlanCompiler.plan(outline, header: header, folder: mappingFolder, kinds: kinds)
        let source = try ByteSource(path: file, name: fileName)
        fileBytes = source.size
        self.progress = ImportProgress(total: source.size * (plan.needsGroupPass ? 3 : 2), report: progress)
        let hash = try Self.importID(source, mapping, self.progress)
        importID = attempt > 1 ? "\(hash)-\(attempt)" : hash
        processor = RowProcessor(
            plan, kinds: kinds, importID: importID, idSuffix: attempt > 1 ? "~\(attempt)" : "", check: check)
        counts = ImportCounts(rules: plan.rules.count)
        rules = plan.rules.map { RuleDescription(number: $0.number, types: $0.types, place: $0.place) }
        try checkZone(&probe)
        if plan.needsGroupPass { try learnGroups() }
        reader = try open()
    }

    /// What the next line gives; `nil` at the end of the file.
    ///
    /// A row of several events gives them one by one.
    /// - Throws: `ImportError` if the file can no longer be read.
    public func next() throws(ImportError) -> ImportItem? {
        while true {
            if pendingStart < pending.count {
                let event = pending[pendingStart]
                pendingStart += 1
                counts.events += 1
                counts.eventsByRule[event.rule - 1] += 1
                return .event(event)
            }
            guard reader != nil, let found = try reader?.next() else { return nil }
            progress.moved(to: reader?.bytesRead ?? 0)
            switch found {
            case .end:
                reader = nil
                progress.passEnded()
                return nil
            case .defect(let line, let cause):
                counts.rows += 1
                counts.rejected += 1
                return .rejected(RejectedRow(line: line, row: nil, cause: cause))
            case .row:
                if let item = take(reader?.row ?? CSVRow()) { return item }
            }
        }
    }

    /// Follows the plan for one row; `nil` if there is nothing to say of it, or its events are pending.
    private func take(_ row: CSVRow) -> ImportItem? {
        counts.rows += 1
        let number = counts.rows
        var row = row
        let outcome =
            RowWidth.defect(&row, plan.header).map { .rejected(cause: $0) } ?? processor.process(row, number: number)
        switch outcome {
        case .events(let events):
            pending = events
            pendingStart = 0
            return nil
        case .grouped:
            counts.grouped += 1
            return nil
        case .skipped(let reason):
            counts.skipped += 1
            counts.skippedByReason[reason, default: 0] += 1
            return .skipped(SkippedRow(line: row.line, row: number, reason: reason))
        case .rejected(let cause):
            counts.rejected += 1
            return .rejected(RejectedRow(line: row.line, row: number, cause: cause))
        }
    }

    // MARK: Passes

    /// A reader behind the header.
    private func open() throws(ImportError) -> CSVReader {
        var reader = try CSVReader(source: try ByteSource(path: path, name: fileName), dialect: plan.options.dialect)
        _ = try HeaderReader.header(of: &reader, plan.options, file: fileName)
        return reader
    }

    /// The pass that learns the groups and their sums.
    private func learnGroups() throws(ImportError) {
        processor.beginGroupPass()
        var reader = try open()
        var number = 0
        while true {
            let found = try reader.next()
            progress.moved(to: reader.bytesRead)
            if case .end = found { break }
            number += 1
            guard case .row = found else { continue }
            var row = reader.row
            guard RowWidth.defect(&row, plan.header) == nil else { continue }
            _ = processor.process(row, number: number)
        }
        progress.passEnded()
        processor.beginEventPass()
    }

    /// Without a zone, times must carry their own: finds out from the first rows, before anything is imported.
    private func checkZone(_ probe: inout CSVReader) throws(ImportError) {
        guard plan.zone == nil else { return }
        let evaluator = RowEvaluator(plan)
        for _ in 0..<200 {
            guard case .row = try probe.next() else { continue }
            for rule in plan.rules {
                guard let time = rule.time, let text = try? evaluator.text(time, probe.row),
                    let local = PlainTime.parse(ASCII.trimmed(text[...])), local.offsetMinutes == nil
                else { continue }
                throw ImportError(
                    code: .mapping, place: "\(rule.place).time",
                    message:
                        "the times carry no zone (line \(probe.row.line): \(evaluator.describe(time, probe.row))); "
                        + "say which at the mapping's top, as in `zone: Europe/London`")
            }
        }
    }

    /// The first half of a SHA-256 over the file's and the mapping's hashes, in hexadecimal.
    private static func importID(
        _ source: ByteSource, _ mapping: String, _ progress: ImportProgress
    ) throws(ImportError) -> String {
        var hash = SHA256()
        var done: Int64 = 0
        while true {
            let chunk = try source.next()
            if chunk.isEmpty { break }
            hash.update(data: chunk)
            done += Int64(chunk.count)
            progress.moved(to: done)
        }
        progress.passEnded()
        let both = Array(hash.finalize()) + Array(SHA256.hash(data: Array(mapping.utf8)))
        let digest = Array(SHA256.hash(data: both))
        return digest.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

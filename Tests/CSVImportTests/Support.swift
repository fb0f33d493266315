import CRM
import EventLog
import Foundation

@testable import CSVImport

/// A temporary folder that goes when the test ends.
final class TestFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("csv-import-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }
}

/// Everything that an import gives.
struct ImportResult {
    var events: [ImportedEvent] = []
    var rejected: [RejectedRow] = []
    var skipped: [SkippedRow] = []
    var counts: ImportCounts
    var importID: String
    var warnings: [String]

    var types: [String] { events.map(\.draft.type) }
    var subjects: [String?] { events.map(\.draft.subject) }
    var times: [String?] { events.map(\.draft.time) }
    var ids: [String?] { events.map(\.draft.id) }
    var data: [String] { events.map { String(decoding: $0.draft.data ?? [], as: UTF8.self) } }
}

enum Importing {
    /// Runs a mapping over a file and collects everything.
    static func run(
        _ mapping: String, file: String, folder: String = "", kinds: (any FieldKinds)? = nil, attempt: Int = 1,
        check: EventCheck = EventCheck()
    ) throws -> ImportResult {
        let importer = try CSVImporter(
            mapping: mapping, mappingName: "m.yaml", mappingFolder: folder, file: file,
            kinds: try kinds ?? Catalogue.load(), attempt: attempt, check: check)
        var result = ImportResult(
            counts: importer.counts, importID: importer.importID, warnings: importer.warnings)
        while let item = try importer.next() {
            switch item {
            case .event(let event): result.events.append(event)
            case .rejected(let row): result.rejected.append(row)
            case .skipped(let row): result.skipped.append(row)
            }
        }
        result.counts = importer.counts
        result.warnings = importer.warnings
        return result
    }

    /// Runs a mapping over a text.
    static func run(
        _ mapping: String, csv: String, attempt: Int = 1, check: EventCheck = EventCheck()
    ) throws -> ImportResult {
        let folder = try TestFolder()
        let file = try folder.write("data.csv", csv)
        return try run(mapping, file: file, folder: folder.path, attempt: attempt, check: check)
    }

    /// What the catalogue says of each event, as the service asks it.
    static func catalogueCheck() throws -> EventCheck {
        let catalogue = try Catalogue.load()
        return EventCheck(alone: { try catalogue.validate($0) })
    }

    /// Runs a mapping over bytes.
    static func run(_ mapping: String, bytes: [UInt8]) throws -> ImportResult {
        let folder = try TestFolder()
        let file = try folder.write("data.csv", bytes)
        return try run(mapping, file: file, folder: folder.path)
    }

    /// The complaint about a mapping.
    static func failure(_ mapping: String, csv: String) throws -> String {
        do {
            _ = try run(mapping, csv: csv)
            return ""
        } catch let error as ImportError {
            return error.description
        }
    }

    /// The rows of a text, as the reader gives them, and the causes of bad lines in between.
    static func rows(_ bytes: [UInt8], _ dialect: CSVDialect = CSVDialect()) throws -> [ReadRow] {
        let folder = try TestFolder()
        let file = try folder.write("data.csv", bytes)
        var reader = try CSVReader(source: ByteSource(path: file, name: "data.csv"), dialect: dialect)
        var rows: [ReadRow] = []
        while true {
            switch try reader.next() {
            case .end: return rows
            case .row:
                let row = reader.row
                rows.append(ReadRow(line: row.line, fields: (0..<row.count).map { row.text($0) }))
            case .defect(let line, let cause): rows.append(ReadRow(line: line, fields: [], cause: cause))
            }
        }
    }
}

struct ReadRow: Equatable {
    var line: Int
    var fields: [String]
    var cause: String?
}

import EventLog
import Foundation

/// Reads the small files that `lookup` names.
enum LookupLoader {
    /// The most rows a lookup file may have: it is held in memory.
    static let rowsMax = 1_000_000

    /// The table that `node` describes; its file stands beside the mapping unless its path starts with `/`.
    static func load(_ name: String, _ node: MappingNode, folder: String) throws(ImportError) -> LookupTable {
        let parts = try node.requireMembers(["file", "key"] + FileOptions.keys)
        guard let fileNode = parts["file"], let keyNode = parts["key"] else {
            throw node.error("needs `file` and `key`, as in {file: products.csv, key: code}")
        }
        let file = try fileNode.requireText("a file's name")
        let keyName = try keyNode.requireText("a column's name")
        let options = try FileOptions(parts)
        let path = file.hasPrefix("/") || folder.isEmpty ? file : folder + "/" + file
        do throws(ImportError) {
            let source = try ByteSource(path: path, name: file)
            var reader = try CSVReader(source: source, dialect: options.dialect)
            let header = try HeaderReader.header(of: &reader, options, file: file)
            guard let key = header.index(of: keyName) else {
                throw keyNode.error("in \(file): " + header.complaint(about: keyName))
            }
            return LookupTable(
                name: name, header: header, rows: try rows(&reader, key: key, columns: header.names.count, file))
        } catch {
            if error.code == .mapping { throw error }
            let code = error.code == .unreadable ? error.code : .lookup
            throw ImportError(code: code, place: "\(fileNode.place) (\(error.place))", message: error.message)
        }
    }

    private static func rows(
        _ reader: inout CSVReader, key: Int, columns: Int, _ file: String
    ) throws(ImportError) -> [[UInt8]: [[UInt8]]] {
        var rows: [[UInt8]: [[UInt8]]] = [:]
        var count = 0
        while true {
            switch try reader.next() {
            case .end: return rows
            case .defect(let line, let cause):
                throw ImportError(code: .lookup, place: "\(file):\(line)", message: cause)
            case .row:
                count += 1
                guard count <= rowsMax else {
                    throw ImportError(
                        code: .lookup, place: file, message: "has more than \(rowsMax) rows; a lookup is held in memory"
                    )
                }
                guard reader.row.count == columns else {
                    throw ImportError(
                        code: .lookup, place: "\(file):\(reader.row.line)",
                        message: "has \(reader.row.count) fields where the header has \(columns)")
                }
                let fields = (0..<columns).map { Array(reader.row.field($0)) }
                if rows[fields[key]] == nil { rows[fields[key]] = fields }
            }
        }
    }
}

/// Finds a file's column names.
enum HeaderReader {
    /// The names that the mapping gives, or those of the first row, which is read in any case if it is a header.
    static func header(
        of reader: inout CSVReader, _ options: FileOptions, file: String
    ) throws(ImportError) -> Header {
        guard options.hasHeader else { return Header(options.columns ?? []) }
        switch try reader.next() {
        case .end:
            throw ImportError(code: .file, place: file, message: "is empty; a CSV file starts with a header")
        case .defect(let line, let cause):
            throw ImportError(code: .file, place: "\(file):\(line)", message: "the header cannot be read: \(cause)")
        case .row:
            let row = reader.row
            let names = (0..<row.count).map { row.text($0) }
            guard let columns = options.columns else { return Header(names) }
            guard (Header.named(names)...names.count).contains(columns.count) else {
                throw ImportError(
                    code: .mapping, place: file,
                    message: "the header has \(names.count) columns and `columns` names \(columns.count); name each")
            }
            return Header(columns)
        }
    }
}

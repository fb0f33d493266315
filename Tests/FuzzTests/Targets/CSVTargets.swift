import Foundation

@testable import CRM
@testable import CSVImport
@testable import EventLog

// Files from outside: CSV, mappings.

extension FuzzTarget {
    /// CSV in every dialect and encoding: the rows do not depend on where the file is cut, and rows written with quotes
    /// are read again.
    package static let csv = FuzzTarget(
        name: "csv", bytesMax: 4_096,
        check: { bytes in
            var input = FuzzInput(bytes)
            let dialect = dialect(input.byte())
            // The marks of UTF-16 and UTF-8 at a file's start are looked for in its first piece.
            let pieceBytes = Int(input.byte() % 32) + 4
            let file = Array(input.rest)
            let whole = try rows(ByteSource(file, name: "f"), dialect)
            let pieces = try rows(ByteSource(file, name: "f", pieceBytes: pieceBytes), dialect)
            try require(pieces == whole, "cuts do not matter")
            try checkOrder(whole)
            if case .byte(let delimiter) = dialect.delimiter, let quote = dialect.quote {
                try checkWritten(whole, delimiter, quote)
            }
        },
        seeds: { _ in
            [
                "\u{0}\u{5}id,name\r\n1,\"a \"\"b\"\", c\"\r\n2,\"two\nlines\"\n\n3,x\"y\n",
                "\u{1}\u{1}a;b\n'c;d';'e''f'\n", "\u{3}\u{7} 00004  19970101  1  29.33 \n\n 00005 x\n",
                "\u{8}\u{2}客户,金额\n张三,12.5\n", "\u{0}\u{0}a,\"b\nc,d\n",
            ].map { Array($0.utf8) } + [[16, 3, 0xD5, 0xC5, 0x2C, 0xC8, 0xFD, 0x0A, 0x81, 0x30, 0x81, 0x30]]
        })

    /// A file that is drafted a mapping for: the draft can be followed for that file.
    package static let draft = FuzzTarget(
        name: "draft", bytesMax: 2_048,
        check: { bytes in
            let folder = try FuzzFolder()
            let file = folder.path("sample.csv")
            guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else { return }
            let draft: ImportDraft
            do throws(ImportError) { draft = try ImportDraft(file: file) } catch { return }
            let importer: CSVImporter
            do throws(ImportError) {
                importer = try CSVImporter(mapping: draft.yaml, mappingName: "draft", file: file, kinds: kinds)
            } catch {
                throw Broken("a draft can be followed: \(error)\n\(draft.yaml)")
            }
            try checkEvents { () throws(ImportError) in try importer.next() }
        },
        seeds: { _ in
            [
                "customer,date,amount,currency\nC-1,2026-03-01,12.50,EUR\nC-2,2026-03-02,7,EUR\n",
                "id;when;note\n1;01/03/2026 08:30;x\n2;02/03/2026 09:30;y\n",
                " 00004  19970101  1  29.33\n 00005  19970102  2  9.33\n", "客户,日期\n张三,2026-03-01 08:30:00\n",
            ].map { Array($0.utf8) }
        })

    /// A mapping's YAML, bound to a header and followed for some rows: what comes out are events that can be stored.
    package static let mapping = FuzzTarget(
        name: "mapping", bytesMax: 4_096,
        check: { bytes in
            let yaml = String(decoding: bytes, as: UTF8.self)
            do {
                let outline = try PlanCompiler.Outline(yaml: yaml, file: "m")
                // A lookup may name any file of this machine.
                guard outline.parts["lookup"] == nil else { return }
                let header: Header
                var reader = try CSVReader(source: ByteSource(mappedFile, name: "f"), dialect: outline.options.dialect)
                header = try HeaderReader.header(of: &reader, outline.options, file: "f")
                let plan = try PlanCompiler.plan(outline, header: header, folder: "", kinds: kinds)
                try follow(plan, reader)
            } catch let error as ImportError {
                try require(!error.message.isEmpty && !error.place.isEmpty, "an error says what and where")
            }
        },
        seeds: { _ in mappings.map { Array($0.utf8) } })

    /// The built-in catalogue; parsed once.
    static let kinds: Catalogue = {
        do { return try Catalogue.load() } catch { preconditionFailure("the built-in catalogue is good") }
    }()

    // MARK: CSV

    private static func dialect(_ choice: UInt8) -> CSVDialect {
        let delimiters: [CSVDialect.Delimiter] = [.byte(0x2C), .byte(0x3B), .byte(0x09), .whitespace]
        let quotes: [UInt8?] = [UInt8(ascii: "\""), UInt8(ascii: "'"), nil, UInt8(ascii: "\"")]
        return CSVDialect(
            delimiter: delimiters[Int(choice & 3)], quote: quotes[Int(choice >> 2 & 3)],
            encoding: TextEncoding.allCases[Int(choice >> 4) % TextEncoding.allCases.count])
    }

    /// A row, or a defect.
    private struct Line: Equatable {
        var line: Int
        var fields: [[UInt8]]?
        var cause = ""
    }

    private static func rows(_ source: ByteSource, _ dialect: CSVDialect) throws -> [Line] {
        var lines: [Line] = []
        do throws(ImportError) {
            var reader = try CSVReader(source: source, dialect: dialect)
            while true {
                switch try reader.next() {
                case .end: return lines
                case .defect(let line, let cause): lines.append(Line(line: line, fields: nil, cause: cause))
                case .row:
                    let row = reader.row
                    lines.append(Line(line: row.line, fields: (0..<row.count).map { Array(row.field($0)) }))
                }
            }
        } catch {
            return [Line(line: -1, fields: nil, cause: error.message)]
        }
    }

    private static func checkOrder(_ lines: [Line]) throws {
        for (line, next) in zip(lines, lines.dropFirst()) {
            try require(line.line < next.line, "rows start on lines of their own, in order")
        }
        for line in lines {
            for field in line.fields ?? [] {
                try require((try? UTF8Span(validating: field.span)) != nil, "a field is UTF-8")
            }
        }
    }

    private static func checkWritten(_ lines: [Line], _ delimiter: UInt8, _ quote: UInt8) throws {
        let rows = lines.compactMap(\.fields)
        // A mark at the very start would be taken for that of a byte order.
        var text: [UInt8] = []
        for row in rows {
            for (index, field) in row.enumerated() {
                if index > 0 { text.append(delimiter) }
                text.append(quote)
                for byte in field { text += byte == quote ? [quote, quote] : [byte] }
                text.append(quote)
            }
            text.append(0x0A)
        }
        let dialect = CSVDialect(delimiter: .byte(delimiter), quote: quote, encoding: .utf8)
        try require(
            Self.rows(ByteSource(text, name: "f"), dialect).map(\.fields) == rows, "rows that were written are read")
    }

    // MARK: Mappings

    private static let mappedFile = Array(
        #"""
        customer,date,amount,note,Country Code
        C-1,2026-03-01,12.50,"a, ""b""",de
        C-2,01/03/2026 08:30,"1,234.5",,FR
        ,2026-13-41,-0,x,
        C-1,1772353801,1e400,y

        C-3,2026-03-01T08:30:00Z,99999999999999999999999999999999999999,é,ZZ
        """#.utf8)

    private static func follow(_ plan: ImportPlan, _ reader: CSVReader) throws {
        let processor = RowProcessor(plan, kinds: kinds, importID: "i", idSuffix: "", check: EventCheck())
        var reader = reader
        var rows: [CSVRow] = []
        reading: while true {
            switch try reader.next() {
            case .end: break reading
            case .row: rows.append(reader.row)
            case .defect: continue
            }
        }
        if plan.needsGroupPass {
            processor.beginGroupPass()
            for (index, row) in rows.enumerated() { _ = processor.process(row, number: index + 1) }
            processor.beginEventPass()
        }
        for (index, row) in rows.enumerated() {
            var row = row
            guard RowWidth.defect(&row, plan.header) == nil else { continue }
            guard case .events(let events) = processor.process(row, number: index + 1) else { continue }
            for event in events { try checkEvent(event.draft) }
        }
    }

    private static func checkEvents(_ next: () throws(ImportError) -> ImportItem?) throws {
        do throws(ImportError) {
            for _ in 0..<500 {
                guard let item = try next() else { return }
                guard case .event(let event) = item else { continue }
                do { try checkEvent(event.draft) } catch {
                    throw ImportError(code: .file, place: "", message: "\(error)")
                }
            }
        } catch {
            throw Broken("\(error)")
        }
    }

    /// An event that an import makes is one that a log takes and reads again.
    private static func checkEvent(_ draft: EventDraft) throws {
        if let data = draft.data { try require((try? JSONText.normalised(data)) == data, "data is normalised JSON") }
        var line: [UInt8] = []
        let rendered = LineRenderer.append(
            draft, sequence: 0, recordedTime: Instant(microseconds: 0), subjectSequence: 1, to: &line)
        var parser = EventParser(options: EventParser.Options(restore: true))
        do throws(LineError) {
            let stored = try StoredLine(line[rendered.line], parser: &parser)
            try requireEqual(stored.draft.data, draft.data)
        } catch {
            throw Broken("an imported event can be stored: \(error)")
        }
    }

    private static func requireEqual(_ left: [UInt8]?, _ right: [UInt8]?) throws(LineError) {
        if left != right { throw LineError(code: .notStoredForm, message: "data differs", mend: "") }
    }

    private static let mappings = [
        """
        source: /shop
        zone: Europe/London
        file: {delimiter: ",", decimal: "."}
        skip:
          - {when: {customer: ""}, reason: no customer}
        emit:
          - type: purchase.completed
            id: "p-{#row}"
            subject: "{customer}"
            time: {column: date, format: ["yyyy-MM-dd", "dd/MM/yyyy HH:mm", unix]}
            data: {order: "O-{#row}", amount: {abs: amount}, currency: EUR}
        """,
        """
        source: /shop
        zone: "+08:00"
        defaults: {subject: "{customer}", time: "{date}"}
        emit:
          - per: [customer]
            type: {column: note, map: {x: call.completed, "*": purchase.completed}}
            data: {order: "{customer}", amount: {sum: {multiply: [amount, 2]}}, currency: GBP, tags: ["{note}", a]}
          - when: {amount: {above: 100}, Country Code: [de, FR], customer: {first_of: customer}}
            type: x.large
            data: {who: {first: [note, customer]}, deep: {er: "{{literal}} {amount}"}}
          - otherwise: true
            type: x.other
            subject: ""
        """,
    ]
}

/// A folder of its own, removed with the value.
final class FuzzFolder {
    private let url = FileManager.default.temporaryDirectory.appending(path: "touchline-fuzz-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}

/// Reads rows from a CSV file, one at a time, in memory bounded by the longest row.
///
/// Quoting is RFC 4180's: a field that starts with the quote runs to the closing quote, line ends and all; a doubled
/// quote is one. A quote inside an unquoted field is a character like any other. LF, CRLF and CR end a row outside
/// quotes. Lines without a character are passed over.
///
/// Where a line breaks these rules, only that physical line is lost: reading goes on at the next one. So a quote that
/// never closes costs one row and not the rest of the file.
struct CSVReader {
    /// The longest row, in bytes; a quote that does not close within it is taken as never closing.
    static let rowBytesMax = 4 << 20

    /// What `next` came upon.
    enum Found {
        /// `row` holds the next row.
        case row
        /// The line starting at `line` is no row.
        case defect(line: Int, cause: String)
        case end
    }

    /// The row that `next` found.
    private(set) var row = CSVRow()
    /// Bytes of the file read so far.
    private(set) var bytesRead: Int64 = 0

    private let source: ByteSource
    private let decoder: TextDecoder
    private let dialect: CSVDialect
    private var buffer: [UInt8] = []
    private var position = 0
    private var line = 1
    private var atEnd = false
    private var atStart = true

    init(source: ByteSource, dialect: CSVDialect) throws(ImportError) {
        self.source = source
        self.dialect = dialect
        decoder = try TextDecoder(dialect.encoding, name: source.name)
    }

    /// Finds the next row.
    mutating func next() throws(ImportError) -> Found {
        while true {
            if position == buffer.count {
                if atEnd { return .end }
                try refill()
                continue
            }
            switch scanRow() {
            case .complete(let end, let lines):
                let start = position
                row.line = line
                position = end
                line += lines
                if row.ends.isEmpty { continue }
                if let cause = encodingDefect(start..<end) { return .defect(line: row.line, cause: cause) }
                return .row
            case .more:
                if buffer.count - position > Self.rowBytesMax {
                    return try passLine(
                        "the row, or a quote in it that is not closed, is longer than \(Self.rowBytesMax >> 20) MiB")
                }
                try refill()
            case .defect(let cause):
                return try passLine(cause)
            }
        }
    }

    // MARK: One row

    private enum Step {
        /// The row ends before `end`, after `lines` physical lines.
        case complete(end: Int, lines: Int)
        /// The buffer ends within the row.
        case more
        case defect(String)
    }

    /// Splits the row at `position` into `row`; without a field if the line is blank.
    private mutating func scanRow() -> Step {
        row.bytes.removeAll(keepingCapacity: true)
        row.ends.removeAll(keepingCapacity: true)
        let count = buffer.count
        var index = position
        var lines = 1
        if let end = lineEnd(at: index) { return end == 0 ? .more : .complete(end: end, lines: 1) }
        let delimiter: UInt8? = if case .byte(let byte) = dialect.delimiter { byte } else { nil }
        while true {
            if delimiter == nil {
                while index < count, ASCII.isBlank(buffer[index]) { index += 1 }
                if index == count { return atEnd ? .complete(end: index, lines: lines) : .more }
                if let end = lineEnd(at: index) { return end == 0 ? .more : .complete(end: end, lines: lines) }
            }
            if index < count, let quote = dialect.quote, buffer[index] == quote {
                if let stop = scanQuoted(quote, &index, &lines) { return stop }
            } else {
                let start = index
                while index < count, !endsField(buffer[index], delimiter) { index += 1 }
                row.bytes.append(contentsOf: buffer[start..<index])
            }
            row.ends.append(row.bytes.count)
            if index == count { return atEnd ? .complete(end: index, lines: lines) : .more }
            if let end = lineEnd(at: index) { return end == 0 ? .more : .complete(end: end, lines: lines) }
            guard endsField(buffer[index], delimiter) else {
                return .defect("text follows a closing quote; double the quotes inside a field, or say `quote: none`")
            }
            index += 1
        }
    }

    @inline(__always)
    private func endsField(_ byte: UInt8, _ delimiter: UInt8?) -> Bool {
        if byte == ASCII.lineFeed || byte == ASCII.carriageReturn { return true }
        return delimiter.map { byte == $0 } ?? ASCII.isBlank(byte)
    }

    /// Where the next line starts if a line end is at `index`, 0 if that is not known yet; `nil` if none is there.
    @inline(__always)
    private func lineEnd(at index: Int) -> Int? {
        switch buffer[index] {
        case ASCII.lineFeed: return index + 1
        case ASCII.carriageReturn:
            if index + 1 < buffer.count { return buffer[index + 1] == ASCII.lineFeed ? index + 2 : index + 1 }
            return atEnd ? index + 1 : 0
        default: return nil
        }
    }

    /// Takes a quoted field, `index` being at its opening quote; `nil` once it is closed.
    private mutating func scanQuoted(_ quote: UInt8, _ index: inout Int, _ lines: inout Int) -> Step? {
        let count = buffer.count
        index += 1
        var start = index
        while true {
            while index < count, buffer[index] != quote {
                let byte = buffer[index]
                if byte == ASCII.lineFeed {
                    lines += 1
                } else if byte == ASCII.carriageReturn, index + 1 == count || buffer[index + 1] != ASCII.lineFeed {
                    lines += 1
                }
                index += 1
            }
            if index == count { return atEnd ? .defect("a quote is opened and never closed") : .more }
            if index + 1 == count, !atEnd { return .more }
            row.bytes.append(contentsOf: buffer[start..<index])
            index += 1
            guard index < count, buffer[index] == quote else { return nil }
            // A doubled quote: its second half is text.
            start = index
            index += 1
        }
    }

    // MARK: Defects

    /// Gives up the physical line at `position`, and only that.
    private mutating func passLine(_ cause: String) throws(ImportError) -> Found {
        let defective = line
        while true {
            var index = position
            while index < buffer.count {
                if let end = lineEnd(at: index) {
                    if end == 0 { break }
                    position = end
                    line += 1
                    return .defect(line: defective, cause: cause)
                }
                index += 1
            }
            if atEnd {
                position = buffer.count
                return .defect(line: defective, cause: cause)
            }
            position = index
            try refill()
        }
    }

    /// Why the bytes of the row cannot be text; `nil` if they can.
    private func encodingDefect(_ range: Range<Int>) -> String? {
        do {
            _ = try UTF8Span(validating: buffer.span.extracting(range))
            return nil
        } catch {
            let offset = error.byteOffsets.lowerBound
            guard dialect.encoding == .utf8 else {
                return "holds bytes that are not \(dialect.encoding.title); check `encoding` under `file`"
            }
            let byte = String(buffer[range.lowerBound + offset], radix: 16, uppercase: true)
            return "byte 0x\(byte) at place \(offset + 1) of the row is not UTF-8; "
                + "if the file is another encoding, say `file: {encoding: latin1}` or `gb18030`"
        }
    }

    // MARK: Bytes

    /// Drops what is read and appends the next chunk.
    private mutating func refill() throws(ImportError) {
        if position > 0 {
            buffer.removeSubrange(..<position)
            position = 0
        }
        let chunk = try source.next()
        bytesRead += Int64(chunk.count)
        if atStart {
            atStart = false
            let isUTF16 = chunk.starts(with: [0xFF, 0xFE]) || chunk.starts(with: [0xFE, 0xFF])
            guard !isUTF16 else {
                throw ImportError(
                    code: .file, place: source.name,
                    message: "is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8.csv")
            }
            decoder.decode(chunk, isLast: chunk.isEmpty, to: &buffer)
            if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        } else {
            decoder.decode(chunk, isLast: chunk.isEmpty, to: &buffer)
        }
        atEnd = chunk.isEmpty
    }
}

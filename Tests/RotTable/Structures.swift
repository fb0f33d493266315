package import EventLog
import SystemPackage

/// A stretch of bytes of one log file that means one thing, as `LogFormat.md` lays it out.
package struct Stretch: Sendable {
    /// The table's row.
    package var row: String
    /// The file.
    package var path: String
    /// Its bytes.
    package var bytes: Range<Int>
    /// What `verify` must call it; nil = it means nothing.
    package var structure: LogStructure?
    /// Where in the file `verify` may say the damage is.
    package var places: ClosedRange<Int>
    /// The events that depend on it; nil = all can be read without it.
    package var events: Range<UInt64>?
    /// Whether every bit of it is turned, not only a sample.
    package var isSmall: Bool
}

/// Finds the stretches of a log's files, by the layout alone.
package struct Structures {
    /// All stretches, file by file.
    package private(set) var stretches: [Stretch] = []
    private let files: MemoryFiles

    /// The stretches of a log that is whole.
    package init(of log: SampleLog) {
        files = log.files
        for path in files.paths where path.hasSuffix(".lz4") { segment(path) }
        for path in files.paths where path.hasSuffix(".run") { run(path) }
        stretches.append(
            Stretch(
                row: "head word", path: SampleLog.directory.appending("head").string, bytes: 0..<8, structure: .head,
                places: 0...0, events: nil, isSmall: true))
    }

    private mutating func add(
        _ row: String, _ path: String, _ bytes: Range<Int>, _ structure: LogStructure?,
        places: ClosedRange<Int>? = nil, events: Range<UInt64>? = nil, isSmall: Bool = false
    ) {
        guard !bytes.isEmpty else { return }
        stretches.append(
            Stretch(
                row: row, path: path, bytes: bytes, structure: structure,
                places: places ?? bytes.lowerBound...bytes.lowerBound, events: events, isSmall: isSmall))
    }

    // MARK: Segments

    private mutating func segment(_ path: String) {
        let data = files.bytes(path)
        let state = Self.state(data)
        var batches: [(row: String, bytes: Range<Int>, isFrame: Bool, events: Range<UInt64>)] = []
        var offset = 104
        var footer: Int?
        while offset + 12 <= data.count {
            let length = 8 + Int(data.number(offset + 4, 4))
            let kind = String(decoding: data[(offset + 8)..<(offset + 12)], as: UTF8.self)
            if kind == "TLS1" { room(path, offset, data.count) }
            if kind == "TLF1" { footer = offset }
            guard kind == "TLD1" else { break }
            let first = data.number(offset + 32, 8)
            let events = first..<(first + data.number(offset + 40, 4))
            let frame = offset + length
            let end = frame + Int(data.number(offset + 48, 4))
            let packing = data.number(offset + 90, 2) == 1 ? "packed columns" : "columns"
            let types = Self.typesEnd(data, offset)
            batches.append(("directory, fixed part", offset..<(offset + 96), false, events))
            batches.append(("directory, types", (offset + 96)..<types, false, events))
            batches.append(("directory, " + packing, types..<frame, false, events))
            batches.append(("LZ4 frame, its header", frame..<(frame + 15), true, events))
            batches.append(("LZ4 frame, its body", (frame + 15)..<end, true, events))
            offset = end
        }
        let whole = batches.first.map { $0.events.lowerBound..<(batches.last?.events.upperBound ?? 0) }
        add("\(state): segment header", path, 0..<104, .header, events: whole, isSmall: true)
        var start = 0
        for batch in batches {
            if batch.row.hasSuffix("fixed part") || batch.row.hasSuffix("its header") { start = batch.bytes.lowerBound }
            add(
                "\(state): \(batch.row)", path, batch.bytes, batch.isFrame ? .frame : .directory,
                places: start...start, events: batch.events,
                isSmall: batch.row.hasSuffix("fixed part") || batch.row.hasSuffix("its header"))
        }
        if let footer { self.footer(path, data, footer, state) }
    }

    private static func state(_ data: [UInt8]) -> String {
        guard data.suffix(8).elementsEqual("TLSEGEND".utf8) else { return "active" }
        let footer = data.count - Int(data.number(data.count - 16, 8))
        return data.number(footer + 132, 4) & 1 == 1 ? "repacked" : "closed"
    }

    /// Where the types of a plain directory end; those of a packed one cannot be told from the columns.
    private static func typesEnd(_ data: [UInt8], _ offset: Int) -> Int {
        guard data.number(offset + 90, 2) == 0 else { return offset + 96 }
        return (0..<data.number(offset + 88, 2)).reduce(offset + 96) { end, _ in end + 1 + Int(data[end]) }
    }

    private mutating func room(_ path: String, _ offset: Int, _ end: Int) {
        add("active: room ahead, its head", path, offset..<(offset + 12), nil, isSmall: true)
        add("active: room ahead", path, (offset + 12)..<end, nil)
    }

    private mutating func footer(_ path: String, _ data: [UInt8], _ footer: Int, _ state: String) {
        let sections = Int(data.number(footer + 128, 4))
        let table = footer + 136
        let tableEnd = table + sections * 40
        add("\(state): footer, fixed part", path, footer..<table, .footer, isSmall: true)
        add(
            "\(state): footer, table of sections", path, table..<tableEnd, .footer, places: footer...footer,
            isSmall: true)
        for entry in stride(from: table, to: tableEnd, by: 40) {
            let name = String(decoding: data[entry..<(entry + 8)].prefix { $0 != 0 }, as: UTF8.self)
            let start = Int(data.number(entry + 16, 8))
            let end = start + Int(data.number(entry + 24, 8))
            add(
                "\(state): footer, section \(name)", path, start..<end, .footer,
                places: name == "subjects" ? start...end : footer...footer)
        }
        add(
            "\(state): footer, trailer", path, (data.count - 16)..<data.count, .footer, places: footer...footer,
            isSmall: true)
    }

    // MARK: Index

    private mutating func run(_ path: String) {
        let data = files.bytes(path)
        let first = data.number(32, 8)
        let segments = files.paths.count { name in
            guard name.hasSuffix(".lz4") else { return false }
            let start = files.bytes(name).number(48, 8)
            return start >= first && start < data.number(40, 8)
        }
        let state = segments > 1 ? "joined run" : "run"
        add("\(state): header", path, 0..<96, .index, places: 0...0, isSmall: true)
        add("\(state): header, zeros", path, 96..<4_092, .index, places: 0...0)
        add("\(state): header, checksum", path, 4_092..<4_096, .index, places: 0...0, isSmall: true)
        var start = 4_096
        for (name, at, bytes) in [("ids", 56, 4_096), ("subjects", 80, 4_096)] {
            let end = start + Int(data.number(at, 8)) * bytes
            for block in stride(from: start, to: end, by: bytes) {
                add("\(state): entries of \(name)", path, block..<(block + bytes), .index)
            }
            start = end
        }
        for (name, at) in [("ids", 64), ("subjects", 88)] {
            let end = start + Int(data.number(at, 8)) * 64
            for line in stride(from: start, to: end, by: 64) {
                add("\(state): Bloom filter of \(name)", path, line..<(line + 64), .index)
            }
            start = end
        }
    }
}

extension [UInt8] {
    /// An unsigned number of so many bytes, lowest first.
    func number(_ offset: Int, _ bytes: Int) -> UInt64 {
        self[offset..<(offset + bytes)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

import CViewRows
import EventLog

/// Rows of one table as bytes, in the form that `view_rows_run` takes.
///
/// A row costs no allocation of its own once it is in here, and its texts no reference.
struct RowBytes: Sendable {
    /// The rows, and behind them room for more.
    private var room: [UInt8] = []
    /// How much of the room is filled.
    private var used = 0
    /// The number of rows.
    private(set) var count = 0

    /// The rows.
    var bytes: ArraySlice<UInt8> { room[..<used] }

    /// Adds a row.
    mutating func append(_ row: Span<SQLValue>) {
        count += 1
        var most = MemoryLayout<UInt16>.size
        for index in row.indices { most += RowWriter.mostBytes(row[index]) }
        if room.count - used < most { grow(most) }
        used = room.withUnsafeMutableBytes { room in
            var writer = RowWriter(room, at: used)
            writer.write(UInt16(clamping: row.count))
            for index in row.indices { writer.write(row[index]) }
            return writer.end
        }
    }

    /// Adds a row.
    mutating func append(_ row: [SQLValue]) { append(row.span) }

    /// Takes all rows out and keeps the room they had.
    mutating func removeAll() {
        used = 0
        count = 0
    }

    @inline(never)
    private mutating func grow(_ needed: Int) {
        room.append(contentsOf: repeatElement(0, count: max(needed, room.count, 256)))
    }

    /// The rows as values: for whoever looks at them one by one.
    var rows: [[SQLValue]] {
        var rest = bytes
        var rows: [[SQLValue]] = []
        while !rest.isEmpty {
            let count: UInt16 = Self.number(from: &rest)
            rows.append((0..<count).map { _ in Self.value(from: &rest) })
        }
        return rows
    }

    private static func value(from rest: inout ArraySlice<UInt8>) -> SQLValue {
        switch Int(rest.popFirst() ?? 0) {
        case Int(VIEW_ROWS_INTEGER):
            return .integer(number(from: &rest))
        case Int(VIEW_ROWS_REAL):
            return .real(Double(bitPattern: number(from: &rest)))
        case Int(VIEW_ROWS_TEXT):
            let length: UInt32 = number(from: &rest)
            defer { rest = rest.dropFirst(Int(length)) }
            return .text(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
        default:
            return .null
        }
    }

    private static func number<Number: FixedWidthInteger>(from rest: inout ArraySlice<UInt8>) -> Number {
        var number = Number.zero
        withUnsafeMutableBytes(of: &number) { $0.copyBytes(from: rest.prefix(MemoryLayout<Number>.size)) }
        rest = rest.dropFirst(MemoryLayout<Number>.size)
        return number
    }
}

/// Writes values behind one another.
///
/// Every write is checked against the room's end by whoever made it: there is room for `mostBytes` of each value.
private struct RowWriter {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var end: Int

    init(_ room: UnsafeMutableRawBufferPointer, at start: Int) {
        self.room = room
        end = start
    }

    /// The most bytes that a value takes.
    @inline(__always)
    static func mostBytes(_ value: borrowing SQLValue) -> Int {
        switch value {
        case .null: 1
        case .integer, .real: 9
        case .text(let text): 5 + text.utf8.count
        case .instant: 5 + instantBytes
        }
    }

    private static let instantBytes = 27

    @inline(__always)
    mutating func write(_ value: borrowing SQLValue) {
        switch value {
        case .null:
            write(UInt8(VIEW_ROWS_NULL))
        case .integer(let integer):
            write(UInt8(VIEW_ROWS_INTEGER))
            write(integer)
        case .real(let real):
            write(UInt8(VIEW_ROWS_REAL))
            write(real.bitPattern)
        case .text(let text):
            write(UInt8(VIEW_ROWS_TEXT))
            let utf8 = text.utf8.span
            write(UInt32(clamping: utf8.count))
            utf8.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: room[end..<(end + bytes.count)]).copyMemory(from: bytes)
            }
            end += utf8.count
        case .instant(let instant):
            write(UInt8(VIEW_ROWS_TEXT))
            write(UInt32(Self.instantBytes))
            let words = instant.rfc3339Words
            write(words.0.littleEndian)
            write(words.1.littleEndian)
            write(words.2.littleEndian)
            // Its first byte is the last one of the word before.
            end -= 1
            write(words.3.littleEndian)
        }
    }

    @inline(__always)
    mutating func write<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
        room.storeBytes(of: number, toByteOffset: end, as: Number.self)
        end += MemoryLayout<Number>.size
    }
}

import CViewRows

/// Rows of one table as bytes, in the form that `view_rows_run` takes.
///
/// A row costs no allocation of its own once it is in here, and its texts no reference.
struct RowBytes: Sendable {
    private(set) var bytes: [UInt8] = []
    /// The number of rows.
    private(set) var count = 0

    /// Adds a row.
    mutating func append(_ row: [SQLValue]) {
        count += 1
        append(raw: UInt16(row.count))
        for value in row { append(value) }
    }

    /// Takes all rows out and keeps the room they had.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    private mutating func append(_ value: SQLValue) {
        switch value {
        case .null:
            bytes.append(UInt8(VIEW_ROWS_NULL))
        case .integer(let integer):
            bytes.append(UInt8(VIEW_ROWS_INTEGER))
            append(raw: integer)
        case .real(let real):
            bytes.append(UInt8(VIEW_ROWS_REAL))
            append(raw: real.bitPattern)
        case .text(var text):
            bytes.append(UInt8(VIEW_ROWS_TEXT))
            text.withUTF8 { utf8 in
                append(raw: UInt32(clamping: utf8.count))
                bytes.append(contentsOf: utf8)
            }
        }
    }

    private mutating func append<Number: BitwiseCopyable & FixedWidthInteger>(raw number: Number) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    /// The rows as values: for whoever looks at them one by one.
    var rows: [[SQLValue]] {
        var rest = bytes[...]
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

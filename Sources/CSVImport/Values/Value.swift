import CRM
import EventLog

/// What a mapping says of one value, its columns found in the header.
indirect enum Value {
    /// Literal text and columns, one after the other.
    case template([TemplatePart])
    /// The first that is not empty.
    case first([Value])
    case product([Value])
    case magnitude(Value)
    /// The sum over the rows of a group; the number is its place among the rule's sums.
    case sum(Int)
    case number(DecimalAmount)
    case lookup(LookupTable, by: Value, column: Int)
    case mapped(Value, ValueMap)
    /// A time spelled by one of the patterns.
    case time(Value, [TimePattern])
    case object([Member])
    case list([Value])

    /// Whether the value is no text in the mapping, but made of the row.
    var isConstant: Bool {
        if case .template(let parts) = self { return parts.allSatisfy(\.isText) }
        return false
    }

    /// The text of a value that is the same for every row; `nil` for others.
    var constantText: String? {
        guard case .template(let parts) = self else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard case .text(let text) = part else { return nil }
            bytes += text
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A piece of a template.
enum TemplatePart {
    case text([UInt8])
    case column(Int)
    case rowNumber

    var isText: Bool { if case .text = self { true } else { false } }
}

/// One key of `data`, or of an object within it.
final class Member {
    let name: String
    /// The key as JSON, with quotes and colon.
    let jsonKey: [UInt8]
    let value: Value

    init(name: String, value: Value) {
        self.name = name
        jsonKey = JSONText.string(name) + [UInt8(ascii: ":")]
        self.value = value
    }
}

/// `map: {from: to, "*": else}`.
struct ValueMap {
    var entries: [[UInt8]: Value] = [:]
    /// For values that have no entry.
    var otherwise: Value?
    /// For an empty value.
    var whenEmpty: Value?

    /// Every value it can give.
    var targets: [Value] { Array(entries.values) + [otherwise, whenEmpty].compactMap { $0 } }
}

/// A small CSV held in memory, read by key.
final class LookupTable {
    let name: String
    let header: Header
    private let rows: [[UInt8]: [[UInt8]]]

    init(name: String, header: Header, rows: [[UInt8]: [[UInt8]]]) {
        self.name = name
        self.header = header
        self.rows = rows
    }

    /// The field of the first row with this key; `nil` without such a row.
    func value(_ key: [UInt8], column: Int) -> [UInt8]? {
        guard let row = rows[key], column < row.count else { return nil }
        return row[column]
    }
}

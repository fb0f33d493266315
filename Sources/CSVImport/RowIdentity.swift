import Crypto

/// What tells a row from all others: a hash of its fields.
struct RowIdentity {
    private let digest: [UInt8]

    init(_ row: CSVRow) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(row.bytes.count + 4 * row.count)
        for index in 0..<row.count { Self.appendField(row, index, to: &bytes) }
        digest = Array(SHA256.hash(data: bytes))
    }

    /// Eight bytes of the hash, to count equal rows by.
    var short: UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// The default id: sixteen letters for the row, the rule's number and, from the second equal row on, which it is.
    func id(rule: Int, ordinal: Int) -> String {
        let id = Base64URL.text(digest[8..<20]) + "-\(rule)"
        return ordinal == 1 ? id : id + "-\(ordinal)"
    }

    /// Appends a field's length and bytes.
    static func appendField(_ row: CSVRow, _ index: Int, to bytes: inout [UInt8]) {
        let range = row.range(index)
        let count = UInt32(truncatingIfNeeded: range.count)
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        bytes += row.bytes[range]
    }
}

/// Base 64 with letters that need no escape anywhere.
enum Base64URL {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The text of `bytes`, whose number is a multiple of three.
    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        var group: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            group = group << 8 | UInt32(byte)
            if index % 3 == 2 {
                for shift in [18, 12, 6, 0] as [UInt32] { text.append(letters[Int(group >> shift & 63)]) }
                group = 0
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

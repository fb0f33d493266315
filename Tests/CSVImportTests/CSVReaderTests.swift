import Foundation
import Testing

@testable import CSVImport

@Suite struct CSVReaderTests {
    private func fields(_ text: String, _ dialect: CSVDialect = CSVDialect()) throws -> [[String]] {
        try Importing.rows(Array(text.utf8), dialect).map(\.fields)
    }

    @Test func quotesHoldDelimitersQuotesAndLineEnds() throws {
        let text = "a,\"b,c\",\"d \"\"e\"\" f\"\r\n\"line 1\nline 2\",\"\",\"\"\"\"\n\"x\r\ny\",z,\"\"\"\"\"\"\r\n"
        let rows = try Importing.rows(Array(text.utf8))
        #expect(
            rows.map(\.fields) == [["a", "b,c", "d \"e\" f"], ["line 1\nline 2", "", "\""], ["x\r\ny", "z", "\"\""]])
        #expect(rows.map(\.line) == [1, 2, 4])
    }

    @Test func everyLineEndEndsARow() throws {
        #expect(try fields("a,b\nc,d\r\ne,f\rg,h") == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]])
        #expect(try Importing.rows(Array("a\r\rb\n\r\n\nc".utf8)).map(\.line) == [1, 3, 6])
    }

    @Test func emptyFieldsAreFieldsAndBlankLinesAreNothing() throws {
        #expect(try fields(",\n\n,,\na,\n\n\n") == [["", ""], ["", "", ""], ["a", ""]])
        #expect(try fields("") == [])
        #expect(try fields("\n\r\n\r") == [])
        #expect(try fields("a,b,") == [["a", "b", ""]])
    }

    @Test func byteOrderMarkIsDropped() throws {
        #expect(try fields("\u{FEFF}a,b\n\u{FEFF}c,d") == [["a", "b"], ["\u{FEFF}c", "d"]])
        #expect(try fields("\u{FEFF}\"a\",b") == [["a", "b"]])
    }

    @Test func aQuoteWithinAFieldIsText() throws {
        #expect(try fields("5\" disk,a\"b\n") == [["5\" disk", "a\"b"]])
        #expect(try fields("\"a\",\"b", CSVDialect(quote: nil)) == [["\"a\"", "\"b"]])
        #expect(try fields("'a,b',c", CSVDialect(quote: UInt8(ascii: "'"))) == [["a,b", "c"]])
    }

    @Test func runsOfBlanksSeparateIfTheMappingSaysSo() throws {
        let dialect = CSVDialect(delimiter: .whitespace)
        #expect(try fields("  a   b\tc  \r\n\n   \nd e f\n", dialect) == [["a", "b", "c"], ["d", "e", "f"]])
        #expect(try fields(" \"a b\"  c", dialect) == [["a b", "c"]])
    }

    @Test func tabsAndOtherCharactersSeparate() throws {
        #expect(try fields("a\tb c\t\n", CSVDialect(delimiter: .byte(0x09))) == [["a", "b c", ""]])
        #expect(try fields("a|b,c|d", CSVDialect(delimiter: .byte(0x7C))) == [["a", "b,c", "d"]])
    }

    @Test func aBrokenQuoteCostsOneLine() throws {
        let rows = try Importing.rows(Array("a,b\nc,\"d\ne,f\ng,h\n".utf8))
        #expect(rows.map(\.line) == [1, 2, 3, 4])
        #expect(rows.map(\.fields) == [["a", "b"], [], ["e", "f"], ["g", "h"]])
        #expect(rows[1].cause == "a quote is opened and never closed")
        let after = try Importing.rows(Array("a,\"b\"c,d\ne,f".utf8))
        #expect(after.map(\.fields) == [[], ["e", "f"]])
        #expect(after[0].cause?.contains("follows a closing quote") == true)
    }

    @Test func badBytesCostTheirRow() throws {
        let rows = try Importing.rows(Array("a,b\n".utf8) + [0x63, 0xE9, 0x2C, 0x64, 0x0A] + Array("e,f\n".utf8))
        #expect(rows.map(\.fields) == [["a", "b"], [], ["e", "f"]])
        #expect(rows[1].line == 2)
        #expect(rows[1].cause?.contains("0xE9 at place 2") == true)
        #expect(rows[1].cause?.contains("encoding: latin1") == true)
        // A character cut in two by a delimiter is not mended by putting the fields side by side.
        let cut = try Importing.rows([0xC3, 0x2C, 0xA9, 0x0A])
        #expect(cut[0].cause != nil)
    }

    @Test func rowsCrossChunks() throws {
        var text = ""
        var wanted: [[String]] = []
        for number in 0..<60_000 {
            let note = "line \(number)\nwith \"quotes\", é and 客户 \(String(repeating: "x", count: number % 50))"
            text += "\(number),\"\(note.replacing("\"", with: "\"\""))\"\r\n"
            wanted.append(["\(number)", note])
        }
        #expect(text.utf8.count > 3 * ByteSource.chunkBytes)
        let rows = try Importing.rows(Array(text.utf8))
        #expect(rows.map(\.fields) == wanted)
        #expect(rows.last?.line == 2 * 59_999 + 1)
    }

    @Test func aRowLongerThanTheLimitIsPassed() throws {
        let line = String(repeating: "y", count: 9_999) + "\n"
        let long = "a,\"" + String(repeating: line, count: CSVReader.rowBytesMax / 9_000) + "b,c\n"
        let rows = try Importing.rows(Array(long.utf8))
        #expect(rows.first?.cause?.contains("longer than 4 MiB") == true)
        #expect(rows.last?.fields == ["b", "c"])
    }

    @Test func gb18030IsReadWhole() throws {
        // 客户 in two bytes each, then U+20087 (four bytes 95 32 90 31) and U+00E9's four or two bytes, then |.
        let bytes: [UInt8] = [0xBF, 0xCD, 0xBB, 0xA7, 0x2C, 0x95, 0x32, 0x90, 0x31, 0x2C, 0xA8, 0xA6, 0x0A]
        #expect(try Importing.rows(bytes, CSVDialect(encoding: .gb18030)).map(\.fields) == [["客户", "𠂇", "é"]])
    }

    @Test func gb18030TrailBytesAreNoDelimiters() throws {
        // 倈 is 0x82 0x7C: its second byte is the bar.
        let bytes: [UInt8] = [0x82, 0x7C, 0x7C, 0x61, 0x0A, 0x62, 0x7C, 0xFF, 0x0A, 0x63, 0x7C, 0x64]
        let rows = try Importing.rows(bytes, CSVDialect(delimiter: .byte(0x7C), encoding: .gb18030))
        #expect(rows.map(\.fields) == [["倈", "a"], [], ["c", "d"]])
        #expect(rows[1].cause?.contains("not GB18030") == true)
    }

    @Test func gb18030CharactersCrossChunks() throws {
        // An odd byte first, so that two- and four-byte characters lie across every chunk's end.
        var bytes: [UInt8] = [0x61]
        for _ in 0..<(ByteSource.chunkBytes / 6) { bytes += [0xBF, 0xCD, 0x95, 0x32, 0x90, 0x31] }
        for _ in 0..<(ByteSource.chunkBytes / 6) { bytes += [0xBF, 0xCD, 0x95, 0x32, 0x90, 0x31] }
        let rows = try Importing.rows(bytes, CSVDialect(encoding: .gb18030))
        #expect(rows.count == 1)
        #expect(rows[0].fields == ["a" + String(repeating: "客𠂇", count: 2 * (ByteSource.chunkBytes / 6))])
    }

    @Test func latin1HasItsPrintableCharacters() throws {
        let bytes: [UInt8] = [0x63, 0x61, 0x66, 0xE9, 0x2C, 0x80, 0x2C, 0xA3, 0x35]
        #expect(try Importing.rows(bytes, CSVDialect(encoding: .latin1)).map(\.fields) == [["café", "€", "£5"]])
    }

    @Test func utf16IsNamed() throws {
        #expect(throws: ImportError.self) { try Importing.rows([0xFF, 0xFE, 0x61, 0x00]) }
    }

    /// Whatever fields are written by the rules of RFC 4180 are read back, with any delimiter, quote and line end.
    @Test(arguments: 0..<40) func writtenRowsReadBack(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let delimiter = [",", ";", "\t", "|"].randomElement(using: &random) ?? ","
        let quote = ["\"", "'"].randomElement(using: &random) ?? "\""
        let end = ["\n", "\r\n", "\r"].randomElement(using: &random) ?? "\n"
        let pieces = ["a", "客户", " ", delimiter, quote, quote + quote, "\n", "\r\n", "\r", "", "𠂇", "x y", "{", "0"]
        let width = Int.random(in: 1...6, using: &random)
        var text = ""
        var wanted: [[String]] = []
        for _ in 0..<200 {
            let row = (0..<width).map { _ in
                (0..<Int.random(in: 0...5, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                    .joined()
            }
            let written = row.map { field in
                let special = Set("\r\n".utf8).union(delimiter.utf8).union(quote.utf8)
                let needs = field.utf8.contains { special.contains($0) }
                guard needs || row == [""] || Bool.random(using: &random) else { return field }
                return quote + field.replacing(quote, with: quote + quote) + quote
            }
            text += written.joined(separator: delimiter) + end
            wanted.append(row)
        }
        let dialect = CSVDialect(
            delimiter: .byte(Array(delimiter.utf8)[0]), quote: Array(quote.utf8)[0], encoding: .utf8)
        let read = try fields(text, dialect)
        #expect(read.count == wanted.count)
        for (found, row) in zip(read, wanted) where found != row {
            Issue.record("read \(found) where \(row) was written")
            break
        }
    }
}

/// The same numbers every time (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// How a file's bytes spell text.
enum TextEncoding: String, CaseIterable, Sendable {
    case utf8 = "utf-8"
    case gb18030
    /// Windows-1252, which is Latin-1 with printable characters in place of 32 control codes.
    case latin1

    /// The encoding by any of its usual names.
    init?(name: String) {
        switch name.lowercased().filter({ $0 != "-" && $0 != "_" }) {
        case "utf8", "utf8sig", "ascii": self = .utf8
        case "gb18030", "gbk", "gb2312", "cp936": self = .gb18030
        case "latin1", "iso88591", "windows1252", "cp1252": self = .latin1
        default: return nil
        }
    }

    /// The name in a message.
    var title: String {
        switch self {
        case .utf8: "UTF-8"
        case .gb18030: "GB18030"
        case .latin1: "Latin-1"
        }
    }
}

/// Turns a file's bytes, chunk by chunk, into UTF-8.
///
/// UTF-8 passes unchanged: the CSV reader checks it row by row. Where GB18030 bytes stand for no character, the byte
/// 0xFF comes out, which is never valid UTF-8; so a bad row of either encoding is found in one place.
struct TextDecoder {
    let encoding: TextEncoding
    private let gb18030: GB18030Converter?

    init(_ encoding: TextEncoding, name: String) throws(ImportError) {
        self.encoding = encoding
        if encoding == .gb18030 {
            guard let converter = GB18030Converter() else {
                throw ImportError(
                    code: .file, place: name,
                    message: "this system's iconv knows no GB18030; convert the file to UTF-8 first")
            }
            gb18030 = converter
        } else {
            gb18030 = nil
        }
    }

    /// Appends the text of `chunk` to `text`.
    ///
    /// The last chunk settles what was still incomplete.
    func decode(_ chunk: [UInt8], isLast: Bool, to text: inout [UInt8]) {
        switch encoding {
        case .utf8: text.append(contentsOf: chunk)
        case .gb18030: gb18030?.convert(chunk, isLast: isLast, to: &text)
        case .latin1:
            var start = 0
            while start < chunk.count {
                let end = chunk[start...].firstIndex { $0 >= 0x80 } ?? chunk.count
                text.append(contentsOf: chunk[start..<end])
                if end < chunk.count { text.append(contentsOf: Self.windows1252[Int(chunk[end]) - 0x80]) }
                start = end + 1
            }
        }
    }

    /// The UTF-8 of bytes 0x80 to 0xFF.
    ///
    /// The five that Windows-1252 leaves open stay control codes, as browsers have it.
    private static let windows1252: [[UInt8]] = {
        let first: [UInt32] = [
            0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
            0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
            0x0153, 0x9D, 0x017E, 0x0178,
        ]
        return (first + Array(0xA0...0xFF)).map { value in
            Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
        }
    }()
}

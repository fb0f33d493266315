/// What a mapping's `file` section says: how the file is to be read.
struct FileOptions {
    var dialect = CSVDialect()
    /// Whether the first row names the columns.
    var hasHeader = true
    /// The columns' names where the mapping gives them.
    var columns: [String]?
    var numbers = NumberStyle.plain

    static let keys = ["delimiter", "header", "columns", "encoding", "quote", "decimal"]

    init() {}

    /// Reads the section's members.
    init(_ members: [String: MappingNode]) throws(ImportError) {
        if let node = members["delimiter"] { dialect.delimiter = try Self.delimiter(node) }
        if let node = members["encoding"] {
            guard let encoding = TextEncoding(name: try node.requireText("an encoding")) else {
                throw node.error("must be utf-8, gb18030 or latin1; convert other files with iconv")
            }
            dialect.encoding = encoding
        }
        if let node = members["quote"] { dialect.quote = try Self.quote(node) }
        if let node = members["columns"] {
            guard node.isList else { throw node.error("must be a list of names, as in [customer, date, amount]") }
            var names: [String] = []
            for element in node.elements { names.append(try element.requireText("a column's name")) }
            guard !names.isEmpty else { throw node.error("must name at least one column") }
            columns = names
        }
        hasHeader = columns == nil
        if let node = members["header"] { hasHeader = try node.requireBoolean() }
        guard hasHeader || columns != nil else {
            throw members["header"]?.error(
                "without a header, name the columns, as in `columns: [customer, date, amount]`")
                ?? ImportError(code: .mapping, place: "file", message: "name the columns")
        }
        if let node = members["decimal"] { numbers = try Self.numbers(node) }
        if case .byte(let byte) = dialect.delimiter, byte == dialect.quote {
            throw members["delimiter"]?.error("delimiter and quote must differ")
                ?? members["quote"]?.error("delimiter and quote must differ")
                ?? ImportError(code: .mapping, place: "file", message: "delimiter and quote must differ")
        }
    }

    private static func delimiter(_ node: MappingNode) throws(ImportError) -> CSVDialect.Delimiter {
        let text = try node.requireText("one character, tab or whitespace")
        switch text {
        case "tab", "\\t": return .byte(0x09)
        case "whitespace": return .whitespace
        case "comma": return .byte(UInt8(ascii: ","))
        case "semicolon": return .byte(UInt8(ascii: ";"))
        default:
            guard let byte = text.utf8.first, text.utf8.count == 1, byte < 0x80, byte != 0x0A, byte != 0x0D else {
                throw node.error("must be one ASCII character in quotes, as in \";\" or \"|\", or tab, or whitespace")
            }
            return .byte(byte)
        }
    }

    private static func quote(_ node: MappingNode) throws(ImportError) -> UInt8? {
        let text = try node.requireText("one character, or none")
        if text.isEmpty || text == "none" { return nil }
        guard let byte = text.utf8.first, text.utf8.count == 1, byte < 0x80, byte > 0x20 else {
            throw node.error("must be one ASCII character, as in \"'\", or none")
        }
        return byte
    }

    private static func numbers(_ node: MappingNode) throws(ImportError) -> NumberStyle {
        switch try node.requireText("\".\" or \",\"") {
        case ".": return .point
        case ",": return .comma
        default: throw node.error("must be \".\" (1,234.50) or \",\" (1.234,50)")
        }
    }
}

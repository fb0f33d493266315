import GRDBSQLite

/// SQLite's LIKE in time proportional to text times pattern.
///
/// SQLite's own tries every way to fit a pattern of many `%`, which can take for ever, inside one step that no handler
/// interrupts. Here a `%` that fits early is never given up for an earlier one, which changes no answer.
enum LikeFunction {
    /// Puts the function in the place of SQLite's own.
    ///
    /// The pointers that SQLite hands to it are its own and live for the call.
    static func register(_ connection: OpaquePointer) {
        for arguments in [2, 3] as [Int32] {
            sqlite3_create_function_v2(
                connection, "like", arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nil,
                { context, count, values in
                    guard let values, let pattern = LikeFunction.text(values[0]),
                        let text = LikeFunction.text(values[1])
                    else { return sqlite3_result_null(context) }
                    let escape = count > 2 ? LikeFunction.text(values[2])?.first : nil
                    sqlite3_result_int(context, LikeFunction.matches(text, pattern, escape: escape) ? 1 : 0)
                }, nil, nil, nil)
        }
    }

    private static func text(_ value: OpaquePointer?) -> [Unicode.Scalar]? {
        guard let bytes = sqlite3_value_text(value) else { return nil }
        return Array(String(cString: bytes).unicodeScalars)
    }

    /// Whether a text fits a pattern: `%` is any text, `_` one character, Latin letters fit in either case.
    static func matches(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar], escape: Unicode.Scalar?) -> Bool {
        let parts = parse(pattern, escape)
        var (place, part) = (0, 0)
        /// Where the last `%` stood and how far the text was then.
        var retry: (part: Int, place: Int)?
        while place < text.count {
            if part < parts.count, parts[part] == .any {
                retry = (part, place)
                part += 1
            } else if part < parts.count, parts[part] == .one || parts[part] == .scalar(folded(text[place])) {
                place += 1
                part += 1
            } else if let last = retry {
                retry = (last.part, last.place + 1)
                (part, place) = (last.part + 1, last.place + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .any }
    }

    private enum Part: Equatable { case any, one, scalar(Unicode.Scalar) }

    private static func parse(_ pattern: [Unicode.Scalar], _ escape: Unicode.Scalar?) -> [Part] {
        var parts: [Part] = []
        var isEscaped = false
        for scalar in pattern {
            if !isEscaped, scalar == escape {
                isEscaped = true
                continue
            }
            parts.append(
                !isEscaped && scalar == "%" ? .any : !isEscaped && scalar == "_" ? .one : .scalar(folded(scalar)))
            isEscaped = false
        }
        return parts
    }

    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar
    }
}

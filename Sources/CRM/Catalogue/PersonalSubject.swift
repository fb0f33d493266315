/// Tells subjects that are personal values from customer ids.
///
/// The log is never rewritten, so a subject must not be personal. The rule, for a subject or what follows its `lead:`
/// or `tel:`:
/// - **e-mail address**: something, `@`, something with a point in it, no blanks;
/// - **phone number**: nothing but digits, blanks and `-.()/` after an optional `+`, and
///   - a `+` and 8 to 15 digits, or
///   - 11 digits that start with 13 to 19 (a Chinese mobile number), also after 86 or 0086, or
///   - blanks or punctuation between 10 to 15 digits, and written the way phone numbers are: an area code that starts
///     with 0 but not 00, or stands in brackets, or groups of 3-3-4 digits.
///
/// Plain numbers that are not 11 digits long are ids, whatever they start with; so are numbers that are grouped in
/// other ways.
public enum PersonalSubject {
    /// What a subject looks like.
    public enum Look: String, Sendable {
        /// An e-mail address.
        case email = "an e-mail address"
        /// A phone number.
        case phone = "a phone number"
    }

    /// What `subject` looks like; `nil` for an id.
    public static func look(of subject: String) -> Look? {
        let text = subject.utf8.span
        var start = 0
        if hasPrefix(text, "lead:") { start = 5 }
        if hasPrefix(text, "tel:") { start = 4 }
        let body = text.extracting(start..<text.count)
        guard body.count >= 5 else { return nil }
        if isEmail(body) { return .email }
        return isPhone(body) ? .phone : nil
    }

    private static func hasPrefix(_ text: Span<UInt8>, _ prefix: StaticString) -> Bool {
        guard text.count >= prefix.utf8CodeUnitCount else { return false }
        return prefix.withUTF8Buffer { letters in
            for index in 0..<letters.count where text[index] != letters[index] { return false }
            return true
        }
    }

    private static func isEmail(_ text: Span<UInt8>) -> Bool {
        var at: Int?
        var point: Int?
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "@"):
                guard at == nil else { return false }
                at = index
            case UInt8(ascii: "."): if at != nil { point = index }
            case 0...0x20: return false
            default: break
            }
        }
        guard let at, let point else { return false }
        return at > 0 && point > at + 1 && point < text.count - 1
    }

    /// The digits of a text and how they are grouped.
    private struct Number {
        var digits: [UInt8] = []
        var groups: [Int] = []
        var hasPlus = false
        var hasBracket = false
        var isGrouped: Bool { groups.count > 1 || hasBracket }
    }

    private static func isPhone(_ text: Span<UInt8>) -> Bool {
        // Most ids have a letter: nothing is collected for them.
        for index in 0..<text.count where !isPhoneByte(text[index]) { return false }
        guard let number = number(text) else { return false }
        let count = number.digits.count
        if number.hasPlus { return (8...15).contains(count) }
        if isChineseMobile(number.digits[...]) { return true }
        guard number.isGrouped, (10...15).contains(count) else { return false }
        let startsWithZero = number.digits[0] == 0 && number.digits[1] != 0
        return startsWithZero || number.hasBracket || number.groups.suffix(3) == [3, 3, 4] && number.groups.count <= 4
    }

    private static func isPhoneByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    private static func number(_ text: Span<UInt8>) -> Number? {
        var number = Number()
        var group = 0
        for index in 0..<text.count {
            let byte = text[index]
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                number.digits.append(byte - UInt8(ascii: "0"))
                group += 1
                continue
            }
            if group > 0 { number.groups.append(group) }
            group = 0
            if byte == UInt8(ascii: "+") {
                guard number.digits.isEmpty, !number.hasPlus else { return nil }
                number.hasPlus = true
            }
            if byte == UInt8(ascii: "(") { number.hasBracket = true }
        }
        if group > 0 { number.groups.append(group) }
        return number
    }

    private static func isChineseMobile(_ digits: ArraySlice<UInt8>) -> Bool {
        var digits = digits
        if digits.count == 15, digits.starts(with: [0, 0, 8, 6]) { digits = digits.dropFirst(4) }
        if digits.count == 13, digits.starts(with: [8, 6]) { digits = digits.dropFirst(2) }
        return digits.count == 11 && digits.first == 1 && (digits.dropFirst().first ?? 0) >= 3
    }
}

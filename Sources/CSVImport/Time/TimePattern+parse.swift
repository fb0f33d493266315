import EventLog

extension TimePattern {
    /// The time that `text` (without blanks at its ends) spells; `nil` if it is not of this pattern.
    func parse(_ text: ArraySlice<UInt8>) -> LocalTime? {
        for tokens in alternatives {
            if let time = TimePattern.parse(text, tokens) { return time }
        }
        return nil
    }

    private struct Parts {
        var year = 0
        var month = 0
        var day = 0
        var hour = 0
        var minute = 0
        var second = 0
        var fraction: ArraySlice<UInt8> = []
        var isAfternoon: Bool?
        var offset: Int?
    }

    private static func parse(_ text: ArraySlice<UInt8>, _ tokens: [Token]) -> LocalTime? {
        if case .unix(let isMilliseconds) = tokens.first { return unixTime(text, isMilliseconds: isMilliseconds) }
        var cursor = DigitCursor(text)
        var parts = Parts()
        for (place, token) in tokens.enumerated() {
            let isBesideDigits =
                (place + 1 < tokens.count && tokens[place + 1].isNumeric) || (place > 0 && tokens[place - 1].isNumeric)
            guard take(token, isBesideDigits, &cursor, &parts) else { return nil }
        }
        guard cursor.isAtEnd, let date = CivilDate(year: parts.year, month: parts.month, day: parts.day),
            parts.hour <= 23, parts.minute <= 59, parts.second <= 59
        else { return nil }
        if let isAfternoon = parts.isAfternoon {
            guard (1...12).contains(parts.hour) else { return nil }
            parts.hour = parts.hour % 12 + (isAfternoon ? 12 : 0)
        }
        return LocalTime(
            date: date, hour: parts.hour, minute: parts.minute, second: parts.second, fraction: parts.fraction,
            offsetMinutes: parts.offset)
    }

    /// Reads what `token` stands for; whether it was there.
    private static func take(
        _ token: Token, _ isBesideDigits: Bool, _ cursor: inout DigitCursor, _ parts: inout Parts
    ) -> Bool {
        // A number may lack its leading zero, unless another one touches it.
        let width = isBesideDigits ? 2...2 : 1...2
        switch token {
        case .year: return assign(&parts.year, cursor.number(digits: 4...4))
        case .shortYear:
            guard let value = cursor.number(digits: 2...2) else { return false }
            parts.year = value + (value < 69 ? 2_000 : 1_900)
            return true
        case .month: return assign(&parts.month, cursor.number(digits: width))
        case .day: return assign(&parts.day, cursor.number(digits: width))
        case .hour, .halfDayHour: return assign(&parts.hour, cursor.number(digits: width))
        case .minute: return assign(&parts.minute, cursor.number(digits: width))
        case .second: return assign(&parts.second, cursor.number(digits: width))
        case .fraction:
            parts.fraction = cursor.digits()
            return !parts.fraction.isEmpty
        case .monthName:
            guard let month = month(named: cursor.run(while: ASCII.isLetter)) else { return false }
            parts.month = month
            _ = cursor.take(UInt8(ascii: "."))
            return true
        case .weekday: return cursor.run(while: ASCII.isLetter).count >= 2
        case .halfDay: return takeHalfDay(&cursor, &parts)
        case .zone:
            _ = cursor.skipBlanks()
            parts.offset = ZoneOffset.parse(
                cursor.run { ASCII.isLetter($0) || ASCII.isDigit($0) || "+-:".utf8.contains($0) })
            return parts.offset != nil
        case .blank: return cursor.skipBlanks()
        case .literal(let byte): return cursor.take(byte)
        case .unix: return false
        }
    }

    private static func assign(_ part: inout Int, _ value: Int?) -> Bool {
        guard let value else { return false }
        part = value
        return true
    }

    private static func takeHalfDay(_ cursor: inout DigitCursor, _ parts: inout Parts) -> Bool {
        if cursor.take(Array("上午".utf8)) {
            parts.isAfternoon = false
            return true
        }
        if cursor.take(Array("下午".utf8)) {
            parts.isAfternoon = true
            return true
        }
        let letters = cursor.run { ASCII.isLetter($0) || $0 == UInt8(ascii: ".") }
            .filter { $0 != UInt8(ascii: ".") }.map { $0 | 0x20 }
        guard letters == Array("am".utf8) || letters == Array("pm".utf8) else { return false }
        parts.isAfternoon = letters[0] == UInt8(ascii: "p")
        return true
    }

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]

    /// A month by its English name or the first three letters of it (`sept` too).
    private static func month(named name: ArraySlice<UInt8>) -> Int? {
        let letters = String(decoding: name, as: UTF8.self).lowercased()
        guard letters.count >= 3 else { return nil }
        return months.firstIndex { $0 == letters || (letters.count <= 4 && $0.hasPrefix(letters)) }.map { $0 + 1 }
    }

    /// Seconds or milliseconds since 1970 in decimal text.
    private static func unixTime(_ text: ArraySlice<UInt8>, isMilliseconds: Bool) -> LocalTime? {
        var cursor = DigitCursor(text)
        let isNegative = cursor.take(UInt8(ascii: "-"))
        let whole = cursor.digits()
        guard !whole.isEmpty, whole.count <= 15, var number = Int(String(decoding: whole, as: UTF8.self)) else {
            return nil
        }
        var fraction: ArraySlice<UInt8> = []
        if cursor.take(UInt8(ascii: ".")) { fraction = cursor.digits() }
        guard cursor.isAtEnd, !isNegative || fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        if isNegative { number = -number }
        if isMilliseconds {
            let milliseconds = ((number % 1_000) + 1_000) % 1_000
            number = (number - milliseconds) / 1_000
            var digits: [UInt8] = []
            Decimal.append(milliseconds, width: 3, to: &digits)
            fraction = milliseconds == 0 ? [] : ArraySlice(digits)
        } else if fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) {
            fraction = []
        }
        guard (-62_135_596_800...253_402_300_799).contains(number) else { return nil }
        let day = (number >= 0 ? number : number - 86_399) / 86_400
        let rest = number - day * 86_400
        return LocalTime(
            date: CivilDate(daysSinceEpoch: day), hour: rest / 3_600, minute: rest / 60 % 60, second: rest % 60,
            fraction: fraction, offsetMinutes: 0)
    }
}

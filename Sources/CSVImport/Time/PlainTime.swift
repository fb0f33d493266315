import EventLog

/// Times that need no `format`: RFC 3339 and what is near it.
///
/// `yyyy-MM-dd` or `yyyy/MM/dd`, then perhaps `T` or blanks and `HH:mm`, `HH:mm:ss` or `HH:mm:ss.f…`, then perhaps a
/// zone. Months, days and hours may have one digit.
enum PlainTime {
    /// The time that `text` (without blanks at its ends) spells; `nil` if it is of no such form.
    static func parse(_ text: ArraySlice<UInt8>) -> LocalTime? {
        var cursor = DigitCursor(text)
        guard let year = cursor.number(digits: 4...4), let mark = cursor.take(where: { $0 == 0x2D || $0 == 0x2F }),
            let month = cursor.number(digits: 1...2), cursor.take(where: { $0 == mark }) != nil,
            let day = cursor.number(digits: 1...2), let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var time = LocalTime(date: date)
        if cursor.isAtEnd { return time }
        if cursor.take(where: { $0 | 0x20 == UInt8(ascii: "t") && $0 > 0x40 }) == nil {
            guard cursor.skipBlanks() else { return nil }
        }
        guard let hour = cursor.number(digits: 1...2), cursor.take(UInt8(ascii: ":")),
            let minute = cursor.number(digits: 2...2), hour <= 23, minute <= 59
        else { return nil }
        (time.hour, time.minute) = (hour, minute)
        if cursor.take(UInt8(ascii: ":")) {
            guard let second = cursor.number(digits: 2...2), second <= 59 else { return nil }
            time.second = second
            if cursor.take(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") }) != nil {
                time.fraction = cursor.digits()
                guard !time.fraction.isEmpty else { return nil }
            }
        }
        _ = cursor.skipBlanks()
        if cursor.isAtEnd { return time }
        guard let offset = ZoneOffset.parse(cursor.rest) else { return nil }
        time.offsetMinutes = offset
        return time
    }
}

/// Reads digits and marks from left to right.
struct DigitCursor {
    private let text: ArraySlice<UInt8>
    private var index: Int

    init(_ text: ArraySlice<UInt8>) {
        self.text = text
        index = text.startIndex
    }

    var isAtEnd: Bool { index == text.endIndex }
    var rest: ArraySlice<UInt8> { text[index...] }

    /// The number that the next digits spell, as many as `digits` allows at most; `nil` if there are too few.
    mutating func number(digits: ClosedRange<Int>) -> Int? {
        var value = 0
        var count = 0
        while count < digits.upperBound, index < text.endIndex, ASCII.isDigit(text[index]) {
            value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
            count += 1
            index += 1
        }
        return count < digits.lowerBound ? nil : value
    }

    /// All digits that come next.
    mutating func digits() -> ArraySlice<UInt8> {
        let start = index
        while index < text.endIndex, ASCII.isDigit(text[index]) { index += 1 }
        return text[start..<index]
    }

    /// All bytes that come next and fulfil the condition.
    mutating func run(while condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = index
        while index < text.endIndex, condition(text[index]) { index += 1 }
        return text[start..<index]
    }

    mutating func take(_ byte: UInt8) -> Bool { take(where: { $0 == byte }) != nil }

    /// The next byte, if it fulfils the condition.
    mutating func take(where condition: (UInt8) -> Bool) -> UInt8? {
        guard index < text.endIndex, condition(text[index]) else { return nil }
        index += 1
        return text[index - 1]
    }

    mutating func take(_ bytes: [UInt8]) -> Bool {
        guard text[index...].starts(with: bytes) else { return false }
        index += bytes.count
        return true
    }

    /// Passes blanks; whether there were any.
    mutating func skipBlanks() -> Bool {
        let start = index
        while index < text.endIndex, ASCII.isBlank(text[index]) { index += 1 }
        return index > start
    }
}

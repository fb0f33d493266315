import EventLog

/// How a column spells times: the value of `format`.
///
/// Letters as in most date libraries: `yyyy yy M MM MMM MMMM d dd E EEEE H HH h hh m mm s ss S a X Z`, optional parts
/// in `[…]`, literal text in `'…'`; other characters, and `T`, stand for themselves. `unix` and `unix_ms` are seconds
/// and milliseconds since 1970.
struct TimePattern: Equatable, Sendable {
    /// The pattern as written.
    let text: String
    /// The pattern with and without its optional parts, the longest first.
    let alternatives: [[Token]]

    /// One piece of a pattern.
    enum Token: Equatable, Sendable {
        case year, shortYear, month, monthName, day, weekday
        case hour, halfDayHour, minute, second, fraction, halfDay
        case zone
        case blank
        case literal(UInt8)
        case unix(isMilliseconds: Bool)
    }

    /// Whether every text of this pattern names its zone.
    var hasZone: Bool { alternatives.allSatisfy { $0.contains { $0 == .zone || $0.isUnix } } }

    /// Whether it tells more than a day.
    var hasTime: Bool {
        alternatives.contains { $0.contains { $0 == .hour || $0 == .halfDayHour || $0.isUnix } }
    }

    /// Reads a pattern; a failure says what is wrong with it.
    init(_ text: String) throws(RowFault) {
        self.text = text
        if text == "unix" || text == "unix_ms" {
            alternatives = [[.unix(isMilliseconds: text == "unix_ms")]]
            return
        }
        var parser = TimePatternParser(text)
        alternatives = try parser.parse()
        for tokens in alternatives {
            guard tokens.contains(.year) || tokens.contains(.shortYear), tokens.contains(.day),
                tokens.contains(.month) || tokens.contains(.monthName)
            else { throw RowFault("the format \"\(text)\" needs a year (yyyy), a month (MM) and a day (dd)") }
            guard !tokens.contains(.halfDayHour) || tokens.contains(.halfDay) else {
                throw RowFault("the format \"\(text)\" has h, hours to 12, without a (AM or PM); H counts to 23")
            }
        }
    }
}

extension TimePattern.Token {
    var isUnix: Bool { if case .unix = self { true } else { false } }

    /// Whether the token is spelled in digits, so that the one before it must know its width.
    var isNumeric: Bool {
        switch self {
        case .year, .shortYear, .month, .day, .hour, .halfDayHour, .minute, .second, .fraction: true
        default: false
        }
    }
}

/// Turns a pattern's text into tokens.
private struct TimePatternParser {
    private let text: String
    private let characters: [Character]
    private var index = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func parse() throws(RowFault) -> [[TimePattern.Token]] {
        let result = try sequence(isOptional: false)
        guard index == characters.count else {
            throw RowFault("the format \"\(text)\" closes a ] that it did not open")
        }
        return result
    }

    /// All spellings up to the end, or to the `]` that closes an optional part.
    private mutating func sequence(isOptional: Bool) throws(RowFault) -> [[TimePattern.Token]] {
        var spellings: [[TimePattern.Token]] = [[]]
        while index < characters.count {
            let character = characters[index]
            if character == "]" {
                if isOptional { return spellings }
                break
            }
            if character == "[" {
                index += 1
                let inner = try sequence(isOptional: true)
                guard index < characters.count else {
                    throw RowFault("the format \"\(text)\" opens a [ and does not close it")
                }
                index += 1
                spellings = spellings.flatMap { head in inner.map { head + $0 } } + spellings
                guard spellings.count <= 64 else {
                    throw RowFault("the format \"\(text)\" has too many optional parts")
                }
                continue
            }
            let tokens = try piece()
            spellings = spellings.map { $0 + tokens }
        }
        return spellings
    }

    /// The tokens of the next letters, quotation or character.
    private mutating func piece() throws(RowFault) -> [TimePattern.Token] {
        let character = characters[index]
        if character == "'" { return try quotation() }
        guard character.isASCII, character.isLetter, character != "T" else {
            index += 1
            if character == " " { return [.blank] }
            return String(character).utf8.map { .literal($0) }
        }
        var width = 0
        while index < characters.count, characters[index] == character {
            width += 1
            index += 1
        }
        let run = String(repeating: character, count: width)
        switch (character, width) {
        case ("y", 4): return [.year]
        case ("y", 2): return [.shortYear]
        case ("M", 1...2): return [.month]
        case ("M", 3...4): return [.monthName]
        case ("d", 1...2): return [.day]
        case ("E", 1...4): return [.weekday]
        case ("H", 1...2): return [.hour]
        case ("h", 1...2): return [.halfDayHour]
        case ("m", 1...2): return [.minute]
        case ("s", 1...2): return [.second]
        case ("S", 1...9): return [.fraction]
        case ("a", 1): return [.halfDay]
        case ("X", 1...3), ("Z", 1...5), ("x", 1...3), ("z", 1): return [.zone]
        default:
            throw RowFault(
                "the format \"\(text)\" holds \"\(run)\"; known are yyyy yy M MM MMM d dd H HH h hh m mm s ss S a E X Z, "
                    + "and literal letters stand in '…'")
        }
    }

    private mutating func quotation() throws(RowFault) -> [TimePattern.Token] {
        index += 1
        var literal = ""
        while index < characters.count {
            let character = characters[index]
            index += 1
            if character != "'" {
                literal.append(character)
            } else if index < characters.count, characters[index] == "'" {
                literal.append("'")
                index += 1
            } else {
                return (literal.isEmpty ? "'" : literal).utf8.map { .literal($0) }
            }
        }
        throw RowFault("the format \"\(text)\" opens a ' and does not close it")
    }
}

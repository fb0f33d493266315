import CRM
import EventLog

/// What the values of one column look like.
struct ColumnProfile {
    let name: String
    /// Values with something in them.
    private(set) var filled = 0
    private(set) var empty = 0
    private(set) var distinct = 0
    private(set) var isNumber = false
    private(set) var hasNegative = false
    /// How its times are spelled; `nil` if they are none, `""` if they need no format.
    private(set) var timeFormat: String?
    /// Another format that fits every value as well.
    private(set) var otherFormat: String?
    /// Whether every time names its zone.
    private(set) var hasZone = false
    /// Whether a value looks like a phone number or an e-mail address.
    private(set) var looksPersonal = false
    private(set) var samples: [String] = []

    init(name: String, values: [String], numbers: NumberStyle) {
        self.name = name
        let cells = values.filter { $0.utf8.contains { !ASCII.isBlank($0) } }
        filled = cells.count
        empty = values.count - cells.count
        guard !cells.isEmpty else { return }
        let distinctCells = Set(cells)
        distinct = distinctCells.count
        samples = Array(cells.prefix(3))
        let parsed = cells.map { numbers.parse(ArraySlice($0.utf8)) }
        isNumber = parsed.allSatisfy { $0 != nil }
        hasNegative = parsed.contains { $0?.isNegative ?? false }
        looksPersonal = cells.prefix(200).contains { PersonalSubject.look(of: $0) != nil }
        findTimeFormat(distinctCells)
    }

    private mutating func findTimeFormat(_ cells: Set<String>) {
        if !isNumber {
            let times = cells.map { PlainTime.parse(ASCII.trimmed(ArraySlice($0.utf8))) }
            if times.allSatisfy({ $0 != nil }) {
                timeFormat = ""
                hasZone = times.allSatisfy { $0?.offsetMinutes != nil }
                return
            }
        }
        for candidate in Self.candidates {
            let digits = Self.digits(candidate)
            guard let pattern = try? TimePattern(candidate), isNumber == (digits != nil) else { continue }
            let fits = cells.allSatisfy { cell in
                if let digits, cell.prefix(while: \.isNumber).utf8.count != digits { return false }
                guard let time = pattern.parse(ASCII.trimmed(ArraySlice(cell.utf8))) else { return false }
                return (1900...2100).contains(time.date.year)
            }
            guard fits else { continue }
            guard timeFormat == nil else {
                otherFormat = candidate
                return
            }
            timeFormat = candidate
            hasZone = pattern.hasZone
        }
    }

    /// How many digits a format made of digits has.
    ///
    /// Ten digits are seconds from 2001 on, thirteen milliseconds: a number of any other length is no moment.
    private static func digits(_ format: String) -> Int? {
        ["yyyyMMdd": 8, "yyyyMMddHHmmss": 14, "unix": 10, "unix_ms": 13][format]
    }

    /// Formats in the order in which they are tried.
    static let candidates: [String] = {
        var list = ["yyyyMMdd", "yyyyMMddHHmmss"]
        for date in [
            "M/d/yyyy", "d/M/yyyy", "d.M.yyyy", "d-M-yyyy", "yyyy.M.d", "M/d/yy", "d/M/yy", "d.M.yy", "d-MMM-yyyy",
            "d MMM yyyy", "MMM d, yyyy", "d-MMM-yy", "yyyy年M月d日",
        ] {
            list.append(date + "[ H:mm[:ss[.S]]]")
            list.append(date + " h:mm[:ss] a")
        }
        for date in ["yyyy年M月d日", "yyyy/M/d", "yyyy-M-d"] {
            for gap in [" ", ""] {
                list += [date + gap + "ah:mm[:ss]", date + gap + "a h:mm[:ss]"]
                if date.hasSuffix("日") { list.append(date + gap + "H时m分[s秒]") }
            }
        }
        list.append("yyyy年M月d日H:mm[:ss]")
        return list + ["unix", "unix_ms"]
    }()

    // MARK: Names

    /// Whether the name holds one of these words; short ones only as a word of their own.
    func isCalled(_ words: [String]) -> Bool {
        let lower = name.lowercased()
        return words.contains { word in
            guard word == "id" else { return lower.contains(word) }
            return name.hasSuffix("ID") || name.hasSuffix("Id") || lower.split { !$0.isLetter }.contains("id")
        }
    }

    /// Whether it is safe and sensible as a customer id.
    var canBeSubject: Bool { filled > 0 && !looksPersonal && timeFormat == nil && !isCategory }

    /// Whether the values are a handful that come again and again, as no customers do.
    private var isCategory: Bool { filled >= 6 && distinct <= max(2, min(20, filled / 500)) }
}

@testable import CRM
@testable import CSVImport
@testable import EventLog

// Short texts: moments, amounts, patterns.

extension FuzzTarget {
    /// RFC 3339 moments and calendar dates: what is read is written as the same moment.
    package static let instant = FuzzTarget(
        name: "instant", bytesMax: 64,
        check: { bytes in
            if let instant = try? Instant(rfc3339: bytes.span) {
                try require(instant >= .earliest && instant <= .latest, "a moment is within the years 0001 to 9999")
                let text = instant.rfc3339
                try require(text.utf8.count == 27, "a moment is written in 27 letters")
                try require((try? Instant(rfc3339: text)) == instant, "a moment that is written is read again")
                let day = CivilDate(daysSinceEpoch: instant.dayInUTC)
                try require(text.hasPrefix(day.text), "a moment is on its day")
            }
            if let date = CivilDate(bytes.span) {
                try require(date.text.utf8.elementsEqual(bytes), "a date is written as it was read")
                try require(CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date, "a date is its day")
            }
            _ = PlainTime.parse(bytes[...])
        },
        seeds: { lines in
            [
                "2026-03-01T08:30:00Z", "2026-02-28T23:59:60.123456789+23:59", "0001-01-01t00:00:00.000001z",
                "9999-12-31T23:59:59-00:01", "2024-02-29", "2026/3/1 8:30,5 +0800",
            ].map { Array($0.utf8) }
        })

    /// Decimal numbers and what is worked out with them: exact, or refused.
    package static let amount = FuzzTarget(
        name: "amount", bytesMax: 128,
        check: { bytes in
            let parts = bytes.split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
            let amounts = parts.compactMap { DecimalAmount(utf8: $0) }
            for amount in amounts {
                let text = amount.description
                let again = DecimalAmount(text)
                try require(again == amount && again?.scale == amount.scale, "\(text) is read as it was written")
                _ = (amount.approximation, amount.trimmed(), amount.magnitude, amount.hashValue)
            }
            if amounts.count == 2 { try checkArithmetic(amounts[0], amounts[1]) }
            for style in [NumberStyle.plain, .point, .comma] {
                guard let amount = style.parse(bytes[...]) else { continue }
                try require(DecimalAmount(amount.description) == amount, "a cell's number is read again")
            }
            // A whole number is the same in both readings.
            if let whole = JSONText.wholeNumber(bytes.span), let amount = DecimalAmount(utf8: bytes) {
                try require(amount == DecimalAmount(whole), "\(whole) is whole")
            }
        },
        seeds: { _ in
            [
                "129.90 10.10", "-12 1.25e3", "1e-38 170141183460469231731687303715884105727", "1.234,50", "1,234.50",
                "-0.00 0", "3.00e2",
            ].map { Array($0.utf8) }
        })

    /// Globs of event types, against a plain matcher.
    package static let glob = FuzzTarget(
        name: "glob", bytesMax: 64,
        check: { bytes in
            let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return }
            let pattern = String(decoding: parts[0], as: UTF8.self)
            let type = String(decoding: parts[1], as: UTF8.self)
            let filter = TypeFilter([pattern])
            let expected = matches(Array(pattern.unicodeScalars)[...], Array(type.unicodeScalars)[...])
            try require(filter.matches(type) == expected, "\"\(pattern)\" and \"\(type)\": \(expected)")
            try require(TypeFilter(["never", pattern]).matches(type) == expected || type == "never", "one of several")
        },
        seeds: { _ in
            ["purchase.*\npurchase.completed", "*.opened\ncomplaint.opened", "a?c*e\nabcde", "x.é?\nx.éa", "*\n"].map {
                Array($0.utf8)
            }
        })

    /// Patterns of times, and cells read by them: a cell's time is written as RFC 3339.
    package static let time = FuzzTarget(
        name: "time", bytesMax: 256,
        check: { bytes in
            let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return }
            let pattern = try? TimePattern(String(decoding: parts[0], as: UTF8.self))
            let times = [pattern?.parse(parts[1]), PlainTime.parse(parts[1])]
            for time in times.compactMap({ $0 }) {
                var text: [UInt8] = []
                do throws(RowFault) { try time.appendRFC3339(clock: clock, to: &text) } catch { continue }
                let shown = String(decoding: text, as: UTF8.self)
                try require((try? Instant(rfc3339: text.span)) != nil, "\(shown) is a moment")
            }
            _ = ZoneOffset.parse(parts[1])
        },
        seeds: { _ in
            [
                "dd/MM/yyyy HH:mm\n01/03/2026 08:30", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]\n2026-03-01T08:30:00.123+08:00",
                "d MMM yy h:mm a\n1 Mar 26 8:30 pm", "unix_ms\n1772353801482", "EEE MMM dd HH:mm:ss z yyyy\nSun x",
                "yyyy年M月d日 ah:mm\n2026年3月1日 下午8:30",
            ].map { Array($0.utf8) }
        })

    private static var clock: ZoneClock? { ZoneClock("Europe/London") }

    private static func checkArithmetic(_ left: DecimalAmount, _ right: DecimalAmount) throws {
        if let sum = left.adding(right) {
            try require(right.adding(left) == sum, "sums do not depend on the order")
            if let back = sum.subtracting(right) { try require(back == left, "a sum less one addend is the other") }
        }
        try require(left.multiplied(by: right) == right.multiplied(by: left), "products do not depend on the order")
        try require([left < right, left == right, right < left].count { $0 } == 1, "one of less, equal, greater")
        if left == right { try require(left.hashValue == right.hashValue, "equal amounts have equal hashes") }
        if let difference = left.subtracting(right) {
            try require(difference.isNegative == (left < right), "a negative difference is of the lesser")
        }
    }

    /// The definition, by recursion.
    private static func matches(_ glob: ArraySlice<Unicode.Scalar>, _ text: ArraySlice<Unicode.Scalar>) -> Bool {
        // For each end of the pattern, which ends of the text it matches: quadratic, never exponential.
        var ends: Set<Int> = [text.startIndex]
        for letter in glob {
            switch letter {
            case "*": ends = ends.isEmpty ? [] : Set((ends.min() ?? text.endIndex)...text.endIndex)
            case "?": ends = Set(ends.filter { $0 < text.endIndex }.map { $0 + 1 })
            default: ends = Set(ends.filter { $0 < text.endIndex && text[$0] == letter }.map { $0 + 1 })
            }
        }
        return ends.contains(text.endIndex)
    }
}

import Foundation

/// What the clocks of one zone show.
///
/// A local time that a change of clocks skips is taken as if the clocks had not changed yet, so it moves forward by the
/// gap; one that happens twice is its first occurrence. That is the rule of RFC 5545.
///
/// Not thread-safe: it remembers the offset of each day it was asked for.
final class ZoneClock {
    private let zone: TimeZone
    private var offsets: [Int: Int] = [:]

    /// The zone by its IANA name, or `±hh:mm`; `nil` if there is no such zone.
    init?(_ name: String) {
        if let offset = ZoneOffset.parse(ArraySlice(name.utf8)) {
            guard let fixed = TimeZone(secondsFromGMT: offset * 60) else { return nil }
            zone = fixed
        } else {
            guard name.contains("/") || TimeZone.knownTimeZoneIdentifiers.contains(name),
                let known = TimeZone(identifier: name)
            else { return nil }
            zone = known
        }
    }

    /// Names of zones that `name` may have meant.
    static func suggestions(for name: String) -> [String] {
        let near = Nearby.names(to: name, among: TimeZone.knownTimeZoneIdentifiers)
        return near.isEmpty ? ["Europe/London", "Asia/Shanghai", "UTC"] : near
    }

    /// The moment at which the zone's clocks show `local` (seconds since 1970 as they show it), and the offset from UTC
    /// that they have at that moment.
    func moment(ofLocal local: Int) -> (seconds: Int, offset: Int) {
        let day = (local >= 0 ? local : local - 86_399) / 86_400
        if let offset = offsets[day] { return (local - offset, offset) }
        // No zone is a whole day from UTC, so the clocks of this local day lie between these two moments.
        let before = offset(at: day * 86_400 - 86_400)
        let after = offset(at: day * 86_400 + 2 * 86_400)
        if before == after, offset(at: day * 86_400 - before) == before,
            offset(at: day * 86_400 + 86_399 - before) == before
        {
            if offsets.count > 100_000 { offsets.removeAll() }
            offsets[day] = before
            return (local - before, before)
        }
        let early = offset(at: local - 86_400)
        let late = offset(at: local + 86_400)
        for candidate in [early, late] where offset(at: local - candidate) == candidate {
            return (local - candidate, candidate)
        }
        return (local - early, offset(at: local - early))
    }

    private func offset(at seconds: Int) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    }
}

/// Offsets from UTC as text.
enum ZoneOffset {
    /// Minutes east of UTC from `Z`, `UTC`, `GMT`, `+08`, `+0800` or `+08:00`; `nil` for anything else.
    static func parse(_ text: ArraySlice<UInt8>) -> Int? {
        guard let first = text.first else { return nil }
        if ASCII.isLetter(first) {
            let name = text.map { $0 | 0x20 }
            return name == Array("z".utf8) || name == Array("utc".utf8) || name == Array("gmt".utf8) ? 0 : nil
        }
        guard first == UInt8(ascii: "+") || first == UInt8(ascii: "-") else { return nil }
        var digits: [Int] = []
        for (place, byte) in text.dropFirst().enumerated() {
            if byte == UInt8(ascii: ":"), place == 2, text.count == 6 { continue }
            guard ASCII.isDigit(byte) else { return nil }
            digits.append(Int(byte - UInt8(ascii: "0")))
        }
        guard digits.count == 2 || digits.count == 4 else { return nil }
        let hours = digits[0] * 10 + digits[1]
        let minutes = digits.count == 4 ? digits[2] * 10 + digits[3] : 0
        guard hours <= 23, minutes <= 59 else { return nil }
        let total = hours * 60 + minutes
        return first == UInt8(ascii: "-") ? -total : total
    }
}

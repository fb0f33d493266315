/// How the views write moments.
package enum ReferenceText {
    /// RFC 3339 in UTC with six digits.
    package static func instant(_ microseconds: Int64) -> String {
        let utc = ReferenceCalendar(zone: "UTC")
        let day = utc.day(microseconds)
        let rest = microseconds - Int64(day) * 86_400_000_000
        func pad(_ number: Int64, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
        }
        let seconds = rest / 1_000_000
        return ReferenceCalendar.text(day) + "T" + pad(seconds / 3600, 2) + ":" + pad(seconds / 60 % 60, 2) + ":"
            + pad(seconds % 60, 2) + "." + pad(rest % 1_000_000, 6) + "Z"
    }
}

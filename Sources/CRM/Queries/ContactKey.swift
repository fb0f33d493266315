/// Phone numbers and e-mail addresses brought to one spelling, so that the same one is found however it is written.
enum ContactKey {
    /// Fewer digits are no phone number.
    private static let phoneDigitsMin = 7

    /// A phone number as `+` and digits; `nil` if the text holds none.
    ///
    /// Whatever is no digit is left out; full-width digits count as digits. `+` or `00` before them says that the
    /// country comes first. Else the number is taken as one of China, +86: a leading 0 is dropped, and so is an 86
    /// before a mobile number of eleven digits. After +86, too, a leading 0 is dropped.
    static func phone(_ text: String) -> String? {
        var digits: [UInt8] = []
        var isInternational = false
        for scalar in text.unicodeScalars {
            let value = scalar.value
            if (0x30...0x39).contains(value) {
                digits.append(UInt8(value))
            } else if (0xFF10...0xFF19).contains(value) {
                digits.append(UInt8(value - 0xFF10 + 0x30))
            } else if digits.isEmpty, value == 0x2B || value == 0xFF0B {
                isInternational = true
            }
        }
        let zero = UInt8(ascii: "0")
        if !isInternational, digits.starts(with: [zero, zero]) {
            isInternational = true
            digits.removeFirst(2)
        }
        let home = Array("86".utf8)
        let isHome =
            isInternational
            ? digits.starts(with: home)
            : digits.count == 13 && digits.starts(with: home) && digits[2] == UInt8(ascii: "1")
        if isHome { digits.removeFirst(2) }
        if isHome || !isInternational, digits.first == zero { digits.removeFirst() }
        guard digits.count >= phoneDigitsMin else { return nil }
        let country = isHome || !isInternational ? "86" : ""
        return "+" + country + String(decoding: digits, as: UTF8.self)
    }

    /// An e-mail address without blanks around it, in lower case; `nil` if there is no @ between other characters.
    ///
    /// Dots and tags before the @ stay: whether they matter is the provider's to say.
    static func email(_ text: String) -> String? {
        let trimmed = text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
        let address = String(trimmed).lowercased()
        guard let at = address.firstIndex(of: "@"), at > address.startIndex,
            address.index(after: at) < address.endIndex
        else { return nil }
        return address
    }
}

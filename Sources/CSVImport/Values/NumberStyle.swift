import CRM

/// How a file's cells spell numbers.
enum NumberStyle: Sendable {
    /// Digits and a point; nothing groups thousands. What applies if the mapping says nothing.
    case plain
    /// `decimal: "."`: a point, and commas may group thousands.
    case point
    /// `decimal: ","`: a comma, and points or blanks may group thousands.
    case comma

    /// The number that a cell holds; `nil` if it holds none.
    ///
    /// Blanks around it do not count.
    func parse(_ cell: ArraySlice<UInt8>) -> DecimalAmount? {
        let text = ASCII.trimmed(cell)
        if let amount = self == .comma ? nil : DecimalAmount(utf8: text) { return amount }
        guard let plain = plainText(text) else { return nil }
        return DecimalAmount(utf8: plain)
    }

    /// The number with a point, without groups and with a digit on either side of the point; `nil` if it is no number.
    private func plainText(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let point: UInt8 = self == .comma ? UInt8(ascii: ",") : UInt8(ascii: ".")
        let group: UInt8? =
            switch self {
            case .plain: nil
            case .point: UInt8(ascii: ",")
            case .comma: UInt8(ascii: ".")
            }
        var result: [UInt8] = []
        var digits = 0
        var sinceGroup: Int?
        var rest = text
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            if sign == UInt8(ascii: "-") { result.append(sign) }
            rest = rest.dropFirst()
        }
        while let byte = rest.first, byte != point, byte | 0x20 != UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if ASCII.isDigit(byte) {
                result.append(byte)
                digits += 1
                if let count = sinceGroup { sinceGroup = count + 1 }
            } else if let group, byte == group || (self == .comma && byte == 0x20) {
                // Groups have three digits, the first one to three; else it is a mistake that must not pass as a
                // number.
                guard sinceGroup.map({ $0 == 3 }) ?? (1...3).contains(digits) else { return nil }
                sinceGroup = 0
            } else {
                return nil
            }
        }
        if let sinceGroup, sinceGroup != 3 { return nil }
        if digits == 0 { result.append(UInt8(ascii: "0")) }
        if rest.first == point {
            rest = rest.dropFirst()
            let decimals = rest.prefix { ASCII.isDigit($0) }
            guard digits > 0 || !decimals.isEmpty else { return nil }
            if !decimals.isEmpty { result += [UInt8(ascii: ".")] + decimals }
            rest = rest.dropFirst(decimals.count)
        } else if digits == 0 {
            return nil
        }
        return result + rest
    }

    /// What to say of a cell that is no number.
    var expectation: String {
        switch self {
        case .plain: "digits with a point for decimals; for 1.234,50 or 1,234.50 say `decimal` under `file`"
        case .point: "digits with a point for decimals, commas between thousands"
        case .comma: "digits with a comma for decimals, points between thousands"
        }
    }
}

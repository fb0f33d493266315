public import EventLog

extension DecimalAmount {
    /// Reads `-12`, `12.50`, `1.25e3`; `nil` for anything else, and for what does not fit.
    ///
    /// An exponent is taken at its word: `1.25e3` is `1250`, `5e-2` is `0.05`. There may be a leading `+`, but no
    /// blanks, no grouping and no bare point.
    public init?(_ text: String) {
        self.init(utf8: text.utf8)
    }

    /// Reads a JSON string that holds a decimal, or a JSON number, digit by digit.
    public init?(_ json: JSONView) {
        switch json.kind {
        case .number:
            self.init(utf8: json.bytes)
        case .string:
            // The inner bytes are the text itself unless there is an escape, which no digit needs.
            if json.bytes.count >= 2, let amount = DecimalAmount(utf8: json.bytes.dropFirst().dropLast()) {
                self = amount
            } else {
                guard let text = json.string, let amount = DecimalAmount(text) else { return nil }
                self = amount
            }
        default:
            return nil
        }
    }

    /// Reads the bytes of a decimal text.
    public init?(utf8 bytes: some Collection<UInt8>) {
        let read = bytes.withContiguousStorageIfAvailable { DecimalAmount.parse($0) }
        guard let amount = read ?? DecimalAmount.parse(Array(bytes)) else { return nil }
        self = amount
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> DecimalAmount? {
        var reader = DecimalReader(bytes: bytes)
        return reader.read()
    }

    private static func parse(_ bytes: [UInt8]) -> DecimalAmount? {
        bytes.withUnsafeBufferPointer { parse($0) }
    }
}

/// Reads one decimal text from left to right.
private struct DecimalReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var index = 0
    var mantissa: Int128 = 0
    var decimals = 0

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func read() -> DecimalAmount? {
        guard let first = bytes.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        if isNegative || first == UInt8(ascii: "+") { index = 1 }
        guard let whole = readDigits(), whole > 0 else { return nil }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard let count = readDigits(), count > 0 else { return nil }
            decimals = count
        }
        guard let exponent = readExponent(), index == bytes.count else { return nil }
        return shifted(by: exponent, isNegative: isNegative)
    }

    /// Adds digits to the mantissa; how many there were, or `nil` if they do not fit.
    private mutating func readDigits() -> Int? {
        let start = index
        // Up to 18 digits at a time fit into 64 bits, which is what nearly every amount needs.
        while index < bytes.count {
            var part: UInt64 = 0
            var count = 0
            while count < 18, index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
                part = part &* 10 &+ UInt64(digit)
                count += 1
                index += 1
            }
            if count == 0 { break }
            if mantissa == 0 {
                mantissa = Int128(part)
            } else {
                let (product, tooLong) = mantissa.multipliedReportingOverflow(by: PowersOfTen.value(count))
                let (sum, overflow) = product.addingReportingOverflow(Int128(part))
                if tooLong || overflow { return nil }
                mantissa = sum
            }
        }
        return index - start
    }

    /// The exponent, 0 if there is none; `nil` if it is malformed or absurd.
    private mutating func readExponent() -> Int? {
        guard index < bytes.count else { return 0 }
        guard bytes[index] | 0x20 == UInt8(ascii: "e") else { return nil }
        index += 1
        var isNegative = false
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            isNegative = bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        let start = index
        var exponent = 0
        while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
            exponent = min(exponent * 10 + Int(digit), 10_000)
            index += 1
        }
        return index == start ? nil : (isNegative ? -exponent : exponent)
    }

    private func shifted(by exponent: Int, isNegative: Bool) -> DecimalAmount? {
        var digits = isNegative ? -mantissa : mantissa
        var scale = decimals - exponent
        if scale < 0 {
            if digits == 0 { return DecimalAmount(unchecked: 0, scale: 0) }
            guard -scale <= DecimalAmount.scaleMax else { return nil }
            let (product, overflow) = digits.multipliedReportingOverflow(by: PowersOfTen.value(-scale))
            if overflow { return nil }
            return DecimalAmount(unchecked: product, scale: 0)
        }
        while scale > DecimalAmount.scaleMax {
            guard digits % 10 == 0 else { return nil }
            if digits == 0 { return DecimalAmount(unchecked: 0, scale: DecimalAmount.scaleMax) }
            digits /= 10
            scale -= 1
        }
        return DecimalAmount(unchecked: digits, scale: scale)
    }
}

extension DecimalAmount: CustomStringConvertible, LosslessStringConvertible {
    /// Decimal text with exactly `scale` decimals, as in `-12.50`.
    public var description: String {
        // Thirteen digits with sign and point are what a string holds without memory of its own; else sign, point, the
        // most digits of 128 bits, and as many zeros before them as the scale may ask for.
        let isShort = mantissa.magnitude < 10_000_000_000_000 && scale <= 12
        let capacity = isShort ? 15 : 2 + 39 + Self.scaleMax
        return String(unsafeUninitializedCapacity: capacity) { buffer in
            // The buffer may be larger than it was asked to be.
            var start = capacity
            func put(_ byte: UInt8) {
                start -= 1
                buffer[start] = byte
            }
            var (rest, written) = (mantissa.magnitude, 0)
            repeat {
                // 64-bit division is many times quicker; nearly every amount fits.
                var (part, count) = (UInt64(truncatingIfNeeded: rest), 20)
                if rest > UInt128(UInt64.max) {
                    let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
                    (rest, part, count) = (quotient, UInt64(remainder), 18)
                } else {
                    rest = 0
                }
                let isLast = rest == 0
                var digits = 0
                while digits < count, !isLast || part > 0 {
                    if written == scale, scale > 0 { put(UInt8(ascii: ".")) }
                    put(UInt8(ascii: "0") + UInt8(part % 10))
                    part /= 10
                    digits += 1
                    written += 1
                }
            } while rest > 0
            while written <= scale {
                if written == scale, scale > 0 { put(UInt8(ascii: ".")) }
                put(UInt8(ascii: "0"))
                written += 1
            }
            if isNegative { put(UInt8(ascii: "-")) }
            let length = capacity - start
            for index in 0..<length { buffer[index] = buffer[start + index] }
            return length
        }
    }
}

extension DecimalAmount: Encodable {
    /// Encodes the decimal text as a string, so that no reader makes a binary float of it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

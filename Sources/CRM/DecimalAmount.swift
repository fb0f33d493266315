/// An exact decimal number: a 128-bit whole number over a power of ten.
///
/// Money is this, never a binary float.
/// The number of decimals is kept as written and is part of the text, not of the value: `129.90` prints as `129.90` and
/// equals `129.9`. A sum has the most decimals of its addends, so `129.90 + 10.10` prints as `140.00`. What does not
/// fit into 128 bits is `nil`; nothing traps and nothing is rounded.
public struct DecimalAmount: Sendable {
    /// The most decimals a number may have.
    public static let scaleMax = 38

    /// The digits, as a whole number: the value times ten to the power of `scale`.
    public let mantissa: Int128
    /// The number of decimals, 0 to `scaleMax`.
    public let scale: Int

    /// `0`, without decimals.
    public static let zero = DecimalAmount(0)

    /// A whole number.
    public init(_ integer: Int64) {
        mantissa = Int128(integer)
        scale = 0
    }

    /// `mantissa` over ten to the power of `scale`; `nil` if `scale` is not within 0 to `scaleMax`.
    public init?(mantissa: Int128, scale: Int) {
        guard (0...Self.scaleMax).contains(scale) else { return nil }
        self.mantissa = mantissa
        self.scale = scale
    }

    init(unchecked mantissa: Int128, scale: Int) {
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Whether the value is 0.
    public var isZero: Bool { mantissa == 0 }

    /// Whether the value is below 0.
    public var isNegative: Bool { mantissa < 0 }

    /// The value nearest to this one that a `Double` can hold: for models and bars, never for money.
    public var approximation: Double {
        let (whole, rest) = mantissa.quotientAndRemainder(dividingBy: PowersOfTen.value(scale))
        if rest == 0 { return Double(whole) }
        return Double(description) ?? Double(whole)
    }
}

// MARK: - Arithmetic

extension DecimalAmount {
    /// The same value with at least this many decimals; `nil` if it does not fit.
    func scaled(to wanted: Int) -> DecimalAmount? {
        guard wanted > scale else { return self }
        guard wanted <= Self.scaleMax else { return nil }
        let (product, overflow) = mantissa.multipliedReportingOverflow(by: PowersOfTen.value(wanted - scale))
        return overflow ? nil : DecimalAmount(unchecked: product, scale: wanted)
    }

    /// The sum, with the most decimals of the two; `nil` if it does not fit.
    public func adding(_ other: DecimalAmount) -> DecimalAmount? {
        if scale == other.scale {
            let (sum, overflow) = mantissa.addingReportingOverflow(other.mantissa)
            return overflow ? nil : DecimalAmount(unchecked: sum, scale: scale)
        }
        let common = max(scale, other.scale)
        guard let left = scaled(to: common), let right = other.scaled(to: common) else { return nil }
        return left.adding(right)
    }

    /// The difference, with the most decimals of the two; `nil` if it does not fit.
    public func subtracting(_ other: DecimalAmount) -> DecimalAmount? {
        other.negated().flatMap(adding)
    }

    /// The product, with the decimals of both; `nil` if it does not fit.
    ///
    /// Decimals beyond `scaleMax` are given up only where they are zeros.
    public func multiplied(by other: DecimalAmount) -> DecimalAmount? {
        let (product, overflow) = mantissa.multipliedReportingOverflow(by: other.mantissa)
        if !overflow, scale + other.scale <= Self.scaleMax {
            return DecimalAmount(unchecked: product, scale: scale + other.scale)
        }
        let (left, right) = (trimmed(), other.trimmed())
        let (shorter, overflows) = left.mantissa.multipliedReportingOverflow(by: right.mantissa)
        guard !overflows, left.scale + right.scale <= Self.scaleMax else { return nil }
        return DecimalAmount(unchecked: shorter, scale: left.scale + right.scale)
    }

    /// The value with the other sign; `nil` only for the least number there is.
    public func negated() -> DecimalAmount? {
        mantissa == .min ? nil : DecimalAmount(unchecked: -mantissa, scale: scale)
    }

    /// The value without its sign; `nil` only for the least number there is.
    public var magnitude: DecimalAmount? { isNegative ? negated() : self }

    /// The same value without needless zeros behind the point.
    func trimmed() -> DecimalAmount {
        var (digits, decimals) = (mantissa, scale)
        while decimals > 0, digits % 10 == 0 {
            digits /= 10
            decimals -= 1
        }
        return DecimalAmount(unchecked: digits, scale: decimals)
    }
}

extension DecimalAmount: Comparable, Hashable {
    /// Whether both are the same value; `1.0` is `1.00`.
    public static func == (left: DecimalAmount, right: DecimalAmount) -> Bool { left.compare(right) == 0 }

    /// Whether the left value is less.
    public static func < (left: DecimalAmount, right: DecimalAmount) -> Bool { left.compare(right) < 0 }

    /// Hashes the value, not the number of decimals.
    public func hash(into hasher: inout Hasher) {
        let least = trimmed()
        hasher.combine(least.mantissa)
        hasher.combine(least.scale)
    }

    /// Less is −1, equal 0, greater 1; compares the whole parts, then the decimals, so that nothing can overflow.
    private func compare(_ other: DecimalAmount) -> Int {
        if scale == other.scale { return (mantissa > other.mantissa ? 1 : 0) - (mantissa < other.mantissa ? 1 : 0) }
        let left = mantissa.quotientAndRemainder(dividingBy: PowersOfTen.value(scale))
        let right = other.mantissa.quotientAndRemainder(dividingBy: PowersOfTen.value(other.scale))
        if left.quotient != right.quotient { return left.quotient < right.quotient ? -1 : 1 }
        // |remainder| < 10^scale, so each stays below 10^38 and fits.
        let common = max(scale, other.scale)
        let leftRest = left.remainder * PowersOfTen.value(common - scale)
        let rightRest = right.remainder * PowersOfTen.value(common - other.scale)
        return (leftRest > rightRest ? 1 : 0) - (leftRest < rightRest ? 1 : 0)
    }
}

/// The powers of ten that fit into 128 bits.
enum PowersOfTen {
    private static let table: [Int128] = (1...DecimalAmount.scaleMax).reduce(into: [1]) { powers, _ in
        powers.append(powers[powers.count - 1] * 10)
    }

    /// Ten to the power of `exponent`, 0 to 38.
    static func value(_ exponent: Int) -> Int128 { table[exponent] }
}

/// Exponential and logarithm from additions, multiplications and divisions alone.
///
/// IEEE 754 fixes the result of those operations to the last bit, but not that of a system's `exp` and `log`, whose
/// last digits differ between C libraries and their releases. A score that is to be computed again years later, on
/// another machine, therefore must not touch them. The error here is below two units in the last place.
enum Elementary {
    /// ln 2 in two parts; the first has 20 zero bits at its end, so that a product with an exponent is exact.
    private static let ln2High = 6.931_471_803_691_238_164_90e-01
    private static let ln2Low = 1.908_214_929_270_587_700_02e-10
    private static let ln2 = 0.693_147_180_559_945_309_417
    private static let squareRootOfHalfBits = (0.5).squareRoot().bitPattern

    /// e to the power of `x`; 0 below −745.2, infinite above 709.8.
    @inline(__always)
    static func exp(_ x: Double) -> Double {
        if x > 709.79 { return .infinity }
        if x < -745.2 { return 0 }
        if x.isNaN { return x }
        let power = (x / ln2).rounded(.toNearestOrEven)
        let high = x - power * ln2High
        let low = power * ln2Low
        let rest = high - low
        // The rest is within ±0.347, where 15 terms reach 1e-19. What `rest` lost in rounding is added again last.
        let lost = (high - rest) - low
        let value = 1 + (rest + (rest * rest * seriesBeyondLinear(rest) + lost))
        let exponent = Int(power)
        if exponent > -1022, exponent < 1023 {
            return value * Double(bitPattern: UInt64(exponent + 1023) << 52)
        }
        return Double(sign: .plus, exponent: exponent, significand: value)
    }

    /// `exp(x) - 1` without loss near zero.
    static func expm1(_ x: Double) -> Double {
        guard abs(x) < 0.35 else { return exp(x) - 1 }
        return x + x * x * seriesBeyondLinear(x)
    }

    /// (eˣ − 1 − x) / x² for |x| < 0.35.
    @inline(__always)
    private static func seriesBeyondLinear(_ x: Double) -> Double {
        // Written out: this is the inner loop of every fit and score.
        var sum = 1.0 / 1_307_674_368_000
        sum = sum * x + 1.0 / 87_178_291_200
        sum = sum * x + 1.0 / 6_227_020_800
        sum = sum * x + 1.0 / 479_001_600
        sum = sum * x + 1.0 / 39_916_800
        sum = sum * x + 1.0 / 3_628_800
        sum = sum * x + 1.0 / 362_880
        sum = sum * x + 1.0 / 40_320
        sum = sum * x + 1.0 / 5_040
        sum = sum * x + 1.0 / 720
        sum = sum * x + 1.0 / 120
        sum = sum * x + 1.0 / 24
        sum = sum * x + 1.0 / 6
        return sum * x + 0.5
    }

    /// The natural logarithm; −∞ for 0, NaN below.
    @inline(__always)
    static func log(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return x == 0 ? -.infinity : (x > 0 ? x : .nan) }
        guard x >= 0x1p-1022 else { return log(x * 0x1p54) - 54 * ln2 }
        // x = m · 2^k with m in [√½, √2).
        let offset = x.bitPattern &- squareRootOfHalfBits
        let exponent = Int64(bitPattern: offset) >> 52
        let mantissa = Double(bitPattern: x.bitPattern &- UInt64(bitPattern: exponent << 52))
        let f = mantissa - 1
        let s = f / (2 + f)
        let z = s * s
        // ln m = 2 artanh s = f − s (f − z R), with R = 2/3 + 2/5 z + …; |s| < 0.172, so 11 terms suffice.
        var series = 2.0 / 23
        series = series * z + 2.0 / 21
        series = series * z + 2.0 / 19
        series = series * z + 2.0 / 17
        series = series * z + 2.0 / 15
        series = series * z + 2.0 / 13
        series = series * z + 2.0 / 11
        series = series * z + 2.0 / 9
        series = series * z + 2.0 / 7
        series = series * z + 2.0 / 5
        series = series * z + 2.0 / 3
        let half = 0.5 * f * f
        let correction = s * (half + z * series)
        let k = Double(exponent)
        return k * ln2High - ((half - (correction + k * ln2Low)) - f)
    }

    /// `log(1 + x)` without loss near zero.
    @inline(__always)
    static func log1p(_ x: Double) -> Double {
        let sum = 1 + x
        // Kahan: the error of `sum` cancels in the quotient.
        return sum == 1 ? x : log(sum) * (x / (sum - 1))
    }

    /// `log(exp(a) + exp(b))`.
    @inline(__always)
    static func logAdd(_ a: Double, _ b: Double) -> Double {
        let (larger, smaller) = a > b ? (a, b) : (b, a)
        if smaller == -.infinity { return larger }
        return larger + log1p(exp(smaller - larger))
    }

    /// `log(1 - exp(x))` for x ≤ 0.
    static func logOneMinusExp(_ x: Double) -> Double {
        // Mächler (2012): below −ln 2 the exponential is small, above it the difference is.
        x > -ln2 ? log(-expm1(x)) : log1p(-exp(x))
    }
}

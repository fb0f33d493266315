/// The logarithm of the gamma function and of what is built from it.
///
/// Own code for the sake of equal bits everywhere: see ``Elementary``.
enum GammaFunctions {
    private static let halfLogTwoPi = 0.918_938_533_204_672_741_780

    /// ln Γ(x) for x > 0, absolute error about 1e-15 + 2e-16 · |ln Γ(x)|.
    ///
    /// Stirling's series (Abramowitz & Stegun 6.1.41) from 10 on; below, Γ(x) = Γ(x + n) / (x (x+1) … (x+n−1)).
    static func logGamma(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return x > 0 ? x : .nan }
        if x >= 10 { return stirling(x) }
        var product = x
        var shifted = x + 1
        while shifted < 10 {
            product *= shifted
            shifted += 1
        }
        return stirling(shifted) - Elementary.log(product)
    }

    private static func stirling(_ x: Double) -> Double {
        let y = 1 / x
        let z = y * y
        var series = 1.0 / 156
        series = series * z - 691.0 / 360_360
        series = series * z + 1.0 / 1_188
        series = series * z - 1.0 / 1_680
        series = series * z + 1.0 / 1_260
        series = series * z - 1.0 / 360
        series = series * z + 1.0 / 12
        return (x - 0.5) * Elementary.log(x) - x + halfLogTwoPi + series * y
    }

    /// ln (a (a+1) … (a+n−1)) = ln Γ(a+n) − ln Γ(a), for a > 0 and n ≥ 0.
    ///
    /// For small n as a product: the difference of two log-gammas of a large a would lose its digits.
    static func logRisingFactorial(_ a: Double, _ n: Int) -> Double {
        guard n > 0 else { return 0 }
        guard n <= 64 else { return logGamma(a + Double(n)) - logGamma(a) }
        var sum = 0.0
        var product = 1.0
        var factor = a
        for step in 0..<n {
            product *= factor
            factor += 1
            // Folded before it could overflow or underflow.
            if step & 7 == 7 || product > 1e200 || product < 1e-200 {
                sum += Elementary.log(product)
                product = 1
            }
        }
        return sum + Elementary.log(product)
    }
}

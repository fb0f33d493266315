/// Gauss's hypergeometric function where the models need it.
enum Hypergeometric {
    /// ₂F₁(1, b; c; z) for c > b > 0 and 0 ≤ z < 1, by Gauss's continued fraction.
    ///
    /// With a = b and c' = c − 1,
    /// F = c' / (c' − u₁z / (c'+1 − u₂z / (c'+2 − …))), u₂ₙ₊₁ = (a+n)(c'+n), u₂ₙ = n(c'−a+n)
    /// (NIST DLMF 15.7.1 with b = 0). It converges geometrically with ratio ((1−√(1−z)) / (1+√(1−z))) a step, so it
    /// stays quick where the power series crawls. Evaluated from the front (modified Lentz), until a step changes
    /// nothing.
    static func oneBC(b: Double, c: Double, z: Double) -> Double {
        guard z > 0 else { return 1 }
        let base = c - 1
        // Lentz on the denominator D = t₀ + a₁/(t₁ + a₂/(t₂ + …)) with a_k = −u_k z; the value is c' / D. To keep
        // c = 1 + tiny in order, the whole is divided by c' at the end through the first partial numerator.
        var value = base == 0 ? tiny : base
        var front = value
        var back = 0.0
        var k = 1
        while k <= iterationsMax {
            let n = Double((k - 1) / 2)
            let u = k & 1 == 1 ? (b + n) * (base + n) : (n + 1) * (base - b + n + 1)
            let numerator = -u * z
            let term = base + Double(k)
            back = 1 / nonZero(term + numerator * back)
            front = nonZero(term + numerator / front)
            let change = front * back
            value *= change
            if abs(change - 1) < 1e-16 { break }
            k += 1
        }
        return base / value
    }

    /// Enough for z = 1 − 1e-7; fits are kept well away from there by their bounds.
    private static let iterationsMax = 60_000
    private static let tiny = 1e-300

    private static func nonZero(_ x: Double) -> Double { x == 0 ? tiny : x }
}

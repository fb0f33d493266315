/// Probabilities as logits, and weights that halve with age; by this library's own exponential, so with equal bits
/// everywhere.
public enum Logit {
    /// The probability of a logit: 1 / (1 + e⁻ᶻ).
    public static func probability(_ logit: Double) -> Double {
        // The exponential of a negative number cannot overflow.
        logit >= 0 ? 1 / (1 + Elementary.exp(-logit)) : Elementary.exp(logit) / (1 + Elementary.exp(logit))
    }

    /// 2 to the power of −age / halfLife: 1 at age 0 and below, ½ at one half-life.
    public static func weight(age: Double, halfLife: Double) -> Double {
        guard age > 0 else { return 1 }
        guard halfLife > 0 else { return 0 }
        return Elementary.exp(-0.693_147_180_559_945_309_417 * (age / halfLife))
    }
}

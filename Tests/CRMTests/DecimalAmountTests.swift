import CRM
import EventLog
import Testing

/// Exact decimals: reading, printing, arithmetic, order.
struct DecimalAmountTests {
    @Test(arguments: [
        ("0", "0"), ("12.50", "12.50"), ("-12.50", "-12.50"), ("+3", "3"), ("007", "7"), ("0.05", "0.05"),
        ("-0.05", "-0.05"), ("1.25e3", "1250"), ("1.25E+1", "12.5"), ("5e-2", "0.05"), ("-0", "0"), ("0.00", "0.00"),
        ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
        ("0.0000000000000000000000000000000000001", "0.0000000000000000000000000000000000001"),
        ("1e38", "100000000000000000000000000000000000000"), ("0e999999", "0"),
        ("1234567890123456789012.3456", "1234567890123456789012.3456"),
    ])
    func readsAndPrints(_ text: String, _ printed: String) {
        #expect(DecimalAmount(text)?.description == printed)
    }

    @Test(arguments: [
        "", "-", "+", ".", ".5", "5.", "1,000", " 1", "1 ", "1e", "1e+", "0x10", "1.2.3", "NaN", "１２", "--1",
        "170141183460469231731687303715884105728", "1e39", "1e999999999999", "1e-60", "1_000",
    ])
    func refuses(_ text: String) {
        #expect(DecimalAmount(text) == nil)
    }

    @Test func readsJSONStringsAndNumbers() {
        func read(_ json: String) -> String? { DecimalAmount(JSONView(Array(json.utf8)))?.description }
        #expect(read(#""129.90""#) == "129.90")
        #expect(read("129.90") == "129.90")
        #expect(read(#""1\u0032""#) == "12")
        #expect(read(#""""#) == nil)
        #expect(read("true") == nil)
        #expect(read("null") == nil)
        #expect(read("{}") == nil)
    }

    @Test func aSumHasTheMostDecimalsOfItsAddends() throws {
        let sum = try #require(DecimalAmount("129.90")).adding(try #require(DecimalAmount("10.10")))
        #expect(sum?.description == "140.00")
        let mixed = try #require(DecimalAmount("1")).adding(try #require(DecimalAmount("0.005")))
        #expect(mixed?.description == "1.005")
    }

    @Test func nothingTraps() throws {
        let most = try #require(DecimalAmount(mantissa: .max, scale: 0))
        let least = try #require(DecimalAmount(mantissa: .min, scale: 38))
        #expect(most.adding(DecimalAmount(1)) == nil)
        #expect(most.adding(try #require(DecimalAmount("0.1"))) == nil)
        #expect(most.multiplied(by: DecimalAmount(2)) == nil)
        #expect(least.negated() == nil)
        #expect(least.magnitude == nil)
        #expect(least < most)
        #expect(DecimalAmount(mantissa: 1, scale: 39) == nil)
        #expect(DecimalAmount(mantissa: 1, scale: -1) == nil)
        let tiny = try #require(DecimalAmount(mantissa: 10, scale: 38))
        #expect(tiny.multiplied(by: tiny) == nil)
        #expect(tiny.multiplied(by: DecimalAmount(10))?.isZero == false)
        #expect(least.description == "-1.70141183460469231731687303715884105728")
    }

    @Test func equalValuesAreEqualHoweverWritten() throws {
        let (short, long) = (try #require(DecimalAmount("1.5")), try #require(DecimalAmount("1.500")))
        #expect(short == long)
        #expect(Set([short, long]).count == 1)
        #expect(short.description != long.description)
        #expect(short.approximation == 1.5)
    }

    /// The laws of arithmetic, against whole numbers of the smallest unit.
    @Test func agreesWithWholeNumbers() throws {
        var random = SplitMix(seed: 7)
        for _ in 0..<5_000 {
            let (leftUnits, rightUnits) = (random.amount(), random.amount())
            let (leftScale, rightScale) = (Int(random.next() % 7), Int(random.next() % 7))
            let left = try #require(DecimalAmount(mantissa: Int128(leftUnits), scale: leftScale))
            let right = try #require(DecimalAmount(mantissa: Int128(rightUnits), scale: rightScale))
            let (leftWhole, rightWhole) = (units(leftUnits, leftScale), units(rightUnits, rightScale))
            #expect(DecimalAmount(left.description) == left)
            #expect(DecimalAmount(left.description)?.scale == leftScale)
            #expect((left < right) == (leftWhole < rightWhole))
            #expect((left == right) == (leftWhole == rightWhole))
            let sum = try #require(left.adding(right))
            #expect(sum.scale == max(leftScale, rightScale))
            #expect(units(sum) == leftWhole + rightWhole)
            #expect(right.adding(left) == sum)
            #expect(sum.subtracting(right) == left)
            let product = try #require(left.multiplied(by: right))
            #expect(product.mantissa == Int128(leftUnits) * Int128(rightUnits))
            #expect(product.scale == leftScale + rightScale)
        }
    }

    /// The value in millionths.
    private func units(_ mantissa: Int64, _ scale: Int) -> Int128 {
        (scale..<6).reduce(Int128(mantissa)) { value, _ in value * 10 }
    }

    private func units(_ amount: DecimalAmount) -> Int128 {
        (amount.scale..<6).reduce(amount.mantissa) { value, _ in value * 10 }
    }
}

/// A small seeded generator, so that a failing test fails again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A whole number of any size up to a billion, either sign.
    mutating func amount() -> Int64 {
        let size = Int64(next() % 1_000_000_000) >> Int64(next() % 30)
        return next() % 2 == 0 ? size : -size
    }
}

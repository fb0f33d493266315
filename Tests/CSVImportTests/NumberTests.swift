import CRM
import Testing

@testable import CSVImport

@Suite struct NumberTests {
    private static let plainNumbersCases: [(String, String)] = [
        ("12.00", "12.00"), (" 7 ", "7"), ("-3.50", "-3.50"), ("+4", "4"), (".5", "0.5"), ("-.5", "-0.5"), ("5.", "5"),
        ("1e3", "1000"), ("1.5E-2", "0.015"), ("0007.10", "7.10"),
    ]

    @Test(arguments: plainNumbersCases)
    func plainNumbers(text: String, wanted: String) {
        #expect(NumberStyle.plain.parse(ArraySlice(text.utf8))?.description == wanted)
    }

    private static let otherTextsAreNoNumbersCases: [String] = [
        "", "x", "1,5", "1,234.5", "12 3", "--1", "$5", ".", "-", "1.2.3", "0x10", "NaN", "٣",
    ]

    @Test(arguments: otherTextsAreNoNumbersCases)
    func otherTextsAreNoNumbers(text: String) {
        #expect(NumberStyle.plain.parse(ArraySlice(text.utf8)) == nil)
    }

    @Test func groupsCountOnlyWhereTheMappingSaysSo() {
        func read(_ text: String, _ style: NumberStyle) -> String? { style.parse(ArraySlice(text.utf8))?.description }
        #expect(read("1,234.50", .point) == "1234.50")
        #expect(read("1,234,567", .point) == "1234567")
        #expect(read("1,23", .point) == nil)
        #expect(read("1234,567", .point) == nil)
        #expect(read("1.234,50", .comma) == "1234.50")
        #expect(read("12,5", .comma) == "12.5")
        #expect(read("-1.234.567,0", .comma) == "-1234567.0")
        #expect(read("1 234,5", .comma) == "1234.5")
        #expect(read("12.5", .comma) == nil)
        #expect(read("1234", .comma) == "1234")
    }
}

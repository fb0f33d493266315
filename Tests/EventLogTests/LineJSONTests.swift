import Testing

@testable import EventLog

@Suite struct LineJSONTests {
    @Test(arguments: [
        (
            " { \"a\" : [ 1 , 2.50 , -0 , 1E+2 ] , \"b\" : { } , \"c\":\"x y\\u00e9\\n\" } ",
            "{\"a\":[1,2.50,-0,1E+2],\"b\":{},\"c\":\"x y\\u00e9\\n\"}"
        ),
        ("\t[ ]\r", "[]"), ("true", "true"), (" null", "null"), ("\"中文 🙂\"", "\"中文 🙂\""),
        ("\"\\ud83d\\ude42\"", "\"\\ud83d\\ude42\""), ("{\"a\":1,\"A\":1}", "{\"a\":1,\"A\":1}"),
        ("{\"a\":{\"a\":1},\"b\":{\"a\":2}}", "{\"a\":{\"a\":1},\"b\":{\"a\":2}}"),
    ])
    func normalises(text: String, expected: String) throws {
        #expect(String(decoding: try JSONText.normalised(text.utf8), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        ("", LineError.Code.notJSON, 1, ""), ("{", .notJSON, 2, ""), ("{\"a\":}", .notJSON, 6, "a"),
        ("{\"a\":1,}", .notJSON, 8, ""), ("{a:1}", .notJSON, 2, ""), ("{\"a\" 1}", .notJSON, 6, "a"),
        ("{\"a\":'x'}", .notJSON, 6, "a"), ("[1 2]", .notJSON, 4, "[0]"), ("[1,]", .notJSON, 4, "[1]"),
        ("01", .notJSON, 1, ""), ("[1,.5]", .notJSON, 4, "[1]"), ("-", .notJSON, 1, ""), ("1.", .notJSON, 1, ""),
        ("1e", .notJSON, 1, ""), ("+1", .notJSON, 1, ""), ("NaN", .notJSON, 1, ""), ("tru", .notJSON, 1, ""),
        ("\"a\u{1}b\"", .notJSON, 3, ""), ("\"\\x\"", .notJSON, 2, ""), ("\"\\u12g4\"", .notJSON, 2, ""),
        ("\"abc", .notJSON, 5, ""), ("1 1", .notJSON, 3, ""), ("{} // c", .notJSON, 4, ""),
        ("{\"名\":\"值\",\"b\":x}", .notJSON, 14, "b"), ("\"\\", .notJSON, 3, ""), ("\u{FEFF}{}", .notJSON, 1, ""),
        ("\"\\ud800\"", .unpairedSurrogate, 2, ""), ("\"\\udc00\"", .unpairedSurrogate, 2, ""),
        ("\"\\ud800\\u0041\"", .unpairedSurrogate, 2, ""), ("\"\\ud800\\ud800\"", .unpairedSurrogate, 2, ""),
        ("{\"a\":1,\"a\":2}", .duplicateKey, 8, "a"), ("{\"a\":1,\"\\u0061\":2}", .duplicateKey, 8, "a"),
        ("[{\"x\":{\"é\":1,\"\\u00e9\":2}}]", .duplicateKey, 14, "[0].x.é"),
    ])
    func refuses(text: String, code: LineError.Code, column: Int, keyPath: String) {
        let error = #expect(throws: LineError.self) { try JSONText.normalised(text.utf8) }
        #expect(error?.code == code)
        #expect(error?.column == column)
        #expect(error?.keyPath == keyPath)
        #expect(error?.description.contains("\n") == false)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xFF], [0xC3], [0xE4, 0xB8], [0xE4, 0xB8, 0x41], [0xF0, 0x9F, 0x99],
        ] as [[UInt8]])
    func refusesBadUTF8(bytes: [UInt8]) {
        let text = [UInt8(ascii: "\""), UInt8(ascii: "a")] + bytes + [UInt8(ascii: "\"")]
        let error = #expect(throws: LineError.self) { try JSONText.normalised(text) }
        #expect(error?.code == .notUTF8)
        #expect(error?.column == 3)
    }

    @Test func utf8RulesAreThoseOfTheStandardLibrary() {
        var random = SplitMix(seed: 7)
        for _ in 0..<50_000 {
            let count = Int.random(in: 1...5, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0x7F...0xFF, using: &random) }
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
            if ((try? JSONText.normalised(text)) != nil) != isValid { Issue.record("\(bytes)") }
        }
    }

    @Test func scansFindWhatALoopFinds() {
        var random = SplitMix(seed: 5)
        let special: [UInt8] = [
            0, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x61, 0x7E, 0x7F, 0x80, 0xA2, 0xDC, 0xFF,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                Bool.random(using: &random) ? 0x61 : special.randomElement(using: &random) ?? 0
            }
            let start = Int.random(in: 0...bytes.count, using: &random)
            let isRight = { (found: Int, test: (UInt8) -> Bool) in
                found == bytes[start...].firstIndex(where: test) ?? bytes.count
            }
            let text = bytes.span
            guard
                isRight(
                    ByteScan.firstUnplain(text, from: start), { $0 < 0x20 || $0 >= 0x80 || $0 == 0x22 || $0 == 0x5C }),
                isRight(ByteScan.firstQuoteOrBackslash(text, from: start), { $0 == 0x22 || $0 == 0x5C }),
                isRight(ByteScan.firstEscaped(text, from: start), { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }),
                isRight(ByteScan.firstOutsidePrintableASCII(text, from: start), { $0 < 0x20 || $0 >= 0x7F }),
                isRight(ByteScan.firstControl(text, from: start), { $0 < 0x20 })
            else {
                Issue.record("\(bytes) from \(start)")
                return
            }
        }
    }

    @Test func depthHasALimit() throws {
        let deep = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
        _ = try JSONText.normalised(deep(Limits.depthMax).utf8)
        let error = #expect(throws: LineError.self) { try JSONText.normalised(deep(Limits.depthMax + 1).utf8) }
        #expect(error?.code == .tooDeep)
        #expect(throws: LineError.self) { try JSONText.normalised(String(repeating: "[", count: 200_000).utf8) }
    }

    @Test func manyKeysAreStillCompared() throws {
        var members = (0..<5_000).map { "\"k\($0)\":\($0)" }
        _ = try JSONText.normalised("{\(members.joined(separator: ","))}".utf8)
        members.append("\"k\\u0033\":0")
        let error = #expect(throws: LineError.self) {
            try JSONText.normalised("{\(members.joined(separator: ","))}".utf8)
        }
        #expect(error?.code == .duplicateKey)
        #expect(error?.keyPath == "k3")
    }

    @Test func randomDocumentsKeepTheirMeaning() throws {
        var random = SplitMix(seed: 42)
        for _ in 0..<3_000 {
            let value = RandomJSON.value(depth: 0, &random)
            let compact = value.text { "" }
            let spaced = value.text { ["", " ", "\n", "\t \r"].randomElement(using: &random) ?? "" }
            let normal = try JSONText.normalised(spaced.utf8)
            #expect(normal == Array(compact.utf8))
            #expect(try JSONText.normalised(normal) == normal)
            value.expectEqual(JSONView(normal))
        }
    }

    @Test func mutationsNeverCrash() {
        var random = SplitMix(seed: 99)
        var parser = EventParser()
        for _ in 0..<6_000 {
            var bytes = Array(RandomJSON.value(depth: 0, &random).text { "" }.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(Array("{}[]\",:\\u0e-.".utf8).randomElement(using: &random) ?? 0, at: index)
                default: bytes.removeSubrange(index...)
                }
            }
            do {
                let normal = try JSONText.normalised(bytes)
                if try JSONText.normalised(normal) != normal { Issue.record("\(bytes)") }
            } catch {
                if error.description.isEmpty { Issue.record("\(bytes)") }
            }
            _ = try? parser.parse(bytes)
            RandomJSON.visit(JSONView(bytes), depth: 0)
        }
    }

    @Test func viewsReadValues() throws {
        let text =
            #"{"s":"a\"b","n":12.50,"i":-7,"t":true,"f":false,"z":null,"l":[1,"x",{}],"o":{"k":"v"},"q\u0041":1}"#
        let view = JSONView(Array(text.utf8))
        #expect(view["s"]?.string == "a\"b")
        #expect(view["n"]?.text == "12.50")
        #expect(view["n"]?.integer == nil)
        #expect(view["i"]?.integer == -7)
        #expect(view["t"]?.boolean == true)
        #expect(view["f"]?.boolean == false)
        #expect(view["z"]?.isNull == true)
        #expect(view["l"]?.elements.map(\.jsonText) == ["1", "\"x\"", "{}"])
        #expect(view["o"]?["k"]?.string == "v")
        #expect(view["qA"]?.integer == 1)
        #expect(view["none"] == nil)
        #expect(view["o"]?.members.map(\.key) == ["k"])
        #expect(view.members.count == 9)
        #expect(JSONView.null["x"] == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("3.00", 3), ("3e2", 300), ("0.30e1", 3), ("300e-2", 3), ("1.5", nil), ("1.25e1", nil),
            ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil), ("0e999", 0),
            ("1e999", nil), ("1e-999", nil), ("1e99999999999999999999", nil), ("\"17\"", 17), ("\"x\"", nil),
            ("\"\"", nil),
        ] as [(String, Int64?)])
    func wholeNumbers(text: String, value: Int64?) {
        #expect(JSONView(Array(text.utf8)).integer == value)
    }
}

/// Random JSON values and what a view must say of them.
indirect enum RandomJSON {
    case literal(String)
    case string(String, escaped: String)
    case array([RandomJSON])
    case object([(String, String, RandomJSON)])

    static func value(depth: Int, _ random: inout SplitMix) -> RandomJSON {
        switch Int.random(in: 0..<(depth > 4 ? 3 : 6), using: &random) {
        case 0:
            let literals = ["true", "false", "null", "0", "-1", "12.50", "1e5", "-0.0E-7", "123456789012345678901"]
            return .literal(literals.randomElement(using: &random) ?? "0")
        case 1, 2:
            let (text, escaped) = string(&random)
            return .string(text, escaped: escaped)
        case 3, 4:
            var keys: Set<String> = []
            var members: [(String, String, RandomJSON)] = []
            for _ in 0..<Int.random(in: 0..<24, using: &random) where depth < 2 || members.count < 3 {
                let (key, escaped) = string(&random)
                if keys.insert(key).inserted { members.append((key, escaped, value(depth: depth + 1, &random))) }
            }
            return .object(members)
        default:
            return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth: depth + 1, &random) })
        }
    }

    private static func string(_ random: inout SplitMix) -> (String, String) {
        var text = ""
        var escaped = ""
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: (text, escaped) = (text + "\n", escaped + "\\n")
            case 1: (text, escaped) = (text + "\"", escaped + "\\\"")
            case 2: (text, escaped) = (text + "é", escaped + "\\u00E9")
            case 3: (text, escaped) = (text + "🙂", escaped + "\\uD83D\\uDE42")
            case 4: (text, escaped) = (text + "客", escaped + "客")
            default:
                let letter = ["a", "b", " ", "}", ":", ","].randomElement(using: &random) ?? "a"
                (text, escaped) = (text + letter, escaped + letter)
            }
        }
        return (text, escaped)
    }

    func text(space: () -> String) -> String {
        switch self {
        case .literal(let text): space() + text + space()
        case .string(_, let escaped): space() + "\"" + escaped + "\"" + space()
        case .array(let elements):
            space() + "[" + space() + elements.map { $0.text(space: space) }.joined(separator: ",") + "]" + space()
        case .object(let members):
            space() + "{" + space()
                + members.map { space() + "\"" + $0.1 + "\"" + space() + ":" + $0.2.text(space: space) }
                .joined(separator: ",") + "}" + space()
        }
    }

    func expectEqual(_ view: JSONView) {
        switch self {
        case .literal(let text): if view.jsonText != text { Issue.record("\(text)") }
        case .string(let text, _):
            if view.string.map({ Array($0.utf8) }) != Array(text.utf8) { Issue.record("\(text)") }
        case .array(let elements):
            let views = view.elements
            #expect(views.count == elements.count)
            for (element, view) in zip(elements, views) { element.expectEqual(view) }
        case .object(let members):
            #expect(view.members.map(\.key) == members.map(\.0))
            for (key, _, value) in members {
                guard let member = view[key] else {
                    Issue.record("no \(key)")
                    continue
                }
                value.expectEqual(member)
            }
        }
    }

    static func visit(_ view: JSONView, depth: Int) {
        _ = view["a"]
        _ = (view.string, view.text, view.integer, view.boolean, view.jsonText)
        guard depth < 3 else { return }
        for element in view.elements { visit(element, depth: depth + 1) }
        for (_, value) in view.members { visit(value, depth: depth + 1) }
    }
}

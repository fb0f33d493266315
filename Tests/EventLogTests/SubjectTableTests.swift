import Testing

@testable import EventLog

/// Subjects by number.
@Suite struct SubjectTableTests {
    @Test("A subject has one number, whatever its length, and no other subject has it")
    func numbers() {
        var table = SubjectTable()
        // Lengths about those of one, two and three words, with ends that differ only in zeros.
        var subjects: [String] = []
        for length in [1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 256] {
            subjects.append(String(repeating: "a", count: length))
            subjects.append(String(repeating: "a", count: length - 1) + "\u{0}")
            subjects.append(String(repeating: "b", count: length - 1) + "c")
        }
        subjects += ["e\u{301}", "\u{E9}", "中文", ""]
        subjects += (0..<5_000).map { "c-\($0)" }
        for (number, subject) in subjects.enumerated() {
            #expect(table.find(subject.utf8.span) == nil)
            #expect(table.number(of: subject.utf8.span) == number)
        }
        #expect(table.count == subjects.count)
        for (number, subject) in subjects.enumerated() {
            #expect(table.number(of: subject.utf8.span) == number)
            #expect(table.find(subject.utf8.span) == number)
            #expect(Array(table.text(number).utf8) == Array(subject.utf8))
            #expect(table.withBytes(number) { $0.count } == subject.utf8.count)
        }
        #expect(table.count == subjects.count)
    }

    /// Side by side they get the numbers that they would get one after the other.
    @Test(arguments: [1, 15, 16, 17, 1_000]) func manyAtATime(_ count: Int) {
        var random = StorageRandom(UInt64(count))
        var lines: [UInt8] = []
        var ranges: [Range<Int>] = []
        var plain: [String?] = []
        for _ in 0..<count {
            let start = lines.count
            let number = random.next() % 60
            let subject = String(repeating: number % 7 == 0 ? "\"" : "s", count: Int(number % 30)) + "\(number)"
            plain.append(number % 11 == 0 ? nil : subject)
            if plain.last != .some(nil) { JSONText.appendEscaped(subject, to: &lines) }
            ranges.append(start..<lines.count)
            lines += Array("\",\"x\":1".utf8)
        }
        var (table, single) = (SubjectTable(), SubjectTable())
        var numbers: [Int] = [7]
        // The second time all are known.
        for _ in 0..<2 {
            table.numbers(escapedIn: lines.span, count: count, into: &numbers) { ranges[$0] }
            #expect(numbers == plain.map { $0.map { single.number(of: $0.utf8.span) } ?? -1 })
        }
        #expect(table.count == single.count)
    }
}

/// The members of `data`, found once.
@Suite struct JSONMembersTests {
    private static let texts = [
        "{}", #"{"a":1}"#, #"{"":"x","a":{"b":[1,{"a":2}]},"ab":"","abcdefgh":null,"abcdefghi":"\"","abcdefghj":-1e3}"#,
        #"{"a":"1","a":"2"}"#, #"{"\u0061":1,"b":2}"#, "null", "[1]", #""a""#,
        "{" + (0..<12).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}",
        "{" + (0..<13).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}",
        #"{"a":""# + String(repeating: "x", count: 70_000) + #"","b":1}"#,
    ]
    private static let keys = [
        "", "a", "b", "ab", "abc", "abcdefgh", "abcdefghi", "abcdefghj", "abcdefghk", "k0", "k1", "k11", "k12", "\"",
    ]

    @Test("They are what a walk finds", arguments: texts)
    func found(_ text: String) throws {
        let line = Array((#"{"data":"# + text + "}").utf8)
        let (start, instant) = (8, Instant(microseconds: 0))
        let walked = StoredEvent(
            sequence: 0, time: instant, recordedTime: instant, type: "t", subject: nil, line: line[...],
            dataStart: start)
        let found = StoredEvent(
            sequence: 0, time: instant, recordedTime: instant, type: "t", subject: nil, line: line[...],
            dataStart: start, findingMembers: true)
        #expect(found.data == walked.data && found.data.jsonText == text)
        for key in Self.keys {
            #expect(found.data[key] == walked.data[key], "\(key)")
            #expect(found.data.text(of: key) == walked.data.text(of: key), "\(key)")
            #expect(walked.data.text(of: key) == walked.data[key]?.text, "\(key)")
        }
    }

    @Test("Text that is no JSON stays in bounds", arguments: texts)
    func broken(_ text: String) {
        let bytes = Array(text.prefix(200).utf8)
        for count in 0..<bytes.count {
            for cut in [Array(bytes.prefix(count)), Array(bytes.suffix(count)), bytes.prefix(count) + [0x22, 0x3A]] {
                let line = [0x7B] + cut + [0x7D]
                let event = StoredEvent(
                    sequence: 0, time: .earliest, recordedTime: .earliest, type: "t", subject: nil, line: line[...],
                    dataStart: 1, findingMembers: true)
                for key in Self.keys { _ = event.data.text(of: key) }
            }
        }
    }
}

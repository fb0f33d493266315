import Testing

@testable import EventLog

@Suite struct LineRendererTests {
    private func render(
        _ draft: EventDraft, sequence: UInt64 = 1042, subjectSequence: UInt64? = 17, into buffer: inout [UInt8]
    ) throws -> RenderedLine {
        let recorded = try Instant(rfc3339: "2026-03-01T08:30:01.482113Z")
        return LineRenderer.append(
            draft, sequence: sequence, recordedTime: recorded, subjectSequence: subjectSequence, to: &buffer)
    }

    @Test func writesTheGoldenLine() throws {
        let golden =
            #"{"specversion":"1.0","id":"pos7-88412","source":"/stores/7","type":"purchase.completed","#
            + #""subject":"C-1042","time":"2026-03-01T08:30:00Z","recordedtime":"2026-03-01T08:30:01.482113Z","#
            + #""sequence":"00000000000000001042","subjectsequence":17,"#
            + #""data":{"order":"O-5531","amount":"129.90","currency":"CNY"}}"#
        let draft = EventDraft(
            id: "pos7-88412", source: "/stores/7", type: "purchase.completed", subject: "C-1042",
            time: "2026-03-01T08:30:00Z", data: Array(#"{"order":"O-5531","amount":"129.90","currency":"CNY"}"#.utf8))
        var buffer = Array("before".utf8)
        let line = try render(draft, into: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == "before" + golden + "\n")
        #expect(String(decoding: buffer[line.line], as: UTF8.self) == golden)
        #expect(String(decoding: buffer[line.id], as: UTF8.self) == "pos7-88412")
        #expect(String(decoding: buffer[line.source], as: UTF8.self) == "/stores/7")
        #expect(String(decoding: buffer[line.type], as: UTF8.self) == "purchase.completed")
        #expect(String(decoding: buffer[try #require(line.subject)], as: UTF8.self) == "C-1042")
        #expect(buffer[try #require(line.dataStart)...].starts(with: Array("{\"order\"".utf8)))
        #expect(line.time.rfc3339 == "2026-03-01T08:30:00.000000Z")
        let event = try StoredEvent(line: Array(golden.utf8)[...])
        #expect(event.sequence == 1042 && event.subjectSequence == 17)
        #expect(event.id == "pos7-88412" && event.source == "/stores/7" && event.subject == "C-1042")
        #expect(event.data["amount"]?.text == "129.90")
    }

    @Test func givesAnIDWhereNoneWasSent() throws {
        var buffer: [UInt8] = []
        _ = try render(EventDraft(type: "x.y", subject: nil), sequence: 7, subjectSequence: nil, into: &buffer)
        #expect(
            String(decoding: buffer, as: UTF8.self)
                == #"{"specversion":"1.0","id":"7","source":"touchline:","type":"x.y","#
                + #""recordedtime":"2026-03-01T08:30:01.482113Z","sequence":"00000000000000000007"}"# + "\n")
        buffer = []
        let draft = EventDraft(source: "/stores/7", type: "x.y", subject: "a\"\\b")
        let line = try render(draft, sequence: 8, subjectSequence: 1, into: &buffer)
        #expect(String(decoding: buffer[line.source], as: UTF8.self) == "touchline:/stores/7")
        #expect(String(decoding: buffer[try #require(line.subject)], as: UTF8.self) == #"a\"\\b"#)
        #expect(try StoredEvent(line: buffer.dropLast()).subject == "a\"\\b")
    }

    @Test func restoredLinesKeepTheirBytes() throws {
        var random = SplitMix(seed: 3)
        var parser = EventParser(options: EventParser.Options(restore: true))
        var plain = EventParser()
        for number in 0..<3_000 {
            let data = RandomJSON.value(depth: 0, &random).text { " " }
            let subject = ["", ",\"subject\":\"S-\(number)\"", ",\"subject\":\"\\u0061\\\"客\""][number % 3]
            let id = number % 2 == 0 ? "" : ",\"id\":\"i\\/\(number)\",\"source\":\"/s\""
            let time = number % 5 == 0 ? "" : ",\"time\":\"2026-03-01T08:30:00.1234567+08:00\""
            let sent = "{\"type\":\"x.y\"\(subject)\(id)\(time),\"zz\":\"\\u00e9\",\"aa\":-5,\"data\":\(data)}"
            let draft = try plain.parse(Array(sent.utf8))
            var buffer: [UInt8] = [0, 0, 0]
            let rendered = try render(
                draft, sequence: UInt64(number), subjectSequence: draft.subject == nil ? nil : 5, into: &buffer)
            let slice = buffer[rendered.line]
            let stored = try StoredLine(slice, parser: &parser)
            #expect(stored.rendered.moved(by: 3) == rendered)
            #expect(stored.event.hasContent(of: draft))
            #expect(stored.event.time == rendered.time)
            #expect(stored.event.dataStart == rendered.dataStart)
            #expect(stored.draft.restored?.sequence == UInt64(number))
            var again: [UInt8] = []
            LineRenderer.append(
                stored.draft, sequence: UInt64(number), recordedTime: stored.event.recordedTime,
                subjectSequence: stored.draft.restored?.subjectSequence, to: &again)
            #expect(again.dropLast() == slice)
        }
    }

    @Test func linesInAnotherFormAreRefused() throws {
        let other =
            #"{"specversion":"1.0","source":"/s","id":"1","type":"x.y","recordedtime":"2026-03-01T08:30:01.482113Z","#
            + #""sequence":"00000000000000001042"}"#
        let error = #expect(throws: LineError.self) { try StoredEvent(line: Array(other.utf8)[...]) }
        #expect(error?.code == .notStoredForm)
        #expect(error?.column == 23)
        #expect(throws: LineError.self) { try StoredEvent(line: Array(#"{"type":"x.y"}"#.utf8)[...]) }
    }

    @Test func contentIsTypeSubjectTimeAndData() throws {
        let draft = EventDraft(
            id: "1", source: "/s", type: "x.y", subject: "a", time: "2026-03-01T08:30:00Z",
            extensions: [EventDraft.Extension(name: "e", value: Array("1".utf8))], data: Array("{\"a\":1}".utf8))
        var buffer: [UInt8] = []
        _ = try render(draft, into: &buffer)
        let event = try StoredEvent(line: buffer.dropLast())
        #expect(event.hasContent(of: draft))
        var other = draft
        other.extensions = []
        other.time = "2026-03-01T16:30:00.0+08:00"
        #expect(event.hasContent(of: other))
        other.time = nil
        #expect(event.hasContent(of: other))
        for change: (inout EventDraft) -> Void in [
            { $0.type = "x.z" }, { $0.subject = "b" }, { $0.subject = nil }, { $0.data = nil },
            { $0.data = Array("{\"a\":1.0}".utf8) }, { $0.time = "2026-03-01T08:30:01Z" },
        ] {
            var changed = draft
            change(&changed)
            #expect(!event.hasContent(of: changed))
        }
        buffer = []
        _ = try render(EventDraft(type: "x.y", subject: "\u{E9}"), into: &buffer)
        let accented = try StoredEvent(line: buffer.dropLast())
        #expect(accented.hasContent(of: EventDraft(type: "x.y", subject: "\u{E9}")))
        #expect(!accented.hasContent(of: EventDraft(type: "x.y", subject: "e\u{301}")))
    }

    @Test func overheadStaysWithinItsLimit() throws {
        let quotes = String(repeating: "\"", count: Limits.attributeBytesMax)
        let source = String(repeating: "s", count: Limits.attributeBytesMax)
        for draft in [
            EventDraft(type: "x.y", subject: "s"), EventDraft(source: source, type: quotes, subject: quotes),
            EventDraft(id: quotes, source: source, type: quotes, subject: quotes, data: Array("{}".utf8)),
        ] {
            var buffer: [UInt8] = []
            LineRenderer.append(
                draft, sequence: .max, recordedTime: .latest, subjectSequence: .max, to: &buffer)
            #expect(buffer.count <= draft.byteCount + Limits.lineOverheadBytesMax)
        }
    }

    /// Whatever the parser takes can be stored, read back and restored.
    @Test func mutatedEventsStillMakeGoodLines() throws {
        let sent =
            Array(
                #"{"specversion":"1.0","id":"a-1","source":"/s/7","type":"x.y","subject":"C-客","zz":"v","n":-5,"#.utf8)
            + Array(#""time":"2026-03-01T08:30:00.5+08:00","data":{"order":"O-1","l":[1,2.50,{"a":null}]}}"#.utf8)
        var random = SplitMix(seed: 11)
        var plain = EventParser()
        var parser = EventParser(options: EventParser.Options(restore: true))
        var taken = 0
        for number in 0..<6_000 {
            var bytes = sent
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0x20...0x7E, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: index)
                }
            }
            guard let draft = try? plain.parse(bytes) else { continue }
            taken += 1
            try draft.check(allowsReservedSource: false)
            var buffer: [UInt8] = []
            let rendered = try render(
                draft, sequence: UInt64(number), subjectSequence: draft.subject == nil ? nil : 1, into: &buffer)
            let stored = try StoredLine(buffer[rendered.line], parser: &parser)
            if stored.rendered != rendered || !stored.event.hasContent(of: draft) {
                Issue.record("\(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(taken > 500)
    }

    @Test func draftsBuiltByHandAreChecked() throws {
        try EventDraft(type: "x.y", subject: "a", data: Array("{}".utf8)).check()
        try EventDraft(source: "touchline:import", type: "x.y", subject: nil).check()
        for draft in [
            EventDraft(type: "", subject: "a"), EventDraft(type: "x.y", subject: ""),
            EventDraft(id: "1", type: "x.y", subject: "a"), EventDraft(type: "x.y", subject: "a\n"),
            EventDraft(type: "x.y", subject: "a", time: "2026-03-01"),
            EventDraft(type: "x.y", subject: "a", data: Array("{\n}".utf8)),
            EventDraft(type: "x.y", subject: "a", data: []), EventDraft(source: "a b", type: "x.y", subject: "a"),
            EventDraft(type: "x.y", subject: String(repeating: "a", count: 257)),
            EventDraft(
                type: "x.y", subject: "a", extensions: [EventDraft.Extension(name: "data", value: Array("1".utf8))]),
            EventDraft(
                type: "x.y", subject: "a", extensions: [EventDraft.Extension(name: "A", value: Array("1".utf8))]),
            EventDraft(
                type: "x.y", subject: "a", data: Array(repeating: UInt8(ascii: "1"), count: Limits.eventBytesMax + 1)),
        ] {
            #expect(throws: LineError.self) { try draft.check() }
        }
        #expect(throws: LineError.self) {
            try EventDraft(source: "touchline:x", type: "x.y", subject: "a").check(allowsReservedSource: false)
        }
    }
}

import Testing

@testable import EventLog

@Suite struct LineParserTests {
    private func parse(
        _ text: String, _ options: EventParser.Options = EventParser.Options()
    ) throws(LineError) -> EventDraft {
        try EventDraft.parse(line: text.utf8, options: options)
    }

    @Test func readsAWholeEvent() throws {
        let draft = try parse(
            #"""
             {"data" : {"order":"O-1", "amount":"1.50"}, "specversion":"1.0","type":"purchase.completed",
              "source":"/stores/7","id":"a\u0062c","subject":"C-客","time":"2026-03-01T08:30:00+08:00",
              "datacontenttype":"application/json; charset=utf-8","zeta":7,"alpha":"\u00e9","beta":true,"gone":null,
              "dataschema":"https://example.com/s","expectedversion":3}
            """#)
        #expect(draft.id == "abc")
        #expect(draft.source == "/stores/7")
        #expect(draft.type == "purchase.completed")
        #expect(draft.subject == "C-客")
        #expect(draft.time == "2026-03-01T08:30:00+08:00")
        #expect(draft.extensions.map(\.name) == ["alpha", "beta", "dataschema", "zeta"])
        #expect(draft.extensions.first?.value == Array("\"é\"".utf8))
        #expect(draft.data == Array(#"{"order":"O-1","amount":"1.50"}"#.utf8))
        #expect(draft.expectedVersion == 3)
        #expect(draft.restored == nil)
        try draft.check(allowsReservedSource: false)
    }

    @Test func readsTheShortForm() throws {
        let draft = try parse(#"{"type":"call.completed","subject":"1","data":{"direction":"inbound"}}"#)
        #expect(draft.id == nil && draft.source == nil && draft.time == nil)
        #expect(try parse(#"{"type":"x.y"}"#).data == nil)
        #expect(try parse(#"{"type":"x.y","data":null,"subject":null}"#) == parse(#"{"type":"x.y"}"#))
    }

    @Test func fillsTheSource() throws {
        let options = EventParser.Options(defaultSource: "/till")
        #expect(try parse(#"{"type":"x.y","id":"1"}"#, options).source == "/till")
        #expect(try parse(#"{"type":"x.y","id":"1","source":"/a"}"#, options).source == "/a")
    }

    @Test(
        arguments: [
            (#"{}"#, LineError.Code.missing, nil, "type"),
            (#"[{"type":"x.y"}]"#, .notJSON, 1, ""),
            (#"{"type":""}"#, .missing, 9, "type"),
            (#"{"type":7}"#, .attributeValue, 9, "type"),
            (#"{"type":"x.y","subject":""}"#, .missing, 25, "subject"),
            (#"{"type":"x.y","specversion":"0.3"}"#, .specVersion, 29, "specversion"),
            (#"{"type":"x.y","specversion":1.0}"#, .specVersion, 29, "specversion"),
            (#"{"type":"x.y","data_base64":"AA=="}"#, .contentType, 29, "data_base64"),
            (#"{"type":"x.y","datacontenttype":"text/plain"}"#, .contentType, 33, "datacontenttype"),
            (#"{"type":"x.y","id":"1"}"#, .missing, nil, "source"),
            (#"{"type":"x.y","source":"touchline:import"}"#, .reserved, 24, "source"),
            (#"{"type":"x.y","source":"my shop"}"#, .attributeValue, 24, "source"),
            (#"{"type":"x.y","source":"/a%2"}"#, .attributeValue, 24, "source"),
            (#"{"type":"x.y","sequence":"00000000000000000001"}"#, .reserved, 26, "sequence"),
            (#"{"type":"x.y","recordedtime":"2026-03-01T08:30:00Z"}"#, .reserved, 30, "recordedtime"),
            (#"{"type":"x.y","subjectsequence":1}"#, .reserved, 33, "subjectsequence"),
            (#"{"type":"x.y","time":"2026-03-01T08:30:00"}"#, .time, 22, "time"),
            (#"{"type":"x.y","time":1772353800}"#, .attributeValue, 22, "time"),
            (#"{"type":"x.y","expectedversion":-1}"#, .attributeValue, 33, "expectedversion"),
            (#"{"type":"x.y","expectedversion":"1"}"#, .attributeValue, 33, "expectedversion"),
            (#"{"type":"x.y","Subject":"1"}"#, .attributeName, 25, "Subject"),
            (#"{"type":"x.y","a_b":"1"}"#, .attributeName, 21, "a_b"),
            (#"{"type":"x.y","abcdefghijklmnopqrstu":"1"}"#, .attributeName, 39, "abcdefghijklmnopqrstu"),
            (#"{"type":"x.y","ext":{}}"#, .attributeValue, 21, "ext"),
            (#"{"type":"x.y","ext":1.5}"#, .attributeValue, 21, "ext"),
            (#"{"type":"x.y","ext":2147483648}"#, .attributeValue, 21, "ext"),
            (#"{"type":"x.y","ext":"a\u0007"}"#, .attributeValue, 21, "ext"),
            (#"{"type":"x.y","subject":"a\nb"}"#, .attributeValue, 25, "subject"),
            (#"{"type":"x.y","subject":"a\u0085b"}"#, .attributeValue, 25, "subject"),
            (#"{"type":"x.y","subject":"a\uffff"}"#, .attributeValue, 25, "subject"),
            (#"{"type":"x.y","subject":"a\ud83f\udfff"}"#, .attributeValue, 25, "subject"),
            (#"{"type":"x.y","type":"x.z"}"#, .duplicateKey, 15, "type"),
            (#"{"type":"x.y","data":{"a":1,"b":{"c":1,"c":2}}}"#, .duplicateKey, 40, "data.b.c"),
            (#"{"type":"x.y","data":{"l":[1,01]}}"#, .notJSON, 30, "data.l[1]"),
        ] as [(String, LineError.Code, Int?, String)])
    func refuses(text: String, code: LineError.Code, column: Int?, keyPath: String) {
        let error = #expect(throws: LineError.self) { try parse(text) }
        #expect(error?.code == code)
        #expect(error?.column == column)
        #expect(error?.keyPath == keyPath)
        #expect(error?.mend.isEmpty == false)
    }

    @Test func attributesHaveALimitInBytes() throws {
        let fits = String(repeating: "é", count: 128)
        #expect(try parse("{\"type\":\"x.y\",\"subject\":\"\(fits)\"}").subject == fits)
        let escaped = String(repeating: "\\u00e9", count: 128)
        #expect(try parse("{\"type\":\"x.y\",\"subject\":\"\(escaped)\"}").subject == fits)
        let error = #expect(throws: LineError.self) { try parse("{\"type\":\"x.y\",\"subject\":\"\(fits)a\"}") }
        #expect(error?.code == .tooLong)
    }

    @Test func linesHaveALimit() throws {
        let filler = String(repeating: "a", count: Limits.eventBytesMax - 24)
        let line = "{\"type\":\"x.y\",\"data\":\"\(filler)\"}"
        #expect(line.utf8.count == Limits.eventBytesMax)
        let draft = try parse(line)
        try draft.check()
        #expect(draft.byteCount == line.utf8.count)
        let error = #expect(throws: LineError.self) { _ = try parse(line + " ") }
        #expect(error?.code == .tooLong)
        #expect(error?.message.contains("262145") == true)
    }

    @Test func timeErrorsShowTheMend() {
        let error = #expect(throws: LineError.self) { try parse(#"{"type":"x.y","time":"2026-03-01T08:30:00"}"#) }
        #expect(
            error?.description == "column 22 (time): time \"2026-03-01T08:30:00\" is no instant: it has no zone; "
                + "add Z or an offset, as in 2026-03-01T08:30:00+08:00")
    }

    @Test func aParserServesManyLinesAfterAFault() throws {
        var parser = EventParser()
        for _ in 0..<3 {
            #expect(throws: LineError.self) { try parser.parse(Array(#"{"type":"x.y","data":{"a":{"b":"#.utf8)) }
            #expect(try parser.parse(Array(#"{"type":"x.y","data":{"a":1}}"#.utf8)).data == Array(#"{"a":1}"#.utf8))
        }
    }
}

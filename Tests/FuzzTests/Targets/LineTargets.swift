@testable import EventLog

extension FuzzTarget {
    /// What a sender writes, and what a log wrote: what parses is rendered to a line that is in the log's own form,
    /// says the same, and is found again by the fast reading of stored lines.
    package static let line = FuzzTarget(
        name: "line", bytesMax: 4_096,
        check: { bytes in
            for options in [
                EventParser.Options(), EventParser.Options(defaultSource: "/fuzz"), EventParser.Options(restore: true),
            ] {
                var parser = EventParser(options: options)
                guard let draft = try parsed(bytes, &parser) else { continue }
                try checkParsed(draft, bytes, options)
                try checkRendered(draft, length: bytes.count)
            }
        },
        seeds: { lines in
            lines.sent + (try SeedLog.stored(lines)) + someLines.map { Array($0.utf8) }
        })

    /// JSON text: what is accepted keeps its meaning when it is normalised, and looking at any bytes stays in bounds.
    package static let json = FuzzTarget(
        name: "json", bytesMax: 4_096,
        check: { bytes in
            var left = 2_000
            try look(JSONView(bytes), depth: 0, &left)
            try checkScan(bytes)
            let text: [UInt8]
            do throws(LineError) {
                text = try JSONText.normalised(bytes)
            } catch {
                return try require((error.column ?? 1) <= bytes.count + 1, "a fault has a place in the text")
            }
            try require((try? JSONText.normalised(text)) == text, "normalising twice changes nothing")
            left = 2_000
            try look(JSONView(text), depth: 0, &left)
        },
        seeds: { lines in
            lines.sent.prefix(20) + someTexts.map { Array($0.utf8) }
        })

    /// A line whose batch checks, but which no Touchline wrote: reading its fields stays in bounds.
    package static let stored = FuzzTarget(
        name: "stored", bytesMax: 2_048,
        check: { bytes in
            var input = FuzzInput(bytes)
            let numbers = (0..<3).map { _ in Int(input.number(UInt16.self)) }
            let line = Array(input.rest)
            guard line.count > 1 else { return }
            // What `DirectoryColumns` lets pass.
            var entry = EventEntry(
                lineStart: 0, lineEnd: UInt32(line.count), subjectOffset: 0, subjectLength: 0,
                dataOffset: UInt32(numbers[2] % line.count), typeIndex: 0, time: Instant(microseconds: 0),
                recordedTime: Instant(microseconds: 0))
            let offset = numbers[0] % line.count
            if offset > 0, offset + 1 < line.count {
                entry.subjectOffset = UInt32(offset)
                entry.subjectLength = UInt32(numbers[1] % (line.count - offset))
                if entry.subjectLength == 0 { entry.subjectOffset = 0 }
            }
            try lookAtStored(line, entry)
        },
        seeds: { lines in
            try SeedLog.batch(lines).map { content, index in
                let entry = content.entries[index]
                var seed: [UInt8] = []
                seed.append(integer: UInt16(entry.subjectOffset))
                seed.append(integer: UInt16(entry.subjectLength))
                seed.append(integer: UInt16(entry.dataOffset))
                return seed + content.line(index)
            }
        })

    // MARK: Lines

    private static let someLines: [String] = [
        #"{"type":"x.y","subject":"C-\u00e9\"\\","data":{"a":[1,2.50,-3e2,true,null,"\ud83d\ude00"]}}"#,
        #"{"type":"x.y","source":"/\#(String(repeating: "s", count: 240))","data":""}"#,
        #"{"type":"x.y","time":"2026-03-01T08:30:00.5+08:00","traceparent":"00-1-2-01","n":7}"#,
    ]

    private static let someTexts: [String] = [
        #"{"a":[1,2.50,-3e2,true,null,"\ud83d\ude00",{"b":{}}],"é":" "}"#,
        "[-0.0,1e308,0.1E+2,123456789012345678901234567890]",
        String(repeating: "[", count: 64) + String(repeating: "]", count: 64),
    ]

    private static func parsed(_ bytes: [UInt8], _ parser: inout EventParser) throws -> EventDraft? {
        let draft: EventDraft?
        let fault: LineError?
        do {
            (draft, fault) = (try parser.parse(bytes), nil)
        } catch {
            (draft, fault) = (nil, error)
        }
        if let fault { try require(!fault.message.isEmpty && !fault.mend.isEmpty, "a fault says what and how to mend") }
        // A parser that has seen something behaves as a fresh one.
        try require((try? parser.parse(bytes)) == draft, "parsing again gives the same")
        return draft
    }

    private static func checkParsed(_ draft: EventDraft, _ bytes: [UInt8], _ options: EventParser.Options) throws {
        let added = draft.source == options.defaultSource ? (draft.source?.utf8.count ?? 0) + 13 : 0
        try require(draft.byteCount <= bytes.count + added, "an event counts no more bytes than its line had")
        do throws(LineError) {
            try draft.check(
                allowsReservedSource: options.restore,
                eventBytesMax: Limits.eventBytesMax + Limits.lineOverheadBytesMax)
        } catch {
            throw Broken("what was parsed obeys the rules: \(error)")
        }
        if let data = draft.data {
            try require((try? JSONText.normalised(data)) == data, "data is normalised")
        }
    }

    private static func checkRendered(_ draft: EventDraft, length: Int) throws {
        let number = draft.subject == nil ? nil : draft.restored.map { $0.subjectSequence } ?? 17
        let hash = KeyedHash(logID: [])
        let keys = BatchBuilder.Keys(subject: draft.subject.map { hash.subject($0) }, version: number ?? 0)
        let sequence = draft.restored?.sequence ?? 1_042
        var batch = BatchBuilder(firstSequence: sequence)
        batch.add(
            draft, sequence: sequence, recordedTime: draft.restored?.recordedTime ?? Instant(microseconds: 1),
            keys: keys)
        let line = batch.lines.dropLast()
        try require(line.count <= length + Limits.lineOverheadBytesMax, "a line is not much longer than its event")
        var parser = EventParser(options: EventParser.Options(restore: true))
        let stored: StoredLine
        do {
            stored = try StoredLine(line, parser: &parser)
        } catch {
            throw Broken("a rendered line is in the log's own form: \(error)")
        }
        try require(stored.event.hasContent(of: draft), "a rendered line has the content of its draft")
        try require(stored.draft.data == draft.data, "data keeps its bytes")
        let data = draft.data ?? Array("null".utf8)
        try require(stored.event.data.bytes == data[...], "data is where it is said to be")
        let entry = batch.entries[0]
        try require(stored.event.time == entry.time, "the directory has the line's time")
        let content = BatchContent(
            directory: BatchDirectory(head: Self.head(of: batch.lines.count), types: [draft.type], entries: [entry]),
            lines: batch.lines)
        let found = content.keys(0, hash)
        try require(found.version == number ?? 0, "the subject's number is found")
        try require(found.subject == draft.subject.map { hash.subject($0) }, "the subject is found")
        let id = hash.id(source: stored.event.source, id: stored.event.id)
        try require(found.id == nil || found.id == id, "the id is found")
    }

    /// The head of a batch with one event.
    private static func head(of rawLength: Int) -> BatchHead {
        let time = Instant(microseconds: 0)
        return BatchHead(
            directoryBytes: 0, firstSequence: 7, count: 1, rawLength: rawLength, frameBytes: 1, frameChecksum: 0,
            minTime: time, maxTime: time, minRecorded: time, maxRecorded: time)
    }

    // MARK: JSON

    /// Looks at everything that a view tells.
    private static func look(_ view: JSONView, depth: Int, _ left: inout Int) throws {
        left -= 1
        guard left > 0, depth < 70 else { return }
        _ = (view.kind, view.boolean, view.isNull, view.jsonText, view.integer, view.plainString)
        if let text = view.string {
            let again = JSONView(JSONText.string(text))
            try require(again.string.map { $0.utf8.elementsEqual(text.utf8) } ?? false, "a text is found again")
        }
        for element in view.elements { try look(element, depth: depth + 1, &left) }
        for (key, value) in view.members {
            _ = view[key]
            try look(value, depth: depth + 1, &left)
        }
        for (key, value) in view.rawMembers { _ = (key.string, value.kind) }
    }

    /// The scans by words find what a scan by bytes finds.
    private static func checkScan(_ bytes: [UInt8]) throws {
        let text = bytes.span
        for start in 0..<min(bytes.count, 20) {
            let unplain = bytes[start...].firstIndex { $0 < 0x20 || $0 >= 0x80 || $0 == 0x22 || $0 == 0x5C }
            try require(ByteScan.firstUnplain(text, from: start) == unplain ?? bytes.count, "unplain bytes are found")
            let quote = bytes[start...].firstIndex { $0 == 0x22 || $0 == 0x5C }
            try require(ByteScan.firstQuoteOrBackslash(text, from: start) == quote ?? bytes.count, "quotes are found")
            let escaped = bytes[start...].firstIndex { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }
            try require(ByteScan.firstEscaped(text, from: start) == escaped ?? bytes.count, "escapes are found")
            let control = bytes[start...].firstIndex { $0 < 0x20 }
            try require(ByteScan.firstControl(text, from: start) == control ?? bytes.count, "controls are found")
            let outside = bytes[start...].firstIndex { $0 < 0x20 || $0 >= 0x7F }
            try require(
                ByteScan.firstOutsidePrintableASCII(text, from: start) == outside ?? bytes.count, "others are found")
        }
    }

    // MARK: Stored lines

    private static func lookAtStored(_ line: [UInt8], _ entry: EventEntry) throws {
        let directory = BatchDirectory(head: head(of: line.count + 1), types: ["x.y"], entries: [entry])
        let content = BatchContent(directory: directory, lines: line + [UInt8(ascii: "\n")])
        let event = content.event(0)
        _ = content.keys(0, KeyedHash(logID: []))
        _ = (event.id, event.source, event.subjectSequence, event.subject)
        var left = 200
        try look(event.data, depth: 0, &left)
        var parser = EventParser(options: EventParser.Options(restore: true))
        guard let stored = try? StoredLine(line[...], parser: &parser) else { return }
        try require(stored.event.line.elementsEqual(line), "a line in the log's own form keeps its bytes")
    }
}

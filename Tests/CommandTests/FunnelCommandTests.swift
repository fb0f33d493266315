import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The funnel as a user asks for it, on the built binary.
@Suite struct FunnelCommandTests {
    private static let pipelines = """
        pipelines:
          default:
            stages:
              - {name: qualify, probability: 0.1, limit: 14d}
              - {name: 商务谈判 <&">, probability: 0.5}
        """

    /// Thirteen deals from January on, one of them in dollars, and a definition if wanted.
    private func filled(defined: Bool = true) throws -> TestData {
        let data = try TestData(["--zone", "Asia/Shanghai"])
        if defined {
            try Data(Self.pipelines.utf8).write(to: URL(filePath: data.path).appending(path: "pipelines.yaml"))
        }
        var lines: [String] = []
        func add(_ day: Int, _ type: String, _ number: Int, _ rest: String = "") {
            let date = day <= 31 ? "2026-01-\(day < 10 ? "0" : "")\(day)" : "2026-02-\(day < 41 ? "0" : "")\(day - 31)"
            lines.append(
                #"{"source":"/t","id":"\#(lines.count)","type":"opportunity.\#(type)","subject":"C-\#(number)","#
                    + #""time":"\#(date)T08:00:00Z","data":{"opportunity":"O-\#(number)"\#(rest)}}"#)
        }
        for number in 1...12 {
            add(number, "opened", number, #","amount":"10.00","currency":"CNY","owner":"王芳","origin":"fair""#)
            add(number + 3, "stage_changed", number, #","to":"商务谈判 <&\">""#)
            if number < 10 { add(number + 9, number % 3 == 0 ? "lost" : "won", number) }
        }
        add(33, "opened", 13, #","amount":"5","currency":"USD","stage":"trial","owner":"li""#)
        _ = try data.run("append", input: lines.joined(separator: "\n") + "\n")
        return data
    }

    private func figures(_ data: TestData, _ arguments: String...) throws -> [String: Any] {
        let result = try Binary.run(["funnel", "--json", "--data", data.path] + arguments)
        try #require(result.status == 0, "\(result.errors)")
        #expect(!result.output.lowercased().contains("nan"))
        return try result.json
    }

    @Test func definedStagesLimitsAndChances() throws {
        let data = try filled()
        let answer = try figures(data, "--as-of", "2026-02-10", "--over", "--by", "quarter")
        let stages = try #require(answer["stages"] as? [[String: Any]])
        #expect(stages.map { $0["stage"] as? String } == ["qualify", "商务谈判 <&\">", "trial"])
        #expect(stages.map { $0["reached"] as? Int } == [12, 12, 1])
        #expect(stages[1]["weighted_value"] as? [String: String] == ["CNY": "15.000"])
        #expect((answer["open_value"] as? [String: String]) == ["CNY": "30.00", "USD": "5"])
        #expect((answer["definition"] as? [String: Any])?["source"] as? String == "published")
        #expect((answer["groups"] as? [[String: Any]])?.map { $0["name"] as? String } == ["2026-Q1"])
        #expect((answer["over"] as? [Any])?.isEmpty == true)
        let table = try data.run("funnel", "--as-of", "2026-02-10", "--over", "--forecast", "month")
        #expect(table.status == 0)
        #expect(table.output.contains("No open deal has been in its stage too long"))
        #expect(table.output.contains("win rate 66.7 %"))
    }

    @Test func aPastFromTheViewsIsThatOfAReplay() throws {
        let data = try filled()
        for day in ["2025-12-31", "2026-01-05", "2026-01-14", "2026-02-02", "2026-03-01"] {
            for by in ["owner", "origin", "quarter"] {
                let question = [
                    "funnel", "default", "--as-of", day, "--by", by, "--over", "--forecast", "month", "--json",
                ]
                let last = try data.count() - 1
                let cut = try Binary.run(question + ["--data", data.path])
                // With the last event named there is nothing else to know, but it is replayed.
                let replayed = try Binary.run(question + ["--at", String(last), "--data", data.path])
                #expect(cut.status == 0)
                #expect(cut.output == replayed.output, "\(day) \(by)")
            }
        }
    }

    @Test func beforeTheFirstEventEverythingIsEmpty() throws {
        let data = try filled()
        let answer = try figures(data, "--as-of", "2020-01-01", "--forecast=quarter", "--contacts")
        #expect(answer["opportunities"] as? Int == 0)
        #expect(answer["win_rate"] is NSNull)
        #expect(try data.run("funnel", "--as-of", "2020-01-01").output.contains("won 0, lost 0, open 0"))
        let undefined = try filled(defined: false)
        #expect(try undefined.run("funnel", "--as-of", "2020-01-01").output.contains("no opportunity by then"))
    }

    @Test func whatIsNotThereIsNamed() throws {
        let data = try filled()
        let pipeline = try data.run("funnel", "defalt")
        #expect(pipeline.status == 65)
        #expect(pipeline.errors.contains("near it: default"))
        let stage = try data.run("funnel", "--stage", "qualifi")
        #expect(stage.status == 65)
        #expect(stage.errors.contains("near it: qualify"))
        #expect(try data.run("funnel", "--by", "colour").status == 64)
        #expect(try data.run("funnel", "--forecast=week").status == 64)
        #expect(try data.run("funnel", "--as-of", "soon").status == 64)
        let picture = try data.run("funnel", "--svg", "/nowhere/at/all.svg")
        #expect(picture.status == 74)
        #expect(picture.errors.contains("/nowhere/at/all.svg: the picture cannot be written"))
    }

    @Test func thePictureIsSoundXMLWithTheFigures() throws {
        let data = try filled()
        let path = data.folder.path("funnel.svg")
        let result = try data.run("funnel", "--as-of", "2026-02-10", "--svg", path)
        try #require(result.status == 0, "\(result.errors)")
        let reader = PictureReader()
        let parser = XMLParser(data: try Data(contentsOf: URL(filePath: path)))
        parser.delegate = reader
        #expect(parser.parse())
        #expect(reader.root == "svg")
        #expect(reader.texts.contains("商务谈判 <&\">"))
        #expect(reader.texts.contains("66.7 %"))
        #expect(reader.texts.contains { $0.contains("prefers-color-scheme: dark") })
        #expect(reader.elements.isDisjoint(with: ["script", "image", "use", "foreignObject"]))
        #expect(reader.links.isEmpty)
    }

    @Test func contactsUntilTheFirstPurchase() throws {
        let data = try TestData()
        func line(_ subject: String, _ type: String, _ day: Int, _ rest: String = "{}") -> String {
            #"{"type":"\#(type)","subject":"\#(subject)","time":"2026-01-0\#(day)T00:00:00Z","data":\#(rest)}"#
        }
        let order = #"{"order":"1","amount":"1","currency":"CNY"}"#
        try data.append(
            line("A", "call.completed", 1, #"{"direction":"inbound"}"#), line("A", "meeting.held", 2),
            line("A", "purchase.completed", 3, order), line("A", "visit.made", 4),
            line("B", "purchase.completed", 3, order),
            // Merged into B later; its contact was before B's purchase.
            line("C", "visit.made", 2), line("C", "customer.merged", 5, #"{"into":"B"}"#),
            line("D", "visit.made", 2))
        func contacts(_ arguments: String...) throws -> [String: Any] {
            let answer = try Binary.run(["funnel", "--contacts", "--json", "--data", data.path] + arguments).json
            return try #require(answer["contacts"] as? [String: Any])
        }
        let now = try contacts()
        #expect((now["customers"] as? Int, now["without_contact"] as? Int) == (2, 0))
        #expect((now["median"] as? Int, now["p90"] as? Int, now["mean"] as? Double) == (1, 2, 1.5))
        let then = try contacts("--as-of", "2026-01-04")
        #expect((then["customers"] as? Int, then["without_contact"] as? Int) == (2, 1))
        let before = try contacts("--as-of", "2026-01-02")
        #expect(before["customers"] as? Int == 0)
        #expect(before["median"] is NSNull)
    }
}

/// What a picture's XML holds.
private final class PictureReader: NSObject, XMLParserDelegate {
    var root: String?
    var elements: Set<String> = []
    var texts: [String] = []
    var links: [String] = []
    private var text = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        root = root ?? name
        elements.insert(name)
        links += attributes.filter { $0.key.hasSuffix("href") || $0.value.contains("url(") }.map(\.value)
        text = ""
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        texts.append(text)
        text = ""
    }
}

import Foundation
import Testing

/// Value, cohorts, segments, duplicates and merges, on the built binary.
@Suite struct CustomerGroupsTests {
    private static func purchase(_ subject: String, _ order: Int, _ day: String) -> String {
        #"{"id":"\#(subject)-\#(order)","source":"/t","type":"purchase.completed","subject":"\#(subject)","#
            + #""time":"\#(day)T10:00:00Z","data":{"order":"\#(order)","amount":"10.00","currency":"CNY"}}"#
    }

    private static func line(_ type: String, _ subject: String, _ data: String) -> String {
        #"{"type":"\#(type)","subject":"\#(subject)","data":\#(data)}"#
    }

    private func write(_ text: String, in data: TestData) throws {
        try Data(text.utf8).write(to: URL(filePath: data.path).appending(path: "segments.yaml"))
    }

    @Test func theFiguresOfCDNOW() throws {
        let data = try TestData()
        let imported = try data.run("import", "csv", CDNOWTests.csv, "--mapping", CDNOWTests.mapping)
        try #require(imported.status == 0, "\(imported.errors)")
        let moment = ["--as-of", "1998-06-30"]
        let value = try Binary.run(["customers", "--value", "--top", "3", "--json", "--data", data.path] + moment).json
        let whole = try #require(value["whole"] as? [String: Any])
        #expect(whole["customers"] as? Int == 23_570 && whole["spend"] as? String == "2500315.63")
        #expect(whole["orders"] as? Int == 69_659)
        let listed = try #require(value["customers"] as? [[String: Any]])
        #expect(listed.count == 3 && (listed[0]["rfm"] as? [String: Any])?["code"] as? String == "555")
        // One customer has the same figures as in the list.
        let name = try #require(listed[0]["customer"] as? String)
        let one = try Binary.run(["customer", name, "--value", "--json", "--data", data.path] + moment).json
        let among = try #require((one["value"] as? [String: Any])?["among_all"] as? [String: Any])
        #expect(among["expected_spend"] as? Double == listed[0]["expected_spend"] as? Double)
        let cohorts = try Binary.run(["cohorts", "--json", "--data", data.path] + moment)
        let rows = try #require(try cohorts.json["cohorts"] as? [[String: Any]])
        #expect(rows.map { $0["size"] as? Int } == [7846, 8476, 7248])
        #expect(try Binary.run(["cohorts", "--json", "--data", data.path] + moment).output == cohorts.output)
        // A year as a segment, then and now: everyone who bought, by a definition that came later.
        try write("segments:\n  - {name: back, where: purchase_days > 1}\n", in: data)
        #expect(try data.run("definitions", "publish").status == 0)
        let arguments = ["segments", "back", "--limit", "2", "--changed-since", "1997-09-30", "--json"]
        let segments = try Binary.run(arguments + moment + ["--data", data.path]).json
        let back = try #require((segments["segments"] as? [[String: Any]])?.first)
        #expect(back["customers"] as? Int == whole["repeat_customers"] as? Int)
        #expect((back["members"] as? [Any])?.count == 2)
        let change = try #require(back["change"] as? [String: Any])
        #expect(change["left_count"] as? Int == 0 && (change["joined_count"] as? Int ?? 0) > 1000)
    }

    @Test func segmentsAreThoseInForce() throws {
        let data = try TestData()
        try data.append(Self.purchase("A", 1, "2026-01-05"), Self.purchase("B", 1, "2026-03-05"))
        let none = try data.run("segments")
        #expect(none.status == 0 && none.errors.contains("segments.yaml"), "\(none.errors)")
        try write("segments:\n  - {name: asleep, where: \"last_purchase < date(:now, '-30 days')\"}\n", in: data)
        #expect(try data.run("segments").errors.contains("not published yet"))
        #expect(try data.run("definitions", "publish").status == 0)
        func members(_ extra: String...) throws -> [String]? {
            let answer = try Binary.run(["segments", "asleep", "--json", "--data", data.path] + extra)
            return ((try answer.json["segments"] as? [[String: Any]])?.first?["members"]) as? [String]
        }
        #expect(try members("--as-of", "2026-03-31") == ["A"])
        #expect(try members("--as-of", "2026-01-31") == [])
        #expect(try members("--as-of", "2026-05-31") == ["A", "B"])
        let before = try data.run("segments", "asleep", "--at", "1")
        #expect(before.status == 65 && before.errors.contains("no segment \"asleep\""), "\(before.errors)")
        let text = try data.run("segments", "asleep", "--as-of", "2026-03-31").output
        #expect(text.contains("definition of event 2") && text.contains("  A\n"), "\(text)")
        #expect(try data.run("segments", "aslep").errors.contains("asleep"))
    }

    @Test func changesSinceAMomentThatIsNotBeforeTheAnswerAreRefused() throws {
        let data = try TestData()
        try data.append(Self.purchase("A", 1, "2026-01-05"), Self.purchase("A", 2, "2026-02-05"))
        try write("segments:\n  - {name: asleep, where: \"last_purchase < date(:now, '-30 days')\"}\n", in: data)
        #expect(try data.run("definitions", "publish").status == 0)
        for command in [["segments"], ["segments", "asleep"], ["churn"]] {
            for (since, asOf) in [("2026-03-01", "2026-02-20"), ("2026-02-20", "2026-02-20")] {
                let asked = command + ["--changed-since", since, "--as-of", asOf, "--data", data.path]
                let result = try Binary.run(asked)
                #expect(result.status == 65, "\(asked): \(result.output)")
                if command[0] == "segments" { #expect(result.errors.contains("is not before"), "\(result.errors)") }
            }
        }
        #expect(try data.run("segments", "--changed-since", "2999-01-01").status == 65)
        #expect(try data.run("segments", "--changed-since", "2026-02-19", "--as-of", "2026-02-20").status == 0)
    }

    @Test func aPublishedFileWithoutSegmentsIsSaidOnce() throws {
        let data = try TestData()
        try data.append(Self.purchase("A", 1, "2026-01-05"))
        let none = try data.run("segments")
        #expect(none.output.contains("no definition") && none.errors.contains("no segments are published"))
        try write("segments: []\n", in: data)
        #expect(try data.run("definitions", "publish").status == 0)
        let empty = try data.run("segments")
        #expect(empty.status == 0 && empty.output.contains("definition of event 1"), "\(empty.output)")
        #expect(empty.errors.contains("event 1 published names no segment"), "\(empty.errors)")
        #expect(!empty.errors.contains("no segments are published"), "\(empty.errors)")
    }

    @Test func bandsOfRiskStandWithTheirLimits() throws {
        let data = try TestData()
        try data.append(Self.purchase("A", 1, "2026-01-05"), Self.purchase("A", 2, "2026-02-05"))
        let parameters = #"{"r":0.5,"alpha":6.2,"a":0.9,"b":1.6}"#
        try data.append(
            #"{"type":"churn.model_published","data":{"model":"mbg","parameters":\#(parameters),"horizon_days":182}}"#)
        try write("segments:\n  - {name: risky, where: risk_band = 'high'}\n", in: data)
        #expect(try data.run("definitions", "publish").status == 0)
        let segments = try data.run("segments")
        #expect(segments.errors.contains("high from a risk of 0.8 on, medium from 0.5"), "\(segments.errors)")
        let part = try data.run("customer", "A", "--json").json["churn"] as? [String: Any]
        #expect(part?["bands"] as? [String: Double] == ["high": 0.8, "medium": 0.5])
        for command in [
            ["churn", "explain", "A"], ["churn", "--changed-since", "2026-02-20", "--as-of", "2026-03-20"],
        ] {
            let text = try Binary.run(command + ["--data", data.path])
            #expect(text.output.contains("high from 80"), "\(text.output)\(text.errors)")
        }
    }

    @Test func aBrokenConditionIsSaidWithItsPlace() throws {
        let data = try TestData()
        let bad = "segments:\n  - {name: ok, where: tier = 'gold'}\n  - name: bad\n    where: teir = 'gold'\n"
        let file = try data.folder.write("segments.yaml", bad)
        let checked = try Binary.run(["segments", "check", file])
        #expect(checked.status == 1 && checked.output.contains("line 3: bad: no column \"teir\"; near it: tier"))
        try write(bad, in: data)
        let published = try data.run("definitions", "publish")
        #expect(published.status == 65 && published.errors.contains("line 3: bad: no column"), "\(published.errors)")
        // One that another program published is refused when it is asked.
        let body = String(decoding: try JSONEncoder().encode(["kind": "segments", "body": bad]), as: UTF8.self)
        try data.append(#"{"type":"definition.published","data":\#(body)}"#)
        let asked = try data.run("segments")
        #expect(asked.status == 65 && asked.errors.split(separator: "\n").count == 1, "\(asked.errors)")
        #expect(asked.errors.contains("segment \"bad\": no column \"teir\""), "\(asked.errors)")
        #expect(try data.run("segments", "ok").status == 0)
        let columns = try data.run("segments", "columns", "--json").json["columns"] as? [[String: String]]
        #expect(columns?.contains { $0["column"] == "last_purchase" } == true)
    }

    @Test func badQuestionsHaveClearAnswers() throws {
        let data = try TestData()
        for (arguments, status, word) in [
            (["customers", "--value"], 65, "nobody had bought"), (["cohorts"], 65, "nobody had bought"),
            (["customers", "--value", "--find", "x"], 64, "one of"),
            (["customers", "--currency", "CNY"], 64, "--value"),
            (["cohorts", "--by", "decade"], 64, "decade"), (["cohorts", "--periods", "-1"], 64, "periods"),
            (["customers", "--duplicates", "--limit", "0"], 64, "--limit"),
            (["segments", "--changed-since", "soon"], 64, "soon"),
        ] {
            let result = try Binary.run(arguments + ["--data", data.path])
            #expect(result.status == Int32(status), "\(arguments): \(result.errors)")
            #expect(result.errors.contains(word), "\(arguments): \(result.errors)")
        }
        try data.append(Self.purchase("A", 1, "2026-01-05"))
        for (arguments, word) in [
            (["customers", "--value", "--currency", "USD"], "no currency \"USD\"; near it: CNY"),
            (["customers", "--value", "--horizon", "0d"], "horizon of 0 days"),
            (["cohorts", "--as-of", "2025-12-31"], "nobody had bought anything by 2025-12-31"),
        ] {
            let result = try Binary.run(arguments + ["--data", data.path])
            #expect(result.status == 65 && result.errors.contains(word), "\(arguments): \(result.errors)")
        }
        // Too few for a model: figures where there are some, a note where there are none.
        let value = try data.run("customers", "--value", "--json")
        #expect(value.status == 0 && !value.output.lowercased().contains("nan"), "\(value.output)\(value.errors)")
    }

    @Test func aMergedCustomerIsAnsweredForByItsSurvivorEverywhere() throws {
        let data = try TestData()
        try write("segments:\n  - {name: all, where: purchase_days = 2}\n", in: data)
        try data.append(
            Self.line("customer.registered", "A", #"{"name":"Ada","phone":"13800138000"}"#),
            Self.line("customer.registered", "B", #"{"phone":"+86 138 0013 8000"}"#),
            Self.purchase("A", 1, "2026-01-05"), Self.purchase("B", 1, "2026-02-05"))
        let duplicates = try data.run("customers", "--duplicates")
        #expect(duplicates.output.contains("same phone number +8613800138000"), "\(duplicates.output)")
        try data.append(Self.line("customer.merged", "B", #"{"into":"A"}"#))
        for command in [["customer", "B"], ["timeline", "B"], ["audit", "B"]] {
            let result = try Binary.run(command + ["--data", data.path])
            #expect(result.output.contains("B was merged into A."), "\(command): \(result.output)\(result.errors)")
        }
        #expect(try data.run("segments", "all").output.contains("  A\n"))
        #expect(try data.run("cohorts", "--json").json["customers"] as? Int == 1)
        #expect(try data.run("customers", "--duplicates", "--json").json["group_count"] as? Int == 0)
        for (line, word) in [
            (Self.line("customer.merged", "A", #"{"into":"A"}"#), "into itself"),
            (Self.line("customer.merged", "A", #"{"into":"B"}"#), "A → B → A"),
        ] {
            let refused = try data.run("append", input: line)
            #expect(refused.status == 65 && refused.errors.contains(word), "\(refused.errors)")
        }
        try data.append(Self.line("customer.unmerged", "B", "{}"))
        #expect(try data.run("segments", "all", "--json").output.contains("\"customers\" : 0"))
        #expect(try data.run("customers", "--duplicates").output.contains("told them apart"))
    }
}

import Foundation
import Testing

/// Churn through the built command: the reference figures, answers that stay, and bad questions.
@Suite struct ChurnCommandTests {
    private static let sample = Repository.path("fixtures/cdnow/CDNOW_sample.txt")
    private static let sampleMapping = """
        file: {delimiter: whitespace, header: false, columns: [all, customer, date, cds, dollars]}
        source: /cdnow
        zone: UTC
        emit:
        - {type: purchase.completed, id: "{#row}", subject: "{customer}", time: {column: date, format: yyyyMMdd},
           data: {order: "{#row}", amount: "{dollars}", currency: USD, items: "{cds}"}}

        """

    private func sample() throws -> TestData {
        let data = try TestData()
        let mapping = try data.folder.write("sample.yaml", Self.sampleMapping)
        let result = try data.run("import", "csv", Self.sample, "--mapping", mapping)
        try #require(result.status == 0, "\(result.errors)")
        return data
    }

    private func master() throws -> TestData {
        let data = try TestData()
        let result = try data.run("import", "csv", CDNOWTests.csv, "--mapping", CDNOWTests.mapping)
        try #require(result.status == 0, "\(result.errors)")
        return data
    }

    /// Fits every model until 1997-09-30 and compares parameters and log-likelihood.
    private func checkFits(_ data: TestData, customers: Int, _ wanted: [(String, [String: Double], Double)]) throws {
        for (kind, parameters, likelihood) in wanted {
            let answer = try data.run("churn", "fit", "--model", kind, "--until", "1997-09-30", "--json").json
            let model = try #require(answer["model"] as? [String: Any])
            #expect(model["customers"] as? Int == customers && answer["published"] as? Int != nil)
            let found = try #require(model["parameters"] as? [String: Double])
            #expect(found.keys.sorted() == parameters.keys.sorted())
            for (name, value) in parameters { #expect(abs((found[name] ?? .nan) - value) <= 1e-3, "\(kind) \(found)") }
            #expect(abs((model["log_likelihood"] as? Double ?? .nan) - likelihood) < 1e-3, "\(kind) \(model)")
            let beta = try #require(model["beta"] as? [String: Double])
            #expect(beta.count == 5 && beta.values.allSatisfy { $0 == 0 })
            #expect("\(model["notes"] ?? "")".contains("no complaints"))
        }
    }

    @Test func `fit on the sample gives the published table`() throws {
        try checkFits(
            try sample(), customers: 2357,
            [
                ("bg", ["r": 0.2425982, "alpha": 4.413684, "a": 0.7929899, "b": 2.426167], -9582.429),
                ("mbg", ["r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614], -9582.136),
                ("pareto", ["r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669], -9594.976),
            ])
    }

    @Test func `fit and evaluate on the master give the reference figures, and a picture of them`() throws {
        let data = try master()
        try checkFits(
            data, customers: 23_570,
            [
                ("bg", ["r": 0.2516, "alpha": 4.7889, "a": 0.7234, "b": 2.1611], -95368.444),
                ("mbg", ["r": 0.6371, "alpha": 7.3103, "a": 0.8075, "b": 1.2284], -95336.958),
                ("pareto", ["r": 0.5974, "alpha": 11.5857, "s": 0.5222, "beta": 8.8278], -95415.119),
            ])
        let picture = data.folder.path("calibration.svg")
        let cuts = [("1997-12-30", 0.7951, 0.7929, 0.0228), ("1997-09-30", 0.7589, 0.7583, 0.0536)]
        for (cut, recency, auc, calibration) in cuts {
            let answer = try data.run(
                "churn", "evaluate", "--fit-until", cut, "--horizon", "182d", "--json", "--svg", picture
            ).json
            #expect(abs((answer["recency_auc"] as? Double ?? .nan) - recency) < 1e-4)
            #expect(abs((answer["auc"] as? Double ?? .nan) - auc) < 1e-4)
            #expect(abs((answer["ece"] as? Double ?? .nan) - calibration) < 1e-4)
            #expect((answer["deciles"] as? [Any])?.count == 10)
            if cut == "1997-12-30" { #expect(abs((answer["brier"] as? Double ?? .nan) - 0.131) < 1e-3) }
        }
        let svg = try String(contentsOfFile: picture, encoding: .utf8)
        #expect(svg.hasPrefix("<?xml") && svg.hasSuffix("</svg>\n") && svg.contains("prefers-color-scheme: dark"))
        #expect(svg.components(separatedBy: "<circle").count == 11)
        #expect(svg.components(separatedBy: "http").count == 2, "nothing is fetched: only the name space is an address")
        #expect(svg.contains("MBG/NBD") && svg.contains("0.7583") && svg.contains("0.7589") && svg.contains("0.0536"))
        let nowhere = try data.run(
            "churn", "evaluate", "--fit-until", "1997-12-30", "--svg", data.folder.path("no/such/folder.svg"))
        #expect(nowhere.status == 74 && nowhere.errors.contains("no/such/folder.svg"))
    }

    /// A year of sixty customers with complaints, surveys, a merge and a contract.
    private static func year(_ from: Int = 2025, prefix: String = "C") -> String {
        var lines: [String] = []
        func say(_ type: String, _ subject: String, _ month: Int, _ day: Int, _ data: String) {
            let date = String(format: "%04d-%02d-%02d", from + (month - 1) / 12, (month - 1) % 12 + 1, day)
            lines.append(
                #"{"source":"/t","id":"\#(prefix)\#(from)-\#(lines.count)","type":"\#(type)","subject":"\#(subject)","#
                    + #""time":"\#(date)T08:00:00Z","data":{\#(data)}}"#)
        }
        for customer in 0..<60 {
            let subject = "\(prefix)\(100 + customer)"
            for purchase in 0..<(2 + customer % 9) {
                let money = #""amount":"\#(purchase * 3).50","currency":"\#(["CNY", "EUR", "JPY"][purchase % 3])""#
                say(
                    "purchase.completed", subject, 1 + purchase * (1 + customer % 2) % 12, 1 + customer % 27,
                    #""order":"O\#(purchase)",\#(money)"#)
            }
            if customer % 4 == 0 { say("complaint.opened", subject, 5, 3, #""complaint":"X""#) }
            if customer % 8 == 0 { say("complaint.resolved", subject, 6, 1, #""complaint":"X""#) }
            if customer % 7 == 0 {
                say("survey.answered", subject, 4, 2, #""survey":"S","score":1,"scale_min":0,"scale_max":10"#)
            }
        }
        say("customer.merged", "\(prefix)101", 7, 1, #""into":"\#(prefix)102""#)
        say("contract.signed", "\(prefix)103", 7, 1, #""contract":"K","ends":"\#(from + 2)-01-01""#)
        return lines.joined(separator: "\n")
    }

    @Test func `a past date has the same answers after further events and a rebuild with other workers`() throws {
        let data = try TestData()
        try data.append(Self.year())
        let fit = try data.run("churn", "fit", "--until", "2025-12-31", "--json").json
        let model = try #require(fit["model"] as? [String: Any])
        #expect(model["beta_fit"] != nil && (model["beta"] as? [String: Double])?["open_complaints"] != 0, "\(model)")
        let last = try #require(fit["published"] as? Int)
        let questions = [
            ["churn", "--top", "100"], ["churn", "explain", "C104"], ["churn", "--changed-since", "2025-08-01"],
            ["customer", "C104"],
        ].map { $0 + ["--at", "\(last)", "--as-of", "2025-12-31", "--json"] }
        func answers() throws -> [String] {
            try questions.map { question in
                let result = try Binary.run(question + ["--data", data.path])
                #expect(result.status == 0, "\(question) \(result.errors)")
                return result.output
            }
        }
        let before = try answers()
        // Later events of the same customers, some of them about the past, and another model.
        try data.append(Self.year(2026, prefix: "C"))
        try data.append(Self.year(2024, prefix: "D"))
        #expect(try data.run("churn", "fit", "--until", "2026-12-01", "--horizon", "90d").status == 0)
        #expect(try data.run("rebuild", "--workers", "1").status == 0)
        #expect(try answers() == before)
        #expect(try data.run("rebuild", "--workers", "2").status == 0)
        #expect(try answers() == before)
    }

    @Test func `no figure of an odd log is NaN or infinite`() throws {
        let data = try TestData()
        try data.append(Self.year())
        let odd = [
            #"{"type":"purchase.refunded","subject":"C104","time":"2025-09-01T00:00:00Z","data":{"order":"O1","amount":"999999999999.99","currency":"CNY"}}"#,
            #"{"type":"purchase.refunded","subject":"C105","time":"2025-09-01T00:00:00Z","data":{"amount":"500","currency":"GBP"}}"#,
            #"{"type":"purchase.completed","subject":"Z1","time":"2025-12-31T23:59:59Z","data":{"order":"A","amount":"0","currency":"CNY"}}"#,
            #"{"type":"purchase.completed","subject":"Z2","time":"0001-01-01T00:00:00Z","data":{"order":"A","amount":"1","currency":"CNY"}}"#,
            #"{"type":"purchase.completed","subject":"Z3","time":"9999-12-31T00:00:00Z","data":{"order":"A","amount":"1","currency":"CNY"}}"#,
            #"{"type":"complaint.opened","subject":"Z2","time":"0001-01-01T00:00:00Z","data":{"complaint":"X"}}"#,
            #"{"type":"survey.answered","subject":"C106","time":"2025-05-01T00:00:00Z","data":{"survey":"S","score":"5","scale_min":"5","scale_max":"5"}}"#,
            #"{"type":"survey.answered","subject":"C107","time":"2025-05-01T00:00:00Z","data":{"survey":"S","score":"99999999999999999999","scale_min":"0","scale_max":"1"}}"#,
        ]
        try data.append(odd.joined(separator: "\n"))
        let daily = (0..<400).map { day in
            #"{"type":"purchase.completed","subject":"DAILY","time":"2025-0\#(1 + day % 9)-\#(10 + day % 19)T00:00:00Z","data":{"order":"O\#(day)","amount":"1","currency":"CNY"}}"#
        }
        try data.append(daily.joined(separator: "\n"))
        let until = ["--until", "2025-12-31", "--json"]
        for model in ["mbg", "bg", "pareto", "nbd"] {
            for horizon in ["1d", "182d", "36525d"] {
                let fit = try data.run(
                    "churn", "fit", "--model", model, "--horizon", horizon, until[0], until[1], until[2])
                #expect(fit.status == 0, "\(fit.errors)")
                for question in [
                    ["churn", "--top", "1000"], ["churn", "explain", "Z2"], ["churn", "explain", "DAILY"],
                    ["churn", "explain", "Z1"], ["churn", "--changed-since", "2025-06-30", "--top", "100"],
                    ["customer", "Z2"],
                ] {
                    let result = try Binary.run(question + ["--as-of", "2025-12-31", "--json", "--data", data.path])
                    #expect(result.status == 0, "\(model) \(horizon) \(question) \(result.errors)")
                    _ = try result.json
                }
            }
            let evaluation = try data.run("churn", "evaluate", "--model", model, "--fit-until", "2025-06-30", "--json")
            #expect(evaluation.status == 0, "\(evaluation.errors)")
            _ = try evaluation.json
        }
    }

    @Test func `bad questions get one line with the mend and the right status`() throws {
        let data = try TestData()
        try data.append(Self.year())
        let few = try TestData()
        try few.append(
            #"{"type":"purchase.completed","subject":"A","time":"2025-01-01T00:00:00Z","data":{"order":"1","amount":"1","currency":"CNY"}}"#
        )
        let questions: [(TestData, [String], Int32, String)] = [
            (data, ["churn", "--horizon", "0", "--as-of", "2025-12-31"], 65, "horizon of 0 days"),
            (data, ["churn", "fit", "--horizon=-3d"], 65, "horizon of -3 days"),
            (data, ["churn", "fit", "--horizon", "soon"], 64, "soon"),
            (data, ["churn", "fit", "--model", "tarot"], 64, "tarot"),
            (data, ["churn", "--model", "3", "--as-of", "2025-12-31"], 65, "no model was published by event 3"),
            (data, ["churn", "--as-of", "2020-01-01"], 65, "nobody had bought anything by 2020-01-01"),
            (data, ["churn", "fit", "--until", "2020-01-01"], 65, "nobody had bought anything by 2020-01-01"),
            (data, ["churn", "fit", "--until", "2025-02-30"], 64, "2025-02-30"),
            (data, ["churn", "--bands", "0.9,0.1", "--as-of", "2025-12-31"], 65, "0.5,0.8"),
            (data, ["churn", "--top", "0"], 64, "--top takes 1 or more"),
            (data, ["churn", "--changed-since", "2025-12-31", "--as-of", "2025-12-31"], 65, "is not before"),
            (data, ["churn", "--changed-since", "soon"], 64, "soon"),
            (data, ["churn", "explain", "C999"], 65, "C999"),
            (data, ["churn", "evaluate", "--fit-until", "2999-01-01"], 65, "2999-01-01"),
            (few, ["churn", "fit"], 65, "too few repeat buyers"),
            (few, ["churn"], 65, "too few repeat buyers"),
        ]
        for (data, question, status, message) in questions {
            let result = try Binary.run(question + ["--data", data.path])
            #expect(result.status == status, "\(question) \(result.output) \(result.errors)")
            #expect(result.errors.contains(message), "\(question) \(result.errors)")
            if status != 64 { #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)") }
        }
    }

    @Test func `bands come from the question, else from the folder`() throws {
        let data = try TestData()
        try data.append(Self.year())
        func limits(_ arguments: String...) throws -> [Double] {
            let result = try Binary.run(
                ["churn", "--json", "--as-of", "2025-12-31", "--data", data.path] + arguments)
            let bands = try #require(try result.json["bands"] as? [[String: Any]])
            return bands.compactMap { $0["from"] as? Double }
        }
        #expect(try limits() == [0.8, 0.5, 0])
        #expect(try limits("--bands", "0.2,0.3") == [0.3, 0.2, 0])
        let path = data.folder.path("data/config.yaml")
        let configuration = try String(contentsOfFile: path, encoding: .utf8)
        #expect(configuration.contains("# risk_bands: [0.5, 0.8]"))
        try Data((configuration + "risk_bands: [0.4, 0.7]\n").utf8).write(to: URL(filePath: path))
        #expect(try limits() == [0.7, 0.4, 0])
        let explained = try data.run("churn", "explain", "C104", "--as-of", "2025-12-31", "--json").json
        #expect((explained["bands"] as? [String: Double]) == ["high": 0.7, "medium": 0.4])
        try Data((configuration + "risk_bands: [0.7, 0.4]\n").utf8).write(to: URL(filePath: path))
        let refused = try data.run("churn")
        #expect(refused.status == 74 && refused.errors.contains("config.yaml") && refused.errors.contains("0.5,0.8"))
    }
}

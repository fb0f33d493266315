import Foundation
import Testing

/// CSV imports from outside: what is refused, taken back and done again.
@Suite struct ImportTests {
    private static let csv = """
        invoice,customer,date,amount
        I1,13812345678,2026-01-01,5.00
        I1,C-1,2026-01-02,7.00
        I2,C-2,2026-01-03,1.50

        """

    private func mapping(currency: String) -> String {
        """
        source: /shop
        zone: UTC
        defaults: {subject: "{customer}", time: "{date}"}
        emit:
        - {per: [invoice], type: purchase.completed, id: "{invoice}",
           data: {order: "{invoice}", amount: {sum: amount}, currency: \(currency)}}
        - {type: x.line, id: "line:{#row}"}

        """
    }

    private func files(_ data: TestData, currency: String = "CNY") throws -> (csv: String, mapping: String) {
        (try data.folder.write("shop.csv", Self.csv), try data.folder.write("m.yaml", mapping(currency: currency)))
    }

    @Test func aRefusedRowGivesNothingAndTheCountsAreThoseOfTheLog() throws {
        let data = try TestData()
        let (csv, mapping) = try files(data)
        let result = try data.run("import", "csv", csv, "--mapping", mapping, "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("line 2: rejected: rule 1: the subject of purchase.completed looks like"))
        let summary = try result.json
        #expect(summary["rejected"] as? Int == 1)
        #expect(summary["events_by_rule"] as? [Int] == [2, 2])
        #expect(summary["appended"] as? Int == 4)
        // The four events and the one that closes the import.
        #expect(try data.count() == 5)
        let purchases = try data.run("customer", "C-1", "--json").json["purchases"] as? [String: Any]
        #expect(purchases?["totals"] as? [String: String] == ["CNY": "7.00"])
    }

    @Test func anUndoneImportIsDoneAgainWithAMendedMapping() throws {
        let data = try TestData()
        let (csv, wrong) = try files(data, currency: "USD")
        let first = try data.run("import", "csv", csv, "--mapping", wrong, "--json")
        let identifier = try #require(try first.json["import"] as? String)
        #expect(try data.run("import", "undo", identifier).status == 0)
        let mended = try data.folder.write("mended.yaml", mapping(currency: "CNY"))
        let dry = try data.run("import", "csv", csv, "--mapping", mended, "--dry-run")
        #expect(dry.status == 0)
        #expect(dry.errors.contains("import it anew with --attempt 2"), "\(dry.errors)")
        let clash = try data.run("import", "csv", csv, "--mapping", mended)
        #expect(clash.errors.contains("import \(identifier), which was undone and stays so"), "\(clash.errors)")
        #expect(clash.errors.contains("--attempt 2"))
        let same = try data.run("import", "csv", csv, "--mapping", wrong)
        #expect(same.errors.contains("--attempt 2"), "\(same.errors)")

        let second = try data.run("import", "csv", csv, "--mapping", mended, "--attempt", "2", "--json")
        #expect(second.status == 0, "\(second.errors)")
        #expect(try second.json["appended"] as? Int == 4)
        #expect((try second.json["import"] as? String)?.hasSuffix("-2") == true)
        #expect(!second.errors.contains("--attempt"))
        let purchases = try data.run("customer", "C-1", "--json").json["purchases"] as? [String: Any]
        #expect(purchases?["totals"] as? [String: String] == ["CNY": "7.00"])

        let again = try #require(try second.json["import"] as? String)
        #expect(try data.run("import", "undo", again).status == 0)
        let third = try data.run("import", "csv", csv, "--mapping", mended, "--attempt", "2")
        #expect(third.errors.contains("--attempt 3"), "\(third.errors)")
    }

    @Test func dryRunFindsIDsThatClash() throws {
        let data = try TestData()
        let csv = try data.folder.write("d.csv", "n,c,t\n1,A,2026-01-01\n1,B,2026-01-01\n2,A,2026-01-01\n")
        let mapping = try data.folder.write(
            "m.yaml", "source: /t\nzone: UTC\nemit:\n- {type: x.a, id: \"{n}\", subject: \"{c}\", time: \"{t}\"}\n")
        let result = try data.run("import", "csv", csv, "--mapping", mapping, "--dry-run")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("line 3: rejected: rule 1: the id \"1\" is that of line 2"), "\(result.output)")
        #expect(result.output.contains("3 rows, 2 events, 1 rejected"), "\(result.output)")
        #expect(try data.count() == 0)
    }

    @Test func slipsAreWarnedOfOnce() throws {
        let data = try TestData()
        let csv = try data.folder.write("d.csv", "c,t\nA,2026-01-01\nB,2026-01-01\n")
        let mapping = try data.folder.write(
            "m.yaml",
            """
            source: /t
            zone: UTC
            emit:
            - {type: call.completed, subject: "{c}", time: "{t}", data: {direction: inbound, agnet: Li}}

            """)
        for arguments in [["--dry-run"], []] {
            let result = try Binary.run(
                ["import", "csv", csv, "--mapping", mapping, "--data", data.path] + arguments)
            #expect(result.status == 0)
            #expect(result.errors.components(separatedBy: "has no field data.agnet").count == 2, "\(result.errors)")
        }
    }

    @Test func filesThatCannotBeReadAndAttemptsThatAreNone() throws {
        let data = try TestData()
        let (csv, mapping) = try files(data)
        #expect(try data.run("import", "csv", csv + "x", "--mapping", mapping).status == 74)
        #expect(try data.run("import", "csv", csv, "--mapping", mapping + "x").status == 74)
        #expect(try data.run("import", "draft", csv + "x").status == 64)
        #expect(try data.run("import", "csv", csv, "--mapping", mapping, "--attempt", "1").status == 64)
        #expect(try Binary.run(["import", "draft", csv + "x"]).status == 74)
    }
}

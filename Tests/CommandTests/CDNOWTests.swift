import Foundation
import Testing

/// The real purchases of CDNOW, in and out of the binary.
@Suite struct CDNOWTests {
    static let csv = Repository.path("fixtures/cdnow/CDNOW_master.txt")
    static let mapping = Repository.path("fixtures/cdnow/mapping.yaml")

    private func imported() throws -> TestData {
        let data = try TestData()
        let result = try data.run("import", "csv", Self.csv, "--mapping", Self.mapping)
        try #require(result.status == 0, "\(result.errors)")
        return data
    }

    @Test func everyPurchaseIsAnEventAndASecondImportAddsNothing() throws {
        let data = try imported()
        let script = #"""
            cat "$DATA"/log/*.lz4 | lz4 -dc >"$DATA/lines"
            "$TOUCHLINE" cat --data "$DATA" | cmp - "$DATA/lines" || echo DIFFERENT
            python3 - "$DATA/lines" "$CSV" <<'PY'
            import json, sys
            from decimal import Decimal
            lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
            assert len(lines) == 69660, len(lines)
            assert lines[69659]["type"] == "import.completed" and "subject" not in lines[69659]
            totals, file_totals = {}, {}
            for number, event in enumerate(lines[:69659]):
                assert int(event["sequence"]) == number and len(event["sequence"]) == 20
                assert event["specversion"] == "1.0" and event["id"] and event["source"] == "/cdnow"
                assert event["type"] == "purchase.completed"
                subject = event["subject"]
                totals[subject] = totals.get(subject, 0) + Decimal(event["data"]["amount"])
            for line in open(sys.argv[2]).read().splitlines()[1:]:
                customer, _, _, dollars = line.split()
                file_totals[customer] = file_totals.get(customer, 0) + Decimal(dollars)
            assert len(totals) == 23570, len(totals)
            assert totals == file_totals
            print("good")
            PY
            """#
        let checked = try Binary.shell(script, ["DATA": data.path, "CSV": Self.csv])
        #expect(checked.output == "good\n", "\(checked.output)\(checked.errors)")
        let again = try data.run("import", "csv", Self.csv, "--mapping", Self.mapping)
        #expect(again.status == 0, "\(again.errors)")
        #expect(try data.count() == 69_660)
    }

    @Test func customersTotalsAreTheFiles() throws {
        let data = try imported()
        let answer = try data.run("customer", "00002", "--json").json
        let purchases = try #require(answer["purchases"] as? [String: Any])
        #expect(purchases["count"] as? Int == 2)
        #expect(purchases["totals"] as? [String: String] == ["USD": "89.00"])
        let listed = try data.run("customers", "--limit", "1", "--json").json
        #expect(listed["matches"] as? Int == 23_570)
    }

    @Test func anUndoneImportLeavesTheViewsAsBefore() throws {
        let data = try TestData()
        try data.append(BadInputTests.good)
        let before = try data.run("projections", "--digest", "--json").json["digest"] as? String
        #expect(before != nil)
        let result = try data.run("import", "csv", Self.csv, "--mapping", Self.mapping, "--json")
        #expect(result.status == 0, "\(result.errors)")
        let identifier = try #require(try result.json["import"] as? String)
        let between = try data.run("projections", "--digest", "--json").json["digest"] as? String
        #expect(between != before)
        let undone = try data.run("import", "undo", identifier)
        #expect(undone.status == 0, "\(undone.errors)")
        #expect(try data.run("projections", "--digest", "--json").json["digest"] as? String == before)
        #expect(try data.run("rebuild").status == 0)
        #expect(try data.run("projections", "--digest", "--json").json["digest"] as? String == before)
        #expect(try data.count() == 1 + 69_660 + 69_659 + 1)
    }
}

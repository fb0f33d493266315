import Foundation
import Testing

/// Rebuilds, digests and answers of the past, on the built binary.
@Suite struct ViewsTests {
    static let generator = Repository.path("Tools/generate.py")

    private func filled(_ arguments: String, events: Int = 20_000) throws -> TestData {
        let data = try TestData(["--segment-bytes", "2000000"])
        let script = #"""
            python3 "$GENERATOR" --events $EVENTS --seed 11 --ids short \#(arguments) --out "$DATA/in" &&
                "$TOUCHLINE" append --quiet --data "$DATA" "$DATA/in"
            """#
        let environment = ["DATA": data.path, "GENERATOR": Self.generator, "EVENTS": String(events)]
        let result = try Binary.shell(script, environment)
        try #require(result.status == 0, "\(result.output)\(result.errors)")
        return data
    }

    private func digest(_ data: TestData) throws -> String {
        let answer = try data.run("projections", "--digest", "--json")
        return try #require(try answer.json["digest"] as? String, "\(answer.errors)")
    }

    @Test("Live and rebuilt views are the same", arguments: ["", "--shuffle all --corrections"])
    func equalDigests(_ arguments: String) throws {
        let data = try filled(arguments)
        var digests = [try digest(data)]
        for workers in ["1", "2"] {
            let result = try data.run("rebuild", "--workers", workers, "--verify")
            #expect(result.status == 0, "\(result.errors)")
            digests.append(try digest(data))
        }
        #expect(Set(digests).count == 1, "\(digests)")
    }

    @Test func killedRebuildGoesOnWhileQueriesAnswer() throws {
        let data = try filled("", events: 60_000)
        let before = try digest(data)
        let script = #"""
            "$TOUCHLINE" rebuild --workers 1 --data "$DATA" >/dev/null 2>&1 &
            rebuild=$!
            new="$DATA/views-2.db"
            done_partitions() { sqlite3 "file:$new?mode=ro" 'SELECT count(*) FROM rebuild_done' 2>/dev/null || echo 0; }
            until [ "$(done_partitions)" -ge 2 ]; do kill -0 $rebuild 2>/dev/null || exit 90; done
            "$TOUCHLINE" customers --limit 1 --json --data "$DATA" >"$DATA/answer" || exit 1
            kill -9 $rebuild; wait $rebuild 2>/dev/null
            [ "$(readlink "$DATA/views.db")" = views-1.db ] || { echo "switched already"; exit 0; }
            "$TOUCHLINE" rebuild --dry-run --json --data "$DATA" | grep -q '"partitions_done" : [1-9]' || exit 3
            "$TOUCHLINE" rebuild --data "$DATA" || exit 4
            [ "$(readlink "$DATA/views.db")" = views-2.db ] || exit 5
            """#
        let result = try Binary.shell(script, ["DATA": data.path])
        #expect(result.status == 0, "\(result.status) \(result.output)\(result.errors)")
        #expect(try digest(data) == before)
    }

    @Test func anAnswerAtASequenceIsWhatAFreshLogOfThoseEventsSays() throws {
        let data = try filled("--shuffle 0.2 --corrections", events: 6_000)
        for (number, known) in [999, 2_500, 5_999].enumerated() {
            let fresh = try TestData()
            let script = #"""
                "$TOUCHLINE" cat --to \#(known) --data "$DATA" | "$TOUCHLINE" append --restore --quiet --data "$FRESH"
                """#
            let copied = try Binary.shell(script, ["DATA": data.path, "FRESH": fresh.path])
            try #require(copied.status == 0, "\(copied.errors)")
            let listed = try fresh.run("customers", "--limit", "40", "--json").json
            let customers = try #require(listed["customers"] as? [[String: Any]]).compactMap {
                $0["subject"] as? String
            }
            let at = String(known)
            for subject in customers.dropFirst(number).prefix(8) {
                let then = try data.run("customer", subject, "--at", at, "--json")
                let alone = try fresh.run("customer", subject, "--at", at, "--json")
                #expect(then.status == 0 && then.output == alone.output, "\(subject) at \(known)")
                // The same from the fresh log's views, whose only difference is what the clock says.
                let bounds = ["--json", "--as-of", "2030-01-01"]
                let viewed = try Binary.run(["customer", subject] + bounds + ["--data", fresh.path])
                let replayed = try Binary.run(["customer", subject, "--at", at] + bounds + ["--data", data.path])
                #expect(viewed.output == replayed.output, "\(subject) at \(known)")
            }
            for question in [["funnel"], ["service"], ["campaigns"], ["churn"], ["agenda"], ["customers"]] {
                let then = try Binary.run(question + ["--at", at, "--json", "--data", data.path])
                let alone = try Binary.run(question + ["--at", at, "--json", "--data", fresh.path])
                #expect(then.status == alone.status && then.output == alone.output, "\(question) at \(known)")
            }
        }
    }
}

import Foundation
import Testing

/// Faults of the views as an operator meets them: on the built binary, with its messages and exit statuses.
@Suite struct ViewFaultCommandTests {
    private func filled(_ events: Int) throws -> TestData {
        let data = try TestData()
        let script = #"""
            python3 "$GENERATOR" --events $EVENTS --seed 5 --ids short --out "$DATA/in" &&
                "$TOUCHLINE" append --quiet --data "$DATA" "$DATA/in" &&
                "$TOUCHLINE" customers --limit 1 --json --data "$DATA" >"$DATA/first"
            """#
        let environment = [
            "DATA": data.path, "GENERATOR": ViewsTests.generator, "EVENTS": String(events),
        ]
        let result = try Binary.shell(script, environment)
        try #require(result.status == 0, "\(result.output)\(result.errors)")
        return data
    }

    private func digest(_ data: TestData) throws -> String {
        let answer = try data.run("projections", "--digest", "--json")
        return try #require(try answer.json["digest"] as? String, "\(answer.errors)")
    }

    private func flip(_ data: TestData, _ name: String, page: Int) throws {
        let url = URL(filePath: data.path + "/" + name)
        var bytes = try Data(contentsOf: url)
        bytes[(page - 1) * 4096 + 1_000] ^= 1
        try bytes.write(to: url)
    }

    @Test func aFlippedBitIsSaidWithItsPlaceAndItsMend() throws {
        let data = try filled(3_000)
        let before = try digest(data)
        let pages = try Data(contentsOf: URL(filePath: data.path + "/views-1.db")).count / 4096
        for page in 1...pages { try flip(data, "views-1.db", page: page) }
        let verify = try data.run("verify", "--json")
        #expect(verify.status == 1)
        let fault = try #require(try verify.json["views"] as? [String: Any])
        #expect((fault["file"] as? String)?.hasSuffix("views-1.db") == true)
        #expect(fault["page"] as? Int == 1 && fault["offset"] as? Int == 0)
        #expect(fault["structure"] as? String == "database page")
        let questions = [["customers"], ["funnel"], ["churn"], ["projections", "--digest"], ["rebuild", "funnel"]]
        for question in questions {
            let answer = try Binary.run(question + ["--data", data.path])
            #expect(answer.status == 74 && answer.output.isEmpty, "\(question): \(answer.output)")
            #expect(answer.errors.contains("views-1.db: page ") && answer.errors.contains("touchline rebuild"))
            #expect(answer.errors.split(separator: "\n").count == 1)
        }
        // What does not read the views goes on: appending and the past.
        try data.append(#"{"type":"x.thing","subject":"C-1","data":{"text":"x"}}"#)
        #expect(try data.run("funnel", "--at", "2999").status == 0)
        #expect(try data.run("rebuild").status == 0)
        #expect(try data.run("verify").status == 0)
        #expect(try digest(data) != before)
    }

    @Test("Disk full during a rebuild: the old views stay in use")
    func diskFullDuringARebuild() throws {
        let data = try filled(6_000)
        let before = try digest(data)
        // A file may not grow past the limit: deterministic, and the same to SQLite as a full disk.
        let script = #"""
            trap '' XFSZ
            for limit in 40 100 400 900; do
                (ulimit -f $limit; exec "$TOUCHLINE" rebuild --data "$DATA") 2>"$DATA/errors"
                status=$?
                cat "$DATA/errors" >&2
                [ $status = 74 ] || exit $((status + 100))
                [ "$(readlink "$DATA/views.db")" = views-1.db ] || exit 2
            done
            """#
        let result = try Binary.shell(script, ["DATA": data.path])
        #expect(result.status == 0, "\(result.status) \(result.output)\(result.errors)")
        #expect(result.errors.split(separator: "\n").allSatisfy { $0.contains("cannot be written") })
        #expect(try digest(data) == before)
        #expect(try data.run("verify").status == 0)
        #expect(try data.run("rebuild").status == 0)
        #expect(try digest(data) == before)
    }

    @Test("Disk full while projecting: the views stay where they were")
    func diskFullWhileProjecting() throws {
        let data = try filled(4_000)
        let twin = try filled(4_000)
        let script = #"""
            trap '' XFSZ
            tail -n 3000 "$DATA/in" | sed -e 's/"id":"/"id":"again-/' >"$DATA/more"
            for folder in "$DATA" "$TWIN"; do "$TOUCHLINE" append --quiet --data "$folder" "$DATA/more" || exit 1; done
            (ulimit -f 60; exec "$TOUCHLINE" customers --data "$DATA") >&2
            [ $? = 74 ] || exit 2
            sqlite3 -readonly "$DATA/views.db" 'SELECT max(cursor) FROM projections'
            """#
        let result = try Binary.shell(script, ["DATA": data.path, "TWIN": twin.path])
        #expect(result.status == 0, "\(result.status) \(result.output)\(result.errors)")
        #expect(result.errors.contains("cannot be written"), "\(result.errors)")
        #expect(result.lines.last == "4000")
        #expect(try data.run("verify").status == 0)
        #expect(try digest(data) == digest(twin))
    }

    @Test("kill -9 in a rebuild, again and again")
    func killedAgainAndAgain() throws {
        let data = try filled(30_000)
        let before = try digest(data)
        let script = #"""
            for round in 1 2 3 4 5 6; do
                "$TOUCHLINE" rebuild --workers 1 --data "$DATA" >/dev/null 2>&1 &
                rebuild=$!
                # Killed when its file, or the log beside it, has grown some more: another place each time.
                until [ "$(cat "$DATA"/views-2.db* 2>/dev/null | wc -c)" -ge $((round * 400000)) ]; do
                    kill -0 $rebuild 2>/dev/null || break
                done
                kill -9 $rebuild 2>/dev/null
                wait $rebuild 2>/dev/null
                "$TOUCHLINE" verify --data "$DATA" >/dev/null || exit 1
                "$TOUCHLINE" customers --limit 1 --json --data "$DATA" >/dev/null || exit 2
                [ "$(readlink "$DATA/views.db")" = views-1.db ] || break
            done
            "$TOUCHLINE" rebuild --data "$DATA" || exit 3
            """#
        let result = try Binary.shell(script, ["DATA": data.path])
        #expect(result.status == 0, "\(result.status) \(result.output)\(result.errors)")
        #expect(try digest(data) == before)
        #expect(try data.run("verify").status == 0)
    }
}

import Foundation
import Testing

/// `cat` and `tail` select what they say.
@Suite struct SelectionTests {
    @Test func typesAreGlobs() throws {
        let data = try TestData()
        try data.append(
            #"{"type":"complaint.opened","subject":"A","data":{"complaint":"1"}}"#,
            #"{"type":"complaint.closed","subject":"B","data":{"complaint":"2"}}"#,
            #"{"type":"ticket.opened","subject":"A","data":{"ticket":"3"}}"#)
        let counts = [
            ("complaint.*", 2), ("*.opened", 2), ("c*.o*d", 1), ("ticket.opene?", 1), ("*", 3), ("nothing", 0),
        ]
        for (glob, count) in counts {
            #expect(try data.run("cat", "--type", glob).lines.count == count, "\(glob)")
            #expect(try data.run("tail", "--type", glob).lines.count == count, "\(glob)")
        }
        #expect(try data.run("tail", "-n", "1", "--type", "complaint.*").output.contains("complaint.closed"))
        #expect(try data.run("tail", "-n", "1", "--subject", "A").output.contains("ticket.opened"))
        #expect(try data.run("tail", "-n", "1", "--from", "0", "--to", "1").output.contains("complaint.closed"))
        #expect(try data.run("cat", "--from", "1", "--to", "1").lines.count == 1)
        #expect(try data.run("cat", "--subject", "A", "--type", "ticket.*").lines.count == 1)
    }

    @Test func aTailFromASequenceYetToComeWaitsForIt() throws {
        let data = try TestData()
        try data.append(#"{"type":"x.t","subject":"A"}"#)
        let script = #"""
            "$TOUCHLINE" tail -f --from 2 --to 3 --data "$DATA" >"$DATA/tailed" &
            tail=$!
            until grep -q log/head /proc/$tail/maps; do kill -0 $tail || exit 90; done
            for event in 1 2 3; do
                echo '{"type":"x.t","subject":"A"}' | "$TOUCHLINE" append --quiet --data "$DATA" 2>/dev/null || exit 1
            done
            wait $tail || exit 2
            grep -o '"sequence":"[0-9]*"' "$DATA/tailed" | sed 's/[^1-9]//g'
            """#
        let result = try Binary.shell(script, ["DATA": data.path])
        #expect(result.output == "2\n3\n", "\(result.status) \(result.output)\(result.errors)")
    }
}

/// A log whose older segments are elsewhere: reading them is an error, never a shorter answer.
@Suite struct ArchivedTests {
    @Test func nothingIsClamped() throws {
        let data = try TestData(["--segment-bytes", "4096"])
        for round in 0..<6 {
            let lines = (0..<20).map { #"{"type":"x.t","subject":"S-\#($0 % 4)","data":{"round":\#(round)}}"# }
            #expect(try data.run("append", input: lines.joined(separator: "\n")).status == 0)
        }
        #expect(try data.run("customers").status == 0)
        let first = data.path + "/log/00000000000000000000.lz4"
        try FileManager.default.removeItem(atPath: first)
        for command in [
            ["cat"], ["cat", "--from", "0"], ["timeline", "S-1"], ["audit", "S-1"], ["funnel", "--at", "100"],
            ["rebuild"],
        ] {
            let result = try Binary.run(command + ["--data", data.path])
            #expect(result.status != 0, "\(command): \(result.output)")
            #expect(result.errors.contains("archived"), "\(command): \(result.errors)")
        }
        // The views know what was before, the tail is not asked for it, and verify says where the log starts.
        #expect(try data.run("customer", "S-1").status == 0)
        #expect(try data.run("tail", "-n", "1").lines.count == 1)
        #expect(try data.run("verify").output.contains("starts at sequence"))
    }
}

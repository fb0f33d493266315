import Foundation
import Testing

/// The log as other programs and other processes see it.
@Suite struct LogOnDiskTests {
    static let reader = Repository.path("Tools/read_segment.py")
    static let generator = Repository.path("Tools/generate.py")

    @Test func activeClosedAndRepackedSegmentsReadWithForeignTools() throws {
        let data = try TestData(["--segment-bytes", "400000"])
        let script = #"""
            python3 "$GENERATOR" --events 30000 --seed 3 --ids short --out "$DATA/in"
            "$TOUCHLINE" append --quiet --data "$DATA" "$DATA/in" 2>/dev/null || exit 1
            segments=$(ls "$DATA"/log/*.lz4 | wc -l)
            [ "$segments" -ge 4 ] || { echo "only $segments segments"; exit 1; }
            cat "$DATA"/log/*.lz4 | lz4 -dc >"$DATA/lz4" || exit 2
            "$TOUCHLINE" cat --data "$DATA" | cmp - "$DATA/lz4" || exit 3
            python3 "$READER" lines "$DATA"/log/*.lz4 | cmp - "$DATA/lz4" || exit 4
            python3 "$READER" check "$DATA"/log/*.lz4 >"$DATA/report" || { cat "$DATA/report"; exit 5; }
            "$TOUCHLINE" verify --deep --data "$DATA" || exit 6
            wc -l <"$DATA/lz4"
            """#
        let environment = ["DATA": data.path, "GENERATOR": Self.generator, "READER": Self.reader]
        let result = try Binary.shell(script, environment)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.hasSuffix("30000\n"), "\(result.output)\(result.errors)")
    }

    @Test(arguments: 0..<6) func killedWriterLosesNothingAcknowledgedAndATailPrintsNothingTakenBack(_ round: Int) throws
    {
        let data = try TestData(["--segment-bytes", "300000"])
        // The writer is fed through a pipe, so that it commits often; it is killed after some acknowledgements.
        let script = #"""
            python3 "$GENERATOR" --events 6000 --seed $((ROUND + 40)) --ids short --out "$DATA/in"
            "$TOUCHLINE" tail -f --from 0 --data "$DATA" >"$DATA/tailed" &
            tail=$!
            (while IFS= read -r line; do echo "$line" || exit; done <"$DATA/in") 2>/dev/null |
                "$TOUCHLINE" append --data "$DATA" >"$DATA/acks" 2>/dev/null &
            writer=$!
            until [ "$(wc -l <"$DATA/acks")" -ge $((ROUND * 400 + 50)) ]; do kill -0 $writer || exit 90; done
            kill -9 $writer; wait $writer 2>/dev/null
            # Up to the tear lz4 reads whole lines; it may complain only about what follows.
            cat "$DATA"/log/*.lz4 | lz4 -dc >"$DATA/torn" 2>/dev/null
            acked=$(wc -l <"$DATA/acks")
            [ "$(wc -l <"$DATA/torn")" -ge "$acked" ] || { echo "lz4 read $(wc -l <"$DATA/torn") of $acked"; exit 1; }
            "$TOUCHLINE" append --data "$DATA" "$DATA/in" >"$DATA/again" || exit 2
            cat "$DATA"/log/*.lz4 | lz4 -dc >"$DATA/whole" || exit 3
            [ "$(wc -l <"$DATA/whole")" = 6000 ] || { echo "$(wc -l <"$DATA/whole") lines"; exit 4; }
            until [ "$(wc -l <"$DATA/tailed")" -ge 6000 ]; do kill -0 $tail || exit 91; done
            kill $tail; wait $tail 2>/dev/null
            cmp "$DATA/tailed" "$DATA/whole" || exit 5
            head -n "$acked" "$DATA/acks" | cut -f 1 | cmp - <(seq 0 $((acked - 1))) || exit 6
            echo good
            """#
        let environment = ["DATA": data.path, "GENERATOR": Self.generator, "ROUND": String(round)]
        let result = try Binary.shell(script, environment)
        #expect(result.output.hasSuffix("good\n"), "\(result.status) \(result.output)\(result.errors)")
    }

    @Test func aRestoredCopyIsTheSameLog() throws {
        let data = try TestData()
        let copy = try TestData()
        let script = #"""
            python3 "$GENERATOR" --events 2000 --seed 9 --ids short --corrections --out "$DATA/in"
            "$TOUCHLINE" append --quiet --data "$DATA" "$DATA/in" 2>/dev/null || exit 1
            "$TOUCHLINE" cat --to 1499 --data "$DATA" | "$TOUCHLINE" append --quiet --restore --data "$COPY" || exit 2
            "$TOUCHLINE" cat --from 1500 --data "$DATA" | "$TOUCHLINE" append --quiet --restore --data "$COPY" || exit 3
            cmp <("$TOUCHLINE" cat --data "$DATA") <("$TOUCHLINE" cat --data "$COPY") && echo good
            """#
        let result = try Binary.shell(script, ["DATA": data.path, "COPY": copy.path, "GENERATOR": Self.generator])
        #expect(result.output.hasSuffix("good\n"), "\(result.status) \(result.output)\(result.errors)")
    }
}

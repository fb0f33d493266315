import Foundation
import Testing

/// `touchline bench`, with so few events that only its form is tested.
@Suite struct BenchTests {
    @Test func openPrintsItsFiguresAndLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let temporary = folder.url.appending(path: "tmp")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
        let result = try Binary.shell(
            "TMPDIR=\(temporary.path) $TOUCHLINE bench open --events 4000 --runs 3 --segment-bytes 500000 --json")
        #expect(result.status == 0, "\(result.errors)")
        let report = try result.json
        let runs = try #require(report["runs"] as? [[String: Any]])
        #expect(runs.count == 3)
        for run in runs {
            #expect((run["events"] as? Int ?? 0) >= 4000)
            #expect((run["open_seconds"] as? Double ?? 0) > 0)
            #expect((run["limit_seconds"] as? Double ?? 0) > 0)
            #expect((run["anonymous_bytes"] as? Int ?? 0) > 0)
        }
        for figure in ["open_seconds", "first_append_seconds", "anonymous_bytes"] {
            let spread = try #require(report[figure] as? [String: Double])
            #expect(Set(spread.keys) == ["median", "min", "max"])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    }

    @Test func appendMeasuresEachShapeBesideItsLimit() throws {
        let folder = try TemporaryFolder()
        let result = try Binary.shell(
            "TMPDIR=\(folder.url.path) $TOUCHLINE bench append --events 3000 --seconds 0.2 --runs 2 --json")
        #expect(result.status == 0, "\(result.errors)")
        let rows = try BenchRows(result)
        #expect(
            rows.names
                == ["1x1", "64x1", "1x1000", "1x1000.4-in-flight"].flatMap { shape in
                    ["rate", "p50", "p99"].map { "append.\(shape).\($0)" }
                })
        #expect(rows.all.allSatisfy { $0["limit"] is [String: Double] && $0["ratio"] is [String: Double] })
        #expect(rows.row("append.1x1.rate")?["kept"] is Bool)
        #expect(rows.row("append.64x1.rate")?["kept"] is Bool)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func appendTakesTheEventsOfAFileAndSaysWhatIsWrongWithThem() throws {
        let folder = try TemporaryFolder()
        let lines = (0..<50).map { #"{"type":"x.\#($0 % 2)","subject":"C-1","data":{"n":\#($0)}}"# }
        let good = try folder.write("good.ndjson", lines.joined(separator: "\n"))
        let arguments = ["bench", "append", "--request", "10", "--runs", "1", "--json", "--input"]
        let report = try Binary.run(arguments + [good]).json
        #expect((report["data"] as? [String: Any])?["events"] as? Int == 50)
        let bad = try folder.write("bad.ndjson", lines.joined(separator: "\n") + "\n{\"type\":1}\n")
        let result = try Binary.run(arguments + [bad])
        #expect(result.status == 65)
        #expect(result.errors.contains("type"))
        #expect(try Binary.run(arguments + [folder.path("missing")]).status == 65)
    }

    @Test(arguments: ["uuid", "short", "none"])
    func dataIsTheSameForTheSameSeedAndTakenWithoutAWarning(ids: String) throws {
        let data = try TestData()
        let arguments = ["bench", "data", "--events", "4000", "--ids", ids]
        let events = try Binary.run(arguments)
        #expect(events.status == 0 && events.lines.count == 4000)
        #expect(try Binary.run(arguments).output == events.output)
        #expect(try Binary.run(arguments + ["--seed", "2"]).output != events.output)
        let taken = try data.run("append", "--quiet", input: events.output)
        #expect(taken.status == 0)
        #expect(!taken.errors.contains("kept as sent"), "\(taken.errors)")
        let expired = try data.run("cat", "--type", "points.expired")
        #expect(expired.lines.count == 40)
    }

    @Test func aFolderWithSomethingInItIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appending(path: "precious")
        try Data("x".utf8).write(to: file)
        let result = try Binary.run(["bench", "open", "--events", "10", "--data", folder.url.path])
        #expect(result.status == 65)
        #expect(result.errors.contains("not empty"))
        #expect(FileManager.default.fileExists(atPath: file.path))
    }

    @Test func tooLittleRoomIsSaidBefore() throws {
        let result = try Binary.run(["bench", "open", "--events", "1000000000000"])
        #expect(result.status == 65)
        #expect(result.errors.contains("MiB free"))
    }

    @Test func aStopLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let result = try Binary.shell(
            """
            export TMPDIR=\(folder.url.path)
            $TOUCHLINE bench open --events 100000000 &
            pid=$!
            until ls $TMPDIR/touchline-bench-*/log/*.lz4 >/dev/null 2>&1; do sleep 0.05; done
            kill -TERM $pid
            wait $pid
            echo $?
            ls -A $TMPDIR
            """)
        #expect(result.lines.first == "130", "\(result.errors)")
        #expect(!result.output.contains("touchline-bench"))
    }
}

/// The rows of a benchmark's JSON document, their keys checked.
struct BenchRows {
    let all: [[String: Any]]

    init(_ result: Binary.Result) throws {
        let report = try result.json
        all = try #require(report["rows"] as? [[String: Any]])
        #expect(!all.isEmpty && report["noisy"] is Bool && report["machine"] is [String: Any])
        for row in all {
            #expect(
                Set(row.keys) == ["name", "unit", "figure", "limit", "limit_is", "ratio", "budget", "kept"],
                "\(row)")
            let figure = try #require(row["figure"] as? [String: Double])
            #expect(Set(figure.keys) == ["median", "min", "max"])
        }
    }

    var names: [String] { all.compactMap { $0["name"] as? String } }

    func row(_ name: String) -> [String: Any]? { all.first { $0["name"] as? String == name } }

    /// The median of a row's figure.
    func median(_ name: String) -> Double { (row(name)?["figure"] as? [String: Double])?["median"] ?? .nan }
}

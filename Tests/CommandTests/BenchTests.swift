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
        #expect(
            try BenchRows(result).names == ["open.time", "open.first-append", "open.memory", "open.memory-appending"])
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

    @Test func replayMeasuresEveryProjectorAndTheClusteredType() throws {
        let rows = try BenchRows(
            Binary.run(["bench", "replay", "--events", "5000", "--runs", "2", "--workers", "1,2", "--json"]))
        let names = [
            "frames", "dispatch", "dispatch.cpu", "type.points.expired", "merges", "definitions", "customers", "funnel",
            "service", "campaigns", "tasks", "churn", "all", "all.cpu", "all.2-workers", "all.2-workers.cpu",
            "lz4.2-threads",
        ]
        #expect(rows.names == names.map { "replay." + $0 })
        for name in ["dispatch", "type.points.expired", "all", "all.2-workers"] {
            #expect(rows.row("replay." + name)?["kept"] is Bool)
        }
    }

    /// A data folder and its log are read where they are, and left as they were.
    @Test(arguments: ["", "/log"])
    func replayAndHistoryOnlyReadAFolder(part: String) throws {
        let data = try TestData()
        let lines = (0..<60).map { #"{"type":"x.n","subject":"C-\#($0 % 7)","data":{"n":\#($0)}}"# }
        #expect(try data.run("append", "--quiet", input: lines.joined(separator: "\n")).status == 0)
        let listing = "cd \(data.path) && find . -type f -printf '%p %T@ %s\\n' | sort && md5sum log/*"
        let before = try Binary.shell(listing).output
        let replay = try BenchRows(Binary.run(["bench", "replay", data.path + part, "--runs", "1", "--json"]))
        #expect(!replay.names.contains { $0.hasPrefix("replay.type") })
        let history = try BenchRows(
            Binary.run(["bench", "history", data.path + part, "--customers", "9", "--runs", "2", "--json"]))
        #expect(history.names.contains("history.p50") && history.median("history.p99") > 0)
        #expect(try Binary.shell(listing).output == before)
    }

    @Test func anEmptyLogIsNotReplayed() throws {
        let data = try TestData()
        let alone = try Binary.run(["bench", "replay", data.path])
        #expect(alone.status == 65)
        #expect(alone.errors.contains("no events"))
    }

    @Test func tailSeesEveryEvent() throws {
        let rows = try BenchRows(
            Binary.run(["bench", "tail", "--rate", "200", "--seconds", "0.5", "--runs", "2", "--json"]))
        #expect(rows.names == ["tail.p50", "tail.p99"])
        #expect(rows.median("tail.p50") > 0 && rows.median("tail.p50") <= rows.median("tail.p99"))
    }

    @Test func repackAndDiskWeighClosedSegments() throws {
        let small = ["--events", "6000", "--segment-bytes", "500000", "--json"]
        let repack = try BenchRows(Binary.run(["bench", "repack", "--runs", "2"] + small))
        #expect(repack.names == ["repack.rate", "repack.size"])
        // Directories and the footer come on top of the lines.
        let size = try #require(repack.row("repack.size")?["ratio"] as? [String: Double])
        #expect(size["min"] ?? 0 > 1)
        let disk = try BenchRows(Binary.run(["bench", "disk"] + small))
        for ids in ["uuid", "none"] {
            let (log, index) = (disk.median("disk.\(ids).log"), disk.median("disk.\(ids).index"))
            #expect(log > 0.1 && log < 1 && index > 0 && index < log)
            #expect(abs(disk.median("disk.\(ids).log+index") - log - index) < 1e-9)
            #expect(disk.median("disk.\(ids).views") > 0)
        }
    }

    @Test func framesPrintEverySizeOfTheSameLines() throws {
        let small = ["--events", "6000", "--segment-bytes", "500000", "--customers", "20", "--runs", "2", "--json"]
        let rows = try BenchRows(Binary.run(["bench", "frames", "--sizes", "16,64"] + small))
        let figures = ["bytes", "size", "dispatch", "history.p50", "history.p99"]
        #expect(rows.names == ["16k", "64k"].flatMap { size in figures.map { "frames.\(size).\($0)" } })
        // What compresses together compresses better.
        #expect(rows.median("frames.16k.size") > rows.median("frames.64k.size"))
        #expect(rows.median("frames.64k.size") > 0.1 && rows.median("frames.16k.size") < 1)
    }

    @Test func importAndRebuildAndCurveLeaveNothing() throws {
        let folder = try TemporaryFolder()
        func rows(_ arguments: String) throws -> BenchRows {
            try BenchRows(Binary.shell("TMPDIR=\(folder.url.path) $TOUCHLINE bench \(arguments) --runs 1 --json"))
        }
        #expect(try rows("import --rows 500").names == ["import.rate"])
        #expect(try rows("rebuild --events 2000").names.prefix(3) == ["rebuild.total", "rebuild.rate", "rebuild.fold"])
        let curve = try rows("curve --events 1000,2000")
        for what in ["append", "history.p50", "rebuild", "open", "open.memory", "disk"] {
            #expect(curve.row("curve.\(what).2000")?["limit"] is [String: Double], "\(what)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func answersMeasureEveryPartBesideItsLimit() throws {
        let folder = try TemporaryFolder()
        let small = "--customers 300 --opportunities 60 --events 4000 --customer-events 50 --dates 3 --runs 2 --json"
        let rows = try BenchRows(Binary.shell("TMPDIR=\(folder.url.path) $TOUCHLINE bench answers \(small)"))
        let percentiles =
            ["funnel.as-of", "funnel.by-owner"]
            + ["closed", "spread"].flatMap { ["customer.\($0)", "command.\($0)"] }
        #expect(
            rows.names == ["mbg", "bg", "pareto"].map { "churn.fit.\($0)" } + [
                "churn.score", "churn.score-with-signals",
            ]
                + percentiles.flatMap { ["\($0).p50", "\($0).p99"] })
        #expect(rows.row("churn.score")?["ratio"] is [String: Double])
        for name in percentiles {
            #expect(rows.median("\(name).p50") > 0 && rows.median("\(name).p50") <= rows.median("\(name).p99"))
            #expect(rows.row("\(name).p99")?["ratio"] is [String: Double])
            // The goals are of other sizes.
            #expect(rows.row("\(name).p99")?["kept"] is NSNull)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func answersFitToAFolderThatIsOnlyRead() throws {
        let data = try TestData()
        let lines = (0..<60).flatMap { customer in
            (0...customer % 4).map { day in
                #"{"type":"purchase.completed","subject":"C-\#(customer)","time":"2025-0\#(day * 2 + 1)-1"#
                    + #"\#(customer % 10)T12:00:00Z","data":{"order":"O-\#(day)","amount":"5","currency":"EUR"}}"#
            }
        }
        #expect(try data.run("append", "--quiet", input: lines.joined(separator: "\n")).status == 0)
        let listing = "cd \(data.path) && find . -type f -printf '%p %T@ %s\\n' | sort && md5sum log/*"
        let before = try Binary.shell(listing).output
        let arguments = ["bench", "answers", "--part", "fit", "--runs", "1", "--json", "--buyers"]
        let rows = try BenchRows(Binary.run(arguments + [data.path]))
        #expect(rows.names == ["mbg", "bg", "pareto"].map { "churn.fit.\($0)" })
        #expect(rows.row("churn.fit.mbg")?["kept"] is Bool)
        #expect(try Binary.shell(listing).output == before)
        let empty = try TestData()
        let refused = try Binary.run(arguments + [empty.path])
        #expect(refused.status == 65 && refused.errors.contains("no events"))
    }

    @Test func answersRefuseTooManyLongHistories() throws {
        let result = try Binary.run(["bench", "answers", "--events", "1000", "--customer-events", "100"])
        #expect(result.status == 65 && result.errors.contains("too many"))
        #expect(try Binary.run(["bench", "answers", "--part", "lunch"]).status == 64)
    }

    @Test(arguments: [
        "append", "replay", "history", "tail", "repack", "import", "rebuild", "disk", "frames", "curve", "answers",
    ])
    func everyBenchmarkRefusesAFolderWithSomethingInIt(name: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("precious", "x")
        let result = try Binary.run(["bench", name, "--data", folder.url.path])
        #expect(result.status == 65)
        #expect(result.errors.contains("not empty"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["precious"])
        #expect(try Binary.run(["bench", name, "--help"]).output.contains("--runs"))
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

    @Test(arguments: ["open", "append", "replay", "history", "rebuild", "disk", "repack", "curve", "answers"])
    func tooLittleRoomIsSaidBefore(name: String) throws {
        #expect(try Binary.run(["bench", name, "--events", "\(UInt64.max)"]).status == 65)
        let result = try Binary.run(["bench", name, "--events", "1000000000000"])
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

import Foundation
import Testing

/// `repair` and `verify` on damaged folders, as an operator meets them.
@Suite struct RepairCommandTests {
    /// A folder of four segments and views.
    private func folder() throws -> TestData {
        let data = try TestData()
        let configuration = URL(filePath: data.path + "/config.yaml")
        let text = try String(contentsOf: configuration, encoding: .utf8)
        try Data((text + "segment_bytes_max: 4096\n").utf8).write(to: configuration)
        for request in 0..<10 {
            let lines = (0..<6).map { event in
                let number = request * 6 + event
                return #"{"type":"x.note","subject":"C-\#(number % 7)","id":"id\#(number)","source":"/t","#
                    + #""data":{"text":"\#(number)"}}"#
            }
            let result = try data.run("append", "--quiet", input: lines.joined(separator: "\n") + "\n")
            try #require(result.status == 0, "\(result.errors)")
        }
        try #require(try data.run("customers").status == 0)
        return data
    }

    private func segments(_ data: TestData) throws -> [URL] {
        let log = URL(filePath: data.path + "/log")
        let names = try FileManager.default.contentsOfDirectory(atPath: log.path).filter { $0.hasSuffix(".lz4") }
        try #require(names.count > 2)
        return names.sorted().map { log.appending(path: $0) }
    }

    private func flip(_ file: URL, _ byte: Int) throws {
        var bytes = try Data(contentsOf: file)
        bytes[byte < 0 ? bytes.count + byte : byte] ^= 4
        try bytes.write(to: file)
    }

    @Test func whatIsDerivedIsMendedAndTheOldFileKept() throws {
        let data = try folder()
        let segments = try segments(data)
        try flip(segments[1], 40)
        try flip(segments[0], -5)
        let damaged = try Data(contentsOf: segments[1])
        let found = try data.run("verify")
        #expect(found.status == 1 && found.output.contains("repair"), "\(found.output)")
        let planned = try data.run("repair", "--dry-run")
        #expect(planned.status == 0 && planned.output.contains("Nothing was changed"), "\(planned.output)")
        #expect(try Data(contentsOf: segments[1]) == damaged)
        let done = try data.run("repair")
        #expect(done.status == 0, "\(done.output)\(done.errors)")
        #expect(try data.run("verify", "--deep").status == 0)
        let aside = URL(filePath: data.path + "/log/aside/" + segments[1].lastPathComponent + ".1")
        #expect(try Data(contentsOf: aside) == damaged)
        #expect(try data.count() == 60)
        #expect(try data.run("repair").output.contains("Nothing to mend."))
    }

    @Test func damagedLinesAreNamedThenGivenUp() throws {
        let data = try folder()
        // Behind the header and the first directory.
        try flip(try segments(data)[1], 420)
        let refused = try data.run("rebuild")
        #expect(refused.status == 74 && refused.errors.contains("repair"), "\(refused.errors)")
        let named = try data.run("repair", "--json")
        #expect(named.status == 1)
        let gap = try #require((try named.json["gaps"] as? [String])?.first)
        let wrong = try data.run("repair", "--accept-gap", "0..1")
        #expect(wrong.status == 65 && wrong.errors.contains(gap), "\(wrong.errors)")
        #expect(try data.run("repair", "--accept-gap", "1-2").status == 64)
        let accepted = try data.run("repair", "--accept-gap", gap)
        #expect(accepted.status == 0, "\(accepted.output)\(accepted.errors)")
        let sound = try data.run("verify", "--deep", "--json")
        #expect(sound.status == 0)
        #expect((try sound.json["accepted_gaps"] as? [Any])?.count == 1)
        #expect((try sound.json["findings"] as? [Any])?.isEmpty ?? false)
        // Plain reads stop there and say how to go on.
        let last = try #require(gap.split(separator: ".").last.flatMap { UInt64($0) })
        let stopped = try data.run("cat")
        #expect(stopped.status == 74 && stopped.errors.contains("--from \(last + 1)"), "\(stopped.errors)")
        #expect(try data.run("cat", "--from", "\(last + 1)").status == 0)
        // Everything else goes on, and says what it lacks.
        try data.append(#"{"type":"x.note","subject":"C-1","data":{"text":"after"}}"#)
        for arguments in [["rebuild", "--verify"], ["customer", "C-1"], ["timeline", "C-1"], ["audit", "C-1"]] {
            let result = try Binary.run(arguments + ["--data", data.path])
            #expect(result.status == 0 && result.errors.contains("note: "), "\(arguments): \(result.errors)")
        }
        #expect(try data.run("anomalies").output.contains("accepted-gap"))
    }
}

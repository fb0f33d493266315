import Foundation
import Testing

/// Bad input gets one clear line with place and mend and the right exit status, and loses nothing.
@Suite struct BadInputTests {
    static let good = #"{"id":"1","source":"/t","type":"customer.registered","subject":"C-1","data":{"name":"Ada"}}"#

    /// A bad second line: what it is, the line, and words that the message must hold.
    static let lines: [(String, [UInt8], [String])] = [
        ("malformed JSON", Array(#"{"id":"2","source":"/t","type":"call.completed",}"#.utf8), ["line 2", "column"]),
        (
            "duplicate keys",
            Array(
                #"{"id":"2","source":"/t","type":"customer.tagged","subject":"C-1","data":{"tag":"a","tag":"b"}}"#.utf8),
            ["line 2", "tag", "twice"]
        ),
        (
            "bad UTF-8",
            Array(#"{"id":"2","source":"/t","type":"customer.tagged","subject":"C-1","data":{"tag":"a"#.utf8) + [0xFF]
                + Array(#""}}"#.utf8), ["line 2", "UTF-8"]
        ),
        (
            "over the limit",
            Array(#"{"id":"2","source":"/t","type":"customer.tagged","subject":"C-1","data":{"tag":""#.utf8)
                + Array(repeating: UInt8(ascii: "x"), count: 300_000) + Array(#""}}"#.utf8), ["line 2", "262144"]
        ),
        (
            "unknown type",
            Array(#"{"id":"2","source":"/t","type":"customer.taged","subject":"C-1","data":{"tag":"a"}}"#.utf8),
            ["line 2", "customer.taged", "customer.tagged"]
        ),
        (
            "missing field",
            Array(#"{"id":"2","source":"/t","type":"customer.tagged","subject":"C-1","data":{}}"#.utf8),
            ["line 2", "customer.tagged", "tag"]
        ),
        (
            "mistyped field",
            Array(#"{"id":"2","source":"/t","type":"points.earned","subject":"C-1","data":{"points":"many"}}"#.utf8),
            ["line 2", "points", "integer"]
        ),
        (
            "time without a zone",
            Array(
                #"{"id":"2","source":"/t","type":"customer.tagged","subject":"C-1","time":"2026-03-01T08:30:00","data":{"tag":"a"}}"#
                    .utf8), ["line 2", "zone"]
        ),
        (
            "an id reused with other content",
            Array(#"{"id":"1","source":"/t","type":"customer.tagged","subject":"C-1","data":{"tag":"a"}}"#.utf8),
            ["line 2", "sequence 0"]
        ),
        (
            "an expected version that is not met",
            Array(
                #"{"id":"2","source":"/t","type":"customer.tagged","subject":"C-1","expectedversion":7,"data":{"tag":"a"}}"#
                    .utf8), ["line 2", "7", "C-1"]
        ),
        (
            "an e-mail address as subject",
            Array(
                #"{"id":"2","source":"/t","type":"customer.tagged","subject":"ada@example.com","data":{"tag":"a"}}"#
                    .utf8),
            ["line 2", "--allow-personal-subject"]
        ),
        (
            "a phone number as subject",
            Array(
                #"{"id":"2","source":"/t","type":"customer.tagged","subject":"+8613800138000","data":{"tag":"a"}}"#.utf8
            ),
            ["line 2", "--allow-personal-subject"]
        ),
        (
            "a reserved attribute",
            Array(
                #"{"id":"2","source":"/t","type":"customer.tagged","subject":"C-1","sequence":"00000000000000000009","data":{"tag":"a"}}"#
                    .utf8), ["line 2", "sequence"]
        ),
    ]

    @Test("A bad line stops the stream; the line before it is in, the one after it is not", arguments: lines)
    func badLine(_ name: String, _ line: [UInt8], _ words: [String]) throws {
        let data = try TestData()
        let after = Self.good.replacing(#""id":"1""#, with: #""id":"3""#)
        let input = Data(Array(Self.good.utf8) + [10] + line + [10] + Array(after.utf8) + [10])
        let result = try Binary.run(["append", "--data", data.path], input: input)
        #expect(result.status == 65, "\(name): \(result.errors)")
        let message = try #require(result.errors.split(separator: "\n").last)
        for word in words { #expect(message.contains(word), "\(name): \(message)") }
        #expect(result.lines.count == 1)
        #expect(try data.count() == 1)
        // Mended and sent again, everything is in once.
        try data.append(Self.good, after)
        #expect(try data.count() == 2)
    }

    @Test func allOrNothingWithAnExpectedVersion() throws {
        let data = try TestData()
        try data.append(Self.good)
        let lines = [2, 3].map {
            #"{"id":"\#($0)","source":"/t","type":"customer.tagged","subject":"C-1","data":{"tag":"a"}}"#
        }.joined(separator: "\n")
        let refused = try data.run("append", "--expected-version", "0", input: lines)
        #expect(refused.status == 65)
        #expect(try data.count() == 1)
        let taken = try data.run("append", "--expected-version", "1", input: lines)
        #expect(taken.status == 0, "\(taken.errors)")
        #expect(try data.count() == 3)
    }

    @Test func personalSubjectsCanBeAllowed() throws {
        let data = try TestData()
        let line = #"{"type":"customer.tagged","subject":"ada@example.com","data":{"tag":"a"}}"#
        let result = try data.run("append", "--allow-personal-subject", input: line)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try data.count() == 1)
    }

    @Test func mappingThatNamesAMissingColumn() throws {
        let data = try TestData()
        let csv = try data.folder.write("a.csv", "customer,when\nC-1,2026-03-01\n")
        let mapping = try data.folder.write(
            "m.yaml",
            """
            source: /t
            zone: UTC
            emit:
            - {type: customer.tagged, subject: "{custmer}", time: "{when}", data: {tag: a}}
            """)
        let result = try data.run("import", "csv", csv, "--mapping", mapping)
        #expect(result.status == 65, "\(result.errors)")
        #expect(result.errors.contains("custmer") && result.errors.contains("customer"))
        #expect(try data.count() == 0)
    }

    @Test func folderThatIsNone() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path("nowhere"), folder.url.path] {
            for command in [["append"], ["customers"], ["cat"], ["verify"], ["stats"], ["rebuild"]] {
                let result = try Binary.run(command + ["--data", path])
                #expect(result.status == 74, "\(command) \(result.errors)")
                #expect(result.errors.contains("touchline init"))
                #expect(result.errors.split(separator: "\n").count == 1)
            }
        }
    }

    @Test func folderOfAnotherVersion() throws {
        let data = try TestData()
        let path = data.folder.path("data/config.yaml")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try Data(text.replacing("format: 1", with: "format: 99").utf8).write(to: URL(filePath: path))
        let result = try data.run("customers")
        #expect(result.status == 74)
        #expect(result.errors.contains("99"))
    }

    private static func crc32(_ bytes: Data) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }

    @Test func logOfAnotherVersion() throws {
        let data = try TestData()
        try data.append(Self.good)
        let segment = URL(filePath: data.path + "/log/00000000000000000000.lz4")
        var bytes = try Data(contentsOf: segment)
        // The format version follows the skippable frame's head (8 bytes) and the magic (4).
        bytes[12] = 0x63
        // A header of another version has its own checksum; without it this would be a flipped bit.
        let check = Self.crc32(bytes[8..<100])
        bytes.replaceSubrange(100..<104, with: withUnsafeBytes(of: check.littleEndian) { Data($0) })
        try bytes.write(to: segment)
        let result = try data.run("cat")
        #expect(result.status == 74, "\(result.output)")
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("version 99"), "\(result.errors)")
    }

    @Test func folderLockedByAnotherProcess() throws {
        let data = try TestData()
        // A writer that holds the log while it waits for its input.
        let script = """
            mkfifo "$DATA/fifo"
            "$TOUCHLINE" append --data "$DATA" <"$DATA/fifo" >"$DATA/out" &
            holder=$!
            exec 3>"$DATA/fifo"
            echo '\(Self.good)' >&3
            until grep -q new "$DATA/out" 2>/dev/null; do kill -0 $holder || exit 99; sleep 0.01; done
            echo '\(Self.good)' | "$TOUCHLINE" append --data "$DATA"
            status=$?
            exec 3>&-
            wait $holder
            exit $status
            """
        let result = try Binary.shell(script, ["DATA": data.path])
        #expect(result.status == 74, "\(result.errors)")
        #expect(result.errors.contains("process"), "\(result.errors)")
        #expect(try data.count() == 1)
    }

    /// Mounting needs root or user namespaces.
    static let canMount = (try? Binary.shell("unshare -rm true").status == 0) ?? false

    @Test(.enabled(if: canMount)) func readOnlyFolder() throws {
        let data = try TestData()
        try data.append(Self.good)
        let script = """
            unshare -rm bash -c 'mount --bind "$DATA" "$DATA" && mount -o remount,bind,ro "$DATA" &&
                echo "{\\"type\\":\\"customer.tagged\\",\\"subject\\":\\"C-1\\",\\"data\\":{\\"tag\\":\\"a\\"}}" |
                "$TOUCHLINE" append --data "$DATA"'
            """
        let result = try Binary.shell(script, ["DATA": data.path])
        #expect(result.status == 74, "\(result.errors)")
        #expect(result.errors.contains("writable") || result.errors.contains("ead-only"), "\(result.errors)")
        #expect(try data.count() == 1)
    }

    @Test(.enabled(if: canMount)) func fullDisk() throws {
        let folder = try TemporaryFolder()
        let script = """
            unshare -rm bash -c '
                mount -t tmpfs -o size=3m none "$DIR" && cd "$DIR" && "$TOUCHLINE" init --data data >/dev/null || exit 99
                for i in $(seq 4000); do
                    echo "{\\"id\\":\\"$i\\",\\"source\\":\\"/t\\",\\"type\\":\\"x.noise\\",\\"subject\\":\\"C-$i\\",\\"data\\":{\\"a\\":\\"$(head -c 1500 /dev/urandom | base64 -w0)\\"}}"
                done | "$TOUCHLINE" append --data data >acks
                status=$?
                acked=$(wc -l <acks)
                stored=$("$TOUCHLINE" cat --data data | wc -l)
                echo "$status $acked $stored"'
            """
        let result = try Binary.shell(script, ["DIR": folder.url.path])
        let numbers = result.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        try #require(numbers.count == 3, "\(result.output)\(result.errors)")
        #expect(numbers[0] == 74, "\(result.errors)")
        #expect(numbers[1] > 0 && numbers[1] == numbers[2], "\(numbers)")
        #expect(result.errors.contains("room"), "\(result.errors)")
    }

    @Test func customerThatIsNotThere() throws {
        let data = try TestData()
        try data.append(Self.good.replacing("C-1", with: "C-1042"))
        for command in ["customer", "timeline", "audit"] {
            let result = try data.run(command, "C-1043")
            #expect(result.status == 65, "\(command): \(result.errors)")
            #expect(result.errors.contains("C-1042"), "\(command): \(result.errors)")
        }
    }

    @Test func pipelineThatIsNotThere() throws {
        let data = try TestData()
        try data.append(
            #"{"type":"opportunity.opened","subject":"C-1","data":{"opportunity":"O-1","pipeline":"loans","stage":"new"}}"#
        )
        let result = try data.run("funnel", "laons")
        #expect(result.status == 65, "\(result.errors)")
        #expect(result.errors.contains("loans"))
    }

    @Test(arguments: [["--help"], ["append", "--help"], ["churn", "fit", "--help"], ["help", "tail"]])
    func helpTeaches(_ arguments: [String]) throws {
        let result = try Binary.run(arguments)
        #expect(result.status == 0)
        #expect(result.output.contains("USAGE") && result.errors.isEmpty)
    }

    @Test func reservedSourcesAreRefused() throws {
        let data = try TestData()
        let line = #"{"id":"2","type":"x.t","subject":"A","data":{}}"#
        #expect(try data.run("append", "--source", "touchline:", input: line).status == 64)
        #expect(try data.run("append", "--source", "/mine", input: line).status == 0)
        #expect(try data.count() == 1)
    }

    @Test(arguments: [["frobnicate"], ["customer"], ["rebuild", "--workers", "0"], ["rebuild", "nonsense"]])
    func wrongUsage(_ arguments: [String]) throws {
        let data = try TestData()
        let result = try Binary.run(arguments + ["--data", data.path])
        #expect(result.status == 64, "\(result.errors)")
    }
}

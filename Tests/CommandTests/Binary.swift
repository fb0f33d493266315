import Foundation
import Synchronization
import Testing

/// The built `touchline`, run as a user runs it.
enum Binary {
    /// What a run left behind.
    struct Result {
        var status: Int32
        var output: String
        var errors: String

        /// The lines of standard output.
        var lines: [Substring] { output.split(separator: "\n") }

        /// Standard output as a JSON document.
        var json: [String: Any] {
            get throws {
                let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
                return try #require(object as? [String: Any], "\(output)\(errors)")
            }
        }
    }

    /// Where the binary is: named by the environment, else beside the tests.
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["TOUCHLINE_BINARY"] { return path }
        var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appending(path: "touchline").path
            if FileManager.default.isExecutableFile(atPath: candidate), !isFolder(candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return "touchline"
    }()

    /// Runs the binary to its end.
    static func run(_ arguments: [String], input: Data = Data()) throws -> Result {
        try spawn(path, arguments, input: input)
    }

    /// Runs a script in which `$TOUCHLINE` is the binary.
    static func shell(_ script: String, _ environment: [String: String] = [:]) throws -> Result {
        try spawn("/bin/bash", ["-c", "set -u\n" + script], environment: environment)
    }

    /// Starts the binary and leaves it running; its standard output goes to `output`.
    static func start(_ arguments: [String], output: URL) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        FileManager.default.createFile(atPath: output.path, contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func spawn(
        _ program: String, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        var all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        all["TOUCHLINE"] = path
        process.environment = all
        // Files rather than pipes: no run can block on an unread pipe.
        let folder = try TemporaryFolder()
        let files = ["in", "out", "err"].map { folder.url.appending(path: $0) }
        try input.write(to: files[0])
        for file in files.dropFirst() { FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

/// A folder of a test's own, gone with the test.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "touchline-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file and gives its path.
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: url.appending(path: name))
        return path(name)
    }
}

/// A data folder of a test's own, and the commands on it.
struct TestData {
    let folder: TemporaryFolder
    let path: String

    init(_ initArguments: [String] = []) throws {
        folder = try TemporaryFolder()
        path = folder.path("data")
        let made = try Binary.run(["init", "--data", path] + initArguments)
        try #require(made.status == 0, "\(made.errors)")
    }

    /// Runs a command on the folder.
    func run(_ arguments: String..., input: String = "") throws -> Binary.Result {
        try Binary.run(arguments + ["--data", path], input: Data(input.utf8))
    }

    /// Appends lines, which must be good.
    @discardableResult
    func append(_ lines: String...) throws -> Binary.Result {
        let result = try run("append", input: lines.joined(separator: "\n") + "\n")
        try #require(result.status == 0, "\(result.errors)")
        return result
    }

    /// How many events the log holds, as `lz4 -dc` reads it.
    func count() throws -> Int {
        let result = try Binary.shell("cat \"$DATA\"/log/*.lz4 | lz4 -dc | wc -l", ["DATA": path])
        return try #require(Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}

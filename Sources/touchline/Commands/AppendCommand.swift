import ArgumentParser
import CRM
import EventLog
import Foundation
import Synchronization
import TouchlineService

struct AppendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Append events: NDJSON in, one acknowledgement a line out.",
        discussion: """
            A line is a CloudEvents 1.0 event, or its short form (type, subject, data):
              {"type":"call.completed","subject":"C-1","data":{"direction":"inbound","seconds":80}}
            Give "source" and "id" to make it safe to send again: the same content is acknowledged with its first \
            sequence, other content is refused. "expectedversion" in a line is the subject's version it must meet.

            Each acknowledgement is `sequence TAB id TAB new|duplicate`, printed once the event is on disk; with \
            --json an object a line. The first bad line stops the stream; what came before it is in.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "An NDJSON file, or - for standard input.")
    var file = "-"

    @Option(help: "The source of events that have an id and name no source.")
    var source: String?

    @Option(help: "All or nothing: every subject must be at version N (0 = no event yet) at its first event here.")
    var expectedVersion: UInt64?

    @Flag(help: "Take lines as another log's `cat` printed them, with their sequence and recordedtime.")
    var restore = false

    @Flag(help: "Accept subjects that look like an e-mail address or a phone number.")
    var allowPersonalSubject = false

    @Flag(name: .shortAndLong, help: "Print no acknowledgements, only the sum.")
    var quiet = false

    func validate() throws {
        if let source, source.hasPrefix(Limits.reservedSourcePrefix) {
            throw ValidationError(
                "--source \(source): sources that start with \(Limits.reservedSourcePrefix) are Touchline's own; give another"
            )
        }
    }

    func run() async throws {
        let folder = try options.folder()
        let descriptor = try open()
        // A restored log brings its definitions along.
        let sequencer = restore ? try folder.openSequencer() : try await DefinitionNote.openWriter(folder)
        Interruption.listen()
        let tally = Tally()
        do {
            try await stream(descriptor, folder: folder, sequencer: sequencer, tally: tally)
        } catch {
            Output.flush()
            await sequencer.close(finishRepacking: false)
            if tally.lines > 0 {
                StandardError.write("touchline: \(tally.summary) before it stopped\n")
            }
            throw error
        }
        Output.flush()
        await sequencer.finish()
        if quiet || StandardError.isTerminal { StandardError.write("\(tally.summary)\n") }
        if tally.withoutID > 0 {
            StandardError.write(
                "note: \(tally.withoutID) events came without an id; sending them again would store them again\n")
        }
    }

    private func open() throws -> FileHandle {
        if file == "-" { return .standardInput }
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw ServiceError(.io, "\(file): cannot be read; check the path and its permissions")
        }
        return handle
    }

    private func stream(
        _ input: FileHandle, folder: DataFolder, sequencer: LocalSequencer, tally: Tally
    ) async throws {
        let limit = folder.configuration.event_bytes_max ?? Limits.eventBytesMax
        let ingest = Ingest(
            catalogue: try folder.catalogue(),
            options: Ingest.Options(
                defaultSource: source, restores: restore, allowsPersonalSubject: allowPersonalSubject,
                eventBytesMax: limit),
            merges: MergeGuard(reader: try folder.openReader()))
        let (quiet, json) = (quiet, options.json)
        var stream = EventStream(
            ingest, into: sequencer, lineBytesMax: limit, expectedVersion: expectedVersion,
            accepted: { accepted in
                tally.count(accepted)
                if !quiet { Self.acknowledge(accepted, json: json) }
            },
            warned: { line, warning in StandardError.write("touchline: line \(line): \(warning)\n") })
        let size = Self.size(input)
        let bar = ProgressBar("appending", unit: "bytes")
        var read: UInt64 = 0
        // A regular file can be read ahead; from a pipe or a terminal what has come is appended at once.
        do {
            while let chunk = try next(input), !chunk.isEmpty {
                try Interruption.check("stopped; what was acknowledged is in the log")
                read += UInt64(chunk.count)
                try await stream.feed(chunk[...], isLive: size == nil)
                if let size { bar.update(read, of: size) } else { Output.flush() }
            }
        } catch {
            // What is on its way will be in the log, so it is acknowledged.
            if !(error is EventStream.Stop) { try await stream.settle() }
            throw error
        }
        try await stream.finish()
        ProgressBar.clear()
    }

    private func next(_ input: FileHandle) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = buffer.withUnsafeMutableBytes {
                Foundation.read(input.fileDescriptor, $0.baseAddress, $0.count)
            }
            if count >= 0 { return Array(buffer.prefix(count)) }
            if errno == EINTR {
                try Interruption.check("stopped; what was acknowledged is in the log")
                continue
            }
            throw ServiceError(.io, "\(file): \(String(cString: strerror(errno)))")
        }
    }

    private static func size(_ input: FileHandle) -> UInt64? {
        var status = stat()
        guard fstat(input.fileDescriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return UInt64(clamping: status.st_size)
    }

    private struct AcknowledgedLine: Encodable {
        var sequence: UInt64
        var subjectsequence: UInt64?
        var id: String
        var duplicate: Bool
        var line: Int
    }

    private static func acknowledge(_ accepted: EventStream.Accepted, json: Bool) {
        let acknowledgement = accepted.acknowledgement
        if json {
            try? JSONOutput.line(
                AcknowledgedLine(
                    sequence: acknowledgement.sequence, subjectsequence: acknowledgement.subjectSequence,
                    id: accepted.id, duplicate: acknowledgement.isDuplicate, line: accepted.line))
        } else {
            let state = acknowledgement.isDuplicate ? "duplicate" : "new"
            Output.line("\(acknowledgement.sequence)\t\(accepted.id)\t\(state)")
        }
    }
}

/// Counts what an append has done.
private final class Tally: Sendable {
    private struct Counts {
        var new = 0
        var duplicates = 0
        var withoutID = 0
    }

    private let counts = Mutex(Counts())

    func count(_ accepted: EventStream.Accepted) {
        counts.withLock {
            if accepted.acknowledgement.isDuplicate { $0.duplicates += 1 } else { $0.new += 1 }
            if accepted.lacksID { $0.withoutID += 1 }
        }
    }

    var lines: Int { counts.withLock { $0.new + $0.duplicates } }

    var withoutID: Int { counts.withLock { $0.withoutID } }

    var summary: String {
        counts.withLock {
            "\(Text.count($0.new)) events appended"
                + ($0.duplicates > 0 ? ", \(Text.count($0.duplicates)) known already" : "")
        }
    }
}

import CRM
import EventLog
import Foundation
import Projection
import Synchronization
import SystemPackage
import Testing
import TouchlineService

/// A data folder of a test's own.
final class Folder: Sendable {
    let data: DataFolder

    init(zone: String = "UTC") throws {
        let path = FilePath(FileManager.default.temporaryDirectory.path).appending("service-\(UUID().uuidString)")
        data = try DataFolder.initialize(path, configuration: FolderConfiguration(zone: zone))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: data.path.string)
    }

    /// Appends lines as a stream and gives what was accepted.
    @discardableResult
    func append(
        _ lines: [String], options: Ingest.Options = Ingest.Options(), pieces: Int = 1 << 16
    ) async throws -> [EventStream.Accepted] {
        let sequencer = try data.openSequencer()
        let accepted = Mutex<[EventStream.Accepted]>([])
        let ingest = Ingest(
            catalogue: try data.catalogue(), options: options, merges: MergeGuard(reader: try data.openReader()))
        var stream = EventStream(ingest, into: sequencer, accepted: { one in accepted.withLock { $0.append(one) } })
        let bytes = Array(lines.joined(separator: "\n").utf8)
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try await stream.feed(bytes[start..<min(start + pieces, bytes.count)], isLive: true)
            }
            try await stream.finish()
        } catch {
            await sequencer.close(finishRepacking: false)
            throw error
        }
        await sequencer.close(finishRepacking: false)
        return accepted.withLock { $0 }
    }

    func answers() throws -> Answers { try Answers(data, reader: data.openReader()) }
}

func customerLine(_ id: Int, _ subject: String, _ data: String = "{}", type: String = "x.thing", time: String? = nil)
    -> String
{
    let time = time.map { #","time":"\#($0)""# } ?? ""
    return #"{"id":"\#(id)","source":"/t","type":"\#(type)","subject":"\#(subject)"\#(time),"data":\#(data)}"#
}

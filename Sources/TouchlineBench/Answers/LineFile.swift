import Foundation
import SystemPackage

/// A file of NDJSON that is written piece by piece.
///
/// Used by one thread.
final class LineFile {
    private static let pieceBytes = 1 << 20

    private let file: FileHandle
    private var piece: [UInt8] = []
    /// How many lines it has.
    private(set) var count: UInt64 = 0

    /// A new file, or an old one emptied.
    init(_ path: FilePath) throws(BenchError) {
        guard FileManager.default.createFile(atPath: path.string, contents: nil),
            let file = FileHandle(forWritingAtPath: path.string)
        else { throw BenchError(.failed, "\(path): cannot be written") }
        self.file = file
    }

    /// Adds an event.
    func add(_ event: SyntheticEvent) throws {
        event.appendLine(to: &piece)
        count += 1
        if piece.count >= Self.pieceBytes { try flush() }
    }

    /// Writes what is left.
    func close() throws {
        try flush()
        try file.close()
    }

    private func flush() throws {
        try file.write(contentsOf: Data(piece))
        piece.removeAll(keepingCapacity: true)
    }
}

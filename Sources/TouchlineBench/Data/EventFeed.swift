import Foundation
import Synchronization
import SystemPackage

/// The lines of a file, handed out in order to any number of tasks.
///
/// The file is read ahead in pieces, so that handing out costs next to nothing.
final class EventFeed: Sendable {
    private struct State {
        var piece: [UInt8] = []
        var position = 0
        var offset: Int64 = 0
        var left: UInt64
        var events: UInt64 = 0
        var bytes: UInt64 = 0
        var isAtEnd = false
    }

    private static let pieceBytes = 4 << 20
    private let file: FileHandle
    private let state: Mutex<State>

    /// A feed of at most `limit` lines.
    init(_ path: FilePath, limit: UInt64) throws(BenchError) {
        guard let file = FileHandle(forReadingAtPath: path.string) else {
            throw BenchError(.refused, "\(path): cannot be read; check the path and its permissions")
        }
        self.file = file
        state = Mutex(State(left: limit))
    }

    /// How many lines were handed out, and their bytes without line feeds.
    var handedOut: (events: UInt64, bytes: UInt64) { state.withLock { ($0.events, $0.bytes) } }

    /// The next `count` lines with their line feeds, fewer at the end; nil when there are none left.
    func next(_ count: Int) throws -> ArraySlice<UInt8>? {
        try state.withLock { state in
            let wanted = Int(min(UInt64(count), state.left))
            guard wanted > 0 else { return nil }
            while true {
                let (found, end) = Self.lines(wanted, in: state.piece, from: state.position)
                if found == wanted || state.isAtEnd { return Self.take(found, to: end, &state) }
                try readOn(&state)
            }
        }
    }

    private static func take(_ count: Int, to end: Int, _ state: inout State) -> ArraySlice<UInt8>? {
        guard count > 0 else { return nil }
        defer { state.position = end }
        state.left -= UInt64(count)
        state.events += UInt64(count)
        state.bytes += UInt64(end - state.position - count)
        return state.piece[state.position..<end]
    }

    /// The rest of the piece and what follows it in the file.
    private func readOn(_ state: inout State) throws {
        var piece = Array(state.piece[state.position...])
        let kept = piece.count
        let wanted = max(Self.pieceBytes, kept)
        let descriptor = FileDescriptor(rawValue: file.fileDescriptor)
        piece.append(contentsOf: repeatElement(0, count: wanted))
        var read = 0
        while read < wanted {
            let count = try piece.withUnsafeMutableBytes { buffer in
                let target = UnsafeMutableRawBufferPointer(rebasing: buffer[(kept + read)...])
                return try descriptor.read(fromAbsoluteOffset: state.offset + Int64(read), into: target)
            }
            if count == 0 { break }
            read += count
        }
        piece.removeLast(wanted - read)
        state.offset += Int64(read)
        if read < wanted {
            state.isAtEnd = true
            if let last = piece.last, last != UInt8(ascii: "\n") { piece.append(UInt8(ascii: "\n")) }
        }
        state.piece = piece
        state.position = 0
    }

    /// How many lines there are up to `wanted`, and where the last of them ends.
    private static func lines(_ wanted: Int, in piece: [UInt8], from start: Int) -> (Int, Int) {
        piece.withUnsafeBytes { bytes in
            var (found, end) = (0, start)
            while found < wanted, end < bytes.count, let base = bytes.baseAddress,
                let feed = memchr(base + end, 0x0A, bytes.count - end)
            {
                end = UnsafeRawPointer(feed) - base + 1
                found += 1
            }
            return (found, end)
        }
    }
}

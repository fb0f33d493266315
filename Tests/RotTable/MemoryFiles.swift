package import EventLog
import Synchronization
package import SystemPackage

/// Files in memory: so a bit can be turned, and everything read, thousands of times a second.
///
/// A copy shares the bytes until one side writes.
package final class MemoryFiles: FileLayer {
    private struct State {
        var files: [String: MemoryFile] = [:]
        var heads: [String: MemoryHead] = [:]
    }

    private let state = Mutex(State())

    /// No file at all.
    package init() {}

    /// The same files, apart from then on.
    package func copy() -> MemoryFiles {
        let copy = MemoryFiles()
        let (files, heads) = state.withLock { ($0.files, $0.heads) }
        copy.state.withLock { state in
            for (path, file) in files { state.files[path] = MemoryFile(path: FilePath(path), bytes: file.bytes) }
            state.heads = heads.mapValues { MemoryHead($0.load()) }
        }
        return copy
    }

    /// The paths of all files but the head word, in order.
    package var paths: [String] { state.withLock { $0.files.keys.sorted() } }

    /// The bytes of a file.
    package func bytes(_ path: String) -> [UInt8] { state.withLock { $0.files[path] }?.bytes ?? [] }

    /// Turns one bit of a file, or of a head word.
    package func flip(_ path: String, bit: Int) {
        state.withLock { state in
            state.files[path]?.flip(bit)
            if let head = state.heads[path] { head.store(head.load() ^ 1 << UInt64(bit)) }
        }
    }

    package func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        let file: MemoryFile? = state.withLock { state in
            if mode == .create {
                state.files[path.string]?.unlink()
                state.files[path.string] = MemoryFile(path: path, bytes: [])
            }
            return state.files[path.string]
        }
        guard let file else {
            throw FileError(operation: "open", path: path, number: Errno.noSuchFileOrDirectory.rawValue)
        }
        return file
    }

    package func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        let isThere = state.withLock { state in
            guard let file = state.files.removeValue(forKey: from.string) else { return false }
            state.files[to.string]?.unlink()
            state.files[to.string] = file
            return true
        }
        if !isThere {
            throw FileError(operation: "rename", path: from, number: Errno.noSuchFileOrDirectory.rawValue)
        }
    }

    package func unlink(_ path: FilePath) throws(FileError) {
        let isThere = state.withLock { state in
            let file = state.files.removeValue(forKey: path.string)
            file?.unlink()
            let head = state.heads.removeValue(forKey: path.string)
            return file != nil || head != nil
        }
        if !isThere {
            throw FileError(operation: "unlink", path: path, number: Errno.noSuchFileOrDirectory.rawValue)
        }
    }

    package func makeDirectory(_ path: FilePath) throws(FileError) {}

    package func syncDirectory(_ path: FilePath) throws(FileError) {}

    package func list(_ directory: FilePath) throws(FileError) -> [String] {
        let prefix = directory.string + "/"
        return state.withLock { state in
            (Array(state.files.keys) + Array(state.heads.keys)).filter { $0.hasPrefix(prefix) }
                .map { String($0.dropFirst(prefix.count)) }.filter { !$0.contains("/") }
        }
    }

    package func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        let head: MemoryHead? = state.withLock { state in
            if let initial, state.heads[path.string] == nil { state.heads[path.string] = MemoryHead(initial) }
            return state.heads[path.string]
        }
        guard let head else {
            throw FileError(operation: "open", path: path, number: Errno.noSuchFileOrDirectory.rawValue)
        }
        return head
    }

    package func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? { MemoryLock() }
}

/// One file; who has it open keeps it when its name goes.
private final class MemoryFile: OpenFile {
    let path: FilePath
    private let state: Mutex<(bytes: [UInt8], isLinked: Bool)>

    init(path: FilePath, bytes: [UInt8]) {
        self.path = path
        state = Mutex((bytes, true))
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }

    func flip(_ bit: Int) { state.withLock { $0.bytes[bit / 8] ^= 1 << UInt8(bit % 8) } }

    func unlink() { state.withLock { $0.isLinked = false } }

    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        bytes.withUnsafeBytes { bytes in
            guard offset < UInt64(bytes.count) else { return 0 }
            let part = bytes[Int(offset)..<min(bytes.count, Int(offset) + buffer.count)]
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            return part.count
        }
    }

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        state.withLock { state in
            let end = Int(offset) + bytes.count
            if state.bytes.count < end {
                state.bytes += [UInt8](repeating: 0, count: end - state.bytes.count)
            }
            state.bytes.replaceSubrange(Int(offset)..<end, with: bytes)
        }
        return bytes.count
    }

    func sync() throws(FileError) {}

    func truncate(to size: UInt64) throws(FileError) {
        state.withLock { state in
            let count = Int(size)
            if count < state.bytes.count {
                state.bytes.removeSubrange(count...)
            } else {
                state.bytes += [UInt8](repeating: 0, count: count - state.bytes.count)
            }
        }
    }

    func size() throws(FileError) -> UInt64 { state.withLock { UInt64($0.bytes.count) } }

    func isLinked() -> Bool { state.withLock { $0.isLinked } }

    func forget(from offset: UInt64, count: UInt64) {}
}

/// The head word; nobody waits on it here.
private final class MemoryHead: HeadWord {
    private let word: Atomic<UInt64>
    init(_ value: UInt64) { word = Atomic(value) }
    func load() -> UInt64 { word.load(ordering: .acquiring) }
    func store(_ value: UInt64) { word.store(value, ordering: .releasing) }
    func wake() {}
    func wait(while value: UInt64, nanoseconds: Int64) {}
}

private final class MemoryLock: FileLock {
    func release() {}
}

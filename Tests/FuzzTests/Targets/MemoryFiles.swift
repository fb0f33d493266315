import Synchronization
import SystemPackage

@testable import EventLog

/// A folder of files in memory, all in one directory tree by their whole paths.
///
/// Nothing in it fails, tears or is lost.
final class MemoryFiles: FileLayer {
    private let files = Mutex<[FilePath: MemoryFile]>([:])
    private let head = MemoryHead()
    private let hasHead = Mutex(false)

    /// Puts a file in place.
    func put(_ bytes: [UInt8], at path: FilePath) { files.withLock { $0[path] = MemoryFile(path, bytes) } }

    /// The bytes of a file.
    func bytes(at path: FilePath) -> [UInt8]? { files.withLock { $0[path] }?.bytes }

    /// Makes the head word.
    func putHead(_ word: UInt64) {
        hasHead.withLock { $0 = true }
        head.store(word)
    }

    func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        let file = files.withLock { files -> MemoryFile? in
            if case .create = mode {
                let file = MemoryFile(path, [])
                files[path]?.unlink()
                files[path] = file
                return file
            }
            return files[path]
        }
        guard let file else { throw missing("open", path) }
        return file
    }

    func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        let isDone = files.withLock { files in
            guard let file = files.removeValue(forKey: from) else { return false }
            files[to]?.unlink()
            files[to] = file
            return true
        }
        if !isDone { throw missing("rename", from) }
    }

    func unlink(_ path: FilePath) throws(FileError) {
        guard let file = files.withLock({ $0.removeValue(forKey: path) }) else { throw missing("unlink", path) }
        file.unlink()
    }

    func makeDirectory(_ path: FilePath) throws(FileError) {}

    func syncDirectory(_ path: FilePath) throws(FileError) {}

    func list(_ directory: FilePath) throws(FileError) -> [String] {
        files.withLock { files in
            files.keys.filter { $0.removingLastComponent() == directory }.compactMap { $0.lastComponent?.string }
        }
    }

    func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        if let initial, !hasHead.withLock({ $0 }) { putHead(initial) }
        guard hasHead.withLock({ $0 }) else { throw missing("open", path) }
        return head
    }

    func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? { MemoryLock() }

    private func missing(_ operation: String, _ path: FilePath) -> FileError {
        FileError(operation: operation, path: path, number: Errno.noSuchFileOrDirectory.rawValue)
    }
}

private final class MemoryFile: OpenFile {
    let path: FilePath
    private let content: Mutex<[UInt8]>
    private let linked = Mutex(true)

    init(_ path: FilePath, _ bytes: [UInt8]) {
        self.path = path
        content = Mutex(bytes)
    }

    var bytes: [UInt8] { content.withLock { $0 } }

    func unlink() { linked.withLock { $0 = false } }

    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        content.withLock { bytes in
            guard offset < UInt64(bytes.count) else { return 0 }
            let part = bytes[Int(offset)...].prefix(buffer.count)
            buffer.copyBytes(from: part)
            return part.count
        }
    }

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        content.withLock { content in
            let end = Int(offset) + bytes.count
            if content.count < end { content += [UInt8](repeating: 0, count: end - content.count) }
            content.replaceSubrange(Int(offset)..<end, with: bytes)
        }
        return bytes.count
    }

    func sync() throws(FileError) {}

    func truncate(to size: UInt64) throws(FileError) {
        content.withLock { content in
            let size = Int(size)
            if size < content.count { content.removeSubrange(size...) }
            if size > content.count { content += [UInt8](repeating: 0, count: size - content.count) }
        }
    }

    func size() throws(FileError) -> UInt64 { content.withLock { UInt64($0.count) } }

    func isLinked() -> Bool { linked.withLock { $0 } }

    func forget(from offset: UInt64, count: UInt64) {}
}

private final class MemoryHead: HeadWord {
    private let word = Mutex<UInt64>(0)
    func load() -> UInt64 { word.withLock { $0 } }
    func store(_ word: UInt64) { self.word.withLock { $0 = word } }
    func wake() {}
    func wait(while value: UInt64, nanoseconds: Int64) {}
}

private final class MemoryLock: FileLock {
    func release() {}
}

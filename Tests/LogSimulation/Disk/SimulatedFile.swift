import EventLog
import SystemPackage

/// One open file of a simulated process.
final class SimulatedFile: OpenFile, @unchecked Sendable {
    let path: FilePath
    private let inode: SimulatedInode
    private let process: SimulatedProcess

    init(path: FilePath, inode: SimulatedInode, process: SimulatedProcess) {
        self.path = path
        self.inode = inode
        self.process = process
    }

    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        let start = Int(clamping: offset)
        let available = max(0, min(buffer.count, inode.cache.count - start))
        let outcome = try process.begin(.read, path.string, count: available)
        // Others may have cut the file meanwhile.
        let count = min(outcome.part ?? available, max(0, inode.cache.count - start))
        if count > 0 {
            inode.cache[start..<(start + count)].withUnsafeBytes { buffer.copyMemory(from: $0) }
        }
        try outcome.finish()
        return count
    }

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        let outcome = try process.begin(.write, path.string, count: bytes.count)
        let start = Int(clamping: offset)
        let growth = max(0, start + bytes.count - inode.cache.count)
        let room = process.disk.room
        let fitting = growth <= room ? bytes.count : max(0, bytes.count - (growth - room))
        let count = min(outcome.part ?? bytes.count, fitting)
        if count > 0 { inode.write(Array(bytes[..<count]), at: start) }
        try outcome.finish()
        if count == 0, !bytes.isEmpty, fitting == 0 {
            throw FileError(operation: "write", path: path, number: Errno.noSpace.rawValue)
        }
        return count
    }

    func sync() throws(FileError) {
        let outcome = try process.begin(.sync, path.string)
        inode.sync()
        try outcome.finish()
    }

    func truncate(to size: UInt64) throws(FileError) {
        let outcome = try process.begin(.truncate, path.string)
        inode.resize(Int(clamping: size))
        try outcome.finish()
    }

    func size() throws(FileError) -> UInt64 {
        let outcome = try process.begin(.size, path.string)
        try outcome.finish()
        return UInt64(inode.cache.count)
    }

    func isLinked() -> Bool { inode.isLinked }

    func forget(from offset: UInt64, count: UInt64) {}
}

/// The mapped word of a simulated process; nobody sleeps on it.
final class SimulatedHead: HeadWord, @unchecked Sendable {
    private let path: FilePath
    private let inode: SimulatedInode
    private let process: SimulatedProcess

    init(path: FilePath, inode: SimulatedInode, process: SimulatedProcess) {
        self.path = path
        self.inode = inode
        self.process = process
    }

    func load() -> UInt64 {
        inode.cache.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func store(_ word: UInt64) {
        // A store cannot fail; a process that dies at it has done it or not.
        guard (try? process.begin(.storeHead, path.string)) != nil else { return }
        inode.write(withUnsafeBytes(of: word.littleEndian) { Array($0) }, at: 0)
    }

    func wake() {}
    func wait(while value: UInt64, nanoseconds: Int64) {}
}

/// The writer's lock of a simulated process.
final class SimulatedLock: FileLock, @unchecked Sendable {
    private let path: String
    private let process: SimulatedProcess

    init(path: String, process: SimulatedProcess) {
        self.path = path
        self.process = process
    }

    deinit { release() }

    func release() { process.disk.release(path, process) }
}

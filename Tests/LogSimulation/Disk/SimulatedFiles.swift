package import EventLog
package import SystemPackage

/// The file layer of one simulated process.
package struct SimulatedFiles: FileLayer {
    private let disk: SimulatedDisk
    private let process: SimulatedProcess

    /// The layer of a process.
    package init(_ process: SimulatedProcess) {
        disk = process.disk
        self.process = process
    }

    private func error(_ operation: String, _ path: FilePath, _ number: Errno) -> FileError {
        FileError(operation: operation, path: path, number: number.rawValue)
    }

    package func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        let creates = if case .create = mode { true } else { false }
        let outcome = try process.begin(creates ? .create : .open, path.string)
        let (directory, name) = disk.parts(path.string)
        guard let directory else { throw error("open", path, .noSuchFileOrDirectory) }
        if case .directory? = directory.entries[name] { throw error("open", path, .isDirectory) }
        let inode: SimulatedInode
        if case .file(let known)? = directory.entries[name] {
            inode = known
            if creates { known.resize(0) }
        } else {
            guard creates else { throw error("open", path, .noSuchFileOrDirectory) }
            guard disk.room > 0 else { throw error("open", path, .noSpace) }
            inode = SimulatedInode(isWord: false)
            directory.set([(name, .file(inode))])
        }
        try outcome.finish()
        return SimulatedFile(path: path, inode: inode, process: process)
    }

    package func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        let outcome = try process.begin(.rename, from.string)
        let (directory, name) = disk.parts(from.string)
        let (target, newName) = disk.parts(to.string)
        guard let directory, directory === target, case .file(let inode)? = directory.entries[name] else {
            throw error("rename", from, .noSuchFileOrDirectory)
        }
        if case .file(let old)? = directory.entries[newName] { old.isLinked = false }
        directory.set([(name, nil), (newName, .file(inode))])
        try outcome.finish()
    }

    package func unlink(_ path: FilePath) throws(FileError) {
        let outcome = try process.begin(.unlink, path.string)
        let (directory, name) = disk.parts(path.string)
        guard let directory, case .file(let inode)? = directory.entries[name] else {
            throw error("unlink", path, .noSuchFileOrDirectory)
        }
        inode.isLinked = false
        directory.set([(name, nil)])
        try outcome.finish()
    }

    package func makeDirectory(_ path: FilePath) throws(FileError) {
        let outcome = try process.begin(.makeDirectory, path.string)
        let (directory, name) = disk.parts(path.string)
        guard let directory else { throw error("mkdir", path, .noSuchFileOrDirectory) }
        if directory.entries[name] == nil { directory.set([(name, .directory(SimulatedDirectory()))]) }
        try outcome.finish()
    }

    package func syncDirectory(_ path: FilePath) throws(FileError) {
        let outcome = try process.begin(.syncDirectory, path.string)
        guard let directory = disk.directory(path.string) else { throw error("fsync", path, .noSuchFileOrDirectory) }
        directory.sync()
        try outcome.finish()
    }

    package func list(_ directory: FilePath) throws(FileError) -> [String] {
        let outcome = try process.begin(.list, directory.string)
        guard let found = disk.directory(directory.string) else {
            throw error("list", directory, .noSuchFileOrDirectory)
        }
        try outcome.finish()
        return found.entries.keys.sorted()
    }

    package func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        let outcome = try process.begin(.openHead, path.string)
        let (directory, name) = disk.parts(path.string)
        guard let directory else { throw error("open", path, .noSuchFileOrDirectory) }
        var inode: SimulatedInode
        if case .file(let known)? = directory.entries[name] {
            inode = known
        } else {
            guard initial != nil else { throw error("open", path, .noSuchFileOrDirectory) }
            inode = SimulatedInode(isWord: true)
            directory.set([(name, .file(inode))])
        }
        if inode.cache.count < 8 {
            guard let initial else { throw error("map", path, .invalidArgument) }
            inode.write(withUnsafeBytes(of: initial.littleEndian) { Array($0) }, at: 0)
            inode.sync()
        }
        try outcome.finish()
        return SimulatedHead(path: path, inode: inode, process: process)
    }

    package func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? {
        let outcome = try process.begin(.lock, path.string)
        guard disk.take(path.string, process) else { return nil }
        let lock = SimulatedLock(path: path.string, process: process)
        try outcome.finish()
        return lock
    }
}

/// A machine's disk, with the processes that use it: one folder tree in memory, and what goes wrong with it.
///
/// Used by one thread. Everything random comes from seeds, so that a run is the same each time.
package final class SimulatedDisk: @unchecked Sendable {
    private var root = SimulatedDirectory()
    private var locks: [String: SimulatedProcess] = [:]
    /// Whether the power is off: every call fails until `restart`.
    package private(set) var isDown = false
    /// Bytes that all files together may have; nil = any number.
    package var capacity: Int?
    /// Called before every call of a process that lives; may run other processes.
    package var onCall: (SimulatedProcess, FileCall) -> Void = { _, _ in }
    /// Called when a fault strikes.
    package var onStrike: (SimulatedProcess, FileCall, Fault.Kind) -> Void = { _, _, _ in }

    /// An empty disk.
    package init() {}

    // MARK: Power

    func cutPower() { isDown = true }

    /// Power comes back; what was not synced is decided by `seed`.
    package func restart(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        root.losePower(&random)
        locks = [:]
        isDown = false
    }

    // MARK: Names

    func parts(_ path: String) -> (directory: SimulatedDirectory?, name: String) {
        var names = path.split(separator: "/").map(String.init)
        guard let name = names.popLast() else { return (nil, "") }
        return (directory(names), name)
    }

    func directory(_ path: String) -> SimulatedDirectory? { directory(path.split(separator: "/").map(String.init)) }

    private func directory(_ names: [String]) -> SimulatedDirectory? {
        var directory: SimulatedDirectory? = root
        for name in names { directory = directory.flatMap { Self.child($0, name) } }
        return directory
    }

    private static func child(_ directory: SimulatedDirectory, _ name: String) -> SimulatedDirectory? {
        if name == "." { return directory }
        guard case .directory(let child)? = directory.entries[name] else { return nil }
        return child
    }

    func inode(_ path: String) -> SimulatedInode? {
        let (directory, name) = parts(path)
        guard case .file(let inode)? = directory?.entries[name] else { return nil }
        return inode
    }

    // MARK: Room

    var usedBytes: Int { root.files().reduce(0) { $0 + $1.inode.cache.count } }

    /// How many bytes more there is room for.
    var room: Int { capacity.map { max(0, $0 - usedBytes) } ?? .max }

    // MARK: Locks

    func take(_ path: String, _ process: SimulatedProcess) -> Bool {
        if let holder = locks[path], !holder.isDead { return false }
        locks[path] = process
        return true
    }

    func release(_ path: String, _ process: SimulatedProcess) {
        if locks[path] === process { locks[path] = nil }
    }

    // MARK: Rot and memory, for those who make a scenario

    /// The files with content, by path, sorted.
    package var files: [(path: String, bytes: Int)] {
        root.files().filter { !$0.inode.cache.isEmpty }.map { ($0.path, $0.inode.cache.count) }
    }

    /// What a file holds.
    package func bytes(of path: String) -> [UInt8]? { inode(path)?.cache }

    /// Turns over one bit of a file, on the disk and in memory.
    ///
    /// Returns what undoes it, if the byte was not written since; nil if the file is not there, or not that long.
    package func flip(_ path: String, bit: Int) -> (() -> Void)? {
        guard let inode = inode(path), bit / 8 < inode.cache.count else { return nil }
        inode.flip(bit: bit)
        return { if inode.isRotten { inode.flip(bit: bit) } }
    }

    /// Takes a file away, as a careless hand would.
    package func remove(_ path: String) {
        let (directory, name) = parts(path)
        guard let directory, case .file(let inode)? = directory.entries[name] else { return }
        inode.isLinked = false
        directory.set([(name, nil)])
        directory.sync()
    }

    /// Drops clean pages from memory.
    package func evict() { for file in root.files() { file.inode.evict() } }

    /// A copy of the folder tree, all of it on the disk.
    package func copy() -> SimulatedDisk {
        let disk = SimulatedDisk()
        disk.root = root.copy()
        return disk
    }
}

extension SimulatedDirectory {
    fileprivate func copy() -> SimulatedDirectory {
        let directory = SimulatedDirectory()
        for (name, node) in entries {
            switch node {
            case .directory(let child): directory.set([(name, .directory(child.copy()))])
            case .file(let inode):
                let other = SimulatedInode(isWord: inode.isWord)
                other.write(inode.cache, at: 0)
                other.sync()
                directory.set([(name, .file(other))])
            }
        }
        directory.sync()
        return directory
    }
}

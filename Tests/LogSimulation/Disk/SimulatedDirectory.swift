/// The names of a folder: as programs see them, and as the disk has them.
///
/// Changes of names reach the disk in their order, but any number of the last ones may be lost with the power.
final class SimulatedDirectory {
    enum Node {
        case file(SimulatedInode)
        case directory(SimulatedDirectory)
    }

    private(set) var entries: [String: Node] = [:]
    private var durable: [String: Node] = [:]
    /// Groups of changes; a group is done as a whole or not.
    private var pending: [[(name: String, node: Node?)]] = []

    var isClean: Bool { pending.isEmpty }

    func set(_ changes: [(name: String, node: Node?)]) {
        for (name, node) in changes { entries[name] = node }
        pending.append(changes)
    }

    func sync() {
        durable = entries
        pending = []
    }

    func losePower(_ random: inout SeededRandom) {
        for group in pending[..<random.below(pending.count + 1)] {
            for (name, node) in group { durable[name] = node }
        }
        entries = durable
        pending = []
        for name in entries.keys.sorted() {
            switch entries[name] {
            case .file(let inode)?:
                inode.isLinked = true
                inode.losePower(&random)
            case .directory(let directory)?: directory.losePower(&random)
            case nil: break
            }
        }
    }

    /// All files below, by path from here.
    func files(prefix: String = "") -> [(path: String, inode: SimulatedInode)] {
        entries.keys.sorted().flatMap { name -> [(path: String, inode: SimulatedInode)] in
            switch entries[name] {
            case .file(let inode)?: [(prefix + name, inode)]
            case .directory(let directory)?: directory.files(prefix: prefix + name + "/")
            case nil: []
            }
        }
    }
}

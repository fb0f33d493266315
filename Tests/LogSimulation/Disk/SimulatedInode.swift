/// A file's bytes: as programs see them, and as the disk has them.
///
/// Between two syncs the disk may hold any part of what was written, in any order; a power loss decides which. After a
/// failed sync the system calls pages clean that never reached the disk: programs go on seeing what they wrote, later
/// syncs succeed without writing it, and once the pages are dropped from memory the old bytes are back.
final class SimulatedInode {
    private enum Change {
        case write(offset: Int, bytes: [UInt8])
        case resize(Int)
    }

    /// What reads give.
    private(set) var cache: [UInt8] = []
    /// What the disk surely holds.
    private var durable: [UInt8] = []
    /// What was changed since, oldest first.
    private var pending: [Change] = []
    /// Whether a name leads here.
    var isLinked = true
    /// Whether this is the mapped word: the system writes its page whenever it likes, but never an older one later.
    let isWord: Bool

    init(isWord: Bool) { self.isWord = isWord }

    /// Whether all that was written is on the disk.
    var isClean: Bool { pending.isEmpty && cache == durable }

    /// The byte that was turned over, until something is written there.
    private var rottenByte: Int?
    var isRotten: Bool { rottenByte != nil }

    func write(_ bytes: [UInt8], at offset: Int) {
        if let rottenByte, rottenByte >= offset, rottenByte < offset + bytes.count { self.rottenByte = nil }
        Self.apply(.write(offset: offset, bytes: bytes), to: &cache)
        pending.append(.write(offset: offset, bytes: bytes))
    }

    func resize(_ size: Int) {
        if let rottenByte, rottenByte >= size { self.rottenByte = nil }
        Self.apply(.resize(size), to: &cache)
        pending.append(.resize(size))
    }

    func sync() {
        for change in pending { Self.apply(change, to: &durable) }
        pending = []
    }

    /// The sync fails; what it was to write counts as clean from now on, and perhaps never comes to the disk.
    func failSync(_ random: inout SeededRandom) {
        durable = survivors(&random)
        pending = []
    }

    /// Drops clean pages from memory: reads come from the disk again.
    func evict() {
        let size = cache.count
        var bytes = durable
        for change in pending { Self.apply(change, to: &bytes) }
        // The length stands in the inode, which stays in memory.
        Self.apply(.resize(size), to: &bytes)
        cache = bytes
    }

    /// The power goes: what was not synced is kept, lost or torn.
    func losePower(_ random: inout SeededRandom) {
        durable = survivors(&random)
        cache = durable
        pending = []
    }

    /// Turns one bit over, on the disk and in memory.
    func flip(bit: Int) {
        let mask = UInt8(1 << (bit % 8))
        rottenByte = rottenByte == nil ? bit / 8 : nil
        cache[bit / 8] ^= mask
        if bit / 8 < durable.count { durable[bit / 8] ^= mask }
    }

    private func survivors(_ random: inout SeededRandom) -> [UInt8] {
        if isWord { return survivingWord(&random) }
        var bytes = durable
        // Often all or nothing, so that these happen also to long lists of changes.
        let mood = random.below(6)
        for change in pending {
            switch mood {
            case 0: continue
            case 1: Self.apply(change, to: &bytes)
            default: Self.applyPart(of: change, to: &bytes, &random)
            }
        }
        // The length is written apart from the data: some of what was appended may be cut off again.
        if mood > 1, bytes.count > durable.count, random.oneIn(4) {
            bytes.removeSubrange((durable.count + random.below(bytes.count - durable.count))...)
        }
        return bytes
    }

    private func survivingWord(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = durable
        let kept = random.below(pending.count + 1)
        for change in pending[..<kept] { Self.apply(change, to: &bytes) }
        if kept < pending.count, random.oneIn(4) { Self.applyPart(of: pending[kept], to: &bytes, &random) }
        return bytes
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .resize(let size):
            if size < bytes.count {
                bytes.removeSubrange(size...)
            } else {
                bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
            }
        case .write(let offset, let new):
            let end = offset + new.count
            if end > bytes.count { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
            bytes.replaceSubrange(offset..<end, with: new)
        }
    }

    /// Some bytes of a write reach the disk: the first, the last, or some pieces of one size; the rest is what it was.
    private static func applyPart(of change: Change, to bytes: inout [UInt8], _ random: inout SeededRandom) {
        guard case .write(let offset, let new) = change, !new.isEmpty else {
            if random.oneIn(2) { apply(change, to: &bytes) }
            return
        }
        switch random.below(5) {
        case 0: return
        case 1: apply(change, to: &bytes)
        case 2:
            apply(.write(offset: offset, bytes: Array(new[..<random.below(new.count)])), to: &bytes)
        case 3:
            let start = random.below(new.count)
            apply(.write(offset: offset + start, bytes: Array(new[start...])), to: &bytes)
        default:
            let piece = random.pick([1, 16, 512, 4096])
            for start in stride(from: 0, to: new.count, by: piece) where random.oneIn(2) {
                let part = Array(new[start..<min(start + piece, new.count)])
                apply(.write(offset: offset + start, bytes: part), to: &bytes)
            }
        }
    }
}

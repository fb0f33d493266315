/// A filter that says of most hashes that are not in a section that they are not, from one line of 64 bytes.
///
/// A filter is a row of lines, about ten bits a key. A line is 480 bits and then the CRC-32 of those 60 bytes,
/// continued from the run's seed plus the line's number, so that one line can be read and believed alone. A key's line
/// grows with its hash; so a filter is written in one pass over sorted rows, in no memory. Within the line a key sets
/// `probes` bits. About one in seventy absent keys passes.
enum BloomFilter {
    /// Bytes of a line.
    static let lineBytes = 64
    /// Bits of a line that keys share.
    static let lineBits: UInt64 = 480
    /// Bits that a key sets.
    static let probes = 7
    /// Bits of a filter for each key.
    static let bitsPerKey = 10

    /// How many lines `keys` keys take.
    static func lines(keys: Int) -> Int {
        // In this order no product can be too large: a run holds fewer than 2^44 keys.
        (keys * bitsPerKey + lineBytes * 8 - 1) / (lineBytes * 8)
    }

    /// The line of a hash, below `lines`; `lines` is at least 1.
    static func line(_ hash: UInt64, lines: Int) -> Int { Int(hash.multipliedFullWidth(by: UInt64(lines)).high) }

    /// The bits of a hash in its line, for `bit(_:)`.
    struct Probe {
        private let start: UInt32
        private let step: UInt32

        /// Mixes the hash anew: its high bits have chosen the line already.
        init(_ hash: UInt64) {
            var mixed = hash &+ 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            start = UInt32(truncatingIfNeeded: mixed)
            step = UInt32(truncatingIfNeeded: mixed >> 32) | 1
        }

        /// Bit `index` of `probes`, below `lineBits`.
        @inline(__always)
        func bit(_ index: Int) -> Int {
            let mixed = start &+ UInt32(truncatingIfNeeded: index) &* step
            return Int((UInt64(mixed) &* BloomFilter.lineBits) >> 32)
        }
    }

    /// The checksum of a line's first 60 bytes.
    static func checksum(_ line: UnsafeRawBufferPointer, number: Int, seed: UInt32) -> UInt32 {
        let bits = UnsafeRawBufferPointer(rebasing: line.prefix(lineBytes - 4))
        return CRC32.checksum(bits, continuing: seed &+ UInt32(truncatingIfNeeded: number))
    }

    /// Whether a line's bytes are what was written.
    static func isIntact(_ line: UnsafeRawBufferPointer, number: Int, seed: UInt32) -> Bool {
        guard line.count == lineBytes else { return false }
        let stored = UInt32(littleEndian: line.loadUnaligned(fromByteOffset: lineBytes - 4, as: UInt32.self))
        return stored == checksum(line, number: number, seed: seed)
    }

    /// Whether a line's bytes may hold the probe's key.
    ///
    /// Unsafe for speed: `line` points at `lineBytes` readable bytes, and every bit of a probe is below `lineBits`.
    @inline(__always)
    static func mayContain(_ line: UnsafeRawPointer, _ probe: Probe) -> Bool {
        for index in 0..<probes {
            let bit = probe.bit(index)
            let byte = line.load(fromByteOffset: bit >> 3, as: UInt8.self)
            if byte & (1 &<< UInt8(truncatingIfNeeded: bit & 7)) == 0 { return false }
        }
        return true
    }
}

/// A whole filter in memory.
///
/// Unsafe for speed: `storage` is `byteCount` bytes, written only in `init` and freed only in `deinit`.
final class FilterMemory: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    /// A filter of lines that were checked already.
    ///
    /// `bytes` is a whole number of lines.
    init(bytes: [UInt8]) {
        storage = .allocate(byteCount: bytes.count, alignment: BloomFilter.lineBytes)
        storage.copyBytes(from: bytes)
    }

    deinit {
        storage.deallocate()
    }

    /// How many bytes it takes.
    var byteCount: Int { storage.count }

    /// A view of the filter, valid for as long as this object lives.
    var view: FilterView {
        FilterView(start: storage.baseAddress.map { UnsafeRawPointer($0) }, lines: byteCount / BloomFilter.lineBytes)
    }
}

/// A filter in memory that somebody else keeps alive: reading it touches no reference count.
struct FilterView: @unchecked Sendable {
    fileprivate let start: UnsafeRawPointer?
    fileprivate let lines: Int

    /// Whether the section may hold this hash, whose probe is given to make it only once for many filters.
    @inline(__always)
    func mayContain(_ hash: UInt64, _ probe: BloomFilter.Probe) -> Bool {
        guard lines > 0, let start else { return false }
        // The line is below `lines`, so that all of it lies in the memory.
        return BloomFilter.mayContain(start + BloomFilter.line(hash, lines: lines) * BloomFilter.lineBytes, probe)
    }
}

/// Writes a filter in one pass over hashes in ascending order.
struct FilterBuilder {
    private let lines: Int
    private let seed: UInt32
    private var number = 0
    private var line = [UInt8](repeating: 0, count: BloomFilter.lineBytes)

    /// A filter for `keys` keys.
    init(keys: Int, seed: UInt32) {
        lines = BloomFilter.lines(keys: keys)
        self.seed = seed
    }

    /// Adds a hash that is not below the last one, and appends the lines that are complete to `output`.
    mutating func add(_ hash: UInt64, output: inout [UInt8]) {
        guard lines > 0 else { return }
        let target = BloomFilter.line(hash, lines: lines)
        while number < target { endLine(&output) }
        let probe = BloomFilter.Probe(hash)
        for index in 0..<BloomFilter.probes {
            let bit = probe.bit(index)
            line[bit >> 3] |= 1 << UInt8(bit & 7)
        }
    }

    /// Appends the lines that are left.
    mutating func finish(output: inout [UInt8]) {
        while number < lines { endLine(&output) }
    }

    private mutating func endLine(_ output: inout [UInt8]) {
        let checksum = line.withUnsafeBytes { BloomFilter.checksum($0, number: number, seed: seed) }
        for byte in 0..<4 {
            line[BloomFilter.lineBytes - 4 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte))
        }
        output.append(contentsOf: line)
        for index in line.indices { line[index] = 0 }
        number += 1
    }
}

/// The two hashes of a subject: together 96 bits, enough that two subjects of one log never share both.
struct SubjectHash: Hashable, Sendable {
    /// Orders and finds the subject in a run.
    var hash: UInt64
    /// Tells subjects with the same `hash` apart.
    var check: UInt32
}

/// The hashes under which the log's indexes file ids and subjects: SipHash-2-4 with keys made from the log's id.
///
/// The key makes collisions unpredictable to senders, who never see the log id, so nobody can fill an index with ids
/// that all look alike. Hashes are comparable only within one log. No call allocates.
struct KeyedHash: Sendable {
    private let ids: SipHash
    private let subjects: SipHash
    private let checks: SipHash

    /// The hashes of the log with this id: 16 bytes (missing ones count as zero, further ones are ignored).
    init(logID: [UInt8]) {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for (index, byte) in logID.prefix(16).enumerated() {
            if index < 8 { low |= UInt64(byte) << (8 * index) } else { high |= UInt64(byte) << (8 * (index - 8)) }
        }
        let master = SipHash(low, high)
        func derive(_ purpose: UInt64) -> SipHash { SipHash(master.hash(2 * purpose), master.hash(2 * purpose + 1)) }
        ids = derive(0)
        subjects = derive(1)
        checks = derive(2)
    }

    /// The hash of an event's `(source, id)`; the source's length is part of it, so the border between them counts.
    func id(source: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer) -> UInt64 {
        var state = SipHash.State(ids)
        state.add(UInt64(source.count))
        state.add(source)
        state.add(id)
        return state.finish()
    }

    /// The hash of an event's `(source, id)`.
    func id(source: Span<UInt8>, id: Span<UInt8>) -> UInt64 {
        source.withUnsafeBytes { source in id.withUnsafeBytes { self.id(source: source, id: $0) } }
    }

    /// The hash of an event's `(source, id)`, as UTF-8.
    func id(source: String, id: String) -> UInt64 {
        Self.withBytes(of: source) { source in Self.withBytes(of: id) { self.id(source: source, id: $0) } }
    }

    /// The hashes of a subject.
    func subject(_ subject: UnsafeRawBufferPointer) -> SubjectHash {
        SubjectHash(hash: subjects.hash(subject), check: UInt32(truncatingIfNeeded: checks.hash(subject)))
    }

    /// The hashes of a subject.
    func subject(_ subject: Span<UInt8>) -> SubjectHash {
        subject.withUnsafeBytes { self.subject($0) }
    }

    /// The hashes of a subject, as UTF-8.
    func subject(_ subject: String) -> SubjectHash {
        Self.withBytes(of: subject) { self.subject($0) }
    }

    private static func withBytes<Result>(of text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = text
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

/// SipHash-2-4 with a 64-bit result (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
struct SipHash: Sendable {
    let key0: UInt64
    let key1: UInt64

    /// The function with this key: its bytes 0–7 and 8–15, each read with the lowest byte first.
    init(_ key0: UInt64, _ key1: UInt64) {
        self.key0 = key0
        self.key1 = key1
    }

    /// The hash of `bytes`.
    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(self)
        state.add(bytes)
        return state.finish()
    }

    /// The hash of the eight bytes of `word`, lowest first.
    func hash(_ word: UInt64) -> UInt64 {
        var state = State(self)
        state.add(word)
        return state.finish()
    }

    /// A hash in the making, fed in pieces of any length.
    struct State {
        private var v0: UInt64
        private var v1: UInt64
        private var v2: UInt64
        private var v3: UInt64
        /// Bytes that do not fill a word yet, the first in the lowest bits.
        private var tail: UInt64 = 0
        private var count: UInt64 = 0

        init(_ function: SipHash) {
            v0 = function.key0 ^ 0x736f_6d65_7073_6575
            v1 = function.key1 ^ 0x646f_7261_6e64_6f6d
            v2 = function.key0 ^ 0x6c79_6765_6e65_7261
            v3 = function.key1 ^ 0x7465_6462_7974_6573
        }

        /// Adds the eight bytes of `word`, lowest first.
        @inline(__always)
        mutating func add(_ word: UInt64) {
            let shift = (count & 7) &* 8
            count &+= 8
            // A shift by 64 gives zero, so an empty tail stays empty.
            compress(tail | word << shift)
            tail = shift == 0 ? 0 : word >> (64 &- shift)
        }

        /// Adds `bytes`.
        ///
        /// Every load lies in `bytes`: the first loop leaves fewer than 8 for the second.
        @inline(__always)
        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            guard let base = bytes.baseAddress else { return }
            var offset = 0
            while bytes.count &- offset >= 8 {
                add(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
                offset &+= 8
            }
            while offset < bytes.count {
                tail |= UInt64(base.load(fromByteOffset: offset, as: UInt8.self)) << ((count & 7) &* 8)
                count &+= 1
                if count & 7 == 0 {
                    compress(tail)
                    tail = 0
                }
                offset &+= 1
            }
        }

        /// The hash of everything added.
        @inline(__always)
        consuming func finish() -> UInt64 {
            compress(tail | (count & 0xFF) << 56)
            v2 ^= 0xFF
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private mutating func compress(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inline(__always)
        private mutating func round() {
            v0 &+= v1
            v2 &+= v3
            v1 = rotate(v1, 13) ^ v0
            v3 = rotate(v3, 16) ^ v2
            v0 = rotate(v0, 32)
            v2 &+= v1
            v0 &+= v3
            v1 = rotate(v1, 17) ^ v2
            v3 = rotate(v3, 21) ^ v0
            v2 = rotate(v2, 32)
        }

        @inline(__always)
        private func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }
    }
}

import CKernel
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `log/head`: eight bytes, mapped and shared by all processes that have the log open.
///
/// Invariants: `address` is the start of a mapped page, hence aligned, and stays mapped as long as this object lives;
/// the file is never cut below eight bytes. Only the process that holds the writer's lock stores to it.
final class MappedHeadWord: HeadWord, @unchecked Sendable {
    private let address: UnsafeMutableRawPointer
    private static let wordBytes = 8

    init(path: FilePath, creating initial: UInt64?) throws(FileError) {
        let file = try SystemFile(path: path, flags: initial == nil ? O_RDONLY : O_RDWR | O_CREAT)
        if try file.size() < UInt64(Self.wordBytes) {
            guard let initial else { throw FileError(operation: "map", path: path, number: EINVAL) }
            try file.writeFully(withUnsafeBytes(of: initial.littleEndian) { Array($0) }, at: 0)
            try file.sync()
        }
        let protection = initial == nil ? PROT_READ : PROT_READ | PROT_WRITE
        guard let address = mmap(nil, Self.wordBytes, protection, MAP_SHARED, file.descriptor, 0), address != MAP_FAILED
        else { throw FileError(operation: "map", path: path, number: errno) }
        self.address = address
    }

    deinit { munmap(address, Self.wordBytes) }

    func load() -> UInt64 { UInt64(littleEndian: kernel_load_acquire(address)) }

    func store(_ word: UInt64) {
        kernel_store_release(address, word.littleEndian)
        kernel_futex_wake_all(address)
    }

    func wake() { kernel_futex_wake_all(address) }

    func wait(while value: UInt64, nanoseconds: Int64) {
        // The low half changes whenever the word does, unless 2^32 events pass unseen; then the time-out ends the
        // sleep.
        _ = kernel_futex_wait(address, UInt32(truncatingIfNeeded: value), nanoseconds)
    }
}

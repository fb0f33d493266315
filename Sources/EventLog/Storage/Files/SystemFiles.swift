import CKernel
package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The file layer of the operating system.
package struct SystemFiles: FileLayer {
    /// The system's files.
    package init() {}

    package func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        let flags: Int32 =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT | O_TRUNC
            }
        return try SystemFile(path: path, flags: flags)
    }

    package func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        try check("rename", from) { from.withPlatformString { old in to.withPlatformString { Glibc.rename(old, $0) } } }
    }

    package func unlink(_ path: FilePath) throws(FileError) {
        try check("unlink", path) { path.withPlatformString { Glibc.unlink($0) } }
    }

    package func makeDirectory(_ path: FilePath) throws(FileError) {
        do {
            try check("mkdir", path) { path.withPlatformString { Glibc.mkdir($0, 0o777) } }
        } catch  where error.number == EEXIST {}
    }

    package func syncDirectory(_ path: FilePath) throws(FileError) {
        let directory = try SystemFile(path: path, flags: O_RDONLY | O_DIRECTORY)
        try check("fsync", path) { fsync(directory.descriptor) }
    }

    package func list(_ directory: FilePath) throws(FileError) -> [String] {
        guard let stream = directory.withPlatformString({ opendir($0) }) else {
            throw FileError(operation: "list", path: directory, number: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // The end and a failure both give nil; a list that is cut short would hide segments.
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw FileError(operation: "list", path: directory, number: errno) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    package func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        try MappedHeadWord(path: path, creating: initial)
    }

    package func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? {
        let file = try SystemFile(path: path, flags: O_RDWR | O_CREAT)
        let number = kernel_try_lock_exclusive(file.descriptor)
        if number == EWOULDBLOCK { return nil }
        if number != 0 { throw FileError(operation: "lock", path: path, number: number) }
        // The number is only for messages; the lock itself is what excludes.
        try file.truncate(to: 0)
        try file.writeFully(Array("\(getpid())\n".utf8), at: 0)
        return SystemLock(file)
    }
}

/// Holds the descriptor that carries the lock.
private final class SystemLock: FileLock {
    private let file: SystemFile
    init(_ file: SystemFile) { self.file = file }
    func release() { _ = kernel_unlock(file.descriptor) }
}

/// One descriptor, closed with the last reference.
final class SystemFile: OpenFile {
    let path: FilePath
    let descriptor: Int32

    init(path: FilePath, flags: Int32) throws(FileError) {
        self.path = path
        var descriptor: Int32 = -1
        repeat {
            descriptor = path.withPlatformString { Glibc.open($0, flags | O_CLOEXEC, 0o666) }
        } while descriptor < 0 && errno == EINTR
        if descriptor < 0 { throw FileError(operation: "open", path: path, number: errno) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, Int(clamping: offset))
        if count < 0 { throw FileError(operation: "read", path: path, number: errno) }
        return count
    }

    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        let count = pwrite(descriptor, bytes.baseAddress, bytes.count, Int(clamping: offset))
        if count < 0 { throw FileError(operation: "write", path: path, number: errno) }
        return count
    }

    func sync() throws(FileError) {
        try check("fdatasync", path) { fdatasync(descriptor) }
    }

    func truncate(to size: UInt64) throws(FileError) {
        try check("truncate", path) { ftruncate(descriptor, Int(clamping: size)) }
    }

    func size() throws(FileError) -> UInt64 {
        var status = stat()
        try check("stat", path) { fstat(descriptor, &status) }
        return UInt64(clamping: status.st_size)
    }

    func isLinked() -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_nlink > 0
    }

    func forget(from offset: UInt64, count: UInt64) {
        _ = posix_fadvise(descriptor, Int(clamping: offset), Int(clamping: count), POSIX_FADV_DONTNEED)
    }
}

/// Calls, and turns -1 into an error with the call's number.
private func check(_ operation: String, _ path: FilePath, _ call: () -> Int32) throws(FileError) {
    while call() != 0 {
        let number = errno
        // A sync is never tried again by itself: after a failure the kernel may call pages clean that are not.
        if number == EINTR && operation != "fdatasync" && operation != "fsync" { continue }
        throw FileError(operation: operation, path: path, number: number)
    }
}

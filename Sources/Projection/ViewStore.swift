import CKernel
public import GRDB
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The view database's place in a data folder: `views-N.db` files and `views.db`, a symbolic link to the one in use.
///
/// A new generation is built under the next number and taken into use by replacing the link, never by renaming a
/// database over one in use. Whoever projects holds `views.lock`; readers need no lock.
public struct ViewStore: Sendable {
    /// The data folder.
    public let directory: FilePath

    /// The store of a data folder.
    public init(directory: FilePath) {
        self.directory = directory
    }

    /// The link that BI tools open.
    public var link: FilePath { directory.appending("views.db") }

    /// The database that the link names, if both are there.
    public func current() throws -> FilePath? {
        guard let target = try FileSystem.linkTarget(link) else { return nil }
        let path = directory.appending(target)
        return FileSystem.exists(path) ? path : nil
    }

    /// The generation in use; 0 if there is none.
    public func generation() throws -> Int {
        try FileSystem.linkTarget(link).flatMap(Self.number) ?? 0
    }

    /// Where generation `number` lives.
    public func path(generation number: Int) -> FilePath { directory.appending("views-\(number).db") }

    /// Opens the database in use for reading, or `nil` if there is none.
    ///
    /// Every page is checked as it is read: damage ends a query with a `DatabaseError`, of which `explaining` makes a
    /// `ProjectionError` that names the place.
    /// - Throws: `ProjectionError` with code `damaged`, or `outdated` if the file is of an earlier layout.
    public func openReader() throws -> DatabaseQueue? {
        try current().map { try ViewFile($0).openReader() }
    }

    /// Reads from the database in use; `nil` if there is none.
    ///
    /// - Throws: what `body` throws, or `ProjectionError` with code `damaged` if it met bytes that cannot be right.
    public func read<Answer>(_ body: (Database) throws -> Answer) throws -> Answer? {
        while let path = try current() {
            let file = ViewFile(path)
            let database: DatabaseQueue
            do {
                database = try file.openReader()
            } catch {
                // Between the look at the link and the opening another process may have switched and tidied up.
                if try current() != path { continue }
                throw error
            }
            return try file.explaining { try database.read(body) }
        }
        return nil
    }

    /// Runs what reads or writes the database in use, and says where it is damaged if that ends it.
    ///
    /// - Throws: what `body` throws, or `ProjectionError` with code `damaged`.
    public func explaining<Answer>(_ body: () throws -> Answer) throws -> Answer {
        guard let path = try current() else { return try body() }
        return try ViewFile(path).explaining(body)
    }

    /// The database in use, for writing, with its tables; made if there is none.
    ///
    /// The caller holds the lock.
    public func openForProjection(_ set: ProjectorSet) throws -> DatabaseQueue {
        let number = try generation()
        if let path = try current() { return try ViewFile(path).openWriter() }
        let path = path(generation: number + 1)
        try removeFiles(of: path)
        let database = try ViewFile(path).create()
        try database.write { db in
            try ViewSchema.createTables(db, set)
            try ViewSchema.createIndexesAndViews(db, set)
        }
        try switchLink(to: path)
        return database
    }

    /// Makes the link name `path`, durably.
    public func switchLink(to path: FilePath) throws {
        guard let name = path.lastComponent?.string else {
            throw ProjectionError(.file, "\(path): not a file of views")
        }
        try FileSystem.replaceLink(link, target: name, in: directory)
    }

    /// Whether there are generations that the link no longer names.
    public func hasOldGenerations() throws -> Bool { try !oldGenerations().isEmpty }

    /// Removes generations that the link no longer names.
    ///
    /// The caller holds the lock. Whoever still reads one goes on with it: a removed file lives until it is closed.
    public func removeOldGenerations() throws {
        for path in try oldGenerations() { try removeFiles(of: path) }
    }

    private func oldGenerations() throws -> [FilePath] {
        let current = try generation()
        // A log may be left of a file whose removal was broken off.
        let numbers = try FileSystem.list(directory).flatMap { name in
            Self.suffixes.filter(name.hasSuffix).compactMap { Self.number(String(name.dropLast($0.count))) }
        }
        return Set(numbers).filter { $0 < current }.sorted().map(path(generation:))
    }

    /// What is wrong with the database in use; `nil` if it is sound or there is none.
    ///
    /// Every page on disk is checked, in use or not, and the write-ahead log; then that the pages make up a database.
    public func check() throws -> ViewFault? {
        guard let path = try current() else { return nil }
        return try ViewFile(path).check()
    }

    /// Bytes of the database in use, its write-ahead log included.
    public func bytes() throws -> Int64 {
        guard let path = try current() else { return 0 }
        return ["", "-wal"].reduce(0) { $0 + (FileSystem.size(FilePath(path.string + $1)) ?? 0) }
    }

    func removeFiles(of path: FilePath) throws {
        for suffix in Self.suffixes { try FileSystem.removeIfThere(FilePath(path.string + suffix)) }
    }

    /// A database file, and what SQLite keeps beside it.
    private static let suffixes = ["", "-wal", "-shm"]

    private static func number(_ name: String) -> Int? {
        guard name.hasPrefix("views-"), name.hasSuffix(".db") else { return nil }
        return Int(name.dropFirst(6).dropLast(3))
    }

    /// Takes the lock of whoever projects.
    ///
    /// - Parameter wait: wait until it is free; else `nil` if another process holds it.
    public func lock(wait: Bool) throws -> FileLock? {
        try FileLock.take(directory.appending("views.lock"), wait: wait)
    }

    /// Takes the lock of whoever rebuilds; `nil` if another process does.
    ///
    /// A process that was killed holds its lock until its memory is given back, so a moment is waited.
    func rebuildLock() throws -> FileLock? {
        let path = directory.appending("rebuild.lock")
        let deadline = ContinuousClock.now.advanced(by: Self.rebuildLockPatience)
        while true {
            if let lock = try FileLock.take(path, wait: false) { return lock }
            if ContinuousClock.now >= deadline { return nil }
            usleep(50_000)
        }
    }

    private static let rebuildLockPatience = Duration.seconds(3)
}

/// An exclusive lock on a file, held until the value goes or the process dies.
public final class FileLock: Sendable {
    private let descriptor: FileDescriptor

    private init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit {
        try? descriptor.close()
    }

    /// Locks `path`, which is made if it is not there; `nil` if it is held elsewhere and `wait` is false.
    public static func take(_ path: FilePath, wait: Bool) throws -> FileLock? {
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec], permissions: FilePermissions(rawValue: 0o644))
        } catch {
            throw ProjectionError(.file, "\(path): \(error); make the data folder writable for this user")
        }
        let code =
            wait
            ? kernel_lock_exclusive(descriptor.rawValue) : kernel_try_lock_exclusive(descriptor.rawValue)
        if code == 0 { return FileLock(descriptor) }
        try? descriptor.close()
        if Errno(rawValue: code) == .wouldBlock { return nil }
        throw Errno(rawValue: code)
    }
}

import SystemPackage

/// The lock of a log's one writer.
///
/// Whatever is decided from a listing of the folder is decided after the lock was taken: what was listed before may be
/// another writer's past.
enum WriterLock {
    /// Takes the lock of the log in this folder, which must be there.
    ///
    /// - Throws: `LogError`: `locked` if another writer has it.
    static func take(_ paths: LogPaths, _ files: any FileLayer) throws(LogError) -> any FileLock {
        do throws(FileError) {
            if let lock = try files.tryLock(paths.lock) { return lock }
        } catch {
            throw LogError(error)
        }
        let process = holder(paths, files)
        throw LogError(
            code: .locked(process: process),
            message: "\(process.map { "process \($0)" } ?? "another process") is writing this log; "
                + "wait until it ends, or stop it",
            path: paths.directory.string)
    }

    /// The number of the process that has the lock, if it can be read; for messages only.
    private static func holder(_ paths: LogPaths, _ files: any FileLayer) -> Int32? {
        guard let bytes = try? files.open(paths.lock, .read).readBytes(at: 0, count: 16) else { return nil }
        return Int32(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber })
    }
}

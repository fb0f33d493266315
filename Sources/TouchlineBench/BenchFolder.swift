import Foundation
import Synchronization
package import SystemPackage

/// A folder that a benchmark fills, and that is gone afterwards, however the process ends (but not if it is killed).
package final class BenchFolder: Sendable {
    /// Where it is.
    package let path: FilePath

    /// Folders that are still there.
    private static let living = Mutex<[String]>([])
    /// Removes them once the process exits, also by a second ctrl-C.
    private static let atExit: Void = {
        atexit { BenchFolder.removeAll() }
    }()

    /// Makes the folder: `given`, which must be empty or not there yet, or one of its own among the temporary files.
    ///
    /// - Parameter bytes: how much room the benchmark takes at most.
    /// - Throws: `BenchError`: `refused` if there is anything in the folder, or too little room on its disk.
    package init(_ given: FilePath?, bytes: UInt64) throws(BenchError) {
        path = given ?? FilePath(NSTemporaryDirectory()).appending("touchline-bench-\(UUID().uuidString.prefix(8))")
        let files = FileManager.default
        if let names = try? files.contentsOfDirectory(atPath: path.string), !names.isEmpty {
            throw BenchError(.refused, "\(path): the folder is not empty, and a benchmark fills one; give another")
        }
        do {
            try files.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        } catch {
            throw BenchError(
                .refused, "\(path): the folder cannot be made; check that its parent is there and writable")
        }
        let path = path.string
        Self.living.withLock { $0.append(path) }
        _ = Self.atExit
        let free = Self.freeBytes(path)
        guard free >= bytes else {
            remove()
            throw BenchError(
                .refused,
                "\(path): this takes up to \(bytes >> 20) MiB, and the disk has \(free >> 20) MiB free; "
                    + "make room, take fewer events, or give a folder on another disk")
        }
    }

    deinit { remove() }

    /// Removes the folder with all in it.
    package func remove() {
        let path = path.string
        try? FileManager.default.removeItem(atPath: path)
        Self.living.withLock { $0.removeAll { $0 == path } }
    }

    private static func removeAll() {
        for path in living.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func freeBytes(_ path: String) -> UInt64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return .max }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

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
        // `path` is set last: an object that is given up before that removes nothing.
        let path = given ?? FilePath(NSTemporaryDirectory()).appending("touchline-bench-\(UUID().uuidString.prefix(8))")
        let files = FileManager.default
        let names = try? files.contentsOfDirectory(atPath: path.string)
        guard names?.isEmpty ?? !files.fileExists(atPath: path.string) else {
            throw BenchError(.refused, "\(path): the folder is not empty, and a benchmark fills one; give another")
        }
        let free = Self.freeBytes(near: path)
        guard free >= bytes else {
            throw BenchError(
                .refused,
                "\(path): this takes up to \(bytes >> 20) MiB, and the disk has \(free >> 20) MiB free; "
                    + "make room, take fewer events, or give a folder on another disk")
        }
        do {
            try files.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        } catch {
            throw BenchError(
                .refused, "\(path): the folder cannot be made; check that its parent is there and writable")
        }
        Self.living.withLock { $0.append(path.string) }
        _ = Self.atExit
        self.path = path
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

    /// The room on the disk of the folder, or of the nearest one above it that is there.
    private static func freeBytes(near path: FilePath) -> UInt64 {
        var status = statvfs()
        var path = path
        while statvfs(path.string, &status) != 0 {
            guard path != ".", path.removeLastComponent() else { return .max }
            if path.isEmpty { path = "." }
        }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

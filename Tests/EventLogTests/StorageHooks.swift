import Foundation
import Synchronization
import SystemPackage

@testable import EventLog

/// The system's files, with a look at each call before it is made: a hook may fail it, wait, or act in between as
/// another process would.
final class HookedFiles: FileLayer {
    struct Hooks: Sendable {
        var open: (@Sendable (FilePath, OpenMode) throws(FileError) -> Void)?
        var rename: (@Sendable (FilePath, FilePath) throws(FileError) -> Void)?
        var list: (@Sendable ([String]) -> [String])?
        var lock: (@Sendable () -> Void)?
        var sync: (@Sendable (FilePath) throws(FileError) -> Void)?
    }
    let hooks = Mutex(Hooks())
    private let real = SystemFiles()

    func set(_ change: @Sendable (inout Hooks) -> Void) { hooks.withLock { change(&$0) } }

    /// From now on no index run can be made, `count` times or for good.
    func failIndex(_ count: Int = .max, number: Errno = .noSpace) {
        let left = Monitor(count)
        set { hooks in
            hooks.open = { (path, mode) throws(FileError) in
                guard case .create = mode, path.string.contains("/index/") else { return }
                let fails = left.withLock { count in
                    defer { count = max(0, count - 1) }
                    return count > 0
                }
                if fails { throw FileError(operation: "open", path: path, number: number.rawValue) }
            }
        }
    }

    func open(_ path: FilePath, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        if let hook = hooks.withLock({ $0.open }) { try hook(path, mode) }
        return HookedFile(try real.open(path, mode), self)
    }
    func rename(_ from: FilePath, to: FilePath) throws(FileError) {
        if let hook = hooks.withLock({ $0.rename }) { try hook(from, to) }
        try real.rename(from, to: to)
    }
    func unlink(_ path: FilePath) throws(FileError) { try real.unlink(path) }
    func makeDirectory(_ path: FilePath) throws(FileError) { try real.makeDirectory(path) }
    func syncDirectory(_ path: FilePath) throws(FileError) { try real.syncDirectory(path) }
    func list(_ directory: FilePath) throws(FileError) -> [String] {
        let names = try real.list(directory)
        return hooks.withLock { $0.list }?(names) ?? names
    }
    func openHead(_ path: FilePath, creating initial: UInt64?) throws(FileError) -> any HeadWord {
        try real.openHead(path, creating: initial)
    }
    func tryLock(_ path: FilePath) throws(FileError) -> (any FileLock)? {
        hooks.withLock { $0.lock }?()
        return try real.tryLock(path)
    }
}

private final class HookedFile: OpenFile {
    let real: any OpenFile
    let files: HookedFiles
    init(_ real: any OpenFile, _ files: HookedFiles) {
        self.real = real
        self.files = files
    }
    var path: FilePath { real.path }
    func readSome(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        try real.readSome(into: buffer, at: offset)
    }
    func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) -> Int {
        try real.writeSome(bytes, at: offset)
    }
    func sync() throws(FileError) {
        if let hook = files.hooks.withLock({ $0.sync }) { try hook(path) }
        try real.sync()
    }
    func truncate(to size: UInt64) throws(FileError) { try real.truncate(to: size) }
    func size() throws(FileError) -> UInt64 { try real.size() }
    func isLinked() -> Bool { real.isLinked() }
    func forget(from offset: UInt64, count: UInt64) { real.forget(from: offset, count: count) }
}

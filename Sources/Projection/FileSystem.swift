import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The few calls on names (rather than open files) that swift-system does not have.
enum FileSystem {
    static func exists(_ path: FilePath) -> Bool {
        path.withPlatformString { access($0, F_OK) } == 0
    }

    /// What a symbolic link names; `nil` if there is no link.
    static func linkTarget(_ path: FilePath) throws -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = path.withPlatformString { name in
            buffer.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return 0 }
                return readlink(name, start, bytes.count)
            }
        }
        if length >= 0 { return String(decoding: buffer.prefix(length), as: UTF8.self) }
        if errno == ENOENT || errno == EINVAL { return nil }
        throw Errno(rawValue: errno)
    }

    /// Puts a symbolic link in place by rename, and syncs the folder.
    static func replaceLink(_ link: FilePath, target: String, in directory: FilePath) throws {
        let temporary = FilePath(link.string + ".new")
        try removeIfThere(temporary)
        try check(temporary.withPlatformString { symlink(target, $0) })
        try check(temporary.withPlatformString { from in link.withPlatformString { rename(from, $0) } })
        let folder = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
        try folder.closeAfter { try check(fsync(folder.rawValue)) }
    }

    static func removeIfThere(_ path: FilePath) throws {
        if path.withPlatformString({ unlink($0) }) != 0, errno != ENOENT { throw Errno(rawValue: errno) }
    }

    static func list(_ directory: FilePath) throws -> [String] {
        guard let stream = directory.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            names.append(name)
        }
        return names.sorted()
    }

    static func size(_ path: FilePath) -> Int64? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        return Int64(status.st_size)
    }

    private static func check(_ result: Int32) throws {
        if result != 0 { throw Errno(rawValue: errno) }
    }
}

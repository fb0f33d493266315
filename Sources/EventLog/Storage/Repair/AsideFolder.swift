import SystemPackage

/// `log/aside/`: what a repair puts a new file in place of is kept there, byte for byte.
///
/// Names end in a number, so none is ever taken for a segment or a run, and none is replaced.
struct AsideFolder {
    let paths: LogPaths
    let files: any FileLayer

    private static let partSuffix = ".part"

    /// Copies a file into the folder, durably with its name; returns where it is.
    ///
    /// A copy and not a link: as long as the file has another name, readers would not notice that it was replaced.
    func keep(_ path: FilePath) throws(FileError) -> FilePath {
        let (part, kept) = try place(for: path)
        let source = try files.open(path, .read)
        let copy = try files.open(part, .create)
        let size = try source.size()
        var position: UInt64 = 0
        while position < size {
            let bytes = try source.readBytes(at: position, count: Int(min(size - position, 1 << 20)))
            if bytes.isEmpty { break }
            try copy.writeFully(bytes, at: position)
            position += UInt64(bytes.count)
        }
        try copy.sync()
        try files.rename(part, to: kept)
        try files.syncDirectory(paths.aside)
        return kept
    }

    /// Moves a file into the folder, durably: for what is derived and made again.
    func move(_ path: FilePath) throws(FileError) -> FilePath {
        let (_, kept) = try place(for: path)
        try files.rename(path, to: kept)
        try files.syncDirectory(paths.aside)
        try files.syncDirectory(path.removingLastComponent())
        return kept
    }

    /// A name that is free, and one for while the copy is made.
    private func place(for path: FilePath) throws(FileError) -> (part: FilePath, kept: FilePath) {
        try files.makeDirectory(paths.aside)
        try files.syncDirectory(paths.directory)
        let names = Set(try files.list(paths.aside))
        let name = path.lastComponent?.string ?? "file"
        var number = 1
        while names.contains("\(name).\(number)") { number += 1 }
        let kept = "\(name).\(number)"
        return (paths.aside.appending(kept + Self.partSuffix), paths.aside.appending(kept))
    }
}

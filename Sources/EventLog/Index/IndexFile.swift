import SystemPackage

/// An open file of the index.
///
/// It stays readable after its name is gone, and is closed with the last reference.
struct IndexFile: Sendable {
    private let file: any OpenFile

    /// The name it was opened under.
    var path: FilePath { file.path }

    /// Whether its name, or another, still leads to it.
    var isLinked: Bool { file.isLinked() }

    fileprivate init(_ file: any OpenFile) {
        self.file = file
    }

    /// How long it is.
    func byteCount() throws(IndexError) -> Int {
        do throws(FileError) {
            return Int(clamping: try file.size())
        } catch { throw IndexError(error, path) }
    }

    /// Fills `buffer` with the bytes from `offset`, which must all be there.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(IndexError) {
        let count: Int
        do throws(FileError) {
            count = try file.readFully(into: buffer, at: UInt64(offset))
        } catch { throw IndexError(error, path) }
        guard count == buffer.count else {
            throw IndexError(
                code: .damaged, message: "the file ends before byte \(offset + buffer.count)", path: path,
                offset: UInt64(offset + count))
        }
    }

    /// Writes `bytes` from `offset` on.
    func write(_ bytes: [UInt8], at offset: Int) throws(IndexError) {
        do throws(FileError) {
            try file.writeFully(bytes, at: UInt64(offset))
        } catch { throw IndexError(error, path) }
    }

    /// Makes what was written durable.
    func sync() throws(IndexError) {
        do throws(FileError) {
            try file.sync()
        } catch { throw IndexError(error, path) }
    }
}

/// What the index does with its folder.
struct IndexFolder: Sendable {
    /// The folder.
    let path: FilePath
    private let layer: any FileLayer

    init(_ path: FilePath, _ layer: any FileLayer) {
        self.path = path
        self.layer = layer
    }

    /// Makes the folder if it is missing, durably.
    func make() throws(IndexError) {
        let parent = path.removingLastComponent()
        do throws(FileError) {
            try layer.makeDirectory(path)
            try layer.syncDirectory(parent.isEmpty ? FilePath(".") : parent)
        } catch { throw IndexError(error, path) }
    }

    /// Opens a file for reading.
    func open(_ name: String) throws(IndexError) -> IndexFile { try open(name, .read) }

    /// Makes an empty file, in place of one that may have the name.
    func create(_ name: String) throws(IndexError) -> IndexFile { try open(name, .create) }

    private func open(_ name: String, _ mode: OpenMode) throws(IndexError) -> IndexFile {
        do throws(FileError) {
            return IndexFile(try layer.open(path.appending(name), mode))
        } catch { throw IndexError(error, path.appending(name)) }
    }

    /// The names in the folder, sorted; none if there is no folder.
    func names() throws(IndexError) -> [String] {
        do throws(FileError) {
            return try layer.list(path).sorted()
        } catch {
            if error.number == Errno.noSuchFileOrDirectory.rawValue { return [] }
            throw IndexError(error, path)
        }
    }

    /// The names of the folder once two lists in a row agree, so that a file that was renamed while the folder was
    /// being read is not missed together with those it replaced.
    func settledNames() throws(IndexError) -> [String] {
        var names = try names()
        for _ in 0..<16 {
            let again = try self.names()
            if again == names { break }
            names = again
        }
        return names
    }

    /// Gives a file another name, in place of one that may have it, durably.
    func rename(_ old: String, to new: String) throws(IndexError) {
        do throws(FileError) {
            try layer.rename(path.appending(old), to: path.appending(new))
            try layer.syncDirectory(path)
        } catch { throw IndexError(error, path.appending(old)) }
    }

    /// Removes a file, if it is there.
    func remove(_ name: String) throws(IndexError) {
        do throws(FileError) {
            try layer.unlink(path.appending(name))
        } catch {
            if error.number != Errno.noSuchFileOrDirectory.rawValue { throw IndexError(error, path.appending(name)) }
        }
    }
}

extension IndexError {
    /// A call to the system that failed.
    fileprivate init(_ error: FileError, _ path: FilePath) {
        let reason = Errno(rawValue: error.number)
        self.init(
            code: reason == .noSpace ? .noSpace : .system(error.number),
            message: "\(error.operation) failed: \(reason)", path: path)
    }

    /// Whether the file is not there any more.
    var isMissingFile: Bool { code == .system(Errno.noSuchFileOrDirectory.rawValue) }

    /// Whether the system refused, which says nothing of the file's contents.
    var isOfTheSystem: Bool {
        if case .system = code { true } else { false }
    }
}

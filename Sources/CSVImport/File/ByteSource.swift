import Foundation

/// A file read from front to back in chunks, never held as a whole; or bytes that are in memory already.
final class ByteSource {
    /// Bytes read at a time.
    static let chunkBytes = 1 << 20

    let name: String
    /// The file's size when it was opened.
    let size: Int64
    private let handle: FileHandle?
    /// What is left of bytes that are in memory, and how many of them are given at a time.
    private var rest: ArraySlice<UInt8> = []
    private var pieceBytes = ByteSource.chunkBytes

    /// Gives `bytes` in pieces of at most `pieceBytes`.
    init(_ bytes: [UInt8], name: String, pieceBytes: Int = ByteSource.chunkBytes) {
        self.name = name
        size = Int64(bytes.count)
        handle = nil
        rest = bytes[...]
        self.pieceBytes = max(1, pieceBytes)
    }

    /// Opens the file at `path`; `name` is what messages call it.
    init(path: String, name: String) throws(ImportError) {
        self.name = name
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ImportError(code: .unreadable, place: name, message: "there is no such file; check the path")
        }
        guard !isFolder.boolValue else {
            throw ImportError(code: .unreadable, place: name, message: "is a folder; name the file in it")
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ImportError(code: .unreadable, place: name, message: "cannot be opened; check its permissions")
        }
        self.handle = handle
        do {
            size = Int64(clamping: try handle.seekToEnd())
            try handle.seek(toOffset: 0)
        } catch {
            throw ImportError(
                code: .unreadable, place: name, message: "cannot be read twice; give a plain file, not a pipe")
        }
    }

    /// The next bytes; empty at the end of the file.
    func next() throws(ImportError) -> [UInt8] {
        guard let handle else {
            defer { rest = rest.dropFirst(pieceBytes) }
            return Array(rest.prefix(pieceBytes))
        }
        do {
            guard let data = try handle.read(upToCount: Self.chunkBytes) else { return [] }
            return [UInt8](data)
        } catch {
            throw ImportError(code: .unreadable, place: name, message: "reading failed: \(error.localizedDescription)")
        }
    }

    deinit {
        try? handle?.close()
    }
}

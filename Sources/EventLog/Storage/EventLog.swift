public import SystemPackage

/// Makes logs.
///
/// Reading is `LogReader`'s work, appending a `Sequencer`'s.
public enum EventLog {
    /// Makes an empty log in the folder `directory`, which is made if only its parent is there.
    ///
    /// - Parameter directory: the log's own folder, as in `touchline-data/log`; the same that `LogReader.open` and
    ///   `LocalSequencer.open` take.
    /// - Throws: `LogError`: `alreadyALog`, or what the file system says.
    @discardableResult
    public static func create(at directory: FilePath, options: LogOptions = LogOptions()) throws -> LogIdentity {
        try create(at: directory, options: options, files: SystemFiles())
    }

    package static func create(
        at directory: FilePath, options: LogOptions, files: any FileLayer
    ) throws(LogError) -> LogIdentity {
        let paths = LogPaths(directory: directory)
        var generator = SystemRandomNumberGenerator()
        let identity = LogIdentity(
            bytes: options.logID ?? (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        do throws(FileError) { try files.makeDirectory(directory) } catch { throw LogError(error) }
        // Two that make a log at once must not both find the folder empty.
        let lock = try WriterLock.take(paths, files)
        defer { lock.release() }
        guard try SegmentList.read(directory, files).isEmpty else {
            throw LogError(
                code: .alreadyALog, message: "there is a log already; use it, or choose another folder",
                path: directory.string)
        }
        do throws(FileError) {
            let names = try files.list(directory)
            if names.contains("head") { try files.unlink(paths.head) }
            _ = try files.openHead(paths.head, creating: HeadCode.word(0))
            let header = SegmentHeader(
                identity: identity, features: LogFeatures(optional: options.optionalFeatures), firstSequence: 0,
                lineage: [UInt8](repeating: 0, count: 32), recordedFloor: Instant(microseconds: .min))
            try SegmentWriter.makeSegment(header, paths: paths, files: files)
            let parent = directory.removingLastComponent()
            try files.syncDirectory(parent.isEmpty ? "." : parent)
        } catch {
            throw LogError(error)
        }
        return identity
    }
}

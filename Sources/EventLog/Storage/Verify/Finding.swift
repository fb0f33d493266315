import SystemPackage

/// One thing that `verify` found wrong.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
    /// The file it is in.
    public var path: String
    /// Where in the file, if a place is known.
    public var offset: UInt64?
    /// Which part of the log it is.
    public var structure: LogStructure
    /// The events that cannot be read, or are wrong; nil if all can be read and are right.
    public var sequences: Range<UInt64>?
    /// What is wrong.
    public var message: String

    /// Whether only something derived is wrong, which can be made again from the lines.
    public var isDerived: Bool { sequences == nil }

    /// Path, place, structure, events and message in one line.
    public var description: String {
        var text = path
        if let offset { text += " at byte \(offset)" }
        text += ", \(structure.rawValue)"
        if let sequences { text += ", events \(sequences.lowerBound) to \(sequences.upperBound - 1)" }
        return text + ": " + message
    }
}

extension Finding {
    init(_ damage: Damage) {
        self.init(
            path: damage.path, offset: damage.offset, structure: damage.structure, sequences: damage.sequences,
            message: damage.message)
    }

    init(_ finding: IndexFinding) {
        self.init(
            path: finding.path.string, offset: finding.offset, structure: .index, sequences: nil,
            message: "\(finding.structure): \(finding.message); remove this file, and the next writer makes it again")
    }
}

extension LogReader {
    /// Reads every byte of the log and says what is wrong and where; an empty answer means that all is well.
    ///
    /// Checks headers, directories, compressed lines, footers and index runs by their checksums, that sequences and
    /// `recordedtime`s go on without a hole or a step back, and that each segment continues the one before it.
    ///
    /// - Parameters:
    ///   - deep: also derive every directory, footer and index entry again from nothing but the lines, and compare; and
    ///     check that each line is in the log's own form and counts its subject rightly. Keeps some fifty bytes a
    ///     subject in memory.
    ///   - progress: called now and then with the events looked at and their total; false stops.
    /// - Throws: `CancellationError` if `progress` stopped it; `LogError` if the folder cannot be read at all.
    public func verify(
        deep: Bool, progress: (_ done: UInt64, _ total: UInt64) -> Bool = { _, _ in true }
    ) throws -> [Finding] {
        try withoutActuallyEscaping(progress) { progress in
            var verifier = Verifier(reader: self, isDeep: deep, progress: progress)
            return try verifier.run()
        }
    }
}

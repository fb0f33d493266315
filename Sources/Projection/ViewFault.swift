/// Where a file of views is damaged.
public struct ViewFault: Sendable, Encodable, Equatable, CustomStringConvertible {
    /// What the place is part of.
    public enum Structure: String, Sendable, Encodable {
        /// A page of the database file.
        case page = "database page"
        /// The write-ahead log beside it.
        case writeAheadLog = "write-ahead log"
        /// What the pages hold: each is sound, but not all of them together.
        case contents
    }
    /// The file.
    public var file: String
    /// Where in the file, in bytes; `nil` if it is not one place.
    public var offset: Int64?
    /// The page, from 1.
    public var page: Int64?
    /// What the place is part of.
    public var structure: Structure
    /// What is wrong with it.
    public var message: String

    /// The fault in one line.
    public var description: String {
        let place = [page.map { "page \($0)" }, offset.map { "byte \($0)" }].compactMap(\.self).joined(separator: ", ")
        let name = structure == .page ? "" : "\(structure.rawValue)"
        return "\(file): " + [name, place].filter { !$0.isEmpty }.joined(separator: ", ") + ": \(message)"
    }
}

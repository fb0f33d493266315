import EventLog
import Foundation
import GRDB
import Projection
import SystemPackage

/// Flips bits in files of views, one at a time, and sees what comes of each.
///
/// A flip is *found* if `ViewStore.check` names it and no query answers other than before; *harmless* if every query
/// answers what the log says at the views' cursor, and what is missing is caught up with; *missed* otherwise.
package struct ViewRot {
    /// What came of the flips in one structure.
    package struct Row: Sendable {
        /// The state that the files were in.
        package var state: String
        /// What the bits are part of.
        package var structure: String
        /// Bits that were flipped, one at a time.
        package var flips = 0
        /// Found by a check.
        package var found = 0
        /// Those of them that ended a query or the catching up, too.
        package var failedReads = 0
        /// Not found, and of no consequence.
        package var harmless = 0
        /// Neither: what happened, one line each.
        package var missed: [String] = []
    }

    /// A state is not sound before a bit is flipped.
    package struct Unsound: Error {
        /// Its name.
        package var state: String
    }

    private let states: ViewStates
    private let scratch: FilePath
    private let reader: LogReader
    private let digests: [UInt64: String]

    /// Makes views in a folder of their own, flips bits, and removes the folder.
    ///
    /// - Parameters:
    ///   - flips: bits to flip in each structure; of the two headers every bit is flipped in one state.
    ///   - seed: the same flips for the same seed.
    package static func sample(flips: Int, seed: UInt64) async throws -> [Row] {
        let folder = FilePath(FileManager.default.temporaryDirectory.path).appending("view-rot-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let rot = try ViewRot(try await ViewStates.make(in: folder), scratch: folder.appending("scratch"))
        var rows: [Row] = []
        for (number, state) in rot.states.states.enumerated() {
            guard case .harmless = try rot.outcome(of: state) else { throw Unsound(state: state.name) }
            for structure in Structure.all(of: state) {
                rows.append(try rot.row(state, structure, flips: flips, seed: seed &+ UInt64(number)))
            }
        }
        return rows
    }

    private init(_ states: ViewStates, scratch: FilePath) throws {
        self.states = states
        self.scratch = scratch
        reader = try LogReader.open(states.log)
        var digests: [UInt64: String] = [:]
        for known in 0...reader.head {
            let past = try PastViews.make(states.set, from: reader, known: known)
            digests[known] = try past.read { try ViewDigest.digest($0, of: states.set) }
        }
        self.digests = digests
    }

    private func row(_ state: ViewState, _ structure: Structure, flips: Int, seed: UInt64) throws -> Row {
        var row = Row(state: state.name, structure: structure.name)
        for bit in structure.bits(flips: flips, seed: seed) {
            var rotten = state
            if structure.isLog {
                rotten.log[bit / 8] ^= 1 << UInt8(bit % 8)
            } else {
                rotten.database[bit / 8] ^= 1 << UInt8(bit % 8)
            }
            row.flips += 1
            switch try outcome(of: rotten) {
            case .found(let endsReads):
                row.found += 1
                if endsReads { row.failedReads += 1 }
            case .harmless: row.harmless += 1
            case .missed(let what): row.missed.append("byte \(bit / 8), bit \(bit % 8): \(what)")
            }
        }
        return row
    }

    private enum Outcome {
        case found(endsReads: Bool)
        case harmless
        case missed(String)
    }

    private func outcome(of state: ViewState) throws -> Outcome {
        try? FileManager.default.removeItem(atPath: scratch.string)
        try FileManager.default.createDirectory(atPath: scratch.string, withIntermediateDirectories: true)
        try state.write(to: scratch)
        let store = ViewStore(directory: scratch)
        let isFound = try store.check() != nil
        do {
            let answer = try store.read { db in
                (try ViewStatus.cursor(db, states.set), try ViewDigest.digest(db, of: states.set))
            }
            guard let answer, digests[answer.0] == answer.1 else { return .missed("a query answered other rows") }
            try catchUp(store)
            let caughtUp = try store.read { try ViewDigest.digest($0, of: states.set) }
            guard caughtUp == digests[reader.head] else { return .missed("other rows after catching up") }
            return isFound ? .found(endsReads: false) : .harmless
        } catch let error as ProjectionError where error.code == .damaged {
            return isFound ? .found(endsReads: true) : .missed("no check found what ended a query: \(error.message)")
        } catch {
            return .missed("an error that does not say what is wrong: \(error)")
        }
    }

    private func catchUp(_ store: ViewStore) throws {
        let database = try store.openForProjection(states.set)
        try store.explaining {
            try LiveRunner(reader: reader, database: database, policy: states.set.policy)
                .catchUp(states.set, to: reader.head)
            try database.close()
        }
    }
}

/// A part of the files whose bits are flipped.
struct Structure {
    var name: String
    var isLog: Bool
    /// The bytes it is made of.
    var bytes: [Int]
    var takesAll: Bool

    /// The parts of a state.
    static func all(of state: ViewState) -> [Structure] {
        let page = ViewState.pageBytes
        let bodies = (100..<state.database.count).filter { $0 % page < page - 16 }
        let trailers = (0..<state.database.count).filter { $0 % page >= page - 16 }
        // Every bit of the headers in one state that has them; they are the same kind of bytes in the others.
        var parts = [
            Structure(
                name: "database header", isLog: false, bytes: Array(0..<100), takesAll: state.name == "closed"),
            Structure(name: "database page", isLog: false, bytes: bodies, takesAll: false),
            Structure(name: "page trailer", isLog: false, bytes: trailers, takesAll: false),
        ]
        guard !state.log.isEmpty else { return parts }
        let frames = (32..<state.log.count).map { ($0, ($0 - 32) % ViewState.frameBytes) }
        parts += [
            Structure(
                name: "write-ahead log: header", isLog: true, bytes: Array(0..<32),
                takesAll: state.name == "killed after a checkpoint"),
            Structure(
                name: "write-ahead log: frame header", isLog: true, bytes: frames.filter { $0.1 < 24 }.map(\.0),
                takesAll: false),
            Structure(
                name: "write-ahead log: page", isLog: true, bytes: frames.filter { $0.1 >= 24 }.map(\.0),
                takesAll: false),
        ]
        return parts
    }

    /// The bits to flip, as places in the file.
    func bits(flips: Int, seed: UInt64) -> [Int] {
        if takesAll { return bytes.flatMap { byte in (0..<8).map { byte * 8 + $0 } } }
        var state = seed
        return (0..<flips).map { _ in
            // SplitMix64.
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            value ^= value >> 31
            return bytes[Int(value % UInt64(bytes.count))] * 8 + Int(value >> 61)
        }
    }
}

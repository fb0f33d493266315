/// A call to the operating system.
package struct FileCall: Sendable, Equatable {
    /// What is asked.
    package enum Operation: String, Sendable, Codable, CaseIterable {
        case open, create, read, write, sync, truncate, size, rename, unlink, makeDirectory, syncDirectory, list
        case openHead, storeHead, lock
    }

    /// What is asked.
    package var operation: Operation
    /// On which file or folder.
    package var path: String
}

/// What goes wrong at one call.
package struct Fault: Sendable, Codable, Equatable {
    /// How.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// The process is killed: what it wrote stays.
        case kill
        /// The power goes: what was not synced is kept, lost, reordered or torn.
        case powerLoss
        /// The call fails with EIO; a write may be done in part.
        case ioError
        /// The call finds no room, or the writing process's share of the disk is used up; what fits may be written.
        case noSpace
        /// The sync fails, and what it was to write counts as clean from then on.
        case failedSync
    }

    /// How.
    package var kind: Kind
    /// At which call of the step, counted from 0; of those that the kind can strike.
    package var call: Int
    /// Decides before, after or amid the call, and what is left of it.
    package var seed: UInt64

    /// A fault.
    package init(kind: Kind, call: Int, seed: UInt64) {
        self.kind = kind
        self.call = call
        self.seed = seed
    }

    /// Whether it can strike such a call.
    func strikes(_ operation: FileCall.Operation) -> Bool {
        switch kind {
        case .kill, .powerLoss: true
        case .ioError: operation != .storeHead && operation != .lock && operation != .syncDirectory
        case .noSpace: [.write, .create, .rename, .makeDirectory].contains(operation)
        case .failedSync: operation == .sync || operation == .syncDirectory
        }
    }
}

import Synchronization

/// Which events of one segment may have an id, found by reading its lines.
///
/// For segments that the index does not cover: the active one, and those whose run is not made yet. It grows with the
/// segment and is kept.
final class IDScan: Sendable {
    let segment: OpenSegment
    private let hash: KeyedHash
    private let state: Mutex<State>

    private struct State {
        var progress: ScanProgress
        var ids: [UInt64: UInt64] = [:]
        var collisions: [UInt64: [UInt64]] = [:]
    }

    init(_ segment: OpenSegment, hash: KeyedHash) {
        self.segment = segment
        self.hash = hash
        state = Mutex(State(progress: ScanProgress(segment)))
    }

    /// The events before `end` whose id may have this hash; also later ones, once they were read.
    ///
    /// - Throws: `damaged` if a part that may have it cannot be read.
    func candidates(idHash: UInt64, before end: UInt64) throws(LogError) -> [UInt64] {
        var failure: LogError?
        let found: [UInt64] = state.withLock { state in
            do throws(LogError) {
                try extend(&state, upTo: end)
                return (state.ids[idHash].map { [$0] } ?? []) + (state.collisions[idHash] ?? [])
            } catch {
                failure = error
                return []
            }
        }
        if let failure { throw failure }
        return found
    }

    private func extend(_ state: inout State, upTo end: UInt64) throws(LogError) {
        var progress = state.progress
        defer { state.progress = progress }
        try progress.extend(segment, upTo: end) { content, _, _ in
            content.eachKeys(hash) { position, keys in
                guard let id = keys.id else { return }
                let sequence = content.firstSequence + UInt64(position)
                if state.ids[id] == nil {
                    state.ids[id] = sequence
                } else {
                    state.collisions[id, default: []].append(sequence)
                }
            }
        }
    }
}

import Foundation
import Synchronization

/// A bar on standard error for anything over a second.
///
/// It shows what is done, the rate and the time left. Silent where nobody watches.
final class ProgressBar: Sendable {
    private struct State {
        var start: ContinuousClock.Instant?
        var first: UInt64 = 0
        var lastDrawn: ContinuousClock.Instant?
    }

    private static let isShown = Atomic<Bool>(false)
    private let title: String
    private let unit: String
    private let state = Mutex(State())

    /// A bar with this title, counting in this unit.
    init(_ title: String, unit: String) {
        self.title = title
        self.unit = unit
    }

    /// Shows how far it is; draws some ten times a second, and not in the first second.
    func update(_ done: UInt64, of total: UInt64, note: String = "") {
        guard StandardError.isTerminal else { return }
        let now = ContinuousClock.now
        let line = state.withLock { state -> String? in
            guard let start = state.start else {
                state.start = now
                state.first = done
                return nil
            }
            guard now - start > .seconds(1), state.lastDrawn.map({ now - $0 > .milliseconds(100) }) ?? true else {
                return nil
            }
            state.lastDrawn = now
            return text(done, total, first: state.first, elapsed: now - start, note: note)
        }
        guard let line else { return }
        Self.isShown.store(true, ordering: .relaxed)
        StandardError.write("\r\u{1B}[K" + line)
    }

    /// Takes the bar away.
    static func clear() {
        if isShown.exchange(false, ordering: .relaxed) { StandardError.write("\r\u{1B}[K") }
    }

    private func text(_ done: UInt64, _ total: UInt64, first: UInt64, elapsed: Duration, note: String) -> String {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = Double(done >= first ? done - first : 0) / max(seconds, 0.001)
        let share = total == 0 ? 0 : min(1, Double(done) / Double(total))
        let filled = Int(share * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let left = rate > 0 && total > done ? " · \(Text.duration(Double(total - done) / rate)) left" : ""
        return "\(title) \(bar) \(Int(share * 100)) % · \(Text.count(done)) of \(Text.count(total)) \(unit)"
            + " · \(Text.count(UInt64(rate)))/s\(left)\(note.isEmpty ? "" : " · " + note)"
    }
}

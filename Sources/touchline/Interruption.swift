import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and a polite kill: the first asks the command to stop where nothing is lost, the second stops it at once.
enum Interruption {
    private static let isWanted = Atomic<Bool>(false)
    /// Sources live as long as the process; written by `listen` alone, before any of them can fire.
    private nonisolated(unsafe) static var sources: [any DispatchSourceSignal] = []

    /// Whether the user has asked to stop.
    static var isRequested: Bool { isWanted.load(ordering: .relaxed) }

    /// Starts to listen.
    ///
    /// A command that never calls this ends at once, as usual.
    static func listen(then action: @escaping @Sendable () -> Void = {}) {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if isWanted.exchange(true, ordering: .relaxed) { Foundation.exit(130) }
                action()
            }
            source.resume()
            sources.append(source)
        }
    }

    /// Throws if the user has asked to stop.
    static func check(_ message: @autoclosure () -> String) throws {
        if isRequested { throw Interrupted(message: message()) }
    }
}

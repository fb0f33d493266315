import Foundation

/// This program run a second time, so that it can be killed, or measured on its own.
///
/// It ends with its parent: its standard input is a pipe that nobody writes to, and `endWithParent` waits for its end.
/// Used by one thread.
package final class BenchChild {
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()
    private var read: [UInt8] = []

    /// Starts the program with these arguments.
    package init(_ arguments: [String]) throws(BenchError) {
        do {
            let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        } catch {
            throw BenchError(.failed, "the program cannot be started again: \(error)")
        }
    }

    deinit { kill() }

    /// The next line it prints; nil once it has ended.
    package func nextLine() -> String? {
        while true {
            if let end = read.firstIndex(of: UInt8(ascii: "\n")) {
                defer { read.removeSubrange(...end) }
                return String(decoding: read[..<end], as: UTF8.self)
            }
            let piece = output.fileHandleForReading.availableData
            if piece.isEmpty { return nil }
            read += piece
        }
    }

    /// Ends it at once, as a crash would, and waits until it is gone.
    package func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Waits for its end; false if it did not end well.
    package func finish() -> Bool {
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }

    /// In the child: ends the process as soon as the parent is gone.
    package static func endWithParent() {
        Thread.detachNewThread {
            while !FileHandle.standardInput.availableData.isEmpty {}
            exit(0)
        }
    }
}

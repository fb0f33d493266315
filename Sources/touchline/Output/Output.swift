import Foundation

/// Standard output, buffered, so that a million lines cost few system calls.
enum Output {
    private nonisolated(unsafe) static var buffer: [UInt8] = []
    private static let lock = NSLock()
    private static let bytesMax = 1 << 16

    /// Writes text as it is.
    static func write(_ text: String) { write(Array(text.utf8)[...]) }

    /// Writes bytes as they are.
    static func write(_ bytes: ArraySlice<UInt8>) {
        lock.withLock {
            buffer.append(contentsOf: bytes)
            if buffer.count >= bytesMax { drain() }
        }
    }

    /// Writes a line.
    static func line(_ text: String = "") { write(text + "\n") }

    /// Hands everything to the system.
    static func flush() { lock.withLock { drain() } }

    /// Called under the lock.
    ///
    /// A reader that has gone away (`| head`) is no error of ours.
    private static func drain() {
        var start = 0
        while start < buffer.count {
            let written = buffer[start...].withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                if errno == EPIPE { Foundation.exit(0) }
                StandardError.write("touchline: standard output: \(String(cString: strerror(errno)))\n")
                Foundation.exit(74)
            }
            start += written
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Standard error.
enum StandardError {
    /// Whether a person is watching.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Writes text at once.
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

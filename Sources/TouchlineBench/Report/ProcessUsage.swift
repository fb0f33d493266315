import Foundation

/// What this process has used so far, as the kernel counts it.
package struct ProcessUsage: Sendable {
    /// Processor time of all its threads, in seconds.
    package var cpuSeconds: Double
    /// Anonymous memory in bytes as it is now: the heap and the stacks, without files.
    package var anonymousBytes: UInt64
    /// Memory backed by files, in bytes: the program and its libraries, and mapped files.
    package var fileBytes: UInt64
    /// The most memory of both kinds since the process began.
    package var peakBytes: UInt64

    /// The usage of this moment.
    package static func now() -> ProcessUsage {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        func bytes(_ name: String) -> UInt64 {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt64($0) }
            return (kilobytes ?? 0) * 1024
        }
        return ProcessUsage(
            cpuSeconds: cpuSeconds, anonymousBytes: bytes("RssAnon"),
            fileBytes: bytes("RssFile") + bytes("RssShmem"), peakBytes: bytes("VmHWM"))
    }

    /// Processor time of all threads until now, in seconds.
    static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The most anonymous memory from `start` until now can have been, in bytes.
    ///
    /// The kernel keeps the peak of all memory only. What was backed by files at `start` was so at the peak too, and is
    /// taken off; so the true peak is a little less.
    package static func anonymousPeak(since start: ProcessUsage) -> UInt64 {
        let now = now()
        return max(now.peakBytes, start.fileBytes) - start.fileBytes
    }
}

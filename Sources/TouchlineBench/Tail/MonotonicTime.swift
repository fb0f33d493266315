import Foundation

/// The clock that all processes of a machine share and that nobody sets: nanoseconds.
enum MonotonicTime {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Blocks the calling thread until then.
    static func sleep(until moment: UInt64) {
        var time = timespec()
        time.tv_sec = Int(moment / 1_000_000_000)
        time.tv_nsec = Int(moment % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &time, nil) == EINTR {}
    }
}

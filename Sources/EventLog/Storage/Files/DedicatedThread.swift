#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread of its own for work that blocks on the disk; the shared pool of tasks must never wait there.
enum DedicatedThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that runs `body` and ends.
    ///
    /// With `nice` above 0 it yields the processor to all others.
    static func start(nice: Int32 = 0, _ body: @escaping @Sendable () -> Void) {
        let work: @Sendable () -> Void = {
            // On Linux a "process" of this call is a thread, and 0 the calling one.
            if nice > 0 { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, nice) }
            body()
        }
        let pointer = Unmanaged.passRetained(Body(work)).toOpaque()
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, pointer)
        if result == 0 {
            pthread_detach(thread)
        } else {
            // No thread to be had: the work is done late and here rather than never.
            Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
        }
    }

    /// Suspends the calling thread.
    static func sleep(nanoseconds: Int64) {
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&time, nil)
    }
}

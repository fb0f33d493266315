import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread of its own for work that blocks on the disk: all but one of the shared pool's must never wait there.
enum DedicatedThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that runs `body` and ends.
    ///
    /// With `nice` above 0 it yields the processor to all others.
    ///
    /// - Throws: `FileError` if the system gives no thread; `body` is not run then.
    static func start(nice: Int32 = 0, _ body: @escaping @Sendable () -> Void) throws(FileError) {
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
        guard result == 0 else {
            Unmanaged<Body>.fromOpaque(pointer).release()
            throw FileError(operation: "make a thread", path: "", number: result)
        }
        pthread_detach(thread)
    }

    /// Suspends the calling thread.
    static func sleep(nanoseconds: Int64) {
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&time, nil)
    }
}

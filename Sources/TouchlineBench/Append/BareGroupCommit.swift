import Foundation

/// The limit of many writers: threads that each wait for their own bytes, and one write and sync for all that wait.
///
/// Whoever finds nobody syncing writes for all; those that come meanwhile wait for the sync after.
final class BareGroupCommit: @unchecked Sendable {
    // Every stored property but `file` is used under `lock` alone; `file` by the one thread that set `isSyncing`.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Waiters of batches with an even and with an odd number: a sync wakes nobody who must go on waiting.
    private let conditions = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 2)
    private let file: BareAppend
    private var waiting: [UInt8] = []
    private var batch = 0
    private var synced = -1
    private var isSyncing = false
    private var failure: (any Error)?

    init(_ file: BareAppend) {
        self.file = file
        pthread_mutex_init(lock, nil)
        for index in 0..<2 { pthread_cond_init(conditions + index, nil) }
    }

    deinit {
        pthread_mutex_destroy(lock)
        for index in 0..<2 { pthread_cond_destroy(conditions + index) }
        lock.deallocate()
        conditions.deallocate()
    }

    /// Lets `threads` threads append as many bytes each, again and again; nanoseconds of each, and how many seconds.
    func run(threads: Int, bytes: Int, seconds: Double) throws -> (latencies: [UInt64], seconds: Double) {
        let start = DispatchTime.now().uptimeNanoseconds
        let deadline = start + UInt64(seconds * 1e9)
        let piece = [UInt8](repeating: 0x55, count: max(1, bytes))
        var latencies: [UInt64] = []
        let done = DispatchGroup()
        for _ in 0..<threads {
            done.enter()
            Thread.detachNewThread { [self] in
                var own: [UInt64] = []
                var last = start
                while last < deadline, commit(piece) {
                    let now = DispatchTime.now().uptimeNanoseconds
                    own.append(now - last)
                    last = now
                }
                pthread_mutex_lock(lock)
                gathered += own
                pthread_mutex_unlock(lock)
                done.leave()
            }
        }
        done.wait()
        let taken = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        if let failure { throw failure }
        swap(&latencies, &gathered)
        return (latencies.sorted(), taken)
    }

    private var gathered: [UInt64] = []

    /// Returns once the bytes are on disk; false if they could not be written.
    private func commit(_ bytes: [UInt8]) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        waiting += bytes
        let mine = batch
        while synced < mine, failure == nil {
            if isSyncing { pthread_cond_wait(conditions + mine & 1, lock) } else { sync() }
        }
        return failure == nil
    }

    /// Writes what waits, without the lock meanwhile.
    private func sync() {
        isSyncing = true
        let (bytes, number) = (waiting, batch)
        waiting = []
        batch += 1
        pthread_mutex_unlock(lock)
        let result = Result { try file.append(bytes[...]) }
        pthread_mutex_lock(lock)
        if case .failure(let error) = result { failure = error }
        synced = number
        isSyncing = false
        pthread_cond_broadcast(conditions + number & 1)
        // One of those that came meanwhile syncs next.
        pthread_cond_signal(conditions + (number + 1) & 1)
    }
}

#pragma once
// The few kernel and processor calls that Swift cannot make by itself: variadic system calls (futex, flock)
// and atomic access to a word that is mapped into several processes.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// Reads a word that another process may be storing to. `address` is 8-byte aligned.
static inline uint64_t kernel_load_acquire(const void *address) {
    return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
}

/// Stores a word that another process may be reading. `address` is 8-byte aligned.
static inline void kernel_store_release(void *address, uint64_t value) {
    __atomic_store_n((uint64_t *)address, value, __ATOMIC_RELEASE);
}

/// Sleeps until the 32-bit word at `address` (shared between processes) differs from `expected`, is woken, or
/// `timeout_ns` has passed. Returns 0 or an errno.
static inline int kernel_futex_wait(const void *address, uint32_t expected, int64_t timeout_ns) {
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    long result = syscall(SYS_futex, address, FUTEX_WAIT, expected, &timeout, NULL, 0);
    return result == 0 ? 0 : errno;
}

/// Wakes everyone who sleeps on the word at `address`.
static inline void kernel_futex_wake_all(const void *address) {
    syscall(SYS_futex, address, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/// Tries to lock the whole file; the lock dies with the descriptor. Returns 0 or an errno (EWOULDBLOCK: held).
static inline int kernel_try_lock_exclusive(int descriptor) {
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

/// Waits for the lock on the whole file. Returns 0 or an errno.
static inline int kernel_lock_exclusive(int descriptor) {
    return flock(descriptor, LOCK_EX) == 0 ? 0 : errno;
}

/// Gives the lock back. Returns 0 or an errno.
static inline int kernel_unlock(int descriptor) {
    return flock(descriptor, LOCK_UN) == 0 ? 0 : errno;
}

/// Asks for the memory at `address`, which soon is read; any address may be given.
static inline void kernel_prefetch(const void *address) { __builtin_prefetch(address); }

/// Gives memory that was freed back to the system, where the C library can: it keeps tens of megabytes otherwise.
static inline void kernel_give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/// Whether this processor can work out CRC-32 by carry-less multiplication; if not, `kernel_crc32_update` is not called.
int kernel_crc32_is_fast(void);

/// The inner state of a CRC-32 (the inverted checksum) after `count` more bytes: at least 64, a multiple of 16.
uint32_t kernel_crc32_update(uint32_t state, const void *bytes, size_t count);

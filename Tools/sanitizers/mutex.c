// Tells ThreadSanitizer about the locks of Swift's Synchronization.Mutex that it cannot see.
//
// On Linux that Mutex is a word. While nobody waits, one atomic instruction changes it, which is compiled into the
// program and so is seen. Once somebody waits, functions of libswiftSynchronization take over: they spin, and then let
// the kernel hand the word on (FUTEX_LOCK_PI). That library is not instrumented, so ThreadSanitizer knows neither that
// the one thread let go nor that the other took hold, and calls what the Mutex guards a race. Loaded before that
// library, this stands in front of those functions and says exactly that; nothing is suppressed.
//
// The functions have Swift's calling convention: the Mutex is `self`. Only Swift's own clang knows it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

// _MutexHandle._lockSlow(_:), _tryLockSlow() and _unlockSlow().
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF mutex) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF mutex) {
    SWIFT void (*real)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    real(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT bool try_lock_slow(SELF mutex) __asm__(TRY_LOCK);
SWIFT bool try_lock_slow(SELF mutex) {
    SWIFT bool (*real)(SELF) = dlsym(RTLD_NEXT, TRY_LOCK);
    bool has = real(mutex);
    if (has && __tsan_acquire) __tsan_acquire(mutex);
    return has;
}

SWIFT void unlock_slow(SELF mutex) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF mutex) {
    SWIFT void (*real)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(mutex);
    real(mutex);
}

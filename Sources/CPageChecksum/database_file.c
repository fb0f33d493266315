// A database file: pages are sealed on their way to disk and checked on their way back.
#include <string.h>

#include "layer.h"

#ifndef SQLITE_IOCAP_SUBPAGE_READ
#define SQLITE_IOCAP_SUBPAGE_READ 0x00008000
#endif

enum {
    // The first page is read without a lock when a file is opened, so it may be met half written.
    READ_ATTEMPTS = 5,
    READ_PAUSE_MICROSECONDS = 500,
};

int layer_lock(sqlite3_file *file, int level) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xLock(inner, level);
}

int layer_unlock(sqlite3_file *file, int level) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xUnlock(inner, level);
}

int layer_check_reserved_lock(sqlite3_file *file, int *result) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xCheckReservedLock(inner, result);
}

int layer_sector_size(sqlite3_file *file) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xSectorSize(inner);
}

int layer_device_characteristics(sqlite3_file *file) {
    sqlite3_file *inner = layer_inner(file);
    // Pages are checked whole, so they are read whole.
    return inner->pMethods->xDeviceCharacteristics(inner) & ~SQLITE_IOCAP_SUBPAGE_READ;
}

int layer_read_page(sqlite3_file *inner, const char *name, uint32_t number, uint8_t *page) {
    sqlite3_int64 offset = (sqlite3_int64)(number - 1) * PAGE_BYTES;
    for (int attempt = 1;; attempt++) {
        int code = inner->pMethods->xRead(inner, page, PAGE_BYTES, offset);
        if (code == SQLITE_OK && page_is_sound(page, number)) return SQLITE_OK;
        if (code == SQLITE_IOERR_SHORT_READ) {
            sqlite3_int64 size;
            int size_code = inner->pMethods->xFileSize(inner, &size);
            if (size_code != SQLITE_OK) return size_code;
            // A new database has no page yet.
            if (size == 0) return SQLITE_IOERR_SHORT_READ;
        } else if (code != SQLITE_OK) {
            return code;
        }
        if (attempt == READ_ATTEMPTS) break;
        layer_inner_vfs->xSleep(layer_inner_vfs, READ_PAUSE_MICROSECONDS);
    }
    sqlite3_log(SQLITE_IOERR_DATA, "%s: page %u at byte %lld does not fit its checksum", name, number, offset);
    return SQLITE_IOERR_DATA;
}

static int database_close(sqlite3_file *file) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xClose(inner);
}

// SQLite reads whole pages, save the header of the first one and the content of long values: these are taken out of
// whole pages, which are checked.
static int database_read(sqlite3_file *file, void *out, int count, sqlite3_int64 offset) {
    struct layer_file *self = layer_of(file);
    uint8_t *to = out;
    while (count > 0) {
        uint32_t number = (uint32_t)(offset / PAGE_BYTES + 1);
        int from = (int)(offset % PAGE_BYTES);
        int taken = count < PAGE_BYTES - from ? count : PAGE_BYTES - from;
        if (taken == PAGE_BYTES) {
            int code = layer_read_page(layer_inner(file), self->name, number, to);
            if (code != SQLITE_OK) return code;
        } else {
            uint8_t page[PAGE_BYTES];
            int code = layer_read_page(layer_inner(file), self->name, number, page);
            if (code == SQLITE_IOERR_SHORT_READ) memset(to, 0, (size_t)count);
            if (code != SQLITE_OK) return code;
            memcpy(to, page + from, (size_t)taken);
        }
        to += taken;
        count -= taken;
        offset += taken;
    }
    return SQLITE_OK;
}

static int database_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    struct layer_file *self = layer_of(file);
    sqlite3_file *inner = layer_inner(file);
    // SQLite writes databases by the page; should it ever write something else, no checksum would fit afterwards.
    if (count != PAGE_BYTES || offset % PAGE_BYTES != 0) return SQLITE_IOERR_WRITE;
    uint32_t number = (uint32_t)(offset / PAGE_BYTES + 1);
    if (self->in_checkpoint) {
        // The page was sealed when it went into the log. To seal it again would cover up what happened to it since.
        if (!page_is_sound(bytes, number)) return SQLITE_IOERR_DATA;
        return inner->pMethods->xWrite(inner, bytes, count, offset);
    }
    uint8_t page[PAGE_BYTES];
    memcpy(page, bytes, PAGE_BYTES);
    page_seal(page, number, (struct page_origin){0, 0});
    return inner->pMethods->xWrite(inner, page, PAGE_BYTES, offset);
}

static int database_truncate(sqlite3_file *file, sqlite3_int64 size) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xTruncate(inner, size);
}

static int database_sync(sqlite3_file *file, int flags) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xSync(inner, flags);
}

static int database_size(sqlite3_file *file, sqlite3_int64 *size) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xFileSize(inner, size);
}

static int database_control(sqlite3_file *file, int operation, void *argument) {
    sqlite3_file *inner = layer_inner(file);
    if (operation == SQLITE_FCNTL_CKPT_START) layer_of(file)->in_checkpoint = true;
    if (operation == SQLITE_FCNTL_CKPT_DONE) layer_of(file)->in_checkpoint = false;
    return inner->pMethods->xFileControl(inner, operation, argument);
}

static int database_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **address) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xShmMap(inner, page, size, extend, address);
}

static int database_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xShmLock(inner, offset, count, flags);
}

static void database_shm_barrier(sqlite3_file *file) {
    sqlite3_file *inner = layer_inner(file);
    inner->pMethods->xShmBarrier(inner);
}

static int database_shm_unmap(sqlite3_file *file, int remove) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xShmUnmap(inner, remove);
}

// Version 2: without the calls by which SQLite would map the file and read past this layer.
const sqlite3_io_methods layer_database_methods = {
    .iVersion = 2,
    .xClose = database_close,
    .xRead = database_read,
    .xWrite = database_write,
    .xTruncate = database_truncate,
    .xSync = database_sync,
    .xFileSize = database_size,
    .xLock = layer_lock,
    .xUnlock = layer_unlock,
    .xCheckReservedLock = layer_check_reserved_lock,
    .xFileControl = database_control,
    .xSectorSize = layer_sector_size,
    .xDeviceCharacteristics = layer_device_characteristics,
    .xShmMap = database_shm_map,
    .xShmLock = database_shm_lock,
    .xShmBarrier = database_shm_barrier,
    .xShmUnmap = database_shm_unmap,
};

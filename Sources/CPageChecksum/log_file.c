// A write-ahead log: pages are sealed on their way into it, so that a checkpoint, by whatever program, carries sealed
// pages into the database file.
//
// SQLite works out a frame's checksum over the page as it was before it is sealed, and hands over the frame's header
// before its page. So the header is held until the page comes, and both go to disk with a checksum worked out anew,
// going on from the frame before as it is on disk. SQLite uses its own sums for nothing but the next frame's.
#include <string.h>

#include "layer.h"

/// The frame that `offset` is in, from 1.
static uint32_t frame_at(sqlite3_int64 offset) {
    return offset < WAL_HEADER_BYTES ? 0 : (uint32_t)((offset - WAL_HEADER_BYTES) / WAL_FRAME_BYTES + 1);
}

static int put(sqlite3_file *inner, const void *bytes, int count, sqlite3_int64 offset) {
    return inner->pMethods->xWrite(inner, bytes, count, offset);
}

static int get(sqlite3_file *inner, void *bytes, int count, sqlite3_int64 offset) {
    return inner->pMethods->xRead(inner, bytes, count, offset);
}

/// Writes a held header as SQLite made it: it was for a page that is on disk already.
static int release_header(sqlite3_file *file) {
    struct layer_file *self = layer_of(file);
    if (self->held_frame == 0) return SQLITE_OK;
    uint32_t frame = self->held_frame;
    self->held_frame = 0;
    return put(layer_inner(file), self->held_header, WAL_FRAME_HEADER_BYTES, wal_frame_offset(frame));
}

/// Writes the held header and its page as one frame.
static int write_frame(sqlite3_file *file, uint32_t number, const void *page) {
    struct layer_file *self = layer_of(file);
    sqlite3_file *inner = layer_inner(file);
    uint8_t frame[WAL_FRAME_BYTES], header[WAL_HEADER_BYTES], before[8];
    int code = get(inner, header, WAL_HEADER_BYTES, 0);
    if (code == SQLITE_OK && number > 1) {
        code = get(inner, before, 8, wal_frame_offset(number - 1) + WAL_FRAME_CHECKSUM_AT);
    } else {
        memcpy(before, header + WAL_HEADER_CHECKSUM_AT, 8);
    }
    if (code != SQLITE_OK) return code;
    memcpy(frame, self->held_header, WAL_FRAME_HEADER_BYTES);
    memcpy(frame + WAL_FRAME_HEADER_BYTES, page, PAGE_BYTES);
    self->held_frame = 0;
    page_seal(
        frame + WAL_FRAME_HEADER_BYTES, wal_frame_page(frame),
        (struct page_origin){wal_frame_generation(frame), number});
    wal_seal_frame(frame, before, wal_is_big_endian(header));
    return put(inner, frame, WAL_FRAME_BYTES, wal_frame_offset(number));
}

/// Puts another version of a page into a frame of the same transaction; SQLite writes the header again before it
/// commits.
static int write_again(sqlite3_file *file, uint32_t number, const void *bytes) {
    sqlite3_file *inner = layer_inner(file);
    uint8_t header[WAL_FRAME_HEADER_BYTES], page[PAGE_BYTES];
    int code = get(inner, header, WAL_FRAME_HEADER_BYTES, wal_frame_offset(number));
    if (code != SQLITE_OK) return code;
    memcpy(page, bytes, PAGE_BYTES);
    page_seal(page, wal_frame_page(header), (struct page_origin){wal_frame_generation(header), number});
    return put(inner, page, PAGE_BYTES, wal_frame_offset(number) + WAL_FRAME_HEADER_BYTES);
}

static int log_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    struct layer_file *self = layer_of(file);
    uint32_t number = frame_at(offset);
    sqlite3_int64 place = number == 0 ? offset : offset - wal_frame_offset(number);
    if (number > 0 && place == WAL_FRAME_HEADER_BYTES && count == PAGE_BYTES) {
        if (self->held_frame == number) return write_frame(file, number, bytes);
        int code = release_header(file);
        return code == SQLITE_OK ? write_again(file, number, bytes) : code;
    }
    int code = release_header(file);
    if (code != SQLITE_OK) return code;
    if (number > 0 && place == 0 && count == WAL_FRAME_HEADER_BYTES) {
        memcpy(self->held_header, bytes, WAL_FRAME_HEADER_BYTES);
        self->held_frame = number;
        return SQLITE_OK;
    }
    if (number == 0 && place == 0 && count == WAL_HEADER_BYTES) return put(layer_inner(file), bytes, count, offset);
    // SQLite writes nothing else with the settings in use; what is not known is not let through unsealed.
    return SQLITE_IOERR_WRITE;
}

/// Reads a frame and gives its page, if it is sound.
static int read_frame(sqlite3_file *file, uint32_t number, void *page) {
    uint8_t frame[WAL_FRAME_BYTES];
    int code = get(layer_inner(file), frame, WAL_FRAME_BYTES, wal_frame_offset(number));
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
    if (code != SQLITE_OK || !page_is_sound(frame + WAL_FRAME_HEADER_BYTES, wal_frame_page(frame))) {
        sqlite3_log(
            SQLITE_IOERR_DATA, "%s: frame %u at byte %lld does not fit its checksum", layer_of(file)->name, number,
            wal_frame_offset(number));
        return SQLITE_IOERR_DATA;
    }
    memcpy(page, frame + WAL_FRAME_HEADER_BYTES, PAGE_BYTES);
    return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *out, int count, sqlite3_int64 offset) {
    struct layer_file *self = layer_of(file);
    sqlite3_file *inner = layer_inner(file);
    int code = release_header(file);
    if (code != SQLITE_OK) return code;
    uint32_t number = frame_at(offset);
    if (number > 0 && count == PAGE_BYTES && offset - wal_frame_offset(number) == WAL_FRAME_HEADER_BYTES) {
        return read_frame(file, number, out);
    }
    if (offset == 0 && count == WAL_HEADER_BYTES && self->database != NULL) {
        // So begins SQLite's recovery; it holds every lock meanwhile.
        sqlite3_int64 fault;
        code = wal_check_cut(inner, layer_inner(&self->database->base), &fault);
        if (code != SQLITE_OK) return code;
        if (fault >= 0) {
            sqlite3_log(
                SQLITE_IOERR_DATA, "%s: byte %lld: what the database file holds of this log cannot be read any more",
                self->name, fault);
            return SQLITE_IOERR_DATA;
        }
    }
    // What recovery reads it checks itself.
    return get(inner, out, count, offset);
}

static int log_close(sqlite3_file *file) {
    sqlite3_file *inner = layer_inner(file);
    int code = release_header(file);
    int close_code = inner->pMethods->xClose(inner);
    return code == SQLITE_OK ? close_code : code;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size) {
    sqlite3_file *inner = layer_inner(file);
    int code = release_header(file);
    return code == SQLITE_OK ? inner->pMethods->xTruncate(inner, size) : code;
}

static int log_sync(sqlite3_file *file, int flags) {
    sqlite3_file *inner = layer_inner(file);
    int code = release_header(file);
    return code == SQLITE_OK ? inner->pMethods->xSync(inner, flags) : code;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size) {
    sqlite3_file *inner = layer_inner(file);
    int code = release_header(file);
    return code == SQLITE_OK ? inner->pMethods->xFileSize(inner, size) : code;
}

static int log_control(sqlite3_file *file, int operation, void *argument) {
    sqlite3_file *inner = layer_inner(file);
    return inner->pMethods->xFileControl(inner, operation, argument);
}

const sqlite3_io_methods layer_log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = layer_lock,
    .xUnlock = layer_unlock,
    .xCheckReservedLock = layer_check_reserved_lock,
    .xFileControl = log_control,
    .xSectorSize = layer_sector_size,
    .xDeviceCharacteristics = layer_device_characteristics,
};

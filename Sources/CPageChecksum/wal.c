#include "wal.h"

#include <string.h>

static uint32_t big_32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
}

static uint32_t ordered_32(const uint8_t *bytes, bool is_big_endian) {
    if (is_big_endian) return big_32(bytes);
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_big(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

/// A checksum as it goes from frame to frame.
struct chain {
    uint32_t first, second;
};

static struct chain chain_from(const uint8_t *stored) { return (struct chain){big_32(stored), big_32(stored + 4)}; }

/// `count` is a multiple of eight.
static struct chain chain_over(struct chain sum, const uint8_t *bytes, size_t count, bool is_big_endian) {
    for (size_t at = 0; at < count; at += 8) {
        sum.first += ordered_32(bytes + at, is_big_endian) + sum.second;
        sum.second += ordered_32(bytes + at + 4, is_big_endian) + sum.first;
    }
    return sum;
}

static struct chain chain_over_frame(struct chain sum, const uint8_t *frame, bool is_big_endian) {
    sum = chain_over(sum, frame, 8, is_big_endian);
    return chain_over(sum, frame + WAL_FRAME_HEADER_BYTES, PAGE_BYTES, is_big_endian);
}

static bool chain_equals(struct chain sum, const uint8_t *stored) {
    return sum.first == big_32(stored) && sum.second == big_32(stored + 4);
}

uint32_t wal_frame_page(const uint8_t *frame_header) { return big_32(frame_header); }

bool wal_is_big_endian(const uint8_t *log_header) { return (log_header[3] & 1) != 0; }

static uint32_t generation(const uint8_t *salts) {
    uint32_t first = big_32(salts), second = big_32(salts + 4);
    uint32_t folded = (first << 16 | first >> 16) ^ second;
    // 0 stands for "none".
    return folded == 0 ? 1 : folded;
}

uint32_t wal_frame_generation(const uint8_t *frame_header) { return generation(frame_header + 8); }

void wal_seal_frame(uint8_t *frame, const uint8_t *before, bool is_big_endian) {
    struct chain sum = chain_over_frame(chain_from(before), frame, is_big_endian);
    store_big(frame + WAL_FRAME_CHECKSUM_AT, sum.first);
    store_big(frame + WAL_FRAME_CHECKSUM_AT + 4, sum.second);
}

/// Whether SQLite would take the log at all; `header` holds 32 bytes.
static bool header_is_sound(const uint8_t *header) {
    bool is_big_endian = wal_is_big_endian(header);
    struct chain sum = chain_over((struct chain){0, 0}, header, WAL_HEADER_CHECKSUM_AT, is_big_endian);
    return (big_32(header) & ~1u) == 0x377f0682 && big_32(header + 8) == PAGE_BYTES &&
           chain_equals(sum, header + WAL_HEADER_CHECKSUM_AT);
}

/// What a walk along the frames has found.
struct walk {
    /// Frames up to the end of the last whole transaction.
    uint32_t committed;
    /// Frames that fit, from the first on.
    uint32_t sound;
    /// The walk ended where the file ends or where frames of an earlier generation begin, as it should.
    bool ends_well;
};

static int walk_frames(sqlite3_file *log, const uint8_t *header, struct walk *walk) {
    uint8_t frame[WAL_FRAME_BYTES];
    bool is_big_endian = wal_is_big_endian(header);
    struct chain sum = chain_from(header + WAL_HEADER_CHECKSUM_AT);
    sqlite3_int64 size;
    int code = log->pMethods->xFileSize(log, &size);
    *walk = (struct walk){0, 0, false};
    while (code == SQLITE_OK) {
        sqlite3_int64 offset = wal_frame_offset(walk->sound + 1);
        if (offset + WAL_FRAME_BYTES > size) {
            walk->ends_well = offset >= size;
            break;
        }
        code = log->pMethods->xRead(log, frame, WAL_FRAME_BYTES, offset);
        if (code != SQLITE_OK) break;
        sum = chain_over_frame(sum, frame, is_big_endian);
        if (memcmp(frame + 8, header + 16, 8) != 0 || wal_frame_page(frame) == 0 ||
            !chain_equals(sum, frame + WAL_FRAME_CHECKSUM_AT)) {
            // An earlier generation has other salts, both of them; one flipped bit changes only one.
            walk->ends_well =
                memcmp(frame + 8, header + 16, 4) != 0 && memcmp(frame + 12, header + 20, 4) != 0;
            break;
        }
        walk->sound++;
        if (big_32(frame + 4) != 0) walk->committed = walk->sound;
    }
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

/// Whether a page of the database file came from a frame after `committed`.
static int has_newer_page(sqlite3_file *database, uint32_t generation, uint32_t committed, bool *answer) {
    uint8_t page[PAGE_BYTES];
    sqlite3_int64 size;
    int code = database->pMethods->xFileSize(database, &size);
    *answer = false;
    for (uint32_t number = 1; code == SQLITE_OK && (sqlite3_int64)number * PAGE_BYTES <= size; number++) {
        code = database->pMethods->xRead(database, page, PAGE_BYTES, (sqlite3_int64)(number - 1) * PAGE_BYTES);
        struct page_origin origin = page_origin(page);
        // A page that is rotten itself is found when it is read.
        if (code == SQLITE_OK && origin.generation == generation && origin.frame > committed &&
            page_is_sound(page, number)) {
            *answer = true;
            return SQLITE_OK;
        }
    }
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

int wal_check_cut(sqlite3_file *log, sqlite3_file *database, sqlite3_int64 *fault) {
    static const uint8_t zeros[WAL_HEADER_BYTES];
    uint8_t header[WAL_HEADER_BYTES];
    sqlite3_int64 size;
    *fault = -1;
    int code = log->pMethods->xFileSize(log, &size);
    // Without a frame SQLite does not look at the header.
    if (code != SQLITE_OK || size <= WAL_HEADER_BYTES) return code;
    code = log->pMethods->xRead(log, header, WAL_HEADER_BYTES, 0);
    if (code != SQLITE_OK) return code;
    if (!header_is_sound(header)) {
        // SQLite would leave the whole log out. Zeros are a header that a power cut kept from the disk; it is synced
        // before the first frame is written.
        if (memcmp(header, zeros, WAL_HEADER_BYTES) != 0) *fault = 0;
        return SQLITE_OK;
    }
    struct walk walk;
    code = walk_frames(log, header, &walk);
    if (code != SQLITE_OK || walk.ends_well) return code;
    bool is_cut;
    code = has_newer_page(database, generation(header + 16), walk.committed, &is_cut);
    if (code == SQLITE_OK && is_cut) *fault = wal_frame_offset(walk.sound + 1);
    return code;
}

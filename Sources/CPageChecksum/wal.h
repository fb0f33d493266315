#pragma once
// The write-ahead log as SQLite defines it (https://www.sqlite.org/fileformat2.html#walformat).
//
// A header of 32 bytes, then frames: a header of 24 bytes and a page. All numbers are big-endian:
//
//     log header    0 magic (its lowest bit: the byte order that checksums are worked out in)   4 version
//                   8 page size   12 checkpoints   16 salt 1   20 salt 2   24 checksum (two words)
//     frame header  0 page number   4 pages of the database if the frame ends a transaction, else 0
//                   8 salt 1   12 salt 2   16 checksum (two words) of its first 8 bytes and the page, going on from
//                   the checksum of the frame before, or of the log header
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "page.h"

enum {
    WAL_HEADER_BYTES = 32,
    WAL_FRAME_HEADER_BYTES = 24,
    WAL_FRAME_BYTES = WAL_FRAME_HEADER_BYTES + PAGE_BYTES,
    WAL_HEADER_CHECKSUM_AT = 24,
    WAL_FRAME_CHECKSUM_AT = 16,
};

/// Where frame `frame` (from 1) starts.
static inline sqlite3_int64 wal_frame_offset(uint32_t frame) {
    return WAL_HEADER_BYTES + (sqlite3_int64)(frame - 1) * WAL_FRAME_BYTES;
}

/// The page number in a frame's header.
uint32_t wal_frame_page(const uint8_t *frame_header);

/// The generation that a frame belongs to.
uint32_t wal_frame_generation(const uint8_t *frame_header);

/// Writes the checksum of a frame (header and page in one piece), going on from the eight bytes at `before`.
void wal_seal_frame(uint8_t *frame, const uint8_t *before, bool is_big_endian);

/// Whether checksums of this log are worked out over big-endian words.
bool wal_is_big_endian(const uint8_t *log_header);

/// Whether SQLite's recovery of the log would take less of it than the database file already holds.
///
/// SQLite takes frames up to the first that does not fit and leaves the rest out. Where the rest never reached the
/// database file, that is an older state, and whole. Where it did, old pages from the log would stand beside newer
/// ones in the file. Pages say in their trailer which frame they came from, so this is seen exactly.
///
/// - `fault`: where in the log the first byte stands that does not fit, if the answer is yes; else -1.
/// Returns an SQLite result code.
int wal_check_cut(sqlite3_file *log, sqlite3_file *database, sqlite3_int64 *fault);

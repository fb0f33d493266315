#pragma once
// SQLite files in which every page carries a checksum that is verified whenever the page is read.
//
// A page of such a file is 4,096 bytes; its last 16 are reserved (byte 20 of the database header) and hold
//
//     4,080  u32  generation: the salts of the write-ahead log that the page came through, folded; 0 = none
//     4,084  u32  frame: its place in that write-ahead log, from 1; 0 = none
//     4,088  u64  checksum of the page number and the bytes before
//
// all little-endian. Any sqlite3 reads such a file, and may checkpoint it: the trailer is part of a page in the
// write-ahead log too. Only a program that knows of the trailer may write one.
#include <stdint.h>

enum {
    /// Bytes of a page.
    PAGE_CHECKSUM_PAGE_BYTES = 4096,
    /// Bytes at a page's end that are not SQLite's.
    PAGE_CHECKSUM_TRAILER_BYTES = 16,
};

/// The name under which the layer is registered: `file:…?vfs=touchline-views`.
const char *page_checksum_vfs(void);

/// Registers the layer, once; further calls do nothing. Files opened under another name are not touched.
/// Returns an SQLite result code.
int page_checksum_install(void);

/// Makes sure that the main database of a connection (`sqlite3 *`) is read through the layer, and, if it is still
/// empty, reserves the trailer in its pages. Returns an SQLite result code.
int page_checksum_prepare(void *connection);

/// What the first page of a file says.
enum page_checksum_layout {
    /// A page with a right trailer.
    PAGE_CHECKSUM_SEALED = 0,
    /// No file, or one that cannot be opened.
    PAGE_CHECKSUM_UNREADABLE = 1,
    /// Shorter than a page.
    PAGE_CHECKSUM_SHORT = 2,
    /// An SQLite file that was made without trailers.
    PAGE_CHECKSUM_PLAIN = 3,
    /// Anything else.
    PAGE_CHECKSUM_DAMAGED = 4,
};

/// The layout of the file at `path`.
enum page_checksum_layout page_checksum_layout(const char *path);

/// What a walk over a file and its write-ahead log has found.
struct page_checksum_report {
    /// Pages of the database file that were looked at.
    int64_t pages;
    /// Pages that the database file should have, going by its first page; 0 = unknown.
    int64_t declared_pages;
    /// Pages whose bytes do not fit their checksum, or that the file ends within.
    int64_t bad_pages;
    /// The first of them, from 1; 0 = none.
    int64_t first_bad_page;
    /// Where in the write-ahead log something stands that does not fit, and that the file needs; -1 = nowhere.
    int64_t log_offset;
};

/// Walks over every page of the file at `path` and over its write-ahead log, as they are on disk.
///
/// Others may be writing meanwhile. Returns an SQLite result code; a fault found is no error.
int page_checksum_inspect(const char *path, struct page_checksum_report *report);

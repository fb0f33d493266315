#pragma once
// The layer between SQLite and its own file system ("VFS"), and the two kinds of file it has an eye on.
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "wal.h"

/// A database file or a write-ahead log as SQLite holds it. SQLite's own file object follows it in memory.
struct layer_file {
    /// First, as SQLite wants it.
    sqlite3_file base;
    /// For messages; SQLite keeps it as long as the file is open.
    const char *name;
    /// Of a database file: pages are being copied into it from the log, trailers and all.
    bool in_checkpoint;
    /// Of a log: the database file it belongs to.
    struct layer_file *database;
    /// Of a log: a frame whose header SQLite has written while its page is still to come; 0 = none.
    ///
    /// Invariant: such a header is not on disk. It goes there with its page, or before anything else is done.
    uint32_t held_frame;
    uint8_t held_header[WAL_FRAME_HEADER_BYTES];
};

static inline struct layer_file *layer_of(sqlite3_file *file) { return (struct layer_file *)file; }

/// SQLite's own file object.
static inline sqlite3_file *layer_inner(sqlite3_file *file) { return (sqlite3_file *)(layer_of(file) + 1); }

/// What both kinds of file pass on unchanged.
int layer_lock(sqlite3_file *file, int level);
int layer_unlock(sqlite3_file *file, int level);
int layer_check_reserved_lock(sqlite3_file *file, int *result);
int layer_sector_size(sqlite3_file *file);
int layer_device_characteristics(sqlite3_file *file);

/// SQLite's own layer, below this one.
extern sqlite3_vfs *layer_inner_vfs;

/// The methods of the two kinds of file.
extern const sqlite3_io_methods layer_database_methods;
extern const sqlite3_io_methods layer_log_methods;

/// Reads a whole page of a database file and checks it. A page that others are just writing is read again.
int layer_read_page(sqlite3_file *inner, const char *name, uint32_t number, uint8_t *page);

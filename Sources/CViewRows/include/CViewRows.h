#pragma once
// Rows as bytes, and a statement run with each of them: what SQLite is told of a million rows without a call, an array
// and a dictionary for every value.
//
// A row is a u16, the number of its values, and the values. A value is a byte that says its kind and
//
//     0  null      nothing
//     1  integer   i64
//     2  real      f64
//     3  text      u32, its length in bytes, and the bytes, UTF-8
//
// all in the machine's own byte order: rows never leave the process.
#include <stddef.h>
#include <stdint.h>

enum {
    VIEW_ROWS_NULL = 0,
    VIEW_ROWS_INTEGER = 1,
    VIEW_ROWS_REAL = 2,
    VIEW_ROWS_TEXT = 3,
};

/// Runs a prepared statement (`sqlite3_stmt *`) once with every row of `bytes`, in order.
///
/// The statement returns no rows itself. Returns an SQLite result code: 0 when all rows are through, and
/// `SQLITE_MISUSE` for bytes that are not rows of as many values as the statement has parameters. The statement is
/// reset, and keeps no pointer to `bytes`, either way.
int view_rows_run(void *statement, const uint8_t *bytes, size_t count);

#pragma once
// The trailer of a page. Knows nothing of files.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CPageChecksum.h"

enum {
    PAGE_BYTES = PAGE_CHECKSUM_PAGE_BYTES,
    PAGE_ORIGIN_AT = PAGE_BYTES - PAGE_CHECKSUM_TRAILER_BYTES,
    PAGE_CHECKSUM_AT = PAGE_BYTES - 8,
};

/// Which frame of which write-ahead log a page came through; zeros = none.
struct page_origin {
    uint32_t generation;
    uint32_t frame;
};

/// Writes the trailer of a page.
void page_seal(uint8_t *page, uint32_t number, struct page_origin origin);

/// Whether a page's bytes fit its checksum and its number.
bool page_is_sound(const uint8_t *page, uint32_t number);

/// Whether a page was never written: a hole that SQLite has left in the file and does not read.
bool page_is_hole(const uint8_t *page);

/// Where a page says it came from.
struct page_origin page_origin(const uint8_t *page);

/// The page that SQLite leaves out because its locks are at that offset.
static inline bool page_is_lock_page(uint32_t number) { return number == 0x40000000 / PAGE_BYTES + 1; }

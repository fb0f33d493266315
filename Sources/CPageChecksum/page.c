#include "page.h"

#include <string.h>

static uint64_t rotated(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static uint64_t little_64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static uint32_t little_32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_little(uint8_t *bytes, uint64_t value, int count) {
    for (int i = 0; i < count; i++) bytes[i] = (uint8_t)(value >> (8 * i));
}

// One step takes a word into a state. For a given word it is a bijection of the state, and for a given state a
// bijection of the word (exclusive or, rotation and the product with an odd number all are).
static uint64_t step(uint64_t state, uint64_t word) { return rotated(state ^ word, 29) * 0x9E3779B97F4A7C15u; }

// Four states take the words in turn, so that a processor works on four at a time; a fifth takes the four.
//
// Invariant: two pages that differ in one aligned word have different checksums. The state that takes this word is
// different after it and, since every later step is a bijection, stays so; the other three are equal, and the fifth
// differs likewise. So every flipped bit, and every change within eight bytes, is found for certain, and others but
// for one in 2^64.
static uint64_t checksum(const uint8_t *page, uint32_t number) {
    uint64_t state[4] = {1, 2, 3, 4};
    size_t at = 0;
    for (; at + 32 <= PAGE_CHECKSUM_AT; at += 32) {
        for (int lane = 0; lane < 4; lane++) state[lane] = step(state[lane], little_64(page + at + 8 * lane));
    }
    for (int lane = 0; at < PAGE_CHECKSUM_AT; at += 8, lane++) state[lane] = step(state[lane], little_64(page + at));
    uint64_t sum = step(0, number);
    for (int lane = 0; lane < 4; lane++) sum = step(sum, state[lane]);
    return sum ^ sum >> 32;
}

void page_seal(uint8_t *page, uint32_t number, struct page_origin origin) {
    store_little(page + PAGE_ORIGIN_AT, origin.generation, 4);
    store_little(page + PAGE_ORIGIN_AT + 4, origin.frame, 4);
    store_little(page + PAGE_CHECKSUM_AT, checksum(page, number), 8);
}

bool page_is_sound(const uint8_t *page, uint32_t number) {
    return little_64(page + PAGE_CHECKSUM_AT) == checksum(page, number);
}

bool page_is_hole(const uint8_t *page) {
    // Every byte equals the one before it, and the first is zero.
    return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

struct page_origin page_origin(const uint8_t *page) {
    return (struct page_origin){little_32(page + PAGE_ORIGIN_AT), little_32(page + PAGE_ORIGIN_AT + 4)};
}

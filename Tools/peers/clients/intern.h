// A hash table that gives each key a number, from 0 in the order of their first appearance. Compared in full on a hit.
#ifndef PEERS_INTERN_H
#define PEERS_INTERN_H
#include "json.h"
#include <stdio.h>
#include <stdlib.h>

// Memory that is never given back.
typedef struct {
  char *next;
  size_t left;
} Arena;

static void *arena_take(Arena *arena, size_t count) {
  count = (count + 7) & ~(size_t)7;
  if (count > arena->left) {
    arena->left = count > (1 << 20) ? count : 1 << 20;
    arena->next = malloc(arena->left);
    if (!arena->next) abort();
  }
  void *taken = arena->next;
  arena->next += count;
  arena->left -= count;
  return taken;
}

static Text arena_copy(Arena *arena, Text text) {
  char *bytes = arena_take(arena, text.count);
  memcpy(bytes, text.bytes, text.count);
  return (Text){bytes, text.count};
}

typedef struct {
  uint32_t *slots;  // number + 1, or 0
  uint64_t *hashes;
  Text *keys;
  uint32_t count, slot_count;
  Arena arena;
} Intern;

static inline uint64_t hash_of(Text text) {
  uint64_t hash = 0x9e3779b97f4a7c15ull ^ text.count, word;
  const char *at = text.bytes;
  uint32_t left = text.count;
  for (; left >= 8; left -= 8, at += 8) {
    memcpy(&word, at, 8);
    hash = (hash ^ word) * 0xff51afd7ed558ccdull;
    hash ^= hash >> 32;
  }
  word = 0;
  memcpy(&word, at, left);
  hash = (hash ^ word) * 0xff51afd7ed558ccdull;
  hash = (hash ^ (hash >> 29)) * 0xc4ceb9fe1a85ec53ull;
  return hash ^ (hash >> 32);
}

static void intern_grow(Intern *table) {
  uint32_t slot_count = table->slot_count ? table->slot_count * 2 : 1024;
  table->slots = realloc(table->slots, slot_count * sizeof *table->slots);
  table->hashes = realloc(table->hashes, slot_count / 2 * sizeof *table->hashes);
  table->keys = realloc(table->keys, slot_count / 2 * sizeof *table->keys);
  if (!table->slots || !table->hashes || !table->keys) abort();
  table->slot_count = slot_count;
  memset(table->slots, 0, slot_count * sizeof *table->slots);
  for (uint32_t number = 0; number < table->count; number++) {
    uint32_t slot = (uint32_t)table->hashes[number] & (slot_count - 1);
    while (table->slots[slot]) slot = (slot + 1) & (slot_count - 1);
    table->slots[slot] = number + 1;
  }
}

// The key's number; a new key is copied.
static uint32_t intern(Intern *table, Text key) {
  if (table->count * 2 >= table->slot_count) intern_grow(table);
  uint64_t hash = hash_of(key);
  uint32_t slot = (uint32_t)hash & (table->slot_count - 1);
  for (; table->slots[slot]; slot = (slot + 1) & (table->slot_count - 1)) {
    uint32_t number = table->slots[slot] - 1;
    if (table->hashes[number] == hash && text_is(table->keys[number], key)) return number;
  }
  uint32_t number = table->count++;
  table->slots[slot] = number + 1;
  table->hashes[number] = hash;
  table->keys[number] = arena_copy(&table->arena, key);
  return number;
}
#endif

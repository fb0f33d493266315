// A hash table of texts, compared in full on a hit. It may be small: there are many of them.
#ifndef PEERS_INTERN_H
#define PEERS_INTERN_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "json.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

// Memory that is zero at first and never given back.
typedef struct {
  char *next;
  size_t left;
} Arena;

#define CHUNK_BYTES ((size_t)16 << 20)

// Zeros, on huge pages if the machine has any.
static void *take_pages(size_t count) {
  void *bytes = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) abort();
  madvise(bytes, count, MADV_HUGEPAGE);
  return bytes;
}

static void *arena_take(Arena *arena, size_t count) {
  count = (count + 7) & ~(size_t)7;
  if (count > arena->left) {
    arena->left = count > CHUNK_BYTES ? count : CHUNK_BYTES;
    arena->next = take_pages(arena->left);
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

// What a table holds of a key: a number, from 0 in the order of first appearance, the key, and `body_bytes` of zeros.
typedef struct {
  uint32_t number, key_count;
  _Alignas(8) char body[];
} Entry;

typedef struct {
  uint64_t hash;
  Entry *entry;
} Slot;

typedef struct {
  Slot *slots;
  Entry **entries;  // by number
  uint32_t count, slot_count, body_bytes;
} Intern;

#define SLOTS_MIN 8

static inline Text key_of(const Intern *table, const Entry *entry) {
  return (Text){entry->body + table->body_bytes, entry->key_count};
}

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

static void intern_grow(Intern *table, Arena *arena) {
  uint32_t slot_count = table->slot_count ? table->slot_count * 2 : SLOTS_MIN;
  Slot *slots = arena_take(arena, slot_count * sizeof *slots);
  Entry **entries = arena_take(arena, slot_count / 2 * sizeof *entries);
  if (table->count) memcpy(entries, table->entries, table->count * sizeof *entries);
  table->entries = entries;
  for (uint32_t i = 0; i < table->slot_count; i++) {
    if (!table->slots[i].entry) continue;
    uint32_t at = (uint32_t)table->slots[i].hash & (slot_count - 1);
    while (slots[at].entry) at = (at + 1) & (slot_count - 1);
    slots[at] = table->slots[i];
  }
  table->slots = slots;
  table->slot_count = slot_count;
}

// The key's entry; a new key is copied. One that is found costs two places in memory: the slot and the entry.
static Entry *intern(Intern *table, Arena *arena, Text key) {
  if (table->count * 2 >= table->slot_count) intern_grow(table, arena);
  uint64_t hash = hash_of(key);
  uint32_t at = (uint32_t)hash & (table->slot_count - 1);
  for (Slot *slot; (slot = &table->slots[at])->entry; at = (at + 1) & (table->slot_count - 1))
    if (slot->hash == hash && text_is(key_of(table, slot->entry), key)) return slot->entry;
  Entry *entry = arena_take(arena, sizeof *entry + table->body_bytes + key.count);
  entry->number = table->count;
  entry->key_count = key.count;
  memcpy(entry->body + table->body_bytes, key.bytes, key.count);
  table->entries[table->count++] = entry;
  table->slots[at] = (Slot){hash, entry};
  return entry;
}
#endif

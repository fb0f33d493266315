// Tests that are the same for every system, given how one event is appended and one acknowledgement waited for.
#ifndef PEERS_WRITERS_H
#define PEERS_WRITERS_H
#include "events.h"

#define WRITERS_MAX 64

typedef struct {
  void *connection;
  void (*append)(void *connection, const Event *event);
  uint64_t until;
} Writer;

static atomic_size_t NEXT_EVENT;
static uint64_t *LATENCIES;

static void *writer_main(void *argument) {
  Writer *writer = argument;
  while (now() < writer->until) {
    size_t i = atomic_fetch_add(&NEXT_EVENT, 1);
    if (i >= EVENT_COUNT) break;
    uint64_t began = now();
    writer->append(writer->connection, &EVENTS[i]);
    LATENCIES[i] = now() - began;
  }
  return NULL;
}

// So many writers append one event after the other, each waiting for its acknowledgement.
static void measure_writers(int count, void **connections, void (*append)(void *, const Event *), double seconds) {
  pthread_t threads[WRITERS_MAX];
  Writer writers[WRITERS_MAX];
  LATENCIES = calloc(EVENT_COUNT, sizeof *LATENCIES);
  Figures figures = {.began = now(), .latencies = LATENCIES};
  for (int i = 0; i < count; i++) {
    writers[i] = (Writer){connections[i], append, figures.began + (uint64_t)(seconds * 1e9)};
    if (pthread_create(&threads[i], NULL, writer_main, &writers[i])) die("no thread");
  }
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  figures.ended = now();
  for (size_t i = 0; i < EVENT_COUNT; i++)
    if (LATENCIES[i]) LATENCIES[figures.latency_count++] = LATENCIES[i];
  figures.events = figures.latency_count;
  print_figures(figures, "");
}

#define BATCH_EVENTS 1000

// All events, so many at a time, each batch all or nothing and acknowledged before the next.
static void measure_batches(void *connection, void (*append)(void *, const Event *, size_t)) {
  Figures figures = {.began = now(), .latencies = calloc(EVENT_COUNT / BATCH_EVENTS + 1, sizeof(uint64_t))};
  for (size_t i = 0; i < EVENT_COUNT; i += BATCH_EVENTS) {
    size_t count = EVENT_COUNT - i < BATCH_EVENTS ? EVENT_COUNT - i : BATCH_EVENTS;
    uint64_t began = now();
    append(connection, &EVENTS[i], count);
    figures.latencies[figures.latency_count++] = now() - began;
  }
  figures.ended = now();
  figures.events = EVENT_COUNT;
  print_figures(figures, "");
}

// The histories of some customers, one after the other. `read` gives the number of events.
static void measure_history(void *connection, uint64_t (*read)(void *, Text subject)) {
  static uint64_t latencies[HISTORY_COUNT];
  Figures figures = {.latencies = latencies, .latency_count = HISTORY_COUNT};
  figures.began = now();
  for (int i = 0; i < HISTORY_COUNT; i++) {
    Text subject = history_subject(i);
    uint64_t began = now();
    figures.events += read(connection, subject);
    latencies[i] = now() - began;
  }
  figures.ended = now();
  print_figures(figures, "");
}

#define TAIL_RATE 1000

// An append to a tail at a fixed rate: a latency counts from when the event was due, not from when it was sent.
typedef struct {
  size_t count;
  uint64_t *due, *seen;
  atomic_bool is_ready;
} Tail;

static Tail tail_plan(double seconds) {
  size_t count = (size_t)(seconds * TAIL_RATE);
  if (count > EVENT_COUNT) count = EVENT_COUNT;
  return (Tail){count, calloc(count, sizeof(uint64_t)), calloc(count, sizeof(uint64_t)), false};
}

static void tail_await_ready(Tail *tail) {
  while (!tail->is_ready) usleep(1000);
  usleep(100000);
  uint64_t began = now() + 10000000;
  for (size_t i = 0; i < tail->count; i++) tail->due[i] = began + i * (1000000000ull / TAIL_RATE);
}

static void tail_print(Tail *tail) {
  Figures figures = {.began = tail->due[0], .ended = now(), .events = tail->count};
  figures.latencies = calloc(tail->count, sizeof(uint64_t));
  for (size_t i = 0; i < tail->count; i++) {
    if (!tail->seen[i]) die("the tail missed event %zu of %zu", i, tail->count);
    figures.latencies[i] = tail->seen[i] - tail->due[i];
  }
  figures.latency_count = tail->count;
  print_figures(figures, "");
}
#endif

// The events of a file of NDJSON, and the figures of a measurement as one line of JSON.
#ifndef PEERS_EVENTS_H
#define PEERS_EVENTS_H
#include "intern.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  Text line;
  Text id, source, type, subject, time;
  Text extra;  // what has no column of its own, as a JSON object; mostly empty
  Text data;
  uint32_t version;  // 1, 2, 3 … of its subject
} Event;

static Event *EVENTS;
static size_t EVENT_COUNT;
static Intern CUSTOMERS = {.body_bytes = sizeof(uint32_t)};

static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  exit(1);
}

static inline uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static inline void sleep_until(uint64_t instant) {
  struct timespec time = {(time_t)(instant / 1000000000ull), (long)(instant % 1000000000ull)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {}
}

static Text *event_column(Event *event, Text key) {
  static const char *const names[] = {"id", "source", "type", "subject", "time", "data"};
  Text *columns[] = {&event->id, &event->source, &event->type, &event->subject, &event->time, &event->data};
  for (int i = 0; i < 6; i++)
    if (key.count == strlen(names[i]) && !memcmp(key.bytes, names[i], key.count)) return columns[i];
  return NULL;
}

// Takes a line apart; with an arena, members that have no column are kept in `extra`.
static Event event_parse(Text line, Arena *arena) {
  const Text none = {"", 0};
  Event event = {line, none, none, none, none, none, none, none, 0};
  Text key, value;
  char *extra = NULL, *end = NULL;
  for (const char *at = line.bytes; (at = json_member(at, &key, &value));) {
    Text *column = event_column(&event, key);
    if (column == &event.data) *column = value;
    else if (column) *column = json_text(value);
    else if (arena && !(key.count == 11 && !memcmp(key.bytes, "specversion", 11))) {
      if (!extra) extra = end = arena_take(arena, line.count + 2);
      *end = end == extra ? '{' : ',';
      uint32_t count = (uint32_t)(value.bytes + value.count - (key.bytes - 1));
      memcpy(end + 1, key.bytes - 1, count);
      end += 1 + count;
    }
  }
  if (extra) {
    *end++ = '}';
    event.extra = (Text){extra, (uint32_t)(end - extra)};
  }
  return event;
}

// Each line becomes a C string where it stands.
static void load_events(const char *path) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status)) die("cannot read %s", path);
  char *at = mmap(NULL, (size_t)status.st_size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  if (at == MAP_FAILED) die("cannot map %s", path);
  close(file);
  Arena arena = {0};
  size_t room = 0;
  for (char *end = at + status.st_size, *line_end; at < end; at = line_end + 1) {
    line_end = memchr(at, '\n', (size_t)(end - at));
    if (!line_end) break;
    *line_end = 0;
    if (EVENT_COUNT == room) EVENTS = realloc(EVENTS, (room = room ? room * 2 : 1 << 16) * sizeof *EVENTS);
    Event *event = &EVENTS[EVENT_COUNT++];
    *event = event_parse((Text){at, (uint32_t)(line_end - at)}, &arena);
    if (!event->type.count || !event->data.count) die("line %zu of %s is no event", EVENT_COUNT, path);
    event->version = ++*(uint32_t *)intern(&CUSTOMERS, &arena, event->subject)->body;
  }
  if (!EVENT_COUNT) die("%s holds no events", path);
}

// The customers whose history is asked for: the same for all, each as likely as any other.
#define HISTORY_COUNT 1000
static Text history_subject(int i) {
  static uint64_t state = 88172645463325252ull;
  if (!i) state = 88172645463325252ull;
  for (;;) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    Text subject = key_of(&CUSTOMERS, CUSTOMERS.entries[state % CUSTOMERS.count]);
    if (subject.count || CUSTOMERS.count == 1) return subject;
  }
}

// What was measured.
typedef struct {
  uint64_t began, ended, events, bytes;
  uint64_t *latencies;
  size_t latency_count;
  uint64_t digest;
} Figures;

static int ascending(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

static void print_figures(Figures figures, const char *more) {
  double seconds = (double)(figures.ended - figures.began) / 1e9;
  printf("{\"events\":%llu,\"seconds\":%.6f,\"rate\":%.1f", (unsigned long long)figures.events, seconds,
         (double)figures.events / seconds);
  if (figures.latency_count) {
    qsort(figures.latencies, figures.latency_count, sizeof *figures.latencies, ascending);
    size_t last = figures.latency_count - 1;
    printf(",\"samples\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f", figures.latency_count,
           (double)figures.latencies[last / 2] / 1e3, (double)figures.latencies[last * 99 / 100] / 1e3,
           (double)figures.latencies[last] / 1e3);
  }
  if (figures.bytes) printf(",\"bytes\":%llu", (unsigned long long)figures.bytes);
  if (figures.digest) printf(",\"digest\":\"%016llx\"", (unsigned long long)figures.digest);
  printf("%s%s}\n", *more ? "," : "", more);
  fflush(stdout);
}
#endif

// PostgreSQL over 127.0.0.1 through libpq: one table, UNIQUE(stream, version).
//     postgres TEST PORT EVENTS SECONDS
// One event is one prepared INSERT, its own transaction. A batch of 1,000 is one binary COPY; so is a replay, ordered
// by position. The tail is LISTEN, then a SELECT behind the last position; one connection appends, and notifies with
// each event: with more of them, positions commit out of order, and a reader behind the last one misses events.
#include "fold.h"
#include "writers.h"
#include <libpq-fe.h>
#include <poll.h>

static int PORT;
static const char USAGE[] = "usage: postgres TEST PORT EVENTS SECONDS";

static PGconn *connect_to(void) {
  char words[200];
  snprintf(words, sizeof words, "host=127.0.0.1 port=%d user=postgres dbname=postgres", PORT);
  PGconn *connection = PQconnectdb(words);
  if (PQstatus(connection) != CONNECTION_OK) die("%s", PQerrorMessage(connection));
  PQsetErrorVerbosity(connection, PQERRORS_TERSE);
  return connection;
}

static PGresult *good(PGconn *connection, PGresult *result, ExecStatusType expected) {
  if (PQresultStatus(result) != expected) die("%s", PQerrorMessage(connection));
  return result;
}

static void run(PGconn *connection, const char *sql) {
  PQclear(good(connection, PQexec(connection, sql), PGRES_COMMAND_OK));
}

static void prepare(PGconn *connection, const char *name, const char *sql) {
  PQclear(good(connection, PQprepare(connection, name, sql, 0, NULL), PGRES_COMMAND_OK));
}

#define COLUMNS "stream, version, type, time, source, id, extra, data"
#define COLUMN_COUNT 8
#define INSERT "INSERT INTO events(" COLUMNS ") VALUES($1, $2, $3, $4, $5, $6, $7, $8)"

static const char *const SCHEMA =
    "SET client_min_messages = warning; DROP TABLE IF EXISTS events;"
    "CREATE TABLE events(position bigserial PRIMARY KEY, stream text NOT NULL, version bigint NOT NULL,"
    " type text NOT NULL, time text NOT NULL, source text NOT NULL, id text NOT NULL, extra text, data json NOT NULL,"
    " UNIQUE(stream, version)); CHECKPOINT";

static char *put_number(char *at, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; i--, value >>= 8) at[i] = (char)value;
  return at + bytes;
}

// The columns of an event as texts; the version is 8 bytes in network order.
static void values(const Event *event, char version[8], Text into[COLUMN_COUNT]) {
  put_number(version, event->version, 8);
  const Text texts[COLUMN_COUNT] = {event->subject, {version, 8}, event->type,  event->time,
                                    event->source,  event->id,    event->extra, event->data};
  memcpy(into, texts, sizeof texts);
}

static void append_one(void *connection, const Event *event) {
  static const int formats[COLUMN_COUNT] = {1, 1, 1, 1, 1, 1, 1, 1};
  char version[8];
  Text texts[COLUMN_COUNT];
  const char *bytes[COLUMN_COUNT];
  int counts[COLUMN_COUNT];
  values(event, version, texts);
  for (int i = 0; i < COLUMN_COUNT; i++) bytes[i] = texts[i].bytes, counts[i] = (int)texts[i].count;
  if (!event->extra.count) bytes[6] = NULL;
  PGresult *result = PQexecPrepared(connection, "append", COLUMN_COUNT, bytes, counts, formats, 0);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) good(connection, result, PGRES_TUPLES_OK);
  PQclear(result);
}

static void put(PGconn *connection, const char *bytes, size_t count) {
  if (PQputCopyData(connection, bytes, (int)count) != 1) die("%s", PQerrorMessage(connection));
}

#define BINARY_HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"
#define BINARY_HEADER_BYTES 19

static void append_batch(void *connection, const Event *events, size_t count) {
  static char *row;
  static size_t room;
  PQclear(good(connection, PQexec(connection, "COPY events(" COLUMNS ") FROM STDIN (FORMAT binary)"), PGRES_COPY_IN));
  put(connection, BINARY_HEADER, BINARY_HEADER_BYTES);
  for (size_t i = 0; i < count; i++) {
    char version[8];
    Text texts[COLUMN_COUNT];
    values(&events[i], version, texts);
    if (room < events[i].line.count * 2 + 128) row = realloc(row, room = events[i].line.count * 2 + 128);
    char *at = put_number(row, COLUMN_COUNT, 2);
    for (int j = 0; j < COLUMN_COUNT; j++) {
      bool is_null = j == 6 && !texts[j].count;
      at = put_number(at, is_null ? UINT64_MAX : texts[j].count, 4);
      memcpy(at, texts[j].bytes, texts[j].count);
      at += texts[j].count;
    }
    put(connection, row, (size_t)(at - row));
  }
  put(connection, "\377\377", 2);
  if (PQputCopyEnd(connection, NULL) != 1) die("%s", PQerrorMessage(connection));
  PQclear(good(connection, PQgetResult(connection), PGRES_COMMAND_OK));
  while (PQgetResult(connection)) {}
}

static uint64_t read_history(void *connection, Text subject) {
  const char *bytes[] = {subject.bytes};
  int counts[] = {(int)subject.count}, formats[] = {1};
  PGresult *rows = PQexecPrepared(connection, "history", 1, bytes, counts, formats, 1);
  good(connection, rows, PGRES_TUPLES_OK);
  uint64_t count = (uint64_t)PQntuples(rows);
  PQclear(rows);
  return count;
}

// The next column of a row of a binary COPY.
static Text next_column(const char **at) {
  uint32_t count = 0;
  for (int i = 0; i < 4; i++) count = count << 8 | (uint8_t)*(*at)++;
  Text text = {*at, count};
  *at += count;
  return text;
}

static void replay(PGconn *connection, bool folds) {
  Fold *fold = folds ? make_fold() : NULL;
  Figures figures = {.began = now()};
  PGresult *begun = PQexec(connection,
      "COPY (SELECT stream, type, time, data FROM events ORDER BY position) TO STDOUT (FORMAT binary)");
  PQclear(good(connection, begun, PGRES_COPY_OUT));
  char *row;
  for (int length; (length = PQgetCopyData(connection, &row, 0)) > 0; PQfreemem(row)) {
    const char *at = row;
    if (length > BINARY_HEADER_BYTES && !memcmp(at, BINARY_HEADER, 11)) at += BINARY_HEADER_BYTES;
    if (row + length - at < 20) continue;  // the header alone, or the end
    at += 2;
    Text subject = next_column(&at), type = next_column(&at), time = next_column(&at), data = next_column(&at);
    figures.bytes += data.count;
    figures.events++;
    if (fold) fold_event(fold, subject, type, time, data);
  }
  figures.ended = now();
  if (fold) figures.digest = fold_digest(fold);
  print_figures(figures, "");
}

static Tail TAIL;

static void *tail_main(void *argument) {
  PGconn *connection = argument;
  char last[32] = "0";
  for (size_t seen = 0; seen < TAIL.count;) {
    // A notice may have come with the answer to the last query: ask before waiting.
    bool is_told = false;
    for (PGnotify *told; (told = PQnotifies(connection)); PQfreemem(told)) is_told = true;
    if (!is_told) {
      struct pollfd readable = {PQsocket(connection), POLLIN, 0};
      if (poll(&readable, 1, 5000) == 0) die("the tail got nothing for 5 s");
      PQconsumeInput(connection);
      continue;
    }
    const char *bytes[] = {last};
    PGresult *rows = PQexecPrepared(connection, "behind", 1, bytes, NULL, NULL, 0);
    good(connection, rows, PGRES_TUPLES_OK);
    uint64_t at = now();
    for (int i = 0; i < PQntuples(rows) && seen < TAIL.count; i++, seen++) {
      if (strlen(PQgetvalue(rows, i, 1)) != EVENTS[seen].data.count) die("the tail got another event");
      TAIL.seen[seen] = at;
      snprintf(last, sizeof last, "%s", PQgetvalue(rows, i, 0));
    }
    PQclear(rows);
    TAIL.is_ready = true;
  }
  return NULL;
}

static void tail(double seconds) {
  pthread_t reader;
  TAIL = tail_plan(seconds);
  PGconn *listener = connect_to(), *writer = connect_to();
  run(listener, "LISTEN events");
  prepare(listener, "behind", "SELECT position, data FROM events WHERE position > $1 ORDER BY position");
  prepare(writer, "append", "WITH added AS (" INSERT ") SELECT pg_notify('events', '')");
  if (pthread_create(&reader, NULL, tail_main, listener)) die("no thread");
  TAIL.is_ready = true;
  tail_await_ready(&TAIL);
  for (size_t i = 0; i < TAIL.count; i++) {
    sleep_until(TAIL.due[i]);
    append_one(writer, &EVENTS[i]);
  }
  pthread_join(reader, NULL);
  tail_print(&TAIL);
}

// One figure of the server's own: how often it synced its log.
static void print_value(PGconn *connection, const char *sql) {
  PGresult *rows = good(connection, PQexec(connection, sql), PGRES_TUPLES_OK);
  puts(PQgetvalue(rows, 0, 0));
  PQclear(rows);
}

int main(int count, char **arguments) {
  if (count != 5) die("%s", USAGE);
  const char *test = arguments[1];
  double seconds = atof(arguments[4]);
  PORT = atoi(arguments[2]);
  void *connections[WRITERS_MAX];
  int writers = !strcmp(test, "append64") ? WRITERS_MAX : 1;
  for (int i = 0; i < writers; i++) connections[i] = connect_to();
  if (!strcmp(test, "reset")) return run(connections[0], SCHEMA), 0;
  if (!strcmp(test, "settle")) return run(connections[0], "ANALYZE events; CHECKPOINT"), 0;
  if (!strcmp(test, "bytes")) return print_value(connections[0], "SELECT pg_total_relation_size('events')"), 0;
  bool is_replay = !strcmp(test, "read") || !strcmp(test, "fold");
  if (!is_replay) load_events(arguments[3]);
  for (int i = 0; i < writers; i++)
    if (strcmp(test, "tail")) prepare(connections[i], "append", INSERT);
  if (!strcmp(test, "append1") || !strcmp(test, "append64")) measure_writers(writers, connections, append_one, seconds);
  else if (!strcmp(test, "batch")) measure_batches(connections[0], append_batch);
  else if (!strcmp(test, "history")) {
    prepare(connections[0], "history",
        "SELECT version, type, time, source, id, data FROM events WHERE stream = $1 ORDER BY version");
    measure_history(connections[0], read_history);
  } else if (!strcmp(test, "tail")) tail(seconds);
  else if (is_replay) replay(connections[0], !strcmp(test, "fold"));
  else die("no test is named %s", test);
}

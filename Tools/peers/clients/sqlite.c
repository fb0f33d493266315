// SQLite in process: one table, UNIQUE(stream, version), WAL, synchronous=FULL.
//     sqlite TEST DATABASE EVENTS SECONDS
// 64 writers share one connection, first come, first served: with a connection each, some starve on the file's lock.
#include "fold.h"
#include "writers.h"
#include <semaphore.h>
#include <sqlite3.h>

// Who waits for the connection, in the order of coming. (A mutex would let the one who has it take it again.)
typedef struct Waiter {
  sem_t turn;
  struct Waiter *next;
} Waiter;

static pthread_mutex_t QUEUE_LOCK = PTHREAD_MUTEX_INITIALIZER;
static Waiter *FIRST, *LAST;

static void take_turn(Waiter *waiter) {
  waiter->next = NULL;
  sem_init(&waiter->turn, 0, 0);
  pthread_mutex_lock(&QUEUE_LOCK);
  bool is_first = !FIRST;
  if (is_first) FIRST = waiter;
  else LAST->next = waiter;
  LAST = waiter;
  pthread_mutex_unlock(&QUEUE_LOCK);
  if (!is_first)
    while (sem_wait(&waiter->turn)) {}
}

static void give_turn(void) {
  pthread_mutex_lock(&QUEUE_LOCK);
  FIRST = FIRST->next;
  if (FIRST) sem_post(&FIRST->turn);
  pthread_mutex_unlock(&QUEUE_LOCK);
}

static void run(sqlite3 *database, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(database, sql, NULL, NULL, &message)) die("%s: %s", sql, message);
}

static sqlite3 *open_database(const char *path) {
  sqlite3 *database;
  if (sqlite3_open(path, &database)) die("cannot open %s", path);
  run(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
                "PRAGMA mmap_size=4294967296;"
                "CREATE TABLE IF NOT EXISTS events(position INTEGER PRIMARY KEY, stream TEXT NOT NULL,"
                " version INTEGER NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL, source TEXT NOT NULL,"
                " id TEXT NOT NULL, extra TEXT, data TEXT NOT NULL, UNIQUE(stream, version))");
  return database;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL)) die("%s: %s", sql, sqlite3_errmsg(database));
  return statement;
}

typedef struct {
  sqlite3 *database;
  sqlite3_stmt *begin, *insert, *commit, *select;
} Connection;

static void step(Connection *connection, sqlite3_stmt *statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) die("%s", sqlite3_errmsg(connection->database));
  sqlite3_reset(statement);
}

static void bind(sqlite3_stmt *statement, int column, Text text) {
  sqlite3_bind_text(statement, column, text.bytes, (int)text.count, SQLITE_STATIC);
}

static void insert(Connection *connection, const Event *event) {
  sqlite3_stmt *statement = connection->insert;
  bind(statement, 1, event->subject);
  sqlite3_bind_int64(statement, 2, event->version);
  bind(statement, 3, event->type);
  bind(statement, 4, event->time);
  bind(statement, 5, event->source);
  bind(statement, 6, event->id);
  if (event->extra.count) bind(statement, 7, event->extra);
  else sqlite3_bind_null(statement, 7);
  bind(statement, 8, event->data);
  step(connection, statement);
}

static void append_batch(void *argument, const Event *events, size_t count) {
  Connection *connection = argument;
  step(connection, connection->begin);
  for (size_t i = 0; i < count; i++) insert(connection, &events[i]);
  step(connection, connection->commit);
}

static void append_one(void *argument, const Event *event) {
  Waiter waiter;
  take_turn(&waiter);
  append_batch(argument, event, 1);
  give_turn();
}

static Text column(sqlite3_stmt *statement, int number) {
  const char *bytes = (const char *)sqlite3_column_text(statement, number);
  return (Text){bytes, (uint32_t)sqlite3_column_bytes(statement, number)};
}

static uint64_t read_history(void *argument, Text subject) {
  Connection *connection = argument;
  uint64_t count = 0, bytes = 0;
  bind(connection->select, 1, subject);
  while (sqlite3_step(connection->select) == SQLITE_ROW) {
    for (int i = 1; i < 6; i++) bytes += column(connection->select, i).count;
    count++;
  }
  sqlite3_reset(connection->select);
  return bytes ? count : 0;
}

static void replay(Connection *connection, bool folds) {
  sqlite3_stmt *rows = prepare(connection->database, "SELECT stream, type, time, data FROM events ORDER BY position");
  Fold *fold = folds ? make_fold() : NULL;
  Figures figures = {.began = now()};
  while (sqlite3_step(rows) == SQLITE_ROW) {
    Text subject = column(rows, 0), type = column(rows, 1), time = column(rows, 2), data = column(rows, 3);
    figures.bytes += data.count;
    figures.events++;
    if (fold) fold_event(fold, subject, type, time, data);
  }
  figures.ended = now();
  if (fold) figures.digest = fold_digest(fold);
  print_figures(figures, "");
  sqlite3_finalize(rows);
}

int main(int count, char **arguments) {
  if (count == 2 && !strcmp(arguments[1], "version")) return puts(sqlite3_libversion()) < 0;
  if (count != 5) die("usage: sqlite TEST DATABASE EVENTS SECONDS");
  const char *test = arguments[1];
  double seconds = atof(arguments[4]);
  bool is_replay = !strcmp(test, "read") || !strcmp(test, "fold");
  if (!is_replay) load_events(arguments[3]);
  Connection connection = {.database = open_database(arguments[2])};
  connection.begin = prepare(connection.database, "BEGIN IMMEDIATE");
  connection.commit = prepare(connection.database, "COMMIT");
  connection.insert = prepare(connection.database,
      "INSERT INTO events(stream, version, type, time, source, id, extra, data) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  connection.select = prepare(connection.database,
      "SELECT version, type, time, source, id, data FROM events WHERE stream = ? ORDER BY version");
  void *connections[WRITERS_MAX];
  for (int i = 0; i < WRITERS_MAX; i++) connections[i] = &connection;
  if (!strcmp(test, "append1")) measure_writers(1, connections, append_one, seconds);
  else if (!strcmp(test, "append64")) measure_writers(WRITERS_MAX, connections, append_one, seconds);
  else if (!strcmp(test, "batch")) measure_batches(&connection, append_batch);
  else if (!strcmp(test, "history")) measure_history(&connection, read_history);
  else if (is_replay) replay(&connection, !strcmp(test, "fold"));
  else die("no test is named %s", test);
}

// Redis Streams over 127.0.0.1 through hiredis: XADD events * t TYPE c SUBJECT d LINE.
//     redis TEST PORT EVENTS SECONDS
// A batch is MULTI, 1,000 XADD, EXEC. `batch2` also adds each event to a stream of its customer, which `history` reads.
#include "fold.h"
#include "writers.h"
#include <hiredis/hiredis.h>

static redisContext *connect_to(int port) {
  redisContext *context = redisConnect("127.0.0.1", port);
  if (!context || context->err) die("cannot connect");
  return context;
}

static redisReply *reply(redisContext *context) {
  redisReply *reply = NULL;
  if (redisGetReply(context, (void **)&reply) || !reply) die("no reply: %s", context->errstr);
  if (reply->type == REDIS_REPLY_ERROR) die("%s", reply->str);
  return reply;
}

// The words of an XADD; `name` is the key.
static void words(const Event *event, Text name, const char *bytes[9], size_t counts[9]) {
  const Text texts[9] = {{"XADD", 4}, name, {"*", 1}, {"t", 1}, event->type, {"c", 1}, event->subject, {"d", 1},
                         event->line};
  for (int i = 0; i < 9; i++) bytes[i] = texts[i].bytes, counts[i] = texts[i].count;
}

static void send_event(redisContext *context, const Event *event, Text name) {
  const char *bytes[9];
  size_t counts[9];
  words(event, name, bytes, counts);
  redisAppendCommandArgv(context, 9, bytes, counts);
}

static const Text ALL = {"events", 6};

static void append_one(void *connection, const Event *event) {
  send_event(connection, event, ALL);
  freeReplyObject(reply(connection));
}

static Text customer_stream(char name[400], Text subject) {
  int count = snprintf(name, 400, "c:%.*s", (int)subject.count, subject.bytes);
  return (Text){name, (uint32_t)count};
}

static void append_events(redisContext *context, const Event *events, size_t count, bool with_customers) {
  size_t replies = 2 + count * (with_customers ? 2 : 1);
  char name[400];
  redisAppendCommand(context, "MULTI");
  for (size_t i = 0; i < count; i++) {
    send_event(context, &events[i], ALL);
    if (with_customers) send_event(context, &events[i], customer_stream(name, events[i].subject));
  }
  redisAppendCommand(context, "EXEC");
  while (replies--) freeReplyObject(reply(context));
}

static void append_batch(void *connection, const Event *events, size_t count) {
  append_events(connection, events, count, false);
}

static void append_batch2(void *connection, const Event *events, size_t count) {
  append_events(connection, events, count, true);
}

static Text field(const redisReply *entry, size_t number) {
  const redisReply *value = entry->element[1]->element[number * 2 + 1];
  return (Text){value->str, (uint32_t)value->len};
}

static uint64_t read_history(void *connection, Text subject) {
  char name[400];
  customer_stream(name, subject);
  redisReply *entries = redisCommand(connection, "XRANGE %s - +", name);
  if (!entries || entries->type != REDIS_REPLY_ARRAY || !entries->elements) die("%s has no stream", name);
  uint64_t count = entries->elements;
  freeReplyObject(entries);
  return count;
}

#define PAGE "1000"

static void replay(redisContext *context, bool folds) {
  Fold *fold = folds ? make_fold() : NULL;
  char last[64] = "0-0";
  Figures figures = {.began = now()};
  for (;;) {
    redisReply *entries = redisCommand(context, "XRANGE events (%s + COUNT " PAGE, last);
    if (!entries || entries->type != REDIS_REPLY_ARRAY) die("XRANGE: %s", context->errstr);
    if (!entries->elements) break;
    for (size_t i = 0; i < entries->elements; i++) {
      Text line = field(entries->element[i], 2);
      figures.bytes += line.count;
      if (!fold) continue;
      Event event = event_parse(line, NULL);
      fold_event(fold, event.subject, event.type, event.time, event.data);
    }
    figures.events += entries->elements;
    snprintf(last, sizeof last, "%s", entries->element[entries->elements - 1]->element[0]->str);
    freeReplyObject(entries);
  }
  figures.ended = now();
  if (fold) figures.digest = fold_digest(fold);
  print_figures(figures, "");
}

static Tail TAIL;
static int PORT;

static void *tail_main(void *argument) {
  (void)argument;
  redisContext *context = connect_to(PORT);
  char last[64] = "0-0";
  redisReply *newest = redisCommand(context, "XREVRANGE events + - COUNT 1");
  if (newest && newest->elements) snprintf(last, sizeof last, "%s", newest->element[0]->element[0]->str);
  TAIL.is_ready = true;
  for (size_t seen = 0; seen < TAIL.count;) {
    redisReply *streams = redisCommand(context, "XREAD COUNT 1000 BLOCK 5000 STREAMS events %s", last);
    uint64_t at = now();
    if (!streams || streams->type != REDIS_REPLY_ARRAY) die("the tail got nothing for 5 s");
    redisReply *entries = streams->element[0]->element[1];
    for (size_t i = 0; i < entries->elements && seen < TAIL.count; i++) {
      if (!text_is(field(entries->element[i], 2), EVENTS[seen].line)) die("the tail got another event");
      TAIL.seen[seen++] = at;
    }
    snprintf(last, sizeof last, "%s", entries->element[entries->elements - 1]->element[0]->str);
    freeReplyObject(streams);
  }
  redisFree(context);
  return NULL;
}

// Takes the acknowledgements, so that the writer never waits for one.
static void *acknowledgements_main(void *context) {
  for (size_t i = 0; i < TAIL.count; i++) freeReplyObject(reply(context));
  return NULL;
}

static void tail(double seconds) {
  pthread_t reader, acknowledgements;
  TAIL = tail_plan(seconds);
  redisContext *context = connect_to(PORT);
  if (pthread_create(&reader, NULL, tail_main, NULL)) die("no thread");
  tail_await_ready(&TAIL);
  if (pthread_create(&acknowledgements, NULL, acknowledgements_main, context)) die("no thread");
  for (size_t i = 0; i < TAIL.count; i++) {
    const char *bytes[9];
    size_t counts[9];
    char *command;
    words(&EVENTS[i], ALL, bytes, counts);
    long long length = redisFormatCommandArgv(&command, 9, bytes, counts);
    sleep_until(TAIL.due[i]);
    if (write(context->fd, command, (size_t)length) != length) die("a short write");
    free(command);
  }
  pthread_join(acknowledgements, NULL);
  pthread_join(reader, NULL);
  tail_print(&TAIL);
}

int main(int count, char **arguments) {
  if (count != 5) die("usage: redis TEST PORT EVENTS SECONDS");
  const char *test = arguments[1];
  double seconds = atof(arguments[4]);
  bool is_replay = !strcmp(test, "read") || !strcmp(test, "fold");
  PORT = atoi(arguments[2]);
  if (!is_replay) load_events(arguments[3]);
  void *connections[WRITERS_MAX];
  int writers = !strcmp(test, "append64") ? WRITERS_MAX : 1;
  for (int i = 0; i < writers; i++) connections[i] = connect_to(PORT);
  if (!strcmp(test, "append1") || !strcmp(test, "append64")) measure_writers(writers, connections, append_one, seconds);
  else if (!strcmp(test, "batch")) measure_batches(connections[0], append_batch);
  else if (!strcmp(test, "batch2")) measure_batches(connections[0], append_batch2);
  else if (!strcmp(test, "history")) measure_history(connections[0], read_history);
  else if (!strcmp(test, "tail")) tail(seconds);
  else if (is_replay) replay(connections[0], !strcmp(test, "fold"));
  else die("no test is named %s", test);
}

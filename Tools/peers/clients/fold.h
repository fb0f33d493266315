// What every system does on replay with a fold: a small relative of Touchline's projectors, the same code for all.
//
// Of each event: the customer is looked up by subject and the type by name (hashed, compared in full); events are
// counted per customer and type, with the first and last time in microseconds; `data` is scanned once for the fields
// that the built-in projectors read of that type; the thing it is about (order, deal, lead, case, campaign, task,
// contract, quote, survey, identity, consent, tag, channel …) is found or added, with its count, first and last time,
// its last texts (copied when they changed) and its sum of amounts in fixed point. Purchases are also summed per
// currency and per day.
//
// It does less than the projectors: no business order for late events, no retractions, no anomalies, no durations of
// stages and cases, no rows. So a peer's replay has it easier than Touchline's.
#ifndef PEERS_FOLD_H
#define PEERS_FOLD_H
#include "events.h"

#define FIELDS_MAX 8
#define KEYS_MAX 3

// Which fields events of a family have; the first prefix that fits decides.
typedef struct {
  const char *prefix, *keys, *amount, *texts;
} Family;

static const Family FAMILIES[] = {
    {"purchase.", "order", "amount", "currency,product,channel,items"},
    {"points.", "", "points", ""},
    {"customer.merged", "into", "", "rule"},
    {"customer.tagged", "tag", "", ""},
    {"customer.untagged", "tag", "", ""},
    {"customer.", "", "", "name,phone,email,birthday,company,kind,owner,to"},
    {"identity.", "kind,value", "", ""},
    {"consent.", "purpose,channel", "", "basis"},
    {"call.", "", "", "direction,agent,next"},
    {"message.", "channel", "", "agent"},
    {"meeting.", "", "", "agent,next"},
    {"visit.", "", "", "agent,next"},
    {"product.viewed", "channel", "", ""},
    {"campaign.defined", "campaign", "cost", "name,starts,ends,currency"},
    {"campaign.", "campaign,variant,channel", "", "touch,offer,order"},
    {"complaint.", "complaint", "", "severity,category,channel,order,agent,reason"},
    {"ticket.", "ticket", "", "severity,category,channel,order,agent,reason"},
    {"survey.", "survey", "score", "about,channel,agent,scale_min,scale_max"},
    {"opportunity.", "opportunity", "amount", "stage,to,from,owner,reason,currency,name,product"},
    {"lead.", "lead", "", "owner,origin,reason,opportunity,product,stage"},
    {"quote.", "quote", "amount", "currency,opportunity,valid_until"},
    {"contract.", "contract", "amount", "currency,opportunity,starts,ends,reason"},
    {"task.", "task", "", "due,owner,about,reason"},
};
#define FAMILY_COUNT (int)(sizeof FAMILIES / sizeof *FAMILIES)
enum { NO_FAMILY = 200, CURRENCY_FAMILY, DAY_FAMILY };

typedef struct {
  Text keys[KEYS_MAX], texts[FIELDS_MAX], amount;
  int key_count, text_count;
  bool is_purchase, has_nested;
} Fields;

typedef struct {
  int64_t count, first, last, amount;
} Tally;

typedef struct {
  Tally tally;
  Text *texts;
} Thing;

// Everything of a customer stands together, so that an event meets few cold places in memory.
typedef struct {
  Intern tallies, things;
} Customer;

typedef struct {
  Intern types, customers;
  Fields fields[FAMILY_COUNT];
  Arena arena;
  uint64_t events;
} Fold;

static int split(const char *names, Text *into) {
  int count = 0;
  while (*names) {
    size_t length = strcspn(names, ",");
    into[count++] = (Text){names, (uint32_t)length};
    names += length + (names[length] == ',');
  }
  return count;
}

static Fold *make_fold(void) {
  Fold *fold = calloc(1, sizeof *fold);
  fold->types.body_bytes = 1;
  fold->customers.body_bytes = sizeof(Customer);
  for (int i = 0; i < FAMILY_COUNT; i++) {
    Fields *fields = &fold->fields[i];
    fields->key_count = split(FAMILIES[i].keys, fields->keys);
    fields->text_count = split(FAMILIES[i].texts, fields->texts);
    fields->amount = (Text){FAMILIES[i].amount, (uint32_t)strlen(FAMILIES[i].amount)};
    fields->is_purchase = !strcmp(FAMILIES[i].prefix, "purchase.");
    fields->has_nested = !strcmp(FAMILIES[i].prefix, "customer.");
  }
  return fold;
}

static uint8_t family_of(Text type) {
  for (int i = 0; i < FAMILY_COUNT; i++) {
    size_t length = strlen(FAMILIES[i].prefix);
    if (type.count >= length && !memcmp(type.bytes, FAMILIES[i].prefix, length)) return (uint8_t)i;
  }
  return NO_FAMILY;
}

static inline int64_t digits(const char *at, int count) {
  int64_t value = 0;
  for (int i = 0; i < count; i++) value = value * 10 + (at[i] - '0');
  return value;
}

// Microseconds since 1970 of YYYY-MM-DDTHH:MM:SS[.f…](Z|±HH:MM).
static int64_t instant(Text text) {
  if (text.count < 20) return 0;
  const char *at = text.bytes, *end = at + text.count;
  int64_t year = digits(at, 4), month = digits(at + 5, 2), day = digits(at + 8, 2);
  year -= month <= 2;
  int64_t of_era = year - year / 400 * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t days = year / 400 * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
  int64_t value = ((days * 24 + digits(at + 11, 2)) * 60 + digits(at + 14, 2)) * 60 + digits(at + 17, 2);
  int64_t fraction = 0, unit = 1000000;
  at += 19;
  if (*at == '.')
    for (at++; at < end && *at >= '0' && *at <= '9'; at++)
      if (unit > 1) fraction = fraction * 10 + (*at - '0'), unit /= 10;
  if (at + 6 <= end && (*at == '+' || *at == '-'))
    value -= (*at == '+' ? 1 : -1) * (digits(at + 1, 2) * 60 + digits(at + 4, 2)) * 60;
  return value * 1000000 + fraction * unit;
}

// A decimal in millionths.
static int64_t decimal(Text text) {
  uint64_t value = 0;
  int decimals = -1;
  bool is_negative = text.count && *text.bytes == '-';
  for (uint32_t i = is_negative; i < text.count; i++) {
    char byte = text.bytes[i];
    if (byte == '.' && decimals < 0) decimals = 0;
    else if (byte < '0' || byte > '9') break;
    else if (decimals < 6) {
      value = value * 10 + (uint64_t)(byte - '0');
      decimals += decimals >= 0;
    }
  }
  for (int i = decimals < 0 ? 0 : decimals; i < 6; i++) value *= 10;
  return is_negative ? -(int64_t)value : (int64_t)value;
}

static inline void add(Tally *tally, int64_t time, int64_t amount) {
  if (!tally->count++) tally->first = time;
  tally->last = time;
  tally->amount += amount;
}

typedef struct {
  Text keys[KEYS_MAX], texts[FIELDS_MAX], amount;
} Found;

static void scan(const Fields *fields, Text data, Found *found) {
  Text key, value;
  for (const char *at = data.bytes; (at = json_member(at, &key, &value));) {
    if (fields->has_nested && *value.bytes == '{') {
      scan(fields, value, found);
      continue;
    }
    if (fields->amount.count && text_is(key, fields->amount)) found->amount = json_text(value);
    for (int i = 0; i < fields->key_count; i++)
      if (text_is(key, fields->keys[i])) found->keys[i] = json_text(value);
    for (int i = 0; i < fields->text_count; i++)
      if (text_is(key, fields->texts[i])) found->texts[i] = json_text(value);
  }
}

// What belongs to a customer, is of a family and has a name.
static Thing *find(Fold *fold, Customer *customer, uint8_t family, const Text *names, int count) {
  char key[1024];
  uint32_t length = 1;
  key[0] = (char)family;
  for (int i = 0; i < count; i++) {
    uint32_t part = names[i].count > 300 ? 300 : names[i].count;
    if (part) memcpy(key + length, names[i].bytes, part);
    length += part;
    key[length++] = 0;
  }
  return (Thing *)intern(&customer->things, &fold->arena, (Text){key, length})->body;
}

static void fold_data(Fold *fold, Customer *customer, uint8_t family, int64_t time, Text data) {
  const Fields *fields = &fold->fields[family];
  Found found;
  memset(&found, 0, sizeof found);
  scan(fields, data, &found);
  int64_t amount = decimal(found.amount);
  if (fields->is_purchase) {
    add(&find(fold, customer, CURRENCY_FAMILY, &found.texts[0], 1)->tally, time, amount);
    int64_t day = time / 86400000000ll;
    Text name = {(const char *)&day, sizeof day};
    add(&find(fold, customer, DAY_FAMILY, &name, 1)->tally, time, amount);
  }
  Thing *thing = find(fold, customer, family, found.keys, fields->key_count);
  add(&thing->tally, time, amount);
  if (!thing->texts && fields->text_count)
    thing->texts = arena_take(&fold->arena, (size_t)fields->text_count * sizeof(Text));
  for (int i = 0; i < fields->text_count; i++)
    if (found.texts[i].count && !text_is(found.texts[i], thing->texts[i]))
      thing->texts[i] = arena_copy(&fold->arena, found.texts[i]);
}

static void fold_event(Fold *fold, Text subject, Text type, Text time_text, Text data) {
  uint32_t known = fold->types.count;
  Entry *kind = intern(&fold->types, &fold->arena, type);
  uint8_t *family = (uint8_t *)kind->body;
  if (fold->types.count != known) *family = family_of(type);
  Customer *customer = (Customer *)intern(&fold->customers, &fold->arena, subject)->body;
  if (!customer->things.body_bytes) {
    customer->tallies.body_bytes = sizeof(Tally);
    customer->things.body_bytes = sizeof(Thing);
  }
  int64_t time = instant(time_text);
  Text name = {(const char *)&kind->number, sizeof kind->number};
  add((Tally *)intern(&customer->tallies, &fold->arena, name)->body, time, 0);
  fold->events++;
  if (*family != NO_FAMILY) fold_data(fold, customer, *family, time, data);
}

static uint64_t digest_of(const Intern *table, uint64_t digest) {
  for (uint32_t i = 0; i < table->count; i++)
    digest = digest * 31 + hash_of((Text){table->entries[i]->body, sizeof(Tally)});
  return digest;
}

// The same for every system that was given the same events in the same order.
static uint64_t fold_digest(const Fold *fold) {
  uint64_t digest = fold->events;
  for (uint32_t i = 0; i < fold->customers.count; i++) {
    const Customer *customer = (const Customer *)fold->customers.entries[i]->body;
    digest = digest_of(&customer->things, digest_of(&customer->tallies, digest));
  }
  return digest | 1;
}
#endif

// Reads the members of a JSON object that is known to be whole: for events that the benchmark made itself.
#ifndef PEERS_JSON_H
#define PEERS_JSON_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  const char *bytes;
  uint32_t count;
} Text;

static inline bool text_is(Text text, Text other) {
  return text.count == other.count && !memcmp(text.bytes, other.bytes, text.count);
}

static inline const char *json_blank(const char *at) {
  while (*at == ' ' || *at == '\t' || *at == '\r') at++;
  return at;
}

// Behind the string that begins at `at`.
static inline const char *json_string_end(const char *at) {
  for (at++; *at && *at != '"'; at++)
    if (*at == '\\' && at[1]) at++;
  return *at ? at + 1 : at;
}

// Behind the value that begins at `at`.
static inline const char *json_value_end(const char *at) {
  if (*at == '"') return json_string_end(at);
  if (*at != '{' && *at != '[') {
    while (*at && *at != ',' && *at != '}' && *at != ']' && *at != ' ') at++;
    return at;
  }
  int depth = 0;
  while (*at) {
    char byte = *at;
    if (byte == '"') {
      at = json_string_end(at);
      continue;
    }
    at++;
    depth += byte == '{' || byte == '[';
    depth -= byte == '}' || byte == ']';
    if (!depth) break;
  }
  return at;
}

// The next member of an object; `at` is its brace or the end of the member before. NULL behind the last.
// A key comes without quotes, a value as it stands.
static inline const char *json_member(const char *at, Text *key, Text *value) {
  at = json_blank(at + (*at == '{'));
  if (*at == ',') at = json_blank(at + 1);
  if (*at != '"') return NULL;
  const char *end = json_string_end(at);
  *key = (Text){at + 1, (uint32_t)(end - at - 2)};
  at = json_blank(end);
  if (*at != ':') return NULL;
  at = json_blank(at + 1);
  end = json_value_end(at);
  *value = (Text){at, (uint32_t)(end - at)};
  return end;
}

// A string's inside (escapes stay as they are), a number's digits; nothing of anything else.
static inline Text json_text(Text value) {
  if (value.count >= 2 && *value.bytes == '"') return (Text){value.bytes + 1, value.count - 2};
  if (value.count && (*value.bytes == '-' || (*value.bytes >= '0' && *value.bytes <= '9'))) return value;
  return (Text){"", 0};
}
#endif

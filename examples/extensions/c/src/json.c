#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const json NONE = {NULL, NULL};

static const char *skip_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at += 1;
  return at;
}

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

static int hex_digit(char byte) {
  if (is_digit(byte)) return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

// Checking. The nesting is kept in a text, not on the stack: it may be as deep as it likes.

typedef struct {
  const char *at;
  const char *end;
  const char *why;
  text nesting;
} check;

static bool fail(check *check, const char *why) {
  check->why = why;
  return false;
}

/** How many bytes one character of UTF-8 has, 0 if it is none: not overlong, no half of a pair, not beyond Unicode. */
static size_t utf8_length(const char *at, const char *end) {
  const unsigned char *bytes = (const unsigned char *)at;
  size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xc2 ? 0 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : bytes[0] < 0xf5 ? 4 : 0;
  if (length > (size_t)(end - at)) return 0;
  for (size_t index = 1; index < length; index += 1) {
    if ((bytes[index] & 0xc0) != 0x80) return 0;
  }
  if (bytes[0] == 0xe0 && bytes[1] < 0xa0) return 0;
  if (bytes[0] == 0xed && bytes[1] >= 0xa0) return 0;
  if (bytes[0] == 0xf0 && bytes[1] < 0x90) return 0;
  if (bytes[0] == 0xf4 && bytes[1] >= 0x90) return 0;
  return length;
}

static bool check_escape(check *check) {
  check->at += 1;
  if (check->at == check->end) return fail(check, "the text ends within a string");
  char letter = *check->at++;
  if (letter != 'u') return strchr("\"\\/bfnrt", letter) && letter != '\0' ? true : fail(check, "an escape that there is not");
  for (int digit = 0; digit < 4; digit += 1) {
    if (check->at == check->end || hex_digit(*check->at) < 0) return fail(check, "\\u needs four hexadecimal digits");
    check->at += 1;
  }
  return true;
}

static bool check_string(check *check) {
  if (check->at == check->end || *check->at != '"') return fail(check, "a string was expected");
  check->at += 1;
  while (check->at < check->end) {
    char byte = *check->at;
    if (byte == '"') {
      check->at += 1;
      return true;
    }
    if (byte == '\\') {
      if (!check_escape(check)) return false;
      continue;
    }
    if ((unsigned char)byte < 0x20) return fail(check, "a control character in a string");
    size_t length = utf8_length(check->at, check->end);
    if (length == 0) return fail(check, "a string that is not UTF-8");
    check->at += length;
  }
  return fail(check, "the text ends within a string");
}

static bool check_digits(check *check) {
  if (check->at == check->end || !is_digit(*check->at)) return fail(check, "a digit was expected");
  while (check->at < check->end && is_digit(*check->at)) check->at += 1;
  return true;
}

static bool check_number(check *check) {
  if (*check->at == '-') check->at += 1;
  if (check->at < check->end && *check->at == '0') check->at += 1;
  else if (!check_digits(check)) return false;
  if (check->at < check->end && *check->at == '.') {
    check->at += 1;
    if (!check_digits(check)) return false;
  }
  if (check->at < check->end && (*check->at == 'e' || *check->at == 'E')) {
    check->at += 1;
    if (check->at < check->end && (*check->at == '+' || *check->at == '-')) check->at += 1;
    if (!check_digits(check)) return false;
  }
  return true;
}

static bool check_word(check *check, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(check->end - check->at) < length || memcmp(check->at, word, length) != 0) return fail(check, "a value was expected");
  check->at += length;
  return true;
}

static bool check_scalar(check *check) {
  if (check->at == check->end) return fail(check, "the text ends where a value was expected");
  switch (*check->at) {
    case '"': return check_string(check);
    case 't': return check_word(check, "true");
    case 'f': return check_word(check, "false");
    case 'n': return check_word(check, "null");
    default:
      if (*check->at == '-' || is_digit(*check->at)) return check_number(check);
      return fail(check, "a value was expected");
  }
}

static bool check_key(check *check) {
  check->at = skip_space(check->at, check->end);
  if (!check_string(check)) return false;
  check->at = skip_space(check->at, check->end);
  if (check->at == check->end || *check->at != ':') return fail(check, "a colon was expected");
  check->at += 1;
  return true;
}

/** What may follow a value: the ends of what it lies in, and the comma before the next. Answers whether there is a next. */
static bool check_after(check *check, bool *more) {
  text *nesting = &check->nesting;
  while (nesting->length > 0) {
    check->at = skip_space(check->at, check->end);
    if (check->at == check->end) return fail(check, "the text ends before everything is closed");
    char open = nesting->bytes[nesting->length - 1];
    if (*check->at == ',') {
      check->at += 1;
      *more = true;
      return open == '[' || check_key(check);
    }
    if (*check->at != (open == '[' ? ']' : '}')) return fail(check, open == '[' ? "a comma or ] was expected" : "a comma or } was expected");
    check->at += 1;
    nesting->length -= 1;
  }
  *more = false;
  return true;
}

static bool check_value(check *check) {
  bool more = true;
  while (more) {
    check->at = skip_space(check->at, check->end);
    char open = check->at < check->end ? *check->at : '\0';
    if (open == '{' || open == '[') {
      text_add(&check->nesting, &open, 1);
      check->at = skip_space(check->at + 1, check->end);
      bool empty = check->at < check->end && *check->at == (open == '[' ? ']' : '}');
      if (!empty) {
        if (open == '{' && !check_key(check)) return false;
        continue;
      }
    } else if (!check_scalar(check)) {
      return false;
    }
    if (!check_after(check, &more)) return false;
  }
  return true;
}

json json_check(const char *bytes, size_t length, json_problem *problem) {
  const char *end = bytes + length;
  check check = {.at = bytes, .end = end};
  const char *begin = skip_space(bytes, end);
  bool good = check_value(&check);
  json value = {begin, check.at};
  if (good && skip_space(check.at, end) != end) good = fail(&check, "nothing may follow the value");
  text_clear(&check.nesting);
  if (good) return value;
  *problem = (json_problem){check.why, (size_t)(check.at - bytes)};
  return NONE;
}

// Walking: from here on the text is known to be JSON.

static const char *string_end(const char *at) {
  for (at += 1; *at != '"'; at += 1) {
    if (*at == '\\') at += 1;
  }
  return at + 1;
}

static json value_at(const char *begin, const char *end) {
  const char *at = begin;
  if (*at == '"') return (json){begin, string_end(at)};
  if (*at != '{' && *at != '[') {
    while (at < end && strchr(",]} \n\r\t", *at) == NULL) at += 1;
    return (json){begin, at};
  }
  size_t depth = 0;
  do {
    char byte = *at;
    if (byte == '"') {
      at = string_end(at);
      continue;
    }
    if (byte == '{' || byte == '[') depth += 1;
    if (byte == '}' || byte == ']') depth -= 1;
    at += 1;
  } while (depth > 0);
  return (json){begin, at};
}

bool json_is_object(json value) {
  return value.begin != NULL && *value.begin == '{';
}

bool json_is_array(json value) {
  return value.begin != NULL && *value.begin == '[';
}

bool json_is_string(json value) {
  return value.begin != NULL && *value.begin == '"';
}

bool json_equals(json value, const char *written) {
  size_t length = strlen(written);
  return value.begin != NULL && (size_t)(value.end - value.begin) == length && memcmp(value.begin, written, length) == 0;
}

/** What follows a value in its array or object: past the comma or colon, or none at its end. */
static const char *after(const char *at, const char *end) {
  at = skip_space(at, end);
  if (*at == ']' || *at == '}') return NULL;
  return skip_space(at + 1, end);
}

/** The first entry of an array or object, or none. */
static const char *first(json value) {
  const char *at = skip_space(value.begin + 1, value.end);
  return *at == ']' || *at == '}' ? NULL : at;
}

static bool says(json string, const char *words) {
  text decoded = {0};
  json_decode(string, &decoded);
  bool same = decoded.length == strlen(words) && memcmp(decoded.bytes, words, decoded.length) == 0;
  text_clear(&decoded);
  return same;
}

json json_member(json object, const char *name) {
  json found = NONE;
  if (!json_is_object(object)) return found;
  for (const char *at = first(object); at != NULL;) {
    json key = value_at(at, object.end);
    json value = value_at(after(key.end, object.end), object.end);
    if (says(key, name)) found = value;
    at = after(value.end, object.end);
  }
  return found;
}

json json_next(json array, json element) {
  if (!json_is_array(array)) return NONE;
  const char *at = element.begin == NULL ? first(array) : after(element.end, array.end);
  return at == NULL ? NONE : value_at(at, array.end);
}

json json_element(json array, size_t index) {
  json element = json_next(array, NONE);
  for (; index > 0 && element.begin != NULL; index -= 1) element = json_next(array, element);
  return element;
}

static uint32_t four_digits(const char *at) {
  uint32_t number = 0;
  for (int digit = 0; digit < 4; digit += 1) number = number << 4 | (uint32_t)hex_digit(at[digit]);
  return number;
}

static void add_character(text *into, uint32_t code) {
  char bytes[4];
  size_t length = 0;
  if (code < 0x80) {
    bytes[length++] = (char)code;
  } else {
    if (code < 0x800) {
      bytes[length++] = (char)(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        bytes[length++] = (char)(0xe0 | code >> 12);
      } else {
        bytes[length++] = (char)(0xf0 | code >> 18);
        bytes[length++] = (char)(0x80 | (code >> 12 & 0x3f));
      }
      bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    bytes[length++] = (char)(0x80 | (code & 0x3f));
  }
  text_add(into, bytes, length);
}

/** Reads the digits of `\u…`, of two where they are a pair; half a pair says nothing. Answers where it ends. */
static const char *decode_unicode(const char *at, text *into) {
  uint32_t code = four_digits(at);
  at += 4;
  bool high = code >= 0xd800 && code < 0xdc00;
  if (high && at[0] == '\\' && at[1] == 'u') {
    uint32_t low = four_digits(at + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      add_character(into, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
      return at + 6;
    }
  }
  add_character(into, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
  return at;
}

void json_decode(json string, text *into) {
  const char *at = string.begin + 1;
  const char *end = string.end - 1;
  while (at < end) {
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    if (escape == NULL) escape = end;
    text_add(into, at, (size_t)(escape - at));
    if (escape == end) return;
    char letter = escape[1];
    at = escape + 2;
    switch (letter) {
      case 'b': text_add(into, "\b", 1); break;
      case 'f': text_add(into, "\f", 1); break;
      case 'n': text_add(into, "\n", 1); break;
      case 'r': text_add(into, "\r", 1); break;
      case 't': text_add(into, "\t", 1); break;
      case 'u': at = decode_unicode(at, into); break;
      default: text_add(into, &letter, 1);
    }
  }
}

#include "text.h"

#include <stdlib.h>
#include <string.h>

void text_reserve(text *text, size_t more) {
  if (text->capacity - text->length >= more) return;
  size_t capacity = text->length + more;
  if (capacity < 2 * text->capacity) capacity = 2 * text->capacity;
  char *bytes = realloc(text->bytes, capacity);
  if (bytes == NULL) abort();
  text->bytes = bytes;
  text->capacity = capacity;
}

void text_clear(text *text) {
  free(text->bytes);
  *text = (typeof(*text)){0};
}

void text_add(text *text, const char *bytes, size_t length) {
  if (length == 0) return;
  text_reserve(text, length);
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
}

void text_add_string(text *text, const char *string) {
  text_add(text, string, strlen(string));
}

void text_add_number(text *text, size_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  text_add(text, digits + at, sizeof digits - at);
}

// Text that grows.

#pragma once

#include <stddef.h>

typedef struct {
  char *bytes;
  size_t length;
  size_t capacity;
} text;

/** Makes room for more bytes; an extension that gets no memory ends, and its host sees why. */
void text_reserve(text *text, size_t more);
void text_clear(text *text);
void text_add(text *text, const char *bytes, size_t length);
void text_add_string(text *text, const char *string);
void text_add_number(text *text, size_t number);

// Reads JSON where it lies. What is checked once can be walked as slices of the text, so whatever an extension does not
// care about stays as it was written: numbers with their digits, strings with their escapes, at any depth.

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/** One value as it is written, without the white space around it; without a beginning it is none. */
typedef struct {
  const char *begin;
  const char *end;
} json;

/** Why a text is not JSON, and where: how many bytes from its beginning. */
typedef struct {
  const char *why;
  size_t at;
} json_problem;

/** The value that a whole text is, or none and the problem. All that follows is for checked text only. */
json json_check(const char *bytes, size_t length, json_problem *problem);

bool json_is_object(json value);
bool json_is_array(json value);
bool json_is_string(json value);
/** Whether a value is written exactly so. */
bool json_equals(json value, const char *written);

/** The member of this name, the last one where there are several; none if there is none, or no object. */
json json_member(json object, const char *name);
/** The element at an index, or none. */
json json_element(json array, size_t index);

/** Goes through the elements of an array: the first after none, and none after the last. */
json json_next(json array, json element);

/** Adds what a string says: UTF-8 without quotes and escapes. */
void json_decode(json string, text *into);

// Glue between an extension and the Extism kernel: the few functions of Extism's C PDK that this example uses, under the
// names they have there, because that PDK is on no package registry. Its own header can take the place of this one.

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t ExtismPointer;

#define EXTISM_IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(name)))
#define EXTISM_EXPORTED_FUNCTION(name) __attribute__((export_name(#name))) name(void)

EXTISM_IMPORT("input_length") extern uint64_t extism_input_length(void);
EXTISM_IMPORT("alloc") extern ExtismPointer extism_alloc(uint64_t length);
EXTISM_IMPORT("output_set") extern void extism_output_set(ExtismPointer output, uint64_t length);
EXTISM_IMPORT("error_set") extern void extism_error_set(ExtismPointer message);
EXTISM_IMPORT("log_info") extern void extism_log_info(ExtismPointer message);

EXTISM_IMPORT("input_load_u8") extern uint8_t extism_glue_input_load_u8(uint64_t at);
EXTISM_IMPORT("input_load_u64") extern uint64_t extism_glue_input_load_u64(uint64_t at);
EXTISM_IMPORT("store_u8") extern void extism_glue_store_u8(ExtismPointer at, uint8_t byte);
EXTISM_IMPORT("store_u64") extern void extism_glue_store_u64(ExtismPointer at, uint64_t eight);

// The kernel's memory is not the extension's: everything is copied through calls, so eight bytes at a time.

static inline void extism_load_input(void *into, size_t length) {
  char *bytes = (char *)into;
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t eight = extism_glue_input_load_u64(at);
    memcpy(bytes + at, &eight, 8);
  }
  for (; at < length; at += 1) bytes[at] = (char)extism_glue_input_load_u8(at);
}

static inline void extism_store(ExtismPointer into, const void *from, size_t length) {
  const char *bytes = (const char *)from;
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t eight;
    memcpy(&eight, bytes + at, 8);
    extism_glue_store_u64(into + at, eight);
  }
  for (; at < length; at += 1) extism_glue_store_u8(into + at, (uint8_t)bytes[at]);
}

/** A block in the kernel's memory with this text; an extension that gets none has outgrown its memory and ends. */
static inline ExtismPointer extism_alloc_string(const char *text, size_t length) {
  ExtismPointer block = extism_alloc(length);
  if (block == 0 && length > 0) __builtin_trap();
  extism_store(block, text, length);
  return block;
}

#ifdef __cplusplus
}
#endif

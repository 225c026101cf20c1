// A Morphir extension that documents what is not documented. The exports are those of the protocol: `initialize`,
// `capabilities`, and the methods `transform` and `echo`. Each answers 0, or 1 and an error: one sentence that says what is wrong.

#include <stdbool.h>
#include <stdlib.h>

#include "../glue/extism-pdk.h"
#include "document.h"
#include "json.h"
#include "text.h"

/** What a call works on; whatever becomes of the call, it is given back at its end. */
typedef struct {
  char *input;
  size_t length;
  text output, log, problem;
} call;

static call begin(void) {
  size_t length = (size_t)extism_input_length();
  call call = {.input = malloc(length + 1), .length = length};
  // Not an error to answer: without memory the extension ends, and its host sees why.
  if (call.input == NULL) abort();
  extism_load_input(call.input, length);
  return call;
}

/** The input as JSON; none, and the problem, if it is not. */
static json read_input(call *call, const char *what) {
  json_problem problem;
  json value = json_check(call->input, call->length, &problem);
  if (value.begin == NULL) {
    text_add_string(&call->problem, what);
    text_add_string(&call->problem, " not JSON: ");
    text_add_string(&call->problem, problem.why);
    text_add_string(&call->problem, ", at byte ");
    text_add_number(&call->problem, problem.at);
  }
  return value;
}

static void answer(const char *bytes, size_t length) {
  extism_output_set(extism_alloc_string(bytes, length), length);
}

static int32_t end(call *call, bool good) {
  if (good) {
    if (call->log.length > 0) extism_log_info(extism_alloc_string(call->log.bytes, call->log.length));
    answer(call->output.bytes, call->output.length);
  } else {
    extism_error_set(extism_alloc_string(call->problem.bytes, call->problem.length));
  }
  free(call->input);
  text_clear(&call->output);
  text_clear(&call->log);
  text_clear(&call->problem);
  return good ? 0 : 1;
}

int32_t EXTISM_EXPORTED_FUNCTION(initialize) {
  call call = begin();
  json config = read_input(&call, "config is");
  bool good = config.begin != NULL && configure(config, &call.problem);
  text_add_string(&call.output, "{\"status\":\"ready\"}");
  return end(&call, good);
}

int32_t EXTISM_EXPORTED_FUNCTION(capabilities) {
  static const char CAPABILITIES[] = {
#embed "capabilities.json"
  };
  answer(CAPABILITIES, sizeof CAPABILITIES);
  return 0;
}

int32_t EXTISM_EXPORTED_FUNCTION(transform) {
  call call = begin();
  json params = read_input(&call, "params are");
  bool good = params.begin != NULL && document(params, &call.output, &call.log, &call.problem);
  return end(&call, good);
}

int32_t EXTISM_EXPORTED_FUNCTION(echo) {
  call call = begin();
  bool good = read_input(&call, "params are").begin != NULL;
  text_add(&call.output, call.input, call.length);
  return end(&call, good);
}

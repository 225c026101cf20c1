// A Morphir extension that documents what is not documented. The exports are those of the protocol: `initialize`,
// `capabilities`, and the methods `transform` and `echo`. Each answers 0, or 1 and an error: one sentence that says what is wrong.

#include <expected>
#include <string>
#include <string_view>

#include "../glue/extism-pdk.h"
#include "document.hpp"
#include "json.hpp"

namespace {

using Answer = std::expected<std::string, Problem>;

const std::string NOT_DOCUMENTED = "\"Not documented yet.\"";

/** The text for modules without one, as JSON; in the instance's memory from `initialize` on. */
std::string defaultText;

std::string input() {
  std::string bytes(extism_input_length(), '\0');
  extism_load_input(bytes.data(), bytes.size());
  return bytes;
}

void output(std::string_view bytes) {
  extism_output_set(extism_alloc_string(bytes.data(), bytes.size()), bytes.size());
}

/** One call: from its input, which has to be JSON, to its output or its error. */
template <typename Method> int32_t run(std::string_view what, Method method) {
  const std::string text = input();
  const auto value = Json::parse(text);
  const Answer answer =
      value ? method(*value, text) : std::unexpected(Problem(what).append(" not JSON: ").append(value.error()));
  if (answer) output(*answer);
  else extism_error_set(extism_alloc_string(answer.error().data(), answer.error().size()));
  return answer ? 0 : 1;
}

} // namespace

extern "C" {

int32_t EXTISM_EXPORTED_FUNCTION(initialize) {
  return run("config is", [](const Json &config, const std::string &) -> Answer {
    if (!config.isObject()) return std::unexpected("config must be an object");
    const auto own = documentationOf(config);
    if (!own) return std::unexpected(own.error());
    defaultText = own->value_or(NOT_DOCUMENTED);
    return "{\"status\":\"ready\"}";
  });
}

int32_t EXTISM_EXPORTED_FUNCTION(capabilities) {
  static constexpr char CAPABILITIES[] = {
#embed "capabilities.json"
  };
  output({CAPABILITIES, sizeof CAPABILITIES});
  return 0;
}

int32_t EXTISM_EXPORTED_FUNCTION(transform) {
  return run("params are", [](const Json &params, const std::string &) -> Answer {
    const auto documented = document(params, defaultText);
    if (!documented) return std::unexpected(documented.error());
    extism_log_info(extism_alloc_string(documented->line.data(), documented->line.size()));
    return documented->output;
  });
}

int32_t EXTISM_EXPORTED_FUNCTION(echo) {
  return run("params are", [](const Json &, const std::string &text) -> Answer { return text; });
}
}

// Documents the modules of a Morphir IR that have no documentation.

#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "json.hpp"

/** A sentence that says what is wrong. */
using Problem = std::string;

/** The documentation that a config or options ask for, as JSON, if they do. */
std::expected<std::optional<std::string>, Problem> documentationOf(const Json &object);

struct Documented {
  std::string output;
  /** A line for the log. */
  std::string line;
};

/** `{"ir", "options"?}` → `{"transformed", "documented", "output"}`; `text`, as JSON, is for modules without one. */
std::expected<Documented, Problem> document(const Json &params, const std::string &text);

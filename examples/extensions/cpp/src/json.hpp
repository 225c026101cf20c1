// An index of a JSON text: which values there are, and where each is written. What an extension does not care about is copied from
// the text, and so stays as it is: numbers with their digits, strings with their escapes.

#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#define JSON_DIAGNOSTIC_POSITIONS 1
#define JSON_NO_IO 1
#include <nlohmann/json.hpp>

class Json {
public:
  /** Reads a whole text, which has to outlive what it answers; or says why it is not JSON. */
  static std::expected<Json, std::string> parse(std::string_view text);

  bool isObject() const { return value->is_object(); }
  bool isArray() const { return value->is_array(); }
  bool isString() const { return value->is_string(); }
  bool isNull() const { return value->is_null(); }
  /** What a string says. */
  const std::string &string() const { return value->get_ref<const std::string &>(); }
  bool says(std::string_view words) const { return isString() && string() == words; }

  /** As JSON once more. */
  std::string dump() const { return value->dump(); }
  /** How it is written; not for a string with escapes, whose length the library takes for that of what it says. */
  std::string_view written() const { return text.substr(value->start_pos(), value->end_pos() - value->start_pos()); }

  /** The member of this name; none if there is none, or no object. */
  std::optional<Json> member(const char *name) const;
  /** The elements of an array; none of anything else. */
  std::vector<Json> elements() const;

private:
  using Value = nlohmann::json;

  Json(std::string_view text, std::shared_ptr<const Value> value) : text(text), value(std::move(value)) {}
  /** A part of this one, which it keeps alive. */
  Json part(const Value &inner) const { return {text, {value, &inner}}; }

  std::string_view text;
  std::shared_ptr<const Value> value;
};

#include "json.hpp"

namespace {

/** Reads a text again that is not JSON, to know why: without exceptions the reader itself does not tell. */
class Why : public nlohmann::json_sax<nlohmann::json> {
public:
  std::string sentence;

  bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &problem) override {
    const std::string_view what = problem.what();
    // Without the library's own number in front, and without the text behind, which need not be text at all.
    const auto begin = what.find("] ") + 2;
    sentence = what.substr(begin, what.find("; last read") - begin);
    return false;
  }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t &) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
};

/** Types and values, the bulk of an IR, are checked but not kept. */
bool keep(int, nlohmann::json::parse_event_t event, nlohmann::json &parsed) {
  return event != nlohmann::json::parse_event_t::key || (parsed != "types" && parsed != "values");
}

} // namespace

std::expected<Json, std::string> Json::parse(std::string_view text) {
  auto value = Value::parse(text, keep, false);
  if (!value.is_discarded()) return Json(text, std::make_shared<const Value>(std::move(value)));
  Why why;
  Value::sax_parse(text, &why);
  return std::unexpected(why.sentence);
}

std::optional<Json> Json::member(const char *name) const {
  const auto found = value->find(name);
  return found == value->end() ? std::nullopt : std::optional(part(*found));
}

std::vector<Json> Json::elements() const {
  std::vector<Json> elements;
  if (!isArray()) return elements;
  for (const auto &element : *value) elements.push_back(part(element));
  return elements;
}

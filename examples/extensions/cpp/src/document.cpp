#include "document.hpp"

namespace {

std::unexpected<Problem> noModules(std::string_view why) {
  return std::unexpected(Problem("the IR has no modules: ").append(why));
}

/** A package's path as people write it: [["tide","water"],["u","s"]] is TideWater.US. Nothing if it is no path. */
std::optional<std::string> nameOf(const Json &path) {
  if (!path.isArray()) return std::nullopt;
  std::string name;
  for (const auto &part : path.elements()) {
    if (!part.isArray()) return std::nullopt;
    if (!name.empty()) name += '.';
    for (const auto &word : part.elements()) {
      if (!word.isString()) return std::nullopt;
      std::string capitalized = word.string();
      // The words of names are ASCII; a letter of another script stays as it is.
      if (!capitalized.empty() && capitalized[0] >= 'a' && capitalized[0] <= 'z') capitalized[0] -= 'a' - 'A';
      name += capitalized;
    }
  }
  return name;
}

/** What defines a module: `[modulePath, {"access", "value": {"types", "values", "doc"?}}]`. */
std::optional<Json> definitionOf(const Json &module) {
  const auto parts = module.elements();
  const auto definition = parts.size() > 1 ? parts[1].member("value") : std::nullopt;
  return definition && definition->isObject() ? definition : std::nullopt;
}

/** An IR as it is copied: with the text where a module has none. */
class Copy {
public:
  Copy(std::string_view source, std::string text) : source(source), text(std::move(text)), rest(source.data()) {
    output.reserve(source.size() + 1024);
  }

  /** `["Library", packagePath, dependencies, {"modules": […]}]`; answers the line for the log. */
  std::expected<std::string, Problem> library(const std::optional<Json> &distribution) {
    if (!distribution || !distribution->isArray()) return noModules("its distribution is not a list");
    const auto parts = distribution->elements();
    if (parts.empty() || !parts[0].says("Library")) return noModules("its distribution is not a Library");
    const auto name = parts.size() > 1 ? nameOf(parts[1]) : std::nullopt;
    if (!name) return noModules("its package path is not a list of names");
    const auto modules = parts.size() > 3 ? parts[3].member("modules") : std::nullopt;
    if (!modules || !modules->isArray()) return noModules("its package definition has no list of them");
    std::size_t count = 0;
    for (const auto &entry : modules->elements()) {
      const auto definition = definitionOf(entry);
      if (!definition) {
        return noModules("the entry at index " + std::to_string(count) + " is not a path and a definition");
      }
      module(*definition);
      count += 1;
    }
    return "documented " + std::to_string(documented) + " of " + std::to_string(count) + " modules of " + *name;
  }

  std::string finish() {
    copyUntil(source.data() + source.size());
    return std::move(output);
  }

  std::size_t documented = 0;

private:
  void module(const Json &definition) {
    if (const auto doc = definition.member("doc")) {
      if (!doc->isNull() && !doc->says("")) return;
      const auto written = doc->written();
      copyUntil(written.data());
      output += text;
      rest = written.data() + written.size();
    } else {
      // In front of the other members, if there are any.
      const auto inside = definition.written().substr(1);
      copyUntil(inside.data());
      output.append("\"doc\":").append(text);
      if (inside[inside.find_first_not_of(" \t\r\n")] != '}') output += ',';
    }
    documented += 1;
  }

  void copyUntil(const char *end) {
    output.append(rest, end);
    rest = end;
  }

  std::string_view source;
  std::string text;
  /** What is not copied yet begins here. */
  const char *rest;
  std::string output;
};

} // namespace

std::expected<std::optional<std::string>, Problem> documentationOf(const Json &object) {
  const auto documentation = object.member("documentation");
  if (!documentation) return std::nullopt;
  if (documentation->isString() && !documentation->says("")) return documentation->dump();
  return std::unexpected("documentation must be a text that is not empty");
}

std::expected<Documented, Problem> document(const Json &params, const std::string &text) {
  const auto ir = params.member("ir");
  if (!ir || !ir->isObject()) return std::unexpected("params need an \"ir\" that is an object");
  std::optional<std::string> own;
  if (const auto options = params.member("options")) {
    if (!options->isObject()) return std::unexpected("options must be an object");
    const auto read = documentationOf(*options);
    if (!read) return std::unexpected(read.error());
    own = *read;
  }

  Copy copy(ir->written(), own.value_or(text));
  std::string line = "passed through an IR of another format version";
  const auto version = ir->member("formatVersion");
  if (version && version->written() == "3") {
    auto documented = copy.library(ir->member("distribution"));
    if (!documented) return std::unexpected(documented.error());
    line = *documented;
  }
  std::string output = copy.documented > 0 ? "{\"transformed\":true,\"documented\":" : "{\"transformed\":false,\"documented\":";
  output.append(std::to_string(copy.documented)).append(",\"output\":").append(copy.finish()).append("}");
  return Documented{std::move(output), std::move(line)};
}

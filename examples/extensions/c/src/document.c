#include "document.h"

/** As it is written, in its quotes; in the instance's memory from `initialize` on. */
static text default_documentation;

static bool fail(text *problem, const char *sentence) {
  text_add_string(problem, sentence);
  return false;
}

/** The member `documentation`, or none; false if it is not a text that says something. */
static bool read_documentation(json object, json *documentation, text *problem) {
  *documentation = json_member(object, "documentation");
  if (documentation->begin == NULL) return true;
  if (json_is_string(*documentation) && !json_equals(*documentation, "\"\"")) return true;
  return fail(problem, "documentation must be a text that is not empty");
}

bool configure(json config, text *problem) {
  if (!json_is_object(config)) return fail(problem, "config must be an object");
  json documentation;
  if (!read_documentation(config, &documentation, problem)) return false;
  text_clear(&default_documentation);
  if (documentation.begin == NULL) text_add_string(&default_documentation, "\"Not documented yet.\"");
  else text_add(&default_documentation, documentation.begin, (size_t)(documentation.end - documentation.begin));
  return true;
}

/** A package's path as people write it: [["tide","water"],["u","s"]] is TideWater.US. False if it is no path. */
static bool add_path(json path, text *into) {
  if (!json_is_array(path)) return false;
  json none = {0};
  for (json name = json_next(path, none); name.begin != NULL; name = json_next(path, name)) {
    if (!json_is_array(name)) return false;
    if (into->length > 0) text_add_string(into, ".");
    for (json word = json_next(name, none); word.begin != NULL; word = json_next(name, word)) {
      if (!json_is_string(word)) return false;
      size_t first = into->length;
      json_decode(word, into);
      // The words of names are ASCII; a letter of another script would stay as it is.
      if (into->length > first && into->bytes[first] >= 'a' && into->bytes[first] <= 'z') into->bytes[first] -= 'a' - 'A';
    }
  }
  return true;
}

static void copy(text *output, const char *from, const char *until) {
  text_add(output, from, (size_t)(until - from));
}

/** Copies a module's definition up to its end, with the text where it has none. Answers whether it had none. */
static bool document_module(json definition, json documentation, const char **copied, text *output) {
  json doc = json_member(definition, "doc");
  if (doc.begin != NULL && !json_equals(doc, "null") && !json_equals(doc, "\"\"")) return false;
  if (doc.begin != NULL) {
    copy(output, *copied, doc.begin);
    *copied = doc.end;
  } else {
    // In front of the other members, if there are any.
    const char *inside = definition.begin + 1;
    copy(output, *copied, inside);
    text_add_string(output, "\"doc\":");
    *copied = inside;
  }
  copy(output, documentation.begin, documentation.end);
  if (doc.begin == NULL && !json_equals(definition, "{}")) text_add_string(output, ",");
  return true;
}

static bool document_library(json ir, json documentation, text *output, text *log, size_t *documented, text *problem) {
  json distribution = json_member(ir, "distribution");
  if (!json_is_array(distribution)) return fail(problem, "the IR has no modules: its distribution is not a list");
  if (!json_equals(json_element(distribution, 0), "\"Library\"")) return fail(problem, "the IR has no modules: its distribution is not a Library");
  text name = {0};
  if (!add_path(json_element(distribution, 1), &name)) {
    text_clear(&name);
    return fail(problem, "the IR has no modules: its package path is not a list of names");
  }
  json modules = json_member(json_element(distribution, 3), "modules");
  bool good = json_is_array(modules);
  if (!good) fail(problem, "the IR has no modules: its package definition has no list of them");

  const char *copied = ir.begin;
  size_t count = 0;
  json module = {0};
  while (good && (module = json_next(modules, module)).begin != NULL) {
    json definition = json_member(json_element(module, 1), "value");
    if (json_is_object(definition)) {
      count += 1;
      *documented += document_module(definition, documentation, &copied, output);
    } else {
      good = fail(problem, "the IR has no modules: the definition at index ");
      text_add_number(problem, count);
      text_add_string(problem, " is not an object with a value");
    }
  }
  copy(output, copied, ir.end);

  text_add_string(log, "documented ");
  text_add_number(log, *documented);
  text_add_string(log, " of ");
  text_add_number(log, count);
  text_add_string(log, " modules of ");
  text_add(log, name.bytes, name.length);
  text_clear(&name);
  return good;
}

bool document(json params, text *output, text *log, text *problem) {
  json ir = json_member(params, "ir");
  if (!json_is_object(ir)) return fail(problem, "params need an \"ir\" that is an object");
  json options = json_member(params, "options");
  if (options.begin != NULL && !json_is_object(options)) return fail(problem, "options must be an object");
  json documentation;
  if (!read_documentation(options, &documentation, problem)) return false;
  if (documentation.begin == NULL) {
    documentation = (json){default_documentation.bytes, default_documentation.bytes + default_documentation.length};
  }

  text changed = {0};
  text_reserve(&changed, (size_t)(ir.end - ir.begin));
  size_t documented = 0;
  bool good = true;
  if (json_equals(json_member(ir, "formatVersion"), "3")) {
    good = document_library(ir, documentation, &changed, log, &documented, problem);
  } else {
    copy(&changed, ir.begin, ir.end);
    text_add_string(log, "passed through an IR of another format version");
  }
  if (good) {
    text_reserve(output, changed.length + 100);
    text_add_string(output, documented > 0 ? "{\"transformed\":true,\"documented\":" : "{\"transformed\":false,\"documented\":");
    text_add_number(output, documented);
    text_add_string(output, ",\"output\":");
    text_add(output, changed.bytes, changed.length);
    text_add_string(output, "}");
  }
  text_clear(&changed);
  return good;
}

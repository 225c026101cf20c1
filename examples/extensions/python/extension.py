"""A Morphir extension that documents the modules that have no documentation.

The exports are the protocol's `initialize` and `capabilities`, and the methods `transform` and `echo`.
"""

import extism

TRANSFORM = {
    "name": "transform",
    "description": "Documents the modules that have no documentation",
    "params_schema": {
        "type": "object",
        "required": ["ir"],
        "properties": {
            "ir": {
                "description": "The content of morphir-ir.json; "
                "format version 3 is documented, any other passes through",
                "type": "object",
            },
            "options": {
                "type": "object",
                "properties": {
                    "documentation": {
                        "description": "The text for modules that have none; by default that of the config",
                        "type": "string",
                        "minLength": 1,
                    },
                },
            },
        },
    },
    "return_schema": {
        "type": "object",
        "required": ["transformed", "documented", "output"],
        "properties": {
            "transformed": {"description": "Whether the output differs from the ir", "type": "boolean"},
            "documented": {"description": "How many modules got the text", "type": "integer", "minimum": 0},
            "output": {"description": "The IR, as it came except for the documentation", "type": "object"},
        },
    },
}

ECHO = {
    "name": "echo",
    "description": "Answers its params",
    "params_schema": {"description": "Any JSON"},
    "return_schema": {"description": "The params"},
}

NOT_DOCUMENTED = "Not documented yet."

# The text for undocumented modules when the call has none; in the instance's memory from `initialize` on.
default_text = NOT_DOCUMENTED


@extism.plugin_fn
def initialize():
    global default_text
    config = read_input("config is")
    if not isinstance(config, dict):
        raise Exception("config must be an object")
    default_text = documentation(config, NOT_DOCUMENTED)
    extism.output_json({"status": "ready"})


@extism.plugin_fn
def capabilities():
    extism.output_json([TRANSFORM, ECHO])


@extism.plugin_fn
def echo():
    """Answers its params as they came."""
    read_input("params are")
    extism.output_str(extism.input_str())


@extism.plugin_fn
def transform():
    """Documents the modules of the params' ir."""
    params = read_input("params are")
    ir = params.get("ir") if isinstance(params, dict) else None
    if not isinstance(ir, dict):
        raise Exception('params need an "ir" that is an object')
    options = params.get("options", {})
    if not isinstance(options, dict):
        raise Exception("options must be an object")
    text = documentation(options, default_text)

    documented = 0
    if is_version_3(ir):
        package, definitions = read_modules(ir)
        for definition in definitions:
            if not definition.get("doc"):
                definition["doc"] = text
                documented += 1
        message = f"documented {documented} of {len(definitions)} modules of {package}"
    else:
        message = "passed through an IR of another format version"
    extism.log(extism.LogLevel.Info, message)
    extism.output_json({"transformed": documented > 0, "documented": documented, "output": ir})


def read_input(what):
    try:
        return extism.input_json()
    except ValueError as error:
        raise Exception(f"{what} not JSON: {error}") from None


def documentation(settings, otherwise):
    """The text that a config or a call's options ask for, or another if they do not."""
    if "documentation" not in settings:
        return otherwise
    text = settings["documentation"]
    if not isinstance(text, str) or text == "":
        raise Exception("documentation must be a text that is not empty")
    return text


def is_version_3(ir):
    version = ir.get("formatVersion")
    return version == 3 and not isinstance(version, bool)


def read_modules(ir):
    """The package's name as people write it, and the definition of each of its modules."""
    match ir.get("distribution"):
        case ["Library", list(path), _, {"modules": list(modules)}] if is_path(path):
            return name(path), [read_definition(at, module) for at, module in enumerate(modules)]
    raise Exception("the IR has no modules: the distribution is not a Library with a path, dependencies and a package")


def read_definition(at, module):
    match module:
        case [_, {"value": dict(definition)}] if isinstance(definition.get("doc"), str | None):
            return definition
    raise Exception(f"the IR has no modules: what is in the place of module {at} is none")


def is_path(path):
    return all(isinstance(words, list) and all(isinstance(word, str) for word in words) for words in path)


def name(path):
    """[["tidewater"], ["chartering"]] is Tidewater.Chartering."""
    return ".".join("".join(word[:1].upper() + word[1:] for word in words) for words in path)

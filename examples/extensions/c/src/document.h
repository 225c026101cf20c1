// Documents the modules of a Morphir IR that have no documentation.

#pragma once

#include <stdbool.h>

#include "json.h"
#include "text.h"

/** Takes the default text from a config: a JSON object. */
bool configure(json config, text *problem);

/** `{"ir", "options"?}` → `{"transformed", "documented", "output"}`, and a line for the log where there is something to say. */
bool document(json params, text *output, text *log, text *problem);

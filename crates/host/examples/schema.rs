//! Prints the JSON Schema of configuration files: `npm run schema` keeps it in `schema/`.

use std::io::{self, Write};

use morphir_extension_host::config_schema;

fn main() -> io::Result<()> {
    writeln!(io::stdout(), "{:#}", config_schema())
}

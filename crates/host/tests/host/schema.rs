//! What the package gives editors is made from what the host reads.

use std::fs;
use std::path::Path;

use morphir_extension_host::config_schema;
use serde_json::Value;

#[test]
fn the_schema_that_is_published_is_the_one_of_the_host() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/morphir-extensions.schema.json");
    let published: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(published, config_schema(), "npm run schema writes it anew");
}

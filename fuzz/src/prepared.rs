//! What holds for every prepared module.

use morphir_extension_host::fuzzing::{FEATURES, KERNEL_PAGES, MAX_TABLE_ELEMENTS};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef, Validator};

const PAGE: u64 = 65_536;
/// Where a prepared module's imports come from.
const NAMESPACES: [&str; 3] = ["extism:host/env", "wasi_snapshot_preview1", "morphir:host/prepared"];
/// What the engine would call by itself.
const START_UP: [&str; 3] = ["_initialize", "__wasm_call_ctors", "hs_init"];

/// Panics where a prepared module does not keep what the prepare step promises: it is valid, runs nothing by itself, and
/// cannot grow past its grant.
pub fn check_prepared(module: &[u8], max_memory: u64) {
    let types = match Validator::new_with_features(FEATURES).validate_all(module) {
        Ok(types) => types,
        Err(error) => panic!("the prepared module is not valid: {error}"),
    };
    let types = types.as_ref();
    let (mut elements, mut growing) = (0_u64, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("a valid module") {
            Payload::ImportSection(reader) => {
                for import in reader.into_imports() {
                    let import = import.expect("a valid module");
                    assert!(NAMESPACES.contains(&import.module), "an import from {}", import.module);
                    assert!(matches!(import.ty, TypeRef::Func(_)), "the import {} is not a function", import.name);
                }
            }
            Payload::TableSection(reader) => {
                for table in reader {
                    let maximum = table.expect("a valid module").ty.maximum;
                    elements += maximum.expect("a table has a maximum");
                }
            }
            Payload::MemorySection(reader) => {
                for memory in reader {
                    let maximum = memory.expect("a valid module").maximum.expect("a memory has a maximum");
                    // One page more than it can ever have: the engine refuses to grow a memory to its maximum.
                    assert!(maximum <= max_memory / PAGE - KERNEL_PAGES + 1, "a memory of up to {maximum} pages");
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export.expect("a valid module");
                    assert!(!START_UP.contains(&export.name), "the export {}", export.name);
                    match export.kind {
                        ExternalKind::Memory => assert_eq!(export.name, "memory"),
                        ExternalKind::Func => {
                            let ty = types[types.core_function_at(export.index)].unwrap_func();
                            assert!(ty.params().is_empty() && ty.results().is_empty(), "{} is {ty}", export.name);
                        }
                        other => panic!("the export {} is a {other:?}", export.name),
                    }
                }
            }
            Payload::StartSection { .. } => panic!("a start section is left"),
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader().expect("a valid module") {
                    growing += u32::from(matches!(operator.expect("a valid module"), Operator::MemoryGrow { .. }));
                }
            }
            _ => {}
        }
    }
    assert!(elements <= MAX_TABLE_ELEMENTS, "tables of up to {elements} elements");
    assert!(growing <= 1, "memory.grow in {growing} places");
}

//! The prepare step: any bytes, and modules that were generated and then broken. It answers a typed error, or a module that
//! keeps what it promises.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use morphir_extension_host::fuzzing::prepare;
use morphir_extension_host::{ErrorCode, ExtensionError};
use morphir_extension_host_fuzz::{Edit, MAGIC, check_prepared, generate, mutate};

const MAX_MEMORY: u64 = 64 * 1024 * 1024;
const MAX_OUTPUT: u64 = 1024 * 1024;
/// Some modules start with more than they are granted.
const MOST_MEMORY: u64 = 80 * 1024 * 1024;
const MOST_ELEMENTS: u64 = 400_000;

fuzz_target!(|input: &[u8]| {
    if input.starts_with(MAGIC) {
        check(input);
    } else {
        let _ = check_generated(&mut Unstructured::new(input));
    }
});

fn check_generated(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    // First what generating would leave nothing of: it takes all the input there is.
    let (edits, shape): (Vec<Edit>, _) = (input.arbitrary()?, input.arbitrary()?);
    let mut module = generate(input, shape, MOST_MEMORY, MOST_ELEMENTS)?;
    if let Some(error) = check(&module) {
        assert_eq!(error.code(), ErrorCode::MemoryLimit, "a valid module was refused: {error}");
    }
    mutate(&mut module, &edits);
    check(&module);
    Ok(())
}

/// Answers why the module was refused, if it was.
fn check(module: &[u8]) -> Option<ExtensionError> {
    match prepare(module, MAX_MEMORY, MAX_OUTPUT) {
        Ok(prepared) => {
            check_prepared(&prepared, MAX_MEMORY);
            let again = prepare(module, MAX_MEMORY, MAX_OUTPUT).expect("what was prepared once");
            assert!(prepared == again, "the same module was prepared in two ways");
            None
        }
        Err(error) => {
            assert!(matches!(error.code(), ErrorCode::InvalidSource | ErrorCode::MemoryLimit), "{error}");
            assert!(!error.message().is_empty(), "an error without a word");
            Some(error)
        }
    }
}

//! Loads and calls: generated modules, and any bytes that start like one, in a host with a neighbour. Each step ends within its
//! limit in an answer or a typed error, the neighbour answers as before, and the process keeps its size.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use morphir_extension_host_fuzz::{MAGIC, Sandbox, check_resident, generate};

/// More than a stranger is granted: some are refused.
const MOST_MEMORY: u64 = 5 * 1024 * 1024;
const MOST_ELEMENTS: u64 = 10_000;
/// All memory of this process: the fuzzer's corpus and tables, the neighbour, and one stranger of 4 MiB.
const MOST_RESIDENT: u64 = 512 * 1024 * 1024;

std::thread_local! {
    // The fuzzer calls its target on one thread.
    static SANDBOX: Sandbox = Sandbox::new();
}

fuzz_target!(|input: &[u8]| {
    if input.starts_with(MAGIC) {
        attempt(input, &[Vec::new(), b"{}".to_vec(), b"null".to_vec()]);
    } else {
        let _ = attempt_generated(&mut Unstructured::new(input));
    }
});

fn attempt_generated(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let (shape, first, second) = (input.arbitrary()?, input.arbitrary()?, input.arbitrary()?);
    let module = generate(input, shape, MOST_MEMORY, MOST_ELEMENTS)?;
    attempt(&module, &[first, second]);
    Ok(())
}

fn attempt(module: &[u8], inputs: &[Vec<u8>]) {
    SANDBOX.with(|sandbox| sandbox.try_stranger(module, inputs));
    check_resident(MOST_RESIDENT);
}

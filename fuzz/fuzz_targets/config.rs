//! Configuration: any text as JSON. It answers a typed error, or a configuration whose every limit is within bounds.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use morphir_extension_host::{
    ErrorCode, ExtensionConfig, Host, HostOptions, MAX_EXECUTION_TIME, MAX_INSTANCES, MAX_MEMORY, MIN_MEMORY, Outcome,
    Slots,
};

static HOST: LazyLock<Host> =
    LazyLock::new(|| Host::new(HostOptions { cache: None, slots: Arc::new(Slots::new(1)), log_level: None }));

fuzz_target!(|text: &str| {
    let config = match ExtensionConfig::from_json(text) {
        Ok(config) => config,
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::InvalidConfig, "{error}");
            assert!(!error.message().is_empty(), "an error without a word");
            return;
        }
    };
    // Only what is checked at once: no thread is lent, so no file is read.
    match HOST.load(config.clone()) {
        Ok(ticket) => {
            check(&config);
            let settled = HOST.cancel(ticket).expect("a load that waits can be taken back");
            assert!(
                matches!(&settled.outcome, Outcome::Loaded(Err(error)) if error.code() == ErrorCode::Cancelled),
                "{settled:?}"
            );
            assert!(HOST.next().is_none(), "nothing is left in line");
        }
        Err(error) => {
            assert!(matches!(error.code(), ErrorCode::InvalidConfig | ErrorCode::InvalidSource), "{error}");
            assert!(!error.message().is_empty(), "an error without a word");
        }
    }
});

fn check(config: &ExtensionConfig) {
    assert!(!config.name.is_empty() && config.name.len() <= 256);
    assert!((1..=MAX_INSTANCES).contains(&config.instances));
    assert_eq!(config.source.kind, "wasm");
    assert!(config.source.path.is_some() && config.source.bytes.is_none(), "JSON names a file");
    let permissions = &config.permissions;
    assert!((MIN_MEMORY..=MAX_MEMORY).contains(&permissions.max_memory));
    assert!((1..=MAX_MEMORY).contains(&permissions.max_output));
    assert!(!permissions.max_execution_time.is_zero() && permissions.max_execution_time <= MAX_EXECUTION_TIME);
    assert_ne!(permissions.max_fuel, Some(0));
    assert!(config.config.as_ref().is_none_or(|config| !config.get().is_empty()));
}

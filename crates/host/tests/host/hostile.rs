//! What hostile guests try, each in a process of its own: whatever it brings down, it brings down there.
//!
//! After each attack a neighbour on the same host answers, and so does the extension itself, where it was loaded at all.

use std::time::{Duration, Instant};

use morphir_extension_host::{ErrorCode, ExtensionConfig, ExtensionId, Lifecycle, Result};
use serde_json::value::RawValue;

use crate::in_own_process;
use crate::support::{TestHost, code, error, guest, module, morphir, peak_memory, plain, text};

const MIB: u64 = 1024 * 1024;
/// The time that each guest is granted.
const LIMIT: Duration = Duration::from_millis(200);
/// How much longer than that an attack may take to settle: the grace of the promise, and some for two busy cores.
const GRACE: Duration = Duration::from_millis(1500);
/// How much more memory the process may take than the guest was granted: the engine, the compiler, and what the host keeps.
const OVERHEAD: u64 = 48 * MIB;

/// A guest that was granted little, and a neighbour to look after.
struct Attack {
    config: ExtensionConfig,
    input: Vec<u8>,
    overhead: u64,
}

fn attack(name: &str) -> Attack {
    let mut config = plain(guest(&format!("hostile/{name}")));
    config.permissions.max_execution_time = LIMIT;
    config.permissions.max_memory = 64 * MIB;
    Attack { config, input: b"input".to_vec(), overhead: OVERHEAD }
}

impl Attack {
    fn with(mut self, change: impl FnOnce(&mut ExtensionConfig)) -> Self {
        change(&mut self.config);
        self
    }

    fn given(mut self, input: &[u8]) -> Self {
        self.input = input.to_vec();
        self
    }

    /// The host's own memory that an attack may cost, where that is known to be more than usual.
    fn costing(mut self, overhead: u64) -> Self {
        self.overhead = overhead;
        self
    }

    /// The load fails.
    fn fails_to_load(self, expected: ErrorCode) {
        let scene = Scene::set();
        let limits = self.limits();
        let since = Instant::now();
        let loaded = scene.host.load(self.config);
        limits.hold(since);
        assert_eq!(code(&loaded), expected, "{loaded:?}");
        scene.is_well();
    }

    /// The load goes well and the call fails, every time.
    fn fails(self, expected: ErrorCode) {
        self.called(|answer| assert_eq!(code(&answer), expected, "{answer:?}"));
    }

    /// Whatever comes of it, it comes in time and costs no one else anything.
    fn comes_to_nothing(self) {
        self.called(|answer| {
            if let Err(error) = answer {
                assert!([Trap, Timeout, MemoryLimit, ExtensionError].contains(&error.code()), "{error:?}");
            }
        });
    }

    /// Nothing fails: the attack came to nothing.
    fn answers(self, expected: &str) {
        let expected = expected.to_owned();
        self.called(move |answer| assert_eq!(text(answer), expected));
    }

    fn called(self, check: impl Fn(Result<Vec<u8>>)) {
        let scene = Scene::set();
        let limits = self.limits();
        let Self { config, input, .. } = self;
        let since = Instant::now();
        let id = scene.host.load(config).expect("it starts well");
        limits.hold(since);
        // Twice: the second time on an instance that had to heal.
        for _ in 0..2 {
            let since = Instant::now();
            let answer = scene.host.call(id, "attack", &input);
            limits.hold(since);
            check(answer);
            assert_eq!(text(scene.host.call(id, "echo", "its own next call")), "its own next call");
            scene.is_well();
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            time: self.config.permissions.max_execution_time + GRACE,
            memory: peak_memory() + self.config.permissions.max_memory + self.overhead,
        }
    }
}

/// What an attack may take at the most.
struct Limits {
    time: Duration,
    memory: u64,
}

impl Limits {
    fn hold(&self, since: Instant) {
        let (took, peak) = (since.elapsed(), peak_memory());
        assert!(took < self.time, "it took {took:?}");
        assert!(peak < self.memory, "the process took {} MiB", peak / MIB);
    }
}

struct Scene {
    host: TestHost,
    neighbour: ExtensionId,
}

impl Scene {
    fn set() -> Self {
        let host = TestHost::new();
        let neighbour = host.load(morphir(guest("echo"))).unwrap();
        let scene = Self { host, neighbour };
        scene.is_well();
        scene
    }

    fn is_well(&self) {
        assert_eq!(text(self.host.call(self.neighbour, "echo", "neighbour")), "neighbour");
        assert_eq!(self.host.host.stats(self.neighbour).unwrap().generation, 1, "the neighbour lost its state");
    }
}

/// One test for each attack, in a process of its own.
macro_rules! attacks {
    ($($(#[$note:meta])* $name:ident: $attack:expr;)+) => {
        $($(#[$note])* #[test] fn $name() { in_own_process! { $attack } })+
    };
}

use ErrorCode::{ExtensionError, InitializationFailed, InvalidSource, MemoryLimit, Timeout, Trap};

attacks! {
    // H2: code that the engine would run by itself, under no limit.
    h2_a_loop_in_the_start_section: attack("loop_in_start").fails_to_load(Timeout);
    h2_a_loop_in_the_reactor: attack("loop_in_reactor").fails_to_load(Timeout);
    h2_a_loop_in_the_constructors: attack("loop_in_constructors").fails_to_load(Timeout);
    h2_a_loop_in_haskells_start: attack("loop_in_haskell").fails_to_load(Timeout);
    h2_a_trap_in_the_start_section: attack("trap_in_start").fails_to_load(InitializationFailed);
    h2_an_exit_in_the_start_section: attack("exit_in_start").fails_to_load(InitializationFailed);
    h2_h6_a_hoard_in_the_start_section: attack("hoard_in_start").fails_to_load(MemoryLimit);
    h2_h3_a_sleep_in_the_start_section: attack("sleep_in_start").answers("");
    h26_talk_in_the_start_section: attack("talk_in_start").answers("2");
    h2_a_loop_in_initialize: started_by("l").fails_to_load(Timeout);
    h2_a_loop_in_capabilities: started_by("L").fails_to_load(Timeout);
    h2_a_hoard_in_initialize: started_by("h").fails_to_load(MemoryLimit);
    h2_a_hoard_in_capabilities: started_by("H").fails_to_load(MemoryLimit);
    h2_a_trap_in_initialize: started_by("t").fails_to_load(InitializationFailed);
    h2_a_trap_in_capabilities: started_by("T").fails_to_load(InitializationFailed);

    // H3: time that the engine does not take back by itself.
    h3_sleep: attack("sleep").answers("");
    h3_sleep_through_a_second_import: attack("sleep_by_second_import").answers("");
    h3_sleep_through_a_table: attack("sleep_by_table").answers("");
    h3_sleep_for_four_billion_events: attack("sleep_for_many").fails(Trap);
    h3_a_loop_of_host_calls: attack("loop_of_host_calls").fails(Timeout);
    h3_a_loop_of_tail_calls: attack("loop_of_tail_calls").fails(Timeout);
    h3_a_loop_of_growth: attack("loop_of_growth").fails(Timeout);
    h3_a_loop_of_fills: attack("loop_of_fills").with(roomy).fails(Timeout);
    h3_a_loop_of_allocations: attack("loop_of_allocations").fails(Timeout);
    h3_a_loop_in_the_kernel: attack("loop_in_kernel").fails(Timeout);
    h3_a_loop_in_the_kernel_on_behalf_of_the_host: attack("loop_in_kernel_for_log").fails(Timeout);

    // H5, H6, H28: memory of every kind.
    h6_h28_memory_until_refused: attack("grow_memory").answers("");
    h5_tables_of_60_million: attack("grow_table").answers("");
    h6_the_grant_twice_over: attack("hoard_twice").with(|config| config.permissions.max_memory = 80 * MIB).fails(MemoryLimit);
    h6_variables_until_refused: attack("hoard_variables").fails(MemoryLimit);
    /// The engine makes random bytes in memory of its own, as many as it is asked for.
    h3_h6_random_bytes_without_end: attack("random_bytes").with(roomy).fails(Timeout);
    h6_more_random_bytes_than_the_engine_makes: attack("random_bytes_too_many").with(roomy).with(patient).answers("");

    // H8: the stack of a thread with the least that a thread may have.
    h8_recursion: attack("recurse").with(patient).fails(Trap);
    h8_recursion_through_the_host: attack("recurse_in_host").with(patient).fails(Trap);
    h8_recursion_through_wasi: attack("recurse_in_wasi").with(patient).fails(Trap);

    // Output and other places in Extism's memory that the host reads.
    output_that_is_too_long: attack("output_too_long").with(|config| config.permissions.max_output = MIB).fails(MemoryLimit);
    output_outside_of_memory: attack("output_outside").comes_to_nothing();
    output_that_wraps_around: attack("output_wraps").fails(MemoryLimit);
    output_through_a_second_import: attack("output_by_second_import").fails(MemoryLimit);
    output_with_a_forged_length: attack("output_forged").comes_to_nothing();
    output_with_a_forged_length_and_nothing_else: attack("output_forged_alone").fails(Trap);
    output_with_a_forged_length_before_an_exit: attack("output_forged_and_exit").comes_to_nothing();
    a_forged_block_as_the_name_of_a_variable: attack("block_forged_for_variable").comes_to_nothing();
    a_forged_block_as_the_value_of_a_variable: attack("block_forged_for_value").comes_to_nothing();
    a_forged_block_as_the_name_of_a_config_entry: attack("block_forged_for_config").comes_to_nothing();
    a_forged_block_as_a_message: attack("block_forged_for_log").comes_to_nothing();
    a_forged_block_as_an_error: attack("block_forged_for_error").comes_to_nothing();
    a_block_outside_of_memory_for_the_host_to_write_to: attack("value_written_outside").comes_to_nothing();
    extisms_memory_overwritten: attack("kernel_overwritten").answers("");
    extisms_memory_misled: attack("kernel_misled").answers("input");
    extisms_memory_misled_by_a_variable: attack("error_forged_by_variable").fails(Trap);
    extisms_memory_reset: attack("kernel_reset").answers("");
    extisms_input_set: attack("kernel_input").fails(MemoryLimit);
    extisms_memory_freed: attack("kernel_freed").answers("input");
    extisms_memory_at_null: attack("kernel_null").answers("input");

    // H12: logs.
    h12_a_flood_of_messages: attack("log_flood").fails(Timeout);
    h12_a_message_of_ten_million_bytes: attack("log_long").with(patient).answers("");
    h12_messages_from_nowhere: attack("log_wild").comes_to_nothing();
    h11_h12_a_flood_of_printing: attack("print_flood").fails(Timeout);
    h3_four_billion_vectors_of_printing: attack("print_vectors").fails(Trap);

    // H7, H32: errors.
    h32_an_error_of_ten_million_bytes: attack("error_long").with(patient).fails(ExtensionError);
    h7_an_error_that_says_timeout: attack("error_imitates").given(b"timeout").fails(ExtensionError);

    // What was not granted.
    the_network: attack("network").fails(Trap);
    files_arguments_and_environment: attack("files").answers("");
    an_exit_with_code_1: attack("exit").given(&[1]).fails(Trap);
    an_exit_with_a_code_that_is_none: attack("exit").given(&[200]).fails(Trap);
    /// What a program answered before it ended well is its answer.
    an_exit_with_code_0: attack("exit").given(&[0]).answers("\0");

    // Morphir's own protocol.
    eight_million_capabilities: attack("capabilities_many")
        .with(|config| {
            config.lifecycle = Lifecycle::Morphir;
            config.permissions.max_memory = 128 * MIB;
            config.permissions.max_execution_time = Duration::from_secs(10);
        })
        // The answer itself, which is within the grant.
        .costing(OVERHEAD + 96 * MIB)
        .fails_to_load(InitializationFailed);
    names_of_the_hosts_own: attack("names_taken").answers("input");
}

/// For attacks that start with a large memory.
fn roomy(config: &mut ExtensionConfig) {
    config.permissions.max_memory = 160 * MIB;
}

/// For attacks on something else than time, which take some on a busy machine.
fn patient(config: &mut ExtensionConfig) {
    config.permissions.max_execution_time = Duration::from_secs(10);
}

/// A guest that starts up as its config says.
fn started_by(letter: &str) -> Attack {
    let config = RawValue::from_string(format!(r#"{{"do":"{letter}"}}"#)).unwrap();
    let mut attack = attack("loop_in_start");
    attack.config = ExtensionConfig { config: Some(config), ..morphir(guest("lifecycle")) };
    attack.config.permissions.max_execution_time = LIMIT;
    attack.config.permissions.max_memory = 64 * MIB;
    attack
}

/// H26: the messages of start-up code are not lost.
#[test]
fn h26_what_start_up_code_logs_arrives() {
    let host = TestHost::new();
    let ticket = host.host.load(plain(guest("hostile/talk_in_start"))).unwrap();
    let messages: Vec<String> = host.wait(ticket).log.into_iter().map(|record| record.message).collect();
    assert_eq!(messages, ["x", "x"]);
}

/// Private exports are nobody's methods, whatever they are called.
#[test]
fn the_hosts_private_exports_cannot_be_called() {
    let host = TestHost::new();
    let id = host.load(plain(guest("hostile/names_taken"))).unwrap();
    assert_eq!(text(host.call(id, "started", "")), "");
    for name in ["morphir:start", "morphir:start'", "morphir:start/0", "morphir:made", "morphir:program", "memory"] {
        assert_eq!(text(host.call(id, name, name)), name, "the guest's own function of that name");
    }
    let names = ["morphir:start''", "morphir:made'", "_start", "_initialize", "__wasm_call_ctors", "hs_init", ""];
    for name in names {
        assert_eq!(code(&host.call(id, name, "")), ErrorCode::MethodNotFound, "{name}");
    }
}

/// H12: however much a guest logs in one call, little is kept, and what was dropped is counted.
#[test]
fn h12_a_flood_of_messages_is_cut_off_and_counted() {
    let host = TestHost::new();
    for (name, method) in [("hostile/log_flood", "attack"), ("hostile/log_long", "attack")] {
        let mut config = plain(guest(name));
        config.permissions.max_execution_time = if name.ends_with("flood") { LIMIT } else { Duration::from_secs(10) };
        let id = host.load(config).unwrap();
        let log = host.wait(host.submit(id, method, "").unwrap()).log;
        let bytes: usize = log.iter().map(|record| record.message.len()).sum();
        assert!(!log.is_empty() && log.len() <= 1001 && bytes <= 257 * 1024, "{name}: {} of {bytes} bytes", log.len());
        let last = &log.last().unwrap().message;
        assert!(name != "hostile/log_flood" || last.contains("were dropped"), "{last}");
    }
}

/// A guest chooses its names, and they come back in messages for people.
#[test]
fn a_name_of_a_hundred_thousand_bytes_stays_out_of_messages() {
    let long = "x".repeat(99_990);
    let host = TestHost::new();
    let id = host
        .load(plain(module(&format!(
            r#"(module (func ${long} (export "{long}") (unreachable)) (func (export "a{long}") (param i32)))"#
        ))))
        .unwrap();
    for method in ["other", &long, &format!("a{long}")] {
        let error = error(host.call(id, method, ""));
        let short = error.message().len();
        assert!(short < 3000, "{} bytes: {}", short, &error.message()[..200]);
    }
}

/// What cannot be loaded at all is refused with one sentence, quickly, and costs nothing lasting.
#[test]
fn h16_what_the_engine_cannot_count_is_refused() {
    let modules = [
        ("threads", r#"(module (memory 1 1 shared) (func (export "f") (drop (i32.atomic.load (i32.const 0)))))"#),
        ("64-bit memory", "(module (memory i64 1))"),
        ("64-bit table", "(module (table i64 1 funcref))"),
        ("two memories", "(module (memory 1) (memory 1))"),
        (
            "garbage collection",
            r#"(module (type (struct (field i32))) (func (export "f") (drop (struct.new_default 0))))"#,
        ),
        (
            "a loop of references",
            "(module (type (array (mut i64))) (func (drop (array.new_default 0 (i32.const -1)))))",
        ),
        ("exceptions", r#"(module (tag $t) (func (export "f") (throw $t)))"#),
        ("typed references", "(module (type $f (func)) (func (param (ref null $f)) (call_ref $f (local.get 0))))"),
        ("wide arithmetic", "(module (func (result i64 i64) (i64.mul_wide_s (i64.const 1) (i64.const 1))))"),
        ("custom pages", "(module (memory 1 (pagesize 1)))"),
        ("stack switching", "(module (type $f (func)) (type $c (cont $f)) (func (param (ref null $c))))"),
        ("a component", "(component)"),
    ];
    let host = TestHost::new();
    for (what, text) in modules {
        let loaded = host.load(plain(module(text)));
        assert_eq!(code(&loaded), InvalidSource, "{what}: {loaded:?}");
    }
}

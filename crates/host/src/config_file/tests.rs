use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{prop_assert, proptest};
use proptest::sample::select;

use super::*;
use crate::config::{DirectoryGrant, Lifecycle};
use crate::dialect::Dialect;
use crate::restart::Restart;

/// The example of the host's first description, as it stands there.
const SEED: &str = r#"[[extensions]]
name = "wasm-optimizer"
enabled = true
protocol = "extism"

[extensions.source]
type = "wasm"
path = "./extensions/optimizer.wasm"

[extensions.permissions]
max_memory = "100MB"
max_execution_time = "5s"
"#;

/// A path beside the file that `parse` reads.
fn beside(path: &str) -> PathBuf {
    std::path::absolute("/project").unwrap().join(path)
}

fn parse(text: &str) -> Vec<Listed> {
    ConfigFile::parse("/project/morphir.toml", text).unwrap().extensions
}

fn config(listed: &Listed) -> &ExtensionConfig {
    match &listed.intent {
        Intent::Load(config) => config,
        other => panic!("{}: {other:?}", listed.name),
    }
}

fn refusal(listed: &Listed) -> &ExtensionError {
    match &listed.intent {
        Intent::Refuse(error) => error,
        other => panic!("{}: {other:?}", listed.name),
    }
}

/// What an extension with these lines beside a name and a path is told; the lines start at the third.
fn refused(lines: &str) -> (ErrorCode, String) {
    let listed = parse(&format!("[[extensions]]\nname = \"x\"\n{lines}\n"));
    let error = refusal(&listed[0]);
    assert_eq!(error.extension(), Some("x"), "{lines}");
    (error.code(), error.message().to_owned())
}

#[test]
fn the_first_description_s_example_is_read() {
    let extensions = parse(SEED);
    assert_eq!(extensions.len(), 1);
    assert_eq!(extensions[0].name, "wasm-optimizer");
    assert_eq!(extensions[0].place, "/project/morphir.toml:1:1: extensions[0]");
    let config = config(&extensions[0]);
    assert_eq!(config.name, "wasm-optimizer");
    assert_eq!(config.source.kind, "wasm");
    assert_eq!(config.source.path.as_deref(), Some(beside("extensions/optimizer.wasm").as_path()));
    assert_eq!(config.permissions.max_memory, 100_000_000);
    assert_eq!(config.permissions.max_execution_time, Duration::from_secs(5));
    assert_eq!(config.instances, 1);
}

#[test]
fn a_table_of_extensions_is_read_in_the_order_of_the_file() {
    let extensions = parse(
        r#"
        [project]
        name = "theirs"
        [extensions.zebra]
        path = "z.wasm"
        enabled = true
        [extensions.zebra.config]
        key = "value"
        [extensions."an ant"]
        path = "/elsewhere/a.wasm"
        [extensions]
        bee.path = "b.wasm"
        "#,
    );
    let names: Vec<_> = extensions.iter().map(|listed| listed.name.as_str()).collect();
    assert_eq!(names, ["zebra", "an ant", "bee"]);
    assert_eq!(config(&extensions[0]).config.as_ref().unwrap().get(), r#"{"key":"value"}"#);
    assert_eq!(config(&extensions[1]).source.path.as_deref(), Some(beside("/elsewhere/a.wasm").as_path()));
    assert!(extensions[1].place.ends_with(": extensions.\"an ant\""), "{}", extensions[1].place);
    assert_eq!(config(&extensions[2]).source.path.as_deref(), Some(beside("b.wasm").as_path()));
}

#[test]
fn every_key_is_read() {
    let hash = "0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789";
    let extensions = parse(&format!(
        r#"
        [[extensions]]
        name = "all"
        enabled = true
        protocol = "extism"
        dialect = "raw"
        lifecycle = "none"
        instances = 3
        max_queue = 7
        restart = {{ strategy = "exponential", initial_delay = "250ms", max_delay = 1500, max_retries = 9 }}
        source = {{ type = "wasm", path = "a.wasm", sha256 = "{hash}" }}
        permissions.max_memory = 67_108_864
        permissions.max_execution_time = 0.5
        permissions.max_output = "1 MiB"
        permissions.max_fuel = 0xFF
        permissions.network = true
        permissions.allowed_hosts = ["api.example.org", "*.example.org", "::1"]
        permissions.filesystem = ["work", {{ path = "/tmp", guest_path = "tmp" }}]
        permissions.readonly_paths = ["../read"]
        "#
    ));
    let config = config(&extensions[0]);
    assert_eq!((config.lifecycle, config.dialect), (Lifecycle::None, Some(Dialect::Raw)));
    assert_eq!((config.instances, config.max_queue), (3, Some(7)));
    let expected = Restart::Exponential {
        initial_delay: Duration::from_millis(250),
        max_delay: Duration::from_millis(1500),
        max_retries: Some(9),
    };
    assert_eq!(config.restart, expected);
    assert_eq!(config.source.sha256.as_deref(), Some(hash));
    let permissions = &config.permissions;
    assert_eq!(permissions.max_memory, 64 << 20);
    assert_eq!(permissions.max_execution_time, Duration::from_micros(500));
    assert_eq!(permissions.max_output, 1 << 20);
    assert_eq!(permissions.max_fuel, Some(255));
    assert_eq!(permissions.network, Some(true));
    assert_eq!(permissions.allowed_hosts, ["api.example.org", "*.example.org", "::1"]);
    let grant = |path: &str, guest: &str| DirectoryGrant { path: beside(path), guest_path: guest.into() };
    assert_eq!(permissions.filesystem, [grant("work", "work"), grant("/tmp", "tmp")]);
    assert_eq!(permissions.readonly_paths, [grant("../read", "../read")]);
}

#[test]
fn what_is_not_there_has_its_default() {
    let read = parse("[extensions.x]\npath = 'x.wasm'");
    let default = ExtensionConfig::new("x", crate::config::Source::file(beside("x.wasm")));
    assert_eq!(format!("{:?}", config(&read[0])), format!("{default:?}"));
}

#[test]
fn any_toml_is_handed_over_as_json() {
    let extensions = parse(
        r#"
        [extensions.x]
        path = "x.wasm"
        [extensions.x.config]
        z = "first"
        a = [1, -2, 0x10, 9223372036854775807, 1.5, 1e3, true, ""]
        time = 1979-05-27T07:32:00Z
        date = 1979-05-27
        "a key" = { b.c = [[], [{}]] }
        [[extensions.x.config.list]]
        n = 1
        [[extensions.x.config.list]]
        n = 2
        "#,
    );
    assert_eq!(
        config(&extensions[0]).config.as_ref().unwrap().get(),
        concat!(
            r#"{"z":"first","a":[1,-2,16,9223372036854775807,1.5,1000.0,true,""],"#,
            r#""time":"1979-05-27T07:32:00Z","date":"1979-05-27","a key":{"b":{"c":[[],[{}]]}},"#,
            r#""list":[{"n":1},{"n":2}]}"#
        )
    );
}

#[test]
fn what_is_not_enabled_is_skipped_and_not_looked_at() {
    let extensions = parse(
        r#"
        [[extensions]]
        name = "off"
        enabled = false
        protocol = "grpc"
        surprise = 1
        [[extensions]]
        name = "off"
        path = "x.wasm"
        "#,
    );
    assert!(matches!(extensions[0].intent, Intent::Skip));
    assert_eq!(extensions[0].name, "off");
    assert_eq!(config(&extensions[1]).name, "off");
}

#[test]
fn a_file_without_extensions_lists_none() {
    for text in ["", "[project]\nname = 'x'", "extensions = []", "[extensions]", "\u{feff}extensions = []\r\n"] {
        assert!(parse(text).is_empty(), "{text}");
    }
}

#[test]
fn another_protocol_is_refused_by_name_before_anything_else() {
    for protocol in ["jsonrpc", "grpc", "stdio", "component", "EXTISM", "an\nother"] {
        let (code, message) = refused(&format!("command = 'x'\nprotocol = {protocol:?}"));
        assert_eq!(code, ErrorCode::InvalidConfig);
        assert!(message.starts_with("/project/morphir.toml:4:12: extensions[0].protocol: "), "{message}");
        assert!(message.contains(&format!("{protocol:?}")), "{message}");
        assert!(message.contains("\"extism\""), "{message}");
    }
}

/// What stands in the third line, and what its error has to say: the column, the key in the extension, the sentence.
const WRONG: &[(&str, &str)] = &[
    // Keys that there are not.
    ("surprise = 1", "1: surprise: There is no such key; there are name, enabled, protocol,"),
    ("\"a key\" = 1", "1: \"a key\": There is no such key"),
    ("maxQueue = 1", "1: maxQueue: There is no such key; it is written `max_queue`."),
    ("permissions.maxMemory = 1", "13: permissions.maxMemory: There is no such key; it is written `max_memory`."),
    ("permissions = { max_cpu = 1 }", "17: permissions.max_cpu: There is no such key; there are max_memory,"),
    ("permissions.max_concurrent_calls = 2", "13: permissions.max_concurrent_calls: There is no such key: `instances`"),
    (
        "source = { type = 'wasm', path = 'a', hash = '' }",
        "39: source.hash: There is no such key; there are type, path, sha256.",
    ),
    (
        "permissions.filesystem = [{ path = 'a', guest_path = 'b', mode = 7 }]",
        "59: permissions.filesystem[0].mode: There is no such key",
    ),
    ("url = 'https://example.com/a.wasm'", "1: url: Modules are not fetched"),
    ("command = 'node'", "1: command: This host starts no programs"),
    ("args = []", "1: args: This host starts no programs"),
    // Values of the wrong type.
    ("enabled = 'yes'", "11: enabled: It must be true or false; it is the text \"yes\"."),
    ("protocol = 1", "12: protocol: It must be text that is not empty; it is 1."),
    ("path = ''", "8: path: It must be text that is not empty; it is the text \"\"."),
    ("path = ['a']", "8: path: It must be text that is not empty; it is a list."),
    ("source = 'a.wasm'", "10: source: It must be a table; it is the text \"a.wasm\"."),
    ("source.type = 1", "15: source.type: It must be text"),
    ("source.path = true", "15: source.path: It must be text that is not empty; it is true."),
    ("source.sha256 = 12", "17: source.sha256: It must be text"),
    ("config = []", "10: config: It must be a table; it is a list."),
    ("config.x = 9223372036854775808", "12: config.x: It must be a number of 64 bits; it is 9223372036854775808."),
    ("config.x = [1, nan]", "16: config.x[1]: It must be a number that JSON has; it is nan."),
    ("config.x.y = -inf", "14: config.x.y: It must be a number that JSON has; it is -inf."),
    ("lifecycle = 1979-05-27", "13: lifecycle: It must be text that is not empty; it is the date 1979-05-27."),
    ("instances = '2'", "13: instances: It must be a whole number; it is the text \"2\"."),
    ("instances = 1.5", "13: instances: It must be a whole number; it is 1.5."),
    ("instances = -1", "13: instances: It must be a whole number; it is -1."),
    ("max_queue = 4294967296", "13: max_queue: It must be a number of 32 bits; it is 4294967296."),
    ("permissions = 'all'", "15: permissions: It must be a table"),
    ("permissions.max_memory = true", "26: permissions.max_memory: It must be a whole number of bytes or text such as"),
    ("permissions.max_memory = 1.5", "26: permissions.max_memory: It must be a whole number of bytes"),
    ("permissions.max_memory = -1", "26: permissions.max_memory: It must be a whole number of bytes"),
    (
        "permissions.max_execution_time = []",
        "34: permissions.max_execution_time: It must be a number of milliseconds or text such as",
    ),
    (
        "permissions.max_execution_time = -1.5",
        "34: permissions.max_execution_time: It must be a number of milliseconds",
    ),
    ("permissions.max_execution_time = inf", "34: permissions.max_execution_time: It must be a number of milliseconds"),
    ("permissions.max_fuel = '1'", "24: permissions.max_fuel: It must be a whole number; it is the text \"1\"."),
    ("permissions.filesystem = 'a'", "26: permissions.filesystem: It must be a list; it is the text \"a\"."),
    (
        "permissions.filesystem = ['a', 1]",
        "32: permissions.filesystem[1]: It must be a path, or { path, guest_path }; it is 1.",
    ),
    ("permissions.filesystem = [{ path = 'a' }]", "27: permissions.filesystem[0]: It needs a `guest_path`."),
    ("permissions.readonly_paths = [{ guest_path = 'a' }]", "31: permissions.readonly_paths[0]: It needs a `path`."),
    ("permissions.network = 'no'", "23: permissions.network: It must be true or false"),
    ("permissions.allowed_hosts = 'a'", "29: permissions.allowed_hosts: It must be a list"),
    (
        "restart = 5",
        "11: restart: It must be a strategy, or { strategy, initial_delay, max_delay, max_retries }; it is 5.",
    ),
    // Units.
    ("permissions.max_memory = 'a lot'", "26: permissions.max_memory: \"a lot\" is not a size such as"),
    ("permissions.max_memory = '100 parsecs'", "26: permissions.max_memory: \"100 parsecs\" is not a size such as"),
    ("permissions.max_output = '5s'", "26: permissions.max_output: \"5s\" is not a size such as"),
    (
        "permissions.max_execution_time = 'soon'",
        "34: permissions.max_execution_time: \"soon\" is not a duration such as",
    ),
    ("permissions.max_execution_time = '5'", "34: permissions.max_execution_time: \"5\" is not a duration such as"),
    (
        "permissions.max_execution_time = '5 MB'",
        "34: permissions.max_execution_time: \"5 MB\" is not a duration such as",
    ),
    // Values out of range.
    ("dialect = 'x'", "11: dialect: It must be \"auto\", \"morphir\", \"mep\" or \"raw\"; it is the text \"x\"."),
    ("lifecycle = 'plain'", "13: lifecycle: It must be \"morphir\" or \"none\"; it is the text \"plain\"."),
    ("instances = 0", "13: instances: `instances` must be from 1 to 1024; it is 0."),
    ("instances = 4294967297", "13: instances: `instances` must be from 1 to 1024; it is 4294967297."),
    ("permissions.max_memory = '1KB'", "26: permissions.max_memory: `max_memory` must be from"),
    ("permissions.max_output = 0", "26: permissions.max_output: `max_output` must be from 1"),
    (
        "permissions.max_execution_time = '25h'",
        "34: permissions.max_execution_time: `max_execution_time` must be longer than nothing and at most a day",
    ),
    (
        "permissions.max_execution_time = 0",
        "34: permissions.max_execution_time: `max_execution_time` must be longer than nothing",
    ),
    ("permissions.max_fuel = 0", "24: permissions.max_fuel: `max_fuel` must be at least 1"),
    ("source.sha256 = '12'", "17: source.sha256: `sha256` must be 64 hexadecimal digits"),
    ("source.type = 'jar'", "15: source.type: A source of type \"jar\" cannot be loaded"),
    (
        "permissions.allowed_hosts = ['http://a.org']",
        "30: permissions.allowed_hosts[0]: \"http://a.org\" is not a host: write a name",
    ),
    (
        "permissions = { network = false, allowed_hosts = ['a.org'] }",
        "1: permissions: `network` is false, but `allowed_hosts` grants some of it",
    ),
    // What there is not yet.
    // Strategies that are none.
    ("restart = 'x'", "11: restart: It must be \"never\", \"immediate\" or \"exponential\"; it is the text \"x\"."),
    ("restart = { strategy = 'x' }", "24: restart.strategy: It must be \"never\", \"immediate\" or \"exponential\""),
    ("restart = {}", "1: restart: It needs a `strategy`."),
    ("restart = { strategy = 'never', max_retries = 3 }", "1: restart: The strategy \"never\" has no `max_retries`."),
    (
        "restart = { strategy = 'exponential', max_retries = -1 }",
        "53: restart.max_retries: It must be a whole number; it is -1.",
    ),
    (
        "restart = { strategy = 'exponential', max_delay = 'soon' }",
        "51: restart.max_delay: \"soon\" is not a duration such as",
    ),
    (
        "restart = { strategy = 'exponential', initial_delay = 0 }",
        "1: restart: `initial_delay` must be longer than nothing",
    ),
    ("restart = { strategy = 'immediate', delay = 3 }", "37: restart.delay: There is no such key"),
];

#[test]
fn what_is_wrong_is_named_with_its_line_and_its_key() {
    for (line, expected) in WRONG {
        let (code, message) = refused(line);
        let (column, rest) = expected.split_once(": ").unwrap();
        let sources = ["url", "command", "args", "type = 'jar'"];
        let of_source = sources.iter().any(|word| line.contains(word)) && !rest.contains("It must be");
        assert_eq!(code, if of_source { ErrorCode::InvalidSource } else { ErrorCode::InvalidConfig }, "{line}");
        assert!(
            message.starts_with(&format!("/project/morphir.toml:3:{column}: extensions[0].{rest}")),
            "{line}: {message}"
        );
    }
}

#[test]
fn what_is_missing_is_named_with_the_line_of_its_heading() {
    let cases = [
        ("[[extensions]]\npath = 'x'", "1:1: extensions[0]: It needs a `name`."),
        ("\n[[extensions]]\nname = 'x'", "2:1: extensions[0]: It has no module: give the `path` of one."),
        ("\n[extensions.x]\nenabled = true", "2:13: extensions.x: It has no module"),
        (
            "[extensions.x]\npath = 'a'\n[extensions.x.source]\ntype = 'wasm'\npath = 'b'",
            "1:13: extensions.x: It has both",
        ),
        ("[extensions.x]\n[extensions.x.source]\ntype = 'wasm'", "2:15: extensions.x.source: It needs a `path`."),
        ("[extensions.x]\n[extensions.x.source]\npath = 'a'", "2:15: extensions.x.source: It needs a `type`."),
        ("[extensions.x]\nname = 'y'\npath = 'a'", "2:1: extensions.x.name: There is no such key: the heading"),
        ("[extensions]\nname = 'x'", "2:8: extensions.name: It must be a table, under `[[extensions]]`"),
        ("extensions = [1]", "1:15: extensions[0]: It must be a table, under `[[extensions]]`"),
        ("[[extensions]]\nname = 5", "2:8: extensions[0].name: It must be text that is not empty; it is 5."),
        ("[[extensions]]\nname = ' '", "2:8: extensions[0].name: An extension needs a name that is not empty."),
        ("[[extensions]]\nname = \"a\\nb\"", "2:8: extensions[0].name: An extension's name has at most 256 bytes"),
        ("[extensions.\" \"]\npath = 'x'", "1:13: extensions.\" \": An extension needs a name"),
        (
            "[[extensions]]\nname = 'x'\npath = 'x'\n[extensions.permissions]\nfilesystem = ['a']\nreadonly_paths = ['a']",
            "1:1: extensions[0]: Two directories are granted under the one name \"a\".",
        ),
    ];
    for (text, expected) in cases {
        let listed = parse(text);
        let message = refusal(&listed[0]).message();
        assert!(message.starts_with(&format!("/project/morphir.toml:{expected}")), "{text}: {message}");
    }
}

#[test]
fn two_extensions_do_not_share_a_name() {
    let listed = parse("[[extensions]]\nname = 'x'\npath = 'a'\n[[extensions]]\nname = 'x'\npath = 'b'\n");
    assert_eq!(config(&listed[0]).name, "x");
    let error = refusal(&listed[1]);
    assert_eq!(
        error.message(),
        "/project/morphir.toml:4:1: extensions[1]: Its name is taken by the one at /project/morphir.toml:1:1: extensions[0]."
    );
}

#[test]
fn one_broken_extension_keeps_no_other_from_being_read() {
    let listed = parse(
        "[[extensions]]\nname = 'a'\npath = 'a'\n[[extensions]]\nsurprise = 1\n[[extensions]]\nname = 'c'\npath = 'c'\n",
    );
    assert_eq!(config(&listed[0]).name, "a");
    assert_eq!(refusal(&listed[1]).extension(), None);
    assert_eq!(listed[1].name, "extensions[1]");
    assert_eq!(config(&listed[2]).name, "c");
}

#[test]
fn what_is_not_toml_is_refused_with_line_and_column() {
    let cases = [
        ("[a", "1:3: This is not TOML: "),
        ("# fine\na = \"ü\" x", "2:9: This is not TOML: "),
        ("\u{feff}x", "1:2: This is not TOML: "),
        ("a = 1\r\na = 2", "2:1: This is not TOML: duplicate key."),
        ("[extensions.x]\npath = 'a'\n[[extensions]]", "3:3: This is not TOML: duplicate key."),
        ("extensions = 5", "1:14: extensions: It must be a list, `[[extensions]]`, or a table"),
        ("extensions = 'all'", "1:14: extensions: It must be a list"),
    ];
    for (text, expected) in cases {
        let error = ConfigFile::parse("some/morphir.toml", text).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidConfig, "{text}");
        assert!(error.message().starts_with(&format!("some/morphir.toml:{expected}")), "{text}: {error}");
    }
    let deep = [format!("a = {}", "[".repeat(100_000)), format!("{}b = 1", "a.".repeat(100_000))];
    for text in deep {
        assert_eq!(ConfigFile::parse("x.toml", &text).unwrap_err().code(), ErrorCode::InvalidConfig);
    }
}

#[test]
fn relative_paths_start_at_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("morphir.toml");
    fs::write(&file, SEED).unwrap();
    let read = ConfigFile::read(&file).unwrap();
    let expected = directory.path().join("extensions/optimizer.wasm");
    assert_eq!(config(&read.extensions[0]).source.path.as_deref(), Some(expected.as_path()));
    let relative = ConfigFile::parse("morphir.toml", SEED).unwrap();
    let expected = std::env::current_dir().unwrap().join("extensions/optimizer.wasm");
    assert_eq!(config(&relative.extensions[0]).source.path.as_deref(), Some(expected.as_path()));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let large = directory.path().join("large.toml");
    fs::File::create(&large).unwrap().set_len(MAX_BYTES + 1).unwrap();
    for path in [directory.path().join("none.toml"), directory.path().into(), large, PathBuf::new(), "a\0b".into()] {
        let error = ConfigFile::read(&path).unwrap_err();
        assert_eq!(error.code(), ErrorCode::IoError, "{error}");
        assert!(error.message().contains(&path.display().to_string()), "{error}");
    }
    let file = directory.path().join("latin1.toml");
    fs::write(&file, b"a = 1\nb = '\xe4'").unwrap();
    let error = ConfigFile::read(&file).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidConfig);
    assert!(error.message().contains("latin1.toml:2:6: This is not TOML: from here on it is not UTF-8."), "{error}");
}

const HEADINGS: &str = "|[[extensions]]|[extensions.x]|[extensions]|[extensions.permissions]|[[extensions.config.a]]";
const KEYS: &str = "name|enabled|protocol|path|source|source.type|source.path|source.sha256|permissions|permissions.max_memory|\
    permissions.max_execution_time|permissions.max_fuel|permissions.filesystem|permissions.network|config|config.a|dialect|lifecycle|\
    instances|max_queue|restart|restart.strategy|restart.max_retries|restart.max_delay|surprise|\"\\n\"|é|extensions";
const VALUES: &str = "'x'|\"wasm\"|'extism'|'5s'|'100MB'|'immediate'|''|\"\\u0000\"|1|0|-1.5|nan|true|false|1979-05-27|[]|['x', 1]|\
    {}|{ path = 'x', guest_path = 'y' }|[{ path = 'x', guest_path = 'y' }]|99999999999999999999|'|\"\"\"|\u{feff}";

proptest! {
    #[test]
    fn no_file_breaks_the_reader(
        lines in vec((
            select(HEADINGS.split('|').collect::<Vec<_>>()),
            select(KEYS.split('|').collect::<Vec<_>>()),
            select(VALUES.split('|').collect::<Vec<_>>()),
        ), 0..12),
    ) {
        let text = lines.iter().map(|(heading, key, value)| format!("{heading}\n{key} = {value}")).collect::<Vec<_>>().join("\n");
        match ConfigFile::parse("x.toml", &text) {
            Err(error) => prop_assert!(error.message().starts_with("x.toml:"), "{error}"),
            Ok(read) => {
                for listed in read.extensions {
                    prop_assert!(listed.place.starts_with("x.toml:"), "{}", listed.place);
                    match listed.intent {
                        Intent::Load(config) => prop_assert!(config.validate().is_ok(), "{config:?}"),
                        Intent::Refuse(error) => prop_assert!(error.message().starts_with("x.toml:"), "{error}"),
                        Intent::Skip => {}
                    }
                }
            }
        }
    }
}

//! Figures in the text format that Prometheus reads.
//!
//! Names follow Prometheus's conventions: base units, `_total` for what only grows. Extensions need not have names of their own, so
//! each sample has the id too.

use std::fmt::{Display, Write};

use crate::extension::ExtensionId;
use crate::figures::{Figures, Loads};
use crate::histogram::Histogram;

/// Where the buckets of durations end, as powers of two in nanoseconds: from 1 µs to 69 s, each four times as long as the one before.
/// Ends of the histogram's own buckets, so that what is counted is exact.
const ENDS: [u32; 14] = [10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36];

/// One extension at one moment.
pub(crate) struct Snapshot {
    pub id: ExtensionId,
    pub name: String,
    /// How much waits, and how many instances are at work.
    pub load: (usize, usize),
    pub figures: Figures,
}

/// The figures of these extensions, and of all loads that there were.
pub(crate) fn text(extensions: &[Snapshot], loads: &Loads) -> String {
    let mut page = Page(String::new());
    page.family("morphir_extensions", "gauge", "Extensions that are loaded.");
    page.sample("morphir_extensions", "", extensions.len());

    let name = "morphir_extension_load_duration_seconds";
    page.family(name, "histogram", "How long loads and reloads took that succeeded.");
    page.histogram(name, "", &loads.times);
    let name = "morphir_extension_load_errors_total";
    page.family(name, "counter", "Loads and reloads that failed.");
    for (code, count) in &loads.errors {
        page.sample(name, &label("code", code), count);
    }

    let name = "morphir_extension_calls_total";
    page.family(name, "counter", "Calls that ended.");
    page.of_methods(extensions, |page, labels, method| {
        let failed = method.failed();
        for (status, count) in [("success", method.run_time.count() - failed), ("error", failed)] {
            page.sample(name, &format!("{labels},{}", label("status", status)), count);
        }
    });
    let name = "morphir_extension_errors_total";
    page.family(name, "counter", "Calls that ended in an error.");
    page.of_methods(extensions, |page, labels, method| {
        for (code, count) in &method.errors {
            page.sample(name, &format!("{labels},{}", label("code", code)), count);
        }
    });
    let name = "morphir_extension_call_duration_seconds";
    page.family(name, "histogram", "How long calls ran.");
    page.of_methods(extensions, |page, labels, method| page.histogram(name, labels, &method.run_time));
    let name = "morphir_extension_queue_duration_seconds";
    page.family(
        name,
        "histogram",
        "How long calls waited before they ran; a callMany once for each instance that it ran on.",
    );
    for Snapshot { id, name: extension, figures, .. } in extensions {
        page.histogram(name, &labels(*id, extension), &figures.queue_time);
    }

    let figures: [Family; 5] = [
        ("morphir_extension_calls_refused_total", "counter", "Calls refused because too many were waiting.", |found| {
            Some(found.figures.refused)
        }),
        ("morphir_extension_calls_waiting", "gauge", "Calls that wait.", |found| Some(found.load.0 as u64)),
        ("morphir_extension_calls_running", "gauge", "Instances at work.", |found| Some(found.load.1 as u64)),
        ("morphir_extension_faults_total", "counter", "How often an instance lost its state.", |found| {
            Some(found.figures.faults)
        }),
        (
            "morphir_extension_peak_memory_bytes",
            "gauge",
            "The most memory that an instance had after a call.",
            |found| found.figures.peak_memory,
        ),
    ];
    for (name, kind, help, value) in figures {
        page.family(name, kind, help);
        for found in extensions {
            if let Some(value) = value(found) {
                page.sample(name, &labels(found.id, &found.name), value);
            }
        }
    }
    page.0
}

/// A name, a kind, what it is, and its value for one extension.
type Family = (&'static str, &'static str, &'static str, fn(&Snapshot) -> Option<u64>);

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        if labels.is_empty() {
            self.line(format_args!("{name} {value}"));
        } else {
            self.line(format_args!("{name}{{{labels}}} {value}"));
        }
    }

    fn histogram(&mut self, name: &str, labels: &str, histogram: &Histogram) {
        let comma = if labels.is_empty() { "" } else { "," };
        for bits in ENDS {
            let end = seconds(1 << bits);
            self.line(format_args!("{name}_bucket{{{labels}{comma}le=\"{end}\"}} {}", histogram.up_to(bits)));
        }
        self.line(format_args!("{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {}", histogram.count()));
        self.sample(
            &format!("{name}_sum"),
            labels,
            seconds(u64::try_from(histogram.sum().as_nanos()).unwrap_or(u64::MAX)),
        );
        self.sample(&format!("{name}_count"), labels, histogram.count());
    }

    fn of_methods(
        &mut self,
        extensions: &[Snapshot],
        mut add: impl FnMut(&mut Self, &str, &crate::figures::MethodFigures),
    ) {
        for Snapshot { id, name, figures, .. } in extensions {
            for (method, found) in &figures.methods {
                add(self, &format!("{},{}", labels(*id, name), label("method", method)), found);
            }
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to text does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}

fn labels(id: ExtensionId, name: &str) -> String {
    format!("{},{}", label("extension", name), label("id", &id.to_string()))
}

/// A label with its value: methods have any name that their author likes.
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

/// Nanoseconds in seconds, with all their digits.
fn seconds(nanoseconds: u64) -> String {
    let text = format!("{}.{:09}", nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::ErrorCode;

    fn extension(id: u64, name: &str) -> Snapshot {
        Snapshot { id: ExtensionId(id), name: name.into(), load: (0, 0), figures: Figures::new() }
    }

    /// The value of a sample.
    fn value<'a>(text: &'a str, sample: &str) -> Option<&'a str> {
        text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(label("method", r#"a"b\c"#), r#"method="a\"b\\c""#);
        assert_eq!(label("method", "one\ntwo"), r#"method="one\ntwo""#);
        assert_eq!(label("method", r"\n"), r#"method="\\n""#, "what reads as a line's end is none");
        let mut hostile = extension(7, "x\",id=\"8\"} 1\ny\\");
        hostile.figures.of_method("} 1\n", |method| method.count(Duration::from_secs(1), None));
        for line in text(&[hostile], &Loads::default()).lines() {
            assert!(line.starts_with('#') || line.starts_with("morphir_"), "{line:?}");
        }
    }

    #[test]
    fn seconds_have_all_their_digits() {
        assert_eq!(
            [0, 1, 1024, 1 << 30, 5_000_000_000].map(seconds),
            ["0", "0.000000001", "0.000001024", "1.073741824", "5"]
        );
    }

    #[test]
    fn nothing_loaded_is_told_too() {
        let page = text(&[], &Loads::default());
        assert_eq!(value(&page, "morphir_extensions"), Some("0"));
        assert_eq!(value(&page, "morphir_extension_load_duration_seconds_count"), Some("0"));
        assert!(!page.contains("morphir_extension_calls_total{"));
    }

    #[test]
    fn each_family_is_named_once_and_each_sample_once() {
        let mut both = [extension(1, "twin"), extension(2, "twin")];
        for extension in &mut both {
            for method in ["a", "b"] {
                extension
                    .figures
                    .of_method(method, |found| found.count(Duration::from_millis(1), Some(ErrorCode::Trap)));
            }
        }
        let page = text(&both, &Loads::default());
        let mut names: Vec<&str> =
            page.lines().map(|line| line.rsplit_once(' ').map_or(line, |(name, _)| name)).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn counts_add_up() {
        let mut found = extension(3, "shop");
        found.figures.of_method("sell", |method| {
            method.count(Duration::from_nanos(1024), None);
            method.count(Duration::from_millis(3), None);
            method.count(Duration::from_secs(100), Some(ErrorCode::Timeout));
        });
        found.figures.queue_time.add(Duration::from_micros(5));
        found.figures.refused = 4;
        found.figures.peak_memory = Some(131_072);
        found.load = (2, 1);
        let mut loads = Loads::default();
        loads.count(Duration::from_millis(20), None);
        loads.count(Duration::from_millis(20), Some(ErrorCode::InvalidSource));
        let page = text(&[found], &loads);
        let of = |sample: &str| value(&page, sample).unwrap_or_else(|| panic!("{sample} is not in\n{page}")).to_owned();
        let sell = r#"extension="shop",id="3",method="sell""#;
        assert_eq!(of(&format!(r#"morphir_extension_calls_total{{{sell},status="success"}}"#)), "2");
        assert_eq!(of(&format!(r#"morphir_extension_calls_total{{{sell},status="error"}}"#)), "1");
        assert_eq!(of(&format!(r#"morphir_extension_errors_total{{{sell},code="Timeout"}}"#)), "1");
        let duration = "morphir_extension_call_duration_seconds";
        assert_eq!(of(&format!(r#"{duration}_bucket{{{sell},le="0.000001024"}}"#)), "1");
        assert_eq!(of(&format!(r#"{duration}_bucket{{{sell},le="0.004194304"}}"#)), "2");
        assert_eq!(of(&format!(r#"{duration}_bucket{{{sell},le="68.719476736"}}"#)), "2");
        assert_eq!(of(&format!(r#"{duration}_bucket{{{sell},le="+Inf"}}"#)), "3");
        assert_eq!(of(&format!("{duration}_sum{{{sell}}}")), "100.003001024");
        assert_eq!(of(&format!("{duration}_count{{{sell}}}")), "3");
        let shop = r#"{extension="shop",id="3"}"#;
        assert_eq!(of(&format!("morphir_extension_queue_duration_seconds_count{shop}")), "1");
        assert_eq!(of(&format!("morphir_extension_calls_refused_total{shop}")), "4");
        assert_eq!(of(&format!("morphir_extension_calls_waiting{shop}")), "2");
        assert_eq!(of(&format!("morphir_extension_calls_running{shop}")), "1");
        assert_eq!(of(&format!("morphir_extension_peak_memory_bytes{shop}")), "131072");
        assert_eq!(of(r#"morphir_extension_load_errors_total{code="InvalidSource"}"#), "1");
        assert_eq!(of("morphir_extension_load_duration_seconds_count"), "1");
    }
}

//! Every output format, fed with one report that has everything in it.

use crate::support::budget;
use crate::support::{dummy, readers};
use pcemon::domain::fault::{Fault, Party};
use pcemon::domain::report::{Report, RuleState, SourceStatus, Status};
use pcemon::domain::threshold::Severity;
use pcemon::render::{FORMATS, Style, find, step_summary};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use unicode_width::UnicodeWidthStr;

fn render(format: &str, report: &Report, style: &Style) -> String {
    (find(format).unwrap().render)(report, style)
}

fn taipei() -> Style {
    Style { timezone: jiff::tz::TimeZone::fixed(jiff::tz::offset(8)), ..Style::default() }
}

fn golden(name: &str, text: &str) {
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/render").join(name);
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(want == text, "{name} is not what it was; look at it, then rewrite with PCEMON_BLESS=1. It is now:\n{text}");
}

#[test]
fn every_format_says_what_it_said() {
    for format in FORMATS {
        golden(&format!("{}.txt", format.name), &(format.render)(&dummy::rich(), &taipei()));
        golden(&format!("{}-calm.txt", format.name), &(format.render)(&dummy::calm(), &taipei()));
    }
    golden("table-60.txt", &render("table", &dummy::rich(), &Style { width: Some(60), ..taipei() }));
    golden("table-80.txt", &render("table", &dummy::rich(), &Style { width: Some(80), ..taipei() }));
    golden("table-120.txt", &render("table", &dummy::rich(), &Style { width: Some(120), verbose: true, ..taipei() }));
    golden("table-colour.txt", &render("table", &dummy::rich(), &Style { color: true, ..taipei() }));
}

#[test]
fn every_format_can_be_read_by_its_readers() {
    for format in FORMATS {
        for report in [dummy::rich(), dummy::calm()] {
            let text = (format.render)(&report, &Style::default());
            readers::read(format.name, &report, &text);
            assert_eq!(text, (format.render)(&report, &Style::default()), "{} is not deterministic", format.name);
        }
    }
}

#[test]
fn hostile_names_are_shown() {
    for format in FORMATS.iter().filter(|format| format.name != "prometheus") {
        let text = (format.render)(&dummy::rich(), &Style::default());
        for part in ["資料庫伺服器", "title"] {
            assert!(text.contains(part), "{} does not show {part}", format.name);
        }
    }
}

#[test]
fn only_the_table_knows_colours() {
    for format in FORMATS {
        let coloured = (format.render)(&dummy::rich(), &Style { color: true, ..Style::default() });
        let plain = (format.render)(&dummy::rich(), &Style::default());
        assert_eq!(coloured != plain, format.name == "table", "{}", format.name);
        // The colours are ours alone: without our own sequences nothing is left that a terminal obeys.
        let mut stripped = coloured.clone();
        for code in ["0", "2", "1;31", "31", "32", "33", "34", "35", "36"] {
            stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(stripped, plain, "{}", format.name);
    }
}

#[test]
fn no_line_of_the_table_is_wider_than_the_terminal() {
    for width in [60, 80, 120] {
        for color in [false, true] {
            let text = render("table", &dummy::rich(), &Style { width: Some(width), verbose: true, color, ..Style::default() });
            let mut plain = text.clone();
            for code in ["0", "2", "1;31", "32", "33", "34", "35", "36"] {
                plain = plain.replace(&format!("\u{1b}[{code}m"), "");
            }
            for line in plain.lines() {
                assert!(line.width() <= usize::from(width), "{width}: {line}");
            }
        }
    }
}

#[test]
fn columns_stay_aligned_behind_wide_characters() {
    let mut report = dummy::rich();
    for name in ["aaaaaaaaaa", "資料庫伺服"] {
        let mut rule = dummy::rule(name, 1);
        rule.threshold = "> 7777".to_owned();
        report.rules.push(rule);
    }
    let text = render("table", &report, &Style { verbose: true, ..Style::default() });
    let columns: Vec<usize> = text.lines().filter_map(|line| line.split_once("> 7777")).map(|(before, _)| before.width()).collect();
    assert_eq!(columns.len(), 2);
    assert_eq!(columns[0], columns[1]);
}

#[test]
fn quiet_is_silent_only_when_all_is_well() {
    let quiet = Style { quiet: true, ..Style::default() };
    assert_eq!(render("table", &dummy::calm(), &quiet), "");
    assert_ne!(render("table", &dummy::rich(), &quiet), "");
    for status in [Status::Warning, Status::Critical, Status::Unknown] {
        let mut report = dummy::calm();
        report.status = status;
        report.exit_code = status.exit_code();
        assert!(render("table", &report, &quiet).contains(&status.name().to_uppercase()));
    }
    let mut report = dummy::calm();
    report.exit_code = 3;
    assert!(render("table", &report, &quiet).contains("exit code 3"));
}

/// One standing warning among many rules that are ok: what cron mails is about the warning, and nothing at all once `--fail-on` has
/// made the exit code 0.
#[test]
fn quiet_shows_only_what_is_not_ok() {
    let mut report = dummy::rich();
    report.rules.extend((0..59).map(|number| dummy::rule(&format!("calm rule {number}"), 1)));
    let table = |style: Style| render("table", &report, &style);
    let usual = table(Style::default());
    assert!(!usual.contains("calm rule") && usual.contains(" rules ok (-v shows them)"), "{usual}");
    let verbose = table(Style { verbose: true, ..Style::default() });
    assert!((0..59).all(|number| verbose.contains(&format!("calm rule {number}"))) && !verbose.contains("-v shows"), "{verbose}");
    let quiet = table(Style { quiet: true, ..Style::default() });
    assert!(!quiet.contains("calm rule") && !quiet.contains("rules ok"), "{quiet}");
    for source in report.sources.iter().filter(|source| source.status == pcemon::domain::report::SourceStatus::Ok) {
        assert!(!quiet.lines().any(|line| line.starts_with(&format!("  ok  {}", source.source.localized()))), "{quiet}");
    }
    let mut told = report.clone();
    told.exit_code = 0;
    assert_ne!(told.status, Status::Ok);
    assert_eq!(render("table", &told, &Style { quiet: true, ..Style::default() }), "");
}

#[test]
fn rules_that_are_off_are_shown_when_asked_for() {
    let shown = |verbose| render("table", &dummy::rich(), &Style { verbose, ..Style::default() }).contains("Port scan (tuning)");
    assert!(!shown(false));
    assert!(shown(true));
}

#[test]
fn every_format_says_how_traffic_was_counted() {
    for format in FORMATS {
        let text = (format.render)(&dummy::rich(), &Style::default());
        assert!(text.contains("delta") || text.contains("counted as increases"), "{}: {text}", format.name);
    }
}

#[test]
fn numbers_in_json_are_plain() {
    let json: serde_json::Value = serde_json::from_str(&render("json", &dummy::rich(), &Style::default())).unwrap();
    let raw = |rule: usize| json["rules"][rule]["value"].to_string();
    assert_eq!([raw(1), raw(2), raw(4), raw(6)], ["1200", "1234567890.5", "null", "0.615"]);
    let mut report = dummy::rich();
    report.rules[0].value = Some(f64::NAN);
    report.rules[1].value = Some(-0.0);
    let json: serde_json::Value = serde_json::from_str(&render("json", &report, &Style::default())).unwrap();
    assert_eq!([json["rules"][0]["value"].to_string(), json["rules"][1]["value"].to_string()], ["null", "0"]);
}

#[test]
fn a_failed_source_leaves_no_values_behind() {
    let mut report = dummy::rich();
    report.sources[0].status = SourceStatus::Failed;
    let text = render("prometheus", &report, &Style::default());
    let series = |name: &str, labels: &str| readers::series(&report, name, labels);
    assert!(!text.contains(&series("pcemon_rule_value", "rule=\"Blocked traffic to databases\"")));
    assert!(text.contains(&format!("{} 0.615", series("pcemon_rule_value", "rule=\"PCE disk\""))));
    assert!(!text.contains(&series("pcemon_source_records", "source=\"traffic\"")));
}

#[test]
fn annotations_stay_below_githubs_limits_and_say_so() {
    let mut report = dummy::rich();
    for number in 0..30 {
        let mut rule = dummy::rule(&format!("rule {number}"), number + 100);
        rule.state = RuleState::Firing;
        rule.severity = Some(Severity::Warning);
        report.rules.push(rule);
    }
    let text = render("github", &report, &Style::default());
    readers::read("github", &report, &text);
    assert_eq!(text.lines().filter(|line| line.starts_with("::warning ")).count(), 10);
    assert!(text.contains("more not annotated"));
}

#[test]
fn a_step_summary_fits_and_ends_with_a_whole_line() {
    let mut report = dummy::rich();
    report.warnings = vec!["`|資料".repeat(40_000); 4];
    let text = step_summary(&report, &Style::default());
    assert!(text.len() < 1 << 20);
    assert!(text.ends_with("one MiB.\n"));
    assert_eq!(step_summary(&dummy::rich(), &Style::default()), render("markdown", &dummy::rich(), &Style::default()));
}

#[test]
fn an_empty_report_is_still_an_answer() {
    let mut report = dummy::calm();
    report.rules.clear();
    report.sources.clear();
    for format in FORMATS {
        readers::read(format.name, &report, &(format.render)(&report, &Style { width: Some(1), ..Style::default() }));
    }
}

/// A pager shows the beginning of one line.
#[test]
fn a_failed_source_is_named_before_one_that_was_read_in_part() {
    let mut report = dummy::rich();
    for rule in &mut report.rules {
        rule.value = Some(-7.379_258e297);
    }
    for source in report.sources.iter_mut().filter(|source| source.status != SourceStatus::Ok) {
        source.error = Some(Fault::of(Party::Network, "wörter ".repeat(40)));
    }
    let text = render("nagios", &report, &Style::default());
    let line = text.lines().next().unwrap();
    let place = |words: &str| line.find(words).unwrap_or_else(|| panic!("{words}: {line}"));
    assert!(place("-7.38e297") < place("events failed") && place("events failed") < place("traffic partial"), "{line}");
}

fn hostile_text() -> impl Strategy<Value = String> {
    let special: Vec<char> =
        "\0\u{fffe}\u{ffff}\u{378}\u{34f}\u{3164}\u{fe0f}\u{7}\t\r\n\u{1b}\u{7f}\u{9b}\u{a0}\u{2028}\u{202e}\u{feff}\u{e0041} |;,=:#%'\"`\\/<>&[](){}*_~@!$+-n資́".chars().collect();
    proptest::collection::vec(
        prop_oneof![any::<char>(), proptest::sample::select(special.clone()), proptest::sample::select(special)],
        0..24,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(96), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_format(texts in proptest::collection::vec(hostile_text(), 8), value in any::<f64>(), width in proptest::option::of(60_u16..200)) {
        let mut report = dummy::rich();
        let text = |index: usize| texts[index % texts.len()].clone();
        for (index, rule) in report.rules.iter_mut().enumerate() {
            rule.name = text(index);
            rule.error = Some(text(index + 1));
            rule.note = Some(text(index + 2));
            rule.value = Some(value);
            for (index, instance) in rule.instances.iter_mut().enumerate() {
                instance.group = vec![("src_workload".to_owned(), Some(text(index))), ("process".to_owned(), Some(text(index + 3)))];
                instance.value = Some(value);
                instance.top = vec![dummy::talker(&text(index + 4), &text(index + 5), None, &text(index + 6), &text(index), value)];
            }
        }
        for source in report.sources.iter_mut().filter(|source| source.status != SourceStatus::Ok) {
            source.error = Some(Fault::of(Party::Target, text(3)));
        }
        for (index, delivery) in report.deliveries.iter_mut().enumerate() {
            delivery.channel = text(index);
            delivery.error = Some(text(index + 1));
            delivery.preview = Some(text(index + 2));
        }
        report.warnings = texts.clone();
        report.run.pce = text(7);
        for format in FORMATS {
            let style = Style { width, ..Style::default() };
            let out = (format.render)(&report, &style);
            readers::read(format.name, &report, &out);
            if let (Some(width), "table") = (width, format.name) {
                for line in out.lines() {
                    prop_assert!(line.width() <= usize::from(width), "{width}: {line}");
                }
            }
        }
    }
}

/// A tool from outside, or `None` after saying so.
fn real_part(what: &str, found: Option<PathBuf>) -> Option<PathBuf> {
    if found.is_none() {
        let text = format!("NOT CHECKED: {what} is not there");
        assert!(std::env::var_os("PCEMON_REQUIRE_REAL").is_none_or(|value| value != "1"), "{text}");
        eprintln!("{text}");
    }
    found
}

fn passes(command: &mut Command) {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}\n{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

fn written(dir: &tempfile::TempDir) {
    for (name, report) in [("rich", dummy::rich()), ("calm", dummy::calm())] {
        for format in FORMATS {
            std::fs::write(dir.path().join(format!("{name}.{}", format.name)), (format.render)(&report, &Style::default())).unwrap();
        }
    }
}

#[test]
fn real_readers_accept_the_formats() {
    let python = std::env::var_os("PCEMON_REAL_PARTS").map(|dir| PathBuf::from(dir).join("bin/python")).filter(|path| path.exists());
    let Some(python) = real_part("a Python with tests/real/requirements-render.txt (PCEMON_REAL_PARTS)", python) else { return };
    let dir = tempfile::tempdir().unwrap();
    written(&dir);
    passes(Command::new(python).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/check_render.py")).arg(dir.path()));
}

#[test]
fn promtool_accepts_the_textfile() {
    let promtool =
        std::env::var_os("PATH").and_then(|path| std::env::split_paths(&path).map(|dir| dir.join("promtool")).find(|path| path.exists()));
    let Some(promtool) = real_part("promtool (Debian package prometheus)", promtool) else { return };
    let dir = tempfile::tempdir().unwrap();
    written(&dir);
    for name in ["rich", "calm"] {
        let input = std::fs::File::open(dir.path().join(format!("{name}.prometheus"))).unwrap();
        passes(Command::new(&promtool).args(["check", "metrics"]).stdin(input));
    }
}

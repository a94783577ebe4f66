//! The configuration from outside: text in, proven values or all complaints out.

use crate::support::budget;
use pcemon::config::{Config, ConfigError, load, parse};
use pcemon::domain::field::Field;
use pcemon::domain::metric::Metric;
use pcemon::domain::report::Accounting;
use pcemon::domain::rule::Matcher;
use pcemon::domain::secret::SecretSource;
use pcemon::settings::reader::Level;
use pcemon::sources::{EVENTS, HEALTH, SOURCES, TRAFFIC};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn read(text: &str) -> Result<Config, ConfigError> {
    parse(Path::new("rules.toml"), text)
}

fn proven(text: &str) -> Config {
    read(text).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn refused(text: &str) -> ConfigError {
    match read(text) {
        Err(error) => error,
        Ok(config) => panic!("accepted: {config:?}"),
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A rule that is right, to which a test adds what it is about.
const RULE: &str = "[[rules]]\nname = \"a\"\nsource = \"events\"\nwarning = \">= 1\"\n";

#[test]
fn ten_mistakes_are_told_in_one_go_each_at_its_place() {
    let text = r#"[pce]
url = "https://pce.example.com:8443/api/v2"
org_id = 0
api_key = { env = "PCE_API_KEY" }
api_secret = { file = "/run/secret", env = "PCE_API_SECRET" }
[run]
dedline = "20m"
timezone = "Asia/Taipeh"
language "en"
[[rules]]
name = "Blocked"
source = "traffic"
match = { decison = ["blocked"], port = [70000], dst_label = ["role"] }
warning = "10"
[[rules]]
name = "Logins"
source = "events"
match = { type = ["user.login_failed"] }
critical = ">= 0"
notify = ["sco"]
"#;
    let error = refused(text);
    let found: Vec<(usize, usize, String)> = error.problems().into_iter().map(|at| (at.line, at.column, at.message)).collect();
    let wanted = [
        (2, 7, "must end after the port"),
        (3, 10, "must be 1 or more"),
        (5, 14, "exactly one place"),
        (7, 1, "unknown key `dedline` in [run]"),
        (8, 12, "knows no 'Asia/Taipeh'"),
        (9, 10, ""),
        (13, 11, "unknown key `decison`"),
        (13, 42, "'70000' is not a port"),
        (13, 63, "'role' is not a label"),
        (14, 11, "'10' has no comparison"),
        (18, 19, "only as a notification"),
        (19, 12, "always holds"),
        (20, 11, "there is no channel `sco`"),
    ];
    assert_eq!(found.len(), wanted.len(), "{}", error.render(false));
    for ((line, column, message), want) in found.iter().zip(wanted) {
        assert_eq!((*line, *column), (want.0, want.1), "{message}");
        assert!(message.contains(want.2), "{message} lacks {}", want.2);
    }
    let shown = error.render(false);
    for part in ["rules.toml:13:11", "did you mean `decision`?", "did you mean `deadline`?", "13 | match = {", "13 errors"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    // Line 9 cannot be parsed: who knows where its value ends, so none is shown.
    assert!(!shown.contains("match = { decison"), "{shown}");
    assert_eq!(error.lines().len(), wanted.len());
    assert!(error.lines().iter().all(|line| !line.contains('\n') && line.starts_with("rules.toml:")));
}

#[test]
fn one_bad_file_for_each_fault() {
    let mut seen = 0;
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/data/bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let text = std::fs::read_to_string(path).unwrap();
        // First line: `# LEVEL LINE: part of the message`.
        let (place, wanted) = text.lines().next().unwrap().trim_start_matches("# ").split_once(": ").unwrap();
        let (level, line) = place.split_once(' ').unwrap();
        let line: usize = line.parse().unwrap();
        match level {
            "error" => {
                let error = load(path).expect_err(&path.display().to_string());
                let problems = error.problems();
                assert_eq!(problems.len(), 1, "{}", error.render(false));
                assert_eq!(problems[0].level, Level::Error);
                assert_eq!(problems[0].line, line, "{}", error.render(false));
                let told = format!("{} {}", problems[0].message, problems[0].hint.as_deref().unwrap_or_default());
                assert!(told.contains(wanted), "{}: '{wanted}' is not in '{told}'", path.display());
            }
            "warning" => {
                let config = load(path).unwrap_or_else(|error| panic!("{}", error.render(false)));
                assert_eq!(config.warnings.len(), 1, "{}: {:#?}", path.display(), config.warnings);
                let start = format!("{}:{line}:", path.display());
                assert!(config.warnings[0].starts_with(&start) && config.warnings[0].contains(wanted), "{}", config.warnings[0]);
            }
            other => panic!("{}: {other}?", path.display()),
        }
        seen += 1;
    }
    assert!(seen >= 50, "only {seen} files");
}

#[test]
fn the_example_is_complete_and_right() {
    let config = load(&root().join("rules.example.toml")).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(config.warnings, Vec::<String>::new());
    assert!(config.pce.is_some());
    assert!(config.rules.len() >= 40, "{}", config.rules.len());
    for rule in &config.rules {
        assert!(rule.description.as_ref().is_some_and(|text| text.len() > 20), "{} has no description", rule.name);
        assert!(rule.runbook.is_some(), "{} has no runbook", rule.name);
    }
    assert!(
        SOURCES
            .iter()
            .filter(|source| source.is_run() || source.is_of_pce())
            .all(|source| config.rules.iter().any(|rule| rule.source == *source && rule.enabled))
    );
}

/// Every key of the contract stands in the example, live or commented out.
#[test]
fn the_example_names_every_key() {
    let text = std::fs::read_to_string(root().join("rules.example.toml")).unwrap();
    for key in [
        "url org_id api_key api_secret ca_file insecure_skip_verify proxy request_timeout query_timeout max_results",
        "deadline state timezone language heartbeat textfile give_up_after max_alerts lookback accounting max_gap max_looks max_new_looks",
        "name source metric match exclude window group_by warning critical info for keep_firing_for cooldown notify labels",
        "description runbook enabled type min_severity send_resolved timeout channels continue severity rule",
        "decision src_label dst_label any_label src_ip dst_ip any_ip src_ip_list dst_ip_list any_ip_list src_workload dst_workload",
        "any_workload src_managed dst_managed src_enforcement dst_enforcement src_os dst_os port proto process service user fqdn",
        "cooldown_backoff cooldown_max digest digest_weekdays digest_below times weekdays days_of_month months target equal",
        "direction state transmission network client_type status notification actor pce_fqdn resource",
        "ratio_to min_total baseline against samples min_samples stat floor expect remember learn recovery",
        "ven label version os enforcement sync_state condition online offline heartbeat_older ven_type active_pce ip",
    ]
    .iter()
    .flat_map(|line| line.split(' '))
    {
        let written = text.lines().any(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            line.split([' ', ',', '{']).collect::<Vec<_>>().windows(2).any(|pair| pair[0] == key && pair[1].starts_with('='))
                || line.split([' ', ',', '{']).any(|word| word.strip_prefix(key).is_some_and(|rest| rest.starts_with('=')))
                || line.starts_with(&format!("{key} ")) && line[key.len()..].trim_start().starts_with('=')
        });
        assert!(written, "`{key}` is not in rules.example.toml");
    }
}

#[test]
fn what_is_left_out_takes_the_documented_defaults() {
    let config = proven(&format!(
        "[pce]\nurl = \"http://127.0.0.1:8443/\"\norg_id = 1\napi_key = {{ env = \"A\" }}\napi_secret = {{ cmd = [\"pass\", \"show\"] }}\n{RULE}"
    ));
    let minutes = |number: u64| Duration::from_secs(60 * number);
    let pce = config.pce.unwrap();
    assert_eq!((pce.request_timeout, pce.query_timeout, pce.max_results), (minutes(1), minutes(15), 200_000));
    assert_eq!((pce.insecure_skip_verify, pce.ca_file, pce.proxy), (false, None, None));
    assert_eq!(pce.api_secret, SecretSource::Command(vec!["pass".to_owned(), "show".to_owned()]));
    assert_eq!((config.run.deadline, config.run.give_up_after, config.run.max_alerts), (minutes(20), minutes(2 * 24 * 60), 50));
    assert_eq!((config.run.language, config.run.timezone.iana_name()), (None, Some("UTC")));
    assert_eq!((config.traffic.lookback, config.traffic.accounting), (minutes(30), Accounting::Delta));
    let traffic = &config.traffic;
    assert_eq!((traffic.max_gap, traffic.max_looks, traffic.max_new_looks), (minutes(24 * 60), 2_000_000, 1_200_000));
    assert_eq!(config.events.lookback, minutes(15));
    let rule = &config.rules[0];
    assert_eq!(
        (rule.window, rule.cooldown, rule.pending_for, rule.keep_firing_for),
        (minutes(10), minutes(30), Duration::ZERO, Duration::ZERO)
    );
    assert_eq!(
        (rule.metric.clone(), rule.enabled, rule.line, rule.notify.clone()),
        (Metric::find(EVENTS, "count").unwrap(), true, 6, None)
    );
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn defaults_hold_for_every_rule_that_does_not_say_otherwise() {
    let config = proven(
        "[defaults]\nsource = \"events\"\nwindow = \"1h\"\ncooldown = \"2h\"\nwarning = \">= 3\"\ngroup_by = [\"actor\"]\nlabels = { team = \"soc\" }\n\
         [[rules]]\nname = \"a\"\n[[rules]]\nname = \"b\"\nsource = \"traffic\"\ngroup_by = [\"src_label:app\"]\nwindow = \"30m\"\n\
         [[rules]]\nname = \"c\"\nsource = \"health\"\nwarning = \">= 1\"\n",
    );
    let [a, b, health] = config.rules.as_slice() else { panic!() };
    assert!(health.group_by.is_empty());
    assert_eq!((a.source, a.window, a.group_by.clone()), (EVENTS, Duration::from_secs(3600), vec![Field::parse(EVENTS, "actor").unwrap()]));
    assert_eq!((b.source, b.window, b.group_by.clone()), (TRAFFIC, Duration::from_secs(1800), vec![Field::SrcLabel("app".to_owned())]));
    assert!(a.thresholds.warning.is_some() && b.thresholds.warning.is_some());
    assert_eq!(b.labels["team"], "soc");
}

#[test]
fn a_fault_in_the_defaults_is_told_once() {
    let rules =
        (0..5).map(|number| format!("[[rules]]\nname = \"{number}\"\nsource = \"events\"\nwarning = \">= 1\"\n")).collect::<String>();
    let error = refused(&format!("[defaults]\nwindow = \"10 parsecs\"\nremember = \"1 dy\"\ncooldwon = \"5m\"\n{rules}"));
    let lines: Vec<usize> = error.problems().iter().map(|at| at.line).collect();
    assert_eq!(lines, [2, 3, 4], "{}", error.render(false));
}

#[test]
fn the_order_of_values_does_not_change_what_a_rule_remembers() {
    let rule = |matching: &str| {
        let config = proven(&format!("[[rules]]\nname = \"a\"\nsource = \"traffic\"\nwarning = \"> 1\"\nmatch = {{ {matching} }}\n"));
        config.rules[0].definition()
    };
    let one = rule(r#"port = [22, "443/tcp"], dst_label = ["role=DB", "env=prod", "role=web*"], proto = ["tcp", "udp"]"#);
    assert_eq!(one, rule(r#"proto = [17, 6], dst_label = ["role=web*", "role=DB", "env=prod"], port = ["443/6", "22"]"#));
    assert_ne!(one, rule(r#"proto = [17, 6], src_label = ["role=web*", "role=DB", "env=prod"], port = ["443/6", "22"]"#));
}

#[test]
fn every_key_of_the_contract_is_read() {
    let config = proven(
        r#"[[rules]]
name = "t"
source = "traffic"
metric = "distinct:port"
match = { decision = ["blocked", "unknown"], src_label = "role=a=b*", dst_label = ["env=prod"], any_label = ["loc=TW"], src_ip = "10.0.0.0/8",
  dst_ip = ["2001:db8::/32"], any_ip = ["10.0.0.1-10.0.0.9"], src_ip_list = ["Any"], dst_ip_list = ["x"], any_ip_list = ["y*"],
  src_workload = ["WEB-*"], dst_workload = ["db"], any_workload = ["z"], src_managed = true, dst_managed = false,
  src_enforcement = ["full"], dst_enforcement = "idle", src_os = ["linux"], dst_os = ["windows"], port = [3306, "443/tcp", "27017-27019/udp"],
  proto = ["tcp", 17], process = ["*sshd"], service = ["svc"], user = ["root"], fqdn = ["*.example.com"], direction = ["inbound"],
  state = ["timed out"], transmission = ["unicast"], network = ["Corporate"], client_type = ["server"] }
exclude = { src_ip = ["10.9.0.0/16"] }
group_by = ["src_ip", "dst_label:app"]
warning = "> 4"
[[rules]]
name = "e"
source = "events"
match = { type = ["agent.*"], severity = ["err"], status = "failure", notification = ["user.login_failed"], actor = ["a*"], src_ip = ["10.0.0.1"], pce_fqdn = ["*"], resource = ["*"] }
critical = ">= 5"
[[rules]]
name = "h"
source = "health"
"#,
    );
    assert_eq!(config.warnings, Vec::<String>::new());
    let Matcher::Traffic(traffic) = &config.rules[0].matcher else { panic!() };
    assert_eq!((traffic.all.len(), traffic.none.len()), (30, 1));
    let Matcher::Records(events) = &config.rules[1].matcher else { panic!() };
    assert_eq!(events.all.len(), 8);
    assert_eq!(config.rules[2].metric, Metric::find(HEALTH, "status").unwrap());
}

#[test]
fn nothing_to_read_says_what_was_tried() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none.toml");
    let error = load(&path).unwrap_err();
    for shown in [error.render(false), error.to_string()] {
        assert!(shown.contains("none.toml") && shown.contains("--config"), "{shown}");
    }
    let error = load(dir.path()).unwrap_err();
    assert!(error.to_string().contains("cannot read the config"), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_placed_and_not_obeyed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.toml");
    std::fs::write(&path, b"[run]\nlanguage = \"\xff\x1b[2J\"\nnope = 1\n").unwrap();
    let error = load(&path).unwrap_err();
    let shown = error.render(false);
    assert!(shown.contains("not UTF-8") && shown.contains("unknown key `nope`") && shown.contains("rules.toml:2:13"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[cfg(unix)]
#[test]
fn a_plain_secret_warns_and_says_when_everybody_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.toml");
    let text =
        format!("[pce]\nurl = \"https://pce.example.com\"\norg_id = 1\napi_key = \"hunter2\"\napi_secret = {{ env = \"A\" }}\n{RULE}");
    std::fs::write(&path, text).unwrap();
    for (mode, open) in [(0o600, false), (0o644, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let config = load(&path).unwrap();
        let [warning] = config.warnings.as_slice() else { panic!("{:?}", config.warnings) };
        assert!(warning.contains("rules.toml:4:11") && warning.contains("plain text") && !warning.contains("hunter2"), "{warning}");
        assert_eq!(warning.contains("every user"), open, "{warning}");
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}

/// Pieces from which wrong configs are made: tables, keys, values, and what breaks them.
const PIECES: [&str; 40] = [
    "[pce]",
    "[run]",
    "[defaults]",
    "[[rules]]",
    "[[channels]]",
    "[[routes]]",
    "[[rules]",
    "[rules]",
    "name",
    "source",
    "match",
    "api_secret",
    "warning",
    "group_by",
    "metric",
    "window",
    "url",
    "=",
    "=",
    " = ",
    "\n",
    "\n",
    "\n",
    "\"",
    "'",
    "\"\"\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ".",
    "\"traffic\"",
    "\"> 1\"",
    "\"10m\"",
    "1",
    "true",
    "\u{feff}",
    "\r",
    "é\u{202e}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(600), max_global_rejects: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        if let Err(error) = read(&text) {
            prop_assert!(!error.render(true).is_empty());
            prop_assert!(!error.lines().is_empty());
        }
    }

    #[test]
    fn almost_toml_never_panics(parts in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40)) {
        let text = parts.concat();
        if let Err(error) = read(&text) {
            let obeyed = error.render(false).contains(['\r', '\u{202e}']);
            prop_assert!(!obeyed);
            prop_assert!(!error.to_string().is_empty());
        } else {
            // Recovering from faults must never mean overlooking one.
            prop_assert!(text.parse::<toml::Table>().is_ok(), "accepted {:?}", text);
        }
    }

    /// Whatever is cut out of a config or typed into it, what it says about it never holds the secret.
    #[test]
    fn secrets_never_show(from in 0usize..700, length in 0usize..6, junk in prop::sample::select(vec!["", "\"", "=", "x", "\n", "}", "]", " 1", "'"])) {
        let mut text = concat!(
            "[pce]\nurl = \"https://me:hunter2@pce.example.com/hunter2\"\norg_id = 1\napi_key = \"hunter2\"\napi_secret = 'hunter2'\n",
            "proxy = \"http://me:hunter2@proxy.example.com\"\n[run]\nheartbeat = \"https://hc.example.com/hunter2\"\n",
            "[[channels]]\nname = \"a\"\ntype = \"email\"\nsmtp = { host = 1, password = \"hunter2\" }\n",
            "[[channels]]\nname = \"a\"\ntype = \"webhook\"\nurl = \"https://hooks.example.com/T/hunter2\"\nsecret = [\n  \"hunter2\",\n  \"hunter2\",\n]\n",
            "headers = { Authorization = \"Bearer hunter2\" }\n[[channels]]\nname = \"b\"\ntype = \"line\"\ntoken = \"\"\"\nhunter2\n\"\"\"\n",
        ).to_owned();
        let from = from.min(text.len());
        let to = (from + length).min(text.len());
        // A cut through the secret itself or through the name of its key leaves nothing to recognise it by.
        let context = &text[from.saturating_sub(7)..(to + 7).min(text.len())];
        prop_assume!(!["hunter2", "api_", "pass", "token", "secret", "head", "orization", "Auth", "://", "\"\"\""].iter().any(|word| context.contains(word)) || length == 0 && junk.is_empty());
        text.replace_range(from..to, junk);
        if let Err(error) = read(&text) {
            for shown in [error.render(false), error.to_string(), format!("{error:?}")] {
                prop_assert!(!shown.contains("hunter2"), "{}", shown);
            }
        }
    }
}

#[test]
fn a_file_from_another_editor_is_read_the_same() {
    let config = proven(&format!("\u{feff}# note\n{RULE}").replace('\n', "\r\n"));
    assert_eq!((config.rules.len(), config.rules[0].line), (1, 2));
    let shown = refused(&format!("{RULE}colour = 1\n").replace('\n', "\r\n")).render(false);
    assert!(shown.contains("rules.toml:5:1") && !shown.contains('\r'), "{shown:?}");
}

#[test]
fn a_large_wrong_file_is_refused_quickly_and_briefly() {
    for line in ["=\n", "x\n", "\"\n", "[[rules]]\n", "k.k.k = [[[[\n", "name = 1\n"] {
        let text = line.repeat(100_000 / line.len());
        let error = refused(&text);
        assert!(error.problems().len() <= 1000, "{line:?}");
        assert!(error.render(false).lines().count() < 2000, "{line:?}");
    }
}

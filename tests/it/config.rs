//! The configuration from outside: text in, proven values or all complaints out.

use pcemon::config::reader::Level;
use pcemon::config::{Config, ConfigError, load, parse};
use pcemon::domain::field::Field;
use pcemon::domain::metric::{Metric, SourceKind};
use pcemon::domain::report::Accounting;
use pcemon::domain::rule::Matcher;
use pcemon::domain::secret::SecretSource;
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
        (2, 7, "must end after host and port"),
        (3, 10, "must be 1 or more"),
        (5, 14, "exactly one place"),
        (7, 1, "unknown key `dedline` in [run]"),
        (8, 12, "knows no 'Asia/Taipeh'"),
        (9, 10, ""),
        (13, 11, "unknown key `decison`"),
        (13, 41, "'70000' is not a port"),
        (13, 62, "'role' is not a label"),
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
    for part in ["rules.toml:13:11", "did you mean `decision`?", "did you mean `deadline`?", "13 | match = { decison", "13 errors"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert_eq!(error.lines().len(), wanted.len());
    assert!(error.lines().iter().all(|line| !line.contains('\n') && line.starts_with("rules.toml:")));
}

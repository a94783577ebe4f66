//! The flags of `explain`, `replay` and `test`, which stand below `rules` as well.

use super::completing;
use super::input::{self, Inputs};
use super::values::parse_now;
use crate::domain::time::parse_duration;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const TEST_HELP: &str = "\
Examples:
  pcemon test rules.test.toml
  pcemon test -c rules.toml tests/*.toml -o junit
  pcemon test rules.test.toml --test 'port scan*'

A file of tests:
  config = \"rules.toml\"                     # the config to test; default: the config in use
  [[test]]
  name  = \"a scan fires, and is over when it ends\"
  rules = [\"Port scan*\"]                    # only these rules; default: all
  flow  = { dst = \"db-01\", decision = \"blocked\" }   # shared by the flows of this test
  [[test.step]]
  at = \"0m\"                                 # a run of pcemon; flows and events happened since the step before
  flows = [{ src = \"web-01\", port = 22 }, { src = \"web-01\", port = 23, connections = 3 }]
  expect.pending = []
  expect.firing  = [{ rule = \"Port scan\", group = { src_workload = \"web-01\" }, severity = \"warning\", value = 2 }]
  expect.sent    = [{ rule = \"Port scan\", group = { src_workload = \"web-01\" }, channel = \"soc\", reason = \"first\" }]
  [[test.step]]
  at = \"15m\"
  expect.firing = []

Keys of a step: at, flows, events, health, vens, database (the last three as the PCE sends them), flows_file and so on for
recorded answers, failed = [\"traffic\"] for sources that cannot be read, down = [\"soc\"] for channels that are down.
Compared exactly, where given: expect.firing, expect.pending, expect.sent, expect.values, expect.exit_code.";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  pcemon explain 'Blocked traffic to databases'
  pcemon explain --last                                  what the last run found, without a query
  pcemon explain databases --last --at 2026-11-20T09:45:00Z
  pcemon explain 'Port scan' --group src_ip=10.1.2.3
  pcemon explain 'Port scan' --flows answer.json.gz --now 2026-11-20T10:00:00Z -o json
  pcemon explain 'Port scan' --record-file flow.json     condition by condition, without the PCE";

pub(super) const REPLAY_EXAMPLES: &str = "\
Examples:
  pcemon check --record runs/$RUN                          one folder for each run, named by the time
  pcemon replay runs                                      the current rules over all of these runs
  pcemon replay --flows export.json.gz --step 10m --rule 'Blocked*'
  pcemon replay runs -o json | jq .rules";

/// Flags of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Name of the rule, or a part of it that no other rule has
    #[arg(value_name = "RULE", required_unless_present = "last", add = ArgValueCompleter::new(completing::rules))]
    pub rule: Option<String>,
    /// Show what the latest runs found, from the state, without a query to the PCE. Without RULE: for every rule that was not ok
    #[arg(long, conflicts_with_all = ["group", "record_file", "flows", "events", "health", "vens", "database", "input", "now"])]
    pub last: bool,
    /// With --last: the findings at this time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now, requires = "last")]
    pub at: Option<Timestamp>,
    /// Only this group, for example src_workload=web-01; once for each field of group_by (- for no value)
    #[arg(long, value_name = "FIELD=VALUE")]
    pub group: Vec<String>,
    /// Test the records of this file against the rule, condition by condition, without a query to the PCE (JSON array or one object per line, plain or gzip, - for standard input)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["group", "flows", "events", "health", "vens", "database", "input"])]
    pub record_file: Option<PathBuf>,
    /// Recorded answers.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Use this as the current time (RFC 3339)
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub now: Option<Timestamp>,
}

/// Flags of `replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Folders of recorded runs
    #[arg(required_unless_present_any = ["flows", "events", "input"], conflicts_with_all = ["flows", "events", "input"], value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Exports instead of folders.
    #[command(flatten)]
    pub inputs: Inputs<input::Exported>,
    /// With an export: interval between runs
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration)]
    pub step: Duration,
    /// With an export: the first run (RFC 3339) [default: the first record]
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub from: Option<Timestamp>,
    /// With an export: the last run [default: after the last record]
    #[arg(long, value_name = "TIMESTAMP", value_parser = parse_now)]
    pub to: Option<Timestamp>,
    /// Replay only the rules whose name matches (* ? [..] {a,b}), also disabled ones
    #[arg(long, value_name = "GLOB")]
    pub rule: Option<String>,
}

/// Flags of `test`.
#[derive(Debug, Clone, Args)]
pub struct TestArgs {
    /// Files of tests
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Run only the tests whose name matches (* ? [..] {a,b})
    #[arg(long, value_name = "GLOB")]
    pub test: Option<String>,
}

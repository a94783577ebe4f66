//! What a wrong clock did to the memory, ordinary runs mend: their numbers are those of a fresh start.

use crate::support::cli::{Bench, Ran, at, knock, knocks};
use crate::support::tape::{Tape, minute};
use jiff::{SignedDuration, Timestamp};
use pcemon::domain::metric::Metric;
use pcemon::judge::measurement::{Span, UNGROUPED};
use pcemon::judge::memory::RuleMemory;
use pcemon::judge::tally::{Amount, Tally};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use proptest::prelude::*;

const RULES: &str = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\nwindow = \"10m\"\ninfo = \"> 1000000\"\n\
    [[rules]]\nname = \"By host\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\ngroup_by = [\"src_workload\"]\nwindow = \"30m\"\nwarning = \"> 5\"\n";

/// One answer with the date of another age: nothing of it is believed or remembered, and the next run counts on.
#[test]
fn a_date_of_another_age_is_unknown_and_leaves_no_trace() {
    let bench = Bench::new(Options::new(knocks(&[knock("09:30", "web-09", 22, 50)]), at("10:00")), RULES);
    // These runs follow the real clock: only then is the PCE's one followed.
    let now = Timestamp::now();
    let run = |faults: Vec<Fault>, offset: i64| {
        bench.sim.set_now(now + SignedDuration::from_secs(offset));
        bench.sim.set_faults(faults);
        Ran::of(&mut bench.room.command(&["check", "-o", "json"]))
    };
    run(Vec::new(), 0).exits(0);
    let before = bench.loaded();
    let endpoints = [Endpoint::Submit, Endpoint::Status, Endpoint::Download, Endpoint::List, Endpoint::Delete];
    for date in ["2099-01-01T00:00:00Z", "1999-01-01T00:00:00Z"] {
        let wrong = endpoints.map(|endpoint| Fault::new(endpoint, .., Action::Date(date.parse().unwrap())));
        let ran = run(wrong.to_vec(), 0).exits(3);
        let report = ran.json();
        assert_eq!(report.0["status"], "unknown");
        assert_eq!(report.rule("Blocked")["state"], "unknown", "{date}");
        let after = bench.loaded();
        assert_eq!(after.state.traffic, before.state.traffic, "{date}");
        assert_eq!(after.memory, before.memory, "{date}");
        assert_eq!(after.state.last_run.unwrap().clock_skew, 0, "{date}");
    }
    let report = run(Vec::new(), 0).exits(0).json();
    assert_eq!(report.rule("Blocked")["state"], "ok");
}

/// What keeps a value a lower bound, for as long as it does.
type Cause = fn(&mut Tally<()>);

/// For a day of regular looks nobody takes a lower bound for more than it is; then it is not known to be calm, whatever the cause.
#[test]
fn a_lower_bound_for_a_day_is_not_known() {
    let learns: Cause = |tally| {
        let number = tally.group(UNGROUPED, Vec::new).unwrap();
        tally.groups[number as usize].learning = true;
    };
    let causes: [(&str, Cause, bool); 4] = [
        ("learning", learns, false),
        ("late VENs that are not counted", |tally| tally.misses = true, false),
        ("too many groups", |tally| tally.overflow = true, true),
        ("nothing", |_| {}, false),
    ];
    for (name, cause, never_calm) in causes {
        let mut memory = RuleMemory::default();
        let mut from = None;
        for hour in 0..=26 {
            let to = at("10:00") + SignedDuration::from_hours(hour);
            let mut tally = Tally::new(Amount::zero(&Metric::Connections));
            cause(&mut tally);
            let window = std::time::Duration::from_secs(600);
            let span = Span { from: from.replace(to), to };
            let observation = memory.measure(&Metric::Connections, window, false, tally, span, |(), _| unreachable!());
            // What it is judged by.
            let is_known = observation.groups[0].besides_learning.high.is_finite();
            let unlisted = observation.unlisted.besides_learning.high.is_finite();
            assert_eq!(is_known, !never_calm && (hour < 24 || name == "nothing"), "{name}, hour {hour}: {observation:?}");
            assert!(unlisted || hour >= 24 || never_calm, "{name}, hour {hour}: {observation:?}");
        }
    }
}

/// What both tell of a run, beside how it came to be.
fn told(tape: &Tape, now: &str) -> (i32, serde_json::Value) {
    let answer = tape.flows(now, &[("web-01", 3306, "blocked", 3)]);
    let ran = tape.ran(now, "flows", Some(&answer), &[]);
    let report = ran.json();
    let rules: Vec<serde_json::Value> = ["Blocked", "By host"]
        .iter()
        .map(|name| {
            let rule = report.rule(name);
            serde_json::json!([name, rule["state"], rule["value"], rule["lower_bound"]])
        })
        .collect();
    (ran.code, rules.into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// Runs at any times, then ordinary ones: after as many as the windows need, they say what they say after a reset.
    #[test]
    fn any_clocks_are_mended_by_ordinary_runs(wrong in prop::collection::vec(-3_000_000i64..40_000_000, 1..4)) {
        let tape = Tape::new("delta", RULES);
        let fresh = Tape::new("delta", RULES);
        for minutes in wrong {
            let answer = tape.flows(&minute(0), &[]);
            let now = minute(minutes);
            tape.ran(&now, "flows", Some(&answer), &[]);
        }
        // The same answers from here on, so that only the memory can differ.
        let mut last = (0, serde_json::Value::Null);
        for step in 1..=8 {
            let now = minute(step * 5);
            let healed = told(&tape, &now);
            let ideal = told(&fresh, &now);
            if step >= 2 {
                prop_assert_eq!(&healed, &ideal, "at {}", now);
            }
            last = ideal;
        }
        prop_assert_eq!(last.1[0][2].as_f64(), Some(6.0));
    }
}

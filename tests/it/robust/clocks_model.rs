//! Bad hours of every kind, then good ones: random clocks, `Date` headers, answers, kills and disk faults, and after them
//! ordinary runs that say what a fresh start says, and are never calm about more than there is.

use crate::support::cli::{Bench, Ran, at, knock, knocks};
use crate::support::traced;
use jiff::{SignedDuration, Timestamp};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use pcemon::sim::world::World;
use proptest::prelude::*;
use serde_json::{Value, json};

const RULES: &str = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\nwindow = \"10m\"\ninfo = \"> 1000000\"\n\
    [[rules]]\nname = \"By host\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\ngroup_by = [\"src_workload\"]\nwindow = \"30m\"\nwarning = \"> 5\"\n\
    [[rules]]\nname = \"Hosts\"\nsource = \"traffic\"\nmetric = \"distinct:src_workload\"\nmatch = { decision = [\"blocked\"] }\nwindow = \"20m\"\nwarning = \"> 1\"\n";

/// Three connections every five minutes, and two hosts more at times.
fn world() -> World {
    let times: Vec<String> = (0..72).map(|step| format!("{:02}:{:02}", 7 + step / 12, step % 12 * 5 + 2)).collect();
    let mut list: Vec<_> = times.iter().map(|time| knock(time, "web-01", 22, 3)).collect();
    list.extend(times.iter().step_by(7).map(|time| knock(time, "web-02", 23, 4)));
    list.extend(times.iter().step_by(9).map(|time| knock(time, "web-03", 24, 1)));
    knocks(&list)
}

/// What goes wrong in one run.
#[derive(Debug, Clone)]
enum Trouble {
    /// Nothing but the clock.
    None,
    /// The PCE's `Date` says this.
    Date(i64),
    /// An answer is an error, empty, cut or none.
    Answer(u8),
    /// The how-manieth call of this kind fails so.
    Disk(u8, u8),
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        2 => Just(Trouble::None),
        1 => (0i64..4_000_000_000).prop_map(Trouble::Date),
        2 => any::<u8>().prop_map(Trouble::Answer),
        2 => (any::<u8>(), 1u8..5).prop_map(|(how, when)| Trouble::Disk(how, when)),
    ]
}

fn faults(trouble: &Trouble) -> Vec<Fault> {
    let endpoints = [Endpoint::Submit, Endpoint::Status, Endpoint::Download, Endpoint::List, Endpoint::Delete];
    match trouble {
        Trouble::Date(second) => {
            let date = Timestamp::from_second(*second).unwrap();
            endpoints.map(|endpoint| Fault::new(endpoint, .., Action::Date(date))).to_vec()
        }
        Trouble::Answer(which) => {
            let action = match which % 6 {
                0 => Action::EmptyBody,
                1 => Action::DropMidBody,
                2 => Action::TruncateText,
                3 => Action::TruncatePacked,
                4 => Action::NoRows,
                _ => Action::error(500, "internal", "No"),
            };
            vec![Fault::new(if which % 7 == 0 { Endpoint::Submit } else { Endpoint::Download }, .., action)]
        }
        Trouble::None | Trouble::Disk(..) => Vec::new(),
    }
}

/// One run of the bad hour; how it ends is its own affair.
fn suffer(bench: &Bench, now: Timestamp, trouble: &Trouble, traceable: bool) {
    bench.sim.set_faults(faults(trouble));
    let command = bench.command(now, &[]);
    match trouble {
        Trouble::Disk(how, when) if traceable => {
            let kinds = [
                "rename:error=ENOSPC",
                "fsync:error=EIO",
                "rename:signal=KILL",
                "fsync:signal=KILL",
                "openat:signal=KILL",
                "write:signal=KILL",
            ];
            let kind = kinds[usize::from(*how) % kinds.len()];
            // Many files are opened before the first that counts.
            let when = if kind.starts_with("openat") { usize::from(*when) * 9 } else { usize::from(*when) };
            traced::run(&command, &[&format!("{kind}:when={when}")], &[]);
        }
        _ => {
            let mut command = command;
            Ran::of(&mut command);
        }
    }
    bench.sim.set_faults(Vec::new());
}

fn told(ran: &Ran) -> (i32, Value) {
    let report = ran.json();
    let of = |name: &str| {
        let rule = report.rule(name);
        json!([name, rule["state"], rule["value"], rule["value_max"], rule["lower_bound"]])
    };
    (ran.code, ["Blocked", "By host", "Hosts"].map(of).to_vec().into())
}

/// How many connections came in the ten minutes before.
fn came(world: &World, now: Timestamp) -> u64 {
    let from = now - SignedDuration::from_mins(10);
    world.points().iter().filter(|point| point.at > from && point.at <= now).map(|point| point.connections).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn good_hours_mend_what_bad_ones_did(bad in prop::collection::vec((-3_000_000i64..40_000_000, any::<bool>(), trouble()), 1..5)) {
        let traceable = traced::to_be_had();
        let world = world();
        let mut benches = [(); 2].map(|()| Bench::new(Options::new(world.clone(), at("10:00")), RULES));
        // A killed run leaves its query to the next one's sweep.
        benches[0].may_leave_queries = true;
        let [hurt, fresh] = &benches;
        for (minutes, is_far, trouble) in &bad {
            // Near clocks go wrong within what is compared later.
            let minutes = if *is_far { *minutes } else { minutes % 90 };
            suffer(hurt, at("10:00") + SignedDuration::from_mins(minutes), trouble, traceable);
        }
        let mut last = Vec::new();
        for step in 0..=8 {
            let now = at("12:00") + SignedDuration::from_mins(step * 5);
            let (healed, ideal) = (hurt.check(now, &[]), fresh.check(now, &[]));
            prop_assert!((0..=3).contains(&healed.code), "{}\n{}", healed.out, healed.err);
            let rule = healed.json().rule("Blocked").clone();
            let most = rule["value_max"].as_f64().unwrap_or(f64::INFINITY);
            prop_assert!(rule["state"] == "unknown" || most >= came(&world, now) as f64, "calm about too little at {}: {:#}", now, rule);
            last = vec![told(&healed), told(&ideal)];
            // The longest window has passed.
            prop_assert!(step < 7 || last[0] == last[1], "at {}: {:#?}", now, last);
        }
        prop_assert_eq!(last[1].1[0][2].as_f64().is_some_and(|value| value >= 6.0), true);
    }
}

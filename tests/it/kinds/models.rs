//! The kinds against models so plain that they are right, and against the order of records.

use crate::support::budget;
use crate::support::tape::{MODES, Tape, instant, minute};
use jiff::{SignedDuration, Timestamp};
use pcemon::domain::alert::End;
use pcemon::domain::estimate::Estimate;
use pcemon::domain::filter::Filter;
use pcemon::domain::metric::Metric;
use pcemon::domain::rule::{Against, Baseline, ExpectedGroups, Matcher, Ratio, Rule, Stat};
use pcemon::domain::threshold::{BaselineValue, Severity, Threshold, Thresholds};
use pcemon::domain::time::Window;
use pcemon::domain::unit::Unit;
use pcemon::judge::history::History;
use pcemon::judge::measurement::{GroupMeasurement, Measurement, Unlisted};
use pcemon::judge::ratio::divide;
use pcemon::judge::sightings::Sightings;
use pcemon::judge::transition::{Evaluation, Evidence, Instance, Stage, Verdict, missing, step};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn counting(grouped: bool) -> Rule {
    let matcher = Matcher::Traffic(Filter { all: Vec::new(), none: Vec::new() });
    let group_by = if grouped { vec![pcemon::domain::field::Field::SrcWorkload] } else { Vec::new() };
    Rule { group_by, ..Rule::counting("r", pcemon::sources::TRAFFIC, Metric::Connections, matcher) }
}

fn threshold(text: &str) -> Option<Threshold> {
    Some(Threshold::parse(text, Unit::Connections).unwrap())
}

fn later(at: Timestamp, minutes: i64) -> Timestamp {
    at + SignedDuration::from_mins(minutes)
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

fn observed(groups: Vec<GroupMeasurement>, now: Timestamp) -> Measurement {
    Measurement {
        groups,
        covers: Some((later(now, -10), now)),
        matched: 0,
        top: Vec::new(),
        note: None,
        trouble: None,
        unlisted: Unlisted::ZERO,
    }
}

fn one(key: u64, value: f64) -> GroupMeasurement {
    GroupMeasurement::of(key, vec![Some(format!("g{key}"))], Estimate::exact(value))
}

/// Runs an hour apart or so, each with what is seen in it.
fn looks() -> impl Strategy<Value = Vec<(i64, Vec<u8>)>> {
    prop::collection::vec((1i64..100, prop::collection::vec(0u8..12, 0..10)), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(200), failure_persistence: None, ..ProptestConfig::default() })]

    /// New is what was not seen for `remember`; nothing counts while learning.
    #[test]
    fn new_is_what_the_plain_model_says(looks in looks(), learn in 0u64..6, remember in 8u64..30) {
        let mut sightings = Sightings::default();
        let mut last_seen: BTreeMap<u8, i64> = BTreeMap::new();
        let began = instant("10:00");
        let mut now = began;
        for (index, (gap, seen)) in looks.iter().enumerate() {
            now = if index == 0 { now } else { later(now, *gap) };
            let hour = |at: Timestamp| at.as_second().div_euclid(3600);
            let oldest = hour(later(now, -(remember as i64) * 60));
            let learning = index == 0 || now < later(began, learn as i64 * 60);
            sightings.open(hours(learn), hours(remember), now);
            prop_assert_eq!(sightings.learning_until().is_some(), learning);
            for combination in seen {
                let known = last_seen.insert(*combination, hour(now)).is_some_and(|seen| seen >= oldest);
                prop_assert_eq!(sightings.is_new(u64::from(*combination)), !known && !learning);
            }
            sightings.close(true);
            let bytes = serde_json::to_vec(&sightings).unwrap();
            sightings = serde_json::from_slice(&bytes).unwrap();
        }
    }

    /// A change is a value that the group did not have when it was seen last.
    #[test]
    fn a_change_is_what_the_plain_model_says(looks in looks(), wholes in prop::collection::vec(any::<bool>(), 40)) {
        let mut sightings = Sightings::default();
        let mut had: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
        let mut now = instant("10:00");
        for (index, (gap, seen)) in looks.iter().enumerate() {
            now = later(now, *gap);
            sightings.open(Duration::ZERO, hours(30 * 24), now);
            let mut has: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
            for (group, value) in seen.iter().map(|number| (number % 3, number / 3)) {
                let again = !has.entry(group).or_default().insert(value);
                let differs = had.get(&group).is_some_and(|had| !had.contains(&value));
                let told = sightings.change(u64::from(group), u64::from(value), || format!("v{value}"));
                prop_assert_eq!(told.is_some(), differs && !again);
            }
            for (group, values) in has {
                let before = had.entry(group).or_default();
                if wholes[index] {
                    before.clear();
                }
                before.extend(values);
            }
            sightings.close(wholes[index]);
        }
    }

    /// Who was seen within `remember` and is not there now is silent.
    #[test]
    fn the_silent_are_who_the_plain_model_says(looks in looks(), remember in 8u64..30) {
        let rule = Rule { expected_groups: Some(ExpectedGroups { expect: Vec::new() }), remember: hours(remember), ..counting(true) };
        let mut history = History::default();
        let mut last_seen: BTreeMap<u8, Timestamp> = BTreeMap::new();
        let mut now = instant("10:00");
        for (gap, seen) in looks {
            now = later(now, gap);
            let present: BTreeSet<u8> = seen.into_iter().collect();
            let mut observation = observed(present.iter().map(|key| one(u64::from(*key), 3.0)).collect(), now);
            history.complete(&rule, &mut observation, true, now);
            last_seen.extend(present.iter().map(|key| (*key, now)));
            let oldest = later(now, -(remember as i64) * 60);
            let silent: Vec<u64> = last_seen.iter().filter(|(key, at)| !present.contains(key) && **at >= oldest).map(|(key, _)| u64::from(*key)).collect();
            let told: Vec<u64> = observation.groups.iter().filter(|group| group.estimate == Estimate::ZERO).map(|group| group.key).collect();
            prop_assert_eq!(told, silent);
            prop_assert_eq!(observation.groups.len(), present.len() + observation.groups.iter().filter(|group| group.estimate == Estimate::ZERO).count());
        }
    }

    /// What is usual, when runs are as far apart as the window is long.
    #[test]
    fn the_usual_is_what_the_plain_model_says(
        values in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u32), 0u32..1000], 3), 1..30),
        samples in 1usize..8, fewest in 1usize..8, stat in prop::sample::select(vec![Stat::Median, Stat::Mean, Stat::Max]),
    ) {
        let min_samples = fewest.min(samples);
        let baseline = Baseline { against: Against::Previous, samples, min_samples, stat, floor: 7.0 };
        let thresholds = Thresholds { warning: threshold("> 3x"), ..Thresholds::default() };
        let rule = Rule { baseline: Some(baseline), thresholds, ..counting(true) };
        let mut history = History::default();
        for (index, now_values) in values.iter().enumerate() {
            let now = instant(&minute(10 * index as i64));
            // What has nothing is not listed.
            let groups = (0u64..).zip(now_values).filter(|(_, value)| **value > 0).map(|(key, value)| one(key, f64::from(*value))).collect();
            let mut observation = observed(groups, now);
            history.complete(&rule, &mut observation, true, now);
            for measured in &observation.groups {
                let mut earlier: Vec<f64> = values[index.saturating_sub(samples)..index].iter().map(|row| f64::from(row[measured.key as usize])).collect();
                earlier.sort_by(f64::total_cmp);
                let count = earlier.len();
                let want = if count < min_samples { BaselineValue::Learning } else {
                    let usual = match stat {
                        Stat::Max => earlier[count - 1],
                        Stat::Mean => earlier.iter().sum::<f64>() / count as f64,
                        Stat::Median => (earlier[(count - 1) / 2] + earlier[count / 2]) / 2.0,
                    };
                    BaselineValue::Is { usual, floor: 7.0 }
                };
                prop_assert_eq!(measured.usual, want);
            }
        }
    }

    /// A quotient is one number over the other, where both are known and the total is large enough.
    #[test]
    fn a_ratio_is_the_naive_quotient(
        parts in prop::collection::btree_map(0u64..8, (0u32..50, any::<bool>()), 0..8),
        totals in prop::collection::btree_map(0u64..8, (0u32..50, any::<bool>()), 0..8),
        min_total in 0u32..20,
    ) {
        let ratio = Ratio { over: Box::new(counting(true)), min_total: f64::from(min_total) };
        let rule = Rule { ratio: Some(ratio.clone()), ..counting(true) };
        let now = instant("10:00");
        let side = |list: &BTreeMap<u64, (u32, bool)>| {
            observed(list.iter().map(|(key, (value, lower_bound))| one(*key, f64::from(*value)).learning(*lower_bound)).collect(), now)
        };
        let divided = divide(&rule, &ratio, side(&parts), &side(&totals));
        let keys: BTreeSet<u64> = parts.keys().chain(totals.keys()).copied().collect();
        prop_assert_eq!(divided.groups.iter().map(|group| group.key).collect::<BTreeSet<u64>>(), keys);
        for group in divided.groups {
            let (part, part_bound) = parts.get(&group.key).copied().unwrap_or_default();
            let (total, total_bound) = totals.get(&group.key).copied().unwrap_or_default();
            let (enough, quotient) = (total > 0 && total >= min_total, f64::from(part) / f64::from(total));
            let Estimate { low, high } = group.estimate;
            prop_assert_eq!(group.unjudged, !total_bound && !enough);
            match (part_bound, total_bound) {
                _ if total_bound && !enough => prop_assert_eq!(group.estimate, Estimate::ANY),
                (false, false) => prop_assert_eq!(group.estimate, Estimate::known((total > 0).then_some(quotient))),
                (true, false) if total > 0 => prop_assert_eq!((low, high), (quotient, f64::INFINITY)),
                (false, true) => prop_assert_eq!((low, high), (0.0, quotient)),
                (true, true) => prop_assert_eq!((low, high), (0.0, f64::INFINITY)),
                (true, false) => prop_assert!(group.unjudged),
            }
            // What is only being learned leaves a rule as it is.
            prop_assert!(group.besides_learning.is_exact());
        }
    }

    /// Whatever is found in whatever order: no step without its reason.
    #[test]
    fn no_instance_moves_without_a_reason(
        turns in prop::collection::vec((1i64..50, 0u8..8, 0u32..40), 1..40),
        hold in 0u64..30, keep in 0u64..30, recovers in any::<bool>(), relative in any::<bool>(),
    ) {
        let limits = if relative { ("> 3x", "> 5x", "< 2x") } else { ("> 15", "> 25", "< 10") };
        let thresholds = Thresholds { warning: threshold(limits.0), critical: threshold(limits.1), ..Thresholds::default() };
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let recovery = recovers.then(|| threshold(limits.2)).flatten();
        let rule = Rule { thresholds, recovery, pending_for: minutes(hold), keep_firing_for: minutes(keep), ..counting(false) };
        let mut instance: Option<Instance> = None;
        let mut now = instant("10:00");
        let mut missed = 0;
        for (gap, what, value) in turns {
            now = later(now, gap);
            let before = instance.clone();
            let live = before.as_ref().filter(|instance| instance.stage != Stage::Resolved).cloned();
            if what == 0 {
                // Its group is gone.
                let Some(own) = live.clone() else { continue };
                missed += 1;
                instance = missing(own, End::Gone, now);
                let is_over = instance.as_ref().is_none_or(|instance| instance.stage == Stage::Resolved);
                prop_assert_eq!(is_over, missed >= 2 || live.unwrap().stage == Stage::Pending);
                continue;
            }
            missed = 0;
            let usual = match what { 5 => BaselineValue::Learning, 6 => BaselineValue::NOTHING, _ => BaselineValue::Is { usual: 5.0, floor: 0.0 } };
            let value = f64::from(value);
            let estimate = match what {
                1 | 3 => Estimate::ANY,
                2 => Estimate::at_least(value),
                _ => Estimate::exact(value),
            };
            let evidence = Evidence { unjudged: what == 4, usual, ..Evidence::of(estimate) };
            let verdict = Verdict::of(&rule, &evidence);
            let known = what != 1 && what != 3 && !(relative && what == 5);
            // What a person would say, with a usual of five or none.
            let judged = what != 4;
            // Anything is more than any multiple of nothing.
            let (warns, is_critical) = if relative && what == 6 { (value > 0.0, value > 0.0) } else { (value > 15.0, value > 25.0) };
            prop_assert_eq!(verdict.breach.is_some(), known && judged && warns);
            prop_assert_eq!(verdict.breach.as_ref().map(|(severity, _)| *severity == Severity::Critical), (known && judged && warns).then_some(is_critical));
            let calm = known && verdict.breach.is_none() && verdict.open.is_none();
            prop_assert!(!calm || what != 2 || !judged, "a lower bound is never calm");
            let finding = Evaluation {
                group: Vec::new(), estimate, verdict: verdict.clone(),
                window: Window { from: now, to: now }, top: Vec::new(),
            };
            instance = step(before.clone(), &rule, &finding, now);
            let stage = instance.as_ref().map(|instance| instance.stage);
            match (live.as_ref().map(|instance| instance.stage), stage) {
                (None, Some(Stage::Pending)) => prop_assert!(verdict.breach.is_some() && hold > 0),
                (None, Some(Stage::Firing)) => prop_assert!(verdict.breach.is_some() && hold == 0),
                (Some(Stage::Pending), Some(Stage::Firing)) => {
                    let own = instance.as_ref().unwrap();
                    prop_assert!(verdict.breach.is_some() && now.duration_since(own.since).as_secs() >= (hold * 60) as i64);
                }
                (Some(Stage::Pending), None) => prop_assert!(calm),
                // What comes to nothing leaves the firing before it, which may still have to be told as over.
                (Some(Stage::Pending), Some(Stage::Resolved)) => {
                    let (was, is) = (live.unwrap().earlier.unwrap(), instance.as_ref().unwrap());
                    prop_assert!(calm && (Some(was.fired_at), Some(was.resolved_at)) == (is.fired_at, is.resolved_at));
                }
                (Some(Stage::Firing), Some(Stage::Resolved)) => {
                    prop_assert!(calm && !verdict.holds_on);
                    let quiet = instance.as_ref().unwrap().quiet_since.unwrap();
                    prop_assert!(now.duration_since(quiet).as_secs() >= (keep * 60) as i64);
                    prop_assert!(!recovers || !judged || value < 10.0 || (relative && what == 6));
                }
                (Some(Stage::Firing), Some(Stage::Firing)) if calm && keep == 0 => prop_assert!(recovers && judged && value >= 10.0),
                (Some(stage), Some(same)) => prop_assert_eq!(stage, same),
                (None, None | Some(Stage::Resolved)) => prop_assert!(verdict.breach.is_none()),
                (was, is) => prop_assert!(false, "{was:?} became {is:?}"),
            }
        }
    }
}

/// The same records in another order are the same answer, for every kind.
#[test]
fn the_order_of_records_does_not_matter() {
    let rules = r#"
[defaults]
window = "10m"
group_by = ["src_workload"]
[[rules]]
name = "Share"
source = "traffic"
match = { decision = ["blocked"] }
ratio_to = { port = [1, 2, 3] }
warning = "> 20 %"
[[rules]]
name = "Spike"
source = "traffic"
warning = "> 2x"
baseline = { min_samples = 1, floor = 1 }
[[rules]]
name = "Silent"
source = "traffic"
critical = "< 1"
[[rules]]
name = "New"
source = "traffic"
metric = "new:port"
learn = "0s"
info = ">= 1"
[[rules]]
name = "Changed"
source = "traffic"
metric = "changes:decision,port"
warning = ">= 1"
"#;
    let names = ["web-01", "web-02", "web-03", "web-04"];
    let decisions = ["allowed", "blocked"];
    for mode in MODES {
        let mut first = None;
        for shuffle in 0..4 {
            let (tape, mut story, mut order) = (Tape::new(mode, rules), fastrand::Rng::with_seed(7), fastrand::Rng::with_seed(shuffle));
            let mut told = Vec::new();
            for number in 0..5 {
                let came: Vec<_> =
                    (0..12).map(|_| (names[story.usize(..4)], story.u16(1..4), decisions[story.usize(..2)], story.u64(1..30))).collect();
                let now = minute(10 * number);
                let mut answer = tape.flows(&now, &came);
                order.shuffle(answer.as_array_mut().unwrap());
                let mut rules = tape.check(&now, "flows", &answer).judgement();
                // Of contributors that are alike, which are shown is left open.
                for rule in rules.as_array_mut().unwrap() {
                    rule["top"].take();
                    rule["instances"].as_array_mut().unwrap().iter_mut().for_each(|instance| drop(instance["top"].take()));
                }
                told.push(rules);
            }
            let text = serde_json::to_string(&told).unwrap();
            assert!(["Share", "Spike", "New", "Changed"].iter().all(|_| text.contains("\"firing\"")));
            assert_eq!(*first.get_or_insert(told.clone()), told, "{mode} {shuffle}");
        }
    }
}

//! Random histories with silences, maintenance windows, inhibition, growing pauses and digests, driven through
//! the judge and the sending as a run drives them, and held against what each of them means.

use super::history::{Log, Mood, Scripted, Taken, believes, mood, value, words};
use crate::support::budget;
use jiff::{SignedDuration, Timestamp};
use pcemon::config::{self, Config};
use pcemon::domain::alert::{Group, Notification, PceIdentity, SendMode};
use pcemon::domain::entry::AlertState;
use pcemon::domain::estimate::Estimate;
use pcemon::domain::mute::{Matcher, Silence, Target};
use pcemon::domain::rule::Rule;
use pcemon::domain::threshold::Severity;
use pcemon::domain::time::Window;
use pcemon::judge::message::{Pages, Policy, Receiver};
use pcemon::judge::mute::{self, Muting};
use pcemon::judge::outbox;
use pcemon::judge::transition::Instances;
use pcemon::judge::transition::{Evaluation, Evidence, Stage, Verdict, fingerprint, step};
use pcemon::run::deliver::{Ready, ReadyChannels, send_all};
use pcemon::state::State;
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// `Down` explains `Blocked`; warnings are not told between 11:00 and 12:00; one channel has a digest every four hours.
const CONFIG: &str = r#"
[[rules]]
name = "Blocked"
source = "traffic"
group_by = ["src_workload"]
warning = "> 10"
critical = "> 100"
cooldown = "30m"
cooldown_backoff = 2
cooldown_max = "2h"
notify = ["well", "moody", "daily", "urgent"]
[[rules]]
name = "Down"
source = "traffic"
critical = "> 100"
cooldown = "30m"
notify = ["well", "moody", "daily", "urgent"]
[[inhibit]]
source = { rule = ["Down"] }
target = { rule = ["Blocked"] }
[[maintenance]]
name = "Lunch"
match = { severity = ["warning"] }
times = ["11:00-12:00"]
[[channels]]
name = "well"
type = "file"
path = "/dev/null"
[[channels]]
name = "moody"
type = "file"
path = "/dev/null"
[[channels]]
name = "daily"
type = "file"
path = "/dev/null"
digest = ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]
[[channels]]
name = "urgent"
type = "file"
path = "/dev/null"
digest = ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]
digest_below = "critical"
"#;
const GROUPS: [Option<&str>; 3] = [Some("a"), Some("b"), None];
const DIGEST: i64 = 4 * 3600;

#[derive(Debug, Clone)]
struct Turn {
    /// Minutes since the one before.
    gap: i64,
    /// Connections of the two groups of `Blocked`, and of `Down`.
    values: [Option<u32>; 3],
    mood: Mood,
    /// Somebody silences group `a` for so many minutes.
    silence: Option<i64>,
    /// Somebody acknowledges whatever fires.
    acknowledge: bool,
}

type Episode = (String, Timestamp);

struct World {
    config: Config,
    addressees: Vec<Receiver>,
    logs: BTreeMap<String, Log>,
    state: State,
    silences: Vec<Silence>,
    now: Timestamp,
    last: Option<Timestamp>,
    made: Cell<u64>,
    /// Episodes that fired in some run, and those of them that were muted in some.
    fired: BTreeSet<Episode>,
    muted_once: BTreeSet<Episode>,
    /// Episodes that were once no more than a warning.
    fell: BTreeSet<Episode>,
}

fn identity(index: usize) -> (&'static str, Group) {
    match GROUPS[index] {
        Some(name) => ("Blocked", vec![("src_workload".to_owned(), Some(name.to_owned()))]),
        None => ("Down", Group::new()),
    }
}

impl World {
    fn new() -> World {
        let config = config::parse(Path::new("rules.toml"), CONFIG).unwrap_or_else(|error| panic!("{}", error.render(false)));
        let addressees: Vec<Receiver> = config
            .channels
            .iter()
            .map(|channel| Receiver {
                name: channel.common.name.clone(),
                min_severity: channel.common.min_severity,
                send_resolved: channel.common.send_resolved,
                send_mode: SendMode::Changes,
                digest: channel.common.digest.clone(),
            })
            .collect();
        World {
            logs: addressees.iter().map(|channel| (channel.name.clone(), Log::default())).collect(),
            addressees,
            config,
            state: State::new(PceIdentity::default()),
            silences: Vec::new(),
            now: "2026-11-20T10:00:00Z".parse().unwrap(),
            last: None,
            made: Cell::new(0),
            fired: BTreeSet::new(),
            muted_once: BTreeSet::new(),
            fell: BTreeSet::new(),
        }
    }

    /// What muting means, said once more and differently.
    fn is_muted(&self, fingerprint: &str) -> bool {
        let instances = &self.state.instances;
        let instance = &instances[fingerprint];
        let down = instances.values().any(|other| other.rule == "Down" && other.stage == Stage::Firing);
        let lunch = self.now.as_second().rem_euclid(86_400) / 3600 == 11 && instance.severity == Severity::Warning;
        let silenced = self.silences.iter().any(|silence| {
            let ours = match &silence.target {
                Target::Alert { fingerprint: own, episode, .. } => own == fingerprint && Some(*episode) == instance.fired_at,
                Target::Matchers(_) => instance.group.iter().any(|(_, name)| name.as_deref() == Some("a")),
            };
            ours && silence.from <= self.now && self.now < silence.until
        });
        (instance.rule == "Blocked" && down) || lunch || silenced
    }

    fn run(&mut self, turn: &Turn) {
        self.now += SignedDuration::from_mins(turn.gap);
        let now = self.now;
        let silence = |target: Target, minutes: i64, number: usize| Silence {
            id: format!("{number:08}"),
            target,
            from: now,
            until: now + SignedDuration::from_mins(minutes),
            reason: "test".to_owned(),
            by: None,
        };
        if let Some(minutes) = turn.silence {
            let matcher = Matcher::parse("group.src_workload=A*", &[]).unwrap();
            self.silences.push(silence(Target::Matchers(vec![matcher]), minutes, self.silences.len()));
        }
        if turn.acknowledge {
            for (fingerprint, instance) in self.state.instances.iter().filter(|(_, one)| one.stage == Stage::Firing) {
                let (fingerprint, episode) = (fingerprint.clone(), instance.fired_at.unwrap());
                self.silences.push(silence(Target::Alert { fingerprint, episode, summary: String::new() }, 600, self.silences.len()));
            }
        }
        let rules: Vec<&Rule> = self.config.rules.iter().collect();
        let mut firing: BTreeSet<Episode> = BTreeSet::new();
        for (index, value) in turn.values.into_iter().enumerate() {
            let (name, group) = identity(index);
            let rule = rules.iter().find(|rule| rule.name == name).unwrap();
            let estimate = Estimate::known(value.map(f64::from));
            let fingerprint = fingerprint(name, &group);
            let verdict = Verdict::of(rule, &Evidence::of(estimate));
            let finding = Evaluation { group, estimate, verdict, window: Window { from: now, to: now }, top: Vec::new() };
            if let Some(instance) = step(self.state.instances.remove(&fingerprint), rule, &finding, now) {
                if instance.stage == Stage::Firing {
                    let episode = (fingerprint.clone(), instance.fired_at.unwrap());
                    if instance.severity == Severity::Warning {
                        self.fell.insert(episode.clone());
                    }
                    firing.insert(episode);
                }
                self.state.instances.insert(fingerprint, instance);
            }
        }
        let muting = Muting { maintenance: &self.config.maintenance, inhibitions: &self.config.inhibitions, silences: &self.silences };
        let mutes = mute::mutes(&rules, &self.state.instances, &muting, now);
        let muted: BTreeSet<Episode> = firing.iter().filter(|(fingerprint, _)| self.is_muted(fingerprint)).cloned().collect();
        for (fingerprint, _) in &firing {
            assert_eq!(mutes.of(fingerprint).is_some(), self.is_muted(fingerprint), "{fingerprint} at {now}: {:?}", mutes.of(fingerprint));
        }
        self.muted_once.extend(muted.iter().cloned());
        self.fired.extend(firing.iter().cloned());

        let made = &self.made;
        let new_id = || {
            made.set(made.get() + 1);
            format!("{:08}", made.get())
        };
        let identity = PceIdentity::default();
        let policy = Policy {
            channels: &self.addressees,
            routes: &[],
            max_alerts: 2,
            pce: &identity,
            run_interval: Duration::from_secs(600),
            unknown: &[],
            new_id: &new_id,
            mutes: &mutes,
            last_run: self.last,
            pages: &Pages::default(),
        };
        let notifications = outbox::due(&rules, &mut self.state.instances, &mut self.state.outbox, &policy, now);
        for notification in &notifications {
            for (fingerprint, state, _, episode) in words(notification) {
                assert!(
                    state == AlertState::Resolved || !muted.contains(&(fingerprint, episode)),
                    "a muted alert is told: {notification:?}"
                );
            }
        }
        self.state.outbox.extend(notifications);
        let open = |notification: &&Notification| notification.held_until.is_some();
        for channel in ["daily", "urgent"] {
            let held: Vec<&Notification> =
                self.state.outbox.iter().filter(open).filter(|notification| notification.channel == channel).collect();
            assert!(held.len() <= 1 && held.iter().all(|notification| notification.held_until > Some(now)), "{held:?}");
        }
        self.last = Some(now);

        let channels: ReadyChannels = self
            .logs
            .iter()
            .map(|(name, log)| {
                let mood = if name == "moody" { turn.mood } else { Mood::Well };
                let channel = Scripted::new(mood, log, &Log::default());
                (name.clone(), Ready { channel: Ok(Box::new(channel)), timeout: Duration::from_secs(10) })
            })
            .collect();
        let deadline = Instant::now() + Duration::from_secs(60);
        send_all(&mut self.state, channels, Duration::from_secs(86_400 * 300), now, deadline, &mut |_, _| Ok(())).unwrap();

        // Whatever fires and is not muted has been told, or waits in a digest.
        for episode in firing.difference(&muted) {
            for channel in ["well", "daily", "urgent"] {
                let told = self
                    .taken(channel)
                    .iter()
                    .flat_map(|taken| words(&taken.notification))
                    .any(|word| (&word.0, word.3) == (&episode.0, episode.1));
                let waits = self.state.outbox.iter().filter(open).filter(|notification| notification.channel == channel).flat_map(words);
                let waits = waits.into_iter().any(|word| (&word.0, word.3) == (&episode.0, episode.1));
                assert!(told || (waits && channel != "well"), "{channel} at {now} does not know of {episode:?}");
            }
        }
    }

    fn taken(&self, channel: &str) -> Vec<Taken> {
        self.logs[channel].lock().unwrap().clone()
    }

    fn told(&self, channel: &str) -> BTreeSet<Episode> {
        self.taken(channel)
            .iter()
            .flat_map(|taken| words(&taken.notification))
            .map(|(fingerprint, _, _, episode)| (fingerprint, episode))
            .collect()
    }

    /// Ends follow beginnings, and nothing is repeated before its pause is over.
    fn judge(&self, channel: &str) {
        let has_digest = channel == "daily" || channel == "urgent";
        let mut told: BTreeMap<Episode, (Timestamp, Severity, u32)> = BTreeMap::new();
        let mut over = BTreeSet::new();
        for Taken { at, notification } in self.taken(channel) {
            for (fingerprint, state, severity, episode) in words(&notification) {
                let rule = if fingerprint == pcemon::judge::transition::fingerprint("Down", &Group::new()) { "Down" } else { "Blocked" };
                let key = (fingerprint, episode);
                let known = told.get(&key).copied();
                assert!(!over.contains(&key), "{channel}: told after its end");
                match (state, known) {
                    (AlertState::Resolved, known) => {
                        // What began and ended between two digests, or during an outage, is told once, as over.
                        assert!(known.is_some() || has_digest || channel == "moody", "{channel}: an end without a beginning");
                        over.insert(key);
                    }
                    (AlertState::Firing, None) => {
                        told.insert(key, (at, severity, 0));
                    }
                    (AlertState::Firing, Some((before, worst, repeated))) => {
                        let pause = if rule == "Blocked" { (30 << repeated.min(5)).min(120) } else { 30 };
                        let rested = notification.created.duration_since(before) >= SignedDuration::from_mins(pause);
                        // A message that waited may say what was due when it was made.
                        // What got milder, or was muted meanwhile, is told before its pause is over.
                        let is_news = severity != worst || self.muted_once.contains(&key) || self.fell.contains(&key);
                        assert!(is_news || rested || channel == "moody", "{channel}: repeated within {pause} minutes: {notification:?}");
                        told.insert(key, (at, severity, repeated + u32::from(severity <= worst)));
                    }
                }
            }
        }
    }

    fn digests_come_in_their_time(&self) {
        let mut slots = BTreeSet::new();
        for Taken { at, .. } in self.taken("daily") {
            assert!(slots.insert(at.as_second().div_euclid(DIGEST)), "two digests in one span at {at}");
        }
    }
}

fn turn() -> impl Strategy<Value = Turn> {
    let down = prop_oneof![5 => Just(Some(0u32)), 1 => Just(Some(500)), 1 => Just(None)];
    let silence = prop_oneof![6 => Just(None), 1 => (1i64..200).prop_map(Some)];
    let acknowledge = prop_oneof![9 => Just(false), 1 => Just(true)];
    (1i64..50, [value().boxed(), value().boxed(), down.boxed()], mood(), silence, acknowledge)
        .prop_map(|(gap, values, mood, silence, acknowledge)| Turn { gap, values, mood, silence, acknowledge })
}

fn live(turns: &[Turn]) -> World {
    let mut world = World::new();
    turns.iter().for_each(|turn| world.run(turn));
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(120), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn muting_loses_and_repeats_nothing(turns in prop::collection::vec(turn(), 1..50)) {
        let mut world = live(&turns);
        // Nobody silences any more, everything fires, then nothing does; long enough for every silence and digest.
        let calm = |values| Turn { gap: 61, values, mood: Mood::Well, silence: None, acknowledge: false };
        (0..20).for_each(|_| world.run(&calm([Some(500), Some(500), Some(0)])));
        for channel in ["well", "moody", "daily", "urgent"] {
            let told = world.told(channel);
            for (fingerprint, instance) in &world.state.instances {
                let missing = instance.stage == Stage::Firing && !told.contains(&(fingerprint.clone(), instance.fired_at.unwrap()));
                prop_assert!(!missing, "{} was never told of {}", channel, fingerprint);
            }
        }
        let critical = |index: usize| {
            let (rule, group) = identity(index);
            (fingerprint(rule, &group), Severity::Critical)
        };
        let everything = BTreeMap::from([critical(0), critical(1)]);
        for channel in ["well", "moody", "daily", "urgent"] {
            prop_assert_eq!(believes(&world.taken(channel)), everything.clone(), "{}", channel);
        }
        (0..12).for_each(|_| world.run(&calm([Some(0); 3])));
        for channel in ["well", "moody", "daily", "urgent"] {
            prop_assert_eq!(believes(&world.taken(channel)), BTreeMap::new(), "{}", channel);
        }
        prop_assert!(world.state.instances.is_empty(), "{:?}", world.state.instances);
        prop_assert!(world.state.outbox.is_empty(), "{:?}", world.state.outbox);
        ["well", "moody", "daily", "urgent"].into_iter().for_each(|channel| world.judge(channel));
        world.digests_come_in_their_time();
        // Episodes that nothing ever muted are told by everybody. A digest has merged an older one into a newer, which
        // somebody may have silenced before it went out.
        for episode in world.fired.difference(&world.muted_once) {
            prop_assert!(world.told("well").contains(episode), "{:?}", episode);
            let newer = |channel: &str| world.told(channel).iter().any(|other| other.0 == episode.0 && other.1 >= episode.1);
            let silenced_later = world.muted_once.iter().any(|other| other.0 == episode.0 && other.1 > episode.1);
            prop_assert!(silenced_later || (newer("daily") && newer("urgent")), "{:?}", episode);
        }
    }

    #[test]
    fn the_same_history_tells_the_same(turns in prop::collection::vec(turn(), 1..30)) {
        let (one, two) = (live(&turns), live(&turns));
        for channel in ["well", "moody", "daily", "urgent"] {
            let ours: Vec<Notification> = one.taken(channel).into_iter().map(|taken| taken.notification).collect();
            let theirs: Vec<Notification> = two.taken(channel).into_iter().map(|taken| taken.notification).collect();
            prop_assert_eq!(ours, theirs);
        }
        prop_assert_eq!(one.state, two.state);
    }
}

/// One rule of an inhibition's test: its labels.
fn inhibited(rules: &[Rule], severities: &[Option<Severity>], config: &Config) -> BTreeSet<String> {
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let mut instances = Instances::new();
    for (rule, severity) in rules.iter().zip(severities) {
        let Some(severity) = severity else { continue };
        let estimate = Estimate::exact(if *severity == Severity::Critical { 500.0 } else { 50.0 });
        let verdict = Verdict::of(rule, &Evidence::of(estimate));
        let window = Window { from: now, to: now };
        let finding = Evaluation { group: Group::new(), estimate, verdict, window, top: Vec::new() };
        instances.insert(fingerprint(&rule.name, &Group::new()), step(None, rule, &finding, now).unwrap());
    }
    let muting = Muting { maintenance: &[], inhibitions: &config.inhibitions, silences: &[] };
    let rules: Vec<&Rule> = rules.iter().collect();
    let mutes = mute::mutes(&rules, &instances, &muting, now);
    instances.iter().filter(|(fingerprint, _)| mutes.of(fingerprint).is_some()).map(|(_, instance)| instance.rule.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(300), failure_persistence: None, ..ProptestConfig::default() })]

    /// Alertmanager's rule, read out of its documentation and tried on every pair.
    #[test]
    fn inhibition_is_that_of_alertmanager(
        labels in prop::collection::vec((prop::option::of(0u8..2), prop::option::of(0u8..2)), 5),
        severities in prop::collection::vec(prop::option::of(prop_oneof![Just(Severity::Warning), Just(Severity::Critical)]), 5),
        source in 0usize..4,
        target in 0usize..4,
    ) {
        const SIDES: [&str; 4] = ["severity = [\"critical\"]", "severity = [\"warning\"]", "labels = [\"x=0\"]", "rule = [\"r[0-2]\"]"];
        let mut text = String::new();
        for (index, (x, y)) in labels.iter().enumerate() {
            let pairs: Vec<String> = [("x", x), ("y", y)].iter().filter_map(|(key, value)| value.map(|value| format!("{key} = \"{value}\""))).collect();
            text += &format!("[[rules]]\nname = \"r{index}\"\nsource = \"traffic\"\nwarning = \"> 10\"\ncritical = \"> 100\"\nlabels = {{ {} }}\n", pairs.join(", "));
        }
        text += &format!("[[inhibit]]\nsource = {{ {} }}\ntarget = {{ {} }}\nequal = [\"label.y\"]\n", SIDES[source], SIDES[target]);
        let config = config::parse(Path::new("rules.toml"), &text).unwrap();
        let side = |side: usize, index: usize| match side {
            0 => severities[index] == Some(Severity::Critical),
            1 => severities[index] == Some(Severity::Warning),
            2 => labels[index].0 == Some(0),
            _ => index < 3,
        };
        let fires = |index: &usize| severities[*index].is_some();
        let mut wanted = BTreeSet::new();
        for t in (0..5).filter(fires).filter(|index| side(target, *index)) {
            let by = (0..5).filter(fires).filter(|s| {
                // An alert that is on both sides cannot be inhibited by one of which the same is true, itself included.
                let both = side(source, t) && side(target, *s);
                side(source, *s) && labels[*s].1 == labels[t].1 && !both
            });
            if by.count() > 0 {
                wanted.insert(format!("r{t}"));
            }
        }
        prop_assert_eq!(inhibited(&config.rules, &severities, &config), wanted);
    }
}

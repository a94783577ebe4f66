//! Random histories of values, failures and pauses, driven through the judge and the sending as a run
//! drives them: what must hold for every channel, whatever happens.

use jiff::{SignedDuration, Timestamp};
use pcemon::channels::{Channel, Outcome, SendContext};
use pcemon::config::{self, Config};
use pcemon::domain::alert::{AlertState, Appetite, Group, Parcel, PceIdentity, Reason};
use pcemon::domain::estimate::Estimate;
use pcemon::domain::threshold::Severity;
use pcemon::domain::time::Window;
use pcemon::judge::mute::Mutes;
use pcemon::judge::outbox::{self, Addressee, Policy};
use pcemon::judge::transition::{Evidence, Finding, Stage, Verdict, fingerprint, step};
use pcemon::run::deliver::{Ready, ReadyChannels, send_all};
use pcemon::state::State;
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const GROUPS: [&str; 2] = ["a", "b"];
const COOLDOWN: i64 = 30;

/// How a channel behaves in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Broken,
    /// Breaks at the first message of the run and would take the rest.
    BreaksOnce,
    /// Wants to be left alone for so many minutes.
    Asks(u64),
    Refuses,
    /// Refuses the first message of the run and takes the rest.
    RefusesOne,
}

/// One run.
#[derive(Debug, Clone)]
struct Turn {
    /// Minutes since the one before.
    gap: i64,
    /// Connections of each group; `None`: not known.
    values: [Option<u32>; 2],
    /// Of the two channels that are not always well.
    moods: [Mood; 2],
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    max_alerts: usize,
    give_up_minutes: u64,
    hold: &'static str,
    keep: &'static str,
}

/// What a channel took: when, and what it said of each alert.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub at: Timestamp,
    pub parcel: Parcel,
}

pub(super) type Log = Arc<Mutex<Vec<Taken>>>;

pub(super) struct Scripted {
    pub mood: Mood,
    pub refused: Mutex<bool>,
    pub log: Log,
}

impl Channel for Scripted {
    fn send(&self, parcel: &Parcel, context: &SendContext) -> Outcome {
        let error = || "scripted".to_owned();
        let is_first = !std::mem::replace(&mut *self.refused.lock().unwrap(), true);
        match self.mood {
            Mood::BreaksOnce if is_first => Outcome::Retry { error: error(), after: None },
            Mood::Broken => Outcome::Retry { error: error(), after: None },
            Mood::Asks(minutes) => Outcome::Retry { error: error(), after: Some(Duration::from_secs(minutes * 60)) },
            Mood::Refuses => Outcome::Permanent { error: error() },
            Mood::RefusesOne if is_first => Outcome::Permanent { error: error() },
            Mood::RefusesOne | Mood::BreaksOnce | Mood::Well => {
                self.log.lock().unwrap().push(Taken { at: context.now, parcel: parcel.clone() });
                Outcome::Delivered
            }
        }
    }

    fn preview(&self, _parcel: &Parcel, _now: Timestamp) -> String {
        String::new()
    }
}

/// Fingerprint, state, severity, episode.
pub(super) type Word = (String, AlertState, Severity, Timestamp);

pub(super) fn words(parcel: &Parcel) -> Vec<Word> {
    let shown = parcel.alerts.iter().map(|alert| (alert.fingerprint.clone(), alert.state, alert.severity, alert.since));
    let counted = parcel.counted.iter().map(|counted| (counted.fingerprint.clone(), counted.state, counted.severity, counted.since));
    shown.chain(counted).collect()
}

struct World {
    config: Config,
    addressees: Vec<Addressee>,
    logs: BTreeMap<String, Log>,
    state: State,
    now: Timestamp,
    made: Cell<u64>,
    setting: Setting,
    /// Episodes that some run saw firing, with the worst severity seen; and whether they were over before the history was.
    fired: BTreeMap<(String, Timestamp), Severity>,
    ended: BTreeSet<(String, Timestamp)>,
    refused: BTreeSet<String>,
}

impl World {
    fn new(setting: Setting) -> World {
        let channel =
            |name: &str, more: &str| format!("[[channels]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1/\"\n{more}\n");
        let text = format!(
            "{}notify = [\"well\", \"moody\", \"picky\"]\nfor = \"{}\"\nkeep_firing_for = \"{}\"\n{}{}{}",
            super::RULE,
            setting.hold,
            setting.keep,
            channel("well", ""),
            channel("moody", ""),
            channel("picky", "send_resolved = false\nmin_severity = \"critical\"")
        );
        let config = config::parse(Path::new("rules.toml"), &text).unwrap();
        let common = |channel: &pcemon::channels::ChannelConfig| Addressee {
            name: channel.common.name.clone(),
            min_severity: channel.common.min_severity,
            send_resolved: channel.common.send_resolved,
            appetite: Appetite::News,
            digest: None,
        };
        let addressees: Vec<Addressee> = config.channels.iter().map(common).collect();
        World {
            logs: addressees.iter().map(|channel| (channel.name.clone(), Log::default())).collect(),
            addressees,
            config,
            state: State::new(PceIdentity::default()),
            now: "2026-11-20T10:00:00Z".parse().unwrap(),
            made: Cell::new(0),
            setting,
            fired: BTreeMap::new(),
            ended: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }

    /// One run, as the run itself does it.
    fn run(&mut self, turn: &Turn) {
        self.now += SignedDuration::from_mins(turn.gap);
        let (now, state) = (self.now, &mut self.state);
        if turn.gap < 0 {
            outbox::clamp_to(&mut state.instances, &mut state.outbox, now);
        }
        let rule = &self.config.rules[0];
        for (name, value) in GROUPS.iter().zip(turn.values) {
            let group: Group = vec![("src_workload".to_owned(), Some((*name).to_owned()))];
            let fingerprint = fingerprint(&rule.name, &group);
            let estimate = Estimate::known(value.map(f64::from));
            let finding = Finding {
                group,
                estimate,
                verdict: Verdict::of(rule, &Evidence::of(estimate)),
                window: Window { from: now, to: now },
                top: Vec::new(),
            };
            if let Some(instance) = step(state.instances.remove(&fingerprint), rule, &finding, now) {
                if let (Stage::Firing, Some(episode)) = (instance.stage, instance.fired_at) {
                    let worst = self.fired.entry((fingerprint.clone(), episode)).or_insert(instance.severity);
                    *worst = (*worst).max(instance.severity);
                }
                if let (Stage::Resolved, Some(episode)) = (instance.stage, instance.fired_at) {
                    self.ended.insert((fingerprint.clone(), episode));
                }
                state.instances.insert(fingerprint, instance);
            }
        }
        let made = &self.made;
        let policy = Policy {
            channels: &self.addressees,
            routes: &[],
            max_alerts: self.setting.max_alerts,
            pce: &PceIdentity::default(),
            rhythm: Duration::from_secs(600),
            unknown: &[],
            new_id: &|| {
                made.set(made.get() + 1);
                format!("{:08}", made.get())
            },
            mutes: &Mutes::default(),
            last_run: None,
        };
        let parcels = outbox::due(&[rule], &mut state.instances, &mut state.outbox, &policy, now);
        let mut addressed = BTreeSet::new();
        assert!(parcels.iter().all(|parcel| addressed.insert(parcel.channel.clone())), "one message for each channel and run");
        assert!(parcels.iter().all(|parcel| parcel.alerts.len() <= self.setting.max_alerts));
        state.outbox.extend(parcels);

        let mood = |name: &str| match name {
            "moody" => turn.moods[0],
            "picky" => turn.moods[1],
            _ => Mood::Well,
        };
        let channels: ReadyChannels = self
            .logs
            .iter()
            .map(|(name, log)| {
                let channel = Scripted { mood: mood(name), refused: Mutex::new(false), log: Arc::clone(log) };
                (name.clone(), Ready { channel: Ok(Box::new(channel)), timeout: Duration::from_secs(10) })
            })
            .collect();
        let give_up_after = Duration::from_secs(self.setting.give_up_minutes * 60);
        let deadline = Instant::now() + Duration::from_secs(60);
        send_all(state, channels, give_up_after, now, deadline, &mut |_| Ok(())).unwrap();
        let refused = |parcel: &&Parcel| parcel.failure == Some(pcemon::domain::alert::Failure::Refused);
        self.refused.extend(state.outbox.iter().filter(refused).map(|parcel| parcel.id.clone()));
    }

    fn taken(&self, channel: &str) -> Vec<Taken> {
        self.logs[channel].lock().unwrap().clone()
    }

    fn judge(&self, clock_went_back: bool) {
        for channel in &self.addressees {
            let taken = self.taken(&channel.name);
            let mut ids = BTreeSet::new();
            let mut told: BTreeMap<(String, Timestamp), (Timestamp, Severity)> = BTreeMap::new();
            let mut over = BTreeSet::new();
            let mut newest = String::new();
            for Taken { at, parcel } in &taken {
                assert!(ids.insert(parcel.id.clone()), "{}: taken twice: {}", channel.name, parcel.id);
                if !self.refused.contains(&parcel.id) {
                    assert!(parcel.id > newest, "{}: {} came after {newest}", channel.name, parcel.id);
                    newest.clone_from(&parcel.id);
                }
                for (fingerprint, state, severity, episode) in words(parcel) {
                    let key = (fingerprint, episode);
                    match state {
                        AlertState::Resolved => {
                            assert!(channel.send_resolved, "{} does not want to hear of ends", channel.name);
                            assert!(told.contains_key(&key), "{}: an end without a beginning", channel.name);
                            assert!(over.insert(key), "{}: an end was told twice", channel.name);
                        }
                        AlertState::Firing => {
                            assert!(severity >= channel.min_severity);
                            assert!(!over.contains(&key), "{}: told as firing after its end", channel.name);
                            if let Some((before, worst)) = told.get(&key) {
                                let rested = parcel.created.duration_since(*before) >= SignedDuration::from_mins(COOLDOWN);
                                assert!(
                                    severity > *worst || rested || clock_went_back,
                                    "{}: repeated within its cooldown: {parcel:?}",
                                    channel.name
                                );
                            }
                            told.insert(key, (*at, severity));
                        }
                    }
                }
                for alert in parcel.alerts.iter().filter(|alert| alert.reason == Reason::First) {
                    let key = (alert.fingerprint.clone(), alert.since);
                    let earlier = taken.iter().take_while(|other| other.parcel.id != parcel.id).flat_map(|other| words(&other.parcel));
                    let times = earlier
                        .filter(|(fingerprint, state, _, since)| (fingerprint, since) == (&key.0, &key.1) && *state == AlertState::Firing);
                    assert_eq!(times.count(), 0, "{}: told as new twice", channel.name);
                }
            }
        }
    }

    /// Episodes that a channel heard of, in this state.
    fn heard(&self, channel: &str, state: AlertState) -> BTreeSet<(String, Timestamp)> {
        let words = self.taken(channel).into_iter().flat_map(|taken| words(&taken.parcel));
        words.filter(|word| word.1 == state).map(|(fingerprint, _, _, episode)| (fingerprint, episode)).collect()
    }
}

pub(super) fn mood() -> impl Strategy<Value = Mood> {
    prop_oneof![
        3 => Just(Mood::Well),
        3 => Just(Mood::Broken),
        1 => (1u64..90).prop_map(Mood::Asks),
        1 => Just(Mood::Refuses),
        1 => Just(Mood::RefusesOne),
        1 => Just(Mood::BreaksOnce),
    ]
}

pub(super) fn value() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![1 => Just(None), 3 => Just(Some(0)), 3 => Just(Some(50)), 3 => Just(Some(500))]
}

fn turn(gaps: std::ops::Range<i64>) -> impl Strategy<Value = Turn> {
    (gaps, [value(), value()], [mood(), mood()]).prop_map(|(gap, values, moods)| Turn { gap, values, moods })
}

fn setting() -> impl Strategy<Value = Setting> {
    (
        prop_oneof![Just(1usize), Just(50)],
        prop_oneof![Just(120u64), Just(144_000)],
        prop_oneof![Just("0s"), Just("5m")],
        prop_oneof![Just("0s"), Just("5m")],
    )
        .prop_map(|(max_alerts, give_up_minutes, hold, keep)| Setting { max_alerts, give_up_minutes, hold, keep })
}

fn live(setting: Setting, turns: &[Turn]) -> World {
    let mut world = World::new(setting);
    for turn in turns {
        world.run(turn);
        let told = world.heard("well", AlertState::Firing);
        for episode in world.fired.keys() {
            assert!(told.contains(episode), "a healthy channel was not told at once of {episode:?}");
        }
        let over = world.heard("well", AlertState::Resolved);
        for episode in &world.ended {
            assert!(over.contains(episode), "a healthy channel was not told at once of the end of {episode:?}");
        }
    }
    world
}

/// Everybody is well again, for long enough for every pause.
fn heal(world: &mut World, values: [Option<u32>; 2]) {
    for _ in 0..6 {
        world.run(&Turn { gap: 61, values, moods: [Mood::Well; 2] });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_repeated_or_out_of_order(setting in setting(), turns in prop::collection::vec(turn(1..45), 1..40)) {
        let mut world = live(setting, &turns);
        world.judge(false);

        // What still fires is told everywhere once the channels are well.
        heal(&mut world, [Some(500); 2]);
        world.judge(false);
        for channel in ["moody", "picky"] {
            let told = world.heard(channel, AlertState::Firing);
            for (fingerprint, instance) in &world.state.instances {
                prop_assert!(told.contains(&(fingerprint.clone(), instance.fired_at.unwrap())), "{} was not told", channel);
            }
        }
        // Then everything is over, and nothing is left behind but what was given up.
        heal(&mut world, [Some(0); 2]);
        world.judge(false);
        prop_assert!(world.state.instances.is_empty(), "{:?}", world.state.instances);
        prop_assert!(world.state.outbox.iter().all(|parcel| parcel.given_up.is_some()), "{:?}", world.state.outbox);
        if setting.give_up_minutes > 10_000 {
            // Without an age limit every message arrives: no episode that was ever told as due is missing.
            prop_assert_eq!(world.heard("moody", AlertState::Firing), world.fired.keys().cloned().collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn a_clock_that_goes_back_loses_nothing(setting in setting(), turns in prop::collection::vec(turn(-600..60), 1..30)) {
        let mut world = live(setting, &turns);
        world.judge(true);
        heal(&mut world, [Some(0); 2]);
        world.judge(true);
        prop_assert!(world.state.instances.is_empty(), "{:?}", world.state.instances);
        prop_assert!(world.state.outbox.iter().all(|parcel| parcel.given_up.is_some()));
    }
}

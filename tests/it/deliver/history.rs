//! Random histories of values, failures and pauses, driven through the judge and the sending as a run
//! drives them: what must hold for every channel, whatever happens.

use crate::support::budget;
use jiff::{SignedDuration, Timestamp};
use pcemon::channels::{Channel, Entry, Outcome, Part, SendContext};
use pcemon::config::{self, Config};
use pcemon::domain::alert::{Alert, Counted, Group, Notification, NotificationKind, PceIdentity, Reason, SendMode};
use pcemon::domain::entry::AlertState;
use pcemon::domain::estimate::Estimate;
use pcemon::domain::threshold::Severity;
use pcemon::domain::time::Window;
use pcemon::judge::message::{Pages, Policy, Receiver};
use pcemon::judge::mute::Mutes;
use pcemon::judge::transition::{Evaluation, Evidence, Stage, Verdict, fingerprint, step};
use pcemon::judge::{attempts, outbox, snapshot};
use pcemon::run::deliver::{Ready, ReadyChannels, send_all};
use pcemon::state::{State, StateError};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
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
    /// Takes so many alerts in a run, one by one, then nothing more.
    TakesSome(usize),
    /// Breaks at every message that names the second group.
    Chokes,
    /// Takes alerts one by one, but none of the second group.
    ChokesOnAlerts,
    /// One of its two recipients has a full mailbox.
    HalfFull,
    /// Was begun anew before this run and knows nothing of what it took; then it is well.
    Forgets,
}

/// One run.
#[derive(Debug, Clone)]
struct Turn {
    /// Minutes since the one before.
    gap: i64,
    /// Connections of each group; `None`: not known.
    values: [Option<u32>; 2],
    /// Of the channels that are not always well.
    moods: [Mood; 2],
    /// Whether the receiver that is told everything in every run was begun anew before it.
    board: bool,
    /// Whether it crashes, and before the how-manieth time that it remembers something.
    crash: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    max_alerts: usize,
    give_up_minutes: u64,
    hold: &'static str,
    keep: &'static str,
    /// Whether runs crash.
    crashes: bool,
}

/// What a channel took: when, and what it said of each alert.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub at: Timestamp,
    pub notification: Notification,
}

pub(super) type Log = Arc<Mutex<Vec<Taken>>>;

/// A channel with two recipients, Anna and Bob, who believe what they are told.
pub(super) struct Scripted {
    pub mood: Mood,
    /// How many messages it was offered in this run.
    pub offered: Mutex<usize>,
    /// How many alerts it took one by one in this run.
    pub took: Mutex<usize>,
    pub anna: Log,
    pub bob: Log,
    /// Dropped with the channel, when its thread has ended.
    pub _alive: Option<mpsc::Sender<()>>,
}

impl Scripted {
    pub fn new(mood: Mood, anna: &Log, bob: &Log) -> Scripted {
        Scripted { mood, offered: Mutex::new(0), took: Mutex::new(0), anna: Arc::clone(anna), bob: Arc::clone(bob), _alive: None }
    }

    fn tell(&self, notification: &Notification, has_anna: bool, has_bob: bool, at: Timestamp) {
        for (log, has_it) in [(&self.anna, has_anna), (&self.bob, has_bob)] {
            if !has_it {
                log.lock().unwrap().push(Taken { at, notification: notification.clone() });
            }
        }
    }

    /// Takes these alerts of a message.
    fn take(&self, notification: &Notification, wanted: impl Fn(&Entry) -> bool, at: Timestamp) -> Outcome {
        let mut entries: Vec<Entry> =
            notification.alerts.iter().map(Alert::entry).chain(notification.counted.iter().map(Counted::entry)).collect();
        // As the channels do it: what ended comes before what begins anew.
        entries.sort_by_key(|entry| entry.state == AlertState::Firing);
        let taken: Vec<Part> = entries.into_iter().filter(wanted).map(Part::Alert).collect();
        let mut rest = notification.clone();
        let told = Notification { id: notification.id.clone(), ..rest.take(&taken) };
        if told.size() > 0 {
            self.tell(&told, notification.taken_by.contains(ANNA), false, at);
        }
        let retry = Outcome::Retry { error: "scripted".to_owned(), after: None };
        match (told.size(), rest.size()) {
            (_, 0) => Outcome::Delivered,
            (0, _) => retry,
            _ => Outcome::Partly { taken, rest: Box::new(retry), refused: Vec::new() },
        }
    }
}

const ANNA: &str = "anna";

/// Whether it is about the second group.
fn is_poison(fingerprint: &str) -> bool {
    fingerprint == pcemon::judge::transition::fingerprint("Blocked", &group("b"))
}

fn group(name: &str) -> Group {
    vec![("src_workload".to_owned(), Some(name.to_owned()))]
}

impl Channel for Scripted {
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        let retry = |after: Option<u64>| Outcome::Retry {
            error: "scripted".to_owned(),
            after: after.map(|minutes| Duration::from_secs(minutes * 60)),
        };
        let refused = || Outcome::Permanent { error: "scripted".to_owned() };
        let is_first = std::mem::replace(&mut *self.offered.lock().unwrap(), 1) == 0;
        match self.mood {
            Mood::BreaksOnce if is_first => retry(None),
            Mood::Broken => retry(None),
            Mood::Asks(minutes) => retry(Some(minutes)),
            Mood::Refuses => refused(),
            Mood::RefusesOne if is_first => refused(),
            Mood::Chokes if words(notification).iter().any(|word| is_poison(&word.0)) => retry(None),
            Mood::ChokesOnAlerts => self.take(notification, |entry| !is_poison(&entry.fingerprint), context.now),
            Mood::TakesSome(most) => {
                let took = &self.took;
                let room = |_: &Entry| {
                    let mut took = took.lock().unwrap();
                    *took += 1;
                    *took <= most
                };
                self.take(notification, room, context.now)
            }
            Mood::HalfFull => {
                let has_it = notification.taken_by.contains(ANNA);
                self.tell(notification, has_it, true, context.now);
                let taken = if has_it { Vec::new() } else { vec![Part::Recipient(ANNA.to_owned())] };
                Outcome::Partly { taken, rest: Box::new(retry(None)), refused: Vec::new() }
            }
            Mood::RefusesOne | Mood::BreaksOnce | Mood::Chokes | Mood::Forgets | Mood::Well => {
                self.tell(notification, notification.taken_by.contains(ANNA), false, context.now);
                Outcome::Delivered
            }
        }
    }

    fn preview(&self, _parcel: &Notification, _now: Timestamp) -> String {
        String::new()
    }
}

/// The place in a log at which a receiver forgot everything.
fn oblivion(at: Timestamp) -> Taken {
    Taken { at, notification: Notification { id: "forgot".to_owned(), ..Notification::empty(NotificationKind::Test, at) } }
}

/// What a receiver believes that holds one thing for each alert, and only counts what it is told of a thing that is open: how
/// bad that is it changes when it is told so. `known`: what says so (`channels::json::events`).
fn believes_counting(taken: &[Taken]) -> BTreeMap<String, Severity> {
    let mut open: BTreeMap<String, Severity> = BTreeMap::new();
    for Taken { notification, .. } in taken {
        if notification.id == "forgot" {
            open.clear();
        }
        let known = |fingerprint: &str| {
            let alert = notification.alerts.iter().find(|alert| alert.fingerprint == fingerprint && alert.state == AlertState::Firing);
            alert.is_none_or(|alert| alert.reason != Reason::First || alert.told_as.is_some() || alert.severity == Severity::Critical)
        };
        let mut words = words(notification);
        words.sort_by_key(|word| word.1 == AlertState::Firing);
        for (fingerprint, state, severity, _) in words {
            if state == AlertState::Resolved {
                open.remove(&fingerprint);
            } else if known(&fingerprint) || !open.contains_key(&fingerprint) {
                open.insert(fingerprint, severity);
            }
        }
    }
    open
}

/// What is believed at `now` where whoever is told the whole state in every run forgets by itself what is not renewed.
fn believes_at(taken: &[Taken], now: Timestamp) -> BTreeMap<String, Severity> {
    let mut held: BTreeMap<String, Timestamp> = BTreeMap::new();
    for notification in taken.iter().map(|taken| &taken.notification) {
        let words = words(notification).into_iter().filter(|word| word.1 == AlertState::Firing);
        held.extend(words.map(|word| (word.0, notification.expires.unwrap_or(Timestamp::MAX))));
    }
    let mut believed = believes(taken);
    believed.retain(|fingerprint, _| held.get(fingerprint).is_none_or(|until| *until > now));
    believed
}

/// What somebody who heard all this believes to fire, and how bad.
pub(super) fn believes(taken: &[Taken]) -> BTreeMap<String, Severity> {
    let mut firing = BTreeMap::new();
    for Taken { notification, .. } in taken {
        if notification.id == "forgot" {
            firing.clear();
        }
        let mut words = words(notification);
        // An end in the same message was before what begins.
        words.sort_by_key(|word| word.1 == AlertState::Firing);
        for (fingerprint, state, severity, _) in words {
            match state {
                AlertState::Firing => firing.insert(fingerprint, severity),
                AlertState::Resolved => firing.remove(&fingerprint),
            };
        }
    }
    firing
}

/// Fingerprint, state, severity, episode.
pub(super) type Word = (String, AlertState, Severity, Timestamp);

pub(super) fn words(notification: &Notification) -> Vec<Word> {
    let shown = notification.alerts.iter().map(|alert| (alert.fingerprint.clone(), alert.state, alert.severity, alert.since));
    let counted = notification.counted.iter().map(|counted| (counted.fingerprint.clone(), counted.state, counted.severity, counted.since));
    shown.chain(counted).collect()
}

struct World {
    config: Config,
    addressees: Vec<Receiver>,
    /// Of each channel what its two recipients heard.
    logs: BTreeMap<String, [Log; 2]>,
    state: State,
    now: Timestamp,
    made: Cell<u64>,
    setting: Setting,
    /// Episodes that some run saw firing; those of them that were over before the history was, and that once got milder.
    fired: BTreeSet<(String, Timestamp)>,
    ended: BTreeSet<(String, Timestamp)>,
    fell: BTreeSet<(String, Timestamp)>,
    crashes: usize,
}

impl World {
    fn new(setting: Setting) -> World {
        let channel =
            |name: &str, more: &str| format!("[[channels]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1/\"\n{more}\n");
        let text = format!(
            "{}notify = [\"well\", \"moody\", \"picky\", \"pager\", \"board\"]\nfor = \"{}\"\nkeep_firing_for = \"{}\"\n{}{}{}{}{}",
            super::RULE,
            setting.hold,
            setting.keep,
            channel("well", ""),
            channel("moody", ""),
            channel("picky", "send_resolved = false\nmin_severity = \"critical\""),
            channel("pager", "min_severity = \"critical\""),
            "[[channels]]\nname = \"board\"\ntype = \"alertmanager\"\nurls = \"http://127.0.0.1/\"\n"
        );
        let config = config::parse(Path::new("rules.toml"), &text).unwrap();
        let common = |channel: &pcemon::channels::ChannelConfig| Receiver {
            name: channel.common.name.clone(),
            min_severity: channel.common.min_severity,
            send_resolved: channel.common.send_resolved,
            send_mode: channel.settings.send_mode(),
            digest: None,
        };
        let addressees: Vec<Receiver> = config.channels.iter().map(common).collect();
        World {
            logs: addressees.iter().map(|channel| (channel.name.clone(), Default::default())).collect(),
            addressees,
            config,
            state: State::new(PceIdentity::default()),
            now: "2026-11-20T10:00:00Z".parse().unwrap(),
            made: Cell::new(0),
            setting,
            fired: BTreeSet::new(),
            ended: BTreeSet::new(),
            fell: BTreeSet::new(),
            crashes: 0,
        }
    }

    /// One run, as the run itself does it.
    fn run(&mut self, turn: &Turn) {
        self.now += SignedDuration::from_mins(turn.gap);
        let (now, state) = (self.now, &mut self.state);
        if turn.gap < 0 {
            attempts::clamp_to(&mut state.instances, &mut state.outbox, now);
        }
        let rule = &self.config.rules[0];
        for (name, value) in GROUPS.iter().zip(turn.values) {
            let group = group(name);
            let fingerprint = fingerprint(&rule.name, &group);
            let estimate = Estimate::known(value.map(f64::from));
            let finding = Evaluation {
                group,
                estimate,
                verdict: Verdict::of(rule, &Evidence::of(estimate)),
                window: Window { from: now, to: now },
                top: Vec::new(),
            };
            if let Some(instance) = step(state.instances.remove(&fingerprint), rule, &finding, now) {
                if let (Stage::Firing, Some(episode)) = (instance.stage, instance.fired_at) {
                    self.fired.insert((fingerprint.clone(), episode));
                    if instance.severity == Severity::Warning {
                        self.fell.insert((fingerprint.clone(), episode));
                    }
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
            run_interval: Duration::from_secs(600),
            unknown: &[],
            new_id: &|| {
                made.set(made.get() + 1);
                format!("{:08}", made.get())
            },
            mutes: &Mutes::default(),
            last_run: None,
            pages: &Pages::default(),
        };
        let notifications = outbox::due(&[rule], &mut state.instances, &mut state.outbox, &policy, now);
        let mut addressed = BTreeSet::new();
        assert!(
            notifications.iter().all(|notification| addressed.insert(notification.channel.clone())),
            "one message for each channel and run"
        );
        let news = |notification: &&Notification| notification.kind != NotificationKind::Snapshot;
        assert!(notifications.iter().filter(news).all(|notification| notification.alerts.len() <= self.setting.max_alerts));
        snapshot::add(&mut state.outbox, notifications, &self.addressees);

        let mood = |name: &str| match name {
            "moody" => turn.moods[0],
            "picky" | "pager" => turn.moods[1],
            "board" if turn.board => Mood::Forgets,
            "board" if turn.moods[1] == Mood::Broken => Mood::Broken,
            _ => Mood::Well,
        };
        for (name, [anna, bob]) in &self.logs {
            if mood(name) == Mood::Forgets {
                [anna, bob].into_iter().for_each(|log| log.lock().unwrap().push(oblivion(now)));
            }
        }
        let (alive, ended) = mpsc::channel();
        let channels: ReadyChannels = self
            .logs
            .iter()
            .map(|(name, [anna, bob])| {
                let channel = Scripted { _alive: Some(alive.clone()), ..Scripted::new(mood(name), anna, bob) };
                (name.clone(), Ready { channel: Ok(Box::new(channel)), timeout: Duration::from_secs(10) })
            })
            .collect();
        let give_up_after = Duration::from_secs(self.setting.give_up_minutes * 60);
        let deadline = Instant::now() + Duration::from_secs(60);
        // The disk, as a crash would leave it.
        let (mut disk, mut journal, mut calls) = (state.clone(), Vec::new(), 0);
        let sent = send_all(state, channels, give_up_after, now, deadline, &mut |state, note| {
            calls += 1;
            if self.setting.crashes && Some(calls) == turn.crash {
                return Err(StateError::Locked { path: "crash".to_owned() });
            }
            match note {
                Some(note) => journal.push(serde_json::to_string(note).unwrap()),
                None => (disk, journal) = (state.clone(), Vec::new()),
            }
            Ok(())
        });
        // A crash ends the threads of its run, too: none of them may speak to a channel in a later one.
        drop(alive);
        assert!(ended.recv().is_err(), "nothing is ever said here");
        if sent.is_err() {
            self.crashes += 1;
            // Read twice, as by a run that crashed before it could remove the journal.
            for line in journal.iter().chain(&journal) {
                attempts::apply(&mut disk.outbox, &mut disk.instances, &serde_json::from_str(line).unwrap());
            }
            *state = disk;
        }
    }

    fn taken(&self, channel: &str, recipient: usize) -> Vec<Taken> {
        self.logs[channel][recipient].lock().unwrap().clone()
    }

    /// Everybody believes what is true of what the channel wants to hear. `exactly`: also how bad it is.
    fn everybody_knows(&self, channels: &[&str], exactly: bool) {
        for channel in self.addressees.iter().filter(|channel| channels.contains(&channel.name.as_str())) {
            let firing = self.state.instances.iter().filter(|(_, instance)| instance.stage == Stage::Firing);
            let wanted = firing.filter(|(_, instance)| instance.severity >= channel.min_severity);
            let truth: BTreeMap<String, Severity> =
                wanted.map(|(fingerprint, instance)| (fingerprint.clone(), instance.severity)).collect();
            for recipient in [0, 1] {
                let mut believed = believes_at(&self.taken(&channel.name, recipient), self.now);
                if !channel.send_resolved {
                    believed.retain(|fingerprint, _| truth.contains_key(fingerprint));
                }
                if !exactly {
                    assert!(truth.iter().all(|(fingerprint, severity)| believed.get(fingerprint) >= Some(severity)), "{}", channel.name);
                    believed = believed
                        .into_keys()
                        .filter_map(|fingerprint| truth.get_key_value(&fingerprint))
                        .map(|(k, v)| (k.clone(), *v))
                        .collect();
                }
                assert_eq!(believed, truth, "{} {recipient} at {}: {:#?}", channel.name, self.now, self.state);
                if exactly {
                    self.counts(channel, recipient, &truth);
                }
            }
        }
    }

    /// The same for a receiver that counts what it was told of before: never less than the truth; the truth where every end
    /// arrives.
    fn counts(&self, channel: &Receiver, recipient: usize, truth: &BTreeMap<String, Severity>) {
        if channel.send_mode != SendMode::Changes {
            return;
        }
        let mut believed = believes_counting(&self.taken(&channel.name, recipient));
        if !channel.send_resolved {
            believed.retain(|fingerprint, _| truth.contains_key(fingerprint));
        }
        let never_less = truth.iter().all(|(fingerprint, severity)| believed.get(fingerprint) >= Some(severity));
        assert!(never_less, "{} {recipient} counts {believed:?}, and true is {truth:?}", channel.name);
        if self.setting.give_up_minutes > 10_000 && self.crashes == 0 {
            assert_eq!(&believed, truth, "{} {recipient} counts", channel.name);
        }
    }

    fn judge(&self, clock_went_back: bool) {
        let news = self.addressees.iter().filter(|channel| channel.send_mode == SendMode::Changes);
        for (channel, recipient) in news.flat_map(|channel| [(channel, 0), (channel, 1)]) {
            let name = &channel.name;
            let taken = self.taken(name, recipient);
            let mut seen = BTreeSet::new();
            let mut repeated = BTreeSet::new();
            let mut told: BTreeMap<(String, Timestamp), (Timestamp, Severity)> = BTreeMap::new();
            let mut over = BTreeSet::new();
            let mut newest: BTreeMap<String, String> = BTreeMap::new();
            for Taken { at, notification } in &taken {
                for (fingerprint, state, severity, episode) in words(notification) {
                    if !seen.insert((notification.id.clone(), fingerprint.clone(), state, episode)) {
                        repeated.insert(notification.id.clone());
                        continue;
                    }
                    // Whatever overtakes, what is said of one alert keeps its order.
                    let before = newest.insert(fingerprint.clone(), notification.id.clone()).unwrap_or_default();
                    assert!(notification.id >= before || self.crashes > 0, "{name}: {} came after {before}", notification.id);
                    let key = (fingerprint, episode);
                    match state {
                        AlertState::Resolved => {
                            assert!(channel.send_resolved, "{name} does not want to hear of ends");
                            assert!(told.contains_key(&key) || name != "well" || self.crashes > 0, "{name}: an end without a beginning");
                            let again = name == "pager" || self.crashes > 0 || clock_went_back;
                            assert!(over.insert(key) || again, "{name}: an end was told twice");
                        }
                        AlertState::Firing => {
                            assert!(severity >= channel.min_severity);
                            // What was too mild for it may get worse again.
                            let again = name == "pager" || self.crashes > 0 || clock_went_back;
                            assert!(!over.remove(&key) || again, "{name}: told as firing after its end");
                            if let Some((before, last)) = told.get(&key).filter(|_| name != "pager" && recipient == 0) {
                                let rested = notification.created.duration_since(*before) >= SignedDuration::from_mins(COOLDOWN);
                                let fell = severity != *last || self.fell.contains(&key);
                                assert!(fell || rested || clock_went_back, "{name}: repeated within its cooldown: {notification:?}");
                            }
                            told.insert(key, (*at, severity));
                        }
                    }
                }
                for alert in notification.alerts.iter().filter(|alert| alert.reason == Reason::First && name != "pager") {
                    let key = (alert.fingerprint.clone(), alert.since);
                    let earlier =
                        taken.iter().filter(|other| other.notification.id < notification.id).flat_map(|other| words(&other.notification));
                    let times = earlier
                        .filter(|(fingerprint, state, _, since)| (fingerprint, since) == (&key.0, &key.1) && *state == AlertState::Firing);
                    // What was in flight in a crash may be given up, though it was taken.
                    assert!(times.count() <= self.crashes, "{name}: told as new twice");
                }
            }
            assert!(repeated.len() <= self.crashes, "{name}: {} messages came twice after {} crashes", repeated.len(), self.crashes);
        }
    }

    /// Episodes that a channel heard of, in this state.
    fn heard(&self, channel: &str, state: AlertState) -> BTreeSet<(String, Timestamp)> {
        let words = [0, 1].into_iter().flat_map(|recipient| self.taken(channel, recipient)).flat_map(|taken| words(&taken.notification));
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
        2 => (1usize..3).prop_map(Mood::TakesSome),
        1 => Just(Mood::Chokes),
        1 => Just(Mood::ChokesOnAlerts),
        2 => Just(Mood::HalfFull),
        1 => Just(Mood::Forgets),
    ]
}

pub(super) fn value() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![1 => Just(None), 3 => Just(Some(0)), 3 => Just(Some(50)), 3 => Just(Some(500))]
}

fn turn(gaps: std::ops::Range<i64>) -> impl Strategy<Value = Turn> {
    let crash = prop_oneof![6 => Just(None), 1 => (1usize..8).prop_map(Some)];
    let board = prop_oneof![5 => Just(false), 1 => Just(true)];
    (gaps, [value(), value()], [mood(), mood()], board, crash).prop_map(|(gap, values, moods, board, crash)| Turn {
        gap,
        values,
        moods,
        board,
        crash,
    })
}

fn setting() -> impl Strategy<Value = Setting> {
    (
        prop_oneof![Just(1usize), Just(50)],
        prop_oneof![Just(120u64), Just(144_000)],
        prop_oneof![Just("0s"), Just("5m")],
        prop_oneof![Just("0s"), Just("5m")],
        prop_oneof![Just(false), Just(true)],
    )
        .prop_map(|(max_alerts, give_up_minutes, hold, keep, crashes)| Setting { max_alerts, give_up_minutes, hold, keep, crashes })
}

fn live(setting: Setting, turns: &[Turn]) -> World {
    let mut world = World::new(setting);
    for turn in turns {
        let before = world.crashes;
        world.run(turn);
        if world.crashes > before {
            continue;
        }
        // A healthy channel knows at once what fires and what is over; that it got milder it hears a little later.
        world.everybody_knows(&["well"], false);
        // One that is told everything in every run knows it in the run after it forgot, or broke. What it took in a run that
        // could not remember that, it holds until it expires.
        if turn.moods[1] != Mood::Broken && world.crashes == 0 {
            world.everybody_knows(&["board"], true);
        }
        if world.crashes > 0 {
            continue;
        }
        let told = world.heard("well", AlertState::Firing);
        assert!(world.fired.is_subset(&told), "a healthy channel was not told at once of {:?}", world.fired.difference(&told));
        let over = world.heard("well", AlertState::Resolved);
        assert!(world.ended.is_subset(&over), "a healthy channel was not told at once of {:?}", world.ended.difference(&over));
    }
    world
}

/// Everybody is well again, for long enough for every pause; then everybody knows what is true.
fn heal(world: &mut World, values: [Option<u32>; 2]) {
    for number in 0..6 {
        world.run(&Turn { gap: 61, values, moods: [Mood::Well; 2], board: false, crash: None });
        if number > 2 {
            world.everybody_knows(&["well", "moody", "picky", "pager", "board"], true);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(150), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_repeated_or_out_of_order(setting in setting(), turns in prop::collection::vec(turn(1..45), 1..40)) {
        let mut world = live(setting, &turns);
        world.judge(false);
        // Worse, milder, over: whatever happened before, all of them follow.
        for value in [500, 50, 500, 0] {
            heal(&mut world, [Some(value); 2]);
            world.judge(false);
        }
        prop_assert!(world.state.instances.values().all(|instance| instance.told.is_empty()), "{:?}", world.state.instances);
        prop_assert!(world.state.outbox.iter().all(|notification| notification.given_up.is_some()), "{:?}", world.state.outbox);
        if setting.give_up_minutes > 10_000 {
            prop_assert!(world.state.instances.is_empty(), "{:?}", world.state.instances);
            // Without an age limit every alert is told: this episode, or one that came later in its place.
            let heard: BTreeSet<_> = [AlertState::Firing, AlertState::Resolved].into_iter().flat_map(|state| world.heard("moody", state)).collect();
            for (fingerprint, episode) in &world.fired {
                prop_assert!(heard.iter().any(|other| other.0 == *fingerprint && other.1 >= *episode), "{:?}", episode);
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_loses_nothing(setting in setting(), turns in prop::collection::vec(turn(-600..60), 1..30)) {
        let mut world = live(setting, &turns);
        world.judge(true);
        heal(&mut world, [Some(0); 2]);
        world.judge(true);
        prop_assert!(world.state.instances.values().all(|instance| instance.told.is_empty()), "{:?}", world.state.instances);
        prop_assert!(world.state.outbox.iter().all(|notification| notification.given_up.is_some()));
    }
}

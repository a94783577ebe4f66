//! What is told to people: alerts, and the notifications that carry them to one channel.

use super::entry::{AlertState, Entry, Part};
use super::threshold::Severity;
use super::time::Window;
use super::unit::Unit;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Name and value of each group field, in the rule's order. `None`: the record has no such thing.
pub type Group = Vec<(String, Option<String>)>;

/// Writes a group as `{"src_workload": "web-01", "port": null}`, in the rule's order.
pub mod group_serde {
    use super::Group;
    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::{SerializeMap, Serializer};

    /// Writes the group as a map.
    pub fn serialize<S: Serializer>(group: &Group, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(group.len()))?;
        for (key, value) in group {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }

    /// Reads the map back, keeping its order.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Group, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Group;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of group fields")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Group, A::Error> {
                let mut group = Group::new();
                while let Some(pair) = map.next_entry()? {
                    group.push(pair);
                }
                Ok(group)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Why an alert is told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It started firing.
    First,
    /// It got worse.
    Escalated,
    /// It is milder than was told, and has been for a while.
    Eased,
    /// It still fires and the cooldown is over.
    Reminder,
    /// It is over.
    Resolved,
    /// `channel test`.
    Test,
}

impl Reason {
    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Reason::First => "first",
            Reason::Escalated => "escalated",
            Reason::Eased => "eased",
            Reason::Reminder => "reminder",
            Reason::Resolved => "resolved",
            Reason::Test => "test",
        }
    }

    /// The word for people.
    pub fn localized(self) -> String {
        match self {
            Reason::First => tr!("first"),
            Reason::Escalated => tr!("escalated"),
            Reason::Eased => tr!("eased"),
            Reason::Reminder => tr!("reminder"),
            Reason::Resolved => tr!("resolved"),
            Reason::Test => tr!("test"),
        }
    }
}

/// One of the largest contributors to a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contributor {
    /// Source name (for events: who).
    pub src: String,
    /// Destination name (for events: what).
    pub dst: String,
    /// Port.
    pub port: Option<u16>,
    /// Protocol name.
    pub proto: String,
    /// Policy decision (for events: status).
    pub decision: String,
    /// Its share of the value, in the metric's unit.
    pub value: f64,
}

/// One alert instance, told to a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Identity of the instance: rule and group.
    pub fingerprint: String,
    /// Rule name.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// Firing or resolved.
    pub state: AlertState,
    /// Why now.
    pub reason: Reason,
    /// The value, in base units; `None` when nothing was measured.
    pub value: Option<f64>,
    /// The most the value may be; `None`: nobody knows how much.
    #[serde(default)]
    pub value_max: Option<f64>,
    /// True when the real value is this or more.
    #[serde(default)]
    pub lower_bound: bool,
    /// Unit of the value.
    pub unit: Unit,
    /// The threshold that was crossed, as written.
    pub threshold: String,
    /// What the value covers.
    pub window: Window,
    /// Which group.
    #[serde(with = "group_serde")]
    pub group: Group,
    /// The target it was seen at, where that is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The rule's labels.
    pub labels: BTreeMap<String, String>,
    /// One line for people, already free of control characters.
    pub summary: String,
    /// The rule's description.
    pub description: Option<String>,
    /// The rule's runbook.
    pub runbook: Option<String>,
    /// The page of what it is about in the PCE's console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// Since when it fires.
    pub since: Timestamp,
    /// Largest contributors, largest first.
    pub top: Vec<Contributor>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// The severity the service holds it under, when that is another one now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_as: Option<Severity>,
    /// Why it is over for this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

impl Alert {
    /// What the message says of it.
    pub fn entry(&self) -> Entry {
        Entry { fingerprint: self.fingerprint.clone(), since: self.since, state: self.state }
    }
}

/// Why an alert is over, for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its threshold is no longer crossed.
    Recovered,
    /// What it was about is gone from the answers.
    Gone,
    /// What it was about has been missing for so long that it is no longer expected.
    Forgotten,
    /// Its rule was removed or switched off.
    RuleRemoved,
    /// It fires on, milder than this channel wants to hear.
    Milder,
    /// It fires on, but the config no longer sends it to this channel.
    Elsewhere,
}

/// What kind of message a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NotificationKind {
    /// At least one alert started or got worse.
    #[serde(rename = "alert.firing")]
    Firing,
    /// Only alerts that are over.
    #[serde(rename = "alert.resolved")]
    Resolved,
    /// Only alerts that were told before.
    #[serde(rename = "alert.reminder")]
    Reminder,
    /// `channel test`.
    #[serde(rename = "test")]
    Test,
    /// Everything that fires, for a service that wants it on every run.
    #[serde(rename = "snapshot")]
    Snapshot,
}

impl NotificationKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            NotificationKind::Firing => "alert.firing",
            NotificationKind::Resolved => "alert.resolved",
            NotificationKind::Reminder => "alert.reminder",
            NotificationKind::Test => "test",
            NotificationKind::Snapshot => "snapshot",
        }
    }
}

/// What a channel wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SendMode {
    /// What changed, and reminders.
    #[default]
    Changes,
    /// Everything that fires, on every run on which something does or just did.
    Firing,
    /// The same, and on every other run that nothing does.
    Full,
}

/// Which PCE the alerts are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PceIdentity {
    /// Base URL, or empty when everything came from files.
    pub url: String,
    /// Organisation.
    pub org_id: u64,
    /// What `site` in `[run]` calls a state without a PCE; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
}

impl PceIdentity {
    /// Host and port of the PCE, as labels and listings name it; without one the site. `None`: neither is named.
    pub fn place(&self) -> Option<String> {
        place(&self.url).or_else(|| Some(self.site.clone()).filter(|site| !site.is_empty()))
    }

    /// What identifies an alert outside of this program: the same for the same alert, and never another one's, nor that
    /// of the same rule for another PCE or organisation.
    pub fn key(&self, fingerprint: &str) -> String {
        let uuid = |text: &str| uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, text.as_bytes());
        let plain = (1..=200).contains(&fingerprint.len()) && fingerprint.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let own = if plain { fingerprint.to_owned() } else { uuid(fingerprint).to_string() };
        let place = match (self.url.as_str(), self.site.as_str()) {
            ("", "") => return own,
            ("", site) => format!("site {site}"),
            (url, _) => format!("{url} {}", self.org_id),
        };
        let pce = uuid(&place).simple().to_string();
        format!("{own}-{}", &pce[..12])
    }
}

/// Host and port of a URL.
pub fn place(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// An alert that a message tells only as part of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Identity of the instance.
    pub fingerprint: String,
    /// How bad.
    pub severity: Severity,
    /// Firing or resolved.
    pub state: AlertState,
    /// Since when it fires.
    pub since: Timestamp,
    /// The severity the service holds it under, when that is another one now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_as: Option<Severity>,
}

impl Counted {
    /// What the message says of it.
    pub fn entry(&self) -> Entry {
        Entry { fingerprint: self.fingerprint.clone(), since: self.since, state: self.state }
    }
}

/// An alert that fires on beside those of a message, and was sent before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Rule name.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// Which group.
    #[serde(with = "group_serde")]
    pub group: Group,
    /// Since when it fires.
    pub since: Timestamp,
}

/// How an attempt to deliver failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    /// The channel could not be reached or broke down.
    Broken,
    /// The channel asked to be left alone for a while.
    Asked,
    /// The fault is the message's own: the channel refused it, or took another one that came after it.
    Refused,
}

/// One message to one channel: a digest of alerts, worst first. Its `id` never changes, however often it is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Stable id (UUID).
    pub id: String,
    /// Channel name.
    pub channel: String,
    /// What kind of message.
    pub kind: NotificationKind,
    /// When it was made.
    pub created: Timestamp,
    /// Which PCE.
    pub pce: PceIdentity,
    /// The alerts, worst first.
    pub alerts: Vec<Alert>,
    /// How many more there were that did not fit the budget.
    #[serde(default)]
    pub left_out: usize,
    /// Those that did not fit: told as a number, remembered as told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Counted>,
    /// What fires on beside it and was sent before, worst first; the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<Standing>,
    /// How many more of these there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub standing_more: usize,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// Not before this instant.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// What went wrong last, without secrets.
    #[serde(default)]
    pub last_error: Option<String>,
    /// How the last attempt failed.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// Set when it was given up.
    #[serde(default)]
    pub given_up: Option<Timestamp>,
    /// When somebody let it be tried anew; its age counts from then.
    #[serde(default)]
    pub revived: Option<Timestamp>,
    /// A digest that is still being gathered, and when it goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// Of a snapshot: until when it holds, unless a younger one comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Of a snapshot: what could not be judged, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// It was about to be sent: somebody may have seen it, so it is never written anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Recipients that have it already; it goes to the others only.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub taken_by: BTreeSet<String>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Notification {
    /// A notification that tells nothing yet to nobody.
    pub fn empty(kind: NotificationKind, created: Timestamp) -> Notification {
        Notification {
            id: String::new(),
            channel: String::new(),
            kind,
            created,
            pce: PceIdentity::default(),
            alerts: Vec::new(),
            left_out: 0,
            counted: Vec::new(),
            standing: Vec::new(),
            standing_more: 0,
            attempts: 0,
            not_before: None,
            last_error: None,
            failure: None,
            given_up: None,
            revived: None,
            held_until: None,
            expires: None,
            unknown: Vec::new(),
            sealed: false,
            taken_by: BTreeSet::new(),
        }
    }

    /// Since when an alert of it fires, for a receiver: never later than the message, also when a clock that was ahead then
    /// has been set back since. (The instant that it is remembered by is its name and stays.)
    pub fn began(&self, alert: &Alert) -> Timestamp {
        alert.since.min(self.created).min(self.revived.unwrap_or(self.created))
    }

    /// What it says of each alert, in words or as part of a number: instance, state, severity, since when it fires.
    pub fn contents(&self) -> impl Iterator<Item = (&str, AlertState, Severity, Timestamp)> {
        let shown = self.alerts.iter().map(|alert| (alert.fingerprint.as_str(), alert.state, alert.severity, alert.since));
        shown.chain(self.counted.iter().map(|counted| (counted.fingerprint.as_str(), counted.state, counted.severity, counted.since)))
    }

    /// Takes out what a channel took: alerts leave the message, recipients do not get it again. Returns a message of
    /// the alerts.
    pub fn take(&mut self, parts: &[Part]) -> Notification {
        let mut entries: BTreeSet<&Entry> = BTreeSet::new();
        for part in parts {
            match part {
                Part::Alert(entry) => _ = entries.insert(entry),
                Part::Recipient(who) => _ = self.taken_by.insert(who.clone()),
            }
        }
        let mut taken = Notification { channel: self.channel.clone(), ..Notification::empty(self.kind, self.created) };
        if entries.is_empty() {
            return taken;
        }
        taken.alerts.extend(self.alerts.extract_if(.., |alert| entries.contains(&alert.entry())));
        taken.counted.extend(self.counted.extract_if(.., |counted| entries.contains(&counted.entry())));
        taken.left_out = taken.counted.len();
        self.left_out = self.left_out.saturating_sub(taken.left_out);
        taken
    }

    /// How many alerts it tells, in words or as part of a number.
    pub fn size(&self) -> usize {
        self.alerts.len().saturating_add(self.left_out)
    }
}

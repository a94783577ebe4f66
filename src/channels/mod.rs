//! Where alerts go. One file for each kind of channel and one row in [`KINDS`].
//!
//! A channel is settings, a pure payload and a send; it says whether a failure is worth another try.
//! It knows nothing of rules, state, cooldown or other channels.

mod alertmanager;
mod apprise;
mod body;
mod discord;
mod email;
mod exec;
mod file;
mod host;
mod icinga;
mod json;
mod labels;
mod line;
mod login;
mod ntfy;
mod opsgenie;
mod pagerduty;
pub mod post;
mod servicenow;
mod slack;
mod syslog;
mod teams;
mod telegram;
pub mod template;
pub mod text;
mod timed;
mod trust;
mod webhook;
mod whatsapp;

use crate::config::reader::Reader;
use crate::domain::alert::{Alert, AlertState, Appetite, Parcel, ParcelKind, PceIdentity, Reason, Talker};
use crate::domain::calendar::Digest;
use crate::domain::metric::Unit;
pub use crate::domain::outcome::{Entry, Outcome, Part};
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::threshold::Severity;
use crate::domain::time::{Window, before};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// What every channel has.
#[derive(Debug, Clone)]
pub struct Common {
    /// Unique name.
    pub name: String,
    /// Kind of channel, one of [`KINDS`].
    pub kind: &'static str,
    /// Milder alerts are not told here.
    pub min_severity: Severity,
    /// Whether it wants to hear that an alert is over.
    pub send_resolved: bool,
    /// Time-out of one attempt, from connect to answer.
    pub timeout: Duration,
    /// Whether it takes part.
    pub enabled: bool,
    /// When it hears everything at once; `None`: at once, as it happens.
    pub digest: Option<Digest>,
}

/// A channel as the config describes it: everything but the secrets, which are fetched when a run begins.
#[derive(Debug)]
pub struct ChannelConfig {
    /// What every channel has.
    pub common: Common,
    /// What this kind has.
    pub settings: Box<dyn Settings>,
}

/// Fetches a secret.
pub type Secrets<'s> = dyn Fn(&SecretSource) -> Result<Secret, String> + 's;

/// The proven settings of one channel.
pub trait Settings: std::fmt::Debug {
    /// Fetches the secrets and makes the channel ready to send.
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String>;
    /// Where it sends, for listings, without secrets (a host name, an address).
    fn destination(&self) -> String;
    /// Whether the service holds one thing for each alert, which ends only when it is told so. A digest that
    /// counts alerts instead of carrying them cannot keep such a service right.
    fn one_event_per_alert(&self) -> bool {
        false
    }
    /// What the channel wants to hear: a service that forgets what it is not told again wants more than news.
    fn appetite(&self) -> Appetite {
        Appetite::News
    }
    /// Whether it can carry a [`Document`].
    fn carries_files(&self) -> bool {
        false
    }
}

/// What the outside world gives a send.
#[derive(Debug, Clone, Copy)]
pub struct SendContext {
    /// Now, as the run decides it (`--now` included).
    pub now: Timestamp,
    /// Real time left for this attempt.
    pub timeout: Duration,
}

/// A channel ready to send.
pub trait Channel: Send {
    /// One attempt to deliver. Never panics, never outlives `context.timeout` by more than a moment, never puts a secret into the outcome.
    /// Leaves out the recipients in `parcel.taken_by`; alerts that were taken before are no longer in the parcel. When some
    /// parts are taken and others are not, it says which ([`Outcome::Partly`]): what is named there is never sent again.
    fn send(&self, parcel: &Parcel, context: &SendContext) -> Outcome;
    /// One attempt to deliver a document, under the same promises. Only kinds whose settings say `carries_files` can.
    fn send_document(&self, _document: &Document, _context: &SendContext) -> Outcome {
        Outcome::Permanent { error: "this kind of channel cannot carry a file".to_owned() }
    }
    /// Exactly what would be sent, secrets hidden, for people.
    fn preview(&self, parcel: &Parcel, now: Timestamp) -> String;
    /// What is wrong with how this parcel is said, although it is told: the user's own template fails for it.
    fn remark(&self, _parcel: &Parcel) -> Option<String> {
        None
    }
}

/// A file for people, with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// A stable id.
    pub id: Uuid,
    /// What it is about, in one line.
    pub subject: String,
    /// What a reader should know before opening it.
    pub text: String,
    /// The name of the file.
    pub file_name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// One kind of channel.
pub struct Kind {
    /// The `type` in the config.
    pub name: &'static str,
    /// One line for listings and the manual.
    pub summary: &'static str,
    /// A `[[channels]]` table of this kind, for the manual.
    pub example: &'static str,
    /// Reads the settings of this kind; complains through the reader.
    pub read: fn(&mut Reader<'_>) -> Option<Box<dyn Settings>>,
}

/// All kinds of channel this version has.
pub const KINDS: &[Kind] = &[
    email::KIND,
    webhook::KIND,
    line::KIND,
    slack::KIND,
    teams::KIND,
    alertmanager::KIND,
    pagerduty::KIND,
    syslog::KIND,
    discord::KIND,
    telegram::KIND,
    ntfy::KIND,
    opsgenie::KIND,
    exec::KIND,
    file::KIND,
    servicenow::KIND,
    whatsapp::KIND,
    apprise::KIND,
    icinga::KIND,
];

/// A message that says it is a test, for `channel test`. Each one is a message of its own.
pub fn test_parcel(channel: &str, pce: PceIdentity, now: Timestamp) -> Parcel {
    let alert = Alert {
        fingerprint: "0".repeat(64),
        rule: tr!("Test message"),
        severity: Severity::Info,
        state: AlertState::Firing,
        reason: Reason::Test,
        value: Some(1.0),
        value_max: Some(1.0),
        lower_bound: false,
        unit: Unit::Connections,
        threshold: "> 0".to_owned(),
        window: Window { from: before(now, Duration::from_secs(600)), to: now },
        group: vec![("src_workload".to_owned(), Some("example-workload".to_owned()))],
        labels: BTreeMap::new(),
        summary: tr!("This is a test. Nothing happened."),
        description: Some(tr!(
            "Somebody ran `pcemon channel test` for the channel '{name}'. Nothing happened.",
            name = text::name(channel)
        )),
        runbook: None,
        since: now,
        top: vec![Talker {
            src: "example-workload".to_owned(),
            dst: "example-database".to_owned(),
            port: Some(5432),
            proto: "tcp".to_owned(),
            decision: "allowed".to_owned(),
            value: 1.0,
        }],
        resolved_at: None,
        told_as: None,
        end: None,
    };
    Parcel { id: Uuid::new_v4().to_string(), channel: channel.to_owned(), pce, alerts: vec![alert], ..Parcel::empty(ParcelKind::Test, now) }
}

/// The parcel's id as a UUID, for services that insist on one; the same for the same parcel.
fn stable_id(parcel: &Parcel) -> Uuid {
    Uuid::parse_str(&parcel.id).unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, parcel.id.as_bytes()))
}

/// Reads the address of a service that has a usual one.
fn read_base(reader: &mut Reader<'_>, usual: &str) -> Option<SecretSource> {
    match reader.raw("base_url") {
        Some(_) => read_url(reader, "base_url", &format!("\"{usual}\"")),
        None => Some(SecretSource::Plain(Secret::new(usual))),
    }
}

/// Fetches a URL and makes it ready to post to.
fn open_url(common: &Common, source: &SecretSource, secrets: &Secrets<'_>) -> Result<post::Endpoint, String> {
    let endpoint = post::Endpoint::parse(secrets(source)?.expose())?;
    if endpoint.is_exposed() {
        log::warn!(
            "{}",
            tr!(
                "channel '{name}': {endpoint} is not encrypted; anybody on the way can read what is sent",
                name = common.name,
                endpoint = endpoint.origin()
            )
        );
    }
    Ok(endpoint)
}

/// Reads a URL that may be a secret; one that stands in the config is proven at once.
fn read_url(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<SecretSource> {
    if reader.raw(key).is_none() {
        reader.missing(key, example);
        return None;
    }
    let source = reader.secret(key)?;
    prove_url(reader, key, &source).then_some(source)
}

/// Reads one URL or several.
fn read_urls(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<Vec<SecretSource>> {
    if reader.raw(key).is_none() {
        reader.missing(key, example);
        return None;
    }
    let sources = reader.secrets(key)?;
    if sources.is_empty() {
        reader.error_at(
            key,
            tr!("`{key}` in {name} is empty", key, name = reader.name()),
            Some(tr!("write for example {key} = {example}", key, example)),
        );
        return None;
    }
    sources.iter().all(|source| prove_url(reader, key, source)).then_some(sources)
}

fn prove_url(reader: &Reader<'_>, key: &str, source: &SecretSource) -> bool {
    if let SecretSource::Plain(url) = source {
        match post::Endpoint::parse(url.expose()) {
            Err(error) => {
                reader.error_at(key, tr!("`{key}` in {name}: {error}", key, name = reader.name(), error), None);
                return false;
            }
            Ok(endpoint) if endpoint.is_exposed() => reader.problems().warn(
                reader.span_of(key),
                tr!("`{key}` in {name} is not encrypted; anybody on the way can read the alerts", key, name = reader.name()),
                Some(tr!("use https://")),
            ),
            Ok(_) => {}
        }
    }
    true
}

/// Reads a secret that must be there.
fn required_secret(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<SecretSource> {
    if reader.raw(key).is_none() {
        reader.missing(key, example);
        return None;
    }
    reader.secret(key)
}

/// Where a URL leads, without its secret part.
fn shown_url(source: &SecretSource) -> String {
    match source {
        SecretSource::Plain(url) => post::Endpoint::parse(url.expose()).map_or_else(|error| error, |endpoint| endpoint.origin()),
        other => tr!("URL from {other}", other = other.describe()),
    }
}

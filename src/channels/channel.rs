//! What a channel is: settings, a pure payload and a send. It must never know which kinds there are.

use crate::domain::alert::{Notification, SendMode};
use crate::domain::calendar::Digest;
use crate::domain::outcome::Outcome;
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::threshold::Severity;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// What every channel has.
#[derive(Debug, Clone)]
pub struct Common {
    /// Unique name.
    pub name: String,
    /// Kind of channel, one of [`KINDS`](super::KINDS).
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

/// A server that is no URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Datagrams: nobody answers.
    pub datagrams: bool,
}

/// The proven settings of one channel.
pub trait Settings: std::fmt::Debug {
    /// Fetches the secrets and makes the channel ready to send.
    fn open(&self, common: &Common, secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String>;
    /// Where it sends, for listings, without secrets (a host name, an address).
    fn destination(&self) -> String;
    /// The server it speaks to, where that is no URL. `None`: its URL says so, or it stays on this machine.
    fn peer(&self) -> Option<Peer> {
        None
    }
    /// Whether the service holds one thing for each alert, which ends only when it is told so. A digest that
    /// counts alerts instead of carrying them cannot keep such a service right.
    fn one_event_per_alert(&self) -> bool {
        false
    }
    /// What the channel wants to hear: a service that forgets what it is not told again wants more than news.
    fn send_mode(&self) -> SendMode {
        SendMode::Changes
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
    /// Leaves out the recipients in `notification.taken_by`; alerts that were taken before are no longer in the notification. When some
    /// parts are taken and others are not, it says which ([`Outcome::Partly`]): what is named there is never sent again.
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome;
    /// One attempt to deliver a document, under the same promises. Only kinds whose settings say `carries_files` can.
    fn send_document(&self, _document: &Document, _context: &SendContext) -> Outcome {
        Outcome::Permanent { error: "this kind of channel cannot carry a file".to_owned() }
    }
    /// By the addresses in the config: who gets a message, where each of them is taken or refused by itself.
    fn recipients(&self) -> Vec<String> {
        Vec::new()
    }
    /// Exactly what would be sent, secrets hidden, for people.
    fn preview(&self, notification: &Notification, now: Timestamp) -> String;
    /// What is wrong with how this notification is said, although it is told: the user's own template fails for it.
    fn remark(&self, _parcel: &Notification) -> Option<String> {
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

/// The notification's id as a UUID, for services that insist on one; the same for the same notification.
pub(super) fn stable_id(notification: &Notification) -> Uuid {
    Uuid::parse_str(&notification.id).unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, notification.id.as_bytes()))
}

//! Where alerts go. One file for each kind of channel and one row in [`KINDS`].
//!
//! A channel is settings, a pure payload and a send; it says whether a failure is worth another try.
//! It knows nothing of rules, state, cooldown or other channels.

mod address;
mod alertmanager;
mod apprise;
mod body;
mod channel;
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
mod test_message;
pub mod text;
mod timed;
mod trust;
mod webhook;
mod whatsapp;

pub use crate::domain::entry::{Entry, Part};
pub use crate::domain::outcome::Outcome;
pub use channel::{Channel, ChannelConfig, Common, Document, Kind, Peer, Secrets, SendContext, Settings};
pub use test_message::test_notification;

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

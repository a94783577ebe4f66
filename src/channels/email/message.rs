//! What a mail says: headers, a text part, an HTML part. Equal input makes equal bytes.

use super::{html, letter};
use crate::channels::{Document, text};
use crate::domain::alert::{Alert, Notification};
use crate::domain::entry::AlertState;
use crate::domain::text::{shorten, visible};
use crate::domain::threshold::Severity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lettre::message::header::ContentType;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MessageBuilder, MultiPart, SinglePart};
use std::time::SystemTime;
use uuid::Uuid;

/// Longest subject, in characters: a phone shows the first half of it.
const SUBJECT: usize = 78;
/// The name of a sender that has none.
const SENDER: &str = "pcemon";
/// Alerts shown in one mail; the others are counted.
const ALERTS: usize = 50;
/// Bytes of text about alerts in one mail; mail programs cut long mails off, and the HTML part is some times longer.
const TEXT: usize = 40_000;

/// From whom and to whom.
#[derive(Debug)]
pub struct Addresses {
    /// Sender.
    pub from: Mailbox,
    /// Main recipients, at least one.
    pub to: Vec<Mailbox>,
    /// Copies.
    pub cc: Vec<Mailbox>,
    /// What every subject begins with.
    pub prefix: String,
}

impl Addresses {
    /// All recipients.
    pub fn everybody(&self) -> impl Iterator<Item = &Mailbox> {
        self.to.iter().chain(&self.cc)
    }
}

/// A mail ready to travel.
pub struct Mail {
    /// The sender's address.
    pub from: String,
    /// The recipients' addresses, each once.
    pub to: Vec<String>,
    /// The mail, ASCII only.
    pub bytes: Vec<u8>,
    /// Headers and text part for people.
    pub shown: String,
}

/// Writes the mail of a notification, in the user's own words if there are some.
pub fn build(notification: &Notification, addresses: &Addresses, own: Option<String>, now: Timestamp) -> Result<Mail, String> {
    let domain = addresses.from.email.domain();
    let id = crate::channels::channel::stable_id(notification);
    let subject = subject(notification, &addresses.prefix);
    let message_id = format!("<{id}@{domain}>");
    let root = thread_root(notification).map(|root| format!("<{root}@{domain}>"));
    let marks = marks(notification);
    let arranged: Vec<&Alert> = text::arranged(notification).into_iter().flat_map(|(_, alerts)| alerts).collect();
    let shown = text::fitting(notification, &arranged, ALERTS, TEXT);
    let (plain, html) = match own {
        Some(own) => {
            let own = text::cut(&own, TEXT, char::len_utf8);
            let html = html::page_of(notification, &own);
            (format!("{own}\n"), html)
        }
        None => (letter::whole(notification, shown), html::page(notification, shown)),
    };

    let mut builder = addressed(addresses, &subject, &message_id, now);
    if let Some(root) = &root {
        builder = builder.in_reply_to(root.clone()).references(root.clone());
    }
    for (name, value) in &marks {
        let header = HeaderName::new_from_ascii((*name).to_owned()).map_err(|error| error.to_string())?;
        builder = builder.raw_header(HeaderValue::new(header, value.clone()));
    }
    let parts = MultiPart::alternative()
        .boundary(format!("pcemon-{}", id.simple()))
        .singlepart(SinglePart::plain(plain.clone()))
        .singlepart(SinglePart::html(html));
    let message = as_written(builder.multipart(parts).map_err(|error| error.to_string())?, addresses, &subject)?;

    let list = |mailboxes: &[Mailbox]| mailboxes.iter().map(Mailbox::to_string).collect::<Vec<_>>().join(", ");
    let mut preview = format!("From: {}\nTo: {}\n", sender(addresses), list(&addresses.to));
    if !addresses.cc.is_empty() {
        preview.push_str(&format!("Cc: {}\n", list(&addresses.cc)));
    }
    preview.push_str(&format!("Subject: {subject}\nMessage-ID: {message_id}\n"));
    if let Some(root) = &root {
        preview.push_str(&format!("In-Reply-To: {root}\nReferences: {root}\n"));
    }
    for (name, value) in &marks {
        preview.push_str(&format!("{name}: {value}\n"));
    }
    preview.push_str(&format!("\n{plain}\n{}\n", tr!("(an HTML part says the same)")));
    Ok(mail(addresses, &message, preview))
}

/// Writes the mail that carries a document.
pub fn carry(document: &Document, addresses: &Addresses, now: Timestamp) -> Result<Mail, String> {
    let prefix = shorten(&visible(addresses.prefix.trim()), 40);
    let subject = shorten(format!("{prefix} {}", visible(&document.subject)).trim_start(), SUBJECT);
    let message_id = format!("<{}@{}>", document.id, addresses.from.email.domain());
    let mut builder = addressed(addresses, &subject, &message_id, now);
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")] {
        let header = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
        builder = builder.raw_header(HeaderValue::new(header, value.to_owned()));
    }
    let kind = ContentType::parse(document.media_type).map_err(|error| error.to_string())?;
    let parts = MultiPart::mixed()
        .boundary(format!("pcemon-{}", document.id.simple()))
        .singlepart(SinglePart::plain(document.text.clone()))
        .singlepart(Attachment::new(document.file_name.clone()).body(document.bytes.clone(), kind));
    let message = as_written(builder.multipart(parts).map_err(|error| error.to_string())?, addresses, &subject)?;
    Ok(mail(addresses, &message, document.text.clone()))
}

/// Writes the headers with words of people anew where those hold `=?..?=`: a mail program would decode that and show
/// something else (RFC 2047). It is encoded itself, so that a reader sees what was written.
fn as_written(mut message: Message, addresses: &Addresses, subject: &str) -> Result<Message, String> {
    let phrase = |mailbox: &Mailbox| match &mailbox.name {
        Some(name) => format!("{} <{}>", encoded(name), mailbox.email),
        None => mailbox.email.to_string(),
    };
    let mut put = |name: &'static str, original: String, raw: String| -> Result<(), String> {
        let header = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
        message.headers_mut().insert_raw(HeaderValue::dangerous_new_pre_encoded(header, original, raw));
        Ok(())
    };
    if subject.contains("=?") {
        put("Subject", subject.to_owned(), encoded(subject))?;
    }
    let lists = [("From", std::slice::from_ref(&addresses.from)), ("To", &addresses.to), ("Cc", &addresses.cc)];
    for (name, list) in lists {
        if list.iter().any(|mailbox| mailbox.name.as_deref().is_some_and(|name| name.contains("=?"))) {
            let original = list.iter().map(Mailbox::to_string).collect::<Vec<_>>().join(", ");
            put(name, original, list.iter().map(phrase).collect::<Vec<_>>().join(",\r\n "))?;
        }
    }
    Ok(message)
}

/// A text as encoded words, one to a line.
fn encoded(text: &str) -> String {
    // 36 bytes make 48 of base64, and the first line has the header's name as well.
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if word.len() + c.len_utf8() > 36 {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    words.iter().map(|word| format!("=?utf-8?b?{}?=", STANDARD.encode(word))).collect::<Vec<_>>().join("\r\n ")
}

fn mail(addresses: &Addresses, message: &Message, shown: String) -> Mail {
    let mut to: Vec<String> = Vec::new();
    for who in addresses.everybody().map(|mailbox| mailbox.email.to_string()) {
        if !to.contains(&who) {
            to.push(who);
        }
    }
    Mail { from: addresses.from.email.to_string(), to, bytes: message.formatted(), shown }
}

/// From whom, with a name: a bare address looks like a machine's accident.
fn sender(addresses: &Addresses) -> Mailbox {
    let mut from = addresses.from.clone();
    from.name.get_or_insert_with(|| SENDER.to_owned());
    from
}

fn addressed(addresses: &Addresses, subject: &str, message_id: &str, now: Timestamp) -> MessageBuilder {
    let mut builder = Message::builder().from(sender(addresses));
    for mailbox in &addresses.to {
        builder = builder.to(mailbox.clone());
    }
    for mailbox in &addresses.cc {
        builder = builder.cc(mailbox.clone());
    }
    builder.subject(subject.to_owned()).date(SystemTime::from(now)).message_id(Some(message_id.to_owned()))
}

fn subject(notification: &Notification, prefix: &str) -> String {
    let prefix = shorten(&visible(prefix.trim()), 40);
    shorten(format!("{prefix} {}", text::headline(notification)).trim_start(), SUBJECT)
}

/// Headers that say what the mail is, to filters and to other machines.
fn marks(notification: &Notification) -> Vec<(&'static str, String)> {
    let firing = notification.alerts.iter().filter(|alert| alert.state == AlertState::Firing);
    let worst = firing.map(|alert| alert.severity).max();
    let mut marks = vec![
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("X-Pcemon-Id", crate::channels::channel::stable_id(notification).to_string()),
        ("X-Pcemon-Type", notification.kind.name().to_owned()),
        ("X-Pcemon-Severity", worst.map_or("resolved", Severity::name).to_owned()),
        ("X-Pcemon-Alerts", notification.alerts.len().saturating_add(notification.left_out).to_string()),
    ];
    if let [alert] = notification.alerts.as_slice() {
        marks.push(("X-Pcemon-Fingerprint", ascii(&alert.fingerprint)));
        marks.push(("X-Pcemon-Key", notification.pce.key(&alert.fingerprint)));
    }
    if worst == Some(Severity::Critical) {
        marks.push(("Importance", "high".to_owned()));
        marks.push(("X-Priority", "1".to_owned()));
    }
    marks
}

fn ascii(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(80).collect()
}

/// The mail that the mails of one alert answer to; it is never sent. A digest stands alone.
fn thread_root(notification: &Notification) -> Option<String> {
    let [alert] = notification.alerts.as_slice() else { return None };
    let identity = format!("{} {}", notification.pce.key(&alert.fingerprint), alert.since);
    (notification.left_out == 0).then(|| format!("alert.{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, identity.as_bytes())))
}

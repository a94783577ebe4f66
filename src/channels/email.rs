//! Mail through an SMTP server, as text and HTML.
//!
//! The settings stand here; what the mail says is [`message`]'s, how it travels [`smtp`]'s.

mod html;
mod letter;
mod message;
mod smtp;
mod wire;

use super::post::is_loopback;
use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Document, Kind, Outcome, SendContext, Settings};
use crate::domain::alert::Notification;
use crate::domain::secret::{Secret, SecretSource};
use crate::domain::text::visible;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use lettre::message::Mailbox;
use smtp::{Address, Server, Tls};
use std::sync::Arc;

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "email", summary: "mail through an SMTP server, as text and HTML", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "soc"
type = "email"
from = "pcemon@example.com"
to = ["soc@example.com"]
smtp = { host = "smtp.example.com", port = 587, tls = "starttls", user = "pcemon", password = { env = "SMTP_PASSWORD" } }
"#;

/// Most addresses one mail goes to.
const ADDRESSES: usize = 100;

#[derive(Debug)]
struct EmailSettings {
    addresses: Arc<message::Addresses>,
    server: Address,
    login: Option<(String, SecretSource)>,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let from = reader.required_string("from", "\"pcemon@example.com\"").and_then(|text| mailbox(reader, &text.value, text.span));
    if reader.raw("to").is_none() {
        reader.missing("to", "[\"soc@example.com\"]");
    }
    let to = mailboxes(reader, "to");
    let cc = if reader.raw("cc").is_some() { mailboxes(reader, "cc") } else { Some(Vec::new()) };
    let count = to.as_ref().map_or(0, Vec::len) + cc.as_ref().map_or(0, Vec::len);
    let to = to.filter(|to| {
        if to.is_empty() {
            let hint = Some(tr!("add for example to = [\"soc@example.com\"]"));
            reader.error_at("to", tr!("`to` in {name} is empty", name = reader.name()), hint);
        } else if count > ADDRESSES {
            reader.error_at(
                "to",
                tr!("{name} has more than {addresses} addresses", name = reader.name(), addresses = ADDRESSES),
                Some(tr!("use a mailing list")),
            );
        }
        !to.is_empty() && count <= ADDRESSES
    });
    let prefix = reader.string("subject_prefix").map_or_else(|| "[pcemon]".to_owned(), |prefix| prefix.value);
    let words = Words::read(reader);
    if reader.raw("smtp").is_none() {
        reader.missing("smtp", "{ host = \"smtp.example.com\", port = 587, tls = \"starttls\" }");
        return None;
    }
    let mut inner = reader.table("smtp")?;
    let SmtpTable { host, port, tls, hello, login, trust } = read_smtp(&mut inner);
    inner.finish();
    let addresses = Arc::new(message::Addresses { from: from?, to: to?, cc: cc?, prefix });
    let server = Address { host: host?, port: port?, tls: tls?, hello: hello? };
    Some(Box::new(EmailSettings { addresses, server, login: login?, trust: trust?, words: words? }))
}

/// What `smtp = { .. }` says; a part that is `None` was complained about.
struct SmtpTable {
    host: Option<String>,
    port: Option<u16>,
    tls: Option<Tls>,
    hello: Option<Option<String>>,
    login: Option<Option<(String, SecretSource)>>,
    trust: Option<Trust>,
}

fn read_smtp(reader: &mut Reader<'_>) -> SmtpTable {
    let host = reader.required_string("host", "\"smtp.example.com\"").and_then(|host| {
        let name = host.value.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
        let fine = !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/' || c == '@');
        if !fine {
            let hint = Some(tr!("write for example host = \"smtp.example.com\", port = 587"));
            reader.problems().error(host.span, tr!("`host` in {name} is not a host name", name = reader.name()), hint);
        }
        fine.then_some(name)
    });
    let choices = [("starttls", Tls::Starttls), ("implicit", Tls::Implicit), ("none", Tls::None)];
    let has_port = reader.raw("port").is_some();
    let given = if has_port { reader.integer("port", 1..=65535).and_then(|port| u16::try_from(port.value).ok()) } else { None };
    // Without a word the port says how the connection is protected.
    let usual = || if has_port { given.map(Tls::usual_at) } else { Some(Tls::Starttls) };
    let tls = if reader.raw("tls").is_some() { reader.choice("tls", &choices) } else { usual() };
    let port = if has_port { given } else { tls.map(Tls::usual_port) };
    let hello = read_hello(reader);
    let has_password = reader.raw("password").is_some();
    let user =
        if reader.raw("user").is_some() { reader.required_string("user", "\"pcemon\"").map(|user| Some(user.value)) } else { Some(None) };
    let password = if has_password { reader.secret("password") } else { None };
    let login = match (user, password) {
        (Some(Some(user)), Some(password)) => Some(Some((user, password))),
        (Some(Some(_)), None) => {
            if !has_password {
                reader.missing("password", "{ env = \"SMTP_PASSWORD\" }");
            }
            None
        }
        (Some(None), _) if has_password => {
            reader.missing("user", "\"pcemon\"");
            None
        }
        (Some(None), _) => Some(None),
        (None, _) => None,
    };
    let trust = Trust::read(reader);
    if tls == Some(Tls::None) && host.as_deref().is_some_and(|host| !is_loopback(host)) {
        if reader.has("user") {
            reader.error_at(
                "tls",
                tr!("{name} would send the password in clear text", name = reader.name()),
                Some(tr!("use tls = \"implicit\" or tls = \"starttls\", or leave user and password out")),
            );
            return SmtpTable { host, port, tls: None, hello, login, trust };
        }
        reader.problems().warn(
            reader.span_of("tls"),
            tr!("{name} is not encrypted; anyone on the network path can read the alerts", name = reader.name()),
            Some(tr!("use tls = \"implicit\" or tls = \"starttls\"")),
        );
    }
    SmtpTable { host, port, tls, hello, login, trust }
}

/// What this machine calls itself, `None` within: its own name.
fn read_hello(reader: &mut Reader<'_>) -> Option<Option<String>> {
    if reader.raw("hello").is_none() {
        return Some(None);
    }
    let hello = reader.required_string("hello", "\"monitor.example.com\"")?;
    if smtp::is_hello(hello.value.trim()) {
        return Some(Some(hello.value.trim().to_owned()));
    }
    let hint = Some(tr!("write for example hello = \"monitor.example.com\" or hello = \"[192.0.2.1]\""));
    reader.problems().error(hello.span, tr!("`hello` in {name} is neither a host name nor an address literal", name = reader.name()), hint);
    None
}

fn mailboxes(reader: &mut Reader<'_>, key: &str) -> Option<Vec<Mailbox>> {
    let texts = reader.strings(key)?;
    let read: Vec<_> = texts.into_iter().map(|text| mailbox(reader, &text.value, text.span)).collect();
    read.into_iter().collect()
}

fn mailbox(reader: &Reader<'_>, text: &str, span: std::ops::Range<usize>) -> Option<Mailbox> {
    let example = Some(tr!("write for example \"soc@example.com\" or \"SOC <soc@example.com>\""));
    match text.trim().parse::<Mailbox>() {
        Ok(mailbox) if !mailbox.email.to_string().is_ascii() => {
            let hint = Some(tr!("write an international domain in its xn-- form"));
            reader.problems().error(
                span,
                tr!("the address '{text}' in {name} is not plain ASCII", text = visible(text), name = reader.name()),
                hint,
            );
            None
        }
        Ok(mailbox) if mailbox.name.as_deref().is_none_or(|name| visible(name) == name) => Some(mailbox),
        _ => {
            reader.problems().error(
                span,
                tr!("'{text}' in {name} is not a mail address", text = visible(text), name = reader.name()),
                example,
            );
            None
        }
    }
}

impl Settings for EmailSettings {
    fn open(&self, common: &Common, secrets: &dyn Fn(&SecretSource) -> Result<Secret, String>) -> Result<Box<dyn Channel>, String> {
        let login = match &self.login {
            Some((user, source)) => Some((user.clone(), secrets(source)?)),
            None => None,
        };
        let server = Server::new(&self.server, login, &self.trust)?;
        let (addresses, words) = (Arc::clone(&self.addresses), self.words.clone());
        Ok(Box::new(Email { addresses, server, timeout: common.timeout, words }))
    }

    fn destination(&self) -> String {
        let to: Vec<String> = self.addresses.everybody().map(|mailbox| mailbox.email.to_string()).collect();
        tr!("{to} via {host}", to = to.join(", "), host = format_args!("{}:{}", self.server.host, self.server.port))
    }

    fn peer(&self) -> Option<super::Peer> {
        Some(super::Peer { host: self.server.host.clone(), port: self.server.port, datagrams: false })
    }

    fn carries_files(&self) -> bool {
        true
    }
}

struct Email {
    addresses: Arc<message::Addresses>,
    server: Server,
    timeout: std::time::Duration,
    words: Words,
}

impl Channel for Email {
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        match message::build(notification, &self.addresses, self.words.own(notification), context.now) {
            Ok(mut mail) => {
                let all = mail.to.len();
                mail.to.retain(|who| !notification.taken_by.contains(who));
                smtp::deliver(&self.server, &mail, all - mail.to.len(), context.timeout.min(self.timeout))
            }
            Err(error) => Outcome::Permanent { error: tr!("the mail cannot be written: {error}", error) },
        }
    }

    fn send_document(&self, document: &Document, context: &SendContext) -> Outcome {
        match message::carry(document, &self.addresses, context.now) {
            // Nobody sends a document again: those who did not get it are named.
            Ok(mail) => match smtp::deliver(&self.server, &mail, 0, context.timeout.min(self.timeout)) {
                Outcome::Partly { taken, rest, refused } if !taken.is_empty() => {
                    let (error, taken) = (rest.localized().unwrap_or_default(), taken.len());
                    Outcome::Warned { warning: tr!("{error}; the mail went to the other {taken}", error, taken), refused }
                }
                other => other,
            },
            Err(error) => Outcome::Permanent { error: tr!("the mail cannot be written: {error}", error) },
        }
    }

    fn recipients(&self) -> Vec<String> {
        self.addresses.everybody().map(|mailbox| mailbox.email.to_string()).collect()
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        self.words.remark(notification)
    }

    fn preview(&self, notification: &Notification, now: Timestamp) -> String {
        match message::build(notification, &self.addresses, self.words.own(notification), now) {
            Ok(mail) => format!("SMTP {}\n{}", self.server.shown(), mail.shown),
            Err(error) => tr!("the mail cannot be written: {error}\n", error),
        }
    }
}

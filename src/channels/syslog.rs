//! syslog: one message for each alert, as RFC 5424 text with structured data or as CEF inside of it.
//!
//! Over UDP nobody says whether a message arrived: delivered means that it was sent. Over TCP and TLS (octet
//! counting, RFC 6587 and 5425) delivered means that the server took the whole stream and closed it. Nothing in
//! syslog tells a repetition from a new message; `id` and `fingerprint` do.

mod message;
mod wire;

use super::template::Words;
use super::trust::Trust;
use super::{Channel, Common, Kind, Outcome, Secrets, SendContext, Settings};
use crate::domain::alert::{Alert, Notification};
use crate::domain::text::visible;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use message::{Facility, Format};
use std::time::Duration;
use wire::{Peer, Transport};

/// The row in the table of channels.
pub const KIND: Kind = Kind { name: "syslog", summary: "syslog (RFC 5424 or CEF) over UDP, TCP or TLS", example: EXAMPLE, read };

const EXAMPLE: &str = r#"[[channels]]
name = "siem"
type = "syslog"
address = "siem.example.com:6514"     # usual ports: 514 for udp and tcp, 6514 for tls
transport = "tls"                     # "udp" (the default, unconfirmed), "tcp" or "tls"
format = "rfc5424"                    # "rfc5424" or "cef"
facility = "local0"
# ca_file = "/etc/pcemon/siem-ca.pem"
# cert_file = "/etc/pcemon/client.pem"   # shown to a server that asks for one, with key_file
"#;

#[derive(Debug)]
struct SyslogSettings {
    host: String,
    port: u16,
    transport: Transport,
    format: Format,
    facility: Facility,
    trust: Trust,
    words: Words,
}

fn read(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let transports = [("udp", Transport::Udp), ("tcp", Transport::Tcp), ("tls", Transport::Tls)];
    let transport = if reader.raw("transport").is_some() { reader.choice("transport", &transports) } else { Some(Transport::Udp) };
    let address = reader.required_string("address", "\"siem.example.com:514\"").and_then(|address| {
        let read = split(address.value.trim());
        if read.is_none() {
            let hint = Some(tr!("write for example address = \"siem.example.com:514\"; set the protocol with `transport`"));
            reader.problems().error(address.span, tr!("`address` in {name} is not a host and a port", name = reader.name()), hint);
        }
        read
    });
    let formats = [("rfc5424", Format::Rfc5424), ("cef", Format::Cef)];
    let format = if reader.raw("format").is_some() { reader.choice("format", &formats) } else { Some(Format::Rfc5424) };
    let facility = if reader.raw("facility").is_some() { reader.choice("facility", &message::FACILITIES) } else { Some(message::LOCAL0) };
    let words = Words::read(reader);
    let trust = Trust::read(reader)?;
    if let Some(key) = trust.named().filter(|_| transport.is_some_and(|transport| transport != Transport::Tls)) {
        let hint = Some(tr!("use transport = \"tls\", or remove it"));
        reader.error_at(key, tr!("`{key}` in {name} means nothing without TLS", key, name = reader.name()), hint);
        return None;
    }
    let ((host, port), transport) = (address?, transport?);
    let port = port.unwrap_or(transport.usual_port());
    Some(Box::new(SyslogSettings { host, port, transport, format: format?, facility: facility?, trust, words: words? }))
}

/// `host`, `host:port`, `[::1]:port` or `::1`.
fn split(address: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None if address.matches(':').count() > 1 => (address, None),
        None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
    };
    let fine = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte));
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    fine.then(|| (host.to_owned(), port))
}

impl Settings for SyslogSettings {
    fn open(&self, common: &Common, _secrets: &Secrets<'_>) -> Result<Box<dyn Channel>, String> {
        let peer = Peer::new(&self.host, self.port, self.transport, &self.trust)?;
        let (host, words) = (super::host::own_name(), self.words.clone());
        Ok(Box::new(Syslog { peer, format: self.format, facility: self.facility, host, timeout: common.timeout, words }))
    }

    fn destination(&self) -> String {
        format!("{}://{}", self.transport.name(), wire::shown(&self.host, self.port))
    }

    fn peer(&self) -> Option<super::Peer> {
        let datagrams = self.transport == Transport::Udp;
        Some(super::Peer { host: self.host.clone(), port: self.port, datagrams })
    }
}

struct Syslog {
    peer: Peer,
    format: Format,
    facility: Facility,
    host: String,
    timeout: Duration,
    words: Words,
}

/// The notification with this alert only.
fn alone(notification: &Notification, alert: &Alert) -> Notification {
    let (id, channel, pce) = (notification.id.clone(), notification.channel.clone(), notification.pce.clone());
    Notification { id, channel, pce, alerts: vec![alert.clone()], ..Notification::empty(notification.kind, notification.created) }
}

impl Syslog {
    fn messages(&self, notification: &Notification) -> Vec<String> {
        // Each alert is a message of its own, and one line.
        let say = |alert: &Alert| match self.words.own(&alone(notification, alert)) {
            Some(own) => own.split_whitespace().collect::<Vec<_>>().join(" "),
            None => message::sentence(alert),
        };
        message::render(notification, self.format, self.facility, &self.host, self.peer.longest(), &say)
    }
}

impl Channel for Syslog {
    fn send(&self, notification: &Notification, context: &SendContext) -> Outcome {
        self.peer.send(&self.messages(notification), context.timeout.min(self.timeout))
    }

    fn remark(&self, notification: &Notification) -> Option<String> {
        notification.alerts.iter().find_map(|alert| self.words.remark(&alone(notification, alert)))
    }

    fn preview(&self, notification: &Notification, _now: Timestamp) -> String {
        let messages: Vec<String> = self.messages(notification).iter().map(|message| visible(message)).collect();
        format!("SYSLOG {}\n\n{}\n", self.peer.name(), messages.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, host, port) in [
            ("siem", "siem", None),
            ("siem.example.com:514", "siem.example.com", Some(514)),
            ("[::1]:6514", "::1", Some(6514)),
            ("[::1]", "::1", None),
            ("::1", "::1", None),
        ] {
            assert_eq!(split(text), Some((host.to_owned(), port)), "{text}");
        }
        for text in ["", ":514", "siem:", "siem:0", "siem:70000", "tcp://siem:514", "[::1", "[::1]514", "a b"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}

//! Questions to name servers: one message over UDP, again after a third of the time, over TCP where the answer was cut.

use super::address::{Ask, Probe};
use super::failure::Failure;
use super::found::Found;
use super::place::{Family, Place};
use super::stream::{self, Limit};
use crate::domain::foreign::Foreign;
use crate::domain::text::visible;
use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// Bytes of an answer over UDP.
const UDP: u16 = 1232;
/// Values that are kept.
const MOST: usize = 200;
/// Where this machine's name servers stand.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Asks, and compares with what is expected.
pub(super) fn ask(probe: &Probe, limit: Limit, found: &mut Found) -> Result<(), Failure> {
    let Ask::Dns { name, record } = &probe.ask else { return Err(Failure::of("own_fault", "not DNS")) };
    let question = question(name, record)?;
    let own = probe.host.is_empty();
    let servers = if own {
        own_servers()?
    } else {
        stream::resolve(Place { host: &probe.host, port: probe.port.unwrap_or(53), family: probe.family }, limit, &mut found.phases)?
    };
    let mut last = None;
    let count = servers.len();
    let mut answer = None;
    for (number, server) in servers.into_iter().enumerate() {
        let Some(left) = limit.left() else { break };
        let share = if number + 1 == count { left } else { left / 2 };
        found.address = Some(server.ip());
        match exchange(server, &question, Limit { until: Instant::now() + share, whole: limit.whole }) {
            Ok(message) => {
                answer = Some((server, message));
                break;
            }
            Err(failure) => last = Some(failure),
        }
    }
    let Some((server, message)) = answer else {
        let failure =
            last.unwrap_or_else(|| Failure::of("timeout", tr!("no name server answers within {seconds} s", seconds = limit.seconds())));
        // Without a server of its own the probe is about the name; who does not answer is our resolver.
        let advice = tr!("look at {path} and at the network here", path = RESOLV_CONF);
        return Err(if own { Failure::of("own_network", format!("{}; {advice}", failure.why)) } else { failure });
    };
    judge(probe, record, server, &message, found)
}

fn question(name: &str, record: &str) -> Result<Message, Failure> {
    let wrong = |why: String| Failure::of("own_fault", tr!("the name {name} cannot be asked for: {why}", name = visible(name), why));
    let name = Name::from_ascii(format!("{name}.")).map_err(|error| wrong(visible(&error.to_string())))?;
    let record = RecordType::from_str(record).map_err(|error| wrong(visible(&error.to_string())))?;
    let mut message = Message::query();
    message.metadata.id = fastrand::u16(..);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name, record));
    let mut edns = Edns::new();
    edns.set_max_payload(UDP);
    message.set_edns(edns);
    Ok(message)
}

/// The name servers of this machine.
fn own_servers() -> Result<Vec<SocketAddr>, Failure> {
    let text = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
    let servers: Vec<SocketAddr> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.trim().parse::<IpAddr>().ok())
        .map(|address| SocketAddr::new(address, 53))
        .take(3)
        .collect();
    if servers.is_empty() {
        return Err(Failure::of("own_network", tr!("{path} names no name server; name one: dns://SERVER/NAME", path = RESOLV_CONF)));
    }
    Ok(servers)
}

/// One server.
fn exchange(server: SocketAddr, question: &Message, limit: Limit) -> Result<Message, Failure> {
    let bytes = question.to_vec().map_err(|error| Failure::of("own_fault", visible(&error.to_string())))?;
    let waited = tr!("an answer");
    let talk = |error: std::io::Error| match error.kind() {
        ErrorKind::ConnectionRefused => Failure::of("refused", tr!("{server} refuses: no name server listens there", server)),
        ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => {
            Failure::of("own_network", tr!("this machine has no route to {address}: look at its network", address = server))
        }
        ErrorKind::HostUnreachable => {
            Failure::of("unreachable", tr!("{address} cannot be reached: no host answers there, or a router says no", address = server))
        }
        _ => stream::of_talk(&error, server, limit, &waited),
    };
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(server).map(|()| socket)).map_err(talk)?;
    let again = Instant::now() + limit.left().unwrap_or_default() / 3;
    let mut sent_again = false;
    socket.send(&bytes).map_err(talk)?;
    let mut buffer = vec![0u8; 65_535];
    loop {
        let until = if sent_again { limit.until } else { again };
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(left)).map_err(talk)?;
        match socket.recv(&mut buffer) {
            Ok(count) => match Message::from_vec(&buffer[..count]) {
                Ok(answer) if fits(question, &answer) => {
                    return if answer.metadata.truncation { over_tcp(server, question, &bytes, limit) } else { Ok(answer) };
                }
                // An answer to somebody else's question, or none at all, is not ours.
                _ => {}
            },
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) && !sent_again => {
                sent_again = true;
                socket.send(&bytes).map_err(talk)?;
            }
            Err(error) => return Err(talk(error)),
        }
        if limit.left().is_none() {
            return Err(talk(ErrorKind::TimedOut.into()));
        }
    }
}

/// Whether it is the answer to this question.
fn fits(question: &Message, answer: &Message) -> bool {
    let same = || match (question.queries.first(), answer.queries.first()) {
        (Some(asked), Some(said)) => asked.query_type() == said.query_type() && asked.name().to_lowercase() == said.name().to_lowercase(),
        _ => false,
    };
    answer.metadata.message_type == hickory_proto::op::MessageType::Response && answer.metadata.id == question.metadata.id && same()
}

fn over_tcp(server: SocketAddr, question: &Message, bytes: &[u8], limit: Limit) -> Result<Message, Failure> {
    let mut found = Found::default();
    let host = server.ip().to_string();
    let place = Place { host: &host, port: server.port(), family: Family::Any };
    let mut stream = stream::connect(place, limit, &mut found)?;
    let waited = tr!("the whole answer");
    let talk = |error: std::io::Error| stream::of_talk(&error, server, limit, &waited);
    let mut framed = u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes().to_vec();
    framed.extend_from_slice(bytes);
    stream.write_all(&framed).map_err(talk)?;
    let mut length = [0u8; 2];
    stream.read_exact(&mut length).map_err(talk)?;
    let mut body = vec![0u8; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut body).map_err(talk)?;
    match Message::from_vec(&body) {
        Ok(answer) if fits(question, &answer) => Ok(answer),
        _ => Err(Failure::of("protocol", tr!("{server}: its answer over TCP is not one to this question", server))),
    }
}

/// What the answer says, and whether it is what is expected.
fn judge(probe: &Probe, record: &str, server: SocketAddr, message: &Message, found: &mut Found) -> Result<(), Failure> {
    let code = rcode(message);
    let wanted = RecordType::from_str(record).unwrap_or(RecordType::A);
    let own: Vec<_> = message.answers.iter().filter(|answer| answer.record_type() == wanted).take(MOST).collect();
    let mut values: Vec<String> = own.iter().map(|answer| value(&answer.data)).collect();
    values.sort();
    values.dedup();
    found.ttl = own.iter().map(|answer| answer.ttl).min();
    found.serial = own.iter().find_map(|answer| if let RData::SOA(soa) = &answer.data { Some(soa.serial) } else { None });
    found.rcode = Some(code.clone());
    let expected = probe.expect.rcode.as_deref().unwrap_or("NOERROR");
    let name = probe.shown.rsplit('/').next().unwrap_or_default().to_owned();
    if code != expected {
        let meaning = match code.as_str() {
            "NXDOMAIN" => tr!("the name does not exist"),
            "SERVFAIL" => tr!("the server could not find out"),
            "REFUSED" => tr!("the server does not answer this for us"),
            _ => tr!("an answer of another kind"),
        };
        return Err(Failure::of(
            "rcode",
            tr!("{server} says {code} to {name}: {meaning}; expected is {expected}", server, code, name, meaning, expected),
        ));
    }
    found.answer = Some(values.clone());
    match &probe.expect.answer {
        Some(expected) => {
            let folded: std::collections::BTreeSet<String> = values.iter().map(|value| value.to_ascii_lowercase()).collect();
            if expected.iter().cloned().collect::<std::collections::BTreeSet<_>>() == folded {
                return Ok(());
            }
            let shown = |list: Vec<&String>| {
                if list.is_empty() { tr!("nothing") } else { list.into_iter().take(8).cloned().collect::<Vec<_>>().join(", ") }
            };
            let (found, expected) = (shown(values.iter().collect()), shown(expected.iter().collect()));
            Err(Failure::of("answer", tr!("{server} answers {found} to {name}, expected is {expected}", server, found, name, expected)))
        }
        None if values.is_empty() && expected == "NOERROR" => {
            Err(Failure::of("answer", tr!("{server}: the name exists, and has no record of type {record}", server, record)))
        }
        None => Ok(()),
    }
}

fn rcode(message: &Message) -> String {
    use hickory_proto::op::ResponseCode;
    match message.metadata.response_code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        other => format!("RCODE{}", u16::from(other)),
    }
}

/// A value as zone files write it, names without the last dot.
fn value(data: &RData) -> String {
    let text = match data {
        RData::TXT(txt) => txt.txt_data.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect(),
        RData::CNAME(name) => name.0.to_string(),
        RData::NS(name) => name.0.to_string(),
        RData::PTR(name) => name.0.to_string(),
        other => other.to_string(),
    };
    Foreign::new(text.trim_end_matches('.')).words(&[], 300)
}

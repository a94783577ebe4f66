//! A connection that is over when its time is: every read and write has what is left of the attempt, not a time of its own.

use super::certificate::{self, Facts, Trust};
use super::failure::Failure;
use super::found::{Found, Phases, add};
use super::place::{Family, Place};
use crate::domain::foreign::Foreign;
use crate::domain::text::visible;
use crate::http::reach;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When an attempt began, and when it has to be over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub until: Instant,
    pub whole: Duration,
}

impl Limit {
    pub fn of(whole: Duration) -> Limit {
        Limit { until: Instant::now() + whole, whole }
    }

    pub fn left(&self) -> Option<Duration> {
        Some(self.until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    pub fn seconds(&self) -> String {
        format!("{:.3}", self.whole.as_secs_f64()).trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// A socket with a limit for all that is done with it.
#[derive(Debug)]
pub(super) struct Timed {
    pub stream: TcpStream,
    pub limit: Limit,
    pub peer: SocketAddr,
}

fn over() -> io::Error {
    io::Error::from(ErrorKind::TimedOut)
}

/// What the system calls a time-out.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { over() } else { error }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.limit.left().ok_or_else(over)?))?;
        self.stream.read(buffer).map_err(timed_out)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.limit.left().ok_or_else(over)?))?;
        self.stream.write(buffer).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection, encrypted or not.
pub(super) enum Stream {
    Plain(Timed),
    Encrypted(Box<StreamOwned<ClientConnection, Timed>>),
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read(buffer),
            // Many servers close without the goodbye of TLS; whether an answer is whole is said by its own length.
            Stream::Encrypted(stream) => match stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
                read => read,
            },
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.write(buffer),
            Stream::Encrypted(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.flush(),
            Stream::Encrypted(stream) => stream.flush(),
        }
    }
}

/// The addresses of a host.
pub(super) fn resolve(place: Place<'_>, limit: Limit, phases: &mut Phases) -> Result<Vec<SocketAddr>, Failure> {
    let begun = Instant::now();
    let host = visible(place.host);
    let found = match place.host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, place.port)],
        Err(_) => {
            let left = limit.left().ok_or_else(|| Failure::of("timeout", no_answer(&place.shown(), limit)))?;
            reach::resolve_kind(place.host, place.port, left).map_err(|(kind, why)| match kind {
                reach::Unresolved::NoSuchName => Failure::of("resolve", why),
                // Our resolver does not answer: that says nothing of the service.
                reach::Unresolved::NoResolver => Failure::of(
                    "own_network",
                    tr!("{why}: the name server of this machine does not answer; look at /etc/resolv.conf and at the network here", why),
                ),
                reach::Unresolved::NoThread => Failure::of("own_fault", why),
            })?
        }
    };
    let chosen: Vec<SocketAddr> = found.into_iter().filter(|address| place.family.has(address.ip())).collect();
    if chosen.is_empty() {
        let version = if place.family == Family::V4 { "4" } else { "6" };
        return Err(Failure::of("resolve", tr!("{host} has no address of IP version {version}", host, version)));
    }
    add(&mut phases.resolve, begun.elapsed());
    Ok(chosen)
}

fn no_answer(peer: &str, limit: Limit) -> String {
    tr!("{peer} does not answer within {seconds} s", peer, seconds = limit.seconds())
}

/// Connects to the first address that answers; each but the last has half of the time that is left.
pub(super) fn connect(place: Place<'_>, limit: Limit, found: &mut Found) -> Result<Timed, Failure> {
    let addresses = resolve(place, limit, &mut found.phases)?;
    let begun = Instant::now();
    let mut last: Option<Failure> = None;
    let count = addresses.len();
    for (number, address) in addresses.into_iter().enumerate() {
        let Some(left) = limit.left() else { break };
        let share = if number + 1 == count { left } else { left / 2 };
        match TcpStream::connect_timeout(&address, share) {
            Ok(stream) => {
                found.address = Some(address.ip());
                add(&mut found.phases.connect, begun.elapsed());
                // Small questions are sent at once.
                let _ = stream.set_nodelay(true);
                return Ok(Timed { stream, limit, peer: address });
            }
            Err(error) => {
                let failure = of_connect(&error, address, limit);
                // An address of a family that has no route here is no word about the service, where another has one.
                let pointless = failure.outcome == "own_network";
                if !pointless || last.is_none() {
                    found.address = Some(address.ip());
                    last = Some(failure);
                }
            }
        }
    }
    Err(last.unwrap_or_else(|| Failure::of("timeout", no_answer(&place.shown(), limit))))
}

/// What a failed connection means.
fn of_connect(error: &io::Error, address: SocketAddr, limit: Limit) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            Failure::of("refused", tr!("{address} refuses the connection: nothing listens there, or a firewall says no", address))
        }
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::of("timeout", no_answer(&address.to_string(), limit)),
        ErrorKind::HostUnreachable => {
            Failure::of("unreachable", tr!("{address} cannot be reached: no host answers there, or a router says no", address))
        }
        ErrorKind::ConnectionReset => Failure::of("reset", tr!("{address} resets the connection", address)),
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable => {
            Failure::of("own_network", tr!("this machine has no route to {address}: look at its network", address))
        }
        _ => {
            let why = Foreign::new(error.to_string()).words(&[], 200);
            Failure::of("own_fault", tr!("this machine could not connect to {address}: {why}", address, why))
        }
    }
}

/// What a failed read or write means; `doing` is what was waited for.
pub(super) fn of_talk(error: &io::Error, peer: SocketAddr, limit: Limit, doing: &str) -> Failure {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            Failure::of("timeout", tr!("{peer}: {doing} did not come within {seconds} s", peer, doing, seconds = limit.seconds()))
        }
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            Failure::of("reset", tr!("{peer} resets the connection before {doing} came", peer, doing))
        }
        ErrorKind::UnexpectedEof => Failure::of("closed", tr!("{peer} closes the connection before {doing} came", peer, doing)),
        _ => Failure::of("protocol", tr!("{peer}: {why}", peer, why = Foreign::new(error.to_string()).words(&[], 200))),
    }
}

/// Shakes hands. The certificate is in `seen`, whatever comes of it; nothing is sent to a host that is not trusted.
pub(super) fn encrypt(mut timed: Timed, trust: Trust<'_>, phases: &mut Phases, seen: &mut Option<Facts>) -> Result<Stream, Failure> {
    let begun = Instant::now();
    let (peer, limit) = (timed.peer, timed.limit);
    let witness = Arc::new(certificate::Witness::new(trust).map_err(|why| Failure::of("own_fault", why))?);
    let mut session = witness.session(trust.name).map_err(|why| Failure::of("own_fault", why))?;
    let mut trouble = None;
    while session.is_handshaking() && trouble.is_none() {
        trouble = session.complete_io(&mut timed).err();
    }
    let (facts, verdict) = witness.report(session.protocol_version());
    if facts.is_some() {
        *seen = facts;
    }
    if let Some(error) = trouble {
        let at = tr!("the TLS handshake");
        return Err(match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => Failure::of("tls", tr!("{peer}: {why}", peer, why = certificate::of_tls(error))),
            None => of_talk(&error, peer, limit, &at),
        });
    }
    add(&mut phases.tls, begun.elapsed());
    match verdict {
        Err(refused) if !trust.insecure => {
            session.send_close_notify();
            // A goodbye that does not arrive changes nothing.
            let _ = session.write_tls(&mut timed);
            Err(Failure::of("certificate", tr!("{peer}: its certificate was refused, {why}", peer, why = refused)))
        }
        _ => Ok(Stream::Encrypted(Box::new(StreamOwned::new(session, timed)))),
    }
}

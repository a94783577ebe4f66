//! How syslog messages travel: datagrams, or a TCP or TLS stream with octet counting. It knows no alerts.

use crate::channels::Outcome;
use crate::channels::timed::{Timed, addresses, left};
use crate::channels::trust::Trust;
use crate::domain::foreign::Foreign;
use crate::http::fault;
use crate::http::tls::client_config;
use rustls_pki_types::ServerName;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of a datagram that receivers should take (RFC 5426).
const DATAGRAM: usize = 2048;
/// Bytes of a message that servers usually take.
const FRAME: usize = 8000;
/// How long a server has to turn us away.
const PATIENCE: Duration = Duration::from_millis(100);
/// Characters of an error that are shown.
const EXCERPT: usize = 200;

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams, unconfirmed.
    Udp,
    /// A plain stream.
    Tcp,
    /// An encrypted stream.
    Tls,
}

impl Transport {
    /// The port that goes with it.
    pub fn usual_port(self) -> u16 {
        match self {
            Transport::Udp | Transport::Tcp => 514,
            Transport::Tls => 6514,
        }
    }

    /// Its name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }
}

/// Host and port, for people.
pub fn shown(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A server, ready to be sent to.
pub struct Peer {
    host: String,
    port: u16,
    transport: Transport,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    ca_file: Option<PathBuf>,
}

impl Peer {
    /// Reads the private CA and the certificate to show, if any. The error names the file.
    pub fn new(host: &str, port: u16, transport: Transport, trust: &Trust) -> Result<Peer, String> {
        let tls = match transport {
            Transport::Tls => {
                let name =
                    ServerName::try_from(host.to_owned()).map_err(|_| tr!("{host} is not a name that a certificate can have", host))?;
                Some((Arc::new(client_config(trust.ca_file(), trust.client())?), name))
            }
            Transport::Udp | Transport::Tcp => None,
        };
        Ok(Peer { host: host.to_owned(), port, transport, tls, ca_file: trust.ca_file().map(Path::to_owned) })
    }

    /// Transport, host and port, for people.
    pub fn name(&self) -> String {
        format!("{}://{}", self.transport.name(), shown(&self.host, self.port))
    }

    /// Bytes of the longest message.
    pub fn longest(&self) -> usize {
        match self.transport {
            Transport::Udp => DATAGRAM,
            Transport::Tcp | Transport::Tls => FRAME,
        }
    }

    /// One attempt to send all of them, over within `limit`. Every failure is worth another try: none of them
    /// comes from what a message says.
    pub fn send(&self, messages: &[String], limit: Duration) -> Outcome {
        let deadline = Instant::now() + limit;
        let sent = match self.transport {
            Transport::Udp => self.datagrams(messages, deadline),
            Transport::Tcp => Timed::connect(&self.host, self.port, deadline).and_then(|mut stream| {
                stream.write_all(&frames(messages))?;
                prove_open(&stream)?;
                finish(stream)
            }),
            Transport::Tls => Timed::connect(&self.host, self.port, deadline).and_then(|stream| self.encrypted(stream, messages)),
        };
        match sent {
            Ok(()) => Outcome::Delivered,
            Err(error) => Outcome::Retry { error: self.words(&error), after: None },
        }
    }

    fn datagrams(&self, messages: &[String], deadline: Instant) -> std::io::Result<()> {
        let mut last = None;
        for address in addresses(&self.host, self.port, deadline)? {
            let from: SocketAddr = match address {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let sent = UdpSocket::bind(from).and_then(|socket| {
                socket.connect(address)?;
                messages.iter().try_for_each(|message| socket.send(message.as_bytes()).map(drop))
            });
            match sent {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::NotFound.into()))
    }

    fn encrypted(&self, mut stream: Timed, messages: &[String]) -> std::io::Result<()> {
        let Some((config, name)) = &self.tls else { return Err(ErrorKind::Unsupported.into()) };
        let mut session = rustls::ClientConnection::new(Arc::clone(config), name.clone()).map_err(std::io::Error::other)?;
        let mut tls = rustls::Stream::new(&mut session, &mut stream);
        tls.write_all(&frames(messages))?;
        tls.flush()?;
        prove_open(tls.sock)?;
        tls.conn.send_close_notify();
        tls.flush()?;
        // A server may refuse only after the handshake, and says so here.
        let mut rest = [0; 256];
        loop {
            match tls.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                // It hung up without the goodbye of TLS, as many do.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn words(&self, error: &std::io::Error) -> String {
        let name = self.name();
        let text = Foreign::new(error.to_string()).words(&[], EXCERPT);
        let place = fault::Place { host: &self.host, setting: "ca_file", ca_file: self.ca_file.as_deref() };
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                tr!("{name} did not take the messages and close the connection in time", name)
            }
            _ => fault::sentence(fault::of_io(error), &name, place).unwrap_or_else(|| tr!("cannot send to {name}: {text}", name, text)),
        }
    }
}

/// Each message behind its length.
fn frames(messages: &[String]) -> Vec<u8> {
    messages.iter().flat_map(|message| format!("{} {message}", message.len()).into_bytes()).collect()
}

/// A server that turns us away closes the connection before we do, and would look like one that took everything.
fn prove_open(stream: &Timed) -> std::io::Result<()> {
    stream.stream.set_read_timeout(Some(left(stream.deadline())?.min(PATIENCE)))?;
    match stream.stream.peek(&mut [0]) {
        Ok(0) => Err(std::io::Error::new(ErrorKind::ConnectionAborted, "the server closed the connection; may this machine send to it?")),
        Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Says goodbye and waits until the server has done so: only then did it take everything.
fn finish(mut stream: Timed) -> std::io::Result<()> {
    stream.stream.shutdown(Shutdown::Write)?;
    let mut rest = [0; 256];
    while stream.read(&mut rest)? > 0 {}
    Ok(())
}

//! How far one gets towards a host: its name, a connection, its certificate. Sends no request and no credentials.

use super::fault::{self, Place, Refused};
use super::tls;
use crate::domain::foreign::Foreign;
use crate::domain::text::visible;
use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use url::Url;
use x509_cert::der::Decode;

/// Characters of an error that are shown.
const EXCERPT: usize = 200;

/// Whom a request to `url` goes to first: the proxy's host and port where there is one, and its name for people.
pub fn proxy_of(url: &Url, named: Option<&str>, direct: bool) -> Option<(String, u16)> {
    let proxy = match named {
        Some(text) => ureq::Proxy::new(text).ok()?,
        None if direct => return None,
        None => ureq::Proxy::new(&super::proxy::for_url(url)?.1).ok()?,
    };
    Some((proxy.host().to_owned(), proxy.port()))
}

/// Why a name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unresolved {
    /// It is known that there is none.
    NoSuchName,
    /// Nobody could be asked.
    NoResolver,
    /// This machine has no thread left.
    NoThread,
}

/// What an endpoint shows of itself, before anything is sent there; `None`: it does not answer, or has no certificate.
pub fn presented(url: &Url, name: Option<&str>, ca_file: Option<&Path>, limit: Duration) -> Option<Shown> {
    let host = url.host_str().filter(|_| url.scheme() == "https")?;
    let addresses = resolve(host, url.port_or_known_default().unwrap_or(443), limit).ok()?;
    shake_hands(connect(&addresses, limit).ok()?, name.unwrap_or(host), "ca_file", ca_file, limit).ok()
}

/// Finds the addresses of a name.
pub fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, String> {
    resolve_kind(host, port, limit).map_err(|(_, why)| why)
}

/// Finds the addresses of a name, or says whether there are none or nobody could be asked.
pub fn resolve_kind(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, (Unresolved, String)> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let (sender, receiver) = mpsc::channel();
    let looking = bare.clone();
    // The system's resolver knows no time-out of its own.
    let spawned = std::thread::Builder::new().name("resolver".to_owned()).spawn(move || {
        let found = (looking.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
        // Nobody listens any more once the limit has passed.
        let _ = sender.send(found);
    });
    spawned.map_err(|error| (Unresolved::NoThread, tr!("cannot start a thread: {error}", error)))?;
    let name = visible(&bare);
    match receiver.recv_timeout(limit) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err((Unresolved::NoSuchName, tr!("{name} has no address", name))),
        Ok(Err(error)) => {
            let text = error.to_string();
            // The standard library keeps the number to itself; these are the words for EAI_AGAIN, and for a full table of files.
            let ours = ["Temporary failure", "Try again", "System error", "Too many open files"].iter().any(|part| text.contains(part));
            let kind = if ours { Unresolved::NoResolver } else { Unresolved::NoSuchName };
            Err((kind, tr!("the name {name} cannot be resolved ({why})", name, why = words(&text))))
        }
        Err(_) => {
            let seconds = limit.as_secs_f32();
            Err((Unresolved::NoResolver, tr!("the name {name} was not resolved within {seconds} s", name, seconds)))
        }
    }
}

/// Connects to the first address that answers.
pub fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, String> {
    let until = Instant::now() + limit;
    let mut last = tr!("there is no address");
    for address in addresses {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                last = tr!("{address} does not answer within {seconds} s", address, seconds = limit.as_secs_f32());
            }
            Err(error) => last = format!("{address}: {}", words(&error.to_string())),
        }
    }
    Err(last)
}

/// What a host says about itself when a connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Until when its certificate is valid.
    pub not_after: Option<Timestamp>,
    /// Who signed it, for people.
    pub issuer: String,
    /// All the certificates it sent, its own first.
    pub certificates: Vec<Presented>,
    /// Whether it is trusted, or why not.
    pub trusted: Result<(), Refused>,
}

/// Shakes hands and looks at the certificate; nothing else is sent. `setting` is what `ca_file` is called there.
pub fn shake_hands(stream: TcpStream, host: &str, setting: &str, ca_file: Option<&Path>, limit: Duration) -> Result<Shown, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name =
        ServerName::try_from(bare.to_owned()).map_err(|_| tr!("{host} is not a name that a certificate can have", host = visible(bare)))?;
    let witness = Arc::new(Witness { judge: tls::verifier(ca_file)?, seen: Mutex::new(None) });
    let config = tls::config(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)?;
    let failed = |error: &dyn std::fmt::Display| words(&error.to_string());
    stream.set_read_timeout(Some(limit)).and_then(|()| stream.set_write_timeout(Some(limit))).map_err(|error| failed(&error))?;
    let mut session = rustls::ClientConnection::new(Arc::new(config), name).map_err(|error| failed(&error))?;
    let mut stream = stream;
    let until = Instant::now() + limit;
    let mut trouble: Option<Refused> = None;
    let place = Place { host: bare, setting, ca_file };
    let other = |why: String| Refused { why, advice: tr!("check url in [pce]: this port may not use TLS") };
    while session.is_handshaking() && trouble.is_none() {
        if Instant::now() >= until {
            trouble = Some(other(tr!("no handshake within {seconds} s", seconds = limit.as_secs_f32())));
        } else if let Err(error) = session.complete_io(&mut stream) {
            let slow = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
            trouble = Some(match fault::of_io(&error).and_then(|error| fault::refused(error, place)) {
                Some(refused) => refused,
                None if slow => other(tr!("no handshake within {seconds} s", seconds = limit.as_secs_f32())),
                None => other(failed(&error)),
            });
        }
    }
    session.send_close_notify();
    // A goodbye that does not arrive changes nothing.
    let _ = session.write_tls(&mut stream).and_then(|_| stream.flush());
    let seen = witness.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (seen, trouble) {
        (Some(seen), trouble) => {
            let (not_after, issuer) = seen.first().map(|der| read(der)).unwrap_or_default();
            let certificates = seen.into_iter().map(Presented::new).collect();
            Ok(Shown { not_after, issuer, certificates, trusted: trouble.map_or(Ok(()), Err) })
        }
        (None, Some(trouble)) => Err(trouble.why),
        (None, None) => Err(tr!("it showed no certificate")),
    }
}

/// A certificate as a host presents it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Whose it is, for people.
    pub subject: String,
    /// Until when it is valid.
    pub not_after: Option<Timestamp>,
    /// Its SHA-256 as openssl prints it.
    pub fingerprint: String,
    der: Vec<u8>,
}

impl Presented {
    fn new(der: Vec<u8>) -> Presented {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(&der);
        let fingerprint = digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
        let (not_after, _) = read(&der);
        let subject = x509_cert::Certificate::from_der(&der)
            .map_or_else(|_| String::new(), |certificate| words(&certificate.tbs_certificate().subject().to_string()));
        Presented { subject, not_after, fingerprint, der }
    }

    /// The certificate as a file holds it.
    pub fn pem(&self) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.der);
        let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

/// Expiry and issuer of a certificate.
fn read(der: &[u8]) -> (Option<Timestamp>, String) {
    let Ok(certificate) = x509_cert::Certificate::from_der(der) else { return (None, String::new()) };
    let body = certificate.tbs_certificate();
    let not_after = i64::try_from(body.validity().not_after.to_unix_duration().as_secs()).ok();
    (not_after.and_then(|seconds| Timestamp::from_second(seconds).ok()), words(&body.issuer().to_string()))
}

fn words(text: &str) -> String {
    Foreign::new(text).words(&[], EXCERPT)
}

/// Looks at the certificate before somebody else judges it.
#[derive(Debug)]
struct Witness {
    judge: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Option<Vec<Vec<u8>>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(end_entity).chain(intermediates).map(|certificate| certificate.as_ref().to_vec()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(all);
        self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

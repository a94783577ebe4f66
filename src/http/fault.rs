//! Why an encrypted connection was refused, and what to do about it, in words for people.

use crate::domain::foreign::Foreign;
use crate::domain::text::visible;
use jiff::Timestamp;
use rustls::{CertificateError, Error};
use rustls_pki_types::UnixTime;
use std::io;
use std::path::Path;

/// Names of a certificate that are shown.
const NAMES: usize = 5;
/// Characters of a foreign text that are shown.
const EXCERPT: usize = 200;

/// Where certificates are judged: the host that was asked for, and what the user may set.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Host of the URL.
    pub host: &'a str,
    /// The setting as it is called there, such as `ca_file in [pce]`.
    pub setting: &'a str,
    /// What it says.
    pub ca_file: Option<&'a Path>,
}

/// A certificate that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong with it; the certificate is "it".
    pub why: String,
    /// What to do.
    pub advice: String,
}

/// The whole of it for people, of a peer by its shown name. `None`: the failure is about something else.
pub fn sentence(error: Option<&Error>, peer: &str, place: Place<'_>) -> Option<String> {
    let Refused { why, advice } = refused(error?, place)?;
    Some(tr!("{peer}: its certificate was refused, {why}; {advice}", peer, why, advice))
}

/// What TLS said, where it was TLS that failed.
pub fn of_io(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The same of an HTTP exchange.
pub fn of_http(error: &ureq::Error) -> Option<&Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => of_io(error),
        _ => None,
    }
}

/// What is wrong with the peer's certificate. `None`: the failure is about something else.
pub fn refused(error: &Error, place: Place<'_>) -> Option<Refused> {
    let Error::InvalidCertificate(error) = error else { return None };
    let host = visible(place.host);
    let (why, advice) = match error {
        CertificateError::ExpiredContext { time, not_after } => (
            tr!("it expired at {at}", at = at(*not_after)),
            tr!("renew it; if it is valid, the clock of this machine is wrong: it shows {now}", now = at(*time)),
        ),
        CertificateError::Expired => (tr!("it expired"), tr!("renew it, or correct the clock of this machine")),
        CertificateError::NotValidYetContext { time, not_before } => (
            tr!("it is not valid before {at}", at = at(*not_before)),
            tr!("compare the clocks: that of this machine shows {now}", now = at(*time)),
        ),
        CertificateError::NotValidYet => (tr!("it is not valid yet"), tr!("compare the clocks of both machines")),
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => (
            tr!("it is for {names}, not for {host}", names = names(presented), host),
            tr!("write one of these names into the URL, or have a certificate issued for {host}", host),
        ),
        CertificateError::NotValidForNameContext { .. } | CertificateError::NotValidForName => (
            tr!("it is not for {host}: it names no host (a common name alone does not count)", host),
            tr!("have a certificate issued with the subject alternative name {host}", host),
        ),
        // A CA that only bears the name of the one that signed it has another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (tr!("it is not signed by a trusted CA"), of_issuer(place)),
        // Such as a certificate of a CA in the place of a server's.
        CertificateError::Other(error) => (Foreign::new(error.to_string()).words(&[], EXCERPT), of_issuer(place)),
        other => (Foreign::new(other.to_string()).words(&[], EXCERPT), tr!("have a new certificate issued")),
    };
    Some(Refused { why, advice })
}

fn of_issuer(place: Place<'_>) -> String {
    let setting = place.setting;
    match place.ca_file {
        None => tr!("if a private CA signed it, set {setting} to that CA, or to the certificate itself", setting),
        Some(path) => tr!(
            "{path} ({setting}) must contain the CA that signed it, or the certificate itself",
            path = visible(&path.display().to_string()),
            setting
        ),
    }
}

fn at(time: UnixTime) -> String {
    let known = i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    known.map_or_else(|| "?".to_owned(), |at| format!("{at:.0}"))
}

/// `DnsName("pce.example.com")` and `IpAddress(127.0.0.1)`, as the library writes names, without the wrapping.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
        Foreign::new(inner.trim_matches('"')).words(&[], EXCERPT)
    };
    let mut shown: Vec<String> = presented.iter().take(NAMES).map(bare).collect();
    if presented.len() > NAMES {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

//! What a server shows: its certificate is written down before it is judged, so that one that has expired, or that nobody
//! trusts, still says when it ends.

use crate::domain::foreign::Foreign;
use crate::domain::text::visible;
use crate::http::fault;
use crate::http::tls;
use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, ClientConnection, DigitallySignedStruct, Error, PeerIncompatible, ProtocolVersion, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

/// Characters of a name that are kept.
const EXCERPT: usize = 200;
/// Certificates of a chain that are looked at.
const MOST: usize = 10;

/// Whom a certificate is judged by, and for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trust<'a> {
    /// The name it must bear.
    pub name: &'a str,
    pub ca_file: Option<&'a Path>,
    pub insecure: bool,
    /// When it is judged.
    pub now: jiff::Timestamp,
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub not_before: Option<Timestamp>,
    pub not_after: Option<Timestamp>,
    /// The first end in the path that is trusted; the server's own, where none is.
    pub path_not_after: Option<Timestamp>,
    /// The first end of all that was sent, needed or not.
    pub sent_not_after: Option<Timestamp>,
    pub subject: String,
    pub issuer: String,
    pub tls_version: Option<&'static str>,
}

impl Facts {
    pub fn json(&self) -> Json {
        let mut out = json!({ "subject": self.subject, "issuer": self.issuer });
        let times = [
            ("not_before", self.not_before),
            ("not_after", self.not_after),
            ("path_not_after", self.path_not_after),
            ("sent_not_after", self.sent_not_after),
        ];
        for (key, time) in times {
            if let Some(time) = time {
                out[key] = json!(time.to_string());
            }
        }
        if let Some(version) = self.tls_version {
            out["tls_version"] = json!(version);
        }
        out
    }
}

/// A certificate as far as it is needed here.
struct Read {
    der: CertificateDer<'static>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    subject_shown: String,
    issuer_shown: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

fn read(der: &CertificateDer<'_>) -> Option<Read> {
    let certificate = Certificate::from_der(der.as_ref()).ok()?;
    let body = certificate.tbs_certificate();
    let time = |time: &x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
    };
    Some(Read {
        der: der.clone().into_owned(),
        subject: body.subject().to_der().ok()?,
        issuer: body.issuer().to_der().ok()?,
        subject_shown: Foreign::new(body.subject().to_string()).words(&[], EXCERPT),
        issuer_shown: Foreign::new(body.issuer().to_string()).words(&[], EXCERPT),
        not_before: time(&body.validity().not_before),
        not_after: time(&body.validity().not_after),
    })
}

/// Looks at the chain, asks the judge, and lets the handshake go on all the same: whether more is said is decided after it.
#[derive(Debug)]
pub(super) struct Witness {
    judge: Arc<dyn ServerCertVerifier>,
    host: String,
    ca_file: Option<PathBuf>,
    now: UnixTime,
    seen: Mutex<Option<(Facts, Result<(), String>)>>,
}

impl Witness {
    pub fn new(trust: Trust<'_>) -> Result<Witness, String> {
        let seconds = u64::try_from(trust.now.as_second()).unwrap_or(0);
        Ok(Witness {
            judge: tls::judge(trust.ca_file)?,
            host: trust.name.to_owned(),
            ca_file: trust.ca_file.map(std::path::Path::to_owned),
            now: UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            seen: Mutex::new(None),
        })
    }

    pub fn session(self: &Arc<Self>, name: &str) -> Result<ClientConnection, String> {
        let config = tls::judged_by(Arc::clone(self) as Arc<dyn ServerCertVerifier>)?;
        let server = ServerName::try_from(name.to_owned())
            .map_err(|_| tr!("{host} is not a name that a certificate can have", host = visible(name)))?;
        ClientConnection::new(Arc::new(config), server).map_err(|error| visible(&error.to_string()))
    }

    /// What was seen, and whether it is trusted or why not.
    pub fn report(&self, version: Option<ProtocolVersion>) -> (Option<Facts>, Result<(), String>) {
        match self.seen.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some((facts, verdict)) => (Some(Facts { tls_version: version.and_then(version_name), ..facts }), verdict),
            None => (None, Err(tr!("it showed no certificate"))),
        }
    }

    fn judge(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>, ocsp: &[u8]) -> (Facts, Result<(), String>) {
        let (leaf, rest) = chain.split_first().map_or((None, &[][..]), |(leaf, rest)| (Some(leaf), rest));
        let Some(leaf) = leaf else { return (Facts::default(), Err(tr!("it showed no certificate"))) };
        let trusted = |path: &[CertificateDer<'_>]| self.judge.verify_server_cert(leaf, path, name, ocsp, self.now);
        let verdict = trusted(rest).map(|_| ());
        let Some(own) = read(leaf) else {
            return (Facts::default(), Err(tr!("it cannot be read")));
        };
        let sent: Vec<Read> = rest.iter().take(MOST).filter_map(read).collect();
        let path = path_of(&own, &sent);
        // The shortest part of it that is trusted: what a server sends beyond that may end whenever it likes.
        let needed = (0..=path.len()).find(|length| {
            let part: Vec<CertificateDer<'_>> = path[..*length].iter().map(|one| one.der.clone()).collect();
            verdict.is_ok() && trusted(&part).is_ok()
        });
        let mut path_not_after = path[..needed.unwrap_or(0)].iter().map(|one| one.not_after).chain([own.not_after]).flatten().min();
        if let Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) = &verdict {
            let end = i64::try_from(not_after.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
            path_not_after = path_not_after.into_iter().chain(end).min();
        }
        let facts = Facts {
            not_before: own.not_before,
            not_after: own.not_after,
            path_not_after,
            sent_not_after: sent.iter().map(|one| one.not_after).chain([own.not_after]).flatten().min(),
            subject: own.subject_shown.clone(),
            issuer: own.issuer_shown.clone(),
            tls_version: None,
        };
        let verdict = verdict.map_err(|error| self.sentence(&error, &own, &sent));
        (facts, verdict)
    }

    /// What is wrong with it, and what to do.
    fn sentence(&self, error: &Error, own: &Read, sent: &[Read]) -> String {
        let unknown = matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature));
        // One that may sign others is refused with other words.
        let other = matches!(error, Error::InvalidCertificate(CertificateError::Other(_)));
        if (unknown || other) && own.subject == own.issuer {
            return tr!(
                "it is self-signed, by {issuer}; have one issued by a CA, or name this certificate with ca_file",
                issuer = own.issuer_shown
            );
        }
        if unknown && sent.is_empty() {
            return tr!(
                "it was sent without the certificate of {issuer} that signed it: the server has to send its whole chain, or ca_file has to hold that CA",
                issuer = own.issuer_shown
            );
        }
        let place = fault::Place { host: &self.host, setting: "ca_file", ca_file: self.ca_file.as_deref() };
        match fault::refused(error, place) {
            Some(refused) => format!("{}; {}", refused.why, refused.advice),
            None => Foreign::new(error.to_string()).words(&[], EXCERPT),
        }
    }
}

/// Each certificate that signed the one before it, among those that were sent.
fn path_of<'r>(own: &'r Read, sent: &'r [Read]) -> Vec<&'r Read> {
    let mut path: Vec<&Read> = Vec::new();
    let mut last = own;
    while last.subject != last.issuer && path.len() < MOST {
        let next = sent.iter().find(|one| one.subject == last.issuer && !path.iter().any(|had| had.der == one.der));
        let Some(next) = next else { break };
        path.push(next);
        last = next;
    }
    path
}

fn version_name(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("1.2"),
        ProtocolVersion::TLSv1_3 => Some("1.3"),
        _ => None,
    }
}

/// What TLS itself says, for people.
pub(super) fn of_tls(error: &Error) -> String {
    use rustls::AlertDescription;
    match error {
        Error::PeerIncompatible(
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        )
        | Error::AlertReceived(AlertDescription::ProtocolVersion) => tr!("it offers no TLS 1.2 or newer"),
        Error::InvalidMessage(_) => tr!("what it sends is not TLS"),
        other => Foreign::new(other.to_string()).words(&[], EXCERPT),
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<CertificateDer<'_>> = std::iter::once(end_entity).chain(intermediates).cloned().collect();
        let judged = self.judge(&chain, server_name, ocsp_response);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(judged);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

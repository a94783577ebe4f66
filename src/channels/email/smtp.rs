//! How a mail travels: one SMTP conversation, step by step, within one limit.
//!
//! The conversation runs on a thread of its own, because a server that sends one byte now and then
//! would outlast every time-out of a single read. It knows nothing of alerts.

use super::message::Mail;
use crate::channels::Outcome;
use crate::channels::post::redact;
use crate::domain::secret::Secret;
use crate::domain::text::{shorten, visible};
use base64::Engine;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// After so many attempts the mail goes to those recipients that the server takes.
const PATIENT_ATTEMPTS: u32 = 3;
/// Characters of a server's words that are shown.
const EXCERPT: usize = 300;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Plain at first, then upgraded; refused when the server cannot.
    Starttls,
    /// From the first byte on.
    Implicit,
    /// Not at all.
    None,
}

impl Tls {
    /// The port that goes with it.
    pub fn usual_port(self) -> u16 {
        match self {
            Tls::Starttls => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        }
    }
}

/// A server, ready to be talked to.
pub struct Server {
    host: String,
    port: u16,
    tls: Tls,
    parameters: Option<TlsParameters>,
    login: Option<(String, Secret)>,
}

impl Server {
    /// Reads the private CA, if any. The error names the file.
    pub fn new(host: &str, port: u16, tls: Tls, login: Option<(String, Secret)>, ca_file: Option<&Path>) -> Result<Server, String> {
        let parameters = match tls {
            Tls::None => None,
            Tls::Starttls | Tls::Implicit => {
                let mut builder = TlsParameters::builder(host.to_owned());
                if let Some(path) = ca_file {
                    let pem =
                        std::fs::read(path).map_err(|error| tr!("cannot read ca_file {path}: {error}", path = path.display(), error))?;
                    if !String::from_utf8_lossy(&pem).contains("BEGIN CERTIFICATE") {
                        return Err(tr!("ca_file {path} holds no certificate", path = path.display()));
                    }
                    let bundle = Certificate::from_pem(&pem).map_err(|_| tr!("ca_file {path} is not PEM", path = path.display()))?;
                    builder = builder.certificate_store(CertificateStore::None).add_root_certificate(bundle);
                }
                Some(builder.build().map_err(|error| tr!("cannot set up TLS for {host}: {error}", host, error))?)
            }
        };
        Ok(Server { host: host.to_owned(), port, tls, parameters, login })
    }

    /// Host and port, for people.
    pub fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A text of the server without what it must not repeat, on one bounded line.
    fn harmless(&self, text: &str) -> String {
        let mut secrets = Vec::new();
        if let Some((user, password)) = &self.login {
            secrets.push(password.expose().to_owned());
            secrets.push(base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{}", password.expose())));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        shorten(&visible(&redact(&words.join(" "), &secrets)), EXCERPT)
    }
}

/// One attempt, over within `limit`. `attempts` is how often the parcel was tried before.
pub fn deliver(server: &Arc<Server>, mail: Mail, attempts: u32, limit: Duration) -> Outcome {
    let late = || Outcome::Retry { error: tr!("{server} did not finish in time", server = server.shown()), after: None };
    if limit.is_zero() {
        return late();
    }
    let deadline = Instant::now() + limit;
    let abandoned = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let conversation = Conversation { server: Arc::clone(server), deadline, abandoned: Arc::clone(&abandoned) };
    let spawned = std::thread::Builder::new().name("smtp".to_owned()).spawn(move || {
        let mut connection = None;
        let (Ok(outcome) | Err(outcome)) = conversation.talk(&mut connection, &mail, attempts);
        // Nobody listens any more once the limit has passed.
        let _ = sender.send(outcome);
        // Whatever the server makes of the goodbye, the outcome stands.
        if let Some(mut connection) = connection {
            let _ = connection.set_timeout(Some(Duration::from_secs(1)));
            let _ = connection.quit();
        }
    });
    if let Err(error) = spawned {
        return Outcome::Retry { error: tr!("cannot start a thread: {error}", error), after: None };
    }
    match receiver.recv_timeout(limit) {
        Ok(outcome) => outcome,
        Err(_) => {
            abandoned.store(true, Ordering::SeqCst);
            late()
        }
    }
}

/// A step of the conversation, for messages and for judging an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Connect,
    Starttls,
    Login,
    Sender,
    Content,
}

struct Conversation {
    server: Arc<Server>,
    deadline: Instant,
    abandoned: Arc<AtomicBool>,
}

impl Conversation {
    fn talk(&self, slot: &mut Option<SmtpConnection>, mail: &Mail, attempts: u32) -> Result<Outcome, Outcome> {
        let server = &*self.server;
        let name = ClientId::default();
        let implicit = if server.tls == Tls::Implicit { server.parameters.as_ref() } else { None };
        let address = (server.host.as_str(), server.port);
        let connection = SmtpConnection::connect(address, Some(self.left()?), &name, implicit, None)
            .map_err(|error| self.judge(Step::Connect, &error))?;
        let connection = slot.insert(connection);
        if server.tls == Tls::Starttls
            && let Some(parameters) = &server.parameters
        {
            if !connection.can_starttls() {
                let error =
                    tr!("{server} does not offer STARTTLS; use tls = \"implicit\" (port 465) or another port", server = server.shown());
                return Err(Outcome::Permanent { error });
            }
            self.step(connection, Step::Starttls, |connection| connection.starttls(parameters, &name))?;
        }
        if let Some((user, password)) = &server.login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            if connection.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
                let error =
                    tr!("{server} offers no login that pcemon knows (PLAIN, LOGIN); leave user and password out?", server = server.shown());
                return Err(Outcome::Permanent { error });
            }
            self.step(connection, Step::Login, |connection| connection.auth(&MECHANISMS, &credentials))?;
        }
        let from = MailFrom::new(mail.envelope.from().cloned(), Vec::new());
        self.step(connection, Step::Sender, |connection| connection.command(from))?;
        self.recipients(connection, mail, attempts)?;
        self.step(connection, Step::Content, |connection| connection.command(Data))?;
        self.step(connection, Step::Content, |connection| connection.message(&mail.bytes))?;
        Ok(Outcome::Delivered)
    }

    /// Names the recipients. One refused address must not keep the alert from all the others.
    fn recipients(&self, connection: &mut SmtpConnection, mail: &Mail, attempts: u32) -> Result<(), Outcome> {
        let mut taken = 0;
        let mut refused: Vec<String> = Vec::new();
        let mut for_now = false;
        for recipient in mail.envelope.to() {
            self.prepare(connection)?;
            match connection.command(Rcpt::new(recipient.clone(), Vec::new())) {
                Ok(_) => taken += 1,
                Err(error) if error.status().is_some() => {
                    for_now |= error.is_transient();
                    refused.push(format!("{recipient} ({})", self.server.harmless(&error.to_string())));
                }
                Err(error) => return Err(self.judge(Step::Sender, &error)),
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        let error = shorten(&tr!("{server} refused {refused}", server = self.server.shown(), refused = refused.join(", ")), 2 * EXCERPT);
        if taken > 0 && (!for_now || attempts >= PATIENT_ATTEMPTS) {
            log::warn!("{}", tr!("{error}; the mail goes to the other {taken}", error, taken));
            return Ok(());
        }
        Err(if for_now { Outcome::Retry { error, after: None } } else { Outcome::Permanent { error } })
    }

    fn step<T>(
        &self,
        connection: &mut SmtpConnection,
        step: Step,
        action: impl FnOnce(&mut SmtpConnection) -> Result<T, Error>,
    ) -> Result<T, Outcome> {
        self.prepare(connection)?;
        action(connection).map_err(|error| self.judge(step, &error))
    }

    /// Gives the next step what is left of the limit, and begins none after it.
    fn prepare(&self, connection: &mut SmtpConnection) -> Result<(), Outcome> {
        let left = self.left()?;
        connection
            .set_timeout(Some(left))
            .map_err(|error| Outcome::Retry { error: format!("{}: {error}", self.server.shown()), after: None })
    }

    fn left(&self) -> Result<Duration, Outcome> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || self.abandoned.load(Ordering::SeqCst) {
            return Err(Outcome::Retry { error: tr!("{server} did not finish in time", server = self.server.shown()), after: None });
        }
        Ok(left)
    }

    fn judge(&self, step: Step, error: &Error) -> Outcome {
        let server = self.server.shown();
        let text = self.server.harmless(&error.to_string());
        let doing = match step {
            Step::Connect => tr!("connecting"),
            Step::Starttls => "STARTTLS".to_owned(),
            Step::Login => tr!("the login"),
            Step::Sender => tr!("naming the sender"),
            Step::Content => tr!("handing over the mail"),
        };
        if error.is_permanent() {
            let hint = if step == Step::Login { tr!("; check user and password") } else { String::new() };
            return Outcome::Permanent { error: tr!("{server} refused {doing}{hint}: {text}", server, doing, hint, text) };
        }
        let error = if error.is_transient() {
            tr!("{server} refused {doing} for now: {text}", server, doing, text)
        } else if text.contains("certificate") {
            tr!("{server}: its certificate was refused ({text}); if a private CA signed it, name that in smtp.ca_file", server, text)
        } else if error.is_timeout() || timed_out(error) {
            tr!("{server} did not answer in time ({doing})", server, doing)
        } else {
            format!("{server}: {doing} failed: {text}")
        };
        Outcome::Retry { error, after: None }
    }
}

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// A read that timed out is reported as "would block" on some systems.
fn timed_out(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| matches!(source.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock))
}

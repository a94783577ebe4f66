//! How a mail travels: one SMTP conversation, step by step, within one limit. It knows nothing of alerts.
//!
//! Each recipient is taken or refused by itself: who is taken gets the mail at once, the others wait by themselves.

use super::message::Mail;
use super::wire::{Fault, Reply, Wire};
use crate::channels::host::own_name;
use crate::channels::timed::Timed;
use crate::channels::trust::Trust;
use crate::channels::{Outcome, Part};
use crate::domain::foreign::Foreign;
use crate::domain::outcome::Refusal;
use crate::domain::secret::Secret;
use crate::domain::text::shorten;
use crate::http::fault;
use crate::http::tls::client_config;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

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

    /// What goes with a port.
    pub fn usual_at(port: u16) -> Tls {
        if port == Tls::Implicit.usual_port() { Tls::Implicit } else { Tls::Starttls }
    }
}

/// Where a server is and how it is talked to.
#[derive(Debug, Clone)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub tls: Tls,
    /// What this machine calls itself; `None`: its own name.
    pub hello: Option<String>,
}

/// A server, ready to be talked to.
pub struct Server {
    address: Address,
    parameters: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    login: Option<(String, Secret)>,
    ca_file: Option<PathBuf>,
}

impl Server {
    /// Reads the private CA and the certificate to show, if any. The error names the file.
    pub fn new(address: &Address, login: Option<(String, Secret)>, trust: &Trust) -> Result<Server, String> {
        let parameters = match address.tls {
            Tls::None => None,
            Tls::Starttls | Tls::Implicit => {
                let host = &address.host;
                let name = ServerName::try_from(host.clone()).map_err(|_| tr!("{host} is not a name that a certificate can have", host))?;
                Some((Arc::new(client_config(trust.ca_file(), trust.client())?), name))
            }
        };
        Ok(Server { address: address.clone(), parameters, login, ca_file: trust.ca_file().map(Path::to_owned) })
    }

    /// Host and port, for people.
    pub fn shown(&self) -> String {
        format!("{}:{}", self.address.host, self.address.port)
    }

    /// A text of the server without what it must not repeat, on one bounded line.
    fn harmless(&self, said: &Foreign) -> String {
        let mut secrets = Vec::new();
        if let Some((user, password)) = &self.login {
            secrets.push(password.expose().to_owned());
            secrets.push(plain_token(user, password));
        }
        said.words(&secrets, EXCERPT)
    }

    /// What this machine calls itself on this connection: a name with a dot, else the address as a literal. Strict
    /// servers refuse a bare name, which every container has (RFC 5321, 4.1.1.1 and 4.1.3).
    fn hello(&self, wire: Option<&mut Wire>) -> String {
        if let Some(hello) = &self.address.hello {
            return hello.clone();
        }
        let name = own_name();
        let fine = |name: &str| name.contains('.') && name.split('.').all(is_label) && name.parse::<IpAddr>().is_err();
        if fine(&name) {
            return name;
        }
        match wire.and_then(Wire::timed).and_then(|stream| stream.stream.local_addr().ok()).map(|address| address.ip().to_canonical()) {
            Some(IpAddr::V4(address)) => format!("[{address}]"),
            Some(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
            None => "[127.0.0.1]".to_owned(),
        }
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether a text can stand behind EHLO: a domain name, or an address literal.
pub fn is_hello(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => literal.strip_prefix("IPv6:").unwrap_or(literal).parse::<IpAddr>().is_ok(),
        None => text.split('.').all(is_label),
    }
}

/// User and password as `AUTH PLAIN` carries them.
fn plain_token(user: &str, password: &Secret) -> String {
    STANDARD.encode(format!("\0{user}\0{}", password.expose()))
}

/// One attempt to deliver a mail to its recipients, over within `limit`. `before`: how many have it already.
pub fn deliver(server: &Server, mail: &Mail, before: usize, limit: Duration) -> Outcome {
    if mail.to.is_empty() {
        return Outcome::Delivered;
    }
    let mut conversation = Conversation { server, wire: None };
    let result = conversation.talk(mail, Instant::now() + limit);
    if let Some(wire) = conversation.wire.take() {
        wire.quit();
    }
    match result {
        Ok(recipients) => recipients.outcome(server, before),
        Err(outcome) => outcome,
    }
}

/// A step of the conversation, for messages and for judging an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Connect,
    Starttls,
    Login,
    Sender,
    Recipient,
    Content,
}

/// What became of each recipient.
#[derive(Debug, Default)]
struct Recipients {
    taken: Vec<String>,
    /// Address, and why it is not worth another try.
    refused: Vec<(String, String)>,
    /// Address, and why it is.
    later: Vec<(String, String)>,
}

impl Recipients {
    fn outcome(self, server: &Server, before: usize) -> Outcome {
        let name = |list: &[(String, String)]| list.iter().map(|(who, why)| format!("{who} ({why})")).collect::<Vec<_>>().join(", ");
        let Recipients { taken, refused, later } = self;
        let all = [name(&later), name(&refused)].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
        let error = shorten(&tr!("{server} refused {refused}", server = server.shown(), refused = all), 2 * EXCERPT);
        match (taken.len() + before, refused.is_empty(), later.is_empty()) {
            (_, true, true) => Outcome::Delivered,
            (0, _, true) => Outcome::Permanent { error },
            (0, _, false) => Outcome::Retry { error, after: None },
            (taken, false, true) => {
                Outcome::Warned { warning: tr!("{error}; the mail went to the other {taken}", error, taken), refused: refusals(refused) }
            }
            (_, _, false) => Outcome::Partly {
                taken: taken.into_iter().map(Part::Recipient).collect(),
                rest: Box::new(Outcome::Retry { error, after: None }),
                refused: refusals(refused),
            },
        }
    }
}

fn refusals(refused: Vec<(String, String)>) -> Vec<Refusal> {
    refused.into_iter().map(|(who, why)| Refusal { who, why }).collect()
}

struct Conversation<'s> {
    server: &'s Server,
    wire: Option<Wire>,
}

/// What a server offers.
struct Offers(Vec<String>);

impl Offers {
    fn has(&self, keyword: &str) -> bool {
        self.0.iter().any(|line| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(keyword)))
    }

    /// The logins, also in the form `AUTH=` of servers older than the standard.
    fn logins(&self) -> Vec<String> {
        let of = |line: &String| {
            let rest = line.get(..5).filter(|head| head.eq_ignore_ascii_case("AUTH ") || head.eq_ignore_ascii_case("AUTH="))?;
            Some(line[rest.len()..].split_whitespace().map(str::to_ascii_uppercase).collect::<Vec<_>>())
        };
        let mut all: Vec<String> = self.0.iter().filter_map(of).flatten().collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Conversation<'_> {
    fn talk(&mut self, mail: &Mail, deadline: Instant) -> Result<Recipients, Outcome> {
        let (address, server) = (&self.server.address, self.server);
        let stream =
            Timed::connect(&address.host, address.port, deadline).map_err(|error| self.broken(Step::Connect, &Fault::Io(error)))?;
        self.wire = Some(Wire::plain(stream));
        if address.tls == Tls::Implicit {
            self.encrypt(Step::Connect)?;
        }
        let greeting = self.wire().and_then(Wire::reply).map_err(|fault| self.broken(Step::Connect, &fault))?;
        if !greeting.is_yes() {
            return Err(self.refused(Step::Connect, &greeting));
        }
        let mut offers = self.hello()?;
        if address.tls == Tls::Starttls {
            if !offers.has("STARTTLS") {
                let error =
                    tr!("{server} does not offer STARTTLS; use tls = \"implicit\" (port 465) or another port", server = server.shown());
                return Err(Outcome::Permanent { error });
            }
            self.ask(Step::Starttls, "STARTTLS")?;
            self.encrypt(Step::Starttls)?;
            // What was offered before may be anybody's words.
            offers = self.hello()?;
        }
        self.log_in(&offers)?;
        self.hand_over(mail)
    }

    fn wire(&mut self) -> Result<&mut Wire, Fault> {
        self.wire.as_mut().ok_or_else(|| Fault::Io(ErrorKind::NotConnected.into()))
    }

    fn encrypt(&mut self, step: Step) -> Result<(), Outcome> {
        let (Some((config, name)), Some(wire)) = (&self.server.parameters, self.wire.take()) else {
            return Err(self.broken(step, &Fault::Io(ErrorKind::NotConnected.into())));
        };
        self.wire = Some(wire.encrypt(config, name).map_err(|fault| self.broken(step, &fault))?);
        Ok(())
    }

    /// One command and the reply to it, whatever it is.
    fn command(&mut self, step: Step, line: &str) -> Result<Reply, Outcome> {
        self.wire().and_then(|wire| wire.command(line)).map_err(|fault| self.broken(step, &fault))
    }

    /// A command that must be taken.
    fn ask(&mut self, step: Step, line: &str) -> Result<(), Outcome> {
        let reply = self.command(step, line)?;
        if reply.is_yes() { Ok(()) } else { Err(self.refused(step, &reply)) }
    }

    /// EHLO, or HELO where a server knows nothing else and nothing else is needed.
    fn hello(&mut self) -> Result<Offers, Outcome> {
        let name = self.server.hello(self.wire.as_mut());
        let reply = self.command(Step::Connect, &format!("EHLO {name}"))?;
        if reply.is_yes() {
            return Ok(Offers(reply.lines.into_iter().skip(1).collect()));
        }
        let needed = self.server.address.tls == Tls::Starttls || self.server.login.is_some();
        if reply.is_later() || needed {
            return Err(self.refused(Step::Connect, &reply));
        }
        let old = self.command(Step::Connect, &format!("HELO {name}"))?;
        if old.is_yes() { Ok(Offers(Vec::new())) } else { Err(self.refused(Step::Connect, &reply)) }
    }

    fn log_in(&mut self, offers: &Offers) -> Result<(), Outcome> {
        let server = self.server;
        let Some((user, password)) = &server.login else { return Ok(()) };
        let (server, offered) = (server.shown(), offers.logins());
        let knows = |mechanism: &str| offered.iter().any(|have| have == mechanism);
        let reply = if knows("PLAIN") {
            let reply = self.command(Step::Login, &format!("AUTH PLAIN {}", plain_token(user, password)))?;
            // Offered, and yet not taken.
            if matches!(reply.code, 502..=504) && knows("LOGIN") { self.login_step_by_step(user, password)? } else { reply }
        } else if knows("LOGIN") {
            self.login_step_by_step(user, password)?
        } else if offered.is_empty() {
            return Err(Outcome::Permanent {
                error: tr!(
                    "{server} offers no login on this connection; is tls right? If it needs none, leave user and password out",
                    server
                ),
            });
        } else {
            let offered = self.server.harmless(&Foreign::new(offered.join(", ")));
            return Err(Outcome::Permanent {
                error: tr!(
                    "{server} offers only the logins {offered}, and pcemon supports PLAIN and LOGIN; use an account that can use one of them, or a relay without login",
                    server,
                    offered
                ),
            });
        };
        if reply.is_yes() { Ok(()) } else { Err(self.refused(Step::Login, &reply)) }
    }

    fn login_step_by_step(&mut self, user: &str, password: &Secret) -> Result<Reply, Outcome> {
        let mut reply = self.command(Step::Login, "AUTH LOGIN")?;
        for part in [user, password.expose()] {
            if reply.code != 334 {
                return Ok(reply);
            }
            reply = self.command(Step::Login, &STANDARD.encode(part))?;
        }
        Ok(reply)
    }

    fn hand_over(&mut self, mail: &Mail) -> Result<Recipients, Outcome> {
        self.ask(Step::Sender, &format!("MAIL FROM:<{}>", mail.from))?;
        let mut recipients = Recipients::default();
        for who in &mail.to {
            let reply = self.command(Step::Recipient, &format!("RCPT TO:<{who}>"))?;
            let why = || self.server.harmless(&reply.said());
            match reply.code {
                200..=299 => recipients.taken.push(who.clone()),
                // The server is about to hang up; it says nothing of this recipient.
                421 => return Err(self.refused(Step::Recipient, &reply)),
                // "Too many recipients" in the words of older servers (RFC 5321, 4.5.3.1.10).
                400..=499 | 552 => recipients.later.push((who.clone(), why())),
                _ => recipients.refused.push((who.clone(), why())),
            }
        }
        if recipients.taken.is_empty() {
            return Ok(recipients);
        }
        let reply = self.command(Step::Content, "DATA")?;
        if reply.code != 354 {
            return Err(self.refused(Step::Content, &reply));
        }
        let reply = self.wire().and_then(|wire| wire.mail(&mail.bytes)).map_err(|fault| self.broken(Step::Content, &fault))?;
        if reply.is_yes() { Ok(recipients) } else { Err(self.refused(Step::Content, &reply)) }
    }

    fn refused(&self, step: Step, reply: &Reply) -> Outcome {
        let (server, doing, text) = (self.server.shown(), doing(step), self.server.harmless(&reply.said()));
        if reply.is_later() {
            return Outcome::Retry { error: tr!("{server} refused {doing} for now: {text}", server, doing, text), after: None };
        }
        let hint = match (step, reply.code) {
            (Step::Login, _) => tr!("; check user and password"),
            // The name behind EHLO.
            (Step::Connect, 501 | 504 | 550) => tr!("; smtp.hello sets the name that pcemon gives itself"),
            _ => String::new(),
        };
        Outcome::Permanent { error: tr!("{server} refused {doing}{hint}: {text}", server, doing, hint, text) }
    }

    fn broken(&self, step: Step, fault: &Fault) -> Outcome {
        let (server, doing) = (self.server.shown(), doing(step));
        let error = match fault {
            Fault::Injected(bytes) => tr!(
                "{server} sent {bytes} bytes too many before encryption began; they may have been injected. Nothing was sent; tls = \"implicit\" is safe from that",
                server,
                bytes
            ),
            Fault::NoReply(text) => {
                tr!("{server} answered {doing} with something that is not SMTP: {text}", server, doing, text = self.server.harmless(text))
            }
            Fault::Io(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                tr!("{server} did not answer in time ({doing})", server, doing)
            }
            Fault::Io(error) => {
                let text = self.server.harmless(&Foreign::new(error.to_string()));
                let (host, ca_file) = (&self.server.address.host, self.server.ca_file.as_deref());
                let place = fault::Place { host, setting: "smtp.ca_file", ca_file };
                fault::sentence(fault::of_io(error), &server, place)
                    .unwrap_or_else(|| tr!("{server}: {doing} failed: {text}", server, doing, text))
            }
        };
        Outcome::Retry { error, after: None }
    }
}

fn doing(step: Step) -> String {
    match step {
        Step::Connect => tr!("connecting"),
        Step::Starttls => "STARTTLS".to_owned(),
        Step::Login => tr!("the login"),
        Step::Sender => tr!("naming the sender"),
        Step::Recipient => tr!("naming the recipients"),
        Step::Content => tr!("handing over the mail"),
    }
}

//! Servers on loopback that play the services alerts are sent to. Each follows a script and writes
//! down what it got.
//!
//! `Receiver::http([Reply::status(500)])` answers 500 to the first request and 200 to all after it.
//! `SmtpReceiver::start(&[("RCPT TO:<b@", "550 no such user")])` plays a mail server that refuses one address.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A whole answer.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// The connection is closed without a word.
    Close,
    /// The head promises more than comes before the connection is closed.
    CloseInHead,
    /// Nothing, until the other side gives up.
    Hang,
    /// A byte now and then that never makes an answer.
    Trickle,
    /// Bytes that are no HTTP.
    Garbage,
}

impl Reply {
    /// An empty answer.
    pub fn status(status: u16) -> Reply {
        Reply::Answer { status, headers: Vec::new(), body: String::new() }
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, text: &str) -> Reply {
        if let Reply::Answer { body, .. } = &mut self {
            *body = text.to_owned();
        }
        self
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        if let Reply::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// How the service behind a kind of channel says that it took a message, as its own documentation has it.
pub fn yes_of(kind: &str) -> Reply {
    let json = |status, body| Reply::status(status).header("content-type", "application/json").body(body);
    match kind {
        "slack" => Reply::status(200).header("content-type", "text/html").body("ok"),
        "teams" => Reply::status(202),
        "discord" => json(200, r#"{"id":"1309876543210","type":0,"content":"x","channel_id":"42"}"#),
        "telegram" => json(200, r#"{"ok":true,"result":{"message_id":7,"date":1763632805,"text":"x"}}"#),
        "ntfy" => json(200, r#"{"id":"sPs71M8A2T","time":1763632805,"event":"message","topic":"t","message":"x"}"#),
        "line" => json(200, r#"{"sentMessages":[{"id":"461230966842064897","quoteToken":"IStG5h1Tz7b"}]}"#),
        "pagerduty" => json(202, r#"{"status":"success","message":"Event processed","dedup_key":"x"}"#),
        "opsgenie" => json(202, r#"{"result":"Request will be processed","took":0.1,"requestId":"43a29c5c-3dbf-4fa4"}"#),
        "servicenow" => json(200, r#"{"result":{"Default Bulk Endpoint":"1 events were inserted"}}"#),
        "whatsapp" => json(200, r#"{"messaging_product":"whatsapp","contacts":[{"wa_id":"1"}],"messages":[{"id":"wamid.HBg"}]}"#),
        "apprise" => json(200, r#"{"error":null,"details":[["INFO","2026-11-20 10:00:05","Sent"]]}"#),
        "icinga" => json(200, r#"{"results":[{"code":200.0,"status":"Successfully processed check result."}]}"#),
        // Their yes is the status.
        "webhook" | "alertmanager" => Reply::status(200),
        other => panic!("say how '{other}' says yes"),
    }
}

/// The yes of the service that has such an address.
fn yes_at(target: &str) -> Reply {
    yes_of(if target.ends_with("/v2/bot/message/push") { "line" } else { "webhook" })
}

/// A request that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST`
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// When a watcher is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The message is here, no answer was sent.
    Arrived,
    /// The answer was sent.
    Answered,
}

/// An HTTP service on loopback.
pub struct Receiver {
    server: Server,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    /// Answers request after request as the script says, then with a yes.
    pub fn http(script: impl IntoIterator<Item = Reply>) -> Receiver {
        Receiver::watched(script, |_| {})
    }

    /// Answers as the script says, then as the service behind this kind of channel takes a message.
    pub fn of_kind(kind: &str, script: impl IntoIterator<Item = Reply>) -> Receiver {
        let yes = yes_of(kind);
        Receiver::answering(script, move |_| yes.clone(), |_| {})
    }

    /// The same; `watch` is told of every request when it has arrived and again when it was answered.
    pub fn watched(script: impl IntoIterator<Item = Reply>, watch: impl Fn(Moment) + Send + Sync + 'static) -> Receiver {
        Receiver::answering(script, yes_at, watch)
    }

    fn answering(
        script: impl IntoIterator<Item = Reply>,
        rest: impl Fn(&str) -> Reply + Send + Sync + 'static,
        watch: impl Fn(Moment) + Send + Sync + 'static,
    ) -> Receiver {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let script = Mutex::new(script.into_iter().collect::<Vec<_>>().into_iter());
        let server = Server::start(move |stream| {
            let Some(request) = read_request(&stream) else { return };
            // Both locks are held together, so that the order of the record is the order of the script.
            let mut script = script.lock().unwrap();
            let reply = script.next().unwrap_or_else(|| rest(&request.target));
            seen.lock().unwrap().push(request);
            drop(script);
            watch(Moment::Arrived);
            answer(stream, &reply);
            watch(Moment::Answered);
        });
        Receiver { server, requests }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Everything that arrived so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn answer(mut stream: TcpStream, reply: &Reply) {
    // The client may be gone already; that is its business.
    let _ = match reply {
        Reply::Answer { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            let body = if *status == 204 { "" } else { body };
            stream.write_all(format!("{head}\r\n{body}").as_bytes())
        }
        Reply::Close => Ok(()),
        Reply::CloseInHead => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le"),
        Reply::Garbage => stream.write_all(b"\x00\xff SMTP? \r\n\r\n\r\n"),
        Reply::Hang => wait_for_end(&mut stream),
        Reply::Trickle => trickle(&mut stream, b"HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n"),
    };
}

fn wait_for_end(stream: &mut TcpStream) -> std::io::Result<()> {
    std::io::copy(stream, &mut std::io::sink()).map(drop)
}

/// One byte at a time until the other side has had enough.
fn trickle(stream: &mut TcpStream, first: &[u8], again: &[u8]) -> std::io::Result<()> {
    for byte in first.iter().chain(again.iter().cycle()) {
        stream.write_all(&[*byte])?;
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// A mail that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Argument of `MAIL FROM`.
    pub from: String,
    /// Arguments of the accepted `RCPT TO`s.
    pub to: Vec<String>,
    /// The mail itself, dots unstuffed, CRLF line ends.
    pub data: String,
    /// Argument of `AUTH`, if any.
    pub auth: Option<String>,
}

/// A mail server on loopback, without TLS.
pub struct SmtpReceiver {
    server: Server,
    mails: Arc<Mutex<Vec<ReceivedMail>>>,
    commands: Arc<Mutex<Vec<String>>>,
}

impl SmtpReceiver {
    /// Every command that begins with a key of the script gets the reply beside it; `CONNECT` is
    /// the greeting and `.` the end of the mail. The replies `CLOSE`, `HANG` and `TRICKLE` are acted out.
    pub fn start(script: &[(&str, &str)]) -> SmtpReceiver {
        SmtpReceiver::watched(script, |_| {})
    }

    /// The same; `watch` is told of every mail when it has arrived and again when it was answered.
    pub fn watched(script: &[(&str, &str)], watch: impl Fn(Moment) + Send + Sync + 'static) -> SmtpReceiver {
        let script: Vec<(String, String)> = script.iter().map(|(command, reply)| ((*command).to_owned(), (*reply).to_owned())).collect();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let commands = Arc::new(Mutex::new(Vec::new()));
        let (mailbox, log) = (Arc::clone(&mails), Arc::clone(&commands));
        let server = Server::start(move |stream| {
            // The client may hang up at any time.
            let _ = serve_mail(stream, &script, &mailbox, &log, &watch);
        });
        SmtpReceiver { server, mails, commands }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.server.address.port()
    }

    /// Everything accepted so far.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.mails.lock().unwrap().clone()
    }

    /// Every command line so far.
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

fn serve_mail(
    mut stream: TcpStream,
    script: &[(String, String)],
    mails: &Mutex<Vec<ReceivedMail>>,
    commands: &Mutex<Vec<String>>,
    watch: &dyn Fn(Moment),
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).split(b'\n');
    let mut next = move || lines.next().map(|line| line.map(|line| String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()));
    let mut mail = ReceivedMail { from: String::new(), to: Vec::new(), data: String::new(), auth: None };
    let mut command = "CONNECT".to_owned();
    loop {
        let scripted = script.iter().find(|(key, _)| command.starts_with(key.as_str())).map(|(_, reply)| reply.as_str());
        let usual = match command.split(' ').next().unwrap_or("") {
            "CONNECT" => "220 test ready",
            "EHLO" => "250-test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let reply = scripted.unwrap_or(usual);
        let accepted = reply.starts_with(['2', '3']);
        let (verb, rest) = command.split_at(command.find([' ', ':']).unwrap_or(command.len()));
        if accepted {
            // Written down before the client hears of it, so that a test that was told "delivered" finds the mail.
            match verb {
                "MAIL" => mail.from = rest.trim_start_matches(" FROM:").to_owned(),
                "RCPT" => mail.to.push(rest.trim_start_matches(" TO:").to_owned()),
                "AUTH" => mail.auth = Some(rest.trim().to_owned()),
                "." => mails.lock().unwrap().push(mail.clone()),
                _ => {}
            }
        }
        let is_mail = accepted && verb == ".";
        if is_mail {
            watch(Moment::Arrived);
        }
        match reply {
            "CLOSE" => return Ok(()),
            "HANG" => return wait_for_end(&mut stream),
            "TRICKLE" => return trickle(&mut stream, b"250-", b"and more\r\n250-"),
            text => stream.write_all(format!("{text}\r\n").as_bytes())?,
        }
        if is_mail {
            watch(Moment::Answered);
        }
        if accepted && verb == "QUIT" {
            return Ok(());
        }
        if accepted && verb == "DATA" {
            mail.data.clear();
            loop {
                let Some(line) = next().transpose()? else { return Ok(()) };
                if line == "." {
                    break;
                }
                mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.data.push_str("\r\n");
            }
            command = ".".to_owned();
            continue;
        }
        let Some(line) = next().transpose()? else { return Ok(()) };
        commands.lock().unwrap().push(line.clone());
        command = line;
    }
}

/// Accepts connections until it is dropped, each on a thread of its own.
struct Server {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Server {
    fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (flag, serve) = (Arc::clone(&stopped), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if flag.load(Ordering::SeqCst) {
                    break;
                }
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream.unwrap()));
            }
        });
        Server { address, stopped }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the accept loop up.
        let _ = TcpStream::connect(self.address);
    }
}

//! The simulated PCE on a socket: HTTP/1.1 on loopback, a thread for each connection.

use super::api::{Answer, Api, Ending, Request};
use super::fault::Fault;
use super::fleet::SimVen;
use super::options::{Options, SimEvent};
use super::world::World;
use jiff::Timestamp;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A request's head or body beyond this is not for us.
const LIMIT: usize = 16 << 20;

/// A running simulation; it stops when dropped.
pub struct Sim {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    api: Mutex<Api>,
    life: Mutex<Running>,
    stopped: Condvar,
}

#[derive(Default)]
struct Running {
    stop: bool,
    streams: Vec<TcpStream>,
    threads: Vec<JoinHandle<()>>,
}

impl Sim {
    /// Starts to listen on a free port of 127.0.0.1.
    pub fn start(options: Options) -> io::Result<Sim> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { api: Mutex::new(Api::new(options)), life: Mutex::default(), stopped: Condvar::new() });
        let acceptor = {
            let shared = shared.clone();
            std::thread::spawn(move || shared.accept(&listener))
        };
        Ok(Sim { address, shared, acceptor: Some(acceptor) })
    }

    /// Where it is, for `[pce] url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Moves the simulated clock.
    pub fn set_now(&self, now: Timestamp) {
        self.api().options.now = now;
    }

    /// Replaces the traffic.
    pub fn set_world(&self, world: World) {
        self.api().options.world = world;
    }

    /// Replaces the answer of `/health`.
    pub fn set_health(&self, health: serde_json::Value) {
        self.api().options.health = health;
    }

    /// Replaces the VENs.
    pub fn set_vens(&self, vens: Vec<SimVen>) {
        self.api().options.vens = vens;
    }

    /// Replaces the answer about the traffic database.
    pub fn set_database(&self, database: serde_json::Value) {
        self.api().options.database = database;
    }

    /// Replaces what goes wrong. Calls go on being counted from the start.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.api().options.faults = faults;
    }

    /// Adds an audit event.
    pub fn add_event(&self, event: SimEvent) {
        self.api().options.events.push(event);
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.api().requests.clone()
    }

    /// How many traffic queries and jobs nobody has deleted.
    pub fn queries_left(&self) -> usize {
        self.api().queries_left()
    }

    fn api(&self) -> MutexGuard<'_, Api> {
        locked(&self.shared.api)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let threads = {
            let mut life = locked(&self.shared.life);
            life.stop = true;
            for stream in &life.streams {
                // It may be closed already, which is what we want.
                let _ = stream.shutdown(Shutdown::Both);
            }
            std::mem::take(&mut life.threads)
        };
        self.shared.stopped.notify_all();
        // The acceptor only looks up when somebody knocks.
        let _ = TcpStream::connect(self.address);
        for thread in self.acceptor.take().into_iter().chain(threads) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            let mut life = locked(&self.life);
            if life.stop {
                return;
            }
            let Ok(stream) = stream else { continue };
            let Ok(twin) = stream.try_clone() else { continue };
            let shared = self.clone();
            life.streams.push(twin);
            life.threads.push(std::thread::spawn(move || {
                // A client that goes away is no news.
                let _ = shared.converse(&stream);
                let _ = stream.shutdown(Shutdown::Both);
            }));
        }
    }

    fn converse(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = Vec::new();
        while let Some(request) = read_request(stream, &mut buffer)? {
            let close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            let answer = locked(&self.api).handle(&request);
            match answer.ending {
                Ending::Hang => {
                    let life = locked(&self.life);
                    let _stopped = self.stopped.wait_while(life, |life| !life.stop).unwrap_or_else(PoisonError::into_inner);
                    return Ok(());
                }
                Ending::DropBeforeAnswer => return Ok(()),
                Ending::DropMidBody => {
                    let bytes = write_out(&answer, false);
                    stream.write_all(&bytes[..bytes.len() - answer.body.len() / 2 - 1])?;
                    return Ok(());
                }
                Ending::Whole => stream.write_all(&write_out(&answer, close))?,
            }
            if close {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads one request; `None` when the client has closed the connection between two of them.
pub(super) fn read_request(mut stream: impl Read, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let broken = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let mut chunk = [0; 16 * 1024];
    loop {
        let mut slots = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut slots);
        let parsed = head.parse(buffer).map_err(|error| broken(&error.to_string()))?;
        if let httparse::Status::Complete(head_length) = parsed {
            let headers: Vec<(String, String)> = head
                .headers
                .iter()
                .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
                .collect();
            let find = |name: &str| headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
            if find("transfer-encoding").is_some() {
                return Err(broken("a request body in chunks is not supported"));
            }
            let body_length =
                find("content-length").map_or(Ok(0), str::parse::<usize>).map_err(|_| broken("Content-Length is no number"))?;
            let whole = head_length.checked_add(body_length).filter(|whole| *whole <= LIMIT).ok_or_else(|| broken("too long"))?;
            if buffer.len() >= whole {
                let target = head.path.unwrap_or_default();
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                let request = Request {
                    method: head.method.unwrap_or_default().to_owned(),
                    path: path.to_owned(),
                    query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                    body: buffer[head_length..whole].to_vec(),
                    headers,
                };
                buffer.drain(..whole);
                return Ok(Some(request));
            }
        } else if buffer.len() > LIMIT {
            return Err(broken("too long"));
        }
        match stream.read(&mut chunk)? {
            0 if buffer.is_empty() => return Ok(None),
            0 => return Err(broken("the request ends early")),
            count => buffer.extend_from_slice(&chunk[..count]),
        }
    }
}

fn write_out(answer: &Answer, close: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if close {
        head.push_str("Connection: close\r\n");
    }
    let has_body = answer.status != 204;
    match (has_body, answer.chunked) {
        (false, _) => head.push_str("\r\n"),
        (true, false) => head.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len())),
        (true, true) => head.push_str("Transfer-Encoding: chunked\r\n\r\n"),
    }
    let mut out = head.into_bytes();
    if has_body && answer.chunked {
        for part in answer.body.chunks(8 * 1024) {
            out.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            out.extend_from_slice(part);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"0\r\n\r\n");
    } else if has_body {
        out.extend_from_slice(&answer.body);
    }
    out
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        406 => "Not Acceptable",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Other",
    }
}

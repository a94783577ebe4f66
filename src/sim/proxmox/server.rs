//! The endpoints of the simulated cluster: one for each node, over TLS on a port of 127.0.0.1. That of a node that is down
//! refuses connections.

use super::access::Who;
use super::ask::{Data, Fail};
use super::cluster::Cluster;
use super::fault::{Action, Fault, Habits, Wording};
use super::routes::Desk;
use super::tls::{Authority, Leaf};
use crate::sim::body::gzip;
use crate::sim::exchange::Request;
use crate::sim::server::read_request;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A running simulation; it stops when dropped.
pub struct Proxmox {
    shared: Arc<Shared>,
    gates: Mutex<Vec<Gate>>,
    authority: Authority,
    clock: Timestamp,
}

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Node of the endpoint.
    pub endpoint: String,
    /// `GET`.
    pub method: String,
    /// Path behind `/api2/json/`.
    pub path: String,
    /// Query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// Status of the answer; 0 when there was none.
    pub status: u16,
}

/// Where an endpoint listens, and what it serves.
struct Gate {
    node: String,
    address: SocketAddr,
    desk: Arc<Porter>,
    acceptor: Option<JoinHandle<()>>,
}

/// What the threads of one endpoint share.
struct Porter {
    node: String,
    closed: AtomicBool,
    tls: Mutex<Arc<rustls::ServerConfig>>,
    inside: AtomicUsize,
    most: AtomicUsize,
}

struct Shared {
    inner: Mutex<Inner>,
    life: Mutex<Life>,
    stopped: Condvar,
}

struct Inner {
    cluster: Cluster,
    now: Timestamp,
    faults: Vec<Fault>,
    habits: Habits,
    certificates: Vec<(String, String, Timestamp)>,
    calls: Vec<Call>,
    /// How often each path was asked for at each endpoint.
    counts: BTreeMap<(String, String), usize>,
}

#[derive(Default)]
struct Life {
    stop: bool,
    next: usize,
    streams: BTreeMap<usize, (String, TcpStream)>,
    threads: Vec<JoinHandle<()>>,
}

/// An answer, before it is put into bytes.
struct Reply {
    status: u16,
    phrase: String,
    kind: &'static str,
    body: Vec<u8>,
}

enum Outcome {
    Reply(Reply),
    Cut(Reply),
    Drop,
    Hang,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Proxmox {
    /// Starts an endpoint for each node.
    pub fn start(cluster: Cluster, now: Timestamp) -> io::Result<Proxmox> {
        let inner = Inner {
            cluster,
            now,
            faults: Vec::new(),
            habits: Habits::default(),
            certificates: Vec::new(),
            calls: Vec::new(),
            counts: BTreeMap::new(),
        };
        let shared = Arc::new(Shared { inner: Mutex::new(inner), life: Mutex::default(), stopped: Condvar::new() });
        // Whoever checks a certificate does so by the real clock.
        let clock = Timestamp::now();
        let sim = Proxmox { shared, gates: Mutex::default(), authority: Authority::new(clock.min(now), clock.max(now))?, clock };
        sim.arrange()?;
        Ok(sim)
    }

    /// The address of a node's endpoint; empty if there is no such node.
    pub fn url(&self, node: &str) -> String {
        let gates = locked(&self.gates);
        gates.iter().find(|gate| gate.node == node).map_or_else(String::new, |gate| format!("https://{}", gate.address))
    }

    /// The addresses of all endpoints, in the order of the nodes.
    pub fn urls(&self) -> Vec<String> {
        locked(&self.gates).iter().map(|gate| format!("https://{}", gate.address)).collect()
    }

    /// The CA of the cluster as PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// SHA-256 of the certificate that a node serves; empty if there is no such node.
    pub fn fingerprint(&self, node: &str) -> String {
        let inner = self.inner();
        inner.certificates.iter().find(|(name, ..)| name == node).map_or_else(String::new, |(_, pin, _)| pin.clone())
    }

    /// Gives a node a certificate of the cluster's CA with other names or another life.
    pub fn certify(&self, node: &str, names: Option<&[&str]>, from: Timestamp, end: Timestamp) -> io::Result<()> {
        self.serve(node, &self.authority.sign(node, "192.0.2.250", names, from, end)?)
    }

    /// Gives a node this certificate.
    pub fn serve(&self, node: &str, leaf: &Leaf) -> io::Result<()> {
        let gates = locked(&self.gates);
        if let Some(gate) = gates.iter().find(|gate| gate.node == node) {
            *locked(&gate.desk.tls) = leaf.config()?;
        }
        let mut inner = self.inner();
        if let Some(row) = inner.certificates.iter_mut().find(|(name, ..)| name == node) {
            (row.1, row.2) = (leaf.fingerprint(), leaf.end);
        }
        Ok(())
    }

    /// Moves the simulated clock.
    pub fn set_now(&self, now: Timestamp) -> io::Result<()> {
        self.inner().now = now;
        self.arrange()
    }

    /// Changes the cluster.
    pub fn change<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> io::Result<T> {
        let out = change(&mut self.inner().cluster);
        self.arrange()?;
        Ok(out)
    }

    /// Replaces what goes wrong. Calls go on being counted from the start.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.inner().faults = faults;
    }

    /// Replaces the habits of the servers.
    pub fn set_habits(&self, habits: Habits) {
        self.inner().habits = habits;
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.inner().calls.clone()
    }

    /// Forgets them, and counts anew.
    pub fn forget_calls(&self) {
        let mut inner = self.inner();
        inner.calls.clear();
        inner.counts.clear();
    }

    /// How many requests an endpoint had to answer at the same time.
    pub fn most_at_once(&self, node: &str) -> usize {
        locked(&self.gates).iter().find(|gate| gate.node == node).map_or(0, |gate| gate.desk.most.load(Ordering::Relaxed))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        locked(&self.shared.inner)
    }

    /// Opens the endpoints of nodes that are up and closes those of nodes that are down.
    fn arrange(&self) -> io::Result<()> {
        let (now, nodes): (Timestamp, Vec<(String, String, bool)>) = {
            let inner = self.inner();
            let up = |since: Option<Timestamp>| since.is_none_or(|since| since > inner.now);
            let nodes = inner.cluster.nodes.iter().map(|node| (node.name.clone(), node.address.clone(), up(node.down_since)));
            (inner.now, nodes.collect())
        };
        let mut gates = locked(&self.gates);
        for (name, address, up) in nodes {
            match gates.iter_mut().find(|gate| gate.node == name) {
                Some(gate) if up && gate.acceptor.is_none() => {
                    gate.desk.closed.store(false, Ordering::SeqCst);
                    let listener = TcpListener::bind(gate.address)?;
                    gate.acceptor = Some(self.shared.open(listener, &gate.desk));
                }
                Some(gate) if !up => self.shared.close(gate),
                Some(_) => {}
                None => {
                    let leaf =
                        self.authority.sign(&name, &address, None, self.clock.min(now) - DAY * 30, self.clock.max(now) + DAY * 700)?;
                    let listener = TcpListener::bind(("127.0.0.1", 0))?;
                    let desk = Arc::new(Porter {
                        node: name.clone(),
                        closed: AtomicBool::new(false),
                        tls: Mutex::new(leaf.config()?),
                        inside: AtomicUsize::new(0),
                        most: AtomicUsize::new(0),
                    });
                    self.inner().certificates.push((name.clone(), leaf.fingerprint(), leaf.end));
                    let mut gate = Gate { node: name, address: listener.local_addr()?, acceptor: None, desk };
                    if up {
                        gate.acceptor = Some(self.shared.open(listener, &gate.desk));
                    }
                    gates.push(gate);
                }
            }
        }
        Ok(())
    }
}

impl Drop for Proxmox {
    fn drop(&mut self) {
        let threads = {
            let mut life = locked(&self.shared.life);
            life.stop = true;
            std::mem::take(&mut life.threads)
        };
        self.shared.stopped.notify_all();
        for gate in locked(&self.gates).iter_mut() {
            self.shared.close(gate);
        }
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn open(self: &Arc<Self>, listener: TcpListener, porter: &Arc<Porter>) -> JoinHandle<()> {
        let (shared, porter) = (self.clone(), porter.clone());
        std::thread::spawn(move || shared.accept(&listener, &porter))
    }

    /// Nobody listens there any more, and whoever was connected is cut off.
    fn close(&self, gate: &mut Gate) {
        let Some(acceptor) = gate.acceptor.take() else { return };
        gate.desk.closed.store(true, Ordering::SeqCst);
        for (_, stream) in locked(&self.life).streams.values().filter(|(node, _)| *node == gate.node) {
            // It may be closed already, which is what we want.
            let _ = stream.shutdown(Shutdown::Both);
        }
        // The acceptor only looks up when somebody knocks.
        let _ = TcpStream::connect(gate.address);
        let _ = acceptor.join();
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener, porter: &Arc<Porter>) {
        for stream in listener.incoming() {
            if porter.closed.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let denied = {
                let inner = locked(&self.inner);
                inner.faults.iter().any(|fault| fault.action == Action::Deny && fault.strikes(&porter.node, "", 1))
            };
            if denied {
                let _ = stream.shutdown(Shutdown::Both);
                continue;
            }
            let Ok(twin) = stream.try_clone() else { continue };
            let mut life = locked(&self.life);
            life.next += 1;
            let number = life.next;
            life.streams.insert(number, (porter.node.clone(), twin));
            let (shared, porter) = (self.clone(), porter.clone());
            life.threads.push(std::thread::spawn(move || {
                // A client that goes away is no news.
                let _ = shared.converse(&stream, &porter);
                let _ = stream.shutdown(Shutdown::Both);
                locked(&shared.life).streams.remove(&number);
            }));
        }
    }

    fn converse(&self, socket: &TcpStream, porter: &Porter) -> io::Result<()> {
        let (idle, limit) = {
            let inner = locked(&self.inner);
            (inner.habits.idle, inner.habits.requests)
        };
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(idle))?;
        let config = locked(&porter.tls).clone();
        let session = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
        let mut stream = rustls::StreamOwned::new(session, socket);
        let mut buffer = Vec::new();
        for served in 1.. {
            let Some(request) = read_request(&mut stream, &mut buffer)? else { break };
            let inside = porter.inside.fetch_add(1, Ordering::SeqCst) + 1;
            porter.most.fetch_max(inside, Ordering::SeqCst);
            let outcome = self.answer(&porter.node, &request);
            let asked = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            let written = match &outcome {
                Outcome::Reply(reply) | Outcome::Cut(reply) => {
                    let close = asked || served >= limit || reply.status >= 400;
                    let cut = matches!(outcome, Outcome::Cut(_));
                    let bytes = self.bytes(&porter.node, reply, &request, close, cut);
                    stream.write_all(&bytes).and_then(|()| stream.flush()).map(|()| close || cut)
                }
                Outcome::Drop => Ok(true),
                Outcome::Hang => {
                    let life = locked(&self.life);
                    let gone = |life: &mut Life| !life.stop && !porter.closed.load(Ordering::SeqCst);
                    let _stopped = self.stopped.wait_while(life, gone).unwrap_or_else(PoisonError::into_inner);
                    Ok(true)
                }
            };
            porter.inside.fetch_sub(1, Ordering::SeqCst);
            if written? {
                break;
            }
        }
        stream.conn.send_close_notify();
        stream.flush()
    }

    fn answer(&self, endpoint: &str, request: &Request) -> Outcome {
        let path = request.path.strip_prefix("/api2/json/").unwrap_or(&request.path).to_owned();
        let (outcome, wait) = {
            let mut inner = locked(&self.inner);
            let count = inner.counts.entry((endpoint.to_owned(), path.clone())).or_default();
            *count += 1;
            let call = *count;
            let outcome = inner.answer(endpoint, request, &path, call);
            let status = match &outcome {
                Outcome::Reply(reply) | Outcome::Cut(reply) => reply.status,
                Outcome::Drop | Outcome::Hang => 0,
            };
            let wait = inner.wait(&path, status);
            let (method, query) = (request.method.clone(), request.query.clone());
            inner.calls.push(Call { endpoint: endpoint.to_owned(), method, path, query, status });
            (outcome, wait)
        };
        if !wait.is_zero() {
            let life = locked(&self.life);
            let _waited = self.stopped.wait_timeout_while(life, wait, |life| !life.stop);
        }
        outcome
    }

    fn bytes(&self, endpoint: &str, reply: &Reply, request: &Request, close: bool, cut: bool) -> Vec<u8> {
        let (now, chunked) = {
            let inner = locked(&self.inner);
            let skew = inner.habits.skew.iter().find(|(name, _)| name == endpoint).map_or(SignedDuration::ZERO, |(_, skew)| *skew);
            (inner.now + skew, inner.habits.chunked)
        };
        let takes = request.header("accept-encoding").is_some_and(|value| value.contains("gzip"));
        let packed = takes && reply.body.len() > 1024;
        let body = if packed { gzip(&reply.body) } else { reply.body.clone() };
        let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reply.phrase);
        head.push_str(&format!("Cache-Control: max-age=0\r\nConnection: {}\r\n", if close { "close" } else { "Keep-Alive" }));
        head.push_str(&format!("Date: {}\r\nServer: pve-api-daemon/3.0\r\n", now.strftime("%a, %d %b %Y %H:%M:%S GMT")));
        if !body.is_empty() {
            head.push_str(&format!("Content-Type: {}\r\n", reply.kind));
        }
        if packed {
            head.push_str("Content-Encoding: gzip\r\n");
        }
        if chunked && !cut {
            let mut out = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
            for part in body.chunks(1000) {
                out.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
                out.extend_from_slice(part);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
            return out;
        }
        let mut out = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        out.extend_from_slice(if cut { &body[..body.len() / 2] } else { &body });
        out
    }
}

impl Inner {
    fn answer(&self, endpoint: &str, request: &Request, path: &str, call: usize) -> Outcome {
        let fault = self.faults.iter().find(|fault| fault.action != Action::Deny && fault.strikes(endpoint, path, call));
        match fault.map(|fault| &fault.action) {
            Some(Action::Drop) => return Outcome::Drop,
            Some(Action::Hang) => return Outcome::Hang,
            Some(Action::Html(status)) => {
                let body = b"<html><body><h1>It works</h1></body></html>".to_vec();
                return Outcome::Reply(Reply { status: *status, phrase: "Other".to_owned(), kind: "text/html", body });
            }
            Some(Action::Answer(status, phrase, body)) => {
                return Outcome::Reply(Reply { status: *status, phrase: phrase.clone(), kind: JSON, body: body.clone().into_bytes() });
            }
            Some(Action::Cut | Action::Deny) | None => {}
        }
        let reply = match self.cluster.access.login(request.header("authorization")) {
            Err(why) => {
                let body = if self.habits.login_body { format!("{why}\n").into_bytes() } else { Vec::new() };
                Reply { status: 401, phrase: why, kind: "text/plain", body }
            }
            Ok(who) => match self.reply(endpoint, &who, request, call) {
                Some(reply) => reply,
                None => return Outcome::Hang,
            },
        };
        if fault.is_some() { Outcome::Cut(reply) } else { Outcome::Reply(reply) }
    }

    /// `None`: no answer comes.
    fn reply(&self, endpoint: &str, who: &Who, request: &Request, call: usize) -> Option<Reply> {
        let desk = Desk { cluster: &self.cluster, now: self.now, certificates: &self.certificates };
        let plain = |status: u16, phrase: &str, body: String| {
            Some(Reply { status, phrase: phrase.to_owned(), kind: JSON, body: body.into_bytes() })
        };
        let why = match desk.answer(endpoint, who, request, call) {
            Ok(told) => {
                let body = match (told.data, told.total) {
                    (Data::Json(data), None) => json!({ "data": data }).to_string(),
                    (Data::Json(data), Some(total)) => json!({ "data": data, "total": total }).to_string(),
                    // As metrics are sent: the list is in an object of its own.
                    (Data::Text(text), _) => format!("{{\"data\":{text}}}"),
                };
                return plain(200, "OK", body);
            }
            Err(why) => why,
        };
        match why {
            Fail::Hang => None,
            Fail::Away(596) => plain(596, "Connection timed out", String::new()),
            Fail::Away(status) => plain(status, "No route to host", String::new()),
            Fail::Denied(path, privilege) => {
                let phrase = format!("Permission check failed ({path}, {privilege})");
                let body = self.worded(&phrase);
                plain(403, &phrase, body)
            }
            Fail::Failed(text) => {
                let body = self.worded(&text);
                plain(500, &text, body)
            }
            Fail::Unknown => {
                let phrase = format!("Method '{} {}' not implemented", request.method, request.path.trim_start_matches("/api2/json"));
                let body = self.worded(&phrase);
                plain(501, &phrase, body)
            }
            Fail::Parameter(name, text) => {
                let body = json!({ "data": null, "errors": { name: text }, "message": "Parameter verification failed.\n" });
                plain(400, "Parameter verification failed.", body.to_string())
            }
        }
    }

    fn worded(&self, phrase: &str) -> String {
        match self.habits.wording {
            Wording::Message => json!({ "data": null, "message": format!("{phrase}\n") }).to_string(),
            Wording::DataNull => json!({ "data": null }).to_string(),
            Wording::PhraseOnly => String::new(),
        }
    }

    /// How long the answer is kept back.
    fn wait(&self, path: &str, status: u16) -> std::time::Duration {
        if status == 401 {
            return self.habits.login_delay;
        }
        let node = path.strip_prefix("nodes/").and_then(|rest| rest.strip_suffix("/storage"));
        let dead =
            |node: &str| self.cluster.storages.iter().filter(|one| one.enabled && one.inactive_on.iter().any(|name| name == node)).count();
        self.habits.mount * node.map_or(0, |node| u32::try_from(dead(node)).unwrap_or(u32::MAX))
    }
}

const JSON: &str = "application/json;charset=UTF-8";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

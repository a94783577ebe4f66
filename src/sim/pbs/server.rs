//! Its endpoint: TLS with a certificate that is its own CA, on a port of 127.0.0.1.

use super::world::World;
use crate::sim::body::gzip;
use crate::sim::exchange::Request;
use crate::sim::proxmox::tls::{Authority, Leaf};
use crate::sim::server::read_request;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A running simulation; it stops when dropped.
pub struct BackupServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    leaf: Leaf,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    inner: Mutex<Inner>,
    stop: AtomicBool,
}

struct Inner {
    world: World,
    now: Timestamp,
    calls: Vec<String>,
}

/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(5);

impl BackupServer {
    /// Starts the endpoint.
    pub fn start(world: World, now: Timestamp) -> io::Result<BackupServer> {
        // Whoever checks a certificate does so by the real clock.
        let clock = Timestamp::now();
        let day = SignedDuration::from_hours(24);
        let (from, until) = (clock.min(now) - day, clock.max(now) + day * 1_000);
        let leaf = Authority::new(from, until)?.sign("backup", "192.0.2.249", None, from, until)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { inner: Mutex::new(Inner { world, now, calls: Vec::new() }), stop: AtomicBool::new(false) });
        let (own, tls) = (Arc::clone(&shared), leaf.config()?);
        let acceptor = std::thread::spawn(move || own.accept(&listener, &tls));
        Ok(BackupServer { shared, address, leaf, acceptor: Some(acceptor) })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> String {
        self.leaf.fingerprint()
    }

    /// Its certificate as PEM.
    pub fn pem(&self) -> &str {
        &self.leaf.pem
    }

    /// The paths that were asked for since the last time.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.inner().calls)
    }

    /// Moves the simulated clock.
    pub fn set_now(&self, now: Timestamp) {
        self.shared.inner().now = now;
    }

    /// Changes the world.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.shared.inner().world)
    }
}

impl Drop for BackupServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // The acceptor only looks up when somebody knocks.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener, tls: &Arc<rustls::ServerConfig>) {
        for stream in listener.incoming().map_while(Result::ok) {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let (own, tls) = (Arc::clone(self), Arc::clone(tls));
            std::thread::spawn(move || {
                // A client that goes away is no news.
                let _ = own.converse(&stream, &tls);
                let _ = stream.shutdown(Shutdown::Both);
            });
        }
    }

    fn converse(&self, socket: &TcpStream, tls: &Arc<rustls::ServerConfig>) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(IDLE))?;
        let session = rustls::ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
        let mut stream = rustls::StreamOwned::new(session, socket);
        let mut buffer = Vec::new();
        while let Some(request) = read_request(&mut stream, &mut buffer)? {
            let bytes = self.answer(&request);
            stream.write_all(&bytes)?;
            stream.flush()?;
        }
        stream.conn.send_close_notify();
        stream.flush()
    }

    fn answer(&self, request: &Request) -> Vec<u8> {
        let path = request.path.strip_prefix("/api2/json/").unwrap_or(&request.path);
        let mut inner = self.inner();
        let namespace = request.parameter("ns").map(|namespace| format!("?ns={namespace}")).unwrap_or_default();
        inner.calls.push(format!("{path}{namespace}"));
        let (status, kind, body) = match inner.world.answer(request, path, inner.now) {
            Ok(data) => (200, "application/json;charset=UTF-8", json!({ "data": data }).to_string()),
            Err((status, why)) => (status, "text/plain", why),
        };
        let takes = request.header("accept-encoding").is_some_and(|value| value.contains("gzip"));
        let packed = takes && body.len() > 1024;
        let body = if packed { gzip(body.as_bytes()) } else { body.into_bytes() };
        let date = inner.now.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let mut head = format!("HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nDate: {date}\r\nContent-Length: {}\r\n", body.len());
        if packed {
            head.push_str("Content-Encoding: gzip\r\n");
        }
        let mut out = format!("{head}\r\n").into_bytes();
        out.extend_from_slice(&body);
        out
    }
}

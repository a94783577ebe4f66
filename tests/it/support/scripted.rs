//! A small HTTP/1.1 server that does what a closure says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub chunked: bool,
    /// The connection is closed after so many bytes of the body (or before the head).
    pub cut: Option<Cut>,
}

#[derive(Debug, Clone, Copy)]
pub enum Cut {
    BeforeHead,
    AfterBytes(usize),
}

impl Reply {
    pub fn new(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new(), chunked: false, cut: None }
    }

    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(status).header("Content-Type", "application/json").body(body)
    }

    /// The connection ends without a word.
    pub fn hang_up() -> Reply {
        Reply { cut: Some(Cut::BeforeHead), ..Reply::new(200) }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Reply {
        self.body = body.into();
        self
    }

    pub fn chunked(mut self) -> Reply {
        self.chunked = true;
        self
    }

    /// The connection ends after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Reply {
        self.cut = Some(Cut::AfterBytes(bytes));
        self
    }

    /// The body compressed; `announced` says so in a header.
    pub fn gzip(mut self, announced: bool) -> Reply {
        self.body = gzip(&self.body);
        if announced { self.header("Content-Encoding", "gzip") } else { self }
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Handler = Box<dyn FnMut(&Request) -> Reply + Send>;

/// The server; it ends with the value.
pub struct Scripted {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    closing: Arc<AtomicBool>,
}

impl Scripted {
    pub fn start(handler: impl FnMut(&Request) -> Reply + Send + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let closing = Arc::new(AtomicBool::new(false));
        let handler: Arc<Mutex<Handler>> = Arc::new(Mutex::new(Box::new(handler)));
        let (seen, ending) = (Arc::clone(&requests), Arc::clone(&closing));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, handler) = (Arc::clone(&seen), Arc::clone(&handler));
                std::thread::spawn(move || {
                    // A client that goes away is nothing to complain about.
                    let _ = serve(&stream.unwrap(), &seen, &handler);
                });
            }
        });
        Scripted { address, requests, closing }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything asked so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Vec<Request>>, handler: &Mutex<Handler>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        seen.lock().unwrap().push(request.clone());
        let reply = (handler.lock().unwrap())(&request);
        if !write_reply(stream, &reply)? {
            stream.shutdown(std::net::Shutdown::Both)?;
            break;
        }
    }
    Ok(())
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    if request.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk)?;
            if size == 0 {
                break;
            }
            request.body.extend_from_slice(&chunk[..size]);
        }
    } else {
        let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        request.body = vec![0; length];
        reader.read_exact(&mut request.body)?;
    }
    Ok(Some(request))
}

/// Whether the connection stays open.
fn write_reply(mut stream: &TcpStream, reply: &Reply) -> std::io::Result<bool> {
    if matches!(reply.cut, Some(Cut::BeforeHead)) {
        return Ok(false);
    }
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let bodyless = reply.status == 204;
    if reply.chunked {
        head.push_str("Transfer-Encoding: chunked\r\n");
    } else if !bodyless {
        head.push_str(&format!("Content-Length: {}\r\n", reply.body.len()));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    let sent = match reply.cut {
        Some(Cut::AfterBytes(bytes)) => &reply.body[..bytes.min(reply.body.len())],
        _ => reply.body.as_slice(),
    };
    if reply.chunked {
        for chunk in sent.chunks(700) {
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
            stream.write_all(chunk)?;
            stream.write_all(b"\r\n")?;
        }
        if reply.cut.is_none() {
            stream.write_all(b"0\r\n\r\n")?;
        }
    } else if !bodyless {
        stream.write_all(sent)?;
    }
    stream.flush()?;
    Ok(reply.cut.is_none())
}

//! HTTP/1.1 by hand over a timed connection: what is measured here (phases, the certificate of each hop, the address that
//! answered) no client tells, and every read is bounded in bytes and by the one limit of the attempt.

use super::address::{Ask, Context, Probe};
use super::certificate::Trust;
use super::expect::{Answer, excerpt};
use super::failure::Failure;
use super::found::{Found, add};
use super::place::{Place, bracketed};
use super::proxy;
use super::stream::{self, Limit, Stream};
use crate::domain::text::visible;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;
use url::Url;

/// Bytes of a body that are read.
const BODY: u64 = 1 << 20;
/// Bytes of the head of an answer.
const HEAD: usize = 64 << 10;
/// Headers of an answer.
const HEADERS: usize = 200;
/// Preliminary answers (100, 103) that are read over.
const PRELIMINARY: u32 = 5;

/// The head of an answer.
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Asks, follows redirects, and compares with what is expected.
pub(super) fn ask(probe: &Probe, context: &Context<'_>, limit: Limit, found: &mut Found) -> Result<(), Failure> {
    let Ask::Http(first) = &probe.ask else { return Err(Failure::of("own_fault", "not HTTP")) };
    let mut url = first.clone();
    let follows = matches!(probe.http.method.as_str(), "GET" | "HEAD");
    for hop in 0..=probe.max_redirects {
        found.redirects = Some(hop);
        let own = url.origin() == first.origin();
        let (head, peer, mut reader) = exchange(probe, context, &url, own, limit, found)?;
        found.http_status = Some(head.status);
        let target = head.get("location").filter(|_| matches!(head.status, 301 | 302 | 303 | 307 | 308));
        if let Some(target) = target.filter(|_| follows && probe.max_redirects > 0 && !names(probe, head.status)) {
            url = next(&url, target)?;
            continue;
        }
        let begun = Instant::now();
        let body = body(&head, &probe.http.method, &mut reader);
        let (bytes, cut) = body.map_err(|error| stream::of_talk(&error, peer, limit, &tr!("the rest of the body")))?;
        add(&mut found.phases.transfer, begun.elapsed());
        found.size = Some(bytes.len() as u64);
        let text = String::from_utf8_lossy(&bytes);
        return probe.expect.check(&Answer { status: head.status, headers: &head.headers, body: &text, cut });
    }
    Err(Failure::of("redirect", tr!("it leads on and on: after {count} redirects comes another one", count = probe.max_redirects)))
}

/// Whether the config names this very status: then a redirect is what is expected.
fn names(probe: &Probe, status: u16) -> bool {
    probe.expect.status.iter().any(|range| range.contains(&status))
}

/// Where a redirect leads.
fn next(url: &Url, target: &str) -> Result<Url, Failure> {
    let wrong = |why: String| Failure::of("redirect", why);
    let to = url.join(target).map_err(|_| wrong(tr!("it redirects to '{target}', which is no URL", target = excerpt(target))))?;
    match to.scheme() {
        "https" => Ok(to),
        "http" if url.scheme() == "http" => Ok(to),
        "http" => Err(wrong(tr!("it redirects from https to {to}, which is not encrypted", to = shown(&to)))),
        other => Err(wrong(tr!("it redirects to {scheme}:, which is not followed", scheme = visible(other)))),
    }
}

/// Without credentials and query: tokens stand there.
fn shown(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    visible(&format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path()))
}

/// One request; the head of its answer, and the rest to be read.
fn exchange(
    probe: &Probe,
    context: &Context<'_>,
    url: &Url,
    own: bool,
    limit: Limit,
    found: &mut Found,
) -> Result<(Head, SocketAddr, BufReader<Stream>), Failure> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(80);
    let encrypted = url.scheme() == "https";
    let timed = match &probe.proxy {
        // A proxy passes plain HTTP on by itself.
        Some(proxy) if !encrypted => proxy::connect(proxy, limit, found)?,
        proxy => proxy::reach(proxy.as_ref(), Place { host, port, family: probe.family }, limit, found)?,
    };
    let peer = timed.peer;
    let mut stream = if encrypted {
        // The certificate of the first host belongs to this probe; those of others must be good, and are not told.
        let name = if own { probe.server_name.as_deref().unwrap_or(host) } else { host };
        let trust = Trust { name, ca_file: probe.ca_file.as_deref(), insecure: probe.insecure, now: context.now };
        let mut other = None;
        let seen = if found.redirects == Some(0) { &mut found.certificate } else { &mut other };
        stream::encrypt(timed, trust, &mut found.phases, seen)?
    } else {
        Stream::Plain(timed)
    };
    let begun = Instant::now();
    let waited = tr!("an answer");
    let talk = |error: std::io::Error| stream::of_talk(&error, peer, limit, &waited);
    stream.write_all(&request(probe, context, url, own)).and_then(|()| stream.flush()).map_err(talk)?;
    let mut reader = BufReader::new(stream);
    let first = reader.fill_buf().map_err(talk)?;
    if first.is_empty() {
        return Err(Failure::of("closed", tr!("{peer} closes the connection without an answer", peer)));
    }
    add(&mut found.phases.first_byte, begun.elapsed());
    let mut preliminary = 0;
    loop {
        let head = head(&mut reader, peer, limit)?;
        if !(100..200).contains(&head.status) || head.status == 101 {
            return Ok((head, peer, reader));
        }
        preliminary += 1;
        if preliminary > PRELIMINARY {
            return Err(Failure::of("protocol", tr!("{peer} sends preliminary answers and no real one", peer)));
        }
    }
}

/// The request. Headers of the config go to the origin that the config names, and to no other.
fn request(probe: &Probe, context: &Context<'_>, url: &Url, own: bool) -> Vec<u8> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = bracketed(url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']'));
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    // In absolute form for a proxy.
    let begin = if probe.proxy.is_some() && url.scheme() == "http" { format!("http://{host}{port}") } else { String::new() };
    let mut text = format!("{} {begin}{path} HTTP/1.1\r\nHost: {host}{port}\r\nConnection: close\r\n", probe.http.method);
    let given = if own { context.headers } else { &[] };
    let has = |name: &str| given.iter().any(|(have, _)| have.eq_ignore_ascii_case(name));
    if !has("user-agent") {
        text.push_str(concat!("User-Agent: pcemon/", env!("CARGO_PKG_VERSION"), "\r\n"));
    }
    if !has("accept") {
        text.push_str("Accept: */*\r\n");
    }
    for (name, value) in given {
        text.push_str(&format!("{name}: {}\r\n", value.expose().trim()));
    }
    let body = probe.http.body.as_deref().filter(|_| own);
    if let Some(body) = body {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text.into_bytes()
}

/// Reads a head, line by line.
fn head(reader: &mut BufReader<Stream>, peer: SocketAddr, limit: Limit) -> Result<Head, Failure> {
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        let room = (HEAD - before) as u64;
        let read = reader.by_ref().take(room).read_until(b'\n', &mut bytes);
        read.map_err(|error| stream::of_talk(&error, peer, limit, &tr!("the head of the answer")))?;
        let line = &bytes[before..];
        if before == 0 && !line.starts_with(b"HTTP/") {
            let begin = excerpt(&String::from_utf8_lossy(line));
            return Err(Failure::of("protocol", tr!("{peer} does not speak HTTP/1: its answer begins with '{begin}'", peer, begin)));
        }
        if !line.ends_with(b"\n") {
            return Err(if bytes.len() >= HEAD {
                Failure::of("protocol", tr!("{peer}: the head of the answer has no end", peer))
            } else {
                Failure::of("closed", tr!("{peer} closes the connection within the head of the answer", peer))
            });
        }
        if line == b"\r\n" || line == b"\n" {
            break;
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    match answer.parse(&bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        _ => return Err(Failure::of("protocol", tr!("{peer}: the head of the answer is not HTTP", peer))),
    }
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = answer.headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect();
    Ok(Head { status: answer.code.unwrap_or(0), headers })
}

/// Reads the body up to the cap; whether something was cut off.
fn body(head: &Head, method: &str, reader: &mut BufReader<Stream>) -> std::io::Result<(Vec<u8>, bool)> {
    if method == "HEAD" || matches!(head.status, 204 | 304) {
        return Ok((Vec::new(), false));
    }
    let mut raw = Vec::new();
    let chunked = head.get("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
    let length = head.get("content-length").and_then(|value| value.trim().parse::<u64>().ok());
    let mut cut = false;
    if chunked {
        cut = chunks(reader, &mut raw)?;
    } else if let Some(length) = length {
        reader.by_ref().take(length.min(BODY)).read_to_end(&mut raw)?;
        cut = length > BODY;
        if (raw.len() as u64) < length.min(BODY) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    } else {
        reader.by_ref().take(BODY + 1).read_to_end(&mut raw)?;
        if raw.len() as u64 > BODY {
            raw.truncate(BODY as usize);
            cut = true;
        }
    }
    let packed = head.get("content-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("gzip"));
    if !packed {
        return Ok((raw, cut));
    }
    // Nobody asked for it; a bomb is cut off like everything else.
    let mut plain = Vec::new();
    let unpacked = flate2::read::MultiGzDecoder::new(raw.as_slice()).take(BODY + 1).read_to_end(&mut plain);
    if unpacked.is_err() && !cut {
        return Err(std::io::Error::new(ErrorKind::InvalidData, "the body is said to be gzip and is not"));
    }
    if plain.len() as u64 > BODY {
        plain.truncate(BODY as usize);
        cut = true;
    }
    Ok((plain, cut))
}

/// Reads a chunked body up to the cap.
fn chunks(reader: &mut BufReader<Stream>, raw: &mut Vec<u8>) -> std::io::Result<bool> {
    loop {
        let mut line = Vec::new();
        reader.by_ref().take(256).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&line);
        let size = u64::from_str_radix(text.split(';').next().unwrap_or_default().trim(), 16);
        let Ok(size) = size else { return Err(std::io::Error::new(ErrorKind::InvalidData, "a chunk of the body has no length")) };
        if size == 0 {
            return Ok(false);
        }
        let room = BODY - raw.len() as u64;
        let before = raw.len() as u64;
        reader.by_ref().take(size.min(room)).read_to_end(raw)?;
        if size >= room && size > 0 {
            return Ok(true);
        }
        if raw.len() as u64 - before < size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut end = Vec::new();
        reader.by_ref().take(2).read_until(b'\n', &mut end)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_never_followed_into_the_clear() {
        let from = Url::parse("https://shop.example.com/a/b?token=hunter2").unwrap();
        let failure = next(&from, "http://shop.example.com/login?token=hunter2").unwrap_err();
        assert!(failure.outcome == "redirect" && failure.why.contains("not encrypted") && !failure.why.contains("hunter2"), "{failure:?}");
        assert_eq!(next(&from, "../c").unwrap().as_str(), "https://shop.example.com/c");
        assert_eq!(next(&from, "//other.example.com/x").unwrap().as_str(), "https://other.example.com/x");
        let plain = Url::parse("http://shop.example.com/").unwrap();
        assert_eq!(next(&plain, "https://shop.example.com/").unwrap().scheme(), "https");
        for bad in ["javascript:alert(1)", "https://\u{1b}[31m/", "ftp://x/"] {
            assert_eq!(next(&plain, bad).unwrap_err().outcome, "redirect", "{bad:?}");
            assert!(!next(&plain, bad).unwrap_err().why.contains('\u{1b}'));
        }
    }
}

//! The way through an HTTP proxy that the target names: plain HTTP is asked of the proxy itself, for everything else it is
//! asked for a tunnel (RFC 9110, 9.3.6). What the proxy alone is to blame for says nothing of the service.

use super::failure::Failure;
use super::found::Found;
use super::place::{Family, Place, Proxy, bracketed};
use super::stream::{self, Limit, Timed};
use crate::domain::foreign::Foreign;
use std::io::{ErrorKind, Read, Write};

/// Bytes of the answer to the question for a tunnel.
const HEAD: usize = 8 << 10;

/// Connects to a service, through the proxy of its target where there is one.
pub(super) fn reach(proxy: Option<&Proxy>, to: Place<'_>, limit: Limit, found: &mut Found) -> Result<Timed, Failure> {
    match proxy {
        Some(proxy) => tunnel(proxy, to, limit, found),
        None => stream::connect(to, limit, found),
    }
}

/// Connects to the proxy itself.
pub(super) fn connect(proxy: &Proxy, limit: Limit, found: &mut Found) -> Result<Timed, Failure> {
    let place = Place { host: &proxy.host, port: proxy.port, family: Family::Any };
    let timed = stream::connect(place, limit, found);
    // Its address is not that of the service.
    found.address = None;
    timed.map_err(|failure| {
        // Whatever is wrong with it, nobody asked the service.
        let outcome = if failure.outcome == "own_fault" { "own_fault" } else { "own_network" };
        Failure::of_proxy(outcome, tr!("the proxy {proxy} cannot be reached: {why}", proxy = proxy.shown(), why = failure.why))
    })
}

/// Connects to a service through it.
fn tunnel(proxy: &Proxy, to: Place<'_>, limit: Limit, found: &mut Found) -> Result<Timed, Failure> {
    let mut timed = connect(proxy, limit, found)?;
    let target = format!("{}:{}", bracketed(to.host), to.port);
    let question = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let head = timed.write_all(question.as_bytes()).and_then(|()| head(&mut timed));
    let proxy = proxy.shown();
    let head = head.map_err(|error| match error.kind() {
        // It may be waiting for the service, and for how long is its own affair.
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::of_proxy(
            "timeout",
            tr!(
                "the proxy {proxy} made no connection to {target} within {seconds} s",
                proxy,
                target = to.shown(),
                seconds = limit.seconds()
            ),
        ),
        _ => Failure::of_proxy("own_network", tr!("the proxy {proxy} closes the connection instead of making a tunnel", proxy)),
    })?;
    let status = status_of(&head);
    let line = Foreign::of_bytes(head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default()).words(&[], 120);
    let said = tr!("the proxy {proxy} answers '{line}' for {target}", proxy, line, target = to.shown());
    match status {
        Some(200..=299) => Ok(timed),
        Some(502 | 503) => Err(Failure::of_proxy("unreachable", said)),
        Some(504) => Err(Failure::of_proxy("timeout", said)),
        Some(407) => Err(Failure::of_proxy("own_fault", tr!("{said}: a proxy that asks for a password is not supported", said))),
        Some(403 | 405) => Err(Failure::of_proxy("own_fault", tr!("{said}: it does not allow this connection", said))),
        _ => Err(Failure::of_proxy("own_fault", said)),
    }
}

/// The head of its answer, and not a byte of what the service says behind it.
fn head(timed: &mut Timed) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut one = [0u8; 1];
    while !bytes.ends_with(b"\r\n\r\n") && !bytes.ends_with(b"\n\n") {
        if timed.read(&mut one)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes.push(one[0]);
        if bytes.len() >= HEAD {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    Ok(bytes)
}

fn status_of(head: &[u8]) -> Option<u16> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut headers);
    answer.parse(head).ok()?;
    answer.code
}

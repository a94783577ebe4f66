//! Connections that are no HTTP: what a service says first, and encrypted ones with and without STARTTLS.

use super::address::{Context, Probe};
use super::certificate::Trust;
use super::expect::excerpt;
use super::failure::Failure;
use super::found::Found;
use super::place::Place;
use super::proxy;
use super::starttls;
use super::stream::{self, Limit, Stream, Timed};
use crate::domain::foreign::Foreign;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

/// Bytes of a greeting that are read.
const GREETING: usize = 4 << 10;

/// Connects, and reads the greeting where one is expected.
pub(super) fn ask(probe: &Probe, limit: Limit, found: &mut Found) -> Result<(), Failure> {
    let mut timed = proxy::reach(probe.proxy.as_ref(), place(probe), limit, found)?;
    let Some(pattern) = &probe.expect.banner else { return Ok(()) };
    let peer = timed.peer;
    let mut bytes: Vec<u8> = Vec::new();
    let mut buffer = [0u8; 512];
    let ended = loop {
        match timed.read(&mut buffer) {
            Ok(0) => break None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count.min(GREETING - bytes.len())]),
            Err(error) => break Some(error),
        }
        if pattern.is_in(&String::from_utf8_lossy(&bytes)) {
            found.banner = Some(first_line(&bytes));
            goodbye(&mut timed, &bytes);
            return Ok(());
        }
        if bytes.len() >= GREETING {
            break None;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    if bytes.is_empty() {
        return Err(match ended {
            Some(error) => stream::of_talk(&error, peer, limit, &tr!("a greeting")),
            None => Failure::of("closed", tr!("{peer} closes the connection without a word", peer)),
        });
    }
    found.banner = Some(first_line(&bytes));
    Err(Failure::of(
        "banner",
        tr!("{peer} greets with '{found}', expected is {wanted}", peer, found = excerpt(&text), wanted = pattern.shown()),
    ))
}

fn place(probe: &Probe) -> Place<'_> {
    Place { host: &probe.host, port: probe.port.unwrap_or(0), family: probe.family }
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty()).unwrap_or_default();
    Foreign::of_bytes(line).words(&[], 200)
}

/// Takes leave in the way of the service, so that its log does not fill with lost connections.
fn goodbye(timed: &mut Timed, greeting: &[u8]) {
    let word: &[u8] = if greeting.starts_with(b"SSH-") {
        concat!("SSH-2.0-pcemon_", env!("CARGO_PKG_VERSION"), "\r\n").as_bytes()
    } else if greeting.starts_with(b"220") || greeting.starts_with(b"+OK") {
        b"QUIT\r\n"
    } else if greeting.starts_with(b"* OK") {
        b"a LOGOUT\r\n"
    } else {
        return;
    };
    // Whether it arrives changes nothing; it is waited for a moment only.
    timed.limit.until = timed.limit.until.min(std::time::Instant::now() + Duration::from_millis(200));
    let _ = timed.write_all(word).and_then(|()| timed.read(&mut [0u8; 256]));
}

/// Connects, has the connection encrypted, and looks at the certificate.
pub(super) fn encrypted(probe: &Probe, context: &Context<'_>, limit: Limit, found: &mut Found) -> Result<(), Failure> {
    let mut timed = proxy::reach(probe.proxy.as_ref(), place(probe), limit, found)?;
    let peer = timed.peer;
    if let Some(kind) = probe.starttls {
        starttls::begin(kind, &mut timed, probe.tls_name()).map_err(|trouble| match trouble {
            starttls::Trouble::Io(error) if error.kind() == ErrorKind::InvalidData => {
                Failure::of("starttls", tr!("{peer}: {why}", peer, why = Foreign::new(error.to_string()).words(&[], 200)))
            }
            starttls::Trouble::Io(error) => stream::of_talk(&error, peer, limit, &tr!("its word on STARTTLS")),
            starttls::Trouble::Said(why) => Failure::of("starttls", format!("{peer}: {why}")),
        })?;
    }
    let trust = Trust { name: probe.tls_name(), ca_file: probe.ca_file.as_deref(), insecure: probe.insecure, now: context.now };
    let stream = stream::encrypt(timed, trust, &mut found.phases, &mut found.certificate)?;
    if let (Stream::Encrypted(mut stream), Some(kind)) = (stream, probe.starttls)
        && let Some(word) = kind.goodbye()
    {
        stream.get_mut().limit.until = limit.until.min(std::time::Instant::now() + Duration::from_millis(200));
        let _ = stream.write_all(word).and_then(|()| stream.read(&mut [0u8; 256]));
    }
    Ok(())
}

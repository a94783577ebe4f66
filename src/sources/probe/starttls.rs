//! What is said before the handshake where a connection begins in the clear: nine protocols.
//!
//! Every answer is read byte by byte, so that nothing of what comes after it is taken. Bytes that lie there between the
//! consent and the handshake were put in by somebody in between, or by a server that mixes the two up: that is a failure.

use super::protocol::StartTls;
use super::stream::Timed;
use crate::domain::foreign::Foreign;
use std::io::{self, ErrorKind, Read, Write};

/// Longest line.
const LINE: usize = 4 << 10;
/// Most lines of one answer.
const LINES: usize = 100;

/// Why there is no encryption.
#[derive(Debug)]
pub(super) enum Trouble {
    Io(io::Error),
    Said(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

type Step = Result<(), Trouble>;

/// Has the server begin TLS. `name` is whom one asks for.
pub(super) fn begin(kind: StartTls, stream: &mut Timed, name: &str) -> Step {
    match kind {
        StartTls::Smtp => smtp(stream, "EHLO"),
        StartTls::Lmtp => smtp(stream, "LHLO"),
        StartTls::Imap => imap(stream),
        StartTls::Pop3 => pop3(stream),
        StartTls::Ftp => ftp(stream),
        StartTls::Sieve => sieve(stream),
        StartTls::Ldap => ldap(stream),
        StartTls::Postgres => postgres(stream),
        StartTls::Mysql => mysql(stream),
        StartTls::Xmpp => xmpp(stream, name),
    }?;
    nothing_behind(stream)
}

/// Refuses what was sent after the consent and in the clear.
fn nothing_behind(stream: &Timed) -> Step {
    stream.stream.set_nonblocking(true)?;
    let peeked = stream.stream.peek(&mut [0u8; 1]);
    stream.stream.set_nonblocking(false)?;
    match peeked {
        Ok(count) if count > 0 => {
            Err(Trouble::Said(tr!("it sends more in the clear after it agreed to STARTTLS: somebody in between may have put that in")))
        }
        Ok(_) => Err(Trouble::Io(ErrorKind::UnexpectedEof.into())),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(Trouble::Io(error)),
    }
}

fn not_offered() -> Trouble {
    Trouble::Said(tr!("it does not offer STARTTLS: what it says stays in the clear (downgraded)"))
}

fn refused(line: &str) -> Trouble {
    Trouble::Said(tr!("it says '{line}'", line = Foreign::new(line).words(&[], 120)))
}

/// One line, without its end.
fn line(stream: &mut Timed) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    let mut one = [0u8; 1];
    loop {
        if stream.read(&mut one)? == 0 {
            return Err(Trouble::Io(ErrorKind::UnexpectedEof.into()));
        }
        if one[0] == b'\n' {
            break;
        }
        if bytes.len() >= LINE {
            return Err(Trouble::Said(tr!("it sends a line without an end")));
        }
        bytes.push(one[0]);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines of one answer, up to one that `is_last`.
fn lines(stream: &mut Timed, is_last: impl Fn(&str) -> bool) -> Result<Vec<String>, Trouble> {
    let mut all = Vec::new();
    while all.len() < LINES {
        all.push(line(stream)?);
        if all.last().is_some_and(|line| is_last(line)) {
            return Ok(all);
        }
    }
    Err(Trouble::Said(tr!("its answer has no end")))
}

/// An answer with a code of three digits, of one line or several: `250-SIZE`, `250 STARTTLS`.
fn coded(stream: &mut Timed, code: &str) -> Result<Vec<String>, Trouble> {
    let all = lines(stream, |line| line.len() < 4 || line.as_bytes()[3] != b'-')?;
    match all.iter().find(|line| !line.starts_with(code)) {
        Some(other) => Err(refused(other)),
        None => Ok(all),
    }
}

fn exact<const N: usize>(stream: &mut Timed) -> Result<[u8; N], Trouble> {
    let mut bytes = [0u8; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn smtp(stream: &mut Timed, hello: &str) -> Step {
    coded(stream, "220")?;
    stream.write_all(format!("{hello} pcemon.invalid\r\n").as_bytes())?;
    let offers = coded(stream, "250")?;
    if !offers.iter().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))) {
        let _ = stream.write_all(b"QUIT\r\n");
        return Err(not_offered());
    }
    stream.write_all(b"STARTTLS\r\n")?;
    coded(stream, "220").map(drop)
}

fn imap(stream: &mut Timed) -> Step {
    let greeting = line(stream)?;
    if !greeting.starts_with("* OK") {
        return Err(refused(&greeting));
    }
    stream.write_all(b"a STARTTLS\r\n")?;
    let all = lines(stream, |line| line.starts_with("a "))?;
    let last = all.last().map_or("", String::as_str);
    if last.to_ascii_uppercase().starts_with("A OK") {
        return Ok(());
    }
    let _ = stream.write_all(b"b LOGOUT\r\n");
    Err(if last.to_ascii_uppercase().starts_with("A BAD") { not_offered() } else { refused(last) })
}

fn pop3(stream: &mut Timed) -> Step {
    let greeting = line(stream)?;
    if !greeting.starts_with("+OK") {
        return Err(refused(&greeting));
    }
    stream.write_all(b"STLS\r\n")?;
    if line(stream)?.starts_with("+OK") {
        return Ok(());
    }
    let _ = stream.write_all(b"QUIT\r\n");
    Err(not_offered())
}

fn ftp(stream: &mut Timed) -> Step {
    coded(stream, "220")?;
    stream.write_all(b"AUTH TLS\r\n")?;
    let all = lines(stream, |line| line.len() < 4 || line.as_bytes()[3] != b'-')?;
    if all.iter().all(|line| line.starts_with("234")) {
        return Ok(());
    }
    let _ = stream.write_all(b"QUIT\r\n");
    Err(not_offered())
}

fn sieve(stream: &mut Timed) -> Step {
    let is_last = |line: &str| ["OK", "NO", "BYE"].iter().any(|word| line.to_ascii_uppercase().starts_with(word));
    let offers = lines(stream, is_last)?;
    if !offers.iter().any(|line| line.to_ascii_uppercase().starts_with("\"STARTTLS\"")) {
        return Err(not_offered());
    }
    stream.write_all(b"STARTTLS\r\n")?;
    let all = lines(stream, is_last)?;
    let last = all.last().map_or("", String::as_str);
    if last.to_ascii_uppercase().starts_with("OK") { Ok(()) } else { Err(refused(last)) }
}

/// An extended request with the OID 1.3.6.1.4.1.1466.20037, and `resultCode` of its answer.
fn ldap(stream: &mut Timed) -> Step {
    let mut request = vec![0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16];
    request.extend_from_slice(b"1.3.6.1.4.1.1466.20037");
    stream.write_all(&request)?;
    let odd = || Trouble::Said(tr!("what it sends is not LDAP"));
    let [tag, first] = exact::<2>(stream)?;
    if tag != 0x30 {
        return Err(odd());
    }
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81 => usize::from(exact::<1>(stream)?[0]),
        0x82 => usize::from(u16::from_be_bytes(exact::<2>(stream)?)),
        0x84 => usize::try_from(u32::from_be_bytes(exact::<4>(stream)?)).map_err(|_| odd())?,
        _ => return Err(odd()),
    };
    if length > LINE {
        return Err(odd());
    }
    let mut body = vec![0u8; length];
    stream.read_exact(&mut body)?;
    // messageID, then [APPLICATION 24], whose first member is resultCode.
    let at = body.iter().position(|byte| *byte == 0x78).ok_or_else(odd)?;
    let code = body[at..].windows(3).find(|part| part[0] == 0x0a && part[1] == 0x01).map(|part| part[2]);
    match code {
        Some(0) => Ok(()),
        Some(2 | 52 | 53) => Err(not_offered()),
        Some(code) => Err(Trouble::Said(tr!("it refuses STARTTLS with LDAP result {code}", code))),
        None => Err(odd()),
    }
}

fn postgres(stream: &mut Timed) -> Step {
    stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])?;
    match exact::<1>(stream)?[0] {
        b'S' => Ok(()),
        b'N' => Err(not_offered()),
        _ => Err(Trouble::Said(tr!("what it sends is not the protocol of PostgreSQL"))),
    }
}

/// `CLIENT_SSL`, `CLIENT_PROTOCOL_41` and `CLIENT_SECURE_CONNECTION`.
const MYSQL_WANTED: u32 = 0x0000_8a00;

fn mysql(stream: &mut Timed) -> Step {
    let odd = || Trouble::Said(tr!("what it sends is not the protocol of MySQL"));
    let [a, b, c, sequence] = exact::<4>(stream)?;
    let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
    if length == 0 || length > LINE {
        return Err(odd());
    }
    let mut greeting = vec![0u8; length];
    stream.read_exact(&mut greeting)?;
    if greeting[0] == 0xff {
        let said = String::from_utf8_lossy(greeting.get(3..).unwrap_or_default()).into_owned();
        return Err(refused(&said));
    }
    // Version 10, the server's version with a zero, thread, eight bytes of salt and a zero; then the capabilities.
    let end = greeting.iter().position(|byte| *byte == 0).ok_or_else(odd)?;
    let place = end + 1 + 4 + 8 + 1;
    let [low, high] = *greeting.get(place..place + 2).ok_or_else(odd)? else { return Err(odd()) };
    if u16::from_le_bytes([low, high]) & 0x0800 == 0 {
        return Err(not_offered());
    }
    let mut request = vec![32, 0, 0, sequence.wrapping_add(1)];
    request.extend_from_slice(&MYSQL_WANTED.to_le_bytes());
    request.extend_from_slice(&(1u32 << 24).to_le_bytes());
    request.push(45);
    request.extend_from_slice(&[0u8; 23]);
    Ok(stream.write_all(&request)?)
}

fn xmpp(stream: &mut Timed, name: &str) -> Step {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':')).collect();
    let open = format!(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='{name}' version='1.0'>"
    );
    stream.write_all(open.as_bytes())?;
    let features = until(stream, &["</stream:features>", "</stream:stream>", "</stream:error>"])?;
    if !features.contains("urn:ietf:params:xml:ns:xmpp-tls") {
        return Err(if features.contains("</stream:features>") { not_offered() } else { refused(&features) });
    }
    stream.write_all(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")?;
    let said = until(stream, &["/>", "</proceed>", "</failure>", "</stream:stream>"])?;
    if said.contains("<proceed") { Ok(()) } else { Err(refused(&said)) }
}

/// Text up to one of some ends.
fn until(stream: &mut Timed, ends: &[&str]) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    while bytes.len() < 4 * LINE {
        bytes.extend_from_slice(&exact::<1>(stream)?);
        if ends.iter().any(|end| bytes.ends_with(end.as_bytes())) {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Err(Trouble::Said(tr!("its answer has no end")))
}

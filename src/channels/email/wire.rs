//! Lines to a mail server and its replies, over a plain or an encrypted stream.
//!
//! Replies are bounded, everything ends at one deadline, and what a server sent before encryption began is never
//! read as if it had come under it. It knows no step of the conversation.

use crate::channels::timed::Timed;
use crate::domain::foreign::Foreign;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of one reply, all lines together; RFC 5321 has lines of 512, and servers send a dozen of them.
const REPLY: usize = 32 * 1024;

/// What a server said to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// What follows the code, line by line.
    pub lines: Vec<String>,
}

impl Reply {
    /// 2xx.
    pub fn is_yes(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// 4xx: worth another try.
    pub fn is_later(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Code and text on one line.
    pub fn said(&self) -> Foreign {
        Foreign::new(format!("{} {}", self.code, self.lines.join(" ")))
    }
}

/// Why there is no reply.
#[derive(Debug)]
pub enum Fault {
    /// The connection.
    Io(std::io::Error),
    /// What came is no reply.
    NoReply(Foreign),
    /// It sent this many bytes that nobody may have asked for before encryption began.
    Injected(usize),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Fault {
        Fault::Io(error)
    }
}

enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

/// A connection to a mail server.
pub struct Wire {
    stream: Option<Stream>,
    /// What was received and not looked at yet.
    ahead: Vec<u8>,
}

impl Wire {
    /// Not encrypted yet.
    pub fn plain(stream: Timed) -> Wire {
        Wire { stream: Some(Stream::Plain(stream)), ahead: Vec::new() }
    }

    /// Shakes hands. Bytes that are here already came in the clear, from anybody: they are refused, not kept.
    pub fn encrypt(self, config: &Arc<ClientConfig>, name: &ServerName<'static>) -> Result<Wire, Fault> {
        if !self.ahead.is_empty() {
            return Err(Fault::Injected(self.ahead.len()));
        }
        let Some(Stream::Plain(mut stream)) = self.stream else { return Err(Fault::Io(ErrorKind::Unsupported.into())) };
        let mut session = ClientConnection::new(Arc::clone(config), name.clone()).map_err(std::io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Wire { stream: Some(Stream::Tls(Box::new(StreamOwned::new(session, stream)))), ahead: Vec::new() })
    }

    /// The TCP stream below.
    pub fn timed(&mut self) -> Option<&mut Timed> {
        match self.stream.as_mut()? {
            Stream::Plain(stream) => Some(stream),
            Stream::Tls(stream) => Some(&mut stream.sock),
        }
    }

    /// One command and its reply.
    pub fn command(&mut self, line: &str) -> Result<Reply, Fault> {
        // A line end within would be a command of its own.
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        self.write(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// The mail itself, behind `DATA`, and the reply to it.
    pub fn mail(&mut self, bytes: &[u8]) -> Result<Reply, Fault> {
        self.write(&stuffed(bytes))?;
        self.reply()
    }

    /// Says goodbye and hears the answer, if it comes at once.
    pub fn quit(mut self) {
        if let Some(stream) = self.timed() {
            stream.hurry(Duration::from_millis(500));
        }
        // Whatever the server makes of it, the outcome stands.
        let _ = self.command("QUIT");
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.stream {
            Some(Stream::Plain(stream)) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Some(Stream::Tls(stream)) => stream.write_all(bytes).and_then(|()| stream.flush()),
            None => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// The next reply, of one line or several.
    pub fn reply(&mut self) -> Result<Reply, Fault> {
        let mut reply: Option<Reply> = None;
        let mut size = 0;
        loop {
            let line = self.line(REPLY.saturating_sub(size))?;
            size += line.len() + 1;
            let text = String::from_utf8_lossy(&line);
            let code = text.get(..3).and_then(|digits| digits.parse().ok()).filter(|code| (200..600).contains(code));
            let rest = text.get(3..).unwrap_or_default();
            let (Some(code), true) = (code, rest.is_empty() || rest.starts_with([' ', '-'])) else {
                return Err(Fault::NoReply(Foreign::new(text)));
            };
            let more = rest.starts_with('-');
            let reply = reply.get_or_insert(Reply { code, lines: Vec::new() });
            reply.lines.push(rest.get(1..).unwrap_or_default().trim().to_owned());
            if !more {
                reply.code = code;
                return Ok(reply.clone());
            }
        }
    }

    /// One line without its end, of at most `room` bytes.
    fn line(&mut self, room: usize) -> Result<Vec<u8>, Fault> {
        let mut looked_at = 0;
        loop {
            if room == 0 {
                return Err(too_long());
            }
            if let Some(end) = self.ahead[looked_at..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.ahead.drain(..=looked_at + end).collect();
                line.truncate(line.len() - 1);
                while line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            looked_at = self.ahead.len();
            if looked_at >= room {
                return Err(too_long());
            }
            let mut chunk = [0; 4096];
            let read = match &mut self.stream {
                Some(Stream::Plain(stream)) => stream.read(&mut chunk)?,
                Some(Stream::Tls(stream)) => stream.read(&mut chunk)?,
                None => 0,
            };
            if read == 0 {
                return Err(Fault::Io(ErrorKind::UnexpectedEof.into()));
            }
            self.ahead.extend_from_slice(&chunk[..read]);
        }
    }
}

fn too_long() -> Fault {
    Fault::NoReply(Foreign::new(tr!("more than {bytes} bytes in one reply", bytes = REPLY)))
}

/// A mail as it goes over the wire: CRLF at every line end, a dot before every dot that begins a line, the dot that
/// ends it.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 64 + 8);
    let mut lines: Vec<&[u8]> = mail.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A bare CR is a line end to some servers.
        for part in line.split(|byte| *byte == b'\r') {
            if part.first() == Some(&b'.') {
                out.push(b'.');
            }
            out.extend_from_slice(part);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_mail_ends_it() {
        for (mail, want) in [
            ("", ".\r\n"),
            ("a", "a\r\n.\r\n"),
            ("a\r\n", "a\r\n.\r\n"),
            (".\r\n..b\r\n", "..\r\n...b\r\n.\r\n"),
            ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r\n\r\n", "a\r\n\r\n.\r\n"),
        ] {
            assert_eq!(String::from_utf8(stuffed(mail.as_bytes())).unwrap(), want, "{mail:?}");
        }
    }
}

//! A TCP stream with one limit for everything that happens on it, from the look-up of the name on.

use crate::http::reach;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A stream whose reads and writes together end at the deadline, however slowly the other side drips.
pub struct Timed {
    /// The connection.
    pub stream: TcpStream,
    deadline: Instant,
}

/// What is left until the deadline, or that it is over.
pub fn left(deadline: Instant) -> Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// The addresses of a host.
pub fn addresses(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>> {
    reach::resolve(host, port, left(deadline)?).map_err(Error::other)
}

impl Timed {
    /// Connects to the first address that takes the connection; one that is silent leaves time for the others.
    pub fn connect(host: &str, port: u16, deadline: Instant) -> Result<Timed> {
        let addresses = addresses(host, port, deadline)?;
        let mut last = None;
        for (tried, address) in addresses.iter().enumerate() {
            let share = left(deadline)? / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
                Ok(stream) => return Ok(Timed { stream, deadline }),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::NotFound.into()))
    }

    /// Until when.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Ends earlier, never later.
    pub fn hurry(&mut self, limit: Duration) {
        self.deadline = self.deadline.min(Instant::now() + limit);
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

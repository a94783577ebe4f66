//! Bytes as they were before compression, whether they came as gzip or plain.

use super::bounds::bound;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};

/// Undoes gzip where the bytes say so, whatever a header said; twice at most (a gzip file sent with
/// a gzip encoding), and within its bounds. A network failure inside keeps its name.
pub fn inflate<'r>(reader: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let bounded = bound(reader, |reader| {
        let mut reader: Box<dyn Read + 'r> = Box::new(Source(reader));
        for _ in 0..2 {
            let (head, rest) = peek(reader)?;
            let whole = io::Cursor::new(head).chain(rest);
            if head != [0x1f, 0x8b] {
                return Ok(Box::new(whole));
            }
            reader = Box::new(Gunzip(MultiGzDecoder::new(whole)));
        }
        Ok(reader)
    })?;
    Ok(Box::new(bounded))
}

fn peek<'r>(mut reader: Box<dyn Read + 'r>) -> io::Result<(ArrayHead, Box<dyn Read + 'r>)> {
    let mut head = ArrayHead { bytes: [0; 2], length: 0 };
    while head.length < 2 {
        match reader.read(&mut head.bytes[head.length..]) {
            Ok(0) => break,
            Ok(count) => head.length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((head, reader))
}

/// The first bytes of a stream, at most two.
#[derive(Clone, Copy)]
struct ArrayHead {
    bytes: [u8; 2],
    length: usize,
}

impl AsRef<[u8]> for ArrayHead {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl PartialEq<[u8; 2]> for ArrayHead {
    fn eq(&self, other: &[u8; 2]) -> bool {
        self.as_ref() == other
    }
}

/// Marks errors that come from below the decompressor, so that they are not called bad gzip.
struct Source<R>(R);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct FromSource(io::Error);

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted { error } else { io::Error::new(error.kind(), FromSource(error)) }
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BadGzip(io::Error);

struct Gunzip<R>(R);

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let foreign = error.kind() == io::ErrorKind::Interrupted
                || error.get_ref().is_some_and(|inner| inner.is::<FromSource>() || inner.is::<BadGzip>());
            if foreign { error } else { io::Error::new(error.kind(), BadGzip(error)) }
        })
    }
}

//! Bodies of answers: compressed or not, bounded.
//!
//! Nothing here knows what the bytes mean.

use flate2::read::MultiGzDecoder;
use std::io::{self, Cursor, Read};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The plain bytes of something that may be gzip, whatever a header says about it.
/// More than `limit` of them are an error.
pub(super) fn plain_bytes(mut body: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    body.by_ref().take(2).read_to_end(&mut head)?;
    let is_gzip = head == GZIP_MAGIC;
    let whole = Cursor::new(head).chain(body);
    if is_gzip { bounded(MultiGzDecoder::new(whole), limit) } else { bounded(whole, limit) }
}

/// All bytes of `body`; more than `limit` are an error.
pub(super) fn bounded(body: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    body.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, tr!("larger than the {limit} bytes that make sense here", limit)));
    }
    Ok(bytes)
}

/// Whether a body begins like a page for people instead of data.
pub(super) fn looks_like_html(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_recognised_by_its_first_bytes() {
        let two = [gzip("[1,"), gzip("2]")].concat();
        for (body, want) in [(two.as_slice(), "[1,2]"), (b"[]", "[]"), (b"[", "["), (b"", "")] {
            assert_eq!(plain_bytes(body, 100).unwrap(), want.as_bytes());
        }
        let cut = &gzip("a text of some length")[..20];
        assert!(plain_bytes(cut, 100).is_err());
        let bomb = gzip(&"0".repeat(100_000));
        assert_eq!(plain_bytes(bomb.as_slice(), 1_000).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}

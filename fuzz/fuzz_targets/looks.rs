//! The file of looks: whatever the disk gives is refused or read, and what was read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pcemon::state::looks::{decode, encode};

/// Whatever has the right checksum is looked at; others are refused before.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut file = [b"pcemonLK".as_slice(), body].concat();
    let sum = crc32fast::hash(&file);
    file.extend(sum.to_le_bytes());
    file
}

fuzz_target!(|bytes: &[u8]| {
    assert!(bytes.len() < 12 || decode(bytes).is_err() || bytes.starts_with(b"pcemonLK"));
    if let Ok(memory) = decode(&sealed(bytes))
        && let Ok(written) = encode(memory)
    {
        assert!(decode(&written).is_ok());
    }
});

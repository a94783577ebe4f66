//! The file of looks: whatever the disk gives is refused or read, and what was read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pcemon::state::looks::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(memory) = decode(bytes)
        && let Ok(written) = encode(memory)
    {
        assert!(decode(&written).is_ok());
    }
});

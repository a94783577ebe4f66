//! The state file: whatever stands in it is refused or read, and what was read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pcemon::state::State;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(state) = serde_json::from_slice::<State>(bytes) {
        let written = serde_json::to_vec(&state).expect("a state can be written");
        serde_json::from_slice::<State>(&written).expect("what was written can be read");
    }
});

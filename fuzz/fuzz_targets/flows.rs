//! The reader of flow records: nothing panics, and an end that was met before means what it meant when it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pcemon::domain::record::{Flow, FlowSink};
use pcemon::pce::decode::{Endpoints, decode_flows};

#[derive(Default)]
struct Heard(Vec<String>);

impl FlowSink for Heard {
    fn flow(&mut self, flow: &Flow<'_>) {
        if self.0.len() < 1_000 {
            self.0.push(format!("{flow:?}"));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut endpoints = Endpoints::new(|_| Box::new([]));
    let rounds: [_; 2] = std::array::from_fn(|_| {
        let mut heard = Heard::default();
        let decoded = decode_flows(bytes, &mut endpoints, &mut heard).map_err(|error| error.to_string());
        (heard.0, decoded)
    });
    assert_eq!(rounds[0], rounds[1]);
});

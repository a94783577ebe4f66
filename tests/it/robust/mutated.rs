//! What the fuzz targets do, with the stable compiler: corpora of real shape, bent at random, through the same entry points.

use crate::support::budget;
use pcemon::domain::record::{Flow, FlowSink};
use pcemon::pce::decode::{Endpoints, decode_flows};
use pcemon::sim::generate::Params;
use pcemon::sim::record::FlowRecord;
use pcemon::sim::world::World;
use pcemon::state::State;
use pcemon::state::looks::{decode, encode};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

#[derive(Default)]
struct Heard(Vec<String>);

impl FlowSink for Heard {
    fn flow(&mut self, flow: &Flow<'_>) {
        if self.0.len() < 1_000 {
            self.0.push(format!("{flow:?}"));
        }
    }
}

/// What parsers trip over.
const WORDS: [&str; 22] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "18446744073709551616",
    "\\ud800",
    "\\u0000",
    "\u{0}",
    "\u{feff}",
    "\r\n",
    "\"src\":{",
    "\"timestamp_range\":",
    "9999-12-31T23:59:60Z",
];

/// One change: how, where, how far, and with what.
type Change = (u8, prop::sample::Index, u8, u8);

fn bent(corpus: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = corpus.to_vec();
    for (how, place, length, with) in changes {
        let at = place.index(bytes.len().max(1)).min(bytes.len());
        let end = (at + usize::from(*length)).min(bytes.len());
        match how % 7 {
            0 if at < bytes.len() => bytes[at] ^= with.max(&1),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => drop(bytes.splice(at..at, WORDS[usize::from(*with) % WORDS.len()].bytes())),
            4 => drop(bytes.splice(at..end, WORDS[usize::from(*with) % WORDS.len()].bytes())),
            5 => bytes.truncate(at),
            _ if end > at => bytes[at..end].fill(*with),
            _ => {}
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((any::<u8>(), any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 0..6)
}

/// An answer as the simulated PCE gives it.
static FLOWS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let start = "2026-11-20T08:00:00Z".parse().unwrap();
    let world = World::generate(&Params { nat: 2, ipv6: true, kubernetes: 1, ..Params::small(7, start) });
    let records: Vec<_> = world.record_set("2026-11-20T12:00:00Z".parse().unwrap(), start, jiff::Timestamp::MAX);
    serde_json::to_vec(&records.iter().take(12).map(FlowRecord::to_json).collect::<Vec<_>>()).unwrap()
});

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/upgrade-0.1").join(name)).unwrap()
}

static OLD_LOOKS: LazyLock<Vec<u8>> = LazyLock::new(|| data("state.json.looks-3"));
/// The same as today's version writes it.
static LOOKS: LazyLock<Vec<u8>> = LazyLock::new(|| encode(decode(&OLD_LOOKS).unwrap()).unwrap());
static STATE: LazyLock<Vec<u8>> = LazyLock::new(|| data("state.json"));

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(1_500), ..ProptestConfig::default() })]

    /// Nothing panics, and an end that was met before means what it meant when it was read.
    #[test]
    fn bent_answers_are_read_the_same_twice(changes in changes()) {
        let bytes = bent(&FLOWS, &changes);
        let mut endpoints = Endpoints::new(|_| Box::new([]));
        let rounds: [_; 2] = std::array::from_fn(|_| {
            let mut heard = Heard::default();
            let decoded = decode_flows(bytes.as_slice(), &mut endpoints, &mut heard).map_err(|error| error.to_string());
            (heard.0, decoded)
        });
        prop_assert_eq!(&rounds[0], &rounds[1]);
    }

    /// A file of looks whose checksum is right but whose content is bent is refused, or read and written again as it was read.
    #[test]
    fn bent_looks_are_refused_or_read(changes in changes(), old in any::<bool>()) {
        let mut bytes = bent(if old { &OLD_LOOKS } else { &LOOKS }, &changes);
        bytes.truncate(bytes.len().saturating_sub(4));
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        if let Ok(memory) = decode(&bytes)
            && let Ok(written) = encode(memory)
        {
            prop_assert!(decode(&written).is_ok());
        }
    }

    #[test]
    fn bent_states_are_refused_or_read(changes in changes()) {
        if let Ok(state) = serde_json::from_slice::<State>(&bent(&STATE, &changes)) {
            let written = serde_json::to_vec(&state).unwrap();
            prop_assert!(serde_json::from_slice::<State>(&written).is_ok());
        }
    }
}

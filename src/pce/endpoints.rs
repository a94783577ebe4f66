//! The ends of flows met so far: each is parsed once and tested against the rules once, however
//! many records name it. Up to a cap; past it all are forgotten and met again.

use super::wire;
use crate::domain::record::{Endpoint, Interned};
use hashbrown::HashMap;
use serde_json::value::RawValue;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

/// Endpoints remembered at once, and bytes of their texts.
const MOST_ENDPOINTS: usize = 16 * 1024;
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Endpoints with the same beginning that are compared byte by byte.
const MOST_ALIKE: usize = 8;
/// A beginning is no longer than this.
const BEGINNING: usize = 64;

/// Tests every end condition of the rules on an endpoint.
type Marker<'m> = Box<dyn Fn(&Endpoint) -> Box<[u64]> + 'm>;

/// Parses endpoints once and tests the rules' end conditions on them once.
pub struct Endpoints<'m> {
    /// By a hash of the whole text.
    seen: HashMap<u128, Rc<Interned>, Hashed>,
    /// By a hash of the text's beginning, which most often holds the address.
    alike: HashMap<u64, Vec<Met>, Hashed>,
    bytes: usize,
    mark: Marker<'m>,
    seed: u64,
    nothing: Rc<Interned>,
}

/// An endpoint and the text that stands for it.
struct Met {
    text: Box<[u8]>,
    interned: Rc<Interned>,
}

impl<'m> Endpoints<'m> {
    /// `mark` tests an endpoint's conditions; see `judge::plan`.
    pub fn new(mark: impl Fn(&Endpoint) -> Box<[u64]> + 'm) -> Self {
        let nothing = Rc::new(Interned {
            marks: mark(&Endpoint::default()),
            name: "".into(),
            endpoint: Endpoint::default(),
            ip_key: xxh3_64(b""),
            href_key: 0,
        });
        // A seed of the run's own: nobody outside can prepare two endpoints that hash alike.
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0u8);
        Self { seen: HashMap::default(), alike: HashMap::default(), bytes: 0, mark: Box::new(mark), seed, nothing }
    }

    /// The endpoint that this text, a whole JSON value, stands for.
    pub(super) fn intern(&mut self, raw: Option<&str>) -> Result<Rc<Interned>, serde_json::Error> {
        let Some(raw) = raw else { return Ok(Rc::clone(&self.nothing)) };
        let key = xxh3_128_with_seed(raw.as_bytes(), self.seed);
        if let Some(known) = self.seen.get(&key) {
            return Ok(Rc::clone(known));
        }
        let endpoint = wire::endpoint(raw)?;
        let interned = Rc::new(Interned {
            marks: (self.mark)(&endpoint),
            name: endpoint.display_name().into(),
            ip_key: xxh3_64(endpoint.ip_text.as_bytes()),
            href_key: endpoint.workload.as_ref().map_or(0, |workload| xxh3_64(workload.href.as_bytes())),
            endpoint,
        });
        if self.seen.len() >= MOST_ENDPOINTS || self.bytes >= MOST_BYTES {
            self.seen.clear();
            self.alike.clear();
            self.bytes = 0;
        }
        self.bytes += raw.len();
        self.seen.insert(key, Rc::clone(&interned));
        Ok(interned)
    }

    /// The endpoint at the start of these bytes, if it was met before, and its length. A JSON object
    /// ends where it ends: bytes that begin with a known one begin with that endpoint.
    pub(super) fn met(&self, bytes: &[u8]) -> Option<(Rc<Interned>, usize)> {
        let candidates = self.alike.get(&self.beginning(bytes))?;
        let met = candidates.iter().find(|met| bytes.starts_with(&met.text))?;
        Some((Rc::clone(&met.interned), met.text.len()))
    }

    /// Reads the JSON object at the start of these bytes, and remembers it. `None` when it cannot be read.
    pub(super) fn meet(&mut self, bytes: &[u8]) -> Option<(Rc<Interned>, usize)> {
        let raw: &RawValue = serde_json::Deserializer::from_slice(bytes).into_iter().next()?.ok()?;
        let text = raw.get();
        if !text.starts_with('{') {
            return None;
        }
        let interned = self.intern(Some(text)).ok()?;
        let beginning = self.beginning(text.as_bytes());
        let alike = self.alike.entry(beginning).or_default();
        if alike.len() < MOST_ALIKE {
            alike.push(Met { text: text.as_bytes().into(), interned: Rc::clone(&interned) });
        }
        Some((interned, text.len()))
    }

    fn beginning(&self, bytes: &[u8]) -> u64 {
        let most = &bytes[..bytes.len().min(BEGINNING)];
        let end = most.iter().position(|byte| matches!(byte, b',' | b'}')).unwrap_or(most.len());
        xxh3_64_with_seed(&most[..end], self.seed)
    }
}

/// The keys are hashes already.
#[derive(Default)]
struct AsIs(u64);

type Hashed = BuildHasherDefault<AsIs>;

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

//! The ends of flows met so far: each is parsed once and tested against the rules once, however many records name it.
//!
//! An end is recognised by its bytes: a JSON object ends where it ends, so bytes that begin with a known object are that
//! object, and need not be read again. Known objects are found by a hash of their text up to its first comma, which most
//! often is the address, and told apart by a hash of the whole text; the text itself is not kept.
//!
//! Memory is bounded by [`MOST_ENDS`] and [`MOST_BYTES`]. When it is full, a hand goes round and drops what was not asked for
//! since it came by last. An end without a workload (any address of the internet) is remembered only when it is met a
//! second time, so that those who pass once displace nothing.

use super::wire;
use crate::domain::record::{Endpoint, Interned, NotTold};
use hashbrown::HashMap;
use serde_json::value::RawValue;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

/// Most ends remembered. A PCE carries 25,000 workloads.
const MOST_ENDS: usize = 32 * 1024;
/// Most bytes of them, by what they roughly take.
const MOST_BYTES: usize = 24 * 1024 * 1024;
/// What an end takes beside its texts, and those beside what JSON takes for them.
const BESIDE_TEXT: usize = 384;
/// Ends with the same beginning that are told apart; more of them are read again each time.
const MOST_ALIKE: usize = 8;
/// A beginning is no longer than this.
const BEGINNING: usize = 64;
/// Places for addresses that passed once (4 bytes each).
const PASSED: usize = 32 * 1024;

/// Finds the key and value of a label by its address, for PCEs that tell no more of it in a flow.
type Labels<'m> = Box<dyn FnMut(&str) -> Option<(String, String)> + Send + 'm>;

/// Tests every end condition of the rules on an endpoint.
type Marker<'m> = Box<dyn Fn(&Endpoint) -> Box<[u64]> + Send + 'm>;

/// Parses endpoints once and tests the rules' end conditions on them once.
pub struct Endpoints<'m> {
    known: Known,
    /// For each place a part of the hash of who passed there last.
    passed: Vec<u32>,
    mark: Marker<'m>,
    labels: Labels<'m>,
    seed: u64,
    nothing: Arc<Interned>,
}

/// The ends that are remembered.
#[derive(Default)]
struct Known {
    /// The first place for each beginning, by its hash.
    first: HashMap<u64, u32, Hashed>,
    places: Vec<Option<Met>>,
    free: Vec<u32>,
    hand: usize,
    bytes: usize,
}

/// An end, and what its text was.
struct Met {
    beginning: u64,
    hash: [u64; 2],
    length: u32,
    /// Asked for since the hand came by.
    asked: bool,
    interned: Arc<Interned>,
    /// The place of another one with the same beginning.
    next: Option<u32>,
}

impl Met {
    fn is_at(&self, bytes: &[u8], seed: u64) -> bool {
        bytes.get(..self.length as usize).is_some_and(|text| whole(text, seed) == self.hash)
    }

    fn bytes(&self) -> usize {
        self.length as usize + BESIDE_TEXT
    }
}

impl Known {
    fn find(&mut self, beginning: u64, bytes: &[u8], seed: u64) -> Option<(Arc<Interned>, usize)> {
        let mut next = self.first.get(&beginning).copied();
        while let Some(met) = self.places.get_mut(next? as usize)?.as_mut() {
            if met.is_at(bytes, seed) {
                met.asked = true;
                return Some((Arc::clone(&met.interned), met.length as usize));
            }
            next = met.next;
        }
        None
    }

    fn put(&mut self, mut met: Met) {
        let alike = std::iter::successors(self.first.get(&met.beginning).copied(), |place| self.at(*place)?.next);
        if let Some(most) = alike.skip(MOST_ALIKE - 1).last() {
            self.remove(most);
        }
        while self.places.len() - self.free.len() >= MOST_ENDS || (self.bytes >= MOST_BYTES && !self.first.is_empty()) {
            self.make_room();
        }
        self.bytes += met.bytes();
        met.next = self.first.get(&met.beginning).copied();
        let place = self.free.pop().unwrap_or(self.places.len() as u32);
        self.first.insert(met.beginning, place);
        match self.places.get_mut(place as usize) {
            Some(free) => *free = Some(met),
            None => self.places.push(Some(met)),
        }
    }

    /// The hand goes on until it has dropped one.
    fn make_room(&mut self) {
        loop {
            self.hand = if self.hand + 1 < self.places.len() { self.hand + 1 } else { 0 };
            match self.places.get_mut(self.hand) {
                Some(Some(met)) if met.asked => met.asked = false,
                Some(Some(_)) => return self.remove(self.hand as u32),
                _ => {}
            }
        }
    }

    fn remove(&mut self, place: u32) {
        let Some(met) = self.places.get_mut(place as usize).and_then(Option::take) else { return };
        self.bytes -= met.bytes();
        self.free.push(place);
        if self.first.get(&met.beginning) == Some(&place) {
            match met.next {
                Some(next) => self.first.insert(met.beginning, next),
                None => self.first.remove(&met.beginning),
            };
            return;
        }
        let mut before = self.first.get(&met.beginning).copied();
        while let Some(Some(other)) = before.and_then(|before| self.places.get_mut(before as usize)) {
            if other.next == Some(place) {
                other.next = met.next;
                return;
            }
            before = other.next;
        }
    }

    fn at(&self, place: u32) -> Option<&Met> {
        self.places.get(place as usize)?.as_ref()
    }
}

impl<'m> Endpoints<'m> {
    /// `mark` tests an endpoint's conditions; see `judge::plan`.
    pub fn new(mark: impl Fn(&Endpoint) -> Box<[u64]> + Send + 'm) -> Self {
        let unknown = Endpoint { not_told: NotTold::END, ..Endpoint::default() };
        let nothing = Arc::new(Interned { marks: mark(&unknown), name: "".into(), endpoint: unknown, ip_key: xxh3_64(b""), href_key: 0 });
        // A seed of the run's own: nobody outside can prepare two endpoints that hash alike.
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0u8);
        Self { known: Known::default(), passed: Vec::new(), mark: Box::new(mark), labels: Box::new(|_| None), seed, nothing }
    }

    /// With somebody who knows the labels of which a flow tells the address only.
    #[must_use]
    pub fn with_labels(self, labels: impl FnMut(&str) -> Option<(String, String)> + Send + 'm) -> Self {
        Self { labels: Box::new(labels), ..self }
    }

    /// The endpoint that this text, a whole JSON value, stands for.
    pub(super) fn intern(&mut self, raw: Option<&str>) -> Result<Arc<Interned>, serde_json::Error> {
        let Some(raw) = raw else { return Ok(Arc::clone(&self.nothing)) };
        if raw.starts_with('{')
            && let Some((interned, _)) = self.met(raw.as_bytes())
        {
            return Ok(interned);
        }
        let endpoint = wire::endpoint(raw, &mut self.labels)?;
        Ok(self.remember(raw.as_bytes(), endpoint))
    }

    /// The endpoint at the start of these bytes, if it was met before, and its length.
    pub(super) fn met(&mut self, bytes: &[u8]) -> Option<(Arc<Interned>, usize)> {
        let beginning = self.beginning(bytes);
        self.known.find(beginning, bytes, self.seed)
    }

    /// Reads the JSON object at the start of these bytes the thorough way, and remembers it. `None` when it cannot be read.
    pub(super) fn meet(&mut self, bytes: &[u8]) -> Option<(Arc<Interned>, usize)> {
        let raw: &RawValue = serde_json::Deserializer::from_slice(bytes).into_iter().next()?.ok()?;
        let text = raw.get();
        if !text.starts_with('{') {
            return None;
        }
        Some((self.intern(Some(text)).ok()?, text.len()))
    }

    /// The same of an object that was read already.
    pub(super) fn remember_parts(&mut self, text: &[u8], parts: wire::EndParts) -> Arc<Interned> {
        let endpoint = wire::endpoint_of(parts, &mut self.labels);
        self.remember(text, endpoint)
    }

    /// Remembers what this text, a JSON object, stands for.
    fn remember(&mut self, text: &[u8], endpoint: Endpoint) -> Arc<Interned> {
        let is_workload = endpoint.workload.is_some();
        let interned = Arc::new(Interned {
            marks: (self.mark)(&endpoint),
            name: endpoint.display_name().into(),
            ip_key: xxh3_64(endpoint.ip_text.as_bytes()),
            href_key: endpoint.workload.as_ref().map_or(0, |workload| xxh3_64(workload.href.as_bytes())),
            endpoint,
        });
        let Ok(length) = u32::try_from(text.len()) else { return interned };
        let hash = whole(text, self.seed);
        if is_workload || self.has_passed(hash[0]) {
            let beginning = self.beginning(text);
            self.known.put(Met { beginning, hash, length, asked: false, interned: Arc::clone(&interned), next: None });
        }
        interned
    }

    /// Whether this end was met a while ago; from now on it was.
    fn has_passed(&mut self, hash: u64) -> bool {
        if self.passed.is_empty() {
            self.passed = vec![0; PASSED];
        }
        let (place, tag) = (hash as usize % PASSED, (hash >> 32) as u32 | 1);
        std::mem::replace(&mut self.passed[place], tag) == tag
    }

    fn beginning(&self, bytes: &[u8]) -> u64 {
        let most = &bytes[..bytes.len().min(BEGINNING)];
        let end = most.iter().position(|byte| matches!(byte, b',' | b'}')).unwrap_or(most.len());
        xxh3_64_with_seed(&most[..end], self.seed)
    }
}

/// The hash of a whole text.
fn whole(text: &[u8], seed: u64) -> [u64; 2] {
    let hash = xxh3_128_with_seed(text, seed);
    [hash as u64, (hash >> 64) as u64]
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    fn workload(number: usize, length: usize) -> String {
        let name = "n".repeat(length);
        format!(
            r#"{{"ip":"10.{}.{}.{}","workload":{{"href":"/w/{number}","name":"{name}"}}}}"#,
            number >> 16,
            number >> 8 & 255,
            number & 255
        )
    }

    /// How often each of these texts, met in turn, had to be read, and what they took at most.
    fn reads(texts: impl IntoIterator<Item = String>) -> (usize, usize, usize) {
        let read = AtomicUsize::new(0);
        let mut endpoints = Endpoints::new(|_| {
            read.fetch_add(1, Relaxed);
            Box::new([])
        });
        let (mut most_ends, mut most_bytes) = (0, 0);
        for text in texts {
            let bytes = format!("{text},\"dst\":");
            let (interned, length) = endpoints.met(bytes.as_bytes()).or_else(|| endpoints.meet(bytes.as_bytes())).unwrap();
            assert_eq!(length, text.len());
            assert_eq!(interned.endpoint, wire::endpoint(&text, &mut |_| None).unwrap());
            let known = &endpoints.known;
            let ends = known.places.len() - known.free.len();
            if read.load(Relaxed).is_multiple_of(1_000) {
                assert_eq!(known.places.iter().flatten().map(Met::bytes).sum::<usize>(), known.bytes);
                assert_eq!(known.places.iter().flatten().count(), ends);
                let chained = |first: &u32| std::iter::successors(Some(*first), |place| known.at(*place)?.next).count();
                assert_eq!(known.first.values().map(chained).sum::<usize>(), ends);
            }
            most_ends = most_ends.max(ends);
            most_bytes = most_bytes.max(known.bytes);
        }
        (read.load(Relaxed) - 1, most_ends, most_bytes)
    }

    /// The workloads of the largest PCE are read once, however often they come, although every second end is an address
    /// that nobody has seen before.
    #[test]
    fn a_large_estate_is_remembered_among_strangers() {
        let strangers = |round: usize| move |number: usize| format!(r#"{{"ip":"2001:db8::{round}:{number:x}"}}"#);
        let texts = (0..3).flat_map(|round| (0..25_000).flat_map(move |number| [workload(number, 9), strangers(round)(number)]));
        let (reads, ends, _) = reads(texts);
        assert_eq!(reads, 25_000 + 3 * 25_000);
        assert!(ends <= MOST_ENDS, "{ends}");
    }

    #[test]
    fn an_address_that_comes_back_is_remembered() {
        let texts = (0..9).flat_map(|_| (0..100).map(|number| format!(r#"{{"ip":"198.51.100.{number}","fqdn":"a.example"}}"#)));
        // Each is read twice. The seed is random: now and then two share a place, and neither is remembered.
        let reads = reads(texts).0;
        assert!((200..300).contains(&reads), "{reads}");
    }

    /// However many there are and however long they are, memory stays within what is stated; those that are met all the
    /// time are not read again.
    #[test]
    fn memory_is_bounded_and_the_hot_stay() {
        let hot = 500;
        let texts = (0..60_000).flat_map(|number| [workload(1_000_000 + number, 9), workload(number % hot, 9)]);
        let (found, ends, bytes) = reads(texts);
        assert_eq!(found, 60_000 + hot);
        assert!(ends <= MOST_ENDS && bytes <= MOST_BYTES + 1_000, "{ends} {bytes}");
        let (_, ends, bytes) = reads((0..3_000).map(|number| workload(number, 20_000)));
        assert!(ends > 500 && bytes <= MOST_BYTES + 30_000, "{ends} {bytes}");
    }

    /// Ends that begin alike are told apart; too many of them are only slow.
    #[test]
    fn ends_that_begin_alike_are_told_apart() {
        let texts = |many: usize| {
            (0..3).flat_map(move |_| (0..many).map(|number| format!(r#"{{"ip":"FILTERED","workload":{{"href":"/w/{number}"}}}}"#)))
        };
        assert_eq!(reads(texts(8)).0, 8);
        let (reads, ends, _) = reads(texts(50));
        assert!(reads <= 150 && ends <= MOST_ALIKE, "{reads} {ends}");
    }
}

//! The binary file beside the state file: looks, increases and shown events.
//!
//! Compact (about 20 bytes a record), checksummed, versioned, and written under a new name for each
//! generation; the state file names the one that counts. Nothing here is worth a guess: a file that
//! is damaged is refused whole and the run learns anew.

use crate::domain::record::NotTold;
use crate::judge::accounting::Aging;
use crate::judge::identity::Detail;
use crate::judge::memory::{FirstRuleMemory, RuleMemory};
use crate::judge::pair::Lead;
use crate::judge::sample::{CounterSample, Earlier};
use crate::judge::traffic::Marked;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bits of a look's head that say what follows; the rest is the day.
const FLAGS: u32 = 5;
/// What they say of a look whose counters have not moved for long; 0: it is new, 1: its earlier counters follow.
const AT_REST: u64 = 2;
/// Bytes that are read and written together.
const BLOCK: usize = 64 << 10;
/// More bytes than one look takes.
const LONGEST: usize = 256;
const MAGIC: &[u8; 8] = b"pcemonLK";
/// The version of what is written.
pub const VERSION: u8 = 7;
/// The one that pcemon 0.1 wrote.
const FIRST_VERSION: u8 = 4;

/// Everything the file holds.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Memory {
    /// Counters of every record at the previous look, sorted by pair.
    pub looks: Vec<CounterSample>,
    /// Increases by rule definition.
    pub rules: BTreeMap<u64, RuleMemory>,
    /// Events shown before.
    pub shown: BTreeMap<u64, Timestamp>,
    /// Whose marks the looks carry.
    pub marked: Marked,
    /// How leads of one end over the other age.
    pub aging: Aging,
}

impl Memory {
    /// A clock was wrong: nothing of it lies in the future. (When an event happened is the word of others and stays: it is
    /// known by that for as long as it is shown.)
    pub fn clamp_to(&mut self, now: Timestamp) {
        let second = u32::try_from(now.as_second()).unwrap_or(0);
        for look in &mut self.looks {
            look.unseen_since = look.unseen_since.min(second);
        }
        self.rules.values_mut().for_each(|rule| rule.clamp_to(now));
        // When the counters settled last is not known any more: they settle at the next look.
        self.aging.settled_at = self.aging.settled_at.filter(|at| *at <= now);
    }
}

/// What is written behind the looks.
#[derive(Serialize)]
struct RestRef<'m> {
    rules: &'m BTreeMap<u64, RuleMemory>,
    shown: &'m BTreeMap<u64, Timestamp>,
    marked: &'m [u64],
    leads: &'m BTreeMap<u64, Lead>,
    settled_at: Option<Timestamp>,
}

/// The same, read back.
#[derive(Deserialize)]
struct Rest {
    rules: BTreeMap<u64, RuleMemory>,
    shown: BTreeMap<u64, Timestamp>,
    marked: Vec<u64>,
    leads: BTreeMap<u64, Lead>,
    settled_at: Option<Timestamp>,
}

/// As version 4 has it.
#[derive(Deserialize)]
struct FirstRest {
    rules: BTreeMap<u64, FirstRuleMemory>,
    shown: BTreeMap<u64, Timestamp>,
    marks_of: u64,
}

/// Writes the file's bytes. The memory goes while it is written: a large one and its file are not held side by side.
pub fn write(mut memory: Memory, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Summed { out, sum: crc32fast::Hasher::new(), block: Vec::with_capacity(BLOCK + LONGEST) };
    out.block.extend_from_slice(MAGIC);
    out.block.push(VERSION);
    let looks = std::mem::take(&mut memory.looks);
    number(&mut out.block, looks.len() as u64);
    let first_day = looks.iter().map(|look| look.day).min().unwrap_or(0).max(0);
    number(&mut out.block, first_day as u64);
    let mut previous = 0u64;
    for look in &looks {
        write_look(&mut out.block, look, previous, first_day);
        previous = look.pair;
        out.pass_on()?;
    }
    drop(looks);
    let marked = if let Marked::Rules(marked) = &memory.marked { marked.as_slice() } else { &[] };
    let rest = postcard::to_stdvec(&RestRef {
        rules: &memory.rules,
        shown: &memory.shown,
        marked,
        leads: &memory.aging.leads,
        settled_at: memory.aging.settled_at,
    })
    .map_err(|error| io::Error::other(tr!("cannot encode the memory: {error}", error)))?;
    drop(memory);
    number(&mut out.block, rest.len() as u64);
    for part in rest.chunks(BLOCK) {
        out.block.extend_from_slice(part);
        out.pass_on()?;
    }
    out.finish()
}

/// Writes the file's bytes into memory.
pub fn encode(memory: Memory) -> Result<Vec<u8>, String> {
    Packed::of(memory).map(|packed| packed.0.0.concat())
}

/// A memory as the file has it, kept by this process: a fifth of its size.
#[derive(Debug, Default)]
pub struct Packed(Parts);

impl Packed {
    /// Packs it.
    pub fn of(memory: Memory) -> Result<Packed, String> {
        let mut bytes = Parts(Vec::new());
        write(memory, &mut bytes).map_err(|error| error.to_string())?;
        Ok(Packed(bytes))
    }

    /// Writes the file. Each part goes as soon as it is written.
    pub fn write_to(self, out: &mut dyn Write) -> io::Result<()> {
        self.0.0.into_iter().try_for_each(|part| out.write_all(&part))
    }

    /// What was packed. It stays, too.
    pub fn memory(&self) -> Result<Memory, String> {
        Self::unpacked(self.0.0.iter().cloned(), self.length())
    }

    /// What was packed: each part goes as soon as it is read.
    pub fn into_memory(self) -> Result<Memory, String> {
        let length = self.length();
        Self::unpacked(self.0.0.into_iter(), length)
    }

    fn length(&self) -> usize {
        self.0.0.iter().map(Vec::len).sum()
    }

    /// Of nothing nothing is remembered.
    fn unpacked(parts: impl Iterator<Item = Vec<u8>>, length: usize) -> Result<Memory, String> {
        let mut parts = PartByPart { parts, part: Vec::new(), at: 0 };
        // It was written here: its checksum says nothing.
        let Some(body) = length.checked_sub(MAGIC.len() + 4) else { return Ok(Memory::default()) };
        let body = body as u64;
        let read =
            parts.read_exact(&mut [0; MAGIC.len()]).map_err(Unread::from).and_then(|()| read_body(Blocks::of(parts.take(body)), body));
        read.map_err(Unread::into_words)
    }
}

/// Bytes as they come: a list that doubles would take twice as much.
#[derive(Debug, Default)]
struct Parts(Vec<Vec<u8>>);

struct PartByPart<P> {
    parts: P,
    part: Vec<u8>,
    at: usize,
}

impl<P: Iterator<Item = Vec<u8>>> Read for PartByPart<P> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.part.len() {
            let Some(next) = self.parts.next() else { return Ok(0) };
            (self.part, self.at) = (next, 0);
        }
        let read = (&self.part[self.at..]).read(into)?;
        self.at += read;
        Ok(read)
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_look(out: &mut Vec<u8>, look: &CounterSample, previous: u64, first_day: i32) {
    // The low byte of a pair's hash is always zero.
    number(out, look.pair.wrapping_sub(previous) >> 8);
    out.extend_from_slice(&look.detail.0.to_le_bytes());
    let [older, newer] = look.settled();
    let settled = if [older, newer] == [look.shown; 2] { AT_REST } else { u64::from([older, newer] != [[0; 3]; 2]) };
    let is_missing = u64::from(look.not_told != NotTold::NOTHING);
    let flags = u64::from(look.marks != 0) | u64::from(look.unseen_since != 0) << 1 | settled << 2 | is_missing << 4;
    number(out, flags | ((look.day.max(first_day) - first_day) as u64) << FLAGS);
    look.shown.iter().for_each(|counter| number(out, *counter));
    if look.marks != 0 {
        number(out, look.marks);
    }
    if look.unseen_since != 0 {
        number(out, u64::from(look.unseen_since));
    }
    if is_missing != 0 {
        number(out, u64::from(look.not_told.0));
    }
    if settled == 1 {
        (0..3).for_each(|counter| number(out, look.shown[counter].wrapping_sub(newer[counter])));
        (0..3).for_each(|counter| number(out, newer[counter].wrapping_sub(older[counter])));
    }
}

/// A file on its way, block by block, with its checksum so far.
struct Summed<'o> {
    out: &'o mut dyn Write,
    sum: crc32fast::Hasher,
    block: Vec<u8>,
}

impl Summed<'_> {
    /// Writes what has come to be a block.
    fn pass_on(&mut self) -> io::Result<()> {
        if self.block.len() < BLOCK { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sum.update(&self.block);
        self.out.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.out.write_all(&self.sum.finalize().to_le_bytes())
    }
}

/// Why what is remembered cannot be had.
#[derive(Debug)]
pub enum Unread {
    /// It could not be read now, and may be whole.
    Io(io::Error),
    /// It is of no use, for this reason.
    Useless(String),
}

impl Unread {
    fn into_words(self) -> String {
        match self {
            Unread::Io(error) => error.to_string(),
            Unread::Useless(why) => why,
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        // It became shorter while it was read.
        if error.kind() == io::ErrorKind::UnexpectedEof { damaged() } else { Unread::Io(error) }
    }
}

fn damaged() -> Unread {
    Unread::Useless(tr!("it is damaged"))
}

/// Reads the file's bytes: first all of them for their checksum, then block by block.
pub fn read(mut file: impl Read + Seek) -> Result<Memory, Unread> {
    let length = file.seek(SeekFrom::End(0))?;
    let body = length.checked_sub(4).ok_or_else(damaged)?;
    file.rewind()?;
    let mut source = Blocks::of(file.by_ref().take(body));
    let mut sum = crc32fast::Hasher::new();
    source.fill(MAGIC.len())?;
    if !source.held().starts_with(MAGIC) {
        return Err(Unread::Useless(tr!("it is not a pcemon file")));
    }
    while !source.held().is_empty() {
        sum.update(source.held());
        source.at = source.block.len();
        source.fill(1)?;
    }
    let mut told = [0u8; 4];
    file.read_exact(&mut told)?;
    if sum.finalize().to_le_bytes() != told {
        return Err(Unread::Useless(tr!("its checksum is wrong")));
    }
    file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
    let body = body - MAGIC.len() as u64;
    read_body(Blocks::of(file.by_ref().take(body)), body)
}

/// Reads the file's bytes from memory.
pub fn decode(bytes: &[u8]) -> Result<Memory, String> {
    read(io::Cursor::new(bytes)).map_err(Unread::into_words)
}

fn read_body<R: Read>(mut source: Blocks<R>, body: u64) -> Result<Memory, Unread> {
    let version = source.one(|bytes| bytes.byte())?;
    if ![VERSION, FIRST_VERSION].contains(&version) {
        return Err(Unread::Useless(tr!("another version of pcemon wrote it")));
    }
    let count = source.one(|bytes| bytes.number())?;
    // Every look takes at least a dozen bytes: a count beyond that is no count.
    if count > body / 12 {
        return Err(damaged());
    }
    let first_day = i32::try_from(source.one(|bytes| bytes.number())?).map_err(|_| damaged())?;
    let mut looks = Vec::with_capacity(count as usize);
    let mut pair = 0u64;
    for _ in 0..count {
        looks.push(source.one(|bytes| match version {
            VERSION => bytes.look(&mut pair, first_day),
            _ => bytes.first_look(&mut pair, first_day),
        })?);
    }
    let length = source.one(|bytes| bytes.number())?;
    let rest = source.rest(length.min(body))?;
    if rest.len() as u64 != length {
        return Err(damaged());
    }
    if version == FIRST_VERSION {
        let FirstRest { rules, shown, marks_of } = postcard::from_bytes(&rest).map_err(|_| damaged())?;
        let rules = rules.into_iter().map(|(key, rule)| (key, rule.into())).collect();
        return Ok(Memory { looks, rules, shown, marked: Marked::Fingerprint(marks_of), aging: Aging::default() });
    }
    let Rest { rules, shown, marked, leads, settled_at } = postcard::from_bytes(&rest).map_err(|_| damaged())?;
    Ok(Memory { looks, rules, shown, marked: Marked::Rules(marked), aging: Aging { leads, settled_at } })
}

/// A file that is read block by block.
struct Blocks<R> {
    file: R,
    block: Vec<u8>,
    /// So much of the block was read.
    at: usize,
}

impl<R: Read> Blocks<R> {
    fn of(file: R) -> Self {
        Blocks { file, block: Vec::with_capacity(BLOCK + LONGEST), at: 0 }
    }

    /// What is held and was not read.
    fn held(&self) -> &[u8] {
        &self.block[self.at..]
    }

    /// Holds at least so much, if there is so much.
    fn fill(&mut self, least: usize) -> io::Result<()> {
        if self.block.len() - self.at < least {
            self.block.drain(..self.at);
            self.at = 0;
            self.file.by_ref().take(BLOCK as u64).read_to_end(&mut self.block)?;
        }
        Ok(())
    }

    /// Reads one thing.
    fn one<T>(&mut self, read: impl FnOnce(&mut Bytes<'_>) -> Option<T>) -> Result<T, Unread> {
        self.fill(LONGEST)?;
        let mut bytes = Bytes { rest: &self.block[self.at..] };
        let read = read(&mut bytes).ok_or_else(damaged)?;
        self.at = self.block.len() - bytes.rest.len();
        Ok(read)
    }

    /// Reads so many bytes, or as many as there are.
    fn rest(mut self, length: u64) -> io::Result<Vec<u8>> {
        self.block.drain(..self.at);
        let mut rest = self.block;
        let more = length.saturating_sub(rest.len() as u64);
        rest.reserve_exact(more as usize);
        self.file.take(more).read_to_end(&mut rest)?;
        rest.truncate(length as usize);
        Ok(rest)
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

struct Bytes<'b> {
    rest: &'b [u8],
}

impl<'b> Bytes<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn counters(&mut self) -> Option<[u64; 3]> {
        Some([self.number()?, self.number()?, self.number()?])
    }

    fn look(&mut self, pair: &mut u64, first_day: i32) -> Option<CounterSample> {
        let (detail, head, shown) = self.head(pair)?;
        let marks = if head & 1 != 0 { self.number()? } else { 0 };
        let unseen_since = if head & 2 != 0 { u32::try_from(self.number()?).ok()? } else { 0 };
        let is_missing = head >> 4 & 1 != 0;
        let not_told = NotTold(if is_missing { u32::try_from(self.number()?).ok()? } else { 0 });
        let settled = match head >> 2 & 3 {
            0 => [[0; 3]; 2],
            1 => {
                let (newer, older) = (self.counters()?, self.counters()?);
                let newer = [0, 1, 2].map(|counter: usize| shown[counter].wrapping_sub(newer[counter]));
                [[0, 1, 2].map(|counter: usize| newer[counter].wrapping_sub(older[counter])), newer]
            }
            _ => [shown; 2],
        };
        let day = first_day.checked_add(i32::try_from(head >> FLAGS).ok()?)?;
        let earlier = Earlier::Nothing;
        let mut look = CounterSample { pair: *pair, detail, shown, earlier, day, unseen_since, marks, part: 0, not_told, unproven: false };
        look.set_settled(settled);
        Some(look)
    }

    /// As version 4 has it: what was counted before a counter shrank is of no use any more.
    fn first_look(&mut self, pair: &mut u64, first_day: i32) -> Option<CounterSample> {
        let (detail, head, shown) = self.head(pair)?;
        if head & 1 != 0 {
            self.counters()?;
        }
        let marks = if head & 2 != 0 { self.number()? } else { 0 };
        let day = first_day.checked_add(i32::try_from(head >> 2).ok()?)?;
        Some(CounterSample {
            pair: *pair,
            detail,
            shown,
            earlier: Earlier::Nothing,
            day,
            unseen_since: 0,
            marks,
            part: 0,
            not_told: NotTold::NOTHING,
            unproven: false,
        })
    }

    fn head(&mut self, pair: &mut u64) -> Option<(Detail, u64, [u64; 3])> {
        *pair = pair.wrapping_add(self.number()?.checked_mul(256)?);
        let detail = Detail(u64::from_le_bytes(self.take(8)?.try_into().ok()?));
        Some((detail, self.number()?, self.counters()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::Contributor;
    use crate::domain::metric::Metric;
    use crate::judge::measurement::Span;
    use crate::judge::tally::{Amount, Tally};
    use proptest::prelude::*;

    fn look() -> impl Strategy<Value = CounterSample> {
        let settled = prop_oneof![Just(None), Just(Some([[0; 3]; 2])), any::<[[u64; 3]; 2]>().prop_map(Some)];
        let pair = (0u64..1 << 56).prop_map(|hash| hash << 8);
        (pair, any::<u64>(), any::<[u64; 3]>(), settled, any::<u32>(), 0i32..40_000, any::<u64>(), prop_oneof![Just(0u32), any::<u32>()])
            .prop_map(|(pair, detail, shown, settled, unseen_since, day, marks, not_told)| {
                let (detail, not_told, earlier) = (Detail(detail), NotTold(not_told), Earlier::Nothing);
                let mut look = CounterSample { pair, detail, shown, earlier, day, unseen_since, marks, part: 0, not_told, unproven: false };
                look.set_settled(settled.unwrap_or([shown; 2]));
                look
            })
    }

    /// Everything a rule can remember: sums, rates, different values, contributors, absent group values.
    fn rule_memory(metric: &Metric, learning: bool, value: u64) -> RuleMemory {
        let mut tally = Tally::new(Amount::zero(metric));
        for (key, group) in [(1, Some("web".to_owned())), (2, None)] {
            let group = tally.group(key, || vec![group, Some("王".to_owned())]).unwrap();
            tally.add(group, value, value, || ());
            tally.groups[group as usize].learning = learning;
        }
        let talker = |(): &(), value| Contributor {
            src: "a".to_owned(),
            dst: String::new(),
            port: learning.then_some(443),
            proto: "tcp".to_owned(),
            decision: "allowed".to_owned(),
            value,
        };
        let to = Timestamp::new(1_785_000_000, 123_456_789).unwrap();
        let span = Span { from: Some(Timestamp::UNIX_EPOCH), to };
        let mut memory = RuleMemory::default();
        memory.measure(metric, std::time::Duration::from_secs(600), true, tally, span, talker);
        memory
    }

    #[test]
    fn what_rules_remember_comes_back() {
        let metrics = [Metric::Bytes, Metric::Flows, Metric::Bandwidth, Metric::Throughput];
        let rules: BTreeMap<u64, RuleMemory> = (0u64..)
            .zip(metrics.iter().flat_map(|metric| [false, true].map(|learning| rule_memory(metric, learning, u64::MAX - 5))))
            .collect();
        assert!(rules.values().all(|rule| *rule != RuleMemory::default()));
        let memory = Memory { rules, ..Memory::default() };
        assert_eq!(decode(&encode(memory.clone()).unwrap()).unwrap(), memory);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(mut looks in prop::collection::vec(look(), 0..50), shown in prop::collection::btree_map(any::<u64>(), Just(Timestamp::UNIX_EPOCH), 0..5)) {
            looks.sort_by_key(|look| (look.pair, look.detail));
            let memory = Memory { looks, shown, rules: BTreeMap::new(), marked: Marked::Rules(vec![7, 9]), aging: Aging { leads: [(3, Lead { day: 4, own: [[[5; 3]; 2]; 2] })].into(), settled_at: Some(Timestamp::UNIX_EPOCH) } };
            prop_assert_eq!(decode(&encode(memory.clone()).unwrap()).unwrap(), memory.clone());
            let packed = Packed::of(memory.clone()).unwrap();
            prop_assert_eq!(packed.memory().unwrap(), memory.clone());
            prop_assert_eq!(packed.into_memory().unwrap(), memory);
        }

        #[test]
        fn damage_is_seen(looks in prop::collection::vec(look(), 1..20), at in any::<prop::sample::Index>(), flip in 1u8..=255, cut in any::<prop::sample::Index>()) {
            let bytes = encode(Memory { looks, ..Memory::default() }).unwrap();
            let mut damaged = bytes.clone();
            damaged[at.index(bytes.len())] ^= flip;
            prop_assert!(decode(&damaged).is_err());
            prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
    }
}

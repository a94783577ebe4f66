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
use crate::judge::sample::CounterSample;
use crate::judge::traffic::Marked;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bits of a look's head that say what follows; the rest is the day.
const FLAGS: u32 = 5;
/// What they say of a look whose counters have not moved for long; 0: it is new, 1: its earlier counters follow.
const AT_REST: u64 = 2;
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

/// Writes the file's bytes.
pub fn encode(memory: &Memory) -> Result<Vec<u8>, String> {
    let marked = if let Marked::Rules(marked) = &memory.marked { marked.as_slice() } else { &[] };
    let rest = postcard::to_stdvec(&RestRef {
        rules: &memory.rules,
        shown: &memory.shown,
        marked,
        leads: &memory.aging.leads,
        settled_at: memory.aging.settled_at,
    })
    .map_err(|error| tr!("cannot encode the memory: {error}", error))?;
    let mut out = Vec::with_capacity(64 + memory.looks.len() * 24 + rest.len());
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
    number(&mut out, memory.looks.len() as u64);
    let first_day = memory.looks.iter().map(|look| look.day).min().unwrap_or(0).max(0);
    number(&mut out, first_day as u64);
    let mut previous = 0u64;
    for look in &memory.looks {
        // The low byte of a pair's hash is always zero.
        number(&mut out, look.pair.wrapping_sub(previous) >> 8);
        previous = look.pair;
        out.extend_from_slice(&look.detail.0.to_le_bytes());
        let settled = if look.settled == [look.shown; 2] { AT_REST } else { u64::from(look.settled != [[0; 3]; 2]) };
        let is_missing = u64::from(look.not_told != NotTold::NOTHING);
        let flags = u64::from(look.marks != 0) | u64::from(look.unseen_since != 0) << 1 | settled << 2 | is_missing << 4;
        number(&mut out, flags | ((look.day.max(first_day) - first_day) as u64) << FLAGS);
        look.shown.iter().for_each(|counter| number(&mut out, *counter));
        if look.marks != 0 {
            number(&mut out, look.marks);
        }
        if look.unseen_since != 0 {
            number(&mut out, u64::from(look.unseen_since));
        }
        if is_missing != 0 {
            number(&mut out, u64::from(look.not_told.0));
        }
        if settled == 1 {
            let [older, newer] = look.settled;
            (0..3).for_each(|counter| number(&mut out, look.shown[counter].wrapping_sub(newer[counter])));
            (0..3).for_each(|counter| number(&mut out, newer[counter].wrapping_sub(older[counter])));
        }
    }
    number(&mut out, rest.len() as u64);
    out.extend_from_slice(&rest);
    let sum = crc32fast::hash(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    Ok(out)
}

/// Reads the file's bytes.
pub fn decode(bytes: &[u8]) -> Result<Memory, String> {
    let damaged = || tr!("it is damaged");
    let (body, sum) = bytes.split_at_checked(bytes.len().saturating_sub(4)).ok_or_else(damaged)?;
    if !body.starts_with(MAGIC) {
        return Err(tr!("it is not a pcemon file"));
    }
    if crc32fast::hash(body).to_le_bytes() != *sum {
        return Err(tr!("its checksum is wrong"));
    }
    let mut reader = Bytes { rest: &body[MAGIC.len()..] };
    let version = reader.byte().ok_or_else(damaged)?;
    if ![VERSION, FIRST_VERSION].contains(&version) {
        return Err(tr!("another version of pcemon wrote it"));
    }
    let count = reader.number().ok_or_else(damaged)?;
    // Every look takes at least a dozen bytes: a count beyond that is no count.
    if count > reader.rest.len() as u64 / 12 {
        return Err(damaged());
    }
    let first_day = reader.number().and_then(|day| i32::try_from(day).ok()).ok_or_else(damaged)?;
    let mut looks = Vec::with_capacity(count as usize);
    let mut pair = 0u64;
    for _ in 0..count {
        let look = if version == VERSION { reader.look(&mut pair, first_day) } else { reader.first_look(&mut pair, first_day) };
        looks.push(look.ok_or_else(damaged)?);
    }
    let length = reader.number().ok_or_else(damaged)? as usize;
    let rest = reader.take(length).ok_or_else(damaged)?;
    if version == FIRST_VERSION {
        let FirstRest { rules, shown, marks_of } = postcard::from_bytes(rest).map_err(|_| damaged())?;
        let rules = rules.into_iter().map(|(key, rule)| (key, rule.into())).collect();
        return Ok(Memory { looks, rules, shown, marked: Marked::Fingerprint(marks_of), aging: Aging::default() });
    }
    let Rest { rules, shown, marked, leads, settled_at } = postcard::from_bytes(rest).map_err(|_| damaged())?;
    Ok(Memory { looks, rules, shown, marked: Marked::Rules(marked), aging: Aging { leads, settled_at } })
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
        Some(CounterSample { pair: *pair, detail, shown, settled, day, unseen_since, marks, part: 0, not_told, unproven: false })
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
            settled: [[0; 3]; 2],
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
            .prop_map(|(pair, detail, shown, settled, unseen_since, day, marks, not_told)| CounterSample {
                pair,
                detail: Detail(detail),
                shown,
                settled: settled.unwrap_or([shown; 2]),
                day,
                unseen_since,
                marks,
                part: 0,
                not_told: NotTold(not_told),
                unproven: false,
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
        assert_eq!(decode(&encode(&memory).unwrap()).unwrap(), memory);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(mut looks in prop::collection::vec(look(), 0..50), shown in prop::collection::btree_map(any::<u64>(), Just(Timestamp::UNIX_EPOCH), 0..5)) {
            looks.sort_by_key(|look| (look.pair, look.detail));
            let memory = Memory { looks, shown, rules: BTreeMap::new(), marked: Marked::Rules(vec![7, 9]), aging: Aging { leads: [(3, Lead { day: 4, own: [[[5; 3]; 2]; 2] })].into(), settled_at: Some(Timestamp::UNIX_EPOCH) } };
            prop_assert_eq!(decode(&encode(&memory).unwrap()).unwrap(), memory);
        }

        #[test]
        fn damage_is_seen(looks in prop::collection::vec(look(), 1..20), at in any::<prop::sample::Index>(), flip in 1u8..=255, cut in any::<prop::sample::Index>()) {
            let bytes = encode(&Memory { looks, ..Memory::default() }).unwrap();
            let mut damaged = bytes.clone();
            damaged[at.index(bytes.len())] ^= flip;
            prop_assert!(decode(&damaged).is_err());
            prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
    }
}

//! What makes two flow records the same record, the same pair, the same flow: stable hashes and packed details.

use crate::domain::record::{Direction, Flow};
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

/// Everything that tells the records of one pair apart, packed so that it sorts and stores well: reporter (1 bit),
/// decision (2), state (3), first detection in seconds (20, it wraps after twelve days), and hashes of the
/// endpoints' hrefs (8), of the process (12), of the user (10) and of everything else (8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Detail(pub u64);

impl Detail {
    const FIRST_BITS: u32 = 20;

    /// What may move of a record: its state, its ends, its process, its user, everything else; last its beginning.
    pub(super) const PARTS: [u64; 6] = [7 << 58, 0xff << 30, 0xfff << 18, 0x3ff << 8, 0xff, ((1 << Self::FIRST_BITS) - 1) << 38];

    /// All of it but one part.
    pub(super) fn but_for(self, part: usize) -> u64 {
        self.0 & !Self::PARTS[part]
    }

    pub(super) fn of(flow: &Flow<'_>, first: Timestamp, scratch: &mut Vec<u8>) -> Self {
        let mut ends = [0u8; 16];
        ends[..8].copy_from_slice(&flow.src.href_key.to_le_bytes());
        ends[8..].copy_from_slice(&flow.dst.href_key.to_le_bytes());
        let ends = xxh3_64(&ends);
        Detail(
            u64::from(flow.direction == Direction::Inbound) << 63
                | (flow.decision as u64) << 61
                | state_code(flow.state) << 58
                | (first.as_second().rem_euclid(1 << Self::FIRST_BITS) as u64) << 38
                | (ends & 0xff) << 30
                | (xxh3_64(flow.process.as_bytes()) & 0xfff) << 18
                | (xxh3_64(flow.user.as_bytes()) & 0x3ff) << 8
                | (rest_key(flow, scratch) & 0xff),
        )
    }

    pub(super) fn inbound(self) -> bool {
        self.0 >> 63 == 1
    }

    pub(super) fn decision_bit(self) -> u8 {
        1 << ((self.0 >> 61) & 3)
    }

    /// Which decision, by its number.
    pub(super) fn decision(self) -> usize {
        ((self.0 >> 61) & 3) as usize
    }

    pub(super) fn is_blocked(self) -> bool {
        self.decision() == crate::domain::record::Decision::Blocked as usize
    }

    pub(super) fn state_bit(self) -> u8 {
        1 << ((self.0 >> 58) & 7)
    }

    pub(super) fn state(self) -> u64 {
        (self.0 >> 58) & 7
    }

    pub(super) fn ends(self) -> u64 {
        (self.0 >> 30) & 0xff
    }

    pub(super) fn with_ends_of(self, other: Detail) -> Detail {
        const ENDS: u64 = 0xff << 30;
        Detail(self.0 & !ENDS | other.0 & ENDS)
    }

    pub(super) fn process(self) -> u64 {
        (self.0 >> 18) & 0xfff
    }

    pub(super) fn user(self) -> u64 {
        (self.0 >> 8) & 0x3ff
    }

    /// How much a record is like another one that it may have been: each thing that is the same counts, its beginning most.
    pub(super) fn likeness(self, other: Detail) -> u32 {
        let same = |a: u64, b: u64| u32::from(a == b);
        let else_same = same(self.0 & 0xff, other.0 & 0xff) + same(self.process(), other.process()) + same(self.user(), other.user());
        let first = same((self.0 >> 38) & ((1 << Self::FIRST_BITS) - 1), (other.0 >> 38) & ((1 << Self::FIRST_BITS) - 1));
        8 * first + else_same + same(self.ends(), other.ends()) + same(self.state(), other.state())
    }

    /// Seconds from this record's first detection to `other`'s; right when they are less than six days apart.
    pub(super) fn seconds_until(self, other: Detail) -> i64 {
        let first = |detail: Detail| ((detail.0 >> 38) & ((1 << Self::FIRST_BITS) - 1)) as i64;
        let range = 1i64 << Self::FIRST_BITS;
        (first(other) - first(self) + range / 2).rem_euclid(range) - range / 2
    }

    /// The first detection as an instant, given one that is less than six days away.
    pub(super) fn first_near(self, near: Timestamp) -> i64 {
        let here = Detail((near.as_second().rem_euclid(1 << Self::FIRST_BITS) as u64) << 38);
        near.as_second() + here.seconds_until(self)
    }
}

/// Connection states in three bits. Words this program has never heard of share one.
fn state_code(state: &str) -> u64 {
    match state {
        "active" => 1,
        "closed" => 2,
        "timed out" => 3,
        "snapshot" => 4,
        "new" => 5,
        "" => 0,
        "unknown" | "incomplete" => 6,
        _ => 7,
    }
}

/// The state bits that a rule's `state` condition selects.
pub fn state_mask(states: &[String]) -> u8 {
    states.iter().fold(0, |mask, state| mask | 1 << state_code(state))
}

/// What else makes the PCE keep two records apart.
fn rest_key(flow: &Flow<'_>, scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    for part in [flow.service, flow.network, flow.client_type, flow.transmission] {
        scratch.extend_from_slice(part.as_bytes());
        scratch.push(0xff);
    }
    scratch.extend_from_slice(&flow.icmp.to_le_bytes());
    xxh3_64(scratch)
}

/// The hash that stands for a pair: addresses, port, protocol and UTC day of the first detection.
pub(super) fn pair_key(flow: &Flow<'_>, day: i64) -> u64 {
    let mut bytes = [0u8; 30];
    bytes[..TUPLE].copy_from_slice(&tuple(flow));
    bytes[TUPLE..].copy_from_slice(&day.to_le_bytes());
    // 56 bits are enough for tens of millions of pairs, and store in a byte less.
    xxh3_64(&bytes) & !0xff
}

/// The hash that stands for what both ends of a pair tell alike: addresses, port and protocol.
pub fn flow_pair(flow: &Flow<'_>) -> u64 {
    xxh3_64(&tuple(flow))
}

/// The hash that stands for a flow in the metric `flows`: addresses, port, protocol, decision.
pub fn flow_key(flow: &Flow<'_>) -> u64 {
    let mut bytes = [0u8; TUPLE + 1];
    bytes[..TUPLE].copy_from_slice(&tuple(flow));
    bytes[TUPLE] = flow.decision as u8;
    xxh3_64(&bytes)
}

/// A hash that stands for one record, the same in every answer.
pub fn record_key(flow: &Flow<'_>) -> u64 {
    let mut bytes = flow_key(flow).to_le_bytes().to_vec();
    bytes.push(u8::from(flow.direction == Direction::Inbound));
    bytes.extend_from_slice(&flow.first.map_or(0, |first| first.as_nanosecond()).to_le_bytes());
    for text in [flow.process, flow.user, flow.service, flow.network] {
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0xff);
    }
    xxh3_64(&bytes).max(1)
}

const TUPLE: usize = 22;

/// Addresses, port and protocol, as bytes.
fn tuple(flow: &Flow<'_>) -> [u8; TUPLE] {
    let mut bytes = [0u8; TUPLE];
    bytes[0..8].copy_from_slice(&flow.src.ip_key.to_le_bytes());
    bytes[8..16].copy_from_slice(&flow.dst.ip_key.to_le_bytes());
    bytes[16..20].copy_from_slice(&flow.port.map_or(-1, i32::from).to_le_bytes());
    bytes[20..22].copy_from_slice(&flow.proto.to_le_bytes());
    bytes
}

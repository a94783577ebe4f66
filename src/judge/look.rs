//! One bucket record as it was seen, and where the looks of a pair lie among all.

use super::identity::Detail;

/// Connections, bytes in, bytes out.
pub type Counters = [u64; 3];

/// One record at the previous look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which pair.
    pub pair: u64,
    /// Which of its records.
    pub detail: Detail,
    /// The counters, as the PCE showed them.
    pub shown: Counters,
    /// The counters as they were at two earlier looks: at least `lookback` ago, and in between.
    pub settled: [Counters; 2],
    /// The last UTC day (since the epoch) on which the bucket can still grow.
    pub day: i32,
    /// When it was seen last, in seconds, where a later look may have left it out; 0: it was at rest or seen since.
    pub unseen_since: u32,
    /// Which of the rules that look at a reporter's own fields count this record.
    pub marks: u64,
    /// 0: not seen in this run; n + 1: seen in part n of the answer.
    pub part: u32,
}

/// Where the looks of a pair lie among all. The keys are hashes, evenly spread, so a table over
/// their first bits leads to a handful of looks.
#[derive(Debug)]
pub(super) struct Index {
    starts: Vec<u32>,
    shift: u32,
}

impl Index {
    pub(super) fn new(looks: &[Look]) -> Self {
        // About four looks for each entry.
        let bits = (looks.len() / 4).max(2).ilog2().clamp(1, 24);
        let shift = u64::BITS - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for look in looks {
            starts[(look.pair >> shift) as usize + 1] += 1;
        }
        let mut before = 0u32;
        for start in &mut starts {
            before = before.saturating_add(*start);
            *start = before;
        }
        Self { starts, shift }
    }

    /// From the first to behind the last look of a pair.
    pub(super) fn find(&self, looks: &[Look], pair: u64) -> (usize, usize) {
        let entry = (pair >> self.shift) as usize;
        let (low, high) = (self.starts[entry] as usize, self.starts[entry + 1] as usize);
        let start = low + looks[low..high].partition_point(|look| look.pair < pair);
        (start, start + looks[start..high].partition_point(|look| look.pair == pair))
    }
}

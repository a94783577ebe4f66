//! What the parts of judging an answer cost: decoding, matching, accounting. `cargo bench --bench parts`.
//!
//! For whole commands against public tools see `benches/compare`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that panics says where")]

use jiff::Timestamp;
use pcemon::config;
use pcemon::domain::record::{Flow, FlowSink};
use pcemon::domain::rule::Rule;
use pcemon::domain::time::{after, before};
use pcemon::judge::ask;
use pcemon::judge::coverage::Scope;
use pcemon::judge::memory::RuleMemory;
use pcemon::judge::reading::{Learned, Sample};
use pcemon::judge::traffic::{Settings, TrafficJudge, TrafficMemory};
use pcemon::pce::decode::{Endpoints, decode_flows};
use pcemon::sim::generate::Params;
use pcemon::sim::world::World;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const LOOKBACK: Duration = Duration::from_secs(1_800);
const SETTINGS: Settings =
    Settings { lookback: LOOKBACK, cap: 2_000_000, most_new: usize::MAX, is_over: || false, may_repeat: false, learned: NOTHING_LEARNED };

const NOTHING: Sample = Sample { blocked: 0, reported: 0 };
const NOTHING_LEARNED: Learned = Learned { past: NOTHING, present: NOTHING };

/// Takes records and keeps nothing.
struct Nothing(u64);

impl FlowSink for Nothing {
    fn flow(&mut self, flow: &Flow<'_>) {
        self.0 = self.0.wrapping_add(flow.connections);
    }
}

fn judged(rules: &[&Rule], memory: Option<TrafficMemory>, answer: &[u8], now: Timestamp) -> Option<TrafficMemory> {
    let coverage = memory.as_ref().map(|memory| memory.coverage.clone()).unwrap_or_default();
    let wanted = ask::Wanted {
        decisions: Vec::new(),
        scope: Scope::Everything,
        longest_window: LOOKBACK,
        lookback: LOOKBACK,
        max_gap: Duration::from_secs(86_400),
    };
    let question = ask::increases(coverage, &wanted, now);
    let memory = memory.map(|memory| TrafficMemory { coverage: question.coverage.clone(), ..memory });
    let mut judge = TrafficJudge::new(rules, memory, SETTINGS, now);
    let mut endpoints = Endpoints::new(judge.marker());
    decode_flows(answer, &mut endpoints, &mut judge).unwrap();
    let mut memories = vec![RuleMemory::default(); rules.len()];
    let (covered, closing) = question.close([true; 4], &ask::Beside { lookback: LOOKBACK, ..Default::default() });
    judge.finish(&mut memories, question.span, covered, closing).memory
}

/// Runs a part for three seconds and prints the median and how many records a second that is. What `prepare` does is not
/// counted.
fn measure<I, O>(name: &str, records: u64, mut prepare: impl FnMut() -> I, mut part: impl FnMut(I) -> O) {
    let (begun, mut took) = (Instant::now(), Vec::new());
    while took.len() < 5 || begun.elapsed() < Duration::from_secs(3) {
        let input = prepare();
        let at = Instant::now();
        let output = black_box(part(black_box(input)));
        took.push(at.elapsed());
        drop(output);
    }
    took.sort_unstable();
    let (median, best) = (took[took.len() / 2].as_secs_f64(), took[0].as_secs_f64());
    println!(
        "{name:<40} {:>9.2} ms (best {:>9.2} ms)  {:>6.2} million records a second  {} runs",
        median * 1e3,
        best * 1e3,
        records as f64 / median / 1e6,
        took.len()
    );
}

fn main() {
    let start: Timestamp = "2026-11-19T00:00:00Z".parse().unwrap();
    let params = Params { minutes: 720, managed: 400, unmanaged: 200, long_lived: 3_000, short: 3_000, ..Params::small(7, start) };
    let world = World::generate(&params);
    let (earlier, now) = (after(start, Duration::from_secs(42_000)), after(start, Duration::from_secs(42_600)));
    let answer = |at: Timestamp| {
        let records: Vec<_> =
            world.record_set(at, before(at, Duration::from_secs(43_200)), at).iter().map(|record| record.to_json()).collect();
        (records.len() as u64, serde_json::to_vec(&records).unwrap())
    };
    let (_, first) = answer(earlier);
    let (count, second) = answer(now);
    let config = config::parse(Path::new("five.toml"), include_str!("five.toml")).unwrap();
    let rules: Vec<&Rule> = config.rules.iter().collect();
    let warm = judged(&rules, Some(TrafficMemory::default()), &first, earlier).unwrap();

    measure(
        "decode",
        count,
        || (),
        |()| {
            let mut sink = Nothing(0);
            decode_flows(second.as_slice(), &mut Endpoints::new(|_| Box::default()), &mut sink).unwrap();
            sink.0
        },
    );
    measure("decode and match, five rules", count, || (), |()| judged(&rules, None, &second, now).is_none());
    measure(
        "decode, match and account, five rules",
        count,
        || TrafficMemory {
            looks: warm.looks.clone(),
            coverage: warm.coverage.clone(),
            marked: warm.marked.clone(),
            aging: warm.aging.clone(),
        },
        |memory| judged(&rules, Some(memory), &second, now),
    );
}

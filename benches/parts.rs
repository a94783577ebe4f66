//! What the parts of judging an answer cost: decoding, matching, accounting. `cargo bench --bench parts`.
//!
//! For whole commands against public tools see `benches/compare`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark that panics says where")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
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
use std::path::Path;
use std::time::Duration;

const LOOKBACK: Duration = Duration::from_secs(1_800);
const SETTINGS: Settings = Settings { lookback: LOOKBACK, cap: 2_000_000, may_repeat: false, learned: NOTHING_LEARNED };

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
    let (covered, closing) = question.close([true; 4], LOOKBACK);
    judge.finish(&mut memories, question.span, covered, closing).memory
}

fn parts(criterion: &mut Criterion) {
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

    let mut group = criterion.benchmark_group("records");
    group.throughput(Throughput::Elements(count));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let mut sink = Nothing(0);
            decode_flows(second.as_slice(), &mut Endpoints::new(|_| Box::default()), &mut sink).unwrap();
            sink.0
        });
    });
    group.bench_function("decode and match, five rules", |bencher| bencher.iter(|| judged(&rules, None, &second, now).is_none()));
    group.bench_function("decode, match and account, five rules", |bencher| {
        bencher.iter_batched(
            || TrafficMemory {
                looks: warm.looks.clone(),
                coverage: warm.coverage.clone(),
                marked: warm.marked.clone(),
                aging: warm.aging.clone(),
            },
            |memory| judged(&rules, Some(memory), &second, now),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);

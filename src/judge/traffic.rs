//! All traffic rules over one stream of records, in one pass.

use super::accounting::{Aging, Closing, Hit, Increases, Ledger, RuleAccount, Talk, Terms};
use super::coverage::Coverage;
use super::identity::{flow_key, state_mask};
use super::look::{Counters, Look};
use super::memory::{Observation, RuleMemory, Span, measure_alone};
use super::pair::{Selector, Ways};
use super::plan::Plan;
use super::reading::Learned;
use super::repeats::Repeats;
use super::sightings::Sightings;
use super::tally::{Amount, Tally};
use crate::domain::alert::Talker;
use crate::domain::field::Field;
use crate::domain::filter::{Filter, TrafficCondition};
use crate::domain::metric::Metric;
use crate::domain::record::{Decision, Direction, Endpoint, Flow, FlowSink, proto_name};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::visible;
use crate::domain::time::before;
use jiff::Timestamp;
use std::rc::Rc;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// One rule while records stream by.
struct Judged<'r> {
    rule: &'r Rule,
    tally: Tally<Contributor>,
    account: RuleAccount,
}

/// What is kept of a contributor until it is shown.
struct Contributor {
    src: Rc<str>,
    dst: Rc<str>,
    port: Option<u16>,
    proto: i16,
    decision: Decision,
}

impl Contributor {
    fn of(flow: &Flow<'_>) -> Self {
        Self { src: Rc::clone(&flow.src.name), dst: Rc::clone(&flow.dst.name), port: flow.port, proto: flow.proto, decision: flow.decision }
    }

    fn again(&self) -> Self {
        Self { src: Rc::clone(&self.src), dst: Rc::clone(&self.dst), ..*self }
    }

    fn show(&self, value: f64) -> Talker {
        Talker {
            src: visible(&self.src),
            dst: visible(&self.dst),
            port: self.port,
            proto: proto_name(self.proto),
            decision: self.decision.name().to_owned(),
            value,
        }
    }
}

/// What the traffic accounting carries from run to run.
#[derive(Debug, Default)]
pub struct TrafficMemory {
    /// Counters of every record at the previous look.
    pub looks: Vec<Look>,
    /// What the looks cover.
    pub coverage: Coverage,
    /// Whose marks the looks carry.
    pub marked: Marked,
    /// How leads of one end over the other age.
    pub aging: Aging,
}

/// The rules whose marks the looks carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked {
    /// Their definitions, by mark.
    Rules(Vec<u64>),
    /// As version 0.1 kept it: one fingerprint of them all.
    Fingerprint(u64),
}

impl Default for Marked {
    fn default() -> Self {
        Marked::Rules(Vec::new())
    }
}

/// What a pass over the records needs to know beyond the rules.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How late VENs may report.
    pub lookback: Duration,
    /// Most records remembered.
    pub cap: usize,
    /// The same record may come again in a later part of the answer.
    pub may_repeat: bool,
    /// What is known of what sources report.
    pub learned: Learned,
}

/// Judges flow records against all enabled traffic rules.
pub struct TrafficJudge<'r> {
    rules: Vec<Judged<'r>>,
    accounts: Vec<RuleAccount>,
    plan: Plan,
    /// Rules that look at reporter-side fields, by mark.
    marked: Vec<u32>,
    /// Their definitions.
    definitions: Vec<u64>,
    ledger: Option<Ledger>,
    now: Timestamp,
    looked_at: Option<Timestamp>,
    learned: Learned,
    part: u32,
    /// Plain sums only, when the PCE may be asked again in parts.
    repeats: Option<Repeats>,
    matching: Vec<u32>,
    hits: Vec<Hit>,
    scratch: Vec<u8>,
    kept: Vec<Contributor>,
    /// Rules that ask what was ever seen.
    sighting: Vec<u32>,
    /// Plain sums only: records without a readable time.
    timeless: u64,
}

/// What came out of one pass.
pub struct TrafficOutcome {
    /// One for each rule, in the order given.
    pub observations: Vec<Observation>,
    /// To be kept for the next run; `None` for plain sums.
    pub memory: Option<TrafficMemory>,
    /// What is known by now of what sources report.
    pub learned: Learned,
    /// Records without a readable time.
    pub timeless: u64,
    /// Records that could not be remembered because of the cap.
    pub over_cap: u64,
}

impl<'r> TrafficJudge<'r> {
    /// A judge for these rules (all of source traffic). `memory` is `None` for plain sums.
    pub fn new(rules: &[&'r Rule], memory: Option<TrafficMemory>, settings: Settings, now: Timestamp) -> Self {
        let mut marked = Vec::new();
        let mut filters = Vec::new();
        let mut judged = Vec::new();
        for (number, rule) in (0u32..).zip(rules.iter().copied()) {
            let Matcher::Traffic(filter) = &rule.matcher else { continue };
            let account = RuleAccount {
                selector: selector(rule, filter, number, &mut marked),
                window_start: before(now, rule.window),
                late_start: before(now, rule.window.saturating_add(settings.lookback)),
                kept_from: None,
                unmarked: false,
                mark_of: 0,
            };
            let zero = match (&rule.metric, &memory) {
                (Metric::Bandwidth, None) => Amount::Max(0),
                (metric, _) => Amount::zero(metric),
            };
            filters.push(filter);
            judged.push(Judged { rule, tally: Tally::new(zero), account });
        }
        let as_reported = memory.is_none();
        let definitions: Vec<u64> = marked.iter().map(|number| rules[*number as usize].definition()).collect();
        let looked_at = memory.as_ref().and_then(|memory| memory.coverage.looked_at);
        let ledger = memory.map(|mut memory| {
            let new = move_marks(&mut memory.looks, &memory.marked, &definitions);
            for Judged { account, tally, rule } in &mut judged {
                account.mark_of = account.selector.mark.map_or(0, |_| rule.definition());
                account.kept_from = memory.coverage.made_up_from(account.selector.decisions);
                tally.kept_from = account.kept_from;
                account.unmarked = account.selector.mark.is_some_and(|bit| new & (1 << bit) != 0);
            }
            let Settings { lookback, cap, learned, .. } = settings;
            Ledger::new(memory.looks, memory.coverage, memory.aging, Terms { now, cap, lookback, reading: learned.reading() })
        });
        Self {
            accounts: judged.iter().map(|judged| judged.account).collect(),
            plan: Plan::new(filters.iter().copied()),
            rules: judged,
            marked,
            ledger,
            definitions,
            now,
            looked_at,
            learned: settings.learned,
            part: 0,
            repeats: (as_reported && settings.may_repeat).then(Repeats::default),
            matching: Vec::new(),
            hits: Vec::new(),
            scratch: Vec::new(),
            kept: Vec::new(),
            sighting: Vec::new(),
            timeless: 0,
        }
    }

    /// How the decoder marks endpoints for this judge's rules.
    pub fn marker(&self) -> impl Fn(&Endpoint) -> Box<[u64]> + 'static {
        self.plan.marker()
    }

    /// Gives a rule that asks what was ever seen its memory of that.
    pub fn lend(&mut self, rule: usize, sightings: Sightings) {
        if let Some(judged) = self.rules.get_mut(rule).filter(|judged| judged.rule.metric.is_sighting()) {
            judged.tally.sightings = Some(sightings);
            self.sighting.push(rule as u32);
        }
    }

    /// Ends the pass. `memories` are those of the rules, in order; `span` says what the increases
    /// cover; `coverage` what the next run may rely on.
    pub fn finish(mut self, memories: &mut [RuleMemory], span: Span, coverage: Coverage, closing: Closing) -> TrafficOutcome {
        let mut over_cap = 0;
        let mut learned = self.learned;
        let memory = self.ledger.take().map(|mut ledger| {
            let (now, looked_at) = (self.now, self.looked_at);
            ledger
                .end_of_answer(&self.accounts, &mut Adding { rules: &mut self.rules, kept: &mut self.kept, current: None, now, looked_at });
            self.timeless += ledger.timeless;
            over_cap = ledger.over_cap;
            // What was seen does not depend on what the looks cover.
            for Judged { account, tally, .. } in self.rules.iter_mut().filter(|judged| !judged.rule.metric.is_sighting()) {
                // Whole again: what the looks since the last whole one left out is in here, with all that they had.
                let whole = (0..4).all(|number| closing.whole[number] || account.selector.decisions & (1 << number) == 0);
                if let (Some(from), Some(looked_at), true) = (account.kept_from, looked_at, whole)
                    && from < looked_at
                {
                    tally.reach(from);
                }
            }
            let (looks, aging, forgotten_before) = ledger.into_looks(closing, &mut learned);
            // What did not fit would be taken for new next time: begin the coverage anew instead.
            let proofs = if over_cap > 0 { Default::default() } else { coverage.proofs };
            TrafficMemory {
                looks,
                coverage: Coverage { proofs, forgotten_before, ..coverage },
                marked: Marked::Rules(self.definitions),
                aging,
            }
        });
        let with_memory = memory.is_some();
        let observations = self
            .rules
            .into_iter()
            .zip(memories)
            .map(|(judged, memory)| {
                let Rule { metric, window, group_by, .. } = judged.rule;
                let show = |contributor: &Contributor, value: f64| contributor.show(value);
                if let Some(sightings) = &judged.tally.sightings {
                    // What was seen does not depend on what the looks cover.
                    let span = sightings.span(self.now);
                    memory.measure(metric, *window, !group_by.is_empty(), judged.tally, span, show)
                } else if with_memory {
                    memory.measure(metric, *window, !group_by.is_empty(), judged.tally, span, show)
                } else {
                    measure_alone(metric, *window, !group_by.is_empty(), judged.tally, self.now, show)
                }
            })
            .collect();
        TrafficOutcome { observations, memory, learned, timeless: self.timeless, over_cap }
    }

    /// Tells the rules that ask what was ever seen of this record, and takes them out of those that count.
    fn sight(&mut self, flow: &Flow<'_>) {
        let (rules, sighting, scratch) = (&mut self.rules, &self.sighting, &mut self.scratch);
        self.matching.retain(|number| {
            if !sighting.contains(number) {
                return true;
            }
            let Judged { rule, tally, .. } = &mut rules[*number as usize];
            let texts = |fields: &[Field]| -> Vec<Option<String>> { fields.iter().map(|field| field_value(field, flow)).collect() };
            let key = key_of(&rule.group_by, flow, scratch);
            let Some(group) = tally.group(key, || texts(&rule.group_by)) else { return false };
            match &rule.metric {
                Metric::New(fields) => tally.see_new(group, key_of(fields, flow, scratch), || Contributor::of(flow)),
                Metric::Changes(fields) => {
                    let values = key_of(fields, flow, scratch);
                    tally.see_change(group, key, values, || texts(fields), |_, _| Contributor::of(flow));
                }
                _ => {}
            }
            false
        });
    }

    /// Turns the matching rules into hits: rule, group, value.
    fn collect_hits(&mut self, flow: &Flow<'_>) {
        self.hits.clear();
        for number in &self.matching {
            let judged = &mut self.rules[*number as usize];
            let rule = judged.rule;
            let key = key_of(&rule.group_by, flow, &mut self.scratch);
            let group = judged.tally.group(key, || rule.group_by.iter().map(|field| field_value(field, flow)).collect());
            let Some(group) = group else { continue };
            let value = match &rule.metric {
                Metric::Flows | Metric::Bandwidth => flow_key(flow),
                Metric::Distinct(field) => field_value(field, flow).map_or(0, |text| xxh3_64(text.as_bytes()).max(1)),
                _ => 0,
            };
            self.hits.push(Hit { rule: *number, group, value });
        }
    }

    fn add_as_reported(&mut self, flow: &Flow<'_>) {
        let (Some(first), Some(last)) = (flow.first, flow.last) else {
            self.timeless += 1;
            return;
        };
        if self.repeats.as_mut().is_some_and(|repeats| repeats.is_one(flow)) {
            return;
        }
        // Only what lies in a rule's window makes a group.
        let (rules, now) = (&self.rules, self.now);
        self.matching.retain(|number| last > rules[*number as usize].account.window_start && first <= now);
        self.collect_hits(flow);
        let counters = [flow.connections, flow.bytes_in, flow.bytes_out];
        for hit in &self.hits {
            let judged = &mut self.rules[hit.rule as usize];
            let amount = match judged.rule.metric {
                // The mean over the bucket: the only rate a single look can give.
                Metric::Bandwidth => {
                    let seconds = crate::domain::time::since(last, first).as_secs();
                    let bits = (flow.bytes_in.saturating_add(flow.bytes_out)).saturating_mul(8);
                    match bits.checked_div(seconds) {
                        Some(rate) => rate,
                        None => continue,
                    }
                }
                ref metric => share(metric, counters),
            };
            judged.tally.add(hit.group, amount, hit.value, || Contributor::of(flow));
        }
    }
}

impl FlowSink for TrafficJudge<'_> {
    fn begin_part(&mut self, part: u32) {
        self.part = part;
        if let Some(repeats) = &mut self.repeats {
            repeats.begin_part(part);
        }
    }

    fn flow(&mut self, flow: &Flow<'_>) {
        self.plan.matching(flow, &mut self.matching);
        for number in &self.matching {
            self.rules[*number as usize].tally.matched += 1;
        }
        if !self.sighting.is_empty() {
            self.sight(flow);
        }
        let Some(mut ledger) = self.ledger.take() else {
            self.add_as_reported(flow);
            return;
        };
        let mut marks = 0u64;
        for (bit, rule) in self.marked.iter().enumerate() {
            if self.matching.binary_search(rule).is_ok() {
                marks |= 1 << bit;
            }
        }
        // Most records are as they were: they need no groups.
        if let Some(recognised) = ledger.recognise(flow, self.part, marks) {
            self.collect_hits(flow);
            let now = self.now;
            let mut adding = Adding { rules: &mut self.rules, kept: &mut self.kept, current: Some(flow), now, looked_at: self.looked_at };
            ledger.take(recognised, &self.hits, &self.accounts, &mut adding);
        }
        self.ledger = Some(ledger);
    }
}

/// Hands increases to the rules' tallies.
struct Adding<'x, 'r, 'f> {
    rules: &'x mut [Judged<'r>],
    kept: &'x mut Vec<Contributor>,
    current: Option<&'x Flow<'f>>,
    now: Timestamp,
    looked_at: Option<Timestamp>,
}

impl Increases for Adding<'_, '_, '_> {
    fn grown(&mut self, hit: Hit, by: &Ways, since: Timestamp, talk: Talk) {
        let Some(judged) = self.rules.get_mut(hit.rule as usize) else { return };
        let (kept, current) = (&*self.kept, self.current);
        let metric = &judged.rule.metric;
        let mut ways = by.map(|way| share(metric, way));
        if matches!(metric, Metric::Flows | Metric::Distinct(_)) {
            // Bytes can be late while connections are not; a flow counts as seen when anything grew.
            ways = by.map(|way| if way == [0; 3] { 0 } else { way[0].max(1) });
        }
        if let (Metric::Bandwidth, Some(looked_at)) = (metric, self.looked_at)
            && since < looked_at
        {
            // It took longer than the pause between the looks: as much a second is less a look.
            let (pause, took) = (since_secs(self.now, looked_at), since_secs(self.now, since).max(1.0));
            ways = ways.map(|amount| (amount as f64 * pause / took) as u64);
        }
        judged.tally.reach(since);
        judged.tally.add_ways(hit.group, ways, hit.value, || match (talk, current) {
            (Talk::Kept(number), _) => kept[number as usize].again(),
            (Talk::Current, Some(flow)) => Contributor::of(flow),
            (Talk::Current, None) => unreachable!("a record that settles late was kept"),
        });
    }

    fn learning(&mut self, hit: Hit) {
        if let Some(group) = self.rules.get_mut(hit.rule as usize).and_then(|judged| judged.tally.groups.get_mut(hit.group as usize)) {
            group.learning = true;
        }
    }

    fn keep(&mut self) -> u32 {
        if let Some(flow) = self.current {
            self.kept.push(Contributor::of(flow));
        }
        (self.kept.len().saturating_sub(1)) as u32
    }
}

fn since_secs(later: Timestamp, earlier: Timestamp) -> f64 {
    crate::domain::time::since(later, earlier).as_secs_f64()
}

/// Puts the marks of the looks where the rules of today look for them. Returns the marks that say nothing yet.
fn move_marks(looks: &mut [Look], had: &Marked, has: &[u64]) -> u64 {
    let all: String = has.iter().map(|rule| format!("{rule:x}.")).collect();
    let had = match had {
        Marked::Rules(had) => had.as_slice(),
        Marked::Fingerprint(print) if *print == xxh3_64(all.as_bytes()) => has,
        Marked::Fingerprint(_) => &[],
    };
    if had == has {
        return 0;
    }
    let moves: Vec<Option<usize>> = has.iter().map(|rule| had.iter().position(|other| other == rule)).collect();
    for look in looks {
        let old = look.marks;
        look.marks = moves.iter().enumerate().fold(0, |marks, (to, from)| marks | from.map_or(0, |from| (old >> from & 1) << to));
    }
    moves.iter().enumerate().filter(|(_, from)| from.is_none()).fold(0, |new, (bit, _)| new | 1 << bit)
}

/// The counter a metric adds up.
fn share(metric: &Metric, by: Counters) -> u64 {
    let [connections, bytes_in, bytes_out] = by;
    match metric {
        Metric::Bytes | Metric::Bandwidth | Metric::Throughput => bytes_in.saturating_add(bytes_out),
        Metric::BytesIn => bytes_in,
        Metric::BytesOut => bytes_out,
        _ => connections,
    }
}

/// Which records of a pair belong together for a rule. Rules that look at fields only one end
/// knows get a mark, so that the ledger can tell which of a pair's records they count.
fn selector(rule: &Rule, filter: &Filter<TrafficCondition>, number: u32, marked: &mut Vec<u32>) -> Selector {
    // A field that makes groups or different values: each value of it is counted by itself.
    let tells_apart = |field: &Field| rule.group_by.contains(field) || rule.metric == Metric::Distinct(field.clone());
    let mut selector = Selector {
        decisions: 0b1111,
        states: 0xff,
        directions: 0b11,
        mark: None,
        same_process: tells_apart(&Field::Process),
        same_user: tells_apart(&Field::User),
        same_decision: tells_apart(&Field::Decision) || rule.metric == Metric::Flows,
    };
    let mut reporter_side = false;
    for (conditions, wanted) in [(&filter.all, true), (&filter.none, false)] {
        for (_, condition) in conditions {
            let keep = |mask: u8| if wanted { mask } else { !mask };
            match condition {
                TrafficCondition::Decision(list) => {
                    selector.decisions &= keep(list.iter().fold(0, |mask, decision| mask | 1 << (*decision as u8)))
                }
                TrafficCondition::Direction(list) => {
                    selector.directions &=
                        keep(list.iter().fold(0, |mask, direction| mask | 1 << u8::from(*direction == Direction::Inbound)));
                }
                TrafficCondition::State(list) if wanted => selector.states &= state_mask(list),
                // Two rare states share a code: excluding one must not exclude the other.
                TrafficCondition::State(_) => reporter_side = true,
                other => reporter_side |= other.is_reporter_side(),
            }
        }
    }
    if reporter_side && marked.len() < 64 {
        selector.mark = Some(marked.len() as u8);
        marked.push(number);
    } else if reporter_side {
        // More such rules than marks: what only one end knows is then compared by itself.
        (selector.same_process, selector.same_user, selector.same_decision) = (true, true, true);
    }
    selector
}

/// The value of a field, or `None` when the record has no such thing.
pub fn field_value(field: &Field, flow: &Flow<'_>) -> Option<String> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match field {
        Field::SrcIp => some(&flow.src.endpoint.ip_text),
        Field::DstIp => some(&flow.dst.endpoint.ip_text),
        Field::SrcWorkload => some(flow.src.endpoint.display_name()),
        Field::DstWorkload => some(flow.dst.endpoint.display_name()),
        Field::SrcLabel(key) => flow.src.endpoint.label(key).map(str::to_owned),
        Field::DstLabel(key) => flow.dst.endpoint.label(key).map(str::to_owned),
        Field::Port => flow.port.map(|port| port.to_string()),
        Field::Proto => (flow.proto >= 0).then(|| proto_name(flow.proto)),
        Field::Process => some(flow.process),
        Field::User => some(flow.user),
        Field::Decision => Some(flow.decision.name().to_owned()),
        // Those of events and of VENs.
        _ => None,
    }
}

/// What `memory::group_key` makes of these fields, without building the texts.
fn key_of(fields: &[Field], flow: &Flow<'_>, scratch: &mut Vec<u8>) -> u64 {
    if fields.is_empty() {
        return super::memory::UNGROUPED;
    }
    scratch.clear();
    fields.iter().for_each(|field| append_field(field, flow, scratch));
    xxh3_64(scratch)
}

/// The bytes that `memory::group_key` hashes.
fn append_field(field: &Field, flow: &Flow<'_>, out: &mut Vec<u8>) {
    let mut text = |text: Option<&str>| match text {
        None => out.push(0),
        Some(text) => {
            out.push(1);
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    };
    match field {
        Field::SrcIp => text(Some(flow.src.endpoint.ip_text.as_str()).filter(|text| !text.is_empty())),
        Field::DstIp => text(Some(flow.dst.endpoint.ip_text.as_str()).filter(|text| !text.is_empty())),
        Field::SrcWorkload => text(Some(flow.src.endpoint.display_name()).filter(|text| !text.is_empty())),
        Field::DstWorkload => text(Some(flow.dst.endpoint.display_name()).filter(|text| !text.is_empty())),
        Field::SrcLabel(key) => text(flow.src.endpoint.label(key)),
        Field::DstLabel(key) => text(flow.dst.endpoint.label(key)),
        Field::Decision => text(Some(flow.decision.name())),
        other => text(field_value(other, flow).as_deref()),
    }
}

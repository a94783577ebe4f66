//! All traffic rules over one stream of records, in one pass.

use super::accounting::{Aging, Closing, Hit, Increases, Ledger, MOST_OF_PAIR, Noted, Talk, Terms};
use super::coverage::Coverage;
use super::fields::{Doubt, amount_asks, asks_of, field_value, key_of};
use super::identity::{flow_key, record_key, state_mask};
use super::measurement::{ANYWHERE, Measurement, Span};
use super::memory::{RuleMemory, measure_alone};
use super::missing::Missing;
use super::pair::RuleAccount;
use super::pair::{Selector, Ways};
use super::plan::Plan;
use super::reading::Learned;
use super::repeats::Repeats;
use super::sample::{CounterSample, Counters};
use super::sightings::Sightings;
use super::tally::{Amount, Tally};
use crate::domain::alert::Contributor;
use crate::domain::field::Field;
use crate::domain::filter::{Filter, TrafficCondition};
use crate::domain::metric::Metric;
use crate::domain::record::{Decision, Direction, Endpoint, Flow, FlowSink, NotTold, proto_name};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::visible;
use crate::domain::time::before;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// One rule while records stream by.
struct Judged<'r> {
    rule: &'r Rule,
    tally: Tally<FlowContributor>,
    account: RuleAccount,
    missing: Missing,
}

/// What is kept of a contributor until it is shown.
struct FlowContributor {
    src: Arc<str>,
    dst: Arc<str>,
    port: Option<u16>,
    proto: i16,
    decision: Decision,
}

impl FlowContributor {
    fn of(flow: &Flow<'_>) -> Self {
        Self {
            src: Arc::clone(&flow.src.name),
            dst: Arc::clone(&flow.dst.name),
            port: flow.port,
            proto: flow.proto,
            decision: flow.decision,
        }
    }

    fn again(&self) -> Self {
        Self { src: Arc::clone(&self.src), dst: Arc::clone(&self.dst), ..*self }
    }

    fn show(&self, value: f64) -> Contributor {
        Contributor {
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
    pub looks: Vec<CounterSample>,
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
    /// Most that come to be remembered in this run.
    pub most_new: usize,
    /// Whether the time for judging is over.
    pub is_over: fn() -> bool,
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
    ledger: Option<Box<Ledger>>,
    now: Timestamp,
    looked_at: Option<Timestamp>,
    lookback: Duration,
    learned: Learned,
    part: u32,
    /// Plain sums only, when the PCE may be asked again in parts.
    repeats: Option<Repeats>,
    matching: Vec<u32>,
    /// Those of them of which it cannot be decided.
    undecided: Vec<u32>,
    /// What the rules ask for, all of them together.
    asks: NotTold,
    flows: u64,
    hits: Vec<Hit>,
    scratch: Vec<u8>,
    kept: Vec<FlowContributor>,
    /// Rules that ask what was ever seen.
    sighting: Vec<u32>,
    /// Plain sums only: records without a readable time.
    timeless: u64,
    /// The flow at hand leaves out something that some rule asks for.
    doubtful: bool,
}

/// What became of the answer, once it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Records of each decision that were left to later runs, because too many were new.
    pub left: [u64; 4],
    /// The deadline came first: what was judged is worth nothing.
    pub too_late: bool,
}

/// What came out of one pass.
pub struct TrafficOutcome {
    /// One for each rule, in the order given.
    pub measurements: Vec<Measurement>,
    /// To be kept for the next run; `None` for plain sums.
    pub memory: Option<TrafficMemory>,
    /// What is known by now of what sources report.
    pub learned: Learned,
    /// Records without a readable time.
    pub timeless: u64,
    /// Records that could not be remembered because of the cap.
    pub over_cap: u64,
    /// Those of them of which there were too many of one pair.
    pub over_pair: u64,
    /// Something that came later than `lookback` was counted.
    pub found_late: bool,
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
            judged.push(Judged { rule, tally: Tally::new(zero), account, missing: Missing::default() });
        }
        let as_reported = memory.is_none();
        let definitions: Vec<u64> = marked.iter().map(|number| rules[*number as usize].definition()).collect();
        let looked_at = memory.as_ref().and_then(|memory| memory.coverage.looked_at);
        let ledger = memory.map(|mut memory| {
            let new = move_marks(&mut memory.looks, &memory.marked, &definitions);
            for Judged { account, tally, rule, .. } in &mut judged {
                account.mark_of = account.selector.mark.map_or(0, |_| rule.definition());
                account.kept_from = memory.coverage.made_up_from(account.selector.decisions);
                tally.kept_from = account.kept_from;
                account.unmarked = account.selector.mark.is_some_and(|bit| new & (1 << bit) != 0);
            }
            let Settings { lookback, cap, most_new, is_over, learned, .. } = settings;
            let terms = Terms { now, cap, most_new, most_of_pair: MOST_OF_PAIR, is_over, lookback, reading: learned.reading() };
            Box::new(Ledger::new(memory.looks, memory.coverage, memory.aging, terms))
        });
        let mut plan = Plan::new(filters.iter().copied());
        for number in (0..judged.len()).filter(|number| judged[*number].rule.undecided_is_no) {
            plan.undecided_is_no(number);
        }
        Self {
            asks: judged
                .iter()
                .fold(NotTold::NOTHING, |asks, judged| asks.and(judged.account.selector.asks).and(amount_asks(&judged.rule.metric))),
            accounts: judged.iter().map(|judged| judged.account).collect(),
            plan,
            rules: judged,
            marked,
            ledger,
            definitions,
            now,
            looked_at,
            lookback: settings.lookback,
            learned: settings.learned,
            part: 0,
            repeats: (as_reported && settings.may_repeat).then(Repeats::default),
            matching: Vec::new(),
            undecided: Vec::new(),
            flows: 0,
            hits: Vec::new(),
            scratch: Vec::new(),
            kept: Vec::new(),
            sighting: Vec::new(),
            timeless: 0,
            doubtful: false,
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

    /// Settles what waited for the end of the answer.
    pub fn settle(&mut self) -> Settled {
        let Some(ledger) = &mut self.ledger else { return Settled::default() };
        let (now, looked_at) = (self.now, self.looked_at);
        ledger.end_of_answer(&self.accounts, &mut Adding { rules: &mut self.rules, kept: &mut self.kept, current: None, now, looked_at });
        Settled { left: ledger.left, too_late: ledger.too_late }
    }

    /// Ends the pass. `memories` are those of the rules, in order; `span` says what the increases
    /// cover; `coverage` what the next run may rely on.
    pub fn finish(mut self, memories: &mut [RuleMemory], span: Span, coverage: Coverage, closing: Closing) -> TrafficOutcome {
        self.settle();
        let (mut over_cap, mut over_pair, mut found_late) = (0, 0, false);
        let mut learned = self.learned;
        let looked_at = self.looked_at;
        let memory = self.ledger.take().map(|ledger| {
            self.timeless += ledger.timeless;
            (over_cap, over_pair, found_late) = (ledger.over_cap, ledger.over_pair, ledger.found_late);
            // What was seen does not depend on what the looks cover.
            for Judged { account, tally, .. } in self.rules.iter_mut().filter(|judged| !judged.rule.metric.is_sighting()) {
                tally.misses = coverage.misses_what_is_late();
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
        let flows = self.flows;
        let measurements = self
            .rules
            .into_iter()
            .zip(memories)
            .map(|(judged, memory)| {
                let Rule { metric, window, group_by, .. } = judged.rule;
                let show = |contributor: &FlowContributor, value: f64| contributor.show(value);
                let note = judged.missing.note(flows);
                let measurement = if let Some(sightings) = &judged.tally.sightings {
                    // What was seen does not depend on what the looks cover.
                    let span = sightings.span(self.now);
                    memory.measure(metric, *window, !group_by.is_empty(), judged.tally, span, show)
                } else if with_memory {
                    memory.measure(metric, *window, !group_by.is_empty(), judged.tally, span, show)
                } else {
                    measure_alone(metric, *window, !group_by.is_empty(), judged.tally, self.now, show)
                };
                Measurement { note: note.or(measurement.note), ..measurement }
            })
            .collect();
        TrafficOutcome { measurements, memory, learned, timeless: self.timeless, over_cap, over_pair, found_late }
    }

    /// Tells the rules that ask what was ever seen of this record, and takes them out of those that count.
    fn sight(&mut self, flow: &Flow<'_>) {
        let (rules, sighting, scratch, undecided) = (&mut self.rules, &self.sighting, &mut self.scratch, &self.undecided);
        self.matching.retain(|number| {
            if !sighting.contains(number) {
                return true;
            }
            let Judged { rule, tally, .. } = &mut rules[*number as usize];
            let texts = |fields: &[Field]| -> Vec<Option<String>> { fields.iter().map(|field| field_value(field, flow)).collect() };
            let key = key_of(&rule.group_by, flow, scratch);
            let Some(group) = tally.group(key, || texts(&rule.group_by)) else { return false };
            let doubt = Doubt::of(rule, flow, undecided.binary_search(number).is_ok());
            if doubt.any() {
                // It neither teaches nor counts.
                tally.add_possible(group, 1, 0);
                if doubt.group
                    && let Some(anywhere) = tally.group(ANYWHERE, Vec::new)
                {
                    tally.add_possible(anywhere, 1, 0);
                }
                return false;
            }
            match &rule.metric {
                Metric::New(fields) => tally.see_new(group, key_of(fields, flow, scratch), || FlowContributor::of(flow)),
                Metric::Changes(fields) => {
                    let values = key_of(fields, flow, scratch);
                    tally.see_change(group, key, values, || texts(fields), |_, _| FlowContributor::of(flow));
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
            let mut value = match &rule.metric {
                Metric::Flows | Metric::Bandwidth => flow_key(flow),
                Metric::Distinct(field) => field_value(field, flow).map_or(0, |text| xxh3_64(text.as_bytes()).max(1)),
                _ => 0,
            };
            if !self.doubtful {
                self.hits.push(Hit { rule: *number, group, value, undecided: false });
                continue;
            }
            let doubt = Doubt::of(rule, flow, self.undecided.binary_search(number).is_ok());
            if doubt.value && rule.metric != Metric::Bandwidth {
                // Whatever it is, it may be one that no other record has.
                value = record_key(flow);
            }
            let anywhere = if doubt.group { judged.tally.group(ANYWHERE, Vec::new) } else { None };
            let groups = [Some(group), anywhere].into_iter().flatten();
            self.hits.extend(groups.map(|group| Hit { rule: *number, group, value, undecided: doubt.any() }));
        }
    }

    /// Notes what the rules are not told of a flow, and whose amounts nobody knows.
    fn note_doubts(&mut self, flow: &Flow<'_>) {
        let late_before = self.looked_at.map(|at| before(at, self.lookback));
        for number in &self.matching {
            let Judged { rule, tally, missing, account } = &mut self.rules[*number as usize];
            let undecided = self.undecided.binary_search(number).is_ok();
            let doubt = Doubt::of(rule, flow, undecided);
            if !doubt.any() && !doubt.amount && !doubt.pairing {
                continue;
            }
            missing.add(rule, flow, undecided);
            // What was told since the look before may have happened earlier, by as much as VENs may be late.
            let since = late_before.map_or(account.late_start, |at| at.min(account.late_start));
            if doubt.amount && flow.last.is_none_or(|last| last > since) {
                let key = key_of(&rule.group_by, flow, &mut self.scratch);
                let own = tally.group(key, || rule.group_by.iter().map(|field| field_value(field, flow)).collect());
                let anywhere = if doubt.group { tally.group(ANYWHERE, Vec::new) } else { None };
                for group in [own, anywhere].into_iter().flatten() {
                    tally.groups[group as usize].unbounded = true;
                }
            }
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
            if hit.undecided {
                judged.tally.add_possible(hit.group, amount, hit.value);
            } else {
                judged.tally.add(hit.group, amount, hit.value, || FlowContributor::of(flow));
            }
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

    fn late_before(&mut self, usual: Timestamp) {
        if let Some(ledger) = &mut self.ledger {
            ledger.late_before(usual);
        }
    }

    fn flow(&mut self, flow: &Flow<'_>) {
        self.plan.matching(flow, &mut self.matching, &mut self.undecided);
        self.flows += 1;
        for number in &self.matching {
            self.rules[*number as usize].tally.matched += 1;
        }
        // Of counters it is noted for the next look, too.
        let not_told = flow.not_told().only(self.asks.and(NotTold::BYTES));
        self.doubtful = not_told.any(self.asks);
        if self.doubtful {
            for number in &self.undecided {
                self.rules[*number as usize].tally.matched -= 1;
            }
            self.note_doubts(flow);
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
        if let Some(recognised) = ledger.recognise(flow, self.part, Noted { marks, not_told }) {
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
    kept: &'x mut Vec<FlowContributor>,
    current: Option<&'x Flow<'f>>,
    now: Timestamp,
    looked_at: Option<Timestamp>,
}

impl Adding<'_, '_, '_> {
    fn add(&mut self, (hit, by): (Hit, &Ways), since: Timestamp, talk: Talk, late: bool) {
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
        let most = hit.undecided.then(|| ways.into_iter().max().unwrap_or(0));
        let contributor = || match (talk, current) {
            (Talk::Kept(number), _) => kept[number as usize].again(),
            (Talk::Current, Some(flow)) => FlowContributor::of(flow),
            (Talk::Current, None) => unreachable!("a record that settles late was kept"),
        };
        let (tally, group) = if late {
            let Some(of_late) = judged.tally.late(hit.group, since) else { return };
            of_late
        } else {
            judged.tally.reach(since);
            (&mut judged.tally, hit.group)
        };
        match most {
            Some(most) => tally.add_possible(group, most, hit.value),
            None => tally.add_ways(group, ways, hit.value, contributor),
        }
    }
}

impl Increases for Adding<'_, '_, '_> {
    fn grown(&mut self, hit: Hit, by: &Ways, since: Timestamp, talk: Talk) {
        self.add((hit, by), since, talk, false);
    }

    fn late(&mut self, hit: Hit, by: &Ways, since: Timestamp, talk: Talk) {
        self.add((hit, by), since, talk, true);
    }

    fn learning(&mut self, hit: Hit) {
        if let Some(group) = self.rules.get_mut(hit.rule as usize).and_then(|judged| judged.tally.groups.get_mut(hit.group as usize)) {
            group.learning = true;
        }
    }

    fn keep(&mut self) -> u32 {
        if let Some(flow) = self.current {
            self.kept.push(FlowContributor::of(flow));
        }
        (self.kept.len().saturating_sub(1)) as u32
    }
}

fn since_secs(later: Timestamp, earlier: Timestamp) -> f64 {
    crate::domain::time::since(later, earlier).as_secs_f64()
}

/// Puts the marks of the looks where the rules of today look for them. Returns the marks that say nothing yet.
fn move_marks(looks: &mut [CounterSample], had: &Marked, has: &[u64]) -> u64 {
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
        asks: asks_of(rule, filter),
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

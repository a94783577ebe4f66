//! The one judge of records: which of them a rule counts, and the interval that holds its value.
//!
//! A record that certainly matches counts for sure. One of which that cannot be decided, because it does not say what a
//! condition asks for, counts at the upper end only; so does one whose group is not told, for every group it could
//! belong to. A value that could change the answer is UNKNOWN, never calm.
//!
//! ```text
//! rule: online = false, warning ">= 4"        sure 3 (offline)   maybe 2 (do not say)   value 3 to 5   UNKNOWN
//! rule: online = false, warning ">= 6"        the same                                                 ok
//! ```

mod late;
mod learning;

use super::measurement::{GroupMeasurement, Measurement, Span, UNGROUPED, Unlisted, group_key};
use super::memory::{Happening, RuleMemory, Together};
use super::share::Shown as Shares;
use super::tally::{Amount, MOST_GROUPS, SHOWN, Tally, merge_contributors};
use super::transition::{Evidence, Verdict};
use crate::domain::alert::Contributor;
use crate::domain::condition::Condition;
use crate::domain::estimate::{Estimate, Truth};
use crate::domain::field::Field;
use crate::domain::filter::Filter;
use crate::domain::metric::Metric;
use crate::domain::rule::Rule;
use crate::domain::source::{Agg, Input, MetricDef};
use crate::domain::text::visible;
use crate::domain::threshold::{PCE_CRITICAL, PCE_NOT_NORMAL, Severity};
use crate::domain::time::{before, since};
use crate::domain::value::{GroupValue, Record, Value};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet};
use xxhash_rust::xxh3::xxh3_64;

/// Events shown before: their ids, and when they happened.
pub type Shown = BTreeMap<u64, Timestamp>;

/// The records of one source in one run.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The records, of all targets that could be read.
    pub records: &'a [Record],
    /// Some target of the source could not be read, or not whole.
    pub incomplete: bool,
    /// When one looks.
    pub now: Timestamp,
}

/// Which part of a stream a run looks at.
#[derive(Debug, Clone, Copy)]
pub struct StreamLook {
    /// From what was read before up to now.
    pub span: Span,
    /// What happened before this cannot be news.
    pub oldest: Option<Timestamp>,
    /// The run before this one, whether it could read the stream or not.
    pub previous_run: Option<Timestamp>,
}

/// What one record means to a rule.
struct Counted<'r> {
    record: &'r Record,
    /// It certainly matches.
    sure: bool,
    /// Every field of its group is told.
    told: bool,
    /// The fields of its group that are not told, one bit each.
    open: u64,
    /// The group, with what is not told left out.
    shown: Vec<Option<String>>,
    /// What it adds.
    input: Estimate,
    /// What it adds if there were nothing in what is known from the next look on only.
    besides_learning: Option<Estimate>,
}

impl Counted<'_> {
    /// Whether what it adds is being learned.
    fn learns(&self) -> bool {
        self.besides_learning != Some(self.input)
    }
}

/// Chooses and weighs the records of a rule.
struct Chosen<'r> {
    counted: Vec<Counted<'r>>,
    matched: u64,
    /// How many records could not be decided, by what they do not tell.
    silent: BTreeMap<String, u64>,
    /// Why the first record that does not tell what is measured does not, where it says so.
    because: Option<String>,
    /// Groups of records that do not match, by their keys: they have nothing, and are not gone.
    beside: HashSet<u64>,
    /// More groups came than can be told apart; what is in the others is not counted.
    overflow: bool,
    /// Why records that may count are not told.
    unseen: Option<String>,
    /// What is said of the first record whose value is being learned.
    learning: Option<String>,
}

fn filter(rule: &Rule) -> Option<&Filter<Condition>> {
    rule.matcher.records()
}

fn row(rule: &Rule) -> Option<&'static MetricDef> {
    rule.metric.row()
}

/// Whether a rule looks at a record at all: it is of a kind that its metric is about, and of one of its targets.
fn is_read(rule: &Rule, record: &Record) -> bool {
    let about = row(rule).map_or(&[][..], |def| def.kinds);
    let is_of = rule.source.kinds.get(usize::from(record.kind)).is_some_and(|kind| about.contains(kind));
    (about.is_empty() || is_of) && rule.reads(&record.target)
}

fn choose<'r>(rule: &Rule, records: impl Iterator<Item = &'r Record>, shares: Option<&Shares>, now: Timestamp) -> Chosen<'r> {
    let mut chosen = Chosen {
        counted: Vec::new(),
        matched: 0,
        silent: BTreeMap::new(),
        because: None,
        beside: HashSet::new(),
        overflow: false,
        unseen: None,
        learning: None,
    };
    let mut groups: HashSet<u64> = HashSet::new();
    let Some(filter) = filter(rule) else { return chosen };
    for record in records.filter(|record| is_read(rule, record)) {
        let truth = filter.truth(rule.source, record, now);
        let values: Vec<GroupValue> = rule.group_by.iter().map(|field| record.group(rule.source, field)).collect();
        let shown: Vec<Option<String>> = values.iter().map(known).collect();
        let told = !values.contains(&GroupValue::NotTold);
        if truth.is_no() {
            if told && !rule.group_by.is_empty() {
                chosen.beside.insert(group_key(&shown));
            }
            continue;
        }
        if record.unseen {
            if !truth.is_yes() && rule.undecided_is_no {
                continue;
            }
            chosen.unseen.get_or_insert_with(|| visible(&record.detail));
        } else if !truth.is_yes() {
            if rule.undecided_is_no {
                continue;
            }
            for key in undecided(filter, rule, record, now) {
                *chosen.silent.entry(key).or_default() += 1;
            }
        }
        if !told && !record.unseen {
            for (field, _) in rule.group_by.iter().zip(&values).filter(|(_, value)| **value == GroupValue::NotTold) {
                *chosen.silent.entry(field.to_string()).or_default() += 1;
            }
        }
        let sure = truth.is_yes() && !record.unseen;
        let input = match shares {
            _ if record.unseen => anything(rule),
            Some(shares) => shares.of(record.id),
            None => input(rule, record, now),
        };
        let besides_learning = learning::besides(rule, record, shares, input);
        if besides_learning != Some(input) {
            chosen.learning = chosen.learning.take().or_else(|| learning::note(rule, record));
        } else if sure && !input.is_exact() {
            *chosen.silent.entry(rule.metric.name()).or_default() += 1;
            chosen.because = chosen.because.take().or_else(|| learning::why_untold(rule, record));
        }
        chosen.matched += u64::from(sure);
        let open = values
            .iter()
            .enumerate()
            .filter(|(_, value)| **value == GroupValue::NotTold)
            .fold(0, |all, (place, _)| all | 1 << (place % 64));
        let key = group_key(&shown);
        if groups.len() >= MOST_GROUPS && !groups.contains(&key) {
            chosen.overflow = true;
            continue;
        }
        groups.insert(key);
        chosen.counted.push(Counted { record, sure, told, open, shown, input, besides_learning });
    }
    chosen
}

/// What records that are not told may add.
fn anything(rule: &Rule) -> Estimate {
    let highest = row(rule).filter(|def| def.agg != Agg::Sum).and_then(|def| def.unit.highest());
    Estimate { low: 0.0, high: highest.unwrap_or(f64::INFINITY) }
}

/// How many records certainly match.
fn matching(rule: &Rule, records: &[Record], now: Timestamp) -> u64 {
    let Some(filter) = filter(rule) else { return 0 };
    let own = records.iter().filter(|record| !record.unseen && is_read(rule, record));
    own.filter(|record| filter.truth(rule.source, record, now).is_yes()).count() as u64
}

fn known(value: &GroupValue) -> Option<String> {
    if let GroupValue::Known(value) = value { value.clone() } else { None }
}

/// The keys whose answer is missing.
fn undecided(filter: &Filter<Condition>, rule: &Rule, record: &Record, now: Timestamp) -> Vec<String> {
    let open = |(_, condition): &&(String, Condition)| condition.truth(rule.source, record, now) == Truth::Unknown;
    filter.all.iter().chain(&filter.none).filter(open).map(|(key, _)| key.clone()).collect()
}

/// What a record adds to the rule's metric.
fn input(rule: &Rule, record: &Record, now: Timestamp) -> Estimate {
    let amount = |value: &Value, highest: Option<f64>| match value {
        Value::Number(number) => *number,
        Value::Absent => Estimate::ZERO,
        Value::Text(text) => text.trim().parse().map_or(Estimate { low: 0.0, high: f64::INFINITY }, Estimate::exact),
        _ => Estimate { low: 0.0, high: highest.unwrap_or(f64::INFINITY) },
    };
    match &rule.metric {
        Metric::Row(def) => match def.input {
            // A share is known by what earlier runs counted, too.
            Input::Rest { .. } => Estimate { low: 0.0, high: 1.0 },
            Input::Count => Estimate::exact(1.0),
            Input::Number(slot) | Input::Status(slot) => amount(record.slot(slot), def.unit.highest()),
            Input::Age(slot) => match record.slot(slot) {
                Value::Time(at) => Estimate::exact(since(now, *at).as_secs() as f64),
                Value::Absent => Estimate::ZERO,
                _ => Estimate { low: 0.0, high: f64::INFINITY },
            },
        },
        Metric::Over(_, field) => amount(record.open(field), None),
        _ => Estimate::exact(1.0),
    }
}

/// Whether a record says nothing at all of what is measured: one that has no such thing does not count.
fn has_none(rule: &Rule, record: &Record) -> bool {
    match &rule.metric {
        Metric::Row(def) => match def.input {
            Input::Number(slot) | Input::Status(slot) | Input::Age(slot) => record.slot(slot) == &Value::Absent,
            Input::Rest { all, .. } => record.slot(all) == &Value::Absent,
            Input::Count => false,
        },
        _ => false,
    }
}

/// What each record's share of its window is, where the rule asks for one.
fn shares<'r>(rule: &Rule, records: impl Iterator<Item = &'r Record>, memory: &mut RuleMemory, window: Span) -> Option<Shares> {
    let Some(Input::Rest { bad, all }) = row(rule).map(|def| def.input) else { return None };
    Some(memory.shares.look(records.filter(|record| is_read(rule, record)), (bad, all), window))
}

fn talker(rule: &Rule, counted: &Counted<'_>) -> Contributor {
    let Record { name, word, .. } = counted.record;
    let value = counted.input.value().unwrap_or(0.0);
    let detail = match row(rule).map(|def| def.input) {
        Some(Input::Number(slot) | Input::Status(slot) | Input::Rest { bad: slot, .. }) => counted.record.detail_of(slot),
        _ => counted.record.detail.clone(),
    };
    Contributor { src: visible(name), dst: visible(&detail), port: None, proto: String::new(), decision: visible(word), value }
}

/// "2 of 72 records do not say `online`"
fn note_of(rule: &Rule, chosen: &Chosen<'_>, all: usize) -> Option<String> {
    if let Some(why) = chosen.unseen.as_ref().filter(|why| !why.is_empty()) {
        return Some(tr!("not everything is told: {why}", why));
    }
    let metric = rule.metric.name();
    if chosen.silent.is_empty() {
        return chosen.learning.clone();
    }
    let (key, count) = chosen.silent.iter().max_by_key(|(_, count)| **count)?;
    let note = tr!("{count} of {all} records have no `{key}`", count, all, key = visible(key));
    Some(match &chosen.because {
        Some(why) if *key == metric => format!("{note}: {why}"),
        _ => note,
    })
}

/// Measures a rule on how things are now. `known` are groups that have an instance: one whose records are still there but
/// match no more has nothing; one whose records are gone is not listed at all.
pub fn snapshot(rule: &Rule, answer: Answer<'_>, known: &[Vec<Option<String>>], memory: &mut RuleMemory) -> Measurement {
    let now = answer.now;
    let windowed = !rule.source.is_snapshot();
    let start = before(now, rule.window);
    let shares = shares(rule, answer.records.iter(), memory, Span { from: Some(start), to: now });
    // A record with a time counts while that lies in the window; one without counts now.
    let until = |record: &Record, end: Timestamp| record.at.is_none_or(|at| at > before(end, rule.window) && at <= end);
    let seen_late = |record: &Record| rule.metric.is_sighting() && record.late;
    let within = |record: &&Record| !windowed || until(record, now) || seen_late(record);
    let all = answer.records.iter().filter(|record| !record.unseen && rule.reads(&record.target)).count();
    let mut chosen = choose(rule, answer.records.iter().filter(within), shares.as_ref(), now);
    chosen.counted.retain(|counted| !has_none(rule, counted.record));
    if rule.metric.is_sighting() {
        return sighted(rule, &chosen, memory, now);
    }
    let mut groups = add_up(rule, &chosen);
    let mut note = note_of(rule, &chosen, all);
    if windowed && !rule.thresholds.are_falling() {
        let late = answer.records.iter().filter(|record| record.late && !record.unseen && is_read(rule, record));
        for end in late::ends(late, start) {
            let mut then = choose(rule, answer.records.iter().filter(|record| until(record, end)), None, now);
            then.counted.retain(|counted| !has_none(rule, counted.record));
            late::most_of(&mut groups, add_up(rule, &then));
        }
    }
    if rule.group_by.is_empty() && groups.is_empty() && !row(rule).is_some_and(|def| def.must_be_told) {
        let nothing = GroupMeasurement::of(UNGROUPED, Vec::new(), Estimate::ZERO);
        // Of the run itself a number that it has none of, such as the time since the run before the first, is not zero.
        let none = rule.source.is_run() && !rule.metric.adds_up();
        note = note.or_else(|| none.then(|| tr!("this run has nothing to measure it by")));
        groups.push(if none { GroupMeasurement { estimate: Estimate::ANY, ..nothing } } else { nothing });
    }
    let present: std::collections::BTreeSet<u64> = groups.iter().map(|measured| measured.key).collect();
    let loose = loose(rule, &chosen);
    // Zero is nothing where it would be added up, or crosses no threshold; else a group that matches no more is gone.
    let is_nothing = rule.aggregation() == Agg::Sum || !rule.thresholds.worst_first().any(|(_, threshold)| threshold.holds(0.0));
    for values in known.iter().filter(|values| {
        let key = group_key(values);
        is_nothing && chosen.beside.contains(&key) && !present.contains(&key)
    }) {
        groups.push(GroupMeasurement::of(group_key(values), values.clone(), Estimate { low: 0.0, high: loose }));
    }
    let told =
        groups.iter().any(|measured| measured.estimate.value().is_some_and(|low| low > f64::NEG_INFINITY)) && anything_told(rule, &chosen);
    let silent = row(rule).is_some_and(|def| def.must_be_told) && !told && rule.group_by.is_empty();
    let silent = silent.then(|| {
        if rule.source.is_of_pce() {
            return tr!("the PCE does not report {metric}", metric = rule.metric);
        }
        note.clone().unwrap_or_else(|| tr!("no record tells {metric}", metric = rule.metric))
    });
    let trouble = silent.or_else(|| overflown(&chosen));
    if rule.group_by.is_empty() && (groups.is_empty() || trouble.is_some()) {
        groups = vec![GroupMeasurement::of(UNGROUPED, Vec::new(), Estimate::ANY)];
    }
    let loose = if chosen.overflow { f64::INFINITY } else { loose };
    let unlisted = if windowed { Unlisted::ZERO } else { Unlisted::GONE }.up_to(loose);
    let falling = rule.aggregation() == Agg::Min;
    let mut top: Vec<Contributor> = merge_contributors(groups.iter().flat_map(|group| group.top.iter().cloned()), false);
    if falling {
        top.sort_by(|a, b| a.value.total_cmp(&b.value));
    }
    let covers = (windowed || shares.is_some()).then_some((start, now));
    Measurement { groups, covers, matched: chosen.matched, top, note, trouble, unlisted }
}

/// Whether some record says what is measured.
fn anything_told(rule: &Rule, chosen: &Chosen<'_>) -> bool {
    let tells = |counted: &Counted<'_>| match row(rule).map(|def| def.input) {
        Some(Input::Number(slot) | Input::Status(slot)) => counted.learns() || counted.record.slot(slot) != &Value::NotTold,
        _ => true,
    };
    chosen.counted.iter().any(tells)
}

/// What is said where more groups came than can be told apart.
fn overflown(chosen: &Chosen<'_>) -> Option<String> {
    chosen.overflow.then(|| tr!("too many groups or values: the rest is not counted"))
}

/// What records whose group is not told could add to a group at most.
fn loose(rule: &Rule, chosen: &Chosen<'_>) -> f64 {
    let loose = chosen.counted.iter().filter(|counted| !counted.told).map(|counted| counted.input.high);
    match (&rule.metric, rule.aggregation()) {
        (Metric::Distinct(_), _) => loose.count() as f64,
        (_, Agg::Sum) => loose.fold(0.0, |sum, high| sum + high),
        _ => loose.fold(0.0, f64::max),
    }
}

/// The interval of each group.
fn add_up(rule: &Rule, chosen: &Chosen<'_>) -> Vec<GroupMeasurement> {
    let mut by_group: BTreeMap<u64, (Vec<Option<String>>, Vec<&Counted<'_>>)> = BTreeMap::new();
    let mut nowhere: Vec<&Counted<'_>> = Vec::new();
    let falling = rule.aggregation() == Agg::Min;
    let is_doubtful = chosen.counted.iter().any(|one| one.sure && !one.learns() && !one.input.is_exact());
    let key_of = |values: &Vec<Option<String>>| if rule.group_by.is_empty() { UNGROUPED } else { group_key(values) };
    for counted in &chosen.counted {
        // What is not told goes to the group null, and widens every other it could belong to.
        by_group.entry(key_of(&counted.shown)).or_insert_with(|| (counted.shown.clone(), Vec::new())).1.push(counted);
        if !counted.told {
            nowhere.push(counted);
        }
    }
    by_group
        .into_iter()
        .map(|(key, (values, own))| {
            // Of what is told of it nothing speaks against this group.
            let fits = |one: &&Counted<'_>| {
                let mut places = one.shown.iter().zip(&values).enumerate();
                places.all(|(place, (have, value))| one.open >> (place % 64) & 1 == 1 || have == value)
            };
            let others: Vec<&Counted<'_>> = nowhere.iter().copied().filter(|one| key_of(&one.shown) != key).filter(fits).collect();
            let estimate = together(rule, &own, &others, |one| Some(one.input));
            // Where one is not known, those that certainly add nothing do not hide it.
            let shown = |one: &&&Counted<'_>| {
                one.sure
                    && one.besides_learning.is_some()
                    && one.input.value().is_some()
                    && !(is_doubtful && !falling && one.input == Estimate::ZERO)
            };
            let mut top: Vec<Contributor> = own.iter().filter(shown).map(|one| talker(rule, one)).collect();
            if falling {
                top.sort_by(|a, b| a.value.total_cmp(&b.value));
                top.truncate(SHOWN);
            } else {
                top = merge_contributors(top, false);
            }
            let learns = own.iter().chain(&others).any(|one| one.learns());
            let besides_learning = if learns { together(rule, &own, &others, |one| one.besides_learning) } else { estimate };
            GroupMeasurement { top, besides_learning, ..GroupMeasurement::of(key, values, estimate) }
        })
        .collect()
}

/// The interval of one group: `own` are in it, as far as they match; `others` could be.
fn together(rule: &Rule, own: &[&Counted<'_>], others: &[&Counted<'_>], adds: fn(&Counted<'_>) -> Option<Estimate>) -> Estimate {
    let is_sure = |one: &&&Counted<'_>| one.sure && (one.told || rule.group_by.is_empty());
    let sure: Vec<Estimate> = own.iter().filter(is_sure).filter_map(|one| adds(one)).collect();
    let maybe: Vec<Estimate> = own.iter().filter(|one| !is_sure(one)).chain(others).filter_map(|one| adds(one)).collect();
    if let Metric::Distinct(field) = &rule.metric {
        return distinct(rule, field, own, others);
    }
    let all = || sure.iter().chain(&maybe);
    match rule.aggregation() {
        Agg::Sum => Estimate { low: sure.iter().map(|one| one.low).sum(), high: all().map(|one| one.high).sum() },
        Agg::Max => {
            let low = sure.iter().map(|one| one.low).fold(0.0, f64::max);
            Estimate { low, high: all().map(|one| one.high).fold(low, f64::max) }
        }
        Agg::Min => {
            let high = sure.iter().map(|one| one.high).fold(f64::INFINITY, f64::min);
            Estimate { low: all().map(|one| one.low).fold(high, f64::min), high }
        }
        Agg::Avg if maybe.is_empty() && !sure.is_empty() => {
            let count = sure.len() as f64;
            Estimate {
                low: sure.iter().map(|one| one.low).sum::<f64>() / count,
                high: sure.iter().map(|one| one.high).sum::<f64>() / count,
            }
        }
        Agg::Avg => all().copied().reduce(Estimate::hull).unwrap_or(Estimate::ANY),
        Agg::Last => {
            let latest = own.iter().filter(is_sure).max_by_key(|one| one.record.at);
            let newer = |one: &&Counted<'_>| latest.is_none_or(|latest| one.record.at.is_none() || one.record.at >= latest.record.at);
            let doubts = own.iter().filter(|one| !is_sure(one)).chain(others).filter(|one| newer(one)).filter_map(|one| adds(one));
            latest.and_then(|one| adds(one)).into_iter().chain(doubts).reduce(Estimate::hull).unwrap_or(Estimate::ANY)
        }
    }
}

/// How many different values: those of records that certainly match, and what others could add.
fn distinct(rule: &Rule, field: &Field, own: &[&Counted<'_>], others: &[&Counted<'_>]) -> Estimate {
    let mut sure = std::collections::BTreeSet::new();
    let mut maybe = std::collections::BTreeSet::new();
    let mut unknown = 0u64;
    for one in own.iter().chain(others) {
        let is_sure = one.sure && (one.told || rule.group_by.is_empty());
        match one.record.group(rule.source, field) {
            GroupValue::Known(Some(text)) if is_sure => drop(sure.insert(text)),
            GroupValue::Known(Some(text)) => drop(maybe.insert(text)),
            GroupValue::Known(None) => {}
            GroupValue::NotTold => unknown += 1,
        }
    }
    let more = maybe.difference(&sure).count() as u64 + unknown;
    let unseen = own.iter().chain(others).any(|one| one.record.unseen);
    Estimate { low: sure.len() as f64, high: if unseen { f64::INFINITY } else { (sure.len() as u64 + more) as f64 } }
}

/// What is new or different: seen by records that certainly match, and for what may be, counted at the upper end.
fn sighted(rule: &Rule, chosen: &Chosen<'_>, memory: &mut RuleMemory, now: Timestamp) -> Measurement {
    let mut tally: Tally<Contributor> = Tally::new(Amount::Sum(0));
    if rule.group_by.is_empty() {
        tally.group(UNGROUPED, Vec::new);
    }
    let mut sightings = std::mem::take(&mut memory.sightings);
    sightings.open(rule.learn, rule.remember, now);
    tally.sightings = Some(sightings);
    tally.matched = chosen.matched;
    let mut doubtful = 0u64;
    for counted in &chosen.counted {
        let fields: &[Field] = if let Metric::New(fields) | Metric::Changes(fields) = &rule.metric { fields } else { &[] };
        let values: Vec<GroupValue> = fields.iter().map(|field| counted.record.group(rule.source, field)).collect();
        if !counted.sure || !counted.told || values.contains(&GroupValue::NotTold) {
            // It neither teaches nor counts.
            doubtful += 1;
            continue;
        }
        let texts: Vec<Option<String>> = values.iter().map(known).collect();
        let key = if rule.group_by.is_empty() { UNGROUPED } else { group_key(&counted.shown) };
        let Some(group) = tally.group(key, || counted.shown.clone()) else { continue };
        see(rule, &mut tally, (group, key), texts, counted);
    }
    let span = tally.sightings.as_ref().map_or(Span { from: None, to: now }, |sightings| sightings.span(now));
    let mut measurement = memory.measure(&rule.metric, rule.window, !rule.group_by.is_empty(), tally, span, |talker, value| Contributor {
        value,
        ..talker.clone()
    });
    if doubtful > 0 {
        widen(&mut measurement, doubtful as f64);
        measurement.note = measurement.note.take().or_else(|| note_of(rule, chosen, chosen.counted.len()));
    }
    without_calm(&mut measurement, chosen);
    measurement
}

/// Counts one sighting.
fn see(rule: &Rule, tally: &mut Tally<Contributor>, (group, key): (u32, u64), texts: Vec<Option<String>>, counted: &Counted<'_>) {
    let values = group_key(&texts);
    if let Metric::Changes(_) = &rule.metric {
        // Of a snapshot each thing is followed by itself, of a stream each group.
        let subject = if rule.source.is_snapshot() { counted.record.id } else { key };
        let who = |had: &str, has: &str| Contributor { dst: format!("{} → {}", visible(had), visible(has)), ..talker(rule, counted) };
        let who = |had: &str, has: &str| {
            if rule.source.is_snapshot() {
                who(had, has)
            } else {
                Contributor {
                    src: format!("{} → {}", visible(had), visible(has)), dst: talker(rule, counted).dst, ..talker(rule, counted)
                }
            }
        };
        return tally.see_change(group, subject, values, || texts, who);
    }
    tally.see_new(group, values, || talker(rule, counted));
}

/// A group that was not told apart may have anything.
fn without_calm(measurement: &mut Measurement, chosen: &Chosen<'_>) {
    if chosen.overflow {
        measurement.trouble = measurement.trouble.take().or_else(|| overflown(chosen));
        measurement.unlisted = measurement.unlisted.up_to(f64::INFINITY);
    }
}

/// Adds what cannot be ruled out to every group.
fn widen(measurement: &mut Measurement, more: f64) {
    for measured in &mut measurement.groups {
        measured.estimate.high += more;
        measured.besides_learning.high += more;
    }
    measurement.unlisted = measurement.unlisted.up_to(more);
}

/// Measures a rule on what happened. `shown` tells which records an earlier run saw; `span.from` is the run before,
/// `None` on the first, when only what lies in the rule's window counts. What happened before `oldest` cannot be news.
pub fn stream(rule: &Rule, answer: Answer<'_>, memory: &mut RuleMemory, shown: &Shown, look: StreamLook) -> Measurement {
    let StreamLook { span, oldest, .. } = look;
    let in_reach = |record: &&Record| oldest.is_none_or(|oldest| record.at.is_none_or(|at| at >= oldest));
    let matched = matching(rule, answer.records, span.to);
    let fresh = answer.records.iter().filter(in_reach).filter(|record| !shown.contains_key(&record.id));
    let start = before(span.to, rule.window);
    let all = answer.records.len();
    if rule.metric.is_sighting() {
        let mut chosen = choose(rule, fresh, None, span.to);
        chosen.matched = matched;
        return sighted(rule, &chosen, memory, span.to);
    }
    // On the first look only what happened within the window is news.
    let news = fresh.filter(|record| span.from.is_some() || record.at.is_none_or(|at| at > start));
    let mut chosen = choose(rule, news, None, span.to);
    let together = match (&rule.metric, rule.aggregation()) {
        (Metric::Distinct(_), _) => Together::Values,
        (_, Agg::Sum) => Together::Sum,
        _ => Together::Max,
    };
    let timeless = chosen.counted.iter().filter(|one| one.record.at.is_none()).count() as u64;
    if timeless > 0 {
        *chosen.silent.entry("timestamp".to_owned()).or_default() += timeless;
    }
    let happened = std::mem::take(&mut chosen.counted).into_iter().filter_map(|one| happening(rule, one, look)).collect();
    let mut measurement = memory.measure_stream((rule.window, !rule.group_by.is_empty(), together), happened, matched, span);
    measurement.note = note_of(rule, &chosen, all).or(measurement.note);
    without_calm(&mut measurement, &chosen);
    measurement
}

/// What one record adds to the memory of a stream. An event happened when it says; one that an earlier run should have
/// seen and was not shown counts as of that run; one that does not say when may have happened in the window or not.
fn happening(rule: &Rule, one: Counted<'_>, look: StreamLook) -> Option<Happening> {
    let StreamLook { span, previous_run, .. } = look;
    let at = match (one.record.at, previous_run.max(span.from)) {
        (Some(at), Some(previous)) if at <= previous && previous < span.to => previous + jiff::SignedDuration::from_nanos(1),
        (Some(at), _) => at.min(span.to),
        (None, _) => span.to,
    };
    let is_sure = one.sure && one.record.at.is_some() && (one.told || rule.group_by.is_empty());
    let key = if rule.group_by.is_empty() { UNGROUPED } else { group_key(&one.shown) };
    let (value, told) = match &rule.metric {
        Metric::Distinct(field) => match one.record.group(rule.source, field) {
            GroupValue::Known(Some(text)) => (xxh3_64(text.as_bytes()).max(1), true),
            GroupValue::Known(None) => return None,
            GroupValue::NotTold => (0, false),
        },
        _ => (0, true),
    };
    if has_none(rule, one.record) {
        return None;
    }
    let amount = if is_sure && told { one.input } else { Estimate { low: 0.0, high: one.input.high } };
    let talker = talker(rule, &one);
    Some(Happening { at, anywhere: !one.told, group: (key, one.shown), amount, value, talker })
}

/// Remembers which records were shown.
pub fn remember(shown: &mut Shown, records: &[Record], now: Timestamp) {
    for record in records {
        shown.insert(record.id, record.at.unwrap_or(now));
    }
}

/// Forgets records that can no longer be shown again.
pub fn forget(shown: &mut Shown, next_from: Timestamp) {
    shown.retain(|_, at| *at >= next_from);
}

/// The verdict of a rule: its thresholds, or the record's own status when it has none.
pub fn verdict(rule: &Rule, evidence: &Evidence) -> Verdict {
    if !rule.metric.follows_status() || rule.thresholds.worst_first().next().is_some() {
        return Verdict::of(rule, evidence);
    }
    let breach = |severity, text: &str, open| Verdict { breach: Some((severity, text.to_owned())), open, ..Verdict::default() };
    let Estimate { low, high } = evidence.estimate;
    if low >= 2.0 {
        breach(Severity::Critical, PCE_CRITICAL, None)
    } else if low >= 1.0 {
        breach(Severity::Warning, PCE_NOT_NORMAL, (high >= 2.0).then_some(Severity::Critical))
    } else if high >= 1.0 {
        Verdict { open: Some(Severity::Critical), is_unknown: true, ..Verdict::default() }
    } else {
        Verdict::default()
    }
}

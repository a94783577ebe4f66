//! `pcemon top`: who talks most, on one screen.

use super::flows::blocked;
use super::listing::{Contents, Listing};
use super::once::{Amount, Ends, MOST_PAIRS, bytes};
use super::{accounting, ask, counted_how, exit_code, span_facts, span_note};
use crate::cli::Global;
use crate::cli::adhoc::{Measure, Ranked, Shape, TopArgs};
use crate::commands::common::{Exit, Failure};
use crate::config::flags;
use crate::domain::record::{Decision, Flow, proto_name};
use crate::domain::text::quantity;
use crate::domain::unit::Unit;
use crate::render::sheet::{Audience, Cell, Closing, Column, Kind};
use crate::run::query;
use hashbrown::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use xxhash_rust::xxh3::xxh3_64;

/// Different names that are told apart. What comes later is added up as one.
const MOST_NAMES: usize = 100_000;
/// Characters of the longest bar.
const BAR: f64 = 16.0;

/// What one name adds up to.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    connections: u64,
    bytes: u64,
    blocked: u64,
    records: u64,
}

impl Sums {
    fn add(&mut self, flow: &Flow<'_>) {
        self.connections = self.connections.saturating_add(flow.connections);
        self.bytes = self.bytes.saturating_add(bytes(flow));
        self.blocked = self.blocked.saturating_add(blocked(flow));
        self.records += 1;
    }

    /// What both ends of a pair came to.
    fn add_once(&mut self, amounts: &[Amount; 4]) {
        for (decision, amount) in amounts.iter().enumerate() {
            self.connections = self.connections.saturating_add(amount.connections);
            self.bytes = self.bytes.saturating_add(amount.bytes);
            if decision == Decision::Blocked as usize {
                self.blocked = self.blocked.saturating_add(amount.connections);
            }
        }
    }

    fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Connections => self.connections,
            Measure::Bytes => self.bytes,
            Measure::Blocked => self.blocked,
        }
    }
}

#[derive(Default)]
struct Ranking {
    names: HashMap<Rc<str>, Sums>,
    /// Everything whose name came when there was no room for another.
    others: Option<Sums>,
    total: Sums,
}

impl Ranking {
    /// The sums of a name; those of all others when there is no room for it.
    fn sums(&mut self, name: &str) -> &mut Sums {
        if self.names.contains_key(name) || self.names.len() < MOST_NAMES {
            return self.names.entry(name.into()).or_default();
        }
        self.others.get_or_insert_default()
    }

    /// As the PCE sent it.
    fn add(&mut self, name: &str, flow: &Flow<'_>) {
        self.total.add(flow);
        self.sums(name).add(flow);
    }

    /// The name as the ranking keeps it.
    fn kept(&mut self, name: &str) -> Rc<str> {
        match self.names.get_key_value(name) {
            Some((known, _)) => Rc::clone(known),
            None => {
                let new: Rc<str> = name.into();
                if self.names.len() < MOST_NAMES {
                    self.names.insert(Rc::clone(&new), Sums::default());
                }
                new
            }
        }
    }

    /// Adds what the pairs came to: `of_names` by name, `of_all` in total.
    fn add_pairs(&mut self, of_names: &Ends<Rc<str>>, of_all: Option<&Ends<()>>) {
        for (name, told) in of_names.all() {
            self.sums(name).add_once(&told.once());
        }
        let all: Vec<[Amount; 4]> = match of_all {
            Some(ends) => ends.all().map(|(_, told)| told.once()).collect(),
            None => of_names.all().map(|(_, told)| told.once()).collect(),
        };
        all.iter().for_each(|amounts| self.total.add_once(amounts));
    }
}

/// Runs the command.
pub fn run(global: &Global, args: &TopArgs) -> Exit {
    let chosen = flags::traffic(&args.which.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    if args.key.is_empty() {
        return Err(Failure(tr!("--key: a label has a key; write for example --key role")));
    }
    ask(global, &args.inputs, &args.source, |query, style| {
        let mut facts = accounting(args.raw);
        facts.extend([("what", args.what.name().into()), ("by", args.by.name().into())]);
        if args.what == Ranked::Labels {
            facts.push(("key", args.key.clone().into()));
        }
        let contents = Contents {
            schema: "pcemon.top/1",
            rows: "top",
            nouns: [tr!("name"), tr!("names")],
            columns: columns(args),
            chosen: Vec::new(),
            facts,
        };
        let shape = Shape { reverse: false, limit: Some(args.limit), columns: Vec::new() };
        let listing = Listing::prepare(global, style, contents, Some(&shape), true)?;
        let mut ranking = Ranking::default();
        let mut name = String::new();
        let (mut pairs, mut all) = (Ends::default(), Ends::default());
        let mut without_room = 0u64;
        let answer = query::flows(query, &args.span, &chosen.filter, &mut |flow| {
            name_of(flow, args, &mut name);
            // Each end knows its own process only: both are named, and the total counts the connection once.
            let apart = if args.what == Ranked::Processes { xxh3_64(name.as_bytes()) | 1 } else { 0 };
            let kept = !args.raw && {
                let about = ranking.kept(&name);
                (apart == 0 || all.add(flow, 0, || ()).is_some()) && pairs.add(flow, apart, || about).is_some()
            };
            if kept {
                ranking.total.records += 1;
                ranking.sums(&name).records += 1;
            } else {
                without_room += u64::from(!args.raw && flow.first.is_some());
                ranking.add(&name, flow);
            }
            ControlFlow::Continue(())
        })?;
        ranking.add_pairs(&pairs, (args.what == Ranked::Processes).then_some(&all));
        let Ranking { names, others, total } = ranking;
        let whole = total.of(args.by);
        let mut names: Vec<(Rc<str>, Sums)> = names.into_iter().collect();
        // The map has no order of its own, and equals shall not change places from run to run.
        names.sort_by(|a, b| b.1.of(args.by).cmp(&a.1.of(args.by)).then_with(|| a.0.cmp(&b.0)));
        let largest = names.first().map_or(0, |(_, sums)| sums.of(args.by));
        let mut rows = listing.open()?;
        for (rank, (name, sums)) in (1u64..).zip(&names) {
            let _all_are_wanted = rows.row(i128::from(sums.of(args.by)), || cells(rank, name, sums, args.by, whole, largest));
        }
        let mut closing = Closing { facts: span_facts(answer.span), notes: Vec::new() };
        closing.facts.push((
            "total",
            serde_json::json!({ "connections": total.connections, "bytes": total.bytes, "blocked": total.blocked, "records": total.records }),
        ));
        closing.notes.push(tr!(
            "total: {connections} connections ({blocked} blocked), {bytes} in {records} records",
            connections = quantity(total.connections as f64, Unit::Connections),
            blocked = quantity(total.blocked as f64, Unit::Connections),
            bytes = quantity(total.bytes as f64, Unit::Bytes),
            records = quantity(total.records as f64, Unit::Values)
        ));
        if let Some(others) = others {
            closing.facts.push(("others", serde_json::json!({ "connections": others.connections, "bytes": others.bytes })));
            closing.notes.push(tr!(
                "only {names} names are counted separately; {connections} connections of names that came later are in the total alone",
                names = quantity(MOST_NAMES as f64, Unit::Values),
                connections = quantity(others.connections as f64, Unit::Connections)
            ));
        }
        closing.notes.extend(unpaired(without_room));
        closing.notes.extend(span_note(answer.span, style));
        closing.notes.push(counted_how(args.raw));
        rows.finish(global, &answer.report, closing)?;
        exit_code(&answer.report)
    })
}

/// What there was no room to pair.
fn unpaired(records: u64) -> Option<String> {
    (records > 0).then(|| {
        tr!(
            "more than {most} pairs: {count} records are counted as reported, what both ends report twice; narrow the question",
            most = quantity(MOST_PAIRS as f64, Unit::Values),
            count = quantity(records as f64, Unit::Values)
        )
    })
}

fn columns(args: &TopArgs) -> Vec<(Column, Audience)> {
    let title = match args.what {
        Ranked::Talkers => tr!("source"),
        Ranked::Destinations => tr!("destination"),
        Ranked::Pairs => tr!("source → destination"),
        Ranked::Ports => tr!("port"),
        Ranked::Processes => tr!("process"),
        Ranked::Labels => format!("{} → {}", args.key, args.key),
    };
    let column = |name: &str, title: &str, kind, audience| (Column { name: name.to_owned(), title: title.to_owned(), kind }, audience);
    vec![
        column("rank", "#", Kind::Number, Audience::Everybody),
        column("name", &title, Kind::Text, Audience::Everybody),
        column("connections", &tr!("conns"), Kind::Number, Audience::Everybody),
        column("blocked", &tr!("blocked"), Kind::Number, Audience::Everybody),
        column("bytes", &tr!("bytes"), Kind::Number, Audience::Everybody),
        column("share", &tr!("share"), Kind::Number, Audience::Everybody),
        column("bar", "", Kind::Fixed, Audience::People),
        column("records", &tr!("records"), Kind::Number, Audience::Machines),
    ]
}

fn cells(rank: u64, name: &str, sums: &Sums, by: Measure, whole: u64, largest: u64) -> Vec<Cell> {
    let amount = sums.of(by);
    let share =
        if whole == 0 { Cell::Nothing } else { Cell::Amount((amount as f64 / whole as f64 * 1000.0).round() / 1000.0, Unit::Ratio) };
    let bar = if largest == 0 { 0 } else { (amount as f64 / largest as f64 * BAR).ceil() as usize };
    vec![
        Cell::Plain(rank),
        Cell::text(name),
        Cell::Count(sums.connections, Unit::Connections),
        Cell::Count(sums.blocked, Unit::Connections),
        Cell::Count(sums.bytes, Unit::Bytes),
        share,
        Cell::Bar(bar),
        Cell::Count(sums.records, Unit::Values),
    ]
}

fn name_of(flow: &Flow<'_>, args: &TopArgs, out: &mut String) {
    out.clear();
    let (src, dst) = (&flow.src.endpoint, &flow.dst.endpoint);
    let or_none = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned();
    match args.what {
        Ranked::Talkers => out.push_str(src.display_name()),
        Ranked::Destinations => out.push_str(dst.display_name()),
        Ranked::Pairs => out.push_str(&format!("{} → {}", src.display_name(), dst.display_name())),
        Ranked::Ports => {
            let proto = proto_name(flow.proto);
            out.push_str(&flow.port.map_or(proto.clone(), |port| format!("{port}/{proto}")));
        }
        Ranked::Processes => out.push_str(flow.process),
        Ranked::Labels => out.push_str(&format!("{} → {}", or_none(src.label(&args.key)), or_none(dst.label(&args.key)))),
    }
}

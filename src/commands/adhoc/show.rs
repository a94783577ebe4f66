//! `pcemon show SOURCE`: the records of any source, by its row. In JSON each record is one object with what it tells and
//! with what it does not; tables and CSV have a column for each field.

use super::flows::{COLUMNS as OF_FLOWS, FlowRow};
use super::listing::{Contents, Listing};
use super::{accounting, ask, counted_how, exit_code, span_facts, span_note, undecided_note};
use crate::cli::Global;
use crate::cli::show::ShowArgs;
use crate::commands::common::{Exit, Failure};
use crate::config::flags;
use crate::domain::estimate::Estimate;
use crate::domain::source::SourceKind;
use crate::domain::source::{FieldDef, Holds, Input, Needs};
use crate::domain::text::visible;
use crate::domain::time::since;
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use crate::render::Style;
use crate::render::sheet::{Audience, Cell, Closing, Column, Kind, NOT_TOLD};
use crate::run::output::print;
use crate::run::query::{self, Found, Query};
use crate::settings::reader::did_you_mean;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

const SCHEMA: &str = "pcemon.show/1";
/// The keys of a record in JSON, in order.
const DOCUMENT: [&str; 10] = ["target", "kind", "id", "name", "at", "fields", "numbers", "labels", "not_told", "bounds"];
/// Fields that people see without asking.
const USUAL: usize = 8;

/// Where a column takes its value from.
#[derive(Debug, Clone)]
enum From {
    /// One key of the JSON object.
    Document(usize),
    Target,
    TargetLabel(String),
    Kind,
    Name,
    Detail,
    At,
    Slot(u8),
    /// How long ago the time in a slot was.
    Age(u8),
    /// One key of the pairs in a slot.
    Pair(u8, String),
    Open(String),
}

/// A column, who sees it without asking, and what it is.
#[derive(Debug, Clone)]
struct Field {
    column: Column,
    audience: Audience,
    about: String,
    from: From,
}

impl Field {
    fn new(name: &str, kind: Kind, audience: Audience, about: String, from: From) -> Field {
        Field { column: Column { name: name.to_owned(), title: name.replace('_', " "), kind }, audience, about, from }
    }
}

/// Runs the command.
pub fn run(global: &Global, args: &ShowArgs) -> Exit {
    let json = |format: &str| matches!(format, "json" | "ndjson");
    let files = global.out_files()?;
    if !args.shape.columns.is_empty() && (global.output.as_deref().is_some_and(json) || files.iter().any(|(form, _)| json(form.name))) {
        return Err(Failure(tr!("--columns is for tables and CSV: in JSON a record holds all its fields")));
    }
    if args.source.is_flows() { of_flows(global, args) } else { of_records(global, args) }
}

fn contents(columns: Vec<(Column, Audience)>, chosen: Vec<usize>, facts: Vec<(&'static str, Json)>) -> Contents {
    Contents { schema: SCHEMA, rows: "records", nouns: [tr!("record"), tr!("records")], columns, chosen, facts }
}

fn documents(column: impl Fn(usize, &str) -> Field) -> Vec<Field> {
    DOCUMENT.iter().enumerate().map(|(place, name)| column(place, name)).collect()
}

fn document(place: usize, name: &str) -> Field {
    Field::new(name, Kind::Text, Audience::Documents, String::new(), From::Document(place))
}

// ---- records

fn of_records(global: &Global, args: &ShowArgs) -> Exit {
    let source = args.source;
    let chosen = flags::records(source, &args.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    let mut fields = fields_of(source);
    let Some(picked) = pick(source, &mut fields, &args.shape.columns)? else { return Ok(0) };
    ask(global, &args.inputs, &args.from, |query, style| {
        // Formats and places are proven before anybody is asked.
        let columns = |fields: &[Field]| fields.iter().map(|field| (field.column.clone(), field.audience)).collect();
        let facts = vec![("source_name", json!(source.name())), ("units", units(source))];
        Listing::prepare(global, style, contents(columns(&fields), picked.clone(), facts.clone()), Some(&args.shape), false)?;
        let second = picked.is_empty() || picked.iter().any(|place| needs_second(source, &fields[*place].from));
        let mut answer = query::records(query, source, args.span.as_ref(), second, &chosen.filter)?;
        if args.shape.reverse {
            answer.records.records.reverse();
        }
        if source.open_fields && picked.is_empty() {
            fields.extend(open_fields(&answer.records.records));
        }
        let listing = Listing::prepare(global, style, contents(columns(&fields), picked, facts), Some(&args.shape), false)?;
        let mut rows = listing.open()?;
        let Found { records, now, undecided } = &answer.records;
        let mut untold = false;
        for record in records {
            let _all_are_counted = rows.row(0, || {
                let cells = cells(source, record, *now, &fields);
                untold |= cells.contains(&Cell::NotTold);
                cells
            });
        }
        let mut closing = Closing { facts: span_facts(answer.span), notes: span_note(answer.span, style).into_iter().collect() };
        closing.facts.push(("undecided", json!(undecided)));
        closing.notes.extend(undecided_note(*undecided));
        closing.notes.extend(untold.then(|| tr!("{sign}: missing from the answer", sign = NOT_TOLD)));
        rows.finish(global, &answer.report, closing)?;
        exit_code(&answer.report)
    })
}

/// Every column of a source.
fn fields_of(source: SourceKind) -> Vec<Field> {
    let mut fields = documents(document);
    let several = !source.is_of_pce();
    let target = if several { Audience::Rows } else { Audience::Csv };
    fields.push(Field::new("target", Kind::Text, target, tr!("where it was seen"), From::Target));
    if !source.kinds.is_empty() {
        fields.push(Field::new("kind", Kind::Fixed, Audience::Rows, source.kinds.join(", "), From::Kind));
    }
    if !source.is_snapshot() {
        fields.push(Field::new("at", Kind::Fixed, Audience::Rows, tr!("when it happened"), From::At));
    }
    let own: Vec<&FieldDef> = source.fields.iter().collect();
    if !own.iter().any(|field| field.name == "name") {
        // Which field tells what it is differs from kind to kind.
        let audience = if own.is_empty() || !source.kinds.is_empty() { Audience::Rows } else { Audience::Csv };
        fields.push(Field::new("name", Kind::Text, audience, tr!("what people call it"), From::Name));
    }
    if source.open_fields {
        fields.push(Field::new("detail", Kind::Text, Audience::People, tr!("what it says, in one line"), From::Detail));
    }
    let mut shown = 0;
    for (slot, field) in (0u8..).zip(own) {
        let is_number = matches!(field.holds, Holds::Number(_));
        let usual = shown < USUAL && (!field.keys.is_empty() || is_number || field.name == "name");
        shown += usize::from(usual);
        let kind = if is_number {
            Kind::Number
        } else if field.holds == Holds::Text || field.holds == Holds::Pairs {
            Kind::Text
        } else {
            Kind::Fixed
        };
        let audience = if usual { Audience::Rows } else { Audience::Csv };
        fields.push(Field::new(field.name, kind, audience, field.about.to_owned(), From::Slot(slot)));
    }
    for metric in source.metrics {
        if let Input::Age(slot) = metric.input {
            fields.push(Field::new(metric.name, Kind::Number, Audience::Csv, tr!("how long ago that was"), From::Age(slot)));
        }
    }
    fields
}

/// The fields beyond the table that these records have, for CSV.
fn open_fields(records: &[Record]) -> Vec<Field> {
    let names: BTreeSet<&str> = records.iter().flat_map(|record| record.open.iter().map(|(name, _)| name.as_str())).collect();
    names.into_iter().map(|name| Field::new(name, Kind::Text, Audience::Csv, String::new(), From::Open(name.to_owned()))).collect()
}

/// The places of the columns that were asked for; `None`: their list was asked for and printed.
fn pick(source: SourceKind, fields: &mut Vec<Field>, names: &[String]) -> Result<Option<Vec<usize>>, Failure> {
    let is_column = |field: &&Field| !matches!(field.from, From::Document(_));
    if names == ["help"] {
        let rows = fields.iter().filter(is_column).map(|field| vec![field.column.name.clone(), field.about.clone()]).collect();
        let pairs: Vec<String> =
            source.fields.iter().filter(|field| field.holds == Holds::Pairs).map(|field| format!("{}:KEY", field.name)).collect();
        let mut hint: String = pairs.iter().map(|name| tr!("\n{name} shows one of them.\n", name)).collect();
        if source.open_fields {
            hint.push_str(&tr!("\nAny other name shows the field of that name.\n"));
        }
        print(&format!("{}{hint}", crate::commands::common::listing([tr!("column"), tr!("what it is")], rows)))?;
        return Ok(None);
    }
    let mut picked = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        let known = fields.iter().position(|field| field.column.name == name && !matches!(field.from, From::Document(_)));
        let place = match known {
            Some(place) => place,
            None => {
                let from = beyond(source, name).ok_or_else(|| {
                    let known: Vec<&str> = fields.iter().filter(is_column).map(|field| field.column.name.as_str()).collect();
                    tr!("--columns: there is no column '{name}'; {hint}", name = visible(name), hint = did_you_mean(name, &known))
                })?;
                fields.push(Field::new(name, Kind::Text, Audience::Csv, String::new(), from));
                fields.len() - 1
            }
        };
        picked.push(place);
    }
    Ok(Some(picked))
}

/// A column that is not in the table: one key of pairs, or a field that only records know.
fn beyond(source: SourceKind, name: &str) -> Option<From> {
    if let Some((field, key)) = name.split_once(':').filter(|(_, key)| !key.is_empty()) {
        if field == "target_label" {
            return Some(From::TargetLabel(key.to_owned()));
        }
        if let Some((slot, _)) = source.field(field).filter(|(_, def)| def.holds == Holds::Pairs) {
            return Some(From::Pair(slot, key.to_owned()));
        }
    }
    (source.open_fields && !name.is_empty()).then(|| From::Open(name.to_owned()))
}

fn needs_second(source: SourceKind, from: &From) -> bool {
    let (From::Slot(slot) | From::Age(slot) | From::Pair(slot, _)) = from else { return false };
    source.fields.get(usize::from(*slot)).is_some_and(|field| field.needs == Needs::Second)
}

/// The units of numbers.
fn units(source: SourceKind) -> Json {
    let fields =
        source.fields.iter().filter_map(|field| if let Holds::Number(unit) = field.holds { Some((field.name, unit)) } else { None });
    let ages = source.metrics.iter().filter(|metric| matches!(metric.input, Input::Age(_))).map(|metric| (metric.name, metric.unit));
    Json::Object(fields.chain(ages).map(|(name, unit)| (name.to_owned(), json!(unit.name()))).collect())
}

/// Whether records of this kind have such a thing at all: a number of another kind is neither told nor missing.
fn applies(source: SourceKind, record: &Record, slot: u8) -> bool {
    let kind = source.kinds.get(usize::from(record.kind)).copied().unwrap_or_default();
    let of_slot = |input: Input| matches!(input, Input::Number(of) | Input::Age(of) | Input::Status(of) if of == slot);
    let mut metrics = source.metrics.iter().filter(|metric| of_slot(metric.input) && !metric.kinds.is_empty()).peekable();
    metrics.peek().is_none() || metrics.any(|metric| metric.kinds.contains(&kind))
}

fn cells(source: SourceKind, record: &Record, now: Timestamp, fields: &[Field]) -> Vec<Cell> {
    let mut whole = Document::of(source, record, now);
    let unit = |slot: u8| match source.fields.get(usize::from(slot)).map(|field| field.holds) {
        Some(Holds::Number(unit)) => unit,
        _ => Unit::Plain,
    };
    let one = |field: &Field| match &field.from {
        From::Document(place) => Cell::Document(std::mem::take(&mut whole.0[*place])),
        From::Target => Cell::text(&record.target),
        From::TargetLabel(key) => {
            record.target_labels.iter().find(|(have, _)| have == key).map_or(Cell::Nothing, |(_, value)| Cell::text(value))
        }
        From::Kind => source.kinds.get(usize::from(record.kind)).map_or(Cell::Nothing, |kind| Cell::text(kind)),
        From::Name => Cell::text(&record.name),
        From::Detail => Cell::text(&record.detail),
        From::At => record.at.map_or(Cell::NotTold, Cell::Time),
        From::Slot(slot) if !applies(source, record, *slot) => Cell::Nothing,
        From::Slot(slot) => cell(record.slot(*slot), unit(*slot)),
        From::Age(slot) => match record.slot(*slot) {
            Value::Time(at) => Cell::Amount(since(now, *at).as_secs_f64(), Unit::Seconds),
            Value::Absent => Cell::Nothing,
            _ => Cell::NotTold,
        },
        From::Pair(slot, key) => match record.slot(*slot).pair(key) {
            crate::domain::value::GroupValue::Known(value) => value.map_or(Cell::Nothing, |value| Cell::text(&value)),
            crate::domain::value::GroupValue::NotTold => Cell::NotTold,
        },
        From::Open(name) => cell(record.open(name), Unit::Plain),
    };
    fields.iter().map(one).collect()
}

/// A list, with a sign for what may be missing of it.
fn list(items: impl Iterator<Item = String>, whole: bool) -> Cell {
    let mut items: Vec<String> = items.collect();
    match (items.is_empty(), whole) {
        (true, true) => Cell::Nothing,
        (true, false) => Cell::NotTold,
        (false, true) => Cell::List(items),
        (false, false) => {
            items.push(NOT_TOLD.to_owned());
            Cell::List(items)
        }
    }
}

fn cell(value: &Value, unit: Unit) -> Cell {
    match value {
        Value::NotTold => Cell::NotTold,
        Value::Absent => Cell::Nothing,
        Value::Text(text) => Cell::text(text),
        Value::Texts(texts, whole) => list(texts.iter().cloned(), *whole),
        Value::Pairs(pairs, true) if !pairs.is_empty() => Cell::Pairs(pairs.clone()),
        Value::Pairs(pairs, whole) => list(pairs.iter().map(|(key, value)| format!("{key}={value}")), *whole),
        Value::Addresses(all, whole) => list(all.iter().map(ToString::to_string), *whole),
        Value::Flag(flag) => Cell::Flag(*flag),
        Value::Time(at) => Cell::Time(*at),
        Value::Number(number) => amount(*number, unit),
    }
}

fn amount(number: Estimate, unit: Unit) -> Cell {
    match number.value() {
        Some(value) if number.is_exact() => Cell::Amount(value, unit),
        Some(_) => Cell::Between(number, unit),
        None => Cell::NotTold,
    }
}

/// A record as JSON, key by key.
struct Document([Json; DOCUMENT.len()]);

#[derive(Default)]
struct Told {
    fields: Map<String, Json>,
    numbers: Map<String, Json>,
    labels: Map<String, Json>,
    bounds: Map<String, Json>,
    not_told: BTreeSet<String>,
}

impl Told {
    fn add(&mut self, name: &str, value: &Value, is_number: bool) {
        let whole = match value {
            Value::Texts(_, whole) | Value::Pairs(_, whole) | Value::Addresses(_, whole) => *whole,
            Value::Number(number) => number.is_exact(),
            Value::NotTold => false,
            _ => true,
        };
        if !whole {
            self.not_told.insert(name.to_owned());
        }
        let json = match value {
            Value::NotTold => return,
            Value::Absent if is_number => return self.put(true, name, Json::Null),
            Value::Absent => Json::Null,
            Value::Text(text) => json!(text),
            Value::Texts(texts, whole) => {
                if texts.is_empty() && !whole {
                    return;
                }
                json!(texts)
            }
            Value::Addresses(all, _) => json!(all.iter().map(ToString::to_string).collect::<Vec<_>>()),
            Value::Flag(flag) => json!(flag),
            Value::Time(at) => json!(at.to_string()),
            Value::Pairs(pairs, _) => {
                let object = pairs_of(pairs);
                if name == "label" {
                    self.labels = object;
                    return;
                }
                Json::Object(object)
            }
            Value::Number(number) => return self.add_number(name, *number),
        };
        self.put(false, name, json);
    }

    fn add_number(&mut self, name: &str, number: Estimate) {
        if let Some(value) = number.value() {
            self.put(true, name, json!(value));
        }
        if !number.is_exact() && (number.value().is_some() || number.value_max().is_some()) {
            self.bounds.insert(name.to_owned(), json!({ "low": number.value(), "high": number.value_max() }));
        }
    }

    fn put(&mut self, is_number: bool, name: &str, json: Json) {
        let map = if is_number { &mut self.numbers } else { &mut self.fields };
        map.insert(name.to_owned(), json);
    }
}

/// Keys with values; of a key that comes again, all of them.
fn pairs_of(pairs: &[(String, String)]) -> Map<String, Json> {
    let mut object: Map<String, Json> = Map::new();
    for (key, value) in pairs {
        match object.get_mut(key) {
            None => drop(object.insert(key.clone(), json!(value))),
            Some(Json::Array(list)) => list.push(json!(value)),
            Some(one) => *one = json!([one.clone(), value]),
        }
    }
    object
}

impl Document {
    fn of(source: SourceKind, record: &Record, now: Timestamp) -> Document {
        let mut told = Told::default();
        for (slot, field) in (0u8..).zip(source.fields).filter(|(slot, _)| applies(source, record, *slot)) {
            told.add(field.name, record.slot(slot), matches!(field.holds, Holds::Number(_)));
        }
        for metric in source.metrics {
            if let Input::Age(slot) = metric.input {
                match record.slot(slot) {
                    Value::Time(at) => told.put(true, metric.name, json!(since(now, *at).as_secs_f64())),
                    Value::Absent => told.put(true, metric.name, Json::Null),
                    _ => drop(told.not_told.insert(metric.name.to_owned())),
                }
            }
        }
        for (name, value) in &record.open {
            told.add(name, value, matches!(value, Value::Number(_)));
        }
        if record.at.is_none() && !source.is_snapshot() {
            told.not_told.insert("at".to_owned());
        }
        let kind = source.kinds.get(usize::from(record.kind)).copied();
        Document::made(&record.target, kind, record.id, &record.name, record.at, told)
    }

    #[allow(clippy::too_many_arguments, reason = "the keys of the object")]
    fn made(target: &str, kind: Option<&str>, id: u64, name: &str, at: Option<Timestamp>, told: Told) -> Document {
        let Told { fields, numbers, labels, bounds, not_told } = told;
        Document([
            json!(target),
            json!(kind),
            json!(format!("{id:016x}")),
            json!(name),
            json!(at.map(|at| at.to_string())),
            Json::Object(fields),
            Json::Object(numbers),
            Json::Object(labels),
            json!(not_told),
            Json::Object(bounds),
        ])
    }
}

// ---- flows

fn of_flows(global: &Global, args: &ShowArgs) -> Exit {
    let chosen = flags::traffic(&args.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    let mut fields = documents(document);
    fields.extend(OF_FLOWS.iter().map(|(offer, _)| {
        let audience = if offer.usual { Audience::Rows } else { Audience::Csv };
        Field {
            column: Column { name: offer.name.to_owned(), title: (offer.title)(), kind: offer.kind },
            audience,
            about: (offer.about)(),
            from: From::Detail,
        }
    }));
    let Some(picked) = pick(args.source, &mut fields, &args.shape.columns)? else { return Ok(0) };
    ask(global, &args.inputs, &args.from, |query, style| show_flows(global, args, query, style, (&fields, picked, &chosen.filter)))
}

type OfFlows<'f> = (&'f [Field], Vec<usize>, &'f crate::domain::filter::Filter<crate::domain::filter::TrafficCondition>);

fn show_flows(global: &Global, args: &ShowArgs, query: &Query<'_>, style: &Style, (fields, picked, filter): OfFlows<'_>) -> Exit {
    let columns = fields.iter().map(|field| (field.column.clone(), field.audience)).collect();
    let mut facts = vec![("source_name", json!(args.source.name()))];
    facts.extend(accounting(true));
    let listing = Listing::prepare(global, style, contents(columns, picked, facts), Some(&args.shape), false)?;
    let mut rows = listing.open()?;
    let Some(span) = &args.span else { return Err(Failure(tr!("not queried"))) };
    let answer = query::flows(query, span, filter, &mut |flow| {
        rows.row(0, || {
            let row = FlowRow::of(flow);
            let mut told = Told::default();
            for ((offer, _), cell) in OF_FLOWS.iter().zip(&row.cells) {
                match cell {
                    Cell::Count(..) | Cell::Plain(_) | Cell::Amount(..) => told.put(true, offer.name, cell.json()),
                    Cell::Nothing | Cell::NotTold => {}
                    cell => told.put(false, offer.name, cell.json()),
                }
            }
            told.not_told.extend(row.not_told.iter().map(|name| (*name).to_owned()));
            let document = Document::made(crate::sources::PCE, Some("flow"), row.id, &row.name, flow.last, told);
            document.0.into_iter().map(Cell::Document).chain(row.cells).collect()
        })
    })?;
    let mut closing = Closing { facts: span_facts(answer.span), notes: span_note(answer.span, style).into_iter().collect() };
    closing.notes.push(counted_how(true));
    rows.finish(global, &answer.report, closing)?;
    exit_code(&answer.report)
}

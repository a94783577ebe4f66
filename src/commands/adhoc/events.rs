//! `pcemon events`: audit events, newest first.

use super::listing::{self, Contents, Listing, Offer, Text};
use super::{ask, exit_code, span_facts, span_note, undecided_note};
use crate::cli::Global;
use crate::cli::adhoc::EventsArgs;
use crate::commands::common::Exit;
use crate::config::flags;
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use crate::render::sheet::{Cell, Closing, Kind};
use crate::run::query;
use crate::sources::EVENTS;
use crate::sources::events as row;

type Read = fn(&Record) -> Cell;

const fn offer(name: &'static str, title: Text, kind: Kind, usual: bool, about: Text, read: Read) -> (Offer, Read) {
    (Offer { name, title, kind, usual, about }, read)
}

const COLUMNS: &[(Offer, Read)] = &[
    offer("time", || tr!("time"), Kind::Fixed, true, || tr!("when it happened"), |event| event.at.map_or(Cell::Nothing, Cell::Time)),
    offer("severity", || tr!("severity"), Kind::Fixed, true, || tr!("severity as the PCE writes it"), |event| text(event, row::SEVERITY)),
    offer("type", || tr!("type"), Kind::Text, true, || tr!("event type"), |event| text(event, row::TYPE)),
    offer("actor", || tr!("actor"), Kind::Text, true, || tr!("who did it"), |event| text(event, row::ACTOR)),
    offer("src_ip", || tr!("source ip"), Kind::Fixed, true, || tr!("where the call came from"), |event| text(event, row::SRC_IP)),
    offer("status", || tr!("status"), Kind::Fixed, true, || tr!("success or failure"), |event| text(event, row::STATUS)),
    offer(
        "changed",
        || tr!("what changed"),
        Kind::Text,
        true,
        || tr!("the resources that were changed, else the notifications"),
        |event| {
            let mut parts = named(event.slot(row::RESOURCE).texts());
            if parts.is_empty() {
                parts = event.slot(row::NOTIFICATION).texts().to_vec();
            }
            if let Some(count) = affected(event) {
                parts.push(format!("{count} workloads affected"));
            }
            list(parts)
        },
    ),
    offer(
        "resources",
        || tr!("resources"),
        Kind::Text,
        false,
        || tr!("names and hrefs of everything that was changed"),
        |event| list(event.slot(row::RESOURCE).texts().to_vec()),
    ),
    offer(
        "notifications",
        || tr!("notifications"),
        Kind::Text,
        false,
        || tr!("notifications inside the event"),
        |event| list(event.slot(row::NOTIFICATION).texts().to_vec()),
    ),
    offer(
        "workloads_affected",
        || tr!("workloads"),
        Kind::Number,
        false,
        || tr!("how many workloads a provisioning touched"),
        |event| affected(event).map_or(Cell::Nothing, |count| Cell::Count(count, Unit::Workloads)),
    ),
    offer(
        "actors",
        || tr!("actors"),
        Kind::Text,
        false,
        || tr!("all names of who did it"),
        |event| list(event.slot(row::ACTOR).texts().to_vec()),
    ),
    offer("pce_fqdn", || "pce".to_owned(), Kind::Text, false, || tr!("which PCE recorded it"), |event| text(event, row::PCE_FQDN)),
    offer("href", || "href".to_owned(), Kind::Text, false, || tr!("its id"), |event| text(event, row::HREF)),
];

/// Runs the command.
pub fn run(global: &Global, args: &EventsArgs) -> Exit {
    let chosen = flags::records(EVENTS, &args.which.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    let offers: Vec<Offer> = COLUMNS.iter().map(|(offer, _)| *offer).collect();
    let Some((columns, picked)) = listing::choose(&offers, &args.shape.columns, |_| None, "")? else { return Ok(0) };
    ask(global, &args.inputs, &args.source, |query, style| {
        let contents = Contents {
            schema: "pcemon.events/1",
            rows: "events",
            nouns: [tr!("event"), tr!("events")],
            columns,
            chosen: picked,
            facts: Vec::new(),
        };
        let listing = Listing::prepare(global, style, contents, Some(&args.shape), false)?;
        let mut rows = listing.open()?;
        let mut answer = query::records(query, EVENTS, Some(&args.span), false, &chosen.filter)?;
        if args.shape.reverse {
            answer.records.records.reverse();
        }
        for event in &answer.records.records {
            let _all_are_counted = rows.row(0, || COLUMNS.iter().map(|(_, read)| read(event)).collect());
        }
        let notes = span_note(answer.span, style).into_iter().chain(undecided_note(answer.records.undecided));
        let closing = Closing { facts: span_facts(answer.span), notes: notes.collect() };
        rows.finish(global, &answer.report, closing)?;
        exit_code(&answer.report)
    })
}

fn text(event: &Record, slot: u8) -> Cell {
    Cell::text(event.slot(slot).as_text().unwrap_or(""))
}

fn affected(event: &Record) -> Option<u64> {
    if let Value::Number(number) = event.slot(row::WORKLOADS_AFFECTED) { number.value().map(|count| count as u64) } else { None }
}

/// Names where there are any; an href says little to people.
fn named(resources: &[String]) -> Vec<String> {
    let names: Vec<String> = resources.iter().filter(|text| !text.starts_with('/')).cloned().collect();
    if names.is_empty() { resources.to_vec() } else { names }
}

fn list(items: Vec<String>) -> Cell {
    if items.is_empty() { Cell::Nothing } else { Cell::List(items) }
}

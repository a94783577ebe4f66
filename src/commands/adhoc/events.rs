//! `pcemon events`: audit events, newest first.

use super::listing::{self, Contents, Listing, Offer};
use super::{ask, conclude, span_facts, span_note};
use crate::app::Exit;
use crate::cli::Global;
use crate::cli::adhoc::EventsArgs;
use crate::config::flags;
use crate::domain::metric::Unit;
use crate::domain::record::Event;
use crate::render::sheet::{Cell, Closing, Kind};
use crate::run::query;

type Read = fn(&Event) -> Cell;

const fn offer(name: &'static str, title: &'static str, kind: Kind, usual: bool, about: &'static str, read: Read) -> (Offer, Read) {
    (Offer { name, title, kind, usual, about }, read)
}

const COLUMNS: &[(Offer, Read)] = &[
    offer("time", "time", Kind::Fixed, true, "when it happened", |event| event.timestamp.map_or(Cell::Nothing, Cell::Time)),
    offer("severity", "severity", Kind::Fixed, true, "severity as the PCE writes it", |event| Cell::text(&event.severity)),
    offer("type", "type", Kind::Text, true, "event type", |event| Cell::text(&event.event_type)),
    offer("actor", "actor", Kind::Text, true, "who did it", |event| Cell::text(event.actor().unwrap_or_default())),
    offer("src_ip", "source ip", Kind::Fixed, true, "where the call came from", |event| Cell::text(&event.src_ip)),
    offer("status", "status", Kind::Fixed, true, "success or failure", |event| Cell::text(&event.status)),
    offer("changed", "what changed", Kind::Text, true, "the resources that were changed, else the notifications", |event| {
        let mut parts = named(&event.resources);
        if parts.is_empty() {
            parts.clone_from(&event.notifications);
        }
        if let Some(count) = event.workloads_affected {
            parts.push(format!("{count} workloads affected"));
        }
        list(parts)
    }),
    offer("resources", "resources", Kind::Text, false, "names and hrefs of everything that was changed", |event| {
        list(event.resources.clone())
    }),
    offer("notifications", "notifications", Kind::Text, false, "notifications inside the event", |event| list(event.notifications.clone())),
    offer("workloads_affected", "workloads", Kind::Number, false, "how many workloads a provisioning touched", |event| {
        event.workloads_affected.map_or(Cell::Nothing, |count| Cell::Count(count, Unit::Workloads))
    }),
    offer("actors", "actors", Kind::Text, false, "all names of who did it", |event| list(event.actors.clone())),
    offer("pce_fqdn", "pce", Kind::Text, false, "which PCE recorded it", |event| Cell::text(&event.pce_fqdn)),
    offer("href", "href", Kind::Text, false, "its id", |event| Cell::text(&event.href)),
];

/// Runs the command.
pub fn run(global: &Global, args: &EventsArgs) -> Exit {
    let chosen = flags::events(&args.which.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    let offers: Vec<Offer> = COLUMNS.iter().map(|(offer, _)| *offer).collect();
    let Some((columns, picked)) = listing::choose(&offers, &args.shape.columns, |_| None, "")? else { return Ok(0) };
    ask(global, args.events.as_deref(), &args.source, |query, style| {
        let contents =
            Contents { schema: "pcemon.events/1", rows: "events", nouns: ["event", "events"], columns, chosen: picked, facts: Vec::new() };
        let listing = Listing::prepare(global, style, contents, Some(&args.shape), false)?;
        let mut rows = listing.open()?;
        let mut answer = query::events(query, &args.span, &chosen.filter)?;
        if args.shape.reverse {
            answer.records.reverse();
        }
        for event in &answer.records {
            let _all_are_counted = rows.row(0, || COLUMNS.iter().map(|(_, read)| read(event)).collect());
        }
        let closing = Closing { facts: span_facts(answer.span), notes: span_note(answer.span, style).into_iter().collect() };
        rows.finish(global, &answer.report, closing)?;
        conclude(&answer.report)
    })
}

/// Names where there are any; an href says little to people.
fn named(resources: &[String]) -> Vec<String> {
    let names: Vec<String> = resources.iter().filter(|text| !text.starts_with('/')).cloned().collect();
    if names.is_empty() { resources.to_vec() } else { names }
}

fn list(items: Vec<String>) -> Cell {
    if items.is_empty() { Cell::Nothing } else { Cell::List(items) }
}

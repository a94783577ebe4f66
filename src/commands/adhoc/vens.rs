//! `pcemon vens`: VENs and what their workloads tell, by name.

use super::listing::{self, Contents, Listing, Offer, Text};
use super::{ask, conclude};
use crate::app::Exit;
use crate::cli::Global;
use crate::cli::adhoc::VensArgs;
use crate::config::flags;
use crate::domain::metric::Unit;
use crate::domain::ven::{Ven, VenWorkload};
use crate::render::sheet::{Cell, Closing, Kind};
use crate::run::query;
use jiff::Timestamp;

type Read = fn(&Ven, Timestamp) -> Cell;

const fn offer(name: &'static str, title: Text, kind: Kind, usual: bool, about: Text, read: Read) -> (Offer, Read) {
    (Offer { name, title, kind, usual, about }, read)
}

const COLUMNS: &[(Offer, Read)] = &[
    offer("ven", || "ven".to_owned(), Kind::Text, true, || tr!("name, else host name"), |ven, _| Cell::text(ven.display_name())),
    offer("status", || tr!("status"), Kind::Fixed, true, || tr!("active, suspended or uninstalled"), |ven, _| Cell::text(&ven.status)),
    offer("version", || tr!("version"), Kind::Fixed, true, || tr!("version of the VEN"), |ven, _| Cell::text(&ven.version)),
    offer("os", || tr!("os"), Kind::Text, true, || tr!("operating system"), |ven, _| Cell::text(ven.os.first().map_or("", String::as_str))),
    offer(
        "enforcement",
        || tr!("enforcement"),
        Kind::Fixed,
        true,
        || tr!("enforcement mode of its workload"),
        |ven, _| of_workload(ven, |workload| Cell::text(&workload.enforcement)),
    ),
    offer(
        "sync_state",
        || tr!("policy"),
        Kind::Fixed,
        true,
        || tr!("whether its policy is in step with the PCE"),
        |ven, _| of_workload(ven, |workload| Cell::text(&workload.sync_state)),
    ),
    offer(
        "online",
        || tr!("online"),
        Kind::Fixed,
        true,
        || tr!("whether the PCE hears of it"),
        |ven, _| of_workload(ven, |workload| workload.online.map_or(Cell::Nothing, Cell::Flag)),
    ),
    offer(
        "last_heartbeat",
        || tr!("last heartbeat"),
        Kind::Fixed,
        true,
        || tr!("when the PCE last heard of it"),
        |ven, _| ven.last_heartbeat.map_or(Cell::Nothing, Cell::Time),
    ),
    offer(
        "heartbeat_age",
        || tr!("silent for"),
        Kind::Number,
        false,
        || tr!("how long ago that is"),
        |ven, now| ven.heartbeat_age(now).map_or(Cell::Nothing, |age| Cell::Amount(age.as_secs_f64(), Unit::Seconds)),
    ),
    offer(
        "conditions",
        || tr!("conditions"),
        Kind::Text,
        true,
        || tr!("what the PCE holds against it"),
        |ven, _| list(ven.conditions.clone()),
    ),
    offer("hostname", || tr!("host name"), Kind::Text, false, || tr!("host name"), |ven, _| Cell::text(&ven.hostname)),
    offer(
        "labels",
        || tr!("labels"),
        Kind::Text,
        false,
        || tr!("labels"),
        |ven, _| match ven.labels.as_slice() {
            [] => Cell::Nothing,
            labels => Cell::Pairs(labels.to_vec()),
        },
    ),
    offer(
        "ips",
        || tr!("addresses"),
        Kind::Text,
        false,
        || tr!("addresses of its interfaces"),
        |ven, _| list(ven.addresses.iter().map(ToString::to_string).collect()),
    ),
    offer(
        "ven_type",
        || tr!("type"),
        Kind::Fixed,
        false,
        || tr!("server, endpoint or containerized-ven"),
        |ven, _| Cell::text(&ven.ven_type),
    ),
    offer("active_pce", || "pce".to_owned(), Kind::Text, false, || tr!("the PCE it talks to"), |ven, _| Cell::text(&ven.active_pce)),
    offer("href", || "href".to_owned(), Kind::Text, false, || tr!("its id"), |ven, _| Cell::text(&ven.href)),
];
/// Columns that only workloads can fill.
const OF_WORKLOAD: [&str; 3] = ["enforcement", "sync_state", "online"];

/// Runs the command.
pub fn run(global: &Global, args: &VensArgs) -> Exit {
    let chosen = flags::vens(&args.which.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    let offers: Vec<Offer> = COLUMNS.iter().map(|(offer, _)| *offer).collect();
    let Some((columns, picked)) = listing::choose(&offers, &args.shape.columns, |_| None, "")? else { return Ok(0) };
    ask(global, args.vens.as_deref(), &args.source, |query, style| {
        let contents = Contents {
            schema: "pcemon.vens/1",
            rows: "vens",
            nouns: ["VEN".to_owned(), "VENs".to_owned()],
            columns,
            chosen: picked,
            facts: Vec::new(),
        };
        let listing = Listing::prepare(global, style, contents, Some(&args.shape), false)?;
        let mut rows = listing.open()?;
        let workloads = offers.iter().enumerate().any(|(place, offer)| OF_WORKLOAD.contains(&offer.name) && rows.wants(place));
        let mut answer = query::vens(query, workloads, &chosen.filter)?;
        let (vens, now) = &mut answer.records;
        if args.shape.reverse {
            vens.reverse();
        }
        for ven in vens {
            let _all_are_counted = rows.row(0, || COLUMNS.iter().map(|(_, read)| read(ven, *now)).collect());
        }
        rows.finish(global, &answer.report, Closing::default())?;
        conclude(&answer.report)
    })
}

fn of_workload(ven: &Ven, read: impl Fn(&VenWorkload) -> Cell) -> Cell {
    ven.workload.as_ref().map_or(Cell::Nothing, read)
}

fn list(items: Vec<String>) -> Cell {
    if items.is_empty() { Cell::Nothing } else { Cell::List(items) }
}

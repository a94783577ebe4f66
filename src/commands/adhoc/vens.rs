//! `pcemon vens`: VENs and what their workloads tell, by name.

use super::listing::{self, Contents, Listing, Offer, Text};
use super::{ask, exit_code, undecided_note};
use crate::cli::Global;
use crate::cli::adhoc::VensArgs;
use crate::commands::common::Exit;
use crate::config::flags;
use crate::domain::time::since;
use crate::domain::unit::Unit;
use crate::domain::value::{Record, Value};
use crate::render::sheet::{Cell, Closing, Kind};
use crate::run::query::{self, Found};
use crate::sources::VENS;
use crate::sources::vens as row;
use jiff::Timestamp;

type Read = fn(&Record, Timestamp) -> Cell;

const fn offer(name: &'static str, title: Text, kind: Kind, usual: bool, about: Text, read: Read) -> (Offer, Read) {
    (Offer { name, title, kind, usual, about }, read)
}

const COLUMNS: &[(Offer, Read)] = &[
    offer("ven", || "ven".to_owned(), Kind::Text, true, || tr!("name, else host name"), |ven, _| Cell::text(&ven.name)),
    offer("status", || tr!("status"), Kind::Fixed, true, || tr!("active, suspended or uninstalled"), |ven, _| text(ven, row::STATUS)),
    offer("version", || tr!("version"), Kind::Fixed, true, || tr!("version of the VEN"), |ven, _| text(ven, row::VERSION)),
    offer("os", || tr!("os"), Kind::Text, true, || tr!("operating system"), |ven, _| text(ven, row::OS)),
    offer(
        "enforcement",
        || tr!("enforcement"),
        Kind::Fixed,
        true,
        || tr!("enforcement mode of its workload"),
        |ven, _| text(ven, row::ENFORCEMENT),
    ),
    offer(
        "sync_state",
        || tr!("policy"),
        Kind::Fixed,
        true,
        || tr!("whether its policy is in step with the PCE"),
        |ven, _| text(ven, row::SYNC_STATE),
    ),
    offer(
        "online",
        || tr!("online"),
        Kind::Fixed,
        true,
        || tr!("whether the PCE hears of it"),
        |ven, _| if let Value::Flag(flag) = ven.slot(row::ONLINE) { Cell::Flag(*flag) } else { Cell::Nothing },
    ),
    offer(
        "last_heartbeat",
        || tr!("last heartbeat"),
        Kind::Fixed,
        true,
        || tr!("its last heartbeat"),
        |ven, _| time(ven, row::LAST_HEARTBEAT).map_or(Cell::Nothing, Cell::Time),
    ),
    offer(
        "heartbeat_age",
        || tr!("silent for"),
        Kind::Number,
        false,
        || tr!("how long ago that is"),
        |ven, now| time(ven, row::SILENT_SINCE).map_or(Cell::Nothing, |at| Cell::Amount(since(now, at).as_secs_f64(), Unit::Seconds)),
    ),
    offer(
        "conditions",
        || tr!("conditions"),
        Kind::Text,
        true,
        || tr!("open notifications of the VEN"),
        |ven, _| list(ven.slot(row::CONDITION).texts().to_vec()),
    ),
    offer("hostname", || tr!("host name"), Kind::Text, false, || tr!("host name"), |ven, _| text(ven, row::HOSTNAME)),
    offer(
        "labels",
        || tr!("labels"),
        Kind::Text,
        false,
        || tr!("labels"),
        |ven, _| match ven.slot(row::LABEL) {
            Value::Pairs(labels, _) if !labels.is_empty() => Cell::Pairs(labels.clone()),
            _ => Cell::Nothing,
        },
    ),
    offer(
        "ips",
        || tr!("addresses"),
        Kind::Text,
        false,
        || tr!("addresses of its interfaces"),
        |ven, _| {
            list(if let Value::Addresses(all, _) = ven.slot(row::IP) { all.iter().map(ToString::to_string).collect() } else { Vec::new() })
        },
    ),
    offer(
        "ven_type",
        || tr!("type"),
        Kind::Fixed,
        false,
        || tr!("server, endpoint or containerized-ven"),
        |ven, _| text(ven, row::VEN_TYPE),
    ),
    offer("active_pce", || "pce".to_owned(), Kind::Text, false, || tr!("the PCE it talks to"), |ven, _| text(ven, row::ACTIVE_PCE)),
    offer("href", || "href".to_owned(), Kind::Text, false, || tr!("its id"), |ven, _| text(ven, row::HREF)),
];
/// Columns that only workloads can fill.
const OF_WORKLOAD: [&str; 3] = ["enforcement", "sync_state", "online"];

/// Runs the command.
pub fn run(global: &Global, args: &VensArgs) -> Exit {
    let chosen = flags::records(VENS, &args.which.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    let offers: Vec<Offer> = COLUMNS.iter().map(|(offer, _)| *offer).collect();
    let Some((columns, picked)) = listing::choose(&offers, &args.shape.columns, |_| None, "")? else { return Ok(0) };
    ask(global, &args.inputs, &args.source, |query, style| {
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
        let mut answer = query::records(query, VENS, None, workloads, &chosen.filter)?;
        let Found { records: vens, now, undecided } = &mut answer.records;
        if args.shape.reverse {
            vens.reverse();
        }
        for ven in vens {
            let _all_are_counted = rows.row(0, || COLUMNS.iter().map(|(_, read)| read(ven, *now)).collect());
        }
        let closing = Closing { notes: undecided_note(*undecided).into_iter().collect(), ..Closing::default() };
        rows.finish(global, &answer.report, closing)?;
        exit_code(&answer.report)
    })
}

fn text(ven: &Record, slot: u8) -> Cell {
    Cell::text(ven.slot(slot).as_text().unwrap_or(""))
}

fn time(ven: &Record, slot: u8) -> Option<Timestamp> {
    if let Value::Time(at) = ven.slot(slot) { Some(*at) } else { None }
}

fn list(items: Vec<String>) -> Cell {
    if items.is_empty() { Cell::Nothing } else { Cell::List(items) }
}

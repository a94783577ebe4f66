//! `pcemon flows`: flow records, chosen by the keys of a rule's `match`.

use super::listing::{self, Contents, Listing, Offer, Rows, Text};
use super::once::{Ends, Key, bytes, side};
use super::{accounting, ask, counted_how, exit_code};
use crate::cli::Global;
use crate::cli::adhoc::{FlowOrder, FlowsArgs};
use crate::commands::common::Exit;
use crate::config::flags;
use crate::domain::field::Field;
use crate::domain::record::{Endpoint, Flow, NotTold, proto_name};
use crate::domain::time::since;
use crate::domain::unit::Unit;
use crate::judge::fields::field_value;
use crate::render::sheet::{Cell, Closing, Column, Kind, NOT_TOLD, Packed};
use crate::run::query;
use crate::sources::TRAFFIC;
use hashbrown::HashMap;
use std::ops::ControlFlow;

type Read = fn(&Flow<'_>) -> Cell;

const DIRECTION: &str = "direction";
const CONNECTIONS: &str = "connections";
/// Records that wait until all are there; more are shown as the PCE sent them.
const MOST_WAITING: usize = 100_000;

const fn offer(name: &'static str, title: Text, kind: Kind, usual: bool, about: Text, read: Read) -> (Offer, Read) {
    (Offer { name, title, kind, usual, about }, read)
}

pub(super) const COLUMNS: &[(Offer, Read)] = &[
    offer("first", || tr!("first"), Kind::Fixed, false, || tr!("when the bucket's first connection was seen"), |flow| time(flow.first)),
    offer("last", || tr!("last"), Kind::Fixed, true, || tr!("when its last was seen"), |flow| time(flow.last)),
    offer(
        "src",
        || tr!("source"),
        Kind::Text,
        true,
        || tr!("source: workload name, else host name, else address"),
        |flow| name(&flow.src.endpoint),
    ),
    offer("src_ip", || tr!("source ip"), Kind::Fixed, false, || tr!("source address"), |flow| Cell::text(&flow.src.endpoint.ip_text)),
    offer(
        "src_fqdn",
        || tr!("source fqdn"),
        Kind::Text,
        false,
        || tr!("domain name of the source"),
        |flow| Cell::text(&flow.src.endpoint.fqdn),
    ),
    offer("src_labels", || tr!("source labels"), Kind::Text, false, || tr!("all labels of the source"), |flow| labels(&flow.src.endpoint)),
    offer("src_ip_lists", || tr!("source ip lists"), Kind::Text, false, || tr!("IP lists of the source"), |flow| lists(&flow.src.endpoint)),
    offer(
        "src_managed",
        || tr!("source managed"),
        Kind::Fixed,
        false,
        || tr!("whether a VEN manages the source"),
        |flow| managed(&flow.src.endpoint),
    ),
    offer(
        "src_enforcement",
        || tr!("source enforcement"),
        Kind::Fixed,
        false,
        || tr!("enforcement mode of the source"),
        |flow| enforcement(&flow.src.endpoint),
    ),
    offer("src_os", || tr!("source os"), Kind::Fixed, false, || tr!("operating system of the source"), |flow| system(&flow.src.endpoint)),
    offer(
        "dst",
        || tr!("destination"),
        Kind::Text,
        true,
        || tr!("destination: workload name, else host name, else address"),
        |flow| name(&flow.dst.endpoint),
    ),
    offer(
        "dst_ip",
        || tr!("destination ip"),
        Kind::Fixed,
        false,
        || tr!("destination address"),
        |flow| Cell::text(&flow.dst.endpoint.ip_text),
    ),
    offer(
        "dst_fqdn",
        || tr!("destination fqdn"),
        Kind::Text,
        false,
        || tr!("domain name of the destination"),
        |flow| Cell::text(&flow.dst.endpoint.fqdn),
    ),
    offer(
        "dst_labels",
        || tr!("destination labels"),
        Kind::Text,
        false,
        || tr!("all labels of the destination"),
        |flow| labels(&flow.dst.endpoint),
    ),
    offer(
        "dst_ip_lists",
        || tr!("destination ip lists"),
        Kind::Text,
        false,
        || tr!("IP lists of the destination"),
        |flow| lists(&flow.dst.endpoint),
    ),
    offer(
        "dst_managed",
        || tr!("destination managed"),
        Kind::Fixed,
        false,
        || tr!("whether a VEN manages the destination"),
        |flow| managed(&flow.dst.endpoint),
    ),
    offer(
        "dst_enforcement",
        || tr!("destination enforcement"),
        Kind::Fixed,
        false,
        || tr!("enforcement mode of the destination"),
        |flow| enforcement(&flow.dst.endpoint),
    ),
    offer(
        "dst_os",
        || tr!("destination os"),
        Kind::Fixed,
        false,
        || tr!("operating system of the destination"),
        |flow| system(&flow.dst.endpoint),
    ),
    offer(
        "port",
        || tr!("port"),
        Kind::Number,
        true,
        || tr!("destination port"),
        |flow| flow.port.map_or(Cell::Nothing, |port| Cell::Plain(u64::from(port))),
    ),
    offer(
        "proto",
        || tr!("proto"),
        Kind::Fixed,
        true,
        || tr!("protocol"),
        |flow| {
            if flow.proto < 0 { Cell::Nothing } else { Cell::Text(proto_name(flow.proto)) }
        },
    ),
    offer("decision", || tr!("decision"), Kind::Fixed, true, || tr!("policy decision"), |flow| Cell::Text(flow.decision.name().to_owned())),
    offer(
        "direction",
        || tr!("direction"),
        Kind::Fixed,
        false,
        || tr!("which end reported: inbound (the destination), outbound (the source)"),
        |flow| Cell::Text(flow.direction.name().to_owned()),
    ),
    offer(
        "connections",
        || tr!("conns"),
        Kind::Number,
        true,
        || tr!("connections so far in the bucket"),
        |flow| Cell::Count(flow.connections, Unit::Connections),
    ),
    offer("bytes", || tr!("bytes"), Kind::Number, true, || tr!("bytes both ways"), |flow| Cell::Count(bytes(flow), Unit::Bytes)),
    offer(
        "bytes_in",
        || tr!("bytes in"),
        Kind::Number,
        false,
        || tr!("bytes received by the destination"),
        |flow| Cell::Count(flow.bytes_in, Unit::Bytes),
    ),
    offer(
        "bytes_out",
        || tr!("bytes out"),
        Kind::Number,
        false,
        || tr!("bytes sent by the destination"),
        |flow| Cell::Count(flow.bytes_out, Unit::Bytes),
    ),
    offer(
        "bandwidth",
        || tr!("mean rate"),
        Kind::Number,
        true,
        || tr!("bytes * 8 / (last - first): the mean over the bucket, in bits per second"),
        |flow| rate(flow).map_or(Cell::Nothing, |rate| Cell::Amount(rate, Unit::BitsPerSecond)),
    ),
    offer("process", || tr!("process"), Kind::Text, false, || tr!("process on the reporting side"), |flow| Cell::text(flow.process)),
    offer(
        "service",
        || tr!("service"),
        Kind::Text,
        false,
        || tr!("Windows service on the reporting side"),
        |flow| Cell::text(flow.service),
    ),
    offer("user", || tr!("user"), Kind::Text, false, || tr!("user on the reporting side"), |flow| Cell::text(flow.user)),
    offer("state", || tr!("state"), Kind::Fixed, false, || tr!("state of the connection"), |flow| Cell::text(flow.state)),
    offer(
        "transmission",
        || tr!("transmission"),
        Kind::Fixed,
        false,
        || tr!("broadcast or multicast; nothing for unicast"),
        |flow| Cell::text(flow.transmission),
    ),
    offer("network", || tr!("network"), Kind::Text, false, || tr!("network"), |flow| Cell::text(flow.network)),
    offer("client_type", || tr!("client type"), Kind::Fixed, false, || tr!("kind of reporter"), |flow| Cell::text(flow.client_type)),
];

/// What a record leaves out when it does not tell a column. Names are always something: an address, where nothing better is known.
fn needs(column: &str) -> NotTold {
    let of_end = |what: &str| match what {
        "ip" => NotTold::IP,
        "fqdn" => NotTold::FQDN,
        "labels" => NotTold::LABELS.and(NotTold::WORKLOAD),
        "ip_lists" => NotTold::IP_LISTS,
        "managed" => NotTold::MANAGED.and(NotTold::WORKLOAD),
        "enforcement" => NotTold::ENFORCEMENT.and(NotTold::WORKLOAD),
        "os" => NotTold::OS.and(NotTold::WORKLOAD),
        _ => NotTold::NOTHING,
    };
    match column.split_once('_') {
        Some(("src", what)) => return of_end(what).of_src(),
        Some(("dst", what)) => return of_end(what).of_dst(),
        _ => {}
    }
    match column {
        "port" => NotTold::PORT,
        "proto" => NotTold::PROTO,
        "decision" => NotTold::DECISION,
        "direction" => NotTold::DIRECTION,
        "bytes" | "bandwidth" => NotTold::BYTES,
        "bytes_in" => NotTold::BYTES_IN,
        "bytes_out" => NotTold::BYTES_OUT,
        "process" | "service" | "user" => NotTold::REPORTER,
        "state" => NotTold::STATE,
        "network" => NotTold::NETWORK,
        "client_type" => NotTold::CLIENT_TYPE,
        _ => NotTold::NOTHING,
    }
}

/// A cell, or that the record does not tell it; a list that may have more says so.
fn told(is_told: bool, cell: Cell) -> Cell {
    if is_told {
        return cell;
    }
    let more = |items: Vec<String>| Cell::List(items.into_iter().chain([NOT_TOLD.to_owned()]).collect());
    match cell {
        Cell::List(items) => more(items),
        Cell::Pairs(pairs) => more(pairs.iter().map(|(key, value)| format!("{key}={value}")).collect()),
        _ => Cell::NotTold,
    }
}

/// A flow as a row of cells, with what identifies it and the columns that it does not tell, or not whole.
pub(super) struct FlowRow {
    pub cells: Vec<Cell>,
    pub not_told: Vec<&'static str>,
    pub id: u64,
    pub name: String,
}

impl FlowRow {
    pub fn of(flow: &Flow<'_>) -> FlowRow {
        let missing = flow.not_told();
        let mut not_told = Vec::new();
        let cell = |(offer, read): &(Offer, Read)| {
            let is_told = !missing.any(needs(offer.name));
            if !is_told {
                not_told.push(offer.name);
            }
            told(is_told, read(flow))
        };
        let cells: Vec<Cell> = COLUMNS.iter().map(cell).collect();
        let (src, dst) = (flow.src.endpoint.display_name(), flow.dst.endpoint.display_name());
        let port = flow.port.map_or_else(String::new, |port| format!("{port}/"));
        let name = format!("{src} → {dst} {port}{}", proto_name(flow.proto));
        // What grows is no part of what it is.
        let text = format!("{:?} {} {} {} {} {:?}", flow.first, name, flow.decision.name(), flow.direction.name(), flow.process, flow.port);
        FlowRow { cells, not_told, id: xxhash_rust::xxh3::xxh3_64(text.as_bytes()), name }
    }
}

/// Runs the command.
pub fn run(global: &Global, args: &FlowsArgs) -> Exit {
    let chosen = flags::traffic(&args.which.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    // Where both ends stand in the list, it says which is which.
    let usual = |offer: &Offer| Offer { usual: offer.usual || args.raw && offer.name == DIRECTION, ..*offer };
    let offers: Vec<Offer> = COLUMNS.iter().map(|(offer, _)| usual(offer)).collect();
    let label = |name: &str| match Field::parse(TRAFFIC, name) {
        Some(Field::SrcLabel(_) | Field::DstLabel(_)) => Some(Column { name: name.to_owned(), title: name.to_owned(), kind: Kind::Text }),
        _ => None,
    };
    let hint = tr!("\nsrc_label:KEY and dst_label:KEY show one label, for example dst_label:role.\n");
    let Some((columns, picked)) = listing::choose(&offers, &args.shape.columns, label, &hint)? else { return Ok(0) };
    let fields: Vec<Option<Field>> = columns.iter().skip(offers.len()).map(|(column, _)| Field::parse(TRAFFIC, &column.name)).collect();
    ask(global, &args.inputs, &args.source, |query, style| {
        let contents = Contents {
            schema: "pcemon.flows/1",
            rows: "flows",
            nouns: [tr!("flow"), tr!("flows")],
            columns,
            chosen: picked,
            facts: accounting(args.raw),
        };
        let listing = Listing::prepare(global, style, contents, Some(&args.shape), args.sort.is_some())?;
        let mut rows = listing.open()?;
        let (mut connections, mut volume) = (0u64, 0u64);
        let wants: Vec<bool> = (0..COLUMNS.len()).map(|place| rows.wants(place)).collect();
        let cells = |flow: &Flow<'_>| -> Vec<Cell> {
            let missing = flow.not_told();
            let own = COLUMNS.iter().zip(&wants).map(|((offer, read), wanted)| match read(flow) {
                Cell::Nothing if *wanted => told(!missing.any(needs(offer.name)), Cell::Nothing),
                cell if *wanted => cell,
                _ => Cell::Nothing,
            });
            let more =
                fields.iter().map(|field| field.as_ref().and_then(|field| field_value(field, flow)).map_or(Cell::Nothing, Cell::Text));
            own.chain(more).collect()
        };
        let order = if args.raw { args.sort } else { args.sort.or(Some(FlowOrder::Last)) };
        let place_of = |flow: &Flow<'_>| {
            let key = key(flow, order);
            if args.shape.reverse { -key } else { key }
        };
        let mut once = Once::default();
        let answer = query::flows(query, &args.span, &chosen.filter, &mut |flow| {
            if !args.raw && once.take(flow, place_of(flow), || cells(flow)) {
                return ControlFlow::Continue(());
            }
            connections = connections.saturating_add(flow.connections);
            volume = volume.saturating_add(bytes(flow));
            rows.row(place_of(flow), || cells(flow))
        })?;
        let (more_connections, more_bytes) = once.show(&mut rows);
        (connections, volume) = (connections.saturating_add(more_connections), volume.saturating_add(more_bytes));
        let mut closing = Closing { facts: super::span_facts(answer.span), notes: Vec::new() };
        closing.facts.extend([("connections", connections.into()), ("bytes", volume.into())]);
        closing.notes.extend(super::span_note(answer.span, style));
        closing.notes.push(counted_how(args.raw));
        rows.finish(global, &answer.report, closing)?;
        exit_code(&answer.report)
    })
}

/// Records that wait until both ends of their pair were heard.
#[derive(Default)]
struct Once {
    ends: Ends<()>,
    rows: Vec<Waiting>,
}

struct Waiting {
    pair: Key,
    side: usize,
    decision: usize,
    order: i128,
    cells: Packed,
}

impl Once {
    /// Whether it is kept. What finds no room any more is shown as the PCE sent it.
    fn take(&mut self, flow: &Flow<'_>, order: i128, cells: impl FnOnce() -> Vec<Cell>) -> bool {
        if self.rows.len() >= MOST_WAITING {
            return false;
        }
        let Some(pair) = self.ends.add(flow, 0, || ()) else { return false };
        self.rows.push(Waiting { pair, side: side(flow), decision: flow.decision as usize, order, cells: Packed::of(&cells()) });
        if self.rows.len() == MOST_WAITING {
            log::warn!(
                "{}",
                tr!("more than {most} records: the rest is shown as reported; narrow the question, or use --raw", most = MOST_WAITING)
            );
        }
        true
    }

    /// Shows each connection once, under the decision that took effect. Connections and bytes of all of them.
    fn show(mut self, rows: &mut Rows<'_>) -> (u64, u64) {
        let ends = self.ends;
        let effect = |row: &Waiting| {
            let told = ends.of(&row.pair)?;
            let connections = told.once()[row.decision].connections;
            (connections > 0 && told.speaker(row.decision, connections) == row.side).then_some(connections)
        };
        let mut members: HashMap<(Key, usize), u32> = HashMap::new();
        for row in self.rows.iter().filter(|row| effect(row).is_some()) {
            *members.entry((row.pair, row.decision)).or_default() += 1;
        }
        let place = COLUMNS.iter().position(|(offer, _)| offer.name == CONNECTIONS);
        self.rows.sort_by_key(|row| std::cmp::Reverse(row.order));
        for row in self.rows {
            let Some(connections) = effect(&row) else { continue };
            // A record that stands alone has what both ends came to; several share it in a way that nobody tells.
            let alone = members.get(&(row.pair, row.decision)) == Some(&1);
            let cells = || {
                let mut cells = row.cells.cells();
                if let Some(cell) = place.and_then(|place| cells.get_mut(place)).filter(|cell| alone && **cell != Cell::Nothing) {
                    *cell = Cell::Count(connections, Unit::Connections);
                }
                cells
            };
            if rows.row(row.order, cells).is_break() {
                break;
            }
        }
        let all = ends.all().flat_map(|(_, told)| told.once());
        all.fold((0u64, 0u64), |(connections, bytes), one| (connections.saturating_add(one.connections), bytes.saturating_add(one.bytes)))
    }
}

fn key(flow: &Flow<'_>, order: Option<FlowOrder>) -> i128 {
    match order {
        None => 0,
        Some(FlowOrder::Bytes) => i128::from(bytes(flow)),
        Some(FlowOrder::Connections) => i128::from(flow.connections),
        // The bits of numbers that are not negative order as the numbers do.
        Some(FlowOrder::Bandwidth) => rate(flow).map_or(-1, |rate| i128::from(rate.to_bits())),
        Some(FlowOrder::First) => flow.first.map_or(i128::MIN + 1, |at| at.as_nanosecond()),
        Some(FlowOrder::Last) => flow.last.map_or(i128::MIN + 1, |at| at.as_nanosecond()),
    }
}

/// The mean over the bucket; a bucket without an extent has none.
fn rate(flow: &Flow<'_>) -> Option<f64> {
    let seconds = since(flow.last?, flow.first?).as_secs_f64();
    (seconds > 0.0).then(|| bytes(flow) as f64 * 8.0 / seconds)
}

fn time(at: Option<jiff::Timestamp>) -> Cell {
    at.map_or(Cell::Nothing, Cell::Time)
}

fn name(end: &Endpoint) -> Cell {
    Cell::text(end.display_name())
}

fn labels(end: &Endpoint) -> Cell {
    end.workload
        .as_ref()
        .filter(|workload| !workload.labels.is_empty())
        .map_or(Cell::Nothing, |workload| Cell::Pairs(workload.labels.clone()))
}

fn lists(end: &Endpoint) -> Cell {
    if end.ip_lists.is_empty() { Cell::Nothing } else { Cell::List(end.ip_lists.clone()) }
}

fn managed(end: &Endpoint) -> Cell {
    let is_told = !end.not_told.any(NotTold::MANAGED.and(NotTold::WORKLOAD));
    if is_told { Cell::Flag(end.is_managed()) } else { Cell::NotTold }
}

fn enforcement(end: &Endpoint) -> Cell {
    end.workload.as_ref().map_or(Cell::Nothing, |workload| Cell::text(&workload.enforcement))
}

fn system(end: &Endpoint) -> Cell {
    end.workload.as_ref().map_or(Cell::Nothing, |workload| Cell::text(&workload.os))
}

/// Connections that policy stopped are those of this decision.
pub(super) fn blocked(flow: &Flow<'_>) -> u64 {
    if flow.decision == crate::domain::record::Decision::Blocked { flow.connections } else { 0 }
}

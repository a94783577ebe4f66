//! `pcemon flows`: flow records, chosen by the keys of a rule's `match`.

use super::listing::{self, Contents, Listing, Offer, Text};
use super::{accounting, as_reported, ask, conclude};
use crate::app::Exit;
use crate::cli::Global;
use crate::cli::adhoc::{FlowOrder, FlowsArgs};
use crate::config::flags;
use crate::domain::field::Field;
use crate::domain::metric::Unit;
use crate::domain::record::{Endpoint, Flow, proto_name};
use crate::domain::time::since;
use crate::judge::traffic::field_value;
use crate::render::sheet::{Cell, Closing, Column, Kind};
use crate::run::query;
use crate::sources::TRAFFIC;

type Read = fn(&Flow<'_>) -> Cell;

const fn offer(name: &'static str, title: Text, kind: Kind, usual: bool, about: Text, read: Read) -> (Offer, Read) {
    (Offer { name, title, kind, usual, about }, read)
}

const COLUMNS: &[(Offer, Read)] = &[
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

/// Runs the command.
pub fn run(global: &Global, args: &FlowsArgs) -> Exit {
    let chosen = flags::traffic(&args.which.asked)?;
    for warning in &chosen.warnings {
        log::warn!("{warning}");
    }
    let offers: Vec<Offer> = COLUMNS.iter().map(|(offer, _)| *offer).collect();
    let label = |name: &str| match Field::parse(TRAFFIC, name) {
        Some(Field::SrcLabel(_) | Field::DstLabel(_)) => Some(Column { name: name.to_owned(), title: name.to_owned(), kind: Kind::Text }),
        _ => None,
    };
    let hint = tr!("\nsrc_label:KEY and dst_label:KEY show one label, for example dst_label:role.\n");
    let Some((columns, picked)) = listing::choose(&offers, &args.shape.columns, label, &hint)? else { return Ok(0) };
    let fields: Vec<Option<Field>> = columns.iter().skip(offers.len()).map(|(column, _)| Field::parse(TRAFFIC, &column.name)).collect();
    ask(global, args.flows.as_deref(), &args.source, |query, style| {
        let contents = Contents {
            schema: "pcemon.flows/1",
            rows: "flows",
            nouns: [tr!("flow"), tr!("flows")],
            columns,
            chosen: picked,
            facts: accounting(),
        };
        let listing = Listing::prepare(global, style, contents, Some(&args.shape), args.sort.is_some())?;
        let mut rows = listing.open()?;
        let (mut connections, mut volume) = (0u64, 0u64);
        let answer = query::flows(query, &args.span, &chosen.filter, &mut |flow| {
            connections = connections.saturating_add(flow.connections);
            volume = volume.saturating_add(bytes(flow));
            let key = key(flow, args.sort);
            let wants: Vec<bool> = (0..COLUMNS.len()).map(|place| rows.wants(place)).collect();
            rows.row(if args.shape.reverse { -key } else { key }, || {
                let own = COLUMNS.iter().zip(&wants).map(|((_, read), wanted)| if *wanted { read(flow) } else { Cell::Nothing });
                let more =
                    fields.iter().map(|field| field.as_ref().and_then(|field| field_value(field, flow)).map_or(Cell::Nothing, Cell::Text));
                own.chain(more).collect()
            })
        })?;
        let mut closing = Closing { facts: super::span_facts(answer.span), notes: Vec::new() };
        closing.facts.extend([("connections", connections.into()), ("bytes", volume.into())]);
        closing.notes.extend(super::span_note(answer.span, style));
        closing.notes.push(as_reported());
        rows.finish(global, &answer.report, closing)?;
        conclude(&answer.report)
    })
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

pub(super) fn bytes(flow: &Flow<'_>) -> u64 {
    flow.bytes_in.saturating_add(flow.bytes_out)
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
    Cell::Flag(end.is_managed())
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

//! `pcemon health`: the PCE's clusters and their nodes.

use super::listing::{Contents, Listing, Text};
use super::{ask, exit_code};
use crate::cli::Global;
use crate::cli::adhoc::HealthArgs;
use crate::commands::common::Exit;
use crate::domain::record::{Health, HealthNode};
use crate::domain::unit::Unit;
use crate::render::sheet::{Audience, Cell, Closing, Column, Kind};
use crate::run::query;

/// Name, title, how it behaves.
const COLUMNS: [(&str, Text, Kind); 9] = [
    ("cluster", || tr!("cluster"), Kind::Text),
    ("node", || tr!("node"), Kind::Text),
    ("type", || tr!("type"), Kind::Fixed),
    ("status", || tr!("status"), Kind::Fixed),
    ("cpu", || "cpu".to_owned(), Kind::Number),
    ("memory", || tr!("memory"), Kind::Number),
    ("disk", || tr!("disk"), Kind::Number),
    ("replication_lag", || tr!("lag"), Kind::Number),
    ("notes", || tr!("notes"), Kind::Text),
];

/// Runs the command.
pub fn run(global: &Global, args: &HealthArgs) -> Exit {
    ask(global, &args.inputs, &args.source, |query, style| {
        let columns = COLUMNS
            .iter()
            .map(|(name, title, kind)| (Column { name: (*name).to_owned(), title: title(), kind: *kind }, Audience::Everybody))
            .collect();
        let contents = Contents {
            schema: "pcemon.health/1",
            rows: "health",
            nouns: [tr!("row"), tr!("rows")],
            columns,
            chosen: Vec::new(),
            facts: Vec::new(),
        };
        let listing = Listing::prepare(global, style, contents, None, false)?;
        let mut rows = listing.open()?;
        let answer = query::health(query)?;
        for cluster in &answer.records {
            let _all_are_counted = rows.row(0, || of_cluster(cluster));
            for node in &cluster.nodes {
                let _all_are_counted = rows.row(0, || of_node(cluster, node));
            }
        }
        rows.finish(global, &answer.report, Closing::default())?;
        exit_code(&answer.report)
    })
}

fn of_cluster(cluster: &Health) -> Vec<Cell> {
    let mut notes = cluster.notes.clone();
    notes.extend(cluster.listen_only_since.as_ref().map(|at| format!("listen-only mode since {at}")));
    vec![
        Cell::text(&cluster.fqdn),
        Cell::Nothing,
        Cell::Text("cluster".to_owned()),
        Cell::text(&cluster.status_text),
        ratio(cluster.cpu),
        ratio(cluster.memory),
        ratio(cluster.disk),
        cluster.replication_lag.map_or(Cell::Nothing, |lag| Cell::Amount(lag, Unit::Seconds)),
        if notes.is_empty() { Cell::Nothing } else { Cell::List(notes) },
    ]
}

fn of_node(cluster: &Health, node: &HealthNode) -> Vec<Cell> {
    vec![
        Cell::text(&cluster.fqdn),
        Cell::text(&node.name),
        Cell::text(&node.kind),
        Cell::text(&node.status),
        ratio(node.cpu),
        ratio(node.memory),
        ratio(node.disk),
        Cell::Nothing,
        Cell::Nothing,
    ]
}

fn ratio(value: Option<f64>) -> Cell {
    value.map_or(Cell::Nothing, |value| Cell::Amount(value, Unit::Ratio))
}

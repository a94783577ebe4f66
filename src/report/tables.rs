//! The numbers of a report as tables for people: what stands below a chart, and what Markdown shows.

use super::View;
use super::model::{
    Application, Bucket, ByDecision, BySeverity, Changes, Count, Events, Health, Matrix, Named, Ranked, Ranking, Report, Rules, Standing,
    Sum, Timeline, Vens, Volume,
};
use super::words::{self, between, bytes, count, health as status, source, source_status, standing};
use crate::domain::record::Decision;
use crate::domain::text::quantity;
use crate::domain::time::format_duration;
use crate::domain::unit::Unit;
use jiff::Timestamp;

/// A table as text.
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// Cells, row by row; the first names the row.
    pub rows: Vec<Vec<String>>,
    numbers: Vec<bool>,
}

/// A column of text, or of numbers.
enum Column {
    Text(String),
    Number(String),
}

use Column::{Number, Text};

impl Table {
    fn new(caption: String, columns: Vec<Column>, rows: Vec<Vec<String>>) -> Self {
        let numbers = columns.iter().map(|column| matches!(column, Number(_))).collect();
        let head = columns.into_iter().map(|(Text(name) | Number(name))| name).collect();
        Self { caption, head, rows, numbers }
    }

    /// Whether a column holds numbers.
    pub fn is_number(&self, column: usize) -> bool {
        self.numbers.get(column).copied().unwrap_or(false)
    }
}

fn by_decision() -> Vec<Column> {
    Decision::ALL.map(|decision| Number(words::decision(decision))).into()
}

fn by_severity() -> Vec<Column> {
    words::severities().map(Number).into()
}

fn counts(values: impl IntoIterator<Item = u64>) -> Vec<String> {
    values.into_iter().map(count).collect()
}

fn bucket(at: Timestamp, bucket: Bucket, view: &View) -> String {
    match bucket {
        Bucket::Hour => view.time(at),
        Bucket::Day => at.strftime("%Y-%m-%d").to_string(),
    }
}

fn bucket_name(bucket: Bucket) -> String {
    match bucket {
        Bucket::Hour => tr!("Hour"),
        Bucket::Day => tr!("UTC day"),
    }
}

fn not_known() -> String {
    "?".to_owned()
}

/// One part of the volume over time.
pub fn timeline(
    timeline: &Timeline<ByDecision<Option<Volume>>>,
    view: &View,
    part: fn(&Volume) -> u64,
    amount: fn(u64) -> String,
) -> Table {
    let mut columns = vec![Text(bucket_name(timeline.bucket))];
    columns.extend(by_decision());
    let rows = timeline.points.iter().map(|point| {
        let mut row = vec![bucket(point.at, timeline.bucket, view)];
        row.extend(point.value.values().iter().map(|volume| volume.as_ref().map_or_else(not_known, |volume| amount(part(volume)))));
        row
    });
    Table::new(tr!("Over time"), columns, rows.collect())
}

/// All there is over time, for formats without charts.
pub fn volumes(timeline: &Timeline<ByDecision<Option<Volume>>>, view: &View) -> Table {
    let mut columns = vec![Text(bucket_name(timeline.bucket))];
    columns.extend(by_decision());
    columns.extend([Number(tr!("Flows")), Number(tr!("Volume"))]);
    let rows = timeline.points.iter().map(|point| {
        let mut all = Volume::default();
        let mut row = vec![bucket(point.at, timeline.bucket, view)];
        for volume in point.value.values() {
            row.push(volume.map_or_else(not_known, |volume| count(volume.connections)));
            all.add(volume.unwrap_or_default());
        }
        let known = point.value.allowed.is_some();
        row.extend(if known { [count(all.flows), bytes(all.bytes)] } else { [not_known(), not_known()] });
        row
    });
    Table::new(tr!("Connections by decision, flows and volume over time"), columns, rows.collect())
}

/// What the traffic adds up to.
pub fn decisions(total: &ByDecision<Sum>) -> Table {
    let rows = Decision::ALL.map(|decision| {
        let Sum { flows, connections, bytes, flows_max, connections_max, bytes_max } = total.get(decision);
        let [flows, connections] = [(flows, flows_max), (connections, connections_max)].map(|(low, high)| between(low, high, count));
        vec![words::decision(decision), flows, connections, between(bytes, bytes_max, words::bytes)]
    });
    let columns = vec![Text(tr!("Decision")), Number(tr!("Flows")), Number(tr!("Connections")), Number(tr!("Volume"))];
    Table::new(tr!("Traffic by decision"), columns, rows.into())
}

fn amounts<T>(ranking: &Ranking<T>, row: &Ranked<T>) -> Vec<String> {
    let shown = |text: String| words::marked(ranking, text);
    let mut cells: Vec<String> = row.connections.values().into_iter().map(|value| shown(count(value))).collect();
    cells.extend([shown(count(row.flows)), shown(bytes(row.bytes))]);
    cells
}

fn caption<T>(ranking: &Ranking<T>) -> String {
    if ranking.exact {
        largest(ranking.rows.len(), ranking.more)
    } else {
        let shown = ranking.rows.len();
        let all = count(shown as u64 + ranking.more);
        let most = count(ranking.too_low_by);
        tr!("The {shown} largest of at least {all}; amounts may be too low by {most} at the most", shown, all, most)
    }
}

/// How much of a list is shown.
fn largest(shown: usize, more: u64) -> String {
    let all = count(shown as u64 + more);
    if more == 0 { tr!("All: {all}", all) } else { tr!("The {shown} largest of {all}", shown, all) }
}

/// The rows of a ranking.
pub fn ranking<T: Named>(ranking: &Ranking<T>) -> Table {
    let mut columns = vec![Text(tr!("Name"))];
    columns.extend(by_decision());
    columns.extend([Number(tr!("Flows")), Number(tr!("Volume"))]);
    let rows = ranking.rows.iter().map(|row| {
        let mut cells = vec![row.what.line()];
        cells.extend(amounts(ranking, row));
        cells
    });
    Table::new(caption(ranking), columns, rows.collect())
}

/// What would break, application by application.
pub fn applications(ranking: &Ranking<Application>, label: &str) -> Table {
    let columns =
        vec![Text(tr!("Application")), Number(tr!("Connections")), Number(tr!("Flows")), Text(tr!("Mostly on")), Text(tr!("Mostly with"))];
    let shown = |number: u64| if ranking.exact { count(number) } else { format!("≥ {}", count(number)) };
    let rows = ranking.rows.iter().map(|row| {
        let services: Vec<String> = row.what.services.iter().map(Named::line).collect();
        let peers: Vec<String> = row.what.peers.iter().map(|group| words::group(group, label)).collect();
        vec![words::group(&row.what.app, label), shown(row.all()), shown(row.flows), services.join(", "), peers.join(", ")]
    });
    Table::new(caption(ranking), columns, rows.collect())
}

/// One kind of connections from group to group.
pub fn matrix(matrix: &Matrix, names: &[String], value: &dyn Fn(&ByDecision<u64>) -> u64) -> Table {
    let mut columns = vec![Text(tr!("From, to"))];
    columns.extend(names.iter().map(|name| Number(name.clone())));
    let rows = matrix.cells.iter().zip(names).map(|(cells, name)| {
        let mut row = vec![name.clone()];
        row.extend(counts(cells.iter().map(value)));
        row
    });
    Table::new(tr!("Connections"), columns, rows.collect())
}

/// Events over time.
pub fn event_timeline(timeline: &Timeline<BySeverity>, view: &View) -> Table {
    let mut columns = vec![Text(bucket_name(timeline.bucket))];
    columns.extend(by_severity());
    let rows = timeline.points.iter().map(|point| {
        let mut row = vec![bucket(point.at, timeline.bucket, view)];
        row.extend(counts(point.value.values()));
        row
    });
    Table::new(tr!("Events over time"), columns, rows.collect())
}

/// Events by type.
pub fn event_types(events: &Events) -> Table {
    let mut columns = vec![Text(tr!("Type"))];
    columns.extend(by_severity());
    columns.push(Number(tr!("Failed")));
    let rows = events.types.iter().map(|one| {
        let mut row = vec![one.name.clone()];
        row.extend(counts(one.counts.values()));
        row.push(count(one.failures));
        row
    });
    Table::new(largest(events.types.len(), events.more_types), columns, rows.collect())
}

/// The PCE's own health.
pub fn health(clusters: &[Health]) -> Table {
    let columns = vec![
        Text(tr!("Cluster")),
        Text(tr!("Health")),
        Number(tr!("CPU")),
        Number(tr!("Memory")),
        Number(tr!("Disk")),
        Number(tr!("Replication lag")),
        Text(tr!("Remarks")),
    ];
    let measured = |value: Option<f64>, unit: Unit| value.map_or_else(|| "-".to_owned(), |value| quantity(value, unit));
    let rows = clusters.iter().map(|one| {
        vec![
            one.fqdn.clone(),
            status(one.status),
            measured(one.cpu, Unit::Ratio),
            measured(one.memory, Unit::Ratio),
            measured(one.disk, Unit::Ratio),
            measured(one.replication_lag, Unit::Seconds),
            one.notes.join("; "),
        ]
    });
    Table::new(tr!("Health as reported by the PCE"), columns, rows.collect())
}

/// VENs by one of their properties.
pub fn ven_counts(what: String, counts: &[Count]) -> Table {
    let rows = counts.iter().map(|one| vec![one.name.clone(), count(one.count)]).collect();
    Table::new(what.clone(), vec![Text(what), Number(tr!("VENs"))], rows)
}

/// VENs that went silent.
pub fn silent_vens(vens: &Vens, view: &View) -> Table {
    let columns = vec![Text(tr!("VEN")), Text(tr!("Last heartbeat")), Number(tr!("Silent for"))];
    let rows = vens.silent.iter().map(|one| {
        let at = one.last_heartbeat.map_or_else(|| "-".to_owned(), |at| view.time(at));
        // Minutes of a silence of days say nothing.
        let seconds = if one.seconds >= 86_400 { one.seconds / 3_600 * 3_600 } else { one.seconds / 60 * 60 };
        vec![one.name.clone(), at, format_duration(std::time::Duration::from_secs(seconds))]
    });
    let shown = vens.silent.len();
    Table::new(largest(shown, vens.silent_count.saturating_sub(shown as u64)), columns, rows.collect())
}

/// How the rules stand.
pub fn rules(rules: &Rules, view: &View) -> Table {
    let columns = vec![
        Text(tr!("Rule")),
        Text(tr!("State")),
        Number(tr!("Firing")),
        Number(tr!("Pending")),
        Number(tr!("Value")),
        Text(tr!("Thresholds")),
        Text(tr!("Since")),
        Text(tr!("Top talker")),
    ];
    let rows = rules.rules.iter().map(|rule| {
        vec![
            rule.name.clone(),
            standing(rule.state),
            count(rule.firing),
            count(rule.pending),
            words::rule_value(rule),
            rule.thresholds.clone(),
            rule.since.map_or_else(|| "-".to_owned(), |at| view.time(at)),
            rule.top.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    });
    Table::new(tr!("Rules, worst first"), columns, rows.collect())
}

/// Which rules were not ok at which report.
pub fn history(rules: &Rules, view: &View) -> Table {
    let rows = rules.history.iter().rev().map(|moment| {
        let names: Vec<String> = moment.rules.iter().map(|(name, state)| format!("{name} ({})", standing(*state))).collect();
        vec![view.time(moment.at), if names.is_empty() { standing(Standing::Ok) } else { names.join("; ") }]
    });
    Table::new(tr!("Newest first"), vec![Text(tr!("Report")), Text(tr!("Not ok"))], rows.collect())
}

/// What was read.
pub fn sources(report: &Report) -> Table {
    let columns = vec![
        Text(tr!("Source")),
        Text(tr!("Status")),
        Number(tr!("Records")),
        Number(tr!("Unreadable")),
        Number(tr!("Queries")),
        Number(tr!("Received")),
        Text(tr!("Remarks")),
    ];
    let rows = report.sources.iter().map(|one| {
        vec![
            source(one.source),
            source_status(one.status),
            count(one.records),
            count(one.unreadable),
            one.queries.to_string(),
            bytes(one.bytes),
            one.error.clone().unwrap_or_default(),
        ]
    });
    Table::new(tr!("Sources"), columns, rows.collect())
}

/// Amounts then and now.
pub fn totals(changes: &Changes) -> Table {
    let columns = vec![Text(tr!("Amount")), Number(tr!("Before")), Number(tr!("Now")), Number(tr!("Change"))];
    let rows = changes.totals.iter().map(|change| {
        vec![
            words::total(change.what),
            words::amount(change.what, change.before),
            words::amount(change.what, change.now),
            words::difference(change),
        ]
    });
    Table::new(tr!("Amounts, then and now"), columns, rows.collect())
}

/// Rules whose state changed.
pub fn rule_changes(changes: &Changes) -> Table {
    let columns = vec![Text(tr!("Rule")), Text(tr!("Before")), Text(tr!("Now"))];
    let rows = changes.rules.iter().map(|change| vec![change.rule.clone(), standing(change.before), standing(change.now)]);
    Table::new(tr!("Rules whose state changed"), columns, rows.collect())
}

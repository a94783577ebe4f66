//! What a report says in words: the same sentences in every format.

use super::View;
use super::model::{Board, Change, Group, Named, Ranking, Report, Rule, Span, Standing, Total, Traffic};
use crate::domain::record::Decision;
use crate::domain::text::quantity;
use crate::domain::unit::Unit;

/// How much a sentence of the summary matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Somebody should act.
    Bad,
    /// Somebody should look.
    Look,
    /// Good to know.
    Note,
}

/// `1,234`
pub fn count(number: u64) -> String {
    quantity(number as f64, Unit::Values)
}

/// `1.2 GB`
pub fn bytes(number: u64) -> String {
    quantity(number as f64, Unit::Bytes)
}

/// `1,234`, or `1,200–1,300` where only the bounds are known.
pub fn between(low: u64, high: u64, shown: fn(u64) -> String) -> String {
    if low == high { shown(low) } else { format!("{}–{}", shown(low), shown(high)) }
}

/// An amount of a ranking with what is known of it.
pub fn marked<T>(ranking: &Ranking<T>, amount: String) -> String {
    match (ranking.exact, ranking.upper_bound) {
        (true, false) => amount,
        (false, false) => format!("≥ {amount}"),
        (true, true) => format!("≤ {amount}"),
        (false, true) => format!("≈ {amount}"),
    }
}

/// `950`, `12k`, `3.4M`: for places where there is no room.
pub fn brief(number: u64) -> String {
    let mut value = number as f64;
    for unit in ["", "k", "M", "G", "T"] {
        if value < 999.5 {
            let digits = usize::from(value < 9.95 && !unit.is_empty());
            let text = format!("{value:.digits$}");
            return format!("{}{unit}", if digits == 1 { text.trim_end_matches(".0") } else { &text });
        }
        value /= 1000.0;
    }
    format!("{value:.0}P")
}

/// What a decision is called.
pub fn decision(decision: Decision) -> String {
    match decision {
        Decision::Allowed => tr!("Allowed"),
        Decision::PotentiallyBlocked => tr!("Potentially blocked"),
        Decision::Blocked => tr!("Blocked"),
        Decision::Unknown => tr!("Unknown"),
    }
}

/// What the four columns of severities are called, worst first.
pub fn severities() -> [String; 4] {
    [tr!("Error"), tr!("Warning"), tr!("Info"), tr!("Other")]
}

/// What a group is called.
pub fn group(group: &Group, label: &str) -> String {
    match group {
        Group::Label(value) if value.is_empty() => tr!("(empty label {label})", label),
        Group::Label(value) => value.clone(),
        Group::Unlabelled => tr!("(no label {label})", label),
        Group::Unmanaged => tr!("(unmanaged)"),
        Group::Other => tr!("(others)"),
    }
}

/// What a standing is called.
pub fn standing(standing: Standing) -> String {
    match standing {
        Standing::Critical => tr!("critical"),
        Standing::Warning => tr!("warning"),
        Standing::Info => tr!("info"),
        Standing::Pending => tr!("pending"),
        Standing::Ok => tr!("ok"),
        Standing::Disabled => tr!("disabled"),
    }
}

/// What a status of the PCE's health is called.
pub fn health(status: &str) -> String {
    match status {
        "normal" => tr!("normal"),
        "warning" => tr!("warning"),
        _ => tr!("critical"),
    }
}

/// What an amount is called.
pub fn total(total: Total) -> String {
    match total {
        Total::Allowed => tr!("Allowed connections"),
        Total::PotentiallyBlocked => tr!("Potentially blocked connections"),
        Total::Blocked => tr!("Blocked connections"),
        Total::Unknown => tr!("Connections with unknown decision"),
        Total::Bytes => tr!("Volume"),
        Total::Events => tr!("Events"),
        Total::EventErrors => tr!("Events of severity error"),
    }
}

/// An amount with its unit.
pub fn amount(total: Total, number: u64) -> String {
    if total == Total::Bytes { bytes(number) } else { count(number) }
}

/// What a ranking is called.
pub fn board(board: Board) -> String {
    match board {
        Board::Talkers => tr!("Top talkers"),
        Board::BlockedPairs => tr!("Top blocked pairs"),
        Board::BlockedPorts => tr!("Top blocked ports"),
        Board::PotentiallyBlocked => tr!("Potentially blocked by application"),
        Board::Unmanaged => tr!("Unmanaged sources"),
    }
}

/// The name of a source for people.
pub fn source(name: &str) -> String {
    match name {
        "traffic" => tr!("Traffic"),
        "events" => tr!("Events"),
        "health" => tr!("PCE health"),
        "vens" => tr!("VENs"),
        other => other.to_owned(),
    }
}

/// What became of a source.
pub fn source_status(status: &str) -> String {
    match status {
        "ok" => tr!("complete"),
        "partial" => tr!("incomplete"),
        "unavailable" => tr!("not offered"),
        _ => tr!("not read"),
    }
}

/// `2026-11-19 10:00 +00:00 – 2026-11-20 10:00 +00:00`
pub fn span(span: Span, view: &View) -> String {
    format!("{} – {}", view.time(span.from), view.time(span.to))
}

/// The title, or the usual one.
pub fn title(report: &Report) -> String {
    if !report.title.is_empty() {
        return report.title.clone();
    }
    match report.pce.split_once("://") {
        Some((_, host)) => tr!("Security report of {host}", host = host.split(['/', ':']).next().unwrap_or(host)),
        None => tr!("Security report"),
    }
}

/// The value of a rule for people.
pub fn rule_value(rule: &Rule) -> String {
    rule.value.map_or_else(|| "-".to_owned(), |value| quantity(value, rule.unit))
}

/// What is wrong and what changed, most important first.
pub fn summary(report: &Report) -> Vec<(Weight, String)> {
    let mut out = Vec::new();
    for source in report.sources.iter().filter(|source| matches!(source.status, "failed" | "partial")) {
        let (name, why) = (self::source(source.source), source.error.as_deref().unwrap_or("?"));
        out.push((
            Weight::Bad,
            if source.status == "failed" {
                tr!("{name} could not be read: {why}", name, why)
            } else {
                tr!("{name}: data is incomplete: {why}", name, why)
            },
        ));
    }
    rules(report, &mut out);
    for cluster in report.health.iter().flatten().filter(|cluster| cluster.status != "normal") {
        let weight = if cluster.status == "critical" { Weight::Bad } else { Weight::Look };
        out.push((weight, tr!("The PCE {name} reports its health as {status}.", name = cluster.fqdn, status = health(cluster.status))));
    }
    if let Some(vens) = &report.vens {
        let weight = if vens.silent_count > 0 { Weight::Look } else { Weight::Note };
        let (all, silent) = (count(vens.count), count(vens.silent_count));
        out.push((weight, tr!("VENs: {all}, of which active but silent for more than an hour: {silent}.", all, silent)));
    }
    if let Some(traffic) = &report.traffic {
        self::traffic(traffic, &mut out);
        out.extend(fresh(report).map(|text| (Weight::Note, text)));
    }
    if let Some(events) = &report.events {
        let weight = if events.total.error > 0 { Weight::Look } else { Weight::Note };
        let (all, errors, warnings) = (count(events.count), count(events.total.error), count(events.total.warning));
        let failed = count(events.failures);
        out.push((
            weight,
            tr!("Events: {all}, of which errors: {errors}, warnings: {warnings}; failed actions: {failed}.", all, errors, warnings, failed),
        ));
    }
    changes(report, &mut out);
    out.sort_by_key(|(weight, _)| *weight);
    out
}

fn rules(report: &Report, out: &mut Vec<(Weight, String)>) {
    let Some(rules) = &report.rules else { return };
    let firing: Vec<&Rule> = rules.rules.iter().filter(|rule| rule.state.fires()).collect();
    let Some(worst) = firing.iter().map(|rule| rule.state).min() else {
        out.push((Weight::Note, tr!("No rule fires.")));
        return;
    };
    let names = firing.iter().take(3).map(|rule| rule.name.as_str()).collect::<Vec<_>>().join(", ");
    let weight = if worst == Standing::Critical { Weight::Bad } else { Weight::Look };
    let text = match firing.len() {
        few @ ..=3 => tr!("Rules that fire ({count}): {names}.", count = few, names),
        many => tr!("Rules that fire ({count}): {names} and {more} more.", count = many, names, more = many - 3),
    };
    out.push((weight, text));
}

fn traffic(traffic: &Traffic, out: &mut Vec<(Weight, String)>) {
    let all = &traffic.total;
    let connections = all.values().iter().fold(0u64, |sum, volume| sum.saturating_add(volume.connections_max));
    if connections == 0 {
        out.push((Weight::Look, tr!("The PCE reported no traffic in this span.")));
        return;
    }
    if traffic.across > 0 {
        out.push((
            Weight::Look,
            tr!(
                "A PCE keeps totals of whole UTC days, and the span does not consist of them: some of what is counted may have happened outside it. Amounts with ≤ are upper bounds."
            ),
        ));
    }
    let share = |part: u64| share_of(part, connections);
    match traffic.blocked_pairs.rows.first() {
        Some(first) => out.push((
            Weight::Look,
            tr!(
                "Blocked connections: {count} ({share}); the largest part is {pair} ({part}).",
                count = between(all.blocked.connections, all.blocked.connections_max, count),
                share = share(all.blocked.connections_max),
                pair = first.what.line(),
                part = marked(&traffic.blocked_pairs, count(first.all()))
            ),
        )),
        None => out.push((Weight::Note, tr!("No connection was blocked."))),
    }
    if let Some(first) = traffic.potentially_blocked.rows.first() {
        out.push((
            Weight::Look,
            tr!(
                "Potentially blocked connections: {count} ({share}). They would break at full enforcement; the largest part goes to {app} ({part}).",
                count = between(all.potentially_blocked.connections, all.potentially_blocked.connections_max, count),
                share = share(all.potentially_blocked.connections_max),
                app = group(&first.what.app, &traffic.label),
                part = marked(&traffic.potentially_blocked, count(first.all()))
            ),
        ));
    }
    let unmanaged = traffic.unmanaged.rows.len() as u64 + traffic.unmanaged.more;
    if unmanaged > 0 {
        out.push((Weight::Note, tr!("Sources without a VEN: {count}.", count = count(unmanaged))));
    }
}

/// `3.1 %`
pub fn share_of(part: u64, whole: u64) -> String {
    let ratio = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let thousandths = (ratio * 1000.0).round() / 1000.0;
    if part > 0 && thousandths == 0.0 { "< 0.1 %".to_owned() } else { quantity(thousandths, Unit::Ratio) }
}

fn changes(report: &Report, out: &mut Vec<(Weight, String)>) {
    let Some(changes) = &report.changes else { return };
    for change in &changes.rules {
        let (rule, before, now) = (&change.rule, standing(change.before), standing(change.now));
        let worse = change.now.fires() && change.now < change.before;
        let weight = if worse { Weight::Look } else { Weight::Note };
        out.push((weight, tr!("Since the previous report, rule {rule} went from {before} to {now}.", rule, before, now)));
    }
    for change in changes.totals.iter().filter(|change| matches!(change.what, Total::Blocked | Total::PotentiallyBlocked)) {
        if change.before != change.now {
            let (what, change) = (total(change.what), difference(change));
            out.push((Weight::Note, tr!("{what}: {change} since the previous report.", what, change)));
        }
    }
}

/// `+12 %`, `×30`, `0 → 5`.
pub fn difference(change: &Change) -> String {
    let Change { what, before, now } = *change;
    if before == now {
        return "±0 %".to_owned();
    }
    if before == 0 || now == 0 {
        return format!("{} → {}", amount(what, before), amount(what, now));
    }
    let ratio = now as f64 / before as f64;
    if ratio >= 10.0 {
        return format!("×{}", quantity(ratio.round(), Unit::Values));
    }
    let (sign, size) = if now > before { ("+", ratio - 1.0) } else { ("−", 1.0 - ratio) };
    let thousandths = (size * 1000.0).round() / 1000.0;
    if thousandths == 0.0 { format!("{sign}0.1 %") } else { format!("{sign}{}", quantity(thousandths, Unit::Ratio)) }
}

/// Why amounts are not compared with the previous report's.
pub fn incomparable() -> String {
    tr!("The two reports do not cover complete spans of the same length: amounts and largest entries are not compared.")
}

/// Whether the newest day may still grow, and why.
pub fn fresh(report: &Report) -> Option<String> {
    let age = report.generated_at.duration_since(report.span.to);
    (report.traffic.is_some() && age.as_hours() < 1 && report.span.is_whole_days())
        .then(|| tr!("The last day ended less than an hour ago: VENs may not have reported all of it yet."))
}

/// What the reader must know to read the numbers rightly.
pub fn how_to_read(report: &Report, view: &View) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(traffic) = &report.traffic {
        out.push(if report.span.is_whole_days() {
            tr!("A PCE keeps one total per flow and UTC day; the span consists of whole UTC days.")
        } else {
            tr!(
                "A PCE keeps one total per flow and UTC day and reports only whole totals: of a flow at the edge of the span it is not known how much happened inside. Whole days (--since 1d, 7d) have no such edge."
            )
        });
        if let Some(covers) = traffic.covers {
            out.push(tr!(
                "What was counted was first and last detected between {from} and {to}.",
                from = view.time(covers.from),
                to = view.time(covers.to)
            ));
        }
        out.push(tr!(
            "A flow is one source, destination, port, protocol and decision on one UTC day. A connection that both ends report counts once. Where the ends disagree it counts under the decision that took effect; what the source blocked never reached the other end and counts by itself."
        ));
        out.push(tr!("A long-lived connection counts once for each report of its VEN. Bytes are 0 where VENs do not measure them."));
        if traffic.counted_as_reported > 0 {
            out.push(tr!(
                "There were more than {most} different flows: {count} records are counted as reported, some of them twice.",
                most = count(super::gather::MOST_FLOWS as u64),
                count = count(traffic.counted_as_reported)
            ));
        }
        if !traffic.rankings_are_exact() {
            out.push(tr!("Amounts marked with ≥ are lower bounds: there were more entries than can be counted separately."));
        }
    }
    if report.rules.is_some() {
        out.push(tr!("Rules are shown as of the last run of `pcemon check`; the report does not evaluate them."));
    }
    out.push(tr!("Times are in the time zone {zone}.", zone = view.timezone.iana_name().unwrap_or("UTC")));
    out
}

/// The subject of a mail.
pub fn subject(report: &Report, view: &View) -> String {
    format!("{} ({})", title(report), span(report.span, view))
}

/// The text of a mail.
pub fn letter(report: &Report, view: &View) -> String {
    let mut out = format!("{}\n{}\n\n", title(report), span(report.span, view));
    for (_, sentence) in summary(report) {
        out.push_str(&format!("- {sentence}\n"));
    }
    out.push_str(&format!("\n{}\n", tr!("The complete report is attached. It opens in any browser and loads no external content.")));
    out
}

//! `md`: the report as GitHub-flavoured Markdown, without plots. Nothing foreign becomes markup.

use super::model::{Board, Report};
use super::tables::{self, Table};
use super::{View, words};
use crate::render::markdown::escape;

/// The whole report.
pub fn render(report: &Report, view: &View) -> String {
    let mut out = format!("# {}\n\n{}\n\n", escape(&words::title(report)), escape(&words::span(report.span, view)));
    for (_, sentence) in words::summary(report) {
        out.push_str(&format!("- {}\n", escape(&sentence)));
    }
    if let Some(changes) = &report.changes {
        heading(&mut out, &tr!("What changed"));
        let (time, span) = (view.time(changes.since), words::span(changes.span, view));
        out.push_str(&format!("{}\n", escape(&tr!("Compared with the report of {time}, which covers {span}.", time, span))));
        if !changes.comparable {
            out.push_str(&format!("\n{}\n", escape(&words::incomparable())));
        }
        write(&mut out, &tables::totals(changes));
        write(&mut out, &tables::rule_changes(changes));
        for moved in &changes.rankings {
            out.push_str(&format!("\n**{}**\n\n", escape(&words::board(moved.ranking))));
            for (word, names) in [(tr!("New"), &moved.new), (tr!("Gone"), &moved.gone)] {
                for name in names {
                    out.push_str(&format!("- {}: {}\n", escape(&word), escape(name)));
                }
            }
        }
    }
    if let Some(traffic) = &report.traffic {
        heading(&mut out, &tr!("Traffic"));
        write(&mut out, &tables::decisions(&traffic.total));
        if traffic.known_days() > 1 {
            write(&mut out, &tables::volumes(&traffic.timeline, view));
        }
        for (board, table) in [
            (Board::Talkers, tables::ranking(&traffic.talkers)),
            (Board::BlockedPairs, tables::ranking(&traffic.blocked_pairs)),
            (Board::BlockedPorts, tables::ranking(&traffic.blocked_ports)),
            (Board::PotentiallyBlocked, tables::applications(&traffic.potentially_blocked, &traffic.label)),
            (Board::Unmanaged, tables::ranking(&traffic.unmanaged)),
        ] {
            if !table.rows.is_empty() {
                heading(&mut out, &words::board(board));
                write(&mut out, &table);
            }
        }
        if traffic.matrix.groups.len() > 1 {
            heading(&mut out, &tr!("Who talks to whom"));
            let names: Vec<String> = traffic.matrix.groups.iter().map(|group| words::group(group, &traffic.label)).collect();
            let all = |cell: &super::model::ByDecision<u64>| cell.values().iter().fold(0u64, |sum, part| sum.saturating_add(*part));
            write(&mut out, &tables::matrix(&traffic.matrix, &names, &all));
        }
    }
    if let Some(events) = &report.events {
        heading(&mut out, &tr!("Events"));
        write(&mut out, &tables::event_timeline(&events.timeline, view));
        write(&mut out, &tables::event_types(events));
    }
    if let Some(clusters) = &report.health {
        heading(&mut out, &tr!("PCE health"));
        write(&mut out, &tables::health(clusters));
    }
    if let Some(vens) = &report.vens {
        heading(&mut out, &tr!("VEN health"));
        write(&mut out, &tables::ven_counts(tr!("VENs by status"), &vens.status));
        write(&mut out, &tables::ven_counts(tr!("VENs by version"), &vens.versions));
        write(&mut out, &tables::ven_counts(tr!("VENs by enforcement"), vens.enforcement.as_deref().unwrap_or_default()));
        write(&mut out, &tables::ven_counts(tr!("VENs by condition"), &vens.conditions));
        write(&mut out, &tables::silent_vens(vens, view));
    }
    if let Some(rules) = &report.rules {
        heading(&mut out, &tr!("Rules"));
        write(&mut out, &tables::rules(rules, view));
    }
    heading(&mut out, &tr!("How to read the numbers"));
    for line in words::how_to_read(report, view) {
        out.push_str(&format!("- {}\n", escape(&line)));
    }
    write(&mut out, &tables::sources(report));
    for warning in &report.warnings {
        out.push_str(&format!("\n{}\n", escape(&tr!("Warning: {warning}", warning))));
    }
    out
}

fn heading(out: &mut String, text: &str) {
    out.push_str(&format!("\n## {}\n", escape(text)));
}

fn write(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| escape(cell)).collect::<Vec<_>>().join(" | "));
    out.push_str(&format!("\n{}\n\n{}|", escape(&table.caption), line(&table.head)));
    for index in 0..table.head.len() {
        out.push_str(if table.is_number(index) { " ---: |" } else { " --- |" });
    }
    out.push('\n');
    for row in &table.rows {
        out.push_str(&line(row));
    }
}

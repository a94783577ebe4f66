//! `csv` (RFC 4180): every number of the report, one row each, safe to open in a spreadsheet.

use super::model::{Group, Named, Ranking, Report};
use super::{View, words};
use crate::domain::record::Decision;
use crate::render::csv::guarded;

const HEADER: [&str; 5] = ["section", "name", "at", "measure", "value"];

/// The whole report. Names of sections and measures are those of the JSON.
pub fn render(report: &Report, _: &View) -> String {
    let mut rows = Rows(Vec::new());
    if let Some(traffic) = &report.traffic {
        for decision in Decision::ALL {
            let volume = traffic.total.get(decision);
            rows.volume("total", decision.name(), "", [volume.flows, volume.connections, volume.bytes]);
            if traffic.across > 0 {
                rows.volume("total_max", decision.name(), "", [volume.flows_max, volume.connections_max, volume.bytes_max]);
            }
        }
        for point in &traffic.timeline.points {
            for decision in Decision::ALL {
                let Some(volume) = point.value.get(decision) else { continue };
                rows.volume("timeline", decision.name(), &point.at.to_string(), [volume.flows, volume.connections, volume.bytes]);
            }
        }
        rows.ranking("talkers", &traffic.talkers);
        rows.ranking("blocked_pairs", &traffic.blocked_pairs);
        rows.ranking("blocked_ports", &traffic.blocked_ports);
        rows.ranking("potentially_blocked", &traffic.potentially_blocked);
        rows.ranking("unmanaged", &traffic.unmanaged);
        let names: Vec<String> = traffic.matrix.groups.iter().map(|group: &Group| words::group(group, &traffic.label)).collect();
        for (from, cells) in names.iter().zip(&traffic.matrix.cells) {
            for (to, cell) in names.iter().zip(cells) {
                for decision in Decision::ALL {
                    rows.add("matrix", &format!("{from} → {to}"), "", decision.name(), cell.get(decision));
                }
            }
        }
    }
    if let Some(events) = &report.events {
        const SEVERITIES: [&str; 4] = ["error", "warning", "info", "other"];
        for point in &events.timeline.points {
            for (severity, number) in SEVERITIES.iter().zip(point.value.values()) {
                rows.add("events", "", &point.at.to_string(), severity, number);
            }
        }
        for one in &events.types {
            for (severity, number) in SEVERITIES.iter().zip(one.counts.values()) {
                rows.add("event_types", &one.name, "", severity, number);
            }
            rows.add("event_types", &one.name, "", "failures", one.failures);
        }
    }
    if let Some(vens) = &report.vens {
        for (section, counts) in [("ven_status", &vens.status), ("ven_versions", &vens.versions), ("ven_conditions", &vens.conditions)] {
            for one in counts {
                rows.add(section, &one.name, "", "vens", one.count);
            }
        }
        rows.add("vens", "", "", "silent", vens.silent_count);
    }
    for rule in report.rules.iter().flat_map(|rules| &rules.rules) {
        rows.add("rules", &rule.name, "", "firing", rule.firing);
        rows.add("rules", &rule.name, "", "pending", rule.pending);
    }
    for source in &report.sources {
        rows.add("sources", source.source, "", "records", source.records);
        rows.add("sources", source.source, "", "unreadable", source.unreadable);
    }
    rows.text()
}

struct Rows(Vec<[String; HEADER.len()]>);

impl Rows {
    fn add(&mut self, section: &str, name: &str, at: &str, measure: &str, value: u64) {
        self.0.push([section.to_owned(), guarded(name), at.to_owned(), measure.to_owned(), value.to_string()]);
    }

    fn volume(&mut self, section: &str, name: &str, at: &str, [flows, connections, bytes]: [u64; 3]) {
        self.add(section, name, at, "flows", flows);
        self.add(section, name, at, "connections", connections);
        self.add(section, name, at, "bytes", bytes);
    }

    fn ranking<T: Named>(&mut self, section: &str, ranking: &Ranking<T>) {
        for row in &ranking.rows {
            let name = row.what.line();
            for decision in Decision::ALL {
                self.add(section, &name, "", decision.name(), row.connections.get(decision));
            }
            self.add(section, &name, "", "flows", row.flows);
            self.add(section, &name, "", "bytes", row.bytes);
        }
    }

    fn text(self) -> String {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        // Rows are of one length and go to memory; neither of which can fail.
        let written = writer.write_record(HEADER).and_then(|()| self.0.iter().try_for_each(|row| writer.write_record(row)));
        debug_assert!(written.is_ok());
        String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
    }
}

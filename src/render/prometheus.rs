//! `prometheus`: text format 0.0.4 for node_exporter's textfile collector. Gauges only: nothing here outlives a run.

use super::Style;
use super::words::{self, Badness, Unique, is_whole};
use crate::domain::report::{Report, RuleReport, RuleState, SourceStatus, Waiting};
use crate::domain::text::visible;
use jiff::Timestamp;

/// Groups of one rule that have a series of their own.
const MOST_INSTANCES: usize = 100;

/// All metrics; no timestamps, each name described once.
pub fn render(report: &Report, _: &Style) -> String {
    let mut out = Exposition { text: String::new(), of: of_the_pce(report) };
    run(&mut out, report);
    sources(&mut out, report);
    rules(&mut out, report);
    let channels = |status| report.deliveries.iter().filter(move |delivery| delivery.status == status).count();
    use crate::domain::report::DeliveryStatus::{DryRun, Failed, Queued, Sent};
    let rows = [Sent, Queued, Failed, DryRun].map(|status| (vec![("status", status.name().to_owned())], channels(status) as f64));
    out.metric("pcemon_deliveries", "Messages of the last run by what became of them.", rows);
    standing(&mut out, report);
    out.text
}

fn standing(out: &mut Exposition, report: &Report) {
    let Some(standing) = &report.standing else { return };
    let mut names = Unique::new();
    let channels: Vec<(String, &Waiting)> =
        standing.outbox.iter().map(|waiting| (names.name(&visible(&waiting.channel), usize::MAX), waiting)).collect();
    let label = |name: &str| vec![("channel", name.to_owned())];
    let rows = channels.iter().flat_map(|(name, channel)| {
        [("waiting", channel.waiting), ("given_up", channel.given_up)].map(|(status, count)| {
            let mut labels = label(name);
            labels.push(("status", status.to_owned()));
            (labels, count as f64)
        })
    });
    out.metric("pcemon_outbox_messages", "Messages that no run has delivered yet, by channel.", rows);
    let age = |oldest: Timestamp| report.run.started_at.duration_since(oldest).as_secs_f64().max(0.0);
    let rows = channels.iter().map(|(name, channel)| (label(name), channel.oldest.map_or(0.0, age)));
    out.metric("pcemon_outbox_oldest_message_age_seconds", "Age of the oldest message that waits; 0 when none does.", rows);
    out.metric("pcemon_silences", "Silences in force.", [(vec![], standing.silences as f64)]);
}

fn run(out: &mut Exposition, report: &Report) {
    let seconds = |at: Timestamp| at.as_millisecond() as f64 / 1000.0;
    out.metric("pcemon_build_info", "The version that ran.", [(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)]);
    out.metric("pcemon_last_run_timestamp_seconds", "End of the last run.", [(vec![], seconds(report.run.finished_at))]);
    if report.sources.iter().all(is_whole) {
        let help = "End of the last run that could read every source; absent after one that could not.";
        out.metric("pcemon_last_success_timestamp_seconds", help, [(vec![], seconds(report.run.finished_at))]);
    }
    out.metric("pcemon_run_duration_seconds", "Real time of the last run.", [(vec![], report.run.duration.as_secs_f64())]);
    let help = "Verdict of the last run: 0 ok, 1 warning, 2 critical, 3 unknown.";
    out.metric("pcemon_run_status", help, [(vec![], f64::from(report.status.exit_code()))]);
    out.metric("pcemon_run_exit_code", "Exit code of the last run.", [(vec![], f64::from(report.exit_code))]);
}

fn sources(out: &mut Exposition, report: &Report) {
    let label = |name: &str| vec![("source", name.to_owned())];
    let up = report.sources.iter().map(|source| {
        // Half an answer is not up: it must be seen by an alert on this metric.
        (label(source.source.name()), f64::from(u8::from(is_whole(source))))
    });
    out.metric("pcemon_source_up", "1 if the source was read whole.", up);
    let read = || report.sources.iter().filter(|source| source.status != SourceStatus::Failed);
    out.metric("pcemon_source_records", "Records read.", read().map(|source| (label(source.source.name()), source.records as f64)));
    let unreadable = read().map(|source| (label(source.source.name()), source.unreadable as f64));
    out.metric("pcemon_source_unreadable_records", "Records that could not be understood.", unreadable);
    out.metric("pcemon_source_queries", "Queries it took.", read().map(|source| (label(source.source.name()), f64::from(source.queries))));
    out.metric("pcemon_source_received_bytes", "Bytes received.", read().map(|source| (label(source.source.name()), source.bytes as f64)));
}

fn rules(out: &mut Exposition, report: &Report) {
    // Two samples with the same labels make a collector refuse the whole file.
    let mut names = Unique::new();
    let named: Vec<(String, &RuleReport)> = report
        .rules
        .iter()
        .map(|rule| (names.name(&visible(&rule.name), usize::MAX), rule))
        .filter(|(_, rule)| !matches!(rule.state, RuleState::Disabled | RuleState::NotJudged))
        .collect();
    let label = |name: &str| vec![("rule", name.to_owned())];
    let about = named.iter().map(|(name, rule)| {
        let mut labels = label(name);
        labels.push(("source", rule.source.name().to_owned()));
        labels.push(("metric", visible(&rule.metric)));
        labels.push(("unit", rule.unit.name().to_owned()));
        labels.push(("accounting", rule.accounting.map_or("", |accounting| accounting.name()).to_owned()));
        (labels, 1.0)
    });
    out.metric("pcemon_rule_info", "What the rule measures and how traffic was counted.", about);
    let state = |rule: &RuleReport| match rule.state {
        RuleState::Ok | RuleState::NotJudged | RuleState::Disabled => 0.0,
        RuleState::Pending => 1.0,
        RuleState::Firing => 2.0,
        RuleState::Unknown => 3.0,
    };
    let rows = named.iter().map(|(name, rule)| (label(name), state(rule)));
    out.metric("pcemon_rule_state", "0 ok, 1 pending, 2 firing, 3 unknown.", rows);
    let severity = |rule: &RuleReport| match Badness::of_rule(rule) {
        Badness::Critical => 3.0,
        Badness::Warning => 2.0,
        Badness::Info => 1.0,
        Badness::Unknown | Badness::Muted | Badness::Pending | Badness::Ok | Badness::NotJudged | Badness::Disabled => 0.0,
    };
    let rows = named.iter().map(|(name, rule)| (label(name), severity(rule)));
    out.metric("pcemon_rule_severity", "Severity while firing: 0 none or muted, 1 info, 2 warning, 3 critical.", rows);
    let failed =
        |rule: &RuleReport| report.sources.iter().any(|source| source.source == rule.source && source.status == SourceStatus::Failed);
    let values = named.iter().filter(|(_, rule)| !failed(rule)).filter_map(|(name, rule)| Some((label(name), rule.value?)));
    out.metric("pcemon_rule_value", "Value of the rule's worst group, in the base unit of pcemon_rule_info.", values);
    let bounds = named
        .iter()
        .filter(|(_, rule)| !failed(rule) && rule.value.is_some())
        .map(|(name, rule)| (label(name), f64::from(u8::from(rule.lower_bound))));
    out.metric("pcemon_rule_value_is_lower_bound", "1 if the true value may be higher.", bounds);
    let instances = named.iter().flat_map(|(name, rule)| {
        [RuleState::Pending, RuleState::Firing, RuleState::Unknown].into_iter().map(move |state| {
            let count = rule.instances.iter().filter(|instance| instance.state == state).count();
            (vec![("rule", name.clone()), ("state", state.name().to_owned())], count as f64)
        })
    });
    out.metric("pcemon_rule_instances", "Groups of the rule that are not ok, by state.", instances);
    let limits = named.iter().flat_map(|(name, rule)| {
        rule.thresholds.worst_first().filter(|(_, threshold)| !threshold.relative).map(|(severity, threshold)| {
            let mut labels = label(name);
            labels.extend([("severity", severity.name().to_owned()), ("op", threshold.op.symbol().to_owned())]);
            (labels, threshold.value)
        })
    });
    let help = "Thresholds in the base unit of pcemon_rule_info; a multiple of what is usual is no limit and left out.";
    out.metric("pcemon_rule_threshold", help, limits);
    let values = named.iter().filter(|(_, rule)| !failed(rule)).flat_map(|(name, rule)| {
        let grouped = rule.instances.iter().filter(|instance| !instance.group.is_empty()).take(MOST_INSTANCES);
        grouped.filter_map(|instance| {
            let mut labels = label(name);
            labels.extend([("group", words::named_group(&instance.group)), ("fingerprint", visible(&instance.fingerprint))]);
            Some((labels, instance.value?))
        })
    });
    let help = "Value of a group that is not ok, at most 100 of each rule, the worst first.";
    out.metric("pcemon_instance_value", help, values);
}

type Labels = Vec<(&'static str, String)>;

struct Exposition {
    text: String,
    /// What every series has: a collector that finds one series in two files drops a file.
    of: Labels,
}

fn of_the_pce(report: &Report) -> Labels {
    let place = report.run.identity().place();
    let org = report.run.org_id.map(|org| ("org", org.to_string()));
    place.map(|place| ("pce", visible(&place))).into_iter().chain(org).collect()
}

impl Exposition {
    /// Describes a gauge and writes its samples; a gauge without samples is not mentioned.
    fn metric(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (Labels, f64)>) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for (labels, value) in samples {
            let labels =
                self.of.iter().chain(&labels).map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect::<Vec<_>>().join(",");
            let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
            self.text.push_str(&format!("{name}{labels} {}\n", number(value)));
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

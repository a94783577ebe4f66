//! `table`: what a person sees at a terminal or in the mail that cron sends. Worst first, the verdict last.

use super::Style;
use super::grid::{Column, lay_out, narrowed};
use super::words::{self, Badness, NOTHING};
use crate::domain::report::{
    DeliveryReport, DeliveryStatus, InstanceReport, Report, RuleReport, RuleState, SourceReport, SourceStatus, Status,
};
use crate::domain::text::{quantity, visible};
use crate::domain::threshold::Severity;
use crate::domain::unit::Unit;
use std::collections::{BTreeMap, BTreeSet};

/// Instances shown below a rule.
const INSTANCES: usize = 5;
/// Longest text in a column that does not wrap.
const FIXED: usize = 18;
/// Longest foreign text: a name of a thousand characters must not push everything else off the screen.
const LONG: usize = 120;
/// Begins what belongs to the row above; unlike plain blanks it survives wrapping.
const INDENT: &str = "\u{a0}\u{a0}";
/// Stands for the state of the rule above.
const SAME: &str = "·";

/// The whole report.
pub fn render(report: &Report, style: &Style) -> String {
    if style.quiet && report.exit_code == 0 {
        return String::new();
    }
    let mut page = Page { lines: Vec::new(), style };
    page.heading(report);
    page.rules(report);
    page.calm(report);
    page.not_judged(report);
    page.remarks(report);
    page.sources(&report.sources, report);
    page.deliveries(&report.deliveries);
    page.warnings(&report.warnings);
    page.verdict(report);
    page.rehearsal(report);
    let mut out = page.lines.join("\n");
    out.push('\n');
    out
}

/// How much room there is for columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Everything side by side.
    Wide,
    /// The top talker goes below the name.
    Medium,
    /// State and severity become one word, threshold and window go below the value.
    Narrow,
}

struct Page<'a> {
    lines: Vec<String>,
    style: &'a Style,
}

/// A row of the rules' table, with what decides its colour.
struct Row {
    badness: Badness,
    cells: Vec<String>,
}

impl Page<'_> {
    fn room(&self) -> Room {
        match self.style.width {
            Some(width) if width < 76 => Room::Narrow,
            Some(width) if width < 116 => Room::Medium,
            _ => Room::Wide,
        }
    }

    /// A width that leaves every column at least some room.
    fn width(&self) -> Option<u16> {
        self.style.width.map(|width| width.max(40))
    }

    fn heading(&mut self, report: &Report) {
        let run = &report.run;
        let mut parts = vec![format!("pcemon {}", env!("CARGO_PKG_VERSION")), words::full_time(run.started_at, self.style)];
        if !run.pce.is_empty() {
            parts.push(visible(&run.pce));
        }
        if let Some(org) = run.org_id {
            parts.push(tr!("org {id}", id = org));
        }
        parts.push(quantity(run.duration.as_secs_f64(), Unit::Seconds));
        for line in lay_out(&[Column::Text], None, vec![vec![parts.join("  ")]], self.width()) {
            self.lines.push(self.dim(&line));
        }
    }

    fn rules(&mut self, report: &Report) {
        let shown: Vec<&RuleReport> =
            words::worst_first(&report.rules).into_iter().filter(|rule| self.style.verbose || !is_calm(Badness::of_rule(rule))).collect();
        if shown.is_empty() {
            return;
        }
        let mut rows = Vec::new();
        for rule in shown {
            rows.push(self.rule_row(rule, report));
            let grouped: Vec<&InstanceReport> = rule.instances.iter().filter(|instance| !instance.group.is_empty()).collect();
            for instance in grouped.iter().take(INSTANCES) {
                rows.push(self.instance_row(rule, instance, report));
            }
            if grouped.len() > INSTANCES {
                let more = format!("{INDENT}{}", tr!("+{count} more", count = grouped.len() - INSTANCES));
                let worst = grouped[INSTANCES..].iter().map(|instance| Badness::of_instance(instance)).min();
                rows.push(self.row(worst.unwrap_or(Badness::Ok), Cells { name: more, ..Cells::default() }));
            }
        }
        let header = self.row(
            Badness::Ok,
            Cells {
                state: tr!("STATE"),
                severity: tr!("SEVERITY"),
                name: tr!("RULE"),
                value: tr!("VALUE"),
                threshold: tr!("THRESHOLD"),
                window: tr!("WINDOW"),
                top: if self.room() == Room::Wide { tr!("DETAIL") } else { String::new() },
            },
        );
        let columns: &[Column] = match self.room() {
            Room::Wide => &[Column::Fixed, Column::Fixed, Column::Text, Column::Number, Column::Fixed, Column::Text, Column::Text],
            Room::Medium => &[Column::Fixed, Column::Fixed, Column::Text, Column::Number, Column::Fixed, Column::Text],
            Room::Narrow => &[Column::Fixed, Column::Text, Column::Number],
        };
        let badnesses: Vec<Badness> = rows.iter().filter(|row| !row.cells[0].is_empty()).map(|row| row.badness).collect();
        let header = if self.room() == Room::Narrow { vec![tr!("STATE"), tr!("RULE"), tr!("VALUE")] } else { header.cells };
        let lines = lay_out(columns, Some(header), rows.into_iter().map(|row| row.cells).collect(), self.width());
        self.lines.push(String::new());
        self.lines.push(self.dim(lines.first().map_or("", String::as_str)));
        self.push_coloured(lines.into_iter().skip(1).collect(), &badnesses, "");
    }

    /// One line for the rules that have nothing to say.
    fn calm(&mut self, report: &Report) {
        let count = report.rules.iter().filter(|rule| Badness::of_rule(rule) == Badness::Ok).count();
        if self.style.verbose || self.style.quiet || count == 0 {
            return;
        }
        self.lines.push(String::new());
        let line = trn!("{count} rule ok (-v shows it)", "{count} rules ok (-v shows them)", count = count);
        self.lines.push(self.dim(&line));
    }

    /// One line for the rules of which no answer was given.
    fn not_judged(&mut self, report: &Report) {
        // Of a source that the PCE does not offer a remark says what to do.
        let offered = |rule: &&RuleReport| {
            !report.sources.iter().any(|source| source.source == rule.source && source.status == SourceStatus::Unavailable)
        };
        let rules: Vec<&RuleReport> = report.rules.iter().filter(|rule| rule.state == RuleState::NotJudged).filter(offered).collect();
        if self.style.verbose || self.style.quiet || rules.is_empty() {
            return;
        }
        let sources: BTreeSet<String> = rules.iter().map(|rule| rule.source.localized()).collect();
        let sources = sources.into_iter().collect::<Vec<_>>().join(&tr!(", "));
        let line = trn!(
            "{count} rule not judged: no answer of {sources} was given",
            "{count} rules not judged: no answer of {sources} was given",
            count = rules.len(),
            sources
        );
        self.lines.push(String::new());
        self.lines.push(self.dim(&line));
    }

    /// Pushes laid out rows. The first cell of a row is one of our own words, and blank on all lines but the first.
    fn push_coloured(&mut self, lines: Vec<String>, badnesses: &[Badness], indent: &str) {
        let mut row = 0;
        for line in lines {
            let begins = !line.starts_with(' ') && !line.is_empty();
            let line = if begins { self.coloured_head(&line, badnesses.get(row).copied().unwrap_or(Badness::Ok)) } else { line };
            row += usize::from(begins);
            self.lines.push(format!("{indent}{line}").trim_end().to_owned());
        }
    }

    fn rule_row(&self, rule: &RuleReport, report: &Report) -> Row {
        let mut window = words::window(rule).replace(" (", "\n(").replace('（', "\n（");
        // Without groups there is one instance, and what is known of it belongs to the rule's own row.
        let only = rule.instances.iter().find(|instance| instance.group.is_empty());
        let mut name = visible(&rule.name);
        if let Some(only) = only {
            if let Some(since) = self.since(only, report) {
                window.push('\n');
                window.push_str(&since);
            }
            if let Some(suppression) = only.suppressed_by {
                name.push_str(&format!(" ({})", suppression.localized()));
            }
        }
        let badness = Badness::of_rule(rule);
        self.row(
            badness,
            Cells {
                state: rule.state.localized(),
                severity: severity(rule.severity),
                name,
                value: narrowed(&words::value(rule.estimate(), rule.unit), FIXED),
                threshold: narrowed(&words::threshold(&rule.threshold), FIXED),
                window,
                top: rule.top.first().map(|top| narrowed(&words::talker(top), LONG)).unwrap_or_default(),
            },
        )
    }

    fn instance_row(&self, rule: &RuleReport, instance: &InstanceReport, report: &Report) -> Row {
        let own_threshold = Some(instance.threshold.as_str()).filter(|own| *own != rule.threshold).unwrap_or_default();
        let mut name = format!("{INDENT}{}", narrowed(&words::group(&instance.group), LONG));
        if let Some(suppression) = instance.suppressed_by {
            name.push_str(&format!(" ({})", suppression.localized()));
        }
        self.row(
            Badness::of_instance(instance),
            Cells {
                state: if instance.state == rule.state { SAME.to_owned() } else { instance.state.localized() },
                severity: severity(instance.severity),
                name,
                value: narrowed(&words::value(instance.estimate(), rule.unit), FIXED),
                threshold: narrowed(&visible(own_threshold), FIXED),
                window: self.since(instance, report).unwrap_or_default(),
                // Mostly the group again: worth a column of its own, not a line of its own.
                top: instance
                    .top
                    .first()
                    .filter(|_| self.room() == Room::Wide)
                    .map(|top| narrowed(&words::talker(top), LONG))
                    .unwrap_or_default(),
            },
        )
    }

    fn since(&self, instance: &InstanceReport, report: &Report) -> Option<String> {
        instance.since.map(|at| tr!("since {time}", time = words::clock(at, report.run.finished_at, &self.style.timezone)))
    }

    fn row(&self, badness: Badness, cells: Cells) -> Row {
        let Cells { state, severity, mut name, value, threshold, window, top } = cells;
        let below = |text: &str| if text.is_empty() { String::new() } else { format!("\n{text}") };
        let cells = match self.room() {
            Room::Wide => vec![state, severity, name, value, threshold, window, top],
            Room::Medium => {
                name.push_str(&below(&top));
                vec![state, severity, name, value, threshold, window]
            }
            Room::Narrow => {
                name.push_str(&below(&top));
                let word = if state.is_empty() { String::new() } else { badness.localized() };
                let rest = match (threshold.as_str(), window.as_str()) {
                    (only, "" | NOTHING) | ("" | NOTHING, only) => below(only),
                    // An instance has no window, only a beginning.
                    (threshold, since) if name.starts_with(INDENT) => below(threshold) + &below(since),
                    (threshold, window) => below(&tr!("{threshold} in {window}", threshold, window)),
                };
                vec![word, name, format!("{value}{rest}")]
            }
        };
        Row { badness, cells }
    }

    /// What the rules have to say for themselves, below their table because it is prose.
    fn remarks(&mut self, report: &Report) {
        // The same remark on many rules (a source that could not be read) is said once.
        let mut remarks: Vec<(Badness, String, Vec<&str>)> = Vec::new();
        for rule in words::worst_first(&report.rules) {
            let badness = Badness::of_rule(rule);
            // What is remarkable of a rule that is ok (it learns) belongs to the whole picture, not to a mail about trouble.
            let hidden = if self.style.quiet { is_calm(badness) } else { matches!(badness, Badness::Disabled | Badness::NotJudged) };
            if hidden && !self.style.verbose {
                continue;
            }
            let muted = rule.instances.iter().filter_map(|instance| instance.suppressed_reason.as_ref());
            for text in [&rule.error, &rule.note].into_iter().flatten().chain(muted) {
                let text = below(rule, text, report).unwrap_or_else(|| text.clone());
                match remarks.iter_mut().find(|(other, said, _)| *other == badness && *said == text) {
                    Some((_, _, names)) if names.last() == Some(&rule.name.as_str()) => {}
                    Some((_, _, names)) => names.push(&rule.name),
                    None => remarks.push((badness, text, vec![&rule.name])),
                }
            }
        }
        let rows = remarks
            .into_iter()
            .map(|(badness, text, names)| {
                let who = if let [name] = names[..] { visible(name) } else { trn!("{count} rule", "{count} rules", count = names.len()) };
                (badness, vec![badness.localized(), who, visible(&text)])
            })
            .collect();
        self.section(&tr!("Remarks"), &[Column::Fixed, Column::Text, Column::Text], rows);
    }

    fn sources(&mut self, sources: &[SourceReport], report: &Report) {
        let zone = &self.style.timezone;
        let now = report.run.finished_at;
        let row = |source: &SourceReport| {
            let mut told = vec![
                if source.records == 1 {
                    tr!("1 record")
                } else {
                    tr!("{count} records", count = quantity(source.records as f64, Unit::Values))
                },
                trn!("{count} query", "{count} queries", count = source.queries),
                quantity(source.bytes as f64, Unit::Bytes),
            ];
            if let (Some(from), Some(to)) = (source.from, source.to) {
                told.push(format!("{} – {}", words::clock(from, now, zone), words::clock(to, now, zone)));
            }
            if source.unreadable > 0 {
                told.push(tr!("{count} unreadable", count = quantity(source.unreadable as f64, Unit::Values)));
            }
            let mut told = told.join(&tr!(", "));
            if let Some(error) = source.trouble() {
                told.push('\n');
                told.push_str(&visible(error));
            }
            let badness = match source.status {
                SourceStatus::Ok => Badness::Ok,
                SourceStatus::Partial | SourceStatus::Failed => Badness::Unknown,
                SourceStatus::Unavailable => Badness::Disabled,
            };
            (badness, vec![source.status.localized(), source.source.localized(), told])
        };
        let whole = |source: &&SourceReport| self.style.quiet && !self.style.verbose && words::is_whole(source);
        let rows = sources.iter().filter(|source| !whole(source)).map(row).collect();
        self.section(&tr!("Sources"), &[Column::Fixed, Column::Fixed, Column::Text], rows);
    }

    fn deliveries(&mut self, deliveries: &[DeliveryReport]) {
        let row = |delivery: &DeliveryReport| {
            let mut told = trn!("{count} alert", "{count} alerts", count = delivery.alerts);
            if delivery.attempts > 1 {
                told.push_str(&tr!(", {count} attempts", count = delivery.attempts));
            }
            for text in delivery.error.iter() {
                told.push('\n');
                told.push_str(&visible(text));
            }
            for text in delivery.preview.iter().filter(|_| self.style.verbose) {
                // A preview keeps its own lines; everything else in it is foreign.
                for line in text.lines() {
                    told.push('\n');
                    told.push_str(&visible(line));
                }
            }
            let badness = match delivery.status {
                DeliveryStatus::Sent => Badness::Ok,
                DeliveryStatus::Queued => Badness::Warning,
                DeliveryStatus::Failed => Badness::Critical,
                DeliveryStatus::DryRun => Badness::Info,
            };
            (badness, vec![delivery.status.localized(), visible(&delivery.channel), told])
        };
        let done = |delivery: &&DeliveryReport| match delivery.status {
            DeliveryStatus::Sent => self.style.quiet && !self.style.verbose,
            // Without its text there is no more to say than the summary does.
            DeliveryStatus::DryRun => !self.style.verbose,
            DeliveryStatus::Queued | DeliveryStatus::Failed => false,
        };
        let rows = deliveries.iter().filter(|delivery| !done(delivery)).map(row).collect();
        self.section(&tr!("Deliveries"), &[Column::Fixed, Column::Text, Column::Text], rows);
    }

    /// What a dry run would have sent, channel by channel.
    fn rehearsal(&mut self, report: &Report) {
        if !report.run.dry_run {
            return;
        }
        let mut channels: BTreeMap<&str, Vec<&DeliveryReport>> = BTreeMap::new();
        for delivery in report.deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::DryRun) {
            channels.entry(&delivery.channel).or_default().push(delivery);
        }
        self.lines.push(String::new());
        if channels.is_empty() {
            self.lines.push(tr!("Dry run: nothing was stored, and no message would have been sent."));
            return;
        }
        let hint = if self.style.verbose { String::new() } else { tr!(" (-v shows the messages)") };
        self.lines.push(tr!("Dry run: nothing was stored or sent. These channels would have been notified{hint}:", hint));
        let row = |(channel, messages): (&str, Vec<&DeliveryReport>)| {
            let alerts: usize = messages.iter().map(|message| message.alerts).sum();
            let told = tr!(
                "{messages}, {alerts}",
                messages = trn!("{count} message", "{count} messages", count = messages.len()),
                alerts = trn!("{count} alert", "{count} alerts", count = alerts)
            );
            let lines = messages.iter().filter_map(|message| message.headline.as_deref()).map(visible);
            vec![visible(channel), std::iter::once(told).chain(lines).collect::<Vec<_>>().join("\n")]
        };
        let rows = channels.into_iter().map(row).collect();
        let width = self.width().map(|width| width.saturating_sub(2));
        let lines = lay_out(&[Column::Text, Column::Text], None, rows, width);
        self.lines.extend(lines.into_iter().map(|line| format!("  {line}")));
    }

    fn warnings(&mut self, warnings: &[String]) {
        let rows = warnings.iter().map(|text| (Badness::Warning, vec!["!".to_owned(), visible(text)])).collect();
        self.section(&tr!("Warnings"), &[Column::Fixed, Column::Text], rows);
    }

    fn section(&mut self, title: &str, columns: &[Column], rows: Vec<(Badness, Vec<String>)>) {
        if rows.is_empty() {
            return;
        }
        self.lines.push(String::new());
        self.lines.push(self.dim(title));
        let width = self.width().map(|width| width.saturating_sub(2));
        let (badnesses, rows): (Vec<Badness>, Vec<Vec<String>>) = rows.into_iter().unzip();
        let lines = lay_out(columns, None, rows, width);
        self.push_coloured(lines, &badnesses, "  ");
    }

    fn verdict(&mut self, report: &Report) {
        let badness = match report.status {
            Status::Ok => Badness::Ok,
            Status::Warning => Badness::Warning,
            Status::Critical => Badness::Critical,
            Status::Unknown => Badness::Unknown,
        };
        self.lines.push(String::new());
        let lines = lay_out(&[Column::Text], None, vec![vec![words::verdict(report)]], self.width());
        for (index, line) in lines.iter().enumerate() {
            self.lines.push(if index == 0 { self.coloured_head(line, badness) } else { line.clone() });
        }
    }

    /// The first word, and the second if that is a severity, in the colour of what it says.
    fn coloured_head(&self, line: &str, badness: Badness) -> String {
        let first = line.find(' ').unwrap_or(line.len());
        let rest = line[first..].trim_start();
        let second = Severity::ALL.into_iter().map(Severity::localized).find(|word| rest.starts_with(word.as_str()));
        let end = second.map_or(first, |word| line.len() - rest.len() + word.len());
        format!("{}{}", self.paint(&line[..end], code(badness)), &line[end..])
    }

    fn dim(&self, text: &str) -> String {
        self.paint(text, "2")
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.style.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// What stands for a remark that only repeats the sentence of its source: that one is in the list of sources below.
fn below(rule: &RuleReport, text: &str, report: &Report) -> Option<String> {
    let of_rule = report.sources.iter().filter(|source| source.source == rule.source);
    let trouble = of_rule.filter_map(SourceReport::trouble).find(|trouble| !trouble.is_empty() && text.contains(trouble))?;
    let source = rule.source.localized();
    Some(if trouble == text {
        tr!("{source} could not be read, see Sources", source)
    } else {
        tr!("{source} was read in part, see Sources", source)
    })
}

/// Whether nobody needs to look at a rule.
fn is_calm(badness: Badness) -> bool {
    matches!(badness, Badness::Ok | Badness::NotJudged | Badness::Disabled)
}

fn severity(severity: Option<Severity>) -> String {
    severity.map_or_else(|| NOTHING.to_owned(), Severity::localized)
}

#[derive(Default)]
struct Cells {
    state: String,
    severity: String,
    name: String,
    value: String,
    threshold: String,
    window: String,
    top: String,
}

fn code(badness: Badness) -> &'static str {
    match badness {
        Badness::Critical => "1;31",
        Badness::Warning => "33",
        Badness::Unknown => "35",
        Badness::Info => "36",
        Badness::Muted => "2",
        Badness::Pending => "34",
        Badness::Ok => "32",
        Badness::NotJudged | Badness::Disabled => "2",
    }
}

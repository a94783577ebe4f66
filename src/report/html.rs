//! `html`: one page that needs nothing but itself. No script, no font, no picture from anywhere, which its
//! Content-Security-Policy also tells the browser; names are escaped by maud and by plotters.

use super::charts::{self, Bar, Cell, Colour, Picture, STEPS, Size, Tick};
use super::memory::FRONT;
use super::model::{
    Board, Bucket, ByDecision, Events, Matrix, Moment, Named, Point, Ranked, Ranking, Report, Rules, Standing, Timeline, Traffic, Vens,
    Volume,
};
use super::words::{self, Weight, brief, bytes, count, share_of};
use super::{View, tables};
use crate::domain::record::Decision;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::cell::Cell as Counter;

const STYLE: &str = include_str!("style.css");
const DECISIONS: [Colour; 4] = [Colour::Allowed, Colour::PotentiallyBlocked, Colour::Blocked, Colour::Unknown];
const SEVERITIES: [Colour; 4] = [Colour::Blocked, Colour::PotentiallyBlocked, Colour::Allowed, Colour::Unknown];

/// The whole page.
pub fn render(report: &Report, view: &View) -> String {
    let page = Page { view, figures: Counter::new(0) };
    page.whole(report).into_string()
}

struct Page<'v> {
    view: &'v View,
    /// Pictures so far: each has a name of its own.
    figures: Counter<u32>,
}

/// A section: its anchor, its heading, its content.
type Section = (&'static str, String, Markup);

impl Page<'_> {
    fn whole(&self, report: &Report) -> Markup {
        let title = words::title(report);
        let sections = self.sections(report);
        html! {
            (DOCTYPE)
            html lang=(crate::lang::current().name()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    meta name="referrer" content="no-referrer";
                    meta name="generator" content={ "pcemon " (report.version) };
                    title { (title) }
                    style { (PreEscaped(style())) }
                }
                body {
                    div.page {
                        a.skip href="#summary" { (tr!("Skip to the summary")) }
                        header {
                            h1 { bdi { (title) } }
                            p.meta { (words::span(report.span, self.view)) }
                            p.meta { (self.origin(report)) }
                            nav aria-label=(tr!("Contents")) {
                                ul { @for (anchor, heading, _) in &sections { li { a href={ "#" (anchor) } { (heading) } } } }
                            }
                        }
                        main {
                            @for (anchor, heading, content) in &sections {
                                section aria-labelledby=(anchor) { h2 id=(anchor) { (heading) } (content) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn origin(&self, report: &Report) -> String {
        let made = self.view.time(report.generated_at);
        let version = report.version;
        if report.pce.is_empty() {
            return tr!("Made by pcemon {version} at {made} from recorded answers", version, made);
        }
        let org = report.org_id.map_or_else(|| "-".to_owned(), |org| org.to_string());
        tr!("Made by pcemon {version} at {made} from {pce}, organisation {org}", version, made, pce = report.pce, org)
    }

    fn sections(&self, report: &Report) -> Vec<Section> {
        let mut out: Vec<Section> = vec![("summary", tr!("Summary"), self.summary(report))];
        if let Some(content) = self.changes(report) {
            out.push(("changes", tr!("What changed"), content));
        }
        if let Some(traffic) = &report.traffic {
            self.traffic(traffic, &mut out);
        }
        if let Some(events) = &report.events {
            out.push(("events", tr!("Events"), self.events(events)));
        }
        if let Some(clusters) = &report.health {
            out.push(("health", tr!("PCE health"), table(&tables::health(clusters), None)));
        }
        if let Some(vens) = &report.vens {
            out.push(("vens", tr!("VEN health"), self.vens(vens)));
        }
        if let Some(rules) = &report.rules {
            out.push(("rules", tr!("Rules"), self.rules(rules)));
        }
        out.push((
            "reading",
            tr!("How to read the numbers"),
            html! {
                ul { @for line in words::how_to_read(report, self.view) { li { (line) } } }
                h3 { (tr!("What was read")) }
                (table(&tables::sources(report), None))
                @if !report.warnings.is_empty() {
                    h3 { (tr!("Warnings")) }
                    ul { @for warning in &report.warnings { li { (warning) } } }
                }
            },
        ));
        out
    }

    fn summary(&self, report: &Report) -> Markup {
        let tag = |weight: Weight| match weight {
            Weight::Bad => ("bad", "✖", tr!("Act")),
            Weight::Look => ("look", "▲", tr!("Look")),
            Weight::Note => ("calm", "●", tr!("Note")),
        };
        let mut tiles: Vec<(&str, String, String, String)> = Vec::new();
        if let Some(traffic) = &report.traffic {
            let all = traffic.total.values();
            let connections = all.iter().fold(0u64, |sum, volume| sum.saturating_add(volume.connections));
            for (decision, class) in Decision::ALL.into_iter().zip(["allowed", "potential", "blocked", "unknown"]) {
                let volume = traffic.total.get(decision);
                let note = tr!("connections, {share}", share = share_of(volume.connections, connections));
                tiles.push((class, words::decision(decision), count(volume.connections), note));
            }
            let (flows, sum) =
                all.iter().fold((0u64, 0u64), |sum, volume| (sum.0.saturating_add(volume.flows), sum.1.saturating_add(volume.bytes)));
            tiles.push(("", tr!("Volume"), bytes(sum), tr!("both ways")));
            tiles.push(("", tr!("Flows"), count(flows), tr!("records read: {count}", count = count(traffic.records))));
        }
        if let Some(events) = &report.events {
            tiles.push(("", tr!("Events"), count(events.count), tr!("errors: {count}", count = count(events.total.error))));
        }
        if let Some(rules) = &report.rules {
            let firing = rules.rules.iter().filter(|rule| rule.state.fires()).count();
            tiles.push(("", tr!("Rules that fire"), count(firing as u64), tr!("of {count}", count = rules.rules.len())));
        }
        html! {
            ul.summary {
                @for (weight, sentence) in words::summary(report) {
                    @let (class, sign, word) = tag(weight);
                    li class=(class) { span.tag { span aria-hidden="true" { (sign) } " " (word) } (sentence) }
                }
            }
            dl.tiles {
                @for (class, name, value, note) in tiles {
                    div class=(class) { dt { (name) } dd { (value) small { (note) } } }
                }
            }
        }
    }

    fn changes(&self, report: &Report) -> Option<Markup> {
        let changes = report.changes.as_ref()?;
        let calm = changes.rules.is_empty() && changes.rankings.is_empty();
        Some(html! {
            p.meta { (tr!("Compared with the report of {time}, which covers {span}.", time = self.view.time(changes.since), span = words::span(changes.span, self.view))) }
            @if !changes.comparable {
                p { (words::incomparable()) }
            }
            @if !changes.totals.is_empty() { (table(&tables::totals(changes), None)) }
            @if calm && changes.comparable { p { (tr!("No rule has changed its state, and the largest entries are the same.")) } }
            @if !changes.rules.is_empty() {
                h3 { (tr!("Rules whose state changed")) }
                (table(&tables::rule_changes(changes), None))
            }
            @for moved in &changes.rankings {
                h3 { (words::board(moved.ranking)) }
                div.two {
                    @for (heading, names) in [(tr!("New"), &moved.new), (tr!("Gone")  , &moved.gone)] {
                        @if !names.is_empty() {
                            div { p.meta { (heading) } ul { @for name in names { li { bdi { (name) } } } } }
                        }
                    }
                }
            }
        })
    }

    fn traffic(&self, traffic: &Traffic, out: &mut Vec<Section>) {
        out.push(("time", tr!("Traffic by decision"), self.over_time(traffic)));
        out.push(("talkers", words::board(Board::Talkers), self.talkers(traffic)));
        out.push(("blocked", tr!("Blocked traffic"), self.blocked(traffic)));
        out.push(("enforcement", words::board(Board::PotentiallyBlocked), self.potentially_blocked(traffic)));
        if traffic.matrix.groups.len() > 1 {
            out.push(("matrix", tr!("Who talks to whom"), self.matrix(&traffic.matrix, &traffic.label)));
        }
        out.push(("unmanaged", words::board(Board::Unmanaged), self.unmanaged(traffic)));
    }

    /// What the span adds up to, and by UTC day where more than one is known. Within a day the PCE does not say when.
    fn over_time(&self, traffic: &Traffic) -> Markup {
        let rows: Vec<Bar> = Decision::ALL
            .into_iter()
            .zip(DECISIONS)
            .map(|(decision, colour)| {
                let sum = traffic.total.get(decision);
                let amount = words::between(sum.connections, sum.connections_max, count);
                Bar { label: words::decision(decision), parts: vec![(colour, sum.connections_max)], amount }
            })
            .collect();
        let data = tables::decisions(&traffic.total);
        let total = self.figure(&tr!("Connections by decision"), "", &[], |size| charts::bars(&rows, size), Some(&data));
        if traffic.known_days() < 2 {
            return html! {
                (total)
                p.note { (tr!("A PCE does not say when within a UTC day something happened, so there is no chart over time for this span; a longer one (--since 7d) has one.")) }
            };
        }
        let unknown = traffic.known_days() < traffic.timeline.points.len();
        let note = if unknown {
            tr!("Each flow is shown on its UTC day; days with ? are not known.")
        } else {
            tr!("Each flow is shown on its UTC day.")
        };
        let chart = |title: String, part: fn(&Volume) -> u64, all: [u64; 4], amount: fn(u64) -> String, axis: fn(u64) -> String| {
            let series = decisions(&traffic.timeline, part);
            let ticks = traffic.timeline.points.iter().map(|point| Tick {
                text: point.at.strftime("%m-%d").to_string(),
                day: if point.value.allowed.is_some() { String::new() } else { "?".to_owned() },
            });
            let ticks: Vec<Tick> = ticks.collect();
            let data = tables::timeline(&traffic.timeline, self.view, part, amount);
            let shown = |size| charts::columns(&ticks, &series, axis, size);
            self.figure(&title, &note, &self.decision_legend(&all.map(|all| all > 0)), shown, Some(&data))
        };
        let sums = traffic.total.values();
        html! {
            (total)
            (chart(tr!("Flows by day"), |volume| volume.flows, sums.map(|sum| sum.flows_max), count, brief))
            (chart(tr!("Connections by day"), |volume| volume.connections, sums.map(|sum| sum.connections_max), count, brief))
            @if sums.iter().any(|sum| sum.bytes_max > 0) {
                (chart(tr!("Volume by day"), |volume| volume.bytes, sums.map(|sum| sum.bytes_max), bytes, bytes))
            } @else {
                p.note { (tr!("The VENs of this estate report no bytes, so there is no chart of the volume.")) }
            }
        }
    }

    fn talkers(&self, traffic: &Traffic) -> Markup {
        let measured = traffic.talkers.rows.iter().any(|row| row.bytes > 0);
        let (title, colour) =
            if measured { (tr!("Sources by volume"), Colour::Allowed) } else { (tr!("Sources by connections"), Colour::Allowed) };
        let amount = |row: &Ranked<_>| if measured { bytes(row.bytes) } else { count(row.all()) };
        self.ranking(&traffic.talkers, &title, &[], |row| {
            let value = if measured { row.bytes } else { row.all() };
            Bar { label: row.what.line(), parts: vec![(colour, value)], amount: words::marked(&traffic.talkers, amount(row)) }
        })
    }

    fn blocked(&self, traffic: &Traffic) -> Markup {
        if traffic.blocked_pairs.rows.is_empty() {
            return html! { p { (tr!("Nothing was blocked in this span.")) } };
        }
        html! {
            (self.ranking(&traffic.blocked_pairs, &tr!("Blocked connections by source, destination and service"), &[], |row| one_bar(&traffic.blocked_pairs, row, Colour::Blocked)))
            (self.ranking(&traffic.blocked_ports, &tr!("Blocked connections by service"), &[], |row| one_bar(&traffic.blocked_ports, row, Colour::Blocked)))
        }
    }

    fn potentially_blocked(&self, traffic: &Traffic) -> Markup {
        let ranking = &traffic.potentially_blocked;
        if ranking.rows.is_empty() {
            return html! { p { (tr!("Nothing is potentially blocked: full enforcement would break nothing that was seen in this span.")) } };
        }
        let note = tr!(
            "Connections without a rule, by application (label {label}) of the destination; for destinations outside the estate, of the source.",
            label = traffic.label
        );
        let rows: Vec<Bar> = ranking
            .rows
            .iter()
            .take(FRONT)
            .map(|row| Bar {
                label: words::group(&row.what.app, &traffic.label),
                parts: vec![(Colour::PotentiallyBlocked, row.all())],
                amount: words::marked(ranking, count(row.all())),
            })
            .collect();
        let data = tables::applications(ranking, &traffic.label);
        self.figure(&tr!("What full enforcement would break"), &note, &[], |size| charts::bars(&rows, size), None)
            .then(table(&data, more(ranking)))
    }

    fn unmanaged(&self, traffic: &Traffic) -> Markup {
        if traffic.unmanaged.rows.is_empty() {
            return html! { p { (tr!("Every source in this span has a VEN.")) } };
        }
        let present: [bool; 4] =
            std::array::from_fn(|index| traffic.unmanaged.rows.iter().take(FRONT).any(|row| row.connections.values()[index] > 0));
        let legend = self.decision_legend(&present);
        self.ranking(&traffic.unmanaged, &tr!("Sources without a VEN, by connections"), &legend, |row| Bar {
            label: row.what.line(),
            parts: DECISIONS.into_iter().zip(row.connections.values()).collect(),
            amount: words::marked(&traffic.unmanaged, count(row.all())),
        })
    }

    fn ranking<T: Named>(&self, ranking: &Ranking<T>, title: &str, legend: &[(Colour, String)], bar: impl Fn(&Ranked<T>) -> Bar) -> Markup {
        let rows: Vec<Bar> = ranking.rows.iter().take(FRONT).map(bar).collect();
        let shown = rows.len() as u64;
        let all = ranking.rows.len() as u64 + ranking.more;
        let note = if all > shown { tr!("The {shown} largest of {all}.", shown, all = count(all)) } else { String::new() };
        self.figure(title, &note, legend, |size| charts::bars(&rows, size), Some(&tables::ranking(ranking)))
    }

    fn matrix(&self, matrix: &Matrix, label: &str) -> Markup {
        let names: Vec<String> = matrix.groups.iter().map(|group| words::group(group, label)).collect();
        let all = |cell: &ByDecision<u64>| cell.values().iter().fold(0u64, |sum, part| sum.saturating_add(*part));
        let refused = |cell: &ByDecision<u64>| cell.blocked.saturating_add(cell.potentially_blocked);
        html! {
            (self.heat(matrix, &names, &tr!("All connections, by application"), all, Colour::Heat))
            (self.heat(matrix, &names, &tr!("Blocked and potentially blocked connections, by application"), refused, Colour::Alarm))
        }
    }

    fn heat(
        &self,
        matrix: &Matrix,
        names: &[String],
        title: &str,
        value: impl Fn(&ByDecision<u64>) -> u64,
        colour: fn(u8) -> Colour,
    ) -> Markup {
        let values = || matrix.cells.iter().flatten().map(&value).filter(|value| *value > 0);
        let (Some(least), Some(most)) = (values().min(), values().max()) else { return html! {} };
        // Traffic spreads over orders of magnitude: equal steps of the logarithm, from the smallest cell to the largest.
        let (low, high) = ((least as f64).ln(), (most as f64).ln());
        let bound = |step: u8| (low + (high - low) * f64::from(step) / f64::from(STEPS)).exp().round() as u64;
        let step = |value: u64| (0..STEPS - 1).find(|step| value <= bound(step + 1)).unwrap_or(STEPS - 1);
        let cells: Vec<Vec<Cell>> = matrix
            .cells
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| {
                        let value = value(cell);
                        Cell { colour: (value > 0).then(|| colour(step(value))), text: brief(value) }
                    })
                    .collect()
            })
            .collect();
        let legend: Vec<(Colour, String)> = (0..STEPS)
            .filter(|step| *step == STEPS - 1 || (*step == 0 || bound(*step) < bound(step + 1)) && least < most)
            .map(|step| (colour(step), format!("≤ {}", brief(if step == STEPS - 1 { most } else { bound(step + 1) }))))
            .collect();
        let note = tr!("Rows are sources, columns are destinations; a dot stands for no connection.");
        self.figure(title, &note, &legend, |size| charts::heat_map(names, &cells, size), Some(&tables::matrix(matrix, names, &value)))
    }

    fn events(&self, events: &Events) -> Markup {
        if events.count == 0 {
            return html! { p { (tr!("The PCE recorded no event in this span.")) } };
        }
        let series: Vec<(Colour, Vec<u64>)> = SEVERITIES
            .into_iter()
            .enumerate()
            .map(|(index, colour)| (colour, events.timeline.points.iter().map(|point| point.value.values()[index]).collect()))
            .collect();
        let present = events.total.values().map(|number| number > 0);
        let legend = some_of(&SEVERITIES, words::severities(), &present);
        let shown = self.over(&events.timeline, &series, brief);
        let time = self.figure(&tr!("Events by severity"), "", &legend, shown, Some(&tables::event_timeline(&events.timeline, self.view)));
        let rows: Vec<Bar> = events
            .types
            .iter()
            .take(FRONT)
            .map(|one| Bar {
                label: one.name.clone(),
                parts: SEVERITIES.into_iter().zip(one.counts.values()).collect(),
                amount: count(one.counts.all()),
            })
            .collect();
        let types = self.figure(
            &tr!("Events by type and severity"),
            "",
            &legend,
            |size| charts::bars(&rows, size),
            Some(&tables::event_types(events)),
        );
        time.then(types)
    }

    fn vens(&self, vens: &Vens) -> Markup {
        let rows = |counts: &[super::model::Count], colour: Colour| -> Vec<Bar> {
            let bar =
                |one: &super::model::Count| Bar { label: one.name.clone(), parts: vec![(colour, one.count)], amount: count(one.count) };
            counts.iter().take(FRONT).map(bar).collect()
        };
        let mut shown =
            vec![(tr!("VENs by status"), &vens.status, Colour::Allowed), (tr!("VENs by version"), &vens.versions, Colour::Allowed)];
        shown.extend(vens.enforcement.as_ref().map(|counts| (tr!("VENs by enforcement"), counts, Colour::Allowed)));
        shown.push((tr!("VENs by condition"), &vens.conditions, Colour::PotentiallyBlocked));
        html! {
            @for (title, counts, colour) in shown.into_iter().filter(|(_, counts, _)| !counts.is_empty()) {
                @let bars = rows(counts, colour);
                (self.figure(&title, "", &[], |size| charts::bars(&bars, size), Some(&tables::ven_counts(title.clone(), counts))))
            }
            @if vens.silent_count > 0 {
                h3 { (tr!("Active VENs without a heartbeat for more than an hour: {count}", count = count(vens.silent_count))) }
                (table(&tables::silent_vens(vens, self.view), None))
            }
        }
    }

    fn rules(&self, rules: &Rules) -> Markup {
        html! {
            @match rules.judged_at {
                Some(at) => p.meta { (tr!("As judged by `pcemon check` at {time}.", time = self.view.time(at))) },
                None => p.meta { (tr!("The state has no run of `pcemon check`.")) },
            }
            (table(&tables::rules(rules, self.view), None))
            (self.history(rules))
        }
    }

    /// How the rules stood at the reports before; nothing to see with a single one.
    fn history(&self, rules: &Rules) -> Markup {
        let (Some(first), Some(last)) = (rules.history.first(), rules.history.last()) else { return html! {} };
        let at = |moment: &Moment, name: &str| {
            moment.rules.iter().find(|(known, _)| known == name).map_or(Colour::Calm, |(_, standing)| standing_colour(*standing))
        };
        let rows: Vec<(String, Vec<Colour>)> = rules
            .rules
            .iter()
            .map(|rule| (rule.name.clone(), rules.history.iter().map(|moment| at(moment, &rule.name)).collect::<Vec<_>>()))
            .filter(|(_, cells)| cells.iter().any(|colour| *colour != Colour::Calm))
            .take(2 * FRONT)
            .collect();
        if rows.is_empty() || rules.history.len() < 2 {
            return html! {};
        }
        let legend = [Standing::Critical, Standing::Warning, Standing::Info, Standing::Pending, Standing::Ok]
            .map(|standing| (standing_colour(standing), words::standing(standing)));
        let ends = (self.view.time(first.at), self.view.time(last.at));
        let note = tr!("One block for each report, the newest on the right.");
        let data = tables::history(rules, self.view);
        self.figure(
            &tr!("Rules in the reports until now"),
            &note,
            &legend,
            |size| charts::strips(&rows, (&ends.0, &ends.1), size),
            Some(&data),
        )
    }

    fn decision_legend(&self, present: &[bool; 4]) -> Vec<(Colour, String)> {
        some_of(&DECISIONS, Decision::ALL.map(words::decision), present)
    }

    fn over<'d, T>(
        &self,
        timeline: &Timeline<T>,
        series: &'d [(Colour, Vec<u64>)],
        amount: fn(u64) -> String,
    ) -> impl Fn(Size) -> Picture + use<'d, T> {
        let ticks: Vec<Tick> = timeline.points.iter().map(|point| self.tick(point.at, timeline.bucket)).collect();
        move |size| charts::columns(&ticks, series, amount, size)
    }

    fn tick(&self, at: Timestamp, bucket: Bucket) -> Tick {
        match bucket {
            Bucket::Hour => {
                let local = at.to_zoned(self.view.timezone.clone());
                Tick { text: local.strftime("%H:%M").to_string(), day: local.strftime("%m-%d").to_string() }
            }
            Bucket::Day => Tick { text: at.strftime("%m-%d").to_string(), day: String::new() },
        }
    }

    /// A picture for every screen, and its numbers as a table.
    fn figure(
        &self,
        title: &str,
        note: &str,
        legend: &[(Colour, String)],
        picture: impl Fn(Size) -> Picture,
        data: Option<&tables::Table>,
    ) -> Markup {
        let number = self.figures.get() + 1;
        self.figures.set(number);
        let svg = |size: Size, class: &str| {
            let Picture { marks, size: (width, height) } = picture(size);
            let (name, words) = (format!("f{number}{class}t"), format!("f{number}{class}d"));
            html! {
                svg class=(class) role="img" aria-labelledby={ (name) " " (words) } xmlns="http://www.w3.org/2000/svg"
                    width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
                    title id=(name) { (title) }
                    desc id=(words) { (note) " " (tr!("The numbers are in the table that belongs to this chart.")) }
                    (PreEscaped(marks))
                }
            }
        };
        html! {
            figure {
                figcaption { strong { (title) } (note) }
                @if !legend.is_empty() {
                    ul.legend { @for (colour, name) in legend { li { i style={ "background:var(--" (variable(*colour)) ")" } {} (name) } } }
                }
                (svg(Size::Wide, "wide")) (svg(Size::Narrow, "narrow"))
                @if let Some(data) = data {
                    details { summary { (tr!("Numbers: {title}", title)) } (table(data, None)) }
                }
            }
        }
    }
}

/// Puts markup behind markup.
trait Then {
    fn then(self, next: Markup) -> Markup;
}

impl Then for Markup {
    fn then(self, next: Markup) -> Markup {
        html! { (self) (next) }
    }
}

fn variable(colour: Colour) -> String {
    Colour::all().find(|(known, _)| *known == colour).map(|(_, name)| name).unwrap_or_default()
}

/// The style sheet, with what replaces the stand-in colours of the pictures.
fn style() -> String {
    let mut out = STYLE.to_owned();
    for (colour, name) in Colour::all() {
        let hex = colour.hex();
        out.push_str(&format!("svg [fill=\"{hex}\"]{{fill:var(--{name})}}svg [stroke=\"{hex}\"]{{stroke:var(--{name})}}\n"));
    }
    out
}

fn some_of(colours: &[Colour; 4], names: [String; 4], present: &[bool; 4]) -> Vec<(Colour, String)> {
    colours.iter().copied().zip(names).zip(present).filter(|(_, present)| **present).map(|(pair, _)| pair).collect()
}

fn decisions(timeline: &Timeline<ByDecision<Option<Volume>>>, part: fn(&Volume) -> u64) -> Vec<(Colour, Vec<u64>)> {
    let of = |decision: Decision| {
        timeline.points.iter().map(|point: &Point<_>| point.value.get(decision).map_or(0, |volume| part(&volume))).collect()
    };
    DECISIONS.into_iter().zip(Decision::ALL.map(of)).collect()
}

fn one_bar<T: Named>(ranking: &Ranking<T>, row: &Ranked<T>, colour: Colour) -> Bar {
    Bar { label: row.what.line(), parts: vec![(colour, row.all())], amount: words::marked(ranking, count(row.all())) }
}

fn more<T>(ranking: &Ranking<T>) -> Option<String> {
    (ranking.more > 0).then(|| tr!("and {count} more", count = count(ranking.more)))
}

fn standing_colour(standing: Standing) -> Colour {
    match standing {
        Standing::Critical => Colour::Blocked,
        Standing::Warning => Colour::PotentiallyBlocked,
        Standing::Info => Colour::Allowed,
        Standing::Pending => Colour::Unknown,
        Standing::Ok | Standing::Disabled => Colour::Calm,
    }
}

fn table(table: &tables::Table, more: Option<String>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(table.caption) {
            table {
                caption { (table.caption) }
                thead { tr { @for (index, name) in table.head.iter().enumerate() { th scope="col" class=[table.is_number(index).then_some("n")] { (name) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (index, cell) in row.iter().enumerate() {
                                @if index == 0 {
                                    th scope="row" { bdi { (cell) } }
                                } @else if table.is_number(index) {
                                    td.n { (cell) }
                                } @else {
                                    td { bdi { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(more) = more { p.note { (more) } }
    }
}

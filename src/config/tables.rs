//! Every table of the config handed to its reader, and what lies between them looked at.

use super::error::Lines;
use super::model::{Config, EventSettings, RunSettings, TargetConfig, TrafficSettings};
use super::report::ReportSettings;
use super::{channels, mutes, pce, report, routes, rules, run, sources, targets};
use crate::channels::{KINDS, Kind};
use crate::settings::reader::{Placed, Problems, Reader};
use std::collections::BTreeMap;
use std::path::Path;

/// What is known about the file beyond its text.
pub(super) struct Circumstances<'a> {
    /// Where it stops being UTF-8.
    pub broken_at: Option<usize>,
    /// Whether others on the machine are kept from reading it.
    pub private: bool,
    /// What is to be said of every command in it.
    pub commands: Option<String>,
    /// The kinds of channel there are.
    pub kinds: &'a [Kind],
}

impl Default for Circumstances<'_> {
    fn default() -> Self {
        Self { broken_at: None, private: true, commands: None, kinds: KINDS }
    }
}

#[expect(clippy::too_many_lines, reason = "one step for each table of the config, in their order")]
pub(super) fn tables(path: &Path, text: &str, mut root: Reader<'_>, circumstances: &Circumstances<'_>) -> Config {
    let problems = root.problems();
    let mut run = root.table("run").map_or_else(RunSettings::default, run::read);
    if let Some(heartbeat) = root.table("heartbeat").and_then(run::heartbeat) {
        if run.heartbeat.is_some() {
            let hint = Some(tr!("keep the one in [heartbeat]"));
            problems.error(root.span_of("heartbeat"), tr!("`heartbeat` is set both in [run] and as a table: use one of them"), hint);
        }
        run.heartbeat = Some(heartbeat);
    }
    let traffic = root.table("traffic").map_or_else(TrafficSettings::default, sources::read_traffic);
    let events = root.table("events").map_or_else(EventSettings::default, sources::read_events);
    let pce = root.table("pce").and_then(pce::read);
    if run.site.is_some() && root.has("pce") {
        let message = tr!("`site` in [run] is for a config without [pce]");
        problems.error(root.span_of("run"), message, Some(tr!("remove one of them: with [pce], the state is named after the PCE")));
    }

    let mut target_readers = root.tables("targets");
    let target_names: Vec<Option<Placed<String>>> = target_readers.iter_mut().map(targets::name).collect();
    let target_types: Vec<String> = target_readers.iter_mut().map(|reader| targets::type_of(reader).unwrap_or_default()).collect();
    let named: Vec<(Placed<String>, String)> =
        target_names.iter().zip(target_types).filter_map(|(name, kind)| Some((name.clone()?, kind))).collect();
    unique(&named.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), |name| tr!("two targets are called `{name}`", name), problems);
    let targets_written = target_readers.len();
    let target_list: Vec<TargetConfig> = target_readers
        .into_iter()
        .zip(&target_names)
        .filter_map(|(reader, name)| targets::read(reader, name.as_ref().map(|name| name.value.as_str())))
        .collect();
    targets::common(&mut root, &target_list);

    let mut channel_readers = root.tables("channels");
    let channel_names: Vec<Option<Placed<String>>> = channel_readers.iter_mut().map(channels::name).collect();
    let known: Vec<Placed<String>> = channel_names.iter().flatten().cloned().collect();
    unique(&known, |name| tr!("two channels are called `{name}`", name), problems);
    let mut channel_list = Vec::new();
    for (reader, name) in channel_readers.into_iter().zip(&channel_names) {
        let span = name.as_ref().map_or(0..0, |name| name.span.clone());
        let read = channels::read(reader, name.as_ref().map(|name| name.value.as_str()), circumstances.kinds, &run.timezone);
        channel_list.extend(read.map(|value| Placed { value, span }));
    }

    let report = root.table("report").map_or_else(ReportSettings::default, |reader| report::read(reader, &channel_list));

    let defaults = root.table("defaults");
    let fallback = defaults.as_ref().map(Reader::as_fallback);
    defaults.into_iter().for_each(rules::check_defaults);
    let around = rules::Surroundings { lines: &Lines::of(text), accounting: traffic.accounting, channels: &known, targets: &named };
    let mut rule_readers = root.tables("rules");
    let rules_written = rule_readers.len();
    let rule_names: Vec<Option<Placed<String>>> = rule_readers.iter_mut().map(rules::name).collect();
    unique(&rule_names.iter().flatten().cloned().collect::<Vec<_>>(), |name| tr!("two rules are called `{name}`", name), problems);
    let rule_list: Vec<Placed<_>> = rule_readers
        .into_iter()
        .zip(rule_names)
        .filter_map(|(reader, name)| rules::read(reader.with_fallback(fallback), name, &around))
        .collect();

    let route_readers = root.tables("routes");
    let routes_written = route_readers.len();
    let route_list: Vec<Placed<_>> = route_readers
        .into_iter()
        .filter_map(|reader| {
            let span = reader.span();
            routes::read(reader, &known).map(|value| Placed { value, span })
        })
        .collect();
    let mut window_readers = root.tables("maintenance");
    let window_names: Vec<Option<Placed<String>>> = window_readers.iter_mut().map(mutes::name).collect();
    unique(
        &window_names.iter().flatten().cloned().collect::<Vec<_>>(),
        |name| tr!("two maintenance windows are called `{name}`", name),
        problems,
    );
    let inhibition_readers = root.tables("inhibit");
    let mutes_written = window_readers.len() + inhibition_readers.len();
    let windows: Vec<Placed<_>> =
        window_readers.into_iter().zip(window_names).filter_map(|(reader, name)| mutes::maintenance(reader, name, &run.timezone)).collect();
    let inhibitions: Vec<_> = inhibition_readers.into_iter().filter_map(mutes::inhibition).collect();
    let complete = route_list.len() == routes_written && rule_list.len() == rules_written;
    if !known.is_empty() || routes_written > 0 {
        // With a rule or route missing from the picture, "nobody names it" would be a guess.
        if complete {
            routes::reach(&rule_list, &channel_list, &route_list, &report.mail, problems);
        }
    }
    if complete {
        mutes::reach(&windows, &inhibitions, &rule_list, problems);
    }
    if !rule_list.iter().any(|rule| rule.value.enabled) && !problems.has_errors() {
        let hint = Some(tr!("create a first config with pcemon init; pcemon rules example shows every rule"));
        problems.warn(0..0, tr!("the config has no enabled rule: nothing is monitored"), hint);
    }
    let has_pce = root.has("pce");
    root.finish();
    // A reader that gives up without a word would drop a rule in silence.
    let whole = complete
        && windows.len() + inhibitions.len() == mutes_written
        && channel_list.len() == channel_names.len()
        && target_list.len() == targets_written
        && pce.is_some() == has_pce;
    if !whole && !problems.has_errors() {
        problems.error(0..0, tr!("part of the config could not be read, for an unknown reason; this is a bug in pcemon"), None);
    }
    Config {
        path: path.to_owned(),
        pce,
        targets: target_list,
        run,
        traffic,
        events,
        report,
        rules: rule_list.into_iter().map(|rule| rule.value).collect(),
        channels: channel_list.into_iter().map(|channel| channel.value).collect(),
        routes: route_list.into_iter().map(|route| route.value).collect(),
        maintenance: windows.into_iter().map(|window| window.value).collect(),
        inhibitions: inhibitions.into_iter().map(mutes::PlacedInhibition::value).collect(),
        warnings: Vec::new(),
    }
}

fn unique(names: &[Placed<String>], message: impl Fn(&str) -> String, problems: &Problems) {
    let mut first: BTreeMap<&str, &Placed<String>> = BTreeMap::new();
    for name in names {
        if let Some(first) = first.get(name.value.as_str()) {
            let hint = Some(tr!("give one of them another name"));
            problems.clash(name.span.clone(), message(&name.value), hint, first.span.clone(), &tr!("the first is here"));
        } else {
            first.insert(&name.value, name);
        }
    }
}

//! `pcemon rules show`: one rule as it counts.

use crate::cli::Global;
use crate::commands::common::{Exit, load_config};
use crate::config::Config;
use crate::domain::rule::{Rule, channels_for};
use crate::domain::text::visible;
use crate::domain::threshold::{Severity, said};
use crate::domain::time::format_duration;
use crate::edit::unknown;
use crate::run::output::print;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Shows one rule.
pub fn run(global: &Global, name: &str) -> Exit {
    let config = load_config(global)?;
    let names: Vec<&str> = config.rules.iter().map(|rule| rule.name.as_str()).collect();
    let rule = config.rules.iter().find(|rule| rule.name == name).ok_or_else(|| unknown(name, &names))?;
    let text = std::fs::read_to_string(&config.path)
        .map_err(|error| tr!("cannot read {path} again: {error}", path = config.path.display(), error))?;
    let keys = keys(&text, rule)?;
    if global.output.as_deref() == Some("json") {
        let text = serde_json::to_string_pretty(&as_json(&config, rule, &keys)).map_err(|error| error.to_string())?;
        print(&format!("{text}\n"))?;
    } else {
        print(&in_words(&config, rule, &keys))?;
    }
    Ok(0)
}

/// What is written for the rule, and which of it comes from `[defaults]`.
fn keys(text: &str, rule: &Rule) -> Result<BTreeMap<String, (toml::Value, bool)>, String> {
    let file: toml::Table = text.parse().map_err(|_| tr!("the config changed while it was read"))?;
    let defaults = file.get("defaults").and_then(toml::Value::as_table).into_iter().flatten();
    let mut out: BTreeMap<String, (toml::Value, bool)> = defaults.map(|(key, value)| (key.clone(), (value.clone(), true))).collect();
    let rules = file.get("rules").and_then(toml::Value::as_array).into_iter().flatten();
    let own = rules.filter_map(toml::Value::as_table).find(|table| table.get("name").and_then(toml::Value::as_str) == Some(&rule.name));
    out.extend(own.into_iter().flatten().map(|(key, value)| (key.clone(), (value.clone(), false))));
    if rule.group_by.is_empty() {
        out.remove("group_by");
    }
    Ok(out)
}

/// Channels that hear of it when the rule is of this severity: name and type.
fn told<'c>(config: &'c Config, rule: &'c Rule, severity: Severity) -> Vec<(&'c str, &'static str)> {
    channels_for(rule, severity, &config.routes)
        .into_iter()
        .filter_map(|name| config.channels.iter().find(|channel| channel.common.name == name))
        .filter(|channel| channel.common.enabled && severity >= channel.common.min_severity)
        .map(|channel| (channel.common.name.as_str(), channel.common.kind))
        .collect()
}

fn durations(rule: &Rule) -> [(&'static str, String); 3] {
    [("for", rule.pending_for), ("keep_firing_for", rule.keep_firing_for), ("cooldown", rule.cooldown)]
        .map(|(key, span)| (key, format_duration(span)))
}

fn as_json(config: &Config, rule: &Rule, keys: &BTreeMap<String, (toml::Value, bool)>) -> Value {
    let mut out: Map<String, Value> = keys.iter().map(|(key, (value, _))| (key.clone(), json!(value))).collect();
    out.extend(durations(rule).map(|(key, text)| (key.to_owned(), json!(text))));
    out.insert("window".to_owned(), json!(rule.span().map(format_duration)));
    let told: Map<String, Value> = rule
        .severities()
        .into_iter()
        .map(|severity| {
            let list = told(config, rule, severity).into_iter().map(|(name, kind)| json!({ "channel": name, "type": kind }));
            (severity.name().to_owned(), list.collect())
        })
        .collect();
    let defaults: Vec<&String> = keys.iter().filter(|(_, (_, default))| *default).map(|(key, _)| key).collect();
    for (key, value) in [
        ("schema", json!("pcemon.rule/1")),
        ("name", json!(rule.name)),
        ("source", json!(rule.source.name())),
        ("metric", json!(rule.metric.name())),
        ("unit", json!(rule.metric.unit().name())),
        ("group_by", json!(rule.group_by.iter().map(ToString::to_string).collect::<Vec<_>>())),
        ("notify", json!(rule.notify)),
        ("labels", json!(rule.labels)),
        ("enabled", json!(rule.enabled)),
        ("file", json!(config.path.display().to_string())),
        ("line", json!(rule.line)),
        ("from_defaults", json!(defaults)),
        ("told", Value::Object(told)),
    ] {
        out.insert(key.to_owned(), value);
    }
    Value::Object(out)
}

fn in_words(config: &Config, rule: &Rule, keys: &BTreeMap<String, (toml::Value, bool)>) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |head: String, text: String| rows.push((head, text));
    let groups: Vec<String> = rule.group_by.iter().map(ToString::to_string).collect();
    let [(_, hold), (_, keep), (_, cooldown)] = durations(rule);
    let metric = visible(&rule.metric.name());
    let counts = match rule.span().map(format_duration) {
        Some(window) => tr!("{metric} of {source} in {window}", metric, source = rule.source, window),
        // What stands now has no window, whatever [defaults] says.
        None => tr!("{metric} of {source}, as of each run", metric, source = rule.source),
    };
    let counts = if groups.is_empty() {
        counts
    } else {
        tr!("{counts}, one alert for each {groups}", counts, groups = visible(&groups.join(&tr!(" and "))))
    };
    row(tr!("counts"), counts);
    for (key, head) in [("match", tr!("only")), ("exclude", tr!("but not"))] {
        for (name, value) in keys.get(key).and_then(|(value, _)| value.as_table()).into_iter().flatten() {
            row(head.clone(), visible(&format!("{name} = {value}")));
        }
    }
    let limit = thresholds(rule);
    row(tr!("fires"), if rule.pending_for.is_zero() { limit } else { tr!("{limit}, for {hold}", limit, hold) });
    if !rule.keep_firing_for.is_zero() {
        row(tr!("ends"), tr!("when it has not held for {keep}", keep));
    }
    row(tr!("repeats"), tr!("no sooner than after {cooldown}", cooldown));
    for severity in rule.severities() {
        row(tr!("notifies"), format!("{}: {}", severity.localized(), hearers(config, rule, severity)));
    }
    // Keys that have no words of their own here.
    const SAID: [&str; 16] = [
        "name",
        "source",
        "metric",
        "match",
        "exclude",
        "window",
        "group_by",
        "info",
        "warning",
        "critical",
        "for",
        "keep_firing_for",
        "cooldown",
        "notify",
        "enabled",
        "labels",
    ];
    for (key, value) in &rule.labels {
        row(tr!("label"), visible(&format!("{key} = {value}")));
    }
    for (key, (value, _)) in keys.iter().filter(|(key, _)| !SAID.contains(&key.as_str())) {
        row(key.clone(), visible(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    let defaults: Vec<&str> = keys.iter().filter(|(_, (_, default))| *default).map(|(key, _)| key.as_str()).collect();
    if !defaults.is_empty() {
        row(tr!("defaults"), tr!("{keys} from [defaults]", keys = visible(&defaults.join(", "))));
    }
    let wide = rows.iter().map(|(head, _)| head.width()).max().unwrap_or(0);
    let state = if rule.enabled { tr!("on") } else { tr!("off") };
    let mut out = format!("{}  ({state}, {}:{})\n", visible(&rule.name), visible(&config.path.display().to_string()), rule.line);
    let mut last = String::new();
    for (head, text) in rows {
        let shown = if head == last { "" } else { head.as_str() };
        let _infallible = writeln!(out, "  {shown}{:fill$}  {text}", "", fill = wide - shown.width());
        last = head;
    }
    out
}

/// Who is told, or why nobody is.
fn hearers(config: &Config, rule: &Rule, severity: Severity) -> String {
    let heard = told(config, rule, severity);
    if !heard.is_empty() {
        let names = heard.iter().map(|(name, kind)| format!("{} ({kind})", visible(name))).collect::<Vec<_>>().join(", ");
        return if rule.notify.is_some() { names } else { tr!("{names}, by the routes", names) };
    }
    match &rule.notify {
        Some(names) if names.is_empty() => tr!("no channel (notify is empty)"),
        _ if config.channels.is_empty() => tr!("no channel: the config has none; only output and exit code report it"),
        _ => tr!("no channel: its channels are off or have a higher min_severity"),
    }
}

/// When a rule fires, in a few words.
pub(super) fn thresholds(rule: &Rule) -> String {
    let list: Vec<String> =
        rule.thresholds.worst_first().map(|(severity, threshold)| format!("{} {threshold}", severity.localized())).collect();
    if list.is_empty() { said(rule.own_status()) } else { list.join(", ") }
}

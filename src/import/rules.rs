//! The rules of the settings.

use super::draft::{Draft, Kind, list, quoted};
use super::json::Object;
use crate::config::catalogue::{NOTIFICATION_TYPES, event_types};
use crate::domain::filter::IpSet;
use crate::domain::text::{shorten, visible};
use crate::domain::time::format_duration;
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;

/// What a rule of this sort was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Event,
    Traffic,
    Bandwidth,
    Volume,
    Health,
}

/// Every rule that can be carried over.
pub fn all(root: &Object<'_>, draft: &mut Draft) -> Vec<String> {
    let rules = match root.get("rules") {
        Some(Value::Array(rules)) => rules.as_slice(),
        Some(_) => {
            draft.say(Kind::NotCarriedOver, "rules", tr!("it is not a list"));
            &[]
        }
        None => &[],
    };
    let mut sorts = Vec::new();
    let mut out = Vec::new();
    for (index, value) in rules.iter().enumerate() {
        let place = format!("rules[{index}]");
        let Some(rule) = Object::new(value, place.clone()) else {
            draft.say(Kind::NotCarriedOver, &place, tr!("it is not a rule"));
            continue;
        };
        let said = draft.differences.len();
        if let Some((sort, text)) = one(&rule, &place, draft) {
            sorts.push(sort);
            let remarks: String = draft.differences[said..].iter().map(|difference| format!("# {}\n", visible(&difference.text))).collect();
            out.push(format!("{remarks}{text}"));
        }
    }
    general(&sorts, draft);
    out.extend(health_check(root, &sorts, draft));
    out
}

/// The older monitor looked at the PCE's health in every cycle, unless that was switched off, and told when it did not answer.
fn health_check(root: &Object<'_>, sorts: &[Sort], draft: &mut Draft) -> Vec<String> {
    let settings = root.object("settings");
    let said = settings.as_ref().and_then(|settings| settings.flag("enable_health_check"));
    if said.or_else(|| root.flag("enable_health_check")) == Some(false) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut add = |wanted: &str, keys: &str, draft: &mut Draft| {
        let name = draft.unique(wanted, "settings.enable_health_check");
        out.push(format!("# Was settings.enable_health_check.\n[[rules]]\nname = {}\n{keys}", quoted(&name)));
    };
    if !sorts.contains(&Sort::Health) {
        add("PCE health", "source = \"health\"\n", draft);
    }
    add("PCE does not answer", "source = \"self\"\nmetric = \"failed_sources\"\nwarning = \">= 1\"\n", draft);
    draft.say(
        Kind::Changed,
        "settings.enable_health_check",
        tr!("it is converted to rules on the PCE's health and on sources that do not answer"),
    );
    out
}

/// What is different for all rules of a sort.
fn general(sorts: &[Sort], draft: &mut Draft) {
    let has = |wanted: &[Sort]| sorts.iter().any(|sort| wanted.contains(sort));
    let mut say = |when: bool, place: String, text: String| {
        if when {
            draft.say(Kind::Meaning, &place, text);
        }
    };
    say(
        has(&[Sort::Traffic, Sort::Bandwidth, Sort::Volume]),
        tr!("rules on traffic"),
        tr!(
            "the older monitor added up the PCE's totals of the whole day, and both reports of a managed pair; pcemon counts what came in within the \
         window, once. Its numbers are much smaller: look at them for some days, then lower the thresholds"
        ),
    );
    say(
        has(&[Sort::Bandwidth]),
        tr!("rules on bandwidth"),
        tr!(
            "it was the day's bytes of one flow over a guessed time; here it is the fastest flow's mean rate between two looks. `throughput` is the \
         rate of all flows together"
        ),
    );
    say(
        has(&[Sort::Volume]),
        tr!("rules on volume"),
        tr!("it was counted in MiB (written as MB); the thresholds say MiB now and mean the same number"),
    );
    say(
        has(&[Sort::Event]),
        tr!("rules on events"),
        tr!(
            "events are counted once each, by the time they happened, within the window; the older monitor counted by the time it looked and lost \
         events when a request failed"
        ),
    );
    say(
        !sorts.is_empty(),
        "cooldown_minutes".to_owned(),
        tr!(
            "it only delays reminders, and starts when a message was delivered; the end of an alert is sent as well, and the exit code is not affected"
        ),
    );
}

fn one(rule: &Object<'_>, place: &str, draft: &mut Draft) -> Option<(Sort, String)> {
    let kind = rule.text("type").unwrap_or_default().to_lowercase();
    let sort = match kind.as_str() {
        "event" => Sort::Event,
        "traffic" => Sort::Traffic,
        "bandwidth" => Sort::Bandwidth,
        "volume" => Sort::Volume,
        "system" | "health" => Sort::Health,
        _ => {
            draft.say(
                Kind::NotCarriedOver,
                place,
                tr!("`type` is '{kind}'; known are event, traffic, bandwidth, volume and system", kind = shorten(&visible(&kind), 40)),
            );
            return None;
        }
    };
    let spoken = rule.text("name_key").and_then(|key| spoken(&key));
    let numbered = || format!("{kind} rule {}", place.trim_matches(|c: char| !c.is_ascii_digit()));
    let wanted = rule.text("name").or(spoken).unwrap_or_else(numbered);
    let name = draft.unique(&wanted, place);
    let place = format!("{place} {name}");
    let mut text = format!("[[rules]]\nname = {}\n", quoted(&name));
    let said = draft.differences.len();
    let conditions = match sort {
        Sort::Event => event(rule, &place, draft)?,
        Sort::Health => {
            rule.get("filter_value");
            "source = \"health\"\n".to_owned()
        }
        Sort::Traffic | Sort::Bandwidth | Sort::Volume => traffic(rule, sort, &place, draft),
    };
    let limit = threshold(rule, sort, &place, draft);
    let cooldown = rule.number("cooldown_minutes");
    let words: Vec<String> =
        ["desc", "description", "rec"].into_iter().filter_map(|key| rule.text(key)).filter(|words| *words != name).collect();
    let enabled = rule.flag("enabled");
    // What the older monitor made up itself.
    for key in ["id", "desc_key", "rec_key", "created_at", "updated_at"] {
        rule.get(key);
    }
    // A rule that lost a condition counts more than it should: a person looks at it first. Whatever stands there and is not only
    // for show may have been one.
    let unknown = rule.left().iter().any(|key| !["colour", "color", "icon"].contains(&key.as_str()));
    let wider = unknown || draft.differences[said..].iter().any(|difference| difference.kind == Kind::NotCarriedOver);
    draft.left_at(rule, &place);
    text.push_str(&conditions);
    text.push_str(&limit);
    if let Some(minutes) = cooldown {
        let _infallible = writeln!(text, "cooldown = \"{}\"", span(minutes.clamp(0.0, 1e6)));
    }
    if !words.is_empty() {
        let _infallible = writeln!(text, "description = {}", quoted(&words.join(" ")));
    }
    if wider {
        draft.say(Kind::Changed, &place, tr!("it is disabled until you have reviewed it: one of its conditions could not be converted"));
    }
    if wider || enabled == Some(false) {
        text.push_str("enabled = false\n");
    }
    let piece = draft.proven(&place, text, "");
    if piece.is_none() {
        draft.give_back(&name);
    }
    Some((sort, piece?))
}

fn event(rule: &Object<'_>, place: &str, draft: &mut Draft) -> Option<String> {
    let types = rule.texts("filter_value");
    if types.is_empty() {
        draft.say(Kind::NotCarriedOver, place, tr!("`filter_value` names no event"));
        return None;
    }
    rule.get("filter_key");
    let (mut events, mut notifications) = (Vec::new(), Vec::new());
    for name in types {
        if !event_types().any(|known| known == name) && NOTIFICATION_TYPES.contains(&name.as_str()) {
            draft.say(
                Kind::Changed,
                place,
                tr!("`{name}` is not an event but a notification inside one: the rule could never fire before", name),
            );
            notifications.push(name);
        } else {
            events.push(globset::escape(&name));
        }
    }
    let mut pairs = Vec::new();
    if !events.is_empty() {
        pairs.push(format!("type = {}", list(&events)));
        if !notifications.is_empty() {
            draft.say(
                Kind::NotCarriedOver,
                place,
                tr!("{names} beside event types; write a rule of its own", names = notifications.join(", ")),
            );
        }
    } else {
        pairs.push(format!("notification = {}", list(&notifications)));
    }
    for (theirs, ours) in [("filter_status", "status"), ("filter_severity", "severity")] {
        let words: Vec<String> = rule.texts(theirs).into_iter().map(|word| word.to_lowercase()).filter(|word| word != "all").collect();
        if !words.is_empty() {
            pairs.push(format!("{ours} = {}", list(&words)));
        }
    }
    Some(format!("source = \"events\"\nmatch = {{ {} }}\n", pairs.join(", ")))
}

fn traffic(rule: &Object<'_>, sort: Sort, place: &str, draft: &mut Draft) -> String {
    let mut text = String::from("source = \"traffic\"\n");
    text.push_str(match sort {
        Sort::Bandwidth => "metric = \"bandwidth\"\n",
        Sort::Volume => "metric = \"bytes\"\n",
        _ => "",
    });
    for (key, before) in [("match", ""), ("exclude", "ex_")] {
        let mut pairs = if before.is_empty() { decision(rule, place, draft) } else { Vec::new() };
        for end in ["src", "dst", "any"] {
            let theirs = [format!("{before}{end}_label"), format!("{before}{end}_labels")];
            pairs.extend(labels(rule, &theirs, &format!("{end}_label"), place, draft));
            let theirs = [format!("{before}{end}_ip"), format!("{before}{end}_ip_in"), format!("{before}{end}_ips")];
            pairs.extend(addresses(rule, &theirs, &format!("{end}_ip"), place, draft));
            let named = |names: [&str; 2]| names.map(|name| format!("{before}{end}_{name}"));
            pairs.extend(names(rule, &named(["workload", "workloads"]), &format!("{end}_workload")));
            let lists = names(rule, &named(["iplist", "iplists"]), &format!("{end}_ip_list"));
            // What is no address may have become the same key.
            pairs.extend(lists.filter(|_| !pairs.iter().any(|pair| pair.starts_with(&format!("{end}_ip_list")))));
        }
        pairs.extend(ports(rule, &["port", "ports"].map(|name| format!("{before}{name}"))));
        for (theirs, ours) in [
            ("process_name", "process"),
            ("process", "process"),
            ("services", "service"),
            ("service", "service"),
            ("transmission", "transmission"),
            ("user", "user"),
        ] {
            let pair = names(rule, &[format!("{before}{theirs}")], ours);
            pairs.extend(pair.filter(|_| !pairs.iter().any(|pair| pair.starts_with(&format!("{ours} = ")))));
        }
        let protocols: Vec<String> =
            rule.texts(&format!("{before}proto")).into_iter().map(|name| name.to_lowercase()).filter(|name| !is_any(name)).collect();
        if !protocols.is_empty() {
            pairs.push(format!("proto = {}", list(&protocols)));
        }
        if !pairs.is_empty() {
            let _infallible = writeln!(text, "{key} = {{ {} }}", pairs.join(", "));
        }
    }
    text
}

fn is_any(word: &str) -> bool {
    matches!(word, "any" | "all" | "*" | "-1" | "none")
}

/// `pd`: 2 blocked, 1 potentially blocked, 0 allowed; 3, -1, `all` or nothing: any decision.
fn decision(rule: &Object<'_>, place: &str, draft: &mut Draft) -> Vec<String> {
    let mut names = Vec::new();
    for word in rule.texts("pd") {
        let word = word.to_lowercase();
        if is_any(&word) {
            return Vec::new();
        }
        let word = word.replace([' ', '-'], "_");
        names.push(match word.trim_end_matches(".0") {
            "2" | "blocked" => "blocked",
            "1" | "potentially_blocked" | "potential" => "potentially_blocked",
            "0" | "allowed" => "allowed",
            "unknown" => "unknown",
            "3" => return Vec::new(),
            other => {
                draft.say(
                    Kind::NotCarriedOver,
                    place,
                    tr!("`pd` is '{text}', which is not a policy decision: any counts", text = shorten(&visible(other), 40)),
                );
                return Vec::new();
            }
        });
    }
    if names.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    vec![format!("decision = {}", list(&names))]
}

/// `key=value` and `key:value`.
fn labels(rule: &Object<'_>, theirs: &[String], ours: &str, place: &str, draft: &mut Draft) -> Option<String> {
    let mut out = Vec::new();
    let written: Vec<(&String, String)> =
        theirs.iter().flat_map(|key| rule.texts(key).into_iter().map(move |label| (key, label))).collect();
    for (theirs, label) in written {
        match label.split_once(['=', ':']) {
            Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => {
                out.push(format!("{}={}", key.trim(), globset::escape(value.trim())));
            }
            _ => draft.say(
                Kind::NotCarriedOver,
                place,
                tr!("`{theirs}`: '{text}' is not a label; write key=value", theirs, text = shorten(&visible(&label), 60)),
            ),
        }
    }
    (!out.is_empty()).then(|| format!("{ours} = {}", list(&out)))
}

/// Addresses and ranges; what is neither is the name of an IP list.
fn addresses(rule: &Object<'_>, theirs: &[String], ours: &str, place: &str, draft: &mut Draft) -> Vec<String> {
    let texts = |key: &String| rule.texts(key);
    let (addresses, names): (Vec<String>, Vec<String>) = theirs.iter().flat_map(texts).partition(|text| IpSet::parse_item(text).is_ok());
    let theirs = theirs.iter().find(|key| rule.has(key)).cloned().unwrap_or_default();
    let mut out = Vec::new();
    if !addresses.is_empty() {
        if addresses.iter().any(|text| text.contains(['/', '-'])) {
            draft.say(
                Kind::Meaning,
                place,
                tr!("`{theirs}`: networks and ranges match every address in them; before, only identical text matched", theirs),
            );
        }
        out.push(format!("{ours} = {}", list(&addresses)));
    }
    if !names.is_empty() {
        draft.say(
            Kind::Changed,
            place,
            tr!(
                "`{theirs}`: text that is not an address is used as the name of an IP list; the PCE reports only some of the IP lists of an address",
                theirs
            ),
        );
        let names: Vec<String> = names.iter().map(|name| globset::escape(name)).collect();
        out.push(format!("{ours}_list = {}", list(&names)));
    }
    out
}

/// Names of something, each as it is.
fn names(rule: &Object<'_>, theirs: &[String], ours: &str) -> Option<String> {
    let names: Vec<String> = theirs
        .iter()
        .flat_map(|key| rule.texts(key))
        .filter(|name| !is_any(&name.to_lowercase()))
        .map(|name| globset::escape(&name))
        .collect();
    (!names.is_empty()).then(|| format!("{ours} = {}", list(&names)))
}

/// The name of a rule that the older monitor looked up in its catalogue of texts: `rule_vens_offline` is "Vens offline".
fn spoken(key: &str) -> Option<String> {
    let bare = ["rule_", "event_", "traffic_", "name_"].iter().fold(key, |key, head| key.strip_prefix(head).unwrap_or(key));
    let bare = bare.strip_suffix("_name").unwrap_or(bare).replace(['_', '.'], " ");
    let mut letters = bare.trim().chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

fn ports(rule: &Object<'_>, theirs: &[String]) -> Option<String> {
    let ports: Vec<String> =
        theirs.iter().flat_map(|key| rule.texts(key)).filter(|port| !is_any(&port.to_lowercase()) && port != "0").collect();
    (!ports.is_empty()).then(|| format!("port = {}", list(&ports)))
}

fn threshold(rule: &Object<'_>, sort: Sort, place: &str, draft: &mut Draft) -> String {
    let kind = rule.text("threshold_type").unwrap_or_default().to_lowercase();
    let (count, window) = (rule.number("threshold_count"), rule.number("threshold_window"));
    if sort == Sort::Health {
        return String::new();
    }
    if !matches!(kind.as_str(), "" | "immediate" | "count") {
        draft.say(Kind::Changed, place, tr!("`threshold_type` is '{kind}'; count is used", kind = shorten(&visible(&kind), 40)));
    }
    let measured = matches!(sort, Sort::Bandwidth | Sort::Volume);
    let number = match count {
        Some(number) if number > 0.0 && (measured || kind != "immediate") => number,
        _ if measured => {
            draft.say(Kind::Changed, place, tr!("it has no threshold above 0 and would always fire: 1 is used"));
            1.0
        }
        Some(number) if kind != "immediate" && number <= 0.0 => {
            draft.say(Kind::Changed, place, tr!("a threshold of 0 always fires: 1 is used"));
            1.0
        }
        _ => 1.0,
    };
    let number = if measured { (number * 1000.0).round() / 1000.0 } else { number.ceil() };
    let unit = match sort {
        Sort::Bandwidth => " Mbps",
        Sort::Volume => " MiB",
        _ => "",
    };
    let mut text = format!("warning = \">= {number}{unit}\"\n");
    if let Some(minutes) = window {
        // Longer than the PCE keeps what it saw, or nothing.
        let most = if sort == Sort::Event { 200.0 } else { 90.0 } * 1440.0;
        let kept = minutes.clamp(1.0, most);
        if kept != minutes {
            draft.say(
                Kind::Changed,
                place,
                tr!("`threshold_window` of {minutes} minutes is not valid; {kept} is used", minutes, kept = span(kept)),
            );
        }
        let _infallible = writeln!(text, "window = \"{}\"", span(kept));
    }
    text
}

fn span(minutes: f64) -> String {
    format_duration(Duration::from_secs(minutes as u64 * 60))
}

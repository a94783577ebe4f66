//! Names in rules that nothing at the PCE bears: a rule on them would be calm for ever, and nobody would know why.
//!
//! A run asks once for what rules name, and again when they name something else; workloads are looked up by `doctor` alone.

use crate::domain::condition::{Place, Test};
use crate::domain::filter::{EndCondition, Pattern, TrafficCondition};
use crate::domain::rule::{Matcher, Rule};
use crate::domain::text::visible;
use crate::pce::{Client, ErrorKind, Label, PceError};
use crate::settings::reader::nearest;
use crate::sources::VENS;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

/// Names with the rules that name them.
type Named<K> = BTreeMap<K, BTreeSet<String>>;

/// What rules name at a PCE.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Key and pattern of a value.
    labels: Named<(String, String)>,
    lists: Named<String>,
    workloads: Named<String>,
    patterns: BTreeMap<String, Pattern>,
}

impl Wanted {
    /// Everything that the rules name.
    pub fn of<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Wanted {
        let mut wanted = Wanted::default();
        for rule in rules {
            for counted in rule.counted() {
                match &counted.matcher {
                    Matcher::Traffic(filter) => {
                        for (_, condition) in filter.all.iter().chain(&filter.none) {
                            wanted.add_traffic(&rule.name, condition);
                        }
                    }
                    Matcher::Records(filter) if rule.source.is_of_pce() => {
                        for (_, condition) in filter.all.iter().chain(&filter.none) {
                            let Place::Slot(slot) = &condition.place else { continue };
                            let field = rule.source.fields.get(usize::from(*slot)).map_or("", |field| field.name);
                            match (&condition.test, field) {
                                (Test::Pairs(pairs), "label") => wanted.add_labels(&rule.name, pairs),
                                (Test::Patterns(patterns), "ven") if rule.source == VENS => wanted.add_workloads(&rule.name, patterns),
                                _ => {}
                            }
                        }
                    }
                    Matcher::Records(_) => {}
                }
            }
        }
        wanted
    }

    fn add_traffic(&mut self, rule: &str, condition: &TrafficCondition) {
        let TrafficCondition::End(_, condition) = condition else { return };
        match condition {
            EndCondition::Labels(pairs) => self.add_labels(rule, pairs),
            EndCondition::IpList(names) => {
                for name in names {
                    self.keep(name);
                    self.lists.entry(name.text().to_owned()).or_default().insert(rule.to_owned());
                }
            }
            EndCondition::Workload(names) => self.add_workloads(rule, names),
            _ => {}
        }
    }

    fn add_labels(&mut self, rule: &str, pairs: &BTreeMap<String, Vec<Pattern>>) {
        for (key, values) in pairs {
            for value in values {
                self.keep(value);
                self.labels.entry((key.clone(), value.text().to_owned())).or_default().insert(rule.to_owned());
            }
        }
    }

    fn add_workloads(&mut self, rule: &str, names: &[Pattern]) {
        // What is an address is named by nothing else; anything at all is everybody.
        for name in names.iter().filter(|name| name.text().parse::<std::net::IpAddr>().is_err() && literal(name.text()).is_some()) {
            self.keep(name);
            self.workloads.entry(name.text().to_owned()).or_default().insert(rule.to_owned());
        }
    }

    fn keep(&mut self, pattern: &Pattern) {
        self.patterns.insert(pattern.text().to_owned(), pattern.clone());
    }

    /// Whether any label is named.
    pub fn has_labels(&self) -> bool {
        !self.labels.is_empty()
    }

    /// Whether any IP list is named.
    pub fn has_lists(&self) -> bool {
        !self.lists.is_empty()
    }

    /// What they name, as a number: another one when they name something else.
    pub fn mark(&self) -> u64 {
        xxh3_64(format!("{:?} {:?}", self.labels.keys(), self.lists.keys()).as_bytes())
    }

    fn is_borne(&self, pattern: &str, names: impl IntoIterator<Item = impl AsRef<str>>) -> bool {
        let matches = |name: &str| self.patterns.get(pattern).is_none_or(|pattern| pattern.matches(name));
        names.into_iter().any(|name| matches(name.as_ref()))
    }
}

/// The longest part of a pattern that stands in every name it matches; `None`: there is none.
fn literal(pattern: &str) -> Option<&str> {
    let parts = pattern.split(['*', '?', '[', ']', '{', '}', '\\']);
    let plain = !pattern.contains(['[', '{', '\\']);
    // Within brackets and braces nothing is certain.
    let longest = if plain { parts.max_by_key(|part| part.len()) } else { pattern.split(['*', '?', '[', '{', '\\']).next() };
    longest.filter(|part| !part.is_empty())
}

/// The name that was probably meant: the same in other cases, else the nearest.
fn meant<'n>(text: &str, names: &[&'n str]) -> Option<&'n str> {
    let lower = text.to_lowercase();
    names.iter().find(|name| name.to_lowercase() == lower).copied().or_else(|| nearest(text, names))
}

fn rules(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("'{}'", visible(name))).collect::<Vec<_>>().join(", ")
}

/// Labels that rules name and the PCE does not have. `bearers` says how many workloads have one, as far as that is known.
pub(super) fn missing_labels(wanted: &Wanted, have: &[Label], bearers: &dyn Fn(&Label) -> Option<String>) -> Vec<String> {
    let mut out = Vec::new();
    for ((key, value), named) in &wanted.labels {
        let of_key: Vec<&Label> = have.iter().filter(|label| label.key == *key).collect();
        if wanted.is_borne(value, of_key.iter().map(|label| label.value.as_str())) {
            continue;
        }
        let (rules, label) = (rules(named), visible(&format!("{key}={value}")));
        let written: Vec<String> = have.iter().map(|label| format!("{}={}", label.key, label.value)).collect();
        let all: Vec<&str> = written.iter().map(String::as_str).collect();
        let near: Vec<&str> = of_key.iter().map(|label| label.value.as_str()).collect();
        // A value of the same key first, then another spelling of the whole.
        let meant =
            meant(value, &near).map(|value| format!("{key}={value}")).or_else(|| meant(&format!("{key}={value}"), &all).map(str::to_owned));
        let meant = meant.and_then(|text| have.iter().find(|label| format!("{}={}", label.key, label.value) == text));
        let text = match meant {
            Some(other) => {
                let count = bearers(other).map_or_else(String::new, |count| format!(" ({count})"));
                let other = visible(&format!("{}={}", other.key, other.value)) + &count;
                tr!("rule {rules}: no label {label} at this PCE; did you mean {other}?", rules, label, other)
            }
            None if of_key.is_empty() => {
                let keys: BTreeSet<&str> = have.iter().map(|label| label.key.as_str()).collect();
                let keys = visible(&keys.into_iter().collect::<Vec<_>>().join(", "));
                tr!("rule {rules}: no label {label} at this PCE; the keys of its labels are: {keys}", rules, label, keys)
            }
            None => tr!("rule {rules}: no label {label} at this PCE", rules, label),
        };
        out.push(text);
    }
    out
}

/// IP lists that rules name and the PCE does not have.
pub(super) fn missing_lists(wanted: &Wanted, have: &[String]) -> Vec<String> {
    let names: Vec<&str> = have.iter().map(String::as_str).collect();
    let absent = wanted.lists.iter().filter(|(name, _)| !wanted.is_borne(name, &names));
    absent
        .map(|(name, named)| {
            let (rules, list) = (rules(named), visible(name));
            match meant(name, &names) {
                Some(other) => {
                    tr!("rule {rules}: no IP list {list} at this PCE; did you mean {other}?", rules, list, other = visible(other))
                }
                None => tr!("rule {rules}: no IP list {list} at this PCE", rules, list),
            }
        })
        .collect()
}

/// What names the rules of a run have that the PCE does not; `None`: it could not be found out, and the next run asks again.
pub(super) fn find_out(wanted: &Wanted, client: &Client) -> Option<Vec<String>> {
    let mut out = Vec::new();
    // A refusal is an answer, too: asking in every run would not change it.
    let had = |error: &PceError, what: &str| {
        log::info!("{what}: {error}");
        matches!(error.kind, ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Rejected)
    };
    if !wanted.labels.is_empty() {
        match client.all_labels() {
            Ok(labels) => out.extend(missing_labels(wanted, &labels, &|_| None)),
            Err(error) if had(&error, "labels") => {}
            Err(_) => return None,
        }
    }
    if !wanted.lists.is_empty() {
        match client.all_ip_lists() {
            Ok(lists) => out.extend(missing_lists(wanted, &lists)),
            Err(error) if had(&error, "IP lists") => {}
            Err(_) => return None,
        }
    }
    Some(out)
}

/// Lists in which something has a name that flows show.
const NAMED: [(&str, &[&str]); 4] = [
    ("workloads", &["name", "hostname"]),
    ("vens", &["name", "hostname"]),
    ("kubernetes_workloads", &["name"]),
    ("sec_policy/draft/virtual_services", &["name"]),
];

/// Workloads that rules name and nothing at the PCE is called like, for `doctor`. Of what cannot be found out nothing is said.
pub(super) fn missing_workloads(wanted: &Wanted, client: &Client) -> Result<Vec<String>, PceError> {
    let mut out = Vec::new();
    for (name, named) in &wanted.workloads {
        let Some(part) = literal(name) else { continue };
        let mut near: Vec<String> = Vec::new();
        let mut borne_or_unknown = false;
        for (list, key) in NAMED.into_iter().flat_map(|(list, keys)| keys.iter().map(move |key| (list, *key))) {
            match client.look_up(list, key, part) {
                Ok(Some(rows)) => near.extend(rows.iter().filter_map(|row| row.get(key)?.as_str()).map(str::to_owned)),
                Ok(None) => borne_or_unknown = true,
                // What a PCE does not offer has no names.
                Err(error) if matches!(error.kind, ErrorKind::NotFound) => {}
                Err(error) => return Err(error),
            }
            borne_or_unknown |= wanted.is_borne(name, &near);
            if borne_or_unknown {
                break;
            }
        }
        if borne_or_unknown {
            continue;
        }
        let (rules, name_shown) = (rules(named), visible(name));
        let near: Vec<&str> = near.iter().map(String::as_str).collect();
        out.push(match meant(name, &near) {
            Some(other) => {
                tr!(
                    "rule {rules}: nothing at this PCE is called {name}; did you mean {other}?",
                    rules,
                    name = name_shown,
                    other = visible(other)
                )
            }
            None => tr!("rule {rules}: nothing at this PCE is called {name}", rules, name = name_shown),
        });
    }
    Ok(out)
}

/// How many workloads bear a label, in words.
pub(super) fn bearers(client: &Client, label: &Label) -> Option<String> {
    let query = serde_json::json!([[label.href]]).to_string();
    Some(match client.look_up("workloads", "labels", &query).ok()? {
        Some(rows) => trn!("{count} workload", "{count} workloads", count = rows.len()),
        None => tr!("500 workloads or more"),
    })
}

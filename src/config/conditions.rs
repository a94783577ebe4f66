//! `match` and `exclude` of a rule: one row for each key of the contract.
//!
//! Values are sorted, so that their order in the file never changes what a rule remembers.

use super::lint;
use crate::domain::condition::{Condition, Place, Test};
use crate::domain::filter::{End, EndCondition, Filter, IpSet, Pattern, PortRange, TrafficCondition};
use crate::domain::record::{Decision, Direction, PROTOCOLS, proto_number};
use crate::domain::rule::Matcher;
use crate::domain::source::SourceKind;
use crate::domain::source::{Catalogue, KeyDef, Takes};
use crate::settings::reader::{Placed, Reader, did_you_mean, nearest};
use std::collections::BTreeMap;

type Read<C> = fn(&mut Reader<'_>, &str) -> Option<C>;
type Ends = &'static [(End, &'static str)];
/// One side of a filter: each key as written with its condition.
pub(super) type Conditions<C> = Vec<(String, C)>;

/// One key of `match` and `exclude`.
struct Key<C> {
    name: &'static str,
    /// What its values look like, for help.
    takes: &'static str,
    /// What it looks at, for help.
    about: &'static str,
    read: Read<C>,
}

const fn key<C>(name: &'static str, takes: &'static str, about: &'static str, read: Read<C>) -> Key<C> {
    Key { name, takes, about, read }
}

/// What the values of a key that is true or false look like.
pub const TRUE_OR_FALSE: &str = "BOOL";
/// What the values of a key that takes one span of time look like.
pub(super) const DURATION: &str = "DURATION";

/// Keys of traffic conditions that have no end, in the order in which they are tested and explained.
const TRAFFIC_KEYS: [Key<TrafficCondition>; 12] = [
    key("decision", "DECISION", "Policy decision: allowed, potentially_blocked, blocked, unknown", |reader, key| {
        words(reader, key, &Decision::ALL.map(Decision::name), true)
            .map(|list| TrafficCondition::Decision(list.iter().filter_map(|word| Decision::parse(word)).collect()))
    }),
    key("port", "PORT", "Destination port: 3306, 443/tcp, 27017-27019", |reader, key| ports(reader, key).map(TrafficCondition::Port)),
    key("proto", "PROTO", "Protocol, by name or number", |reader, key| protocols(reader, key).map(TrafficCondition::Proto)),
    key("process", "PATTERN", "Process on the reporting side", |reader, key| patterns(reader, key, false).map(TrafficCondition::Process)),
    key("service", "PATTERN", "Windows service on the reporting side", |reader, key| {
        patterns(reader, key, false).map(TrafficCondition::Service)
    }),
    key("user", "PATTERN", "User on the reporting side", |reader, key| patterns(reader, key, false).map(TrafficCondition::User)),
    key("fqdn", "PATTERN", "Domain name of either end", |reader, key| patterns(reader, key, true).map(TrafficCondition::Fqdn)),
    key("direction", "DIRECTION", "Which end reported: inbound (the destination), outbound (the source)", |reader, key| {
        let all = [Direction::Inbound, Direction::Outbound];
        words(reader, key, &all.map(Direction::name), true)
            .map(|list| TrafficCondition::Direction(all.into_iter().filter(|one| list.iter().any(|word| word == one.name())).collect()))
    }),
    key("state", "STATE", "State of the connection: active, closed, 'timed out', snapshot", |reader, key| {
        words(reader, key, &["active", "closed", "timed out", "snapshot", "new", "unknown", "incomplete"], false)
            .map(TrafficCondition::State)
    }),
    key("transmission", "KIND", "unicast, broadcast, multicast", |reader, key| {
        words(reader, key, &["unicast", "broadcast", "multicast"], true).map(TrafficCondition::Transmission)
    }),
    key("network", "PATTERN", "Network, by name", |reader, key| patterns(reader, key, false).map(TrafficCondition::Network)),
    key("client_type", "KIND", "Kind of reporter: server, endpoint, flowlink, scanner", |reader, key| {
        words(reader, key, &["server", "endpoint", "flowlink", "scanner"], false).map(TrafficCondition::ClientType)
    }),
];

/// What can be asked about an end, with the ends it can be asked about.
const END_KEYS: [(Ends, Key<EndCondition>); 7] = [
    (&ALL_ENDS, key("label", "KEY=VALUE", "Label", |reader, key| labels(reader, key).map(EndCondition::Labels))),
    (&ALL_ENDS, key("ip", "ADDRESS", "Address, CIDR block or a-b range", |reader, key| addresses(reader, key).map(EndCondition::Ip))),
    (&ALL_ENDS, key("ip_list", "PATTERN", "IP list, by name", |reader, key| patterns(reader, key, false).map(EndCondition::IpList))),
    (
        &ALL_ENDS,
        key("workload", "PATTERN", "Workload, by name or host name", |reader, key| patterns(reader, key, true).map(EndCondition::Workload)),
    ),
    (&ONE_END, key("managed", TRUE_OR_FALSE, "Managed by a VEN", |reader, key| reader.boolean(key).map(EndCondition::Managed))),
    (
        &ONE_END,
        key("enforcement", "MODE", "Enforcement: idle, visibility_only, selective, full", |reader, key| {
            words(reader, key, &ENFORCEMENT, false).map(EndCondition::Enforcement)
        }),
    ),
    (
        &ONE_END,
        key("os", "OS", "Operating system: linux, windows, unknown", |reader, key| {
            words(reader, key, &["linux", "windows", "unknown"], false).map(EndCondition::Os)
        }),
    ),
];
const ENFORCEMENT: [&str; 4] = ["idle", "visibility_only", "selective", "full"];
const ALL_ENDS: [(End, &str); 3] = [(End::Src, "src"), (End::Dst, "dst"), (End::Any, "any")];
const ONE_END: [(End, &str); 2] = [(End::Src, "src"), (End::Dst, "dst")];

/// A key as it is shown to people, and made a flag of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchKey {
    /// As written in the config.
    pub name: String,
    /// What its values look like.
    pub takes: &'static str,
    /// What it looks at.
    pub about: String,
}

/// Every key that `match` and `exclude` take for a source.
pub fn keys(source: SourceKind) -> Vec<MatchKey> {
    if source.is_flows() {
        let ends = END_KEYS.iter().flat_map(|(ends, key)| {
            ends.iter().map(|(end, prefix)| {
                let place = match end {
                    End::Src => "source",
                    End::Dst => "destination",
                    End::Any => "either end",
                };
                MatchKey { name: format!("{prefix}_{}", key.name), takes: key.takes, about: format!("{} ({place})", key.about) }
            })
        });
        let own = TRAFFIC_KEYS.iter().map(|key| MatchKey { name: key.name.to_owned(), takes: key.takes, about: key.about.to_owned() });
        return own.chain(ends).collect();
    }
    let rows = source.fields.iter().flat_map(|field| field.keys);
    let own = rows.map(|key| MatchKey { name: key.name.to_owned(), takes: key.takes.value(), about: key.about.to_owned() });
    let of_targets = has_targets(source).then_some(TARGET_KEYS).into_iter().flatten();
    let kinds = has_kinds(source).then(|| {
        let about = format!("Kind of record: {}", source.kinds.join(", "));
        MatchKey { name: KIND.to_owned(), takes: "KIND", about }
    });
    let of_targets = of_targets.map(|(name, takes, about)| MatchKey { name: name.to_owned(), takes, about: about.to_owned() });
    kinds.into_iter().chain(own).chain(of_targets).collect()
}

/// The key that asks for a kind of record.
const KIND: &str = "kind";

/// Whether rules choose among the kinds of a source.
fn has_kinds(source: SourceKind) -> bool {
    has_targets(source) && !source.kinds.is_empty()
}

/// What can be asked about the target of a record.
const TARGET_KEYS: [(&str, &str, &str); 2] =
    [("target", "PATTERN", "Target, by name"), ("target_label", "KEY=VALUE", "Label of the target")];

/// Whether there can be several targets of a source.
fn has_targets(source: SourceKind) -> bool {
    !source.is_run() && !source.is_of_pce()
}

/// Whether a source has anything to choose records by.
fn chooses(source: SourceKind) -> bool {
    source.is_flows() || source.open_fields || !keys(source).is_empty()
}

/// Reads `match` and `exclude`. `None` after a complaint.
pub(super) fn matcher(rule: &mut Reader<'_>, source: SourceKind) -> Option<Matcher> {
    if source.is_flows() {
        return filter(rule, traffic_conditions).map(Matcher::Traffic);
    }
    if chooses(source) {
        return filter(rule, |reader| record_conditions(reader, source)).map(Matcher::Records);
    }
    for key in ["match", "exclude"] {
        if rule.raw(key).is_some() && rule.has(key) {
            let hint = tr!("remove it; {source} rules cover everything the PCE reports of it", source);
            rule.error_at(key, tr!("`{key}` means nothing in {name}: its source is {source}", key, name = rule.name(), source), Some(hint));
        }
    }
    Some(Matcher::Records(Filter::default()))
}

/// Reads another condition of a rule, under its own key; what the rule leaves out is left out there, too.
pub(super) fn matcher_of(rule: &mut Reader<'_>, key: &str, source: SourceKind, of: Option<&Matcher>) -> Option<Matcher> {
    let table = rule.table(key)?;
    if source.is_flows() {
        let none = if let Some(Matcher::Traffic(filter)) = of { filter.none.clone() } else { Vec::new() };
        return traffic_conditions(table).map(|all| Matcher::Traffic(Filter { all, none }));
    }
    let none = of.and_then(Matcher::records).map(|filter| filter.none.clone()).unwrap_or_default();
    if !chooses(source) {
        return Some(Matcher::Records(Filter::default()));
    }
    record_conditions(table, source).map(|all| Matcher::Records(Filter { all, none }))
}

fn filter<C: PartialEq>(rule: &mut Reader<'_>, read: impl Fn(Reader<'_>) -> Option<Conditions<C>>) -> Option<Filter<C>> {
    let mut one = |key: &str| match rule.raw(key) {
        None => Some(Vec::new()),
        Some(_) => rule.table(key).and_then(&read),
    };
    let (all, none) = (one("match"), one("exclude"));
    let filter = Filter { all: all?, none: none? };
    if let Some(key) = contradiction(&filter) {
        rule.problems().error(
            rule.own_span_of("exclude"),
            tr!("{name} can count nothing: `exclude` removes everything that `{key}` in `match` selects", name = rule.name(), key),
            Some(tr!("remove `{key}` from `exclude`, or make it narrower", key)),
        );
        return None;
    }
    Some(filter)
}

/// A key that asks for exactly what is left out.
pub(super) fn contradiction<C: PartialEq>(filter: &Filter<C>) -> Option<&str> {
    filter.all.iter().find(|wanted| filter.none.contains(wanted)).map(|(key, _)| key.as_str())
}

pub(super) fn traffic_conditions(mut reader: Reader<'_>) -> Option<Conditions<TrafficCondition>> {
    let mut out = Vec::new();
    let mut sound = true;
    for (ends, asked) in &END_KEYS {
        for (end, prefix) in *ends {
            let key = format!("{prefix}_{}", asked.name);
            if reader.raw(&key).is_some() {
                match (asked.read)(&mut reader, &key) {
                    Some(condition) => out.push((key, TrafficCondition::End(*end, condition))),
                    None => sound = false,
                }
            }
        }
    }
    sound &= read_keys(&mut reader, &TRAFFIC_KEYS, &mut out);
    // In `exclude` each key stands alone and cannot rule out another.
    if reader.key() != "exclude" {
        lint::ports_and_protocols(&reader, &out);
    }
    reader.finish();
    sound.then_some(out)
}

/// Reads the conditions on records of a source, key by key of its row.
pub(super) fn record_conditions(mut reader: Reader<'_>, source: SourceKind) -> Option<Conditions<Condition>> {
    let mut out = Vec::new();
    let mut sound = true;
    for (slot, field) in (0u8..).zip(source.fields) {
        let mut first: Option<&str> = None;
        for key in field.keys {
            if reader.raw(key.name).is_none() {
                continue;
            }
            if let (Some(first), Takes::Flag { .. }) = (first, key.takes) {
                let hint = Some(tr!("`{key} = true` is the same as `{first} = false`; keep one", key = key.name, first));
                let message = tr!("`{first}` and `{key}` are both in {name}", first, key = key.name, name = reader.name());
                reader.error_at(key.name, message, hint);
                sound = false;
            }
            first = Some(key.name);
            match test(&mut reader, key) {
                Some(test) => out.push((key.name.to_owned(), Condition::of(slot, key, test))),
                None => sound = false,
            }
        }
    }
    if has_kinds(source) && reader.raw(KIND).is_some() {
        match words(&mut reader, KIND, source.kinds, true) {
            Some(list) => out.push((KIND.to_owned(), Condition::beyond(Place::Kind, KIND, Test::Words(list, &[])))),
            None => sound = false,
        }
    }
    if has_targets(source) {
        sound &= target_conditions(&mut reader, &mut out);
    }
    if source.open_fields {
        sound &= open_conditions(&mut reader, source, &mut out);
    }
    reader.finish();
    sound.then_some(out)
}

/// Reads the values of one key as its row says.
fn test(reader: &mut Reader<'_>, key: &KeyDef) -> Option<Test> {
    match key.takes {
        Takes::Words { known, closed, synonyms, .. } => {
            let read = words(reader, key.name, known, closed);
            read.map(|list| Test::Words(list, synonyms))
        }
        Takes::Patterns { fold, catalogue: Catalogue::Open } => patterns(reader, key.name, fold).map(Test::Patterns),
        Takes::Patterns { catalogue: Catalogue::EventTypes, .. } => {
            checked_patterns(reader, key.name, lint::event_type).map(Test::Patterns)
        }
        Takes::Patterns { catalogue: Catalogue::Notifications, .. } => {
            checked_patterns(reader, key.name, lint::notification).map(Test::Patterns)
        }
        Takes::Addresses => addresses(reader, key.name).map(Test::Addresses),
        Takes::Pairs => labels(reader, key.name).map(Test::Pairs),
        Takes::Flag { opposite } => reader.boolean(key.name).map(|flag| Test::Flag(flag != opposite)),
        Takes::Older => reader.duration(key.name).map(|span| Test::Older(span.value)),
    }
}

fn target_conditions(reader: &mut Reader<'_>, out: &mut Conditions<Condition>) -> bool {
    let mut sound = true;
    if reader.raw("target").is_some() {
        match patterns(reader, "target", false) {
            Some(list) => out.push(("target".to_owned(), Condition::beyond(Place::Target, "target", Test::Patterns(list)))),
            None => sound = false,
        }
    }
    if reader.raw("target_label").is_some() {
        match labels(reader, "target_label") {
            Some(map) => out.push(("target_label".to_owned(), Condition::beyond(Place::TargetLabels, "target_label", Test::Pairs(map)))),
            None => sound = false,
        }
    }
    sound
}

/// Any other key is a field of the records: true or false, or texts and numbers.
fn open_conditions(reader: &mut Reader<'_>, source: SourceKind, out: &mut Conditions<Condition>) -> bool {
    let mut sound = true;
    let taken = |name: &str| source.key(name).is_some() || TARGET_KEYS.iter().any(|(key, ..)| *key == name);
    let names: Vec<String> = reader.names_of_fields().filter(|name| !taken(name)).map(str::to_owned).collect();
    for name in names {
        let is_flag = reader.raw(&name).is_some_and(|value| matches!(value.get_ref(), toml::de::DeValue::Boolean(_)));
        let test = if is_flag {
            reader.boolean(&name).map(Test::Flag)
        } else {
            let list = reader.strings_or_numbers(&name);
            items(reader, &name, list, |text| pattern(text, false)).map(sorted_patterns).map(Test::Patterns)
        };
        match test {
            Some(test) => out.push((name.clone(), Condition::beyond(Place::Open(name.clone()), &name, test))),
            None => sound = false,
        }
    }
    sound
}

fn read_keys<C>(reader: &mut Reader<'_>, keys: &[Key<C>], out: &mut Conditions<C>) -> bool {
    let mut sound = true;
    for key in keys {
        if reader.raw(key.name).is_some() {
            match (key.read)(reader, key.name) {
                Some(condition) => out.push((key.name.to_owned(), condition)),
                None => sound = false,
            }
        }
    }
    sound
}

/// A list that must not be empty, because an empty one matches nothing.
fn not_empty(reader: &Reader<'_>, key: &str, list: Vec<Placed<String>>) -> Option<Vec<Placed<String>>> {
    if list.is_empty() {
        let hint = tr!("name at least one value, or leave the key out to take everything");
        reader.error_at(key, tr!("`{key}` in {name} is an empty list, which nothing can match", key, name = reader.name()), Some(hint));
        return None;
    }
    Some(list)
}

/// Reads every item, complaining about each that is wrong.
fn items<T>(
    reader: &Reader<'_>,
    key: &str,
    list: Option<Vec<Placed<String>>>,
    read: impl Fn(&str) -> Result<T, (String, Option<String>)>,
) -> Option<Vec<T>> {
    let list = not_empty(reader, key, list?)?;
    let mut out = Vec::new();
    let mut sound = true;
    for item in &list {
        match read(&item.value) {
            Ok(value) => out.push(value),
            Err((message, hint)) => {
                reader.problems().error(item.span.clone(), tr!("`{key}` in {name}: {message}", key, name = reader.name(), message), hint);
                sound = false;
            }
        }
    }
    sound.then_some(out)
}

/// Words of which some are known. A closed set refuses the others, an open one warns.
fn words(reader: &mut Reader<'_>, key: &str, known: &[&str], closed: bool) -> Option<Vec<String>> {
    reader.words(key, known, closed);
    let list = reader.strings(key)?;
    let list = not_empty(reader, key, list)?;
    let mut sound = true;
    for item in list.iter().filter(|item| !known.contains(&item.value.as_str())) {
        let hint = Some(did_you_mean(&item.value, known));
        if closed {
            reader.problems().error(
                item.span.clone(),
                tr!("`{key}` in {name} cannot be '{item}'", key, name = reader.name(), item = item.value),
                hint,
            );
            sound = false;
        } else {
            reader.problems().warn(
                item.span.clone(),
                tr!("`{key}` in {name}: no known PCE reports '{item}'", key, name = reader.name(), item = item.value),
                hint,
            );
        }
    }
    sound.then(|| sorted(list.into_iter().map(|item| item.value).collect()))
}

fn patterns(reader: &mut Reader<'_>, key: &str, fold_case: bool) -> Option<Vec<Pattern>> {
    let list = reader.strings(key);
    items(reader, key, list, |text| pattern(text, fold_case)).map(sorted_patterns)
}

/// Patterns that are looked up in a catalogue as well.
fn checked_patterns(reader: &mut Reader<'_>, key: &str, check: fn(&Reader<'_>, &Placed<String>, &Pattern) -> bool) -> Option<Vec<Pattern>> {
    let list = reader.strings(key);
    let read = items(reader, key, list.clone(), |text| pattern(text, false))?;
    let mut sound = true;
    for (text, pattern) in list.iter().flatten().zip(&read) {
        sound &= check(reader, text, pattern);
    }
    sound.then(|| sorted_patterns(read))
}

fn pattern(text: &str, fold_case: bool) -> Result<Pattern, (String, Option<String>)> {
    if text.is_empty() {
        return Err((tr!("an empty text matches nothing"), Some(tr!("write \"*\" for anything"))));
    }
    Pattern::new(text, fold_case).map_err(|message| (message, None))
}

fn labels(reader: &mut Reader<'_>, key: &str) -> Option<BTreeMap<String, Vec<Pattern>>> {
    let list = reader.strings(key);
    let pairs = items(reader, key, list, |text| {
        let (name, value) = label(text)?;
        Ok((name.to_owned(), pattern(value, false)?))
    })?;
    let mut out: BTreeMap<String, Vec<Pattern>> = BTreeMap::new();
    for (name, value) in pairs {
        out.entry(name).or_default().push(value);
    }
    Some(out.into_iter().map(|(name, values)| (name, sorted_patterns(values))).collect())
}

/// Splits `key=value` at the first `=`.
pub(super) fn label(text: &str) -> Result<(&str, &str), (String, Option<String>)> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => Ok((key, value)),
        _ => Err((format!("'{text}' is not a label"), Some(tr!("write key=value, for example \"role=DB\"")))),
    }
}

fn addresses(reader: &mut Reader<'_>, key: &str) -> Option<IpSet> {
    let list = reader.strings(key);
    items(reader, key, list, |text| IpSet::parse_item(text).map_err(|message| (message, None)))
        .map(|ranges| IpSet { ranges: sorted(ranges) })
}

fn protocols(reader: &mut Reader<'_>, key: &str) -> Option<Vec<i16>> {
    let list = reader.strings_or_numbers(key);
    items(reader, key, list, protocol).map(sorted)
}

fn protocol(text: &str) -> Result<i16, (String, Option<String>)> {
    proto_number(text).ok_or_else(|| {
        let names: Vec<&str> = PROTOCOLS.iter().map(|(_, name)| *name).collect();
        (
            tr!("'{text}' is not a protocol", text),
            Some(match nearest(text, &names) {
                Some(name) => tr!("did you mean `{name}`, or a number from 0 to 255", name),
                None => tr!("use one of: {names}, or a number from 0 to 255", names = names.join(", ")),
            }),
        )
    })
}

fn ports(reader: &mut Reader<'_>, key: &str) -> Option<Vec<PortRange>> {
    let list = reader.strings_or_numbers(key);
    items(reader, key, list, port_range).map(|mut ranges| {
        ranges.sort_by_key(|range| (range.from, range.to, range.proto));
        ranges.dedup();
        ranges
    })
}

fn port_range(text: &str) -> Result<PortRange, (String, Option<String>)> {
    let wrong = || {
        let hint = tr!("write for example 3306, \"443/tcp\", \"27017-27019\" or \"27017-27019/tcp\"");
        (tr!("'{text}' is not a port", text), Some(hint))
    };
    let (range, proto) = text.split_once('/').map_or((text, None), |(range, proto)| (range, Some(proto)));
    let number = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
    let (from, to) = match range.split_once('-') {
        Some((from, to)) => (number(from)?, number(to)?),
        None => (number(range)?, number(range)?),
    };
    if from > to {
        return Err((tr!("'{text}' ends before it begins", text), Some(tr!("write \"{to}-{from}\"", to, from))));
    }
    let proto = proto.map(|name| protocol(name.trim())).transpose()?;
    if proto.is_some_and(|proto| !lint::has_ports(proto)) {
        return Err((tr!("'{text}': this protocol has no ports", text), Some(tr!("leave `port` out and write `proto`"))));
    }
    if to == 0 {
        return Err((tr!("no flow has port 0"), Some(tr!("for ICMP write proto = [\"icmp\"]"))));
    }
    Ok(PortRange { from, to, proto })
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}

fn sorted_patterns(mut list: Vec<Pattern>) -> Vec<Pattern> {
    list.sort_by(|a, b| a.text().cmp(b.text()));
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_every_form() {
        let range = |from, to, proto| PortRange { from, to, proto };
        for (text, want) in [
            ("3306", range(3306, 3306, None)),
            ("443/tcp", range(443, 443, Some(6))),
            ("443/17", range(443, 443, Some(17))),
            ("27017-27019", range(27017, 27019, None)),
            ("27017-27019/tcp", range(27017, 27019, Some(6))),
            ("0-1023", range(0, 1023, None)),
            ("65535", range(65535, 65535, None)),
        ] {
            assert_eq!(port_range(text).unwrap(), want, "{text}");
        }
        for text in ["", "65536", "-1", "80-", "90-80", "http", "80/", "80/htcp", "8/icmp", "0", "0/tcp", "80 90", "1-2-3"] {
            assert!(port_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn labels_split_at_the_first_equals_sign() {
        assert_eq!(label("x=a=b").unwrap(), ("x", "a=b"));
        for text in ["role", "=DB", "role=", "", "="] {
            assert!(label(text).is_err(), "{text}");
        }
    }

    #[test]
    fn protocols_by_name_or_number() {
        assert_eq!(protocol("TCP").unwrap(), 6);
        assert_eq!(protocol("47").unwrap(), 47);
        for text in ["256", "-1", "tpc", ""] {
            assert!(protocol(text).is_err(), "{text}");
        }
    }
}

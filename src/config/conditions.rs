//! `match` and `exclude` of a rule: one row for each key of the contract.
//!
//! Values are sorted, so that their order in the file never changes what a rule remembers.

use super::lint;
use super::reader::{Placed, Reader, did_you_mean, nearest};
use crate::domain::filter::{End, EndCondition, EventCondition, Filter, IpSet, Pattern, PortRange, TrafficCondition};
use crate::domain::metric::SourceKind;
use crate::domain::record::{Decision, Direction, PROTOCOLS, proto_number};
use crate::domain::rule::Matcher;
use std::collections::BTreeMap;

type Read<C> = fn(&mut Reader<'_>, &str) -> Option<C>;
type Ends = &'static [(End, &'static str)];
/// One side of a filter: each key as written with its condition.
type Conditions<C> = Vec<(String, C)>;

/// Keys of traffic conditions that have no end, in the order in which they are tested and explained.
const TRAFFIC_KEYS: [(&str, Read<TrafficCondition>); 12] = [
    ("decision", |reader, key| {
        words(reader, key, &Decision::ALL.map(Decision::name), true)
            .map(|list| TrafficCondition::Decision(list.iter().filter_map(|word| Decision::parse(word)).collect()))
    }),
    ("port", |reader, key| ports(reader, key).map(TrafficCondition::Port)),
    ("proto", |reader, key| protocols(reader, key).map(TrafficCondition::Proto)),
    ("process", |reader, key| patterns(reader, key, false).map(TrafficCondition::Process)),
    ("service", |reader, key| patterns(reader, key, false).map(TrafficCondition::Service)),
    ("user", |reader, key| patterns(reader, key, false).map(TrafficCondition::User)),
    ("fqdn", |reader, key| patterns(reader, key, true).map(TrafficCondition::Fqdn)),
    ("direction", |reader, key| {
        let all = [Direction::Inbound, Direction::Outbound];
        words(reader, key, &all.map(Direction::name), true)
            .map(|list| TrafficCondition::Direction(all.into_iter().filter(|one| list.iter().any(|word| word == one.name())).collect()))
    }),
    ("state", |reader, key| {
        words(reader, key, &["active", "closed", "timed out", "snapshot", "new", "unknown", "incomplete"], false)
            .map(TrafficCondition::State)
    }),
    ("transmission", |reader, key| words(reader, key, &["unicast", "broadcast", "multicast"], true).map(TrafficCondition::Transmission)),
    ("network", |reader, key| patterns(reader, key, false).map(TrafficCondition::Network)),
    ("client_type", |reader, key| {
        words(reader, key, &["server", "endpoint", "flowlink", "scanner"], false).map(TrafficCondition::ClientType)
    }),
];

/// What can be asked about an end, with the ends it can be asked about.
const END_KEYS: [(&str, Ends, Read<EndCondition>); 7] = [
    ("label", &ALL_ENDS, |reader, key| labels(reader, key).map(EndCondition::Labels)),
    ("ip", &ALL_ENDS, |reader, key| addresses(reader, key).map(EndCondition::Ip)),
    ("ip_list", &ALL_ENDS, |reader, key| patterns(reader, key, false).map(EndCondition::IpList)),
    ("workload", &ALL_ENDS, |reader, key| patterns(reader, key, true).map(EndCondition::Workload)),
    ("managed", &ONE_END, |reader, key| reader.boolean(key).map(EndCondition::Managed)),
    ("enforcement", &ONE_END, |reader, key| {
        words(reader, key, &["idle", "visibility_only", "selective", "full"], false).map(EndCondition::Enforcement)
    }),
    ("os", &ONE_END, |reader, key| words(reader, key, &["linux", "windows", "unknown"], false).map(EndCondition::Os)),
];
const ALL_ENDS: [(End, &str); 3] = [(End::Src, "src"), (End::Dst, "dst"), (End::Any, "any")];
const ONE_END: [(End, &str); 2] = [(End::Src, "src"), (End::Dst, "dst")];

const EVENT_KEYS: [(&str, Read<EventCondition>); 8] = [
    ("type", |reader, key| checked_patterns(reader, key, lint::event_type).map(EventCondition::Type)),
    ("severity", |reader, key| {
        const KNOWN: [&str; 10] = ["emerg", "alert", "crit", "critical", "err", "error", "warning", "notice", "info", "debug"];
        words(reader, key, &KNOWN, false).map(EventCondition::Severity)
    }),
    ("status", |reader, key| words(reader, key, &["success", "failure"], true).map(EventCondition::Status)),
    ("notification", |reader, key| checked_patterns(reader, key, lint::notification).map(EventCondition::Notification)),
    ("actor", |reader, key| patterns(reader, key, false).map(EventCondition::Actor)),
    ("src_ip", |reader, key| addresses(reader, key).map(EventCondition::SrcIp)),
    ("pce_fqdn", |reader, key| patterns(reader, key, true).map(EventCondition::PceFqdn)),
    ("resource", |reader, key| patterns(reader, key, false).map(EventCondition::Resource)),
];

/// Reads `match` and `exclude`. `None` after a complaint.
pub(super) fn matcher(rule: &mut Reader<'_>, source: SourceKind) -> Option<Matcher> {
    match source {
        SourceKind::Traffic => filter(rule, traffic_conditions).map(Matcher::Traffic),
        SourceKind::Events => filter(rule, event_conditions).map(Matcher::Events),
        SourceKind::Health => {
            for key in ["match", "exclude"] {
                if rule.raw(key).is_some() && rule.has(key) {
                    let hint = tr!("remove it; health rules look at every cluster the PCE reports");
                    rule.error_at(key, tr!("`{key}` means nothing in {name}: its source is health", key, name = rule.name()), Some(hint));
                }
            }
            Some(Matcher::Health)
        }
    }
}

fn filter<C: PartialEq>(rule: &mut Reader<'_>, read: fn(Reader<'_>, &str) -> Option<Conditions<C>>) -> Option<Filter<C>> {
    let mut one = |key: &str| match rule.raw(key) {
        None => Some(Vec::new()),
        Some(_) => rule.table(key).and_then(|reader| read(reader, key)),
    };
    let (all, none) = (one("match"), one("exclude"));
    let filter = Filter { all: all?, none: none? };
    if let Some((key, _)) = filter.all.iter().find(|wanted| filter.none.contains(wanted)) {
        rule.problems().error(
            rule.own_span_of("exclude"),
            tr!("{name} can count nothing: `exclude` leaves out everything that `{key}` in `match` asks for", name = rule.name(), key),
            Some(tr!("remove `{key}` from `exclude`, or make it narrower", key)),
        );
        return None;
    }
    Some(filter)
}

fn traffic_conditions(mut reader: Reader<'_>, table: &str) -> Option<Conditions<TrafficCondition>> {
    let mut out = Vec::new();
    let mut sound = true;
    for (suffix, ends, read) in END_KEYS {
        for (end, prefix) in ends {
            let key = format!("{prefix}_{suffix}");
            if reader.raw(&key).is_some() {
                match read(&mut reader, &key) {
                    Some(condition) => out.push((key, TrafficCondition::End(*end, condition))),
                    None => sound = false,
                }
            }
        }
    }
    sound &= read_keys(&mut reader, &TRAFFIC_KEYS, &mut out);
    // In `exclude` each key stands alone and cannot rule out another.
    if table == "match" {
        lint::ports_and_protocols(&reader, &out);
    }
    reader.finish();
    sound.then_some(out)
}

fn event_conditions(mut reader: Reader<'_>, _table: &str) -> Option<Conditions<EventCondition>> {
    let mut out = Vec::new();
    let sound = read_keys(&mut reader, &EVENT_KEYS, &mut out);
    reader.finish();
    sound.then_some(out)
}

fn read_keys<C>(reader: &mut Reader<'_>, keys: &[(&str, Read<C>)], out: &mut Conditions<C>) -> bool {
    let mut sound = true;
    for (key, read) in keys {
        if reader.raw(key).is_some() {
            match read(reader, key) {
                Some(condition) => out.push(((*key).to_owned(), condition)),
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
                tr!("`{key}` in {name}: no PCE is known to say '{item}'", key, name = reader.name(), item = item.value),
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

//! The quick way and the thorough way make the same of every record.

use super::super::wire::{RawFlow, flow_of};
use super::*;
use proptest::prelude::*;

/// What the thorough way makes of the start of these bytes: the record for comparison, and its length.
fn thorough(bytes: &[u8]) -> Option<(String, usize)> {
    let mut endpoints = Endpoints::new(|_| Box::new([]));
    let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<RawFlow<'_>>();
    let raw = stream.next()?.ok().filter(RawFlow::is_complete)?;
    let (src, dst) = (endpoints.intern(raw.src()).ok()?, endpoints.intern(raw.dst()).ok()?);
    Some((format!("{:?}", flow_of(raw.parts(), src, dst)), stream.byte_offset()))
}

fn quick(bytes: &[u8], endpoints: &mut Endpoints<'_>) -> Option<(String, usize)> {
    let mut scratch = String::new();
    let quick = record(bytes, endpoints, &mut scratch)?;
    Some((format!("{:?}", flow_of(quick.parts, quick.src, quick.dst)), quick.length))
}

/// Texts as they stand between quotes, some of them broken.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z]{1,9}",
        Just("timed out".to_owned()),
        Just(r"C:\\Windows\\a.exe".to_owned()),
        Just(r#"\"\/\b\f\n\r\t"#.to_owned()),
        Just(r"\u00e9\ud83d\ude00".to_owned()),
        Just(r"\ud83d".to_owned()),
        Just(r"\x".to_owned()),
        Just("王小明".to_owned()),
        Just("tab\there".to_owned()),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u64..300).prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        prop::sample::select(vec!["null", "0", "00", "01", "-0", "1.0", "1e3", "1E2", "18446744073709551616", "true", "\"1\"", "[]", ""])
            .prop_map(str::to_owned),
    ]
}

fn quoted() -> impl Strategy<Value = String> {
    prop_oneof![9 => text().prop_map(|text| format!("\"{text}\"")), 1 => number()]
}

fn time() -> impl Strategy<Value = String> {
    prop_oneof![
        (0i64..4_000_000_000).prop_map(|second| format!("\"{}\"", Timestamp::from_second(second).unwrap())),
        Just("\"2026-08-02 00:06:11.5\"".to_owned()),
        quoted(),
    ]
}

fn end() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0u8..4, quoted()).prop_map(|(ip, name)| {
            format!(r#"{{"ip":"10.0.0.{ip}","workload":{{"href":"/w/{ip}","name":{name},"labels":[{{"key":"a","value":"b"}}]}}}}"#)
        }),
        3 => (0u8..4).prop_map(|ip| format!(r#"{{"ip":"10.0.0.{ip}"}}"#)),
        4 => rich_end(),
        1 => Just("{ }".to_owned()),
        1 => Just(r#"{"workload":7}"#.to_owned()),
        1 => number(),
    ]
}

/// An end with anything that an end can hold, some of it of the wrong type or twice.
fn rich_end() -> impl Strategy<Value = String> {
    let list = |each: BoxedStrategy<String>| {
        prop_oneof![
            9 => prop::collection::vec(each, 0..3).prop_map(|each| format!("[ {} ]", each.join(" , "))),
            1 => Just("null".to_owned()),
            1 => Just("[null]".to_owned()),
        ]
        .boxed()
    };
    let object = |members: BoxedStrategy<String>| {
        prop::collection::vec(members, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))).boxed()
    };
    let member = |keys: &[&'static str], value: BoxedStrategy<String>| {
        (prop::sample::select(keys.to_vec()), value).prop_map(|(key, value)| format!("\"{key}\": {value}")).boxed()
    };
    let odd = prop_oneof![19 => quoted().boxed(), 1 => Just("[\"a\"]".to_owned()).boxed()].boxed();
    let label = object(member(&["key", "value", "href"], odd.clone()));
    let word = prop::sample::select(vec!["true", "false", "null", "1"]).prop_map(str::to_owned).boxed();
    let workload = object(
        prop_oneof![
            5 => member(&["href", "name", "hostname", "enforcement_mode", "os_type", "else"], odd.clone()),
            2 => member(&["managed", "endpoint"], word),
            2 => member(&["labels"], list(label)),
        ]
        .boxed(),
    );
    let workload = prop_oneof![9 => workload, 1 => Just("null".to_owned()), 1 => Just("[\"/w/1\"]".to_owned())].boxed();
    object(
        prop_oneof![
            3 => member(&["ip", "fqdn"], odd.clone()),
            3 => member(&["workload"], workload),
            2 => member(&["ip_lists"], list(object(member(&["name", "href", "size"], odd.clone())))),
            1 => member(&["virtual_service"], object(member(&["name"], odd))),
        ]
        .boxed(),
    )
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        number(),
        quoted(),
        end(),
        Just(r#"[1, [2.5e-3, {}], "x"]"#.to_owned()),
        Just("[1,]".to_owned()),
        Just("{\"a\" 1}".to_owned())
    ]
}

fn member() -> impl Strategy<Value = String> {
    let named = |key: &'static str, value: BoxedStrategy<String>| value.prop_map(move |value| format!("\"{key}\":{value}")).boxed();
    let object = |keys: Vec<&'static str>, value: BoxedStrategy<String>| {
        prop::collection::vec((prop::sample::select(keys), value), 0..4)
            .prop_map(|members| {
                format!("{{{}}}", members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect::<Vec<_>>().join(","))
            })
            .boxed()
    };
    prop_oneof![
        named("service", object(vec!["port", "proto", "else"], number().boxed())),
        named("service", object(vec!["process_name", "user_name", "windows_service_name"], quoted().boxed())),
        named("timestamp_range", object(vec!["first_detected", "last_detected"], time().boxed())),
        named("network", object(vec!["name", "href"], quoted().boxed())),
        named("state", quoted().boxed()),
        named("flow_direction", quoted().boxed()),
        named("client_type", quoted().boxed()),
        named("transmission", quoted().boxed()),
        named("dst_bi", number().boxed()),
        named("dst_bo", number().boxed()),
        named("icmp_type", number().boxed()),
        named("icmp_code", number().boxed()),
        named("caps", any_value().boxed()),
        named("b\\u0061r", any_value().boxed()),
        named("é", any_value().boxed()),
    ]
}

/// A record that has what every record has, and other members around it.
fn whole() -> impl Strategy<Value = String> {
    let decision = prop::sample::select(vec!["allowed", "blocked", "potentially_blocked", "unknown", "of_tomorrow"]);
    (end(), end(), number(), decision, prop::collection::vec(member(), 0..6), any::<u64>(), prop::sample::select(vec![",", " ,\n\t", ", "]))
        .prop_map(|(src, dst, count, decision, mut members, shuffle, comma)| {
            members.extend([
                format!("\"src\":{src}"),
                format!("\"dst\" : {dst}"),
                format!("\"num_connections\":{count}"),
                format!("\"policy_decision\":\"{decision}\""),
            ]);
            fastrand::Rng::with_seed(shuffle).shuffle(&mut members);
            format!("{{{}}}", members.join(comma))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_thorough_way(
        records in prop::collection::vec(whole(), 1..4),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        // One memory of endpoints over all of them: what was met must mean the same as what is read.
        let mut endpoints = Endpoints::new(|_| Box::new([]));
        for record in &records {
            let clean = format!("{record},{{\"src\":");
            let mut bytes = clean.clone().into_bytes();
            for (at, byte) in &flips {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            for bytes in [clean.as_bytes(), &bytes] {
                for _ in 0..2 {
                    if let Some(found) = quick(bytes, &mut endpoints) {
                        prop_assert_eq!(Some(found), thorough(bytes), "{}", String::from_utf8_lossy(bytes));
                    }
                }
            }
        }
    }

    #[test]
    fn usual_moments_are_what_the_long_way_says(second in 0i64..200_000_000_000, year in 1960u32..9999, month in 0u32..14, day in 0u32..33, hour in 0u32..25, leap in 58u32..62) {
        for text in [Timestamp::from_second(second).unwrap().to_string(), format!("{year:04}-{month:02}-{day:02}T{hour:02}:59:{leap:02}Z")] {
            if let Some(at) = usual_moment(text.as_bytes()) {
                prop_assert_eq!(Some(at), parse_pce_time(&text), "{}", text);
            }
        }
    }
}

/// The quick way is of no use if it leaves everything alone.
#[test]
fn the_usual_record_is_read_quickly() {
    let text = r#"{"src":{"ip":"10.0.0.1"},"dst":{"ip":"10.0.0.2","ip_lists":[]},"service":{"port":443,"proto":6,"process_name":"C:\\a.exe"},"num_connections":3,"state":"timed out","timestamp_range":{"first_detected":"2024-02-29T23:59:59Z","last_detected":"2026-08-02T00:06:11Z"},"dst_bi":1,"dst_bo":2,"policy_decision":"allowed","flow_direction":"inbound","client_type":"server","network":{"href":"/n","name":"Büro"},"caps":["write"],"seq_id":9,"transmission":null}"#;
    let mut endpoints = Endpoints::new(|_| Box::new([]));
    let bytes = format!("{text},");
    let found = quick(bytes.as_bytes(), &mut endpoints);
    assert_eq!(found.as_ref().map(|(_, length)| *length), Some(text.len()));
    assert_eq!(found, thorough(text.as_bytes()));
    let mut scratch = String::new();
    let parts = record(text.as_bytes(), &mut endpoints, &mut scratch).unwrap().parts;
    assert_eq!((parts.process, parts.network, parts.port, parts.connections), ("C:\\a.exe", "Büro", Some(443), 3));
    assert_eq!(usual_moment(b"2024-02-29T23:59:59Z"), parse_pce_time("2024-02-29T23:59:59Z"));
    assert_eq!(usual_moment(b"2023-02-29T23:59:59Z"), None);
}

//! The reader of flow records, on one processor and on several.

use super::*;
use crate::domain::record::Flow;
use proptest::prelude::*;
use std::io::Write;

#[derive(Default)]
struct Sums {
    flows: u64,
    connections: u64,
    longest: usize,
}

impl FlowSink for Sums {
    fn flow(&mut self, flow: &Flow<'_>) {
        self.flows += 1;
        self.connections += flow.connections;
        self.longest = self.longest.max(flow.process.len());
    }
}

fn record(number: u64, length: usize) -> String {
    format!(
        r#"{{"src":{{"ip":"10.0.0.{}"}},"dst":{{"ip":"10.0.1.1"}},"service":{{"process_name":"{}"}},"num_connections":{number},"policy_decision":"allowed"}}"#,
        number % 7,
        "x".repeat(length)
    )
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn decode(bytes: &[u8]) -> (Sums, Result<Decoded, DecodeError>) {
    let mut sums = Sums::default();
    let decoded = decode_flows(bytes, &mut Endpoints::new(|_| Box::new([])), &mut sums);
    (sums, decoded)
}

/// Records of every length against the ends of the chunks, and the room before them.
#[test]
fn records_are_whole_wherever_chunks_end() {
    let mut rng = fastrand::Rng::with_seed(7);
    let lengths: Vec<usize> =
        (0..600).map(|_| [rng.usize(..500), rng.usize(..3_000), rng.usize(..90_000)][rng.usize(..3)]).chain([1_200_000, 3]).collect();
    let records: Vec<String> = (0u64..).zip(&lengths).map(|(number, length)| record(number, *length)).collect();
    for text in [format!("[{}]", records.join(",")), format!(" [ {}\n]\n", records.join(" ,\n ")), records.join("\n")] {
        for bytes in [text.clone().into_bytes(), gzip(&text)] {
            let (sums, decoded) = decode(&bytes);
            assert_eq!(decoded.unwrap(), Decoded { rows: 602, unreadable: 0 });
            assert_eq!((sums.flows, sums.connections, sums.longest), (602, 602 * 601 / 2, 1_200_000));
        }
    }
    let whole = format!("[{}]", records.join(","));
    let packed = gzip(&whole);
    for cut in [1, 2, 9, packed.len() / 2, packed.len() - 1] {
        assert!(decode(&packed[..packed.len() - cut]).1.is_err(), "{cut}");
    }
    for cut in [1, 2, 300_000, whole.len() - 1] {
        assert!(matches!(decode(&whole.as_bytes()[..whole.len() - cut]).1, Err(DecodeError::Cut { .. })), "{cut}");
    }
}

/// A chunk that ends inside a number, a word or an escape is no mistake; a mistake stays one.
#[test]
fn a_cut_anywhere_in_a_record_is_mended() {
    let tail = r#"{"src":{"ip":"10.0.0.9"},"dst":{"ip":"10.0.1.1"},"x":[-2.5e-3,1E+2,0.1,null,true,"\u00e9\n王"],"dst_bi":"no","num_connections":5,"policy_decision":"allowed"}"#;
    let good = tail.replace(r#""dst_bi":"no","#, "");
    let bare = record(1, 0).len();
    for (tail, unreadable) in [(tail, 1), (good.as_str(), 0)] {
        for inside in 0..=tail.len() {
            // The first chunk holds 256 KiB: the bracket, a long record, the comma, and `inside` bytes of the next.
            let text = format!("[{},{tail}]", record(1, (256 << 10) - 2 - inside - bare));
            let (_, decoded) = decode(text.as_bytes());
            assert_eq!(decoded.unwrap(), Decoded { rows: 2, unreadable }, "{inside}");
            let broken = text.replace("0.1,", "0.,");
            assert!(matches!(decode(broken.as_bytes()).1, Err(DecodeError::Format(_))), "{inside}");
        }
    }
}

#[test]
fn a_source_that_fails_is_named() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let text = b"[{\"src\":";
            if self.0 == text.len() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the line is dead"));
            }
            buffer[0] = text[self.0];
            self.0 += 1;
            Ok(1)
        }
    }
    let error = decode_flows(Failing(0), &mut Endpoints::new(|_| Box::new([])), &mut Sums::default()).unwrap_err();
    assert!(matches!(&error, DecodeError::Read(cause) if cause.to_string().contains("the line is dead")), "{error}");
}

/// Everything a sink is shown.
struct Heard {
    flows: Vec<String>,
    most: usize,
}

impl FlowSink for Heard {
    fn flow(&mut self, flow: &Flow<'_>) {
        self.flows.push(format!("{flow:?}"));
    }
    fn enough(&self) -> bool {
        self.flows.len() >= self.most
    }
}

/// Yields a few bytes at a time, then the end or an error.
struct Dripping<'b> {
    bytes: &'b [u8],
    at_a_time: usize,
    fails: bool,
}

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.at_a_time.min(buffer.len()).min(self.bytes.len());
        if count == 0 && self.fails {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the line is dead"));
        }
        let (now, later) = self.bytes.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}

/// A record, or something else that stands in a list.
fn item() -> impl Strategy<Value = String> {
    let usual = || (any::<u64>(), 0usize..60).prop_map(|(number, length)| record(number % 1_000, length));
    prop_oneof![
        60 => usual(),
        4 => (any::<u64>(), 0usize..100_000).prop_map(|(number, length)| record(number % 1_000, length)),
        // Texts with escapes, quick ones and others; ends without a workload, with one, and none that can be read.
        6 => usual().prop_map(|text| text.replace("xxx", r"\\x\u00e9")),
        4 => usual().prop_map(|text| text.replace("{\"ip\":\"10.0.1.1\"}", "{\"ip\":\"10.0.1.1\",\"workload\":{\"href\":\"/w/1\",\"name\":\"db\"}}")),
        2 => usual().prop_map(|text| text.replace("\"10.0.1.1\"", "7")),
        2 => prop::sample::select(vec!["{}", "7", "null", "[[]]", "{\"src\":{}}"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["{", "x", "[1", "\"", "{\"a\":1.}"]).prop_map(str::to_owned),
    ]
}

proptest! {
    /// However many processors there are, the sink sees the same records in the same order, up to the same error.
    #[test]
    fn the_same_on_any_number_of_processors(
        items in prop::collection::vec(item(), 0..900),
        between in prop::sample::select(vec![",", " ,\n", "\n"]),
        listed in any::<bool>(),
        packed in any::<bool>(),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
        fails in prop::bool::weighted(0.2),
        at_a_time in prop::sample::select(vec![7usize, 4_096, 1 << 20]),
        most in prop_oneof![3 => Just(usize::MAX), 1 => 1usize..400],
    ) {
        let text = items.join(if listed { between.trim_end_matches('\n') } else { between });
        let text = if listed { format!("[{text}]") } else { text };
        let mut bytes = if packed { gzip(&text) } else { text.into_bytes() };
        if let Some(cut) = cut && !bytes.is_empty() {
            bytes.truncate(cut.index(bytes.len()));
        }
        let on = |processors: usize| {
            let mut heard = Heard { flows: Vec::new(), most };
            let mut endpoints = Endpoints::new(|_| Box::new([]));
            let stream = Dripping { bytes: &bytes, at_a_time, fails };
            let decoded = decode_on(processors, stream, &mut endpoints, &mut heard).map_err(|error| error.to_string());
            (heard.flows, decoded)
        };
        let alone = on(1);
        for processors in [2, 8] {
            prop_assert_eq!(&on(processors), &alone, "{} processors", processors);
        }
    }
}

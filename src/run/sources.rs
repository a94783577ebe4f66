//! Reading the sources of a run: from the PCE, or from recorded answers.

use super::recording::RecordedAnswer;
use crate::config::Config;
use crate::domain::fault::{Fault, Party};
use crate::domain::record::{Decision, FlowSink};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::source::SourceKind;
use crate::judge::plan::WantedService;
use crate::judge::traffic::Settled;
use crate::pce::PceSettings;
use crate::pce::decode::{DecodeError, Decoded, Endpoints, decode_flows};
use crate::pce::traffic::{AnswerSink, BodyError, ServiceFilter, TrafficQuery, collect, submit};
use crate::pce::{Client, PceError};
use crate::sources::TRAFFIC;
use jiff::{SignedDuration, Timestamp};
use std::io::{self, Read};

/// Decodes the bodies of a traffic answer, and hands their records to whoever wants them.
pub struct FlowReader<'s, 'm> {
    sink: &'s mut dyn FlowSink,
    endpoints: &'s mut Endpoints<'m>,
    /// Records that could not be read, over all parts.
    pub unreadable: u64,
    /// Decisions of which rows are missing, by number.
    pub short: [bool; 4],
    /// Parts of earlier answers.
    parts_before: u32,
    parts: u32,
}

impl<'s, 'm> FlowReader<'s, 'm> {
    /// A reader for one run.
    pub fn new(sink: &'s mut dyn FlowSink, endpoints: &'s mut Endpoints<'m>) -> Self {
        Self { sink, endpoints, unreadable: 0, short: [false; 4], parts_before: 0, parts: 0 }
    }

    fn read(&mut self, part: u32, body: impl Read + Send) -> Result<Decoded, DecodeError> {
        let part = self.parts_before + part;
        self.parts = self.parts.max(part + 1);
        self.sink.begin_part(part);
        let decoded = decode_flows(body, self.endpoints, self.sink)?;
        self.unreadable += decoded.unreadable;
        Ok(decoded)
    }

    /// What is read next answers another question, which reaches further back than the usual one.
    pub fn further(&mut self, usual: Timestamp) {
        self.parts_before = self.parts;
        self.sink.late_before(usual);
    }
}

impl AnswerSink for FlowReader<'_, '_> {
    fn part(&mut self, part: u32, body: &mut (dyn Read + Send)) -> Result<u64, BodyError> {
        match self.read(part, body) {
            Ok(decoded) => Ok(decoded.rows),
            Err(DecodeError::Read(error)) => Err(BodyError::Network(error.to_string())),
            Err(DecodeError::Enough) => Err(BodyError::Enough),
            Err(error) => Err(BodyError::Content(error.to_string())),
        }
    }
}

/// Reads recorded flows: a file, a folder of `--record`, or standard input.
pub fn flows_from_file(recording: RecordedAnswer<'_>, reader: &mut FlowReader<'_, '_>) -> SourceReport {
    let mut report = SourceReport { status: SourceStatus::Ok, ..SourceReport::blank(TRAFFIC) };
    let located = match recording.of(TRAFFIC, None) {
        Ok(located) => located,
        Err(report) => return *report,
    };
    let files = match located.files(TRAFFIC.files[0]) {
        Ok(files) => files,
        Err(fault) => return SourceReport::failed(TRAFFIC, fault),
    };
    for (part, file) in (0u32..).zip(files) {
        let result = file.open().and_then(|file_reader| {
            let mut counting = Counting { inner: file_reader, bytes: 0 };
            let decoded = reader.read(part, &mut counting).map_err(|error| Fault::of(Party::File, format!("{}: {error}", file.name())))?;
            report.bytes += counting.bytes;
            Ok(decoded)
        });
        match result {
            Ok(decoded) => {
                report.records += decoded.rows;
                report.queries += 1;
            }
            Err(fault) => return SourceReport::failed(TRAFFIC, fault),
        }
    }
    let report = located.held_by(report);
    reader.short = report.short;
    report
}

/// A traffic query on its way, and the clock it was asked by.
pub struct TrafficOnTheWay {
    submitted: crate::pce::traffic::Submitted,
    /// The PCE's clock minus ours, as assumed for the query.
    pub skew: SignedDuration,
}

/// Differences of clocks that are noise.
const SKEW_NOISE: i64 = 5;
/// A query asked by a clock that was wrong by more than this is asked again.
const SKEW_MATTERS: i64 = 120;

/// The measured difference between the clocks, noise left out.
pub fn measured_skew(client: &Client) -> SignedDuration {
    client.clock_skew().filter(|skew| skew.as_secs().abs() > SKEW_NOISE).unwrap_or_default()
}

/// Submits the traffic query that `ask` makes of the PCE's present instant; once more when the
/// PCE's answer shows that its clock is not where it was assumed, and the run follows that clock.
pub fn submit_traffic(
    client: &Client,
    settings: &PceSettings,
    assumed: SignedDuration,
    follow: bool,
    services: &[WantedService],
    ask: &dyn Fn(SignedDuration) -> (Timestamp, Timestamp, Vec<Decision>),
) -> Result<TrafficOnTheWay, PceError> {
    let query = |skew: SignedDuration| {
        let (from, to, decisions) = ask(skew);
        let services = services
            .iter()
            .map(|service| ServiceFilter {
                proto: Some(service.proto),
                from_port: service.ports.map(|ports| ports.0),
                to_port: service.ports.map(|ports| ports.1),
            })
            .collect();
        TrafficQuery { from, to, decisions, services, max_results: settings.max_results }
    };
    let submitted = submit(client, &query(assumed))?;
    let measured = measured_skew(client);
    if !follow || (measured - assumed).as_secs().abs() <= SKEW_MATTERS {
        return Ok(TrafficOnTheWay { submitted, skew: assumed });
    }
    log::info!("the clock of the PCE differs by {measured:#}; querying again by its clock");
    client.cleaner().delete_all(std::time::Duration::from_secs(5));
    let submitted = submit(client, &query(measured))?;
    Ok(TrafficOnTheWay { submitted, skew: measured })
}

/// Waits for the traffic query and streams its rows into the judge.
pub fn collect_traffic(
    client: &Client,
    on_the_way: TrafficOnTheWay,
    reader: &mut FlowReader<'_, '_>,
    span: (Timestamp, Timestamp),
    progress: &dyn Fn(&str),
) -> SourceReport {
    let base = SourceReport { from: Some(span.0), to: Some(span.1), ..SourceReport::blank(TRAFFIC) };
    match collect(client, on_the_way.submitted, reader, progress) {
        Ok(answer) => {
            reader.short.iter_mut().zip(answer.short).for_each(|(short, also)| *short |= also);
            SourceReport {
                status: if answer.missing.is_some() { SourceStatus::Partial } else { SourceStatus::Ok },
                records: answer.rows,
                queries: answer.queries,
                bytes: answer.bytes,
                error: answer.missing.map(|missing| Fault::of(Party::Target, missing)),
                short: answer.short,
                ..base
            }
        }
        Err(error) => SourceReport { error: Some(error.into()), ..base },
    }
}

/// Records that could not be read make a source partial: what they say is not known.
pub fn with_unreadable(report: SourceReport) -> SourceReport {
    if report.unreadable == 0 || !report.is_read() {
        return report;
    }
    let text = tr!("{unreadable} of {records} records could not be read", unreadable = report.unreadable, records = report.records);
    report.lacking(Fault::of(Party::Target, text))
}

/// What became of an answer when it was judged: more of it may have been new than one run takes, or there may have been no time.
pub fn as_settled(mut report: SourceReport, mut short: [bool; 4], settled: Settled, most: usize) -> (SourceReport, [bool; 4]) {
    if report.status == SourceStatus::Failed {
        return (report, short);
    }
    if settled.too_late {
        report.status = SourceStatus::Failed;
        report.error = Some(Fault::of(Party::Program, tr!("the deadline of the run was reached while it was evaluated")));
        return (report, short);
    }
    let count: u64 = settled.left.iter().sum();
    if count > 0 {
        short.iter_mut().zip(settled.left).for_each(|(short, left)| *short |= left > 0);
        let text = tr!("{count} new records are left to the next runs: one run takes {most} ([traffic] max_new_looks)", count, most);
        return (report.lacking(Fault::of(Party::Program, text)), short);
    }
    (report, short)
}

struct Counting<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

/// The config's PCE, or why there must be one.
pub fn pce_of<'c>(config: &'c Config, needed: &[SourceKind]) -> Result<&'c PceSettings, String> {
    config.pce.as_ref().ok_or_else(|| {
        let list: Vec<&str> = needed.iter().map(|source| source.name()).collect();
        let flags: Vec<String> = needed.iter().map(|source| format!("--input {source}=FILE")).collect();
        tr!(
            "{path} has rules on {list} but no [pce]; add it, or give recorded answers with {flags}",
            path = config.path.display(),
            list = list.join(" and "),
            flags = flags.join(" and ")
        )
    })
}

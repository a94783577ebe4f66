//! Reading the sources of a run: from the PCE, or from recorded answers.

use crate::config::{Config, PceSettings};
use crate::domain::metric::SourceKind;
use crate::domain::record::{Decision, FlowSink};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::judge::plan::WantedService;
use crate::pce::Client;
use crate::pce::decode::{DecodeError, Decoded, Endpoints, decode_flows};
use crate::pce::traffic::{AnswerSink, BodyError, ServiceFilter, TrafficQuery, collect, submit};
use crate::sources::TRAFFIC;
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A report of a source that was not read.
pub fn failed(source: SourceKind, error: String) -> SourceReport {
    SourceReport {
        source,
        target: source.target_type.to_owned(),
        status: SourceStatus::Failed,
        records: 0,
        unreadable: 0,
        queries: 0,
        bytes: 0,
        from: None,
        to: None,
        error: Some(error),
    }
}

/// Decodes the bodies of a traffic answer, and hands their records to whoever wants them.
pub struct FlowReader<'s, 'm> {
    sink: &'s mut dyn FlowSink,
    endpoints: &'s mut Endpoints<'m>,
    /// Records that could not be read, over all parts.
    pub unreadable: u64,
    /// Decisions of which rows are missing, by number.
    pub short: [bool; 4],
}

impl<'s, 'm> FlowReader<'s, 'm> {
    /// A reader for one run.
    pub fn new(sink: &'s mut dyn FlowSink, endpoints: &'s mut Endpoints<'m>) -> Self {
        Self { sink, endpoints, unreadable: 0, short: [false; 4] }
    }

    fn read(&mut self, part: u32, body: impl Read + Send) -> Result<Decoded, DecodeError> {
        self.sink.begin_part(part);
        let decoded = decode_flows(body, self.endpoints, self.sink)?;
        self.unreadable += decoded.unreadable;
        Ok(decoded)
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
pub fn flows_from_file(recording: Recording<'_>, reader: &mut FlowReader<'_, '_>) -> SourceReport {
    let mut report = SourceReport { status: SourceStatus::Ok, error: None, ..failed(TRAFFIC, String::new()) };
    let files = match recording.files("traffic-") {
        Ok(files) => files,
        Err(error) => return failed(TRAFFIC, error),
    };
    for (part, file) in (0u32..).zip(files) {
        let result = file.open().and_then(|file_reader| {
            let mut counting = Counting { inner: file_reader, bytes: 0 };
            let decoded = reader.read(part, &mut counting).map_err(|error| format!("{}: {error}", file.name()))?;
            report.bytes += counting.bytes;
            Ok(decoded)
        });
        match result {
            Ok(decoded) => {
                report.records += decoded.rows;
                report.queries += 1;
            }
            Err(error) => return failed(TRAFFIC, error),
        }
    }
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
) -> Result<TrafficOnTheWay, String> {
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
    let submitted = submit(client, &query(assumed)).map_err(|error| error.to_string())?;
    let measured = measured_skew(client);
    if !follow || (measured - assumed).as_secs().abs() <= SKEW_MATTERS {
        return Ok(TrafficOnTheWay { submitted, skew: assumed });
    }
    log::info!("the PCE's clock is {measured:#} from ours; asking again by its clock");
    client.cleaner().delete_all(std::time::Duration::from_secs(5));
    let submitted = submit(client, &query(measured)).map_err(|error| error.to_string())?;
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
    let base = SourceReport { from: Some(span.0), to: Some(span.1), ..failed(TRAFFIC, String::new()) };
    match collect(client, on_the_way.submitted, reader, progress) {
        Ok(answer) => {
            reader.short = answer.short;
            SourceReport {
                status: if answer.missing.is_some() { SourceStatus::Partial } else { SourceStatus::Ok },
                records: answer.rows,
                queries: answer.queries,
                bytes: answer.bytes,
                error: answer.missing,
                ..base
            }
        }
        Err(error) => SourceReport { error: Some(error.to_string()), ..base },
    }
}

/// Records that could not be read make a source partial: what they say is not known.
pub fn with_unreadable(mut report: SourceReport) -> SourceReport {
    if report.unreadable > 0 && matches!(report.status, SourceStatus::Ok | SourceStatus::Partial) {
        let text = tr!("{unreadable} of {records} records could not be read", unreadable = report.unreadable, records = report.records);
        report.status = SourceStatus::Partial;
        report.error = Some(report.error.map_or(text.clone(), |error| format!("{error}; {text}")));
    }
    report
}

/// An answer that was recorded, instead of one that is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Recording<'r> {
    /// A file, a folder of `--record`, or `-` for standard input.
    Path(&'r Path),
    /// The answer itself.
    Text(&'r [u8]),
    /// There was none, for this reason.
    Failed(&'r str),
}

/// One file of a recording.
pub(super) enum Recorded<'r> {
    Path(PathBuf),
    Text(&'r [u8]),
}

impl<'r> Recording<'r> {
    /// The folder, when it is one.
    pub(super) fn folder(&self) -> Option<&'r Path> {
        if let Recording::Path(path) = self { Some(*path).filter(|path| path.is_dir()) } else { None }
    }

    /// The files it stands for; in a folder those whose name begins like this.
    pub(super) fn files(self, prefix: &str) -> Result<Vec<Recorded<'r>>, String> {
        let path = match self {
            Recording::Text(text) => return Ok(vec![Recorded::Text(text)]),
            Recording::Failed(error) => return Err(error.to_owned()),
            Recording::Path(path) if !path.is_dir() => return Ok(vec![Recorded::Path(path.to_path_buf())]),
            Recording::Path(path) => path,
        };
        let wrong = |error: io::Error| tr!("cannot read the folder {path}: {error}", path = path.display(), error);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix) && name.contains(".json")) {
                files.push(entry.path());
            }
        }
        // traffic-10 comes after traffic-9.
        files.sort_by_key(|file| (file.as_os_str().len(), file.clone()));
        if files.is_empty() {
            return Err(tr!("the folder {path} holds no {prefix}*.json.gz of --record", path = path.display(), prefix));
        }
        Ok(files.into_iter().map(Recorded::Path).collect())
    }
}

impl<'r> Recorded<'r> {
    /// Opens it; `-` is standard input.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send + 'r>, String> {
        match self {
            Recorded::Text(text) => Ok(Box::new(*text)),
            Recorded::Path(path) if path.as_os_str() == "-" => Ok(Box::new(io::stdin())),
            Recorded::Path(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(tr!("cannot read {path}: {error}", path = path.display(), error)),
            },
        }
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        if let Recorded::Path(path) = self { path.display().to_string() } else { tr!("the given answer") }
    }
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
        let flags: Vec<String> = needed.iter().map(|source| format!("--{}", source.flag)).collect();
        tr!(
            "{path} has rules on {list} but no [pce] to ask; add [pce], or give recorded answers with {flags}",
            path = config.path.display(),
            list = list.join(" and "),
            flags = flags.join(" and ")
        )
    })
}

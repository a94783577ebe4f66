//! Requests in, answers out: the PCE's endpoints without a socket.

use super::body::{Body, pack, text};
pub use super::exchange::Request;
use super::exchange::{Reply, gone};
use super::fault::{Action, Endpoint};
use super::lists::Lists;
use super::names;
use super::options::{Life, Options, Packing, SimEvent};
use super::query::{self, Query, Refusal};
use super::record::FlowRecord;
use crate::domain::time::{parse_pce_time, pce_format};
use base64::Engine;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// How the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The whole answer is sent.
    Whole,
    /// Half the body is sent, then the connection closes.
    DropMidBody,
    /// The connection closes at once.
    DropBeforeAnswer,
    /// Nothing is sent until the simulation stops.
    Hang,
}

/// An answer ready to send.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers, without length and connection.
    pub headers: Vec<(String, String)>,
    /// Body as sent.
    pub body: Vec<u8>,
    /// How the connection goes on.
    pub ending: Ending,
    /// Whether the body goes out in chunks.
    pub chunked: bool,
}

struct Job {
    id: String,
    parameters: Value,
    created_at: Timestamp,
    submitted: Instant,
    polls: usize,
    rows: Arc<Vec<FlowRecord>>,
    matches: u64,
    silent_regions: Vec<String>,
}

/// The PCE behind the socket.
pub struct Api {
    /// What it is and knows; may be changed between requests.
    pub options: Options,
    /// Every request so far.
    pub requests: Vec<Request>,
    jobs: Vec<Job>,
    lists: Lists,
    calls: BTreeMap<Endpoint, usize>,
    submitted: usize,
}

impl Api {
    /// A PCE that nobody has asked anything yet.
    pub fn new(options: Options) -> Api {
        Api { options, requests: Vec::new(), jobs: Vec::new(), lists: Lists::default(), calls: BTreeMap::new(), submitted: 0 }
    }

    /// How many queries and jobs nobody has deleted.
    pub fn queries_left(&self) -> usize {
        self.jobs.len() + self.lists.left()
    }

    /// Answers one request. The only place that consults the faults.
    pub fn handle(&mut self, request: &Request) -> Answer {
        self.requests.push(request.clone());
        let segments: Vec<&str> = request.path.strip_prefix("/api/v2/").unwrap_or_default().split('/').collect();
        let endpoint = endpoint(&request.method, &segments);
        let action = endpoint.and_then(|endpoint| {
            let calls = self.calls.entry(endpoint).or_default();
            *calls += 1;
            self.options.faults.iter().find(|fault| fault.strikes(endpoint, *calls)).map(|fault| fault.action.clone())
        });
        let mut reply = match (&action, endpoint) {
            (Some(Action::Answer { status, headers, body }), _) => {
                Reply { status: *status, headers: headers.clone(), body: Body::Bytes(body.clone()) }
            }
            (_, Some(endpoint)) => self.serve(endpoint, request, &segments),
            (_, None) => Reply::error(404, "not_found_error", "Not found"),
        };
        let mut date = self.options.now;
        let mut ending = Ending::Whole;
        let (mut cut_text, mut cut_packed) = (false, false);
        match action {
            None | Some(Action::Answer { .. }) => {}
            Some(Action::EmptyBody) => reply.body = Body::Empty,
            Some(Action::DropBeforeAnswer) => ending = Ending::DropBeforeAnswer,
            Some(Action::DropMidBody) => ending = Ending::DropMidBody,
            Some(Action::Hang) => ending = Ending::Hang,
            Some(Action::TruncateText) => cut_text = true,
            Some(Action::TruncatePacked) => cut_packed = true,
            Some(Action::Date(other)) => date = other,
            Some(Action::NoRows) => {
                if let Body::Rows(rows, _) = &mut reply.body {
                    *rows = Arc::default();
                }
            }
            Some(Action::QueryState(word)) => {
                if let Body::Json(Value::Object(status)) = &mut reply.body {
                    status.insert("status".to_owned(), json!(word));
                    status.remove("result");
                }
            }
            Some(Action::ResultHref(href)) => {
                if let Body::Json(status @ Value::Object(_)) = &mut reply.body
                    && status.get("result").is_some()
                {
                    status["result"] = if endpoint == Some(Endpoint::Job) { json!({ "href": href }) } else { json!(href) };
                }
            }
            Some(action @ (Action::Cap(_) | Action::Unseen(_) | Action::RegionSilent(_))) => {
                if endpoint == Some(Endpoint::Submit)
                    && reply.status == 202
                    && let Some(job) = self.jobs.last_mut()
                {
                    match action {
                        Action::Cap(most) => Arc::make_mut(&mut job.rows).truncate(most),
                        Action::Unseen(more) => job.matches += more,
                        Action::RegionSilent(fqdn) => job.silent_regions.push(fqdn),
                        _ => {}
                    }
                }
            }
        }
        let is_download = matches!(reply.body, Body::Rows(..) | Body::List(_));
        let mut body = text(reply.body, &self.options);
        if cut_text {
            body.truncate(body.len() / 2);
        }
        let mut headers = reply.headers;
        if is_download {
            body = pack(body, self.options.packing);
            if matches!(self.options.packing, Packing::Gzip | Packing::GzipMembers) {
                headers.push(("Content-Encoding".into(), "gzip".into()));
            }
        }
        if cut_packed {
            body.truncate(body.len() / 2);
        }
        headers.push(("Date".into(), date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        headers.push(("Cache-Control".into(), "no-store".into()));
        headers.push(("X-Request-Id".into(), format!("request-{}", self.requests.len())));
        Answer { status: reply.status, headers, body, ending, chunked: self.options.chunked }
    }

    fn serve(&mut self, endpoint: Endpoint, request: &Request, segments: &[&str]) -> Reply {
        if endpoint == Endpoint::NodeAvailable {
            return Reply::empty(200);
        }
        let credentials = format!("{}:{}", self.options.api_key, self.options.api_secret);
        let wanted = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
        if request.header("authorization") != Some(&wanted) {
            return Reply { body: Body::Empty, ..Reply::error(401, "", "") };
        }
        if let ["orgs", org, ..] = segments
            && *org != self.options.org_id.to_string()
        {
            return Reply::error(403, "forbidden_error", "Forbidden");
        }
        let id = segments.get(4).copied().unwrap_or_default();
        match endpoint {
            Endpoint::Submit => self.submit(request),
            Endpoint::List => Reply::json(200, self.jobs.iter().map(|job| self.status_of(job)).collect()),
            Endpoint::Status => self.poll(id),
            Endpoint::Download => self.download(id, request),
            Endpoint::Delete => match self.jobs.iter().position(|job| job.id == id) {
                Some(index) => {
                    self.jobs.remove(index);
                    Reply::empty(204)
                }
                None => gone(),
            },
            Endpoint::Events => self.events(request).unwrap_or_else(Reply::refused),
            Endpoint::Health => Reply::json(200, self.options.health.clone()),
            Endpoint::ProductVersion => Reply::json(
                200,
                json!({ "version": "25.2.40", "build": "1", "long_display": "25.2.40-1 (simulated)", "short_display": "25.2.40" }),
            ),
            Endpoint::Labels => {
                let rows = names::labels(&self.options.world, &self.options);
                self.lists.ask(request, rows, &self.options)
            }
            Endpoint::IpLists => {
                let rows = names::ip_lists(&self.options.world);
                self.lists.ask(request, rows, &self.options)
            }
            Endpoint::Vens => {
                let rows = self.options.vens.iter().map(|ven| ven.to_json(self.options.now)).collect();
                self.lists.ask(request, names::chosen(rows, request), &self.options)
            }
            Endpoint::Workloads => {
                let managed = self.options.vens.iter().filter(|ven| !ven.workload.is_empty());
                let mut rows: Vec<Value> = managed.map(|ven| ven.workload_json(self.options.now)).collect();
                if request.parameter("managed") != Some("true") {
                    names::add_unlisted(&mut rows, &self.options.world);
                }
                self.lists.ask(request, names::chosen(rows, request), &self.options)
            }
            Endpoint::Database => Reply::json(200, self.options.database.clone()),
            Endpoint::Job => self.lists.poll(segments.get(3).copied().unwrap_or_default(), &self.options),
            Endpoint::Datafile => self.lists.file(segments.get(3).copied().unwrap_or_default()),
            Endpoint::DeleteJob => self.lists.delete(segments.get(3).copied().unwrap_or_default()),
            Endpoint::Noop | Endpoint::NodeAvailable => Reply::empty(204),
        }
    }

    fn submit(&mut self, request: &Request) -> Reply {
        let Ok(parameters) = serde_json::from_slice::<Value>(&request.body) else {
            return Reply::error(400, "input_validation_error", "The body is not JSON");
        };
        let now = self.options.now;
        let query = match Query::read(&parameters, now) {
            Ok(query) => query,
            Err(refusal) => return Reply::refused(refusal),
        };
        let mut rows = self.options.world.record_set(now, query.from, query.to);
        rows.retain(|record| query.selects(record));
        let matches = rows.len() as u64;
        rows.truncate(query.max_results);
        self.submitted += 1;
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, self.submitted.to_string().as_bytes()).to_string();
        let job = Job {
            id: id.clone(),
            parameters,
            created_at: now,
            submitted: Instant::now(),
            polls: 0,
            rows: Arc::new(rows),
            matches,
            silent_regions: Vec::new(),
        };
        let mut body = self.status_of(&job);
        // However quick the query is, its first answer is always this one.
        body["status"] = json!("queued");
        for key in ["result", "matches_count", "flows_count", "regions"] {
            body.as_object_mut().map(|object| object.remove(key));
        }
        self.jobs.push(job);
        let mut reply = Reply::json(202, body);
        reply.headers.push(("Content-Location".into(), id));
        reply
    }

    fn poll(&mut self, id: &str) -> Reply {
        let Some(index) = self.jobs.iter().position(|job| job.id == id) else { return gone() };
        let reply = Reply::json(200, self.status_of(&self.jobs[index]));
        self.jobs[index].polls += 1;
        reply
    }

    fn stage(&self, job: &Job) -> &'static str {
        let (done, all) = match self.options.life {
            Life::Polls(polls) => (job.polls as f64, polls as f64),
            Life::Lasts(span) => (job.submitted.elapsed().as_secs_f64(), span.as_secs_f64()),
        };
        match () {
            () if done >= all => "completed",
            () if done * 3.0 < all => "queued",
            () => "working",
        }
    }

    fn status_of(&self, job: &Job) -> Value {
        let href = format!("/orgs/{}/traffic_flows/async_queries/{}", self.options.org_id, job.id);
        let stage = self.stage(job);
        let mut out = json!({
            "href": href,
            "status": stage,
            "created_by": { "href": "/users/1" },
            "query_parameters": job.parameters,
            "created_at": pce_format(job.created_at),
            "updated_at": pce_format(self.options.now),
        });
        if stage == "completed" {
            out["matches_count"] = json!(job.matches);
            out["flows_count"] = json!(job.rows.len());
            out["result"] = json!(format!("{href}/download"));
            if !job.silent_regions.is_empty() {
                let mut regions = vec![
                    json!({ "pce_fqdn": "pce.example.com", "responded": true, "matches_count": job.matches, "flows_count": job.rows.len() }),
                ];
                regions.extend(
                    job.silent_regions
                        .iter()
                        .map(|fqdn| json!({ "pce_fqdn": fqdn, "responded": false, "matches_count": 0, "flows_count": 0 })),
                );
                out["regions"] = json!(regions);
            }
        }
        out
    }

    fn download(&self, id: &str, request: &Request) -> Reply {
        let Some(job) = self.jobs.iter().find(|job| job.id == id && self.stage(job) == "completed") else { return gone() };
        let as_json = request.header("accept").is_some_and(|accept| accept.contains("application/json"));
        let kind = if as_json { "application/json" } else { "text/csv" };
        Reply { status: 200, headers: vec![("Content-Type".into(), kind.into())], body: Body::Rows(job.rows.clone(), as_json) }
    }

    fn events(&self, request: &Request) -> Result<Reply, Refusal> {
        let bound = |name: &str, default: Timestamp| query::instant(&json!(request.parameter(name)), default);
        let (from, to) = (bound("timestamp[gte]", Timestamp::MIN)?, bound("timestamp[lte]", Timestamp::MAX)?);
        let most = match request.parameter("max_results") {
            None => 100,
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|most| *most > 0)
                .ok_or_else(|| ("input_validation_error", "max_results must be a positive number".to_owned()))?,
        };
        let matches = |name: &str, event: &SimEvent| request.parameter(name).is_none_or(|wanted| event.body[name] == wanted);
        let mut found: Vec<(Timestamp, &Value)> = self
            .options
            .events
            .iter()
            .filter(|event| event.arrival <= self.options.now)
            .filter(|event| ["event_type", "severity", "status"].iter().all(|name| matches(name, event)))
            .filter_map(|event| Some((event.body["timestamp"].as_str().and_then(parse_pce_time)?, &event.body)))
            .filter(|(at, _)| from <= *at && *at <= to)
            .collect();
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        found.truncate(most.min(10_000));
        let mut reply = Reply::json(200, found.into_iter().map(|(_, body)| body.clone()).collect());
        // The PCE counts without the filter here.
        reply.headers.push(("X-Total-Count".into(), self.options.events.len().to_string()));
        Ok(reply)
    }
}

fn endpoint(method: &str, segments: &[&str]) -> Option<Endpoint> {
    Some(match (method, segments) {
        ("GET", ["health"]) => Endpoint::Health,
        ("GET", ["node_available"]) => Endpoint::NodeAvailable,
        ("GET", ["product_version"]) => Endpoint::ProductVersion,
        ("GET", ["noop"]) => Endpoint::Noop,
        ("GET", ["orgs", _, "labels"]) => Endpoint::Labels,
        ("GET", ["orgs", _, "sec_policy", "draft", "ip_lists"]) => Endpoint::IpLists,
        ("GET", ["orgs", _, "vens"]) => Endpoint::Vens,
        ("GET", ["orgs", _, "workloads"]) => Endpoint::Workloads,
        ("GET", ["orgs", _, "traffic_flows", "database_metrics"]) => Endpoint::Database,
        ("GET", ["orgs", _, "jobs", _]) => Endpoint::Job,
        ("GET", ["orgs", _, "datafiles", _]) => Endpoint::Datafile,
        ("DELETE", ["orgs", _, "jobs", _]) => Endpoint::DeleteJob,
        ("GET", ["orgs", _, "events"]) => Endpoint::Events,
        ("POST", ["orgs", _, "traffic_flows", "async_queries"]) => Endpoint::Submit,
        ("GET", ["orgs", _, "traffic_flows", "async_queries"]) => Endpoint::List,
        ("GET", ["orgs", _, "traffic_flows", "async_queries", _]) => Endpoint::Status,
        ("GET", ["orgs", _, "traffic_flows", "async_queries", _, "download"]) => Endpoint::Download,
        ("DELETE", ["orgs", _, "traffic_flows", "async_queries", _]) => Endpoint::Delete,
        _ => return None,
    })
}

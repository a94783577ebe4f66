//! The simulated PCE over real sockets.

use base64::Engine;
use jiff::Timestamp;
use pcemon::domain::time::{after, before};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::generate::Params;
use pcemon::sim::options::{Layout, Life, Options, Packing, SimEvent};
use pcemon::sim::server::Sim;
use pcemon::sim::world::World;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const QUERIES: &str = "/orgs/1/traffic_flows/async_queries";

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn options() -> Options {
    let start = before(now(), Duration::from_secs(3 * 3_600));
    Options::new(World::generate(&Params { icmp: 4, ..Params::small(5, start) }), now())
}

struct Got {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: Result<Vec<u8>, String>,
}

impl Got {
    fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap()
    }
    fn json(&self) -> Value {
        serde_json::from_slice(self.bytes()).unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(self.bytes())))
    }
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

struct Client {
    agent: ureq::Agent,
    base: String,
    credentials: String,
}

impl Client {
    fn new(sim: &Sim, options: &Options) -> Client {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        Client { agent, base: format!("{}/api/v2", sim.url()), credentials: format!("{}:{}", options.api_key, options.api_secret) }
    }

    fn send(&self, method: &str, path: &str, accept: Option<&str>, body: &str) -> Result<Got, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if !self.credentials.is_empty() {
            let token = base64::engine::general_purpose::STANDARD.encode(&self.credentials);
            request = request.header("Authorization", format!("Basic {token}"));
        }
        if let Some(accept) = accept {
            request = request.header("Accept", accept);
        }
        let mut answer = match method {
            "POST" => self.agent.run(request.body(body.to_owned()).unwrap())?,
            _ => self.agent.run(request.body(()).unwrap())?,
        };
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec().map_err(|error| error.to_string());
        Ok(Got { status: answer.status().as_u16(), headers: answer.headers().clone(), body })
    }

    fn get(&self, path: &str) -> Got {
        self.send("GET", path, Some("application/json"), "").unwrap()
    }

    fn post(&self, query: &Value) -> Got {
        self.send("POST", QUERIES, Some("application/json"), &query.to_string()).unwrap()
    }

    /// Submits, polls to the end, downloads; the last status and the rows.
    fn run(&self, query: &Value) -> (Value, Vec<Value>) {
        let href = self.post(query).json()["href"].as_str().unwrap().to_owned();
        let status = (0..50).map(|_| self.get(&href).json()).find(|status| status["status"] == "completed").unwrap();
        let rows = self.get(status["result"].as_str().unwrap());
        assert_eq!(rows.status, 200);
        (status, serde_json::from_slice(&plain(rows.bytes())).unwrap())
    }
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes.to_vec();
    }
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn query() -> Value {
    json!({
        "query_name": "test", "start_date": "2026-11-20T00:00:00Z", "end_date": "2026-11-20T10:00:00Z",
        "sources": { "include": [[]], "exclude": [] }, "destinations": { "include": [], "exclude": [] },
        "services": { "include": [], "exclude": [] }, "policy_decisions": [], "max_results": 200000,
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut out = query();
    out[key] = value;
    out
}

fn fault(endpoint: Endpoint, action: Action) -> Options {
    Options { faults: vec![Fault::new(endpoint, 1..=1, action)], ..options() }
}

#[test]
fn a_query_lives_from_queued_to_deleted() {
    let options = Options { life: Life::Polls(2), ..options() };
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let posted = client.post(&query());
    assert_eq!((posted.status, posted.json()["status"].as_str()), (202, Some("queued")));
    assert!(posted.json().get("result").is_none());
    let href = posted.json()["href"].as_str().unwrap().to_owned();
    assert!(href.ends_with(posted.header("content-location").unwrap()));
    assert_eq!(client.get(&format!("{href}/download")).status, 404, "not finished");
    let states: Vec<Value> = (0..3).map(|_| client.get(&href).json()).collect();
    assert_eq!(states.iter().map(|s| s["status"].as_str().unwrap()).collect::<Vec<_>>(), ["queued", "working", "completed"]);
    assert!(states[1].get("matches_count").is_none());
    let rows: Vec<Value> = serde_json::from_slice(&plain(client.get(states[2]["result"].as_str().unwrap()).bytes())).unwrap();
    assert!(rows.len() > 20);
    assert_eq!(states[2]["flows_count"], rows.len());
    assert_eq!(states[2]["matches_count"], rows.len());
    let want = options.world.record_set(now(), "2026-11-20T00:00:00Z".parse().unwrap(), now());
    assert_eq!(rows, want.iter().map(|record| record.to_json()).collect::<Vec<_>>());
    assert_eq!(client.get(QUERIES).json()[0]["query_parameters"]["query_name"], "test");
    assert_eq!(sim.queries_left(), 1);
    assert_eq!(client.send("DELETE", &href, None, "").unwrap().status, 204);
    assert_eq!((client.get(&href).status, sim.queries_left()), (404, 0));
    let seen = sim.requests();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/api/v2/orgs/1/traffic_flows/async_queries"));
    assert_eq!(seen[0].json()["max_results"], 200_000);
    assert_eq!(seen[1].header("accept"), Some("application/json"));
}

#[test]
fn credentials_and_org_are_checked() {
    let options = options();
    let sim = Sim::start(options.clone()).unwrap();
    let mut client = Client::new(&sim, &options);
    assert_eq!(client.get("/orgs/2/events").status, 403);
    assert_eq!(client.get("/noop").status, 204);
    assert_eq!(client.get("/orgs/1/nothing").status, 404);
    client.credentials = "api_1:wrong".to_owned();
    assert_eq!(client.get("/health").status, 401);
    client.credentials.clear();
    assert_eq!(client.get("/product_version").status, 401);
    assert_eq!(client.get("/node_available").status, 200);
}

#[test]
fn what_a_pce_refuses_is_refused() {
    let options = options();
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let side = |include: Value| json!({ "include": include, "exclude": [] });
    for (bad, token) in [
        (with("start_date", json!("2026-11-20T00:00:00")), "invalid_timestamp"),
        (with("end_date", json!("2026-11-20")), "invalid_timestamp"),
        (with("sources", side(json!([[{ "ip_address": { "value": "10.1.1.1" } }]]))), "input_validation_error"),
        (with("sources", side(json!([{ "ip_address": "10.1.1.1" }]))), "input_validation_error"),
        (with("destinations", side(json!([[{ "transmission": "broadcast" }]]))), "input_validation_error"),
        (with("max_results", json!(200_001)), "input_validation_error"),
        (with("policy_decisions", json!(["denied"])), "input_validation_error"),
    ] {
        let got = client.post(&bad);
        assert_eq!((got.status, got.json()[0]["token"].as_str()), (406, Some(token)), "{bad}");
        assert!(got.json()[0]["message"].is_string());
    }
    assert_eq!(client.get("/orgs/1/events?timestamp%5Bgte%5D=2026-11-20T00:00:00").status, 406);
    assert_eq!(sim.queries_left(), 0);
}

#[test]
fn filters_select_rows() {
    let options = options();
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let all = client.run(&query()).1;
    let port = |row: &Value| row["service"]["port"].as_u64();
    let check = |query: Value, want: &dyn Fn(&Value) -> bool| {
        let want: Vec<&Value> = all.iter().filter(|row| want(row)).collect();
        assert!(!want.is_empty() && want.len() < all.len(), "a filter that proves nothing: {query}");
        assert_eq!(client.run(&query).1.iter().collect::<Vec<_>>(), want, "{query}");
    };
    check(with("policy_decisions", json!(["blocked", "unknown"])), &|row| {
        row["policy_decision"] == "blocked" || row["policy_decision"] == "unknown"
    });
    check(with("services", json!({ "include": [{ "port": 100, "to_port": 4000 }, { "proto": 1 }], "exclude": [] })), &|row| {
        port(row).is_some_and(|port| (100..=4_000).contains(&port)) || row["service"]["proto"] == 1
    });
    check(with("services", json!({ "include": [], "exclude": [{ "port": 0, "to_port": 65_535 }] })), &|row| port(row).is_none());
    check(with("services", json!({ "include": [{ "proto": 17 }], "exclude": [{ "port": 53, "proto": 17 }] })), &|row| {
        row["service"]["proto"] == 17 && port(row) != Some(53)
    });
    check(with("start_date", json!("2026-11-20T09:40:00Z")), &|row| {
        row["timestamp_range"]["last_detected"].as_str().unwrap() >= "2026-11-20T09:40:00Z"
    });
    check(with("end_date", json!("2026-11-20T16:00:00+08:00")), &|row| {
        row["timestamp_range"]["first_detected"].as_str().unwrap() <= "2026-11-20T08:00:00Z"
    });
    let ip = all[0]["src"]["ip"].as_str().unwrap();
    check(with("sources", json!({ "include": [[{ "ip_address": ip }]], "exclude": [] })), &|row| row["src"]["ip"] == ip);
    let (status, rows) = client.run(&with("max_results", json!(3)));
    assert_eq!((rows.len(), &status["flows_count"], &status["matches_count"]), (3, &json!(3), &json!(all.len())));
}

#[test]
fn the_clock_decides_what_is_known() {
    let options = options();
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let earlier = before(now(), Duration::from_secs(3_600));
    sim.set_now(earlier);
    let total = |rows: &[Value]| rows.iter().map(|row| row["num_connections"].as_u64().unwrap()).sum::<u64>();
    let before = total(&client.run(&query()).1);
    assert_eq!(client.get("/health").header("date"), Some("Fri, 20 Nov 2026 09:00:00 GMT"));
    sim.set_now(now());
    let after = total(&client.run(&query()).1);
    assert!(0 < before && before < after, "{before} {after}");
}

#[test]
fn every_shape_of_a_download() {
    for packing in [Packing::Identity, Packing::Gzip, Packing::GzipUnmarked, Packing::GzipMembers] {
        for layout in [Layout::OneLine, Layout::RowPerLine, Layout::Pretty, Layout::Ndjson] {
            for chunked in [false, true] {
                let options = Options { packing, layout, chunked, life: Life::Polls(0), ..options() };
                let sim = Sim::start(options.clone()).unwrap();
                let client = Client::new(&sim, &options);
                let href = client.post(&query()).json()["href"].as_str().unwrap().to_owned();
                let status = client.get(&href).json();
                let got = client.get(status["result"].as_str().unwrap());
                assert_eq!(got.header("content-encoding"), matches!(packing, Packing::Gzip | Packing::GzipMembers).then_some("gzip"));
                assert_eq!(got.bytes().starts_with(&[0x1f, 0x8b]), packing != Packing::Identity);
                let text = String::from_utf8(plain(got.bytes())).unwrap();
                let lines = text.lines().count();
                let count = status["flows_count"].as_u64().unwrap() as usize;
                let rows: Vec<Value> = match layout {
                    Layout::Ndjson => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
                    _ => serde_json::from_str(&text).unwrap(),
                };
                assert_eq!(rows.len(), count);
                match layout {
                    Layout::OneLine => assert_eq!(lines, 1),
                    Layout::RowPerLine => assert_eq!(lines, count + 2),
                    Layout::Ndjson => assert_eq!(lines, count),
                    Layout::Pretty => assert!(lines > 20 * count),
                }
            }
        }
    }
}

#[test]
fn rows_may_hold_what_nobody_knows() {
    let extras = json!({ "policy_decision": "quarantined", "new_key": [1, { "a": null }] });
    let options = Options { row_extras: extras.as_object().unwrap().clone(), ..options() };
    let sim = Sim::start(options.clone()).unwrap();
    let rows = Client::new(&sim, &options).run(&query()).1;
    assert!(!rows.is_empty() && rows.iter().all(|row| row["policy_decision"] == "quarantined" && row["new_key"][1]["a"].is_null()));
}

#[test]
fn csv_comes_unless_json_is_asked_for() {
    let options = Options { packing: Packing::Identity, life: Life::Polls(0), ..options() };
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let href = client.post(&query()).json()["href"].as_str().unwrap().to_owned();
    let got = client.send("GET", &format!("{href}/download"), Some("*/*"), "").unwrap();
    assert!(got.bytes().starts_with(b"Source IP,"));
    assert_eq!(got.header("content-type"), Some("text/csv"));
}

#[test]
fn queries_that_end_badly_or_incompletely() {
    let run = |options: Options| {
        let sim = Sim::start(options.clone()).unwrap();
        Client::new(&sim, &options).run(&query())
    };
    let full = run(options()).1.len();
    let (status, rows) = run(fault(Endpoint::Submit, Action::Cap(5)));
    assert_eq!((&status["flows_count"], &status["matches_count"], rows.len()), (&json!(5), &json!(full), 5));
    let (status, rows) = run(fault(Endpoint::Submit, Action::Unseen(7)));
    assert_eq!((&status["flows_count"], &status["matches_count"], rows.len()), (&json!(full), &json!(full + 7), full));
    let (status, _) = run(fault(Endpoint::Submit, Action::RegionSilent("eu.example.com".to_owned())));
    assert_eq!((&status["regions"][1]["pce_fqdn"], &status["regions"][1]["responded"]), (&json!("eu.example.com"), &json!(false)));
    let (status, rows) = run(fault(Endpoint::Download, Action::NoRows));
    assert_eq!((&status["flows_count"], rows.len()), (&json!(full), 0));

    let options = Options { life: Life::Polls(0), ..fault(Endpoint::Status, Action::QueryState("canceled".to_owned())) };
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let href = client.post(&query()).json()["href"].as_str().unwrap().to_owned();
    let status = client.get(&href).json();
    assert_eq!(status["status"], "canceled");
    assert!(status.get("result").is_none());
    assert_eq!(client.get(&href).json()["status"], "completed", "only the first call was faulty");

    let there = "https://elsewhere.example.com/file";
    let (status, _) = {
        let options = Options { life: Life::Polls(0), ..fault(Endpoint::Status, Action::ResultHref(there.to_owned())) };
        let sim = Sim::start(options.clone()).unwrap();
        let client = Client::new(&sim, &options);
        let href = client.post(&query()).json()["href"].as_str().unwrap().to_owned();
        (client.get(&href).json(), ())
    };
    assert_eq!(status["result"], there);
}

#[test]
fn answers_that_are_not_what_was_asked_for() {
    let first = |action: Action| {
        let options = fault(Endpoint::Health, action);
        let sim = Sim::start(options.clone()).unwrap();
        let client = Client::new(&sim, &options);
        let got = client.get("/health");
        assert_eq!(client.get("/health").json()[0]["status"], "normal", "only the first call was faulty");
        got
    };
    let got = first(Action::too_many(Some("1")));
    assert_eq!((got.status, got.header("retry-after")), (429, Some("1")));
    assert_eq!(first(Action::too_many(None)).header("retry-after"), None);
    assert_eq!(first(Action::html(502)).status, 502);
    assert!(first(Action::html(200)).bytes().starts_with(b"<html>"));
    assert_eq!(first(Action::redirect("https://elsewhere.example.com/")).header("location"), Some("https://elsewhere.example.com/"));
    let got = first(Action::Date("2020-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!((got.status, got.header("date")), (200, Some("Wed, 01 Jan 2020 00:00:00 GMT")));
    let got = first(Action::TruncateText);
    assert!(got.status == 200 && serde_json::from_slice::<Value>(got.bytes()).is_err());
    assert!(first(Action::DropMidBody).body.is_err());
    let got = first(Action::EmptyBody);
    assert_eq!((got.status, got.bytes()), (200, &b""[..]));
}

#[test]
fn a_cut_download_is_cut_where_it_says() {
    for (action, reads_as_gzip) in [(Action::TruncateText, true), (Action::TruncatePacked, false)] {
        let options = Options { life: Life::Polls(0), ..fault(Endpoint::Download, action) };
        let sim = Sim::start(options.clone()).unwrap();
        let client = Client::new(&sim, &options);
        let href = client.post(&query()).json()["href"].as_str().unwrap().to_owned();
        let got = client.get(&format!("{href}/download"));
        let mut text = Vec::new();
        let read = flate2::read::MultiGzDecoder::new(got.bytes()).read_to_end(&mut text);
        assert_eq!(read.is_ok(), reads_as_gzip);
        assert!(text.starts_with(b"[{") && serde_json::from_slice::<Value>(&text).is_err());
    }
}

#[test]
fn a_submission_whose_answer_is_lost_has_still_happened() {
    let options = fault(Endpoint::Submit, Action::DropBeforeAnswer);
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    assert!(client.send("POST", QUERIES, None, &query().to_string()).is_err());
    assert_eq!(client.get(QUERIES).json().as_array().unwrap().len(), 1);
    let options = fault(Endpoint::Submit, Action::EmptyBody);
    let sim = Sim::start(options.clone()).unwrap();
    let got = Client::new(&sim, &options).post(&query());
    assert_eq!((got.status, got.bytes().len()), (202, 0));
    assert!(got.header("content-location").is_some());
}

#[test]
fn a_hanging_answer_ends_when_the_simulation_stops() {
    let options = fault(Endpoint::Health, Action::Hang);
    let sim = Sim::start(options.clone()).unwrap();
    let mut stream = TcpStream::connect(sim.url().strip_prefix("http://").unwrap()).unwrap();
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", options.api_key, options.api_secret));
    write!(stream, "GET /api/v2/node_available HTTP/1.1\r\nHost: x\r\n\r\nGET /api/v2/health HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 200 OK\r\n"));
    while sim.requests().len() < 2 {
        std::thread::yield_now();
    }
    drop(sim);
    // Closed or reset, but no byte of an answer.
    assert!(!matches!(stream.read(&mut [0; 64]), Ok(count) if count > 0));
}

#[test]
fn events_come_newest_first_within_inclusive_bounds() {
    let event = |minute: u64, late: u64, kind: &str| {
        let at = before(now(), Duration::from_secs(minute * 60));
        let body = json!({ "href": format!("/orgs/1/events/{minute}"), "timestamp": at.to_string(), "event_type": kind, "severity": "info", "status": null });
        SimEvent { arrival: after(at, Duration::from_secs(late * 60)), body }
    };
    let mut events: Vec<SimEvent> = (0..120).map(|minute| event(minute, 0, "user.sign_in")).collect();
    events.push(event(200, 205, "agent.tampering"));
    let options = Options { events, ..options() };
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let hrefs = |parameters: &str| -> Vec<String> {
        let got = client.get(&format!("/orgs/1/events?{parameters}")).json();
        got.as_array().unwrap().iter().map(|event| event["href"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
    };
    assert_eq!(hrefs("").len(), 100);
    assert_eq!(hrefs("max_results=20000").len(), 120);
    assert_eq!(hrefs("max_results=2"), ["0", "1"]);
    assert_eq!(hrefs("timestamp%5Bgte%5D=2026-11-20T09:55:00Z&timestamp%5Blte%5D=2026-11-20T09:57:00%2B00:00"), ["3", "4", "5"]);
    assert_eq!(hrefs("event_type=agent.tampering"), [""; 0]);
    sim.set_now(after(now(), Duration::from_secs(600)));
    assert_eq!(hrefs("event_type=agent.tampering"), ["200"], "it arrived late, under its old time");
}

#[test]
fn a_long_list_is_cut_or_comes_as_the_file_of_a_job() {
    let mut options = options();
    let one = pcemon::sim::fleet::of_world(&options.world).remove(0);
    options.vens = (1..=700).map(|number| pcemon::sim::fleet::SimVen { number, ..one.clone() }).collect();
    let sim = Sim::start(options.clone()).unwrap();
    let client = Client::new(&sim, &options);
    let cut = client.get("/orgs/1/vens?max_results=9999");
    assert_eq!((cut.json().as_array().unwrap().len(), cut.header("x-total-count")), (500, Some("700")));
    assert_eq!(client.get("/orgs/1/workloads?managed=true&max_results=3").json().as_array().unwrap().len(), 3);
    assert_eq!(client.get("/orgs/1/traffic_flows/database_metrics").json()["flows_days_limit"], 90);
    assert_eq!((client.get("/orgs/1/jobs/none").status, client.get("/orgs/1/datafiles/none").status), (404, 404));
}

//! A PCE over real sockets that behaves well unless a test says otherwise, and what must hold for
//! every conversation with it.

use super::scripted::{Reply, Request, Scripted};
use pcemon::domain::secret::{Secret, SecretSource};
use pcemon::files::recorder::Recorder;
use pcemon::pce::PceSettings;
use pcemon::pce::{Client, ClientOptions, Pace};
use pcemon::sources::recorded_as;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const COLLECTION: &str = "/api/v2/orgs/1/traffic_flows/async_queries";
pub const NOW: &str = "2026-08-03T06:30:00Z";
pub const KEY: &str = "api_1234567890abcdef0";
pub const SECRET: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
pub const HTML: &str = "<!DOCTYPE html><html><body>Please log in</body></html>";

/// Time that passes only when it is waited for, and may set a flag at a certain moment.
pub struct FakePace {
    pub start: Instant,
    pub passed: Mutex<Duration>,
    pub at: Mutex<Option<(Duration, Arc<AtomicBool>)>>,
}

impl Default for FakePace {
    fn default() -> Self {
        FakePace { start: Instant::now(), passed: Mutex::default(), at: Mutex::default() }
    }
}

impl FakePace {
    pub fn passed(&self) -> Duration {
        *self.passed.lock().unwrap()
    }
}

impl Pace for FakePace {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn sleep(&self, span: Duration) {
        assert!(span <= Duration::from_millis(100), "a stop must be noticed within 100 ms");
        let mut passed = self.passed.lock().unwrap();
        *passed += span;
        if let Some((when, flag)) = &*self.at.lock().unwrap()
            && *passed >= *when
        {
            flag.store(true, Ordering::SeqCst);
        }
    }
}

/// One flow record of the fake.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: u64,
    pub decision: &'static str,
    pub proto: u64,
    pub port: Option<u64>,
    /// Its day bucket.
    pub day: &'static str,
}

pub fn row(id: u64) -> Row {
    Row { id, decision: "allowed", proto: 6, port: Some(443), day: "2026-08-03" }
}

#[derive(Debug, Clone)]
pub struct Query {
    pub id: String,
    pub body: Value,
    pub polls: u32,
    pub downloads: u32,
    pub deleted: bool,
}

/// A well-behaved PCE; tests override single answers.
#[derive(Default)]
pub struct Pce {
    pub rows: Vec<Row>,
    /// Rows that the key may not see (by id).
    pub hidden: BTreeSet<u64>,
    pub queries: Vec<Query>,
}

impl Pce {
    pub fn answer(&mut self, request: &Request) -> Reply {
        let path = request.path().to_owned();
        if path == COLLECTION {
            return match request.method.as_str() {
                "POST" => self.create(request),
                _ => Reply::json(200, Value::from(self.list()).to_string()),
            };
        }
        let Some(rest) = path.strip_prefix(&format!("{COLLECTION}/")) else {
            return Reply::json(404, r#"[{"token":"invalid_uri","message":"Invalid URI"}]"#);
        };
        let (id, download) = match rest.strip_suffix("/download") {
            Some(id) => (id, true),
            None => (rest, false),
        };
        let Some(at) = self.queries.iter().position(|query| query.id == id && !query.deleted) else {
            return Reply::json(404, r#"[{"token":"not_found_error","message":"Not found"}]"#);
        };
        if request.method == "DELETE" {
            self.queries[at].deleted = true;
            return Reply::new(204);
        }
        let (matches, rows) = self.result(&self.queries[at].body);
        let query = &mut self.queries[at];
        if download {
            query.downloads += 1;
            let body: Vec<Value> = rows.iter().map(|row| json!({"id": row.id, "padding": "x".repeat(50)})).collect();
            return Reply::json(200, Value::from(body).to_string()).gzip(true).chunked();
        }
        query.polls += 1;
        Reply::json(200, status(id, "completed", matches, rows.len()).to_string())
    }

    pub fn create(&mut self, request: &Request) -> Reply {
        let id = format!("q{}", self.queries.len());
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        for key in ["start_date", "end_date"] {
            if !body[key].as_str().unwrap().ends_with('Z') {
                return Reply::json(406, r#"[{"token":"invalid_timestamp","message":"no zone"}]"#);
            }
        }
        self.queries.push(Query { id: id.clone(), body, polls: 0, downloads: 0, deleted: false });
        Reply::json(202, json!({"href": href(&id), "status": "queued"}).to_string()).header("content-location", id)
    }

    pub fn list(&self) -> Vec<Value> {
        self.queries
            .iter()
            .filter(|query| !query.deleted)
            .map(|query| json!({"href": href(&query.id), "status": "queued", "query_parameters": query.body}))
            .collect()
    }

    /// Rows that match, and those that come.
    pub fn result(&self, body: &Value) -> (usize, Vec<Row>) {
        let matching: Vec<&Row> = self.rows.iter().filter(|row| matches(row, body)).collect();
        let seen = matching.iter().filter(|row| !self.hidden.contains(&row.id));
        let rows = seen.take(body["max_results"].as_u64().unwrap() as usize).map(|row| (*row).clone()).collect();
        (matching.len(), rows)
    }
}

pub fn href(id: &str) -> String {
    format!("/orgs/1/traffic_flows/async_queries/{id}")
}

pub fn status(id: &str, status: &str, matches: usize, flows: usize) -> Value {
    json!({"href": href(id), "status": status, "matches_count": matches, "flows_count": flows, "result": format!("{}/download", href(id))})
}

pub fn matches(row: &Row, body: &Value) -> bool {
    let decisions = body["policy_decisions"].as_array().unwrap();
    let service = |item: &Value| {
        let ports = item.get("port").and_then(Value::as_u64).map(|from| from..=item.get("to_port").and_then(Value::as_u64).unwrap_or(from));
        item.get("proto").and_then(Value::as_u64).is_none_or(|proto| proto == row.proto)
            && ports.is_none_or(|ports| row.port.is_some_and(|port| ports.contains(&port)))
    };
    let included = body["services"]["include"].as_array().unwrap();
    let excluded = body["services"]["exclude"].as_array().unwrap();
    let (start, end) = (body["start_date"].as_str().unwrap(), body["end_date"].as_str().unwrap());
    (decisions.is_empty() || decisions.contains(&Value::from(row.decision)))
        && (included.is_empty() || included.iter().any(service))
        && !excluded.iter().any(service)
        && start < format!("{}T24:00:00Z", row.day).as_str()
        && end > format!("{}T00:00:00Z", row.day).as_str()
}

/// What a test changes about the world.
pub struct World {
    pub pce: Arc<Mutex<Pce>>,
    pub server: Scripted,
    pub pace: Arc<FakePace>,
    pub stop: Arc<AtomicBool>,
    pub record: Option<PathBuf>,
    pub deadline: Duration,
    pub query_timeout: Duration,
}

pub type Special = Box<dyn FnMut(&Request, &mut Pce) -> Option<Reply> + Send>;

impl World {
    /// A PCE that answers by `special` first, and well otherwise.
    pub fn new(pce: Pce, special: impl FnMut(&Request, &mut Pce) -> Option<Reply> + Send + 'static) -> World {
        let pce = Arc::new(Mutex::new(pce));
        let shared = Arc::clone(&pce);
        let mut special: Special = Box::new(special);
        let server = Scripted::start(move |request| {
            let mut pce = shared.lock().unwrap();
            special(request, &mut pce).unwrap_or_else(|| pce.answer(request))
        });
        World {
            pce,
            server,
            pace: Arc::default(),
            stop: Arc::default(),
            record: None,
            deadline: Duration::from_secs(1_200),
            query_timeout: Duration::from_secs(900),
        }
    }

    pub fn client(&self) -> Client {
        self.client_with(|_| ())
    }

    /// A client whose settings differ from the usual ones.
    pub fn client_with(&self, change: impl FnOnce(&mut PceSettings)) -> Client {
        let mut settings = PceSettings {
            url: self.server.url().parse().unwrap(),
            org_id: 1,
            api_key: SecretSource::Plain(Secret::new(KEY)),
            api_secret: SecretSource::Plain(Secret::new(SECRET)),
            ca_file: None,
            insecure_skip_verify: false,
            proxy: None,
            request_timeout: Duration::from_secs(20),
            query_timeout: self.query_timeout,
            max_results: 200_000,
        };
        change(&mut settings);
        let options = ClientOptions {
            now: NOW.parse().unwrap(),
            deadline: self.pace.start + self.deadline,
            stop: Arc::clone(&self.stop),
            record: self.record.as_ref().map(|folder| Recorder::new(folder, recorded_as).unwrap()),
            pace: Arc::clone(&self.pace) as Arc<dyn Pace>,
        };
        Client::new(&settings, Secret::new(KEY), Secret::new(SECRET), options).unwrap()
    }

    /// Runs a conversation, lets the client go, and proves what holds for every conversation.
    pub fn talk<T>(&self, conversation: impl FnOnce(&Client) -> T) -> T {
        let client = self.client();
        let result = conversation(&client);
        drop(client);
        self.prove();
        result
    }

    pub fn prove(&self) {
        use base64::Engine;
        let expected = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:{SECRET}")));
        for request in self.server.requests() {
            let path = request.path();
            let allowed = match request.method.as_str() {
                "GET" => true,
                "POST" => path == COLLECTION,
                "DELETE" => path.strip_prefix(&format!("{COLLECTION}/")).is_some_and(|id| !id.is_empty() && !id.contains('/')),
                _ => false,
            };
            assert!(allowed, "{} {path}", request.method);
            assert_eq!(request.header("authorization"), Some(expected.as_str()), "{} {path}", request.method);
            assert_eq!(request.header("accept"), Some("application/json"), "{} {path}", request.method);
            assert_eq!(request.header("accept-encoding"), Some("gzip"));
        }
        let left: Vec<String> =
            self.pce.lock().unwrap().queries.iter().filter(|query| !query.deleted).map(|query| query.id.clone()).collect();
        assert!(left.is_empty(), "left behind at the PCE: {left:?}");
    }

    pub fn count(&self, method: &str, path_ends: &str) -> usize {
        self.server.requests().iter().filter(|request| request.method == method && request.path().ends_with(path_ends)).count()
    }
}

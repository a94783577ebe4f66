//! The PCE client against a PCE that misbehaves in every known way, over real sockets.

use crate::support::closed::ClosedPort;
use crate::support::pce::{COLLECTION, HTML, KEY, NOW, Pce, Query, Row, SECRET, World, href, row, status};
use crate::support::scripted::{Reply, Request, Scripted, gzip};
use pcemon::domain::fault::{Fault, Party};
use pcemon::domain::record::{Decision, HealthStatus};
use pcemon::domain::secret::{Secret, SecretSource};
use pcemon::pce::PceSettings;
use pcemon::pce::traffic::{AnswerSink, BodyError, ServiceFilter, TrafficAnswer, TrafficQuery, collect, submit};
use pcemon::pce::{Client, ClientOptions, ErrorKind, Listed, Pace, PceError};
use pcemon::sources::events::Events;
use pcemon::sources::health::Clusters;
use pcemon::sources::{Assembled, Assembler};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Gathers the ids of rows.
#[derive(Default)]
struct Ids {
    parts: Vec<u32>,
    ids: BTreeSet<u64>,
}

impl AnswerSink for Ids {
    fn part(&mut self, part: u32, body: &mut (dyn Read + Send)) -> Result<u64, BodyError> {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).map_err(|error| BodyError::Network(error.to_string()))?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(bytes.as_slice())
                .read_to_end(&mut plain)
                .map_err(|error| BodyError::Content(error.to_string()))?;
            bytes = plain;
        }
        let rows: Vec<Value> = serde_json::from_slice(&bytes).map_err(|error| BodyError::Content(error.to_string()))?;
        self.parts.push(part);
        self.ids.extend(rows.iter().map(|row| row["id"].as_u64().unwrap()));
        Ok(rows.len() as u64)
    }
}

fn query(max_results: u64) -> TrafficQuery {
    TrafficQuery {
        from: "2026-08-03T05:00:00Z".parse().unwrap(),
        to: "2026-08-03T06:00:00Z".parse().unwrap(),
        decisions: vec![],
        services: vec![],
        max_results,
    }
}

fn ask(client: &Client, query: &TrafficQuery) -> Result<(TrafficAnswer, Ids), PceError> {
    let mut sink = Ids::default();
    let submitted = submit(client, query)?;
    let answer = collect(client, submitted, &mut sink, &|_| {})?;
    Ok((answer, sink))
}

fn rows(count: u64) -> Vec<Row> {
    (0..count).map(row).collect()
}

fn plain(count: u64) -> Pce {
    Pce { rows: rows(count), ..Pce::default() }
}

/// Answers by `replies` one after the other to what `wanted` picks, then as the PCE does.
fn first(
    wanted: impl Fn(&Request) -> bool + Send + 'static,
    replies: Vec<Reply>,
) -> impl FnMut(&Request, &mut Pce) -> Option<Reply> + Send {
    let mut replies = replies.into_iter();
    move |request, _| if wanted(request) { replies.next() } else { None }
}

fn is_poll(request: &Request) -> bool {
    request.method == "GET" && request.path().starts_with(&format!("{COLLECTION}/")) && !is_download(request)
}

fn is_download(request: &Request) -> bool {
    request.path().ends_with("/download")
}

fn is_post(request: &Request) -> bool {
    request.method == "POST"
}

fn whole(world: &World, count: u64) -> TrafficAnswer {
    let (answer, sink) = world.talk(|client| ask(client, &query(1_000))).unwrap();
    assert_eq!(sink.ids, (0..count).collect());
    assert_eq!(answer.missing, None);
    answer
}

fn failure(world: &World) -> PceError {
    let error = world.talk(|client| ask(client, &query(1_000)).map(|(answer, _)| answer)).unwrap_err();
    for hidden in [KEY, SECRET, "YXBp"] {
        assert!(!format!("{error} {error:?}").contains(hidden), "{error}");
    }
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

#[test]
fn a_query_is_submitted_polled_downloaded_and_deleted() {
    let world = World::new(plain(100), |_, _| None);
    let answer = whole(&world, 100);
    assert_eq!((answer.rows, answer.queries), (100, 1));
    assert!(answer.bytes > 0);
    let requests = world.server.requests();
    assert_eq!(requests.iter().map(|request| request.method.as_str()).collect::<Vec<_>>(), ["POST", "GET", "GET", "DELETE"]);
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!((body["start_date"].as_str(), body["end_date"].as_str()), (Some("2026-08-03T05:00:00Z"), Some("2026-08-03T06:00:00Z")));
    assert_eq!(body["sources"], json!({"include": [[]], "exclude": []}));
    assert_eq!(body["policy_decisions"], json!([]));
    assert!(body["query_name"].as_str().unwrap().starts_with("pcemon "));
}

#[test]
fn filters_reach_the_pce() {
    let mut pce = plain(1);
    pce.rows.push(Row { id: 1, decision: "blocked", ..row(1) });
    pce.rows.push(Row { id: 2, decision: "blocked", port: Some(80), ..row(2) });
    let world = World::new(pce, |_, _| None);
    let query = TrafficQuery {
        decisions: vec![Decision::Blocked],
        services: vec![ServiceFilter { from_port: Some(400), to_port: Some(500), proto: Some(6) }],
        ..query(10)
    };
    let (answer, sink) = world.talk(|client| ask(client, &query)).unwrap();
    assert_eq!((answer.rows, sink.ids), (1, BTreeSet::from([1])));
}

#[test]
fn bodies_of_every_encoding() {
    let body = br#"[{"id":0},{"id":1}]"#;
    let halves = [gzip(&body[..7]), gzip(&body[7..])].concat();
    for reply in [
        Reply::json(200, body.as_slice()),
        Reply::json(200, body.as_slice()).chunked(),
        Reply::json(200, body.as_slice()).gzip(true),
        Reply::json(200, body.as_slice()).gzip(false),
        Reply::json(200, halves),
        Reply::new(200).body(body.as_slice()),
    ] {
        let world = World::new(plain(2), first(is_download, vec![reply]));
        whole(&world, 2);
        assert_eq!(world.count("GET", "/download"), 1);
    }
    // Control answers are decompressed by their first bytes too.
    for announced in [true, false] {
        let world =
            World::new(plain(2), first(is_poll, vec![Reply::json(200, status("q0", "completed", 2, 2).to_string()).gzip(announced)]));
        whole(&world, 2);
    }
}

#[test]
fn states_that_are_no_end_are_polled_on() {
    let states =
        ["queued", "working", "pending", "running_late", "Queued"].map(|state| Reply::json(200, status("q0", state, 0, 0).to_string()));
    let world = World::new(
        plain(3),
        first(is_poll, [states.to_vec(), vec![Reply::json(200, "{}"), Reply::json(200, r#"{"status":null}"#)]].concat()),
    );
    whole(&world, 3);
    assert_eq!(world.count("GET", "/q0"), 8);
}

#[test]
fn states_that_are_a_bad_end_are_errors_with_their_name() {
    for state in ["failed", "cancelled", "canceled", "cancel_requested", "FAILED"] {
        let world = World::new(plain(3), first(is_poll, vec![Reply::json(200, status("q0", state, 3, 3).to_string())]));
        let error = failure(&world);
        assert_eq!(error.kind, ErrorKind::Server);
        assert!(error.message.contains(&state.to_lowercase()), "{error}");
        assert_eq!(world.count("GET", "/download"), 0);
    }
}

#[test]
fn polling_is_quick_first_and_patient_later() {
    let world = World::new(plain(1), |request, pce| {
        let polls = pce.queries.first().map_or(0, |query| query.polls);
        (is_poll(request) && polls < 40).then(|| {
            pce.queries[0].polls += 1;
            Reply::json(200, status("q0", "working", 0, 0).to_string())
        })
    });
    whole(&world, 1);
    // 0.25 s at first, a fifth of the time gone later, never more than 5 s: 40 polls are between two and three minutes.
    let passed = world.pace.passed().as_secs();
    assert!((100..200).contains(&passed), "{passed}");
}

#[test]
fn a_query_that_never_ends_is_given_up_and_deleted() {
    let mut world =
        World::new(plain(1), |request, _| is_poll(request).then(|| Reply::json(200, status("q0", "working", 0, 0).to_string())));
    world.query_timeout = Duration::from_secs(60);
    let error = failure(&world);
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.to_string().contains("working") && error.to_string().contains("query_timeout"), "{error}");
    let passed = world.pace.passed().as_secs();
    assert_eq!(passed, 60);
    assert_eq!(world.count("DELETE", "/q0"), 1);
}

#[test]
fn the_deadline_ends_all_waiting() {
    let mut world =
        World::new(plain(1), |request, _| is_poll(request).then(|| Reply::json(200, status("q0", "working", 0, 0).to_string())));
    world.deadline = Duration::from_secs(30);
    let error = failure(&world);
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.to_string().contains("deadline"), "{error}");
    assert!(world.pace.passed() <= Duration::from_secs(31));
}

#[test]
fn a_stop_ends_all_waiting_and_the_query_is_deleted() {
    // While polling.
    let world = World::new(plain(1), |request, _| is_poll(request).then(|| Reply::json(200, status("q0", "working", 0, 0).to_string())));
    *world.pace.at.lock().unwrap() = Some((Duration::from_secs(10), Arc::clone(&world.stop)));
    assert_eq!(failure(&world).kind, ErrorKind::Interrupted);
    assert!(world.pace.passed() <= Duration::from_millis(10_100));
    assert_eq!(world.count("DELETE", "/q0"), 1);
    // While the PCE wants to be left alone.
    let world = World::new(plain(1), |request, _| is_post(request).then(|| Reply::new(429).header("Retry-After", "100")));
    *world.pace.at.lock().unwrap() = Some((Duration::from_secs(10), Arc::clone(&world.stop)));
    assert_eq!(failure(&world).kind, ErrorKind::Interrupted);
    assert!(world.pace.passed() <= Duration::from_millis(10_100));
    // While a body is read.
    let world = World::new(plain(100), |_, _| None);
    let stop = Arc::clone(&world.stop);
    struct Stopping(Arc<AtomicBool>);
    impl AnswerSink for Stopping {
        fn part(&mut self, _: u32, body: &mut (dyn Read + Send)) -> Result<u64, BodyError> {
            self.0.store(true, Ordering::SeqCst);
            body.read_to_end(&mut Vec::new()).map(|_| 0).map_err(|error| BodyError::Content(error.to_string()))
        }
    }
    let error = world.talk(|client| collect(client, submit(client, &query(1_000)).unwrap(), &mut Stopping(stop), &|_| {})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Interrupted);
}

#[test]
fn a_cleaner_deletes_from_elsewhere_even_after_stop_and_deadline() {
    let world = World::new(plain(1), |_, _| None);
    world.talk(|client| {
        let first = submit(client, &query(10)).unwrap();
        submit(client, &query(10)).unwrap();
        world.stop.store(true, Ordering::SeqCst);
        *world.pace.passed.lock().unwrap() = Duration::from_secs(100_000);
        let cleaner = client.cleaner();
        std::thread::spawn(move || cleaner.delete_all(Duration::from_secs(5))).join().unwrap();
        assert_eq!(world.count("DELETE", ""), 2);
        assert!(collect(client, first, &mut Ids::default(), &|_| {}).is_err());
    });
    assert_eq!(world.count("DELETE", ""), 2, "what is deleted is not deleted again");
}

#[test]
fn a_client_that_is_dropped_leaves_nothing_behind() {
    let world = World::new(plain(1), first(|request| request.method == "DELETE", vec![Reply::new(503)]));
    world.talk(|client| ask(client, &query(10))).unwrap();
    assert_eq!(world.count("DELETE", "/q0"), 2, "a deletion that failed is tried again at the end");
}

#[test]
fn refusals_say_what_happened() {
    let body = r#"[{"token":"input_validation_error","message":"start_date \u001b[31m is bad"}]"#;
    for (reply, kind, words) in [
        (
            Reply::json(406, body),
            ErrorKind::Rejected,
            vec!["406", "input_validation_error", "start_date \\u{1b}[31m is bad", "req-7", "POST"],
        ),
        (Reply::json(400, r#"{"token":"x","message":"y"}"#), ErrorKind::Rejected, vec!["400", "x: y"]),
        (Reply::json(422, r#"[{"error":"unprocessable"}]"#), ErrorKind::Rejected, vec!["422", "unprocessable"]),
        (Reply::json(403, r#"{"error":"no"}"#).gzip(true), ErrorKind::Forbidden, vec!["403", "(no)", "permissions"]),
        (Reply::new(404), ErrorKind::NotFound, vec!["404", "org_id"]),
        (
            Reply::new(302).header("Location", "https://sso.example.com/x?token=1"),
            ErrorKind::BadAnswer,
            vec!["302", "https://sso.example.com", "url in [pce]"],
        ),
        (Reply::new(500).body(HTML), ErrorKind::Server, vec!["500", "HTML"]),
        (Reply::json(406, format!(r#"[{{"message":"you sent {SECRET}"}}]"#)), ErrorKind::Rejected, vec!["[hidden]"]),
    ] {
        let world = World::new(plain(1), move |request, _| is_post(request).then(|| reply.clone().header("X-Request-Id", "req-7")));
        let error = failure(&world);
        assert_eq!(error.kind, kind, "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{word} in {error}");
        }
        assert!(!error.to_string().contains("token=1"), "{error}");
    }
}

#[test]
fn bad_credentials_are_tried_twice_at_most() {
    let world = World::new(plain(1), |_, _| Some(Reply::json(401, "")));
    assert_eq!(failure(&world).kind, ErrorKind::Unauthorized);
    assert_eq!(world.count("POST", ""), 2);
    let world = World::new(plain(1), first(|_| true, vec![Reply::json(401, "")]));
    whole(&world, 1);
}

#[test]
fn a_rate_limit_is_waited_out() {
    for (wish, least, most) in [
        (Some("5"), 5, 7),
        (Some("0"), 1, 3),
        (Some("3600"), 120, 123),
        (Some("inf"), 2, 7),
        (Some("-5"), 2, 7),
        (Some("soon"), 2, 7),
        (None, 2, 7),
        (Some("Mon, 03 Aug 2026 06:30:40 GMT"), 38, 42),
    ] {
        // A POST that got 429 was not processed; it may go again like anything else.
        for (wanted, posts) in [(is_post as fn(&Request) -> bool, 2), (is_poll, 1), (is_download, 1)] {
            let mut reply = Reply::json(429, r#"[{"token":"too_many_requests_error","message":"slow down"}]"#);
            if let Some(wish) = wish {
                reply = reply.header("Retry-After", wish);
            }
            let world = World::new(plain(1), first(wanted, vec![reply]));
            whole(&world, 1);
            let passed = world.pace.passed().as_secs();
            assert!((least..=most).contains(&passed), "{wish:?}: {passed}");
            assert_eq!(world.count("POST", ""), posts);
            assert_eq!(world.count("GET", "/async_queries"), 0, "no need to look for it");
        }
    }
}

#[test]
fn patience_with_a_rate_limit_exceeds_a_minute_but_ends() {
    let world = World::new(plain(1), |_, _| Some(Reply::new(429)));
    assert_eq!(failure(&world).kind, ErrorKind::RateLimited);
    let passed = world.pace.passed().as_secs();
    assert!((60..=180).contains(&passed), "{passed}");
    // And never goes beyond the deadline.
    let mut world = World::new(plain(1), |_, _| Some(Reply::new(429).header("Retry-After", "100")));
    world.deadline = Duration::from_secs(50);
    assert_eq!(failure(&world).kind, ErrorKind::RateLimited);
    assert!(world.pace.passed() <= Duration::from_secs(50));
}

#[test]
fn passing_failures_of_reads_are_tried_again() {
    for reply in [
        Reply::new(500),
        Reply::new(502).body(HTML),
        Reply::new(503),
        Reply::new(504),
        Reply::hang_up(),
        Reply::json(200, "{\"status\":\"completed\"}").cut_after(5),
    ] {
        for wanted in [is_poll as fn(&Request) -> bool, is_download] {
            let world = World::new(plain(5), first(wanted, vec![reply.clone(), reply.clone()]));
            whole(&world, 5);
        }
    }
    let world = World::new(plain(5), |request, _| is_poll(request).then(|| Reply::new(503).body("busy")));
    let error = failure(&world);
    assert_eq!(error.kind, ErrorKind::Server);
    assert!(error.message.contains("503") && error.message.contains("busy"), "{error}");
    assert_eq!(world.count("GET", "/q0"), 5);
}

#[test]
fn a_submission_is_never_repeated_blindly() {
    // The PCE created the query and the answer got lost: it is found by its name and adopted.
    for lose in [Reply::hang_up(), Reply::new(502).body(HTML), Reply::json(202, "{\"href\":\"/orgs/1/traf").cut_after(3)] {
        let mut lost = false;
        let world = World::new(plain(4), move |request, pce| {
            (is_post(request) && !std::mem::replace(&mut lost, true)).then(|| {
                pce.answer(request);
                lose.clone()
            })
        });
        whole(&world, 4);
        assert_eq!((world.count("POST", ""), world.pce.lock().unwrap().queries.len()), (1, 1));
        assert!(world.count("GET", "/async_queries") >= 1);
    }
    // Nothing was created: the list is read first, then the query is submitted again.
    let world = World::new(plain(4), first(is_post, vec![Reply::hang_up()]));
    whole(&world, 4);
    let methods: Vec<String> = world.server.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(&methods[..3], ["POST", "GET", "POST"]);
    // It was created although the list did not show it yet: both are deleted.
    let mut seen = 0;
    let world = World::new(plain(4), move |request, pce| {
        seen += 1;
        match seen {
            1 => {
                pce.answer(request);
                Some(Reply::hang_up())
            }
            2 => Some(Reply::json(200, "[]")),
            _ => None,
        }
    });
    whole(&world, 4);
    assert_eq!(world.pce.lock().unwrap().queries.len(), 2);
    // It always fails: not for ever.
    let world = World::new(plain(4), |request, _| is_post(request).then(Reply::hang_up));
    assert_eq!(failure(&world).kind, ErrorKind::Network);
    assert_eq!(world.count("POST", ""), 5);
}

#[test]
fn other_users_queries_are_left_alone() {
    let pce = Pce {
        queries: vec![Query {
            id: "theirs".to_owned(),
            body: json!({"query_name": "pcemon", "max_results": 1}),
            polls: 0,
            downloads: 0,
            deleted: false,
        }],
        ..plain(1)
    };
    let world = World::new(pce, first(is_post, vec![Reply::hang_up(), Reply::hang_up()]));
    let client = world.client();
    ask(&client, &query(10)).unwrap();
    drop(client);
    let left: Vec<String> = world.pce.lock().unwrap().queries.iter().filter(|query| !query.deleted).map(|query| query.id.clone()).collect();
    assert_eq!(left, ["theirs"]);
}

#[test]
fn the_address_of_a_query_comes_in_many_forms() {
    let respond = |reply: fn(&str) -> Reply| {
        World::new(plain(2), move |request, pce| {
            is_post(request).then(|| {
                pce.answer(request);
                reply(request.header("host").unwrap())
            })
        })
    };
    for world in [
        respond(|_| Reply::new(202).header("content-location", "q0")),
        respond(|_| Reply::new(202).header("Location", href("q0"))),
        respond(|_| Reply::new(202).header("Location", format!("/api/v2{}", href("q0")))),
        respond(|host| Reply::new(202).header("Location", format!("http://{host}/api/v2{}", href("q0")))),
        respond(|_| Reply::json(200, json!({"href": href("q0")}).to_string())),
        respond(|_| Reply::json(201, json!({"href": "/orgs/1/garbled", "status": "queued"}).to_string()).header("content-location", "q0")),
        respond(|_| Reply::json(202, json!({"href": "/orgs/1/traffic_flows/async_queries/../../labels/7"}).to_string())),
        // Nothing at all: it is found by its name.
        respond(|_| Reply::new(202)),
        respond(|_| Reply::json(202, "null")),
    ] {
        whole(&world, 2);
    }
}

#[test]
fn credentials_go_to_no_other_host() {
    let other = Arc::new(Scripted::start(|_| Reply::json(200, "[]")));
    let url = other.url();
    let elsewhere = format!("{url}/api/v2{}", href("q0"));
    let place = elsewhere.clone();
    let world = World::new(plain(1), move |request, pce| {
        is_post(request).then(|| {
            pce.answer(request);
            Reply::json(202, json!({"href": place}).to_string())
        })
    });
    assert_eq!(failure(&world).kind, ErrorKind::BadAnswer);
    for place in [
        format!("{elsewhere}/download"),
        "//evil.example.com/api/v2/orgs/1/x".to_owned(),
        "http://u:p@127.0.0.1/api/v2/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "/../etc".to_owned(),
    ] {
        let world = World::new(
            plain(1),
            first(
                is_poll,
                vec![Reply::json(200, json!({"status": "completed", "matches_count": 1, "flows_count": 1, "result": place}).to_string())],
            ),
        );
        assert_eq!(failure(&world).kind, ErrorKind::BadAnswer);
    }
    for wanted in [is_post as fn(&Request) -> bool, is_poll, is_download] {
        let target = elsewhere.clone();
        let world = World::new(plain(1), move |request, _| wanted(request).then(|| Reply::new(307).header("Location", target.clone())));
        let error = failure(&world);
        assert_eq!(error.kind, ErrorKind::BadAnswer);
        assert!(error.to_string().contains("redirect"), "{error}");
    }
    assert!(other.requests().is_empty());
}

#[test]
fn a_login_page_is_no_data() {
    for reply in [
        Reply::new(200).header("Content-Type", "text/html").body(HTML),
        Reply::json(200, format!("\n {HTML}")),
        Reply::new(200).header("Content-Type", "text/html").body(HTML).gzip(true),
    ] {
        for wanted in [is_post as fn(&Request) -> bool, is_poll, is_download] {
            let reply = reply.clone();
            // A page that answers everything but what cleans up.
            let world = World::new(plain(1), move |request, pce| {
                let list = request.path() == COLLECTION && request.method == "GET" && pce.queries.is_empty();
                (wanted(request) || list).then(|| reply.clone())
            });
            let error = failure(&world);
            assert_eq!(error.kind, ErrorKind::BadAnswer, "{error}");
            assert!(error.to_string().contains("HTML") && error.to_string().contains("login page"), "{error}");
        }
    }
    let world =
        World::new(plain(1), first(is_download, vec![Reply::new(200).header("Content-Type", "text/csv").body("Source,Destination\n")]));
    assert!(failure(&world).message.contains("CSV"));
}

#[test]
fn an_expired_query_is_submitted_anew_once() {
    for wanted in [is_poll as fn(&Request) -> bool, is_download] {
        let world = World::new(plain(3), first(wanted, vec![Reply::new(404)]));
        let answer = whole(&world, 3);
        assert_eq!(answer.queries, 2);
        let world = World::new(plain(3), move |request, _| wanted(request).then(|| Reply::new(404)));
        assert_eq!(failure(&world).kind, ErrorKind::NotFound);
        assert_eq!(world.count("POST", ""), 2);
    }
}

#[test]
fn an_empty_file_is_asked_for_again() {
    let world =
        World::new(plain(3), first(is_download, vec![Reply::json(200, "[]"), Reply::json(200, "[]").gzip(true), Reply::json(200, "[]")]));
    whole(&world, 3);
    assert_eq!(world.pace.passed().as_secs(), 12);
    let world = World::new(plain(3), |request, _| is_download(request).then(|| Reply::json(200, "[]")));
    let error = failure(&world);
    assert_eq!(error.kind, ErrorKind::BadAnswer);
    assert!(error.to_string().contains("3 matching rows"), "{error}");
    assert_eq!(world.count("GET", "/download"), 4);
    // Nothing matched: empty is right.
    let world = World::new(plain(0), |_, _| None);
    whole(&world, 0);
    assert_eq!(world.count("GET", "/download"), 1);
}

#[test]
fn a_cut_body_is_downloaded_again_as_a_later_part() {
    let full = Value::from((0..50).map(|id| json!({"id": id})).collect::<Vec<_>>()).to_string();
    let cut_gzip = gzip(full.as_bytes());
    for reply in [
        Reply::json(200, full.clone()).cut_after(100),
        Reply::json(200, full.clone()).chunked().cut_after(100),
        Reply::json(200, full.clone()).gzip(true).cut_after(40),
        Reply::json(200, &cut_gzip[..cut_gzip.len() - 10]),
        Reply::json(200, &full[..100]),
    ] {
        let world = World::new(plain(50), first(is_download, vec![reply.clone()]));
        let (answer, sink) = world.talk(|client| ask(client, &query(1_000))).unwrap();
        assert_eq!((answer.rows, sink.ids.len(), sink.parts), (50, 50, vec![1]));
        let world = World::new(plain(50), move |request, _| is_download(request).then(|| reply.clone()));
        assert!(matches!(failure(&world).kind, ErrorKind::Network | ErrorKind::BadAnswer));
        assert_eq!(world.count("GET", "/download"), 3);
    }
}

#[test]
fn a_capped_answer_is_split_before_anything_is_downloaded() {
    let decisions = ["allowed", "potentially_blocked", "blocked", "unknown"];
    let pce = Pce { rows: (0..32).map(|id| Row { decision: decisions[id as usize % 4], ..row(id) }).collect(), ..Pce::default() };
    let world = World::new(pce, |_, _| None);
    let (answer, sink) = world.talk(|client| ask(client, &query(10))).unwrap();
    assert_eq!((sink.ids.len(), answer.rows, answer.queries, &answer.missing), (32, 32, 5, &None));
    assert_eq!(sink.parts, [0, 1, 2, 3]);
    assert_eq!(world.count("GET", "/q0/download"), 0);
}

#[test]
fn splitting_goes_on_by_protocol_and_port() {
    let mut pce = Pce::default();
    for id in 0..60 {
        pce.rows.push(match id % 3 {
            0 => Row { proto: 6, port: Some(1 + id * 1_000), ..row(id) },
            1 => Row { proto: 17, port: Some(53), ..row(id) },
            _ => Row { proto: 1, port: None, ..row(id) },
        });
    }
    let world = World::new(pce, |_, _| None);
    let (answer, sink) = world.talk(|client| ask(client, &query(21))).unwrap();
    assert_eq!((sink.ids.len(), &answer.missing), (60, &None));
    // One port holds more than one answer can: it is followed down to the port, then given up with a number.
    let pce = Pce { rows: (0..50).map(|id| Row { proto: 17, port: Some(53), ..row(id) }).collect(), ..Pce::default() };
    let world = World::new(pce, |_, _| None);
    let (answer, sink) = world.talk(|client| ask(client, &query(20))).unwrap();
    assert_eq!(sink.ids.len(), 20);
    let missing = answer.missing.unwrap();
    assert!(missing.contains("30 of 50 rows") && missing.contains("udp port 53") && missing.contains("row limit of 20"), "{missing}");
    assert!(answer.queries <= 65, "{}", answer.queries);
}

#[test]
fn splitting_by_time_parts_the_days_and_stops_where_it_does_not_help() {
    let days = ["2026-08-01", "2026-08-02", "2026-08-03"];
    let only_icmp = TrafficQuery {
        decisions: vec![Decision::Allowed],
        services: vec![ServiceFilter { from_port: None, to_port: None, proto: Some(1) }],
        ..query(12)
    };
    let pce =
        Pce { rows: (0..30).map(|id| Row { proto: 1, port: None, day: days[id as usize % 3], ..row(id) }).collect(), ..Pce::default() };
    let world = World::new(pce, |_, _| None);
    let wide = TrafficQuery { from: "2026-08-01T12:00:00Z".parse().unwrap(), ..only_icmp.clone() };
    let (answer, sink) = world.talk(|client| ask(client, &wide)).unwrap();
    assert_eq!((sink.ids.len(), &answer.missing), (30, &None));
    // Within one day every part holds the same records.
    let pce = Pce { rows: (0..30).map(|id| Row { proto: 1, port: None, ..row(id) }).collect(), ..Pce::default() };
    let world = World::new(pce, |_, _| None);
    let (answer, sink) = world.talk(|client| ask(client, &only_icmp)).unwrap();
    assert_eq!((sink.ids.len(), answer.queries), (12, 3));
    assert!(answer.missing.unwrap().contains("18 of 30 rows"));
}

#[test]
fn the_number_of_parts_has_a_limit_and_the_rest_is_downloaded_all_the_same() {
    // Every port full: no end of splitting.
    let pce = Pce { rows: (0..2_000).map(|id| Row { port: Some(id * 30 + 1), ..row(id) }).collect(), ..Pce::default() };
    let world = World::new(pce, |_, _| None);
    let (answer, sink) = world.talk(|client| ask(client, &query(2))).unwrap();
    assert!((20..=65).contains(&answer.queries), "{}", answer.queries);
    assert!(sink.ids.len() > 20, "{}", sink.ids.len());
    let missing = answer.missing.unwrap();
    assert!(missing.contains("row limit of 2") && missing.contains("rows are missing"), "{missing}");
}

#[test]
fn permissions_cost_one_split_by_decision_and_are_named() {
    let decisions = ["allowed", "blocked"];
    let pce = Pce {
        rows: (0..40).map(|id| Row { decision: decisions[id as usize % 2], ..row(id) }).collect(),
        hidden: (0..6).collect(),
        ..Pce::default()
    };
    let world = World::new(pce, |_, _| None);
    let (answer, sink) = world.talk(|client| ask(client, &query(1_000))).unwrap();
    assert_eq!((sink.ids.len(), answer.queries), (34, 5));
    let missing = answer.missing.unwrap();
    assert!(missing.contains("3 of 20 rows") && missing.contains("RBAC") && missing.contains("cap"), "{missing}");
}

#[test]
fn a_silent_region_makes_the_answer_partial() {
    let world = World::new(plain(5), |request, pce| {
        let reply = is_poll(request).then(|| pce.answer(request))?;
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
        body["regions"] =
            json!([{"pce_fqdn": "west.example.com", "responded": false}, {"pce_fqdn": "east.example.com", "responded": true}]);
        Some(Reply::json(200, body.to_string()))
    });
    let (answer, sink) = world.talk(|client| ask(client, &query(1_000))).unwrap();
    assert_eq!(sink.ids.len(), 5);
    let missing = answer.missing.unwrap();
    assert!(missing.contains("west.example.com") && !missing.contains("east"), "{missing}");
    // It responds when asked again in parts.
    let mut polls = 0;
    let world = World::new(plain(5), move |request, pce| {
        let reply = is_poll(request).then(|| pce.answer(request))?;
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
        polls += 1;
        body["regions"] = json!([{"pce_fqdn": "west.example.com", "responded": polls > 1}]);
        Some(Reply::json(200, body.to_string()))
    });
    whole(&world, 5);
}

#[test]
fn fewer_rows_than_counted_are_noticed() {
    // The whole comes short, its parts do not.
    let world = World::new(plain(30), first(is_download, vec![Reply::json(200, r#"[{"id":0},{"id":1}]"#)]));
    let (answer, sink) = world.talk(|client| ask(client, &query(1_000))).unwrap();
    assert_eq!((sink.ids.len(), answer.queries, &answer.missing), (30, 5, &None));
    assert_eq!(sink.parts[..2], [0, 1], "rows that come again come in a later part");
    // The parts do too.
    let world = World::new(plain(30), |request, _| is_download(request).then(|| Reply::json(200, r#"[{"id":0},{"id":1}]"#)));
    let (answer, sink) = world
        .talk(|client| {
            let query = TrafficQuery { decisions: vec![Decision::Allowed], ..query(1_000) };
            ask(client, &query)
        })
        .unwrap();
    assert_eq!(sink.ids.len(), 2);
    assert!(answer.missing.unwrap().contains("28 of 30 rows"));
}

#[test]
fn a_pce_without_counts_is_judged_by_its_rows() {
    let world = World::new(plain(10), |request, _| is_poll(request).then(|| Reply::json(200, r#"{"status":"completed"}"#)));
    let (answer, _) = world.talk(|client| ask(client, &query(1_000))).unwrap();
    assert_eq!((answer.rows, answer.missing), (10, None));
    let decided = TrafficQuery {
        decisions: vec![Decision::Allowed],
        services: vec![ServiceFilter { from_port: Some(443), to_port: None, proto: Some(6) }],
        ..query(10)
    };
    let (answer, _) = world.talk(|client| ask(client, &TrafficQuery { from: decided.to, ..decided })).unwrap();
    assert!(answer.missing.is_some());
}

#[test]
fn a_part_that_fails_is_named_and_the_whole_gives_what_it_has() {
    let decisions = ["allowed", "potentially_blocked", "blocked", "unknown"];
    let pce = Pce { rows: (0..32).map(|id| Row { decision: decisions[id as usize % 4], ..row(id) }).collect(), ..Pce::default() };
    let world = World::new(pce, |request, _| {
        (is_poll(request) && request.path().ends_with("/q3")).then(|| Reply::json(200, r#"{"status":"failed"}"#))
    });
    let (answer, sink) = world.talk(|client| ask(client, &query(10))).unwrap();
    let missing = answer.missing.unwrap();
    assert!(missing.contains("blocked") && missing.contains("failed"), "{missing}");
    assert!(sink.ids.len() > 24 && sink.ids.len() < 32, "{}", sink.ids.len());
    assert_eq!(world.count("GET", "/q0/download"), 1);
}

#[test]
fn two_threads_use_one_client() {
    let world = World::new(plain(50), |_, _| None);
    world.talk(|client| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| ask(client, &query(1_000)).unwrap().0.rows)).collect();
            assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>(), [50, 50]);
        });
    });
}

#[test]
fn progress_is_told() {
    let world = World::new(plain(5), first(is_poll, vec![Reply::json(200, r#"{"status":"queued\u001b"}"#)]));
    let told = RefCell::new(Vec::new());
    world
        .talk(|client| {
            collect(client, submit(client, &query(100)).unwrap(), &mut Ids::default(), &|line| told.borrow_mut().push(line.to_owned()))
        })
        .unwrap();
    assert_eq!(told.into_inner(), ["traffic: query queued\\u{1b}", "traffic: query completed", "traffic: downloading 5 rows"]);
}

fn event(id: u64, at: &str) -> Value {
    json!({"href": format!("/orgs/1/events/{id}"), "timestamp": at, "event_type": "user.sign_in", "created_by": null})
}

/// Serves events newest first, at most `max_results` of them, as the PCE does.
fn events_world(events: Vec<(jiff::Timestamp, Value)>) -> World {
    World::new(plain(0), move |request, _| {
        let url = url::Url::parse(&format!("http://x{}", request.target)).unwrap();
        assert_eq!(url.path(), "/api/v2/orgs/1/events");
        assert!(!request.target.contains('['), "the query must be encoded");
        let value = |key: &str| url.query_pairs().find(|(have, _)| have == key).map(|(_, value)| value.into_owned()).unwrap();
        let (from, to): (jiff::Timestamp, jiff::Timestamp) =
            (value("timestamp[gte]").parse().unwrap(), value("timestamp[lte]").parse().unwrap());
        assert!(value("timestamp[gte]").ends_with('Z') && value("timestamp[lte]").ends_with('Z'));
        let cap: usize = value("max_results").parse().unwrap();
        assert_eq!(cap, 10_000);
        let mut found: Vec<_> = events.iter().filter(|(at, _)| *at >= from && *at <= to).collect();
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let body: Vec<&Value> = found.into_iter().take(cap).map(|(_, event)| event).collect();
        Some(Reply::json(200, serde_json::to_string(&body).unwrap()).gzip(true))
    })
}

fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

/// All events of a span, read as a run reads them.
fn events_of(client: &Client, from: jiff::Timestamp, to: jiff::Timestamp) -> Result<(Listed, Assembled), PceError> {
    let mut assembler = Box::<Events>::default();
    let listed = client.events(from, to, &mut |name, body| assembler.part(name, body))?;
    Ok((listed, assembler.finish()))
}

fn health(client: &Client) -> Result<Listed, PceError> {
    let mut clusters = Clusters::default();
    client.health(&mut |name, body| clusters.part(name, body))
}

#[test]
fn more_events_than_the_cap_are_had_by_halves() {
    let start = at("2026-08-03T05:00:00Z");
    let events: Vec<_> = (0..25_000u64)
        .map(|id| {
            let when = start + jiff::SignedDuration::from_millis(id as i64 * 100 + 50);
            (when, event(id, &when.to_string()))
        })
        .collect();
    let world = events_world(events);
    let answer = world.talk(|client| events_of(client, start, at("2026-08-03T06:00:00Z"))).unwrap();
    assert_eq!((answer.1.records.len(), answer.1.unreadable, &answer.0.missing), (25_000, 0, &None));
    assert_eq!(answer.0.whole_until, Some(at("2026-08-03T06:00:00Z")));
    assert!(answer.0.queries > 1 && answer.0.bytes > 0);
}

#[test]
fn a_second_with_too_many_events_is_named() {
    let burst = at("2026-08-03T05:30:00.5Z");
    let mut events: Vec<_> = (0..12_000u64).map(|id| (burst, event(id, "2026-08-03T05:30:00.5Z"))).collect();
    events.push((at("2026-08-03T05:10:00Z"), event(99_998, "2026-08-03T05:10:00Z")));
    events.push((at("2026-08-03T05:50:00Z"), event(99_999, "2026-08-03T05:50:00Z")));
    let world = events_world(events);
    let answer = world.talk(|client| events_of(client, at("2026-08-03T05:00:00.25Z"), at("2026-08-03T05:59:59.75Z"))).unwrap();
    assert_eq!(answer.1.records.len(), 10_002);
    assert_eq!(answer.0.whole_until, Some(at("2026-08-03T05:30:00Z")));
    assert!(answer.0.missing.unwrap().contains("2026-08-03T05:30:00Z"));
}

#[test]
fn events_that_cannot_be_had_are_an_error() {
    let ask = |world: &World| world.talk(|client| events_of(client, at("2026-08-03T05:00:00Z"), at("2026-08-03T06:00:00Z")));
    for (reply, kind) in [
        (Reply::json(200, ""), ErrorKind::BadAnswer),
        (Reply::json(200, "{}"), ErrorKind::BadAnswer),
        (Reply::json(200, "[{]"), ErrorKind::BadAnswer),
        (Reply::new(200).body(HTML), ErrorKind::BadAnswer),
        (Reply::new(302), ErrorKind::BadAnswer),
        (Reply::json(406, ""), ErrorKind::Rejected),
        (Reply::new(503), ErrorKind::Server),
        (Reply::hang_up(), ErrorKind::Network),
    ] {
        let world = World::new(plain(0), move |_, _| Some(reply.clone()));
        assert_eq!(ask(&world).unwrap_err().kind, kind);
    }
    let world = World::new(plain(0), |_, _| {
        Some(Reply::json(200, r#"[null,{"href":"/e/1","event_type":"a.b"},{"href":"/e/1","event_type":"a.b"}]"#))
    });
    let answer = ask(&world).unwrap();
    assert_eq!((answer.1.records.len(), answer.1.unreadable), (1, 1));
}

#[test]
fn a_later_half_that_fails_keeps_what_was_had() {
    let start = at("2026-08-03T05:00:00Z");
    let events: Vec<Value> = (0..10_000u64).map(|id| event(id, "2026-08-03T05:59:00Z")).collect();
    let full = Value::from(events).to_string();
    let mut asked = 0;
    let world = World::new(plain(0), move |_, _| {
        asked += 1;
        Some(match asked {
            1 => Reply::json(200, full.clone()),
            2 => Reply::json(200, "[]"),
            _ => Reply::new(406),
        })
    });
    let answer = world.talk(|client| events_of(client, start, at("2026-08-03T06:00:00Z"))).unwrap();
    assert_eq!((answer.1.records.len(), answer.0.whole_until), (10_000, Some(at("2026-08-03T05:30:00Z"))));
    assert!(answer.0.missing.unwrap().contains("406"));
}

#[test]
fn health_is_read_or_unavailable_or_an_error() {
    let body = r#"[{"status":"warning","fqdn":"pce.example.com","nodes":[{"cpu":{"percent":97}}]}]"#;
    let world = World::new(plain(0), move |request, _| (request.path() == "/api/v2/health").then(|| Reply::json(200, body).gzip(true)));
    let mut clusters = Clusters::default();
    world.talk(|client| client.health(&mut |name, body| clusters.part(name, body))).unwrap();
    assert_eq!((clusters.0[0].status, clusters.0[0].cpu), (HealthStatus::Warning, Some(0.97)));
    for (status, kind) in [(403, ErrorKind::Forbidden), (404, ErrorKind::NotFound)] {
        let world = World::new(plain(0), move |_, _| Some(Reply::new(status)));
        assert_eq!(world.talk(health).unwrap_err().kind, kind);
        assert!(pcemon::sources::member(pcemon::sources::HEALTH).unwrap().pce.unwrap().not_offered.contains(&kind));
    }
    for (reply, kind) in [
        (Reply::new(502).body(HTML), ErrorKind::Server),
        (Reply::json(200, "[]"), ErrorKind::BadAnswer),
        (Reply::new(200).body(HTML), ErrorKind::BadAnswer),
        (Reply::new(401), ErrorKind::Unauthorized),
    ] {
        let world = World::new(plain(0), move |_, _| Some(reply.clone()));
        assert_eq!(world.talk(health).unwrap_err().kind, kind);
    }
}

#[test]
fn the_pces_clock_is_compared() {
    for (date, skew) in
        [("Mon, 03 Aug 2026 06:30:00 GMT", 0), ("Mon, 03 Aug 2026 06:35:00 GMT", 300), ("Mon, 03 Aug 2026 06:29:00 GMT", -60)]
    {
        let world = World::new(plain(0), move |_, _| Some(Reply::new(404).header("Date", date)));
        let client = world.client();
        assert_eq!(client.clock_skew(), None);
        assert_eq!(health(&client).unwrap_err().kind, ErrorKind::NotFound);
        let measured = client.clock_skew().unwrap().as_secs();
        assert_eq!(measured, skew, "{date}");
    }
}

#[test]
fn raw_answers_are_kept_and_hold_no_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let decisions = ["allowed", "blocked"];
    let pce = Pce { rows: (0..20).map(|id| Row { decision: decisions[id as usize % 2], ..row(id) }).collect(), ..Pce::default() };
    let mut world = World::new(pce, |request, _| match request.path() {
        "/api/v2/health" => Some(Reply::json(200, r#"[{"status":"normal"}]"#)),
        "/api/v2/orgs/1/events" => Some(Reply::json(200, "[]").gzip(false)),
        _ => None,
    });
    world.record = Some(dir.path().join("answers"));
    world.talk(|client| {
        health(client).unwrap();
        events_of(client, at("2026-08-03T05:00:00Z"), at("2026-08-03T06:00:00Z")).unwrap();
        ask(client, &query(15)).unwrap();
    });
    let mut names = Vec::new();
    let folders = std::fs::read_dir(dir.path().join("answers")).unwrap().map(|folder| folder.unwrap().path());
    for entry in folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let entry = entry.unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(entry.path()).unwrap()).read_to_string(&mut text).unwrap();
        assert!(serde_json::from_str::<Value>(&text).unwrap().is_array());
        assert!(!text.contains(SECRET) && !text.contains(KEY));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&entry.metadata().unwrap().permissions()) & 0o777, 0o600);
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert!(
        names.contains(&"health.json.gz".to_owned())
            && names.contains(&"events-0.json.gz".to_owned())
            && names.contains(&"traffic-0.json.gz".to_owned())
            && names.contains(&"traffic-1.json.gz".to_owned()),
        "{names:?}"
    );
}

#[test]
fn an_unreachable_pce_is_named_quickly() {
    let world = World::new(plain(0), |_, _| None);
    let client = {
        let gone = ClosedPort::new();
        let mut settings = PceSettings {
            url: format!("http://{gone}").parse().unwrap(),
            org_id: 1,
            api_key: SecretSource::Plain(Secret::default()),
            api_secret: SecretSource::Plain(Secret::default()),
            ca_file: None,
            insecure_skip_verify: false,
            proxy: None,
            request_timeout: Duration::from_secs(5),
            query_timeout: Duration::from_secs(5),
            max_results: 10,
        };
        let options = || ClientOptions {
            now: at(NOW),
            deadline: Instant::now() + Duration::from_secs(100),
            stop: Arc::default(),
            record: None,
            pace: Arc::clone(&world.pace) as Arc<dyn Pace>,
        };
        let client = Client::new(&settings, Secret::new(KEY), Secret::new(SECRET), options()).unwrap();
        settings.ca_file = Some(PathBuf::from("/nonexistent/ca.pem"));
        let error = Client::new(&settings, Secret::new(KEY), Secret::new(SECRET), options()).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Setup);
        client
    };
    let error = submit(&client, &query(10)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(error.to_string().contains("refuses connections"), "{error}");
}

/// What is different about the settings of a case.
type Change = Box<dyn FnOnce(&mut PceSettings)>;

/// Something that takes the head of a request and answers with this, as often as it is asked.
fn answering(line: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut heard = Vec::new();
            let mut byte = [0];
            // What speaks TLS sends no empty line, and its first bytes are enough.
            while !heard.ends_with(b"\r\n\r\n") && heard.first() != Some(&0x16) && stream.read(&mut byte).is_ok_and(|count| count > 0) {
                heard.push(byte[0]);
            }
            // Whoever has heard enough goes away.
            let _ = stream.write_all(line.as_bytes());
        }
    });
    address
}

/// Who is wrong, seen from where somebody has to look: each by its name in the message, and the advice is about that one.
#[test]
fn an_error_names_the_party_that_failed() {
    let closed = ClosedPort::new();
    let through = |proxy: String| {
        move |settings: &mut PceSettings| {
            settings.url = "https://pce.example.com:8443".parse().unwrap();
            settings.proxy = Some(format!("http://{proxy}"));
        }
    };
    let at_url = |url: String| move |settings: &mut PceSettings| settings.url = url.parse().unwrap();
    let refusing = answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    let failing = answering("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    let other = answering("SSH-2.0-OpenSSH_9.6\r\n");
    let cases: Vec<(&str, Change, Party, Vec<String>)> = vec![
        (
            "a closed port",
            Box::new(at_url(format!("http://{closed}"))),
            Party::Network,
            vec![format!("{closed} refuses"), "firewalls".into()],
        ),
        ("a name", Box::new(at_url("https://no-such-host.invalid".into())), Party::Network, vec!["no-such-host.invalid cannot".into()]),
        ("no TLS", Box::new(at_url(format!("https://{other}"))), Party::Target, vec!["may not use TLS".into()]),
        (
            "a closed proxy",
            Box::new(through(closed.to_string())),
            Party::Proxy,
            vec![format!("the proxy {closed} refuses"), "check proxy".into()],
        ),
        (
            "a proxy's name",
            Box::new(through("no-proxy.invalid:3128".into())),
            Party::Proxy,
            vec!["no-proxy.invalid cannot".into(), "check proxy".into()],
        ),
        (
            "a proxy with a password",
            Box::new(through(refusing.to_string())),
            Party::Proxy,
            vec![format!("the proxy {refusing} made no connection"), "407".into()],
        ),
        (
            "a proxy that finds nobody",
            Box::new(through(failing.to_string())),
            Party::Proxy,
            vec!["pce.example.com:8443".into(), "502".into()],
        ),
    ];
    for (what, change, party, words) in cases {
        let world = World::new(plain(0), |_, _| None);
        let client = world.client_with(change);
        let error = client.health(&mut |_, _| panic!("nobody answers")).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.party, party, "{what}: {text}");
        for word in words {
            assert!(text.contains(&word), "{what}: {word}: {text}");
        }
        assert_eq!(Fault::from(error), Fault::of(party, text));
    }
    for (status, party) in [(401, Party::Target), (403, Party::Target), (407, Party::Proxy), (500, Party::Target)] {
        let world = World::new(plain(0), move |_, _| Some(Reply::json(status, "{}")));
        let error = world.talk(|client| client.health(&mut |_, _| panic!("refused"))).unwrap_err();
        assert_eq!(error.party, party, "{error}");
    }
    let mut world = World::new(plain(0), |_, _| Some(Reply::json(503, "{}")));
    world.deadline = Duration::ZERO;
    let error = world.talk(|client| client.health(&mut |_, _| panic!("refused"))).unwrap_err();
    assert_eq!(error.party, Party::Program, "{error}");
}

#[test]
fn rows_that_no_part_accounts_for_are_noticed() {
    let pce = Pce {
        rows: (0..20).map(|id| Row { decision: if id < 3 { "of_a_later_version" } else { "allowed" }, ..row(id) }).collect(),
        ..Pce::default()
    };
    let world = World::new(pce, |_, _| None);
    let (answer, _) = world.talk(|client| ask(client, &query(18))).unwrap();
    let missing = answer.missing.unwrap();
    assert!(missing.contains("3 of 20 rows") && missing.contains("none of its parts"), "{missing}");
}

#[test]
fn without_time_for_parts_the_whole_is_taken_as_it_is() {
    let mut polls = 0;
    let mut world = World::new(plain(50), move |request, _| {
        polls += usize::from(is_poll(request));
        (is_poll(request) && polls < 20).then(|| Reply::json(200, status("q0", "working", 0, 0).to_string()))
    });
    world.deadline = Duration::from_secs(25);
    let (answer, sink) = world.talk(|client| ask(client, &query(20))).unwrap();
    assert_eq!((sink.ids.len(), answer.queries), (20, 1));
    assert!(answer.missing.unwrap().contains("30 of 50 rows"));
}

#[test]
fn a_deadline_between_parts_keeps_what_was_had() {
    let decisions = ["allowed", "potentially_blocked", "blocked", "unknown"];
    let pce = Pce { rows: (0..32).map(|id| Row { decision: decisions[id as usize % 4], ..row(id) }).collect(), ..Pce::default() };
    let mut world = World::new(pce, |request, _| {
        (is_poll(request) && request.path().ends_with("/q3")).then(|| Reply::json(200, status("q3", "working", 0, 0).to_string()))
    });
    world.deadline = Duration::from_secs(60);
    let (answer, sink) = world.talk(|client| ask(client, &query(10))).unwrap();
    assert_eq!(sink.ids.len(), 16);
    assert!(answer.missing.unwrap().contains("deadline"));
}

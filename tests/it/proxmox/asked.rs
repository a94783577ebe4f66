//! A target asked over a real socket, by a fake that answers path by path and writes down what it was asked.

use super::fixture::{self, guest, line, node, storage};
use crate::support::cli::Room;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const TOKEN: &str = "pcemon@pve!cron=01234567-89ab-cdef-0123-456789abcdef";
const SECRET: &str = "01234567-89ab-cdef-0123-456789abcdef";
const CHECK: [&str; 3] = ["check", "-o", "json"];

/// An endpoint: status and body of each path.
struct Fake {
    at: SocketAddr,
    answers: Arc<Mutex<BTreeMap<String, (u16, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn new(lines: &[Value]) -> Fake {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let fake = Fake { at: listener.local_addr().unwrap(), answers: Arc::default(), asked: Arc::default() };
        lines.iter().for_each(|line| fake.says(line));
        let (answers, asked) = (Arc::clone(&fake.answers), Arc::clone(&fake.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answers, asked) = (Arc::clone(&answers), Arc::clone(&asked));
                std::thread::spawn(move || serve(stream, &answers, &asked));
            }
        });
        fake
    }

    /// Takes the answer of one call; a status other than 200 has no body.
    fn says(&self, line: &Value) {
        let status = u16::try_from(line["status"].as_u64().unwrap_or(200)).unwrap();
        let body = if status == 200 { json!({ "data": line["data"] }).to_string() } else { line["body"].as_str().unwrap_or("").to_owned() };
        self.answers.lock().unwrap().insert(line["call"].as_str().unwrap().to_owned(), (status, body));
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn url(&self) -> String {
        format!("http://{}", self.at)
    }
}

fn serve(mut stream: TcpStream, answers: &Mutex<BTreeMap<String, (u16, String)>>, asked: &Mutex<Vec<String>>) {
    loop {
        let mut head = Vec::new();
        let mut one = [0u8; 1];
        while !head.ends_with(b"\r\n\r\n") {
            if !stream.read(&mut one).is_ok_and(|count| count > 0) {
                return;
            }
            head.push(one[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        assert!(head.starts_with("GET "), "{head}");
        let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches("/api2/json").to_owned();
        asked.lock().unwrap().push(path.clone());
        let authorized = head.lines().any(|line| line.eq_ignore_ascii_case(&format!("authorization: PVEAPIToken={TOKEN}")));
        let known = answers.lock().unwrap().get(&path).cloned();
        let (status, body) = if authorized { known.unwrap_or((501, "{\"data\":null}".to_owned())) } else { (401, String::new()) };
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).is_err() || status >= 400 {
            return;
        }
    }
}

fn room(urls: &[String], more: &str, rules: &str) -> Room {
    let room = Room::new();
    room.write("token", format!("{TOKEN}\n"));
    let urls = json!(urls).to_string();
    room.config(&format!(
        "[run]\nsite = \"test\"\n[[targets]]\nname = \"dc1\"\ntype = \"proxmox\"\nurls = {urls}\ntoken = {{ file = \"token\" }}\n{more}\n{rules}"
    ));
    room
}

const DOWN: &str = "[[rules]]\nname = \"down\"\nsource = \"proxmox\"\nmetric = \"down\"\ngroup_by = [\"guest\"]\ncritical = \">= 1\"\n";
const NODES: &str = "[[rules]]\nname = \"nodes\"\nsource = \"proxmox\"\nmatch = { kind = [\"node\"] }\ngroup_by = [\"node\"]\n";
const DISKS: &str = "[[rules]]\nname = \"disks\"\nsource = \"proxmox\"\nmatch = { kind = [\"disk\"] }\ngroup_by = [\"node\", \"disk\"]\n";

fn cluster(guests: &[Value]) -> Vec<Value> {
    let all: Vec<Value> = [node("pve1", json!({})), node("pve2", json!({})), storage("local", "pve1", json!({}))]
        .into_iter()
        .chain(guests.iter().cloned())
        .collect();
    vec![
        fixture::permissions(),
        fixture::status(1, &[("pve1", 1), ("pve2", 1)]),
        line("/cluster/resources", &Value::from(all)),
        line("/cluster/backup", &json!([])),
    ]
}

/// Only what rules need is asked; a guest that died is down, one that somebody stopped is not, and both are known again.
#[test]
fn guests_over_several_runs() {
    let fake = Fake::new(&cluster(&[guest("qemu", 100, "pve1", json!({}))]));
    let room = room(&[fake.url()], "", &format!("{DOWN}{NODES}"));
    room.run(&CHECK).exits(0);
    let asked = fake.asked();
    assert_eq!(asked, ["/access/permissions", "/cluster/status", "/cluster/resources"]);
    let stopped = guest("qemu", 100, "pve1", json!({ "status": "stopped", "uptime": 0 }));
    cluster(&[stopped]).iter().for_each(|line| fake.says(line));
    fake.says(&line("/nodes/pve1/tasks?vmid=100", &json!([])));
    let report = room.run(&[&CHECK[..], &["--record", "kept"]].concat()).exits(2).json();
    let rule = report.rule("down");
    assert_eq!((&rule["instances"][0]["group"]["guest"], &rule["severity"]), (&json!("vm100"), &json!("critical")));
    assert!(fake.asked().contains(&"/nodes/pve1/tasks?vmid=100".to_owned()));
    // The recording says the same, whoever reads it.
    let again = room.run(&[&CHECK[..], &["--state", "other.json", "--input", "proxmox=kept"]].concat()).exits(2).json();
    assert_eq!(again.rule("down")["value"], rule["value"]);
    let now = jiff::Timestamp::now().as_second();
    fake.says(&line("/nodes/pve1/tasks?vmid=100", &json!([{ "type": "qmstop", "user": "alice@pam", "starttime": now, "status": "OK" }])));
    room.run(&CHECK).exits(0);
    // Nothing that was written or kept holds the secret.
    for (path, text) in room.files() {
        assert!(path.ends_with("token") || !text.contains(SECRET), "{}", path.display());
    }
}

/// Refusals, in every form they take.
#[test]
fn what_the_token_may_not_see_is_unknown() {
    let fake = Fake::new(&[
        line("/access/permissions", &json!({})),
        json!({ "call": "/cluster/status", "status": 403, "body": "{\"data\":null}" }),
        line("/cluster/resources", &json!([])),
    ]);
    let room = room(&[fake.url()], "", &format!("{DOWN}{NODES}"));
    let report = room.run(&CHECK).exits(3).json();
    for name in ["down", "nodes"] {
        assert_eq!(report.rule(name)["state"], "unknown", "{name}");
    }
    let source = report.0["sources"][0]["error"].to_string();
    assert!(source.contains("no rights at all") && source.contains("pveum acl modify / --tokens 'pcemon@pve!cron'"), "{source}");
    let seen = room.run(&["doctor"]);
    assert!(seen.out.contains("VM.Audit on /vms"), "{}", seen.out);
}

/// A wrong token is tried once; silence and nonsense lead to the next endpoint.
#[test]
fn which_endpoint_is_asked() {
    let good = Fake::new(&cluster(&[]));
    let refusing = Fake::new(&[json!({ "call": "/access/permissions", "status": 401, "body": "No ticket" })]);
    let first = room(&[refusing.url(), good.url()], "", NODES);
    let report = first.run(&CHECK).exits(3).json();
    assert!(report.0["sources"][0]["error"].to_string().contains("refuses the token pcemon@pve!cron (401)"));
    assert_eq!((refusing.asked().len(), good.asked().len()), (1, 0));
    let closed = crate::support::closed::ClosedPort::new();
    let html = Fake::new(&[]);
    html.answers.lock().unwrap().insert("/access/permissions".to_owned(), (200, "<html>log in".to_owned()));
    let gone = Fake::new(&[json!({ "call": "/access/permissions", "status": 595 })]);
    let second = room(&[format!("http://{closed}"), html.url(), gone.url(), good.url()], "", NODES);
    second.run(&CHECK).exits(0);
    assert_eq!(good.asked().len(), 3);
    let nobody = room(&[format!("http://{closed}")], "", NODES);
    let report = nobody.run(&CHECK).exits(3).json();
    assert!(report.0["sources"][0]["error"].to_string().contains("refuses the connection"), "{:#}", report.0["sources"]);
}

/// The view that has a quorum is believed.
#[test]
fn the_majority_is_asked() {
    let mut lines = cluster(&[]);
    lines[1] = fixture::status(0, &[("pve1", 1), ("pve2", 0)]);
    let minority = Fake::new(&lines);
    let majority = Fake::new(&cluster(&[]));
    let quorum = "[[rules]]\nname = \"quorum\"\nsource = \"proxmox\"\nmatch = { kind = [\"cluster\"] }\n[[rules]]\nname = \"views\"\nsource = \"proxmox\"\nmetric = \"views\"\nwarning = \"> 1\"\n";
    let both = room(&[minority.url(), majority.url()], "", &format!("{NODES}{quorum}"));
    let report = both.run(&CHECK).exits(1).json();
    assert_eq!(
        (&report.rule("nodes")["state"], &report.rule("quorum")["state"], &report.rule("views")["state"]),
        (&json!("ok"), &json!("ok"), &json!("firing"))
    );
    let alone = room(&[minority.url()], "", &format!("{NODES}{quorum}"));
    let report = alone.run(&CHECK).exits(2).json();
    assert_eq!((&report.rule("quorum")["severity"], &report.rule("nodes")["state"]), (&json!("critical"), &json!("unknown")));
}

/// A node that does not answer makes its own records unknown, and no others.
#[test]
fn one_silent_node() {
    let disk = |health: &str| json!([{ "devpath": "/dev/sda", "health": health, "wearout": 90, "size": 1 }]);
    let mut lines = cluster(&[]);
    lines.push(line("/nodes/pve1/disks/list", &disk("PASSED")));
    lines.push(json!({ "call": "/nodes/pve2/disks/list", "status": 595 }));
    let fake = Fake::new(&lines);
    let room = room(&[fake.url()], "", &format!("{NODES}{DISKS}"));
    let report = room.run(&CHECK).exits(3).json();
    assert_eq!((&report.rule("nodes")["state"], &report.rule("disks")["state"]), (&json!("ok"), &json!("unknown")), "{:#}", report.0);
    assert!(report.rule("disks").to_string().contains("/nodes/pve2/disks/list"), "{:#}", report.rule("disks"));
    // A disk of the other node fires, and is over, whatever the silent one may hide.
    fake.says(&line("/nodes/pve1/disks/list", &disk("FAILED!")));
    let report = room.run(&CHECK).exits(2).json();
    assert_eq!(report.rule("disks")["instances"][0]["group"], json!({ "node": "pve1", "disk": "/dev/sda" }));
    fake.says(&line("/nodes/pve1/disks/list", &disk("PASSED")));
    let report = room.run(&CHECK).exits(3).json();
    assert_eq!(
        report.rule("disks")["instances"]
            .as_array()
            .map_or(0, |list| list.iter().filter(|one| one["group"]["node"] == "pve1" && one["state"] == "firing").count()),
        0,
        "{:#}",
        report.rule("disks")
    );
}

/// What is said of a config.
#[test]
fn settings_that_are_refused() {
    for (more, part) in [
        ("fingerprint = \"AB:CD\"", "not a SHA-256 fingerprint"),
        ("request_timeout = \"20m\"", "between 1ms and 10m"),
        ("insecure_skip_verify = true", "not judged"),
    ] {
        let room = room(&["https://pve1.example.com".to_owned()], more, NODES);
        let ran = room.run(&["config", "check"]);
        let ran = if ran.err.contains("unrecognized") { room.run(&["check", "--dry-run"]) } else { ran };
        assert!(format!("{}{}", ran.out, ran.err).contains(part), "{more}: {}{}", ran.out, ran.err);
    }
    let fake = Fake::new(&cluster(&[]));
    for (url, part) in [
        ("http://pve1.example.com:8006", "is not https"),
        ("https://a:b@pve1.example.com", "credentials"),
        ("https://pve1.example.com/api2", "has a path"),
    ] {
        let ran = room(&[url.to_owned()], "", NODES).run(&CHECK);
        assert!(format!("{}{}", ran.out, ran.err).contains(part), "{url}: {}{}", ran.out, ran.err);
    }
    let torn = room(&[fake.url()], "", NODES);
    torn.write("token", "pcemon@pve!cron=abc;def%41-secret\n");
    let ran = torn.run(&CHECK).exits(3);
    assert!(!format!("{}{}", ran.out, ran.err).contains("def%41"), "{}{}", ran.out, ran.err);
    assert_eq!(fake.asked(), Vec::<String>::new());
}

#[test]
fn show_and_doctor() {
    let mut lines = cluster(&[guest("qemu", 100, "pve1", json!({ "tags": "prod;web" }))]);
    lines.push(json!({ "call": "/nodes/pve2/disks/list", "status": 403, "body": "Permission check failed (/nodes/pve2, Sys.Audit)" }));
    let fake = Fake::new(&lines);
    let room = room(&[fake.url()], "", "");
    let ran = room.run(&["show", "proxmox", "--kind", "guest", "-o", "ndjson"]);
    assert!(
        ran.out.contains("\"vm100\"") && ran.out.lines().filter(|line| line.contains("\"fields\"")).count() == 1,
        "{}{}",
        ran.out,
        ran.err
    );
    // Whoever looks at a guest sees when it was backed up; nothing else is asked of nodes.
    let of_nodes: Vec<String> = fake.asked().into_iter().filter(|path| path.starts_with("/nodes")).collect();
    assert!(!of_nodes.is_empty() && of_nodes.iter().all(|path| path.contains("/tasks?source=archive&")), "{of_nodes:?}");
    let ran = room.run(&["show", "proxmox", "--kind", "disk"]);
    assert!(format!("{}{}", ran.out, ran.err).contains("Sys.Audit on /nodes/pve2"), "{}{}", ran.out, ran.err);
    let found = room.run(&["doctor"]);
    assert!(found.out.contains("cluster lab has quorum") && found.out.contains("2 nodes, 1 guests, 1 storages"), "{}", found.out);
}

//! `pcemon doctor` with one thing wrong at a time.

use crate::support::cli::{Bench, Ran, Room, at};
use crate::support::closed::ClosedPort;
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

const NOW: &str = "2026-11-20T10:10:00Z";
const RULE: &str = "[[rules]]\nname = \"PCE health\"\nsource = \"health\"\n";

fn bench_with(config: &str) -> Bench {
    let Estate { world, events, health, .. } = estate::world(at("10:00"));
    let bench = Bench::new(Options { events, health, ..Options::new(world, at("10:10")) }, config);
    bench.sim.set_now(at("10:10"));
    bench
}

fn bench() -> Bench {
    bench_with(RULE)
}

fn doctor(room: &Room, more: &[&str]) -> Ran {
    let mut arguments = vec!["doctor", "-o", "json", "--now", NOW];
    arguments.extend(more);
    let ran = room.run(&arguments);
    for secret in ["simulated-secret", "planted-5ECRET"] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{secret} is shown:\n{}\n{}", ran.out, ran.err);
    }
    ran
}

/// The verdict on a part, with what was found and what to do about it.
#[track_caller]
fn found(ran: &Ran, check: &str) -> (String, String) {
    let json: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.out, ran.err));
    assert_eq!(json["schema"], "pcemon.doctor/1");
    assert_eq!(json["exit_code"], ran.code);
    let list = json["findings"].as_array().unwrap();
    let worst = list
        .iter()
        .filter(|one| one["check"] == check)
        .max_by_key(|one| ["skipped", "ok", "warn", "fail"].iter().position(|word| one["verdict"] == *word));
    let one = worst.unwrap_or_else(|| panic!("nothing about {check} in {json:#}"));
    let text = format!("{} → {}", one["detail"].as_str().unwrap(), one["advice"].as_str().unwrap_or_default());
    (one["verdict"].as_str().unwrap().to_owned(), text)
}

#[track_caller]
fn says(ran: &Ran, check: &str, verdict: &str, part: &str) {
    let (have, text) = found(ran, check);
    assert!(have == verdict && text.contains(part), "{check} is {have}: {text}\nwanted {verdict}: {part}\n{}", ran.out);
}

fn silent(ran: &Ran, check: &str) -> bool {
    !ran.out.contains(&format!("\"{check}\""))
}

#[test]
fn all_is_well() {
    let bench = bench();
    std::fs::create_dir(bench.room.path("state")).unwrap();
    std::fs::set_permissions(bench.room.path("state"), std::fs::Permissions::from_mode(0o700)).unwrap();
    bench.check(at("10:10"), &[]);
    let ran = doctor(&bench.room, &[]).exits(0);
    for check in ["config", "config.permissions", "secret", "state", "state.folder", "last_run", "outbox"] {
        assert_eq!(found(&ran, check).0, "ok", "{check}\n{}", ran.out);
    }
    for check in [
        "pce.name",
        "pce.connection",
        "pce.credentials",
        "pce.version",
        "pce.org",
        "pce.clock",
        "pce.events",
        "pce.health",
        "pce.traffic",
        "pce.lag",
        "pace",
    ] {
        assert_eq!(found(&ran, check).0, "ok", "{check}\n{}", ran.out);
    }
    says(&ran, "pce.version", "ok", "25.2.40");
    says(&ran, "pce.totals", "ok", "totals of whole days");
    // Nothing is left behind: the bench looks at the PCE; the state is as it was.
    let before = bench.room.files();
    doctor(&bench.room, &[]).exits(0);
    assert_eq!(bench.room.files(), before);
    // For people.
    let ran = bench.room.run(&["doctor", "--now", NOW]).exits(0);
    assert!(ran.out.contains("ok    credentials") && ran.out.contains("0 warnings, 0 failures"), "{}", ran.out);
    assert_eq!(bench.room.run(&["doctor", "-q", "--now", NOW]).exits(0).out, "");
    let ran = bench.room.run(&["doctor", "-o", "sarif"]).exits(3);
    assert!(ran.err.contains("[possible values: table, json]"), "{}", ran.err);
}

#[test]
fn nobody_is_contacted_offline() {
    let bench = bench();
    let ran = doctor(&bench.room, &["--offline"]).exits(0);
    assert_eq!(bench.sim.requests().len(), 0);
    says(&ran, "pce", "skipped", "no connection was made");
    assert!(silent(&ran, "pce.credentials"));
}

#[test]
fn wrong_credentials_and_wrong_org() {
    let bench = bench();
    let mut command = bench.room.command(&["doctor", "-o", "json", "--now", NOW]);
    let ran = Ran::of(command.env("PCE_SECRET", "planted-5ECRET")).exits(3);
    says(&ran, "pce.credentials", "fail", "401");
    says(&ran, "pce.credentials", "fail", "api_key and api_secret");
    assert!(silent(&ran, "pce.traffic") && !ran.out.contains("planted-5ECRET"), "{}", ran.out);
    // It is not there at all.
    let mut command = bench.room.command(&["doctor", "-o", "json", "--now", NOW]);
    let ran = Ran::of(command.env_remove("PCE_SECRET")).exits(3);
    says(&ran, "secret", "fail", "PCE_SECRET");
    says(&ran, "pce.connection", "ok", "");

    bench.room.config(&std::fs::read_to_string(bench.room.path("rules.toml")).unwrap().replace("org_id = 1", "org_id = 2"));
    let ran = doctor(&bench.room, &[]).exits(3);
    says(&ran, "pce.credentials", "ok", "");
    says(&ran, "pce.org", "fail", "403");
    says(&ran, "pce.org", "fail", "check org_id");
}

#[test]
fn what_the_key_may_not_do() {
    let bench = bench();
    let forbidden = || Action::error(403, "forbidden_error", "Forbidden");
    for (endpoint, check, verdict, part) in [
        (Endpoint::Events, "pce.events", "fail", "403"),
        (Endpoint::Submit, "pce.traffic", "fail", "may view traffic"),
        (Endpoint::Health, "pce.health", "skipped", "not offered"),
        (Endpoint::Workloads, "pce.workloads", "skipped", "no rule needs them"),
        (Endpoint::ProductVersion, "pce.version", "warn", "403"),
    ] {
        bench.sim.set_faults(vec![Fault::new(endpoint, .., forbidden())]);
        let ran = doctor(&bench.room, &[]);
        says(&ran, check, verdict, part);
        assert_eq!(
            ran.code,
            match verdict {
                "fail" => 3,
                "warn" => 1,
                _ => 0,
            }
        );
    }
    bench.sim.set_faults(vec![Fault::new(Endpoint::Submit, .., Action::Unseen(500))]);
    says(&doctor(&bench.room, &[]).exits(1), "pce.traffic", "warn", "RBAC");
    bench.sim.set_faults(vec![Fault::new(Endpoint::ProductVersion, .., Action::html(200))]);
    says(&doctor(&bench.room, &[]).exits(3), "pce.credentials", "fail", "HTML");
    bench.sim.set_faults(Vec::new());
}

#[test]
fn clocks_that_differ() {
    let bench = bench();
    bench.sim.set_now(at("10:25"));
    let ran = doctor(&bench.room, &[]).exits(1);
    says(&ran, "pce.clock", "warn", "15m ahead");
    bench.sim.set_now(at("09:40"));
    says(&doctor(&bench.room, &[]).exits(1), "pce.clock", "warn", "30m behind");
}

#[test]
fn sums_of_whole_days_are_warned_of() {
    let bench = bench_with(&format!("{RULE}[traffic]\naccounting = \"as_reported\"\n"));
    let ran = doctor(&bench.room, &[]).exits(1);
    says(&ran, "pce.totals", "warn", "accounting = \"delta\"");
}

/// A config whose PCE is at this address.
fn at_address(room: &Room, url: &str, more: &str) {
    room.config(&format!(
        "[pce]\nurl = \"{url}\"\norg_id = 1\napi_key = {{ env = \"PCE_KEY\" }}\napi_secret = {{ env = \"PCE_SECRET\" }}\n{more}\n{RULE}"
    ));
}

#[test]
fn the_way_to_the_pce() {
    let room = Room::new();
    at_address(&room, "https://no-such-host.invalid:8443", "");
    says(&doctor(&room, &[]).exits(3), "pce.name", "fail", "no-such-host.invalid");

    let closed = ClosedPort::new();
    at_address(&room, &format!("http://{closed}"), "");
    let ran = doctor(&room, &[]).exits(3);
    says(&ran, "pce.connection", "fail", "firewalls");
    says(&ran, "pce.credentials", "skipped", "cannot be reached");

    // It takes connections and says nothing.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = hanging.local_addr().unwrap();
    at_address(&room, &format!("http://{address}"), "");
    says(&doctor(&room, &["--timeout", "300ms"]).exits(3), "pce.credentials", "fail", "did not answer in time");
    at_address(&room, &format!("https://{address}"), "");
    says(&doctor(&room, &["--timeout", "300ms"]).exits(3), "pce.certificate", "fail", "no handshake");

    at_address(&room, "https://pce.example.com:8443", &format!("proxy = \"http://{closed}\""));
    let ran = doctor(&room, &[]).exits(3);
    says(&ran, "pce.connection", "fail", &closed.to_string());
}

/// Something that shakes hands with this certificate, and never answers; and the certificate.
pub fn tls_server(not_after: (i32, u8, u8)) -> (u16, String) {
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "Lab CA 7");
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(not_after.0, not_after.1, not_after.2);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // Whoever does not like the certificate goes away.
            let _ = rustls::Stream::new(&mut session, &mut stream).read(&mut [0; 16]);
        }
    });
    (port, certificate.pem())
}

#[test]
fn certificates() {
    let (port, pem) = tls_server((2036, 1, 2));
    let room = Room::new();
    let url = format!("https://localhost:{port}");
    let more = |text: &str| at_address(&room, &url, text);
    room.write("right.pem", &pem);
    let (_, other) = tls_server((2036, 1, 2));
    room.write("wrong.pem", other);

    more("");
    let ran = doctor(&room, &["--timeout", "1s"]).exits(3);
    says(&ran, "pce.certificate", "fail", "not trusted by the CAs of this system");
    says(&ran, "pce.certificate", "fail", "Lab CA 7, valid until 2036-01-02T00:00:00Z");
    more("ca_file = \"wrong.pem\"");
    let ran = doctor(&room, &["--timeout", "1s"]).exits(3);
    says(&ran, "pce.certificate", "fail", "not trusted by wrong.pem");
    says(&ran, "pce.certificate", "fail", "wrong.pem (ca_file in [pce]) must contain the CA");
    assert!(ran.out.contains("cannot be reached"), "{}", ran.out);
    more("ca_file = \"right.pem\"");
    says(&doctor(&room, &["--timeout", "1s"]).exits(3), "pce.certificate", "ok", "valid until 2036-01-02");
    // Seen from shortly before its end.
    let ran = room.run(&["doctor", "-o", "json", "--timeout", "1s", "--now", "2035-12-24T00:00:00Z"]).exits(3);
    says(&ran, "pce.certificate", "warn", "renew it");
    more("insecure_skip_verify = true");
    says(&doctor(&room, &["--timeout", "1s"]).exits(3), "pce.certificate", "warn", "not checked");
    more("ca_file = \"nowhere.pem\"");
    says(&doctor(&room, &["--timeout", "1s"]).exits(3), "pce.certificate", "fail", "nowhere.pem");

    let (port, pem) = tls_server((2024, 5, 6));
    room.write("old.pem", &pem);
    at_address(&room, &format!("https://localhost:{port}"), "ca_file = \"old.pem\"");
    let ran = doctor(&room, &["--timeout", "1s"]).exits(3);
    says(&ran, "pce.certificate", "fail", "valid until 2024-05-06");
}

#[test]
fn channels_are_tried_without_a_message() {
    let closed = ClosedPort::new();
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = open.local_addr().unwrap();
    let channels = |names: &str| format!("{RULE}notify = [{names}]\n");
    let bench = bench_with(&format!(
        "{}[[channels]]\nname = \"good\"\ntype = \"webhook\"\nurl = {{ env = \"HOOK\" }}\n\
         [[channels]]\nname = \"dead\"\ntype = \"slack\"\nurl = {{ env = \"DEAD\" }}\n\
         [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\nsmtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}\n\
         [[channels]]\nname = \"file\"\ntype = \"file\"\npath = \"/tmp/x.log\"\n\
         [[channels]]\nname = \"nokey\"\ntype = \"webhook\"\nurl = {{ env = \"NOT_SET\" }}\n",
        channels("\"good\", \"dead\", \"mail\", \"file\", \"nokey\""),
        closed.port()
    ));
    let mut command = bench.room.command(&["doctor", "-o", "json", "--now", NOW, "--timeout", "1s"]);
    command.env("HOOK", format!("http://{address}/planted-5ECRET-path")).env("DEAD", format!("http://{closed}/planted-5ECRET-path"));
    let ran = Ran::of(&mut command).exits(3);
    assert!(!ran.out.contains("5ECRET") && !ran.err.contains("5ECRET"), "{}{}", ran.out, ran.err);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let of = |name: &str| {
        let list = json["findings"].as_array().unwrap();
        let one = list.iter().find(|one| one["what"] == format!("channel {name}")).unwrap();
        (one["verdict"].as_str().unwrap().to_owned(), one["detail"].as_str().unwrap().to_owned())
    };
    assert!(of("good").0 == "ok" && of("good").1.contains(&address.to_string()), "{:?}", of("good"));
    assert!(of("dead").0 == "fail" && of("dead").1.contains(&closed.to_string()), "{:?}", of("dead"));
    assert!(of("mail").0 == "fail" && of("mail").1.contains(&closed.to_string()), "{:?}", of("mail"));
    assert_eq!(of("file").0, "ok");
    assert!(of("nokey").0 == "fail" && of("nokey").1.contains("NOT_SET"), "{:?}", of("nokey"));
    // A connection came, and nothing with it.
    open.set_nonblocking(true).unwrap();
    let (mut stream, _) = open.accept().unwrap();
    stream.set_nonblocking(false).unwrap();
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn a_broken_config_does_not_hide_the_rest() {
    let bench = bench();
    let text = std::fs::read_to_string(bench.room.path("rules.toml")).unwrap();
    bench.room.config(&text.replace("source = \"health\"", "source = \"helth\""));
    let ran = doctor(&bench.room, &[]).exits(3);
    says(&ran, "config", "fail", "helth");
    says(&ran, "config", "fail", "pcemon rules validate");
    says(&ran, "pce.traffic", "ok", "");
    bench.room.config("this is no TOML");
    let ran = doctor(&bench.room, &[]).exits(3);
    says(&ran, "config", "fail", "");
    says(&ran, "pce", "skipped", "no usable [pce]");
    // None at all.
    let room = Room::new();
    says(&doctor(&room, &[]).exits(3), "config", "fail", "rules.toml");
}

#[test]
fn files_and_state() {
    let bench = bench();
    let state = bench.room.path("state");
    std::fs::create_dir(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o777)).unwrap();
    says(&doctor(&bench.room, &["--offline"]).exits(1), "state.folder", "warn", "is writable by others");
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o700)).unwrap();
    bench.check(at("10:10"), &[]);
    // Long after the last run.
    let late = |more: &[&str]| {
        let mut arguments = vec!["doctor", "-o", "json", "--offline", "--now", "2026-11-23T10:10:00Z"];
        arguments.extend(more);
        bench.room.run(&arguments)
    };
    says(&late(&[]).exits(1), "last_run", "warn", "3d ago");
    std::fs::write(bench.room.state(), "{ not a state").unwrap();
    says(&late(&[]).exits(3), "state", "fail", "damaged");

    let text = std::fs::read_to_string(bench.room.path("rules.toml")).unwrap();
    let plain = bench.room.write("rules.toml", text.replace("{ env = \"PCE_SECRET\" }", "\"planted-5ECRET\""));
    std::fs::set_permissions(plain, std::fs::Permissions::from_mode(0o644)).unwrap();
    says(&doctor(&bench.room, &["--offline"]).exits(3), "config.permissions", "fail", "chmod 600");
    let secret = bench.room.write("secret", "simulated-secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.room.config(&text.replace("{ env = \"PCE_SECRET\" }", "{ file = \"secret\" }"));
    says(&doctor(&bench.room, &["--offline"]), "secret", "warn", "permissions 0600");
}

/// A PCE whose totals are those of the span: the longer one holds more.
#[test]
fn totals_that_are_clipped() {
    let row = |connections: u64| {
        serde_json::json!([{ "src": { "ip": "10.0.0.1" }, "dst": { "ip": "10.0.0.2" }, "service": { "port": 80, "proto": 6 },
            "num_connections": connections, "policy_decision": "allowed", "flow_direction": "outbound",
            "timestamp_range": { "first_detected": "2026-11-20T00:01:00Z", "last_detected": "2026-11-20T10:05:00Z" } }])
    };
    let answer = |connections: u64| Action::Answer {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: row(connections).to_string().into_bytes(),
    };
    for (accounting, verdict, part) in
        [("delta", "warn", "accounting = \"as_reported\""), ("as_reported", "ok", "clipped to the queried span")]
    {
        let bench = bench_with(&format!("{RULE}[traffic]\naccounting = \"{accounting}\"\n"));
        bench.sim.set_faults(vec![Fault::new(Endpoint::Download, 1..=1, answer(10)), Fault::new(Endpoint::Download, 2..=2, answer(1_000))]);
        says(&doctor(&bench.room, &[]), "pce.totals", verdict, part);
        bench.sim.set_faults(Vec::new());
    }
}

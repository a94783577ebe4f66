//! The way to the PCE: certificates, names, ports and members that are not what they should be. An error names who failed
//! and what to do next.

use crate::support::cli::{Bench, Ran, Room, at, knock, knocks, pce_table};
use crate::support::closed::ClosedPort;
use crate::support::tls::{Certificate, Server};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Asks for events at a server, trusting the file with this text.
fn events(url: &str, ca: Option<&str>) -> Ran {
    let room = Room::new();
    let mut config = pce_table(url);
    if let Some(ca) = ca {
        room.write("ca.pem", ca);
        config.push_str("ca_file = \"ca.pem\"\n");
    }
    room.config(&config);
    room.run(&["events", "-o", "json"])
}

/// W25: appliances show a certificate that signed itself, some of them one of a CA.
#[test]
fn a_certificate_that_stands_in_ca_file_is_trusted() {
    for is_ca in [false, true] {
        let server = Server::own(&Certificate { is_ca, ..Certificate::default() });
        events(&server.url(), Some(&server.pem)).exits(0);
        // Beside others.
        let other = Server::of_authority(&Certificate::default());
        events(&server.url(), Some(&format!("{}{}", other.ca, server.pem))).exits(0);
        // The same of somebody else is nobody's.
        let twin = Server::own(&Certificate { is_ca, ..Certificate::default() });
        events(&server.url(), Some(&twin.pem)).exits(3);
        events(&server.url(), None).exits(3);
    }
    let signed = Server::of_authority(&Certificate::default());
    events(&signed.url(), Some(&signed.ca)).exits(0);
    // The certificate without its CA.
    events(&signed.url(), Some(&signed.pem)).exits(0);
}

/// W25, W26: whatever it is trusted by, name and dates count; each fault has a sentence of its own, with times that people read.
#[test]
fn faults_of_a_certificate_are_told_apart() {
    let expired = Certificate { to: (2024, 5, 6), ..Certificate::default() };
    let early = Certificate { from: (2119, 2, 3), ..Certificate::default() };
    let strange = Certificate { name: "pce.example.com", ..Certificate::default() };
    for (certificate, words) in [
        (&expired, "it expired at 2024-05-06T00:00:00Z"),
        (&early, "it is not valid before 2119-02-03T00:00:00Z"),
        (&strange, "it is for pce.example.com, not for localhost"),
    ] {
        for server in
            [Server::own(certificate), Server::own(&Certificate { is_ca: true, ..*certificate }), Server::of_authority(certificate)]
        {
            for ca in [&server.ca, &server.pem] {
                let ran = events(&server.url(), Some(ca)).exits(3);
                assert!(ran.err.contains(words), "{words}: {}", ran.err);
                assert!(!ran.err.contains("ca_file") && !ran.err.contains("verification time"), "{}", ran.err);
            }
        }
    }
    let server = Server::of_authority(&Certificate::default());
    let ran = events(&server.url(), None).exits(3);
    assert!(ran.err.contains("it is not signed by a trusted CA"), "{}", ran.err);
    assert!(ran.err.contains("if a private CA signed it, set ca_file in [pce] to that CA"), "{}", ran.err);
    let other = Server::of_authority(&Certificate::default());
    let ran = events(&server.url(), Some(&other.ca)).exits(3);
    assert!(ran.err.contains("it is not signed by a trusted CA"), "{}", ran.err);
    assert!(ran.err.contains("ca.pem (ca_file in [pce]) must contain the CA that signed it"), "{}", ran.err);
}

/// W26: `doctor` tells them apart, too.
#[test]
fn doctor_tells_faults_of_a_certificate_apart() {
    let room = Room::new();
    let server = Server::own(&Certificate { to: (2024, 5, 6), ..Certificate::default() });
    room.write("ca.pem", &server.pem);
    room.config(&format!(
        "{}ca_file = \"ca.pem\"\n[[rules]]\nname = \"r\"\nsource = \"health\"\nwarning = \">= 1\"\n",
        pce_table(&server.url())
    ));
    let ran = room.run(&["doctor", "-o", "json", "--timeout", "5s"]).exits(3);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let certificate = findings.iter().find(|finding| finding["check"] == "pce.certificate").unwrap();
    assert!(certificate["detail"].as_str().unwrap().contains("it expired at 2024-05-06T00:00:00Z"), "{certificate}");
    assert!(certificate["advice"].as_str().unwrap().contains("renew it"), "{certificate}");
    assert!(!certificate["advice"].as_str().unwrap().contains("ca_file"), "{certificate}");
}

/// The channels judge certificates in the same words.
#[test]
fn channels_tell_faults_of_a_certificate_apart() {
    let room = Room::new();
    let server = Server::own(&Certificate { name: "hooks.example.com", ..Certificate::default() });
    room.write("ca.pem", &server.pem);
    let url = server.url();
    room.config(&format!(
        "[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = {{ env = \"HOOK\" }}\nca_file = \"ca.pem\"\n\
         [[channels]]\nname = \"siem\"\ntype = \"syslog\"\naddress = \"localhost:{port}\"\ntransport = \"tls\"\nca_file = \"ca.pem\"\n\
         [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\n\
         smtp = {{ host = \"localhost\", port = {port}, tls = \"implicit\", ca_file = \"ca.pem\" }}\n",
        port = server.port
    ));
    for name in ["hook", "siem", "mail"] {
        let ran = Ran::of(room.command(&["channel", "test", name]).env("HOOK", format!("{url}/planted")));
        assert_ne!(ran.code, 0);
        assert!(ran.err.contains("it is for hooks.example.com, not for localhost"), "{name}: {}{}", ran.out, ran.err);
        assert!(!ran.err.contains("ca_file"), "{name}: {}", ran.err);
    }
}

fn blocked() -> Bench {
    let world = knocks(&[knock("09:55", "web-01", 3306, 3)]);
    let health = json!([
        { "fqdn": "leader.example.com", "type": "leader", "status": "normal", "notifications": [], "nodes": [] },
        { "fqdn": "127.0.0.1", "type": "member", "status": "normal", "notifications": [], "nodes": [] },
    ]);
    Bench::new(Options { health, ..Options::new(world, at("10:00")) }, "")
}

/// W27: members of a Supercluster only read, so a query belongs to the leader.
#[test]
fn a_member_of_a_supercluster_is_named_with_its_leader() {
    let bench = blocked();
    let refuse = || vec![Fault::new(Endpoint::Submit, .., Action::error(403, "forbidden", "read only"))];
    bench.sim.set_faults(refuse());
    let flows = || bench.room.run(&["flows", "--now", "2026-11-20T10:00:00Z"]);
    let ran = flows().exits(3);
    assert!(ran.err.contains("a member of a Supercluster is read-only; set url in [pce] to its leader leader.example.com"), "{}", ran.err);
    assert!(!ran.err.contains("permissions"), "{}", ran.err);
    // W30: a refusal makes nothing, so nothing is left behind.
    assert!(!ran.err.contains("left at the PCE"), "{}", ran.err);
    // A PCE on its own refuses for another reason.
    let alone = Bench::new(Options::new(knocks(&[]), at("10:00")), "");
    alone.sim.set_faults(refuse());
    let ran = alone.room.run(&["flows", "--now", "2026-11-20T10:00:00Z"]).exits(3);
    assert!(ran.err.contains("permissions") && !ran.err.contains("Supercluster") && !ran.err.contains("left at the PCE"), "{}", ran.err);
}

/// W30, W35: a name that nobody knows and a port where nobody listens are said as such and soon.
#[test]
fn an_unknown_host_and_a_wrong_port_are_said_soon() {
    let closed = ClosedPort::new();
    for (url, words) in [
        ("https://pce.does-not-exist.invalid:8443".to_owned(), "the name pce.does-not-exist.invalid cannot be resolved"),
        (format!("http://{closed}"), "refuses connections"),
    ] {
        let room = Room::new();
        room.config(&pce_table(&url));
        let begun = Instant::now();
        let ran = room.run(&["flows", "-v"]).exits(3);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!(ran.err.contains(words) && ran.err.contains("3 tries"), "{}", ran.err);
        assert!(!ran.err.contains("left at the PCE") && !ran.err.contains("was lost"), "{}", ran.err);
        // The first refusal is said at once, each try is counted.
        let first = ran.err.lines().position(|line| line.contains("try 2 of 3")).unwrap();
        assert!(ran.err.lines().skip(first).any(|line| line.contains("try 3 of 3")), "{}", ran.err);
    }
}

/// W34: what the PCE no longer holds is not asked for.
#[test]
fn a_span_begins_where_the_pce_begins() {
    let world = knocks(&[knock("09:55", "web-01", 3306, 3)]);
    let bench = Bench::new(Options { database: json!({ "flows_oldest_day": "2026-09-21" }), ..Options::new(world, at("10:00")) }, "");
    let flows = |more: &[&str]| bench.room.run(&[&["flows", "--now", "2026-11-20T10:00:00Z", "-o", "json"], more].concat());
    let ran = flows(&["--since", "2013-01-01T00:00:00Z"]).exits(0);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["from"], json["flows"].as_array().unwrap().len()), (&json!("2026-09-21T00:00:00Z"), 1), "{json:#}");
    let said = "the PCE stores traffic since 2026-09-21";
    assert!(ran.err.contains(said), "{}", ran.err);
    let asked = bench.sim.requests().into_iter().find(|request| request.method == "POST").unwrap();
    assert!(String::from_utf8_lossy(&asked.body).contains("2026-09-21T00:00:00Z"), "{asked:?}");
    // A span that ends before that holds nothing, and is no answer of "no traffic".
    let ran = flows(&["--since", "2013-01-01T00:00:00Z", "--until", "2013-02-01T00:00:00Z"]).exits(3);
    assert!(ran.err.contains(said), "{}", ran.err);
    assert_eq!(bench.sim.requests().iter().filter(|request| request.method == "POST").count(), 1);
    // What is held is asked for as it is, and whoever may not see the metrics asks as before.
    let ran = flows(&["--since", "2h"]).exits(0);
    assert!(!ran.err.contains(said), "{}", ran.err);
    bench.sim.set_faults(vec![Fault::new(Endpoint::Database, .., Action::error(403, "forbidden", "no"))]);
    flows(&["--since", "2026-09-01T00:00:00Z"]).exits(0);
    bench.sim.set_faults(vec![
        Fault::new(Endpoint::Database, .., Action::error(403, "forbidden", "no")),
        Fault::new(Endpoint::Submit, .., Action::error(406, "input_validation_error", "start_date is too early")),
    ]);
    let ran = flows(&["--since", "2013-01-01T00:00:00Z"]).exits(3);
    assert!(ran.err.contains("stores about 90 days of traffic") && !ran.err.contains("21.2"), "{}", ran.err);
}

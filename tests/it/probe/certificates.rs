//! Certificates: five right sentences, the date in all of them, and an alert that does not resolve by expiring.

use super::{DOWN, goes, records, serve, target};
use crate::support::cli::Room;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) type Day = (i32, u8, u8);

/// A certificate with the key that it is for.
pub(super) struct Made {
    pub(super) certificate: Certificate,
    pub(super) key: KeyPair,
    parameters: CertificateParams,
}

fn parameters(name: &str, san: &str, is_ca: bool, from: Day, to: Day) -> CertificateParams {
    let mut parameters = CertificateParams::new(if san.is_empty() { vec![] } else { vec![san.to_owned()] }).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let day = |(year, month, day): Day| rcgen::date_time_ymd(year, month, day);
    (parameters.not_before, parameters.not_after) = (day(from), day(to));
    parameters
}

pub(super) fn root(name: &str, to: Day) -> Made {
    let (key, parameters) = (KeyPair::generate().unwrap(), parameters(name, "", true, (2020, 1, 1), to));
    Made { certificate: parameters.self_signed(&key).unwrap(), key, parameters }
}

pub(super) fn signed(by: &Made, name: &str, san: &str, is_ca: bool, (from, to): (Day, Day)) -> Made {
    let (key, parameters) = (KeyPair::generate().unwrap(), parameters(name, san, is_ca, from, to));
    let certificate = parameters.signed_by(&key, &issuer(by)).unwrap();
    Made { certificate, key, parameters }
}

fn issuer(made: &Made) -> Issuer<'_, &KeyPair> {
    Issuer::from_params(&made.parameters, &made.key)
}

const GOOD: (Day, Day) = ((2026, 9, 1), (2027, 9, 1));

pub(super) fn serving(chain: &[&Certificate], key: &KeyPair) -> SocketAddr {
    serving_with(chain, key, |stream| drop(std::io::copy(stream, &mut std::io::sink())))
}

/// A connection that has shaken hands.
pub(super) type Encrypted = rustls::StreamOwned<rustls::ServerConnection, std::net::TcpStream>;

pub(super) fn serving_with(chain: &[&Certificate], key: &KeyPair, talk: impl Fn(&mut Encrypted) + Send + Sync + 'static) -> SocketAddr {
    let chain: Vec<CertificateDer<'static>> = chain.iter().map(|one| one.der().clone()).collect();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    encrypting_with(config, talk)
}

fn encrypting(config: rustls::ServerConfig) -> SocketAddr {
    encrypting_with(config, |stream| drop(std::io::copy(stream, &mut std::io::sink())))
}

fn encrypting_with(config: rustls::ServerConfig, talk: impl Fn(&mut Encrypted) + Send + Sync + 'static) -> SocketAddr {
    let config = Arc::new(config);
    serve(move |stream| {
        let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = rustls::StreamOwned::new(session, stream);
        talk(&mut stream);
        stream.conn.send_close_notify();
        let _ = stream.conn.write_tls(&mut stream.sock);
    })
}

/// The only record of a target that trusts `ca`.
fn looked_at(at: SocketAddr, ca: &Certificate, more: &str, now: &str) -> Value {
    let room = Room::new();
    room.write("ca.pem", ca.pem());
    room.config(&target("t", &format!("url = \"tls://localhost:{}\"\nca_file = \"ca.pem\"\n{more}", at.port())));
    let out = room.run(&["show", "probe", "-o", "ndjson", "--now", now]).out;
    records(&out).remove(0)
}

const NOW: &str = "2026-11-20T10:00:00Z";
const DAY: f64 = 86_400.0;

#[track_caller]
fn is(record: &Value, outcome: &str, part: &str, days: std::ops::Range<f64>) {
    let reason = record["fields"]["reason"].as_str().unwrap_or("");
    assert!(record["fields"]["outcome"] == outcome && reason.contains(part), "{record:#}");
    let left = record["numbers"]["cert_expiry"].as_f64().unwrap_or_else(|| panic!("{record:#}")) / DAY;
    assert!(days.contains(&left), "{left}: {record:#}");
    assert!(record["fields"]["issuer"].is_string() && record["fields"]["subject"].is_string(), "{record:#}");
}

#[test]
fn five_sentences_and_the_date_in_all_of_them() {
    let ca = root("Test CA", (2040, 1, 1));
    let leaf = |dates, san| signed(&ca, "localhost", san, false, dates);
    // It expires tomorrow: well, and the days say so.
    let one = leaf(((2026, 9, 1), (2026, 11, 21)), "localhost");
    let record = looked_at(serving(&[&one.certificate], &one.key), &ca.certificate, "", NOW);
    is(&record, "ok", "", 0.0..1.0);
    assert!(record["numbers"]["cert_life"].as_f64().unwrap() < 0.01 && record["fields"]["tls_version"] == "1.3", "{record:#}");
    // It has expired.
    let one = leaf(((2026, 9, 1), (2026, 11, 10)), "localhost");
    is(
        &looked_at(serving(&[&one.certificate], &one.key), &ca.certificate, "", NOW),
        "certificate",
        "it expired at 2026-11-10",
        -11.0..-10.0,
    );
    // Not yet.
    let one = leaf(((2026, 12, 1), (2027, 11, 10)), "localhost");
    is(
        &looked_at(serving(&[&one.certificate], &one.key), &ca.certificate, "", NOW),
        "certificate",
        "not valid before 2026-12-01",
        300.0..400.0,
    );
    // For somebody else.
    let one = leaf(GOOD, "shop.example.com");
    let at = serving(&[&one.certificate], &one.key);
    is(&looked_at(at, &ca.certificate, "", NOW), "certificate", "it is for shop.example.com, not for localhost", 200.0..300.0);
    is(&looked_at(at, &ca.certificate, "server_name = \"shop.example.com\"", NOW), "ok", "", 200.0..300.0);
    is(&looked_at(at, &ca.certificate, "insecure_skip_verify = true", NOW), "ok", "", 200.0..300.0);
    // Signed by itself, by somebody nobody knows, and sent without the one between.
    let own = root("localhost", (2030, 1, 1));
    is(&looked_at(serving(&[&own.certificate], &own.key), &ca.certificate, "", NOW), "certificate", "it is self-signed", 1000.0..2000.0);
    let other = root("Other CA", (2040, 1, 1));
    let middle = signed(&other, "Middle", "", true, GOOD);
    let one = signed(&middle, "localhost", "localhost", false, GOOD);
    let record = looked_at(serving(&[&one.certificate, &middle.certificate], &one.key), &ca.certificate, "", NOW);
    is(&record, "certificate", "not signed by a trusted CA", 200.0..300.0);
    let record = looked_at(serving(&[&one.certificate], &one.key), &other.certificate, "", NOW);
    is(&record, "certificate", "without the certificate of CN=Middle", 200.0..300.0);
    is(&looked_at(serving(&[&one.certificate, &middle.certificate], &one.key), &other.certificate, "", NOW), "ok", "", 200.0..300.0);
}

/// What the path needs counts, what was sent beside it does not.
#[test]
fn a_needless_cross_sign_is_no_alarm_and_an_intermediate_is_one() {
    let old = root("Old CA", (2040, 1, 1));
    let ca = root("Test CA", (2040, 1, 1));
    // The root, signed by an older one as well; that certificate has expired long ago.
    let crossed = parameters("Test CA", "", true, (2020, 1, 1), (2021, 9, 30)).signed_by(&ca.key, &issuer(&old)).unwrap();
    let middle = signed(&ca, "Middle", "", true, ((2026, 1, 1), (2026, 12, 1)));
    let leaf = signed(&middle, "localhost", "localhost", false, GOOD);
    let at = serving(&[&leaf.certificate, &middle.certificate, &crossed], &leaf.key);
    let record = looked_at(at, &ca.certificate, "", NOW);
    // The one between ends first; the cross-sign is told beside it.
    is(&record, "ok", "", 10.0..11.0);
    assert!(record["numbers"]["chain_expiry"].as_f64().unwrap() < -1000.0 * DAY, "{record:#}");
    let lasting = signed(&ca, "Lasting", "", true, GOOD);
    let leaf = signed(&lasting, "localhost", "localhost", false, GOOD);
    let at = serving(&[&leaf.certificate, &lasting.certificate, &crossed], &leaf.key);
    is(&looked_at(at, &ca.certificate, "", NOW), "ok", "", 200.0..300.0);
}

/// "Expires soon" becomes "expired" without a recovery in between, and a host that is away keeps it as it is.
#[test]
fn an_alert_does_not_resolve_by_expiring() {
    let ca = root("Test CA", (2040, 1, 1));
    let leaf = signed(&ca, "localhost", "localhost", false, ((2026, 9, 1), (2026, 11, 21)));
    let at = serving(&[&leaf.certificate], &leaf.key);
    let room = Room::new();
    room.write("ca.pem", ca.certificate.pem());
    let config = |port: u16| {
        format!(
            "{}{DOWN}[[rules]]\nname = \"cert\"\nsource = \"probe\"\nmetric = \"cert_expiry\"\ngroup_by = [\"probe\"]\nwarning = \"< 14d\"\ncritical = \"< 3d\"\n",
            target("t", &format!("url = \"tls://localhost:{port}\"\nca_file = \"ca.pem\""))
        )
    };
    room.config(&config(at.port()));
    let check = |now: &str| room.run(&["check", "-o", "json", "--now", now]).json();
    let state = |now: &str| {
        let report = check(now);
        let rule = report.rule("cert").clone();
        (rule["instances"][0]["state"].as_str().unwrap_or("none").to_owned(), rule["instances"][0]["since"].to_string(), rule)
    };
    let (before, since, rule) = state("2026-11-20T10:00:00Z");
    assert_eq!(before, "firing", "{rule:#}");
    assert!(rule["top"][0].to_string().contains("valid until 2026-11-21"), "{rule:#}");
    let (after, still, rule) = state("2026-11-22T10:00:00Z");
    assert_eq!((after.as_str(), &still), ("firing", &since), "{rule:#}");
    assert!(rule["top"][0].to_string().contains("it expired at 2026-11-21"), "{rule:#}");
    let closed = crate::support::closed::ClosedPort::new();
    room.config(&config(closed.port()));
    let (away, still, rule) = state("2026-11-22T10:05:00Z");
    assert_eq!((away.as_str(), &still), ("firing", &since), "{rule:#}");
}

/// A third of the lifetime is when machines renew: less than a quarter is late, however long it is.
#[test]
fn the_share_of_its_life_is_what_is_late() {
    let ca = root("Test CA", (2040, 1, 1));
    let share = |from, to| {
        let leaf = signed(&ca, "localhost", "localhost", false, (from, to));
        looked_at(serving(&[&leaf.certificate], &leaf.key), &ca.certificate, "", NOW)["numbers"]["cert_life"].as_f64().unwrap()
    };
    let (short, long) = (share((2026, 11, 17), (2026, 11, 23)), share((2026, 9, 11), (2026, 12, 10)));
    assert!(short > 0.4 && (0.2..0.25).contains(&long), "{short} {long}");
}

/// Two names on one address: the certificate of the one that is asked for.
#[test]
fn the_name_is_said_in_the_handshake() {
    use rustls::server::ResolvesServerCertUsingSni;
    let ca = root("Test CA", (2040, 1, 1));
    let mut names = ResolvesServerCertUsingSni::new();
    for name in ["localhost", "shop.example.com"] {
        let leaf = signed(&ca, name, name, false, GOOD);
        let key = PrivateKeyDer::Pkcs8(leaf.key.serialize_der().into());
        let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
        names.add(name, rustls::sign::CertifiedKey::new(vec![leaf.certificate.der().clone()], key)).unwrap();
    }
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(names));
    let at = encrypting(config);
    assert_eq!(looked_at(at, &ca.certificate, "", NOW)["fields"]["subject"], "CN=localhost");
    assert_eq!(looked_at(at, &ca.certificate, "server_name = \"shop.example.com\"", NOW)["fields"]["subject"], "CN=shop.example.com");
}

#[test]
fn what_is_no_tls_is_said_to_be_none() {
    let plain = super::saying(b"220 mx.example.com ESMTP\r\n");
    goes(&format!("url = \"tls://{plain}\""), "tls", "what it sends is not TLS");
    goes(&format!("url = \"tls://{}\"", serve(drop)), "closed", "TLS handshake");
    let quiet = super::saying(b"");
    goes(&format!("url = \"tls://{quiet}\"\ntimeout = \"300ms\""), "timeout", "TLS handshake");
    // A version that nobody should speak any more.
    let old = super::serve(|mut stream| {
        use std::io::{Read, Write};
        let _ = stream.read(&mut [0u8; 1024]);
        let _ = stream.write_all(&[0x15, 3, 1, 0, 2, 2, 70]);
    });
    goes(&format!("url = \"tls://{old}\""), "tls", "no TLS 1.2 or newer");
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("t", "url = \"tls://localhost:1\"\nca_file = \"nowhere.pem\"")));
    let report = room.run(&super::CHECK).exits(3).json();
    let source = report.source("probe");
    assert!(source["party"] == "config" && source["error"].to_string().contains("nowhere.pem"), "{source:#}");
}

/// Names in a certificate are foreign text.
#[test]
fn hostile_names_are_shown_and_not_obeyed() {
    let ca = root("Test\u{1b}[31m CA\u{202e}", (2040, 1, 1));
    let leaf = signed(&ca, "a\nb\u{1b}]0;x\u{7}", "localhost", false, GOOD);
    let record = looked_at(serving(&[&leaf.certificate], &leaf.key), &ca.certificate, "", NOW);
    let text = record.to_string();
    assert!(!text.contains("\\u001b") && !text.contains('\u{202e}') && !text.contains('\u{1b}'), "{text}");
    assert_eq!(record["fields"]["outcome"], "ok");
}

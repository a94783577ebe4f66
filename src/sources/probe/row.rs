//! The row: fields, keys and metrics.

use super::failure::OUTCOMES;
use crate::domain::source::{Agg, Catalogue, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, ReadFrom, SourceDef, Takes};
use crate::domain::unit::Unit;

/// Places of the fields.
pub(super) mod slot {
    pub const PROBE: u8 = 0;
    pub const TYPE: u8 = 1;
    pub const OUTCOME: u8 = 2;
    pub const REASON: u8 = 3;
    pub const DOWN: u8 = 4;
    pub const LATENCY: u8 = 5;
    pub const CERT_EXPIRY: u8 = 6;
    pub const STATUS: u8 = 7;
    pub const URL: u8 = 8;
    pub const HOST: u8 = 9;
    pub const PORT: u8 = 10;
    pub const ADDRESS: u8 = 11;
    pub const IP_VERSION: u8 = 12;
    pub const HTTP_STATUS: u8 = 13;
    pub const ISSUER: u8 = 14;
    pub const SUBJECT: u8 = 15;
    pub const TLS_VERSION: u8 = 16;
    pub const ANSWER: u8 = 17;
    pub const RCODE: u8 = 18;
    pub const BANNER: u8 = 19;
    pub const METHOD: u8 = 20;
    pub const ATTEMPTS: u8 = 21;
    pub const FAILURES: u8 = 22;
    pub const RESOLVE: u8 = 23;
    pub const CONNECT: u8 = 24;
    pub const TLS: u8 = 25;
    pub const FIRST_BYTE: u8 = 26;
    pub const TRANSFER: u8 = 27;
    pub const SIZE: u8 = 28;
    pub const REDIRECTS: u8 = 29;
    pub const CERT_LIFE: u8 = 30;
    pub const CHAIN_EXPIRY: u8 = 31;
    pub const LOSS: u8 = 32;
    pub const RTT: u8 = 33;
    pub const JITTER: u8 = 34;
    pub const ANSWERS: u8 = 35;
    pub const TTL: u8 = 36;
    pub const SERIAL: u8 = 37;
}

/// Texts of a line and their places.
pub(super) const TEXTS: [(u8, &str); 11] = [
    (slot::PROBE, "probe"),
    (slot::TYPE, "type"),
    (slot::OUTCOME, "outcome"),
    (slot::REASON, "reason"),
    (slot::URL, "url"),
    (slot::HOST, "host"),
    (slot::PORT, "port"),
    (slot::IP_VERSION, "ip_version"),
    (slot::RCODE, "rcode"),
    (slot::BANNER, "banner"),
    (slot::METHOD, "method"),
];

/// Numbers of a line and their places.
pub(super) const NUMBERS: [(u8, &str); 17] = [
    (slot::LATENCY, "latency"),
    (slot::HTTP_STATUS, "http_status"),
    (slot::ATTEMPTS, "attempts"),
    (slot::FAILURES, "failures"),
    (slot::RESOLVE, "resolve"),
    (slot::CONNECT, "connect"),
    (slot::TLS, "tls"),
    (slot::FIRST_BYTE, "first_byte"),
    (slot::TRANSFER, "transfer"),
    (slot::SIZE, "size"),
    (slot::REDIRECTS, "redirects"),
    (slot::LOSS, "loss"),
    (slot::RTT, "rtt"),
    (slot::JITTER, "jitter"),
    (slot::ANSWERS, "answers"),
    (slot::TTL, "ttl"),
    (slot::SERIAL, "serial"),
];

const FOLDED: Takes = Takes::Patterns { fold: true, catalogue: Catalogue::Open };

const fn known(value: &'static str, known: &'static [&'static str]) -> Takes {
    Takes::Words { value, known, closed: false, synonyms: &[] }
}

const fn key(name: &'static str, about: &'static str, takes: Takes) -> KeyDef {
    KeyDef { name, about, takes, key: "" }
}

const fn field(name: &'static str, about: &'static str, keys: &'static [KeyDef]) -> FieldDef {
    FieldDef { name, about, holds: Holds::Text, keys, groups: true, needs: Needs::Nothing, told_by_absence: false, key: "" }
}

const fn number(name: &'static str, about: &'static str, unit: Unit) -> FieldDef {
    FieldDef { holds: Holds::Number(unit), groups: false, ..field(name, about, &[]) }
}

const fn metric(name: &'static str, unit: Unit, slot: u8, agg: Agg) -> MetricDef {
    MetricDef { name, unit, kinds: &[], input: Input::Number(slot), agg, must_be_told: true, groups: true, key: "" }
}

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "probe",
    title: || tr!("probes"),
    targets: &[ReadFrom::whole("probe")],
    nature: Nature::Snapshot,
    kinds: &[],
    fields: &[
        field("probe", "Probe: its target, and the address where there are several", &[key("probe", "Probe", FOLDED)]),
        field(
            "type",
            "What is asked: http, tcp, tls, ping or dns",
            &[key("type", "What is asked", known("TYPE", &["http", "tcp", "tls", "ping", "dns"]))],
        ),
        field("outcome", "How it went: ok, or what failed", &[key("outcome", "How it went", known("OUTCOME", &OUTCOMES))]),
        // In the language of the run: nothing is told apart by it.
        FieldDef { groups: false, ..field("reason", "Why it failed, in a sentence", &[key("reason", "Why it failed", FOLDED)]) },
        number("down", "1 when the service is not there as expected", Unit::Records),
        number("latency", "Duration of the last good attempt", Unit::Seconds),
        number("cert_expiry", "Until the certificate, or one in its path, expires", Unit::Seconds),
        number("status", "0 well, 2 down", Unit::Status),
        field("url", "Address, without credentials and query", &[key("url", "Address", FOLDED)]),
        field("host", "Host", &[key("host", "Host", FOLDED)]),
        field("port", "Port", &[key("port", "Port", known("PORT", &[]))]),
        field(
            "address",
            "Network address that answered, or failed last",
            &[key("address", "Address, CIDR block or a-b range", Takes::Addresses)],
        ),
        field("ip_version", "4 or 6", &[key("ip_version", "4 or 6", known("VERSION", &["4", "6"]))]),
        number("http_status", "Status of the HTTP answer", Unit::Plain),
        field("issuer", "Who signed the certificate", &[key("issuer", "Issuer of the certificate", FOLDED)]),
        field("subject", "Whose certificate it is", &[key("subject", "Subject of the certificate", FOLDED)]),
        field("tls_version", "Version of TLS", &[key("tls_version", "Version of TLS", known("VERSION", &["1.2", "1.3"]))]),
        field("answer", "Answers of DNS, sorted", &[key("answer", "Answers of DNS", FOLDED)]),
        field(
            "rcode",
            "Response code of DNS",
            &[key("rcode", "Response code of DNS", known("RCODE", &["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"]))],
        ),
        field("banner", "First line of the service", &[key("banner", "First line of the service", FOLDED)]),
        field(
            "method",
            "How was pinged: datagram, raw or program",
            &[key("method", "How was pinged", known("METHOD", &["datagram", "raw", "program"]))],
        ),
        number("attempts", "Attempts in this run", Unit::Plain),
        number("failures", "Failed attempts in this run", Unit::Plain),
        number("resolve", "Duration of name resolution", Unit::Seconds),
        number("connect", "Duration of connecting", Unit::Seconds),
        number("tls", "Duration of the TLS handshake", Unit::Seconds),
        number("first_byte", "From the request to the first byte of the answer", Unit::Seconds),
        number("transfer", "From the first byte of the answer to the last", Unit::Seconds),
        number("size", "Size of the body", Unit::Bytes),
        number("redirects", "Redirects followed", Unit::Plain),
        number("cert_life", "Share of the certificate's lifetime that is left", Unit::Ratio),
        number("chain_expiry", "Until the first of all certificates sent expires", Unit::Seconds),
        number("loss", "Share of packets lost", Unit::Ratio),
        number("rtt", "Mean time to the answer of a packet", Unit::Seconds),
        number("jitter", "Mean difference of successive packets", Unit::Seconds),
        number("answers", "Number of answers of DNS", Unit::Plain),
        number("ttl", "Smallest time to live of the answers", Unit::Seconds),
        number("serial", "Serial of the zone (type=SOA)", Unit::Plain),
    ],
    open_fields: false,
    metrics: &[
        MetricDef { must_be_told: false, ..metric("down", Unit::Records, slot::DOWN, Agg::Sum) },
        MetricDef { input: Input::Status(slot::STATUS), must_be_told: false, ..metric("status", Unit::Status, slot::STATUS, Agg::Max) },
        MetricDef { input: Input::Count, must_be_told: false, ..metric("count", Unit::Records, slot::PROBE, Agg::Sum) },
        MetricDef { must_be_told: false, ..metric("failures", Unit::Plain, slot::FAILURES, Agg::Sum) },
        MetricDef { must_be_told: false, ..metric("attempts", Unit::Plain, slot::ATTEMPTS, Agg::Sum) },
        MetricDef {
            input: Input::Rest { bad: slot::FAILURES, all: slot::ATTEMPTS },
            ..metric("availability", Unit::Ratio, slot::FAILURES, Agg::Min)
        },
        metric("latency", Unit::Seconds, slot::LATENCY, Agg::Max),
        metric("resolve", Unit::Seconds, slot::RESOLVE, Agg::Max),
        metric("connect", Unit::Seconds, slot::CONNECT, Agg::Max),
        metric("tls", Unit::Seconds, slot::TLS, Agg::Max),
        metric("first_byte", Unit::Seconds, slot::FIRST_BYTE, Agg::Max),
        metric("transfer", Unit::Seconds, slot::TRANSFER, Agg::Max),
        metric("cert_expiry", Unit::Seconds, slot::CERT_EXPIRY, Agg::Min),
        metric("cert_life", Unit::Ratio, slot::CERT_LIFE, Agg::Min),
        metric("chain_expiry", Unit::Seconds, slot::CHAIN_EXPIRY, Agg::Min),
        metric("loss", Unit::Ratio, slot::LOSS, Agg::Max),
        metric("rtt", Unit::Seconds, slot::RTT, Agg::Max),
        metric("jitter", Unit::Seconds, slot::JITTER, Agg::Max),
        metric("http_status", Unit::Plain, slot::HTTP_STATUS, Agg::Max),
        metric("size", Unit::Bytes, slot::SIZE, Agg::Max),
        metric("redirects", Unit::Plain, slot::REDIRECTS, Agg::Max),
        metric("answers", Unit::Plain, slot::ANSWERS, Agg::Min),
        metric("ttl", Unit::Seconds, slot::TTL, Agg::Min),
        metric("serial", Unit::Plain, slot::SERIAL, Agg::Max),
    ],
    flag: "probe",
    files: &["probe-"],
    key: ("Probe", "Probe"),
};

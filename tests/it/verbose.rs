//! What is said of a run while it works: `-v` what was asked and how long it took, `-vv` every request.

use crate::support::cli::{Bench, at, knock, knocks};
use pcemon::sim::options::Options;

const RULES: &str = "[[rules]]\nname = \"blocked\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\nwarning = \"> 1000\"\n\
    [[rules]]\nname = \"tampering\"\nsource = \"events\"\nwarning = \">= 1\"\n";

#[test]
fn what_was_asked_is_said_with_its_time_and_size() {
    let bench = Bench::new(Options::new(knocks(&[knock("09:55", "web-01", 3306, 9)]), at("10:00")), RULES);
    let said = |flags: &[&str]| bench.check(at("10:00"), flags).exits(0).err;
    assert_eq!(said(&[]), "");
    let one = said(&["-v"]);
    for words in [
        "traffic: querying 2026-11-",
        "blocked",
        "the query was completed after ",
        "traffic: downloaded 1 records, ",
        "events: querying ",
        "events: 0 records in ",
        "queried and evaluated 2 rules in ",
        "remembered and sent in ",
    ] {
        assert!(one.contains(words), "{words} is not in\n{one}");
    }
    assert!(!one.contains("GET /api"), "{one}");
    let two = said(&["-vv"]);
    for words in
        ["POST /api/v2/orgs/1/traffic_flows/async_queries: query {", "GET /api/v2/orgs/1/events?", " ms, ", " bytes", ": 200 after "]
    {
        assert!(two.contains(words), "{words} is not in\n{two}");
    }
    assert!(!two.contains("simulated-secret"), "{two}");
}

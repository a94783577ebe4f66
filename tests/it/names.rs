//! Names in rules that nothing at the PCE bears: said by the first run and by `doctor`, and asked for once.

use crate::support::cli::{Bench, at};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::fault::{Action, Endpoint, Fault};
use pcemon::sim::options::Options;
use serde_json::Value;

fn bench(rules: &str) -> Bench {
    let Estate { world, events, health, vens, database } = estate::world(at("10:00"));
    let options = Options { events, health, vens, database, ..Options::new(world, at("10:00")) };
    let bench = Bench::new(options, rules);
    bench.sim.set_now(at("10:00"));
    bench
}

fn rule(name: &str, matching: &str) -> String {
    format!("[[rules]]\nname = \"{name}\"\nsource = \"traffic\"\nmatch = {{ {matching} }}\nwarning = \"> 1000000\"\n")
}

fn warnings(ran: &crate::support::cli::Ran) -> Vec<String> {
    let json = ran.json().0;
    json["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What was asked about names.
fn asked(bench: &Bench) -> Vec<String> {
    let requests = bench.sim.requests();
    let paths = requests.iter().map(|request| request.path.clone());
    paths
        .filter(|path| path.ends_with("/labels") || path.ends_with("/ip_lists"))
        .map(|path| path.rsplit('/').next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_first_run_says_which_names_nothing_bears_and_the_next_do_not_ask() {
    let rules = [
        rule("case", "dst_label = [\"role=DB\"]"),
        rule("typo", "src_label = [\"evn=prod\"]"),
        rule("glob", "any_label = [\"env=sta*\", \"env=prod\"]"),
        rule("list", "dst_ip_list = [\"Intrenet\"]"),
        rule("right", "dst_label = [\"env=prod\"], src_ip_list = [\"*\"]"),
    ];
    let bench = bench(&rules.concat());
    let first = bench.check(at("10:00"), &[]);
    let said = warnings(&first);
    let has = |text: &str| assert!(said.iter().any(|one| one.contains(text)), "{text}: {said:#?}");
    has("rule 'case': no label role=DB at this PCE; did you mean role=db?");
    has("rule 'typo': no label evn=prod at this PCE; did you mean env=prod?");
    has("rule 'list': no IP list Intrenet at this PCE");
    assert!(!said.iter().any(|one| one.contains("'right'")), "{said:#?}");
    assert_eq!(asked(&bench), ["labels", "ip_lists"]);
    let second = bench.check(at("10:05"), &[]);
    assert!(!warnings(&second).iter().any(|one| one.contains("at this PCE")), "{:#?}", warnings(&second));
    assert_eq!(asked(&bench).len(), 2, "asked once");
    // Rules that name something else are looked at again; other thresholds are no other names.
    bench.config(&rules.concat().replace("> 1000000", "> 2000000"));
    bench.check(at("10:10"), &[]);
    assert_eq!(asked(&bench).len(), 2);
    bench.config(&rule("new", "dst_label = [\"role=wbe\"]"));
    let said = warnings(&bench.check(at("10:15"), &[]));
    assert!(said.iter().any(|one| one.contains("rule 'new': no label role=wbe at this PCE; did you mean role=web?")), "{said:#?}");
    assert_eq!(asked(&bench), ["labels", "ip_lists", "labels"]);
    // Rules without names cost nothing.
    bench.config(&rule("none", "port = [22]"));
    bench.check(at("10:20"), &[]);
    assert_eq!(asked(&bench).len(), 3);
}

#[test]
fn a_list_that_is_not_whole_proves_nothing_absent() {
    let rules = rule("case", "dst_label = [\"role=DB\"]");
    // Refused: said nothing, and not asked again.
    let refused = bench(&rules);
    let ran = refused.check_with(at("10:00"), vec![Fault::new(Endpoint::Labels, .., Action::error(403, "forbidden", "no"))], &[]);
    assert!(!warnings(&ran).iter().any(|one| one.contains("at this PCE")), "{:#?}", warnings(&ran));
    refused.check(at("10:05"), &[]);
    assert_eq!(asked(&refused).len(), 1);
    // More than are given at once, and no way to have all: nothing is proven, and the next run looks again.
    let cut = bench(&rules);
    let many: Vec<Value> =
        (0..500).map(|n| serde_json::json!({ "href": format!("/orgs/1/labels/{n}"), "key": "role", "value": format!("r{n}") })).collect();
    let page = Action::Answer {
        status: 200,
        headers: vec![("X-Total-Count".to_owned(), "900".to_owned())],
        body: serde_json::to_vec(&many).unwrap(),
    };
    let ran = cut.check_with(at("10:00"), vec![Fault::new(Endpoint::Labels, .., page)], &[]);
    assert!(!warnings(&ran).iter().any(|one| one.contains("at this PCE")), "{:#?}", warnings(&ran));
    let next = cut.check(at("10:05"), &[]);
    assert!(warnings(&next).iter().any(|one| one.contains("did you mean role=db?")), "{:#?}", warnings(&next));
}

#[test]
fn doctor_counts_who_bears_what_was_meant_and_looks_workloads_up() {
    let rules = [
        rule("case", "dst_label = [\"role=DB\"]"),
        rule("nobody", "src_workload = [\"wbe-prod-99\"]"),
        rule("there", "any_workload = [\"web-*\", \"10.1.2.3\"]"),
        "[[rules]]\nname = \"vens\"\nsource = \"vens\"\nmatch = { ven = [\"no-such-*\"], label = [\"env=Prod\"] }\nwarning = \"> 1000\"\n"
            .to_owned(),
    ];
    let bench = bench(&rules.concat());
    let ran = bench.room.run(&["doctor", "-o", "json", "--now", "2026-11-20T10:00:00Z"]);
    let findings = ran.json().0;
    let list = findings["findings"].as_array().or(findings["checks"].as_array()).unwrap();
    let of: Vec<&Value> = list.iter().filter(|finding| finding["check"] == "pce.names").collect();
    let said: Vec<&str> = of.iter().map(|finding| finding["detail"].as_str().unwrap()).collect();
    let has = |text: &str| assert!(said.iter().any(|one| one.contains(text)), "{text}: {said:#?}");
    assert!(
        said.iter()
            .any(|one| one.starts_with("rule 'case': no label role=DB at this PCE; did you mean role=db (") && one.contains("workloads)?")),
        "{said:#?}"
    );
    has("rule 'vens': no label env=Prod at this PCE; did you mean env=prod (");
    has("rule 'nobody': nothing at this PCE is called wbe-prod-99");
    has("rule 'vens': nothing at this PCE is called no-such-*");
    assert_eq!(of.len(), 4, "{said:#?}");
    assert!(of.iter().all(|finding| finding["verdict"] == "warn"), "{of:#?}");
    bench.config(&rule("right", "dst_label = [\"role=db\"], src_workload = [\"web*\"]"));
    let ran = bench.room.run(&["doctor", "--now", "2026-11-20T10:00:00Z"]);
    assert!(ran.out.contains("all names in the rules exist"), "{}", ran.out);
}

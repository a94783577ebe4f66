//! The demo's estate is quiet at the first look and in trouble at the second.

use jiff::Timestamp;
use pcemon::domain::record::Decision;
use pcemon::domain::time::{Window, after, before, utc_day_start};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::world::{Host, PointView, Truth};
use std::collections::BTreeSet;
use std::time::Duration;

const TEN_MINUTES: Duration = Duration::from_secs(600);

fn start() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn first(start: Timestamp) -> Window {
    Window { from: before(start, TEN_MINUTES), to: start }
}

fn second(start: Timestamp) -> Window {
    Window { from: start, to: after(start, TEN_MINUTES) }
}

fn name(host: &Host) -> String {
    host.workload.as_ref().and_then(|workload| workload.name.clone()).unwrap_or_else(|| host.ip.to_string())
}

fn blocked(view: &PointView<'_>) -> bool {
    view.report.decision == Decision::Blocked
}

#[test]
fn it_is_an_estate_of_some_size() {
    let world = estate::world(start()).world;
    assert_eq!(world.hosts().iter().filter(|host| host.is_managed()).count(), 40);
    let day = world.record_set(start(), utc_day_start(start()), start());
    assert!((500..5_000).contains(&day.len()), "{} records", day.len());
    let database = day.iter().filter(|record| record.port == Some(3306)).map(|record| record.bytes_in + record.bytes_out).max().unwrap();
    assert!(database > 5_000_000_000, "a day's total is far above any ten minutes: {database}");
    assert_eq!(
        world.record_set(start(), Timestamp::MIN, start()),
        estate::world(start()).world.record_set(start(), Timestamp::MIN, start())
    );
}

// Around midnight the buckets change under the demo's feet; the trouble must not care.
#[test]
fn quiet_first_then_trouble_at_any_hour() {
    for start in ["2026-11-20T10:00:00Z", "2026-11-20T00:02:00Z", "2026-11-19T23:55:00Z", "2026-11-20T05:59:59Z"] {
        let start: Timestamp = start.parse().unwrap();
        let Estate { world, .. } = estate::world(start);
        let truth = |window: Window, filter: &dyn Fn(&PointView<'_>) -> bool| -> Truth { world.truth(window, filter) };
        let suspicious = |view: &PointView<'_>| matches!(view.report.decision, Decision::Blocked | Decision::PotentiallyBlocked);
        assert_eq!(truth(first(start), &suspicious), Truth::default());
        assert!(truth(first(start), &|_| true).connections > 300, "quiet is not silent");

        let knocks = world.truth_by(second(start), &|view| (blocked(view) && view.dst.label("role") == Some("db")).then(|| name(view.src)));
        assert_eq!(knocks.iter().map(|(name, truth)| (name.as_str(), truth.connections)).collect::<Vec<_>>(), [("dev-ci-01", 530)]);
        let scan = truth(second(start), &|view| blocked(view) && name(view.src) == "hr-file-01");
        assert_eq!(scan.flows.iter().map(|flow| flow.2).collect::<BTreeSet<_>>().len(), 64);
        let leaving = |view: &PointView<'_>| view.src.is_managed() && view.dst.ip_lists.iter().any(|list| list.name == "Internet");
        let leaks = |window| -> Vec<(String, u64)> {
            let by = world.truth_by(window, &|view| leaving(view).then(|| name(view.src)));
            by.into_iter().map(|(name, truth)| (name, truth.bytes_in)).filter(|(_, bytes)| *bytes > 500_000_000).collect()
        };
        assert_eq!(leaks(first(start)), []);
        assert_eq!(leaks(second(start)), [("pay-app-02".to_owned(), 4_200_000_000)]);
        let would_be = truth(second(start), &|view| view.report.decision == Decision::PotentiallyBlocked);
        assert_eq!(would_be.connections, 35);
        let ssh = truth(second(start), &|view| view.point.port == Some(22) && !name(view.src).starts_with("jump-"));
        assert_eq!(ssh, Truth::default());
        // Nothing else is as fast as the leak, nor the databases as busy as their rule allows.
        let per_flow = world.truth_by(second(start), &|view| Some((view.src.ip, view.dst.ip, view.point.port)));
        assert_eq!(per_flow.values().filter(|truth| truth.bytes() * 8 / 600 > 25_000_000).count(), 1);
        let databases = truth(second(start), &|view| view.dst.label("role") == Some("db"));
        assert!(databases.bytes() * 8 / 600 < 500_000_000);
    }
}

#[test]
fn events_and_health_tell_of_trouble() {
    let Estate { events, health, .. } = estate::world(start());
    let seen = |window: Window| -> Vec<String> {
        let within = events.iter().filter(|event| window.from < event.arrival && event.arrival <= window.to);
        within.map(|event| event.body["event_type"].as_str().unwrap().to_owned()).collect()
    };
    let count = |window: Window, kind: &str| seen(window).iter().filter(|have| *have == kind).count();
    assert_eq!((count(first(start()), "agent.tampering"), count(second(start()), "agent.tampering")), (0, 1));
    assert_eq!((count(first(start()), "user.sign_in"), count(second(start()), "user.sign_in")), (0, 5));
    assert_eq!(count(second(start()), "sec_policy.create"), 1);
    let provisioning = events.iter().find(|event| event.body["event_type"] == "sec_policy.create").unwrap();
    assert_eq!(provisioning.body["resource_changes"][0]["changes"]["workloads_affected"]["after"], 240);
    let hrefs: BTreeSet<&str> = events.iter().map(|event| event.body["href"].as_str().unwrap()).collect();
    assert_eq!(hrefs.len(), events.len());
    let disk = &health[0]["nodes"][2]["disk"][0]["value"];
    assert_eq!((&disk["status"], &disk["percent"], &health[0]["status"]), (&"warning".into(), &91.into(), &"warning".into()));
}

#[test]
fn the_rules_are_toml_with_unique_names() {
    let config: toml::Table = estate::demo_rules().parse().unwrap();
    let rules = config["rules"].as_array().unwrap();
    let names: BTreeSet<&str> = rules.iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), config.contains_key("pce")), (rules.len(), false));
    assert!((8..=12).contains(&rules.len()));
}

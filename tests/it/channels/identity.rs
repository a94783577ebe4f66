//! Two PCEs, one receiver: whatever leaves the program says which PCE and organisation it is about, and what one
//! rule alone was asked for does not speak for the others.

use super::contract::{http_kinds, http_settings, willing};
use super::{alert, context, open, single};
use crate::support::receivers::{Receiver, SmtpReceiver, yes_of};
use crate::support::run_cli::Bench;
use pcemon::channels::Outcome;
use pcemon::domain::alert::{Alert, Notification, PceIdentity};
use serde_json::Value;
use std::collections::BTreeSet;

fn notifications() -> Vec<Notification> {
    let of = |url: &str, org_id| Notification { pce: PceIdentity { url: url.to_owned(), org_id, ..PceIdentity::default() }, ..single() };
    vec![of("https://a.example.com:8443", 1), of("https://b.example.com:8443", 1), of("https://a.example.com:8443", 2)]
}

/// What a receiver tells alerts apart by.
fn identity(kind: &str, body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    let pick = |places: &[&str]| {
        places.iter().map(|place| body.pointer(place).unwrap_or_else(|| panic!("{kind} {place}: {body}")).to_string()).collect::<String>()
    };
    match kind {
        "webhook" => pick(&["/alerts/0/key"]),
        "webhook-alertmanager" => pick(&["/groupKey", "/alerts/0/labels/pce", "/alerts/0/labels/org", "/alerts/0/key"]),
        "alertmanager" => pick(&["/0/labels/pce", "/0/labels/org"]),
        "pagerduty" => pick(&["/dedup_key"]),
        "opsgenie" => pick(&["/alias"]),
        "servicenow" => pick(&["/records/0/message_key"]),
        // They hold nothing: people read which PCE it is. Icinga's service is the user's own.
        "line" | "slack" | "teams" | "discord" | "telegram" | "ntfy" | "whatsapp" | "apprise" => body.to_string(),
        other => panic!("say by what '{other}' tells alerts apart"),
    }
}

#[test]
fn no_receiver_takes_one_pces_alert_for_anothers() {
    for kind in http_kinds().filter(|kind| *kind != "icinga").chain(["webhook-alertmanager"]) {
        let own = kind.split('-').next().unwrap();
        let receiver = willing(own);
        let more = if kind == "webhook-alertmanager" { "\nformat = \"alertmanager\"" } else { "" };
        let channel = open(own, &format!("{}{more}", http_settings(own, &receiver.url()).unwrap()));
        let mut seen = BTreeSet::new();
        for notification in notifications() {
            let begun = receiver.requests().len();
            assert_eq!(channel.send(&notification, &context()), Outcome::Delivered, "{kind}");
            let said = identity(kind, &receiver.requests()[begun].body);
            seen.insert(said);
        }
        assert_eq!(seen.len(), 3, "{kind}: {seen:?}");
    }
    // Mails of two PCEs are two threads.
    let server = SmtpReceiver::start(&[]);
    let toml = format!(
        "from = \"pcemon@example.com\"\nto = \"soc@example.com\"\nsmtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}",
        server.port()
    );
    for notification in notifications() {
        assert_eq!(open("email", &toml).send(&notification, &context()), Outcome::Delivered);
    }
    for header in ["X-Pcemon-Key: ", "References: "] {
        let all: BTreeSet<String> =
            server.mails().iter().map(|mail| mail.data.lines().find_map(|line| line.strip_prefix(header)).unwrap().to_owned()).collect();
        assert_eq!(all.len(), 3, "{header}{all:?}");
    }
}

/// A rule's own label called `pce` does not take the place of the PCE.
#[test]
fn a_rules_own_label_does_not_hide_the_pce() {
    let receiver = willing("alertmanager");
    let channel = open("alertmanager", &http_settings("alertmanager", &receiver.url()).unwrap());
    let own = Alert { labels: [("pce".to_owned(), "mine".to_owned())].into(), ..alert() };
    channel.send(&Notification { alerts: vec![own], ..single() }, &context());
    let body: Value = serde_json::from_str(&receiver.requests()[0].body).unwrap();
    assert_eq!((&body[0]["labels"]["pce"], &body[0]["labels"]["org"]), (&"pce.example.com:8443".into(), &"1".into()));
}

const TWO_RULES: &str = "[run]\ntextfile = \"pcemon.prom\"\n\
    [[rules]]\nname = \"A\"\nsource = \"traffic\"\ncritical = \"> 100\"\nnotify = [\"icinga\"]\n\
    [[rules]]\nname = \"B\"\nsource = \"traffic\"\ncritical = \"> 200\"\nnotify = [\"icinga\"]\n\
    [[channels]]\nname = \"icinga\"\ntype = \"icinga\"\nurl = { env = \"icinga\" }\nuser = \"pcemon\"\n\
    password = { env = \"SMTP_PASSWORD\" }\nhost = \"pce\"\nservice = \"pcemon\"\n";

/// Somebody looks at one rule by hand: the file that a collector reads, and the services that hold how everything
/// stands, go on knowing of the others.
#[test]
fn one_rule_by_hand_speaks_for_no_other() {
    let receiver = Receiver::of_kind("icinga", [yes_of("icinga")]);
    let bench = Bench::new(TWO_RULES).url("icinga", &receiver.url());
    bench.check(0, &[("web", 500)]);
    let whole = std::fs::read_to_string(bench.path("pcemon.prom")).unwrap();
    assert!(whole.contains("rule=\"A\"") && whole.contains("rule=\"B\""), "{whole}");
    assert!(
        whole.lines().filter(|line| !line.starts_with('#')).all(|line| line.contains("pce=\"pce.example.com:8443\",org=\"1\"")),
        "{whole}"
    );
    let run = bench.check_with(1, &[("web", 500)], &["--rule", "A"]);
    assert_eq!(std::fs::read_to_string(bench.path("pcemon.prom")).unwrap(), whole);
    assert!(run.stderr.contains("textfile"), "{}", run.stderr);
    for request in receiver.requests() {
        let said: Value = serde_json::from_str(&request.body).unwrap();
        assert!(said["plugin_output"].as_str().unwrap().contains("2 critical"), "{said}");
    }
}

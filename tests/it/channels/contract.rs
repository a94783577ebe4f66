//! What every channel must do, whatever it speaks: the table of kinds is walked.

use super::{ENVIRONMENT, alert, context, digest, error_of, errors, now, open, read, single};
use crate::support::receivers::{Receiver, Reply, SmtpReceiver, yes_of};
use pcemon::channels::{KINDS, Outcome, SendContext, test_notification};
use pcemon::domain::alert::{Alert, Counted, Notification, NotificationKind, PceIdentity, Reason};
use pcemon::domain::entry::AlertState;
use pcemon::domain::secret::Secret;
use pcemon::domain::threshold::Severity;
use pcemon::heartbeat::Heartbeat;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(150);

/// The judgement of an outcome, without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    Retry,
    RetryAfter(u64),
    Permanent,
    Warned,
    /// So many parts were taken.
    Partly(usize),
}
use Verdict::{Delivered, Partly, Permanent, Retry, RetryAfter};

pub(super) fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Delivered => Delivered,
        Outcome::Retry { after: None, .. } => Retry,
        Outcome::Retry { after: Some(after), .. } => RetryAfter(after.as_secs()),
        Outcome::Permanent { .. } => Permanent,
        Outcome::Warned { .. } => Verdict::Warned,
        Outcome::Partly { taken, .. } => Partly(taken.len()),
    }
}

/// A channel of an HTTP kind that sends to `url`, with every secret it can have.
pub(super) fn http_settings(kind: &str, url: &str) -> Option<String> {
    let hook = format!("{url}/hooks/path-S3CRET-0?key=query-S3CRET-0");
    let token = "{ env = \"TOKEN\" }";
    let login = "user = \"pcemon\"\npassword = { env = \"PASSWORD\" }";
    Some(match kind {
        "webhook" => format!(
            "url = \"{hook}\"\nsecret = [{{ env = \"KEY\" }}, {{ env = \"OLD_KEY\" }}]\n\
             headers = {{ Authorization = {{ env = \"AUTHORIZATION\" }} }}"
        ),
        "line" => format!("base_url = \"{url}\"\ntoken = {token}\nto = \"U0123456789abcdef\""),
        "slack" | "teams" | "discord" | "apprise" => format!("url = \"{hook}\""),
        "alertmanager" => format!("urls = [\"{url}\"]\n{login}"),
        "pagerduty" => format!("base_url = \"{url}\"\nrouting_key = {token}"),
        "telegram" => format!("base_url = \"{url}\"\ntoken = {token}\nchat_id = -1001234567890"),
        "ntfy" => format!("base_url = \"{url}\"\ntopic = {{ env = \"TOPIC\" }}\ntoken = {token}"),
        "opsgenie" => format!("base_url = \"{url}\"\napi_key = {token}"),
        "servicenow" => format!("url = \"{url}\"\n{login}"),
        "icinga" => format!("url = \"{url}\"\n{login}\nhost = \"pce.example.com\"\nservice = \"pcemon\""),
        "whatsapp" => format!(
            "base_url = \"{url}/v23.0\"\ntoken = {token}\nphone_number_id = \"106540352242922\"\nto = \"+886912345678\"\n\
             template = \"pcemon_alert\""
        ),
        // They speak something else; `local` and the mail tests see to them.
        "email" | "syslog" | "exec" | "file" => return None,
        other => panic!("add the kind '{other}' to the contract"),
    })
}

pub(super) fn mail_settings(port: u16) -> String {
    format!(
        "from = \"pcemon@example.com\"\nto = [\"a@example.com\", \"b@example.com\"]\n\
         smtp = {{ host = \"127.0.0.1\", port = {port}, tls = \"none\", user = \"pcemon\", password = {{ env = \"PASSWORD\" }} }}"
    )
}

/// Where a service gives a status a meaning of its own.
fn own_meaning(kind: &str, status: u16) -> Option<Verdict> {
    match (kind, status) {
        ("apprise", 204) => Some(Permanent),
        // For the others only their own words say that they took something.
        ("webhook" | "alertmanager" | "servicenow", 200..=299) | ("teams", 202) => Some(Delivered),
        (_, 200..=299) => Some(Retry),
        _ => None,
    }
}

/// A service of this kind that takes everything.
pub(super) fn willing(kind: &str) -> Receiver {
    Receiver::of_kind(kind, [])
}

pub(super) fn http_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name).filter(|kind| http_settings(kind, "http://127.0.0.1").is_some())
}

#[test]
fn what_an_answer_means() {
    let retry_after = |wish: &str| Reply::status(429).header("Retry-After", wish);
    let table = [
        (Reply::status(200), Retry),
        (Reply::status(202), Retry),
        (Reply::status(204), Retry),
        (Reply::status(301).header("Location", "http://127.0.0.1:1/elsewhere"), Permanent),
        (Reply::status(307).header("Location", "http://127.0.0.1:1/elsewhere"), Permanent),
        (Reply::status(400), Permanent),
        (Reply::status(401), Permanent),
        (Reply::status(403), Permanent),
        (Reply::status(404), Permanent),
        (Reply::status(408), Retry),
        (Reply::status(409), Permanent),
        (Reply::status(410), Permanent),
        (Reply::status(425), Retry),
        (Reply::status(429), Retry),
        (retry_after("30"), RetryAfter(30)),
        (retry_after("864000"), RetryAfter(3600)),
        (retry_after("Fri, 20 Nov 2026 10:01:05 GMT"), RetryAfter(60)),
        (retry_after("Fri, 20 Nov 2026 10:01:05 GMT").header("Date", "Fri, 20 Nov 2026 10:01:00 GMT"), RetryAfter(5)),
        (retry_after("whenever"), Retry),
        (Reply::status(500), Retry),
        (Reply::status(503).header("Retry-After", "7"), RetryAfter(7)),
        (Reply::Close, Retry),
        (Reply::CloseInHead, Retry),
        (Reply::Garbage, Retry),
    ];
    for kind in http_kinds() {
        for (reply, usual) in &table {
            let receiver = Receiver::http([reply.clone()]);
            let outcome = open(kind, &http_settings(kind, &receiver.url()).unwrap()).send(&single(), &context());
            let want = match reply {
                Reply::Answer { status, .. } => own_meaning(kind, *status).unwrap_or(*usual),
                _ => *usual,
            };
            assert_eq!(verdict(&outcome), want, "{kind} {reply:?}: {outcome:?}");
            assert_eq!(receiver.requests().len(), 1, "{kind} {reply:?}");
        }
    }
}

/// The only place where real time passes.
#[test]
fn an_attempt_ends_in_time() {
    let short = SendContext { now: now(), timeout: SHORT };
    let check = |what: &str, send: &dyn Fn() -> Outcome| {
        let begun = Instant::now();
        let outcome = send();
        let took = begun.elapsed();
        assert_eq!(verdict(&outcome), Retry, "{what}: {outcome:?}");
        assert!(error_of(&outcome).contains("in time"), "{what}: {outcome:?}");
        // Far above the limit, far below "for ever": the machine may be busy.
        assert!(took < Duration::from_secs(3), "{what}: {took:?}");
    };
    for kind in http_kinds() {
        for reply in [Reply::Hang, Reply::Trickle] {
            let receiver = Receiver::http([reply.clone()]);
            let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
            check(&format!("{kind} {reply:?}"), &|| channel.send(&single(), &short));
        }
    }
    for step in ["CONNECT", "EHLO", "RCPT", "."] {
        for fault in ["HANG", "TRICKLE"] {
            let server = SmtpReceiver::start(&[(step, fault)]);
            let channel = open("email", &mail_settings(server.port()));
            check(&format!("email {step} {fault}"), &|| channel.send(&single(), &short));
            assert_eq!(server.mails(), [], "{step} {fault}");
        }
    }
}

#[test]
fn nobody_listening_is_worth_another_try() {
    for kind in http_kinds() {
        let outcome = open(kind, &http_settings(kind, "http://127.0.0.1:1").unwrap()).send(&single(), &context());
        assert_eq!(verdict(&outcome), Retry, "{kind}: {outcome:?}");
        assert!(error_of(&outcome).contains("127.0.0.1:1"), "{kind}: {outcome:?}");
    }
    let outcome = open("email", &mail_settings(1)).send(&single(), &context());
    assert_eq!(verdict(&outcome), Retry, "{outcome:?}");
    assert!(error_of(&outcome).contains("127.0.0.1:1"), "{outcome:?}");
}

#[test]
fn no_secret_gets_out() {
    use base64::Engine;
    let plain = base64::engine::general_purpose::STANDARD.encode("\0pcemon\0password-S3CRET-2");
    let login = base64::engine::general_purpose::STANDARD.encode("pcemon:password-S3CRET-2");
    // Each service repeats only what it was told; a secret of another one is none here.
    let echo = |toml: &str| {
        let mut words = vec!["no:".to_owned()];
        words.extend(ENVIRONMENT.iter().filter(|(name, _)| toml.contains(&format!("\"{name}\""))).map(|(_, value)| (*value).to_owned()));
        if toml.contains("path-S3CRET-0") {
            words.push("/hooks/path-S3CRET-0?key=query-S3CRET-0 path-S3CRET-0 query-S3CRET-0".to_owned());
        }
        if toml.contains("PASSWORD") {
            words.push(if toml.contains("smtp") { plain.clone() } else { login.clone() });
        }
        words.join(" ")
    };
    let clean = |what: &str, text: &str| {
        for needle in ["S3CRET", "a2V5LVMz", &plain, &login] {
            assert!(!text.contains(needle), "{what}: {text}");
        }
    };
    for kind in KINDS.iter().filter(|kind| !["syslog", "exec", "file"].contains(&kind.name)) {
        let own = echo(&http_settings(kind.name, "").unwrap_or_else(|| mail_settings(1)));
        let faults = [Reply::status(500).body(&own), Reply::status(403).body(&own), Reply::status(200), Reply::Close, Reply::Garbage];
        let receiver = Receiver::http(faults.clone());
        let server = SmtpReceiver::start(&[("AUTH", &format!("535 {own}"))]);
        let toml = http_settings(kind.name, &receiver.url()).unwrap_or_else(|| mail_settings(server.port()));
        let (settings, problems) = read(kind.name, &toml);
        assert_eq!(errors(problems), []);
        let settings = settings.unwrap();
        clean(kind.name, &format!("{settings:?} {}", settings.destination()));
        let channel = open(kind.name, &toml);
        for _ in &faults {
            clean(kind.name, &format!("{:?}", channel.send(&single(), &context())));
        }
        clean(kind.name, &channel.preview(&digest(), now()));
        clean(kind.name, &channel.preview(&digest(), now()));
    }
}

#[test]
fn every_attempt_carries_the_same_id() {
    let names = [("webhook", "webhook-id"), ("line", "x-line-retry-key")];
    for kind in http_kinds() {
        let receiver = Receiver::of_kind(kind, [Reply::status(500)]);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        let mut notification = digest();
        channel.send(&notification, &context());
        notification.attempts = 1;
        notification.last_error = Some("it answered 500".to_owned());
        let later = SendContext { now: "2026-11-20T11:00:00Z".parse().unwrap(), ..context() };
        assert_eq!(channel.send(&notification, &later), Outcome::Delivered);
        let requests = receiver.requests();
        assert!(requests[1..].iter().any(|again| again.body == requests[0].body && again.target == requests[0].target), "{kind}");
        if let Some((_, header)) = names.iter().find(|(name, _)| *name == kind) {
            assert!(requests.iter().all(|request| request.header(header) == Some(notification.id.as_str())), "{kind}");
        }
    }
    let server = SmtpReceiver::start(&[]);
    let channel = open("email", &mail_settings(server.port()));
    channel.send(&single(), &context());
    channel.send(&single(), &context());
    let mails = server.mails();
    assert_eq!(mails[0], mails[1]);
    assert!(mails[0].data.contains("Message-ID: <0190f5fe-7c00-7a00-8000-000000000001@example.com>\r\n"), "{}", mails[0].data);
}

#[test]
fn line_tells_a_used_up_quota_from_a_busy_minute() {
    let receiver = Receiver::http([
        Reply::status(429).body(r#"{"message":"You have reached your monthly limit."}"#),
        Reply::status(429).body(r#"{"message":"The API rate limit has been exceeded."}"#),
    ]);
    let channel = open("line", &http_settings("line", &receiver.url()).unwrap());
    let outcome = channel.send(&single(), &context());
    assert_eq!(verdict(&outcome), Permanent, "{outcome:?}");
    assert!(error_of(&outcome).contains("quota"), "{outcome:?}");
    assert_eq!(verdict(&channel.send(&single(), &context())), Retry);
    let request = &receiver.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v2/bot/message/push"));
    assert_eq!(request.header("authorization"), Some("Bearer token-S3CRET-1"));
}

#[test]
fn a_test_says_so() {
    let notification = test_notification("soc", PceIdentity::default(), now());
    assert_eq!((notification.kind, notification.channel.as_str()), (NotificationKind::Test, "soc"));
    assert_ne!(notification.id, test_notification("soc", PceIdentity::default(), now()).id);
    let server = SmtpReceiver::start(&[]);
    let shown = open("email", &mail_settings(server.port())).preview(&notification, now());
    assert!(shown.contains("Subject: [pcemon] TEST "), "{shown}");
    assert!(shown.contains("Nothing happened"), "{shown}");
}

#[test]
fn heartbeats() {
    let receiver = Receiver::http([Reply::status(200), Reply::status(500), Reply::status(200), Reply::status(200)]);
    let url = format!("{}/ping/uuid-S3CRET-6?create=1", receiver.url());
    let heartbeat = Heartbeat::new(&Secret::new(&url)).unwrap();
    let run = "0190f5fe-7c00-7a00-8000-000000000002";
    assert_eq!(heartbeat.start(run), Ok(()));
    assert_eq!(heartbeat.success(run, "3 rules\n\u{1b}[31mfine"), Ok(()));
    assert_eq!(heartbeat.fail(run, "no answer"), Ok(()));
    let requests = receiver.requests();
    let targets: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    let query = format!("?create=1&rid={run}");
    let want = ["/start", "", "", "/fail"].map(|action| format!("/ping/uuid-S3CRET-6{action}{query}"));
    assert_eq!(targets, want);
    assert_eq!(requests[2].body, "3 rules\n\\u{1b}[31mfine");

    let receiver = Receiver::http([Reply::status(404).body("uuid-S3CRET-6 not found"), Reply::Close, Reply::Close]);
    let heartbeat = Heartbeat::new(&Secret::new(format!("{}/ping/uuid-S3CRET-6", receiver.url()))).unwrap();
    for attempts in [1, 3] {
        let error = heartbeat.success(run, "").unwrap_err();
        assert!(error.contains("127.0.0.1") && !error.contains("S3CRET"), "{error}");
        assert_eq!(receiver.requests().len(), attempts);
    }
    assert!(!format!("{heartbeat:?}").contains("S3CRET"));
    let receiver = Receiver::http([Reply::Hang, Reply::Hang]);
    let heartbeat = Heartbeat::new(&Secret::new(receiver.url())).unwrap().with_timeout(SHORT);
    assert!(heartbeat.start(run).unwrap_err().contains("in time"));
    let error = Heartbeat::new(&Secret::new("S3CRET")).unwrap_err();
    assert!(!error.contains("S3CRET"), "{error}");
}

/// Kinds whose service holds one thing for each alert get one request for each.
#[test]
fn one_refused_event_does_not_keep_the_others_back() {
    let alerts = digest().alerts.len();
    for kind in ["pagerduty", "opsgenie"] {
        let yes = yes_of(kind);
        let receiver = Receiver::http([yes.clone(), Reply::status(422).body("no"), yes.clone()]);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        // Each in one request: nothing here may be held under another severity.
        let news = || {
            let mut notification = digest();
            for alert in notification.alerts.iter_mut().filter(|alert| alert.state == AlertState::Firing) {
                (alert.severity, alert.reason) = (Severity::Warning, Reason::First);
            }
            notification
        };
        let mut notification = news();
        let outcome = channel.send(&notification, &context());
        assert_eq!(verdict(&outcome), Partly(2), "{kind}: {outcome:?}");
        assert!(error_of(&outcome).starts_with("2 of 3 were accepted"), "{kind}: {outcome:?}");
        assert_eq!(receiver.requests().len(), alerts, "{kind}");
        let Outcome::Partly { taken, rest, .. } = outcome else { unreachable!() };
        assert_eq!(verdict(&rest), Permanent, "{kind}");
        assert_eq!((notification.take(&taken).alerts.len(), notification.alerts.len()), (2, 1), "{kind}");

        // A service that is busy is left alone, one that chokes on one of them gets the others, and each attempt goes
        // on where the one before ended.
        let receiver = Receiver::of_kind(kind, [yes, Reply::status(429).header("Retry-After", "9"), Reply::status(503)]);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        let mut notification = news();
        for want in [RetryAfter(9), Retry] {
            let Outcome::Partly { taken, rest, .. } = channel.send(&notification, &context()) else { panic!("{kind}") };
            assert_eq!((taken.len(), verdict(&rest)), (1, want), "{kind}");
            notification.take(&taken);
        }
        assert_eq!(channel.send(&notification, &context()), Outcome::Delivered, "{kind}");
        let bodies: Vec<String> = receiver.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies.len(), 2 + 2 + 1, "{kind}");
        assert_eq!((&bodies[1], &bodies[2]), (&bodies[2], &bodies[4]), "{kind}");
        assert_eq!(bodies.iter().collect::<std::collections::BTreeSet<_>>().len(), alerts, "{kind}");
    }
}

#[test]
fn every_member_of_a_cluster_gets_the_alerts_and_one_is_enough() {
    let (dead, alive) = (Receiver::http([Reply::Hang]), Receiver::http([]));
    let toml = format!("urls = [\"{}\", \"{}/prefix/\"]", dead.url(), alive.url());
    let context = SendContext { now: now(), timeout: SHORT };
    assert_eq!(open("alertmanager", &toml).send(&single(), &context), Outcome::Delivered);
    assert_eq!(alive.requests()[0].target, "/prefix/api/v2/alerts");
    assert_eq!(alive.requests()[0].body, dead.requests()[0].body);
    let refusing = Receiver::http([Reply::status(400)]);
    let toml = format!("urls = [\"{}\", \"http://127.0.0.1:1\"]", refusing.url());
    assert_eq!(verdict(&open("alertmanager", &toml).send(&single(), &context)), Retry);
}

#[test]
fn a_pause_that_stands_in_the_body_is_kept() {
    for (kind, body) in [
        ("discord", r#"{"message":"You are being rate limited.","retry_after":6.4,"global":false}"#),
        ("telegram", r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":7}}"#),
    ] {
        let receiver = Receiver::http([Reply::status(429).body(body), Reply::status(429).body("soon")]);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        assert_eq!(verdict(&channel.send(&single(), &context())), RetryAfter(7), "{kind}");
        assert_eq!(verdict(&channel.send(&single(), &context())), Retry, "{kind}");
    }
}

#[test]
fn a_group_that_moved_is_named() {
    let receiver = Receiver::http([Reply::status(400).body(r#"{"ok":false,"parameters":{"migrate_to_chat_id":-1009876543210}}"#)]);
    let outcome = open("telegram", &http_settings("telegram", &receiver.url()).unwrap()).send(&single(), &context());
    assert_eq!(verdict(&outcome), Permanent);
    assert!(error_of(&outcome).contains("set chat_id = -1009876543210"), "{outcome:?}");
}

/// What a digest only counted has a key, and whoever holds one thing for each alert learns of its end.
#[test]
fn counted_alerts_are_opened_and_closed_by_their_key() {
    let counted = |state| Counted { fingerprint: "c0ffee".to_owned(), severity: Severity::Warning, state, since: now(), told_as: None };
    for kind in ["pagerduty", "opsgenie"] {
        let receiver = willing(kind);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        for state in [AlertState::Firing, AlertState::Resolved] {
            let notification = Notification { alerts: Vec::new(), counted: vec![counted(state)], left_out: 1, ..single() };
            assert_eq!(channel.send(&notification, &context()), Outcome::Delivered);
        }
        for request in receiver.requests() {
            assert!(request.body.contains("c0ffee") || request.target.contains("/c0ffee-"), "{kind}: {request:?}");
        }
        // Opsgenie is told the priority beside the alert.
        assert_eq!(receiver.requests().iter().filter(|request| request.method == "POST").count(), 2, "{kind}");
    }
}

#[test]
fn whatsapp_codes_count_more_than_the_status() {
    for (code, want) in [(131_056, Retry), (130_429, Retry), (190, Permanent), (132_001, Permanent), (131_047, Permanent)] {
        let body = format!(r#"{{"error":{{"message":"no","code":{code}}}}}"#);
        let receiver = Receiver::http([Reply::status(400).body(&body)]);
        let outcome = open("whatsapp", &http_settings("whatsapp", &receiver.url()).unwrap()).send(&single(), &context());
        assert_eq!(verdict(&outcome), want, "{code}: {outcome:?}");
    }
}

#[test]
fn icinga_says_for_each_result_what_became_of_it() {
    let results = |list: &str| Reply::status(200).body(&format!("{{\"results\":[{list}]}}"));
    let table = [
        (results("{\"code\":200.0,\"status\":\"Successfully processed check result.\"}"), Delivered, ""),
        (results("{\"code\":200},{\"code\":500,\"status\":\"no\"}"), Retry, "no"),
        (results("{\"code\":409,\"status\":\"Newer check result already present.\"}"), Permanent, "Newer check result"),
        (results("{\"status\":\"no code\"}"), Permanent, "no code"),
        (results(""), Permanent, "no such service"),
        (Reply::status(500).body(r#"{"results":[]}"#), Permanent, "no such service"),
        (Reply::status(404).body(r#"{"error":404,"status":"No objects found."}"#), Permanent, "no such service"),
        (Reply::status(404), Permanent, "nothing exists at this URL"),
        (Reply::status(401), Permanent, "actions/process-check-result"),
        (Reply::status(200).body("<html>It works!</html>"), Retry, "a web page"),
        (Reply::status(200).body("It works!"), Retry, "not the answer of this service"),
        (Reply::status(503), Retry, "tried again"),
    ];
    for (reply, want, words) in table {
        let receiver = Receiver::http([reply.clone()]);
        let outcome = open("icinga", &http_settings("icinga", &receiver.url()).unwrap()).send(&single(), &context());
        assert_eq!(verdict(&outcome), want, "{reply:?}: {outcome:?}");
        assert!(error_of(&outcome).contains(words), "{reply:?}: {outcome:?}");
        let request = &receiver.requests()[0];
        assert_eq!((request.target.as_str(), request.header("accept")), ("/v1/actions/process-check-result", Some("application/json")));
    }
}

#[test]
fn icinga_hears_the_worst_and_what_is_not_known() {
    let receiver = willing("icinga");
    let channel = open("icinga", &http_settings("icinga", &receiver.url()).unwrap());
    let snapshot = |alerts: Vec<Alert>, unknown: &[&str]| Notification {
        kind: NotificationKind::Snapshot,
        expires: Some("2026-11-20T10:40:00Z".parse().unwrap()),
        unknown: unknown.iter().map(|text| (*text).to_owned()).collect(),
        alerts,
        ..single()
    };
    let info = Alert { severity: Severity::Info, rule: "a | b".to_owned(), ..alert() };
    let over = Alert { state: AlertState::Resolved, reason: Reason::Resolved, ..alert() };
    let table = [
        (snapshot(vec![], &[]), 0, "PCEMON OK: nothing fires"),
        (snapshot(vec![over], &[]), 0, "PCEMON OK: nothing fires"),
        (snapshot(vec![info.clone()], &[]), 0, "PCEMON OK: 1 info\n[INFO] a / b"),
        (snapshot(vec![], &["traffic could not be read"]), 3, "PCEMON UNKNOWN: nothing fires; traffic could not be read"),
        (snapshot(vec![Alert { severity: Severity::Warning, ..alert() }], &["x"]), 1, "PCEMON WARNING: 1 warning; x\n[WARNING]"),
        (snapshot(vec![alert(), info], &[]), 2, "PCEMON CRITICAL: 1 critical, 1 info\n[CRITICAL]"),
    ];
    for (index, (notification, code, words)) in table.iter().enumerate() {
        assert_eq!(channel.send(notification, &context()), Outcome::Delivered);
        let said: serde_json::Value = serde_json::from_str(&receiver.requests()[index].body).unwrap();
        assert_eq!((&said["exit_status"], &said["ttl"]), (&(*code).into(), &2400.into()), "{said}");
        let output = said["plugin_output"].as_str().unwrap();
        assert!(output.starts_with(words) && !output.contains('|'), "{output}");
    }
}

/// Two PCEs under equal rules must not share an incident.
#[test]
fn another_pce_is_another_incident() {
    for kind in ["pagerduty", "opsgenie", "servicenow"] {
        let receiver = willing(kind);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        let mut keys = Vec::new();
        for (url, org_id) in [("https://a.example.com:8443", 1), ("https://b.example.com:8443", 1), ("https://a.example.com:8443", 2)] {
            for state in [AlertState::Firing, AlertState::Resolved] {
                let notification = Notification {
                    pce: PceIdentity { url: url.to_owned(), org_id, ..PceIdentity::default() },
                    alerts: vec![Alert { state, ..alert() }],
                    ..single()
                };
                assert_eq!(channel.send(&notification, &context()), Outcome::Delivered);
                let request = receiver.requests().pop().unwrap();
                let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
                let key = [&body["dedup_key"], &body["alias"], &body["records"][0]["message_key"]].into_iter().find_map(|key| key.as_str());
                keys.push(key.map_or_else(|| request.target.split('/').nth(3).unwrap().to_owned(), str::to_owned));
            }
        }
        // The end has the key of the beginning, and no other PCE's.
        assert_eq!((&keys[0], &keys[2], &keys[4]), (&keys[1], &keys[3], &keys[5]), "{kind}");
        keys.dedup();
        assert_eq!(keys.len(), 3, "{kind}: {keys:?}");
    }
}

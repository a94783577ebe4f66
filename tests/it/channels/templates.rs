//! Messages in the user's own words: what comes of a template, and that none of them ever costs an alert.

use super::contract::{http_settings, willing};
use super::limits::{Hostile, notification};
use super::{alert, context, digest, errors, now, open, read, single};
use crate::support::budget;
use crate::support::receivers::{Receiver, Reply, SmtpReceiver};
use crate::support::run_cli::Bench;
use pcemon::channels::{Channel, Outcome};
use pcemon::domain::alert::{Alert, Notification};
use pcemon::settings::reader::Level;
use proptest::prelude::*;
use serde_json::Value;

/// Kinds over HTTP that say a text in the user's words.
const TEXT_KINDS: [&str; 7] = ["slack", "teams", "discord", "telegram", "ntfy", "line", "apprise"];

fn with_template(kind: &str, url: &str, template: &str) -> Box<dyn Channel> {
    open(kind, &format!("{}\ntemplate = '''{template}'''", http_settings(kind, url).unwrap()))
}

/// Every text in a body, as the service gets it.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(map) => map.values().map(texts).collect(),
        _ => String::new(),
    }
}

fn body(channel: &dyn Channel, receiver: &Receiver, notification: &Notification) -> Value {
    assert_eq!(channel.send(notification, &context()), Outcome::Delivered);
    serde_json::from_str(&receiver.requests().last().unwrap().body).unwrap()
}

#[test]
fn every_text_channel_speaks_the_users_words() {
    let template = "Hello team {{ alerts[0].labels.team }}!\n{% for a in alerts %}- {{ a.rule }} = {{ a.value_text }}\n{% endfor %}{{ type }} of {{ pce.url }}";
    let hostile = Alert { rule: "a\r\n- fake <b> & *c*\u{202e}".to_owned(), ..alert() };
    for kind in TEXT_KINDS {
        let receiver = willing(kind);
        let channel = with_template(kind, &receiver.url(), template);
        let said = texts(&body(&*channel, &receiver, &single()));
        let plain = said.replace('\\', "");
        // Teams gets a block for each line.
        let lines = ["Hello team db!\n", "- Blocked traffic to databases = ≥ 1,234 connections\n"];
        assert!(plain.contains(&lines.concat()) || kind == "teams" && lines.iter().all(|line| plain.contains(line)), "{kind}: {said}");
        assert!(plain.contains("alert.firing of https://pce.example.com:8443"), "{kind}: {said}");
        assert!(!said.contains("\nwindow "), "{kind}: the usual words as well: {said}");
        assert_eq!(channel.remark(&single()), None, "{kind}");

        let said = texts(&body(&*channel, &receiver, &Notification { alerts: vec![hostile.clone()], ..single() }));
        assert!(!said.contains("\n- fake") && !said.contains(['\r', '\u{202e}']), "{kind}: {said}");
        match kind {
            "slack" => assert!(said.contains("&lt;b&gt; &amp;"), "{said}"),
            "discord" => assert!(said.contains("\\<b\\> & \\*c\\*"), "{said}"),
            _ => assert!(said.contains("<b> & *c*"), "{kind}: {said}"),
        }
    }
}

#[test]
fn a_template_that_fails_falls_back_to_the_usual_words() {
    // Only one alert has this label.
    let template = "{% for a in alerts %}{{ a.labels.team }}{% endfor %}";
    for kind in TEXT_KINDS {
        let receiver = willing(kind);
        let usual = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        let channel = with_template(kind, &receiver.url(), template);
        assert_eq!(body(&*channel, &receiver, &digest()), body(&*usual, &receiver, &digest()), "{kind}");
        let remark = channel.remark(&digest()).unwrap();
        assert!(remark.contains("line 1 of the template: undefined value") && remark.contains("usual words"), "{kind}: {remark}");
        assert_eq!(usual.remark(&digest()), None);
    }
}

#[test]
fn a_mail_says_it_in_both_parts() {
    let server = SmtpReceiver::start(&[]);
    let toml = format!(
        "from = \"a@example.com\"\nto = \"b@example.com\"\nsmtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}\n\
         template = '''\n<b>{{{{ headline }}}}</b>\nsays pcemon'''",
        server.port()
    );
    let channel = open("email", &toml);
    assert_eq!(channel.send(&single(), &context()), Outcome::Delivered);
    let preview = channel.preview(&single(), now());
    assert!(preview.contains("\n<b>CRITICAL Blocked traffic to databases — web-01</b>\nsays pcemon\n"), "{preview}");
    let mail = server.mails().pop().unwrap().data.replace("=\r\n", "");
    assert!(
        mail.contains("&lt;b&gt;CRITICAL Blocked") && !mail.contains("<b>CRITICAL Blocked traffic to databases =E2=80=94 web-01</b></"),
        "{mail}"
    );
    assert_eq!(mail.matches("says pcemon").count(), 2, "{mail}");
}

#[test]
fn syslog_says_each_alert_on_one_line() {
    for format in ["rfc5424", "cef"] {
        let toml = format!(
            "address = \"127.0.0.1\"\nformat = \"{format}\"\ntemplate = '''\nrule {{{{ alerts[0].rule }}}}\nof {{{{ alerts | length }}}}'''"
        );
        let channel = open("syslog", &toml);
        let preview = channel.preview(&digest(), now());
        for rule in ["Blocked traffic to databases", "Backup volume", "登入失敗 <Login failures>"] {
            assert!(preview.contains(&format!("rule {rule} of 1")), "{preview}");
        }
        assert_eq!(channel.remark(&digest()), None);
        let failing = open("syslog", "address = \"127.0.0.1\"\ntemplate = \"{{ alerts[0].labels.team }}\"");
        assert!(failing.remark(&digest()).is_some() && failing.remark(&single()).is_none());
        assert!(failing.preview(&digest(), now()).contains("[RESOLVED] 登入失敗"));
    }
}

#[test]
fn a_webhook_posts_the_json_of_a_template() {
    let receiver = Receiver::http([]);
    let hook =
        |template: &str| open("webhook", &format!("url = \"{}\"\nformat = \"template\"\ntemplate = '''{template}'''", receiver.url()));
    let channel = hook(
        "{\"text\": {{ \"PCE: \" ~ headline }}, \"worst\": {{ alerts[0].severity }}, \"all\": [\
         {% for a in alerts %}{\"rule\": {{ a.rule }}, \"value\": {{ a.value }}, \"group\": {{ a.group }}}{% if not loop.last %},{% endif %}{% endfor %}]}",
    );
    let hostile = Alert { rule: "\"}, \"injected\": {\"\u{0}\n資 </script>".to_owned(), ..alert() };
    let notification = Notification { alerts: vec![alert(), hostile.clone()], ..single() };
    let said = body(&*channel, &receiver, &notification);
    assert_eq!((&said["worst"], &said["all"][0]["value"]), (&"critical".into(), &1234.into()));
    assert_eq!(said["all"][0]["group"], serde_json::json!({ "src_workload": "web-01", "port": null }));
    assert_eq!(said["all"][1]["rule"].as_str(), Some(hostile.rule.as_str()));
    assert_eq!(said.as_object().unwrap().len(), 3, "{said}");

    // What is not JSON is not sent: the usual body is, and the report says why.
    let broken =
        open("webhook", &format!("url = \"{}\"\nformat = \"template\"\ntemplate = '{{\"text\": \"{{{{ headline }}}}\"}}'", receiver.url()));
    assert_eq!(body(&*broken, &receiver, &single())["schema"], "pcemon.alert/1");
    assert!(broken.remark(&single()).unwrap().contains("not JSON"));
}

#[test]
fn a_template_is_proven_with_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message.jinja");
    std::fs::write(&file, "all is well\n{% for %}").unwrap();
    let telegram = "token = { env = \"TOKEN\" }\nchat_id = 1\n";
    let in_file = format!("{telegram}template = {{ file = '{}' }}", file.display());
    for (kind, toml, level, words) in [
        ("telegram", format!("{telegram}template = \"a\\n{{{{ b\""), Level::Error, "line 2 of the template"),
        ("telegram", format!("{telegram}template = \"\""), Level::Error, "is empty"),
        ("telegram", format!("{telegram}template = 3"), Level::Error, "a text in quotes"),
        ("telegram", in_file.clone(), Level::Error, "line 2 of the template"),
        ("telegram", format!("{telegram}template = {{ file = \"/nowhere/x\" }}"), Level::Error, "cannot read /nowhere/x"),
        ("telegram", format!("{telegram}template = {{ path = \"x\" }}"), Level::Error, "has no `file`"),
        ("telegram", format!("{telegram}template = \"{{{{ alrets }}}}\""), Level::Warning, "fails for a test message"),
        ("webhook", "url = \"https://x.example.com/\"\nformat = \"template\"".to_owned(), Level::Error, "has no `template`"),
        ("webhook", "url = \"https://x.example.com/\"\ntemplate = \"{}\"".to_owned(), Level::Error, "means nothing with format"),
        ("webhook", "url = \"https://x.example.com/\"\nformat = \"template\"\ntemplate = \"x\"".to_owned(), Level::Warning, "is not JSON"),
        ("pagerduty", "routing_key = { env = \"TOKEN\" }\ntemplate = \"x\"".to_owned(), Level::Error, "unknown key"),
    ] {
        let (_, problems) = read(kind, &toml);
        let found = problems.iter().any(|problem| problem.level == level && problem.message.contains(words));
        assert!(found, "{toml}: {problems:?}");
    }
    std::fs::write(&file, "{{ headline }}").unwrap();
    assert_eq!(errors(read("telegram", &in_file).1), []);
}

#[test]
fn the_report_says_when_a_template_failed() {
    let receiver = Receiver::http([Reply::status(200), Reply::status(503)]);
    let config = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 10\"\nnotify = [\"hook\"]\n\
                  [[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = { env = \"hook\" }\nformat = \"template\"\n\
                  template = '{\"team\": {{ alerts[0].labels.team }}}'\n";
    let bench = Bench::new(config).url("hook", &receiver.url());
    let run = bench.check(0, &[("web", 50)]);
    assert_eq!((run.deliveries(), run.code), (vec!["hook sent".to_owned()], Some(1)), "{}", run.said());
    let warnings = run.json()["warnings"].to_string();
    assert!(warnings.contains("channel 'hook': line 1 of the template: undefined value"), "{warnings}");
    assert!(receiver.requests()[0].body.contains("\"schema\":\"pcemon.alert/1\""));
    bench.configure(&config.replace("notify", "labels = { team = \"db\" }\nnotify"));
    let run = bench.check(60, &[("web", 50)]);
    assert!(!run.json()["warnings"].to_string().contains("channel 'hook': line"), "{}", run.said());
    assert_eq!(receiver.requests()[1].body, "{\"team\": \"db\"}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(16), failure_persistence: None, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn own_words_keep_every_limit(Hostile(notification) in notification()) {
        let template = "{{ headline }}\n{% for a in alerts %}{{ a.rule }} {{ a.summary }} {{ a.description }}\n{% endfor %}";
        let units = |value: &Value| value.as_str().unwrap().encode_utf16().count();
        for kind in TEXT_KINDS {
            let receiver = willing(kind);
            let channel = with_template(kind, &receiver.url(), template);
            prop_assert_eq!(channel.remark(&notification), None);
            let said = body(&*channel, &receiver, &notification);
            let all = texts(&said);
            prop_assert!(!all.contains(['\r', '\u{1b}', '\u{202e}', '\0']), "{}: {}", kind, all);
            match kind {
                "slack" => {
                    let blocks = said["blocks"].as_array().unwrap();
                    prop_assert!(blocks.len() <= 50 && all.encode_utf16().count() <= 14_000);
                    for block in blocks.iter().filter(|block| block["type"] == "section") {
                        prop_assert!((1..=3000).contains(&units(&block["text"]["text"])));
                        prop_assert!(!block["text"]["text"].as_str().unwrap().contains(['<', '>']));
                    }
                }
                "teams" => prop_assert!(said.to_string().len() <= 20_000),
                "discord" => {
                    prop_assert!((1..=2000).contains(&units(&said["content"])));
                    prop_assert!((1..=4096).contains(&units(&said["embeds"][0]["description"])));
                }
                "telegram" => prop_assert!((1..=4096).contains(&units(&said["text"]))),
                "ntfy" => prop_assert!((1..=4096).contains(&said["message"].as_str().unwrap().len())),
                "line" => {
                    let messages = said["messages"].as_array().unwrap();
                    prop_assert!((1..=5).contains(&messages.len()));
                    prop_assert!(messages.iter().all(|message| (1..=5000).contains(&units(&message["text"]))));
                }
                _ => prop_assert!((1..=10_000).contains(&said["body"].as_str().unwrap().chars().count())),
            }
        }
    }
}

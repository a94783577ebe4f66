//! What the config may say about a channel, and what it is told when it says something else.

use super::{common, errors, read, resolve};
use pcemon::channels::KINDS;
use pcemon::config::parse;
use pcemon::settings::reader::Level;
use std::path::Path;

const SMTP: &str = "smtp = { host = \"smtp.example.com\" }";

#[test]
fn every_example_loads_without_a_word() {
    for kind in KINDS {
        let name = kind.example.lines().find(|line| line.starts_with("name = ")).unwrap().trim_start_matches("name = ");
        let rule = format!("[[rules]]\nname = \"a\"\nsource = \"events\"\ncritical = \">= 1\"\nnotify = [{name}]\n");
        let text = format!("{}{rule}", kind.example);
        let config = parse(Path::new("rules.toml"), &text).unwrap_or_else(|error| panic!("{}: {}", kind.name, error.render(false)));
        assert_eq!(config.channels.iter().map(|channel| channel.common.kind).collect::<Vec<_>>(), [kind.name]);
        let about_it: Vec<&String> = config.warnings.iter().filter(|warning| !warning.contains("[pce]")).collect();
        assert!(about_it.is_empty(), "{about_it:?}");
        assert!(kind.example.lines().all(|line| line.chars().count() <= 140), "{}", kind.name);
    }
}

#[test]
fn good_settings() {
    let table = [
        ("webhook", "url = { env = \"URL\" }".to_owned(), "URL from environment variable URL"),
        ("webhook", "url = \"https://hooks.example.com/secret/path\"".to_owned(), "https://hooks.example.com"),
        ("line", "token = { env = \"TOKEN\" }\nto = \"U0123\"".to_owned(), "https://api.line.me"),
        ("email", format!("from = \"a@example.com\"\nto = [\"SOC <b@example.com>\"]\n{SMTP}"), "b@example.com via smtp.example.com:587"),
        (
            "email",
            "from = \"a@example.com\"\nto = \"b@example.com\"\nsmtp = { host = \"smtp.example.com\", tls = \"implicit\" }".to_owned(),
            "b@example.com via smtp.example.com:465",
        ),
    ];
    for (kind, toml, destination) in table {
        let (settings, problems) = read(kind, &toml);
        assert_eq!(errors(problems), [], "{toml}");
        assert_eq!(settings.unwrap().destination(), destination);
    }
}

#[test]
fn bad_settings_are_refused_with_a_reason() {
    let mail = |from: &str, to: &str, smtp: &str| format!("from = {from}\nto = {to}\nsmtp = {{ {smtp} }}");
    let host = "host = \"smtp.example.com\"";
    let (a, b) = ("\"a@example.com\"", "\"b@example.com\"");
    let table = [
        ("webhook", String::new(), "has no `url`"),
        ("webhook", "url = \"hooks.example.com\"".to_owned(), "URL"),
        ("webhook", "url = \"https://u:S3CRET@example.com/\"".to_owned(), "Authorization header"),
        ("webhook", "url = \"https://example.com/\"\nformat = \"xml\"".to_owned(), "cannot be 'xml'"),
        ("webhook", "url = \"https://example.com/\"\nsecret = \"whsec_S3CRET***\"".to_owned(), "base64"),
        ("webhook", "url = \"https://example.com/\"\nheaders = { Webhook-Id = \"1\" }".to_owned(), "set by pcemon"),
        ("webhook", "url = \"https://example.com/\"\nheaders = { \"a b\" = \"1\" }".to_owned(), "not the name of a header"),
        ("webhook", "url = \"https://example.com/\"\nurls = \"x\"".to_owned(), "unknown key"),
        ("line", "to = \"U1\"".to_owned(), "has no `token`"),
        ("line", "token = { env = \"TOKEN\" }".to_owned(), "has no `to`"),
        ("line", "token = { env = \"TOKEN\" }\nto = \"@soc\"".to_owned(), "not the id"),
        ("slack", String::new(), "has no `url`"),
        ("slack", "url = \"hooks.slack.com/services/S3CRET\"".to_owned(), "URL"),
        ("teams", String::new(), "has no `url`"),
        ("alertmanager", String::new(), "has no `urls`"),
        ("alertmanager", "urls = []".to_owned(), "is empty"),
        ("alertmanager", "urls = \"am:9093\"".to_owned(), "must start with https://"),
        ("alertmanager", "urls = \"https://am.example.com\"\nuser = \"a\"".to_owned(), "has no `password`"),
        ("alertmanager", "urls = \"https://am.example.com\"\npassword = { env = \"PASSWORD\" }".to_owned(), "has no `user`"),
        (
            "alertmanager",
            "urls = \"https://am.example.com\"\nuser = \"a\"\npassword = { env = \"PASSWORD\" }\ntoken = { env = \"TOKEN\" }".to_owned(),
            "as well as",
        ),
        ("discord", String::new(), "has no `url`"),
        ("telegram", String::new(), "has no `token`"),
        ("telegram", "token = { env = \"TOKEN\" }".to_owned(), "has no `chat_id`"),
        ("telegram", "token = { env = \"TOKEN\" }\nchat_id = \"soc\"".to_owned(), "not one Telegram chat"),
        ("telegram", "token = { env = \"TOKEN\" }\nchat_id = [1, 2]".to_owned(), "not one Telegram chat"),
        ("ntfy", String::new(), "has no `topic`"),
        ("opsgenie", String::new(), "has no `api_key`"),
        ("syslog", String::new(), "has no `address`"),
        ("syslog", "address = \"tcp://siem:514\"".to_owned(), "not a host and a port"),
        ("syslog", "address = \"siem\"\ntransport = \"sctp\"".to_owned(), "cannot be 'sctp'"),
        ("syslog", "address = \"siem\"\nfacility = \"local9\"".to_owned(), "cannot be 'local9'"),
        ("syslog", "address = \"siem\"\nformat = \"json\"".to_owned(), "cannot be 'json'"),
        ("syslog", "address = \"siem\"\nca_file = \"/ca.pem\"".to_owned(), "means nothing without TLS"),
        ("exec", String::new(), "has no `command`"),
        ("exec", "command = []".to_owned(), "names no program"),
        ("exec", "command = [\"\", \"S3CRET\"]".to_owned(), "names no program"),
        ("servicenow", "url = \"https://x.service-now.com\"".to_owned(), "has no `user`"),
        ("whatsapp", String::new(), "has no `template`"),
        (
            "whatsapp",
            "token = { env = \"TOKEN\" }\nto = \"soc\"\nphone_number_id = \"1065403522\"\ntemplate = \"t\"".to_owned(),
            "digits only",
        ),
        ("apprise", "tag = \"soc\"".to_owned(), "has no `url`"),
        ("icinga", "url = \"https://icinga.example.com:5665\"\nhost = \"a\"\nservice = \"b\"".to_owned(), "has no `user`"),
        (
            "icinga",
            "url = \"https://icinga.example.com:5665\"\nuser = \"a\"\npassword = { env = \"PASSWORD\" }\nhost = \"a\"".to_owned(),
            "has no `service`",
        ),
        ("file", String::new(), "has no `path`"),
        ("file", "path = \"alerts.ndjson\"".to_owned(), "must be an absolute path"),
        ("pagerduty", String::new(), "has no `routing_key`"),
        ("pagerduty", "routing_key = { env = \"TOKEN\" }\nbase_url = \"pd\"".to_owned(), "URL"),
        ("email", String::new(), "has no `from`"),
        ("email", mail(a, "[]", host), "is empty"),
        ("email", mail(a, "\"nobody\"", host), "not a mail address"),
        ("email", mail("\"a@example.com\\r\\nBcc: x@example.com\"", b, host), "not a mail address"),
        ("email", mail(a, "\"b@exämple.com\"", host), "not plain ASCII"),
        ("email", mail(a, b, "host = \"smtp://mail\""), "not a host name"),
        ("email", mail(a, b, &format!("{host}, tls = \"maybe\"")), "cannot be 'maybe'"),
        ("email", mail(a, b, &format!("{host}, port = 70000")), "must lie between"),
        ("email", mail(a, b, &format!("{host}, user = \"u\"")), "has no `password`"),
        ("email", mail(a, b, &format!("{host}, password = {{ env = \"PASSWORD\" }}")), "has no `user`"),
        (
            "email",
            mail(a, b, &format!("{host}, tls = \"none\", user = \"u\", password = {{ env = \"PASSWORD\" }}")),
            "password in clear text",
        ),
        ("email", mail(a, b, &format!("{host}, pasword = \"x\"")), "unknown key"),
    ];
    for (kind, toml, words) in table {
        let (_, problems) = read(kind, &toml);
        let errors: Vec<&str> = problems.iter().filter(|one| one.level == Level::Error).map(|one| one.message.as_str()).collect();
        assert!(errors.iter().any(|error| error.contains(words)), "{toml}: {errors:?}");
        // One mistake is not reported as another one, too.
        assert!(words == "unknown key" || !errors.iter().any(|error| error.contains("unknown key")), "{toml}: {errors:?}");
        assert!(!format!("{problems:?}").contains("S3CRET"), "{problems:?}");
    }
}

#[test]
fn plain_http_to_another_machine_warns() {
    let warned = |kind: &str, toml: &str| {
        let (settings, problems) = read(kind, toml);
        assert!(settings.is_some() && problems.iter().all(|one| one.level == Level::Warning), "{toml}: {problems:?}");
        !problems.is_empty()
    };
    assert!(warned("webhook", "url = \"http://hooks.example.com/\""));
    assert!(!warned("webhook", "url = \"http://localhost/\""));
    let mail = |host: &str| format!("from = \"a@example.com\"\nto = \"b@example.com\"\nsmtp = {{ host = \"{host}\", tls = \"none\" }}");
    assert!(warned("email", &mail("relay.example.com")));
    assert!(!warned("email", &mail("127.0.0.1")));
}

#[test]
fn what_cannot_be_opened_says_why() {
    let missing = "ca_file = \"/nowhere/ca.pem\"";
    let table = [
        ("webhook", "url = { env = \"UNSET\" }".to_owned(), "UNSET is not set"),
        ("webhook", "url = { env = \"TOKEN\" }".to_owned(), "URL"),
        ("webhook", "url = \"https://example.com/\"\nsecret = { env = \"BAD_KEY\" }".to_owned(), "base64"),
        ("webhook", format!("url = \"https://example.com/\"\n{missing}"), "/nowhere/ca.pem"),
        ("webhook", "url = \"https://example.com/\"\nheaders = { X-A = \"a\\nb\" }".to_owned(), "x-a"),
        ("syslog", format!("address = \"siem\"\ntransport = \"tls\"\n{missing}"), "/nowhere/ca.pem"),
        ("opsgenie", "api_key = { env = \"TWO_LINES\" }".to_owned(), "not allowed in a header"),
        (
            "email",
            format!("from = \"a@example.com\"\nto = \"b@example.com\"\nsmtp = {{ host = \"smtp.example.com\", {missing} }}"),
            "/nowhere/ca.pem",
        ),
    ];
    for (kind, toml, words) in table {
        let (settings, problems) = read(kind, &toml);
        assert_eq!(errors(problems), [], "{toml}");
        let Err(error) = settings.unwrap().open(&common(kind), &resolve) else { panic!("{toml}") };
        assert!(error.contains(words) && !error.contains("S3CRET") && !error.contains("***"), "{toml}: {error}");
    }
}

/// `NO_PROXY` with a blank behind its comma, as people write it: the receiver is asked itself, and only for its scheme
/// is a proxy asked.
#[test]
fn the_proxy_variables_mean_what_they_mean_to_curl() {
    use crate::support::receivers::Receiver;
    use crate::support::run_cli::Bench;
    for (variables, through_proxy) in [
        (&[("http_proxy", "PROXY"), ("NO_PROXY", "localhost, 127.0.0.1")][..], false),
        (&[("http_proxy", "PROXY"), ("no_proxy", "10.0.0.0/8 127.0.0.0/8")], false),
        (&[("https_proxy", "PROXY"), ("HTTP_PROXY", "PROXY")], false),
        (&[("http_proxy", "PROXY"), ("NO_PROXY", "example.com")], true),
        (&[("ALL_PROXY", "PROXY")], true),
    ] {
        let (proxy, hook) = (Receiver::http([]), Receiver::http([]));
        let bench = Bench::new("[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = { env = \"hook\" }\n").url("hook", &hook.url());
        let mut command = bench.command(&["channel", "test", "hook"]);
        for (name, value) in variables {
            command.env(name, if *value == "PROXY" { proxy.url() } else { (*value).to_owned() });
        }
        let output = command.output().unwrap();
        // What plays the proxy here only writes down that it was asked.
        assert!(through_proxy || output.status.success(), "{variables:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!((proxy.requests().len(), hook.requests().len()), if through_proxy { (1, 0) } else { (0, 1) }, "{variables:?}");
    }
}

/// With a proxy on the way nobody knows from "connection refused" alone whom to look at.
#[test]
fn a_channel_names_the_proxy_that_refuses() {
    use crate::support::closed::ClosedPort;
    use crate::support::run_cli::Bench;
    let closed = ClosedPort::new();
    let bench = Bench::new("[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = { env = \"hook\" }\n")
        .url("hook", "https://hooks.example.com/services/T0S3CRET00");
    let mut command = bench.command(&["channel", "test", "hook"]);
    command.env("HTTPS_PROXY", format!("http://watcher:hunter2hunter2@{closed}"));
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(&format!("https://hooks.example.com through the proxy {closed}")), "{told}");
    assert!(!told.contains("hunter2") && !told.contains("S3CRET"), "{told}");
}

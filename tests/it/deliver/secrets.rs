//! Services that repeat what they were sent: no secret comes back to the reader, whatever he looks at.
//!
//! Every run of the bench searches its output and the folder of the state; here every command is run.

use super::{rule, webhook};
use crate::support::receivers::{Receiver, Reply, SmtpReceiver};
use crate::support::run_cli::{Bench, SECRETS, URL_TOKEN};

/// An answer that repeats every secret its service was sent, in its head and in its body.
fn parrot(status: u16, name: &str) -> Reply {
    let known: &[&str] = match name {
        "hook" => &["HEADER_TOKEN", "WEBHOOK_SECRET"],
        "line" => &["LINE_TOKEN"],
        _ => &[],
    };
    let all: Vec<&str> = SECRETS.iter().filter(|(name, _)| known.contains(name)).map(|(_, secret)| *secret).collect();
    let text = format!("/{URL_TOKEN}/{name} {URL_TOKEN} {}", all.join(" "));
    Reply::status(status).body(&text).header("x-secret", &text).header("location", &format!("https://example.com/{URL_TOKEN}"))
}

#[test]
fn nothing_that_is_printed_or_kept_holds_a_secret() {
    for status in [302, 401, 404, 429, 500] {
        let hook = Receiver::http(vec![parrot(status, "hook"); 9]);
        let line = Receiver::http(vec![parrot(status, "line"); 9]);
        let login = "535 no planted-password-5ECRET-3 AHBjZW1vbgBwbGFudGVkLXBhc3N3b3JkLTVFQ1JFVC0z";
        let smtp = SmtpReceiver::start(&[("AUTH", login)]);
        let others = format!(
            "[[channels]]\nname = \"line\"\ntype = \"line\"\ntoken = {{ env = \"LINE_TOKEN\" }}\nto = \"U0123\"\nbase_url = {{ env = \"line\" }}\n\
             [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"pcemon@example.com\"\nto = [\"soc@example.com\"]\n\
             smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\", user = \"pcemon\", password = {{ env = \"SMTP_PASSWORD\" }} }}\n",
            smtp.port()
        );
        let run = "[run]\ngive_up_after = \"1h\"\n";
        let config = format!("{run}{}{}{others}", rule(&["hook", "line", "mail"], ""), webhook("hook", ""));
        let bench = Bench::new(&config)
            .url("hook", &hook.url())
            .url("line", &line.url())
            .secret("ENCODED_LOGIN", "AHBjZW1vbgBwbGFudGVkLXBhc3N3b3JkLTVFQ1JFVC0z");
        bench.check_with(0, &[("web", 50)], &["--dry-run"]);
        for minute in [0, 1, 60, 61] {
            let run = bench.check(minute, &[("web", 50)]);
            assert_eq!(run.deliveries().len(), 3, "{status}: {}", run.said());
        }
        assert!(hook.requests().len() >= 2 && line.requests().len() >= 2, "{status}");
        for command in [
            &["outbox", "list"][..],
            &["outbox", "list", "-v"],
            &["outbox", "list", "-o", "json"],
            &["state", "show"],
            &["state", "show", "-o", "json"],
            &["rules", "list"],
            &["channel", "list"],
            &["channel", "test", "hook", "--no-send"],
            &["channel", "test", "hook", "-vv"],
            &["channel", "test", "line", "--log-format", "json"],
            &["channel", "test", "mail", "-vv"],
            &["check", "-vv", "--flows", "no-such-file"],
            &["check", "-vv", "-o", "nagios", "--flows", "flows.json"],
        ] {
            let run = bench.run(command);
            assert!(!run.said().trim().is_empty(), "{status}: {command:?}");
        }
    }
}

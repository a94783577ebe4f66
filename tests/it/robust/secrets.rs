//! A secret is known because the config declares it: no diagnostic and no difference shows it, in whatever spelling.

use crate::support::cli::Room;
use crate::support::receivers::{Receiver, Reply};
use crate::support::scripted::{Reply as Answer, Scripted};

const CANARY: &str = "canary5ECRET";

/// Configs with a canary in every place that may hold a secret, rightly and wrongly written.
fn configs() -> Vec<String> {
    let mut out = Vec::new();
    let values = [
        format!("\"{CANARY}\""),
        format!("\"https//hooks.example.com/{CANARY}\""),
        format!("\"https:/hooks.example.com/{CANARY}\""),
        format!("\"hooks.example.com/services/{CANARY}\""),
        format!("\"me:{CANARY}@host.example.com:99\""),
        format!("\"\"\"\nfirst\n{CANARY}\n\"\"\""),
    ];
    for value in &values {
        for line in [
            "[pce]\napi_secret = V",
            "[pce]\napi_sceret = V",
            "[pce]\nproxy = V",
            "[pce]\napi_key = { evn = V }",
            "[pce]\napi_key = { cmd = [\"pass\", V] }",
            "[run]\nheartbeat = V",
            "[run]\nhartbeat = V",
            "[[channels]]\nname = \"c\"\ntype = \"slack\"\nurl = V",
            "[[channels]]\nname = \"c\"\ntype = \"slack\"\nurll = V",
            "[[channels]]\nname = \"c\"\ntype = \"slakc\"\nurl = V",
            "[[channels]]\nname = \"c\"\ntype = \"ntfy\"\ntoopic = V",
            "[[channels]]\nname = \"c\"\ntype = \"exec\"\ncommand = [\"curl\", V, 7]",
            "[[channels]]\nname = \"c\"\ntype = \"webhook\"\nurl = { env = \"A\" }\nheaders = { X-Any = V, Y = 7 }",
            "[[channels]]\nname = \"c\"\ntype = \"email\"\nsmpt = { host = \"a\", password = V }",
            "[[chanels]]\nname = \"c\"\nurl = V",
        ] {
            out.push(line.replace('V', value));
        }
    }
    out
}

#[test]
fn no_complaint_and_no_difference_shows_a_secret() {
    let room = Room::new();
    let rule = "[[rules]]\nname = \"Health\"\nsource = \"health\"\ncooldown = \"1h\"\n";
    for config in configs() {
        for text in [
            format!("{config}\nbad = 1\n{rule}"),
            format!("{rule}{config}\n"),
            format!("{config}\nbad = = 1\n{rule}"),
            format!("{rule}{config}\n[[\n"),
        ] {
            room.config(&text);
            for arguments in [
                &["rules", "validate"][..],
                &["rules", "validate", "--log-format", "json"],
                &["rules", "edit", "Health", "--set", "cooldown=2h", "--dry-run"],
                &["doctor", "--offline"],
                &["channel", "list"],
                &["check", "-vv"],
            ] {
                let ran = room.run(arguments);
                let said = format!("{}{}", ran.out, ran.err);
                assert!(!said.contains(CANARY), "{arguments:?} of\n{text}\nsaid\n{said}");
            }
        }
    }
}

/// A service and a PCE that repeat the secret, written as JSON writes it, in refusals and in answers that are none: it is in no
/// output, no log and no state.
#[test]
fn what_peers_repeat_is_hidden_in_every_spelling() {
    let secret = "pl\u{e4}n\"ted/5ECRET-canary";
    let json = serde_json::to_string(secret).unwrap().replace('/', "\\/").replace('\u{e4}', "\\u00e4");
    let bodies = [
        format!("{{\"error\": \"bad token {}\"}}", json.trim_matches('"')),
        format!("bad token {secret}"),
        format!("{} {secret}", "x".repeat(180)),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    for body in bodies {
        for status in [200, 400, 500] {
            let echo = body.clone();
            let pce = Scripted::start(move |_| {
                let id: String = url::form_urlencoded::byte_serialize("pl\u{e4}n\"ted/5ECRET-canary".as_bytes()).collect();
                Answer::json(status, echo.clone()).header("x-request-id", id)
            });
            let service = Receiver::http((0..4).map(|_| Reply::status(status.max(400)).body(&body)));
            let room = Room::new();
            room.config(&format!(
                "[pce]\nurl = \"{}\"\norg_id = 1\napi_key = {{ env = \"PCE_KEY\" }}\napi_secret = {{ env = \"CANARY\" }}\n\
                 [run]\nstate = \"{}\"\ndeadline = \"2s\"\n[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"x\"]\n\
                 [[rules]]\nname = \"Self\"\nsource = \"self\"\nmetric = \"failed_sources\"\ncritical = \">= 1\"\nnotify = [\"x\"]\n\
                 [[channels]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"{}/hook\"\nheaders = {{ X-Token = {{ env = \"CANARY\" }} }}\n",
                pce.url(),
                room.state().display(),
                service.url()
            ));
            let mut command = room.command(&["check", "-vv", "-o", "json"]);
            let ran = crate::support::cli::Ran::of(command.env("CANARY", secret));
            let state = std::fs::read_to_string(room.state()).unwrap_or_default();
            for text in [&ran.out, &ran.err, &state] {
                assert!(!text.contains("5ECRET"), "{status} {body}\n{text}");
            }
        }
    }
}

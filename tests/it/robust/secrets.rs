//! A secret is known because the config declares it: no diagnostic and no difference shows it, in whatever spelling.

use crate::support::cli::Room;

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

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
            "[heartbeat]\nurl = V",
            "[heartbeat]\nulr = V",
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

/// Fourteen ways to write a secret down.
fn spellings(secret: &str) -> [String; 14] {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let json = serde_json::to_string(secret).unwrap().trim_matches('"').to_owned();
    let each = |write: &dyn Fn(char) -> String| secret.chars().map(write).collect::<String>();
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    [
        json.clone(),
        json.replace('/', "\\/").replace('\u{e4}', "\\u00e4"),
        // JSON in JSON.
        serde_json::to_string(&json).unwrap().trim_matches('"').to_owned(),
        each(&|letter| format!("\\u{:04x}", letter as u32)),
        each(&|letter| format!("\\u{:04X}", letter as u32)),
        format!("{secret:?}").trim_matches('"').to_owned(),
        each(&|letter| if letter.is_ascii() { letter.to_string() } else { format!("\\x{:02x}", letter as u32) }),
        percent.to_lowercase().replace("5ecret", "5ECRET"),
        percent,
        secret.replace('"', "&quot;"),
        each(&|letter| format!("&#{};", letter as u32)),
        each(&|letter| format!("&#x{:X};", letter as u32)),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}

/// A word with as many typing mistakes: a letter is missing, doubled, another, or before its neighbour.
fn mistyped(word: &str, mistakes: usize, seed: usize) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    for mistake in 0..mistakes {
        let at = (seed * 7 + mistake * 5 + 1) % (letters.len() - 1);
        match (seed + mistake) % 4 {
            0 => drop(letters.remove(at)),
            1 => letters.insert(at, letters[at]),
            2 => letters.swap(at, at + 1),
            _ => letters[at] = 'q',
        }
    }
    letters.into_iter().collect()
}

/// Keys that hold secrets, mistyped once and twice, with the canary behind them in thirteen spellings of the config's own
/// language, right and broken.
#[test]
fn no_mistyped_key_shows_its_secret() {
    let values = [
        "\"C\"",
        "'C'",
        "\"\"\"C\"\"\"",
        "\'\'\'\nfirst\nC\n\'\'\'",
        "\"C",
        "'C",
        "C",
        "{ evn = \"C\" }",
        "{ env = \"A\", valu = \"C\" }",
        "[\"a\", \"C\", 7]",
        "\"https:/hooks.example.com/C\"",
        "\"me:C@host.example.com:99\"",
        "{ a = { b = [\"C\"] } }",
    ];
    let keys = [
        ("[pce]\nurl = \"https://a\"\n", "api_key"),
        ("[pce]\nurl = \"https://a\"\n", "api_secret"),
        ("[pce]\nurl = \"https://a\"\n", "proxy"),
        ("[run]\n", "heartbeat"),
        ("[heartbeat]\n", "url"),
        ("[[channels]]\nname = \"c\"\ntype = \"slack\"\n", "url"),
        ("[[channels]]\nname = \"c\"\ntype = \"webhook\"\nurl = { env = \"A\" }\n", "secret"),
        ("[[channels]]\nname = \"c\"\ntype = \"webhook\"\nurl = { env = \"A\" }\n", "headers"),
        ("[[channels]]\nname = \"c\"\ntype = \"line\"\nto = \"U1\"\n", "token"),
        ("[[channels]]\nname = \"c\"\ntype = \"ntfy\"\n", "topic"),
        ("[[channels]]\nname = \"c\"\ntype = \"pagerduty\"\n", "routing_key"),
        ("[[channels]]\nname = \"c\"\ntype = \"icinga\"\nurl = \"https://a\"\nuser = \"u\"\n", "password"),
        ("[[channels]]\nname = \"c\"\ntype = \"exec\"\n", "command"),
    ];
    let room = Room::new();
    let rule = "[[rules]]\nname = \"Health\"\nsource = \"health\"\ncooldown = \"1h\"\n";
    let commands = [
        &["rules", "validate"][..],
        &["rules", "validate", "--log-format", "json"],
        &["rules", "edit", "Health", "--set", "cooldown=2h", "--dry-run"],
        &["check", "-vv"],
        &["doctor", "--offline"],
    ];
    let mut seed = 0;
    for (value, (table, key)) in values.iter().flat_map(|value| keys.iter().map(move |key| (value, key))) {
        for mistakes in [1, 2] {
            seed += 1;
            let line = format!("{table}{} = {}\n", mistyped(key, mistakes, seed), value.replace('C', CANARY));
            for text in [format!("{rule}{line}"), format!("{line}{rule}"), format!("{line}bad = = 1\n{rule}")] {
                // All of them as the program itself complains, ...
                let said = match pcemon::config::parse(std::path::Path::new("rules.toml"), &text) {
                    Ok(config) => config.warnings.join("\n"),
                    Err(error) => format!("{}\n{}", error.render(false), error.lines().join("\n")),
                };
                assert!(!said.contains(CANARY), "{text}\nsaid\n{said}");
            }
            // ... and one of them as it is seen.
            room.config(&format!("{rule}{line}"));
            let arguments = commands[seed % commands.len()];
            let ran = room.run(arguments);
            let said = format!("{}{}", ran.out, ran.err);
            assert!(!said.contains(CANARY), "{arguments:?} of\n{line}\nsaid\n{said}");
        }
    }
}

/// A proxy of the environment whose name nobody knows, or that is no proxy at all: its password is in no error.
#[test]
fn proxies_of_the_environment_keep_their_secrets() {
    let health = r#"[{"status":"critical","type":"standalone","fqdn":"pce.example.com","notifications":[],"nodes":[]}]"#;
    let proxies = [
        "http://me:canary5ECRET@nobody.invalid:3128",
        "https://me:canary5ECRET@nobody.invalid:3128",
        "me:canary5ECRET@nobody.invalid:3128",
        "http//me:canary5ECRET@nobody.invalid",
        "http://canary5ECRET.nobody.invalid@nobody.invalid",
        "socks5://me:canary5ECRET@nobody.invalid",
        "http://me:canary5ECRET@:0",
        "http://me:canary5ECRET@127.0.0.1:9",
        "http://me:%63anary5ECRET@127.0.0.1:9/canary5ECRET?canary5ECRET",
    ];
    std::thread::scope(|scope| {
        for proxy in proxies {
            scope.spawn(move || {
                let room = Room::new();
                room.write("health.json", health);
                room.config(&format!(
                    "[pce]\nurl = \"https://pce.example.com:8443\"\norg_id = 1\napi_key = {{ env = \"PCE_KEY\" }}\napi_secret = {{ env = \"PCE_SECRET\" }}\n\
                     [run]\nstate = \"{}\"\ndeadline = \"4s\"\n[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"x\"]\n\
                     [[channels]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"https://hooks.example.com/x\"\n",
                    room.state().display()
                ));
                for arguments in [
                    &["check", "-vv", "-o", "json"][..],
                    &["check", "-vv", "--health", "health.json"],
                    &["doctor", "--timeout", "2s"],
                    &["health", "-vv"],
                    &["channel", "test", "x", "-vv", "--log-format", "json"],
                ] {
                    for name in ["HTTPS_PROXY", "all_proxy"] {
                        let mut command = room.command(arguments);
                        let ran = crate::support::cli::Ran::of(command.env(name, proxy));
                        let state = std::fs::read_to_string(room.state()).unwrap_or_default();
                        for text in [&ran.out, &ran.err, &state] {
                            assert!(!text.contains("5ECRET"), "{name}={proxy} {arguments:?}\n{text}");
                        }
                    }
                }
            });
        }
    });
}

/// A service and a PCE that repeat the secret, written as JSON writes it, in refusals and in answers that are none: it is in no
/// output, no log and no state.
#[test]
fn what_peers_repeat_is_hidden_in_every_spelling() {
    let secret = "pl\u{e4}n\"ted/5ECRET-canary";
    let bodies: Vec<String> = spellings(secret).into_iter().map(|spelled| format!("{{\"error\": \"bad token {spelled}\"}}")).collect();
    let bodies = bodies.into_iter().chain([format!("bad token {secret}"), format!("{} {secret}", "x".repeat(180))]);
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
            let telling: Vec<String> = spellings(secret).into_iter().map(|spelled| spelled.chars().skip(4).take(12).collect()).collect();
            for text in [&ran.out, &ran.err, &state] {
                let found = telling.iter().find(|part| text.contains(part.as_str()));
                assert!(!text.contains("5ECRET") && found.is_none(), "{status} {body}: {found:?}\n{text}");
            }
        }
    }
}

//! No input ends the process.

use crate::support::cli::Room;
use std::io::Write;
use std::time::{Duration, Instant};

fn deep(levels: usize) -> String {
    format!("{}b{}", "{a,".repeat(levels), "}".repeat(levels))
}

#[test]
fn a_pattern_that_cannot_be_compiled_is_an_error() {
    let room = Room::new();
    let pattern = deep(126);
    room.config("[[rules]]\nname = \"Health\"\nsource = \"health\"\n");
    room.write("health.json", "[]");
    let silence = room.run(&["silence", "add", "--rule", &pattern, "--for", "1h", "--comment", "x"]);
    assert!(!silence.err.contains("internal fault"), "{}", silence.err);
    for arguments in
        [&["check", "--health", "health.json", "--rule", &pattern][..], &["replay", "--rule", &pattern, "--flows", "health.json"]]
    {
        let ran = room.run(arguments).exits(3);
        assert!(!ran.err.contains("internal fault") && !ran.err.contains("panicked"), "{}", ran.err);
    }
    room.config(&format!("[[rules]]\nname = \"Events\"\nsource = \"events\"\nmatch = {{ actor = [\"{pattern}\"] }}\nwarning = \">= 1\"\n"));
    let ran = room.run(&["rules", "validate"]).exits(3);
    assert!(ran.err.contains("nested too deeply"), "{}", ran.err);
}

/// A number that a broken replica might report ends nothing, in any format.
#[test]
fn absurd_numbers_are_shown_and_survived() {
    let room = Room::new();
    room.config(&format!(
        "[run]\nstate = \"{}\"\n[[rules]]\nname = \"Lag\"\nsource = \"health\"\nmetric = \"replication_lag\"\ncritical = \"> 60\"\n",
        room.state().display()
    ));
    for lag in ["18446744073709551615", "1e300", "1.7976931348623157e308", "-1e300", "9223372036854775808"] {
        let health = format!(
            "[{{\"status\":\"normal\",\"type\":\"standalone\",\"fqdn\":\"pce.example.com\",\"notifications\":[],\"nodes\":[],\
             \"network\":{{\"replication\":[{{\"type\":\"intracluster\",\"details\":{{\"database_name\":\"agent\",\"master_fqdn\":\"a\",\
             \"slave_fqdn\":\"b\"}},\"value\":{{\"status\":\"normal\",\"lag_seconds\":{lag}}}}}]}}}}]"
        );
        room.write("health.json", health);
        let formats = "table json ndjson csv junit sarif nagios checkmk prometheus markdown tap github cef";
        for format in formats.split(' ') {
            let ran = room.run(&["check", "--health", "health.json", "-o", format]);
            assert!((0..=3).contains(&ran.code), "{lag} as {format}: {} {}", ran.code, ran.err);
            assert!(!ran.err.contains("internal fault"), "{lag} as {format}: {}", ran.err);
            if !lag.starts_with('-') {
                assert_eq!(ran.code, 2, "{lag} as {format}:\n{}\n{}", ran.out, ran.err);
            }
        }
    }
}

fn gzip(parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    parts.for_each(|part| encoder.write_all(&part).unwrap());
    encoder.finish().unwrap()
}

/// Answers of a few kilobytes that become gigabytes: refused, within the deadline, in little memory.
#[test]
fn answers_that_explode_are_refused() {
    let room = Room::new();
    let rules = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 1\"\n[[rules]]\nname = \"Vens\"\nsource = \"vens\"\nwarning = \"> 1\"\n";
    room.config(&format!("[run]\nstate = \"{}\"\ndeadline = \"3s\"\n{rules}", room.state().display()));
    let megabyte = |text: &str| text.repeat((1 << 20) / text.len()).into_bytes();
    let lists = |count: usize| std::iter::once(b"[[]".to_vec()).chain(std::iter::repeat_n(megabyte(",[]"), count));
    let blanks = std::iter::repeat_n(megabyte(" "), 1 << 9);
    let one = std::iter::once(b"[{\"a\":\"".to_vec()).chain(std::iter::repeat_n(megabyte("x"), 1 << 9));
    let inner = gzip(lists(1 << 9));
    for (name, bytes) in [("lists", inner.clone()), ("nested", gzip(std::iter::once(inner))), ("blanks", gzip(blanks)), ("one", gzip(one))]
    {
        room.write("answer.json", bytes);
        for source in ["--flows", "--vens"] {
            let rule = if source == "--flows" { "Blocked" } else { "Vens" };
            let begun = Instant::now();
            let mut command = std::process::Command::new("sh");
            let inner = room.command(&["check", source, "answer.json", "--rule", rule, "-o", "json"]);
            // Address space, not memory in use: generous, and far below what the answers become.
            command.args(["-c", "ulimit -v 1500000; exec \"$@\"", "sh"]).arg(inner.get_program()).args(inner.get_args());
            command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(room.path(""));
            let ran = crate::support::cli::Ran::of(&mut command).exits(3);
            assert!(begun.elapsed() < Duration::from_secs(3 + 5 + 3), "{name} {source}: {:?}", begun.elapsed());
            assert_eq!(ran.json().0["status"], "unknown", "{name} {source}");
        }
    }
}

/// Templates that would take all memory, time or stack: refused when the config is read, and none costs an alert.
#[test]
fn templates_are_bounded_and_cost_no_alert() {
    let room = Room::new();
    room.write("health.json", r#"[{"status":"critical","type":"standalone","fqdn":"pce.example.com","notifications":[],"nodes":[]}]"#);
    let nested = |open: &str, close: &str| format!("{}x{}", open.repeat(50_000), close.repeat(50_000));
    let double = "{% set ns = namespace(a='xxxxxxxxxxxxxxxx') %}{% for i in range(40) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}";
    let templates = [
        ("repetition", "{{ 'x' * 4000000000 }}".to_owned()),
        ("doubling", format!("{double}{{{{ ns.a | length }}}}")),
        (
            "lists",
            "{% set ns = namespace(a=[1,2,3,4]) %}{% for i in range(40) %}{% set ns.a = ns.a + ns.a %}{% endfor %}{{ ns.a | length }}"
                .to_owned(),
        ),
        ("format", "{{ '%3000000000d' | format(1) }}".to_owned()),
        ("indent", "{{ headline | indent(4000000000, true) }}".to_owned()),
        ("output", "{% for a in range(99999) %}{{ 'xxxxxxxxxx' * 9999 }}{% endfor %}".to_owned()),
        ("replace", format!("{}{{{{ ns.a | replace('x', ns.a) | length }}}}", double.replace("range(40)", "range(14)"))),
        ("parentheses", format!("{{{{ {} }}}}", nested("(", ")"))),
        ("lists in lists", format!("{{{{ {} }}}}", nested("[", "]"))),
        ("ifs", nested("{% if 1 %}", "{% endif %}")),
        ("nots", format!("{{{{ {}1 }}}}", "not ".repeat(24_000))),
    ];
    for (name, template) in templates {
        let template: String = template.chars().take(99_000).collect();
        room.write("message.jinja", &template);
        room.config(&format!(
            "[run]\nstate = \"{}\"\n[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"out\"]\n\
             [[channels]]\nname = \"out\"\ntype = \"syslog\"\naddress = \"127.0.0.1:9\"\ntemplate = {{ file = \"message.jinja\" }}\n",
            room.path(&format!("{}/state.json", name.replace(' ', "-"))).display()
        ));
        let begun = Instant::now();
        let ran = room.run(&["rules", "validate"]);
        assert!((0..=3).contains(&ran.code) && !ran.err.contains("internal fault"), "{name}: {} {}", ran.code, ran.err);
        assert!(begun.elapsed() < Duration::from_secs(15), "{name}: {:?}", begun.elapsed());
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains("template"), "{name}: {said}");
        // Where the template is only a warning, the alert goes out in the usual words.
        if ran.code == 0 {
            let ran = room.run(&["check", "--health", "health.json", "-o", "json"]).exits(2);
            assert_eq!(ran.json().0["deliveries"][0]["status"], "sent", "{name}: {}", ran.out);
        }
    }
}

/// Configs that make a reader slow: every one is judged within a few seconds of processor time, however slow the machine.
#[test]
fn no_config_takes_long_to_complain_about() {
    let room = Room::new();
    let mut seed = 7u64;
    let noise: Vec<u8> = (0..400_000)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as u8
        })
        .collect();
    let table: [(&str, Vec<u8>); 6] = [
        ("noise", noise),
        ("one name", "[[rules]]\nname = \"a\"\nsource = \"health\"\n".repeat(18_000).into_bytes()),
        ("words", "x\n".repeat(200_000).into_bytes()),
        ("quotes", "a = \"\n".repeat(60_000).into_bytes()),
        ("unknown keys", (0..40_000).map(|key| format!("k{key} = 1\n")).collect::<String>().into_bytes()),
        ("zeros", vec![0; 900_000]),
    ];
    for (name, text) in table {
        room.write("rules.toml", text);
        let inner = room.command(&["rules", "validate"]);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "ulimit -t 20; exec \"$@\"", "sh"]).arg(inner.get_program()).args(inner.get_args());
        command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(room.path(""));
        let ran = crate::support::cli::Ran::of(&mut command);
        assert_eq!(ran.code, 3, "{name}: {}", ran.err.chars().take(300).collect::<String>());
    }
}

/// An answer without an end, all of it about one pair: judging it ends with the time that there is for reading, and what the other
/// sources say is judged and told.
#[test]
fn an_endless_answer_costs_no_verdict_on_the_rest() {
    let room = Room::new();
    room.config(&format!(
        "[run]\nstate = \"{}\"\ndeadline = \"6s\"\n[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 1\"\n\
         [[rules]]\nname = \"Health\"\nsource = \"health\"\n",
        room.state().display()
    ));
    room.write("health.json", r#"[{"status":"critical","type":"standalone","fqdn":"pce.example.com","notifications":[],"nodes":[]}]"#);
    let arguments = ["check", "--flows", "-", "--health", "health.json", "-o", "json", "--now", "2026-11-20T10:00:00Z"];
    let mut command = room.command(&arguments);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut text = String::from("[");
            for number in 0u64.. {
                let (minute, user) = (number / 60 % 60, number % 977);
                text.push_str(&format!(
                    r#"{{"src":{{"ip":"10.0.0.1"}},"dst":{{"ip":"10.0.0.2"}},"service":{{"port":443,"proto":6,"process_name":"p{number}","user_name":"u{user}"}},"num_connections":{number},"state":"active","policy_decision":"blocked","flow_direction":"outbound","timestamp_range":{{"first_detected":"2026-11-20T09:{minute:02}:{:02}Z","last_detected":"2026-11-20T09:59:59Z"}},"dst_bi":1,"dst_bo":1}},"#,
                    number % 60
                ));
                if text.len() > 1 << 16 {
                    if pipe.write_all(text.as_bytes()).is_err() {
                        return;
                    }
                    text.clear();
                }
            }
        });
        let ran = crate::support::cli::Ran::from(child.wait_with_output().unwrap()).exits(2);
        let report = ran.json();
        assert_eq!(
            (&report.rule("Health")["state"], &report.rule("Blocked")["state"]),
            (&"firing".into(), &"unknown".into()),
            "{}",
            ran.out
        );
        assert!(report.source("traffic")["error"].as_str().unwrap().contains("deadline"), "{:#}", report.source("traffic"));
    });
}

/// What there is no room to pair is counted as reported, and that is said.
#[test]
fn pairs_without_room_are_counted_as_reported() {
    let room = Room::new();
    let record = |number: u32, end: &str| {
        let [_, b, c, d] = number.to_be_bytes();
        format!(
            "{{\"src\":{{\"ip\":\"10.{b}.{c}.{d}\"}},\"dst\":{{\"ip\":\"10.255.0.1\"}},\"service\":{{\"port\":22,\"proto\":6}},\
             \"num_connections\":1,\"policy_decision\":\"allowed\",\"flow_direction\":\"{end}\",\
             \"timestamp_range\":{{\"first_detected\":\"2026-11-20T09:00:00Z\",\"last_detected\":\"2026-11-20T09:30:00Z\"}}}}"
        )
    };
    let told = |pairs: u32| {
        // The last two pairs are reported by both ends.
        let records = (0..pairs).map(|number| record(number, "outbound")).chain((pairs - 2..pairs).map(|number| record(number, "inbound")));
        let parts = records.enumerate().map(|(place, record)| [if place == 0 { b"[" } else { b"," }, record.as_bytes()].concat());
        std::fs::write(room.path("flows.json.gz"), gzip(parts.chain([b"]".to_vec()]))).unwrap();
        let arguments = ["top", "ports", "--input", "traffic=flows.json.gz", "--now", "2026-11-20T10:00:00Z", "-o", "json"];
        let ran = room.run(&arguments).exits(0);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        (json["total"]["connections"].as_u64().unwrap(), format!("{}{}", ran.out, ran.err))
    };
    let (connections, said) = told(450_000);
    assert_eq!(connections, 450_000);
    assert!(!said.contains("counted as reported"), "{said}");
    let (connections, said) = told(450_002);
    assert_eq!(connections, 450_004);
    assert!(said.contains("more than 450,000 pairs: 4 records are counted as reported"), "{said}");
}

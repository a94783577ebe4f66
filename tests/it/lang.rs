//! The languages: the catalogue has exactly what the sources say, and what people read is in the language they chose.

use crate::support::cli::{Ran, Room};
use crate::support::receivers::Receiver;
use crate::support::run_cli::{self, Bench, Run};
use proc_macro2::{TokenStream, TokenTree};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

mod machines;

const CATALOGUE: &str = "src/lang/zh-TW.toml";

/// What may stay as it is: nothing in it is English.
const SAME: [&str; 0] = [];

const HEAD: &str = "\
# What the program says, in Traditional Chinese as written in Taiwan. The key is the English text of tr! and trn!.
# PCEMON_BLESS=1 cargo test --test it lang:: puts new keys here with an empty text and takes out those that nobody uses.
";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Every text of `tr!` and `trn!` in a stream of tokens, with its number of texts before the parts.
fn texts(tokens: TokenStream, place: &str, out: &mut BTreeMap<String, String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        texts(group.stream(), place, out);
        let [.., TokenTree::Ident(name), TokenTree::Punct(bang)] = &tokens[..at] else { continue };
        let many = name == "trn";
        if bang.as_char() != '!' || !(many || name == "tr") {
            continue;
        }
        let place = format!("{place}:{}", name.span().start().line);
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        let literal = |index: usize| match inside.get(index) {
            Some(TokenTree::Literal(literal)) => syn::parse_str::<syn::LitStr>(&literal.to_string()).unwrap().value(),
            other => panic!("{place}: {name}! begins with its text as a literal, not with {other:?}"),
        };
        let text = literal(if many { 2 } else { 0 });
        if many {
            assert_eq!(parts(&literal(0), &place), parts(&text, &place), "{place}: the texts for one and for many have other parts");
        }
        out.insert(text, place);
    }
}

/// The names of the parts of a text. A part has no format of its own, for a translation could not follow it.
fn parts(text: &str, place: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let plain = text.replace("{{", "").replace("}}", "");
    let mut rest = plain.as_str();
    while let Some((_, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or_else(|| panic!("{place}: a brace is not closed in '{text}'"));
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        assert!(is_name, "{place}: '{{{name}}}' is not the name of a part, in '{text}'");
        names.insert(name.to_owned());
        rest = after;
    }
    names
}

/// Every text of the sources and where it stands.
fn said() -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut folders = vec![path("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.is_dir() {
                folders.push(file);
            } else if file.extension().is_some_and(|end| end == "rs") && !file.ends_with("src/lang.rs") {
                let tokens: TokenStream = std::fs::read_to_string(&file).unwrap().parse().unwrap();
                texts(tokens, &file.display().to_string(), &mut out);
            }
        }
    }
    out
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[test]
fn the_catalogue_has_what_the_sources_say_and_nothing_else() {
    let said = said();
    assert!(said.len() > 500, "only {} texts were found in the sources", said.len());
    let written = std::fs::read_to_string(path(CATALOGUE)).unwrap();
    // Line by line: two branches that bring the same key leave it twice, and that is put in order, too.
    let mut catalogue = BTreeMap::new();
    for line in written.lines() {
        let pair: BTreeMap<String, String> = toml::from_str(line).unwrap_or_else(|error| panic!("{CATALOGUE}: {error}"));
        catalogue.extend(pair.into_iter().filter(|(_, text)| !text.is_empty()));
    }
    if std::env::var_os("PCEMON_BLESS").is_some() {
        catalogue.retain(|key, _| said.contains_key(key));
        for key in said.keys() {
            catalogue.entry(key.clone()).or_default();
        }
    }
    let mut wanted = HEAD.to_owned();
    for (key, text) in &catalogue {
        let key = serde_json::to_string(key).unwrap();
        let _infallible = writeln!(wanted, "{key} = {}", serde_json::to_string(text).unwrap());
    }
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::write(path(CATALOGUE), &wanted).unwrap();
    } else {
        assert!(written == wanted, "{CATALOGUE} is not in order; PCEMON_BLESS=1 puts it there");
    }
    let mut wrong = Vec::new();
    for (key, place) in &said {
        let of_key = parts(key, place);
        match catalogue.get(key).map(String::as_str) {
            None => wrong.push(format!("{place}: not in {CATALOGUE}: {}", quoted(key))),
            Some("") => wrong.push(format!("{place}: not translated: {}", quoted(key))),
            Some(text) => {
                if parts(text, CATALOGUE) != of_key {
                    wrong.push(format!("{place}: other parts than {}: {}", quoted(key), quoted(text)));
                }
                if !SAME.contains(&key.as_str()) && !text.chars().any(is_chinese) {
                    wrong.push(format!("{place}: still English: {}", quoted(text)));
                }
                if key.ends_with('\n') != text.ends_with('\n') {
                    wrong.push(format!("{place}: one ends its line and the other does not: {} {}", quoted(key), quoted(text)));
                }
                let letters: Vec<char> = text.chars().collect();
                if letters.windows(2).any(|pair| matches!(pair, [c, sign] if is_chinese(*c) && ",:;?!()".contains(*sign))) {
                    wrong.push(format!("{place}: a narrow sign behind a Chinese one: {}", quoted(text)));
                }
            }
        }
    }
    wrong.extend(catalogue.keys().filter(|key| !said.contains_key(*key)).map(|key| format!("nobody says {}", quoted(key))));
    for (key, text) in &catalogue {
        // One word for one thing, and that of Taiwan: what is said across the strait gives itself away by these.
        for foreign in
            ["信息", "默认", "網絡", "服務器", "數據", "軟件", "文件夾", "當前", "支持", "连", "配置文件", "用戶", "字符", "鏈接"]
        {
            if text.contains(foreign) {
                wrong.push(format!("'{foreign}' is not said in Taiwan: {} = {}", quoted(key), quoted(text)));
            }
        }
        // One word for one thing: CONTRIBUTING.md has the list.
        for (other, ours) in [
            ("告警", "警報"),
            ("憑據", "認證資料"),
            ("筆記錄", "筆紀錄"),
            ("嚴重性", "嚴重度"),
            ("強制模式", "強制執行模式"),
            ("聆聽", "監聽"),
            ("遲到", "晚到"),
        ] {
            if text.contains(other) {
                wrong.push(format!("'{other}' is called {ours} elsewhere: {} = {}", quoted(key), quoted(text)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
    let left: Vec<&&str> = SAME.iter().filter(|text| !said.contains_key(**text)).collect();
    assert!(left.is_empty(), "{left:?} may stay as they are, but nobody says them");
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

#[test]
fn a_text_gives_itself_away() {
    let of = |source: &str| {
        let mut out = BTreeMap::new();
        texts(source.parse().unwrap(), "here", &mut out);
        out.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(
        of(r#"f(format!("{}", tr!("a \"b\" {c}", c = tr!("d \
        e"))), tr ! [r"x\y"])"#),
        [r#"a "b" {c}"#, "d e", r"x\y"]
    );
    assert_eq!(of(r#"trn!("{n} rule", "{n} rules", n = 1); other!("no")"#), ["{n} rules"]);
    assert_eq!(parts("{{x}} {a} {b_1}", ""), ["a", "b_1"].map(str::to_owned).into());
}

const CONFIG: &str = "[[rules]]\nname = \"a\"\nsource = \"events\"\nwarning = \">= 1\"\n";

/// What `rules list` says at the head of its first column, and so its language.
fn language(room: &Room, arguments: &[&str], environment: &[(&str, &str)]) -> &'static str {
    let mut command = room.command(&[&["rules", "list"], arguments].concat());
    let ran = Ran::of(command.envs(environment.iter().copied())).exits(0);
    match ran.out.split_whitespace().next() {
        Some("RULE") => "en",
        Some("規則") => "zh-TW",
        other => panic!("{other:?} in {ran:?}"),
    }
}

#[test]
fn the_flag_outranks_the_config_and_the_config_the_environment() {
    let room = Room::new();
    room.config(CONFIG);
    let taiwan = ("LANG", "zh_TW.UTF-8");
    for (arguments, environment, want) in [
        (&[][..], &[][..], "en"),
        (&["--lang", "zh-TW"], &[], "zh-TW"),
        (&["--lang", "en"], &[taiwan], "en"),
        (&[], &[taiwan], "zh-TW"),
        (&[], &[("LANG", "zh_CN.UTF-8")], "en"),
        (&[], &[("LANG", "nonsense")], "en"),
        // The first that is set decides, also against a language that is spoken here.
        (&[], &[taiwan, ("LC_MESSAGES", "en_US.UTF-8")], "en"),
        (&[], &[("LANG", "C"), ("LC_MESSAGES", "zh_Hant_TW")], "zh-TW"),
        (&[], &[("LANG", "C"), ("LC_MESSAGES", "C"), ("LC_ALL", "zh_TW")], "zh-TW"),
        (&[], &[taiwan, ("LC_ALL", "")], "zh-TW"),
    ] {
        assert_eq!(language(&room, arguments, environment), want, "{arguments:?} {environment:?}");
    }
    room.config(&format!("[run]\nlanguage = \"zh-TW\"\n{CONFIG}"));
    assert_eq!(language(&room, &[], &[]), "zh-TW");
    assert_eq!(language(&room, &["--lang", "en"], &[]), "en");
    room.config(&format!("[run]\nlanguage = \"en\"\n{CONFIG}"));
    assert_eq!(language(&room, &[], &[taiwan]), "en");
}

#[test]
fn a_language_that_is_not_spoken_is_refused() {
    let room = Room::new();
    room.config(CONFIG);
    let ran = room.run(&["rules", "list", "--lang", "zh-tw"]).exits(3);
    assert!(ran.err.contains("'zh-tw'") && ran.err.contains("zh-TW"), "{}", ran.err);
    room.config(&format!("[run]\nlanguage = \"zh_TW\"\n{CONFIG}"));
    let ran = room.run(&["rules", "list"]).exits(3);
    assert!(ran.err.contains("did you mean `zh-TW`?"), "{}", ran.err);
}

/// Shows what a person sees of the same two cycles in a language: warning and critical instances, a mail that is due,
/// a source that lacks something, a channel that nobody can reach.
const ALERTS: &str = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\"]\nwarning = \"> 10\"\n\
    critical = \"> 100\"\nnotify = [\"soc\"]\ndescription = \"What it means\"\nrunbook = \"https://wiki.example.com/blocked\"\n\
    [[rules]]\nname = \"資料庫連線數異常\"\nsource = \"traffic\"\nmatch = { src_workload = [\"none\"] }\nwarning = \"> 10\"\nnotify = [\"soc\"]\n\
    [[rules]]\nname = \"Blind\"\nsource = \"events\"\nwarning = \">= 1\"\nnotify = [\"soc\"]\n\
    [[channels]]\nname = \"soc\"\ntype = \"email\"\nfrom = \"pcemon@example.com\"\nto = [\"soc@example.com\"]\n\
    smtp = { host = \"127.0.0.1\", port = 1, tls = \"none\" }\n";
const FLOWS: [(&str, u64); 3] = [("web-01", 500), ("資料庫伺服器-01", 50), ("app-01", 5)];

fn look(language: &str, format: &str, more: &[&str]) -> Run {
    let bench = Bench::new(ALERTS);
    std::fs::write(bench.path("events.json"), "[]").unwrap();
    let events = bench.path("events.json");
    let fixed = ["--dry-run", "--lang", language, "-o", format, "--events", events.to_str().unwrap()];
    // A record that cannot be read makes the source partial, which is told, too.
    drop(bench.cycle(0, &FLOWS, &[]));
    let broken = std::fs::read_to_string(bench.path("flows.json")).unwrap().replacen("[{", "[{\"src\":1},{", 1);
    std::fs::write(bench.path("flows.json"), broken).unwrap();
    let now = run_cli::at(0);
    let flows = bench.path("flows.json");
    let arguments = [&["check", "--now", &now, "--flows", flows.to_str().unwrap()], &fixed[..], more].concat();
    bench.run(&arguments)
}

/// Without what differs from run to run.
fn lasting(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        // The heading says how long it took, and the id of a message is its own.
        if !line.starts_with("pcemon 0.") && !line.contains("-ID: ") && !line.contains("-Id: ") && !line.contains("-Fingerprint: ") {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

fn golden(name: &str, text: &str) {
    let path = path(&format!("tests/data/golden/lang/{name}"));
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{name} changed; PCEMON_BLESS=1 takes it over");
}

#[test]
fn a_whole_run_is_told_in_chinese() {
    let run = look("zh-TW", "table", &[]);
    assert_eq!(run.code, Some(2), "{}", run.said());
    golden("table-zh-TW.txt", &lasting(&run.stdout));
    golden(
        "markdown-zh-TW.md",
        &lasting(&look("zh-TW", "markdown", &[]).stdout.replace("Run `", ""))
            .lines()
            .filter(|line| !line.starts_with("執行 `"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    // Nothing of ours is left in English but the verdict, which is a word of the monitoring world.
    for english in ["firing", "warning", "SEVERITY", "threshold", "since", "records", "dry run", "alert"] {
        let own: String = run.stdout.lines().filter(|line| !line.contains(": ")).collect();
        assert!(!own.contains(english), "{english} in\n{}", run.stdout);
    }
}

#[test]
fn columns_stand_below_each_other() {
    use unicode_width::UnicodeWidthStr;
    let run = look("zh-TW", "table", &[]);
    let lines: Vec<&str> = run.stdout.lines().skip_while(|line| !line.starts_with("狀態")).take_while(|line| !line.is_empty()).collect();
    let at = |line: &str, word: &str| line.find(word).map(|at| line[..at].width());
    let threshold = at(lines[0], "門檻").unwrap();
    for (line, word) in lines.iter().filter_map(|line| Some((line, line.find("> ").map(|at| &line[at..])?))) {
        assert_eq!(at(line, word), Some(threshold), "{line}\n{}", lines[0]);
    }
    assert!(lines.iter().filter(|line| line.contains("> ")).count() >= 3, "{lines:#?}");
}

#[test]
fn an_alert_is_told_in_chinese() {
    let run = look("zh-TW", "json", &[]);
    let json = run.json();
    let preview = json["deliveries"][0]["preview"].as_str().unwrap();
    golden("mail-zh-TW.txt", &lasting(preview));
    assert!(preview.contains("Subject: [pcemon] 嚴重：2 則警報 — Blocked"), "{preview}");
}

/// What is remembered of a message is in no language: it is listed in that of its reader.
#[test]
fn a_waiting_message_is_listed_in_the_language_of_the_reader() {
    let bench = Bench::new(&ALERTS.replace("tls = \"none\" }", "tls = \"none\" }\ntimeout = \"1s\""));
    let run = bench.check_with(0, &FLOWS, &["--lang", "zh-TW", "--rule", "Blocked"]);
    assert_eq!(run.deliveries(), ["soc queued"], "{}", run.said());
    let list = bench.run(&["outbox", "list", "--lang", "zh-TW"]).stdout;
    assert!(list.contains("則警報") && list.contains("嚴重 Blocked (web-01)：500，10m 內門檻 > 100"), "{list}");
    let list = bench.run(&["outbox", "list"]).stdout;
    assert!(list.contains("2 alerts") && list.contains("CRITICAL Blocked (web-01): 500, threshold > 100 in 10m"), "{list}");
}

#[test]
fn chinese_texts_keep_the_limits_of_every_channel() {
    let out = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["channels::limits::any_text_keeps_every_limit", "--exact"])
        .env("PCEMON_TEST_LANGUAGE", "zh-TW")
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn complaints_about_the_config_are_told_in_its_own_language() {
    let room = Room::new();
    room.config("[run]\nlanguage = \"zh-TW\"\n[[rules]]\nname = \"a\"\nsource = \"event\"\nwarning = \">= 1\"\n");
    let ran = room.run(&["rules", "validate"]).exits(3);
    assert!(ran.err.contains("規則 `a` 的 `source` 不能是「event」") && ran.err.contains("您是指 `events` 嗎？"), "{}", ran.err);
    // One line for each, as editors read it, stays what it is.
    let ran = room.run(&["rules", "validate", "--log-format", "json"]).exits(3);
    let line: Value = serde_json::from_str(ran.err.lines().next().unwrap()).unwrap();
    assert!(line["message"].as_str().unwrap().contains("rules.toml:5:10: error: 規則"), "{line}");
}

/// B7: what is done never depends on how it is said.
#[test]
fn doctor_finds_the_same_in_every_language() {
    let mail = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let room = Room::new();
    room.config(&format!(
        "{CONFIG}notify = [\"mail\", \"siem\", \"udp\"]\n\
         [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\", \"c@example.com\"]\n\
         smtp = {{ host = \"127.0.0.1\", port = {port}, tls = \"none\" }}\n\
         [[channels]]\nname = \"siem\"\ntype = \"syslog\"\naddress = \"127.0.0.1:{port}\"\ntransport = \"tcp\"\n\
         [[channels]]\nname = \"udp\"\ntype = \"syslog\"\naddress = \"127.0.0.1:{port}\"\n",
        port = mail.local_addr().unwrap().port()
    ));
    let verdicts = |language: &str| {
        let ran = room.run(&["doctor", "-o", "json", "--lang", language, "--timeout", "5s"]);
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        let list = json["findings"].as_array().unwrap().clone();
        list.iter().map(|one| (one["check"].clone(), one["verdict"].clone())).collect::<Vec<_>>()
    };
    let english = verdicts("en");
    assert!(english.iter().filter(|(check, verdict)| check == "channel" && verdict == "ok").count() == 3, "{english:?}");
    assert_eq!(english, verdicts("zh-TW"));
}

/// A hint is found in every language.
#[test]
fn a_name_that_was_meant_is_named_in_every_language() {
    let room = Room::new();
    room.config(&format!("{CONFIG}\n[[inhibit]]\nsource = {{ rule = [\"a\"] }}\ntarget = {{ rule = [\"aa\"] }}\n"));
    for (language, words) in [("en", "did you mean `a`"), ("zh-TW", "`a`")] {
        let ran = room.run(&["rules", "validate", "--lang", language]);
        assert!(ran.err.contains(words), "{language}: {}{}", ran.out, ran.err);
    }
}

/// One is not several.
#[test]
fn one_is_told_as_one() {
    let room = Room::new();
    room.config(&format!("{CONFIG}notify = [\"log\"]\n[[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"/tmp/x.log\"\n"));
    let mut said = String::new();
    for arguments in [&["rules", "validate"][..], &["doctor", "--offline"], &["rules", "list"], &["channel", "list"], &["outbox", "list"]] {
        let ran = room.run(arguments);
        said.push_str(&ran.out);
        said.push_str(&ran.err);
    }
    let room = Room::new();
    said.push_str(&room.run(&["init", "--url", "https://pce.example.com:8443", "--offline", "--channel", "type=file,path=/tmp/x.log"]).out);
    let words: Vec<&str> = said.split_whitespace().collect();
    let wrong: Vec<&[&str]> =
        words.windows(2).filter(|pair| pair[0] == "1" && pair[1].trim_end_matches([',', ';', '.']).ends_with('s')).collect();
    assert!(wrong.is_empty(), "{wrong:?} in\n{said}");
    assert!(said.contains("1 rule enabled, 1 channel, ") && said.contains("1 rule, 1 channel"), "{said}");
}

/// A25: what people read in a message is in the zone of `[run] timezone`; what machines read is UTC.
#[test]
fn messages_tell_times_in_the_zone_of_their_readers() {
    let bench = Bench::new(&format!("[run]\ntimezone = \"Asia/Taipei\"\n{ALERTS}"));
    let run = bench.check_with(0, &FLOWS, &["--dry-run"]);
    let preview = run.json()["deliveries"][0]["preview"].as_str().unwrap().to_owned();
    for words in ["counted: 2026-11-20 17:50 – 18:00 (UTC+08:00)", "From: pcemon <pcemon@example.com>", "2 new"] {
        assert!(preview.contains(words), "{words} is not in\n{preview}");
    }
    assert!(run.stdout.contains("2026-11-20T09:50:00Z"), "{}", run.stdout);
    let subject = preview.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
    assert!(subject.chars().count() <= 78, "{subject}");
}

/// A24: severities, verdicts and reasons are words, too.
#[test]
fn listings_are_told_in_chinese() {
    let bench = Bench::new(ALERTS);
    drop(bench.check(0, &FLOWS));
    for (arguments, chinese, english) in [
        (&["state", "show"][..], "嚴重", "critical"),
        (&["rules", "list"], "嚴重 >", "critical"),
        (&["rules", "show", "Blocked"], "嚴重:", "critical:"),
        (&["doctor", "--offline"], "正常", "ok "),
        (&["channel", "list"], "資訊", "info"),
    ] {
        let ran = bench.run(&[arguments, &["--lang", "zh-TW"]].concat());
        assert!(ran.stdout.contains(chinese) && !ran.stdout.contains(english), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
    }
}

/// What a run remembers, and what it sends to machines, is the same whatever language its reader speaks: another run, in another
/// language, goes on from it.
#[test]
fn nothing_that_is_remembered_or_sent_to_machines_depends_on_the_language() {
    let told = |language: &str| {
        let hook = Receiver::http([]);
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("alerts.ndjson").display().to_string();
        let bench = Bench::new(
            &format!(
                "{ALERTS}timeout = \"1s\"\n[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{url}/hook\"\n\
             [[channels]]\nname = \"am\"\ntype = \"webhook\"\nurl = \"{url}/am\"\nformat = \"alertmanager\"\n\
             [[channels]]\nname = \"log\"\ntype = \"file\"\npath = \"ALERTS\"\n",
                url = hook.url()
            )
            .replace("notify = [\"soc\"]", "notify = [\"soc\", \"hook\", \"am\", \"log\"]")
            .replace("ALERTS", &log),
        );
        let run = bench.check_with(0, &FLOWS, &["--lang", language]);
        assert_eq!(run.code, Some(2), "{}", run.said());
        // The second run cannot read its flows, so that its errors are remembered, too; in the third everything is over.
        bench.run(&["check", "--lang", language, "--now", &run_cli::at(5), "--flows", "no-such-file.json"]);
        bench.check_with(45, &[("web-01", 1)], &["--lang", language]);
        let own = |text: &str| {
            let ids = |word: &str| word.len() >= 32 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
            let words = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            let hidden = words.map(|word| {
                let bare = word.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
                if ids(bare) { word.replacen(bare, "#", 1) } else { word.to_owned() }
            });
            hidden
                .collect::<String>()
                .replace(hook.url().as_str(), "HOOK")
                .replace(&bench.path("").display().to_string(), "FOLDER/")
                .replace(&log, "LOG")
        };
        let state = serde_json::to_string_pretty(&bench.state()).unwrap();
        let sent = std::fs::read_to_string(&log).unwrap();
        let mut hooks: Vec<String> = hook.requests().iter().map(|request| format!("{} {}", request.target, request.body)).collect();
        // Channels send side by side; each in its own order.
        hooks.sort_by_key(|sent| sent.starts_with("/am"));
        assert!(hooks.len() >= 2 && !sent.is_empty());
        let listed = |words: &[&str]| bench.run(&[words, &["-o", "json", "--lang", "en"]].concat()).stdout;
        let lists = [listed(&["outbox", "list"]), listed(&["explain", "--last", "--at", &run_cli::at(5)]), listed(&["state", "show"])];
        let all = [vec![state, sent], hooks, lists.to_vec()].concat();
        all.iter().map(|text| own(text)).collect::<Vec<_>>()
    };
    let [english, chinese] = ["en", "zh-TW"].map(told);
    for (one, other) in english.iter().zip(&chinese) {
        let [mut left, mut right] = [one.lines(), other.lines()];
        let differs: Vec<(&str, &str)> = left.by_ref().zip(right.by_ref()).filter(|(one, other)| one != other).collect();
        assert!(differs.is_empty(), "{differs:#?}");
    }
    assert_eq!(english.len(), chinese.len());
}

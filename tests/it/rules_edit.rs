//! Rules changed by hand through the program: what is written, what is refused, what is left alone.

use crate::support::budget;
use crate::support::cli::{Bench, Ran, Room, at, knock, knocks};
use pcemon::edit::Sheet;
use pcemon::sim::options::Options;
use proptest::prelude::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

const CONFIG: &str = r#"#:schema ./rules.schema.json
# My estate.

[pce]
url = "https://pce.example.com:8443"
org_id = 1
api_key = { env = "PCE_KEY" }
api_secret = { env = "PCE_SECRET" }

[defaults]
cooldown = "1h"   # calm

# Why: it happened once.
[[rules]]
name = "Tampering"      # the first
source = "events"
match = { type = ["agent.tampering"] }
warning = ">= 1"

# Why: scanners.
[[rules]]
name = "Port scan"
source = "traffic"
metric = "distinct:port"
match = { decision = ["blocked"], port = [
  22,  # ssh
  "3389/tcp", "8000-8999/tcp",
] }
group_by = ["src_ip"]
warning = ">= 20" # tuned in May
labels = { team = "net" }

[[channels]]
name = "soc"
type = "webhook"
url = "https://hooks.example.com/services/T00000000/hunter2hunter2hunter2"

[[routes]]
match = { severity = ["warning", "critical"] }
channels = ["soc"]
# the end
"#;

fn room() -> Room {
    let room = Room::new();
    room.config(CONFIG);
    room
}

fn text(room: &Room) -> String {
    std::fs::read_to_string(room.path("rules.toml")).unwrap()
}

/// The program at a terminal, with what is typed there.
fn at_a_terminal(room: &Room, arguments: &str, typed: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} {arguments}", env!("CARGO_BIN_EXE_pcemon")), "/dev/null"]);
    command.env_clear().current_dir(room.path("")).env("HOME", room.path("")).env("TMPDIR", room.path("tmp"));
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("TERM", "dumb").envs(variables.iter().copied());
    let ran = Ran::fed(&mut command, typed.as_bytes());
    format!("{}{}", ran.out, ran.err).replace('\r', "")
}

#[test]
fn a_rule_is_added_behind_the_last_and_nothing_else_moves() {
    let room = room();
    let flags = [
        "rules",
        "add",
        "--name",
        "SSH to databases",
        "--source",
        "traffic",
        "--match",
        "decision=allowed,port=22/tcp,2222",
        "--match",
        "dst_label=role=DB",
        "--exclude",
        "{ src_ip = ['10.9.0.0/16'] }",
        "--window",
        "1h",
        "--group-by",
        "src_workload,dst_workload",
        "--warning",
        "> 5",
        "--critical",
        "> 50",
        "--for",
        "5m",
        "--keep-firing-for",
        "1m",
        "--notify",
        "soc",
        "--label",
        "team=db",
        "--description",
        "d \"q\"",
        "--runbook",
        "https://wiki.example.com/x",
        "--enabled",
        "true",
    ];
    let dry = room.run(&[&flags[..], &["--dry-run"]].concat()).exits(0);
    assert_eq!(text(&room), CONFIG, "a dry run writes nothing");
    assert!(dry.out.contains("+name = \"SSH to databases\"") && !dry.out.contains("hunter2"), "{}", dry.out);
    let refused = room.run(&flags).exits(3);
    assert!(refused.err.contains("--yes") && text(&room) == CONFIG, "{}", refused.err);
    room.run(&[&flags[..], &["--yes", "-q"]].concat()).exits(0);
    let new = r#"
[[rules]]
name = "SSH to databases"
source = "traffic"
match = { decision = ["allowed"], port = ["22/tcp", 2222], dst_label = ["role=DB"] }
exclude = { src_ip = ['10.9.0.0/16'] }
"#;
    let (before, after) = CONFIG.split_at(CONFIG.find("\n[[channels]]").unwrap());
    let now = text(&room);
    let inside = now.strip_prefix(before).unwrap().strip_suffix(after).unwrap();
    assert!(inside.starts_with(new), "{inside}");
    for line in [
        "window = \"1h\"",
        "group_by = [\"src_workload\", \"dst_workload\"]",
        "warning = \"> 5\"",
        "critical = \"> 50\"",
        "for = \"5m\"",
        "keep_firing_for = \"1m\"",
        "notify = [\"soc\"]",
        "labels = { team = \"db\" }",
        "description = 'd \"q\"'",
        "enabled = true",
    ] {
        assert!(inside.lines().any(|have| have == line), "{line} is not in {inside}");
    }
    room.run(&["rules", "validate"]).exits(0);
}

#[test]
fn a_rule_comes_from_a_file_with_its_comments() {
    let room = room();
    let rule = b"# Why: because.\n[[rules]]\nname = \"Logins\" # mine\nsource = \"events\"\nwarning = \">= 5\"\n";
    let ran = Ran::fed(&mut room.command(&["rules", "add", "--from", "-", "--yes"]), rule).exits(0);
    assert!(ran.out.contains("added Logins") && text(&room).contains(std::str::from_utf8(rule).unwrap()), "{}", text(&room));
    for (given, want) in [
        ("[pce]\nurl = \"x\"\n", "only [[rules]]"),
        ("# nothing\n", "no [[rules]]"),
        ("[[rules]]\nname = ", "new.toml"),
        ("[[rules]]\nname = \"Port scan\"\nsource = \"health\"\n", "two rules are called"),
        ("[[rules]]\nname = \"x\"\nsource = \"traffic\"\nwindwo = \"1m\"\nwarning = \"> 1\"\n", "did you mean `window`"),
    ] {
        let before = text(&room);
        room.write("new.toml", given);
        let ran = room.run(&["rules", "add", "--from", "new.toml", "--yes"]).exits(3);
        assert!(ran.err.contains(want), "{want} is not in {}", ran.err);
        assert_eq!(text(&room), before);
    }
    let ran = room.run(&["rules", "add", "--from", "x", "--name", "y"]).exits(3);
    assert!(ran.err.contains("cannot be used with"), "{}", ran.err);
    assert!(room.run(&["rules", "add"]).exits(3).err.contains("--from"));
}

#[test]
fn an_edit_keeps_comments_and_layout() {
    let room = room();
    let edit = [
        "rules",
        "edit",
        "Port scan",
        "--set",
        "warning=>= 50",
        "--set",
        "match.decision=blocked,potentially_blocked",
        "--set",
        "labels.site=tpe",
    ];
    room.run(&[&edit[..], &["--set", "cooldown=2h", "--unset", "group_by", "--yes"]].concat()).exits(0);
    let want = CONFIG
        .replace("group_by = [\"src_ip\"]\n", "")
        .replace("decision = [\"blocked\"]", "decision = [\"blocked\", \"potentially_blocked\"]")
        .replace("warning = \">= 20\" # tuned", "warning = \">= 50\" # tuned")
        .replace("{ team = \"net\" }\n", "{ team = \"net\", site = \"tpe\" }\ncooldown = \"2h\"\n");
    assert_eq!(text(&room), want);
    // What the config refuses is shown at the line it would have had, and not written.
    let ran = room.run(&["rules", "edit", "Port scan", "--set", "warning=10", "--yes"]).exits(3);
    assert!(ran.err.contains("rules.toml:2") && ran.err.contains("no comparison"), "{}", ran.err);
    for (arguments, want) in [
        (vec!["edit", "Port scna", "--set", "for=1m"], "did you mean `Port scan`?"),
        (vec!["edit", "Port scan", "--set", "forr=1m"], "did you mean `for`?"),
        (vec!["edit", "Port scan", "--unset", "runbook"], "no `runbook` of its own"),
        (vec!["edit", "Port scan"], "an editor needs a terminal"),
        (vec!["remove", "Port scna"], "did you mean `Port scan`?"),
        (vec!["disable", "Port scna"], "did you mean `Port scan`?"),
        (vec!["show", "Port scna"], "did you mean `Port scan`?"),
    ] {
        let ran = room.run(&[&["rules"], &arguments[..]].concat()).exits(3);
        assert!(ran.err.contains(want), "{want} is not in {}", ran.err);
    }
    assert_eq!(text(&room), want);
    let ran = room.run(&["rules", "edit", "Port scan", "--set", "cooldown=2h"]).exits(0);
    assert!(ran.out.contains("nothing to change"), "{}", ran.out);
    let ran = room.run(&["rules", "edit", "Port scan", "--set", "name=Scan", "--yes"]).exits(0);
    assert!(ran.out.contains("starts anew"), "{}", ran.out);
}

#[test]
fn rules_are_switched_and_removed() {
    let room = room();
    let ran = room.run(&["rules", "disable", "*", "--yes"]).exits(0);
    assert!(ran.out.contains("switched off Tampering, Port scan"), "{}", ran.out);
    assert_eq!(text(&room).matches("enabled = false").count(), 2);
    assert!(room.run(&["rules", "disable", "Tampering"]).exits(0).out.contains("off already"));
    room.run(&["rules", "enable", "P*", "--yes", "-q"]).exits(0);
    assert!(text(&room).contains("labels = { team = \"net\" }\nenabled = true\n"));
    room.run(&["rules", "remove", "Tampering", "--yes"]).exits(0);
    let now = text(&room);
    assert!(!now.contains("it happened once") && now.contains("# calm\n\n# Why: scanners.\n") && now.ends_with("# the end\n"), "{now}");
    // The last rule may go, too; the loader then only warns.
    room.run(&["rules", "remove", "Port scan", "--yes"]).exits(0);
    assert!(room.run(&["rules", "remove", "x"]).exits(3).err.contains("no [[rules]]"));
}

/// The terms on which a file is written: its mode and its links stay, and a change by somebody else is not lost.
#[test]
fn the_file_stays_what_it_was() {
    let room = room();
    std::fs::create_dir(room.path("real")).unwrap();
    std::fs::rename(room.path("rules.toml"), room.path("real/rules.toml")).unwrap();
    symlink("real/rules.toml", room.path("rules.toml")).unwrap();
    std::fs::set_permissions(room.path("real/rules.toml"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let owner = std::fs::metadata(room.path("real/rules.toml")).unwrap();
    room.run(&["rules", "disable", "Tampering", "--yes"]).exits(0);
    assert!(std::fs::symlink_metadata(room.path("rules.toml")).unwrap().is_symlink());
    let now = std::fs::metadata(room.path("real/rules.toml")).unwrap();
    assert_eq!((now.mode() & 0o7777, now.uid(), now.gid()), (0o640, owner.uid(), owner.gid()));
    assert!(text(&room).contains("enabled = false"));
    assert_eq!(std::fs::read_dir(room.path("real")).unwrap().count(), 1, "nothing is left beside it");
    // Windows line ends stay.
    room.write("dos.toml", CONFIG.replace('\n', "\r\n"));
    room.run(&["rules", "disable", "Tampering", "--yes", "-c", "dos.toml"]).exits(0);
    let dos = std::fs::read_to_string(room.path("dos.toml")).unwrap();
    assert!(dos.contains("enabled = false\r\n") && dos.matches('\n').count() == dos.matches("\r\n").count());
    // A file that is no TOML, or no list of tables, is refused with the reason.
    room.write("odd.toml", "rules = [{ name = \"a\", source = \"health\" }]\n");
    assert!(room.run(&["rules", "remove", "a", "-c", "odd.toml"]).exits(3).err.contains("by hand"));
    room.write("bad.toml", "[[rules]]\nname = \"a\n");
    assert!(room.run(&["rules", "remove", "a", "-c", "bad.toml"]).exits(3).err.contains("bad.toml:2"));
}

#[test]
fn a_person_is_asked() {
    let room = room();
    let said = at_a_terminal(&room, "rules remove Tampering --color always", "n\n", &[]);
    assert!(said.contains("[y/N]") && said.contains("nothing was written") && said.contains("\u{1b}[31m-name = \"Tampering\""), "{said}");
    assert_eq!(text(&room), CONFIG);
    let said = at_a_terminal(&room, "rules remove Tampering", "y\n", &[]);
    assert!(said.contains("removed Tampering") && !text(&room).contains("Tampering"), "{said}");
}

#[test]
fn the_editor_is_asked_again_until_the_rule_is_right() {
    let room = room();
    let script = |name: &str, text: &str| {
        let path = room.write(name, format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path.display().to_string()
    };
    // The first time it makes a mistake, the second time it mends it.
    let editor =
        script("editor", "if grep -q windwo \"$1\"; then sed -i 's/windwo/window/' \"$1\"; else echo 'windwo = \"5m\"' >> \"$1\"; fi");
    let said = at_a_terminal(&room, "rules edit Tampering", "y\ny\n", &[("EDITOR", &editor)]);
    assert!(said.contains("did you mean `window`?") && said.contains("Edit it again?") && said.contains("changed Tampering"), "{said}");
    assert_eq!(text(&room), CONFIG.replace("warning = \">= 1\"\n", "warning = \">= 1\"\nwindow = \"5m\"\n"));
    // Who gives up loses nothing but the attempt.
    let before = text(&room);
    let broken = script("broken", "echo 'name = 1' >> \"$1\"");
    let said = at_a_terminal(&room, "rules edit Tampering", "n\n", &[("VISUAL", &broken), ("EDITOR", "false")]);
    assert!(said.contains("nothing was written") && text(&room) == before, "{said}");
    assert!(at_a_terminal(&room, "rules edit Tampering", "", &[("EDITOR", "false")]).contains("the editor ended"));
    // Somebody else writes the config while the editor is open.
    let race = script("race", &format!("echo 'for = \"1m\"' >> \"$1\"; echo '# mine' >> {}", room.path("rules.toml").display()));
    let said = at_a_terminal(&room, "rules edit Tampering --yes", "", &[("EDITOR", &race)]);
    assert!(said.contains("changed by another program") && text(&room) == format!("{before}# mine\n"), "{said}");
    assert_eq!(std::fs::read_dir(room.path("tmp")).unwrap().count(), 0, "no copy of the rule is left");
}

#[test]
fn a_rule_is_shown_as_it_counts() {
    let room = room();
    let ran = room.run(&["rules", "show", "Port scan"]).exits(0);
    for part in [
        "Port scan  (on, rules.toml:21)",
        "distinct:port of traffic in 10m, one alert for each src_ip",
        "decision = [\"blocked\"]",
        "warning >= 20",
        "no sooner than after 1h",
        "warning: soc (webhook), by the routes",
        "team = net",
        "cooldown from [defaults]",
    ] {
        assert!(ran.out.contains(part), "{part} is not in\n{}", ran.out);
    }
    assert!(!ran.out.contains("hunter2"));
    let shown: serde_json::Value = serde_json::from_str(&room.run(&["rules", "show", "Port scan", "-o", "json"]).exits(0).out).unwrap();
    assert_eq!(
        (
            &shown["line"],
            &shown["cooldown"],
            &shown["window"],
            &shown["match"]["port"][1],
            &shown["told"]["warning"][0]["channel"],
            &shown["from_defaults"][0]
        ),
        (&21.into(), &"1h".into(), &"10m".into(), &"3389/tcp".into(), &"soc".into(), &"cooldown".into())
    );
    room.config(&CONFIG.replace("[[routes]]", "[[rules]]\nname = \"h\"\nsource = \"health\"\nnotify = []\n[[routes]]"));
    let ran = room.run(&["rules", "show", "h"]).exits(0);
    assert!(ran.out.contains("the PCE's own status") && ran.out.contains("critical: no channel (notify is empty)"), "{}", ran.out);
}

#[test]
fn what_becomes_of_firing_alerts_is_said() {
    let rule = "[[rules]]\nname = \"b\"\nsource = \"traffic\"\nmatch = { decision = [\"blocked\"] }\nwarning = \"> 1\"\n";
    let bench = Bench::new(Options::new(knocks(&[knock("10:04", "web", 22, 10)]), at("10:05")), rule);
    bench.check(at("10:05"), &[]).exits(1);
    for command in [
        &["rules", "remove", "b", "--dry-run"][..],
        &["rules", "disable", "b", "--dry-run"],
        &["rules", "edit", "b", "--set", "name=c", "--dry-run"],
    ] {
        let ran = bench.room.run(command).exits(0);
        assert!(ran.out.contains("1 alert of it is firing: the next run ends it"), "{command:?}: {}", ran.out);
    }
    let ran = bench.room.run(&["rules", "edit", "b", "--set", "warning=> 2", "--dry-run"]).exits(0);
    assert!(!ran.out.contains("firing"), "{}", ran.out);
}

#[test]
fn the_example_can_be_edited_rule_by_rule() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules.example.toml");
    let example = std::fs::read_to_string(path).unwrap();
    let sheet = Sheet::read(&example).unwrap();
    assert!(sheet.rules().len() > 60);
    for block in sheet.rules() {
        // A rule ends where the next begins, or its comment, and takes nothing but itself away.
        let text = sheet.text_of(block);
        assert!(text.starts_with("[[rules]]\nname = ") && text.matches("[[").count() == 1 && !text.contains("\n#"), "{text}");
        let left = sheet.without(block);
        let rest = Sheet::read(&left).unwrap();
        assert_eq!(rest.rules().len() + 1, sheet.rules().len());
        assert!(!left.contains(&format!("name = \"{}\"", block.name)) && !left.contains("\n\n\n"), "{}", block.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: budget::cases(200), ..ProptestConfig::default() })]

    /// What was added can be taken away, and everything is as before.
    #[test]
    fn adding_and_removing_is_nothing(
        rules in prop::collection::vec(("[a-z]{1,6}", "(# [a-z ]{0,9}\n){0,2}", "\n{0,2}", "( # \\[\\[rules\\]\\])?"), 0..5),
        head in "(# [a-z]{0,5}\n\n)?(\\[run\\]\nmax_alerts = 1\n)?",
        tail in "(\n# [a-z]{0,5}\n)?(\n\\[events\\]\nlookback = \"5m\"\n)?",
    ) {
        let mut text = head;
        for (index, (name, comment, gap, behind)) in rules.iter().enumerate() {
            text.push_str(&format!("{gap}{comment}[[rules]]\nname = \"{name}{index}\"\nnote = \"\"\"\n[[rules]]\n\"\"\"{behind}\n"));
        }
        text.push_str(&tail);
        let sheet = Sheet::read(&text).unwrap();
        prop_assert_eq!(sheet.rules().len(), rules.len());
        let more = sheet.and("# new\n[[rules]]\nname = \"NEW\"\n");
        let with = Sheet::read(&more).unwrap();
        let back = with.without(with.find("NEW").unwrap());
        prop_assert_eq!(back.trim_end(), text.trim_end());
    }
}

/// What stands now has no window, whatever [defaults] says; what is counted has.
#[test]
fn a_rule_on_what_stands_now_shows_no_window() {
    let room = Room::new();
    room.config(
        "[defaults]\nwindow = \"20m\"\n[[rules]]\nname = \"offline\"\nsource = \"vens\"\nmatch.online = false\nwarning = \">= 1\"\n\
         [[rules]]\nname = \"new\"\nsource = \"vens\"\nmetric = \"new:ven\"\nwarning = \">= 1\"\n\
         [[rules]]\nname = \"sick\"\nsource = \"health\"\n[[rules]]\nname = \"logins\"\nsource = \"events\"\nwarning = \">= 1\"\n",
    );
    let list = room.run(&["rules", "list"]).exits(0).out;
    let window = |name: &str| {
        let line = list.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().nth(4).unwrap().to_owned()
    };
    assert_eq!(["offline", "sick", "new", "logins"].map(window), ["-", "-", "20m", "20m"], "{list}");
    let json = room.run(&["rules", "list", "-o", "json"]).exits(0).json();
    assert!(json.0["rules"][0]["window"].is_null() && json.0["rules"][3]["window"] == "20m", "{:#}", json.0);
    let shown = room.run(&["rules", "show", "offline"]).exits(0).out;
    assert!(shown.contains("as of each run") && !shown.contains("20m"), "{shown}");
    assert!(room.run(&["rules", "show", "offline", "-o", "json"]).exits(0).json().0["window"].is_null());
    assert!(room.run(&["rules", "show", "logins"]).exits(0).out.contains("in 20m"));
}

//! `--help`: what is read first stands first.

use crate::support::cli::Room;

fn places(text: &str, parts: &[&str]) -> Vec<usize> {
    parts.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}"))).collect()
}

#[test]
fn a_command_tells_usage_flags_examples_and_one_line_for_the_rest() {
    let room = Room::new();
    for words in [&["check"][..], &["flows"], &["rules", "add"], &["channel", "test"], &["outbox", "drop"], &["demo"]] {
        let help = room.run(&[words, &["--help"]].concat()).exits(0).out;
        assert!(places(&help, &["Usage: pcemon", "Options:", "Example", "Options of every command: -c/--config"]).is_sorted(), "{help}");
        for common in ["--log-format <", "--color <", "--config <", "--state <", "--verbose"] {
            assert!(!help.contains(common), "{words:?}: {common} in\n{help}");
        }
        assert_eq!(help.matches("Options of every command").count(), 1, "{help}");
    }
    // Hidden from the list, understood all the same.
    room.run(&["rules", "validate", "--color", "never", "--log-format", "json", "-c", "nowhere.toml"]).exits(3);
    let help = room.run(&["check", "--help"]).exits(0).out;
    assert!(places(&help, &["--dry-run", "--lock-wait", "--output"]).is_sorted(), "{help}");
}

#[test]
fn commands_are_grouped_by_what_somebody_wants_to_do() {
    let room = Room::new();
    let help = room.run(&["--help"]).exits(0).out;
    let order = [
        "Usage: pcemon",
        "\nMonitor:",
        "  check ",
        "\nQuery:",
        "  flows ",
        "\nUnderstand:",
        "  explain ",
        "\nManage:",
        "  rules ",
        "\nOptions:",
        "\nTo start:",
        "\nExit codes:",
    ];
    assert!(places(&help, &order).is_sorted(), "{help}");
}

#[test]
fn what_is_about_rules_stands_beside_them_too() {
    let room = Room::new();
    for (short, long) in [("explain", &["rules", "explain"]), ("test", &["rules", "test"]), ("replay", &["rules", "replay"])] {
        let (one, other) = (room.run(&[short]).exits(3).err, room.run(long).exits(3).err);
        assert_eq!(one.lines().next(), other.lines().next());
        assert!(one.contains("required"), "{one}");
    }
    room.config("[[rules]]\nname = \"a\"\nsource = \"health\"\n");
    room.write("health.json", "[]");
    let explained = |words: &[&str]| room.run(&[words, &["a", "--health", "health.json", "--now", "2026-11-20T10:00:00Z"]].concat()).out;
    assert_eq!(explained(&["explain"]), explained(&["rules", "explain"]));
}

/// Whoever names the config as if it were an argument is told how it is named.
#[test]
fn a_config_without_its_flag_is_understood_as_one() {
    let room = Room::new();
    for words in [&["check", "other.toml"][..], &["doctor", "other.toml"], &["rules", "validate", "other.toml"]] {
        let ran = room.run(words).exits(3);
        assert!(ran.err.contains("give the config with '--config other.toml'"), "{}", ran.err);
    }
    assert!(!room.run(&["check", "other.txt"]).exits(3).err.contains("--config"));
}

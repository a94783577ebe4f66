//! No input ends the process.

use crate::support::cli::Room;

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

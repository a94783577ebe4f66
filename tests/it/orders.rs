//! Names as orders to the runner of a CI job: GitHub's and Azure's read the log for them, TeamCity's too.

use crate::support::run_cli::Bench;
use pcemon::render::FORMATS;

const NAMES: [&str; 5] = [
    "::error file=x::gotcha",
    "a ##[stop-commands]t",
    "b ##vso[task.setvariable variable=PATH]/tmp",
    "##teamcity[buildStatus status='SUCCESS']",
    "###[group]x",
];

/// The orders that a runner finds in a log, as the sources of GitHub's runner (`ActionCommand.TryParseV2`, `TryParse`)
/// and of Azure's agent (`Command.TryParse`) read it: at the beginning of a line behind blanks, and anywhere.
fn orders(log: &str) -> Vec<String> {
    let v2 = |line: &&str| line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
    let anywhere = |line: &&str| {
        let small = line.to_ascii_lowercase();
        ["##[", "##vso[", "##teamcity["].iter().any(|order| small.contains(order))
    };
    log.lines().filter(|line| v2(line) || anywhere(line)).map(str::to_owned).collect()
}

fn bench() -> Bench {
    let bench = Bench::new(
        "[[rules]]\nname = \"Blocked ##[x]\"\nsource = \"traffic\"\ngroup_by = [\"src_workload\"]\ncritical = \"> 10\"\n\
         description = \"::warning::x\"\n",
    );
    let flows: Vec<(&str, u64)> = NAMES.iter().map(|name| (*name, 50)).collect();
    bench.record("flows.json", "2026-11-20T10:00:00Z", &flows);
    bench
}

#[test]
fn no_name_becomes_an_order_in_any_format() {
    let bench = bench();
    for runner in [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True"), ("TEAMCITY_VERSION", "2026.1")] {
        let run = |arguments: &[&str]| {
            let output = bench.command(arguments).env(runner.0, runner.1).output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
        };
        for format in FORMATS {
            let now = "2026-11-20T10:00:00Z";
            let (out, err) = run(&["check", "--dry-run", "-vv", "-o", format.name, "--now", now, "--flows", "flows.json"]);
            // GitHub's own annotations are ours: one for each rule, with nothing behind the first order.
            let own = |line: &String| line.starts_with("::error file=") || line.starts_with("::notice") || line.starts_with("::warning");
            let annotated = format.name == "github" || (format.name == "table" && runner.0 == "GITHUB_ACTIONS");
            let found: Vec<String> = orders(&out).into_iter().filter(|line| !(annotated && own(line) && !line.contains("##"))).collect();
            assert_eq!(found, [] as [String; 0], "{runner:?} {}", format.name);
            assert_eq!(orders(&err), [] as [String; 0], "{runner:?} {}", format.name);
            assert!(out.contains("gotcha") || !["table", "json", "csv", "junit"].contains(&format.name), "{out}");
        }
        for format in ["table", "json", "csv", "ndjson", "markdown"] {
            let (out, err) = run(&["flows", "-o", format, "--flows", "flows.json"]);
            assert!(out.contains("gotcha"), "{format}: {out} {err}");
            assert_eq!(orders(&(out + &err)), [] as [String; 0], "{runner:?} flows {format}");
        }
    }
}

/// Without a runner nobody's name is changed, and machine formats never lose anything.
#[test]
fn elsewhere_names_are_what_they_are() {
    let bench = bench();
    let out = String::from_utf8(bench.command(&["flows", "-o", "csv", "--flows", "flows.json"]).output().unwrap().stdout).unwrap();
    assert!(out.contains("##vso[task.setvariable variable=PATH]/tmp"), "{out}");
    let arguments = ["check", "--dry-run", "-o", "json", "--now", "2026-11-20T10:00:00Z", "--flows", "flows.json"];
    for runner in [None, Some("true")] {
        let mut command = bench.command(&arguments);
        if let Some(value) = runner {
            command.env("GITHUB_ACTIONS", value);
        }
        let json: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let groups: Vec<&str> =
            json["rules"][0]["instances"].as_array().unwrap().iter().map(|one| one["group"]["src_workload"].as_str().unwrap()).collect();
        for name in NAMES {
            assert!(groups.contains(&name), "{name}: {groups:?}");
        }
    }
}

//! For every output format a reader as strict as the tools that will read it. Each panics when it cannot read.

use pcemon::domain::report::{Report, RuleState, SourceStatus};
use std::collections::{BTreeMap, BTreeSet};

/// Reads `text` as the format of that name and compares it with the report.
pub fn read(format: &str, report: &Report, text: &str) {
    assert!(text.is_empty() || text.ends_with('\n'), "{format}: the last line is not complete");
    let bare = if format == "csv" { text.replace("\r\n", "\n") } else { text.to_owned() };
    for c in bare.chars().filter(|c| *c != '\n') {
        assert!(!pcemon::domain::text::is_hostile(c), "{format}: raw {c:?}");
    }
    match format {
        "table" => assert!(!text.is_empty()),
        "json" => json(report, text),
        "ndjson" => ndjson(report, text),
        "csv" => csv(report, text),
        "markdown" => markdown(text),
        "nagios" => nagios(report, text),
        "checkmk" => checkmk(report, text),
        "prometheus" => prometheus(report, text),
        "junit" => junit(report, text),
        "sarif" => sarif(report, text),
        "github" => github(text),
        "tap" => tap(report, text),
        "cef" => cef(report, text),
        other => panic!("no reader for the format {other}"),
    }
}

fn keys(value: &serde_json::Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_keys(value: &serde_json::Value, wanted: &str) {
    let have = keys(value);
    for key in wanted.split(' ') {
        assert!(have.contains(key), "{key} is missing in {value}");
    }
}

fn json(report: &Report, text: &str) {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_keys(&value, "schema run status exit_code sources rules deliveries");
    assert_eq!(value["schema"], "pcemon.check/1");
    assert_eq!(value["exit_code"], report.exit_code);
    assert_keys(&value["run"], "id started_at finished_at duration_ms version pce org_id dry_run");
    for source in value["sources"].as_array().unwrap() {
        assert_keys(source, "source status records queries bytes partial from to error");
    }
    for (rule, from) in value["rules"].as_array().unwrap().iter().zip(&report.rules) {
        assert_keys(
            rule,
            "name source metric window state severity value unit lower_bound covers_from covers_to accounting threshold groups matched instances top error",
        );
        // Nothing is lost to escaping: a machine gets the name as it is.
        assert_eq!(rule["name"], from.name.as_str());
        assert_eq!(rule["instances"].as_array().unwrap().len(), from.instances.len());
        for (instance, from) in rule["instances"].as_array().unwrap().iter().zip(&from.instances) {
            assert_keys(instance, "fingerprint group state severity value since notified suppressed_by");
            let group: BTreeMap<&str, Option<&str>> = from.group.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
            assert_eq!(instance["group"], serde_json::to_value(group).unwrap());
        }
        for top in rule["top"].as_array().unwrap() {
            assert_keys(top, "src dst port proto decision value");
        }
    }
    assert_eq!(value["rules"].as_array().unwrap().len(), report.rules.len());
    for (delivery, from) in value["deliveries"].as_array().unwrap().iter().zip(&report.deliveries) {
        assert_keys(delivery, "channel status alerts attempts error");
        assert_eq!(keys(delivery).contains("preview"), from.preview.is_some());
    }
}

fn ndjson(report: &Report, text: &str) {
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    assert_eq!(lines[0]["type"], "run");
    assert_eq!(count("source"), report.sources.len());
    assert_eq!(count("rule"), report.rules.len());
    assert_eq!(count("delivery"), report.deliveries.len());
    assert_eq!(count("warning"), report.warnings.len());
    let last = lines.last().unwrap();
    assert_eq!((&last["type"], &last["exit_code"]), (&"end".into(), &report.exit_code.into()));
}

fn csv(report: &Report, text: &str) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let width = reader.headers().unwrap().len();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), report.rules.iter().map(|rule| 1 + rule.instances.len()).sum::<usize>());
    for row in &rows {
        assert_eq!(row.len(), width);
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '@', '＝', '＋', '－', '＠', '\t', '\r']), "a formula: {cell}");
            assert!(!cell.starts_with('-') || cell.parse::<f64>().is_ok(), "a formula: {cell}");
        }
    }
    // A spreadsheet for which another sign parts the fields.
    for delimiter in [b';', b'\t'] {
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
        for row in reader.records().map(Result::unwrap) {
            for cell in &row {
                let cell = cell.trim_start_matches([' ', '"']);
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']),
                    "a formula behind {}: {cell}",
                    char::from(delimiter)
                );
            }
        }
    }
}

fn markdown(text: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut columns = 0;
    let mut cells = 0;
    for event in
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH | Options::ENABLE_FOOTNOTES)
    {
        match event {
            Event::InlineHtml(html) => assert!(["<br>", "<code>", "</code>"].contains(&&*html), "{html}"),
            Event::Html(html) => panic!("{html}"),
            Event::Start(Tag::Table(alignments)) => columns = alignments.len(),
            Event::Start(Tag::TableHead | Tag::TableRow) => cells = 0,
            Event::Start(Tag::TableCell) => cells += 1,
            Event::End(pulldown_cmark::TagEnd::TableRow) => assert_eq!(cells, columns),
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::CodeBlock(_)) => {
                panic!("markup from a name: {event:?}")
            }
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => panic!("markup from a name: {event:?}"),
            _ => {}
        }
    }
    // Rows that a parser would cut short keep their number of cells only if no line has a stray pipe.
    for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
        let pipes: BTreeSet<usize> = table.lines().map(|line| line.matches('|').count()).collect();
        assert_eq!(pipes.len(), 1, "{table}");
    }
}

fn nagios(report: &Report, text: &str) {
    // As the convention has it: performance data behind the first line, and again behind the last line of the text.
    let measured = report.rules.iter().filter(|rule| !matches!(rule.state, RuleState::Disabled | RuleState::NotJudged)).count();
    assert_eq!(text.matches('|').count(), 1 + usize::from(measured > 0));
    let (first, rest) = text.split_once('\n').unwrap();
    assert!(first.is_ascii() && first.len() < 1024, "{} bytes: {first}", first.len());
    let (told, counts) = first.split_once(" | ").unwrap();
    assert!(told.starts_with(&format!("PCEMON {} - ", report.status.name().to_uppercase())));
    // All on the line of its bar: Icinga reads no further ones, and takes a blank behind the bar for part of a name.
    let (_, rules) = rest.split_once(" |").unwrap_or_default();
    assert!(!rules.trim_end().contains('\n') && !rules.starts_with(' '), "{rules}");
    let performance = format!("{counts} {}", rules.trim_end()).trim_end().to_owned();
    let mut rest = performance.as_str();
    let mut labels = BTreeSet::new();
    while !rest.is_empty() {
        let (label, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once("'=").unwrap(),
            None => rest.split_once('=').unwrap(),
        };
        assert!(!label.contains(['=', '\'', '|']) && !label.is_empty() || rest.starts_with("''="), "{label}");
        assert!(labels.insert(label.chars().take(19).collect::<String>()), "{label} twice");
        let (data, next) = after.split_once(' ').unwrap_or((after, ""));
        let fields: Vec<&str> = data.split(';').collect();
        assert_eq!(fields.len(), 4, "{data}");
        let number = fields[0].trim_end_matches(['B', 's', '%']);
        assert!(number == "U" || number.parse::<f64>().is_ok(), "{data}");
        rest = next;
    }
    assert_eq!(labels.len(), 5 + measured);
    for source in report.sources.iter().filter(|source| source.status == SourceStatus::Failed) {
        assert!(told.contains(&format!("{} failed", source.source)), "{told}");
    }
    // The worst problem is named, unless no ASCII can name it.
    let worst = report.rules.iter().find(|rule| rule.state == RuleState::Firing && rule.severity.is_some_and(|s| s.name() == "critical"));
    if let Some(worst) = worst.filter(|worst| {
        worst.name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') && worst.instances.iter().any(|one| !one.is_muted())
    }) {
        assert!(told.contains(&worst.name) || told.len() > 600, "{told}");
    }
}

fn checkmk(report: &Report, text: &str) {
    let mut services = BTreeSet::new();
    for line in text.lines() {
        let (state, rest) = line.split_once(' ').unwrap();
        assert!(["0", "1", "2", "3"].contains(&state), "{line}");
        let (service, rest) = rest.strip_prefix('"').unwrap().split_once("\" ").unwrap();
        assert!(!service.contains(['"', '\\', '|', ';']) && services.insert(service), "{line}");
        let (metrics, details) = rest.split_once(' ').unwrap();
        if metrics != "-" {
            let (name, data) = metrics.split_once('=').unwrap();
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
            assert!(data.split(';').next().unwrap().parse::<f64>().is_ok(), "{line}");
        }
        assert!(!details.is_empty() && details.split("\\n").all(|part| !part.contains('\\')), "{line}");
    }
    assert_eq!(services.len(), 1 + report.rules.len());
}

fn prometheus(report: &Report, text: &str) {
    let legal = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let mut described = BTreeSet::new();
    let mut current = String::new();
    let mut samples: BTreeMap<String, f64> = BTreeMap::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            current = help.split_once(' ').unwrap().0.to_owned();
            assert!(described.insert(current.clone()), "{current} described twice");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind, format!("{current} gauge"));
        } else {
            let name = line.split(['{', ' ']).next().unwrap();
            assert!(legal(name) && name == current, "{line}");
            let rest = &line[name.len()..];
            let rest = rest.strip_prefix('{').map_or(rest, |inside| labels(inside, legal));
            let value = rest.strip_prefix(' ').unwrap();
            assert!(!value.contains(' '), "a timestamp: {line}");
            let series = line[..line.len() - rest.len()].to_owned();
            let number = value.replace("+Inf", "inf").replace("-Inf", "-inf").parse().unwrap();
            assert!(samples.insert(series.clone(), number).is_none(), "{series} twice");
        }
    }
    for source in &report.sources {
        let whole = !matches!(source.status, SourceStatus::Failed | SourceStatus::Partial);
        assert_eq!(samples[&series(report, "pcemon_source_up", &format!("source=\"{}\"", source.source))], f64::from(u8::from(whole)));
    }
    let whole = report.sources.iter().all(|source| !matches!(source.status, SourceStatus::Failed | SourceStatus::Partial));
    assert_eq!(samples.contains_key(&series(report, "pcemon_last_success_timestamp_seconds", "")), whole);
    assert_eq!(samples[&series(report, "pcemon_run_exit_code", "")], f64::from(report.exit_code));
    // Two PCEs in one folder have no series in common.
    let of = series(report, "", "");
    assert!(samples.keys().all(|name| name.contains(of.trim_matches(['{', '}']))), "{of}");
}

/// A series of this report's PCE.
pub fn series(report: &Report, name: &str, labels: &str) -> String {
    let place = report.run.identity().place().map(|place| format!("pce=\"{}\"", place.replace('\\', "\\\\")));
    let org = report.run.org_id.map(|org| format!("org=\"{org}\""));
    let all: Vec<String> = place.into_iter().chain(org).chain((!labels.is_empty()).then(|| labels.to_owned())).collect();
    if all.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", all.join(",")) }
}

/// Reads labels up to and with the closing brace; gives what follows.
fn labels(text: &str, legal: impl Fn(&str) -> bool) -> &str {
    let mut rest = text;
    loop {
        let (key, after) = rest.split_once("=\"").unwrap();
        assert!(legal(key), "{key}");
        let mut escaped = false;
        let end = after
            .char_indices()
            .find(|(_, c)| {
                if escaped {
                    assert!(['\\', '"', 'n'].contains(c), "{after}");
                }
                let ends = !escaped && *c == '"';
                escaped = !escaped && *c == '\\';
                ends
            })
            .unwrap()
            .0;
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return rest.strip_prefix('}').unwrap(),
        }
    }
}

fn junit(report: &Report, text: &str) {
    let xml = quick_junit::Report::deserialize_from_str(text).unwrap();
    let rules = report.rules.iter();
    let bad = |state: RuleState| rules.clone().filter(|rule| rule.state == state).count();
    let firing =
        rules.clone().filter(|rule| rule.state == RuleState::Firing && rule.severity.is_none_or(|severity| severity.name() != "info"));
    assert_eq!(xml.failures, firing.count());
    let failed_sources =
        report.sources.iter().filter(|source| matches!(source.status, SourceStatus::Failed | SourceStatus::Partial)).count();
    let failed_deliveries = report.deliveries.iter().filter(|delivery| ["failed", "queued"].contains(&delivery.status.name())).count();
    assert_eq!(xml.errors, bad(RuleState::Unknown) + failed_sources + failed_deliveries);
    assert_eq!(xml.tests, report.rules.len() + report.sources.len() + report.deliveries.len());
    for suite in &xml.test_suites {
        let names: BTreeSet<&str> = suite.test_cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), suite.test_cases.len(), "two test cases of one name");
    }
}

fn sarif(report: &Report, text: &str) {
    let log: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), report.rules.len());
    let wanted: usize = report
        .rules
        .iter()
        .map(|rule| match rule.state {
            RuleState::Firing => rule.instances.iter().filter(|instance| instance.state == RuleState::Firing).count(),
            RuleState::Unknown => 1,
            _ => 0,
        })
        .sum();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), wanted);
    let mut fingerprints = BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "rules.toml");
        assert_eq!(place["region"]["startLine"], report.rules[index].line);
        // The only one that GitHub reads; without it all groups of one rule's line are one finding.
        let hash = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
        let (digits, count) = hash.split_once(':').unwrap();
        assert!(digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && count == "1", "{hash}");
        assert!(fingerprints.insert(hash), "{result}");
        // No link is made of a name.
        let unescaped = result["message"]["text"].as_str().unwrap().replace("\\\\", "").replace("\\[", "").replace("\\]", "");
        assert!(!unescaped.contains(['[', ']']), "{result}");
    }
    let whole = report.sources.iter().all(|source| !matches!(source.status, SourceStatus::Failed | SourceStatus::Partial));
    assert!(whole || run["invocations"][0]["executionSuccessful"] == false);
}

fn github(text: &str) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let lines: Vec<&str> = text.lines().collect();
    let (verdict, commands) = lines.split_last().unwrap();
    assert!(["OK:", "WARNING:", "CRITICAL:", "UNKNOWN:"].iter().any(|word| verdict.starts_with(word)));
    for line in commands {
        let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (level, properties) = command.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        *counts.entry(level).or_default() += 1;
        for property in properties.split(',') {
            let (key, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "title"].contains(&key) && !value.contains(':'), "{line}");
        }
        for part in message.split('%').skip(1) {
            assert!(part.starts_with("25"), "{line}");
        }
    }
    assert!(counts.values().all(|count| *count <= 10));
}

fn tap(report: &Report, text: &str) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan = report.sources.len() + report.rules.len() + report.deliveries.len();
    assert_eq!(lines.next(), Some(format!("1..{plan}").as_str()));
    let mut number = 0;
    let mut inside = false;
    for line in lines {
        if line == "  ---" || line == "  ..." {
            assert_ne!(inside, line == "  ---");
            inside = !inside;
        } else if inside {
            let text = line.trim_start().trim_start_matches("- ").split_once(": ").filter(|(key, _)| key.chars().all(char::is_alphabetic));
            let text = text.map_or(line.trim_start().trim_start_matches("- "), |(_, text)| text);
            assert!(text.ends_with(':') || serde_json::from_str::<String>(text).is_ok(), "{line}");
        } else if !line.starts_with("# ") {
            number += 1;
            let rest = line.strip_prefix("not ").unwrap_or(line).strip_prefix(&format!("ok {number} - ")).unwrap();
            let directives = rest.replace("\\\\", "").replace("\\#", "");
            assert!(!directives.contains('#') || directives.contains(" # SKIP "), "{line}");
        }
    }
    assert!(!inside);
    assert_eq!(number, plan);
}

fn cef(report: &Report, text: &str) {
    let wanted: usize = report
        .rules
        .iter()
        .map(|rule| match rule.state {
            RuleState::Firing => rule.instances.iter().filter(|instance| instance.state == RuleState::Firing).count(),
            RuleState::Unknown => 1,
            _ => 0,
        })
        .sum();
    assert_eq!(text.lines().count(), wanted);
    for line in text.lines() {
        let mut header = vec![String::new()];
        let mut chars = line.strip_prefix("CEF:0|").unwrap().chars();
        while header.len() < 7 {
            match chars.next().unwrap() {
                '\\' => {
                    let c = chars.next().unwrap();
                    assert!(['\\', '|'].contains(&c), "{line}");
                    header.last_mut().unwrap().push(c);
                }
                '|' => header.push(String::new()),
                c => header.last_mut().unwrap().push(c),
            }
        }
        assert_eq!((header[0].as_str(), header[1].as_str()), ("pcemon", "pcemon"));
        assert!(header[5].parse::<u8>().unwrap() <= 10, "{line}");
        // In the extension every sign of equality that is not escaped ends a key of ours.
        let extension: String = chars.collect();
        let mut plain = String::new();
        let mut rest = extension.chars();
        while let Some(c) = rest.next() {
            if c == '\\' {
                assert!(['\\', '='].contains(&rest.next().unwrap()), "{line}");
            } else {
                plain.push(c);
            }
        }
        for part in plain.split('=').rev().skip(1) {
            let key = part.rsplit(' ').next().unwrap();
            assert!(!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric()), "{line}");
        }
    }
}

//! `pcemon doctor`: what is wrong, and what to do about it.

use crate::cli::{DoctorArgs, Global};
use crate::commands::common::{Exit, UNKNOWN, state_path, style};
use crate::commands::waiting::Waiting;
use crate::config::{self, Config};
use crate::domain::counted;
use crate::domain::text::visible;
use crate::run::doctor::{Finding, Subject, Verdict, examine};
use crate::run::interrupt::Interrupt;
use crate::run::output::print;
use serde_json::json;
use std::io::IsTerminal;
use unicode_width::UnicodeWidthStr;

/// Runs the command.
pub fn run(global: &Global, args: &DoctorArgs) -> Exit {
    let format = global.output.as_deref().unwrap_or("table");
    if !matches!(format, "table" | "json") {
        return Err(tr!("-o {format} is for results of `pcemon check`; here it is table or json", format).into());
    }
    let found = config::find(global.config.as_deref());
    let loaded: Result<Config, Vec<String>> = match &found {
        Ok(path) => config::load(path).map_err(|error| error.lines()),
        Err(error) => Err(vec![error.clone()]),
    };
    let part = if loaded.is_err() { found.as_ref().ok().and_then(|path| config::usable_part(path)) } else { None };
    let usable = loaded.as_ref().ok().or(part.as_ref());
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    let deadline = usable.map_or_else(|| config::RunSettings::default().deadline, |config| config.run.deadline);
    interrupt.ends_by(std::time::Instant::now() + deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let findings = examine(&Subject {
        config: loaded.as_ref().map_err(Clone::clone),
        usable,
        config_path: found.ok(),
        state_path: state_path(global, usable).map_err(|failure| failure.0),
        offline: args.offline,
        timeout: args.timeout.max(std::time::Duration::from_millis(1)),
        now: args.now,
        interrupt: &interrupt,
        progress: &progress,
    });
    line.clear();
    let worst = findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok);
    let code = match worst {
        Verdict::Skipped | Verdict::Ok => 0,
        Verdict::Warn => 1,
        Verdict::Fail => UNKNOWN,
    };
    if format == "json" {
        print(&as_json(&findings, code))?;
    } else if !(global.quiet && code == 0) {
        let color = usable.map_or_else(
            || crate::commands::common::colors(global.color, std::io::stdout().is_terminal()),
            |config| style(global, config).color,
        );
        print(&as_lines(&findings, global.quiet, color))?;
    }
    Ok(code)
}

fn as_json(findings: &[Finding], code: u8) -> String {
    let list: Vec<serde_json::Value> = findings
        .iter()
        .map(|finding| {
            json!({ "check": finding.check, "verdict": finding.verdict.name(), "what": finding.what,
                "detail": finding.detail, "advice": finding.advice })
        })
        .collect();
    let whole = json!({ "schema": "pcemon.doctor/1", "version": env!("CARGO_PKG_VERSION"), "exit_code": code, "findings": list });
    crate::commands::common::machine_text(whole)
}

/// One line each, the verdict first; with `-q` only what is not right.
fn as_lines(findings: &[Finding], quiet: bool, color: bool) -> String {
    let paint = |text: &str, code: &str| if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() };
    let width = findings.iter().map(|finding| finding.what.width()).max().unwrap_or(0).min(30);
    let mut out = String::new();
    for finding in findings.iter().filter(|finding| !quiet || finding.verdict > Verdict::Ok) {
        let (word, code) = match finding.verdict {
            Verdict::Skipped => ("-".to_owned(), "2"),
            Verdict::Ok => (tr!("ok"), "32"),
            Verdict::Warn => (tr!("warn"), "33"),
            Verdict::Fail => (tr!("FAIL"), "1;31"),
        };
        let word = format!("{word}{}", " ".repeat(4usize.saturating_sub(word.width())));
        let space = " ".repeat(width.saturating_sub(finding.what.width()));
        let line = format!("{}  {}{space}  {}", paint(&word, code), finding.what, finding.detail);
        out.push_str(line.trim_end());
        out.push('\n');
        if let Some(advice) = &finding.advice {
            out.push_str(&format!("{:6}{:width$}  → {}\n", "", "", visible(advice)));
        }
    }
    let count = |verdict: Verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (ok, warnings, failures) = (count(Verdict::Ok), count(Verdict::Warn), count(Verdict::Fail));
    out.push_str(&tr!(
        "\n{ok} ok, {warnings}, {failures}",
        ok,
        warnings = counted::warnings(warnings),
        failures = counted::failures(failures)
    ));
    let skipped = count(Verdict::Skipped);
    if skipped > 0 {
        out.push_str(&tr!(", {count} not checked", count = skipped));
    }
    out + "\n"
}

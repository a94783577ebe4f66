//! `pcemon report`: what happened in a span of time, as a page with plots, Markdown, CSV or JSON.

use crate::channels::{Document, Outcome, SendContext};
use crate::cli::{CheckArgs, Global, ReportArgs};
use crate::commands::common::{Exit, Failure, UNKNOWN, load_config, state_path};
use crate::commands::waiting::Waiting;
use crate::config::Config;
use crate::domain::text::visible;
use crate::report::{self, FORMATS, Format, View, model::Report};
use crate::run::interrupt::Interrupt;
use crate::run::report::Question;
use crate::run::{Cycle, output};
use crate::settings::fetch_secret;
use crate::settings::reader::did_you_mean;
use crate::state::write_durably;
use std::io::IsTerminal;
use std::path::Path;

/// Runs the command.
pub fn run(global: &Global, args: &ReportArgs) -> Exit {
    let config = load_config(global)?;
    args.inputs.proven(|source| config.targets_of(source))?;
    let files = files(global, args)?;
    let printed = printed(global, args)?;
    if args.mail && config.report.mail.is_empty() {
        return Err(tr!("--mail: the config names no channel; write mail = [\"CHANNEL\"] in [report]").into());
    }
    for (path, _) in &files {
        output::prove_writable(path)?;
    }
    let state_path = state_path(global, Some(&config))?;
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    interrupt.ends_by(std::time::Instant::now() + config.run.deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let recorder = crate::run::recorded::open(args.record.as_deref(), &args.inputs)?;
    let check = CheckArgs { inputs: args.inputs.widened(), now: args.now, record: args.record.clone(), ..CheckArgs::default() };
    let cycle = Cycle {
        config: &config,
        args: &check,
        state_path,
        interrupt: &interrupt,
        progress: &progress,
        given: None,
        trace: None,
        recorder: recorder.as_ref(),
    };
    let question = Question {
        title: args.title.clone().or_else(|| config.report.title.clone()).unwrap_or_default(),
        since: args.since.unwrap_or(config.report.since),
        until: args.until,
        label: args.label.clone().unwrap_or_else(|| config.report.label.clone()),
    };
    let result = crate::run::report::report(&cycle, &question);
    line.clear();
    let (report, memory) = result.map_err(|error| Failure(error.to_string()))?;

    let mut errors = Vec::new();
    for warning in &report.warnings {
        log::warn!("{warning}");
    }
    for source in report.sources.iter().filter(|source| !matches!(source.status, "ok" | "unavailable")) {
        let (name, status, why) =
            (report::words::source(source.source), report::words::source_status(source.status), source.error.as_deref().unwrap_or("?"));
        errors.push(tr!("{name}: {status}: {why}", name, status, why));
    }
    let view = View { timezone: config.run.timezone.clone() };
    for (path, format) in &files {
        errors.extend(output::write_file(path, &format.text_of(&report, &view)).err());
    }
    if let Some(format) = printed {
        output::print(&format.text_of(&report, &view))?;
    }
    if args.mail {
        errors.extend(mail(&config, &report, &view));
    }
    if !args.no_save {
        // The report is out; what only serves the next one must not spoil it.
        let path = crate::state::Store::read_only(&cycle.state_path).report_path();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let written = folder.map_or(Ok(()), |folder| std::fs::create_dir_all(folder).map_err(|error| error.to_string()));
        let written = written.and_then(|()| write_durably(&path, &memory.text()?).map_err(|error| error.to_string()));
        errors.extend(written.err().map(|error| tr!("the next report will have nothing to compare with: {error}", error)));
    }
    for error in &errors {
        log::error!("{error}");
    }
    Ok(if errors.is_empty() { 0 } else { UNKNOWN })
}

/// The files of `--out` with their formats: the one that is named, else by the path's ending, else that of `--format`.
fn files<'g>(global: &'g Global, args: &ReportArgs) -> Result<Vec<(&'g Path, &'static Format)>, Failure> {
    let mut files = Vec::new();
    for out in &global.out {
        let ending = out.path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let by_name = out.format.as_deref().map(format).transpose()?;
        let by_flag = args.format.as_deref().and_then(report::find);
        let Some(format) = by_name.or_else(|| report::find(&ending)).or(by_flag) else {
            let (path, names) = (visible(&out.path.display().to_string()), names().join(", "));
            return Err(tr!(
                "--out {path}: the ending does not say which format; write --out FORMAT=PATH or --format FORMAT, one of {names}",
                path,
                names
            )
            .into());
        };
        files.push((out.path.as_path(), format));
    }
    Ok(files)
}

/// What goes to standard output: nothing when files were asked for and no format for it.
fn printed(global: &Global, args: &ReportArgs) -> Result<Option<&'static Format>, Failure> {
    let wanted = match (&args.format, &global.output) {
        (Some(_), Some(_)) => return Err(tr!("--format and --output say the same thing; use one of them").into()),
        (Some(name), None) | (None, Some(name)) => Some(format(name)?),
        (None, None) => None,
    };
    if !global.out.is_empty() {
        // With --out, --format is for files whose ending says nothing.
        return Ok(wanted.filter(|_| global.output.is_some()));
    }
    let format = wanted.unwrap_or(&FORMATS[0]);
    if format.name == "html" && std::io::stdout().is_terminal() && !args.mail {
        return Err(tr!("HTML is not printed to a terminal: use --out report.html, or --format md").into());
    }
    // Whoever only wants it mailed wants nothing printed.
    Ok((wanted.is_some() || !args.mail).then_some(format))
}

fn format(name: &str) -> Result<&'static Format, Failure> {
    report::find(name)
        .ok_or_else(|| Failure(tr!("'{name}' is not a report format; {hint}", name = visible(name), hint = did_you_mean(name, &names()))))
}

fn names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.name).collect()
}

/// Sends the page to every channel that the config names; what went wrong is returned.
fn mail(config: &Config, report: &Report, view: &View) -> Vec<String> {
    let document = Document {
        id: uuid::Uuid::new_v4(),
        subject: report::words::subject(report, view),
        text: report::words::letter(report, view),
        file_name: format!("pcemon-report-{}.html", report.generated_at.strftime("%Y-%m-%d")),
        media_type: "text/html; charset=utf-8",
        bytes: (FORMATS[0].render)(report, view).into_bytes(),
    };
    let mut errors = Vec::new();
    let named = |name: &&String| config.channels.iter().find(move |channel| channel.common.name == **name && channel.common.enabled);
    for channel in config.report.mail.iter().filter_map(|name| named(&name)) {
        let context = SendContext { now: report.generated_at, timeout: channel.common.timeout };
        let outcome = match channel.settings.open(&channel.common, &fetch_secret) {
            Ok(opened) => opened.send_document(&document, &context),
            Err(error) => Outcome::Permanent { error },
        };
        match outcome {
            Outcome::Delivered => log::info!("{}", tr!("channel '{name}' took the report", name = visible(&channel.common.name))),
            Outcome::Warned { warning, .. } => {
                errors.push(tr!("channel '{name}': {error}", name = visible(&channel.common.name), error = warning))
            }
            failed => {
                let error = failed.localized().unwrap_or_default();
                errors.push(tr!("channel '{name}' did not take the report: {error}", name = visible(&channel.common.name), error));
            }
        }
    }
    errors
}

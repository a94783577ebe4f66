//! `pcemon check`: one monitoring cycle.

use crate::cli::{CheckArgs, Global};
use crate::commands::common::{Exit, load_config, note, state_path, style};
use crate::commands::explain;
use crate::commands::waiting::Waiting;
use crate::domain::report::Report;
use crate::domain::rule::Rule;
use crate::render::Style;
use crate::run::interrupt::{Interrupt, late as late_words};
use crate::run::trace::Trace;
use crate::run::{self, Cycle, RunError, output};
use std::path::PathBuf;
use std::time::Instant;

/// Runs the command.
pub fn run(global: &Global, args: &CheckArgs) -> Exit {
    let started = Instant::now();
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    let config = load_config(global)?;
    interrupt.ends_by(started + config.run.deadline).map_err(|error| tr!("cannot start the watchdog: {error}", error))?;
    args.inputs.proven(|source| config.targets_of(source))?;
    // A dry run writes only what its own flags ask for.
    // A file that knew one rule only would say of all others that they are gone.
    let textfile_wanted = config.run.textfile.is_some() && !args.dry_run;
    let given = |rule: &Rule| rule.source.is_run() || args.inputs.iter().any(|input| input.source == rule.source);
    let some_given = !args.inputs.is_empty() && !config.rules.iter().filter(|rule| rule.enabled).all(given);
    let partial = textfile_wanted && (args.rule.is_some() || some_given);
    if partial && args.rule.is_some() {
        note(global, &tr!("--rule: the textfile is left as it is, because it covers all rules"));
    } else if partial {
        note(global, &tr!("recorded answers of some sources: the textfile is left as it is, because it covers all rules"));
    }
    if config.run.heartbeat.is_some() && !args.dry_run && !args.inputs.is_empty() {
        note(global, &tr!("recorded answers: the heartbeat is not called, because the PCE was not queried"));
    } else if config.run.heartbeat.is_some() && !args.dry_run && args.rule.is_some() {
        log::info!("{}", tr!("--rule: the heartbeat is not called, because it covers all rules"));
    }
    let textfile = config.run.textfile.clone().filter(|_| !args.dry_run && !partial);
    for path in global.out_files()?.into_iter().map(|(_, path)| path).chain(textfile.as_deref()) {
        // A result that cannot be written must never keep anybody from being warned.
        if let Err(error) = output::prove_writable(path) {
            log::error!("{}", tr!("{path} will not be written: {error}. The run continues", path = path.display(), error));
        }
    }
    let recorder = run::recorded::open(args.record.as_deref(), &args.inputs)?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let trace = Trace::default();
    let cycle = Cycle {
        config: &config,
        args,
        state_path: state_path(global, Some(&config))?,
        interrupt: &interrupt,
        progress: &progress,
        given: None,
        trace: args.explain.then_some(&trace),
        recorder: recorder.as_ref(),
    };
    let publisher = Publisher { global: global.clone(), style: Style { perfdata: args.perfdata, ..style(global, &config) }, textfile };
    let late = publisher.clone();
    interrupt.speaks_with(run::report_of_failure(&config, args, &late_words()), move |report| late.publish(&report));
    let result = run::check(&cycle);
    line.clear();
    let report = match result {
        Ok(report) => report,
        Err(error @ RunError::Interrupted) => return Err(error.to_string().into()),
        Err(error) => match after_failure(global, &cycle, &error) {
            Some(report) => report,
            // A person needs the one sentence, not a table of rules that nobody looked at.
            None => return Err(error.to_string().into()),
        },
    };
    if !interrupt.may_speak() {
        interrupt.wait_for_the_end();
        return Ok(crate::commands::common::UNKNOWN);
    }
    let code = publisher.publish(&report);
    if args.explain {
        explain::after_check(global, &config, &report, &trace.explanations())?;
    }
    Ok(code)
}

/// What is said of a run that failed: what it had found out by then, else that nothing is known. `None`: the error alone.
fn after_failure(global: &Global, cycle: &Cycle<'_>, error: &RunError) -> Option<Report> {
    let text = error.to_string();
    if let Some(mut report) = cycle.interrupt.known() {
        report.warnings.push(text);
        return Some(report);
    }
    let for_a_person = global.output.as_deref().is_none_or(|format| format == "table");
    if for_a_person && global.out.is_empty() && cycle.config.run.textfile.is_none() {
        return None;
    }
    log::error!("{text}");
    Some(run::report_of_failure(cycle.config, cycle.args, &text))
}

/// Brings a report to everybody who wants it.
#[derive(Clone)]
struct Publisher {
    global: Global,
    style: Style,
    textfile: Option<PathBuf>,
}

impl Publisher {
    /// The exit code: a verdict that did not reach its file is one that somebody does not know.
    fn publish(&self, report: &Report) -> u8 {
        let errors = output::publish(report, &self.global, &self.style, self.textfile.as_ref());
        for error in &errors {
            log::error!("{error}");
        }
        if errors.is_empty() || report.exit_code != 0 { report.exit_code } else { crate::commands::common::UNKNOWN }
    }
}

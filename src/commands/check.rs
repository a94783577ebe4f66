//! `pcemon check`: one monitoring cycle.

use crate::app::{Exit, load_config, state_path, style};
use crate::cli::{CheckArgs, Global};
use crate::commands::explain;
use crate::commands::waiting::Waiting;
use crate::run::explain::Witness;
use crate::run::interrupt::Interrupt;
use crate::run::{self, Cycle, RunError, output};
use std::path::PathBuf;

/// Runs the command.
pub fn run(global: &Global, args: &CheckArgs) -> Exit {
    let config = load_config(global)?;
    super::one_from_stdin([&args.flows, &args.events, &args.health, &args.vens, &args.database])?;
    // A dry run writes only what its own flags ask for.
    let textfile = config.run.textfile.as_ref().filter(|_| !args.dry_run);
    for path in global.out_files()?.into_iter().map(|(_, path)| path).chain(textfile.map(PathBuf::as_path)) {
        output::prove_writable(path)?;
    }
    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let witness = Witness::default();
    let cycle = Cycle {
        config: &config,
        args,
        state_path: state_path(global, Some(&config))?,
        interrupt: &interrupt,
        progress: &progress,
        given: None,
        witness: args.explain.then_some(&witness),
    };
    let result = run::check(&cycle);
    line.clear();
    let report = match result {
        Ok(report) => report,
        Err(error @ RunError::Interrupted) => return Err(error.to_string().into()),
        Err(error) => {
            let text = error.to_string();
            if global.output.as_deref().is_none_or(|format| format == "table") && global.out.is_empty() && config.run.textfile.is_none() {
                // A person needs the one sentence, not a table of rules that nobody looked at.
                return Err(text.into());
            }
            log::error!("{text}");
            run::report_of_failure(&config, args, &text)
        }
    };
    let errors = output::publish(&report, global, &style(global, &config), textfile);
    if args.explain {
        explain::after_check(global, &config, &report, &witness.stories())?;
    }
    for error in &errors {
        log::error!("{error}");
    }
    // A verdict that did not reach its file is a verdict that somebody does not know.
    Ok(if errors.is_empty() || report.exit_code == 2 { report.exit_code } else { crate::app::UNKNOWN })
}

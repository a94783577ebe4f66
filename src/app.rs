//! From arguments to exit code: parse, set up logging, hand over to the command.

use crate::cli::{self, Command, Global, LogFormat};
use crate::commands;
use crate::commands::common::{Failure, UNKNOWN};
use crate::lang::{self, Language};
use crate::process::{panics, secrecy, worker};
use crate::run::output::harmless;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};

/// Runs the program and returns its exit code. A fault of our own is one of the things that could not be done.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    panics::keep_quiet();
    secrecy::no_core_files();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    panics::contained(|| obey(arguments)).unwrap_or_else(|fault| {
        let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "pcemon: {fault}");
        UNKNOWN
    })
}

fn obey(arguments: Vec<OsString>) -> u8 {
    if let [_, what, memory] = arguments.as_slice()
        && let Some(code) = commands::worker(what, memory)
    {
        return code;
    }
    worker::start_with_own_program();
    match commands::generate::answer_the_shell(&arguments) {
        Ok(false) => {}
        Ok(true) => return 0,
        Err(error) => {
            let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "pcemon: {error}");
            return UNKNOWN;
        }
    }
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A monitoring plugin must not exit with clap's 2: that would read as CRITICAL.
            let asked_for = matches!(error.kind(), clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
            let _closed_pipe_is_fine = error.print();
            return if asked_for { 0 } else { UNKNOWN };
        }
    };
    lang::start(cli.global.lang.as_deref().and_then(Language::named));
    start_logging(&cli.global);
    let result = match &cli.command {
        Command::Check(args) => commands::check::run(&cli.global, args),
        Command::Report(args) => commands::report::run(&cli.global, args),
        Command::Flows(args) => commands::adhoc::flows::run(&cli.global, args),
        Command::Top(args) => commands::adhoc::top::run(&cli.global, args),
        Command::Events(args) => commands::adhoc::events::run(&cli.global, args),
        Command::Vens(args) => commands::adhoc::vens::run(&cli.global, args),
        Command::Health(args) => commands::adhoc::health::run(&cli.global, args),
        Command::Show(args) => commands::adhoc::show::run(&cli.global, args),
        Command::Doctor(args) => commands::doctor::run(&cli.global, args),
        Command::Demo(args) => commands::demo::run(&cli.global, args),
        Command::Init(args) => commands::init::run(&cli.global, args),
        Command::Rules(command) => commands::rules::run(&cli.global, command),
        Command::Replay(args) => commands::replay::run(&cli.global, args),
        Command::Explain(args) => commands::explain::run(&cli.global, args),
        Command::Test(args) => commands::test::run(&cli.global, args),
        Command::Channel(command) => commands::channel::run(&cli.global, command),
        Command::Outbox(command) => commands::outbox::run(&cli.global, command),
        Command::Silence(command) => commands::silence::run(&cli.global, command),
        Command::State(command) => commands::state::run(&cli.global, command),
        Command::Schema { name, list } => commands::generate::schema(name.as_deref(), *list),
        Command::Completions { shell } => commands::generate::completions(*shell),
        Command::Man { out_dir } => commands::generate::man(out_dir.as_deref()),
    };
    match result {
        Ok(code) => code,
        Err(Failure(text)) => {
            say(&cli.global, &text);
            UNKNOWN
        }
    }
}

fn say(global: &Global, text: &str) {
    match global.log_format {
        LogFormat::Json => log::error!("{text}"),
        LogFormat::Text => {
            let text = text.trim_end();
            // A text that begins its own lines (the config's complaints) needs no name in front.
            let text = if text.starts_with("error") || text.starts_with("warning") { text.to_owned() } else { format!("pcemon: {text}") };
            let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "{}", harmless(&text));
        }
    }
}

fn start_logging(global: &Global) {
    let level = match (global.verbose, global.quiet) {
        (0, true) => log::LevelFilter::Error,
        (0, false) => log::LevelFilter::Warn,
        (1, _) => log::LevelFilter::Info,
        (_, _) => log::LevelFilter::Debug,
    };
    let mut builder = env_logger::Builder::new();
    // Libraries below speak of hosts and headers; only our own words are known to be free of secrets.
    builder.filter_level(log::LevelFilter::Off).filter_module("pcemon", level);
    match global.log_format {
        LogFormat::Text => {
            // What a command waits for may stand on the terminal's line; it is written anew after this one.
            let clear = if std::io::stderr().is_terminal() { "\r\u{1b}[K" } else { "" };
            builder.format(move |out, record| {
                let line = format!("pcemon: {}: {}", record.level().as_str().to_lowercase(), record.args());
                writeln!(out, "{clear}{}", harmless(&line))
            });
        }
        LogFormat::Json => {
            builder.format(|out, record| {
                let line = serde_json::json!({
                    "timestamp": jiff::Timestamp::now().to_string(),
                    "level": record.level().as_str().to_lowercase(),
                    "target": record.target(),
                    "message": record.args().to_string(),
                });
                writeln!(out, "{}", harmless(&line.to_string()))
            });
        }
    }
    let _second_call_in_one_process = builder.try_init();
}

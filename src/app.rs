//! From arguments to exit code: parse, set up logging, hand over to the command.

use crate::cli::{self, Color, Command, Global, LogFormat};
use crate::commands;
use crate::config::{self, Config, ConfigError};
use crate::lang::{self, Language};
use crate::process::{panics, worker};
use crate::render::Style;
use crate::run::output::harmless;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// The exit code of everything that could not be done.
pub const UNKNOWN: u8 = 3;

/// Runs the program and returns its exit code. A fault of our own is one of the things that could not be done.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    panics::keep_quiet();
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

/// Why a command could not do its work, for people; may be several lines.
#[derive(Debug)]
pub struct Failure(pub String);

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Failure(text)
    }
}

impl From<crate::run::RunError> for Failure {
    fn from(error: crate::run::RunError) -> Self {
        Failure(error.to_string())
    }
}

impl From<crate::state::StateError> for Failure {
    fn from(error: crate::state::StateError) -> Self {
        Failure(error.to_string())
    }
}

/// What a command returns.
pub type Exit = Result<u8, Failure>;

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

/// Says something about a result whose own format has no room for it.
pub fn note(global: &Global, text: &str) {
    match global.log_format {
        _ if global.quiet => {}
        LogFormat::Json => log::warn!("{text}"),
        LogFormat::Text => {
            let _nobody_left_to_tell = writeln!(std::io::stderr().lock(), "pcemon: note: {}", harmless(text));
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

/// The config the flags name, proven.
pub fn load_config(global: &Global) -> Result<Config, Failure> {
    let path = config::find(global.config.as_deref())?;
    config::load(&path).map_err(|error| refused(global, &error))
}

/// Everything that is wrong with a config, in the form the reader wants.
pub fn refused(global: &Global, error: &ConfigError) -> Failure {
    match global.log_format {
        LogFormat::Json => Failure(error.lines().join("\n")),
        LogFormat::Text => Failure(error.render(colors(global.color, std::io::stderr().is_terminal()))),
    }
}

/// The config, or the defaults where there is none and none is needed.
pub fn config_or_none(global: &Global, not_needed: bool) -> Result<Config, Failure> {
    if not_needed && global.config.is_none() && config::find(None).is_err() {
        let none = config::parse(std::path::Path::new("the config"), "").map_err(|error| Failure(error.render(false)))?;
        return Ok(Config { warnings: Vec::new(), ..none });
    }
    load_config(global)
}

/// Whether colours may be used.
pub fn colors(when: Color, is_terminal: bool) -> bool {
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// How the reader of standard output wants it.
pub fn style(global: &Global, config: &Config) -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    Style {
        color: colors(global.color, is_terminal),
        width: if is_terminal { terminal_width() } else { None },
        timezone: config.run.timezone.clone(),
        quiet: global.quiet,
        verbose: global.verbose > 0,
        config_path: config.path.display().to_string(),
    }
}

fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

/// Where the state is: the flag, the config, the system's places.
pub fn state_path(global: &Global, config: Option<&Config>) -> Result<PathBuf, Failure> {
    if let Some(path) = global.state.clone().or_else(|| config.and_then(|config| config.run.state.clone())) {
        return Ok(path);
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folders) = variable("STATE_DIRECTORY") {
        // systemd gives several, separated by colons; the first is the unit's own.
        if let Some(first) = std::env::split_paths(&folders).next() {
            return Ok(first.join("state.json"));
        }
    }
    let base =
        variable("XDG_STATE_HOME").map(PathBuf::from).or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".local/state")));
    base.map(|base| base.join("pcemon/state.json"))
        .ok_or_else(|| Failure(tr!("no place for the state: give --state FILE, or `state` in [run]")))
}

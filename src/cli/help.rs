//! How `--help` is laid out: what a command does, its own flags, examples, and one line for what every command takes.

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// The commands by what somebody wants to do.
const GROUPS: &[(&str, &[&str])] = &[
    ("Monitor", &["check", "report"]),
    ("Query", &["flows", "top", "events", "vens", "health", "show"]),
    ("Understand", &["explain", "replay", "test", "doctor", "demo"]),
    ("Manage", &["init", "rules", "channel", "outbox", "silence", "state"]),
];
/// For whatever stands in no group.
const REST: &str = "More";

/// Options of the root that every command takes; `-o` and `--out` are each command's own.
const COMMON: &[&str] = &["config", "state", "quiet", "verbose", "color", "lang", "log_format"];
const COMMON_LINE: &str = "Options of every command: -c/--config, --state, -q, -v, --color, --lang, --log-format (see `pcemon --help`)";

/// Lays out the help of the root and of everything below it.
pub fn laid_out(root: Command) -> Command {
    let names: Vec<String> = root.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let common: Vec<clap::Arg> = root.get_arguments().filter(|arg| COMMON.contains(&arg.get_id().as_str())).cloned().collect();
    let template = format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}Options:\n{{options}}{{after-help}}", overview(&root));
    let root = without_headings(root.help_template(template));
    names.into_iter().fold(root, |root, name| root.mut_subcommand(name, |sub| quieter(sub, &common)))
}

/// Whoever names a config where none is expected is told how it is named.
pub fn hinted(mut error: Error) -> Error {
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) if argument.ends_with(".toml") => argument.clone(),
        _ => return error,
    };
    if error.kind() == ErrorKind::UnknownArgument {
        let tip = format!("give the config with '--config {}'", crate::domain::text::visible(&named));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// A command below the root: what all have in common stays out of its list of options.
fn quieter(command: Command, common: &[clap::Arg]) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let quiet = |arg: &clap::Arg| arg.clone().hide_short_help(true).hide_long_help(true);
    let own: Vec<clap::Id> = command.get_arguments().map(|arg| arg.get_id().clone()).collect();
    let command = without_headings(command).args(common.iter().filter(|arg| !own.contains(arg.get_id())).map(quiet));
    let examples = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let command = command.after_help(format!("{examples}{COMMON_LINE}"));
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |sub| quieter(sub, common)))
}

/// One list of options; what every command takes is no chapter of its own here.
fn without_headings(command: Command) -> Command {
    command.mut_args(|arg| if arg.get_help_heading() == Some(super::values::COMMON_HEADING) { arg.help_heading(None::<&str>) } else { arg })
}

/// All commands with a line each.
fn overview(root: &Command) -> String {
    let grouped = |name: &str| GROUPS.iter().any(|(_, members)| members.contains(&name));
    let about = |sub: &Command| sub.get_about().map(ToString::to_string).unwrap_or_default();
    let line = |sub: &Command| format!("  {:<12}{}\n", sub.get_name(), about(sub));
    let mut out = String::new();
    for (title, members) in GROUPS {
        let subs = members.iter().filter_map(|name| root.find_subcommand(name));
        out.push_str(&format!("{title}:\n{}\n", subs.map(line).collect::<String>()));
    }
    let rest: String = root.get_subcommands().filter(|sub| !grouped(sub.get_name())).map(line).collect();
    if !rest.is_empty() {
        out.push_str(&format!("{REST}:\n{rest}\n"));
    }
    out
}

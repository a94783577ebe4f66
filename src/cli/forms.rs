//! Which command can be shown how: the formats of `-o` and `--out`, command by command.
//!
//! What a command cannot do is refused when it is typed, and its help lists what it can.

use super::values::{Out, names_of_formats, no_format};
use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::{Arg, Command};
use std::path::PathBuf;

/// Rows of a listing.
const ROWS: &[&str] = &["table", "json", "ndjson", "csv", "markdown"];
/// For people, or everything as JSON.
const BOTH: &[&str] = &["table", "json"];

/// The formats of one command.
struct Forms {
    /// The words after `pcemon`.
    command: &'static str,
    /// What `-o` takes.
    output: &'static [&'static str],
    /// Whether `--out FORMAT=PATH` writes files.
    files: bool,
}

const fn forms(command: &'static str, output: &'static [&'static str], files: bool) -> Forms {
    Forms { command, output, files }
}

/// Every command with a result that comes in several forms, but for `check` and `demo`, which have all of a run's, and `report`,
/// which has its own. All others print what they print.
const TABLE: &[Forms] = &[
    forms("flows", ROWS, true),
    forms("top", ROWS, true),
    forms("events", ROWS, true),
    forms("vens", ROWS, true),
    forms("health", ROWS, true),
    forms("show", ROWS, true),
    forms("doctor", BOTH, false),
    forms("explain", BOTH, false),
    forms("replay", BOTH, false),
    forms("test", &["table", "json", "junit", "tap"], true),
    forms("rules explain", BOTH, false),
    forms("rules replay", BOTH, false),
    forms("rules test", &["table", "json", "junit", "tap"], true),
    forms("rules list", BOTH, false),
    forms("rules show", BOTH, false),
    forms("rules validate", BOTH, false),
    forms("rules import", BOTH, false),
    forms("channel list", BOTH, false),
    forms("outbox list", BOTH, false),
    forms("silence list", BOTH, false),
    forms("state show", BOTH, false),
];

/// Gives every command its own `-o` and `--out`.
pub fn fitted(root: Command) -> Command {
    // Behind a command's own flags.
    let last = |arg: Arg| arg.display_order(900);
    let (output, out) = (argument(&root, "output").map(last), argument(&root, "out").map(last));
    let names: Vec<String> = root.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(root, |root, name| root.mut_subcommand(&name, |sub| fit(sub, &name, output.as_ref(), out.as_ref())))
}

fn argument(command: &Command, id: &str) -> Option<Arg> {
    command.get_arguments().find(|arg| arg.get_id() == id).cloned()
}

fn fit(command: Command, path: &str, output: Option<&Arg>, out: Option<&Arg>) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let has_subcommands = !names.is_empty();
    let command = names
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(&name, |sub| fit(sub, &format!("{path} {name}"), output, out)));
    if has_subcommands && command.is_subcommand_required_set() {
        return command;
    }
    if matches!(path, "check" | "demo") {
        // All of a run's, which is what the arguments of the root are.
        return command.args(output).args(out.map(|arg| arg.clone().value_parser(files_of(names_of_formats()))));
    }
    let own: Vec<&'static str> = crate::report::FORMATS.iter().map(|format| format.name).collect();
    let (formats, files) = match TABLE.iter().find(|forms| {
        forms.command == path || path.strip_prefix(forms.command).is_some_and(|rest| forms.command == "show" && rest.starts_with(' '))
    }) {
        _ if path == "report" => (own, true),
        Some(forms) => (forms.output.to_vec(), forms.files),
        None => (Vec::new(), false),
    };
    let command = command.args(output.map(|arg| match formats.is_empty() {
        false => arg.clone().value_parser(described(&formats)),
        true => nothing(arg, path, "-o"),
    }));
    command.args(out.map(|arg| match files {
        true => arg.clone().value_parser(files_of(formats)),
        false => {
            let path = path.to_owned();
            arg.clone().hide(true).value_parser(move |_: &str| Err::<Out, String>(format!("`pcemon {path}` writes no files with --out")))
        }
    }))
}

/// An argument that is understood in order to be refused in words.
fn nothing(arg: &Arg, path: &str, flag: &str) -> Arg {
    let message = format!("`pcemon {path}` has one form only; leave {flag} out");
    arg.clone().hide(true).value_parser(move |_: &str| Err::<String, String>(message.clone()))
}

fn described(formats: &[&'static str]) -> PossibleValuesParser {
    let summary = |name: &str| {
        let of_run = crate::render::FORMATS.iter().find(|format| format.name == name).map(|format| format.summary);
        crate::report::find(name).map(|format| format.summary).filter(|_| of_run.is_none()).or(of_run)
    };
    PossibleValuesParser::new(formats.iter().map(|name| match (*name, summary(name)) {
        ("json", _) => PossibleValue::new("json").help("everything as one JSON document"),
        (name, Some(summary)) if !matches!(name, "csv" | "junit") => PossibleValue::new(name).help(summary),
        (name, _) => PossibleValue::new(name),
    }))
}

/// `FORMAT=PATH`, with the formats of one command; a path alone is for those that go by its ending.
fn files_of(formats: Vec<&'static str>) -> ValueParser {
    ValueParser::from(move |text: &str| -> Result<Out, String> {
        let Some((format, path)) = text.split_once('=') else { return Ok(Out { format: None, path: PathBuf::from(text) }) };
        if !formats.contains(&format) {
            return Err(no_format(format, &formats));
        }
        if path.is_empty() {
            return Err("there is no path after the =".to_owned());
        }
        Ok(Out { format: Some(format.to_owned()), path: PathBuf::from(path) })
    })
}

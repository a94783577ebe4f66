//! Recorded answers that are given instead of asked for: `--input SOURCE[@TARGET]=PATH`, and the flags that were there before
//! it. Every command that takes any takes them through here, and so none of them reads standard input twice.

use crate::domain::source::SourceKind;
use crate::domain::text::visible;
use crate::settings::reader::did_you_mean;
use crate::sources::{DATABASE, EVENTS, HEALTH, PCE, TRAFFIC, VENS, asked};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// Sources with a flag of their own from before there was `--input`.
const OLDER: [SourceKind; 5] = [TRAFFIC, EVENTS, HEALTH, VENS, DATABASE];

/// A recorded answer, given for a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Which source.
    pub source: SourceKind,
    /// Which of its targets; `None`: all.
    pub target: Option<String>,
    /// A file, a folder of `--record`, or `-`.
    pub path: PathBuf,
}

impl Input {
    /// As it is written.
    pub fn name(&self) -> String {
        match &self.target {
            Some(target) => format!("{}@{}", self.source, visible(target)),
            None => self.source.name().to_owned(),
        }
    }
}

/// Which sources a command takes recorded answers of.
pub trait TakesInputs {
    /// Their names are what `--input` takes.
    fn sources() -> Vec<SourceKind>;
}

/// All that can be asked for.
#[derive(Debug, Clone, Default)]
pub struct Any;
impl TakesInputs for Any {
    fn sources() -> Vec<SourceKind> {
        asked().collect()
    }
}

/// What a report tells of.
#[derive(Debug, Clone, Default)]
pub struct Reported;
impl TakesInputs for Reported {
    fn sources() -> Vec<SourceKind> {
        vec![TRAFFIC, EVENTS, HEALTH, VENS]
    }
}

/// What an export can hold: records with a time of their own.
#[derive(Debug, Clone, Default)]
pub struct Exported;
impl TakesInputs for Exported {
    fn sources() -> Vec<SourceKind> {
        asked().filter(|source| !source.is_snapshot()).collect()
    }
}

/// The PCE's health.
#[derive(Debug, Clone, Default)]
pub struct OfHealth;
impl TakesInputs for OfHealth {
    fn sources() -> Vec<SourceKind> {
        vec![HEALTH]
    }
}

/// Recorded answers.
#[derive(Debug, Clone)]
pub struct Inputs<S = Any> {
    all: Vec<Input>,
    takes: PhantomData<S>,
}

impl<S> Default for Inputs<S> {
    fn default() -> Self {
        Self { all: Vec::new(), takes: PhantomData }
    }
}

impl<S> Inputs<S> {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Input> {
        self.all.iter()
    }

    /// Whether none was given.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The answer that stands for a source as a whole.
    pub fn of(&self, source: SourceKind) -> Option<&Path> {
        self.all.iter().find(|input| input.source == source && input.target.is_none()).map(|input| input.path.as_path())
    }

    /// The answer of one target of a source.
    pub fn of_target(&self, source: SourceKind, target: &str) -> Option<&Path> {
        let wanted = |input: &&Input| input.source == source && input.target.as_deref() == Some(target);
        self.all.iter().find(wanted).map(|input| input.path.as_path())
    }

    /// The same for a command that takes more of them.
    pub fn widened(&self) -> Inputs {
        Inputs { all: self.all.clone(), takes: PhantomData }
    }

    /// Proves that each names a target that there is. `targets` are those of a source, by name.
    pub fn proven<'t>(&self, targets: impl Fn(SourceKind) -> Vec<&'t str>) -> Result<(), String> {
        for input in &self.all {
            let Some(target) = &input.target else { continue };
            let names = targets(input.source);
            if names.contains(&target.as_str()) {
                continue;
            }
            let (name, source) = (input.name(), input.source);
            if names.is_empty() {
                return Err(tr!("--input {name}: there is no target of {source} in [[targets]]; leave @TARGET out", name, source));
            }
            return Err(tr!("--input {name}: there is no such target; {hint}", name, hint = did_you_mean(target, &names)));
        }
        Ok(())
    }
}

/// Reads `SOURCE[@TARGET]=PATH`.
fn parse(text: &str, sources: &[SourceKind]) -> Result<Input, String> {
    let no_file = || {
        let example = sources.first().map_or("SOURCE", |source| source.name());
        tr!("'{text}' names no file; write for example {example}=answer.json", text, example)
    };
    let (name, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or_else(no_file)?;
    let (name, target) = name.split_once('@').map_or((name, None), |(name, target)| (name, Some(target.to_owned())));
    let source = sources.iter().find(|source| source.name() == name || source.flag == name).ok_or_else(|| {
        let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
        let hint = did_you_mean(name, &names);
        if asked().any(|source| source.name() == name) {
            tr!("this command does not read '{name}'; {hint}", name, hint)
        } else {
            tr!("there is no source '{name}'; {hint}", name, hint)
        }
    })?;
    // There is one PCE, and its target is called so: all of the source is of it.
    let target = target.filter(|target| !(source.is_of_pce() && target == PCE));
    Ok(Input { source: *source, target, path: PathBuf::from(path) })
}

const HELP: &str = "Read a source from a recorded answer instead of the PCE: a file (JSON array or one object per line, \
                    plain or gzip), a folder of --record, or - for standard input. The PCE is not queried then";

/// Adds the flags that give recorded answers of these sources; `older`: also the ones that were there before `--input`.
pub(super) fn with_inputs(command: Command, sources: &[SourceKind], older: bool) -> Command {
    let own = sources.iter().filter(|source| older && OLDER.contains(source));
    let command = own.fold(command, |command, source| {
        let help = format!("The same as --input {}=FILE", source.name());
        command.arg(Arg::new(source.flag).long(source.flag).value_name("FILE").value_parser(clap::value_parser!(PathBuf)).help(help))
    });
    let own: Vec<SourceKind> = sources.to_vec();
    let parser = move |text: &str| parse(text, &own);
    command
        .arg(Arg::new("input").long("input").value_name("SOURCE[@TARGET]=PATH").action(ArgAction::Append).value_parser(parser).help(HELP))
}

/// The recorded answers given by `--input` alone.
pub(super) fn of_input(matches: &ArgMatches) -> Result<Inputs, clap::Error> {
    proven(matches.get_many::<Input>("input").into_iter().flatten().cloned().collect())
}

/// No answer is given twice, and standard input only once.
fn proven<S>(all: Vec<Input>) -> Result<Inputs<S>, clap::Error> {
    let refused = |message: String| clap::Error::raw(ErrorKind::ValueValidation, format!("error: {message}\n"));
    if all.iter().filter(|input| input.path.as_os_str() == "-").count() > 1 {
        return Err(refused(tr!("only one of the recorded answers can be standard input")));
    }
    for (place, input) in all.iter().enumerate() {
        // An answer for all targets and one for a single target would both be its.
        let same = |other: &Input| {
            other.source == input.source && (other.target == input.target || other.target.is_none() || input.target.is_none())
        };
        if all[..place].iter().any(same) {
            return Err(refused(tr!("two recorded answers were given for {name}; give one", name = input.name())));
        }
    }
    Ok(Inputs { all, takes: PhantomData })
}

impl<S: TakesInputs> Args for Inputs<S> {
    fn augment_args(command: Command) -> Command {
        with_inputs(command, &S::sources(), true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: TakesInputs> FromArgMatches for Inputs<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let older = S::sources().into_iter().filter(|source| OLDER.contains(source)).filter_map(|source| {
            let path = matches.get_one::<PathBuf>(source.flag)?;
            Some(Input { source, target: None, path: path.clone() })
        });
        proven(older.chain(matches.get_many::<Input>("input").into_iter().flatten().cloned()).collect())
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

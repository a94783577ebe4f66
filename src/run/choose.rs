//! The rules that take part in a run, and the answers that are given to it.

use super::cycle::{Cycle, Rules};
use super::error::RunError;
use super::recorded::targets_in;
use super::recording::RecordedAnswer;
use crate::cli::input::Input;
use crate::config::TargetConfig;
use crate::domain::glob;
use crate::domain::rule::Rule;
use crate::domain::source::SourceKind;
use crate::sources::{SOURCES, asked};
use std::collections::BTreeSet;

impl Cycle<'_> {
    /// The recorded answer of a source, when it is not to be asked.
    pub(super) fn recording(&self, source: SourceKind) -> Option<RecordedAnswer<'_>> {
        let given = self.given.and_then(|given| given.get(&(source, None)));
        if let Some(given) = given {
            return Some(given.recording());
        }
        self.args.inputs.of(source).map(RecordedAnswer::Path)
    }

    /// The recorded answer of one target of a source.
    pub(super) fn recording_of(&self, source: SourceKind, target: &str) -> Option<RecordedAnswer<'_>> {
        let given = self.given.and_then(|given| given.get(&(source, Some(target.to_owned()))));
        if let Some(given) = given {
            return Some(given.recording());
        }
        self.args.inputs.of_target(source, target).map(RecordedAnswer::Path)
    }

    /// Whether recorded answers were given, so that nobody is asked.
    pub(super) fn is_offline(&self) -> bool {
        self.given.is_some() || !self.args.inputs.is_empty()
    }

    /// Whether what a rule is about is asked for or given in this run. The run itself is always there.
    fn is_read(&self, rule: &Rule) -> bool {
        let mut given = self.args.inputs.iter().filter(|input| input.source == rule.source);
        let is_its = |input: &Input| match &input.target {
            Some(target) => rule.depends_on(target),
            None => self.stands_for(input).iter().any(|target| rule.depends_on(target)),
        };
        rule.source.is_run() || !self.is_offline() || given.any(is_its)
    }

    /// The targets that an answer for a whole source is of: those whose answers lie in a folder, else the only one there is;
    /// where there are several, nobody can say of which.
    fn stands_for(&self, input: &Input) -> Vec<String> {
        let kept = targets_in(&input.path, input.source);
        if !kept.is_empty() {
            return kept;
        }
        vec![sole_target(&self.config.targets, input.source).map_or(input.source.target_type(), |target| &target.name).to_owned()]
    }

    /// Targets of which nothing was given, of sources of which something was, and the kinds that each could tell.
    pub(super) fn not_given(&self) -> Vec<(SourceKind, String, u32)> {
        let mut missing = Vec::new();
        for source in asked().filter(|source| self.recording(*source).is_none()) {
            let targets = self.config.targets.iter().filter(|target| source.is_read_from(target.target_type) && target.enabled);
            let missing_ones = targets.filter(|target| self.is_offline() && self.recording_of(source, &target.name).is_none());
            missing.extend(missing_ones.map(|target| (source, target.name.clone(), source.kinds_of(target.target_type))));
        }
        missing
    }
}

/// The only target of a source.
pub(super) fn sole_target(targets: &[TargetConfig], source: SourceKind) -> Option<&TargetConfig> {
    let mut own = targets.iter().filter(|target| source.is_read_from(target.target_type) && target.enabled);
    own.next().filter(|_| own.next().is_none())
}

/// Sorts the rules out: those that are judged, and those that are not because nothing of their source was given.
pub(super) fn choose<'c>(cycle: &Cycle<'c>) -> Result<Rules<'c>, RunError> {
    let enabled: Vec<&Rule> = cycle.config.rules.iter().filter(|rule| rule.enabled).collect();
    let chosen = named(&enabled, cycle.args.rule.as_deref())?;
    let (selected, not_judged): (Vec<&Rule>, Vec<&Rule>) = chosen.into_iter().partition(|rule| cycle.is_read(rule));
    if cycle.is_offline() && !selected.iter().any(|rule| !rule.source.is_run()) {
        return Err(RunError::Setup(nothing_to_judge(cycle, &not_judged)));
    }
    if cycle.args.rule.is_none() {
        for input in cycle.args.inputs.iter().filter(|input| !selected.iter().any(|rule| rule.source == input.source)) {
            log::warn!("{}", tr!("--input {name}: no enabled rule uses it", name = input.name()));
        }
    }
    Ok(Rules { enabled, selected, not_judged })
}

fn named<'c>(enabled: &[&'c Rule], pattern: Option<&str>) -> Result<Vec<&'c Rule>, RunError> {
    let Some(pattern) = pattern else { return Ok(enabled.to_vec()) };
    let glob = glob::matcher(pattern, false)
        .map_err(|error| RunError::Setup(tr!("--rule '{pattern}' is not a valid pattern: {error}", pattern, error)))?;
    let selected: Vec<&Rule> = enabled.iter().copied().filter(|rule| glob.is_match(&rule.name)).collect();
    if selected.is_empty() {
        let names: Vec<&str> = enabled.iter().map(|rule| rule.name.as_str()).collect();
        return Err(RunError::Setup(tr!(
            "--rule '{pattern}' matches no enabled rule; {hint}",
            pattern,
            hint = crate::settings::reader::which_of(pattern, &names, tr!("`pcemon rules list` shows the names"))
        )));
    }
    Ok(selected)
}

/// Nothing of what was given is of use to any rule: a verdict would be calm without having looked at anything.
fn nothing_to_judge(cycle: &Cycle<'_>, not_judged: &[&Rule]) -> String {
    let given: BTreeSet<&str> = cycle.args.inputs.iter().map(|input| input.source.name()).collect();
    let given = given.into_iter().collect::<Vec<_>>().join(", ");
    let wanted: BTreeSet<&str> = not_judged.iter().map(|rule| rule.source.name()).collect();
    let flags = wanted.iter().map(|source| format!("--input {source}=FILE")).collect::<Vec<_>>().join(", ");
    if flags.is_empty() {
        return tr!("no enabled rule uses the recorded answers ({given})", given);
    }
    tr!("no enabled rule uses the recorded answers ({given}); the rules need {flags}", given, flags)
}

pub(super) fn needed_sources(rules: &Rules<'_>) -> Vec<SourceKind> {
    SOURCES.into_iter().filter(|source| rules.selected.iter().any(|rule| rule.source == *source)).collect()
}

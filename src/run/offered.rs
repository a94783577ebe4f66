//! Sources that a PCE does not offer: a remark where it never did, a failure where it once did.

use super::cycle::Rules;
use crate::domain::fault::Fault;
use crate::domain::report::{RuleState, SourceReport, SourceStatus};
use crate::domain::rule::Rule;
use crate::domain::source::SourceKind;
use crate::domain::text::for_a_shell;
use crate::state::State;

/// States of a rule that say nothing of its source.
const SILENT: [RuleState; 3] = [RuleState::Unknown, RuleState::Disabled, RuleState::NotJudged];

/// Fills in what a state of an older version does not hold: a rule that was once judged had a source.
pub(super) fn recall(state: &mut State, rules: &[&Rule]) {
    if state.last_run.is_none() || !state.offered.is_empty() {
        return;
    }
    for rule in rules.iter().filter(|rule| !rule.source.is_run()) {
        let judged = state.recent.of(&rule.name).any(|stretch| stretch.state().is_none_or(|state| !SILENT.contains(&state)));
        if judged || state.instances.values().any(|instance| instance.rule == rule.name) {
            state.offered.entry(rule.source.target_type().to_owned()).or_default().insert(rule.source.name().to_owned());
        }
    }
}

/// A source that was read before and is not offered now has failed: nobody decided that its rules need not be judged.
pub(super) fn is_missed(state: &State, reports: &mut [SourceReport]) {
    let missed = |report: &&mut SourceReport| report.status == SourceStatus::Unavailable && holds(state, report);
    for report in reports.iter_mut().filter(missed) {
        report.status = SourceStatus::Failed;
        let said = |fault: Fault| fault.said(|why| tr!("it could be read before; {why}", why));
        report.error = report.error.take().map(said);
    }
}

fn holds(state: &State, report: &SourceReport) -> bool {
    state.offered.get(&report.target).is_some_and(|sources| sources.contains(report.source.name()))
}

/// Remembers what was read whole.
pub(super) fn remember(state: &mut State, reports: &[SourceReport]) {
    for report in reports.iter().filter(|report| report.status == SourceStatus::Ok && !report.source.is_run()) {
        state.offered.entry(report.target.clone()).or_default().insert(report.source.name().to_owned());
    }
}

/// Whether there is nothing to judge the rules of this source by, and never was.
pub(super) fn is_not_offered(source: Option<&SourceReport>) -> bool {
    source.is_some_and(|report| report.status == SourceStatus::Unavailable)
}

/// What to do about rules whose source is not offered.
pub(super) fn remarks(reports: &[SourceReport], rules: &Rules<'_>) -> Vec<String> {
    let missing = reports.iter().filter(|report| is_not_offered(Some(report)));
    missing.filter_map(|report| remark(report.source, rules.selected.iter().copied())).collect()
}

/// The remark, with the command that switches the rules off; nothing when there are none.
pub fn remark<'r>(source: SourceKind, rules: impl Iterator<Item = &'r Rule>) -> Option<String> {
    let names: Vec<&str> = rules.filter(|rule| rule.source == source).map(|rule| rule.name.as_str()).collect();
    let said = || {
        trn!(
            "this PCE does not offer {source}: {count} rule is not judged. To disable it: {command}",
            "this PCE does not offer {source}: {count} rules are not judged. To disable them: {command}",
            count = names.len(),
            source = source.localized(),
            command = command(&names)
        )
    };
    (!names.is_empty()).then(said)
}

/// `pcemon rules disable 'A' 'B'`, as a shell reads it.
fn command(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| for_a_shell(name)).collect();
    format!("pcemon rules disable {}", quoted.join(" "))
}

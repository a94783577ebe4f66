//! What is not known yet because nobody has looked for long enough: a rate before the second look, a share before there is
//! enough of its window. It begins no alert and ends none, and is no reason to doubt what else is told.

use crate::domain::estimate::Estimate;
use crate::domain::rule::Rule;
use crate::domain::source::Input;
use crate::domain::text::visible;
use crate::domain::value::{Record, Value};
use crate::judge::share::{ENOUGH, Shown as Shares};

/// What a record adds if there were nothing in what is being learned: of a rate what is certain of it, of a share that
/// nothing failed. What is known it adds as it is.
pub(super) fn besides(rule: &Rule, record: &Record, shares: Option<&Shares>, input: Estimate) -> Option<Estimate> {
    if shares.is_some_and(|shares| shares.is_learning(record.id)) && !record.unseen {
        return Some(Estimate::exact(1.0));
    }
    match rule.metric.row().map(|def| def.input) {
        Some(Input::Number(slot) | Input::Status(slot)) if record.is_learning(slot) => {
            if let Value::Number(number) = record.slot(slot) {
                Some(Estimate::exact(number.low))
            } else {
                None
            }
        }
        _ => Some(input),
    }
}

/// What is said of a record of which something is being learned.
pub(super) fn note(rule: &Rule, record: &Record) -> Option<String> {
    if rule.metric.row().is_some_and(|def| def.input.has_window()) {
        return Some(tr!("learning: judged after half of the window, or {count} samples", count = ENOUGH));
    }
    why_untold(rule, record).map(|why| tr!("learning: {why}", why))
}

/// What a record says of its not telling what is measured.
pub(super) fn why_untold(rule: &Rule, record: &Record) -> Option<String> {
    let (Input::Number(slot) | Input::Status(slot)) = rule.metric.row()?.input else { return None };
    // A number that only lies somewhere between two others is not told, either.
    let is_told = match record.slot(slot) {
        Value::Number(number) => number.is_exact(),
        told => told != &Value::NotTold,
    };
    let is_open = record.is_learning(slot) || !is_told;
    let (_, why) = record.details.iter().find(|(of, _)| *of == slot && is_open)?;
    Some(format!("{}: {}", visible(&record.name), visible(why)))
}

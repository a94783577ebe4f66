//! What is wrong, and what to do about it: every part of a run looked at by itself, in the order in which a run needs it.
//!
//! Nothing is remembered and nothing is sent to a channel. The PCE is asked small questions, and two small traffic
//! queries, which are deleted.

mod channels;
mod findings;
mod local;
mod pce;
mod targets;

pub use findings::{Finding, Subject, Verdict};

use findings::Findings;
use jiff::Timestamp;

/// Looks at everything.
pub fn examine(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let wall = Timestamp::now();
    let now = subject.now.unwrap_or(wall);
    local::config(subject, &mut findings);
    local::state(subject, now, &mut findings);
    if subject.offline {
        findings.skip("pce", "PCE", &tr!("--offline: no connection was made"));
        return findings.0;
    }
    let took = match subject.usable.and_then(|config| config.pce.as_ref().map(|pce| (config, pce))) {
        Some((config, settings)) => pce::examine(subject, config, settings, now, &mut findings),
        None => {
            findings.skip("pce", "PCE", &tr!("the config has no usable [pce]"));
            None
        }
    };
    targets::targets(subject, &mut findings);
    channels::pace(subject, took, &mut findings);
    channels::channels(subject, &mut findings);
    findings.0
}

//! Each target tried once, in the way of its type.

use super::findings::{Findings, Subject};
use crate::domain::text::visible;

pub(super) fn targets(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(config) = subject.usable else { return };
    for target in config.targets.iter().filter(|target| target.enabled) {
        let what = tr!("target {name}", name = visible(&target.name));
        match target.settings.examine() {
            Ok(found) => findings.ok("target", &what, found),
            Err(why) => {
                findings.fail("target", &what, why, &tr!("what the rules say of it will be UNKNOWN or an alert until this is settled"))
            }
        }
    }
}

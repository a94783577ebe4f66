//! A target as the rest of the program asks it.

use super::super::{Ask, Held, Obtained, Settings, Take};
use super::round;
use super::settings::ProbeSettings;
use crate::domain::fault::Fault;

impl Settings for ProbeSettings {
    /// What is remembered of a probe is bound to its address; a target may get and lose some.
    fn identity(&self) -> String {
        "probe".to_owned()
    }

    fn obtain(&self, ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, Fault> {
        let held = round::run(&[self], ask.to).into_iter().next();
        held.map_or_else(|| Ok(Obtained::default()), |held| held.hand_over(take))
    }

    fn together(&self, all: &[&dyn Settings], ask: &Ask) -> Option<Vec<Held>> {
        let own: Option<Vec<&ProbeSettings>> = all.iter().map(|settings| ProbeSettings::of(*settings)).collect();
        Some(round::run(&own?, ask.to))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn examine(&self, _kinds: u32, _now: jiff::Timestamp) -> Result<String, String> {
        round::examine(self)
    }
}

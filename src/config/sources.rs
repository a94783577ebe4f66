//! `[traffic]` and `[events]`: how the two sources are read.

use super::model::{EventSettings, TrafficSettings};
use crate::domain::report::Accounting;
use crate::settings::reader::Reader;
use std::time::Duration;

impl Default for TrafficSettings {
    fn default() -> Self {
        Self {
            lookback: Duration::from_secs(30 * 60),
            accounting: Accounting::Delta,
            max_gap: Duration::from_secs(86_400),
            max_looks: 2_000_000,
            max_new_looks: 1_200_000,
        }
    }
}

impl Default for EventSettings {
    fn default() -> Self {
        Self { lookback: Duration::from_secs(15 * 60) }
    }
}

/// Reads `[traffic]`; what is wrong has been complained about and takes its default.
pub(super) fn read_traffic(mut reader: Reader<'_>) -> TrafficSettings {
    reader.rename("[traffic]");
    let usual = TrafficSettings::default();
    let settings = TrafficSettings {
        lookback: lookback(&mut reader).unwrap_or(usual.lookback),
        accounting: reader
            .choice("accounting", &[("delta", Accounting::Delta), ("as_reported", Accounting::AsReported)])
            .unwrap_or(usual.accounting),
        max_gap: reader.duration("max_gap").map_or(usual.max_gap, |span| span.value),
        max_looks: reader
            .integer("max_looks", 1_000..=100_000_000)
            .and_then(|number| usize::try_from(number.value).ok())
            .unwrap_or(usual.max_looks),
        max_new_looks: reader
            .integer("max_new_looks", 1_000..=100_000_000)
            .and_then(|number| usize::try_from(number.value).ok())
            .unwrap_or(usual.max_new_looks),
    };
    if settings.max_gap < Duration::from_secs(60) {
        let hint = tr!("set it to several times the interval between runs, for example max_gap = \"24h\"");
        reader.error_at(
            "max_gap",
            "`max_gap` in [traffic] is shorter than the pause between any two runs: nothing would ever be counted",
            Some(hint),
        );
    }
    if settings.lookback < Duration::from_secs(10 * 60) {
        let hint = tr!("leave it at 30m; 10m is the least");
        reader.problems().warn(
            reader.span_of("lookback"),
            tr!("`lookback` in [traffic] is shorter than the ten minutes that a PCE takes to show a flow: late flows will be missed"),
            Some(hint),
        );
    }
    reader.finish();
    settings
}

/// Reads `[events]`; what is wrong has been complained about and takes its default.
pub(super) fn read_events(mut reader: Reader<'_>) -> EventSettings {
    reader.rename("[events]");
    let settings = EventSettings { lookback: lookback(&mut reader).unwrap_or(EventSettings::default().lookback) };
    reader.finish();
    settings
}

fn lookback(reader: &mut Reader<'_>) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(7 * 86_400);
    let span = reader.duration("lookback")?;
    if span.value > LONGEST {
        let hint = tr!("it only covers late data; 30m is enough");
        reader.error_at("lookback", tr!("`lookback` in {name} is longer than a week", name = reader.name()), Some(hint));
        return None;
    }
    Some(span.value)
}

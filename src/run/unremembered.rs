//! A run whose state cannot be written: what is critical is said all the same, once to each channel, with the remark that
//! it may come again. Everything else waits for a run that can remember whom it told.

use crate::domain::alert::{AlertState, Parcel, ParcelKind};
use crate::domain::threshold::Severity;
use std::collections::BTreeMap;

/// Leaves one message for each channel: the youngest that tells of something critical, and only that of it.
pub fn only_critical(outbox: &mut Vec<Parcel>) {
    let mut youngest: BTreeMap<String, Parcel> = BTreeMap::new();
    for mut parcel in std::mem::take(outbox).into_iter().filter(|parcel| parcel.given_up.is_none()) {
        if parcel.kind != ParcelKind::Snapshot {
            parcel.alerts.retain(|alert| alert.severity == Severity::Critical && alert.state == AlertState::Firing);
            (parcel.left_out, parcel.counted) = (0, Vec::new());
        }
        if !parcel.alerts.iter().any(|alert| alert.severity == Severity::Critical && alert.state == AlertState::Firing) {
            continue;
        }
        parcel.held_until = None;
        for alert in &mut parcel.alerts {
            alert.summary = tr!("{summary} (not remembered, may come again)", summary = alert.summary);
            let remark = tr!("The state of pcemon cannot be written: this was not remembered and may come again.");
            let description = alert.description.take().filter(|text| !text.is_empty());
            alert.description = Some(description.map_or(remark.clone(), |text| format!("{remark}\n{text}")));
        }
        let place = youngest.get(&parcel.channel);
        if place.is_none_or(|kept| kept.created <= parcel.created) {
            youngest.insert(parcel.channel.clone(), parcel);
        }
    }
    outbox.extend(youngest.into_values());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::test_parcel;
    use crate::domain::alert::PceIdentity;
    use jiff::Timestamp;

    #[test]
    fn one_message_a_channel_about_what_is_critical() {
        let parcel = |channel: &str, severities: &[Severity], second: i64| {
            let mut parcel = test_parcel(channel, PceIdentity::default(), Timestamp::from_second(second).unwrap());
            parcel.kind = ParcelKind::Firing;
            let alert = parcel.alerts[0].clone();
            let of = |severity: &Severity| crate::domain::alert::Alert { severity: *severity, state: AlertState::Firing, ..alert.clone() };
            parcel.alerts = severities.iter().map(of).collect();
            parcel
        };
        let mut outbox = vec![
            parcel("soc", &[Severity::Critical], 1),
            parcel("soc", &[Severity::Critical, Severity::Warning], 2),
            parcel("mail", &[Severity::Warning], 1),
        ];
        only_critical(&mut outbox);
        assert_eq!(outbox.len(), 1);
        assert_eq!((outbox[0].created.as_second(), outbox[0].alerts.len()), (2, 1));
        assert!(outbox[0].alerts[0].summary.ends_with("(not remembered, may come again)"));
    }
}

//! A run whose state cannot be written: what is critical is said all the same, once to each channel, with the remark that
//! it may come again. Everything else waits for a run that can remember whom it told.

use crate::domain::alert::{Notification, NotificationKind};
use crate::domain::entry::AlertState;
use crate::domain::threshold::Severity;
use crate::lang;
use std::collections::BTreeMap;

/// Leaves one message for each channel: the youngest that tells of something critical, and only that of it.
pub fn only_critical(outbox: &mut Vec<Notification>) {
    let mut youngest: BTreeMap<String, Notification> = BTreeMap::new();
    for mut notification in std::mem::take(outbox).into_iter().filter(|notification| notification.given_up.is_none()) {
        if notification.kind != NotificationKind::Snapshot {
            notification.alerts.retain(|alert| alert.severity == Severity::Critical && alert.state == AlertState::Firing);
            (notification.left_out, notification.counted) = (0, Vec::new());
        }
        if !notification.alerts.iter().any(|alert| alert.severity == Severity::Critical && alert.state == AlertState::Firing) {
            continue;
        }
        notification.held_until = None;
        for alert in &mut notification.alerts {
            alert.summary = lang::for_machines(|| tr!("{summary} (not recorded, may be sent again)", summary = alert.summary));
            let remark = tr!("The state of pcemon cannot be written: this alert was not recorded and may be sent again.");
            let description = alert.description.take().filter(|text| !text.is_empty());
            alert.description = Some(description.map_or(remark.clone(), |text| format!("{remark}\n{text}")));
        }
        let place = youngest.get(&notification.channel);
        if place.is_none_or(|kept| kept.created <= notification.created) {
            youngest.insert(notification.channel.clone(), notification);
        }
    }
    outbox.extend(youngest.into_values());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::test_notification;
    use crate::domain::alert::PceIdentity;
    use jiff::Timestamp;

    #[test]
    fn one_message_a_channel_about_what_is_critical() {
        let notification = |channel: &str, severities: &[Severity], second: i64| {
            let mut notification = test_notification(channel, PceIdentity::default(), Timestamp::from_second(second).unwrap());
            notification.kind = NotificationKind::Firing;
            let alert = notification.alerts[0].clone();
            let of = |severity: &Severity| crate::domain::alert::Alert { severity: *severity, state: AlertState::Firing, ..alert.clone() };
            notification.alerts = severities.iter().map(of).collect();
            notification
        };
        let mut outbox = vec![
            notification("soc", &[Severity::Critical], 1),
            notification("soc", &[Severity::Critical, Severity::Warning], 2),
            notification("mail", &[Severity::Warning], 1),
        ];
        only_critical(&mut outbox);
        assert_eq!(outbox.len(), 1);
        assert_eq!((outbox[0].created.as_second(), outbox[0].alerts.len()), (2, 1));
        assert!(outbox[0].alerts[0].summary.ends_with("(not recorded, may be sent again)"));
    }
}

//! A member of a Supercluster only reads: what may not be submitted there belongs to its leader.

use super::error::{ErrorKind, PceError, line as harmless};
use super::exchange::Line;
use super::health;
use serde_json::Value;
use std::time::Duration;

/// Longest time for finding out.
const PATIENCE: Duration = Duration::from_secs(10);

/// The refusal of a submission with the advice that helps, where the PCE is a member.
pub(super) fn explained(line: &Line, error: PceError) -> PceError {
    if error.kind != ErrorKind::Forbidden {
        return error;
    }
    match leader(line) {
        Some(name) => error.hint(tr!("a member of a Supercluster is read-only; set url in [pce] to its leader {name}", name)),
        None => error,
    }
}

/// The leader's name; `None`: this is no member, or nobody says so.
fn leader(line: &Line) -> Option<String> {
    let limit = PATIENCE.min(line.remaining());
    let health = line.get_now(line.api_url("health"), health::LIMIT, limit).ok()?;
    let all = health.as_array()?;
    let text = |cluster: &Value, key: &str| cluster.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let leader = all.iter().find(|cluster| text(cluster, "type") == "leader").map(|cluster| text(cluster, "fqdn"))?;
    let host = line.host();
    let own = all.iter().find(|cluster| text(cluster, "fqdn").eq_ignore_ascii_case(host));
    let is_member = match own {
        Some(own) => text(own, "type") == "member",
        // Behind another name the PCE itself has to say it.
        None => {
            line.get_now(line.api_url("supercluster/leader"), health::LIMIT, limit).is_err_and(|error| error.kind == ErrorKind::NotFound)
        }
    };
    (is_member && !leader.is_empty()).then(|| harmless(&leader))
}

//! What `doctor` says of a cluster: each endpoint with its version and its clock, then what the token may not see of what rules want.

use super::client::{Clock, Endpoint, Token, ask_one};
use super::estate::Quorum;
use super::line::text;
use super::memory::Memory;
use super::rights::{Rights, Sight, missing};
use super::round::{Failed, Scope, View, until, view};
use super::row::kind;
use super::settings::ProxmoxSettings;
use jiff::Timestamp;
use std::time::Instant;

/// The call that tells the version.
const VERSION: &str = "/version";
/// A clock that differs by more makes ages and windows wrong.
const SKEW: f64 = 30.0;

/// Tries every endpoint.
pub(super) fn examine(settings: &ProxmoxSettings, kinds: u32, now: Timestamp) -> Result<String, String> {
    let token = Token::fetch(settings)?;
    let until = until(settings);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for url in &settings.urls {
        let endpoint = Endpoint::of(settings, url, Clock::of(now))?;
        match view(endpoint, &token, until, &Memory::default()) {
            Err(Failed(fault)) => return Err(fault.message),
            Ok(Err(trouble)) => bad.push(trouble.words()),
            Ok(Ok(view)) => {
                let scope = Scope::of(&view);
                for why in lacking(&scope.rights, kinds, &token.name) {
                    if !bad.contains(&why) {
                        bad.push(why);
                    }
                }
                bad.extend(clock(&view.endpoint));
                match found(&view, &scope, &token, until) {
                    Ok(found) => good.push(found),
                    Err(why) => bad.push(why),
                }
            }
        }
    }
    if bad.is_empty() { Ok(good.join(" | ")) } else { Err(bad.into_iter().chain(good).collect::<Vec<_>>().join(" | ")) }
}

/// What an endpoint is, and how much is seen there.
fn found(view: &View<'_>, scope: &Scope, token: &Token, until: Instant) -> Result<String, String> {
    let peer = &view.endpoint.shown;
    let state = match &view.state {
        Quorum::Yes(name) => tr!("cluster {name} has quorum", name),
        Quorum::No(name) => return Err(tr!("{peer} is in a part of cluster {name} without quorum", peer, name)),
        Quorum::Unknown(why) => why.clone(),
        Quorum::Standalone | Quorum::Lost(_) => tr!("a node without a cluster"),
    };
    let count =
        |wanted: &[&str]| scope.resources.iter().filter(|item| text(item, "type").is_some_and(|of| wanted.contains(&of.as_str()))).count();
    let told = ask_one(&view.endpoint, token, (VERSION, view.endpoint.limit()), until);
    let version = told.whole().and_then(|told| text(&told, "version")).unwrap_or_else(|| "?".to_owned());
    Ok(tr!(
        "{peer}: Proxmox VE {version}; {state}; {nodes} nodes, {guests} guests, {storages} storages seen",
        peer,
        version,
        state,
        nodes = count(&["node"]),
        guests = count(&["qemu", "lxc"]),
        storages = count(&["storage"])
    ))
}

/// What is said of a clock that differs.
pub(super) fn clock(endpoint: &Endpoint<'_>) -> Option<String> {
    let skew = endpoint.skew()?;
    let seconds = skew.abs().round();
    match skew {
        _ if seconds <= SKEW => None,
        skew if skew > 0.0 => {
            Some(tr!("{peer}: its clock is {seconds} s ahead (chronyc tracking, there or here)", peer = endpoint.shown, seconds))
        }
        _ => Some(tr!("{peer}: its clock is {seconds} s behind (chronyc tracking, there or here)", peer = endpoint.shown, seconds)),
    }
}

/// The rights that are missing for what rules want.
fn lacking(rights: &Rights, kinds: u32, token: &str) -> Vec<String> {
    let listed = [kind::GUEST, kind::STORAGE, kind::NODE];
    // Without any rule yet: that which most rules are about.
    let kinds = if kinds == 0 { listed.iter().fold(0, |all, kind| all | 1 << kind) } else { kinds };
    let wants = |of: u8| kinds >> of & 1 == 1;
    let mut out: Vec<String> = Vec::new();
    for of in listed.into_iter().filter(|of| wants(*of)) {
        if let Sight::Nothing(why) = rights.sight(of, token) {
            out.push(why);
        }
    }
    let needs: [(&str, &str, &[u8]); 4] = [
        ("Sys.Audit", "/", &[kind::CLUSTER, kind::HA, kind::BACKUP_JOB, kind::QDEVICE, kind::CEPH, kind::POOL]),
        ("Sys.Audit", "/nodes", &[kind::DISK, kind::SERVICE]),
        ("VM.Audit", "/vms", &[kind::REPLICATION]),
        ("Sys.Modify", "/nodes", &[kind::UPDATE]),
    ];
    for (right, path, of) in needs {
        if of.iter().any(|of| wants(*of)) && !rights.has(right, path) {
            out.push(missing(right, path, token));
        }
    }
    let mut seen = Vec::new();
    out.retain(|why| {
        !seen.contains(why) && {
            seen.push(why.clone());
            true
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::*;
    use serde_json::json;
    use serde_json::value::RawValue;

    #[test]
    fn only_what_rules_want_is_missed() {
        let data = json!({ "/": { "VM.Audit": 1, "Datastore.Audit": 1 }, "/nodes": { "Sys.Audit": 1 } });
        let line = Line { status: 200, data: Some(RawValue::from_string(data.to_string()).unwrap()), ..Line::default() };
        let rights = Rights::of(Some(&line));
        let of = |kinds: &[u8]| lacking(&rights, kinds.iter().fold(0, |all, kind| all | 1 << kind), "a@pve!t");
        assert_eq!(of(&[]), Vec::<String>::new());
        assert_eq!(of(&[kind::GUEST, kind::DISK, kind::CERTIFICATE, kind::REPLICATION]), Vec::<String>::new());
        let all = of(&[kind::CEPH, kind::POOL, kind::UPDATE]);
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(
            all[0].contains("Sys.Audit on /: pveum acl modify") && all[1].contains("Sys.Modify on /nodes: pveum acl modify"),
            "{all:?}"
        );
    }
}

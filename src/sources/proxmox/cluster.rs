//! The cluster as such: quorum, and what it could bear.

use super::estate::{Estate, Quorum};
use super::line::{Line, call, num, own, text};
use super::out::{Out, blank, judged, verdict};
use super::row::{kind, slot};
use crate::domain::value::Value;
use serde_json::Value as Json;

pub(super) fn tell(estate: &Estate<'_>, out: &mut Out<'_>) {
    let line = estate.lines.get(call::STATUS);
    let name = match &estate.state {
        Quorum::Standalone => return,
        Quorum::Unknown(why) => {
            let refused = line.is_some_and(|line| line.status == 403);
            out.unseen(kind::CLUSTER, None, &if refused { estate.why(call::STATUS) } else { why.clone() });
            return;
        }
        Quorum::Yes(name) | Quorum::No(name) | Quorum::Lost(name) => name.clone(),
    };
    let mut record = blank(kind::CLUSTER, "cluster");
    record.name.clone_from(&name);
    let (total, online, offline) = nodes(estate);
    let views = views(estate);
    let told = views.map_or_else(String::new, |count| if count > 1 { tr!("partition: {count} views; ", count) } else { String::new() });
    match &estate.state {
        Quorum::Yes(_) => {
            let detail = match offline.is_empty() {
                true => tr!("{online} of {total} nodes online", online, total),
                false => tr!("{online} of {total} nodes online, not {names}", online, total, names = offline.join(", ")),
            };
            judged(&mut record, Value::text("quorate"), verdict(0), format!("{told}{detail}"));
        }
        Quorum::No(_) => {
            let detail = tr!("no quorum at any endpoint that answered: /etc/pve is read-only and nothing can be started");
            judged(&mut record, Value::text("no_quorum"), verdict(2), format!("{told}{detail}"));
        }
        _ => {
            let why = estate.hidden(kind::CLUSTER).unwrap_or_default();
            judged(&mut record, Value::text("unknown"), Value::NotTold, why.clone());
            record.details = vec![(slot::VOTES_MARGIN, why)];
            out.put(record);
            return;
        }
    }
    let quorate = matches!(estate.state, Quorum::Yes(_));
    record.set(slot::NODES, Value::number(Some(total as f64)));
    record.set(slot::VIEWS, Value::number(views.map(|count| count as f64)));
    if quorate {
        record.set(slot::ONLINE, Value::number(Some(online as f64)));
        match margin(estate) {
            Ok(margin) => record.set(slot::VOTES_MARGIN, Value::number(Some(margin))),
            Err(why) => record.details = vec![(slot::VOTES_MARGIN, why)],
        }
        memory(estate, &mut record);
    }
    out.put(record);
}

/// Nodes, how many of them are online, and the names of the others.
fn nodes(estate: &Estate<'_>) -> (usize, usize, Vec<String>) {
    let online = estate.nodes.values().filter(|seen| seen.online == Some(true)).count();
    let offline = estate.nodes.iter().filter(|(_, seen)| seen.online != Some(true)).map(|(name, _)| name.clone());
    (estate.nodes.len(), online, offline.collect())
}

/// How many different opinions of who is online the endpoints had that were asked.
fn views(estate: &Estate<'_>) -> Option<usize> {
    let items = estate.lines.get(own::VIEWS).and_then(Line::items)?;
    let mut all: Vec<String> =
        items.into_iter().filter_map(super::super::json_of).filter_map(|view| Some(view.get("online")?.to_string())).collect();
    all.sort();
    all.dedup();
    Some(all.len()).filter(|count| *count > 0)
}

/// Votes that can be lost, or why that is not known. A device adds its own where it is connected.
fn margin(estate: &Estate<'_>) -> Result<f64, String> {
    let device = estate.lines.get(call::QDEVICE).and_then(Line::whole).ok_or_else(|| estate.why(call::QDEVICE))?;
    let (more, there) = match text(&device, "State") {
        None if device.as_object().is_some_and(serde_json::Map::is_empty) => (0.0, 0.0),
        None => return Err(tr!("{call} does not say whether the device is there", call = call::QDEVICE)),
        Some(state) => (1.0, f64::from(u8::from(state == "Connected"))),
    };
    let items = estate.lines.get(call::VOTES).and_then(Line::items).ok_or_else(|| estate.why(call::VOTES))?;
    let items: Vec<Json> = items.into_iter().filter_map(super::super::json_of).collect();
    let votes = |name: &str| {
        let item = items.iter().find(|item| text(item, "node").or_else(|| text(item, "name")).as_deref() == Some(name))?;
        if item.get("quorum_votes").is_none() { Some(1.0) } else { num(item, "quorum_votes") }
    };
    let (mut all, mut online) = (more, there);
    for (name, seen) in &estate.nodes {
        let (Some(votes), Some(is_online)) = (votes(name), seen.online) else {
            return Err(tr!("the votes of node {name} are not told", name));
        };
        all += votes;
        online += if is_online { votes } else { 0.0 };
    }
    Ok(online - ((all / 2.0).floor() + 1.0))
}

/// Whether the guests of any one node would find place on the others.
fn memory(estate: &Estate<'_>, record: &mut crate::domain::value::Record) {
    let online: Vec<&Json> = estate.items("node").iter().filter(|item| text(item, "status").as_deref() == Some("online")).collect();
    let free: Option<Vec<(String, f64, f64)>> = online
        .iter()
        .map(|item| {
            let whole = num(item, "maxmem").filter(|whole| *whole > 0.0)?;
            Some((text(item, "node")?, whole, (whole - num(item, "mem")?).max(0.0)))
        })
        .collect();
    let Some(free) = free.filter(|free| !free.is_empty()) else { return };
    let spare: f64 = free.iter().map(|(_, _, free)| free).sum();
    record.set(slot::SPARE_MEMORY, Value::number(Some(spare)));
    // Only who sees all guests can add them up.
    if estate.hidden(kind::GUEST).is_some()
        || estate.rights.sight(kind::GUEST, "") != super::rights::Sight::Whole
        || estate.nodes.values().any(|seen| seen.silent)
    {
        return;
    }
    let guests = || estate.items("qemu").iter().chain(estate.items("lxc"));
    let running = || guests().filter(|item| text(item, "status").as_deref() == Some("running"));
    let promised: Option<f64> = running().map(|item| num(item, "maxmem")).sum();
    let whole: f64 = free.iter().map(|(_, whole, _)| whole).sum();
    record.set(slot::OVERCOMMIT, Value::number(promised.map(|promised| promised / whole)));
    if free.len() < 2 {
        return;
    }
    let worst = free.iter().map(|(node, _, own)| {
        let used: Option<f64> = running().filter(|item| text(item, "node").as_deref() == Some(node)).map(|item| num(item, "mem")).sum();
        let others = spare - own;
        used.map(|used| if used <= 0.0 { 0.0 } else { used / others.max(1.0) })
    });
    let worst: Option<Vec<f64>> = worst.collect();
    record.set(slot::N_PLUS_1, Value::number(worst.map(|all| all.into_iter().fold(0.0, f64::max))));
}

//! One look at the tasks of a target: the index of each node, as far back as windows reach and the run before did not.

use super::super::super::json_of;
use super::super::super::{Ask, Obtained, Take};
use super::super::client::{Clock, Endpoint, Token, Trouble, each};
use super::super::index;
use super::super::line::{Line, call, own, text};
use super::super::memory::Memory as Estate;
use super::super::rights::missing;
use super::super::round::{Chosen, Scope, choose, is_path, until, whole};
use super::super::settings::ProxmoxSettings;
use super::memory::Memory;
use crate::domain::fault::{Fault, Party};
use crate::domain::time::before;
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::time::Instant;

/// A node whose index is read.
struct Job {
    node: String,
    /// Windows reach back to here; `None`: everything is wanted.
    from: Option<Timestamp>,
    /// What the run before does not know lies further back.
    deep: bool,
}

/// The pages of the index of a node.
fn pages(endpoint: &Endpoint<'_>, token: &Token, job: &Job, memory: &Memory, until: Instant) -> Vec<Line> {
    let known = memory.of_node(&job.node);
    let wanted = index::Wanted {
        node: &job.node,
        since: job.from.map(|from| before(from, index::MARGIN)),
        from: job.from,
        is_known: &|upid| known.contains(upid),
        deep: job.deep,
    };
    index::ask(endpoint, token, &wanted, until)
}

/// Looks at a target.
pub(in super::super) fn run(settings: &ProxmoxSettings, ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, Fault> {
    let token = Token::fetch(settings).map_err(|why| Fault::of(Party::Config, format!("{}: {why}", settings.name)))?;
    let until = until(settings);
    let remembered = settings.memory();
    let memory = Memory::read(remembered.as_deref());
    let before = Estate { cluster: memory.cluster.clone(), ..Estate::default() };
    let Chosen { view, troubles, .. } = choose(settings, &token, Clock::of(ask.to), until, &before)?;
    let from = Some(ask.from).filter(|from| *from < ask.to);
    let mut jobs = Vec::new();
    let mut lacking: BTreeSet<String> = BTreeSet::new();
    let scope = Scope::of(&view);
    for (node, online) in &scope.nodes {
        let path = format!("/nodes/{node}");
        if !is_path(&path) {
            continue;
        }
        if !online {
            lacking.insert(index::offline(node));
        } else if scope.rights.has("Sys.Audit", &path) {
            let known = memory.nodes.get(node);
            let reaches = known.is_some_and(|known| known.from.zip(from).is_some_and(|(own, from)| own <= from));
            let tried = known.is_some_and(|known| known.tried.zip(from).is_some_and(|(tried, from)| tried <= from));
            jobs.push(Job { node: node.clone(), from, deep: !(reaches || tried) });
        } else {
            // Of tasks of others nothing would be told: what came would look like calm.
            lacking.insert(missing("Sys.Audit", &path, &token.name));
        }
    }
    if scope.nodes.is_empty() {
        lacking.insert(tr!("no node is known"));
    }
    let read: Vec<Line> = each(&jobs, &|job: &Job| pages(&view.endpoint, &token, job, &memory, until)).into_iter().flatten().collect();
    lacking.extend(read.iter().filter(|line| line.told().is_none()).map(Line::why));
    lacking.extend(troubles.into_iter().filter_map(|trouble| match trouble {
        Trouble::Distrusted(why) => Some(why),
        _ => None,
    }));
    let told = json!({ "token": token.name, "endpoint": view.endpoint.shown, "from": from });
    let mut lines = vec![whole(own::ASKED, ask.to, &told)];
    if let Some(data) = remembered.and_then(|text| RawValue::from_string(text).ok()) {
        lines.push(Line { call: own::MEMORY.to_owned(), at: Some(ask.to), status: 200, data: Some(data), ..Line::default() });
    }
    let queries = u32::try_from(view.lines.len() + read.len()).unwrap_or(u32::MAX);
    lines.extend(view.lines.into_iter().map(brief));
    lines.extend(read);
    let text: String = lines.iter().map(Line::text).collect();
    take("proxmox_tasks.ndjson", &mut text.as_bytes()).map_err(|error| Fault::of(Party::Target, format!("{}: {error}", settings.name)))?;
    let count = lacking.len();
    let mut missing: Vec<String> = lacking.into_iter().take(5).collect();
    if count > missing.len() {
        missing.push(tr!("and {count} more", count = count - missing.len()));
    }
    Ok(Obtained { queries, bytes: text.len() as u64, missing: (count > 0).then(|| missing.join("; ")), ..Obtained::default() })
}

/// Of the list of resources only the names of nodes and guests matter here.
fn brief(line: Line) -> Line {
    if line.call != call::RESOURCES {
        return line;
    }
    let Some(items) = line.items() else { return line };
    let items: Vec<Json> = items
        .into_iter()
        .filter_map(json_of)
        .filter_map(|item| {
            let of = text(&item, "type")?;
            let keys: &[&str] = match of.as_str() {
                "node" => &["type", "node", "status"],
                "qemu" | "lxc" => &["type", "vmid", "name"],
                _ => return None,
            };
            let kept = keys.iter().filter_map(|key| Some(((*key).to_owned(), item.get(*key)?.clone())));
            Some(Json::Object(kept.collect()))
        })
        .collect();
    Line { data: RawValue::from_string(Json::Array(items).to_string()).ok(), ..line }
}

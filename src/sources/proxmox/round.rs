//! One look at a target: which endpoint is asked, what it is asked for, and what was obtained.
//!
//! The first endpoint whose node sees a quorum is judged. A wrong token is wrong everywhere, and is tried once. What is
//! asked beyond the three calls for the whole cluster is what some rule needs.

use super::super::{Ask, Obtained, Take};
use super::backups;
use super::client::{Clock, Endpoint, Token, Trouble, ask_one, each};
use super::estate::{Quorum, Seen, is_alone, local, members, quorum};
use super::guest::{at_work, is_held};
use super::line::{Line, call, own, text};
use super::memory::Memory;
use super::rights::{Rights, Sight, missing, name};
use super::row::{kind, slot};
use super::settings::ProxmoxSettings;
use super::wide::{OF_CLUSTER, OF_NODES};
use crate::domain::fault::{Fault, Party};
use crate::process::patience;
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Storages are mounted while they are looked at, disks are woken.
const SLOW: Duration = Duration::from_secs(60);
/// Guests whose tasks are looked at in one run.
const MOST_STOPPED: usize = 50;

/// What the first calls of an endpoint gave.
pub(super) struct View<'s> {
    pub endpoint: Endpoint<'s>,
    pub lines: Vec<Line>,
    pub state: Quorum,
    nodes: BTreeMap<String, Seen>,
}

/// Why no endpoint gave a view.
pub(super) struct Failed(pub Fault);

pub(super) fn line_of<'l>(lines: &'l [Line], path: &str) -> Option<&'l Line> {
    lines.iter().find(|line| line.call == path)
}

/// Why nothing is had with a token.
pub(super) fn refused(endpoint: &Endpoint<'_>, token: &Token) -> Fault {
    Fault::of(
        Party::Target,
        tr!(
            "{peer} refuses the token {name} (401): it is wrong, expired, or its user is disabled",
            peer = endpoint.shown,
            name = token.name
        ),
    )
}

/// The three calls that tell of the whole cluster.
pub(super) fn view<'s>(
    endpoint: Endpoint<'s>,
    token: &Token,
    until: Instant,
    before: &Memory,
) -> Result<Result<View<'s>, Trouble>, Failed> {
    let limit = endpoint.limit();
    let mut lines = Vec::new();
    for path in [call::PERMISSIONS, call::STATUS, call::RESOURCES] {
        let line = match endpoint.get(token, path, limit, until) {
            Ok(line) => line,
            Err(trouble) => return Ok(Err(trouble)),
        };
        match line.status {
            401 => {
                // The same token would be wrong at every other endpoint, and each refusal counts against it.
                return Err(Failed(refused(&endpoint, token)));
            }
            500.. => return Ok(Err(Trouble::Lost(tr!("{peer}: {why}", peer = endpoint.shown, why = line.why())))),
            _ => lines.push(line),
        }
    }
    let status = line_of(&lines, call::STATUS);
    let (state, nodes) = (quorum(status, before.cluster.as_deref()), members(status));
    Ok(Ok(View { endpoint, lines, state, nodes }))
}

/// What is known when the endpoints were asked.
pub(super) struct Chosen<'s> {
    pub view: View<'s>,
    /// What each endpoint thinks: its name, whether it has quorum, and who is online.
    views: Vec<Json>,
    /// Endpoints that gave nothing, each with its reason.
    pub troubles: Vec<Trouble>,
}

pub(super) fn choose<'s>(
    settings: &'s ProxmoxSettings,
    token: &Token,
    clock: Clock,
    until: Instant,
    before: &Memory,
) -> Result<Chosen<'s>, Fault> {
    let mut troubles: Vec<Trouble> = Vec::new();
    let mut views = Vec::new();
    let mut second: Option<View<'s>> = None;
    for url in &settings.urls {
        let endpoint = Endpoint::of(settings, url, clock).map_err(|why| Fault::of(Party::Config, format!("{}: {why}", settings.name)))?;
        let seen = match view(endpoint, token, until, before) {
            Ok(Ok(seen)) => seen,
            Ok(Err(trouble)) => {
                log::info!("{}: {}", settings.name, trouble.words());
                troubles.push(trouble);
                continue;
            }
            Err(Failed(fault)) => return Err(fault),
        };
        let online: BTreeSet<&String> = seen.nodes.iter().filter(|(_, node)| node.online == Some(true)).map(|(name, _)| name).collect();
        let word = match &seen.state {
            Quorum::Yes(_) => "quorate",
            Quorum::No(_) => "no_quorum",
            Quorum::Lost(_) => "lost",
            Quorum::Standalone => "standalone",
            Quorum::Unknown(_) => "unknown",
        };
        match &seen.state {
            Quorum::Yes(_) | Quorum::No(_) => views.push(json!({ "endpoint": seen.endpoint.shown, "state": word, "online": online })),
            Quorum::Lost(name) => {
                let node = local(&seen.nodes);
                views.push(json!({ "endpoint": seen.endpoint.shown, "state": word, "node": node }));
                troubles.push(Trouble::Alone(is_alone(node, name)));
            }
            _ => {}
        }
        match seen.state {
            Quorum::No(_) => {
                // A quorum elsewhere is believed before this.
                if !second.as_ref().is_some_and(|second| matches!(second.state, Quorum::No(_))) {
                    second = Some(seen);
                }
            }
            Quorum::Lost(_) => second = second.or(Some(seen)),
            _ => return Ok(Chosen { view: seen, views, troubles }),
        }
    }
    if let Some(view) = second {
        return Ok(Chosen { view, views, troubles });
    }
    let late = troubles.iter().all(|trouble| *trouble == Trouble::NoTime);
    let why: Vec<String> = troubles.iter().map(Trouble::words).collect();
    Err(Fault::of(if late { Party::Program } else { Party::Network }, why.join("; ")))
}

/// One more question.
struct Job {
    path: String,
    limit: Duration,
}

/// What else is to be asked, the quick ones first.
fn plan(settings: &ProxmoxSettings, (view, scope): (&View<'_>, &Scope), ask: &Ask, before: &Memory) -> Vec<Job> {
    let wants = |of: u8| ask.kinds >> of & 1 == 1;
    let reads = |of: u8, slot: u8| wants(of) && ask.fields >> slot & 1 == 1;
    let job =
        |path: String, slow: bool| Job { path, limit: if slow { SLOW.max(settings.request_timeout) } else { settings.request_timeout } };
    let mut jobs = Vec::new();
    for (of, path) in OF_CLUSTER {
        let also = match of {
            kind::BACKUP_JOB => reads(kind::GUEST, slot::UNPROTECTED),
            kind::QDEVICE => reads(kind::CLUSTER, slot::VOTES_MARGIN),
            _ => false,
        };
        let pointless = of == kind::QDEVICE && view.state == Quorum::Standalone;
        if (wants(of) || also) && !pointless {
            jobs.push(job(path.to_owned(), false));
        }
    }
    if reads(kind::CLUSTER, slot::VOTES_MARGIN) && view.state != Quorum::Standalone {
        jobs.push(job(call::VOTES.to_owned(), false));
    }
    for (of, path) in OF_NODES.iter().filter(|(of, _)| wants(*of)) {
        let slow = matches!(*of, kind::DISK | kind::POOL);
        jobs.extend(scope.online().map(|node| job(format!("/nodes/{node}/{path}"), slow)));
    }
    let of_status = [slot::LOAD, slot::IOWAIT, slot::SWAP, slot::VERSION];
    if ask.second && of_status.into_iter().any(|slot| reads(kind::NODE, slot)) {
        jobs.extend(scope.online().map(|node| job(format!("/nodes/{node}/status"), false)));
    }
    if wants(kind::GUEST) {
        let asked = stopped(&scope.resources, before).into_iter().filter(|(node, _)| scope.is_online(node));
        jobs.extend(asked.map(|(_, path)| job(path, false)));
    }
    if wants(kind::STORAGE) {
        // A storage that a node says nothing of is asked for there: that mounts it, and may take its time.
        let silent =
            |item: &&Json| text(item, "type").as_deref() == Some("storage") && text(item, "status").as_deref() != Some("available");
        let asked: BTreeSet<String> = scope.resources.iter().filter(silent).filter_map(|item| text(item, "node")).collect();
        let asked = asked.into_iter().filter(|node| scope.is_online(node));
        jobs.extend(asked.map(|node| job(format!("/nodes/{node}/storage"), true)));
    }
    jobs.retain(|job| is_path(&job.path));
    jobs.sort_by_key(|job| job.limit);
    jobs
}

/// Whether some rule asks when guests were backed up last.
fn wants_backups(ask: &Ask) -> bool {
    ask.second && ask.kinds >> kind::GUEST & 1 == 1 && ask.fields >> slot::BACKUP_AGE & 1 == 1
}

/// What a peer called a node becomes part of a path only where it can be nothing else.
pub(super) fn is_path(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '?' | '=' | '&')) && !path.contains("..")
}

/// What an endpoint's first answers say of what can be asked further.
pub(super) struct Scope {
    pub rights: Rights,
    pub resources: Vec<Json>,
    /// Nodes, and whether they are online.
    pub nodes: BTreeMap<String, bool>,
}

impl Scope {
    pub fn of(view: &View<'_>) -> Scope {
        let items = line_of(&view.lines, call::RESOURCES).and_then(Line::items).unwrap_or_default();
        let resources: Vec<Json> = items.into_iter().filter_map(super::super::json_of).collect();
        let nodes = nodes(view, &resources);
        Scope { rights: Rights::of(line_of(&view.lines, call::PERMISSIONS)), resources, nodes }
    }

    fn is_online(&self, node: &str) -> bool {
        self.nodes.get(node) == Some(&true)
    }

    /// The nodes that can be asked.
    fn online(&self) -> impl Iterator<Item = &String> {
        self.nodes.iter().filter(|(_, online)| **online).map(|(name, _)| name)
    }

    /// Those whose tasks can be read whole.
    fn with_tasks(&self) -> Vec<&str> {
        let may = |node: &&String| is_path(node) && self.rights.has("Sys.Audit", &format!("/nodes/{node}"));
        self.online().filter(may).map(String::as_str).collect()
    }
}

/// Nodes, and whether they are online. A node without quorum knows only of itself.
fn nodes(view: &View<'_>, resources: &[Json]) -> BTreeMap<String, bool> {
    if matches!(view.state, Quorum::Lost(_)) {
        return BTreeMap::new();
    }
    let mut out: BTreeMap<String, bool> = BTreeMap::new();
    for item in resources.iter().filter(|item| text(item, "type").as_deref() == Some("node")) {
        out.extend(text(item, "node").map(|name| (name, text(item, "status").as_deref() == Some("online"))));
    }
    for (name, seen) in &view.nodes {
        let believed = seen.local || !matches!(view.state, Quorum::No(_));
        out.insert(name.clone(), believed && seen.online == Some(true));
    }
    out
}

/// The tasks of guests that ran and do not run any more, with their nodes: whether somebody stopped them, or is at work on them.
fn stopped(resources: &[Json], before: &Memory) -> BTreeSet<(String, String)> {
    let mut out = BTreeSet::new();
    let mut guests = 0;
    for item in resources.iter().filter(|item| matches!(text(item, "type").as_deref(), Some("qemu" | "lxc"))) {
        let (Some(vmid), Some(node)) = (text(item, "vmid"), text(item, "node")) else { continue };
        let wanted = before.guests.get(&vmid).is_some_and(|known| known.wanted);
        let status = text(item, "status");
        if wanted && status.as_deref() == Some("stopped") && guests < MOST_STOPPED {
            guests += 1;
            out.insert((node.clone(), format!("/nodes/{node}/tasks?vmid={vmid}")));
            out.insert((node.clone(), format!("/nodes/{node}/tasks?typefilter=stopall")));
        }
        if wanted && is_held(status.as_deref(), text(item, "lock").as_deref()).is_some() {
            out.insert((node.clone(), at_work(&node)));
        }
    }
    out
}

/// Asks, up to three at the same time.
fn ask_all(endpoint: &Endpoint<'_>, token: &Token, jobs: &[Job], until: Instant) -> Vec<Line> {
    each(jobs, &|job: &Job| ask_one(endpoint, token, (&job.path, job.limit), until))
}

pub(super) fn until(settings: &ProxmoxSettings) -> Instant {
    Instant::now() + patience::left().map_or(settings.timeout, |left| left.min(settings.timeout))
}

pub(super) fn whole(name: &str, at: Timestamp, data: &Json) -> Line {
    Line { call: name.to_owned(), at: Some(at), status: 200, data: RawValue::from_string(data.to_string()).ok(), ..Line::default() }
}

/// Looks at a target.
pub(super) fn run(settings: &ProxmoxSettings, ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, Fault> {
    let token = Token::fetch(settings).map_err(|why| Fault::of(Party::Config, format!("{}: {why}", settings.name)))?;
    let until = until(settings);
    let remembered = settings.memory();
    let memory = Memory::read(remembered.as_deref());
    let Chosen { view, views, troubles } = choose(settings, &token, Clock::of(ask.to), until, &memory)?;
    let scope = Scope::of(&view);
    let jobs = plan(settings, (&view, &scope), ask, &memory);
    let mut more = ask_all(&view.endpoint, &token, &jobs, until);
    if wants_backups(ask) {
        more.extend(backups::ask(&view.endpoint, &token, &scope.with_tasks(), &memory, until));
    }
    let told = json!({ "token": token.name, "expect_nodes": settings.expect_nodes, "endpoint": view.endpoint.shown });
    let mut lines = vec![whole(own::ASKED, ask.to, &told), whole(own::VIEWS, ask.to, &Json::Array(views))];
    if let Some(data) = remembered.and_then(|text| RawValue::from_string(text).ok()) {
        lines.push(Line { call: own::MEMORY.to_owned(), at: Some(ask.to), status: 200, data: Some(data), ..Line::default() });
    }
    let missing = lacking((&view, &scope.rights), &more, &token, ask, &troubles);
    let asked: Vec<Line> = view.lines.into_iter().chain(more).collect();
    hand_over(settings, &lines, &asked, &missing, take)
}

/// Hands over what was asked for, behind the lines that say how.
pub(super) fn hand_over(
    settings: &ProxmoxSettings,
    how: &[Line],
    asked: &[Line],
    missing: &[String],
    take: &mut Take<'_>,
) -> Result<Obtained, Fault> {
    let text: String = how.iter().chain(asked).map(Line::text).collect();
    take("proxmox.ndjson", &mut text.as_bytes()).map_err(|error| Fault::of(Party::Target, format!("{}: {error}", settings.name)))?;
    let queries = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    Ok(Obtained { queries, bytes: text.len() as u64, missing: (!missing.is_empty()).then(|| missing.join("; ")), ..Obtained::default() })
}

/// What of all that was asked for is not told, for people.
fn lacking((view, rights): (&View<'_>, &Rights), more: &[Line], token: &Token, ask: &Ask, troubles: &[Trouble]) -> Vec<String> {
    let mut out: Vec<String> = troubles
        .iter()
        .filter_map(|trouble| match trouble {
            Trouble::Distrusted(why) => Some(why.clone()),
            Trouble::Alone(why) if !matches!(view.state, Quorum::Lost(_)) => Some(why.clone()),
            _ => None,
        })
        .collect();
    if rights.are_none() {
        out.push(tr!(
            "the token {name} has no rights at all: {advice}",
            name = token.name,
            advice = missing("VM.Audit", "/vms", &token.name)
        ));
        return out;
    }
    for of in [kind::GUEST, kind::STORAGE, kind::NODE] {
        if ask.kinds >> of & 1 == 1
            && let Sight::Nothing(why) = rights.sight(of, &token.name)
        {
            out.push(tr!("kind {kind}: {why}", kind = name(of), why));
        }
    }
    if ask.kinds >> kind::CLUSTER & 1 == 1
        && let Some(line) = line_of(&view.lines, call::STATUS).filter(|line| line.status == 403)
    {
        let why = super::rights::of_call(&line.call, &token.name).unwrap_or_else(|| line.why());
        out.push(tr!("kind {kind}: {why}", kind = name(kind::CLUSTER), why));
    }
    let refused: BTreeSet<String> =
        more.iter()
            .filter(|line| line.told().is_none() && !matches!(line.status, 500 | 501))
            .map(|line| {
                if line.status == 403 { super::rights::of_call(&line.call, &token.name).unwrap_or_else(|| line.why()) } else { line.why() }
            })
            .collect();
    let count = refused.len();
    out.extend(refused.into_iter().take(5));
    if count > 5 {
        out.push(tr!("and {count} more", count = count - 5));
    }
    out
}

//! One look at a backup server: the first endpoint that answers is asked.

use super::super::super::{Ask, Obtained, Take};
use super::super::client::{Clock, Endpoint, Token, Trouble, ask_one, each};
use super::super::line::{Line, call, own, text};
use super::super::rights::{Rights, Sight, missing, name};
use super::super::round::{hand_over, is_path, line_of, refused, until, whole};
use super::super::row::{kind, slot};
use super::super::settings::ProxmoxSettings;
use super::server::{GARBAGE, STORES, USAGE, VERIFY, VERSION, namespaces_of, of_namespace};
use crate::domain::fault::{Fault, Party};
use jiff::Timestamp;
use serde_json::Value as Json;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::time::Instant;

/// Namespaces whose backups are listed in one run.
const MOST: usize = 500;

/// What the first calls gave.
struct View<'s> {
    endpoint: Endpoint<'s>,
    lines: Vec<Line>,
}

fn choose<'s>(settings: &'s ProxmoxSettings, token: &Token, clock: Clock, until: Instant) -> Result<(View<'s>, Vec<Trouble>), Fault> {
    let mut troubles = Vec::new();
    for url in &settings.urls {
        let endpoint = Endpoint::of(settings, url, clock).map_err(|why| Fault::of(Party::Config, format!("{}: {why}", settings.name)))?;
        match view(endpoint, token, until)? {
            Ok(view) => return Ok((view, troubles)),
            Err(trouble) => {
                log::info!("{}: {}", settings.name, trouble.words());
                troubles.push(trouble);
            }
        }
    }
    let late = troubles.iter().all(|trouble| *trouble == Trouble::NoTime);
    let why: Vec<String> = troubles.iter().map(Trouble::words).collect();
    Err(Fault::of(if late { Party::Program } else { Party::Network }, why.join("; ")))
}

/// The calls that tell of the whole server.
fn view<'s>(endpoint: Endpoint<'s>, token: &Token, until: Instant) -> Result<Result<View<'s>, Trouble>, Fault> {
    let limit = endpoint.limit();
    let mut lines = Vec::new();
    for path in [call::PERMISSIONS, USAGE, STORES] {
        let line = match endpoint.get(token, path, limit, until) {
            Ok(line) => line,
            Err(trouble) => return Ok(Err(trouble)),
        };
        match line.status {
            // The same token would be wrong at every other endpoint, and each refusal counts against it.
            401 => return Err(refused(&endpoint, token)),
            500.. => return Ok(Err(Trouble::Lost(tr!("{peer}: {why}", peer = endpoint.shown, why = line.why())))),
            _ => lines.push(line),
        }
    }
    Ok(Ok(View { endpoint, lines }))
}

/// The datastores that can be asked for their backups.
fn stores(view: &View<'_>, rights: &Rights) -> Vec<String> {
    let items = line_of(&view.lines, USAGE).and_then(Line::items).unwrap_or_default();
    let items = items.into_iter().filter_map(super::super::super::json_of).filter(|item| text(item, "error").is_none());
    let names = items.filter_map(|item| text(&item, "store"));
    names.filter(|name| is_path(name) && rights.has("Datastore.Audit", &format!("/datastore/{name}"))).collect()
}

/// Asks for the groups of each namespace, and for their backups where somebody wants to know whether they are good.
fn backups(view: &View<'_>, token: &Token, rights: &Rights, ask: &Ask, until: Instant) -> Vec<Line> {
    let limit = view.endpoint.limit();
    let get = |path: &String| ask_one(&view.endpoint, token, (path, limit), until);
    let stores = stores(view, rights);
    let mut out = each(&stores.iter().map(|store| namespaces_of(store)).collect::<Vec<_>>(), &get);
    let proves = [slot::VERDICT, slot::STATUS, slot::VERIFY_AGE].into_iter().any(|slot| ask.fields >> slot & 1 == 1);
    let mut paths = Vec::new();
    for (store, line) in stores.iter().zip(&out) {
        let listed = line.items().into_iter().flatten().filter_map(super::super::super::json_of);
        let mut names: Vec<String> = listed.map(|item| text(&item, "ns").unwrap_or_default()).collect();
        if matches!(line.status, 404 | 501) {
            names.push(String::new());
        }
        for namespace in names.iter().filter(|namespace| is_path(namespace)) {
            paths.push(of_namespace(store, "groups", namespace));
            paths.extend(proves.then(|| of_namespace(store, "snapshots", namespace)));
        }
    }
    paths.truncate(2 * MOST);
    if proves && !paths.is_empty() {
        out.push(get(&VERIFY.to_owned()));
    }
    out.extend(each(&paths, &get).into_iter().map(brief));
    out
}

/// Of a backup only its name, its time and its verification matter.
fn brief(line: Line) -> Line {
    if !line.call.contains("/snapshots") {
        return line;
    }
    let Some(items) = line.items() else { return line };
    let kept = items.into_iter().filter_map(super::super::super::json_of).map(|item| {
        let keys = ["backup-type", "backup-id", "backup-time", "verification"];
        Json::Object(keys.into_iter().filter_map(|key| Some((key.to_owned(), item.get(key)?.clone()))).collect())
    });
    Line { data: RawValue::from_string(Json::Array(kept.collect()).to_string()).ok(), ..line }
}

/// Looks at a target.
pub(in super::super) fn run(settings: &ProxmoxSettings, ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, Fault> {
    let token = Token::fetch(settings).map_err(|why| Fault::of(Party::Config, format!("{}: {why}", settings.name)))?;
    let until = until(settings);
    let (view, troubles) = choose(settings, &token, Clock::of(ask.to), until)?;
    let rights = Rights::of(line_of(&view.lines, call::PERMISSIONS));
    let wants = |of: u8| ask.kinds >> of & 1 == 1;
    let mut more = Vec::new();
    if wants(kind::DATASTORE) && ask.fields >> slot::GC_AGE & 1 == 1 {
        more.push(ask_one(&view.endpoint, &token, (GARBAGE, view.endpoint.limit()), until));
    }
    if wants(kind::BACKUP) {
        more.extend(backups(&view, &token, &rights, ask, until));
    }
    let mut missing: Vec<String> = troubles
        .into_iter()
        .filter_map(|trouble| match trouble {
            Trouble::Distrusted(why) => Some(why),
            _ => None,
        })
        .collect();
    missing.extend(lacking(&rights, &view.lines, &more, &token));
    let told = json!({ "type": "pbs", "token": token.name, "endpoint": view.endpoint.shown });
    let mut lines = vec![whole(own::ASKED, ask.to, &told)];
    if let Some(data) = settings.memory().and_then(|text| RawValue::from_string(text).ok()) {
        lines.push(Line { call: own::MEMORY.to_owned(), at: Some(ask.to), status: 200, data: Some(data), ..Line::default() });
    }
    let asked: Vec<Line> = view.lines.into_iter().chain(more).collect();
    hand_over(settings, &lines, &asked, &missing, take)
}

/// What of all that was asked for is not told, for people.
fn lacking(rights: &Rights, first: &[Line], more: &[Line], token: &Token) -> Vec<String> {
    if rights.are_none() {
        let advice = missing("Datastore.Audit", "/datastore", &token.name);
        return vec![tr!("the token {name} has no rights at all: {advice}", name = token.name, advice)];
    }
    if let Sight::Nothing(why) = rights.sight(kind::DATASTORE, &token.name) {
        return vec![tr!("kind {kind}: {why}", kind = name(kind::DATASTORE), why)];
    }
    // What an older version does not have is no trouble.
    let untold = first.iter().chain(more).filter(|line| line.told().is_none() && !matches!(line.status, 404 | 501));
    let all: BTreeSet<String> = untold.map(Line::why).collect();
    let count = all.len();
    let mut out: Vec<String> = all.into_iter().take(5).collect();
    if count > out.len() {
        out.push(tr!("and {count} more", count = count - out.len()));
    }
    out
}

/// What `doctor` says: each endpoint, then what may be seen.
pub(in super::super) fn examine(settings: &ProxmoxSettings, now: Timestamp) -> Result<String, String> {
    let token = Token::fetch(settings)?;
    let until = until(settings);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for url in &settings.urls {
        let endpoint = Endpoint::of(settings, url, Clock::of(now))?;
        match view(endpoint, &token, until).map_err(|fault| fault.message)? {
            Err(trouble) => bad.push(trouble.words()),
            Ok(view) => {
                let rights = Rights::of(line_of(&view.lines, call::PERMISSIONS));
                if let Sight::Nothing(why) = rights.sight(kind::DATASTORE, &token.name)
                    && !bad.contains(&why)
                {
                    bad.push(why);
                }
                bad.extend(super::super::examine::clock(&view.endpoint));
                let version = ask_one(&view.endpoint, &token, (VERSION, view.endpoint.limit()), until);
                let version = version.whole().and_then(|told| text(&told, "version")).unwrap_or_else(|| "?".to_owned());
                let stores = line_of(&view.lines, USAGE).and_then(Line::items).map_or(0, |items| items.len());
                good.push(tr!(
                    "{peer}: Proxmox Backup Server {version}; {stores} datastores seen",
                    peer = view.endpoint.shown,
                    version,
                    stores
                ));
            }
        }
    }
    if bad.is_empty() { Ok(good.join(" | ")) } else { Err(bad.into_iter().chain(good).collect::<Vec<_>>().join(" | ")) }
}

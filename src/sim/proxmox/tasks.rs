//! Tasks: the short list of the cluster, the long one of a node, and their logs.

use super::ask::{Answer, Ask, Data, Fail, Told};
use super::task::Task;
use jiff::Timestamp;
use serde_json::{Value, json};

/// How many finished tasks of each node the cluster's list holds.
const SHORT: usize = 25;

fn row(task: &Task, now: Timestamp) -> Value {
    let mut row = json!({
        "upid": task.upid(), "node": task.node, "pid": task.pid, "pstart": task.pstart(), "starttime": task.start.as_second(), "type": task.kind,
        "id": task.id, "user": task.user
    });
    if let Some(end) = task.end.filter(|end| *end <= now) {
        row["endtime"] = json!(end.as_second());
        row["status"] = json!(task.status);
    }
    row
}

/// Tasks of a node that have begun: those that run, and those that have ended and are still kept, the latest first.
fn of<'t>(ask: &'t Ask<'_>, node: &str) -> (Vec<&'t Task>, Vec<&'t Task>) {
    let now = ask.view.now;
    let begun = ask.view.cluster.tasks.iter().filter(|task| task.node == node && task.start <= now);
    let (mut ended, mut running): (Vec<&Task>, Vec<&Task>) = begun.partition(|task| task.has_ended(now));
    ended.sort_by_key(|task| std::cmp::Reverse(task.end));
    ended.truncate(ask.view.cluster.tasks_kept);
    running.sort_by_key(|task| std::cmp::Reverse(task.start));
    (running, ended)
}

fn is_own(ask: &Ask<'_>, task: &Task) -> bool {
    task.user == ask.who.id() || task.user == ask.who.user
}

pub(super) fn cluster(ask: &Ask<'_>) -> Answer {
    let all = ask.rights.may("/", "Sys.Audit");
    let mut rows = Vec::new();
    for node in ask.view.nodes() {
        let (running, ended) = of(ask, &node.name);
        let listed = running.into_iter().chain(ended.into_iter().take(SHORT)).filter(|task| all || is_own(ask, task));
        rows.extend(listed.map(|task| row(task, ask.view.now)));
    }
    Ok(Value::Array(rows).into())
}

fn outcome(status: &str) -> &'static str {
    match status {
        "OK" => "ok",
        "" | "unexpected status" => "unknown",
        text if text.starts_with("WARNINGS: ") => "warning",
        _ => "error",
    }
}

pub(super) fn of_node(ask: &Ask<'_>) -> Answer {
    let node = ask.node().name.clone();
    let (start, limit) = (ask.number("start", 0)?, ask.number("limit", 50)?);
    let (since, until) = (ask.number("since", 0)? as i64, ask.number("until", usize::MAX >> 1)? as i64);
    let (running, ended) = of(ask, &node);
    let listed = match ask.request.parameter("source").unwrap_or("archive") {
        "active" => running,
        "all" => [running, ended].concat(),
        "archive" => ended,
        _ => {
            return Err(Fail::Parameter(
                "source".to_owned(),
                "value does not have a value in the enumeration 'archive, active, all'".to_owned(),
            ));
        }
    };
    let all = ask.rights.may(&format!("/nodes/{node}"), "Sys.Audit");
    let is = |name: &str, value: &str| ask.request.parameter(name).is_none_or(|wanted| wanted == value);
    let errors = ask.flag("errors");
    let wanted: Option<Vec<&str>> = ask.request.parameter("statusfilter").map(|list| list.split([',', ';', ' ']).collect());
    let fits = |task: &&&Task| {
        let ended = task.has_ended(ask.view.now);
        (all || is_own(ask, task))
            && is("typefilter", &task.kind)
            && is("vmid", &task.id)
            && ask.request.parameter("userfilter").is_none_or(|user| task.user.contains(user))
            && (since..=until).contains(&task.start.as_second())
            && (!errors || ended && task.status != "OK")
            && wanted.as_ref().is_none_or(|wanted| ended && wanted.contains(&outcome(&task.status)))
    };
    let rows: Vec<Value> = listed.iter().filter(fits).map(|task| row(task, ask.view.now)).collect();
    let total = rows.len();
    let limit = if limit == 0 { usize::MAX } else { limit };
    Ok(Told { data: Data::Json(rows.into_iter().skip(start).take(limit).collect()), total: Some(total) })
}

/// The task that the path names, if its log is on this node and the asker may read it.
fn named<'t>(ask: &'t Ask<'_>) -> Result<&'t Task, Fail> {
    let upid = ask.var(1);
    let (running, ended) = of(ask, &ask.node().name);
    let found = running.into_iter().chain(ended).find(|task| task.upid() == upid);
    let task = found.ok_or_else(|| Fail::Failed(format!("unable to open file - no such task '{upid}'")))?;
    let path = format!("/nodes/{}", ask.node().name);
    if is_own(ask, task) || ask.rights.may(&path, "Sys.Audit") { Ok(task) } else { Err(Fail::Denied(path, "Sys.Audit".to_owned())) }
}

pub(super) fn status(ask: &Ask<'_>) -> Answer {
    let task = named(ask)?;
    let mut told = row(task, ask.view.now);
    if let Some(status) = told.get("status").cloned() {
        told["exitstatus"] = status;
    }
    told["status"] = json!(if task.has_ended(ask.view.now) { "stopped" } else { "running" });
    Ok(told.into())
}

pub(super) fn log(ask: &Ask<'_>) -> Answer {
    let task = named(ask)?;
    let (start, limit) = (ask.number("start", 0)?, ask.number("limit", 50)?);
    let limit = if limit == 0 { usize::MAX } else { limit };
    // Of one that runs, the first half is written.
    let written = if task.has_ended(ask.view.now) { task.log.len() } else { task.log.len() / 2 };
    let lines = &task.log[..written];
    let mut rows: Vec<Value> =
        lines.iter().enumerate().skip(start).take(limit).map(|(at, line)| json!({ "n": at + 1, "t": line })).collect();
    if lines.is_empty() {
        rows.push(json!({ "n": 1, "t": "no content" }));
    }
    Ok(Told { data: Data::Json(Value::Array(rows)), total: Some(lines.len()) })
}

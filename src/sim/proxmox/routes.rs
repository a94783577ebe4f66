//! Which calls there are, what each needs, and who carries it out: the node that is asked, or the one that is named.

use super::access::Who;
use super::ask::{Answer, Ask, Fail, version};
use super::cluster::{Cluster, Unreachable};
use super::rights::Rights;
use super::view::View;
use super::{backups, clusterwide, export, guests, nodes, tasks};
use crate::sim::exchange::Request;
use jiff::Timestamp;

enum Needs {
    /// Whoever logs in; the answer leaves out what one may not see.
    Anyone,
    /// One of these privileges; `*` is the first star of the call's path.
    At(&'static str, &'static [&'static str]),
}

struct Route {
    path: &'static str,
    parameters: &'static str,
    needs: Needs,
    /// Carried out by pvedaemon.
    protected: bool,
    /// First version that has it.
    since: &'static str,
    answer: fn(&Ask<'_>) -> Answer,
}

const fn open(path: &'static str, parameters: &'static str, answer: fn(&Ask<'_>) -> Answer) -> Route {
    Route { path, parameters, needs: Needs::Anyone, protected: false, since: "", answer }
}

const fn audit(path: &'static str, parameters: &'static str, answer: fn(&Ask<'_>) -> Answer) -> Route {
    Route { path, parameters, needs: Needs::At("/", &["Sys.Audit"]), protected: false, since: "", answer }
}

const fn of_node(path: &'static str, parameters: &'static str, answer: fn(&Ask<'_>) -> Answer) -> Route {
    Route { path, parameters, needs: Needs::At("/nodes/*", &["Sys.Audit"]), protected: false, since: "", answer }
}

const fn protected(route: Route) -> Route {
    Route { protected: true, ..route }
}

const ROUTES: &[Route] = &[
    open("version", "", clusterwide::version),
    open("access/permissions", "path userid", clusterwide::permissions),
    open("cluster/resources", "type", clusterwide::resources),
    protected(audit("cluster/status", "", clusterwide::status)),
    open("cluster/tasks", "", tasks::cluster),
    audit("cluster/backup", "", backups::jobs),
    audit("cluster/backup-info/not-backed-up", "", backups::not_backed_up),
    audit("cluster/ha/status/current", "", clusterwide::ha),
    open("cluster/replication", "", backups::replication_jobs),
    protected(audit("cluster/config/nodes", "", clusterwide::config_nodes)),
    protected(audit("cluster/config/qdevice", "", clusterwide::qdevice)),
    Route { needs: Needs::At("/", &["Sys.Audit", "Datastore.Audit"]), ..protected(audit("cluster/ceph/status", "", clusterwide::ceph)) },
    Route { since: "8.2.5", ..audit("cluster/metrics/export", "history local-only start-time node-list", export::metrics) },
    open("nodes", "", nodes::list),
    open("storage", "type", clusterwide::storages),
    open("pools", "poolid type", clusterwide::pools),
    open("pools/*", "type", clusterwide::pool),
    of_node("nodes/*/status", "", nodes::status),
    open("nodes/*/version", "", clusterwide::version),
    open("nodes/*/qemu", "full", guests::machines),
    open("nodes/*/lxc", "", guests::containers),
    open("nodes/*/qemu/*/config", "current snapshot", guests::config),
    open("nodes/*/lxc/*/config", "current snapshot", guests::config),
    open("nodes/*/qemu/*/status/current", "", guests::current),
    open("nodes/*/lxc/*/status/current", "", guests::current),
    protected(open("nodes/*/qemu/*/snapshot", "", guests::snapshots)),
    protected(open("nodes/*/lxc/*/snapshot", "", guests::snapshots)),
    protected(open("nodes/*/qemu/*/agent/get-fsinfo", "", guests::file_systems)),
    open("nodes/*/tasks", "limit start since until source typefilter vmid statusfilter errors userfilter", tasks::of_node),
    open("nodes/*/tasks/*/status", "", tasks::status),
    protected(open("nodes/*/tasks/*/log", "limit start download", tasks::log)),
    protected(of_node("nodes/*/disks/list", "skipsmart include-partitions type", nodes::disks)),
    protected(Route { needs: Needs::At("/", &["Sys.Audit"]), ..of_node("nodes/*/disks/zfs", "", nodes::zfs) }),
    protected(Route { needs: Needs::At("/", &["Sys.Audit"]), ..of_node("nodes/*/disks/zfs/*", "", nodes::zfs_pool) }),
    protected(of_node("nodes/*/services", "", nodes::services)),
    protected(open("nodes/*/certificates/info", "", nodes::certificates)),
    open("nodes/*/subscription", "", nodes::subscription),
    protected(Route { needs: Needs::At("/nodes/*", &["Sys.Modify"]), ..of_node("nodes/*/apt/update", "", nodes::updates) }),
    protected(open("nodes/*/storage", "content enabled format storage target", nodes::storages)),
    protected(open("nodes/*/storage/*/content", "content vmid", nodes::content)),
    protected(open("nodes/*/replication", "guest", backups::replication)),
    protected(open("nodes/*/replication/*/status", "", backups::replication_status)),
    of_node("nodes/*/rrddata", "timeframe cf ds", nodes::history),
    Route { needs: Needs::At("/", &["Sys.Audit", "Datastore.Audit"]), ..protected(audit("nodes/*/ceph/status", "", clusterwide::ceph)) },
];

/// The parts of a path that stand where its pattern has stars; `None` when it does not fit.
fn fits(pattern: &str, path: &[String]) -> Option<Vec<String>> {
    let words: Vec<&str> = pattern.split('/').collect();
    (words.len() == path.len() && words.iter().zip(path).all(|(word, part)| *word == "*" || word == part))
        .then(|| words.iter().zip(path).filter(|(word, _)| **word == "*").map(|(_, part)| part.clone()).collect())
}

/// What an endpoint needs to answer.
pub(super) struct Desk<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) now: Timestamp,
    pub(super) certificates: &'a [(String, String, Timestamp)],
}

impl Desk<'_> {
    /// Answers a call that came to the endpoint of a node.
    pub(super) fn answer(&self, endpoint: &str, who: &Who, request: &Request, call: usize) -> Answer {
        let path = request.path.strip_prefix("/api2/json/").ok_or(Fail::Unknown)?;
        let path: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect();
        let has = |route: &&Route| version(&self.cluster.version) >= version(route.since);
        let found = ROUTES.iter().filter(has).find_map(|route| Some((route, fits(route.path, &path)?)));
        let (route, vars) = found.filter(|_| request.method == "GET" && request.body.is_empty()).ok_or(Fail::Unknown)?;
        let mut view = View {
            cluster: self.cluster,
            own: self.cluster.nodes.iter().find(|node| node.name == endpoint).ok_or(Fail::Unknown)?,
            now: self.now,
        };
        if route.path.starts_with("nodes/*/") && !route.path.ends_with("rrddata") {
            view = self.passed_on(view, &vars[0])?;
        }
        if route.protected && view.own.pvedaemon_down {
            return Err(Fail::Away(595));
        }
        let ask = Ask { rights: Rights::new(self.cluster, who), view, who, vars, request, call, certificates: self.certificates };
        if let Some((name, _)) = request.query.iter().find(|(name, _)| !route.parameters.split(' ').any(|known| known == name)) {
            let why = "property is not defined in schema and the schema does not allow additional properties";
            return Err(Fail::Parameter(name.clone(), why.to_owned()));
        }
        if let Needs::At(place, privileges) = route.needs {
            let place = place.replace('*', ask.var(0));
            if !privileges.iter().any(|one| ask.rights.may(&place, one)) {
                return Err(Fail::Denied(place, privileges.join("|")));
            }
        }
        (route.answer)(&ask)
    }

    /// The view of the node that a call names, if the one that was asked can reach it.
    fn passed_on<'c>(&'c self, view: View<'c>, name: &str) -> Result<View<'c>, Fail> {
        let Some(node) = view.node(name) else {
            return Err(Fail::Failed(format!(
                "hostname lookup '{name}' failed - failed to get address info for: {name}: Name or service not known"
            )));
        };
        if node.name == view.own.name {
            return Ok(view);
        }
        if !view.is_online(node) {
            return Err(match node.unreachable {
                Unreachable::NoConnection => Fail::Away(595),
                Unreachable::TimedOut => Fail::Away(596),
                Unreachable::Hangs => Fail::Hang,
            });
        }
        Ok(View { own: node, ..view })
    }
}

fn unescaped(part: &str) -> String {
    // A plus is a plus in a path.
    let escaped = format!("x={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(escaped.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

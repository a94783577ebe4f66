//! What things at the simulated PCE are called.

use super::exchange::Request;
use super::options::Options;
use super::record::label_href;
use super::world::World;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Every label that a workload or a VEN bears.
pub(super) fn labels(world: &World, options: &Options) -> Vec<Value> {
    let of_hosts = world.hosts().iter().filter_map(|host| host.workload.as_ref()).flat_map(|workload| &workload.labels);
    let all: BTreeSet<&(String, String)> = of_hosts.chain(options.vens.iter().flat_map(|ven| &ven.labels)).collect();
    all.into_iter().map(|(key, value)| json!({ "href": label_href(key, value), "key": key, "value": value, "deleted": false })).collect()
}

/// Every IP list that an address is in.
pub(super) fn ip_lists(world: &World) -> Vec<Value> {
    let all: BTreeMap<u32, &str> = world.hosts().iter().flat_map(|host| &host.ip_lists).map(|list| (list.id, list.name.as_str())).collect();
    all.into_iter().map(|(id, name)| json!({ "href": format!("/orgs/1/sec_policy/draft/ip_lists/{id}"), "name": name })).collect()
}

/// Workloads without a VEN, and those whose VEN nobody listed.
pub(super) fn add_unlisted(rows: &mut Vec<Value>, world: &World) {
    let listed: BTreeSet<String> = rows.iter().filter_map(|row| row["href"].as_str()).map(str::to_owned).collect();
    let others = world.hosts().iter().filter_map(|host| host.workload.as_ref()).filter(|workload| !listed.contains(&workload.href));
    let mut seen = BTreeSet::new();
    for workload in others.filter(|workload| seen.insert(workload.href.clone())) {
        let labels: Vec<Value> =
            workload.labels.iter().map(|(key, value)| json!({ "href": label_href(key, value), "key": key, "value": value })).collect();
        rows.push(json!({
            "href": workload.href, "name": workload.name, "hostname": workload.hostname, "managed": workload.managed, "labels": labels,
        }));
    }
}

/// Rows that the filters of a request choose: names by any part, labels by href.
pub(super) fn chosen(mut rows: Vec<Value>, request: &Request) -> Vec<Value> {
    for key in ["name", "hostname"] {
        if let Some(part) = request.parameter(key) {
            rows.retain(|row| row[key].as_str().is_some_and(|have| have.contains(part)));
        }
    }
    if let Some(wanted) = request.parameter("labels").and_then(|text| serde_json::from_str::<Vec<Vec<String>>>(text).ok()) {
        let has = |row: &Value, href: &String| row["labels"].as_array().is_some_and(|all| all.iter().any(|label| label["href"] == **href));
        rows.retain(|row| wanted.iter().any(|all| all.iter().all(|href| has(row, href))));
    }
    rows
}

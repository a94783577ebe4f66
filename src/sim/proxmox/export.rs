//! `/cluster/metrics/export`: samples of the last half hour, ten seconds apart. A node that does not answer is left out
//! without a word.

use super::ask::{Answer, Ask, Data, Told};
use super::cluster::Node;
use super::metrics::{counters, load, uptime};
use super::view::seconds;
use jiff::Timestamp;
use std::fmt::Write;

const STEP: i64 = 10;
const SPAN: i64 = 1800;

pub(super) fn metrics(ask: &Ask<'_>) -> Answer {
    let now = ask.view.now.as_second();
    let latest = now - now.rem_euclid(STEP);
    let wanted = ask.number("start-time", 0)? as i64;
    let first = if ask.flag("history") { (latest - SPAN).max(wanted) } else { latest };
    let first = first + (STEP - first.rem_euclid(STEP)) % STEP;
    let mut out = Writer { text: String::from("{\"data\":["), any: false };
    let list: Option<Vec<&str>> = ask.request.parameter("node-list").map(|list| list.split([',', ';', ' ']).collect());
    for node in ask.view.nodes() {
        let listed = list.as_ref().is_none_or(|list| list.contains(&node.name.as_str()));
        let wanted = listed && if ask.flag("local-only") { node.name == ask.view.own.name } else { ask.view.is_online(node) };
        let heard = ask.view.heard(node).filter(|_| wanted);
        let Some(heard) = heard else { continue };
        for at in (first..=latest.min(heard.as_second())).step_by(STEP as usize) {
            let Ok(time) = Timestamp::from_second(at) else { continue };
            of_node(&mut out, node, time);
            for (guest, _) in ask.view.guests().filter(|(guest, place)| *place == node.name && guest.started <= time) {
                let id = format!("{}/{}", guest.kind.word(), guest.vmid);
                let [received, sent, read, written] = counters(guest, time);
                out.gauge(&id, "uptime", at, uptime(guest, time));
                out.gauge(&id, "cpu_max", at, guest.cpus);
                out.gauge(&id, "mem_total", at, guest.memory);
                if guest.is_up() {
                    out.sample(&id, "cpu_current", at, "gauge", &load(guest, time).to_string());
                    out.gauge(&id, "mem_used", at, guest.memory_used);
                    out.derive(&id, "net_in", at, received);
                    out.derive(&id, "net_out", at, sent);
                    out.derive(&id, "disk_read", at, read);
                    out.derive(&id, "disk_write", at, written);
                }
            }
            for storage in
                ask.view.cluster.storages.iter().filter(|one| one.enabled && one.is_on(&node.name) && !one.inactive_on.contains(&node.name))
            {
                let id = format!("storage/{}/{}", node.name, storage.name);
                out.gauge(&id, "disk_total", at, storage.size);
                out.gauge(&id, "disk_used", at, storage.used);
            }
        }
    }
    out.text.push_str("]}");
    Ok(Told { data: Data::Text(out.text), total: None })
}

fn of_node(out: &mut Writer, node: &Node, time: Timestamp) {
    let (id, at) = (format!("node/{}", node.name), time.as_second());
    out.gauge(&id, "uptime", at, seconds(node.booted, time));
    out.sample(&id, "cpu_current", at, "gauge", &node.cpu.to_string());
    out.sample(&id, "cpu_iowait", at, "gauge", &node.iowait.to_string());
    for name in ["cpu_avg1", "cpu_avg5", "cpu_avg15"] {
        out.sample(&id, name, at, "gauge", &node.load.to_string());
    }
    for (name, value) in [
        ("cpu_max", node.cpus),
        ("mem_total", node.memory),
        ("mem_used", node.memory_used),
        ("swap_total", node.swap),
        ("swap_used", node.swap_used),
        ("disk_total", node.root),
        ("disk_used", node.root_used),
    ] {
        out.gauge(&id, name, at, value);
    }
    out.derive(&id, "net_in", at, seconds(node.booted, time) * 100_000);
    out.derive(&id, "net_out", at, seconds(node.booted, time) * 70_000);
}

struct Writer {
    text: String,
    any: bool,
}

impl Writer {
    fn gauge(&mut self, id: &str, metric: &str, at: i64, value: u64) {
        self.sample(id, metric, at, "gauge", &value.to_string());
    }

    fn derive(&mut self, id: &str, metric: &str, at: i64, value: u64) {
        self.sample(id, metric, at, "derive", &value.to_string());
    }

    fn sample(&mut self, id: &str, metric: &str, at: i64, kind: &str, value: &str) {
        if std::mem::replace(&mut self.any, true) {
            self.text.push(',');
        }
        // Writing to a text cannot fail; names of nodes, guests and storages need no escaping.
        let _ = write!(self.text, r#"{{"id":"{id}","metric":"{metric}","timestamp":{at},"type":"{kind}","value":{value}}}"#);
    }
}

//! What happens to clusters, watched over several runs: the verdict of each run, and each message that is sent.

use super::place::{BLIND, Place, calm};
use crate::support::cli::at;
use pcemon::sim::proxmox::task::Task;
use serde_json::json;

const ALL: [&str; 3] = ["pve1", "pve2", "pve3"];

/// Of a node that is off, nothing can be asked.
const OF_A_NODE_THAT_IS_OFF: [&str; 8] = [
    "Guest down: unknown",
    "Storage filling: unknown",
    "Storage inactive: unknown",
    "Replication failing: unknown",
    "Disk failing: unknown",
    "Disk worn out: unknown",
    "ZFS pool degraded: unknown",
    "Node certificate expires: unknown",
];
/// Of a node without statistics, these are not known any more.
const STALE: [&str; 3] = ["Guest down: unknown", "Storage filling: unknown", "Memory for a failure: unknown"];

fn and<'t>(more: &[&'t str], known: &[&'t str]) -> Vec<&'t str> {
    [more, known].concat()
}

fn place() -> Place {
    let mut place = Place::new(calm(), &ALL);
    place.is_calm(&["12:00", "12:01"]);
    place
}

#[test]
fn a_node_dies_and_comes_back() {
    let mut place = place();
    place.change(|cluster| {
        let node = cluster.node("pve2").unwrap();
        node.down_since = Some(at("12:01:30"));
        "fence".clone_into(&mut node.ha_state);
    });
    let look = place.look("12:02");
    let begins = and(&["No vote to spare: warning taipei", "Proxmox node offline: pending pve2"], &OF_A_NODE_THAT_IS_OFF);
    look.says(1, &begins, &["firing No vote to spare taipei"]);
    place.change(|cluster| {
        for (vmid, to) in [(102, "pve1"), (103, "pve3")] {
            let guest = cluster.guest(vmid).unwrap();
            guest.migrate(to, at("12:03"));
            guest.start(at("12:03"));
        }
    });
    let down = and(&["No vote to spare: warning taipei", "Proxmox node offline: critical pve2"], &OF_A_NODE_THAT_IS_OFF);
    place.look("12:05").says(2, &down, &["firing Proxmox node offline pve2"]).contains(&["build-01", "its node pve2 is offline"]);
    for time in ["12:07", "12:09", "12:20"] {
        place.look(time).says(2, &down, &[]);
    }
    place.change(|cluster| {
        let node = cluster.node("pve2").unwrap();
        (node.down_since, node.booted) = (None, at("12:21"));
        "online".clone_into(&mut node.ha_state);
        cluster.guest(106).unwrap().start(at("12:21:30"));
    });
    place.look("12:22").says(0, &[], &["resolved No vote to spare taipei", "resolved Proxmox node offline pve2"]);
    place.is_calm(&["12:25", "12:30"]);
}

#[test]
fn quorum_is_lost() {
    let mut place = Place::new(calm(), &["pve1", "pve2"]);
    place.is_calm(&["12:00", "12:01"]);
    place.change(|cluster| {
        for name in ["pve2", "pve3"] {
            cluster.node(name).unwrap().down_since = Some(at("12:01:30"));
        }
    });
    let mut known = and(&["Proxmox quorum: critical taipei"], &OF_A_NODE_THAT_IS_OFF);
    known.extend(["Proxmox node offline: unknown", "Proxmox figures stale: unknown", "No vote to spare: unknown"]);
    known.extend(["Memory for a failure: unknown", "Guest without a backup job: unknown", "No recent backup: unknown"]);
    for (time, sent) in [("12:02", &["firing Proxmox quorum taipei"][..]), ("12:05", &[]), ("12:10", &[])] {
        place.look(time).says(2, &known, sent);
    }
    place.change(|cluster| {
        for name in ["pve2", "pve3"] {
            let node = cluster.node(name).unwrap();
            (node.down_since, node.booted) = (None, at("12:11"));
        }
        for vmid in [102, 103, 104, 105, 106, 108] {
            cluster.guest(vmid).unwrap().start(at("12:11:30"));
        }
    });
    place.look("12:13").says(0, &[], &["resolved Proxmox quorum taipei"]);
    place.is_calm(&["12:15"]);
}

#[test]
fn the_asked_endpoint_is_cut_off() {
    let mut place = place();
    place.change(|cluster| cluster.split = Some((at("12:01:30"), vec!["pve1".to_owned()])));
    let firing = ["firing No vote to spare taipei"];
    let begins = and(&["No vote to spare: warning taipei", "Proxmox node offline: pending pve1"], &OF_A_NODE_THAT_IS_OFF);
    place.look("12:02").says(1, &begins, &firing).contains(&["partition: 2 views"]);
    let cut = and(&["No vote to spare: warning taipei", "Proxmox node offline: critical pve1"], &OF_A_NODE_THAT_IS_OFF);
    place.look("12:05").says(2, &cut, &["firing Proxmox node offline pve1"]);
    place.look("12:10").says(2, &cut, &[]);
    place.change(|cluster| cluster.split = None);
    place.look("12:12").says(0, &[], &["resolved No vote to spare taipei", "resolved Proxmox node offline pve1"]);
    place.is_calm(&["12:15"]);
}

#[test]
fn pmxcfs_stops_at_one_endpoint() {
    let mut place = place();
    place.change(|cluster| cluster.node("pve1").unwrap().pmxcfs_down_since = Some(at("12:01:30")));
    place.look("12:02").contains(&["pmxcfs does not answer"]);
    place.look("12:06").says(1, &["Proxmox figures stale: warning pve1"], &["firing Proxmox figures stale pve1"]);
    place.look("12:10").says(1, &and(&["Proxmox figures stale: warning pve1"], &STALE), &[]).contains(&["pmxcfs"]);
    place.change(|cluster| cluster.node("pve1").unwrap().pmxcfs_down_since = None);
    place.look("12:12").says(0, &[], &["resolved Proxmox figures stale pve1"]);
    place.is_calm(&["12:15"]);
}

#[test]
fn pmxcfs_stops_everywhere() {
    let mut place = place();
    place.change(|cluster| ALL.iter().for_each(|name| cluster.node(name).unwrap().pmxcfs_down_since = Some(at("12:01:30"))));
    for time in ["12:02", "12:05", "12:10"] {
        place.look(time).says(3, &BLIND, &[]).contains(&["pmxcfs does not answer there"]);
    }
    place.change(|cluster| ALL.iter().for_each(|name| cluster.node(name).unwrap().pmxcfs_down_since = None));
    place.is_calm(&["12:12", "12:15"]);
}

#[test]
fn pvestatd_stops_on_a_node() {
    let mut place = place();
    place.change(|cluster| cluster.node("pve3").unwrap().silent_since = Some(at("12:01")));
    place.look("12:03").says(0, &[], &[]);
    let stale = and(&["Proxmox figures stale: warning pve3"], &STALE);
    place.look("12:05").says(1, &["Proxmox figures stale: warning pve3"], &["firing Proxmox figures stale pve3"]);
    for time in ["12:07", "12:12"] {
        place.look(time).says(1, &stale, &[]).contains(&["pvestatd"]);
    }
    place.change(|cluster| cluster.node("pve3").unwrap().silent_since = None);
    place.look("12:15").says(0, &[], &["resolved Proxmox figures stale pve3"]);
    place.is_calm(&["12:17"]);
}

#[test]
fn a_guest_is_backed_up_while_it_is_stopped() {
    let mut place = place();
    place.change(|cluster| {
        let guest = cluster.guest(109).unwrap();
        "prelaunch".clone_into(&mut guest.state);
        guest.lock = Some("backup".to_owned());
        guest.started = at("12:02");
    });
    place.is_calm(&["12:03", "12:06", "12:40"]);
    place.change(|cluster| {
        let guest = cluster.guest(109).unwrap();
        guest.stop();
        guest.lock = None;
    });
    place.is_calm(&["12:42", "12:44"]);
}

#[test]
fn a_guest_that_runs_is_backed_up() {
    let mut place = place();
    place.change(|cluster| cluster.guest(104).unwrap().lock = Some("backup".to_owned()));
    place.is_calm(&["12:03", "12:06"]);
    // It dies while it is locked.
    place.change(|cluster| cluster.guest(104).unwrap().stop());
    place.look("12:08").says(0, &[], &[]);
    place.change(|cluster| cluster.guest(104).unwrap().lock = None);
    place.look("12:10").says(0, &["Guest down: pending db-02"], &[]);
    place.look("12:12").says(2, &["Guest down: critical db-02"], &["firing Guest down db-02"]);
}

#[test]
fn a_guest_migrates() {
    let mut place = place();
    place.change(|cluster| cluster.guest(104).unwrap().lock = Some("migrate".to_owned()));
    place.is_calm(&["12:03"]);
    place.change(|cluster| {
        let guest = cluster.guest(104).unwrap();
        guest.lock = None;
        guest.migrate("pve1", at("12:03:30"));
        cluster.tasks.push(Task::new("pve3", "qmigrate", "104", at("12:03")));
    });
    place.is_calm(&["12:04", "12:07"]);
    // It dies there.
    place.change(|cluster| cluster.guest(104).unwrap().stop());
    place.look("12:08").says(0, &["Guest down: pending db-02"], &[]);
    place.look("12:10").says(2, &["Guest down: critical db-02"], &["firing Guest down db-02"]);
}

#[test]
fn one_guest_is_stopped_by_a_person_and_another_dies() {
    let mut place = place();
    place.change(|cluster| {
        let task = Task { user: "alice@pam".to_owned(), ..Task::new("pve1", "vzstop", "107", at("12:01:30")) };
        cluster.tasks.push(task);
        cluster.guest(107).unwrap().stop();
    });
    place.is_calm(&["12:02", "12:05"]);
    place.change(|cluster| cluster.guest(105).unwrap().stop());
    place.look("12:06").says(0, &["Guest down: pending mail-01"], &[]);
    place.look("12:08").says(2, &["Guest down: critical mail-01"], &["firing Guest down mail-01"]);
    place.look("12:10").says(2, &["Guest down: critical mail-01"], &[]);
    place.change(|cluster| cluster.guest(105).unwrap().start(at("12:11")));
    place.look("12:12").says(0, &[], &["resolved Guest down mail-01"]);
    // The one that was stopped is started, and dies: it is wanted again.
    place.change(|cluster| cluster.guest(107).unwrap().start(at("12:13")));
    place.is_calm(&["12:14"]);
    place.change(|cluster| cluster.guest(107).unwrap().stop());
    place.look("12:16").says(0, &["Guest down: pending dns-01"], &[]);
    place.look("12:18").says(2, &["Guest down: critical dns-01"], &["firing Guest down dns-01"]);
}

#[test]
fn ha_moves_guests_from_a_node_in_maintenance() {
    let mut place = place();
    place.change(|cluster| {
        "maintenance".clone_into(&mut cluster.node("pve2").unwrap().ha_state);
        for vmid in [102, 103] {
            cluster.guest(vmid).unwrap().ha = Some("migrate".to_owned());
        }
    });
    place.is_calm(&["12:02"]);
    place.change(|cluster| {
        for (vmid, to) in [(102, "pve1"), (103, "pve3")] {
            let guest = cluster.guest(vmid).unwrap();
            guest.migrate(to, at("12:02:30"));
            guest.ha = Some("started".to_owned());
        }
    });
    place.is_calm(&["12:03", "12:05"]);
    // A service that HA gives up is told as a part of HA, and as a guest that is down.
    place.change(|cluster| {
        let guest = cluster.guest(102).unwrap();
        guest.ha = Some("error".to_owned());
        guest.stop();
    });
    place.look("12:06").says(
        2,
        &["Guest down: pending web-02", "Proxmox HA trouble: critical ha/service/service:vm:102"],
        &["firing Proxmox HA trouble ha/service/service:vm:102"],
    );
    place.look("12:08").says(
        2,
        &["Guest down: critical web-02", "Proxmox HA trouble: critical ha/service/service:vm:102"],
        &["firing Guest down web-02"],
    );
    place.change(|cluster| {
        let guest = cluster.guest(102).unwrap();
        guest.ha = Some("started".to_owned());
        guest.start(at("12:09"));
    });
    place.look("12:10").says(0, &[], &["resolved Guest down web-02", "resolved Proxmox HA trouble ha/service/service:vm:102"]);
}

#[test]
fn ha_falls_silent() {
    let mut place = place();
    place.change(|cluster| cluster.node("pve3").unwrap().lrm_silent_since = Some(at("12:01:30")));
    place.look("12:03").says(2, &["Proxmox HA trouble: critical ha/lrm/lrm:pve3"], &["firing Proxmox HA trouble ha/lrm/lrm:pve3"]);
    place.look("12:05").says(2, &["Proxmox HA trouble: critical ha/lrm/lrm:pve3"], &[]);
    place.change(|cluster| cluster.node("pve3").unwrap().lrm_silent_since = None);
    place.look("12:07").says(0, &[], &["resolved Proxmox HA trouble ha/lrm/lrm:pve3"]);
}

#[test]
fn a_replication_fails() {
    let mut place = place();
    place.change(|cluster| cluster.replicate(101, "pve3", at("12:01"), &json!({})));
    place.is_calm(&["12:02"]);
    let failures = |place: &Place, count: u8| {
        place.change(|cluster| {
            cluster.replication.clear();
            cluster.replicate(101, "pve3", at("12:01"), &json!({ "fail_count": count, "error": "no route to host" }));
        });
    };
    failures(&place, 1);
    place
        .look("12:16")
        .says(1, &["Replication failing: warning 101-0"], &["firing Replication failing 101-0"])
        .contains(&["no route to host"]);
    failures(&place, 2);
    place.look("12:20").says(1, &["Replication failing: warning 101-0"], &[]);
    failures(&place, 3);
    place.look("12:35").says(2, &["Replication failing: critical 101-0"], &["firing Replication failing 101-0"]);
    failures(&place, 0);
    place.look("12:50").says(0, &[], &["resolved Replication failing 101-0"]);
}

/// What is no more has nothing left that could be too little.
#[test]
fn a_node_is_taken_out_of_the_cluster() {
    let mut place = Place::new(calm(), &["pve1", "pve2"]);
    place.is_calm(&["12:00", "12:01"]);
    place.change(|cluster| {
        for vmid in [104, 105, 108] {
            cluster.guest(vmid).unwrap().migrate("pve1", at("12:02"));
        }
        cluster.nodes.retain(|node| node.name != "pve3");
    });
    place.look("12:05").says(1, &["No vote to spare: warning taipei"], &["firing No vote to spare taipei"]);
    for time in ["12:10", "12:15"] {
        place.look(time).says(1, &["No vote to spare: warning taipei"], &[]);
    }
}

//! What happens to storages, backups, tokens and certificates, watched over several runs.

use super::place::{BLIND, Place, calm};
use crate::support::cli::at;
use jiff::SignedDuration;
use pcemon::sim::proxmox::access::{AUDITOR, Entry};
use pcemon::sim::proxmox::fault::{Habits, Wording};

const ALL: [&str; 3] = ["pve1", "pve2", "pve3"];
const DAY: SignedDuration = SignedDuration::from_hours(24);
const GIB: u64 = 1 << 30;

fn place() -> Place {
    let mut place = Place::new(calm(), &ALL);
    place.is_calm(&["12:00", "12:01"]);
    place
}

#[test]
fn a_shared_storage_fills() {
    let mut place = place();
    let fill = |place: &Place, used: u64| place.change(|cluster| cluster.storage("nfs").unwrap().used = used * GIB);
    fill(&place, 900);
    place.look("12:05").says(1, &["Storage filling: warning -/nfs"], &["firing Storage filling -/nfs"]);
    place.look("12:10").says(1, &["Storage filling: warning -/nfs"], &[]);
    fill(&place, 970);
    place.look("12:15").says(2, &["Storage filling: critical -/nfs"], &["firing Storage filling -/nfs"]);
    place.look("12:20").says(2, &["Storage filling: critical -/nfs"], &[]);
    fill(&place, 500);
    place.look("12:25").says(0, &[], &["resolved Storage filling -/nfs"]);
    place.is_calm(&["12:30"]);
}

#[test]
fn a_storage_goes_away() {
    let mut place = place();
    let lose = |place: &Place, nodes: &[&str]| {
        place.change(|cluster| cluster.storage("nfs").unwrap().inactive_on = nodes.iter().map(|&name| name.to_owned()).collect());
    };
    // On one node: the storage is the same everywhere, so it is one alert, which names the node.
    lose(&place, &["pve2"]);
    place.look("12:02").says(0, &["Storage inactive: pending -/nfs"], &[]);
    place.look("12:05").says(2, &["Storage inactive: critical -/nfs"], &["firing Storage inactive -/nfs"]).contains(&["pve2"]);
    lose(&place, &ALL);
    place.look("12:10").says(2, &["Storage filling: unknown", "Storage inactive: critical -/nfs"], &[]);
    lose(&place, &[]);
    place.look("12:15").says(0, &[], &["resolved Storage inactive -/nfs"]);
    place.is_calm(&["12:20"]);
}

#[test]
fn a_backup_job_is_switched_off() {
    let mut place = place();
    place.change(|cluster| cluster.jobs[0].enabled = Some(false));
    let names = ["build-01", "db-01", "db-02", "dns-01", "dns-02", "mail-01", "web-01", "web-02"];
    let all = format!("Guest without a backup job: warning {}", names.join(" "));
    let each = |what: &str| names.map(|name| format!("{what} Guest without a backup job {name}"));
    let texts = |list: &[String; 8]| -> Vec<&'static str> { list.iter().map(|text| &*Box::leak(text.clone().into_boxed_str())).collect() };
    let look = place.look("12:02");
    look.says(1, &[&all], &texts(&each("firing")));
    assert_eq!(look.messages, 1, "what happens at once is one message");
    place.look("12:05").says(1, &[&all], &[]);
    place.change(|cluster| cluster.jobs[0].enabled = None);
    let look = place.look("12:10");
    look.says(0, &[], &texts(&each("resolved")));
    assert_eq!(look.messages, 1);
    place.is_calm(&["12:15"]);
}

#[test]
fn the_token_loses_a_privilege() {
    let mut place = place();
    place.change(|cluster| cluster.guest(105).unwrap().stop());
    place.look("12:02").says(0, &["Guest down: pending mail-01"], &[]);
    place.look("12:04").says(2, &["Guest down: critical mail-01"], &["firing Guest down mail-01"]);
    let less: Vec<&str> = AUDITOR.iter().copied().filter(|right| *right != "VM.Audit").collect();
    place.change(|cluster| cluster.access.entries = vec![Entry::new("/", "pcemon@pve", &less)]);
    // The alert goes on; nobody knows whether it is over.
    for time in ["12:06", "12:10"] {
        let look = place.look(time);
        let mut blind = vec!["Memory for a failure: unknown", "Guest without a backup job: unknown", "Replication failing: unknown"];
        blind.push("No recent backup: unknown");
        look.says(2, &[&["Guest down: critical mail-01"][..], &blind].concat(), &[]);
        look.contains(&[
            "VM.Audit on /vms",
            "pveum acl modify / --tokens 'pcemon@pve!cron' --roles PVEAuditor (and the same with --users pcemon@pve)",
        ]);
    }
    place.change(|cluster| cluster.access.entries = vec![Entry::new("/", "pcemon@pve", &AUDITOR)]);
    place.change(|cluster| cluster.guest(105).unwrap().start(at("12:11")));
    place.look("12:12").says(0, &[], &["resolved Guest down mail-01"]);
}

#[test]
fn a_separated_token_without_an_entry() {
    for wording in [Wording::Message, Wording::DataNull, Wording::PhraseOnly] {
        let mut cluster = calm();
        cluster.access.tokens[0].separated = true;
        let mut place = Place::new(cluster, &ALL);
        place.sim.set_habits(Habits { wording, ..Habits::default() });
        for time in ["12:00", "12:05"] {
            // That nodes are there, and their certificates, every token sees.
            let seen = ["Proxmox node offline: unknown", "Node certificate expires: unknown"];
            let blind: Vec<&str> = BLIND.into_iter().filter(|rule| !seen.contains(rule)).collect();
            place.look(time).says(3, &blind, &[]).contains(&["pveum acl modify / --tokens 'pcemon@pve!cron' --roles PVEAuditor"]);
        }
        place.change(|cluster| cluster.access.entries.push(Entry::new("/", "pcemon@pve!cron", &AUDITOR)));
        // Whether Ceph is not installed or broken, a server says in words, which older ones say where nobody can read them.
        let (code, untold): (i32, &[&str]) = if wording == Wording::Message { (0, &[]) } else { (3, &["Ceph not healthy: unknown"]) };
        place.look("12:10").says(code, untold, &[]);
    }
}

#[test]
fn a_token_is_refused() {
    for change in ["secret", "expired"] {
        let mut place = place();
        match change {
            "secret" => place.token("pcemon@pve!cron=11111111-2222-3333-4444-555555555555"),
            _ => place.change(|cluster| cluster.access.tokens[0].refused = Some("token expired".to_owned())),
        }
        place.sim.forget_calls();
        let look = place.look("12:05");
        look.contains(&["refuses the token pcemon@pve!cron (401)"]);
        let pending: Vec<&str> = BLIND.iter().copied().chain(["Target unreachable: pending dc1"]).collect();
        look.says(3, &pending, &[]);
        let refused = place.sim.calls().iter().filter(|call| call.status == 401).count();
        assert_eq!(refused, 1, "a wrong token is tried once");
        let firing: Vec<&str> = BLIND.iter().copied().chain(["Target unreachable: critical dc1"]).collect();
        place.look("12:10").says(2, &firing, &["firing Target unreachable dc1"]);
        place.look("12:15").says(2, &firing, &[]);
        place.token("pcemon@pve!cron=0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60");
        place.change(|cluster| cluster.access.tokens[0].refused = None);
        place.look("12:20").says(0, &[], &["resolved Target unreachable dc1"]);
    }
}

#[test]
fn a_certificate_is_renewed_late() {
    let mut place = place();
    let now = at("12:00");
    place.sim.certify("pve1", None, now - DAY * 700, now + DAY * 6).unwrap();
    place.look("12:05").says(1, &["Node certificate expires: warning pve1"], &["firing Node certificate expires pve1"]);
    place.look("12:10").says(1, &["Node certificate expires: warning pve1"], &[]);
    place.sim.certify("pve1", None, now, now + DAY * 700).unwrap();
    place.look("12:15").says(0, &[], &["resolved Node certificate expires pve1"]);
}

#[test]
fn a_pin_is_not_that_of_the_certificate() {
    let mut place = Place::new(calm(), &["pve1"]);
    let pin = |place: &Place, pin: &str| place.config(&["pve1"], &format!("fingerprint = \"{pin}\""));
    let before = place.sim.fingerprint("pve1");
    pin(&place, &before);
    place.is_calm(&["12:00", "12:01"]);
    let now = at("12:00");
    place.sim.certify("pve1", None, now, now + DAY * 700).unwrap();
    let after = place.sim.fingerprint("pve1");
    place.sim.forget_calls();
    let pending: Vec<&str> = BLIND.iter().copied().chain(["Target unreachable: pending dc1"]).collect();
    place.look("12:05").says(3, &pending, &[]).contains(&[&after]);
    assert!(place.sim.calls().is_empty(), "the token was shown to a stranger");
    let firing: Vec<&str> = BLIND.iter().copied().chain(["Target unreachable: critical dc1"]).collect();
    place.look("12:10").says(2, &firing, &["firing Target unreachable dc1"]);
    pin(&place, &after);
    place.look("12:15").says(0, &[], &["resolved Target unreachable dc1"]);
}

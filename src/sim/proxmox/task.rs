//! A task of the simulated cluster: its UPID, and the log of a backup as vzdump writes it.

use jiff::{SignedDuration, Timestamp};

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Where it ran.
    pub node: String,
    /// Number of its process.
    pub pid: u32,
    /// When it began.
    pub start: Timestamp,
    /// When it ends; `None`: it goes on.
    pub end: Option<Timestamp>,
    /// `vzdump qmstart qmstop ...`.
    pub kind: String,
    /// The guest; empty for a backup of several.
    pub id: String,
    /// Who.
    pub user: String,
    /// `OK`, `WARNINGS: 2`, or what went wrong.
    pub status: String,
    /// Its log.
    pub log: Vec<String>,
}

impl Task {
    /// A task of root that ended well after ten seconds.
    pub fn new(node: &str, kind: &str, id: &str, start: Timestamp) -> Task {
        Task {
            node: node.to_owned(),
            pid: 0x1000 + (start.as_second() % 0xffff) as u32,
            start,
            end: Some(start + SignedDuration::from_secs(10)),
            kind: kind.to_owned(),
            id: id.to_owned(),
            user: "root@pam".to_owned(),
            status: "OK".to_owned(),
            log: vec!["TASK OK".to_owned()],
        }
    }

    /// A task that ended with this word.
    pub fn failed(node: &str, kind: &str, id: &str, start: Timestamp, status: &str) -> Task {
        Task { status: status.to_owned(), log: vec![format!("TASK ERROR: {status}")], ..Task::new(node, kind, id, start) }
    }

    /// A backup of several guests, two minutes each; `failed` names those that went wrong and why.
    pub fn backup(node: &str, guests: &[u32], failed: &[(u32, &str)], start: Timestamp) -> Task {
        let ids: Vec<String> = guests.iter().map(u32::to_string).collect();
        let mut log = vec![format!("INFO: starting new backup job: vzdump {} --mode snapshot --storage backup", ids.join(" "))];
        for vmid in guests {
            log.push(format!("INFO: Starting Backup of VM {vmid} (qemu)"));
            log.push("INFO: status = running".to_owned());
            log.push(format!("INFO: VM Name: vm-{vmid}"));
            if let Some((_, why)) = failed.iter().find(|(bad, _)| bad == vmid) {
                log.push(format!("ERROR: Backup of VM {vmid} failed - {why}"));
                log.push("INFO: Failed at 2026-11-20 21:02:00".to_owned());
            } else {
                log.push("INFO: 100% (32.0 GiB of 32.0 GiB) in 2m".to_owned());
                log.push(format!("INFO: Finished Backup of VM {vmid} (00:02:00)"));
            }
        }
        let status = if failed.is_empty() { "OK" } else { "job errors" };
        let last = if failed.is_empty() { "INFO: Backup job finished successfully" } else { "INFO: Backup job finished with errors" };
        log.extend([last.to_owned(), if failed.is_empty() { "TASK OK".to_owned() } else { format!("TASK ERROR: {status}") }]);
        let took = SignedDuration::from_secs(120 * guests.len() as i64);
        let id = if let [only] = guests { only.to_string() } else { String::new() };
        Task { end: Some(start + took), status: status.to_owned(), log, ..Task::new(node, "vzdump", &id, start) }
    }

    /// The task's name: node, process, its start and the task's in hexadecimal, kind, guest, user.
    pub fn upid(&self) -> String {
        let Task { node, pid, kind, id, user, .. } = self;
        format!("UPID:{node}:{pid:08X}:{:08X}:{:08X}:{kind}:{id}:{user}:", self.pstart(), self.start.as_second())
    }

    /// When the process began, in ticks since the node's boot.
    pub fn pstart(&self) -> u32 {
        (self.start.as_second() as u32) ^ 0x2a00_0000
    }

    /// Whether it has ended by then.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.end.is_some_and(|end| end <= now)
    }
}

//! What a backup server holds.

use jiff::{SignedDuration, Timestamp};

/// A backup server.
#[derive(Debug, Clone)]
pub struct World {
    /// `3.4.1`.
    pub version: String,
    /// `user@realm!name` and secret of the only token.
    pub token: (String, String),
    /// Where the token may do what: path, privileges, and whether they hold below.
    pub grants: Vec<(String, Vec<String>, bool)>,
    /// Datastores.
    pub stores: Vec<Store>,
    /// Verify jobs.
    pub jobs: Vec<Job>,
    /// Calls that this version does not have.
    pub lacks: Vec<String>,
}

/// A verify job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Of which datastore.
    pub store: String,
    /// When it ended well last.
    pub ended: Option<Timestamp>,
    /// When it runs next.
    pub next: Option<Timestamp>,
}

/// A datastore.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its name.
    pub name: String,
    /// Bytes there are.
    pub total: u64,
    /// Bytes in use.
    pub used: u64,
    /// When it will be full; `None`: there are too few figures.
    pub full: Option<i64>,
    /// When garbage was collected last: begin, end, outcome.
    pub garbage: Option<(Timestamp, Timestamp, String)>,
    /// Bytes that the next collection frees.
    pub pending: u64,
    /// Damaged chunks.
    pub bad: u64,
    /// `offline`, `read-only,message=...`.
    pub maintenance: Option<String>,
    /// Namespaces beside that at the top.
    pub namespaces: Vec<String>,
    /// Backups.
    pub backups: Vec<Backup>,
}

/// A backup.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Its namespace; empty: that at the top.
    pub namespace: String,
    /// `vm ct host`.
    pub kind: String,
    /// Number of the guest, or name of the host.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// Whose it is.
    pub owner: String,
    /// When it was verified, and whether it was good.
    pub verified: Option<(Timestamp, bool)>,
}

impl Backup {
    /// A backup of a virtual machine that was never verified.
    pub fn vm(id: u32, at: Timestamp) -> Backup {
        Backup { namespace: String::new(), kind: "vm".to_owned(), id: id.to_string(), at, owner: "backup@pbs".to_owned(), verified: None }
    }

    /// The same, verified then.
    pub fn verified(self, at: Timestamp, good: bool) -> Backup {
        Backup { verified: Some((at, good)), ..self }
    }
}

const TIB: u64 = 1 << 40;

impl Store {
    /// A datastore that is half full and in order.
    pub fn new(name: &str, now: Timestamp) -> Store {
        let night = now - SignedDuration::from_hours(10);
        Store {
            name: name.to_owned(),
            total: 10 * TIB,
            used: 5 * TIB,
            full: Some((now + SignedDuration::from_hours(24 * 90)).as_second()),
            garbage: Some((night, night + SignedDuration::from_mins(30), "OK".to_owned())),
            pending: 3 << 30,
            bad: 0,
            maintenance: None,
            namespaces: Vec::new(),
            backups: Vec::new(),
        }
    }
}

impl World {
    /// A server with a token that may read everything.
    pub fn new(stores: Vec<Store>) -> World {
        let auditor = vec!["Datastore.Audit".to_owned(), "Sys.Audit".to_owned()];
        World {
            version: "3.4.1".to_owned(),
            token: ("pcemon@pbs!cron".to_owned(), "7d0f5e6a-1c2b-4e3d-8f9a-0b1c2d3e4f50".to_owned()),
            grants: vec![("/".to_owned(), auditor, true)],
            stores,
            jobs: Vec::new(),
            lacks: Vec::new(),
        }
    }

    /// A datastore by its name.
    pub fn store(&mut self, name: &str) -> Option<&mut Store> {
        self.stores.iter_mut().find(|store| store.name == name)
    }

    /// What the token may do at a path, and whether it holds below.
    pub(super) fn at(&self, path: &str) -> Vec<(String, bool)> {
        let above = |grant: &&(String, Vec<String>, bool)| {
            let (at, _, below) = grant;
            at == path || *below && (at == "/" || path.starts_with(&format!("{at}/")))
        };
        // The nearest replaces those above it.
        let nearest = self.grants.iter().filter(above).max_by_key(|(at, ..)| if at == "/" { 0 } else { at.len() });
        nearest.map(|(_, rights, below)| rights.iter().map(|right| (right.clone(), *below)).collect()).unwrap_or_default()
    }

    pub(super) fn may(&self, path: &str, right: &str) -> bool {
        self.at(path).iter().any(|(held, _)| held == right)
    }
}

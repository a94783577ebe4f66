//! VENs as the PCE lists them, and its traffic database.

use super::field::Field;
use super::time::since;
use jiff::Timestamp;
use std::net::IpAddr;
use std::time::Duration;

/// One VEN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ven {
    /// Unique id.
    pub href: String,
    /// Name; empty when the PCE has none.
    pub name: String,
    /// Host name; empty when the PCE has none.
    pub hostname: String,
    /// `active suspended uninstalled`, or whatever comes.
    pub status: String,
    /// Its software.
    pub version: String,
    /// What the PCE says about the operating system, the shortest name first.
    pub os: Vec<String>,
    /// `server endpoint containerized-ven`, or whatever comes.
    pub ven_type: String,
    /// The PCE it talks to.
    pub active_pce: String,
    /// `(key, value)` pairs, any keys, any number.
    pub labels: Vec<(String, String)>,
    /// Addresses of its interfaces.
    pub addresses: Vec<IpAddr>,
    /// Notification types of the conditions it is in.
    pub conditions: Vec<String>,
    /// When the PCE last heard of it; `None` when it does not say.
    pub last_heartbeat: Option<Timestamp>,
    /// The workload it manages; `None` when that is not known.
    pub workload: Option<VenWorkload>,
}

/// What only the workload of a VEN tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VenWorkload {
    /// `idle visibility_only selective full`, or whatever comes.
    pub enforcement: String,
    /// `applied synced syncing staged`, or whatever comes.
    pub sync_state: String,
    /// Whether the PCE hears of it.
    pub online: Option<bool>,
}

impl Ven {
    /// What people call it: name, else host name, else id.
    pub fn display_name(&self) -> &str {
        [&self.name, &self.hostname, &self.href].into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(have, _)| have == key).map(|(_, value)| value.as_str())
    }

    /// How long it has been silent.
    pub fn heartbeat_age(&self, now: Timestamp) -> Option<Duration> {
        self.last_heartbeat.map(|at| since(now, at))
    }

    /// The value of a field; `None` when the VEN has no such thing.
    pub fn field(&self, field: &Field) -> Option<&str> {
        let workload = self.workload.as_ref();
        let text = match field {
            Field::Ven => self.display_name(),
            Field::Status => &self.status,
            Field::Version => &self.version,
            Field::Os => self.os.first()?,
            Field::VenType => &self.ven_type,
            Field::ActivePce => &self.active_pce,
            Field::Enforcement => &workload?.enforcement,
            Field::SyncState => &workload?.sync_state,
            Field::Label(key) => self.label(key)?,
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

/// All VENs of one answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inventory {
    /// The VENs, each once.
    pub vens: Vec<Ven>,
    /// Whether every workload was read: then a VEN without one has none.
    pub workloads_whole: bool,
}

/// The traffic database of one PCE.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Database {
    /// The whole, and its parts as far as the PCE tells them apart.
    pub parts: Vec<DatabasePart>,
    /// Bytes that wait to be taken in.
    pub backlog: Option<f64>,
    /// Files that wait to be taken in.
    pub backlog_files: Option<f64>,
}

/// The whole database, or the part for one kind of VEN.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatabasePart {
    /// `server`, `endpoint`; empty for the whole.
    pub name: String,
    /// Bytes.
    pub size: Option<f64>,
    /// Bytes it may hold.
    pub size_limit: Option<f64>,
    /// Days of traffic it holds.
    pub days: Option<f64>,
    /// Days it may hold.
    pub days_limit: Option<f64>,
    /// The oldest day it holds, or empty.
    pub oldest_day: String,
}

impl DatabasePart {
    /// Whether there is anything in it: where there are no endpoints, their part is empty for ever.
    pub fn is_empty(&self) -> bool {
        self.size.unwrap_or(0.0) <= 0.0 && self.days.unwrap_or(0.0) <= 0.0
    }
}

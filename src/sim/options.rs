//! What the simulated PCE is and knows, set up by a test or the demo.

use super::fault::Fault;
use super::fleet::{self, SimVen};
use super::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a query takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// This many polls see it queued, then working; the next one sees it completed.
    Polls(usize),
    /// This much real time.
    Lasts(Duration),
}

/// How the rows of a download are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// An array on one line.
    OneLine,
    /// An array with a row on each line.
    RowPerLine,
    /// An array with indentation, a row over many lines.
    Pretty,
    /// No array: a row on each line.
    Ndjson,
}

/// How a download is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Identity,
    /// gzip, and the header says so.
    Gzip,
    /// gzip, and no header says so.
    GzipUnmarked,
    /// gzip in two members, and the header says so.
    GzipMembers,
}

/// An audit event, and when the PCE lets it be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct SimEvent {
    /// May be later than the event's own `timestamp`.
    pub arrival: Timestamp,
    /// The event as sent.
    pub body: Value,
}

/// What the simulated PCE is and knows.
#[derive(Debug, Clone)]
pub struct Options {
    /// Traffic.
    pub world: World,
    /// Audit events, in any order.
    pub events: Vec<SimEvent>,
    /// The answer of `/health`.
    pub health: Value,
    /// VENs; those of the world's managed hosts unless a test says otherwise.
    pub vens: Vec<SimVen>,
    /// The answer about the traffic database.
    pub database: Value,
    /// The simulated clock; stands still until it is set.
    pub now: Timestamp,
    /// The only org.
    pub org_id: u64,
    /// User of the only credentials.
    pub api_key: String,
    /// Password of the only credentials.
    pub api_secret: String,
    /// How long a query takes.
    pub life: Life,
    /// How rows are laid out.
    pub layout: Layout,
    /// How downloads are packed.
    pub packing: Packing,
    /// Laid over every row of a JSON download: keys and words that no client has ever heard of.
    pub row_extras: serde_json::Map<String, Value>,
    /// Whether flows tell of labels by their addresses only, as old PCEs do.
    pub labels_by_href: bool,
    /// Whether answers come in chunks instead of with a length.
    pub chunked: bool,
    /// What goes wrong; the first that strikes is the one that counts.
    pub faults: Vec<Fault>,
}

impl Options {
    /// A healthy PCE at `now`: one poll, one line, gzip, nothing going wrong.
    pub fn new(world: World, now: Timestamp) -> Options {
        Options {
            vens: fleet::of_world(&world),
            database: fleet::database(),
            world,
            events: Vec::new(),
            health: json!([{ "status": "normal", "type": "standalone", "fqdn": "pce.example.com", "notifications": [], "nodes": [] }]),
            now,
            org_id: 1,
            api_key: "api_1f2e3d4c5b6a79880".to_owned(),
            api_secret: "simulated-secret".to_owned(),
            life: Life::Polls(1),
            layout: Layout::OneLine,
            packing: Packing::Gzip,
            row_extras: serde_json::Map::new(),
            labels_by_href: false,
            chunked: false,
            faults: Vec::new(),
        }
    }
}

//! The row: fields, keys and metrics of finished tasks.

use crate::domain::source::{Agg, Catalogue, FieldDef, Holds, Input, KeyDef, MetricDef, Nature, Needs, ReadFrom, SourceDef, Takes};
use crate::domain::unit::Unit;

/// Places of the fields.
pub(super) mod slot {
    pub const TASK_TYPE: u8 = 0;
    pub const USER: u8 = 1;
    pub const CLUSTER: u8 = 2;
    pub const NODE: u8 = 3;
    pub const GUEST: u8 = 4;
    pub const VMID: u8 = 5;
    pub const STATUS: u8 = 6;
    pub const MESSAGE: u8 = 7;
    pub const UPID: u8 = 8;
    pub const DURATION: u8 = 9;
}

/// How a task ended.
const ENDS: Takes = Takes::Words {
    value: "STATUS",
    known: &["ok", "warnings", "error", "unknown"],
    closed: true,
    synonyms: &[("warning", "warnings"), ("failed", "error")],
};

const PATTERN: Takes = Takes::Patterns { fold: true, catalogue: Catalogue::Open };

const fn key(name: &'static str, about: &'static str, takes: Takes) -> KeyDef {
    KeyDef { name, about, takes, key: "" }
}

const fn field(name: &'static str, about: &'static str, keys: &'static [KeyDef]) -> FieldDef {
    FieldDef { name, about, holds: Holds::Text, keys, groups: true, needs: Needs::Nothing, told_by_absence: false, key: "" }
}

const fn metric(name: &'static str, unit: Unit, input: Input, agg: Agg) -> MetricDef {
    MetricDef { name, unit, kinds: &[], input, agg, must_be_told: false, groups: true, key: "" }
}

/// The row.
pub const SOURCE: SourceDef = SourceDef {
    name: "proxmox_tasks",
    title: || tr!("tasks of Proxmox VE"),
    targets: &[ReadFrom::whole("proxmox")],
    nature: Nature::Window,
    kinds: &[],
    fields: &[
        field(
            "task_type",
            "Type of the task: vzdump, qmstart, vzstop, qmigrate and others",
            &[key("task_type", "Type of the task", PATTERN)],
        ),
        field("user", "Who started it; a token as user@realm!token", &[key("user", "Who started it", PATTERN)]),
        field("cluster", "Cluster; a standalone node has none", &[key("cluster", "Cluster", PATTERN)]),
        field("node", "Node where it ran", &[key("node", "Node where it ran", PATTERN)]),
        field("guest", "Guest: its name, else its number; a backup of several names none", &[key("guest", "Guest", PATTERN)]),
        field("vmid", "Number of the guest", &[key("vmid", "Number of the guest", PATTERN)]),
        field(
            "status",
            "How it ended: ok, warnings, error, or unknown where Proxmox does not know itself",
            &[key("status", "How it ended", ENDS)],
        ),
        field("message", "How it ended, in the words of Proxmox", &[key("message", "How it ended, in the words of Proxmox", PATTERN)]),
        FieldDef { groups: false, ..field("upid", "Its name", &[]) },
        FieldDef { holds: Holds::Number(Unit::Seconds), groups: false, ..field("duration", "How long it took", &[]) },
    ],
    open_fields: false,
    metrics: &[
        metric("count", Unit::Records, Input::Count, Agg::Sum),
        metric("duration", Unit::Seconds, Input::Number(slot::DURATION), Agg::Max),
    ],
    flag: "proxmox_tasks",
    files: &["proxmox_tasks-"],
    key: ("ProxmoxTasks", "ProxmoxTasks"),
};

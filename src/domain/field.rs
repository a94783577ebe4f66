//! The fields of a record that `group_by` and `distinct:` take.

use super::metric::SourceKind;
use std::fmt;

/// A field of a flow, of an event or of a VEN.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Source address.
    SrcIp,
    /// Destination address.
    DstIp,
    /// Source workload: its name, else host name, else address.
    SrcWorkload,
    /// Destination workload: its name, else host name, else address.
    DstWorkload,
    /// Value of one label key at the source.
    SrcLabel(String),
    /// Value of one label key at the destination.
    DstLabel(String),
    /// Destination port.
    Port,
    /// Protocol name or number.
    Proto,
    /// Process on the reporting side.
    Process,
    /// User on the reporting side.
    User,
    /// Policy decision.
    Decision,
    /// Event type.
    Type,
    /// Who did it.
    Actor,
    /// Address an event's API call came from.
    EventSrcIp,
    /// Event severity.
    Severity,
    /// A VEN: its name, else host name.
    Ven,
    /// Status of a VEN.
    Status,
    /// Version of a VEN.
    Version,
    /// Operating system of a VEN.
    Os,
    /// Enforcement mode of a VEN's workload.
    Enforcement,
    /// Whether its policy is in step with the PCE.
    SyncState,
    /// Kind of VEN.
    VenType,
    /// The PCE a VEN talks to.
    ActivePce,
    /// Value of one label key of a VEN.
    Label(String),
    /// A source that this run read.
    Source,
}

impl Field {
    /// Every name a source understands, for messages; `src_label:KEY` stands for any key.
    pub fn names(source: SourceKind) -> &'static [&'static str] {
        match source {
            SourceKind::Traffic => &[
                "src_ip",
                "dst_ip",
                "src_workload",
                "dst_workload",
                "src_label:KEY",
                "dst_label:KEY",
                "port",
                "proto",
                "process",
                "user",
                "decision",
            ],
            SourceKind::Events => &["type", "actor", "src_ip", "severity"],
            SourceKind::Vens => &["ven", "status", "version", "os", "enforcement", "sync_state", "ven_type", "active_pce", "label:KEY"],
            SourceKind::Monitor => &["source"],
            SourceKind::Health | SourceKind::Database => &[],
        }
    }

    /// Reads a field name as `group_by` and `distinct:` write it.
    pub fn parse(source: SourceKind, text: &str) -> Option<Field> {
        match source {
            SourceKind::Traffic => Some(match text {
                "src_ip" => Field::SrcIp,
                "dst_ip" => Field::DstIp,
                "src_workload" => Field::SrcWorkload,
                "dst_workload" => Field::DstWorkload,
                "port" => Field::Port,
                "proto" => Field::Proto,
                "process" => Field::Process,
                "user" => Field::User,
                "decision" => Field::Decision,
                _ => match text.split_once(':')? {
                    ("src_label", key) if !key.is_empty() => Field::SrcLabel(key.to_owned()),
                    ("dst_label", key) if !key.is_empty() => Field::DstLabel(key.to_owned()),
                    _ => return None,
                },
            }),
            SourceKind::Events => Some(match text {
                "type" => Field::Type,
                "actor" => Field::Actor,
                "src_ip" => Field::EventSrcIp,
                "severity" => Field::Severity,
                _ => return None,
            }),
            SourceKind::Vens => Some(match text {
                "ven" => Field::Ven,
                "status" => Field::Status,
                "version" => Field::Version,
                "os" => Field::Os,
                "enforcement" => Field::Enforcement,
                "sync_state" => Field::SyncState,
                "ven_type" => Field::VenType,
                "active_pce" => Field::ActivePce,
                _ => match text.split_once(':')? {
                    ("label", key) if !key.is_empty() => Field::Label(key.to_owned()),
                    _ => return None,
                },
            }),
            SourceKind::Monitor => (text == "source").then_some(Field::Source),
            SourceKind::Health | SourceKind::Database => None,
        }
    }

    /// Whether the two ends of a managed pair can report different values.
    pub fn is_reporter_side(&self) -> bool {
        matches!(self, Field::Process | Field::User | Field::Decision)
    }

    /// Whether it is known of a VEN's workload only, not of the VEN itself.
    pub fn is_of_workload(&self) -> bool {
        matches!(self, Field::Enforcement | Field::SyncState)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::SrcIp | Field::EventSrcIp => "src_ip",
            Field::DstIp => "dst_ip",
            Field::SrcWorkload => "src_workload",
            Field::DstWorkload => "dst_workload",
            Field::SrcLabel(key) => return write!(f, "src_label:{key}"),
            Field::DstLabel(key) => return write!(f, "dst_label:{key}"),
            Field::Port => "port",
            Field::Proto => "proto",
            Field::Process => "process",
            Field::User => "user",
            Field::Decision => "decision",
            Field::Type => "type",
            Field::Actor => "actor",
            Field::Severity => "severity",
            Field::Ven => "ven",
            Field::Status => "status",
            Field::Version => "version",
            Field::Os => "os",
            Field::Enforcement => "enforcement",
            Field::SyncState => "sync_state",
            Field::VenType => "ven_type",
            Field::Source => "source",
            Field::ActivePce => "active_pce",
            Field::Label(key) => return write!(f, "label:{key}"),
        })
    }
}

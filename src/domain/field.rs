//! The fields of a record that `group_by` and `distinct:` take.

use super::source::{FieldDef, Holds, Needs, SourceKind};
use std::fmt;

/// A field of a flow, of an event or of a VEN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// A field of a source's row, by its slot.
    Slot(u8, &'static FieldDef),
    /// One key of a field that holds pairs.
    Label(u8, &'static FieldDef, String),
    /// A field that is not in the row.
    Open(String),
    /// Name of the target.
    Target,
    /// Value of one label key of the target.
    TargetLabel(String),
    /// Kind of record.
    Kind,
}

/// The fields of flows; `src_label:KEY` stands for any key.
const OF_FLOWS: [&str; 11] =
    ["src_ip", "dst_ip", "src_workload", "dst_workload", "src_label:KEY", "dst_label:KEY", "port", "proto", "process", "user", "decision"];

impl Field {
    /// Every name a source understands, for messages; a part in capitals stands for any text.
    pub fn names(source: SourceKind) -> Vec<String> {
        if source.is_flows() {
            return OF_FLOWS.map(str::to_owned).into();
        }
        let own = source.fields.iter().filter(|field| field.groups).map(|field| match field.holds {
            Holds::Pairs => format!("{}:KEY", field.name),
            _ => field.name.to_owned(),
        });
        let mut names: Vec<String> = own.collect();
        if !source.kinds.is_empty() && !names.is_empty() {
            names.push("kind".to_owned());
        }
        if !source.is_run() && (!names.is_empty() || source.open_fields) {
            names.extend(["target".to_owned(), "target_label:KEY".to_owned()]);
        }
        names
    }

    /// Reads a field name as `group_by` and `distinct:` write it.
    pub fn parse(source: SourceKind, text: &str) -> Option<Field> {
        if source.is_flows() {
            return of_flow(text);
        }
        if let Some((slot, def)) = source.field(text).filter(|(_, def)| def.groups && def.holds != Holds::Pairs) {
            return Some(Field::Slot(slot, def));
        }
        if let Some((name, key)) = text.split_once(':').filter(|(_, key)| !key.is_empty()) {
            if let Some((slot, def)) = source.field(name).filter(|(_, def)| def.holds == Holds::Pairs) {
                return Some(Field::Label(slot, def, key.to_owned()));
            }
            if name == "target_label" && !source.is_run() {
                return Some(Field::TargetLabel(key.to_owned()));
            }
        }
        match text {
            "target" if !source.is_run() => Some(Field::Target),
            "kind" if !source.kinds.is_empty() => Some(Field::Kind),
            name if source.open_fields && !name.is_empty() => Some(Field::Open(name.to_owned())),
            _ => None,
        }
    }

    /// Whether it needs the second list of its source.
    pub fn needs(&self) -> Needs {
        match self {
            Field::Slot(_, def) | Field::Label(_, def, _) => def.needs,
            _ => Needs::Nothing,
        }
    }

    /// How the memory of rules is keyed: the names of earlier versions.
    pub fn key(&self) -> String {
        let own = |def: &FieldDef| if def.key.is_empty() { def.name } else { def.key }.to_owned();
        match self {
            Field::Slot(_, def) => own(def),
            Field::Label(_, def, key) => format!("{}({key:?})", own(def)),
            flows => format!("{flows:?}"),
        }
    }
}

fn of_flow(text: &str) -> Option<Field> {
    Some(match text {
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
    })
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::SrcIp => f.write_str("src_ip"),
            Field::DstIp => f.write_str("dst_ip"),
            Field::SrcWorkload => f.write_str("src_workload"),
            Field::DstWorkload => f.write_str("dst_workload"),
            Field::SrcLabel(key) => write!(f, "src_label:{key}"),
            Field::DstLabel(key) => write!(f, "dst_label:{key}"),
            Field::Port => f.write_str("port"),
            Field::Proto => f.write_str("proto"),
            Field::Process => f.write_str("process"),
            Field::User => f.write_str("user"),
            Field::Decision => f.write_str("decision"),
            Field::Slot(_, def) => f.write_str(def.name),
            Field::Label(_, def, key) => write!(f, "{}:{key}", def.name),
            Field::Open(name) => f.write_str(name),
            Field::Target => f.write_str("target"),
            Field::TargetLabel(key) => write!(f, "target_label:{key}"),
            Field::Kind => f.write_str("kind"),
        }
    }
}

//! What is asked about traffic.

use crate::domain::record::{Decision, proto_name};
use jiff::Timestamp;

/// What to ask.
#[derive(Debug, Clone, PartialEq)]
pub struct TrafficQuery {
    /// Start; records that overlap the span are selected.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    /// Empty: all.
    pub decisions: Vec<Decision>,
    /// Empty: all.
    pub services: Vec<ServiceFilter>,
    /// Rows one answer may hold.
    pub max_results: u64,
}

/// A port, a range of ports, a protocol, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceFilter {
    /// First port.
    pub from_port: Option<u16>,
    /// Last port; `None`: only the first.
    pub to_port: Option<u16>,
    /// IANA protocol number.
    pub proto: Option<i16>,
}

impl ServiceFilter {
    pub(super) fn proto(proto: i16) -> Self {
        Self { from_port: None, to_port: None, proto: Some(proto) }
    }

    /// First and last port.
    pub(super) fn ports(&self) -> (u16, u16) {
        match (self.from_port, self.to_port) {
            (None, None) => (1, u16::MAX),
            (None, Some(to)) => (1, to),
            (Some(from), to) => (from, to.unwrap_or(from)),
        }
    }

    pub(super) fn describe(&self) -> String {
        let proto = self.proto.map(proto_name);
        let ports = match (self.from_port, self.to_port) {
            (None, None) => None,
            _ => Some(match self.ports() {
                (from, to) if from == to => tr!("port {from}", from),
                (from, to) => tr!("ports {from}-{to}", from, to),
            }),
        };
        [proto, ports].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

//! Addresses, workloads and IP lists of the simulated world.

use std::net::IpAddr;

/// An address that takes part in traffic, and what the PCE knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its address.
    pub ip: IpAddr,
    /// The workload, if the PCE has one for this address.
    pub workload: Option<Workload>,
    /// IP lists that the PCE names for it; only used without a workload.
    pub ip_lists: Vec<IpList>,
    /// Domain name, or empty.
    pub fqdn: String,
}

impl Host {
    /// A bare address that the PCE knows nothing about.
    pub fn unknown(ip: IpAddr) -> Host {
        Host { ip, workload: None, ip_lists: Vec::new(), fqdn: String::new() }
    }

    /// Whether a VEN runs there and reports.
    pub fn is_managed(&self) -> bool {
        self.workload.as_ref().is_some_and(|workload| workload.managed)
    }

    /// The workload's href, or empty.
    pub fn href(&self) -> &str {
        self.workload.as_ref().map_or("", |workload| workload.href.as_str())
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.workload.as_ref()?.labels.iter().find(|(have, _)| have == key).map(|(_, value)| value.as_str())
    }
}

/// A workload as flow records show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// `/orgs/1/workloads/<uuid>` or `/orgs/1/kubernetes_workloads/<uuid>`.
    pub href: String,
    /// Name; `None` is sent as null, which is not the same as empty.
    pub name: Option<String>,
    /// Host name; `None` is sent as null.
    pub hostname: Option<String>,
    /// Any keys, in any order.
    pub labels: Vec<(String, String)>,
    /// Whether a VEN runs there.
    pub managed: bool,
    /// `idle visibility_only selective full`.
    pub enforcement_mode: String,
    /// `linux windows unknown`.
    pub os_type: String,
    /// Whether the VEN is of the endpoint kind.
    pub endpoint: bool,
}

/// An IP list as flow records name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpList {
    /// Number in its href.
    pub id: u32,
    /// Name.
    pub name: String,
    /// How many addresses it holds.
    pub size: u64,
}

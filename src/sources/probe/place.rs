//! Where one connects to.

use crate::domain::text::visible;
use std::net::IpAddr;

/// Which addresses of a name are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// All, in the order of the system.
    Any,
    /// Version 4 only.
    V4,
    /// Version 6 only.
    V6,
}

impl Family {
    pub fn has(self, address: IpAddr) -> bool {
        match self {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        }
    }
}

/// The host of messages and of what is shown.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// A host with its port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub host: &'a str,
    pub port: u16,
    pub family: Family,
}

impl Place<'_> {
    pub fn shown(&self) -> String {
        visible(&format!("{}:{}", bracketed(self.host), self.port))
    }
}

//! A target as the rest of the program asks it.

use super::super::{Ask, Obtained, Settings, Take, Trust};
use super::examine;
use super::pbs;
use super::round;
use super::settings::{Product, ProxmoxSettings};
use super::tasks;
use crate::domain::fault::Fault;
use crate::domain::source::SourceKind;

impl Settings for ProxmoxSettings {
    /// Endpoints come and go; what is remembered is bound to the cluster's own name.
    fn identity(&self) -> String {
        match self.product {
            Product::Ve => "proxmox".to_owned(),
            Product::BackupServer => "pbs".to_owned(),
        }
    }

    fn recall(&self, memory: Option<&str>) {
        self.remember(memory);
    }

    fn obtain(&self, ask: &Ask, take: &mut Take<'_>) -> Result<Obtained, Fault> {
        match self.product {
            Product::BackupServer => pbs::run(self, ask, take),
            Product::Ve if ask.source == Some(SourceKind(&tasks::SOURCE)) => tasks::run(self, ask, take),
            Product::Ve => round::run(self, ask, take),
        }
    }

    fn trust(&self) -> Option<Trust<'_>> {
        let (ca_file, server_name) = (self.ca_file.as_deref(), self.server_name.as_deref());
        (!self.insecure).then_some(Trust { urls: &self.urls, ca_file, pins: &self.pins, server_name })
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn examine(&self, kinds: u32, now: jiff::Timestamp) -> Result<String, String> {
        match self.product {
            Product::Ve => examine::examine(self, kinds, now),
            Product::BackupServer => pbs::examine(self, now),
        }
    }
}

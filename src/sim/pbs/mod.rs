//! A simulated Proxmox Backup Server for tests: datastores and their backups as plain values, what the server would answer about
//! them, and an endpoint over TLS on loopback.
//!
//! It is built from what the real one does: lists leave out what a token may not see, a datastore without the right comes
//! without figures, errors are plain text, and the certificate is its own CA.

mod calls;
pub mod server;
pub mod world;

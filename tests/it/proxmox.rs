//! Proxmox: the simulated cluster read by programs that others wrote, and the built program against it.

mod clients;

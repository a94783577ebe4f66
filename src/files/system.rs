//! What files are asked and told in the words of the system: whose rights count, and flags of opening.

/// The user whose rights count here.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(super) fn own_group() -> u32 {
    rustix::process::getegid().as_raw()
}

pub(super) fn flags(flags: rustix::fs::OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or(0)
}

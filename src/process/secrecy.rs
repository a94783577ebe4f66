//! Nothing of the memory of this process, which holds secrets, gets into a file.

/// No core file is written when this process dies, wherever the system puts them, and no other process of the same user may
/// look into it. Programs that it starts are dumped as they were before.
#[cfg(target_os = "linux")]
pub fn no_core_files() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        log::debug!("core files cannot be forbidden: {error}");
    }
}

/// The same where a limit is all there is; programs that are started inherit it.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn no_core_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Core).maximum;
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }) {
        log::debug!("core files cannot be forbidden: {error}");
    }
}

/// Nobody writes such files here.
#[cfg(not(unix))]
pub fn no_core_files() {}

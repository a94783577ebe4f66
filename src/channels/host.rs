//! This machine, as it names itself to others.

/// Bytes of its name.
const HOST: usize = 255;

/// The name of this machine, or `-`.
pub fn own_name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_graphic).take(HOST).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

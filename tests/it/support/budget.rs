//! How much the property tests try.

/// Cases of a property: a quarter of them usually, all of them where `PCEMON_THOROUGH` is set, as `.ci/run` does.
pub fn cases(all: u32) -> u32 {
    if std::env::var_os("PCEMON_THOROUGH").is_some() { all } else { all.div_ceil(4) }
}

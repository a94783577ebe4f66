//! What counts where a key is left out, for the manual and for editors. A test proves each of them: a config with the key
//! and one without it are the same.

/// Table (`rule` for rules and `[defaults]`, `channel` for every channel), key, and the value as it is written.
pub const DEFAULTS: &[(&str, &str, &str)] = &[
    ("pce", "insecure_skip_verify", "false"),
    ("pce", "request_timeout", "\"60s\""),
    ("pce", "query_timeout", "\"15m\""),
    ("pce", "max_results", "200000"),
    ("run", "deadline", "\"20m\""),
    ("run", "timezone", "\"UTC\""),
    ("run", "give_up_after", "\"2d\""),
    ("run", "max_alerts", "50"),
    ("traffic", "lookback", "\"30m\""),
    ("traffic", "accounting", "\"delta\""),
    ("traffic", "max_gap", "\"24h\""),
    ("traffic", "max_looks", "2000000"),
    ("traffic", "max_new_looks", "1200000"),
    ("events", "lookback", "\"15m\""),
    ("report", "since", "\"24h\""),
    ("report", "label", "\"app\""),
    ("rule", "undecided", "\"unknown\""),
    ("rule", "window", "\"10m\""),
    ("rule", "min_total", "0"),
    ("rule", "remember", "\"30d\""),
    ("rule", "learn", "\"1d\""),
    ("rule", "for", "\"0s\""),
    ("rule", "keep_firing_for", "\"0s\""),
    ("rule", "cooldown", "\"30m\""),
    ("rule", "cooldown_backoff", "1.0"),
    ("rule", "cooldown_max", "\"1d\""),
    ("rule", "enabled", "true"),
    ("channel", "min_severity", "\"info\""),
    ("channel", "send_resolved", "true"),
    ("channel", "timeout", "\"15s\""),
    ("channel", "enabled", "true"),
];

/// The default of a key, as it is written.
pub fn of(table: &str, key: &str) -> Option<&'static str> {
    DEFAULTS.iter().find(|(of, name, _)| *of == table && *name == key).map(|(_, _, value)| *value)
}

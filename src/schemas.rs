//! The JSON Schemas of everything machine-readable: one row each, published by `pcemon schema`.

/// One schema.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The name in the document's `schema` key, without its version; `rules` is the config.
    pub name: &'static str,
    /// What it describes.
    pub summary: &'static str,
    /// The schema as text.
    pub text: fn() -> String,
}

macro_rules! shipped {
    ($name:literal, $summary:literal) => {
        Schema { name: $name, summary: $summary, text: || include_str!(concat!("../schema/", $name, ".schema.json")).to_owned() }
    };
}

/// All of them.
pub const SCHEMAS: &[Schema] = &[
    Schema { name: "rules", summary: "the config (`rules.toml`)", text: crate::config::schema::text },
    shipped!("check", "`pcemon check -o json`"),
    shipped!("alert", "the body of a webhook, a line of a `file` channel, the input of an `exec` channel"),
    shipped!("flows", "`pcemon flows -o json`"),
    shipped!("top", "`pcemon top -o json`"),
    shipped!("events", "`pcemon events -o json`"),
    shipped!("vens", "`pcemon vens -o json`"),
    shipped!("health", "`pcemon health -o json`"),
    shipped!("show", "`pcemon show vens -o json`, and of every other source"),
    shipped!("report", "`pcemon report --format json`"),
    shipped!("explain", "`pcemon explain RULE -o json`"),
    shipped!("explain_last", "`pcemon explain --last -o json`"),
    shipped!("replay", "`pcemon replay FOLDER -o json`"),
    shipped!("test", "`pcemon test FILE -o json`"),
    shipped!("doctor", "`pcemon doctor -o json`"),
    shipped!("rule_list", "`pcemon rules list -o json`"),
    shipped!("rule", "`pcemon rules show NAME -o json`"),
    shipped!("validation", "`pcemon rules validate -o json`"),
    shipped!("channel_list", "`pcemon channel list -o json`"),
    shipped!("outbox_list", "`pcemon outbox list -o json`"),
    shipped!("silence_list", "`pcemon silence list -o json`"),
    shipped!("import", "`pcemon rules import FILE -o json`"),
];

/// The schema of that name.
pub fn find(name: &str) -> Option<&'static Schema> {
    SCHEMAS.iter().find(|schema| schema.name == name)
}

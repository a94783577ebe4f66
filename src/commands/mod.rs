//! One file for each command.

pub mod adhoc;
pub mod channel;
pub mod check;
pub mod demo;
pub mod explain;
pub mod generate;
pub mod outbox;
pub mod replay;
pub mod rules;
pub mod state;
pub mod test;

use comfy_table::{ContentArrangement, Table, presets};

/// A listing for people: aligned columns, a head, no boxes.
fn listing(head: impl IntoIterator<Item = String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.into_iter().map(|text| text.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

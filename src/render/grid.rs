//! Aligned columns without boxes, for people. It knows widths, not meanings.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a column behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// As wide as its content.
    Fixed,
    /// As wide as its content, numbers to the right.
    Number,
    /// Shrinks and wraps when there is not enough room.
    Text,
}

/// Lays rows out in columns, two blanks apart; lines carry no trailing blanks.
pub fn lay_out(columns: &[Column], header: Option<Vec<String>>, rows: Vec<Vec<String>>, width: Option<u16>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(header) = header {
        table.set_header(header);
    }
    table.add_rows(rows);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let last = columns.len().saturating_sub(1);
    for (index, kind) in columns.iter().enumerate() {
        let Some(column) = table.column_mut(index) else { continue };
        column.set_padding((0, if index == last { 0 } else { 2 }));
        match kind {
            Column::Fixed => {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            Column::Number => {
                column.set_constraint(ColumnConstraint::ContentWidth);
                column.set_cell_alignment(CellAlignment::Right);
            }
            Column::Text => {}
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Cuts text to at most so many columns of a terminal, the last one being `…` when something was cut.
pub fn narrowed(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |c: &char| left.checked_sub(c.width().unwrap_or(0)).map(|rest| left = rest).is_some();
    let mut out: String = text.chars().take_while(fits).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        for (text, columns, want) in [
            ("abcd", 4, "abcd"),
            ("abcde", 4, "abc…"),
            ("資料庫", 6, "資料庫"),
            ("資料庫", 5, "資料…"),
            ("資料庫", 4, "資…"),
            ("a資", 2, "a…"),
        ] {
            assert_eq!(narrowed(text, columns), want, "{text} in {columns}");
            assert!(narrowed(text, columns).width() <= columns);
        }
    }
}

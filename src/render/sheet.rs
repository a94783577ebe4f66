//! Rows of records for the commands that list them: one table of columns, five ways to write it.
//!
//! A [`Writer`] gives text back piece by piece, so that formats made for machines can be written while the
//! answer is still being read. Foreign text is escaped here, each medium in its own way. It knows no records.

use super::csv::guarded;
pub use super::grid::Column as Kind;
use super::grid::lay_out;
pub use super::json::to_text;
use super::json::{Number, Source};
use super::markdown::{code, escape};
use super::words::{NOTHING, value};
use super::{FORMATS, Style};
use crate::domain::estimate::Estimate;
use crate::domain::report::SourceReport;
use crate::domain::text::{quantity, shorten, visible};
use crate::domain::unit::Unit;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longest foreign text in a table.
const LONG: usize = 60;

/// A format that rows can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Aligned columns for people.
    Table,
    /// One object.
    Json,
    /// One object per row.
    Ndjson,
    /// RFC 4180.
    Csv,
    /// A GitHub-flavoured table.
    Markdown,
}

impl Form {
    const ALL: [(&'static str, Form); 5] =
        [("table", Form::Table), ("json", Form::Json), ("ndjson", Form::Ndjson), ("csv", Form::Csv), ("markdown", Form::Markdown)];

    /// The form of that name, or what to say.
    pub fn find(name: &str) -> Result<Form, String> {
        let names: Vec<&str> = Form::ALL.iter().map(|(name, _)| *name).collect();
        Form::ALL.iter().find(|(have, _)| *have == name).map(|(_, form)| *form).ok_or_else(|| {
            let what = FORMATS.iter().find(|format| format.name == name).map_or("a format", |format| format.summary);
            format!("-o {name} ({what}) is for results of `pcemon check`; here it is one of: {}", names.join(", "))
        })
    }

    /// Whether it is read by people: a few rows, a few columns, rounded numbers.
    pub fn is_for_people(self) -> bool {
        matches!(self, Form::Table | Form::Markdown)
    }

    /// Whether rows are complete without what follows them.
    pub fn is_stream(self) -> bool {
        matches!(self, Form::Ndjson | Form::Csv)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// For machines.
    pub name: String,
    /// For people.
    pub title: String,
    /// How it behaves in a table.
    pub kind: Kind,
}

/// Who sees a column without asking for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Tables for people, and machines.
    Everybody,
    /// Machines, which have room for everything.
    Machines,
    /// People: it says nothing that another column does not say better.
    People,
    /// JSON, where a column can hold columns.
    Documents,
    /// Rows of cells: tables and CSV.
    Rows,
    /// CSV, which has room for everything and no columns within columns.
    Csv,
}

impl Audience {
    /// Whether this form shows it.
    pub fn has(self, form: Form) -> bool {
        match self {
            Audience::Everybody => true,
            Audience::Machines => !form.is_for_people(),
            Audience::People => form.is_for_people(),
            Audience::Documents => matches!(form, Form::Json | Form::Ndjson),
            Audience::Rows => !matches!(form, Form::Json | Form::Ndjson),
            Audience::Csv => form == Form::Csv,
        }
    }
}

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// The record has no such thing.
    Nothing,
    /// Foreign text.
    Text(String),
    /// A number that is whole however large.
    Count(u64, Unit),
    /// A number without a unit that people group by thousands (a port).
    Plain(u64),
    /// A measured number.
    Amount(f64, Unit),
    /// Yes or no.
    Flag(bool),
    /// An instant.
    Time(Timestamp),
    /// Foreign texts.
    List(Vec<String>),
    /// Foreign keys and values.
    Pairs(Vec<(String, String)>),
    /// A bar of so many characters, for people.
    Bar(usize),
    /// The answer does not say. That is not the same as none.
    NotTold,
    /// A number as far as it is known.
    Between(Estimate, Unit),
    /// What only JSON can show.
    Document(#[serde(with = "as_text")] Value),
}

/// A value that has no form of its own among bytes.
mod as_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
        value.to_string().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Cells that wait: a fraction of the memory that they take while they are looked at.
#[derive(Debug)]
pub struct Packed(Box<[u8]>);

impl Packed {
    /// Packs the cells of a row.
    pub fn of(cells: &[Cell]) -> Packed {
        Packed(postcard::to_stdvec(cells).unwrap_or_default().into())
    }

    /// How many bytes they take.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// The same cells again.
    pub fn cells(&self) -> Vec<Cell> {
        // They were packed here.
        postcard::from_bytes(&self.0).unwrap_or_default()
    }
}

/// Stands for what the answer does not say.
pub const NOT_TOLD: &str = "?";

impl Cell {
    /// Foreign text; an empty one is nothing.
    pub fn text(text: &str) -> Cell {
        if text.is_empty() { Cell::Nothing } else { Cell::Text(text.to_owned()) }
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        match self {
            Cell::Nothing | Cell::Bar(_) | Cell::NotTold | Cell::Between(..) => Value::Null,
            Cell::Document(value) => value.clone(),
            Cell::Text(text) => json!(text),
            Cell::Count(number, _) | Cell::Plain(number) => json!(number),
            Cell::Amount(number, _) => serde_json::to_value(Number(*number)).unwrap_or(Value::Null),
            Cell::Flag(flag) => json!(flag),
            Cell::Time(at) => json!(at.to_string()),
            Cell::List(items) => json!(items),
            Cell::Pairs(pairs) => Value::Object(pairs.iter().map(|(key, value)| (key.clone(), json!(value))).collect()),
        }
    }

    fn csv(&self) -> String {
        match self {
            Cell::Nothing | Cell::Bar(_) | Cell::Document(_) => String::new(),
            Cell::NotTold => NOT_TOLD.to_owned(),
            Cell::Between(estimate, unit) => value(*estimate, *unit),
            Cell::Text(text) => guarded(text),
            Cell::Count(number, _) | Cell::Plain(number) => number.to_string(),
            Cell::Amount(number, _) => number.to_string(),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Time(at) => at.to_string(),
            Cell::List(_) | Cell::Pairs(_) => guarded(&self.joined()),
        }
    }

    /// Lists on one line.
    fn joined(&self) -> String {
        match self {
            Cell::List(items) => items.join("; "),
            Cell::Pairs(pairs) => pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("; "),
            _ => String::new(),
        }
    }

    /// For people; foreign text as it is.
    fn words(&self, style: &Style) -> String {
        match self {
            Cell::Nothing => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Count(number, unit) => quantity(*number as f64, *unit),
            Cell::Plain(number) => number.to_string(),
            Cell::Amount(number, unit) => quantity(*number, *unit),
            Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Cell::Time(at) => at.to_zoned(style.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            Cell::List(_) | Cell::Pairs(_) => self.joined(),
            Cell::Bar(length) => "█".repeat(*length),
            Cell::NotTold => NOT_TOLD.to_owned(),
            Cell::Between(estimate, unit) => value(*estimate, *unit),
            Cell::Document(_) => String::new(),
        }
    }

    fn plain(&self, style: &Style) -> String {
        let text = shorten(&visible(&self.words(style)), LONG);
        if text.is_empty() && !matches!(self, Cell::Bar(_)) { NOTHING.to_owned() } else { text }
    }

    fn marked(&self, style: &Style) -> String {
        match self {
            Cell::Nothing => NOTHING.to_owned(),
            Cell::Text(_) | Cell::List(_) | Cell::Pairs(_) => code(&self.words(style)),
            _ => escape(&self.words(style)),
        }
    }
}

/// What a listing is.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Changes when a key changes its meaning, not when one is added.
    pub schema: &'static str,
    /// What the rows are, as a key.
    pub rows: &'static str,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Keys before the rows.
    pub facts: Vec<(&'static str, Value)>,
}

/// What is known when all rows were seen.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    /// Keys behind the rows.
    pub facts: Vec<(&'static str, Value)>,
    /// Lines for people.
    pub notes: Vec<String>,
}

/// Writes rows in one form.
pub struct Writer<'s> {
    sheet: &'s Sheet,
    form: Form,
    style: &'s Style,
    /// Rows that must be seen together before one of them can be written.
    waiting: Vec<Vec<String>>,
    written: u64,
}

impl<'s> Writer<'s> {
    /// Nothing written yet.
    pub fn new(sheet: &'s Sheet, form: Form, style: &'s Style) -> Self {
        Self { sheet, form, style, waiting: Vec::new(), written: 0 }
    }

    /// What stands before the rows.
    pub fn begin(&self) -> String {
        match self.form {
            Form::Table | Form::Ndjson => String::new(),
            Form::Csv => line_of(self.sheet.columns.iter().map(|column| column.name.clone())),
            Form::Markdown => {
                let titles: Vec<String> = self.sheet.columns.iter().map(|column| escape(&visible(&column.title))).collect();
                format!("| {} |\n|{}\n", titles.join(" | "), " --- |".repeat(titles.len()))
            }
            Form::Json => {
                let mut head = format!("{{\"schema\":{}", json!(self.sheet.schema));
                for (key, value) in &self.sheet.facts {
                    head.push_str(&format!(",\n {}:{}", json!(key), to_text(Ok(value.to_string()))));
                }
                format!("{head},\n {}:[", json!(self.sheet.rows))
            }
        }
    }

    /// What can be written now that this row is known.
    pub fn row(&mut self, cells: &[Cell]) -> String {
        let first = self.written == 0;
        self.written += 1;
        match self.form {
            Form::Table => {
                self.waiting.push(cells.iter().map(|cell| cell.plain(self.style)).collect());
                String::new()
            }
            Form::Csv => line_of(cells.iter().map(Cell::csv)),
            Form::Markdown => {
                let cells: Vec<String> = cells.iter().map(|cell| cell.marked(self.style)).collect();
                format!("| {} |\n", cells.join(" | "))
            }
            Form::Ndjson => self.object(cells) + "\n",
            Form::Json => format!("{}\n  {}", if first { "" } else { "," }, self.object(cells)),
        }
    }

    /// The rest.
    pub fn end(&mut self, closing: &Closing) -> String {
        match self.form {
            Form::Csv | Form::Ndjson => String::new(),
            Form::Markdown => closing.notes.iter().map(|note| format!("\n{}\n", escape(&visible(note)))).collect(),
            Form::Json => {
                let mut tail = format!("{}]", if self.written == 0 { "" } else { "\n " });
                for (key, value) in &closing.facts {
                    tail.push_str(&format!(",\n {}:{}", json!(key), to_text(Ok(value.to_string()))));
                }
                tail + "}\n"
            }
            Form::Table => {
                let mut lines = Vec::new();
                if !self.waiting.is_empty() {
                    let kinds: Vec<Kind> = self.sheet.columns.iter().map(|column| column.kind).collect();
                    let titles = self.sheet.columns.iter().map(|column| visible(&column.title).to_uppercase()).collect();
                    let width = self.style.width.map(|width| width.max(40));
                    lines = lay_out(&kinds, Some(titles), std::mem::take(&mut self.waiting), width);
                    if let Some(head) = lines.first_mut() {
                        *head = self.dim(head);
                    }
                    lines.push(String::new());
                }
                let width = self.style.width.map(|width| width.max(40));
                for note in &closing.notes {
                    lines.extend(lay_out(&[Kind::Text], None, vec![vec![visible(note)]], width).iter().map(|line| self.dim(line)));
                }
                lines.join("\n") + "\n"
            }
        }
    }

    fn object(&self, cells: &[Cell]) -> String {
        // Keys in the order of the columns, which a map would sort.
        let pairs = self.sheet.columns.iter().zip(cells);
        let pairs: Vec<String> = pairs.map(|(column, cell)| format!("{}:{}", json!(column.name), cell.json())).collect();
        to_text(Ok(format!("{{{}}}", pairs.join(","))))
    }

    fn dim(&self, text: &str) -> String {
        if self.style.color && !text.is_empty() { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// How a source fared, as a key of a listing.
pub fn source(report: &SourceReport) -> Value {
    let english = SourceReport { error: report.error.as_ref().map(|fault| fault.said(crate::lang::in_english)), ..report.clone() };
    serde_json::to_value(Source::of(&english)).unwrap_or(Value::Null)
}

/// One row of CSV.
fn line_of(cells: impl Iterator<Item = String>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // It goes to memory, which cannot fail.
    let written = writer.write_record(cells);
    debug_assert!(written.is_ok());
    String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
}

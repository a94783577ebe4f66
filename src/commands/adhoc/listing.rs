//! Rows on their way out: which columns, how many, in which order, in which formats, and to where.

use crate::cli::Global;
use crate::cli::adhoc::Shape;
use crate::commands::common::{Failure, note};
use crate::domain::report::{SourceReport, SourceStatus};
use crate::domain::text::quantity;
use crate::domain::unit::Unit;
use crate::render::Style;
use crate::render::sheet::{self, Audience, Cell, Closing, Column, Form, Kind, Packed, Sheet, Writer};
use crate::run::output::{self, print, prove_writable};
use crate::settings::reader::did_you_mean;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Rows shown to people who do not say how many.
const USUAL_LIMIT: usize = 50;
/// Bytes of rows that wait while they are sorted; the last in the order give way to more.
const MOST_SORTED: usize = 96 << 20;
/// What a row takes beside its cells.
const A_ROW: usize = 80;

/// A text for people, made in the language that is spoken by then.
pub type Text = fn() -> String;

/// A column that a command has.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// For machines and `--columns`.
    pub name: &'static str,
    /// For people.
    pub title: Text,
    /// How it behaves in a table.
    pub kind: Kind,
    /// Whether people see it without asking.
    pub usual: bool,
    /// One line for `--columns help`.
    pub about: Text,
}

/// What a listing is made of.
pub struct Contents {
    /// Version of the JSON shape.
    pub schema: &'static str,
    /// What the rows are, as a key.
    pub rows: &'static str,
    /// What one of them is called, and several.
    pub nouns: [String; 2],
    /// Every column, and who sees it without asking.
    pub columns: Vec<(Column, Audience)>,
    /// Those that were asked for; empty: the usual ones.
    pub chosen: Vec<usize>,
    /// Keys before the rows.
    pub facts: Vec<(&'static str, serde_json::Value)>,
}

/// Every column there is, and the places of those that were asked for.
pub type Columns = (Vec<(Column, Audience)>, Vec<usize>);

/// Finds the columns that were asked for. `more` makes columns of names that are not in the table.
/// `None`: the list of all was asked for and printed.
pub fn choose(offers: &[Offer], names: &[String], more: impl Fn(&str) -> Option<Column>, hint: &str) -> Result<Option<Columns>, Failure> {
    let column = |offer: &Offer| Column { name: offer.name.to_owned(), title: (offer.title)(), kind: offer.kind };
    let mut columns: Vec<(Column, Audience)> =
        offers.iter().map(|offer| (column(offer), if offer.usual { Audience::Everybody } else { Audience::Machines })).collect();
    if names == ["help"] {
        let rows = offers.iter().map(|offer| vec![offer.name.to_owned(), (offer.about)()]).collect();
        print(&format!("{}{hint}", crate::commands::common::listing([tr!("column"), tr!("what it is")], rows)))?;
        return Ok(None);
    }
    let mut chosen = Vec::new();
    for name in names {
        let name = name.trim();
        let place = match columns.iter().position(|(column, _)| column.name == name) {
            Some(place) => place,
            None => {
                let Some(column) = more(name) else {
                    let known: Vec<&str> = offers.iter().map(|offer| offer.name).collect();
                    return Err(Failure(tr!(
                        "--columns: there is no column '{name}'; {hint}",
                        name = crate::domain::text::visible(name),
                        hint = did_you_mean(name, &known)
                    )));
                };
                columns.push((column, Audience::Machines));
                columns.len() - 1
            }
        };
        chosen.push(place);
    }
    Ok(Some((columns, chosen)))
}

/// Where a form goes to.
enum Place {
    Standard,
    /// Written beside the file and renamed over it at the end, so that nobody reads half of it.
    File {
        path: PathBuf,
        beside: PathBuf,
    },
}

struct Target {
    form: Form,
    sheet: Sheet,
    style: Style,
    /// For each column of the sheet its place among all.
    picks: Vec<usize>,
    limit: Option<usize>,
    place: Place,
}

/// One form while it is written.
struct Open<'t> {
    target: &'t Target,
    writer: Writer<'t>,
    out: Box<dyn Write>,
    begun: bool,
    shown: usize,
    /// The reader of the pipe went away.
    closed: bool,
    error: Option<String>,
}

impl Open<'_> {
    fn write(&mut self, text: &str) {
        if self.closed || self.error.is_some() {
            return;
        }
        match self.out.write_all(text.as_bytes()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => self.error = Some(tr!("cannot write the result: {error}", error)),
        }
    }

    fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            let head = self.writer.begin();
            self.write(&head);
        }
    }

    fn row(&mut self, cells: &[Cell]) {
        if self.target.limit.is_some_and(|limit| self.shown >= limit) {
            return;
        }
        self.begin();
        self.shown += 1;
        let picked: Vec<Cell> = self.target.picks.iter().map(|place| cells.get(*place).cloned().unwrap_or(Cell::Nothing)).collect();
        let text = self.writer.row(&picked);
        self.write(&text);
    }

    /// Whether it wants no more rows.
    fn done(&self) -> bool {
        let full = self.target.form.is_stream() && self.target.limit.is_some_and(|limit| self.shown >= limit);
        self.closed || self.error.is_some() || full
    }

    fn end(&mut self, closing: &Closing) {
        self.begin();
        let tail = self.writer.end(closing);
        self.write(&tail);
        match self.out.flush() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe && self.error.is_none() => {
                self.error = Some(tr!("cannot write the result: {error}", error));
            }
            _ => {}
        }
    }
}

/// The formats and places of a listing, proven before anything is asked.
pub struct Listing {
    targets: Vec<Target>,
    wanted: Vec<bool>,
    nouns: [String; 2],
    /// Rows kept while sorting; `None`: all. Outer `None`: not sorted.
    keep: Option<Option<usize>>,
}

impl Listing {
    /// Proves formats and paths. `sorted`: rows come with a key and are shown by it.
    pub fn prepare(global: &Global, style: &Style, contents: Contents, shape: Option<&Shape>, sorted: bool) -> Result<Listing, Failure> {
        let mut targets = Vec::new();
        let mut wanted = vec![false; contents.columns.len()];
        let standard = (global.output.as_deref().unwrap_or("table"), Place::Standard);
        let out_files = global.out_files()?;
        let files = out_files.iter().map(|(form, path)| {
            let mut beside = path.as_os_str().to_owned();
            beside.push(format!(".{}.part", std::process::id()));
            (form.name, Place::File { path: path.to_path_buf(), beside: beside.into() })
        });
        for (name, place) in std::iter::once(standard).chain(files) {
            let form = Form::find(name)?;
            if let Place::File { path, .. } = &place {
                prove_writable(path)?;
            }
            let usual = |place: &usize| contents.columns[*place].1.has(form);
            let picks: Vec<usize> =
                if contents.chosen.is_empty() { (0..contents.columns.len()).filter(usual).collect() } else { contents.chosen.clone() };
            picks.iter().for_each(|place| wanted[*place] = true);
            let limit = match shape.map(|shape| shape.limit) {
                Some(Some(0)) | None => None,
                Some(Some(limit)) => Some(limit),
                Some(None) => (form.is_for_people() || sorted).then_some(USUAL_LIMIT),
            };
            let sheet = Sheet {
                schema: contents.schema,
                rows: contents.rows,
                columns: picks.iter().map(|place| contents.columns[*place].0.clone()).collect(),
                facts: contents.facts.clone(),
            };
            let style = if matches!(place, Place::Standard) { style.clone() } else { Style { color: false, width: None, ..style.clone() } };
            targets.push(Target { form, sheet, style, picks, limit, place });
        }
        // All of them, as soon as one of them wants all.
        let most = targets.iter().map(|target| target.limit).try_fold(0, |most, limit| limit.map(|limit| most.max(limit)));
        Ok(Listing { targets, wanted, nouns: contents.nouns, keep: sorted.then_some(most) })
    }

    /// Opens the places.
    pub fn open(&self) -> Result<Rows<'_>, Failure> {
        let mut open = Vec::new();
        for target in &self.targets {
            let out: Box<dyn Write> = match &target.place {
                Place::Standard => output::lines(),
                Place::File { beside, .. } => Box::new(BufWriter::new(
                    File::create(beside).map_err(|error| tr!("cannot write {path}: {error}", path = beside.display(), error))?,
                )),
            };
            let writer = Writer::new(&target.sheet, target.form, &target.style);
            open.push(Open { target, writer, out, begun: false, shown: 0, closed: false, error: None });
        }
        Ok(Rows { listing: self, open, kept: BinaryHeap::new(), kept_bytes: 0, gave_way: false, met: 0 })
    }
}

/// A row that waits for its place in the order.
struct Kept {
    key: i128,
    number: u64,
    cells: Packed,
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Equal ones stay in the order they came in.
        (self.key, Reverse(self.number)).cmp(&(other.key, Reverse(other.number)))
    }
}
impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Kept {}

/// Rows being written.
pub struct Rows<'l> {
    listing: &'l Listing,
    open: Vec<Open<'l>>,
    kept: BinaryHeap<Reverse<Kept>>,
    /// Bytes of them.
    kept_bytes: usize,
    /// Some gave way for want of memory.
    gave_way: bool,
    met: u64,
}

impl Rows<'_> {
    /// Whether anybody shows this column.
    pub fn wants(&self, place: usize) -> bool {
        self.listing.wanted.get(place).copied().unwrap_or(false)
    }

    /// Takes a row. `key` orders a sorted listing, the largest first. Breaks when nobody wants more.
    pub fn row(&mut self, key: i128, cells: impl FnOnce() -> Vec<Cell>) -> ControlFlow<()> {
        self.met += 1;
        match self.listing.keep {
            None => {
                let cells = cells();
                self.open.iter_mut().for_each(|open| open.row(&cells));
                if self.open.iter().all(Open::done) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            Some(limit) => {
                let is_full = |rows: &Self| limit.is_some_and(|limit| rows.kept.len() > limit) || rows.kept_bytes > MOST_SORTED;
                let has_room = !self.gave_way && limit.is_none_or(|limit| self.kept.len() < limit);
                if has_room || self.kept.peek().is_some_and(|least| key > least.0.key) {
                    let cells = Packed::of(&cells());
                    self.kept_bytes += cells.size() + A_ROW;
                    self.kept.push(Reverse(Kept { key, number: self.met, cells }));
                    while is_full(self)
                        && let Some(least) = self.kept.pop()
                    {
                        self.gave_way |= self.kept_bytes > MOST_SORTED;
                        self.kept_bytes = self.kept_bytes.saturating_sub(least.0.cells.size() + A_ROW);
                    }
                }
                ControlFlow::Continue(())
            }
        }
    }

    /// Writes what is left and what is said about all of it.
    pub fn finish(mut self, global: &Global, report: &SourceReport, mut closing: Closing) -> Result<(), Failure> {
        let mut kept: Vec<Kept> = std::mem::take(&mut self.kept).into_iter().map(|kept| kept.0).collect();
        kept.sort_by(|a, b| b.cmp(a));
        for row in kept {
            let cells = row.cells.cells();
            self.open.iter_mut().for_each(|open| open.row(&cells));
        }
        closing.facts.push(("matched", self.met.into()));
        closing.facts.push(("source", sheet::source(report)));
        let obtained = matches!(report.status, SourceStatus::Ok | SourceStatus::Partial);
        let mut errors = Vec::new();
        for open in &mut self.open {
            let shown = open.shown as u64;
            let mut own = closing.clone();
            own.facts.push(("shown", shown.into()));
            let [one, many] = &self.listing.nouns;
            let noun = if self.met == 1 { one } else { many };
            let count = |number: u64| quantity(number as f64, Unit::Values);
            // Where reading ended with the limit, nobody knows how many there are.
            let all_were_met = self.listing.keep.is_some() || !open.done();
            if shown < self.met && self.gave_way {
                own.notes.insert(
                    0,
                    tr!(
                        "{shown} of {met} {noun} shown: there is no memory for sorting more; narrow the question, or leave out --sort",
                        shown = count(shown),
                        met = count(self.met),
                        noun
                    ),
                );
            } else if shown < self.met && all_were_met {
                own.notes.insert(
                    0,
                    tr!("{shown} of {met} {noun} shown; --limit 0 shows all", shown = count(shown), met = count(self.met), noun),
                );
            } else if open.target.form.is_for_people() {
                own.notes.insert(0, tr!("{met} {noun}", met = count(self.met), noun));
            }
            // Of what could not be had only JSON can say so; an empty table would look like an answer.
            if !(obtained || open.begun || open.target.form == Form::Json) {
                continue;
            }
            open.end(&own);
            if matches!(open.target.place, Place::Standard) && !open.target.form.is_for_people() && !open.closed {
                own.notes.iter().for_each(|text| note(global, text));
            }
            if let Place::File { path, beside } = &open.target.place
                && open.error.is_none()
                && let Err(error) = std::fs::rename(beside, path)
            {
                open.error = Some(tr!("cannot write {path}: {error}", path = path.display(), error));
            }
            errors.extend(open.error.take());
        }
        if errors.is_empty() { Ok(()) } else { Err(Failure(errors.join("\n"))) }
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        for open in &self.open {
            if let Place::File { beside, .. } = &open.target.place {
                // After a rename it is gone already.
                let _ = std::fs::remove_file(beside);
            }
        }
    }
}

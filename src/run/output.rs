//! Where results go: standard output, `--out` files, the textfile. Paths are proven before the first request.

use crate::cli::Global;
use crate::domain::report::Report;
use crate::domain::text::without_orders;
use crate::files;
use crate::process::panics::contained;
use crate::render::{self, Style};
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Proves that a file can be written into its folder, without touching the file.
pub fn prove_writable(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(tr!("{path} is a folder", path = path.display()));
    }
    files::prove_replaceable(path, 1).map_err(|error| tr!("cannot write into {folder}: {error}", folder = folder.display(), error))
}

/// Writes a file at once or not at all, readable by whoever the umask lets (a collector runs as somebody else).
pub fn write_file(path: &Path, text: &str) -> Result<(), String> {
    files::write_out(path, text.as_bytes()).map_err(|error| tr!("cannot write {path}: {error}", path = path.display(), error))
}

/// Whether the log of a CI job is read by a program that takes orders from it.
fn is_obeyed() -> bool {
    let says = |name: &str| std::env::var(name).is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    says("GITHUB_ACTIONS") || says("TF_BUILD") || std::env::var_os("TEAMCITY_VERSION").is_some_and(|value| !value.is_empty())
}

/// Text for standard output or standard error, in which nobody's name becomes an order to the runner of a CI job.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if is_obeyed() { without_orders(text, "\\u0023", false) } else { Cow::Borrowed(text) }
}

/// Standard output for many lines, under the same promise.
pub fn lines() -> Box<dyn Write> {
    let out = io::BufWriter::new(io::stdout());
    if is_obeyed() { Box::new(Harmless { out, line: Vec::new() }) } else { Box::new(out) }
}

/// Looks at each line as a whole before it goes on.
struct Harmless<W> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.out.write_all(harmless(&String::from_utf8_lossy(&line)).as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.out.write_all(harmless(&String::from_utf8_lossy(&line)).as_bytes())?;
        self.out.flush()
    }
}

/// Writes to standard output. A closed pipe is no error: the reader has seen enough.
pub fn print(text: &str) -> Result<(), String> {
    write_out(&harmless(text))
}

/// The same for text whose own lines are orders to the runner.
fn print_orders(text: &str) -> Result<(), String> {
    if is_obeyed() { write_out(&without_orders(text, "\\u0023", true)) } else { write_out(text) }
}

fn write_out(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(tr!("cannot write to standard output: {error}", error)),
        _ => Ok(()),
    }
}

/// Brings a report to everybody who wants it. What cannot be written is returned, the rest is written all the same.
pub fn publish(report: &Report, global: &Global, style: &Style, textfile: Option<&PathBuf>) -> Vec<String> {
    let mut errors = Vec::new();
    let format = global.output.as_deref().unwrap_or("table");
    if !(global.quiet && report.exit_code == 0)
        && let Some(format) = render::find(format)
    {
        errors.extend(
            contained(|| format.text_of(report, style))
                .and_then(|text| if format.name == "github" { print_orders(&text) } else { print(&text) })
                .err(),
        );
    }
    let plain = Style { color: false, width: None, quiet: false, ..style.clone() };
    let mut outs = global.out_files().unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    outs.extend(textfile.and_then(|path| Some((render::find("prometheus")?, path.as_path()))));
    for (format, path) in outs {
        errors.extend(contained(|| format.text_of(report, &plain)).and_then(|text| write_file(path, &text)).err());
    }
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        errors.extend(contained(|| github(report, format, &plain)).and_then(|result| result).err());
    }
    errors
}

/// In GitHub Actions: annotations beside the table, and the step's summary.
fn github(report: &Report, format: &str, style: &Style) -> Result<(), String> {
    if format == "table"
        && let Some(github) = render::find("github")
    {
        print_orders(&github.text_of(report, style))?;
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(render::step_summary(report, style).as_bytes()))
        .map_err(|error| tr!("cannot write the step summary: {error}", error))
}

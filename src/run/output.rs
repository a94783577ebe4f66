//! Where results go: standard output, `--out` files, the textfile. Paths are proven before the first request.

use crate::cli::Global;
use crate::domain::report::{Report, Status};
use crate::render::{self, Style};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Proves that a file can be written into its folder, without touching the file.
pub fn prove_writable(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(tr!("{path} is a folder", path = path.display()));
    }
    let probe = folder.join(format!(".pcemon-probe-{}", std::process::id()));
    std::fs::File::create(&probe)
        .and_then(|_| std::fs::remove_file(&probe))
        .map_err(|error| tr!("cannot write into {folder}: {error}", folder = folder.display(), error))
}

/// Writes a file at once or not at all, readable by all (a collector runs as somebody else).
pub fn write_file(path: &Path, text: &str) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    atomicwrites::AtomicFile::new(path, atomicwrites::OverwriteBehavior::AllowOverwrite)
        .write(|file| {
            file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
            file.write_all(text.as_bytes())
        })
        .map_err(|error| {
            let error: io::Error = error.into();
            tr!("cannot write {path}: {error}", path = path.display(), error)
        })
}

/// Writes to standard output. A closed pipe is no error: the reader has seen enough.
pub fn print(text: &str) -> Result<(), String> {
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
    let all_well = report.status == Status::Ok && report.exit_code == 0;
    if !(global.quiet && all_well)
        && let Some(format) = render::find(format)
    {
        errors.extend(print(&(format.render)(report, style)).err());
    }
    let plain = Style { color: false, width: None, quiet: false, ..style.clone() };
    let mut outs = global.out_files().unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    outs.extend(textfile.and_then(|path| Some((render::find("prometheus")?, path.as_path()))));
    for (format, path) in outs {
        errors.extend(write_file(path, &(format.render)(report, &plain)).err());
    }
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        errors.extend(github(report, format, &plain).err());
    }
    errors
}

/// In GitHub Actions: annotations beside the table, and the step's summary.
fn github(report: &Report, format: &str, style: &Style) -> Result<(), String> {
    if format == "table"
        && let Some(github) = render::find("github")
    {
        print(&(github.render)(report, style))?;
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(render::step_summary(report, style).as_bytes()))
        .map_err(|error| tr!("cannot write the step summary: {error}", error))
}

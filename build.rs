//! Hands the commit, its date and the target to `pcemon --version`.
//!
//! Only builds with the release or dist profile look at git: elsewhere every commit would compile the crate anew.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PCEMON_COMMIT");
    println!("cargo::rustc-env=PCEMON_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    println!("cargo::rustc-env=PCEMON_PROFILE={}", profile());
    let given = std::env::var("PCEMON_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(|| if std::env::var("PROFILE").as_deref() == Ok("release") { committed() } else { None });
    println!("cargo::rustc-env=PCEMON_COMMIT={}", commit.unwrap_or_default());
}

/// The commit and its day, where the sources are a checkout of their own and not a folder inside somebody else's.
fn committed() -> Option<String> {
    let said = |args: &[&str]| {
        let output = Command::new("git").args(args).stderr(std::process::Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if !Path::new(".git").exists() {
        return None;
    }
    for name in ["HEAD", "logs/HEAD"] {
        let path = said(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    said(&["show", "--no-patch", "--format=%h %cs", "HEAD"])
}

/// The name of the profile: of cargo's variables only the path of the output has it (TARGET_DIR/PROFILE/build/...).
fn profile() -> String {
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let folders: Vec<&str> = Path::new(&out).iter().filter_map(|part| part.to_str()).collect();
    folders
        .iter()
        .rposition(|part| *part == "build")
        .and_then(|at| folders.get(at.wrapping_sub(1)))
        .map_or("unknown", |name| *name)
        .to_owned()
}

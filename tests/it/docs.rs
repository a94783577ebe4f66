//! README and the book: what a reader types works, in order; links lead somewhere; pictures show what the program prints.

use crate::support::cli::Room;
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::options::Options;
use pcemon::sim::server::Sim;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The pages of the book in the order of its summary, with the README first.
fn pages() -> Vec<String> {
    let summary = read("docs/src/SUMMARY.md");
    let named = summary.lines().filter_map(|line| line.split_once("](")?.1.strip_suffix(')'));
    std::iter::once("README.md".to_owned()).chain(named.map(|name| format!("docs/src/{name}"))).collect()
}

fn below(folder: &Path, out: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => below(&path, out),
            false => out.extend([path]),
        }
    }
}

#[test]
fn the_readme_is_short_and_the_summary_has_every_page() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 200, "README.md has {lines} lines; what is more than 200 belongs to docs/");
    let mut files = BTreeSet::new();
    below(&root().join("docs/src"), &mut files);
    let listed: BTreeSet<PathBuf> = pages().into_iter().skip(1).map(|page| root().join(page)).collect();
    let pages: BTreeSet<PathBuf> =
        files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md") && !path.ends_with("SUMMARY.md")).collect();
    assert_eq!(pages, listed, "docs/src/SUMMARY.md and the files beside it");
}

/// The anchor that a heading gets, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>();
    kept.replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    let more = ["CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "packaging/README.md", "docs/src/SUMMARY.md"];
    for page in pages().into_iter().chain(more.map(str::to_owned)) {
        let text = read(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            seen += 1;
            if let Some(place) = link.strip_prefix("https://") {
                // A registry's page moves with the registry; a tool's repository stays, and so do the conventions that are kept.
                let host = place.split('/').next().unwrap();
                assert!(
                    ["github.com", "keepachangelog.com", "semver.org"].contains(&host),
                    "{page}: {link} leads to a host that is not one of those listed here"
                );
                continue;
            }
            let (file, name) = link.split_once('#').map_or((link, None), |(file, name)| (file, Some(name)));
            let target = if file.is_empty() { root().join(&page) } else { root().join(&page).parent().unwrap().join(file) };
            assert!(target.exists(), "{page}: {link} leads nowhere");
            if let Some(name) = name {
                let text = std::fs::read_to_string(&target).unwrap();
                let found = text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' ')).any(|head| anchor(head) == name);
                assert!(found, "{page}: {link}: there is no such heading");
            }
        }
    }
    assert!(seen > 70, "only {seen} links were found");
}

/// The blocks of shell of a page, with the lines they begin on.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start()) {
            (None, "```sh") => open = Some((number + 2, String::new())),
            (Some(_), "```") => out.extend(open.take()),
            (Some((_, block)), _) => {
                let _infallible = writeln!(block, "{line}");
            }
            _ => {}
        }
    }
    out
}

/// What a reader has besides pcemon, as far as the pages use it. A verdict of WARNING or CRITICAL is no mistake of the page.
const PRELUDE: &str = r#"
set -eu
pcemon() { local code=0; command pcemon "$@" || code=$?; case $code in 0|1|2) ;; *) return "$code" ;; esac; }
sudo() { [ "$1" != -E ] || shift; "$@"; }
cargo() {
    case "$*" in
        "run --release -- "*) shift 3; pcemon "$@" ;;
        "test --release"|"install --path .") ;;
        "build --release") mkdir -p target/release && cp "$PCEMON" target/release/pcemon ;;
        *) echo "cargo $*: not expected" >&2; return 1 ;;
    esac
}
useradd() { :; }
chown() { :; }
systemctl() { :; }
install() {
    local arguments=()
    while (($#)); do case $1 in -o|-g) shift 2 ;; *) arguments+=("$1"); shift ;; esac; done
    command install "${arguments[@]}"
}
"#;

/// Runs a page's blocks one after the other in one shell. Paths of the system are below `room`.
fn run_page(page: &str, room: &Room, url: &str) -> usize {
    let found = blocks(&read(page));
    let mut script = PRELUDE.to_owned();
    for (line, block) in &found {
        let _infallible = writeln!(script, "echo '== {page}:{line}' >&2\n{block}");
    }
    let home = room.path("");
    let home = home.display().to_string().trim_end_matches('/').to_owned();
    let script = script.replace("https://pce.example.com:8443", url);
    let script =
        ["/etc/", "/usr/local/", "/var/lib/"].iter().fold(script, |script, place| script.replace(place, &format!("{home}{place}")));
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_pcemon"));
    let path = format!("{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", bin.parent().unwrap().display());
    let command = room.command(&[]);
    let mut shell = Command::new("bash");
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(room.path(""));
    shell.env("PATH", path).env("PCEMON", &bin).arg("-c").arg(script).stdin(std::process::Stdio::null());
    let output = shell.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "a command of {page} fails when it is typed: {:?}\n{said}", output.status.code());
    found.len()
}

fn simulated() -> Sim {
    let now = jiff::Timestamp::now();
    let Estate { world, events, health, vens, database } = estate::world(now);
    Sim::start(Options {
        events,
        health,
        vens,
        database,
        api_key: "api_1234567890".into(),
        api_secret: "0123456789abcdef".into(),
        ..Options::new(world, now)
    })
    .unwrap()
}

/// As a reader would: README and the first chapter on an empty machine, the other pages after the first chapter.
#[test]
fn every_command_block_works_as_it_is_typed() {
    let sim = simulated();
    let mut count = 0;
    for page in pages() {
        if blocks(&read(&page)).is_empty() {
            continue;
        }
        let room = Room::new();
        for folder in ["etc/cron.d", "usr/local/bin", "var/lib", "packaging"] {
            std::fs::create_dir_all(room.path(folder)).unwrap();
        }
        let status = Command::new("cp").arg("-r").arg(root().join("packaging/cron.d")).arg(room.path("packaging")).status().unwrap();
        assert!(status.success());
        if page != "README.md" && page != "docs/src/guide/first-run.md" {
            for name in ["rules.example.toml", "rules.example.test.toml"] {
                room.write(name, read(name));
            }
            room.write("api_key", "api_1234567890");
            room.write("api_secret", "0123456789abcdef");
            let key = ["--api-key-file", "api_key", "--api-secret-file", "api_secret"];
            let channel = format!("type=file,name=soc,path={}", room.path("alerts.ndjson").display());
            let channel = ["--channel", channel.as_str()];
            room.run(&[&["init", "--url", &sim.url()][..], &key, &channel].concat()).exits(0);
            let first = room.run(&["check", "-q"]);
            assert!(first.code < 3, "{}\n{}", first.out, first.err);
        }
        count += run_page(&page, &room, &sim.url());
    }
    assert!(count >= 12, "only {count} blocks were found");
}

/// Text with colours as a picture: one row of the terminal is one text, so that it can be selected and found.
fn picture(lines: &[&str], about: &str) -> String {
    let (wide, high) = (8.43, 19.0);
    let columns = lines.iter().map(|line| bare(line).chars().count()).max().unwrap_or(0);
    let (width, height) = (columns as f64 * wide + 32.0, lines.len() as f64 * high + 28.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{about}\" \
         font-family=\"ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"14\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16191d\"/>\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let y = (row as f64 + 1.0) * high + 10.0;
        let mut column = 0;
        for (code, text) in coloured(line) {
            if !text.trim().is_empty() {
                let lead = text.chars().take_while(|c| *c == ' ').count();
                let x = (column + lead) as f64 * wide + 16.0;
                let shown = text.trim();
                let length = shown.chars().count() as f64 * wide;
                let _infallible = writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\">{}</text>",
                    colour(code),
                    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
                );
            }
            column += text.chars().count();
        }
    }
    out.push_str("</svg>\n");
    out
}

fn colour(code: &str) -> &'static str {
    match code {
        "1;31" => "#ff7b72",
        "33" => "#e3b341",
        "35" => "#d2a8ff",
        "32" => "#56d364",
        "2" => "#8b949e",
        _ => "#dfe5ec",
    }
}

/// The pieces of a line, each with the code of its colour.
fn coloured(line: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    for (at, piece) in line.split("\u{1b}[").enumerate() {
        match piece.split_once('m') {
            Some((code, text)) if at > 0 => out.push((code, text)),
            _ => out.push(("0", piece)),
        }
    }
    out
}

fn bare(line: &str) -> String {
    coloured(line).into_iter().map(|(_, text)| text).collect()
}

fn current(name: &str, text: &str) {
    let path = root().join(name);
    if std::env::var_os("PCEMON_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == text, "{name} is not what the program prints; rewrite with PCEMON_BLESS=1");
}

/// The table of the demo at a fixed time, without the line that names port and duration.
#[test]
fn the_picture_of_the_table_is_what_the_demo_prints() {
    let room = Room::new();
    let ran = room.run(&["demo", "--now", "2026-11-20T10:10:00Z", "--color", "always"]).exits(0);
    let lines: Vec<&str> = ran.out.lines().skip(2).collect();
    let end = lines.iter().position(|line| bare(line).starts_with("CRITICAL: ")).unwrap();
    let shown: Vec<String> = lines[..=end].iter().map(|line| clipped(line, 132)).collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    current("docs/src/img/table.svg", &picture(&shown, "The table that pcemon check prints"));
    assert!(shown.len() > 20 && bare(shown[0]).starts_with("STATE"), "{shown:?}");
}

/// A line of at most so many characters; colours take no room.
fn clipped(line: &str, most: usize) -> String {
    let mut left = most;
    let mut out = String::new();
    for (code, text) in coloured(line) {
        let cut: String = text.chars().take(left).collect();
        left -= cut.chars().count();
        let _infallible = write!(out, "\u{1b}[{code}m{cut}");
        if left == 0 && cut.len() < text.len() {
            out.push('…');
            break;
        }
    }
    out
}

/// A figure of the report that the demo makes, with the colours of its page.
#[test]
fn the_picture_of_the_report_is_what_the_demo_makes() {
    let room = Room::new();
    let _table = room.run(&["demo", "--now", "2026-11-20T10:10:00Z", "--report", "demo.html"]).exits(0);
    let page = std::fs::read_to_string(room.path("demo.html")).unwrap();
    let start = page.find("<svg").unwrap();
    let figure = &page[start..start + page[start..].find("</svg>").unwrap() + 6];
    assert!(figure.contains("wide"), "{}", &figure[..200]);
    // Alone, the figure needs what the page's style says.
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let open = figure.find('>').unwrap();
    let head = if figure[..open].contains("xmlns") {
        figure[..open].to_owned()
    } else {
        figure[..open].replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", 1)
    };
    let text = format!("{head}><style>{style}\nsvg{{background:var(--bg,#fff);display:block}}</style>{}\n", &figure[open + 1..]);
    current("docs/src/img/report.svg", &text);
    assert!(text.len() < 120_000, "{}", text.len());
}

/// Whoever built the demo finds everything compiled that the tests share with it: the same crates with the same features.
#[test]
fn tests_share_what_the_program_compiled() {
    let packages = |edges: &str| -> BTreeSet<String> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(root()).args([
            "tree",
            "--offline",
            "--locked",
            "--prefix",
            "none",
            "--no-dedupe",
            "-f",
            "{p} [{f}]",
            "-e",
            edges,
        ]);
        let output = cargo.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.replace(" (*)", "")).collect()
    };
    let (program, tests) = (packages("normal,build"), packages("normal,build,dev"));
    let other: Vec<&String> = program.difference(&tests).collect();
    assert!(
        other.is_empty(),
        "the tests' crates ask these of more features, so `cargo test --release` compiles them again; name the features in Cargo.toml: {other:#?}"
    );
}

/// The shipped build inherits the profile that compiles quickly: what that one names and does not optimise is optimised there by name.
#[test]
fn the_shipped_build_optimises_every_crate() {
    let manifest: toml::Table = toml::from_str(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let levels = |profile: &str| -> BTreeMap<String, i64> {
        let packages = manifest["profile"][profile]["package"].as_table().unwrap();
        packages.iter().filter_map(|(name, own)| Some((name.clone(), own.get("opt-level")?.as_integer()?))).collect()
    };
    let (quick, shipped) = (levels("release"), levels("dist"));
    let slow: Vec<&String> = quick.iter().filter(|(name, level)| *shipped.get(*name).unwrap_or(level) < 3).map(|(name, _)| name).collect();
    assert!(quick.len() > 10 && slow.is_empty(), "[profile.dist] of Cargo.toml has to name these with opt-level 3: {slow:?}");
}

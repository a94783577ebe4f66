//! `pcemon demo`: two real cycles, ten simulated minutes apart, against a simulated PCE on loopback, and a simulated Proxmox beside it.

use crate::cli::{CheckArgs, DemoArgs, DemoWith, Global};
use crate::commands::common::{Exit, Failure, style};
use crate::config;
use crate::domain::report::Report;
use crate::domain::time::{after, before};
use crate::report::View;
use crate::run::interrupt::Interrupt;
use crate::run::report::Question;
use crate::run::{self, Cycle, output};
use crate::sim::estate;
use crate::sim::options::{Life, Options};
use crate::sim::proxmox::scene;
use crate::sim::proxmox::server::Proxmox;
use crate::sim::server::Sim;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Simulated time between the two looks.
const BETWEEN: Duration = Duration::from_secs(600);
/// What the report covers.
const SPAN: Duration = Duration::from_secs(86_400);

/// Runs the command.
pub fn run(global: &Global, args: &DemoArgs) -> Exit {
    if let Some(path) = &args.report {
        output::prove_writable(path)?;
    }
    let folder = Scratch::new()?;
    // The first look was ten minutes ago, so that the second one is now.
    let now = args.now.unwrap_or_else(Timestamp::now);
    let start = before(now, BETWEEN);
    let estate = estate::world(start);
    let options = Options {
        events: estate.events,
        health: estate.health,
        vens: estate.vens,
        database: estate.database,
        life: Life::Lasts(Duration::from_millis(600)),
        ..Options::new(estate.world, start)
    };
    let (key, secret, org_id) = (options.api_key.clone(), options.api_secret.clone(), options.org_id);
    let sim = Sim::start(options).map_err(|error| tr!("cannot start the simulated PCE: {error}", error))?;
    let pce = format!("[pce]\nurl = \"{}\"\norg_id = {org_id}\napi_key = \"{key}\"\napi_secret = \"{secret}\"\n\n", sim.url());
    let beside = args.with.map(|DemoWith::Proxmox| Beside::start(start, &folder)).transpose()?;
    let more = beside.as_ref().map_or("", |beside| &beside.config);
    let mut config =
        config::parse(Path::new("demo"), &format!("{pce}{}{more}", estate::demo_rules())).map_err(|error| Failure(error.to_string()))?;
    // The credentials are written into this config because they are no secret.
    config.warnings.clear();

    let interrupt = Interrupt::listen().map_err(|error| tr!("cannot listen for signals: {error}", error))?;
    interrupt.removes(folder.0.clone());
    let flags = |now: Timestamp| {
        sim.set_now(now);
        CheckArgs { now: Some(now), ..CheckArgs::default() }
    };
    let stage = Stage { config: &config, interrupt: &interrupt, state_path: folder.0.join("state.json") };
    let look = |now: Timestamp| {
        let flags = flags(now);
        run::check(&stage.cycle(&flags)).map_err(|error| Failure(error.to_string()))
    };
    log::info!("first run");
    let first = look(start)?;
    if let Some(beside) = &beside {
        beside.fail(after(start, BETWEEN))?;
    }
    let report = look(after(start, BETWEEN))?;
    if let Some(path) = &args.report {
        let question = Question { title: tr!("Demo"), since: SPAN, until: Some(now), label: config.report.label.clone() };
        let flags = flags(now);
        let (page, _) = run::report::report(&stage.cycle(&flags), &question).map_err(|error| Failure(error.to_string()))?;
        let html = crate::report::find("html").ok_or_else(|| Failure("html".to_owned()))?;
        output::write_file(path, &(html.render)(&page, &View { timezone: config.run.timezone.clone() }))?;
    }

    let style = style(global, &config);
    let errors = output::publish(&report, global, &style, None);
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    if global.output.as_deref().unwrap_or("table") == "table" && !global.quiet {
        output::print(&story(&first, &report, sim.queries_left(), beside.is_some()))?;
    }
    Ok(0)
}

/// The simulated Proxmox.
struct Beside {
    sim: Proxmox,
    /// The target and its rules.
    config: String,
}

impl Beside {
    /// A cluster that is well. Its CA is in the folder.
    fn start(now: Timestamp, folder: &Scratch) -> Result<Beside, Failure> {
        let cluster = scene::calm(now);
        let token = cluster.access.tokens.first().map(|token| token.value()).unwrap_or_default();
        let sim = Proxmox::start(cluster, now).map_err(|error| tr!("cannot start the simulated Proxmox: {error}", error))?;
        let ca = folder.0.join("pve-root-ca.pem");
        output::write_file(&ca, sim.ca_pem())?;
        let target =
            format!("\n[[targets]]\nname = \"dc1\"\ntype = \"proxmox\"\nurls = {:?}\ntoken = {token:?}\nca_file = {ca:?}\n", sim.urls());
        Ok(Beside { sim, config: format!("{target}{}", scene::demo_rules()) })
    }

    /// What happens between the two runs.
    fn fail(&self, now: Timestamp) -> Result<(), Failure> {
        let failed = self.sim.set_now(now).and_then(|()| self.sim.change(|cluster| scene::fail(cluster, now)));
        Ok(failed.map_err(|error| tr!("cannot start the simulated Proxmox: {error}", error))?)
    }
}

/// What all cycles of the demo share.
struct Stage<'s> {
    config: &'s config::Config,
    interrupt: &'s Interrupt,
    state_path: PathBuf,
}

impl Stage<'_> {
    fn cycle<'c>(&'c self, args: &'c CheckArgs) -> Cycle<'c> {
        let (config, interrupt, state_path) = (self.config, self.interrupt, self.state_path.clone());
        Cycle { config, args, state_path, interrupt, progress: &|_| {}, given: None, trace: None, recorder: None }
    }
}

/// What was seen and how to go on, in a few lines.
fn story(first: &Report, second: &Report, left: usize, with_proxmox: bool) -> String {
    let records = |report: &Report| report.sources.iter().map(|source| source.records).sum::<u64>();
    let cleaned = if left == 0 { tr!("deleted its queries") } else { tr!("left queries behind") };
    let cluster = || {
        tr!(
            "Beside it stood a simulated Proxmox cluster of three nodes, asked over TLS: pve2 failed, the quorum held, HA started two of its guests elsewhere, nobody knows of the third, and a backup failed."
        )
    };
    let told = [
        Some(tr!(
            "You saw two real cycles over HTTP against a simulated PCE: {first} records in the first run, {second} in the second, ten simulated minutes later.",
            first = records(first),
            second = records(second)
        )),
        with_proxmox.then(cluster),
        Some(tr!(
            "The PCE reports totals of the whole day; the table shows only what arrived between the two runs. pcemon {cleaned} and leaves no files behind.",
            cleaned
        )),
        Some(tr!(
            "Next: `pcemon init` writes a config, `pcemon check --dry-run` tries it. (With a real PCE the exit code would be {code}.)",
            code = second.exit_code
        )),
    ];
    format!("\n{}\n", told.into_iter().flatten().collect::<Vec<_>>().join("\n"))
}

/// A folder that is gone when the demo ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("pcemon-demo-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).map_err(|error| tr!("cannot create the folder {path}: {error}", path = path.display(), error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            log::warn!("{}", tr!("cannot remove {path}: {error}", path = self.0.display(), error));
        }
    }
}

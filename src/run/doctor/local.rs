//! What can be looked at without contacting anybody: config, secrets, files, state.

use super::findings::{Findings, Subject, span};
use crate::config::{Config, is_open_to_all};
use crate::domain::counted;
use crate::domain::secret::SecretSource;
use crate::domain::text::{quantity, visible};
use crate::domain::time::since;
use crate::domain::unit::Unit;
use crate::judge::pair::Reading;
use crate::judge::reading::Sample;
use crate::run::output::prove_writable;
use crate::settings::fetch_secret;
use crate::state::{State, Store};
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;

/// Warnings and errors shown one by one.
const SHOWN: usize = 10;

pub(super) fn config(subject: &Subject<'_>, findings: &mut Findings) {
    let what = &tr!("config");
    match &subject.config {
        Err(complaints) => {
            let more = complaints.len().saturating_sub(SHOWN);
            let mut detail = complaints.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" | ");
            if more > 0 {
                detail.push_str(&tr!(" | and {count} more", count = more));
            }
            findings.fail(
                "config",
                what,
                detail,
                &tr!("`pcemon rules validate` shows each with its line; no run works until they are fixed"),
            );
        }
        Ok(config) => {
            let enabled = config.rules.iter().filter(|rule| rule.enabled).count();
            findings.ok(
                "config",
                what,
                tr!(
                    "{path} is valid: {rules}, {channels}",
                    path = config.path.display(),
                    rules = counted::rules(enabled),
                    channels = counted::channels(config.channels.len())
                ),
            );
            if let Some(error) = config.run.textfile.as_deref().and_then(|path| prove_writable(path).err()) {
                findings.fail("textfile", &tr!("textfile"), error, &tr!("the collector gets no metrics of pcemon until this is fixed"));
            }
            for warning in config.warnings.iter().take(SHOWN) {
                findings.warn("config.warning", what, warning.clone(), &tr!("this warning appears on every run until it is changed"));
            }
        }
    }
    let Some(path) = &subject.config_path else { return };
    let plain = subject.usable.is_some_and(|config| secrets_of(config).iter().any(|(_, source)| matches!(source, SecretSource::Plain(_))));
    match (is_open_to_all(path), plain) {
        (true, true) => findings.fail(
            "config.permissions",
            &tr!("config file"),
            tr!("{path} contains a secret as plain text and is readable by every user of this machine", path = path.display()),
            &tr!("chmod 600, and keep secrets in {{ env = ... }} or {{ file = ... }}"),
        ),
        (false, _) => findings.ok("config.permissions", &tr!("config file"), tr!("permissions are restricted")),
        (true, false) => {
            findings.ok("config.permissions", &tr!("config file"), tr!("readable by every user of this machine; contains no secret"))
        }
    }
    if let Some(config) = subject.usable {
        secrets(config, findings);
    }
}

/// The secrets that a run itself needs; those of channels are looked at with the channels.
fn secrets_of(config: &Config) -> Vec<(&'static str, &SecretSource)> {
    let pce = config.pce.iter().flat_map(|pce| [("api_key of [pce]", &pce.api_key), ("api_secret of [pce]", &pce.api_secret)]);
    pce.chain(config.run.heartbeat.iter().map(|heartbeat| (heartbeat.place, &heartbeat.url))).collect()
}

fn secrets(config: &Config, findings: &mut Findings) {
    for (what, source) in secrets_of(config) {
        match (fetch_secret(source), source) {
            (Err(error), _) => {
                findings.fail("secret", what, error, &tr!("make it readable for the user that runs pcemon, or use another place"))
            }
            (Ok(_), SecretSource::File(path)) if is_open_to_all(path) => findings.warn(
                "secret",
                what,
                tr!("every user of this machine can read {path}", path = path.display()),
                &tr!("set permissions 0600, owned by the user that runs pcemon"),
            ),
            (Ok(_), source) => findings.ok("secret", what, tr!("set ({place})", place = source.describe())),
        }
    }
}

pub(super) fn state(subject: &Subject<'_>, now: Timestamp, findings: &mut Findings) {
    let path = match &subject.state_path {
        Ok(path) => path,
        Err(error) => {
            findings.fail("state", &tr!("state"), error.clone(), &tr!("give --state FILE, or `state` in [run]"));
            return;
        }
    };
    folder(path, findings);
    let store = Store::read_only(path);
    let state = match store.read() {
        Ok(Some(state)) => state,
        Ok(None) => {
            findings.ok(
                "state",
                &tr!("state"),
                tr!("none yet at {path}: the first run creates it, and only learns", path = path.display()),
            );
            return;
        }
        Err(error) => {
            findings.fail("state", &tr!("state"), error.to_string(), &tr!("no run works until this is fixed"));
            return;
        }
    };
    let (json, looks) = store.sizes(state.generation);
    let bytes = |size: u64| quantity(size as f64, Unit::Bytes);
    let identity = subject.usable.map(Config::identity).unwrap_or_default();
    match store.load(&identity) {
        Err(error) => findings.fail("state", &tr!("state"), error.to_string(), &tr!("use a separate state file for this PCE with --state")),
        Ok(loaded) => {
            let count = loaded.memory.looks.len();
            let detail = tr!(
                "{state} and {looks} for the counters of {count} records",
                state = bytes(json),
                looks = bytes(looks),
                count = quantity(count as f64, Unit::Values)
            );
            let most = subject.usable.map_or(usize::MAX, |config| config.traffic.max_looks);
            if let Some(lost) = loaded.memory_lost {
                findings.warn("state", &tr!("state"), lost, &tr!("numbers on traffic are lower bounds until the second run from now"));
            } else if count as f64 > most as f64 * 0.9 {
                let most = quantity(most as f64, Unit::Values);
                findings.warn(
                    "state",
                    &tr!("state"),
                    tr!("{detail}, of {most} at most", detail, most),
                    &tr!("raise max_looks in [traffic], or query less"),
                );
            } else {
                findings.ok("state", &tr!("state"), detail);
            }
        }
    }
    last_run(subject, &state, now, findings);
    reading(&state, findings);
    outbox(&state, now, findings);
    remarks(subject, &state, now, findings);
}

/// Files of the state that belong to somebody else than the folder: made by `sudo pcemon`, once.
fn foreign(path: &Path, folder: &Path, findings: &mut Findings) {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    let (Ok(owner), Some(name)) = (std::fs::metadata(folder).map(|found| found.uid()), path.file_name()) else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.metadata().is_ok_and(|found| found.is_file() && found.uid() != owner);
        if other && entry.file_name().as_bytes().starts_with(name.as_bytes()) {
            let file = entry.path();
            findings.fail(
                "state.owner",
                &tr!("state files"),
                tr!("{file} does not belong to the owner of its folder", file = file.display()),
                &tr!("chown --reference={folder} {file}", folder = folder.display(), file = file.display()),
            );
        }
    }
}

fn folder(path: &Path, findings: &mut Findings) {
    use std::os::unix::fs::PermissionsExt;
    let what = &tr!("state folder");
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return };
    if !folder.exists() {
        // A run makes it; whether it can is up to what is above.
        let above = folder.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"));
        match prove_writable(&above.join("state.json")) {
            Ok(()) => {
                findings.ok("state.folder", what, tr!("{path} does not exist yet; the first run creates it", path = folder.display()))
            }
            Err(error) => findings.fail(
                "state.folder",
                what,
                tr!("{path} cannot be created: {error}", path = folder.display(), error),
                &tr!("create it with permissions 0700, owned by the user that runs pcemon, or use another with --state"),
            ),
        }
        return;
    }
    if let Err(error) = prove_writable(path) {
        findings.fail("state.folder", what, error, &tr!("chown it to the user that runs pcemon, or use another with --state"));
        return;
    }
    foreign(path, folder, findings);
    let mode = std::fs::metadata(folder).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o022 != 0 {
        findings.warn(
            "state.folder",
            what,
            tr!("{path} is writable by others (mode {mode})", path = folder.display(), mode = format!("{mode:04o}")),
            &tr!("chmod 700: a user who can change the state can silence alerts"),
        );
    } else {
        findings.ok("state.folder", what, tr!("{path} is writable (mode {mode})", path = folder.display(), mode = format!("{mode:04o}")));
    }
}

/// Whether sources report what destinations drop, as learned from buckets at rest.
fn reading(state: &State, findings: &mut Findings) {
    let learned = state.traffic.learned;
    let Sample { blocked, reported } = learned.sample();
    if blocked == 0 {
        return;
    }
    let detail = match learned.reading() {
        Reading::Reported => tr!("sources also report what destinations drop: {reported} of {blocked} connections", reported, blocked),
        Reading::Unreported => tr!("sources do not report what destinations drop: {reported} of {blocked} connections", reported, blocked),
        Reading::Unknown => tr!(
            "not known yet whether sources report what destinations drop ({reported} of {blocked} connections): rules that count blocked together with other decisions have intervals meanwhile",
            reported,
            blocked
        ),
    };
    findings.ok("reading", &tr!("both ends"), detail);
}

fn last_run(subject: &Subject<'_>, state: &State, now: Timestamp, findings: &mut Findings) {
    let what = &tr!("last run");
    let Some(last) = &state.last_run else { return };
    let age = since(now, last.at);
    let detail = tr!("{age} ago, at {at}", age = span(age), at = format!("{:.0}", last.at));
    let max_gap = subject.usable.map_or(Duration::MAX, |config| config.traffic.max_gap);
    if last.at > now {
        findings.warn(
            "last_run",
            what,
            tr!("at {at}, which is in the future", at = format!("{:.0}", last.at)),
            &tr!("set this machine's clock, for example with chrony"),
        );
    } else if age > max_gap {
        let advice = &tr!("does cron or the timer still run it? After a pause longer than max_gap in [traffic], values are learned anew");
        findings.warn("last_run", what, detail, advice);
    } else {
        findings.ok("last_run", what, detail);
    }
}

/// What channels said of messages that they took: an address that is refused for good hears of nothing.
fn remarks(subject: &Subject<'_>, state: &State, now: Timestamp, findings: &mut Findings) {
    let is_there = |name: &String| {
        let mut channels = subject.usable.iter().flat_map(|config| &config.channels);
        channels.any(|channel| channel.common.enabled && channel.common.name == *name)
    };
    for (name, remark) in state.remarks.iter().filter(|(name, _)| is_there(name)) {
        findings.warn(
            "channel.remark",
            &tr!("channel {name}", name),
            tr!("{age} ago it accepted a message, but: {text}", age = span(since(now, remark.at)), text = visible(&remark.text)),
            &tr!("some recipients get no messages until this is fixed; this warning stays until a message is accepted without remarks"),
        );
    }
}

fn outbox(state: &State, now: Timestamp, findings: &mut Findings) {
    let what = &tr!("outbox");
    let given_up = state.outbox.iter().filter(|notification| notification.given_up.is_some()).count();
    let oldest = state.outbox.iter().map(|notification| notification.created).min();
    match oldest {
        None => findings.ok("outbox", what, tr!("empty: every message was delivered")),
        Some(oldest) => findings.warn(
            "outbox",
            what,
            tr!(
                "{waiting} waiting, {given_up} given up, the oldest for {age}",
                waiting = state.outbox.len() - given_up,
                given_up,
                age = span(since(now, oldest))
            ),
            &tr!("`pcemon outbox list` shows why; then `pcemon channel test NAME`"),
        ),
    }
}

//! What pcemon remembers between runs, on disk.
//!
//! One JSON file is the single commit point: it is written beside itself, made durable and renamed
//! over the old one, so that a run killed at any moment leaves either the old state or the new one.
//! It names the generation of the binary file beside it ([`looks`]) that belongs to it. A state
//! that is damaged, newer, or of another PCE is refused, never emptied. What a run learns while it sends
//! goes line by line into a journal beside it, and into the state with the next commit.

pub mod heal;
pub mod looks;
pub mod silences;

use crate::domain::alert::{Notification, PceIdentity};
use crate::domain::outcome::Outcome;
use crate::domain::text::shorten;
use crate::files;
use crate::judge::attempts::{self, Note};
use crate::judge::coverage::{Coverage, Proof, Scope};
use crate::judge::late::Late;
use crate::judge::reading::Learned;
use crate::judge::recent::Recent;
use crate::judge::transition::Instances;
use jiff::Timestamp;
pub use looks::VERSION as LOOKS_VERSION;
use looks::{Memory, Packed, Unread};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The version of the file's shape.
pub const SCHEMA: &str = "pcemon.state/1";

/// Behind the mark in the lock file: queries of this name may be left at the PCE.
const LEFT: &str = "open";

/// Bytes that a state may grow by in one run before that is worth a thought.
const ROOM_TO_GROW: u64 = 64 << 10;

/// Characters of a remark that are kept.
const LONGEST_REMARK: usize = 600;

/// Everything the state file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Version of the shape.
    pub schema: String,
    /// Which PCE it belongs to.
    pub pce: PceIdentity,
    /// Whether that PCE ever gave an answer. Until then another name for it is a corrected mistake.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub bound: bool,
    /// Generation of the binary file; 0: there is none.
    pub generation: u64,
    /// The previous run.
    pub last_run: Option<LastRun>,
    /// The traffic accounting.
    #[serde(default)]
    pub traffic: TrafficCursor,
    /// The events.
    #[serde(default)]
    pub events: EventCursor,
    /// What rules name at the PCE, as a number, when it was last looked whether something bears those names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<u64>,
    /// Targets that gave a whole answer, by name: what each of them was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, TargetState>,
    /// Sources that were ever read whole, by target: what is not offered later was lost.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub offered: BTreeMap<String, BTreeSet<String>>,
    /// Instances that are not ok, by fingerprint.
    #[serde(default)]
    pub instances: Instances,
    /// Messages that wait for delivery, and those that were given up.
    #[serde(default)]
    pub outbox: Vec<Notification>,
    /// What the latest runs found, for people.
    #[serde(default)]
    pub recent: Recent,
    /// By channel: what it said of the latest message that it took, when that was not all well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub remarks: BTreeMap<String, Remark>,
}

/// Something to know about a message that was taken: an address was refused for good, a service behind the channel failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// When it was said.
    pub at: Timestamp,
    /// In words, without secrets.
    pub text: String,
}

fn yes() -> bool {
    true
}

/// What is remembered of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetState {
    /// What makes it another target when it changes; without secrets.
    pub identity: String,
    /// What each of its sources wants to be known in the next run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub memory: BTreeMap<String, String>,
}

/// The previous run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    /// Its id.
    pub id: String,
    /// When it looked.
    pub at: Timestamp,
    /// Which version it was.
    pub version: String,
    /// The PCE's clock minus ours, in seconds.
    #[serde(default)]
    pub clock_skew: i64,
    /// How far apart runs seem to be, in seconds.
    #[serde(default, rename = "rhythm")]
    pub run_interval: Option<u64>,
}

/// Where the traffic accounting stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrafficCursor {
    /// For each policy decision: what the whole answers proved.
    #[serde(default)]
    pub proofs: [Option<Proof>; 4],
    /// As version 0.1 wrote it: since when every bucket of a decision was seen, at the look below.
    #[serde(default, skip_serializing)]
    since: [Option<Timestamp>; 4],
    /// Looks of earlier UTC days were forgotten.
    pub forgotten_before: i32,
    /// The previous look, whole or not.
    pub looked_at: Option<Timestamp>,
    /// What the PCE was asked for beyond the decisions.
    #[serde(default)]
    pub scope: Scope,
    /// Whether sources report what destinations drop.
    #[serde(default)]
    pub learned: Learned,
    /// What comes later than `lookback`.
    #[serde(default)]
    pub late: Late,
}

impl TrafficCursor {
    /// From the judge's terms.
    pub fn of(coverage: Coverage, learned: Learned) -> Self {
        let Coverage { proofs, forgotten_before, looked_at, scope, late } = coverage;
        Self { proofs, since: [None; 4], forgotten_before, looked_at, scope, learned, late }
    }

    /// In the judge's terms.
    pub fn coverage(&self) -> Coverage {
        let Self { proofs, since, forgotten_before, looked_at, scope, late, .. } = self.clone();
        let old = since.map(|since| Some(Proof { since: since?, at: looked_at?, scope: scope.clone(), swept: None }));
        let mut proofs = proofs;
        for (proof, old) in proofs.iter_mut().zip(old) {
            *proof = proof.take().or(old);
        }
        Coverage { proofs, forgotten_before, looked_at, scope, late }
    }
}

/// Where the reading of events stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventCursor {
    /// Everything up to here was read whole.
    pub read_to: Option<Timestamp>,
}

impl State {
    /// A state that knows nothing.
    pub fn new(pce: PceIdentity) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            pce,
            bound: false,
            generation: 0,
            last_run: None,
            traffic: TrafficCursor::default(),
            events: EventCursor::default(),
            names: None,
            targets: BTreeMap::new(),
            offered: BTreeMap::new(),
            instances: Instances::new(),
            outbox: Vec::new(),
            recent: Recent::default(),
            remarks: BTreeMap::new(),
        }
    }

    /// Takes down what a run learned while it sent. What was taken down before changes nothing.
    pub fn learn(&mut self, note: &Note) {
        if let Note::Tried { id, attempts, at, outcome } = note
            && let Some(notification) = self.outbox.iter().find(|notification| notification.id == *id && notification.attempts == *attempts)
        {
            let all_well = matches!(outcome, Outcome::Delivered);
            let remarkable = matches!(outcome, Outcome::Warned { .. }) || !outcome.refused().is_empty();
            if let Some(said) = outcome.localized().filter(|_| remarkable) {
                let text = shorten(said, LONGEST_REMARK);
                self.remarks.insert(notification.channel.clone(), Remark { at: *at, text });
            } else if all_well {
                self.remarks.remove(&notification.channel);
            }
        }
        attempts::apply(&mut self.outbox, &mut self.instances, note);
    }
}

/// Why the state cannot be used. Every one says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another run holds it.
    #[error("{}", tr!("another run holds the lock on {path}; wait until that run ends (see --lock-wait)", path))]
    Locked {
        /// The state file.
        path: String,
    },
    /// It cannot be read or written.
    #[error("{}", tr!("cannot {doing} {path}: {cause}", doing, path, cause))]
    Io {
        /// What was tried.
        doing: String,
        /// Which file.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// Something cannot be made or written: nothing can be remembered.
    #[error("{}", tr!("cannot {doing} {path}: {cause}", doing, path, cause))]
    Unwritable {
        /// What was attempted.
        doing: String,
        /// Which file.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// It is no state, and is not removed as one.
    #[error("{}", tr!("{path} is not a state of pcemon; nothing was removed. Delete it yourself if you want to", path))]
    NoState {
        /// The file.
        path: String,
    },
    /// It is not what this program wrote.
    #[error("{}", tr!("the state file {path} is damaged ({cause}); nothing was changed. Restore it from a backup, or start anew with `pcemon state reset` (firing alerts are sent again, traffic values are learned anew)", path, cause))]
    Damaged {
        /// The state file.
        path: String,
        /// What is wrong.
        cause: String,
    },
    /// A newer version wrote it.
    #[error("{}", tr!("the state file {path} has the schema {found}, this version writes {schema}; use the version of pcemon that wrote it, or start anew with `pcemon state reset`", path, found, schema = SCHEMA))]
    Newer {
        /// The state file.
        path: String,
        /// Its schema.
        found: String,
    },
    /// The silences are not what this program wrote.
    #[error("{}", tr!("the silences in {path} cannot be read ({cause}); nothing was changed. Restore the file from a backup, or remove it to go on without any silence", path, cause))]
    SilencesDamaged {
        /// Their file.
        path: String,
        /// What is wrong.
        cause: String,
    },
    /// A newer version wrote the silences.
    #[error("{}", tr!("the silences in {path} have the schema {found}, which this version does not know; use the version of pcemon that wrote them, or remove the file to go on without any silence", path, found))]
    SilencesNewer {
        /// Their file.
        path: String,
        /// Its schema.
        found: String,
    },
    /// It belongs to another PCE.
    #[error("{}", tr!("the state file {path} belongs to {theirs}, but the config names {ours}; use a separate state file for this PCE (--state or `state` in [run]), or start anew with `pcemon state reset`", path, theirs, ours))]
    OtherPce {
        /// The state file.
        path: String,
        /// Whose it is.
        theirs: String,
        /// Whom the config names.
        ours: String,
    },
}

impl StateError {
    fn io(doing: String, path: &Path, cause: impl ToString) -> Self {
        StateError::Io { doing, path: path.display().to_string(), cause: cause.to_string() }
    }

    fn unwritable(doing: String, path: &Path, cause: impl ToString) -> Self {
        StateError::Unwritable { doing, path: path.display().to_string(), cause: cause.to_string() }
    }
}

/// The state file of one PCE.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// Held while a run uses the state; freed by the system when the process ends, however it ends.
    lock: Option<File>,
}

/// What was found on disk.
#[derive(Debug)]
pub struct Loaded {
    /// The state; a new one when there was no file.
    pub state: State,
    /// The binary part; empty when there is none or it cannot be used.
    pub memory: Memory,
    /// Why the binary part cannot be used although there should be one.
    pub memory_lost: Option<String>,
}

impl Store {
    /// A store that only reads (dry runs, listings).
    pub fn read_only(path: &Path) -> Self {
        Self { path: path.to_path_buf(), lock: None }
    }

    /// Takes the lock, waiting at most `patience`, and makes sure that the state can be written.
    pub fn lock(path: &Path, patience: Duration) -> Result<Self, StateError> {
        let lock = wait_for_lock(path, patience, |path| StateError::Locked { path: path.display().to_string() })?;
        Ok(Self { path: path.to_path_buf(), lock: Some(lock) })
    }

    /// The state file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the state file alone, whatever PCE it belongs to; `None` when there is none.
    pub fn read(&self) -> Result<Option<State>, StateError> {
        let bytes = match files::read_regular(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(StateError::io(tr!("read the state file"), &self.path, error)),
        };
        let path = || self.path.display().to_string();
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let damaged = |error: serde_json::Error| StateError::Damaged { path: path(), cause: error.to_string() };
        let head: Head = serde_json::from_slice(&bytes).map_err(damaged)?;
        if head.schema != SCHEMA {
            return Err(StateError::Newer { path: path(), found: crate::domain::text::visible(&head.schema) });
        }
        let mut state: State = serde_json::from_slice(&bytes).map_err(damaged)?;
        self.fold_in(&mut state)?;
        Ok(Some(state))
    }

    /// Takes what a run wrote down that did not come to its end into the state.
    fn fold_in(&self, state: &mut State) -> Result<(), StateError> {
        let path = self.journal_path();
        let lines = match files::read_regular(&path) {
            Ok(lines) => lines,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StateError::io(tr!("read the journal of deliveries"), &path, error)),
        };
        // A line that was cut off is the last one: its message was in flight and is tried again.
        for note in lines.split(|byte| *byte == b'\n').map_while(|line| serde_json::from_slice(line).ok()) {
            state.learn(&note);
        }
        Ok(())
    }

    /// Writes down what a run learned while it sent, durably.
    pub fn note(&self, note: &Note) -> Result<(), StateError> {
        debug_assert!(self.lock.is_some(), "a journal is only written under the lock of its state");
        let path = self.journal_path();
        let doing = || tr!("write the journal of deliveries");
        let line = serde_json::to_string(note).map_err(|error| StateError::io(doing(), &path, error))?;
        let is_new = !path.exists();
        let write = || {
            let mut file = files::open_beside(&path)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(format!("{line}\n").as_bytes())?;
            file.sync_data()?;
            match path.parent().filter(|_| is_new) {
                Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
                Some(folder) => File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        };
        write().map_err(|error| StateError::unwritable(doing(), &path, error))
    }

    /// Reads everything, for a run against this PCE.
    pub fn load(&self, pce: &PceIdentity) -> Result<Loaded, StateError> {
        let Some(mut state) = self.read()? else {
            return Ok(Loaded { state: State::new(pce.clone()), memory: Memory::default(), memory_lost: None });
        };
        // A state without a PCE takes the first name it is given.
        let unnamed = state.pce == PceIdentity::default() && pce.url.is_empty();
        if state.pce != *pce && (!state.bound || unnamed) {
            state.pce = pce.clone();
        }
        if state.pce != *pce {
            return Err(StateError::OtherPce { path: self.path.display().to_string(), theirs: identity(&state.pce), ours: identity(pce) });
        }
        if state.generation == 0 {
            return Ok(Loaded { state, memory: Memory::default(), memory_lost: None });
        }
        let memory_path = self.memory_path(state.generation);
        // A reader without the lock may have been overtaken by a run that has just swept the file away.
        if self.lock.is_none() && !memory_path.exists() && self.read()?.is_some_and(|newer| newer.generation != state.generation) {
            return self.load(pce);
        }
        let memory = match files::open_regular(&memory_path).map_err(Unread::Io).and_then(looks::read) {
            Ok(memory) => Ok(memory),
            Err(Unread::Useless(why)) => Err(why),
            Err(Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Err(error.to_string()),
            // What cannot be read now may be whole: it must not be replaced by less.
            Err(Unread::Io(error)) => return Err(StateError::io(tr!("read what is remembered in"), &memory_path, error)),
        };
        match memory {
            Ok(memory) => Ok(Loaded { state, memory, memory_lost: None }),
            Err(cause) => {
                let lost = tr!(
                    "the stored counters of traffic and events are lost ({memory_path}: {cause}); values are learned anew",
                    memory_path = memory_path.display(),
                    cause
                );
                Ok(Loaded { state, memory: Memory::default(), memory_lost: Some(lost) })
            }
        }
    }

    /// Makes a new state the one that counts. With `memory`, a new generation of the binary file is
    /// written first; until the state file is renamed into place, the old pair stays valid.
    pub fn commit(&self, state: &mut State, memory: Option<Packed>) -> Result<(), StateError> {
        debug_assert!(self.lock.is_some(), "a state is only written under its lock");
        let (old, has_memory) = (state.generation, memory.is_some());
        if let Some(memory) = memory {
            state.generation = old + 1;
            let path = self.memory_path(state.generation);
            files::replace_with(&path, files::New::Private, files::Room::Taken, |file| memory.write_to(file))
                .map_err(|error| StateError::unwritable(tr!("write"), &path, error))?;
        }
        // No line end after the last brace: every cut is then a broken JSON text.
        let bytes = serde_json::to_vec_pretty(&state).map_err(|error| StateError::io(tr!("write the state file"), &self.path, error))?;
        write_durably(&self.path, &bytes)?;
        // The state holds it now; reading it once more would change nothing.
        let journal = self.journal_path();
        if let Err(error) = remove(&journal) {
            log::warn!("{}", tr!("cannot remove {path}: {error}", path = journal.display(), error));
        }
        if has_memory {
            self.sweep(state.generation);
        }
        Ok(())
    }

    /// What queries of this state's runs are called at the PCE, and whether the previous run may have left some there. From now
    /// on this one may, until it says otherwise. Kept in the lock file, which is neither copied nor restored: no other machine's
    /// running queries are ever taken for left over. `None`: nothing can be kept.
    pub fn mark(&self) -> Option<(String, bool)> {
        let mut file = self.lock.as_ref()?;
        let mut text = String::new();
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(64).read_to_string(&mut text));
        let (id, left) = text.trim().split_once(' ').map_or((text.trim(), false), |(id, word)| (id, word == LEFT));
        let sound = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = if sound { id.to_owned() } else { uuid::Uuid::new_v4().simple().to_string()[..12].to_owned() };
        self.write_mark(&format!("{id} {LEFT}\n")).then_some((id, sound && left))
    }

    /// Nothing of this run is left at the PCE.
    pub fn nothing_left(&self, id: &str) {
        self.write_mark(&format!("{id}\n"));
    }

    fn write_mark(&self, text: &str) -> bool {
        let Some(mut file) = self.lock.as_ref() else { return false };
        file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).and_then(|_| file.write_all(text.as_bytes())).is_ok()
    }

    /// Proves that the next state can be written, before anything is done that would have to be remembered.
    pub fn prove(&self) -> Result<(), StateError> {
        let generation = self.read()?.map_or(0, |state| state.generation);
        let (state, memory) = self.sizes(generation);
        let more = state.saturating_add(memory).saturating_add(ROOM_TO_GROW);
        files::prove_replaceable(&self.path, more).map_err(|error| StateError::unwritable(tr!("write"), &self.path, error))
    }

    /// Removes the state and what lies beside it.
    pub fn reset(&self) -> Result<bool, StateError> {
        match files::read_regular(&self.path) {
            Ok(bytes) if !is_ours(&bytes) => return Err(StateError::NoState { path: self.path.display().to_string() }),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                return Err(StateError::NoState { path: self.path.display().to_string() });
            }
            _ => {}
        }
        let existed = match std::fs::remove_file(&self.path) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(StateError::io(tr!("remove the state file"), &self.path, error)),
        };
        remove(&self.report_path()).map_err(|error| StateError::io(tr!("remove the memory of the report"), &self.report_path(), error))?;
        remove(&self.journal_path())
            .map_err(|error| StateError::io(tr!("remove the journal of deliveries"), &self.journal_path(), error))?;
        self.sweep(0);
        Ok(existed)
    }

    /// The size of the state file and of the binary file beside it, in bytes.
    pub fn sizes(&self, generation: u64) -> (u64, u64) {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        (size(&self.path), if generation == 0 { 0 } else { size(&self.memory_path(generation)) })
    }

    /// Where the previous report is remembered.
    pub fn report_path(&self) -> PathBuf {
        beside(&self.path, ".report")
    }

    fn journal_path(&self) -> PathBuf {
        beside(&self.path, ".deliveries")
    }

    fn memory_path(&self, generation: u64) -> PathBuf {
        beside(&self.path, &format!(".looks-{generation}"))
    }

    /// Removes binary files of other generations, also those a killed run left behind.
    fn sweep(&self, keep: u64) {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let prefix = [name.as_bytes(), b".looks-"].concat();
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let number = name.as_bytes().strip_prefix(prefix.as_slice()).and_then(|rest| std::str::from_utf8(rest).ok());
            let generation = number.and_then(|number| number.parse::<u64>().ok());
            if generation.is_some_and(|generation| generation != keep)
                && let Err(error) = std::fs::remove_file(entry.path())
            {
                log::warn!("{}", tr!("cannot remove {path}: {error}", path = entry.path().display(), error));
            }
        }
    }
}

/// Whether a file begins as ours do, or is the beginning of one that was cut.
fn is_ours(bytes: &[u8]) -> bool {
    const HEAD: &[u8] = b"{\"schema\":\"pcemon.state/";
    let begins: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(HEAD.len()).collect();
    HEAD.starts_with(&begins)
}

fn identity(pce: &PceIdentity) -> String {
    match (pce.url.as_str(), pce.site.as_str()) {
        ("", "") => tr!("no PCE (recorded files only)"),
        ("", site) => tr!("the site {site}", site),
        (url, _) => tr!("{url} org {org_id}", url, org_id = pce.org_id),
    }
}

/// Removes a file that may not be there.
fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Takes the lock that lies beside a file, waiting at most `patience`, and makes sure that its folder is there.
fn wait_for_lock(path: &Path, patience: Duration, taken: impl Fn(&Path) -> StateError) -> Result<File, StateError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::make_folders(folder).map_err(|error| StateError::unwritable(tr!("create the folder of the state file"), folder, error))?;
    }
    let lock_path = beside(path, ".lock");
    let file = files::open_beside(&lock_path).map_err(|error| StateError::unwritable(tr!("open the lock file"), &lock_path, error))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => std::thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::WouldBlock) => return Err(taken(path)),
            Err(TryLockError::Error(error)) => return Err(StateError::unwritable(tr!("lock"), &lock_path, error)),
        }
    }
}

/// Writes beside the file, makes it durable, renames it into place and makes that durable. A new file is its owner's alone.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    files::replace(path, bytes, files::New::Private, files::Room::Taken).map_err(|error| StateError::unwritable(tr!("write"), path, error))
}

//! Putting a file in the place of another, whole or not at all.

use super::system::{flags, own_user};
use rustix::fs::{FallocateFlags, OFlags};
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// What a file is where there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New {
    /// Only its owner may read it.
    Private,
    /// Whoever the umask lets may read it (a collector runs as somebody else).
    Readable,
}

impl New {
    fn mode(self) -> u32 {
        match self {
            New::Private => 0o600,
            New::Readable => 0o644,
        }
    }
}

/// Whether there may be a file already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// A file that is there is replaced.
    Taken,
    /// A file that is there is an error of the kind [`io::ErrorKind::AlreadyExists`], and stays.
    Free,
}

/// Puts a file in its place: written beside it, made durable, renamed, and the folder made durable too. A link is replaced
/// and not followed.
pub fn replace(path: &Path, bytes: &[u8], new: New, room: Room) -> io::Result<()> {
    replace_with(path, new, room, |file| file.write_all(bytes))
}

/// The same for a file that is made while it is written.
pub fn replace_with(path: &Path, new: New, room: Room, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(path);
    sweep(path);
    let mut temporary = Temporary::beside(path, new)?;
    let old = std::fs::symlink_metadata(path).ok().filter(|old| old.is_file());
    dress(&temporary.file, old.as_ref(), &folder)?;
    write(&mut temporary.file)?;
    temporary.file.sync_all()?;
    match room {
        Room::Taken => {
            std::fs::rename(&temporary.path, path)?;
            temporary.kept = true;
        }
        // A link is only made where nothing is.
        Room::Free => std::fs::hard_link(&temporary.path, path)?,
    }
    // Some file systems cannot do this; the file is in its place all the same.
    let _ = File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Writes a result where somebody asked for it: a regular file is replaced, anything else (a device, a pipe) is written to. A link that root or we
/// have made leads to the file that is meant; another user's is replaced.
pub fn write_out(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match place(path)? {
        Place::File(path) => replace(&path, bytes, New::Readable, Room::Taken),
        // Without waiting for somebody who reads a pipe: nobody may.
        Place::Other => {
            let mut options = OpenOptions::new();
            options.write(true).custom_flags(flags(OFlags::NONBLOCK | OFlags::NOCTTY));
            let file = options.open(path)?;
            rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
            (&file).write_all(bytes)
        }
    }
}

enum Place {
    File(PathBuf),
    Other,
}

fn place(path: &Path) -> io::Result<Place> {
    let Ok(own) = std::fs::symlink_metadata(path) else { return Ok(Place::File(path.to_owned())) };
    // /dev/stdout leads to whatever that is; the file behind it is open already and must stay the same one.
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return Ok(Place::Other);
    }
    if !own.is_symlink() {
        return if own.is_dir() {
            Err(io::Error::new(io::ErrorKind::IsADirectory, tr!("it is a folder")))
        } else if own.is_file() {
            Ok(Place::File(path.to_owned()))
        } else {
            Ok(Place::Other)
        };
    }
    if own.uid() != 0 && own.uid() != own_user() {
        return Ok(Place::File(path.to_owned()));
    }
    match std::fs::metadata(path) {
        Ok(meant) if meant.is_file() => Ok(Place::File(path.canonicalize()?)),
        Ok(meant) if meant.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, tr!("it is a folder"))),
        Ok(_) => Ok(Place::Other),
        Err(_) => Ok(Place::File(path.to_owned())),
    }
}

/// Proves, as far as that can be proven without doing it, that a file of this size can be put in its place: the folder takes a new
/// file and has room for it, and the old one is no mount point and not write-protected. Leaves nothing behind.
pub fn prove_replaceable(path: &Path, size: u64) -> io::Result<()> {
    let path = match place(path)? {
        Place::File(path) => path,
        Place::Other => return Ok(()),
    };
    fixed(&path)?;
    sweep(&path);
    let temporary = Temporary::beside(&path, New::Private)?;
    match rustix::fs::fallocate(&temporary.file, FallocateFlags::empty(), 0, size.max(1)) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether something keeps the old file where it is.
#[cfg(target_os = "linux")]
fn fixed(path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    if let Ok(found) = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS) {
        let holds = |attribute| found.stx_attributes_mask.contains(attribute) && found.stx_attributes.contains(attribute);
        if holds(StatxAttributes::MOUNT_ROOT) {
            return Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                tr!("it is mounted there by itself and cannot be replaced; mount its folder instead"),
            ));
        }
        if holds(StatxAttributes::IMMUTABLE) || holds(StatxAttributes::APPEND) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, tr!("it is marked as immutable (chattr)")));
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn fixed(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens a file of ours that stays open and is never replaced (a lock, a journal), or makes it; never through a link, and
/// never anything but a regular file.
pub fn open_beside(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600).custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK));
    let file = match options.clone().create_new(true).open(path) {
        Ok(file) => {
            dress(&file, None, &folder_of(path))?;
            file
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path)?,
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, tr!("it is not a regular file")));
    }
    Ok(file)
}

/// Makes a folder and those above it. What root makes belongs to the owner of the folder it is made in.
pub fn make_folders(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = folder_of(path);
    make_folders(&above)?;
    match std::fs::DirBuilder::new().mode(0o755).create(path) {
        Ok(()) => File::open(path).and_then(|folder| dress(&folder, None, &above)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Owner, group and mode as they were; a new file that root makes belongs to the owner of its folder.
fn dress(file: &File, old: Option<&std::fs::Metadata>, folder: &Path) -> io::Result<()> {
    let new = file.metadata()?;
    let root = own_user() == 0;
    let wanted = match old {
        Some(old) => Some((old.uid(), old.gid())),
        None if root => std::fs::metadata(folder).ok().map(|folder| (folder.uid(), folder.gid())),
        None => None,
    };
    if let Some((user, group)) = wanted.filter(|wanted| *wanted != (new.uid(), new.gid())) {
        let given = fchown(file, Some(user), Some(group));
        // Only root can give files away. Who cannot keeps at least the group, where it is one of his own.
        if root {
            given?;
        } else if given.is_err() {
            let _ = fchown(file, None, Some(group));
        }
    }
    match old {
        Some(old) => file.set_permissions(Permissions::from_mode(old.mode() & 0o777)),
        None => Ok(()),
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// What temporary files of this file are called, up to what makes each unique.
fn prefix(path: &Path) -> OsString {
    let mut name = OsString::from(".");
    // A long name leaves room for what is added.
    let bytes = path.file_name().unwrap_or_default().as_bytes();
    name.push(OsStr::from_bytes(&bytes[..bytes.len().min(180)]));
    name.push(".pcemon-");
    name
}

/// A file on its way. It is locked while it is written, so that those of killed runs can be told from those in use.
struct Temporary {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    fn beside(path: &Path, new: New) -> io::Result<Temporary> {
        let mut left = 16;
        loop {
            let mut name = prefix(path).into_vec();
            name.extend_from_slice(uuid::Uuid::new_v4().simple().to_string().as_bytes());
            let path = folder_of(path).join(OsString::from_vec(name));
            let made = OpenOptions::new().write(true).create_new(true).mode(new.mode()).custom_flags(flags(OFlags::NOFOLLOW)).open(&path);
            match made {
                Ok(file) => {
                    let temporary = Temporary { file, path, kept: false };
                    // A file system without locks has no sweeping either.
                    let _ = temporary.file.try_lock();
                    return Ok(temporary);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && left > 0 => left -= 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what killed runs have left of this file.
fn sweep(path: &Path) {
    let prefix = prefix(path);
    for entry in std::fs::read_dir(folder_of(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name.as_bytes().strip_prefix(prefix.as_bytes());
        if !rest.is_some_and(|rest| rest.len() == 32 && rest.iter().all(u8::is_ascii_hexdigit)) {
            continue;
        }
        let options = OpenOptions::new().write(true).custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK)).open(entry.path());
        if options.is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        replace(&path, b"one", New::Private, Room::Taken).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        replace(&path, b"two", New::Private, Room::Taken).unwrap();
        assert_eq!(
            (std::fs::read(&path).unwrap().as_slice(), std::fs::metadata(&path).unwrap().mode() & 0o777),
            (b"two".as_slice(), 0o640)
        );
        assert_eq!(replace(&path, b"three", New::Private, Room::Free).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        replace(&dir.path().join("new"), b"four", New::Private, Room::Free).unwrap();
        assert_eq!(names(dir.path()), ["file", "new"]);
    }

    #[test]
    fn what_killed_runs_left_is_swept_and_what_is_in_use_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        let id = "0123456789abcdef0123456789abcdef";
        let other = format!(".looks.pcemon-{id}");
        for name in [&format!(".state.json.pcemon-{id}"), &other, &".state.json.pcemon-x".to_owned()] {
            std::fs::write(dir.path().join(name), "half").unwrap();
        }
        let in_use = Temporary::beside(&path, New::Private).unwrap();
        replace(&path, b"one", New::Private, Room::Taken).unwrap();
        assert!(in_use.path.exists());
        drop(in_use);
        assert_eq!(names(dir.path()), [other.as_str(), ".state.json.pcemon-x", "state.json"]);
    }

    #[test]
    fn links_and_devices_stay_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, dangling) = (dir.path().join("file"), dir.path().join("link"), dir.path().join("dangling"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        std::os::unix::fs::symlink(dir.path().join("nowhere"), &dangling).unwrap();
        write_out(&link, b"new").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        write_out(&dangling, b"new").unwrap();
        assert!(dangling.exists() && !dir.path().join("nowhere").exists());
        write_out(Path::new("/dev/null"), b"gone").unwrap();
        prove_replaceable(Path::new("/dev/null"), 1).unwrap();
        let before = names(dir.path());
        prove_replaceable(&file, 1 << 20).unwrap();
        assert_eq!(names(dir.path()), before, "the proof leaves nothing");
        assert!(prove_replaceable(&dir.path().join("no/such"), 1).is_err());
    }

    #[test]
    fn a_lock_is_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        open_beside(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open_beside(&link).is_err());
    }
}

//! Files of our own: made, read and replaced as their owner expects, whoever runs the command.
//!
//! A new file is first written under a random name that nobody else can have made, never through a link, and renamed into
//! place. It keeps owner, group and mode of the file it replaces; what root makes anew belongs to the owner of the folder.

pub mod recorder;
mod replace;
mod system;

pub use replace::{New, Room, make_folders, open_beside, prove_replaceable, replace, replace_with, write_out};
pub use system::own_user;

use crate::process::patience::within;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;
use system::{flags, own_group};

/// How long a pipe may take to give its content.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a regular file to read it; a pipe would be waited for, a device read for ever.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags(rustix::fs::OFlags::NONBLOCK)).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, tr!("it is not a regular file")))
}

/// Reads a regular file whole.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads at most `limit` bytes of a file that may be a pipe (`<(...)`), which gets a while to give them and no longer.
/// More than `limit` bytes are an error.
pub fn read_patiently(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let whole = move |path: &Path| {
        let mut bytes = Vec::new();
        File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let kind = std::fs::metadata(path)?.file_type();
    let bytes = if kind.is_fifo() || kind.is_socket() || kind.is_char_device() {
        let (path, patience) = (path.to_owned(), crate::process::patience::share(PATIENCE));
        within(patience, move || whole(&path)).unwrap_or_else(|| {
            Err(io::Error::new(io::ErrorKind::TimedOut, tr!("nothing came for {seconds} s", seconds = patience.as_secs_f32())))
        })
    } else {
        whole(path)
    }?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, tr!("it is larger than {limit} bytes", limit)));
    }
    Ok(bytes)
}

/// Why others could have written a file, if they could: then what it says may not be obeyed. Neither root's files nor our
/// own are others'.
pub fn written_by_others(path: &Path) -> io::Result<Option<String>> {
    let path = path.canonicalize()?;
    for (number, place) in path.ancestors().enumerate() {
        let found = std::fs::metadata(place)?;
        let what = if number == 0 { tr!("it") } else { tr!("the folder {path}", path = place.display()) };
        if found.uid() != 0 && found.uid() != own_user() {
            return Ok(Some(tr!("{what} belongs to another user (uid {uid})", what, uid = found.uid())));
        }
        // In a folder with the sticky bit nobody can replace what is another's.
        let sticky = number > 0 && found.mode() & 0o1000 != 0;
        if found.mode() & 0o002 != 0 && !sticky {
            return Ok(Some(tr!("every user can write {what}", what)));
        }
        // A group of one's own has nobody else in it; that is how most systems make users.
        if found.mode() & 0o020 != 0 && !sticky && found.gid() != 0 && found.gid() != own_group() {
            return Ok(Some(tr!("a group (gid {gid}) can write {what}", what, gid = found.gid())));
        }
        // Whoever could replace a folder above the file's own is that folder's owner, whom everything here trusts.
        if number == 1 {
            break;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_is_read_and_nothing_that_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_patiently(&path, 5).unwrap(), b"12345");
        assert_eq!(read_patiently(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_patiently(Path::new("/dev/zero"), 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_regular(&path).unwrap(), b"12345");
        assert!(read_regular(Path::new("/dev/zero")).is_err());
        assert!(read_regular(dir.path()).is_err());
        assert_eq!(read_regular(&dir.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

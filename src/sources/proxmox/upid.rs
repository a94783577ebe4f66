//! The name of a task, which says most of what there is to know of it.

use super::line::words;
use jiff::Timestamp;

/// `UPID:node:pid:pstart:starttime:type:id:user:`, numbers in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Upid {
    pub node: String,
    pub started: Timestamp,
    /// `vzdump qmstart qmstop ...`.
    pub kind: String,
    /// The guest, a service, a disk; empty where it is about none, or about several.
    pub id: String,
    pub user: String,
}

impl Upid {
    /// Reads one. `None`: it is none.
    pub fn read(text: &str) -> Option<Upid> {
        let mut parts = text.strip_prefix("UPID:")?.split(':');
        let (node, _pid, _pstart) = (parts.next()?, parts.next()?, parts.next()?);
        let started = Timestamp::from_second(i64::from_str_radix(parts.next()?, 16).ok()?).ok()?;
        let (kind, id, user) = (parts.next()?, parts.next()?, parts.next()?);
        if node.is_empty() || kind.is_empty() || user.is_empty() {
            return None;
        }
        Some(Upid { node: words(node), started, kind: words(kind), id: words(id), user: words(user) })
    }

    /// The number of the guest that it is about; `None`: of none, or of several.
    pub fn vmid(&self) -> Option<&str> {
        let is_number = (3..=9).contains(&self.id.len()) && self.id.bytes().all(|byte| byte.is_ascii_digit());
        Some(self.id.as_str()).filter(|_| is_number)
    }
}

/// When a task of a backup server began: `UPID:node:pid:pstart:task:starttime:type:id:user:`, which has one number more.
pub(super) fn began(text: &str) -> Option<Timestamp> {
    let mut parts = text.strip_prefix("UPID:")?.split(':').skip(4);
    Timestamp::from_second(i64::from_str_radix(parts.next()?, 16).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_told_by_its_name() {
        let upid = Upid::read("UPID:pve1:00001ABC:0012D687:691EE5A0:vzdump:100:backup@pve!nightly:").unwrap();
        assert_eq!((upid.node.as_str(), upid.kind.as_str(), upid.vmid()), ("pve1", "vzdump", Some("100")));
        assert_eq!((upid.user.as_str(), upid.started.as_second()), ("backup@pve!nightly", 0x691E_E5A0));
        let several = Upid::read("UPID:pve1:00001ABC:0012D687:691EE5A0:vzdump::root@pam:").unwrap();
        assert_eq!((several.id.as_str(), several.vmid()), ("", None));
        for none in ["", "UPID:", "UPID:pve1:1:2:xyz:vzdump::root@pam:", "UPID:pve1:1:2:3:vzdump", "pve1:1:2:3:vzdump::root@pam:"] {
            assert_eq!(Upid::read(none), None, "{none}");
        }
    }
}

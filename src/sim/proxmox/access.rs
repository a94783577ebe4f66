//! Users, tokens, roles and paths: who may see what. A list leaves out what one may not see; few calls are refused.

/// What the role PVEAuditor may. Reading the packages that wait for an update is not in it.
pub const AUDITOR: [&str; 8] =
    ["Datastore.Audit", "Mapping.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit", "VM.GuestAgent.Audit", "VM.Snapshot.Audit"];

/// Users, tokens and access lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Tokens.
    pub tokens: Vec<Token>,
    /// Who may what where.
    pub entries: Vec<Entry>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// `user@realm`.
    pub user: String,
    /// Name behind the exclamation mark.
    pub name: String,
    /// Secret.
    pub secret: String,
    /// Whether it has only what is given to it as well as to the user.
    pub separated: bool,
    /// What a login says instead of letting it in: expired, disabled.
    pub refused: Option<String>,
}

impl Token {
    /// `user@realm!name`.
    pub fn id(&self) -> String {
        format!("{}!{}", self.user, self.name)
    }

    /// As in a config: `user@realm!name=secret`.
    pub fn value(&self) -> String {
        format!("{}={}", self.id(), self.secret)
    }
}

/// A line of an access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `/`, `/vms/100`, `/pool/web`.
    pub path: String,
    /// User or token.
    pub who: String,
    /// Privileges of the role; none is the role NoAccess.
    pub privileges: Vec<String>,
    /// Whether it holds below the path, too.
    pub propagate: bool,
}

impl Entry {
    /// A line that holds below its path, too.
    pub fn new(path: &str, who: &str, privileges: &[&str]) -> Entry {
        Entry {
            path: path.to_owned(),
            who: who.to_owned(),
            privileges: privileges.iter().map(|&one| one.to_owned()).collect(),
            propagate: true,
        }
    }
}

impl Access {
    /// The user `pcemon@pve` who may read everything, with a token that may do the same.
    pub fn auditor() -> Access {
        let token = Token {
            user: "pcemon@pve".to_owned(),
            name: "cron".to_owned(),
            secret: "0e8b3c5a-5d1f-4f6e-9a57-2b7f1c9d4e60".to_owned(),
            separated: false,
            refused: None,
        };
        Access { tokens: vec![token], entries: vec![Entry::new("/", "pcemon@pve", &AUDITOR)] }
    }

    /// The only token whose name and secret these are, or the words of the refusal.
    pub(super) fn login(&self, header: Option<&str>) -> Result<Who, String> {
        let value = header.and_then(|header| header.strip_prefix("PVEAPIToken")).ok_or("No ticket")?;
        let value = value.strip_prefix(['=', ' ']).ok_or("No ticket")?;
        let value = value.split(';').next().unwrap_or_default();
        let decoded = decoded(value);
        let (id, secret) = decoded.split_once('=').ok_or("invalid token value!")?;
        let token = self.tokens.iter().find(|token| token.id() == id).ok_or_else(|| format!("no such token '{id}'"))?;
        if token.secret != secret {
            return Err("invalid token value!".to_owned());
        }
        match &token.refused {
            Some(why) => Err(why.clone()),
            None => Ok(Who { user: token.user.clone(), token: Some(token.id()), separated: token.separated }),
        }
    }
}

/// Percent signs as the server reads them; what is none stays.
fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok()).and_then(|two| u8::from_str_radix(two, 16).ok());
        match code.filter(|_| first == b'%') {
            Some(code) => {
                out.push(code);
                rest = &tail[2..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) user: String,
    pub(super) token: Option<String>,
    pub(super) separated: bool,
}

impl Who {
    /// As tasks name who began them.
    pub(super) fn id(&self) -> &str {
        self.token.as_deref().unwrap_or(&self.user)
    }
}

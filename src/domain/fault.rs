//! Who failed, what happened, and what to do about it.

/// Who failed: where the one who reads of it has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The PCE, or another target, answered something else than what was asked for, too late or not wholly.
    Target,
    /// The proxy on the way to it.
    Proxy,
    /// Name resolution, the route, or a connection that broke off: nobody answered.
    Network,
    /// A file: a recorded answer, or one that a target consists of.
    File,
    /// The config, the flags or the environment.
    Config,
    /// This program: its deadline came, it was told to end, or it has a fault.
    Program,
}

impl Party {
    /// All of them.
    pub const ALL: [Party; 6] = [Party::Target, Party::Proxy, Party::Network, Party::File, Party::Config, Party::Program];

    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Party::Target => "target",
            Party::Proxy => "proxy",
            Party::Network => "network",
            Party::File => "file",
            Party::Config => "config",
            Party::Program => "pcemon",
        }
    }

    /// The party of that name.
    pub fn named(name: &str) -> Option<Party> {
        Party::ALL.into_iter().find(|party| party.name() == name)
    }
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Who failed.
    pub party: Party,
    /// What happened, and what to do about it; for people.
    pub message: String,
}

impl Fault {
    /// A failure of `party`.
    pub fn of(party: Party, message: impl Into<String>) -> Fault {
        Fault { party, message: message.into() }
    }

    /// The same party with other words.
    #[must_use]
    pub fn said(&self, words: impl FnOnce(&str) -> String) -> Fault {
        Fault { party: self.party, message: words(&self.message) }
    }

    /// Several as one, which is the first's.
    pub fn together(faults: impl IntoIterator<Item = Fault>) -> Option<Fault> {
        faults.into_iter().reduce(|all, more| Fault { party: all.party, message: format!("{}; {}", all.message, more.message) })
    }
}

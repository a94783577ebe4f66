//! Protocols that begin in the clear and can be encrypted then.

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartTls {
    Smtp,
    Lmtp,
    Imap,
    Pop3,
    Ftp,
    Sieve,
    Ldap,
    Postgres,
    Mysql,
    Xmpp,
}

impl StartTls {
    pub const ALL: [StartTls; 10] = [
        StartTls::Smtp,
        StartTls::Lmtp,
        StartTls::Imap,
        StartTls::Pop3,
        StartTls::Ftp,
        StartTls::Sieve,
        StartTls::Ldap,
        StartTls::Postgres,
        StartTls::Mysql,
        StartTls::Xmpp,
    ];

    pub fn name(self) -> &'static str {
        match self {
            StartTls::Smtp => "smtp",
            StartTls::Lmtp => "lmtp",
            StartTls::Imap => "imap",
            StartTls::Pop3 => "pop3",
            StartTls::Ftp => "ftp",
            StartTls::Sieve => "sieve",
            StartTls::Ldap => "ldap",
            StartTls::Postgres => "postgres",
            StartTls::Mysql => "mysql",
            StartTls::Xmpp => "xmpp",
        }
    }

    /// How one takes leave once it is encrypted.
    pub fn goodbye(self) -> Option<&'static [u8]> {
        match self {
            StartTls::Smtp | StartTls::Lmtp | StartTls::Pop3 | StartTls::Ftp => Some(b"QUIT\r\n"),
            StartTls::Imap | StartTls::Sieve => {
                Some(b"LOGOUT\r\n".as_slice()).map(|word| if self == StartTls::Imap { b"b LOGOUT\r\n" } else { word })
            }
            StartTls::Postgres | StartTls::Ldap | StartTls::Mysql | StartTls::Xmpp => None,
        }
    }
}

//! What is asked, and where: one line of the config as a URL, `https://shop.example.com/health`, `dns://192.0.2.53/example.com?type=MX`.

use super::expect::Expect;
use super::place::{Family, Proxy, bracketed};
use super::protocol::StartTls;
use crate::domain::secret::Secret;
use crate::domain::text::visible;
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

/// What is asked of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// An HTTP request.
    Http(Url),
    /// A connection, and what the service says first.
    Tcp,
    /// An encrypted connection.
    Tls,
    /// Echo requests.
    Ping,
    /// A question to a name server; without a host to those of this machine.
    Dns { name: String, record: String },
}

impl Ask {
    /// The field `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Ask::Http(_) => "http",
            Ask::Tcp => "tcp",
            Ask::Tls => "tls",
            Ask::Ping => "ping",
            Ask::Dns { .. } => "dns",
        }
    }
}

/// One address with everything that its target says about it.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// The name for people.
    pub name: String,
    /// The address without credentials and query.
    pub shown: String,
    /// As the config has it, with the family: the identity within the target.
    pub written: String,
    pub ask: Ask,
    /// Bare, without brackets.
    pub host: String,
    pub port: Option<u16>,
    pub family: Family,
    pub timeout: Duration,
    pub attempts: u32,
    pub ca_file: Option<PathBuf>,
    pub server_name: Option<String>,
    pub insecure: bool,
    pub starttls: Option<StartTls>,
    pub count: u32,
    pub max_redirects: u32,
    pub proxy: Option<Proxy>,
    pub http: HttpRequest,
    pub expect: Expect,
}

/// What an HTTP request says beside its URL.
#[derive(Debug, Clone, Default)]
pub(super) struct HttpRequest {
    pub method: String,
    pub headers: Vec<(String, crate::domain::secret::SecretSource)>,
    pub body: Option<String>,
}

/// What an attempt needs to know beside its probe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub now: Timestamp,
    pub headers: &'a [(String, Secret)],
}

impl Probe {
    /// Identity: target and address.
    pub fn id(&self) -> u64 {
        xxh3_64(format!("{}\n{}", self.name, self.written).as_bytes())
    }

    /// Whether a certificate is to be seen.
    pub fn is_encrypted(&self) -> bool {
        match &self.ask {
            Ask::Http(url) => url.scheme() == "https",
            Ask::Tls => true,
            Ask::Tcp | Ask::Ping | Ask::Dns { .. } => false,
        }
    }

    /// Whether it asks for the serial of a zone.
    pub fn is_soa(&self) -> bool {
        matches!(&self.ask, Ask::Dns { record, .. } if record == "SOA")
    }

    /// The name that a certificate must bear.
    pub fn tls_name(&self) -> &str {
        self.server_name.as_deref().unwrap_or(&self.host)
    }
}

/// One address as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub ask: Ask,
    pub host: String,
    pub port: Option<u16>,
    /// For `url` and messages.
    pub shown: String,
    /// Host, port and path as written, for the name.
    pub short: String,
    /// What the scheme itself expects as first line.
    pub banner: Option<&'static str>,
}

/// Schemes with the port they usually have.
const SCHEMES: [(&str, Option<u16>); 8] = [
    ("http", Some(80)),
    ("https", Some(443)),
    ("tcp", None),
    ("tls", None),
    ("ssh", Some(22)),
    ("smtp", Some(25)),
    ("ping", None),
    ("dns", Some(53)),
];

/// Reads an address. The error never repeats what could be a password.
pub(super) fn read(text: &str) -> Result<Address, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(tr!("an address begins with http:// https:// tcp:// tls:// ssh:// smtp:// ping:// or dns://"));
    };
    let Some((_, usual)) = SCHEMES.iter().find(|(known, _)| *known == scheme) else {
        return Err(tr!("'{scheme}' is no kind of probe: use http, https, tcp, tls, ssh, smtp, ping or dns", scheme = visible(scheme)));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err(tr!("credentials do not belong into an address: the header Authorization is a key of `headers`"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(tr!("an address holds no blanks and no control characters"));
    }
    let dns = scheme == "dns";
    if dns && authority.is_empty() {
        let ask = question(path)?;
        let shown = format!("dns:///{}", shown_question(&ask));
        let short = shown_question(&ask);
        return Ok(Address { ask, host: String::new(), port: None, shown, short, banner: None });
    }
    // The same rules for the host of every scheme; a name beyond ASCII becomes what DNS knows it as.
    let as_http = Url::parse(&format!("http://{authority}/")).map_err(|_| tr!("the host cannot be read"))?;
    let host = as_http.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = as_http.port().or_else(|| authority.ends_with(":80").then_some(80)).or(*usual);
    let needs_port = !matches!(scheme, "ping");
    if needs_port && port.is_none() {
        return Err(tr!("the port is missing: {scheme}://{host}:PORT", scheme, host = bracketed(&host)));
    }
    let ask = match scheme {
        "http" | "https" => {
            let url = Url::parse(text).map_err(|_| tr!("it is not a URL"))?;
            Ask::Http(url)
        }
        "dns" => question(path)?,
        "tls" => Ask::Tls,
        "ping" => Ask::Ping,
        _ => Ask::Tcp,
    };
    if !matches!(ask, Ask::Http(_) | Ask::Dns { .. }) && !matches!(path, "" | "/") {
        return Err(tr!("nothing can stand behind host and port of {scheme}://", scheme));
    }
    let bare = path.split(['?', '#']).next().unwrap_or_default();
    let tail = match &ask {
        Ask::Dns { .. } => format!("/{}", shown_question(&ask)),
        Ask::Http(_) if bare != "/" => bare.to_owned(),
        _ => String::new(),
    };
    let shown = visible(&format!("{scheme}://{authority}{tail}{}", if path.contains('?') && !dns { "?…" } else { "" }));
    let short = visible(&format!("{authority}{tail}"));
    let banner = match scheme {
        "ssh" => Some("SSH-2.0-"),
        "smtp" => Some("220"),
        _ => None,
    };
    let port = if scheme == "ping" { None } else { port };
    Ok(Address { ask, host, port, shown, short, banner })
}

/// `/example.com?type=MX`
fn question(path: &str) -> Result<Ask, String> {
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    let name = name.trim_start_matches('/').trim_end_matches('.');
    let record = match query.split_once('=') {
        None if query.is_empty() => "A".to_owned(),
        Some(("type", record)) => record.to_ascii_uppercase(),
        _ => return Err(tr!("write dns://SERVER/NAME?type=A")),
    };
    let known = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", "CAA"];
    if name.is_empty() {
        return Err(tr!("write dns://SERVER/NAME?type=A"));
    }
    if !known.contains(&record.as_str()) {
        return Err(tr!("'{record}' is not a type of record: use one of {known}", record = visible(&record), known = known.join(" ")));
    }
    // A name beyond ASCII is what DNS knows it as; one with underscores is left as it is.
    let name = if name.is_ascii() {
        name.to_owned()
    } else {
        let url = Url::parse(&format!("http://{name}/")).map_err(|_| tr!("'{name}' is not a name", name = visible(name)))?;
        url.host_str().unwrap_or_default().to_owned()
    };
    Ok(Ask::Dns { name, record })
}

fn shown_question(ask: &Ask) -> String {
    match ask {
        Ask::Dns { name, record } if record == "A" => name.clone(),
        Ask::Dns { name, record } => format!("{name}?type={record}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_every_kind() {
        let read = |text: &str| read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let one = read("https://shop.example.com/health?token=x");
        assert_eq!((one.host.as_str(), one.port, one.shown.as_str()), ("shop.example.com", Some(443), "https://shop.example.com/health?…"));
        assert_eq!((read("http://[::1]:8080/").host.as_str(), read("http://[::1]:8080").port), ("::1", Some(8080)));
        assert_eq!(
            (read("tcp://db:80").port, read("ssh://db").port, read("tls://[2001:db8::1]:465").port),
            (Some(80), Some(22), Some(465))
        );
        assert_eq!(read("ping://192.0.2.1").port, None);
        let name = read("https://bücher.example/");
        assert_eq!((name.host.as_str(), name.short.as_str()), ("xn--bcher-kva.example", "bücher.example"));
        let dns = read("dns://192.0.2.53/_dmarc.example.com?type=txt");
        assert_eq!(dns.ask, Ask::Dns { name: "_dmarc.example.com".to_owned(), record: "TXT".to_owned() });
        assert_eq!((dns.port, read("dns:///example.com").host.as_str()), (Some(53), ""));
        for (text, part) in [
            ("shop.example.com", "begins with"),
            ("gopher://x", "no kind of probe"),
            ("tcp://db", "port is missing"),
            ("tcp://db:5432/x", "nothing can stand"),
            ("dns://192.0.2.53/", "dns://SERVER/NAME"),
            ("dns://192.0.2.53/a?type=ANY", "not a type of record"),
            ("http://a b/", "no blanks"),
            ("tcp://[fe80::1%eth0]:22", "host cannot be read"),
        ] {
            let error = super::read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        let error = super::read("https://me:hunter2@shop.example.com/").unwrap_err();
        assert!(error.contains("headers") && !error.contains("hunter2"), "{error}");
    }
}

//! The keys of `[[targets]] type = "proxmox"` and `type = "pbs"`.

use super::super::Settings;
use crate::domain::secret::SecretSource;
use crate::domain::text::visible;
use crate::http::pin::Pin;
use crate::settings::reader::Reader;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// Longest time of one request, and of a target.
const LONGEST: Duration = Duration::from_secs(600);
/// Most endpoints of one target.
const MOST: usize = 50;

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    /// Proxmox VE.
    Ve,
    /// Proxmox Backup Server.
    BackupServer,
}

impl Product {
    /// How a token is introduced, and what stands between its name and its secret.
    pub fn login(self) -> (&'static str, char) {
        match self {
            Product::Ve => ("PVEAPIToken", '='),
            Product::BackupServer => ("PBSAPIToken", ':'),
        }
    }

    /// The usual port.
    pub fn port(self) -> u16 {
        match self {
            Product::Ve => 8006,
            Product::BackupServer => 8007,
        }
    }

    /// Who listens there.
    pub fn service(self) -> &'static str {
        match self {
            Product::Ve => "pveproxy",
            Product::BackupServer => "proxmox-backup-proxy",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Product::Ve => "\"https://pve1.example.com:8006\"",
            Product::BackupServer => "\"https://pbs.example.com:8007\"",
        }
    }
}

/// The settings of one target.
#[derive(Debug)]
pub struct ProxmoxSettings {
    pub(super) name: String,
    pub(super) product: Product,
    /// Endpoints, in the order in which they are asked.
    pub(super) urls: Vec<Url>,
    pub(super) token: SecretSource,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) pins: Vec<Pin>,
    pub(super) server_name: Option<String>,
    pub(super) insecure: bool,
    /// Of one request.
    pub(super) request_timeout: Duration,
    /// Of the whole target.
    pub(super) timeout: Duration,
    pub(super) expect_nodes: Vec<String>,
    memory: Mutex<Option<String>>,
}

impl ProxmoxSettings {
    pub(super) fn memory(&self) -> Option<String> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn remember(&self, memory: Option<&str>) {
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = memory.map(str::to_owned);
    }
}

/// Reads the keys of Proxmox VE; `None` after a complaint.
pub fn read_settings(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    read(reader, Product::Ve)
}

/// Reads the keys of Proxmox Backup Server; `None` after a complaint.
pub fn read_backup_server(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    read(reader, Product::BackupServer)
}

fn read(reader: &mut Reader<'_>, product: Product) -> Option<Box<dyn Settings>> {
    let before = reader.problems().count();
    let name = reader.string("name").map(|name| name.value).unwrap_or_default();
    let urls = urls(reader, product);
    let token = reader.required_secret("token");
    let ca_file = reader.string("ca_file").map(|path| PathBuf::from(path.value));
    let pins = pins(reader);
    let server_name = reader.string("server_name").map(|name| name.value);
    let insecure = reader.boolean("insecure_skip_verify").unwrap_or(false);
    if insecure {
        let message = tr!("certificates of {name} are not judged: whoever is in between can take the token", name = reader.name());
        let hint = tr!("name the CA with `ca_file`, or the certificate with `fingerprint`, and remove insecure_skip_verify");
        reader.problems().warn(reader.span_of("insecure_skip_verify"), message, Some(hint));
    }
    let request_timeout = span(reader, "request_timeout", Duration::from_secs(10));
    let timeout = span(reader, "timeout", Duration::from_secs(60));
    let expect_nodes = match product {
        Product::Ve => reader.strings("expect_nodes").unwrap_or_default().into_iter().map(|node| node.value).collect(),
        Product::BackupServer => Vec::new(),
    };
    let (urls, token) = (urls?, token?);
    if reader.problems().count() > before && reader.problems().has_errors() {
        return None;
    }
    Some(Box::new(ProxmoxSettings {
        name,
        product,
        urls,
        token,
        ca_file,
        pins,
        server_name,
        insecure,
        request_timeout,
        timeout,
        expect_nodes,
        memory: Mutex::default(),
    }))
}

fn span(reader: &mut Reader<'_>, key: &str, usual: Duration) -> Duration {
    let span = reader.duration(key).map_or(usual, |span| span.value);
    if span > LONGEST || span.is_zero() {
        reader.error_at(key, tr!("`{key}` in {name} must lie between 1ms and 10m", key, name = reader.name()), None);
    }
    span
}

fn urls(reader: &mut Reader<'_>, product: Product) -> Option<Vec<Url>> {
    if reader.raw("urls").is_none() {
        reader.missing("urls", &format!("[{}]", product.example()));
        return None;
    }
    let written = reader.strings("urls")?;
    if written.is_empty() || written.len() > MOST {
        reader.error_at("urls", tr!("`urls` in {name} must list 1 to {most} addresses", name = reader.name(), most = MOST), None);
        return None;
    }
    let mut out: Vec<Url> = Vec::new();
    for text in written {
        let hint = || Some(product.example().to_owned());
        let shown = visible(&text.value);
        let url = Url::parse(&text.value).ok().filter(|url| url.has_host());
        let Some(mut url) = url else {
            reader.problems().error(text.span, tr!("an address in `urls` of {name} is not a URL", name = reader.name()), hint());
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            let message = tr!("an address in `urls` of {name} holds credentials or a query", name = reader.name());
            reader.problems().error(text.span, message, Some(tr!("the token stands in `token`")));
            return None;
        }
        // In clear the token would be everybody's; on this machine nobody listens.
        if url.scheme() != "https" && !(url.scheme() == "http" && crate::pce::is_loopback(&url)) {
            reader.problems().error(text.span, tr!("'{shown}' in `urls` of {name} is not https", shown, name = reader.name()), hint());
            return None;
        }
        if url.path() != "/" {
            reader.problems().error(text.span, tr!("'{shown}' in `urls` of {name} has a path", shown, name = reader.name()), hint());
            return None;
        }
        let has_port = text.value.trim_end_matches('/').rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if !has_port && url.set_port(Some(product.port())).is_err() {
            return None;
        }
        if out.contains(&url) {
            reader.problems().error(
                text.span,
                tr!("an address stands twice in `{key}` of {name}", key = "urls", name = reader.name()),
                None,
            );
            return None;
        }
        out.push(url);
    }
    Some(out)
}

fn pins(reader: &mut Reader<'_>) -> Vec<Pin> {
    let mut out = Vec::new();
    for text in reader.strings("fingerprint").unwrap_or_default() {
        match Pin::read(&text.value) {
            Ok(pin) => out.push(pin),
            Err(why) => reader.problems().error(text.span, why, None),
        }
    }
    out
}

//! The one place that builds HTTP agents: TLS, private CAs, proxies, time-outs, no redirects.
//!
//! Redirects are never followed and a status is never an error here: what an answer means is for
//! the caller to say, and credentials must not travel to another origin.

pub mod proxy;
pub mod reach;
pub mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig};

/// What an agent needs to know.
#[derive(Debug, Clone, Default)]
pub struct AgentOptions<'a> {
    /// Private CA bundle (PEM); replaces the system's.
    pub ca_file: Option<&'a Path>,
    /// Certificate chain and key of this client (PEM).
    pub client: Option<(&'a Path, &'a Path)>,
    /// No certificate check at all.
    pub insecure: bool,
    /// Where to: the usual variables name a proxy for it, or none. `None`: straight there.
    pub target: Option<&'a url::Url>,
    /// Proxy URL, before the usual variables.
    pub proxy: Option<&'a str>,
    /// No proxy at all, whatever the variables say (loopback).
    pub direct: bool,
    /// Longest silence while connecting or waiting for the head of the answer, and between two reads of its body.
    pub timeout: Duration,
    /// Longest time for the whole exchange, body included; `None`: no limit.
    pub total: Option<Duration>,
}

/// Builds an agent. The error names the file or the setting at fault.
pub fn agent(options: &AgentOptions<'_>) -> Result<ureq::Agent, String> {
    let mut tls = TlsConfig::builder().disable_verification(options.insecure);
    tls = match options.ca_file {
        Some(path) => tls.root_certs(RootCerts::Specific(Arc::new(read_ca(path)?))),
        None => tls.root_certs(RootCerts::PlatformVerifier),
    };
    if let Some((certificate, key)) = options.client {
        tls = tls.client_cert(Some(read_client(certificate, key)?));
    }
    let proxy = match options.proxy {
        Some(url) => Some(ureq::Proxy::new(url).map_err(|_| tr!("the proxy is not a URL such as http://proxy.example.com:3128"))?),
        None if options.direct => None,
        None => match options.target.and_then(proxy::for_url) {
            Some((name, url)) => Some(
                ureq::Proxy::new(&url)
                    .map_err(|_| tr!("{name} in the environment is not the URL of a proxy such as http://proxy.example.com:3128", name))?,
            ),
            None => None,
        },
    };
    Ok(ureq::Agent::config_builder()
        .tls_config(tls.build())
        .proxy(proxy)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("pcemon/", env!("CARGO_PKG_VERSION")))
        .timeout_global(options.total)
        .timeout_connect(Some(options.timeout))
        .timeout_recv_response(Some(options.timeout))
        .timeout_per_read(Some(options.timeout))
        .timeout_per_write(Some(options.timeout))
        .build()
        .new_agent())
}

fn read_ca(path: &Path) -> Result<Vec<ureq::tls::Certificate<'static>>, String> {
    let certificates = read_certificates("ca_file", path)?;
    if certificates.is_empty() { Err(tr!("ca_file {path} holds no certificate", path = path.display())) } else { Ok(certificates) }
}

fn read_client(certificate: &Path, key: &Path) -> Result<ClientCert, String> {
    let chain = read_certificates("cert_file", certificate)?;
    if chain.is_empty() {
        return Err(tr!("cert_file {path} holds no certificate", path = certificate.display()));
    }
    let key_pem = tls::read_pem("key_file", key)?;
    let key = PrivateKey::from_pem(&key_pem)
        .map_err(|_| tr!("key_file {path} holds no private key that can be read; one with a passphrase cannot", path = key.display()))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// `name` is the setting, for messages.
fn read_certificates(name: &str, path: &Path) -> Result<Vec<ureq::tls::Certificate<'static>>, String> {
    let pem = tls::read_pem(name, path)?;
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        let item = item.map_err(|error| tr!("{name} {path} is not PEM: {error}", name, path = path.display(), error))?;
        if let PemItem::Certificate(certificate) = item {
            certificates.push(certificate);
        }
    }
    Ok(certificates)
}

//! The one place that builds HTTP agents: TLS, private CAs, proxies, time-outs, no redirects.
//!
//! Redirects are never followed and a status is never an error here: what an answer means is for
//! the caller to say, and credentials must not travel to another origin.

mod connect;
pub mod fault;
pub mod names;
pub mod pin;
pub mod proxy;
pub mod reach;
pub mod tls;

use std::path::Path;
use std::time::Duration;

/// What an agent needs to know.
#[derive(Debug, Clone, Default)]
pub struct AgentOptions<'a> {
    /// Private CA bundle (PEM); replaces the system's.
    pub ca_file: Option<&'a Path>,
    /// Certificate chain and key of this client (PEM).
    pub client: Option<(&'a Path, &'a Path)>,
    /// Fingerprints of certificates that are trusted; with a CA bundle either will do, without one nothing else.
    pub pins: &'a [pin::Pin],
    /// The name that the certificate must bear, where it is not that of the URL.
    pub server_name: Option<&'a str>,
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
    let connector = connect::connector(connect::Trust {
        ca_file: options.ca_file.map(Path::to_owned),
        client: options.client.map(|(certificate, key)| (certificate.to_owned(), key.to_owned())),
        insecure: options.insecure,
        pins: options.pins.to_vec(),
        server_name: options.server_name.map(str::to_owned),
    })?;
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
    let proxy_is_socks =
        proxy.as_ref().is_some_and(|proxy| !matches!(proxy.protocol(), ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https));
    let config = ureq::Agent::config_builder()
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
        .build();
    if proxy_is_socks {
        return Err(tr!("SOCKS proxies are not supported; use an HTTP proxy such as http://proxy.example.com:3128"));
    }
    Ok(ureq::Agent::with_parts(config, connector, names::Names::default()))
}

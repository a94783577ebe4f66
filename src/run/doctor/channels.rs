//! What lies behind the PCE: channels, and the run_interval of runs.

use super::findings::{Findings, Subject, span};
use crate::channels::ChannelConfig;
use crate::domain::secret::SecretSource;
use crate::http::reach;
use crate::settings::fetch_secret;
use std::cell::RefCell;
use std::time::Duration;
use url::Url;

/// Whether runs have time enough.
pub(super) fn pace(subject: &Subject<'_>, query: Option<Duration>, findings: &mut Findings) {
    let (Some(config), Some(took)) = (subject.usable, query) else { return };
    let deadline = config.run.deadline;
    let detail = tr!(
        "a small traffic query took {seconds} s; a run gives up after {deadline}",
        seconds = format!("{:.1}", took.as_secs_f64()),
        deadline = span(deadline)
    );
    if took > deadline / 4 {
        let advice = &tr!("raise deadline in [run], and make the interval between runs longer than a run (or use --lock-wait)");
        findings.warn("pace", &tr!("pace of runs"), detail, advice);
    } else {
        findings.ok("pace", &tr!("pace of runs"), detail);
    }
}

/// Whether every channel can be reached. A connection is made and closed; no message is sent.
pub(super) fn channels(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(config) = subject.usable else { return };
    for channel in &config.channels {
        let what = tr!("channel {name}", name = channel.common.name);
        if !channel.common.enabled {
            findings.skip("channel", &what, &tr!("disabled"));
            continue;
        }
        (subject.progress)(&tr!("testing {what}", what));
        one(subject, channel, &what, findings);
    }
}

/// A host a channel sends to.
enum Host {
    Url(Url),
    Tcp(String, u16),
    /// Datagrams: nobody answers, so only the name can be looked at.
    Udp(String, u16),
}

fn one(subject: &Subject<'_>, channel: &ChannelConfig, what: &str, findings: &mut Findings) {
    let (hosts, opened) = hosts(channel);
    if let Err(error) = opened {
        findings.fail("channel", what, error, &tr!("the channel cannot be opened; its messages wait until it can"));
        return;
    }
    if hosts.is_empty() {
        findings.ok("channel", what, tr!("{place}, on this machine", place = channel.settings.destination()));
        return;
    }
    for host in hosts {
        let (shown, found) = reached(&host, subject.timeout);
        match found {
            Ok(how) => findings.ok("channel", what, tr!("{shown} {how}; no message was sent", shown, how)),
            Err(error) => {
                let advice = &tr!("check address, name resolution, proxy and firewalls; messages wait in the outbox meanwhile");
                findings.fail("channel", what, format!("{shown}: {error}"), advice);
            }
        }
    }
}

/// Opens a channel, and sees which of the things it fetches for that are addresses: they may be secrets from anywhere.
fn hosts(channel: &ChannelConfig) -> (Vec<Host>, Result<(), String>) {
    let urls: RefCell<Vec<Url>> = RefCell::default();
    let fetch = |source: &SecretSource| {
        let secret = fetch_secret(source)?;
        urls.borrow_mut().extend(Url::parse(secret.expose().trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https")));
        Ok(secret)
    };
    let opened = channel.settings.open(&channel.common, &fetch).map(drop);
    let mut hosts: Vec<Host> = urls.into_inner().into_iter().map(Host::Url).collect();
    if let Some(peer) = channel.settings.peer().filter(|_| hosts.is_empty()) {
        hosts.push(if peer.datagrams { Host::Udp(peer.host, peer.port) } else { Host::Tcp(peer.host, peer.port) });
    }
    (hosts, opened)
}

/// Where to, without anything secret, and how far one got.
fn reached(host: &Host, limit: Duration) -> (String, Result<String, String>) {
    let connected = |host: &str, port: u16| reach::resolve(host, port, limit).and_then(|found| reach::connect(&found, limit)).map(drop);
    match host {
        Host::Tcp(host, port) => (format!("{host}:{port}"), connected(host, *port).map(|()| tr!("accepts connections"))),
        Host::Udp(host, port) => {
            (format!("{host}:{port}"), reach::resolve(host, *port, limit).map(|_| tr!("can be resolved; datagrams are not answered")))
        }
        Host::Url(url) => {
            let shown = url.origin().ascii_serialization();
            let found = match reach::proxy_of(url, None, false) {
                Some((proxy, port)) => connected(&proxy, port)
                    .map(|()| tr!("is behind the proxy {proxy}:{port}, which accepts connections", proxy, port))
                    .map_err(|error| tr!("its proxy {proxy}:{port}: {error}", proxy, port, error)),
                None => {
                    let port = url.port_or_known_default().unwrap_or(443);
                    connected(url.host_str().unwrap_or_default(), port).map(|()| tr!("accepts connections"))
                }
            };
            (shown, found)
        }
    }
}

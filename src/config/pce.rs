//! `[pce]`: how to reach the PCE.

use crate::pce::PceSettings;
use crate::settings::reader::{Placed, Reader};
use std::time::Duration;
use url::{Host, Url};

/// Reads the table. `None` only after a complaint.
pub(super) fn read(mut reader: Reader<'_>) -> Option<PceSettings> {
    reader.rename("[pce]");
    let url = reader.required_string("url", "\"https://pce.example.com:8443\"").and_then(|text| base_url(&reader, &text));
    if reader.raw("org_id").is_none() {
        reader.missing("org_id", "1");
    }
    let org_id = reader.integer("org_id", 1..=i64::MAX);
    let api_key = reader.required_secret("api_key");
    let api_secret = reader.required_secret("api_secret");
    let ca_file = reader.string("ca_file").map(|text| text.value.into());
    let insecure_skip_verify = reader.boolean("insecure_skip_verify").unwrap_or(false);
    if insecure_skip_verify {
        reader.problems().warn(
            reader.span_of("insecure_skip_verify"),
            tr!("the PCE's certificate is not checked: a man in the middle can read the API key"),
            Some(tr!("set `ca_file` to the CA of the PCE and remove insecure_skip_verify")),
        );
    }
    let proxy = reader.string("proxy").and_then(|text| proxy(&reader, text));
    let request_timeout = at_least_a_second(&mut reader, "request_timeout", 60);
    let query_timeout = at_least_a_second(&mut reader, "query_timeout", 15 * 60);
    let max_results = reader.integer("max_results", 1..=200_000).map_or(200_000, |number| number.value);
    reader.finish();
    Some(PceSettings {
        url: url?,
        org_id: u64::try_from(org_id?.value).ok()?,
        api_key: api_key?,
        api_secret: api_secret?,
        ca_file,
        insecure_skip_verify,
        proxy,
        request_timeout,
        query_timeout,
        max_results: max_results.unsigned_abs(),
    })
}

pub(super) fn at_least_a_second(reader: &mut Reader<'_>, key: &str, default_seconds: u64) -> Duration {
    let Some(span) = reader.duration(key) else { return Duration::from_secs(default_seconds) };
    if span.value < Duration::from_secs(1) {
        reader.error_at(key, tr!("`{key}` in {name} must be one second or more", key, name = reader.name()), None);
    }
    span.value
}

// The messages never repeat the URL: a wrong one may well carry a password.
fn base_url(reader: &Reader<'_>, text: &Placed<String>) -> Option<Url> {
    let example = || tr!("write for example url = \"https://pce.example.com:8443\"");
    let refuse = |message: String, hint: String| {
        reader.problems().error(text.span.clone(), message, Some(hint));
        None
    };
    let url = match Url::parse(&text.value) {
        Ok(url) if matches!(url.scheme(), "https" | "http") => url,
        Ok(_) => return refuse(tr!("`url` in [pce] must start with https://"), example()),
        Err(error) => return refuse(tr!("`url` in [pce] is not a URL: {error}", error), example()),
    };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(tr!("`url` in [pce] must not contain credentials"), tr!("put them into `api_key` and `api_secret`"));
    }
    if url.scheme() == "http" && !loopback {
        return refuse(
            tr!("`url` in [pce] must start with https://: over http the API key would be sent in clear text"),
            tr!("plain http is only allowed for this machine itself"),
        );
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return refuse(
            tr!("`url` in [pce] must end after the port"),
            tr!("remove everything after it; /api/v2 and the organisation are added"),
        );
    }
    Some(url)
}

fn proxy(reader: &Reader<'_>, text: Placed<String>) -> Option<String> {
    let known = Url::parse(&text.value)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5") && url.has_host());
    if !known {
        let hint = tr!("write for example proxy = \"http://proxy.example.com:3128\"");
        reader.problems().error(text.span, tr!("`proxy` in [pce] is not the URL of a proxy"), Some(hint));
        return None;
    }
    if text.value.contains('@') {
        let hint = tr!("remove `proxy` and set the variable HTTPS_PROXY in the environment of the run");
        reader.problems().warn(text.span, tr!("`proxy` in [pce] contains its password as plain text"), Some(hint));
    }
    Some(text.value)
}

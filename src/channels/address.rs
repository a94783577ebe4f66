//! Addresses of services in settings: read, checked, opened, and shown without what is secret in them.

use super::channel::{Common, Secrets};
use super::post;
use crate::domain::secret::{Secret, SecretSource};
use crate::settings::reader::Reader;

/// Reads the address of a service that has a usual one.
pub(super) fn read_base(reader: &mut Reader<'_>, usual: &str) -> Option<SecretSource> {
    match reader.raw("base_url") {
        Some(_) => read_url(reader, "base_url", &format!("\"{usual}\"")),
        None => Some(SecretSource::Plain(Secret::new(usual))),
    }
}

/// Fetches a URL and makes it ready to post to.
pub(super) fn open_url(common: &Common, source: &SecretSource, secrets: &Secrets<'_>) -> Result<post::Endpoint, String> {
    let endpoint = post::Endpoint::parse(secrets(source)?.expose())?;
    if endpoint.is_exposed() {
        log::warn!(
            "{}",
            tr!(
                "channel '{name}': {endpoint} is not encrypted; anyone on the network path can read what is sent",
                name = common.name,
                endpoint = endpoint.origin()
            )
        );
    }
    Ok(endpoint)
}

/// Reads a URL that may be a secret; one that stands in the config is proven at once.
pub(super) fn read_url(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<SecretSource> {
    if reader.raw(key).is_none() {
        reader.missing(key, example);
        return None;
    }
    let source = reader.secret(key)?;
    prove_url(reader, key, &source).then_some(source)
}

/// Reads one URL or several.
pub(super) fn read_urls(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<Vec<SecretSource>> {
    if reader.raw(key).is_none() {
        reader.missing(key, example);
        return None;
    }
    let sources = reader.secrets(key)?;
    if sources.is_empty() {
        reader.error_at(
            key,
            tr!("`{key}` in {name} is empty", key, name = reader.name()),
            Some(tr!("write for example {key} = {example}", key, example)),
        );
        return None;
    }
    sources.iter().all(|source| prove_url(reader, key, source)).then_some(sources)
}

fn prove_url(reader: &Reader<'_>, key: &str, source: &SecretSource) -> bool {
    if let SecretSource::Plain(url) = source {
        match post::Endpoint::parse(url.expose()) {
            Err(error) => {
                reader.error_at(key, tr!("`{key}` in {name}: {error}", key, name = reader.name(), error), None);
                return false;
            }
            Ok(endpoint) if endpoint.is_exposed() => reader.problems().warn(
                reader.span_of(key),
                tr!("`{key}` in {name} is not encrypted; anyone on the network path can read the alerts", key, name = reader.name()),
                Some(tr!("use https://")),
            ),
            Ok(_) => {}
        }
    }
    true
}

/// Reads a secret that must be there.
pub(super) fn required_secret(reader: &mut Reader<'_>, key: &str, example: &str) -> Option<SecretSource> {
    if reader.raw(key).is_none() {
        reader.missing(key, example);
        return None;
    }
    reader.secret(key)
}

/// Where a URL leads, without its secret part.
pub(super) fn shown_url(source: &SecretSource) -> String {
    match source {
        SecretSource::Plain(url) => post::Endpoint::parse(url.expose()).map_or_else(|error| error, |endpoint| endpoint.origin()),
        other => tr!("URL from {other}", other = other.describe()),
    }
}

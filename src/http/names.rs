//! How the name of a host becomes its addresses, so that a name that nobody knows is told from a connection that was lost.

use std::fmt;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// A name without an address; it may be the proxy's.
#[derive(Debug)]
struct Unknown(String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name {} cannot be resolved", self.0)
    }
}

impl std::error::Error for Unknown {}

/// The name that could not be resolved, where that is why an exchange failed.
pub fn unknown(error: &Error) -> Option<&str> {
    match error {
        Error::Other(error) => error.downcast_ref::<Unknown>().map(|unknown| unknown.0.as_str()),
        _ => None,
    }
}

/// The system's resolver.
#[derive(Debug, Default)]
pub(super) struct Names(DefaultResolver);

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        self.0.resolve(uri, config, timeout).map_err(|error| match error {
            // Nothing but the resolver reads or writes here.
            Error::Io(_) | Error::HostNotFound => Error::Other(Box::new(Unknown(uri.host().unwrap_or_default().to_owned()))),
            other => other,
        })
    }
}

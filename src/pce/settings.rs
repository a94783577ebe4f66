//! How to reach the PCE.

use crate::domain::secret::SecretSource;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// How to reach the PCE.
#[derive(Debug, Clone)]
pub struct PceSettings {
    /// Base URL: scheme, host, port. Never a path.
    pub url: Url,
    /// Organisation.
    pub org_id: u64,
    /// Key id.
    pub api_key: SecretSource,
    /// Key secret.
    pub api_secret: SecretSource,
    /// Private CA bundle (PEM).
    pub ca_file: Option<PathBuf>,
    /// No certificate check at all; warns on every run.
    pub insecure_skip_verify: bool,
    /// Proxy; `None`: the usual variables.
    pub proxy: Option<String>,
    /// Time-out of one request.
    pub request_timeout: Duration,
    /// From submitting a traffic query to its completion.
    pub query_timeout: Duration,
    /// Rows one traffic query may return.
    pub max_results: u64,
}

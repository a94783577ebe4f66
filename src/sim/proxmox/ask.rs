//! A call as it reaches the code that answers it, and what that may say.

use super::access::Who;
use super::cluster::Node;
use super::rights::Rights;
use super::view::View;
use crate::sim::exchange::Request;
use jiff::Timestamp;
use serde_json::Value;

/// A call on its way to the answer.
pub(super) struct Ask<'a> {
    pub(super) view: View<'a>,
    pub(super) rights: Rights<'a>,
    pub(super) who: &'a Who,
    /// What stands for the stars of the path.
    pub(super) vars: Vec<String>,
    pub(super) request: &'a Request,
    /// Which call of this path it is at this endpoint, from 1.
    pub(super) call: usize,
    /// SHA-256 of the certificate of each node, and when it ends.
    pub(super) certificates: &'a [(String, String, Timestamp)],
}

impl Ask<'_> {
    pub(super) fn var(&self, at: usize) -> &str {
        self.vars.get(at).map_or("", String::as_str)
    }

    pub(super) fn number(&self, name: &str, otherwise: usize) -> Result<usize, Fail> {
        let wrong = || Fail::Parameter(name.to_owned(), "type check ('integer') failed".to_owned());
        self.request.parameter(name).map_or(Ok(otherwise), |text| text.parse().map_err(|_| wrong()))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.request.parameter(name).is_some_and(|text| ["1", "yes", "on", "true"].contains(&text))
    }

    /// The node that the path names; it carries the call out.
    pub(super) fn node(&self) -> &Node {
        self.view.own
    }
}

/// What a call tells.
pub(super) struct Told {
    pub(super) data: Data,
    /// How many rows there are, where the answer is one page of them.
    pub(super) total: Option<usize>,
}

pub(super) enum Data {
    Json(Value),
    /// JSON that was written as text because there is much of it.
    Text(String),
}

impl From<Value> for Told {
    fn from(data: Value) -> Told {
        Told { data: Data::Json(data), total: None }
    }
}

/// Why there is no answer.
pub(super) enum Fail {
    Denied(String, String),
    /// The node cannot be reached: 595 or 596, without a body.
    Away(u16),
    Hang,
    Failed(String),
    Parameter(String, String),
    Unknown,
}

pub(super) type Answer = Result<Told, Fail>;

/// Three numbers of a version.
pub(super) fn version(text: &str) -> Vec<u32> {
    text.split(['.', '-', '~']).map_while(|part| part.parse().ok()).collect()
}

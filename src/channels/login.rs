//! How a channel proves who it is to a service: user and password, or a token.

use super::{Secrets, post};
use crate::domain::secret::{Secret, SecretSource};
use crate::settings::reader::Reader;
use ureq::http::header::AUTHORIZATION;
use ureq::http::{HeaderName, HeaderValue};

/// What the config says.
#[derive(Debug)]
pub enum Login {
    /// The service asks for nothing.
    None,
    /// User and password.
    Basic(String, SecretSource),
    /// A token.
    Bearer(SecretSource),
}

/// What goes along with each request, and what must not be shown of it.
pub struct Credentials {
    /// The headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The secrets in them.
    pub secrets: Vec<Secret>,
}

/// Reads `user` and `password`; they belong together.
pub fn read_basic(reader: &mut Reader<'_>) -> Option<Login> {
    let has_password = reader.raw("password").is_some();
    let password = if has_password { reader.secret("password") } else { None };
    if reader.raw("user").is_none() {
        if has_password {
            reader.missing("user", "\"pcemon\"");
            return None;
        }
        return Some(Login::None);
    }
    let user = reader.required_string("user", "\"pcemon\"");
    if !has_password {
        reader.missing("password", "{ env = \"PASSWORD\" }");
    }
    Some(Login::Basic(user?.value, password?))
}

/// Reads `user` and `password`, or `token`.
pub fn read(reader: &mut Reader<'_>) -> Option<Login> {
    if reader.raw("token").is_none() {
        return read_basic(reader);
    }
    let token = reader.secret("token");
    if !matches!(read_basic(reader)?, Login::None) {
        let hint = Some(tr!("leave one of them out"));
        reader.error_at("token", tr!("{name} has a token as well as user and password", name = reader.name()), hint);
        return None;
    }
    token.map(Login::Bearer)
}

impl Login {
    /// Fetches the secrets.
    pub fn open(&self, secrets: &Secrets<'_>) -> Result<Credentials, String> {
        let (value, hidden) = match self {
            Login::None => return Ok(Credentials { headers: Vec::new(), secrets: Vec::new() }),
            Login::Basic(user, password) => {
                let password = secrets(password)?;
                let pair = post::basic(user, &password);
                (post::authorization("Basic", &pair)?, vec![password, pair])
            }
            Login::Bearer(token) => {
                let token = secrets(token)?;
                (post::authorization("Bearer", &token)?, vec![token])
            }
        };
        Ok(Credentials { headers: vec![(AUTHORIZATION, value)], secrets: hidden })
    }
}

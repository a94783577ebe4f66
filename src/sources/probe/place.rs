//! Where one connects to.

use crate::domain::text::visible;
use std::net::IpAddr;
use url::Url;

/// Which addresses of a name are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// All, in the order of the system.
    Any,
    /// Version 4 only.
    V4,
    /// Version 6 only.
    V6,
}

impl Family {
    pub fn has(self, address: IpAddr) -> bool {
        match self {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        }
    }
}

/// The host of messages and of what is shown.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// A host with its port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub host: &'a str,
    pub port: u16,
    pub family: Family,
}

impl Place<'_> {
    pub fn shown(&self) -> String {
        visible(&format!("{}:{}", bracketed(self.host), self.port))
    }
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub host: String,
    pub port: u16,
}

impl Proxy {
    /// Reads its URL. The error never repeats what could be a password.
    pub fn read(text: &str) -> Result<Proxy, String> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.has_host());
        let Some(url) = url else { return Err(tr!("it is not the URL of an HTTP proxy")) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(tr!("a proxy that asks for a password is not supported"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(tr!("it must end after the port"));
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        // A proxy listens on port 3128 or on one that is named; 80 is what a URL without a port says.
        Ok(Proxy { host, port: url.port_or_known_default().unwrap_or(80) })
    }

    /// Host and port.
    pub fn shown(&self) -> String {
        visible(&format!("{}:{}", bracketed(&self.host), self.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_proxy() {
        let read = |text: &str| Proxy::read(text).map(|proxy| proxy.shown());
        assert_eq!(read("http://proxy.example.com:3128").as_deref(), Ok("proxy.example.com:3128"));
        assert_eq!(read("http://[2001:db8::1]:3128/").as_deref(), Ok("[2001:db8::1]:3128"));
        assert_eq!(read("http://proxy.example.com").as_deref(), Ok("proxy.example.com:80"));
        for bad in
            ["proxy.example.com:3128", "socks5://proxy:1080", "https://proxy:3128", "http://me:hunter2@proxy:3128", "http://proxy/x?y"]
        {
            let error = read(bad).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

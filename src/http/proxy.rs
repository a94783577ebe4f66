//! Which proxy leads to a URL, by the usual variables as curl reads them (curl's manual, "Environment"; `NO_PROXY` as in
//! its `--noproxy`): a proxy for each scheme, `ALL_PROXY` for the rest, lists parted by commas or blanks, address ranges.

use ipnet::IpNet;
use std::net::IpAddr;
use url::{Host, Url};

/// The variable that counts, and what it says; `None`: straight there.
pub fn for_url(url: &Url) -> Option<(&'static str, String)> {
    choose(url, &|name| std::env::var(name).ok())
}

fn choose(url: &Url, variable: &dyn Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    // An empty variable is one that is not set.
    let read = |name: &&'static str| Some((*name, variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())?));
    // Behind a web server HTTP_PROXY is what any client may have sent, so it does not count.
    let of_scheme: &[&'static str] = if url.scheme() == "https" { &["https_proxy", "HTTPS_PROXY"] } else { &["http_proxy"] };
    let found = of_scheme.iter().chain(&["all_proxy", "ALL_PROXY"]).find_map(read)?;
    let except = ["no_proxy", "NO_PROXY"].iter().find_map(read);
    (!except.is_some_and(|(_, list)| is_excepted(url, &list))).then_some(found)
}

fn is_excepted(url: &Url, list: &str) -> bool {
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| match url.host() {
        _ if entry == "*" => true,
        Some(Host::Ipv4(address)) => holds(entry, IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => holds(entry, IpAddr::V6(address)),
        Some(Host::Domain(name)) => is_within(name, entry),
        None => false,
    })
}

/// An address, or a range of them.
fn holds(entry: &str, address: IpAddr) -> bool {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok_and(|own| own == address) || bare.parse::<IpNet>().is_ok_and(|range| range.contains(&address))
}

/// The name itself, or one below it; a dot or `*.` in front changes nothing.
fn is_within(name: &str, entry: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    let (name, domain) = (plain(name), plain(entry.trim_start_matches('*').trim_start_matches('.')));
    !domain.is_empty() && name.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Option<&'static str> {
        let read = |name: &str| variables.iter().find(|(have, _)| *have == name).map(|(_, text)| (*text).to_owned());
        choose(&Url::parse(url).unwrap(), &read).map(|(name, _)| name)
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let all = [("http_proxy", "a"), ("HTTPS_PROXY", "b"), ("ALL_PROXY", "c"), ("HTTP_PROXY", "d")];
        assert_eq!(chosen("http://x/", &all), Some("http_proxy"));
        assert_eq!(chosen("https://x/", &all), Some("HTTPS_PROXY"));
        assert_eq!(chosen("https://x/", &[("http_proxy", "a")]), None);
        assert_eq!(chosen("http://x/", &[("HTTPS_PROXY", "a"), ("HTTP_PROXY", "b")]), None);
        assert_eq!(chosen("https://x/", &[("https_proxy", " "), ("all_proxy", "a")]), Some("all_proxy"));
        assert_eq!(chosen("https://x/", &[("https_proxy", "a"), ("HTTPS_PROXY", "b")]), Some("https_proxy"));
    }

    #[test]
    fn what_needs_no_proxy() {
        for (list, url, excepted) in [
            ("localhost, 127.0.0.1", "https://127.0.0.1:8443/", true),
            ("localhost 127.0.0.1", "https://localhost/", true),
            ("a,b,\texample.com", "https://pce.example.com/", true),
            ("example.com", "https://example.com./", true),
            (".example.com", "https://example.com/", true),
            ("*.example.com", "https://pce.EXAMPLE.com/", true),
            ("example.com", "https://notexample.com/", false),
            ("pce.example.com", "https://example.com/", false),
            ("*", "https://anything.example.net/", true),
            ("10.0.0.0/8", "https://10.20.30.40/", true),
            ("10.0.0.0/8", "https://11.0.0.1/", false),
            ("10.0.0.0/99", "https://10.0.0.1/", false),
            ("2001:db8::/32, ::1", "https://[2001:db8::7]/", true),
            ("[::1]", "https://[::1]/", true),
            ("0.0.1", "https://127.0.0.1/", false),
            ("", "https://x/", false),
            (", ,", "https://x/", false),
        ] {
            let got = chosen(url, &[("https_proxy", "http://proxy:3128"), ("NO_PROXY", list)]);
            assert_eq!(got.is_none(), excepted, "{list:?} {url}");
        }
        // The small letters count first, as a whole.
        let both = [("https_proxy", "p"), ("no_proxy", "a"), ("NO_PROXY", "b")];
        assert_eq!((chosen("https://a/", &both), chosen("https://b/", &both)), (None, Some("https_proxy")));
    }
}

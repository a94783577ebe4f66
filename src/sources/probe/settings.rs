//! The keys of `[[targets]] type = "probe"`, and those of `[probe]`.

use super::super::Settings;
use super::address::{Address, Ask, HttpRequest, Probe, read as read_address};
use super::expect::{Expect, Pattern, status_range};
use super::place::{Family, Proxy};
use super::protocol::StartTls;
use crate::domain::text::visible;
use crate::settings::reader::{Placed, Reader};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Most addresses of one target.
const MOST: usize = 5_000;
/// Longest time of one attempt.
const LONGEST: Duration = Duration::from_secs(120);

/// What `[probe]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Common {
    /// Targets that are up as long as this machine has a network.
    pub canaries: Vec<String>,
    /// Attempts at the same time.
    pub concurrency: usize,
}

impl Default for Common {
    fn default() -> Self {
        Self { canaries: Vec::new(), concurrency: 32 }
    }
}

/// The settings of one target.
#[derive(Debug)]
pub struct ProbeSettings {
    pub(super) name: String,
    pub(super) probes: Vec<Probe>,
    common: OnceLock<Arc<Common>>,
}

impl ProbeSettings {
    pub(super) fn common(&self) -> Arc<Common> {
        self.common.get().cloned().unwrap_or_default()
    }

    pub(super) fn of(settings: &dyn Settings) -> Option<&ProbeSettings> {
        settings.as_any().downcast_ref()
    }
}

/// Reads `[probe]`, and tells it to the targets it is about.
pub fn read_table(reader: &mut Reader<'_>, targets: &[(&str, &dyn Settings)]) {
    let own: Vec<(&str, &ProbeSettings)> =
        targets.iter().filter_map(|(name, settings)| Some((*name, ProbeSettings::of(*settings)?))).collect();
    let usual = Common::default();
    let canaries = reader.strings("canaries").unwrap_or_default();
    for canary in canaries.iter().filter(|canary| !own.iter().any(|(name, _)| *name == canary.value)) {
        let names: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
        let hint = crate::settings::reader::did_you_mean(&canary.value, &names);
        let message = tr!("no target of type probe is called '{name}'", name = visible(&canary.value));
        reader.problems().error(canary.span.clone(), message, Some(hint));
    }
    let concurrency = reader.integer("concurrency", 1..=256).map_or(usual.concurrency, |number| number.value as usize);
    let common = Arc::new(Common { canaries: canaries.into_iter().map(|canary| canary.value).collect(), concurrency });
    for (_, settings) in own {
        // Set once: a config is read once.
        let _ = settings.common.set(Arc::clone(&common));
    }
}

/// Keys that hold for each address of the target.
struct Keys {
    families: Vec<(Family, &'static str)>,
    timeout: Duration,
    attempts: u32,
    ca_file: Option<PathBuf>,
    server_name: Option<String>,
    insecure: bool,
    starttls: Option<StartTls>,
    count: u32,
    max_redirects: u32,
    proxy: Option<Proxy>,
    http: HttpRequest,
    expect: Expect,
}

/// Reads the keys; `None` after a complaint.
pub fn read_settings(reader: &mut Reader<'_>) -> Option<Box<dyn Settings>> {
    let before = reader.problems().count();
    let name = reader.string("name").map(|name| name.value).unwrap_or_default();
    let urls = urls(reader);
    let keys = keys(reader);
    let urls = urls?;
    check(reader, &urls, &keys);
    // Warnings are no reason to give up.
    if reader.problems().count() > before && reader.problems().has_errors() {
        return None;
    }
    let several = urls.len() > 1;
    let probes = urls.iter().flat_map(|url| probes_of(&name, url, several, &keys)).collect();
    Some(Box::new(ProbeSettings { name, probes, common: OnceLock::new() }))
}

/// An address with its text.
type Written = (Placed<String>, Address);

fn urls(reader: &mut Reader<'_>) -> Option<Vec<Written>> {
    let (one, several) = (reader.string("url"), reader.strings("urls"));
    let written = match (one, several) {
        (Some(one), None) => vec![one],
        (None, Some(several)) if !several.is_empty() => several,
        (None, None) if reader.raw("url").is_none() && reader.raw("urls").is_none() => {
            reader.missing("url", "\"https://shop.example.com/health\"");
            return None;
        }
        (Some(_), Some(_)) => {
            reader.error_at("urls", tr!("`url` and `urls` in {name}: there is one of them", name = reader.name()), None);
            return None;
        }
        _ => {
            if reader.has("urls") {
                reader.error_at("urls", tr!("`urls` in {name} is empty", name = reader.name()), None);
            }
            return None;
        }
    };
    if written.len() > MOST {
        reader.error_at("urls", tr!("`urls` in {name} has more than {most} addresses", name = reader.name(), most = MOST), None);
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let mut whole = true;
    for text in written {
        let key = if reader.has("urls") { "urls" } else { "url" };
        match read_address(&text.value) {
            Ok(_) if !seen.insert(text.value.clone()) => {
                let message = tr!("an address stands twice in `{key}` of {name}", key, name = reader.name());
                reader.problems().error(text.span, message, None);
                whole = false;
            }
            Ok(address) => out.push((text, address)),
            Err(why) => {
                reader.problems().error(text.span, tr!("`{key}` in {name}: {why}", key, name = reader.name(), why), None);
                whole = false;
            }
        }
    }
    whole.then_some(out)
}

fn keys(reader: &mut Reader<'_>) -> Keys {
    let timeout = reader.duration("timeout").map_or(Duration::from_secs(10), |span| span.value);
    if timeout > LONGEST || timeout.is_zero() {
        reader.error_at("timeout", tr!("`timeout` in {name} must lie between 1ms and 2m", name = reader.name()), None);
    }
    let families = [
        ("any", [(Family::Any, "")].as_slice()),
        ("4", [(Family::V4, "")].as_slice()),
        ("6", [(Family::V6, "")].as_slice()),
        ("both", [(Family::V4, "v4"), (Family::V6, "v6")].as_slice()),
    ];
    let starttls: Vec<(&str, StartTls)> = StartTls::ALL.iter().map(|kind| (kind.name(), *kind)).collect();
    Keys {
        families: reader.choice("ip", &families).map_or_else(|| vec![(Family::Any, "")], <[_]>::to_vec),
        timeout,
        attempts: reader.integer("attempts", 1..=5).map_or(2, |number| number.value as u32),
        ca_file: reader.string("ca_file").map(|path| PathBuf::from(path.value)),
        server_name: reader.string("server_name").map(|name| name.value),
        insecure: insecure(reader),
        starttls: reader.choice("starttls", &starttls),
        count: reader.integer("count", 1..=20).map_or(5, |number| number.value as u32),
        max_redirects: reader.integer("max_redirects", 0..=20).map_or(5, |number| number.value as u32),
        proxy: proxy(reader),
        http: request(reader),
        expect: expect(reader),
    }
}

fn insecure(reader: &mut Reader<'_>) -> bool {
    let insecure = reader.boolean("insecure_skip_verify").unwrap_or(false);
    if insecure {
        let message = tr!("certificates of {name} are not judged: whoever is in between can read the headers", name = reader.name());
        let hint = tr!("name the CA, or the certificate itself, with `ca_file` and remove insecure_skip_verify");
        reader.problems().warn(reader.span_of("insecure_skip_verify"), message, Some(hint));
    }
    insecure
}

fn proxy(reader: &mut Reader<'_>) -> Option<Proxy> {
    let text = reader.string("proxy")?;
    let read = Proxy::read(&text.value).map_err(|why| {
        let hint = tr!("write for example proxy = \"http://proxy.example.com:3128\"");
        reader.problems().error(text.span, tr!("`proxy` in {name}: {why}", name = reader.name(), why), Some(hint));
    });
    read.ok()
}

/// Headers that are ours.
const OWN_HEADERS: [&str; 5] = ["host", "connection", "content-length", "transfer-encoding", "accept-encoding"];

fn request(reader: &mut Reader<'_>) -> HttpRequest {
    let method = reader.string("method").map_or_else(|| "GET".to_owned(), |method| method.value);
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        reader.error_at("method", tr!("`method` in {name} is written in capitals, such as GET or HEAD", name = reader.name()), None);
    }
    let body = reader.string("body").map(|body| body.value);
    let mut headers = Vec::new();
    if reader.raw("headers").is_some()
        && let Some(mut inner) = reader.table("headers")
    {
        for (name, span) in inner.names_of_the_user() {
            let source = inner.secret(name);
            let is_token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            if !is_token {
                reader.problems().error(span, tr!("`{name}` is not the name of a header", name = visible(name)), None);
            } else if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                let hint = Some(tr!("remove it"));
                reader.problems().error(span, tr!("the header `{name}` is set by pcemon itself", name), hint);
            } else {
                headers.extend(source.map(|source| (name.to_owned(), source)));
            }
        }
    }
    HttpRequest { method, headers, body }
}

fn pattern(reader: &Reader<'_>, key: &str, text: Option<Placed<String>>) -> Option<Pattern> {
    let text = text?;
    match Pattern::read(&text.value) {
        Ok(_) if text.value.is_empty() => {
            reader.problems().error(text.span, tr!("`{key}` in {name} is empty", key, name = reader.name()), None);
            None
        }
        Ok(pattern) => Some(pattern),
        Err(why) => {
            reader.problems().error(text.span, why, None);
            None
        }
    }
}

fn expect(reader: &mut Reader<'_>) -> Expect {
    let mut expect = Expect::default();
    if reader.raw("expect").is_none() {
        reader.know("expect");
    }
    let Some(mut inner) = reader.table("expect") else { return expect };
    for status in inner.strings_or_numbers("status").unwrap_or_default() {
        match status_range(&status.value) {
            Some(range) => expect.status.push(range),
            None => {
                let message = tr!("'{status}' is not a status such as 200, \"2xx\" or \"200-299\"", status = visible(&status.value));
                inner.problems().error(status.span, message, None);
            }
        }
    }
    let text = inner.string("body");
    expect.body = pattern(&inner, "body", text);
    let text = inner.string("not_body");
    expect.not_body = pattern(&inner, "not_body", text);
    let text = inner.string("banner");
    expect.banner = pattern(&inner, "banner", text);
    for (name, text) in inner.string_map("header").unwrap_or_default() {
        match Pattern::read(&text) {
            Ok(pattern) => drop(expect.header.insert(name, pattern)),
            Err(why) => inner.error_at("header", why, None),
        }
    }
    expect.json = inner.string_map("json").unwrap_or_default();
    if let Some(pointer) = expect.json.keys().find(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
        let hint = Some(format!("\"/{}\"", visible(&pointer.replace('.', "/"))));
        inner.error_at("json", tr!("'{pointer}' is not a JSON pointer: it begins with a slash", pointer = visible(pointer)), hint);
    }
    expect.answer = inner.strings("answer").map(|list| {
        let mut texts: Vec<String> = list.into_iter().map(|text| text.value.trim_end_matches('.').to_ascii_lowercase()).collect();
        texts.sort();
        texts
    });
    let codes = ["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"].map(|code| (code, code));
    expect.rcode = inner.choice("rcode", &codes).map(str::to_owned);
    inner.finish();
    expect
}

/// Keys that mean nothing for any of the addresses: somebody expects something that nobody looks at.
fn check(reader: &Reader<'_>, urls: &[Written], keys: &Keys) {
    let has = |wanted: &dyn Fn(&Ask) -> bool| urls.iter().any(|(_, address)| wanted(&address.ask));
    let http = has(&|ask| matches!(ask, Ask::Http(_)));
    let tls = has(&|ask| matches!(ask, Ask::Tls));
    let tcp = has(&|ask| matches!(ask, Ask::Tcp));
    let dns = has(&|ask| matches!(ask, Ask::Dns { .. }));
    let ping = has(&|ask| matches!(ask, Ask::Ping));
    let expect = &keys.expect;
    let uses: BTreeMap<&str, (bool, bool)> = BTreeMap::from([
        ("starttls", (reader.has("starttls"), tls)),
        ("count", (reader.has("count"), ping)),
        ("method", (reader.has("method"), http)),
        ("headers", (reader.has("headers"), http)),
        ("body", (reader.has("body"), http)),
        ("max_redirects", (reader.has("max_redirects"), http)),
        ("proxy", (reader.has("proxy"), http || tls || tcp)),
        ("expect.status", (!expect.status.is_empty(), http)),
        ("expect.body", (expect.body.is_some(), http)),
        ("expect.not_body", (expect.not_body.is_some(), http)),
        ("expect.header", (!expect.header.is_empty(), http)),
        ("expect.json", (!expect.json.is_empty(), http)),
        ("expect.banner", (expect.banner.is_some(), tcp)),
        ("expect.answer", (expect.answer.is_some(), dns)),
        ("expect.rcode", (expect.rcode.is_some(), dns)),
    ]);
    for (key, _) in uses.iter().filter(|(_, (said, meant))| *said && !meant) {
        let place = key.split('.').next().unwrap_or(key);
        reader.error_at(place, tr!("`{key}` in {name} means nothing for its addresses", key, name = reader.name()), None);
    }
}

fn probes_of(name: &str, (text, address): &Written, several: bool, keys: &Keys) -> Vec<Probe> {
    let one = |(family, word): &(Family, &'static str)| {
        let mut own = if several { format!("{name}/{}", address.short) } else { name.to_owned() };
        if !word.is_empty() {
            own = format!("{own}/{word}");
        }
        let mut expect = keys.expect.clone();
        if let (Some(banner), None) = (address.banner, &expect.banner) {
            expect.banner = Some(Pattern::Text(banner.to_owned()));
        }
        Probe {
            name: own,
            shown: address.shown.clone(),
            written: format!("{} {word}", text.value),
            ask: address.ask.clone(),
            host: address.host.clone(),
            port: address.port,
            family: *family,
            timeout: keys.timeout,
            attempts: keys.attempts,
            ca_file: keys.ca_file.clone(),
            server_name: keys.server_name.clone(),
            insecure: keys.insecure,
            starttls: keys.starttls.filter(|_| address.ask == Ask::Tls),
            count: keys.count,
            max_redirects: keys.max_redirects,
            proxy: keys.proxy.clone().filter(|_| !matches!(address.ask, Ask::Ping | Ask::Dns { .. })),
            http: keys.http.clone(),
            expect,
        }
    };
    keys.families.iter().map(one).collect()
}

//! `[pce]`: where it is, whether its certificate is trusted, whether the key works.

use super::ask::{NONE, complain, question, yes};
use super::ask::{SOME_RULE, quoted};
use super::draft::{Asking, Draft};
use super::labels::label_lines;
use super::secrets::{Keeper, Place};
use crate::cli::{Global, InitArgs};
use crate::commands::common::{Failure, refused};
use crate::commands::waiting::Waiting;
use crate::config::{self, Config};
use crate::domain::text::visible;
use crate::http::reach::{self, Presented, Shown};
use crate::pce::Label;
use crate::run::doctor::{Finding, Subject, Verdict, examine};
use crate::run::interrupt::Interrupt;
use crate::run::output::{print, write_file};
use crate::run::{Conversation, open_client};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use url::Url;

/// How long one answer of the PCE may take while somebody waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// The answers.
#[derive(Clone)]
pub struct Pce {
    url: String,
    org: u64,
    key: Place,
    secret: Place,
    ca_file: Option<PathBuf>,
    proxy: Option<String>,
    /// Whether the PCE offers its health; `None`: it was not asked.
    pub offers_health: Option<bool>,
    /// Its labels; `None`: it was not asked, or did not say.
    pub labels: Option<Vec<Label>>,
}

impl Pce {
    /// The table as it is written.
    pub fn text(&self) -> String {
        self.table(&self.key.text, &self.secret.text)
    }

    fn table(&self, key: &str, secret: &str) -> String {
        let mut out = format!("[pce]\nurl = {}\norg_id = {}\napi_key = {key}\napi_secret = {secret}\n", quoted(&self.url), self.org);
        if let Some(path) = &self.ca_file {
            out.push_str(&format!("ca_file = {}\n", quoted(&path.display().to_string())));
        }
        if let Some(proxy) = &self.proxy {
            out.push_str(&format!("proxy = {}\n", quoted(proxy)));
        }
        out
    }

    /// What was given by value.
    pub fn places(&self) -> [&Place; 2] {
        [&self.key, &self.secret]
    }
}

/// From flags alone. The PCE is asked when the credentials are there; what it says changes no answer.
pub fn from_flags(global: &Global, args: &InitArgs, keeper: &Keeper, interrupt: &Interrupt) -> Result<Pce, Failure> {
    let Some(url) = &args.url else {
        return Err(Failure(tr!("say where the PCE is: --url https://pce.example.com:8443 (on a terminal, `pcemon init` asks)")));
    };
    let mut pce = told(args, keeper, trimmed(url)?)?;
    if !args.offline {
        let config = proven(global, &pce)?;
        if missing_secret(&config).is_none() {
            look(global, &config, &mut pce, interrupt)?.iter().for_each(|finding| complain(&described(finding)));
        }
    }
    Ok(pce)
}

/// What the flags tell, of the PCE at this URL.
fn told(args: &InitArgs, keeper: &Keeper, url: String) -> Result<Pce, Failure> {
    Ok(Pce {
        url,
        org: args.org.unwrap_or(1),
        key: key_place(args, keeper)?,
        secret: secret_place(args, keeper)?,
        ca_file: ca_file(args)?,
        proxy: args.proxy.clone(),
        offers_health: None,
        labels: None,
    })
}

/// By asking, each answer checked at once.
pub fn ask(asking: Asking<'_>, args: &InitArgs, config: &Path) -> Result<Pce, Failure> {
    let Asking { global, keeper, draft } = asking;
    let mut pce = told(args, keeper, String::new())?;
    pce.ca_file = pce.ca_file.or_else(|| draft.of("pce.ca_file").map(PathBuf::from));
    pce.proxy = pce.proxy.or_else(|| draft.of("pce.proxy"));
    loop {
        pce.url = draft.question("pce.url", &tr!("URL of the PCE, for example https://pce.example.com:8443"), None, |given| {
            let url = trimmed(given)?;
            proven(global, &Pce { url: url.clone(), ca_file: None, proxy: None, ..pce.clone() })?;
            Ok(url)
        })?;
        if args.offline || reached(global, &mut pce, config)? {
            break;
        }
    }
    keep_the_way(draft, &pce);
    if args.org.is_none() {
        pce.org = draft.question("pce.org", &tr!("Organisation, the number in the console's URL"), Some("1"), |given| {
            match given.parse::<u64>() {
                Ok(org) if org > 0 => Ok(org),
                _ => Err(Failure(tr!("the organisation is a number of 1 or more"))),
            }
        })?;
    }
    loop {
        if args.api_key_env.is_none() && args.api_key_file.is_none() {
            let text = tr!("Variable with the API key's id, or file:PATH, or the id itself");
            pce.key = draft.secret("pce.api_key", &text, Some("PCE_API_KEY"), keeper)?;
        }
        if args.api_secret_env.is_none() && args.api_secret_file.is_none() {
            let text = tr!("Variable with the API key's secret, or file:PATH");
            pce.secret = draft.secret("pce.api_secret", &text, Some("PCE_API_SECRET"), keeper)?;
        }
        if args.offline || tried(global, &mut pce, draft.interrupt())? {
            return Ok(pce);
        }
    }
}

/// Keeps how the PCE is reached; a proxy with a password in its URL is asked for again.
fn keep_the_way(draft: &Draft, pce: &Pce) {
    let proxy = pce.proxy.as_ref().filter(|proxy| !proxy.contains('@')).cloned();
    for (key, value) in [("pce.ca_file", pce.ca_file.as_ref().map(|path| path.display().to_string())), ("pce.proxy", proxy)] {
        match value {
            Some(value) => draft.keep(key, &value),
            None => draft.forget(key),
        }
    }
}

fn key_place(args: &InitArgs, keeper: &Keeper) -> Result<Place, Failure> {
    place_of(keeper, "pce.api_key", args.api_key_env.as_deref(), args.api_key_file.as_deref(), "PCE_API_KEY")
}

fn secret_place(args: &InitArgs, keeper: &Keeper) -> Result<Place, Failure> {
    place_of(keeper, "pce.api_secret", args.api_secret_env.as_deref(), args.api_secret_file.as_deref(), "PCE_API_SECRET")
}

fn place_of(keeper: &Keeper, label: &str, variable: Option<&str>, file: Option<&Path>, usual: &str) -> Result<Place, Failure> {
    match file {
        Some(path) => keeper.place(label, &format!("file:{}", path.display())),
        None => keeper.place(label, variable.unwrap_or(usual)),
    }
}

fn ca_file(args: &InitArgs) -> Result<Option<PathBuf>, Failure> {
    let absolute = |path: &PathBuf| {
        std::path::absolute(path)
            .map_err(|error| Failure(tr!("cannot read {name} {path}: {error}", name = "ca_file", path = path.display(), error)))
    };
    args.ca_file.as_ref().map(absolute).transpose()
}

/// The part of a URL that names the PCE: what a browser shows behind it is cut off, and a scheme that is not there is https.
fn trimmed(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let no_url = || Failure(tr!("'{text}' is not the URL of a PCE; enter for example https://pce.example.com:8443", text = visible(text)));
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let mut url = Url::parse(&whole).map_err(|_| no_url())?;
    if text.is_empty() || url.host_str().is_none_or(str::is_empty) || !url.username().is_empty() {
        return Err(no_url());
    }
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The answers so far as a config that is complete.
fn proven(global: &Global, pce: &Pce) -> Result<Config, Failure> {
    let text = format!("{}{SOME_RULE}", pce.table(&pce.key.on_trial(), &pce.secret.on_trial()));
    config::parse(Path::new("answers"), &text).map_err(|error| {
        // The place in a text that nobody wrote helps nobody; the first complaint is about the last answer.
        error.first().map_or_else(|| refused(global, &error), Failure)
    })
}

/// Whether the URL is to be kept: the way to the PCE and its certificate.
fn reached(global: &Global, pce: &mut Pce, config: &Path) -> Result<bool, Failure> {
    let url = Url::parse(&pce.url).map_err(|error| error.to_string())?;
    if reach::proxy_of(&url, pce.proxy.as_deref(), crate::pce::is_loopback(&url)).is_some() {
        print(&tr!("The connection uses a proxy; it is tested together with the credentials.\n"))?;
        return Ok(true);
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    loop {
        let connected = reach::resolve(&host, port, PATIENCE).and_then(|addresses| reach::connect(&addresses, PATIENCE));
        let stream = match connected {
            Ok(stream) => stream,
            Err(error) => {
                complain(&error);
                return another_way(global, pce);
            }
        };
        if url.scheme() != "https" {
            return Ok(true);
        }
        let shown = match reach::shake_hands(stream, &host, "ca_file", pce.ca_file.as_deref(), PATIENCE) {
            Ok(shown) => shown,
            Err(error) => {
                complain(&error);
                return yes(&tr!("Keep this URL anyway? y/N"));
            }
        };
        let Err(why) = &shown.trusted else {
            print(&tr!("  the certificate of {host} is trusted\n", host = visible(&host)))?;
            return Ok(true);
        };
        let before = pce.ca_file.take();
        match trust(&shown, &why.why, config)? {
            Some(path) if before.as_ref() != Some(&path) => pce.ca_file = Some(path),
            _ => return yes(&tr!("Keep this URL anyway? y/N")),
        }
    }
}

/// Asks for a proxy when there is no direct way; whether the URL is to be kept.
fn another_way(global: &Global, pce: &mut Pce) -> Result<bool, Failure> {
    let before = pce.proxy.take();
    let text = match &before {
        Some(_) => tr!("Proxy for the connection, for example http://proxy.example.com:3128; - for none"),
        None => tr!("Proxy for the connection, for example http://proxy.example.com:3128; empty for none"),
    };
    let proxy = question(&text, Some(before.as_deref().unwrap_or_default()), |given| {
        let proxy = Some(given.to_owned()).filter(|given| !given.is_empty() && given != NONE);
        proven(global, &Pce { proxy: proxy.clone(), ..pce.clone() })?;
        Ok(proxy)
    })?;
    if proxy.is_none() || proxy == before {
        return yes(&tr!("Keep this URL anyway? y/N"));
    }
    pce.proxy = proxy;
    print(&tr!("The connection uses a proxy; it is tested together with the credentials.\n"))?;
    Ok(true)
}

/// Asks whether an unknown certificate is to be trusted, as ssh does. The file that makes it so.
fn trust(shown: &Shown, why: &str, config: &Path) -> Result<Option<PathBuf>, Failure> {
    print(&tr!("  the certificate is not trusted: {why}\n", why))?;
    for Presented { subject, fingerprint, not_after, .. } in &shown.certificates {
        let until = not_after.map_or_else(|| "?".to_owned(), |at| format!("{at:.0}"));
        print(&tr!("  {subject}, valid until {until}\n    SHA-256 {fingerprint}\n", subject, until, fingerprint))?;
    }
    // The last one signed the others; that one is kept, so that the PCE may renew its own.
    let Some(last) = shown.certificates.last() else { return Ok(None) };
    let path = std::path::absolute(config.with_file_name("pce-ca.pem")).map_err(|error| error.to_string())?;
    print(&tr!("Compare the fingerprint with that from the PCE's administrator (openssl x509 -noout -fingerprint -sha256).\n"))?;
    question(
        &tr!("Trust it? y: store the last certificate in {path}; or enter the path of a CA file; empty: no", path = path.display()),
        Some(""),
        |given| match given.to_lowercase().as_str() {
            "" | "n" | "no" | "否" => Ok(None),
            "y" | "yes" | "是" => {
                write_file(&path, &last.pem())?;
                Ok(Some(path.clone()))
            }
            _ => {
                let named = std::path::absolute(given).map_err(|error| error.to_string())?;
                crate::http::tls::client_config(Some(&named), None)?;
                Ok(Some(named))
            }
        },
    )
}

/// Tries the credentials; whether the answers are to be kept.
fn tried(global: &Global, pce: &mut Pce, interrupt: &Interrupt) -> Result<bool, Failure> {
    let config = match proven(global, pce) {
        Ok(config) => config,
        Err(Failure(said)) => {
            complain(&said);
            return Ok(false);
        }
    };
    if let Some(error) = missing_secret(&config) {
        print(&tr!("  not tried: {error}\n", error = visible(&error)))?;
        return Ok(true);
    }
    let failed = look(global, &config, pce, interrupt)?;
    if failed.is_empty() {
        return Ok(true);
    }
    failed.iter().for_each(|finding| complain(&described(finding)));
    yes(&tr!("Keep these answers anyway? y/N"))
}

/// The first secret that is not where the config says.
fn missing_secret(config: &Config) -> Option<String> {
    config.pce.iter().flat_map(|pce| [&pce.api_key, &pce.api_secret]).find_map(|source| crate::settings::fetch_secret(source).err())
}

fn described(finding: &Finding) -> String {
    let advice = finding.advice.as_ref().map_or_else(String::new, |advice| format!("\n{advice}"));
    format!("{}: {}{advice}", finding.what, finding.detail)
}

/// Asks the PCE what it offers; what failed.
fn look(global: &Global, config: &Config, pce: &mut Pce, interrupt: &Interrupt) -> Result<Vec<Finding>, Failure> {
    let findings = findings(global, config, interrupt);
    pce.offers_health = match findings.iter().find(|finding| finding.check == "pce.health").map(|finding| finding.verdict) {
        Some(Verdict::Ok) => Some(true),
        Some(Verdict::Skipped) => Some(false),
        _ => None,
    };
    let told =
        |finding: &&Finding| matches!(finding.check, "pce.credentials" | "pce.org" | "pce.version") && finding.verdict == Verdict::Ok;
    if !global.quiet {
        for finding in findings.iter().filter(told) {
            print(&format!("  {}: {}\n", finding.what, finding.detail))?;
        }
    }
    let failed: Vec<Finding> = findings.into_iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
    if failed.is_empty() {
        pce.labels = labels(config, interrupt);
        for line in label_lines(pce.labels.as_deref().filter(|_| !global.quiet).unwrap_or_default()) {
            print(&tr!("  label {line}\n", line))?;
        }
    }
    Ok(failed)
}

/// The labels of the PCE; `None` when it does not say in time.
fn labels(config: &Config, interrupt: &Interrupt) -> Option<Vec<Label>> {
    let started = Instant::now();
    let wall = Timestamp::now();
    let conversation = Conversation { now: wall, started, deadline: started + PATIENCE * 3, record: None, interrupt };
    let client = open_client(config.pce.as_ref()?, conversation).ok()?;
    client.all_labels().inspect_err(|error| complain(&tr!("the labels could not be read: {error}", error))).ok()
}

fn findings(global: &Global, config: &Config, interrupt: &Interrupt) -> Vec<Finding> {
    let line = Waiting::new(global);
    let progress = |text: &str| line.show(text);
    let found = examine(&Subject {
        config: Ok(config),
        usable: Some(config),
        config_path: None,
        state_path: Err(String::new()),
        offline: false,
        timeout: PATIENCE,
        now: None,
        interrupt,
        progress: &progress,
    });
    line.clear();
    found.into_iter().filter(|finding| finding.check.starts_with("pce.")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_shows_is_trimmed() {
        for (given, want) in [
            ("https://pce.example.com:8443", "https://pce.example.com:8443"),
            (" https://pce.example.com:8443/#/map?x=1 ", "https://pce.example.com:8443"),
            ("https://pce.example.com/login", "https://pce.example.com"),
            ("pce.example.com:8443", "https://pce.example.com:8443"),
            ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(trimmed(given).unwrap(), want, "{given}");
        }
        for given in ["", "https://", "://x", "https://user:hunter2@pce.example.com", "two words"] {
            assert!(trimmed(given).is_err(), "{given}");
        }
    }
}

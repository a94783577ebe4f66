//! Where the PCE is and where alerts go: everything of the settings but the rules.

use super::draft::{Draft, Kind, list, quoted};
use super::json::Object;
use url::Url;

/// `[pce]`
pub fn pce(root: &Object<'_>, draft: &mut Draft) -> Option<String> {
    let Some(api) = root.object("api") else {
        draft.say(Kind::NotCarriedOver, "api", tr!("it is missing: write a [pce] table before the first run (see `pcemon rules example`)"));
        return None;
    };
    let url = api.text("url").unwrap_or_default();
    let base = base_of(&url);
    if base.as_deref().is_some_and(|base| base != url.trim_end_matches('/')) {
        draft.say(Kind::Changed, "api.url", tr!("only scheme, host and port are kept; the rest is added by pcemon"));
    }
    let org = api.number("org_id").map_or(1, |number| number as i64);
    let key = draft.secret(&api.text("key").unwrap_or_default(), "PCE_API_KEY", "api.key");
    let secret = draft.secret(&api.text("secret").unwrap_or_default(), "PCE_API_SECRET", "api.secret");
    if api.flag("verify_ssl") == Some(false) {
        draft.say(
            Kind::NotCarriedOver,
            "api.verify_ssl",
            tr!("the PCE's certificate is checked: name its CA with `ca_file`, or write insecure_skip_verify = true, which warns on every run"),
        );
    }
    draft.left(&api);
    let text = format!("[pce]\nurl = {}\norg_id = {org}\napi_key = {key}\napi_secret = {secret}\n", quoted(&base.unwrap_or_default()));
    draft.proven("api", text, "")
}

/// Scheme, host and port of a URL.
fn base_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// `[run]`
pub fn run(root: &Object<'_>, draft: &mut Draft) -> Option<String> {
    let settings = root.object("settings")?;
    let mut text = String::new();
    if let Some(zone) = settings.text("timezone") {
        let line = format!("timezone = {}\n", quoted(&zone_of(&zone)));
        if let Some(table) = draft.proven("settings.timezone", format!("[run]\n{line}"), "") {
            text = table;
        }
    }
    if let Some(language) = settings.text("language") {
        let lower = language.to_lowercase();
        let ours = if lower.starts_with("zh") { "zh-TW" } else { "en" };
        if ours == "en" && !lower.starts_with("en") {
            draft.say(Kind::Changed, "settings.language", tr!("the languages are English and zh-TW; English is used"));
        }
        let head = if text.is_empty() { "[run]\n" } else { "" };
        text = draft.proven("settings.language", format!("{text}{head}language = {}\n", quoted(ours)), "").unwrap_or(text);
    }
    // The rules make something of it.
    settings.flag("enable_health_check");
    draft.left(&settings);
    Some(text).filter(|text| !text.is_empty())
}

/// `UTC+8` by its name in the time zone database, where the sign is the other way round.
fn zone_of(text: &str) -> String {
    let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).and_then(|rest| rest.parse::<i8>().ok());
    match offset {
        Some(0) => "UTC".to_owned(),
        Some(hours) => format!("Etc/GMT{}{}", if hours > 0 { '-' } else { '+' }, hours.unsigned_abs()),
        None => text.to_owned(),
    }
}

/// `[[channels]]` and the route that leads to those that are on.
pub fn channels(root: &Object<'_>, draft: &mut Draft) -> Vec<String> {
    let alerts = root.object("alerts");
    let active: Vec<String> = alerts.as_ref().map(|alerts| alerts.texts("active")).unwrap_or_default();
    for name in
        active.iter().filter(|name| !["mail", "email", "line", "webhook", "teams", "telegram", "slack", "discord"].contains(&name.as_str()))
    {
        draft.say(Kind::NotCarriedOver, "alerts.active", tr!("there is no channel of type `{name}`", name));
    }
    let is_on = |names: &[&str]| active.iter().any(|name| names.contains(&name.as_str()));
    let mut out = Vec::new();
    let mail = mail(root, draft);
    let mut add = |name: &str, on: bool, text: Option<String>, draft: &mut Draft| {
        let Some(text) = text else {
            if on {
                draft.say(Kind::NotCarriedOver, &format!("alerts.active {name}"), tr!("its settings are missing or incomplete"));
            }
            return;
        };
        let (kind, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let state = if on { "" } else { "enabled = false\n" };
        let piece = format!("[[channels]]\nname = {}\ntype = {}\n{state}{rest}", quoted(name), quoted(kind));
        let around = format!("\n[[rules]]\nname = \"x\"\nsource = \"health\"\nnotify = [{}]\n", quoted(name));
        if let Some(piece) = draft.proven(&format!("alerts {name}"), piece, &around) {
            out.push(piece);
            if on {
                draft.channels.push(name.to_owned());
            }
        }
    };
    add("mail", is_on(&["mail", "email"]), mail, draft);
    if let Some(alerts) = &alerts {
        let (token, target) = (alerts.text("line_channel_access_token"), alerts.text("line_target_id"));
        let line = token.zip(target).map(|(token, target)| {
            let token = draft.secret(&token, "LINE_TOKEN", "alerts.line_channel_access_token");
            format!("line\ntoken = {token}\nto = {}\n", quoted(&target))
        });
        add("line", is_on(&["line"]), line, draft);
        let webhook = alerts.text("webhook_url").map(|url| {
            draft.say(
                Kind::Meaning,
                "alerts.webhook_url",
                tr!("the body has a different format (pcemon.alert/1); format = \"alertmanager\" is available, too"),
            );
            format!("webhook\nurl = {}\n", draft.secret(&url, "WEBHOOK_URL", "alerts.webhook_url"))
        });
        add("webhook", is_on(&["webhook"]), webhook, draft);
        for kind in ["teams", "slack", "discord"] {
            let keys = [format!("{kind}_webhook_url"), format!("{kind}_url"), format!("{kind}_webhook")];
            let url = keys.iter().find_map(|key| Some((key, alerts.text(key)?)));
            let variable = format!("{}_WEBHOOK_URL", kind.to_uppercase());
            let text = url.map(|(key, url)| format!("{kind}\nurl = {}\n", draft.secret(&url, &variable, &format!("alerts.{key}"))));
            add(kind, is_on(&[kind]), text, draft);
        }
        let token = ["telegram_bot_token", "telegram_token"].into_iter().find_map(|key| Some((key, alerts.text(key)?)));
        let telegram = token.zip(alerts.text("telegram_chat_id")).map(|((key, token), chat)| {
            let token = draft.secret(&token, "TELEGRAM_TOKEN", &format!("alerts.{key}"));
            format!("telegram\ntoken = {token}\nchat_id = {}\n", quoted(&chat))
        });
        add("telegram", is_on(&["telegram"]), telegram, draft);
        draft.left(alerts);
    }
    if !draft.channels.is_empty() {
        out.push(format!("[[routes]]\nchannels = {}\n", list(&draft.channels)));
    }
    out
}

/// The kind in the first line, then its keys.
fn mail(root: &Object<'_>, draft: &mut Draft) -> Option<String> {
    let (email, smtp) = (root.object("email"), root.object("smtp"));
    let out = email.as_ref().zip(smtp.as_ref()).and_then(|(email, smtp)| {
        let (from, to, host) = (email.text("sender"), email.texts("recipients"), smtp.text("host"));
        let (port, user, password) = (smtp.number("port"), smtp.text("user"), smtp.text("password"));
        let (auth, mut tls) = (smtp.flag("enable_auth").unwrap_or(user.is_some()), smtp.flag("enable_tls").unwrap_or(true));
        let (from, host) = (from?, host?);
        let port = port.map_or(25, |port| port as i64);
        let login = if auth { user.map(|user| (user, password.unwrap_or_default())) } else { None };
        if login.is_some() && !tls {
            tls = true;
            draft.say(Kind::Changed, "smtp.enable_tls", tr!("a password is only sent over TLS: tls = \"starttls\""));
        }
        let kind = match (tls, port) {
            (true, 465) => "implicit",
            (true, _) => "starttls",
            (false, _) => "none",
        };
        if tls {
            draft.say(Kind::Meaning, "smtp.enable_tls", tr!("the server's certificate is checked; name a CA of your own with `ca_file`"));
        }
        let login = login.map_or_else(String::new, |(user, password)| {
            let password = draft.secret(&password, "SMTP_PASSWORD", "smtp.password");
            format!(", user = {}, password = {password}", quoted(&user))
        });
        Some(format!(
            "email\nfrom = {}\nto = {}\nsmtp = {{ host = {}, port = {port}, tls = \"{kind}\"{login} }}\n",
            quoted(&from),
            list(&to),
            quoted(&host)
        ))
    });
    for part in [&email, &smtp].into_iter().flatten() {
        draft.left(part);
    }
    out
}

//! Exactly what is sent, compared with files; `PCEMON_UPDATE_GOLDEN=1` writes them anew.

use super::contract::{http_kinds, http_settings, willing};
use super::{context, digest, now, open, single};
use crate::support::receivers::{Receiver, SmtpReceiver};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use pcemon::channels::{Outcome, SendContext};
use std::path::Path;

pub(super) fn same(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/channels").join(name);
    if std::env::var_os("PCEMON_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(want == got, "{} differs; got:\n{got}", path.display());
}

fn pretty(json: &str) -> String {
    format!("{:#}\n", serde_json::from_str::<serde_json::Value>(json).unwrap())
}

#[test]
fn webhook() {
    let receiver = Receiver::http([]);
    let toml = format!("url = \"{}/hooks/1\"\nsecret = {{ env = \"KEY\" }}\nheaders = {{ X-Team = \"soc\" }}", receiver.url());
    let channel = open("webhook", &toml);
    assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
    let request = &receiver.requests()[0];
    // As it goes over the wire: the order of keys is part of what people read in logs.
    same("webhook.json", &format!("{}\n", request.body));
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/hooks/1"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-team"), Some("soc"));
    same("webhook.txt", &channel.preview(&digest(), now()).replace(&receiver.url(), "http://receiver"));
}

#[test]
fn webhook_as_alertmanager() {
    let receiver = Receiver::http([]);
    let channel = open("webhook", &format!("url = \"{}\"\nformat = \"alertmanager\"", receiver.url()));
    assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
    let request = &receiver.requests()[0];
    same("webhook-alertmanager.json", &pretty(&request.body));
    assert_eq!(request.header("webhook-signature"), None);
}

#[test]
fn webhook_signatures() {
    let receiver = Receiver::http([]);
    let channel = open("webhook", &format!("url = \"{}\"\nsecret = [{{ env = \"KEY\" }}, {{ env = \"OLD_KEY\" }}]", receiver.url()));
    let later = SendContext { now: "2026-11-20T10:30:00Z".parse().unwrap(), ..context() };
    channel.send(&single(), &context());
    channel.send(&single(), &later);
    for (request, seconds) in receiver.requests().iter().zip([now().as_second(), later.now.as_second()]) {
        assert_eq!(request.header("webhook-timestamp"), Some(seconds.to_string().as_str()));
        let keys = [b"key-S3CRET-key-S3CRET-key-S3CRET".as_slice(), b"old-key-S3CRET-4"];
        let want = keys.map(|key| {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
            mac.update(format!("{}.{seconds}.{}", single().id, request.body).as_bytes());
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        });
        assert_eq!(request.header("webhook-signature"), Some(want.join(" ").as_str()));
    }
}

#[test]
fn line() {
    let receiver = Receiver::http([]);
    let channel = open("line", &format!("base_url = \"{}\"\ntoken = {{ env = \"TOKEN\" }}\nto = \"C0123456789\"", receiver.url()));
    assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
    same("line.json", &pretty(&receiver.requests()[0].body));
    same("line.txt", &channel.preview(&digest(), now()).replace(&receiver.url(), "http://receiver"));
}

/// What goes to the services that others run: the requests of a digest, and what a person is shown of them.
#[test]
fn services() {
    for kind in http_kinds().filter(|kind| !["webhook", "line"].contains(kind)) {
        let receiver = willing(kind);
        let channel = open(kind, &http_settings(kind, &receiver.url()).unwrap());
        assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
        let requests: Vec<String> = receiver
            .requests()
            .iter()
            .map(|request| {
                assert_eq!(request.header("content-type"), Some("application/json"), "{kind}");
                let method = if request.method == "POST" { String::new() } else { format!("{} ", request.method) };
                format!("{method}{}\n{}", request.target, pretty(&request.body))
            })
            .collect();
        same(&format!("{kind}.json"), &requests.join("\n"));
        same(&format!("{kind}.txt"), &channel.preview(&digest(), now()).replace(&receiver.url(), "http://receiver"));
    }
}

#[test]
fn email() {
    let server = SmtpReceiver::start(&[]);
    let toml = format!(
        "from = \"PCE watch <pcemon@example.com>\"\nto = [\"soc@example.com\"]\ncc = \"資安 <boss@example.com>\"\n\
         smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}",
        server.port()
    );
    let channel = open("email", &toml);
    for (name, notification) in [("email", single()), ("email-digest", digest())] {
        assert_eq!(channel.send(&notification, &context()), Outcome::Delivered);
        same(&format!("{name}.eml"), &server.mails().last().unwrap().data.replace("\r\n", "\n"));
        same(&format!("{name}.txt"), &channel.preview(&notification, now()).replace(&server.port().to_string(), "PORT"));
    }
    assert_eq!(server.mails()[1].to, ["<soc@example.com>", "<boss@example.com>"]);
}

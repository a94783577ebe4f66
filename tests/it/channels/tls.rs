//! Services behind a private CA that ask for a certificate of the client: for every kind that speaks HTTP, for mail and for
//! syslog.

use super::contract::{Verdict, http_kinds, http_settings, verdict};
use super::{context, error_of, open, read, single};
use crate::support::receivers::{Reply, yes_of};
use pcemon::channels::Outcome;
use pcemon::domain::secret::Secret;
use pcemon::heartbeat::Heartbeat;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

/// Certificates in a folder: `ca.pem` signed `server` and `client`; `other.pem` signed nothing.
struct Authority {
    folder: tempfile::TempDir,
    config: Arc<rustls::ServerConfig>,
}

impl Authority {
    fn new() -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = parameters.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(parameters, ca_key);
        let leaf = |name: &str| {
            let key = rcgen::KeyPair::generate().unwrap();
            (rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap(), key)
        };
        let ((server, server_key), (client, client_key)) = (leaf("127.0.0.1"), leaf("client.example.com"));
        // As an editor on Windows writes it.
        write("ca.pem", &format!("\u{feff}{}", ca.pem().replace('\n', "\r\n")));
        write("client.pem", &client.pem());
        write("client.key", &client_key.serialize_pem());
        write("other.pem", &rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap().cert.pem());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![server.der().clone()], PrivateKeyDer::Pkcs8(server_key.serialize_der().into()))
            .unwrap();
        Authority { folder, config: Arc::new(config) }
    }

    /// A service that takes whatever comes over a connection that was proven on both sides.
    fn service(&self, kind: &str) -> u16 {
        let Reply::Answer { status, headers, body } = yes_of(kind) else { unreachable!() };
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let answer = format!("HTTP/1.1 {status} Fine\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        self.serving(move |mut tls| {
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            // Up to the end of the JSON; whoever does not like the certificate goes away before.
            while !(request.ends_with(b"}") || request.ends_with(b"]")) {
                match tls.read(&mut chunk) {
                    Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
                    _ => break,
                }
            }
            tls.write_all(answer.as_bytes()).and_then(|()| tls.flush())
        })
    }

    /// A server that takes a stream, or a mail, over a connection that was proven on both sides.
    fn listener(&self, is_mail: bool) -> u16 {
        self.serving(if is_mail { take_mail } else { take_stream })
    }

    /// Has every connection handled that is proven on both sides.
    fn serving(&self, handle: impl Fn(Tls) -> std::io::Result<()> + Send + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = Arc::clone(&self.config);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                // Whoever does not like the certificate, or is not liked, goes away.
                let _ = handle(rustls::StreamOwned::new(session, stream.unwrap()));
            }
        });
        port
    }

    fn files(&self, names: &[(&str, &str)]) -> String {
        names.iter().map(|(key, file)| format!("{key} = '{}'\n", self.folder.path().join(file).display())).collect()
    }
}

type Tls = rustls::StreamOwned<rustls::ServerConnection, std::net::TcpStream>;

fn take_stream(mut tls: Tls) -> std::io::Result<()> {
    std::io::copy(&mut tls, &mut std::io::sink())?;
    tls.conn.send_close_notify();
    tls.flush()
}

fn take_mail(mut tls: Tls) -> std::io::Result<()> {
    tls.write_all(b"220 test\r\n")?;
    let mut lines = BufReader::new(tls);
    let mut in_mail = false;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        if in_mail && line != "." {
            continue;
        }
        in_mail = line == "DATA";
        let reply = if in_mail { "354 go on" } else { "250 fine" };
        lines.get_mut().write_all(format!("{reply}\r\n").as_bytes())?;
    }
}

/// What speaks no HTTP shows its certificate, too.
#[test]
fn mail_and_syslog_show_their_own_certificate() {
    let authority = Authority::new();
    let all = [("ca_file", "ca.pem"), ("cert_file", "client.pem"), ("key_file", "client.key")];
    for kind in ["email", "syslog"] {
        let port = authority.listener(kind == "email");
        let send = |files: &[(&str, &str)]| {
            let files = authority.files(files);
            let toml = match kind {
                "email" => {
                    let files = files.trim_end().replace('\n', ", ");
                    let smtp = format!("host = \"127.0.0.1\", port = {port}, tls = \"implicit\", {files}");
                    format!("from = \"a@example.com\"\nto = [\"b@example.com\"]\nsmtp = {{ {smtp} }}")
                }
                _ => format!("address = \"127.0.0.1:{port}\"\ntransport = \"tls\"\n{files}"),
            };
            open(kind, &toml).send(&single(), &context())
        };
        assert_eq!(send(&all), Outcome::Delivered, "{kind}");
        let unproven = send(&all[..1]);
        assert_eq!(verdict(&unproven), Verdict::Retry, "{kind}: {unproven:?}");
        let unknown = send(&[("ca_file", "other.pem"), all[1], all[2]]);
        assert!(error_of(&unknown).contains("certificate was refused"), "{kind}: {unknown:?}");
    }
    for (kind, toml) in [
        ("email", "from = \"a@example.com\"\nto = [\"b@example.com\"]\nsmtp = { host = \"a\", cert_file = \"x\" }"),
        ("syslog", "address = \"a\"\ntransport = \"tls\"\nkey_file = \"x\""),
        ("syslog", "address = \"a\"\ncert_file = \"x\"\nkey_file = \"x\""),
    ] {
        assert!(!super::errors(read(kind, toml).1).is_empty(), "{kind}: {toml}");
    }
}

/// The dead man's switch posts like a channel, and trusts and shows what a channel does.
#[test]
fn the_heartbeat_shows_its_own_certificate() {
    let authority = Authority::new();
    let url = format!("https://127.0.0.1:{}/beat", authority.service("webhook"));
    let all = [("ca_file", "ca.pem"), ("cert_file", "client.pem"), ("key_file", "client.key")];
    let ping = |files: &[(&str, &str)]| {
        let text = format!("[heartbeat]\nurl = \"{url}\"\n{}", authority.files(files));
        let config = pcemon::config::parse(Path::new("rules.toml"), &text).unwrap();
        let trust = config.run.heartbeat.unwrap().trust;
        Heartbeat::new(&Secret::new(&url)).unwrap().with_trust(trust).success("run", "[fine]")
    };
    assert_eq!(ping(&all), Ok(()));
    ping(&all[..1]).unwrap_err();
    let unknown = ping(&[("ca_file", "other.pem"), all[1], all[2]]).unwrap_err();
    assert!(unknown.contains("certificate was refused"), "{unknown}");
}

#[test]
fn every_kind_takes_a_private_ca_and_shows_its_own_certificate() {
    let authority = Authority::new();
    let client = [("cert_file", "client.pem"), ("key_file", "client.key")];
    for kind in http_kinds() {
        let settings = http_settings(kind, &format!("https://127.0.0.1:{}", authority.service(kind))).unwrap();
        let send = |files: &[(&str, &str)]| open(kind, &format!("{settings}\n{}", authority.files(files))).send(&single(), &context());
        let both = [&[("ca_file", "ca.pem")][..], &client].concat();
        assert_eq!(send(&both), Outcome::Delivered, "{kind}");
        let unproven = send(&[("ca_file", "ca.pem")]);
        assert_eq!(verdict(&unproven), Verdict::Retry, "{kind}: {unproven:?}");
        let unknown = send(&[&[("ca_file", "other.pem")][..], &client].concat());
        assert_eq!(verdict(&unknown), Verdict::Retry, "{kind}: {unknown:?}");
        assert!(error_of(&unknown).contains("certificate was refused"), "{kind}: {unknown:?}");
    }
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let authority = Authority::new();
    for (files, words) in [
        (&[("ca_file", "none.pem")][..], "none.pem"),
        (&[("ca_file", "client.key")], "contains no certificate"),
        (&[("cert_file", "client.key"), ("key_file", "client.key")], "contains no certificate"),
        (&[("cert_file", "client.pem"), ("key_file", "client.pem")], "no readable private key"),
    ] {
        let toml = format!("{}\n{}", http_settings("ntfy", "https://127.0.0.1:1").unwrap(), authority.files(files));
        let (settings, _) = read("ntfy", &toml);
        let error = settings.unwrap().open(&super::common("ntfy"), &super::resolve).err().unwrap();
        assert!(error.contains(words) && Path::new(&authority.folder.path()).exists(), "{files:?}: {error}");
    }
    for half in [("cert_file", "client.pem"), ("key_file", "client.key")] {
        let toml = format!("{}\n{}", http_settings("slack", "https://127.0.0.1:1").unwrap(), authority.files(&[half]));
        assert!(!super::errors(read("slack", &toml).1).is_empty(), "{half:?}");
    }
}

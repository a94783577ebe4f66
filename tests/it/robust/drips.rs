//! Peers that drip behind encryption, and what is no server but can drip as well: programs, pipes, look-ups of names.

use super::peers::{PHASES, RULES, config, ends_in_time, free, in_time, pce};
use crate::support::cli::{Ran, Room};
use rustls::pki_types::PrivateKeyDer;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HEALTH: &str = r#"[{"status":"critical","type":"standalone","fqdn":"pce.example.com","notifications":[],"nodes":[]}]"#;
const TOLD: &str = "[[rules]]\nname = \"Health\"\nsource = \"health\"\nnotify = [\"x\"]\n[[channels]]\nname = \"x\"\ntimeout = \"1m\"\n";

/// What a peer does before it drips.
#[derive(Clone, Copy)]
enum Manners {
    /// TLS from the first byte, then this.
    Https(&'static str),
    /// The shaking of hands itself drips.
    Handshake,
    /// Mail: STARTTLS, and every command is answered well up to the one that begins so.
    Mail(&'static str),
}

struct Encrypted {
    address: SocketAddr,
    ca: String,
    over: Arc<AtomicBool>,
}

impl Encrypted {
    fn start(manners: Manners) -> Encrypted {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        let (tls, over) = (Arc::new(tls), Arc::new(AtomicBool::new(false)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ends = Arc::clone(&over);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, tls, ends) = (stream.unwrap(), Arc::clone(&tls), Arc::clone(&ends));
                // Whoever has waited long enough hangs up.
                std::thread::spawn(move || drip(stream, manners, &tls, &ends));
            }
        });
        Encrypted { address, ca: certificate.pem(), over }
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn drip(mut stream: TcpStream, manners: Manners, tls: &Arc<rustls::ServerConfig>, over: &AtomicBool) -> std::io::Result<()> {
    let wait = Duration::from_millis(100);
    let session = || rustls::ServerConnection::new(Arc::clone(tls)).map_err(std::io::Error::other);
    let mut unread = [0; 4096];
    match manners {
        Manners::Handshake => {
            stream.set_read_timeout(Some(wait))?;
            // The head of a record of 16 kB.
            stream.write_all(&[0x16, 3, 3, 0x40, 0])?;
            while !over.load(Ordering::SeqCst) {
                let _ = stream.read(&mut unread);
                stream.write_all(&[2])?;
            }
        }
        Manners::Https(first) => {
            let mut tls = rustls::StreamOwned::new(session()?, stream);
            let _ = tls.read(&mut unread)?;
            tls.write_all(first.as_bytes())?;
            for_ever(&mut tls, over)?;
        }
        Manners::Mail(last) => {
            stream.write_all(b"220 test\r\n")?;
            let mut lines = BufReader::new(stream.try_clone()?);
            let mut line = String::new();
            while !line.starts_with("STARTTLS") {
                line.clear();
                if lines.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                stream.write_all(if line.starts_with("STARTTLS") { b"220 go ahead\r\n" } else { b"250-test\r\n250 STARTTLS\r\n" })?;
            }
            let mut tls = BufReader::new(rustls::StreamOwned::new(session()?, stream));
            let mut in_mail = false;
            loop {
                let mut line = String::new();
                if tls.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                let command = line.trim_end();
                if in_mail && command != "." {
                    continue;
                }
                if command.starts_with(last) {
                    tls.get_mut().write_all(b"250-")?;
                    for_ever(tls.get_mut(), over)?;
                }
                in_mail = command == "DATA";
                let reply = if in_mail {
                    "354 go on"
                } else if command.starts_with("EHLO") {
                    "250-test\r\n250 AUTH PLAIN"
                } else {
                    "250 fine"
                };
                let reply = if command.starts_with("AUTH") { "235 welcome" } else { reply };
                tls.get_mut().write_all(format!("{reply}\r\n").as_bytes())?;
            }
        }
    }
    Ok(())
}

/// A byte at a time, until the other side has gone.
fn for_ever(tls: &mut rustls::StreamOwned<rustls::ServerConnection, TcpStream>, over: &AtomicBool) -> std::io::Result<()> {
    tls.sock.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut unread = [0; 4096];
    while !over.load(Ordering::SeqCst) {
        let _ = tls.sock.read(&mut unread);
        tls.write_all(b"0")?;
        tls.flush()?;
    }
    Ok(())
}

fn https() -> Vec<(&'static str, Manners)> {
    PHASES.iter().map(|(phase, first)| (*phase, Manners::Https(first))).chain([("handshake", Manners::Handshake)]).collect()
}

#[test]
fn a_pce_that_drips_behind_encryption() {
    std::thread::scope(|scope| {
        for (phase, manners) in https() {
            scope.spawn(move || {
                let (peer, room) = (Encrypted::start(manners), Room::new());
                let ca = room.write("ca.pem", &peer.ca);
                config(&room, &pce(&format!("https://{}", peer.address), &format!("ca_file = '{}'\n", ca.display())), RULES);
                let ran = in_time(phase, &room, &["check", "-o", "json"]).exits(3);
                assert_eq!(ran.json().0["status"], "unknown", "{phase}");
                free(&room, phase);
                in_time(phase, &room, &["doctor"]);
            });
        }
    });
}

/// What is critical is said and remembered, whatever its receiver does.
#[test]
fn receivers_that_drip_behind_encryption_cost_no_verdict() {
    let hook = "type = \"webhook\"\nurl = \"https://PEER/\"\nca_file = 'CA'\n";
    let mail = "type = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\n\
        smtp = { host = \"127.0.0.1\", port = PORT, user = \"u\", password = { env = \"PCE_SECRET\" }, tls = \"TLS\", ca_file = 'CA' }\n";
    let syslog = "type = \"syslog\"\naddress = \"PEER\"\ntransport = \"tls\"\nca_file = 'CA'\n";
    let mut table: Vec<(String, &str, &str, Manners)> =
        https().into_iter().map(|(phase, manners)| (phase.to_owned(), hook, "", manners)).collect();
    table
        .extend(["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."].map(|step| (format!("after {step}"), mail, "starttls", Manners::Mail(step))));
    table.push(("mail handshake".to_owned(), mail, "implicit", Manners::Handshake));
    table.push(("syslog handshake".to_owned(), syslog, "", Manners::Handshake));
    table.push(("syslog".to_owned(), syslog, "", Manners::Https("")));
    std::thread::scope(|scope| {
        for (phase, channel, tls, manners) in table {
            scope.spawn(move || {
                let (peer, room) = (Encrypted::start(manners), Room::new());
                let ca = room.write("ca.pem", &peer.ca).display().to_string();
                room.write("health.json", HEALTH);
                let (address, port) = (peer.address.to_string(), peer.address.port().to_string());
                let channel = channel.replace("PEER", &address).replace("PORT", &port).replace("CA", &ca).replace("TLS", tls);
                config(&room, "", &format!("{TOLD}{channel}"));
                let ran = in_time(&phase, &room, &["check", "--health", "health.json", "-o", "json"]).exits(2);
                assert_eq!(ran.json().rule("Health")["state"], "firing", "{phase}");
                free(&room, &phase);
                // The message waits, or the server had all of it.
                let state = std::fs::read_to_string(room.state()).unwrap();
                assert!(state.contains("\"Health\""), "{phase}: {state}");
                in_time(&phase, &room, &["channel", "test", "x"]);
            });
        }
    });
}

/// Programs that say a little for ever, or too much, or leave somebody behind who holds their output.
#[test]
fn programs_that_drip_cost_no_verdict() {
    let scripts = [
        ("drips", "while :; do printf x; sleep 0.1; done"),
        ("floods", "yes"),
        ("hears nothing", "trap '' TERM HUP INT; while :; do sleep 1; done"),
        ("leaves a child", "sleep 300 & echo x"),
        ("closes its output", "exec >&- 2>&-; sleep 300"),
    ];
    std::thread::scope(|scope| {
        for (name, script) in scripts {
            scope.spawn(move || {
                let room = Room::new();
                room.write("health.json", HEALTH);
                config(&room, "", &format!("{TOLD}type = \"exec\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n"));
                let ran = in_time(name, &room, &["check", "--health", "health.json", "-o", "json"]).exits(2);
                assert_eq!(ran.json().rule("Health")["state"], "firing", "{name}");
                free(&room, name);
            });
            scope.spawn(move || {
                let room = Room::new();
                let secret = format!("api_key = {{ cmd = [\"sh\", \"-c\", \"{script}\"] }}");
                let table = pce("http://127.0.0.1:9", "").replace("api_key = { env = \"PCE_KEY\" }", &secret);
                config(&room, &table, RULES);
                in_time(name, &room, &["check", "-o", "json"]).exits(3);
                free(&room, name);
                in_time(name, &room, &["health"]).exits(3);
            });
        }
    });
}

/// A pipe to which nobody ever writes, in the place of whatever is read; one that nobody reads, in the place of a result.
#[test]
fn pipes_to_which_nobody_comes_cost_no_verdict() {
    let table: [(&str, &str, &[&str]); 9] = [
        ("ca_file of the PCE", "pce ca_file = 'PIPE'", &["check", "-o", "json"]),
        ("cert_file of the PCE", "pce cert_file = 'PIPE'\nkey_file = 'PIPE'", &["check", "-o", "json"]),
        ("secret of the PCE", "pce ", &["check", "-o", "json"]),
        ("recorded flows", "", &["check", "--flows", "PIPE", "-o", "json"]),
        ("recorded health", "", &["check", "--health", "PIPE", "-o", "json"]),
        (
            "ca_file of a channel",
            "type = \"webhook\"\nurl = \"https://127.0.0.1:9/\"\nca_file = 'PIPE'",
            &["check", "--health", "health.json", "-o", "json"],
        ),
        ("secret of a channel", "type = \"webhook\"\nurl = { file = 'PIPE' }", &["check", "--health", "health.json", "-o", "json"]),
        ("a file channel", "type = \"file\"\npath = 'PIPE'", &["check", "--health", "health.json", "-o", "json"]),
        ("a result", "", &["check", "--health", "health.json", "-o", "json", "--out", "csv=PIPE"]),
    ];
    std::thread::scope(|scope| {
        for (what, setting, arguments) in table {
            scope.spawn(move || {
                let room = Room::new();
                let pipe = room.path("pipe");
                assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
                room.write("health.json", HEALTH);
                let piped = |text: &str| text.replace("PIPE", &pipe.display().to_string());
                match (setting.strip_prefix("pce "), setting) {
                    (Some(""), _) => {
                        let secret = piped("api_secret = { file = 'PIPE' }");
                        config(&room, &pce("https://127.0.0.1:9", "").replace("api_secret = { env = \"PCE_SECRET\" }", &secret), RULES);
                    }
                    (Some(more), _) => config(&room, &pce("https://127.0.0.1:9", &format!("{}\n", piped(more))), RULES),
                    (None, "") => config(&room, "", RULES),
                    (None, channel) => config(&room, "", &format!("{TOLD}{}\n", piped(channel))),
                }
                let arguments: Vec<String> = arguments.iter().map(|argument| piped(argument)).collect();
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let ran = in_time(what, &room, &arguments);
                let known = arguments.contains(&"health.json");
                assert_eq!(ran.code, if known { 2 } else { 3 }, "{what}: {}\n{}", ran.out, ran.err);
                free(&room, what);
            });
        }
    });
}

/// The command in a room where the system's resolver waits for ever: the first file that it opens is a pipe.
fn without_names(room: &Room, arguments: &[&str]) -> Command {
    let pipe = room.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let inner = room.command(arguments);
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"", "sh"]).arg(&pipe);
    command.arg(inner.get_program()).args(inner.get_args()).env_clear().current_dir(room.path(""));
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// The look-up of a name hangs.
#[test]
fn names_that_are_never_found_cost_no_verdict() {
    let can = Command::new("unshare").args(["-rm", "sh", "-c", "mount --bind /dev/null /etc/hosts"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        eprintln!("NOT TESTED: namespaces of its own are not to be had on this machine");
        assert!(std::env::var_os("PCEMON_REQUIRE_REAL").is_none(), "namespaces have to be had here");
        return;
    }
    let channel = "type = \"webhook\"\nurl = \"http://hooks.example.com/\"\n";
    let mail = "type = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\nsmtp = { host = \"mail.example.com\", tls = \"implicit\" }\n";
    let table: [(&str, String, String, i32, &[&str]); 5] = [
        ("PCE", pce("https://pce.example.com:8443", ""), RULES.to_owned(), 3, &["check", "-o", "json"]),
        (
            "proxy",
            pce("https://127.0.0.1:8443", "proxy = \"http://proxy.example.com:3128\"\n"),
            RULES.to_owned(),
            3,
            &["check", "-o", "json"],
        ),
        ("webhook", String::new(), format!("{TOLD}{channel}"), 2, &["check", "--health", "health.json", "-o", "json"]),
        ("mail", String::new(), format!("{TOLD}{mail}"), 2, &["check", "--health", "health.json", "-o", "json"]),
        ("doctor", pce("https://pce.example.com:8443", ""), RULES.to_owned(), 3, &["doctor"]),
    ];
    std::thread::scope(|scope| {
        for (what, table, rules, code, arguments) in table {
            scope.spawn(move || {
                let room = Room::new();
                room.write("health.json", HEALTH);
                config(&room, &table, &rules);
                let ran = ends_in_time(what, || Ran::of(&mut without_names(&room, arguments)));
                assert_eq!(ran.code, code, "{what}: {}\n{}", ran.out, ran.err);
                if what != "doctor" {
                    free(&room, what);
                }
            });
        }
    });
}

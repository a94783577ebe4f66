//! The same services looked at by three: pcemon, monitoring-plugins and blackbox_exporter. Where they differ it is on purpose,
//! and the table says why.

use super::real::{free_port, started};
use super::{answering, records, saying, serve, target};
use crate::channels::real_services::program;
use crate::support::cli::Room;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

/// One service, and how the others are asked for it.
struct Case {
    name: &'static str,
    /// Keys of the target.
    keys: String,
    /// The plugin with its arguments.
    plugin: Vec<String>,
    /// The module, and the target that it is given.
    blackbox: (&'static str, String),
    /// Whether it is up, by pcemon, the plugin, blackbox_exporter.
    up: [bool; 3],
    /// Why they differ.
    because: &'static str,
}

const MODULES: &str = "modules:
  http: { prober: http, timeout: 5s, http: { preferred_ip_protocol: ip4, tls_config: { ca_file: ca.pem } } }
  body: { prober: http, timeout: 5s, http: { preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: [fine] } }
  status: { prober: http, timeout: 5s, http: { preferred_ip_protocol: ip4, valid_status_codes: [401] } }
  tcp: { prober: tcp, timeout: 5s, tcp: { preferred_ip_protocol: ip4 } }
  tls: { prober: tcp, timeout: 5s, tcp: { preferred_ip_protocol: ip4, tls: true, tls_config: { ca_file: ca.pem, server_name: localhost } } }
  ssh: { prober: tcp, timeout: 2s, tcp: { preferred_ip_protocol: ip4, query_response: [{ expect: \"^SSH-2.0-\" }] } }
  smtp: { prober: tcp, timeout: 2s, tcp: { preferred_ip_protocol: ip4, query_response: [{ expect: \"^220\" }] } }
  a: { prober: dns, timeout: 2s, dns: { preferred_ip_protocol: ip4, transport_protocol: udp, query_name: www.example.com, query_type: A } }
  a1: { prober: dns, timeout: 2s, dns: { preferred_ip_protocol: ip4, query_name: www.example.com, query_type: A, validate_answer_rrs: { fail_if_not_matches_regexp: [\"192.0.2.9\"] } } }
  ping: { prober: icmp, timeout: 2s, icmp: { preferred_ip_protocol: ip4 } }
  ping6: { prober: icmp, timeout: 2s, icmp: { preferred_ip_protocol: ip6 } }
";

fn http(name: &'static str, answer: &'static str, up: [bool; 3], because: &'static str) -> Case {
    let at = answering(answer);
    web(name, at, "", up, because)
}

fn web(name: &'static str, at: SocketAddr, more: &str, up: [bool; 3], because: &'static str) -> Case {
    let module = if more.contains("body") {
        "body"
    } else if more.contains("401") {
        "status"
    } else {
        "http"
    };
    let mut plugin = words(&["check_http", "-H", "127.0.0.1", "-p", &at.port().to_string(), "-u", "/", "-t", "5", "-f", "follow"]);
    match module {
        "body" => plugin.extend(words(&["-s", "fine"])),
        "status" => plugin.extend(words(&["-e", "401"])),
        _ => {}
    }
    Case { name, keys: format!("url = \"http://{at}/\"\n{more}"), plugin, blackbox: (module, format!("http://{at}/")), up, because }
}

fn secure(name: &'static str, at: SocketAddr, up: bool) -> Case {
    let url = format!("https://localhost:{}/", at.port());
    let port = at.port().to_string();
    let plugin = words(&["check_curl", "-H", "localhost", "-I", "127.0.0.1", "-p", &port, "-S", "-D", "--ca-cert", "ca.pem", "-t", "5"]);
    Case { name, keys: format!("url = \"{url}\"\nca_file = \"ca.pem\""), plugin, blackbox: ("http", url), up: [up; 3], because: "" }
}

fn tcp(
    name: &'static str,
    at: SocketAddr,
    scheme: &str,
    module: &'static str,
    plugin: &[&str],
    up: [bool; 3],
    because: &'static str,
) -> Case {
    let mut words = words(plugin);
    words.extend(["-H".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), at.port().to_string()]);
    Case { name, keys: format!("url = \"{scheme}://{at}\""), plugin: words, blackbox: (module, at.to_string()), up, because }
}

fn dns(name: &'static str, at: SocketAddr, more: &str, module: &'static str, up: [bool; 3], because: &'static str) -> Case {
    let port = at.port().to_string();
    let mut plugin = words(&["check_dig", "-H", "127.0.0.1", "-p", &port, "-l", "www.example.com", "-t", "5", "-A", "+tries=1 +time=2"]);
    if module == "a1" {
        plugin.extend(words(&["-a", "192.0.2.9"]));
    }
    let keys = format!("url = \"dns://{at}/www.example.com\"\ntimeout = \"2s\"\n{more}");
    Case { name, keys, plugin, blackbox: (module, at.to_string()), up, because }
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

const UP: [bool; 3] = [true; 3];
const DOWN: [bool; 3] = [false; 3];

fn cases(room: &Room) -> Vec<Case> {
    use super::certificates::{root, serving, signed};
    use super::dns::{A1, How, server};
    let long = ((2020, 1, 1), (2100, 1, 1));
    let ca = root("Test CA", (2100, 1, 1));
    room.write("ca.pem", ca.certificate.pem());
    let https = |name, san: &str, dates, up| {
        let made = signed(&ca, "localhost", san, false, dates);
        secure(name, serving_http(&[&made.certificate, &ca.certificate], &made.key), up)
    };
    let stranger = root("Somebody else's CA", (2100, 1, 1));
    let strange = signed(&stranger, "localhost", "localhost", false, long);
    let tomorrow = {
        let day = |days: i64| {
            let date = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)).to_zoned(jiff::tz::TimeZone::UTC).date();
            (i32::from(date.year()), u8::try_from(date.month()).unwrap(), u8::try_from(date.day()).unwrap())
        };
        (day(-80), day(2))
    };
    let tls = signed(&ca, "localhost", "localhost", false, long);
    let closed = crate::support::closed::ClosedPort::new();
    let nobody: SocketAddr = closed.to_string().parse().unwrap();
    std::mem::forget(closed);
    let at_once = || serve(drop);
    vec![
        http("200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", UP, ""),
        http("204", "HTTP/1.1 204 No Content\r\n\r\n", UP, ""),
        http("206", "HTTP/1.1 206 Partial\r\nContent-Length: 0\r\n\r\n", UP, ""),
        http("401", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", DOWN, ""),
        web("401 expected", answering("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), "expect = { status = 401 }", UP, ""),
        http("404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", DOWN, ""),
        http("500", "HTTP/1.1 500 Fault\r\nContent-Length: 0\r\n\r\n", DOWN, ""),
        http("503", "HTTP/1.1 503 Later\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n", DOWN, ""),
        http("loop", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", DOWN, ""),
        http("304", "HTTP/1.1 304 Not Modified\r\n\r\n", DOWN, ""),
        http("chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n", UP, ""),
        http("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nfine", UP, ""),
        http(
            "cut",
            "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nok",
            [false, true, false],
            "check_http does not miss the rest of a body",
        ),
        http("no HTTP", "hello\r\n\r\n", DOWN, ""),
        http("no answer", "", DOWN, ""),
        web("body", answering("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nall fine"), "expect = { body = \"fine\" }", UP, ""),
        web("other body", answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"), "expect = { body = \"fine\" }", DOWN, ""),
        web("nobody there", nobody, "", DOWN, ""),
        https("good certificate", "localhost", long, true),
        https("expires in a day or two", "localhost", tomorrow, true),
        https("expired", "localhost", ((2020, 1, 1), (2021, 1, 1)), false),
        https("not yet", "localhost", ((2099, 1, 1), (2100, 1, 1)), false),
        https("wrong name", "other.example.com", long, false),
        secure("unknown CA", serving_http(&[&strange.certificate], &strange.key), false),
        secure("no TLS", answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false),
        Case {
            keys: format!("url = \"tls://localhost:{}\"\nca_file = \"ca.pem\"", 0),
            ..tcp("TLS", serving(&[&tls.certificate], &tls.key), "tls", "tls", &["check_tcp", "-S"], UP, "")
        },
        tcp("open port", saying(b""), "tcp", "tcp", &["check_tcp"], UP, ""),
        tcp("closed at once", at_once(), "tcp", "tcp", &["check_tcp"], UP, ""),
        tcp("no port", nobody, "tcp", "tcp", &["check_tcp"], DOWN, ""),
        tcp("SSH", saying(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "ssh", "ssh", &["check_ssh", "-t", "3"], UP, ""),
        tcp("no SSH", saying(b"220 mx.example.com ESMTP\r\n"), "ssh", "ssh", &["check_ssh", "-t", "2"], DOWN, ""),
        tcp("SSH that closes", at_once(), "ssh", "ssh", &["check_ssh", "-t", "2"], DOWN, ""),
        tcp("SMTP", mail(), "smtp", "smtp", &["check_smtp", "-t", "3"], UP, ""),
        tcp("SMTP that refuses", saying(b"554 no\r\n"), "smtp", "smtp", &["check_smtp", "-t", "2"], DOWN, ""),
        dns("A", server(How::Says(0, &[A1])), "", "a", UP, ""),
        dns("NXDOMAIN", server(How::Says(3, &[])), "", "a", DOWN, ""),
        dns("SERVFAIL", server(How::Says(2, &[])), "", "a", DOWN, ""),
        dns("REFUSED", server(How::Says(5, &[])), "", "a", DOWN, ""),
        dns("no data", server(How::Says(0, &[])), "", "a", [false, false, true], "an empty answer is an answer for blackbox_exporter"),
        dns("another address", server(How::Says(0, &[A1])), "expect = { answer = [\"192.0.2.9\"] }", "a1", DOWN, ""),
        dns("no server", nobody, "", "a", DOWN, ""),
        ping("loopback", "127.0.0.1", "ping"),
        ping("loopback, version 6", "::1", "ping6"),
    ]
}

fn ping(name: &'static str, host: &'static str, module: &'static str) -> Case {
    let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let plugin = words(&["check_icmp", "-H", host, "-n", "2"]);
    Case { name, keys: format!("url = \"ping://{shown}\"\ncount = 2"), plugin, blackbox: (module, host.to_owned()), up: UP, because: "" }
}

/// Answers every request over TLS.
fn serving_http(chain: &[&rcgen::Certificate], key: &rcgen::KeyPair) -> SocketAddr {
    super::certificates::serving_with(chain, key, |stream| {
        let mut bytes = Vec::new();
        let mut one = [0u8; 1];
        while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut one).is_ok_and(|count| count > 0) {
            bytes.push(one[0]);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").and_then(|()| stream.flush());
    })
}

fn mail() -> SocketAddr {
    serve(|mut stream| {
        let _ = stream.write_all(b"220 mx.example.com ESMTP\r\n");
        let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while std::io::BufRead::read_line(&mut reader, &mut line).is_ok_and(|count| count > 0) {
            let bye = line.to_ascii_uppercase().starts_with("QUIT");
            let _ = stream.write_all(if bye { b"221 bye\r\n" } else { b"250 mx.example.com\r\n" });
            if bye {
                return;
            }
            line.clear();
        }
    })
}

/// Whether blackbox_exporter calls it up.
fn by_blackbox(port: u16, module: &str, wanted: &str) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let wanted: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    write!(stream, "GET /probe?module={module}&target={wanted} HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    match text.lines().find_map(|line| line.strip_prefix("probe_success ")) {
        Some("1") => true,
        Some("0") => false,
        _ => panic!("{module} {wanted}: {text}"),
    }
}

#[test]
fn the_verdicts_are_those_of_other_monitors() {
    const PLUGINS: &str = "/usr/lib/nagios/plugins";
    let Some(blackbox) = program("prometheus-blackbox-exporter") else { return };
    if program("dig").is_none() {
        return;
    }
    assert!(Path::new(PLUGINS).join("check_curl").exists(), "monitoring-plugins are in another place");
    let room = Room::new();
    let mut cases = cases(&room);
    for case in &mut cases {
        if case.name == "TLS" {
            let port = case.blackbox.1.rsplit(':').next().unwrap().to_owned();
            case.keys = case.keys.replace("localhost:0", &format!("localhost:{port}"));
        }
    }
    assert!(cases.len() >= 40);
    room.write("blackbox.yml", MODULES);
    let port = free_port();
    let mut command = Command::new(blackbox);
    command.arg("--config.file=blackbox.yml").arg(format!("--web.listen-address=127.0.0.1:{port}")).current_dir(room.path("."));
    let _service = started(command, port, &room.path("log"));
    let mut config = String::new();
    for (number, case) in cases.iter().enumerate() {
        config.push_str(&target(&format!("case-{number}"), &case.keys));
    }
    room.config(&config);
    let ran = room.run(&["show", "probe", "-o", "ndjson"]);
    let all = records(&ran.out);
    let mut wrong = String::new();
    for (number, case) in cases.iter().enumerate() {
        let name = format!("case-{number}");
        let own = all.iter().find(|one| one["name"] == name.as_str()).unwrap_or_else(|| panic!("{name}: {}{}", ran.out, ran.err));
        let plugin = Command::new(Path::new(PLUGINS).join(&case.plugin[0]))
            .args(&case.plugin[1..])
            .env("LC_ALL", "C")
            .current_dir(room.path("."))
            .output()
            .unwrap();
        let found = [own["numbers"]["down"] == 0.0, plugin.status.code() == Some(0), by_blackbox(port, case.blackbox.0, &case.blackbox.1)];
        if found != case.up {
            let said = String::from_utf8_lossy(&plugin.stdout).into_owned();
            writeln!(wrong, "{}: {found:?} ({}; {})", case.name, own["fields"]["reason"], said.trim()).unwrap();
        }
        assert_eq!(case.up[1..] == [case.up[0]; 2], case.because.is_empty(), "{}: a difference has a reason", case.name);
    }
    assert!(wrong.is_empty(), "by pcemon, the plugin, blackbox_exporter:\n{wrong}");
}

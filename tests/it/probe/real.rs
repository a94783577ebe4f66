//! Probes of real servers as Debian packages them (`tests/real/packages.txt`), each in the foreground and in a directory of its own.
//!
//! Where a program is missing these tests say that they did not run; with `PCEMON_REQUIRE_REAL=1` they fail then.

use super::{records, target};
use crate::channels::real_services::program;
use crate::support::cli::Room;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that is gone with the test.
pub(super) struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // First in the way that takes its children along.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts it, and waits until it takes connections.
pub(super) fn started(mut command: Command, port: u16, log: &Path) -> Service {
    let file = std::fs::File::create(log).unwrap();
    let child = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
    let mut service = Service(child);
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = service.0.try_wait().unwrap();
        assert!(
            ended.is_none() && begun.elapsed() < Duration::from_secs(30),
            "{command:?} did not start: {}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
        std::thread::yield_now();
    }
    service
}

/// A folder that every user may enter, with a certificate for `localhost` and its key.
fn prepared() -> (Room, PathBuf) {
    let room = Room::new();
    let folder = room.path(".").canonicalize().unwrap();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_after = rcgen::date_time_ymd(2100, 1, 1);
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = parameters.self_signed(&key).unwrap();
    room.write("cert.pem", certificate.pem());
    room.write("key.pem", key.serialize_pem());
    std::fs::set_permissions(folder.join("cert.pem"), PermissionsExt::from_mode(0o644)).unwrap();
    (room, folder)
}

/// The outcome of each address, by its order.
#[track_caller]
fn all_ok(room: &Room, config: &str) -> Vec<serde_json::Value> {
    room.config(config);
    let ran = room.run(&["show", "probe", "-o", "ndjson"]);
    let all = records(&ran.out);
    assert!(!all.is_empty(), "{}{}", ran.out, ran.err);
    for one in &all {
        assert_eq!(one["fields"]["outcome"], "ok", "{one:#}");
    }
    all
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n")
}

/// Some servers give up root, and begin with it.
fn without_root(what: &str) -> bool {
    if !is_root() {
        std::io::stderr().write_all(format!("\nNOT RUN: {what} needs root\n").as_bytes()).unwrap();
    }
    !is_root()
}

#[test]
fn nginx_over_http_and_tls() {
    let Some(nginx) = program("nginx") else { return };
    let (room, folder) = prepared();
    let (plain, tls, dir) = (free_port(), free_port(), folder.display());
    let temp: String =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].iter().map(|kind| format!("{kind}_temp_path {dir}/{kind};")).collect();
    room.write(
        "nginx.conf",
        format!(
            "daemon off; pid {dir}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; {temp}\n\
             server {{ listen 127.0.0.1:{plain}; location /health {{ return 200 '{{\"db\":\"up\"}}'; }} location /old {{ return 301 /health; }} }}\n\
             server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem; location / {{ return 200 fine; }} }} }}"
        ),
    );
    let mut command = Command::new(nginx);
    command.args(["-e", "stderr", "-c"]).arg(folder.join("nginx.conf")).arg("-p").arg(&folder);
    let _service = started(command, tls, &folder.join("log"));
    let urls = format!(
        "urls = [\"http://127.0.0.1:{plain}/health\", \"http://127.0.0.1:{plain}/old\"]\nexpect = {{ json = {{ \"/db\" = \"up\" }} }}"
    );
    let secure = format!("urls = [\"https://localhost:{tls}/\", \"tls://localhost:{tls}\"]\nca_file = \"cert.pem\"");
    let all = all_ok(&room, &format!("{}{}", target("plain", &urls), target("secure", &secure)));
    let seen = all.iter().filter(|one| one["numbers"]["cert_expiry"].as_f64().is_some_and(|left| left > 1e9)).count();
    assert_eq!((all.len(), seen), (4, 2), "{all:#?}");
}

#[test]
fn unbound_answers_and_refuses() {
    let Some(unbound) = program("unbound") else { return };
    let (room, folder) = prepared();
    let (port, dir) = (free_port(), folder.display());
    room.write(
        "unbound.conf",
        format!(
            "server:\n interface: 127.0.0.1@{port}\n do-daemonize: no\n chroot: \"\"\n username: \"\"\n directory: \"{dir}\"\n pidfile: \"\"\n use-syslog: no\n\
             access-control: 127.0.0.0/8 allow\n local-zone: \"example.test.\" static\n local-data: \"www.example.test. 60 A 192.0.2.1\"\n\
             local-data: \"www.example.test. 60 A 192.0.2.2\"\n local-data: 'text.example.test. 60 TXT \"v=spf1 -all\"'\n\
             local-data: \"example.test. 60 SOA ns.example.test. host.example.test. 2026112001 3600 600 86400 60\"\n\
             remote-control:\n control-enable: no\n"
        ),
    );
    let mut command = Command::new(unbound);
    command.args(["-d", "-p", "-c"]).arg(folder.join("unbound.conf"));
    let _service = started(command, port, &folder.join("log"));
    let at = format!("dns://127.0.0.1:{port}");
    let all = all_ok(
        &room,
        &format!(
            "{}{}{}",
            target("a", &format!("url = \"{at}/www.example.test\"\nexpect = {{ answer = [\"192.0.2.2\", \"192.0.2.1\"] }}")),
            target("b", &format!("urls = [\"{at}/text.example.test?type=TXT\", \"{at}/example.test?type=SOA\"]")),
            target("c", &format!("url = \"{at}/none.example.test\"\nexpect = {{ rcode = \"NXDOMAIN\" }}"))
        ),
    );
    assert!(all.iter().any(|one| one["numbers"]["serial"] == 2_026_112_001.0), "{all:#?}");
    assert!(all.iter().any(|one| one["fields"]["answer"] == "v=spf1 -all"), "{all:#?}");
}

#[test]
fn openssh_greets() {
    let (Some(sshd), Some(keygen)) = (program("sshd"), program("ssh-keygen")) else { return };
    if without_root("sshd") {
        return;
    }
    let (room, folder) = prepared();
    let port = free_port();
    std::fs::create_dir_all("/run/sshd").unwrap();
    assert!(Command::new(keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join("host")).status().unwrap().success());
    let mut command = Command::new(sshd);
    command.args(["-D", "-e", "-f", "/dev/null", "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none", "-p", &port.to_string(), "-h"]);
    command.arg(folder.join("host"));
    let _service = started(command, port, &folder.join("log"));
    let all = all_ok(&room, &target("t", &format!("url = \"ssh://127.0.0.1:{port}\"")));
    assert!(all[0]["fields"]["banner"].as_str().unwrap().starts_with("SSH-2.0-OpenSSH"), "{all:#?}");
}

/// The address of a target that looks at a certificate behind STARTTLS.
fn starttls(name: &str, kind: &str, port: u16) -> String {
    target(name, &format!("url = \"tls://localhost:{port}\"\nstarttls = \"{kind}\"\nca_file = \"cert.pem\"\ntimeout = \"20s\""))
}

#[test]
fn dovecot_begins_tls_for_imap_and_pop3() {
    let Some(dovecot) = program("dovecot") else { return };
    if without_root("dovecot") {
        return;
    }
    let (room, folder) = prepared();
    let (imap, pop3, dir) = (free_port(), free_port(), folder.display());
    room.write(
        "dovecot.conf",
        format!(
            "protocols = imap pop3\nbase_dir = {dir}/run\nstate_dir = {dir}/state\nlog_path = /dev/stderr\nlisten = 127.0.0.1\nssl = yes\n\
             ssl_cert = <{dir}/cert.pem\nssl_key = <{dir}/key.pem\npassdb {{\n driver = static\n args = password=x\n}}\nuserdb {{\n driver = static\n args = uid=65534 gid=65534 home=/nonexistent\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {imap}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n\
             service pop3-login {{\n chroot =\n inet_listener pop3 {{\n port = {pop3}\n }}\n inet_listener pop3s {{\n port = 0\n }}\n}}\n"
        ),
    );
    let mut command = Command::new(dovecot);
    command.args(["-F", "-c"]).arg(folder.join("dovecot.conf"));
    let _service = started(command, imap, &folder.join("log"));
    all_ok(&room, &format!("{}{}", starttls("imap", "imap", imap), starttls("pop3", "pop3", pop3)));
}

#[test]
fn postgresql_agrees_to_tls() {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let Some(bin) = versions.map(|entry| entry.path().join("bin")).find(|path| path.join("postgres").exists()) else {
        assert!(program("postgres").is_none() || Path::new("/usr/lib/postgresql").exists(), "another place than Debian's");
        return;
    };
    let (room, folder) = prepared();
    let (port, data) = (free_port(), folder.join("data"));
    std::fs::create_dir(&data).unwrap();
    let own = |path: &Path| {
        if is_root() {
            assert!(Command::new("chown").arg("-R").arg("postgres:").arg(path).status().unwrap().success());
        }
    };
    let as_postgres = |program: &str| {
        let mut command = Command::new(if is_root() { Path::new("setpriv").to_owned() } else { bin.join(program) });
        if is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(bin.join(program));
        }
        command.current_dir(&folder);
        command
    };
    own(&data);
    own(&folder.join("key.pem"));
    let made = as_postgres("initdb").args(["-A", "trust", "-N", "-D"]).arg(&data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut command = as_postgres("postgres");
    command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "ssl=on"]);
    command.arg("-c").arg(format!("ssl_cert_file={}/cert.pem", folder.display()));
    command.arg("-c").arg(format!("ssl_key_file={}/key.pem", folder.display()));
    let _service = started(command, port, &folder.join("log"));
    all_ok(&room, &starttls("db", "postgres", port));
}

#[test]
fn postfix_begins_tls() {
    let Some(postfix) = program("postfix") else { return };
    if without_root("postfix") {
        return;
    }
    let (room, folder) = prepared();
    let (port, dir) = (free_port(), folder.display());
    for name in ["spool", "data"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    assert!(Command::new("chown").arg("postfix").arg(folder.join("data")).status().unwrap().success());
    room.write(
        "main.cf",
        format!(
            "compatibility_level = 3.6\nqueue_directory = {dir}/spool\ndata_directory = {dir}/data\nmyhostname = mx.example.test\ninet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\nmydestination =\nalias_maps =\nmaillog_file = /dev/stdout\nsmtpd_tls_security_level = may\n\
             smtpd_tls_cert_file = {dir}/cert.pem\nsmtpd_tls_key_file = {dir}/key.pem\n"
        ),
    );
    room.write(
        "master.cf",
        format!(
            "127.0.0.1:{port} inet n - n - - smtpd\nanvil unix - - n - 1 anvil\ntlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\n\
             proxymap unix - - n - - proxymap\npostlog unix-dgram n - n - 1 postlogd\n"
        ),
    );
    for name in ["main.cf", "master.cf"] {
        std::fs::set_permissions(folder.join(name), PermissionsExt::from_mode(0o644)).unwrap();
    }
    let mut command = Command::new(postfix);
    command.arg("-c").arg(&folder).arg("start-fg");
    let _service = started(command, port, &folder.join("log"));
    let all =
        all_ok(&room, &format!("{}{}", starttls("mail", "smtp", port), target("greeting", &format!("url = \"smtp://127.0.0.1:{port}\""))));
    assert_eq!(all.len(), 2);
}

//! The same channels against the services themselves: Alertmanager and rsyslog, as Debian packages them
//! (`tests/real/packages.txt`). Each runs unprivileged, in the foreground, in a directory of its own.
//!
//! Where a program is missing these tests say that they did not run; with `PCEMON_REQUIRE_REAL=1` they fail then.

use super::{alert, context, digest, error_of, open, single};
use crate::support::receivers::Receiver;
use crate::support::run_cli::Bench;
use jiff::{SignedDuration, Timestamp};
use pcemon::channels::Outcome;
use pcemon::domain::alert::{Alert, Notification, Reason};
use pcemon::domain::entry::AlertState;
use pcemon::domain::threshold::Severity;
use pcemon::http::{AgentOptions, agent};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where a program is, or a loud word that it is missing.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let places = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin", "/sbin"];
    let found = places.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
    if found.is_none() {
        let required = std::env::var_os("PCEMON_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "PCEMON_REQUIRE_REAL=1, but there is no {name}; install tests/real/packages.txt");
        // Not by a macro: what those write is swallowed when the test passes.
        std::io::stderr().write_all(format!("\nNOT RUN: {name} is missing; install tests/real/packages.txt\n").as_bytes()).unwrap();
    }
    found
}

pub(super) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::yield_now();
    }
}

struct Alertmanager {
    process: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Alertmanager {
    /// It tells what it gets to `receiver`.
    fn start(receiver: &str) -> Option<Alertmanager> {
        let program = program("prometheus-alertmanager")?;
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("alertmanager.yml");
        let text = format!(
            "route: {{receiver: test, group_by: [job], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
             receivers: [{{name: test, webhook_configs: [{{url: '{receiver}'}}]}}]\n"
        );
        std::fs::write(&config, text).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let listening = lines.by_ref().map_while(Result::ok).any(|line| line.to_lowercase().contains("listening"));
        assert!(listening, "Alertmanager did not start");
        std::thread::spawn(move || lines.for_each(drop));
        let started = Alertmanager { process, url: format!("http://127.0.0.1:{port}"), _directory: directory };
        // It opens its port a moment after it says so.
        until("Alertmanager", || started.get("/api/v2/alerts"));
        Some(started)
    }

    fn get(&self, path: &str) -> Option<Value> {
        let agent = agent(&AgentOptions { direct: true, timeout: Duration::from_secs(10), ..AgentOptions::default() }).unwrap();
        let mut response = agent.get(format!("{}{path}", self.url)).call().ok().filter(|response| response.status() == 200)?;
        serde_json::from_str(&response.body_mut().read_to_string().ok()?).ok()
    }

    /// Rule and severity of everything that is not over, in order.
    fn active(&self) -> Vec<(String, String)> {
        let alerts = self.get("/api/v2/alerts").unwrap();
        let label = |alert: &Value, name: &str| alert["labels"][name].as_str().unwrap().to_owned();
        let mut all: Vec<_> =
            alerts.as_array().unwrap().iter().map(|alert| (label(alert, "alertname"), label(alert, "severity"))).collect();
        all.sort();
        all
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Alerts of just now: Alertmanager compares with the real clock.
fn fresh(alerts: &[Alert]) -> Notification {
    let now = Timestamp::now();
    let since = now - SignedDuration::from_mins(5);
    Notification { created: now, alerts: alerts.iter().map(|alert| Alert { since, ..alert.clone() }).collect(), ..single() }
}

#[test]
fn alertmanager_takes_groups_and_resolves() {
    let receiver = Receiver::http([]);
    let Some(server) = Alertmanager::start(&receiver.url()) else { return };
    let channel = open("alertmanager", &format!("urls = \"{}\"", server.url));
    let send = |alerts: &[Alert]| assert_eq!(channel.send(&fresh(alerts), &context()), Outcome::Delivered);
    let pair = |rule: &str, severity: &str| (rule.to_owned(), severity.to_owned());

    let warning = Alert { severity: Severity::Warning, ..alert() };
    let other = Alert { rule: "登入失敗 <\"Login\">\n".to_owned(), group: Vec::new(), ..warning.clone() };
    send(&[warning.clone(), other.clone()]);
    assert_eq!(server.active(), [pair(&alert().rule, "warning"), pair(&other.rule, "warning")]);
    let told = until("the notification", || receiver.requests().into_iter().next());
    let told: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!((told["status"].as_str(), told["alerts"].as_array().unwrap().len()), (Some("firing"), 2));

    // Told again it is the same alert; when it gets worse the milder one ends.
    send(std::slice::from_ref(&warning));
    assert_eq!(server.active().len(), 2);
    send(&[
        Alert { severity: Severity::Critical, reason: Reason::Escalated, told_as: Some(Severity::Warning), ..warning.clone() },
        other.clone(),
    ]);
    assert_eq!(server.active(), [pair(&alert().rule, "critical"), pair(&other.rule, "warning")]);

    // Milder again: the worse one ends.
    send(&[Alert { reason: Reason::Reminder, told_as: Some(Severity::Critical), ..warning.clone() }, other.clone()]);
    assert_eq!(server.active(), [pair(&alert().rule, "warning"), pair(&other.rule, "warning")]);

    let over = |alert: &Alert| Alert { state: AlertState::Resolved, reason: Reason::Resolved, ..alert.clone() };
    send(&[over(&warning)]);
    assert_eq!(server.active(), [pair(&other.rule, "warning")]);
    send(&[over(&other)]);
    assert_eq!(server.active(), []);
    until("the end of it", || {
        let told: Vec<Value> = receiver.requests().iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect();
        told.iter().any(|told| told["status"] == "resolved").then_some(())
    });
}

/// Whole runs, one after the other: the same alert each time, under one severity, until it is over.
#[test]
fn alertmanager_follows_run_after_run() {
    let receiver = Receiver::http([]);
    let Some(server) = Alertmanager::start(&receiver.url()) else { return };
    let bench = Bench::new(&format!(
        "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nwarning = \"> 10\"\ncritical = \"> 100\"\nnotify = [\"am\"]\n\
         [[channels]]\nname = \"am\"\ntype = \"alertmanager\"\nurls = \"{}\"\n",
        server.url
    ));
    // Alertmanager compares with the real clock: the runs lie in the last minutes.
    let begun = Timestamp::now() - SignedDuration::from_mins(8);
    let mut ends = Vec::new();
    for (minute, connections, want) in [
        (0, 5, ""),
        (1, 50, "warning"),
        (2, 50, "warning"),
        (3, 50, "warning"),
        (4, 500, "critical"),
        (5, 50, "warning"),
        (6, 5, ""),
        (7, 5, ""),
    ] {
        let now = (begun + SignedDuration::from_mins(minute)).to_string();
        bench.record("flows.json", &now, &[("web", connections)]);
        let run = bench.run(&["check", "-o", "json", "--now", &now, "--flows", "flows.json"]);
        // The first run only lets pcemon know how far apart runs are.
        let sent: &[&str] = if minute == 0 { &[] } else { &["am sent"] };
        assert_eq!(run.deliveries(), sent, "minute {minute}: {}", run.said());
        let want: Vec<_> = Some(("Blocked".to_owned(), want.to_owned())).into_iter().filter(|(_, severity)| !severity.is_empty()).collect();
        assert_eq!(server.active(), want, "minute {minute}");
        ends.extend(server.get("/api/v2/alerts").unwrap().as_array().unwrap().iter().map(|alert| alert["endsAt"].to_string()));
    }
    // Each run moved the end on.
    assert!(ends.len() == 5 && ends[0] < ends[1] && ends[1] < ends[2], "{ends:?}");
    until("the end of it", || {
        let told: Vec<Value> = receiver.requests().iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect();
        told.iter().any(|told| told["status"] == "resolved").then_some(())
    });
}

/// A certificate for 127.0.0.1 and the CA that signed it.
pub(super) fn certificates(directory: &Path) {
    std::fs::write(directory.join("san"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for line in [
        format!("req -x509 {key} -keyout ca.key -out ca.pem -days 30 -subj /CN=pcemon-test-ca"),
        format!("req -x509 {key} -keyout other.key -out other-ca.pem -days 30 -subj /CN=another-ca"),
        format!("req {key} -keyout key.pem -out request.pem -subj /CN=127.0.0.1"),
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 30 -extfile san".to_owned(),
    ] {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(directory).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

struct Rsyslog {
    process: Child,
    directory: tempfile::TempDir,
    port: u16,
}

impl Rsyslog {
    fn start(tls: bool) -> Option<Rsyslog> {
        let program = program("rsyslogd")?;
        if tls {
            self::program("openssl")?;
        }
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().display();
        let (global, driver) = if tls {
            certificates(directory.path());
            (
                format!(
                    "DefaultNetstreamDriver=\"gtls\" DefaultNetstreamDriverCAFile=\"{home}/ca.pem\" \
                     DefaultNetstreamDriverCertFile=\"{home}/cert.pem\" DefaultNetstreamDriverKeyFile=\"{home}/key.pem\""
                ),
                "StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\"",
            )
        } else {
            (String::new(), "")
        };
        let config = format!(
            "global(workDirectory=\"{home}\" {global})\n\
             module(load=\"imtcp\" {driver})\n\
             template(name=\"parts\" type=\"string\" \
             string=\"%syslogfacility-text%|%syslogseverity-text%|%app-name%|%msgid%|%structured-data%|%msg%\\n\")\n\
             input(type=\"imtcp\" port=\"0\" address=\"127.0.0.1\" listenPortFileName=\"{home}/port\")\n\
             if $programname == \"pcemon\" then action(type=\"omfile\" file=\"{home}/out\" template=\"parts\")\n"
        );
        let path = directory.path().join("rsyslog.conf");
        std::fs::write(&path, config).unwrap();
        let pid = directory.path().join("pid");
        let process = Command::new(program).arg("-n").arg("-f").arg(&path).arg("-i").arg(&pid).stderr(Stdio::null()).spawn().unwrap();
        let port = until("rsyslog", || std::fs::read_to_string(directory.path().join("port")).ok()?.trim().parse().ok());
        // It names its port before it listens there.
        until("rsyslog to listen", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Some(Rsyslog { process, directory, port })
    }

    fn settings(&self, more: &str) -> String {
        format!("address = \"127.0.0.1:{}\"\n{more}", self.port)
    }

    /// Ends it in good order and gives what it wrote.
    fn finish(mut self) -> Vec<String> {
        let ended = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(ended.success());
        self.process.wait().unwrap();
        std::fs::read_to_string(self.directory.path().join("out")).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn check_written(lines: &[String]) {
    assert_eq!(lines.len(), 4, "{lines:?}");
    let fields: Vec<Vec<&str>> = lines.iter().map(|line| line.splitn(6, '|').collect()).collect();
    assert_eq!(fields[0][..4], ["local0", "crit", "pcemon", "firing"]);
    assert_eq!(fields[2][..4], ["local0", "notice", "pcemon", "resolved"]);
    assert!(fields[0][4].contains("fingerprint=\"0123456789abcdef0123456789abcdef\""), "{}", fields[0][4]);
    assert!(fields[2][4].contains("rule=\"登入失敗 <Login failures>\""), "{}", fields[2][4]);
    assert!(fields[0][5].contains("[CRITICAL] Blocked traffic to databases"), "{}", fields[0][5]);
    assert!(fields[3][5].contains("+2 more alerts"), "{}", fields[3][5]);
}

#[test]
fn rsyslog_takes_the_stream() {
    let Some(server) = Rsyslog::start(false) else { return };
    let channel = open("syslog", &server.settings("transport = \"tcp\""));
    assert_eq!(channel.send(&digest(), &context()), Outcome::Delivered);
    check_written(&server.finish());
}

#[test]
fn rsyslog_takes_the_encrypted_stream_and_only_under_its_own_ca() {
    let Some(server) = Rsyslog::start(true) else { return };
    let tls = |ca: &str| server.settings(&format!("transport = \"tls\"\nca_file = '{}'", server.directory.path().join(ca).display()));
    let refused = open("syslog", &tls("other-ca.pem")).send(&digest(), &context());
    assert!(matches!(refused, Outcome::Retry { .. }) && error_of(&refused).contains("certificate was refused"), "{refused:?}");
    assert_eq!(open("syslog", &tls("ca.pem")).send(&digest(), &context()), Outcome::Delivered);
    let plain = open("syslog", &server.settings("transport = \"tcp\"")).send(&digest(), &context());
    assert!(matches!(plain, Outcome::Retry { .. }), "{plain:?}");
    check_written(&server.finish());
}

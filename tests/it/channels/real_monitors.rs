//! Icinga 2 and Nagios themselves, as Debian packages them: they run pcemon as a plugin and read what it prints, and
//! Icinga takes the channel's passive results. Each runs in the foreground, in a directory of its own.
//!
//! Where a program is missing these tests say that they did not run; with `PCEMON_REQUIRE_REAL=1` they fail then.

use super::real_services::{certificates, program, until};
use super::{alert, common, context, error_of, read, single};
use base64::Engine;
use pcemon::channels::Outcome;
use pcemon::domain::alert::{Notification, NotificationKind};
use pcemon::domain::secret::{Secret, SecretSource};
use pcemon::http::{AgentOptions, agent};
use serde_json::Value;
use std::fs::{File, create_dir_all, write};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PASSWORD: &str = "a password of this test";

/// A script that runs pcemon over recorded flows as a plugin: one rule, 50 connections where 10 warn.
fn plugin(directory: &Path) -> String {
    let flows = serde_json::json!([{
        "src": { "ip": "10.0.0.1" }, "dst": { "ip": "10.0.0.2" }, "service": { "port": 3306, "proto": 6 }, "num_connections": 50,
        "policy_decision": "blocked", "flow_direction": "outbound",
        "timestamp_range": { "first_detected": "2026-11-20T10:00:00Z", "last_detected": "2026-11-20T10:00:00Z" },
    }]);
    write(directory.join("flows.json"), flows.to_string()).unwrap();
    let rules = "[traffic]\naccounting = \"as_reported\"\n[[rules]]\nname = \"Blocked it's | bad\"\nsource = \"traffic\"\n\
                 warning = \"> 10\"\ncritical = \"> 100\"\n[[rules]]\nname = \"Quiet\"\nsource = \"traffic\"\nwarning = \">= 100\"\n";
    write(directory.join("rules.toml"), rules).unwrap();
    let home = directory.display();
    let script = format!(
        "#!/bin/sh\ncd '{home}'\nexec '{}' -c rules.toml --state '{home}/state.json' check -o nagios --now 2026-11-20T10:00:05Z --flows flows.json\n",
        env!("CARGO_BIN_EXE_pcemon")
    );
    write(directory.join("plugin"), script).unwrap();
    format!("{home}/plugin")
}

fn said(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // In good order: it has children.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

struct Icinga {
    _process: Running,
    directory: tempfile::TempDir,
    port: u16,
    /// What it parsed, line by line, as it hands it on to a database of numbers.
    numbers: Receiver<String>,
}

impl Icinga {
    fn start() -> Option<Icinga> {
        self::program("icinga2")?;
        let program = Path::new("/usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH)).join("icinga2/sbin/icinga2");
        self::program("openssl")?;
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().display();
        certificates(directory.path());
        for name in ["etc", "data/certs", "cache", "log", "spool", "run"] {
            create_dir_all(directory.path().join(name)).unwrap();
        }
        for (from, to) in [("ca.pem", "ca.crt"), ("cert.pem", "127.0.0.1.crt"), ("key.pem", "127.0.0.1.key")] {
            std::fs::copy(directory.path().join(from), directory.path().join("data/certs").join(to)).unwrap();
        }
        let (sender, numbers) = channel();
        let graphite = TcpListener::bind("127.0.0.1:0").unwrap();
        let graphite_port = graphite.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in graphite.incoming().map_while(Result::ok) {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            }
        });
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "include <itl>\nconst NodeName = \"127.0.0.1\"\nconst ZoneName = NodeName\nobject Endpoint NodeName {{ }}\n\
             object Zone ZoneName {{ endpoints = [ NodeName ] }}\n\
             object ApiListener \"api\" {{ bind_host = \"127.0.0.1\", bind_port = {port} }}\n\
             object ApiUser \"pcemon\" {{ password = \"{PASSWORD}\", permissions = [ \"actions/process-check-result\", \"objects/query/*\" ] }}\n\
             object CheckerComponent \"checker\" {{ }}\n\
             object GraphiteWriter \"numbers\" {{ host = \"127.0.0.1\", port = {graphite_port}, enable_send_thresholds = true }}\n\
             object CheckCommand \"pcemon\" {{ command = [ \"/bin/sh\", \"{}\" ] }}\n\
             object Host \"pce\" {{ check_command = \"dummy\", enable_active_checks = false }}\n\
             object Service \"passive\" {{ host_name = \"pce\", check_command = \"passive\", enable_active_checks = false, max_check_attempts = 1 }}\n\
             object Service \"active\" {{ host_name = \"pce\", check_command = \"pcemon\", check_interval = 1s, retry_interval = 1s, max_check_attempts = 1 }}\n",
            plugin(directory.path())
        );
        write(directory.path().join("icinga2.conf"), config).unwrap();
        let mut command = Command::new(program);
        command.arg("daemon").arg("-c").arg(directory.path().join("icinga2.conf"));
        for (name, place) in [
            ("ConfigDir", "etc"),
            ("DataDir", "data"),
            ("CacheDir", "cache"),
            ("LogDir", "log"),
            ("SpoolDir", "spool"),
            ("InitRunDir", "run"),
        ] {
            command.arg(format!("-D{name}={home}/{place}"));
        }
        command.arg(format!("-DRunAsUser={}", said("id", "-un"))).arg(format!("-DRunAsGroup={}", said("id", "-gn")));
        let log = File::create(directory.path().join("log/out")).unwrap();
        let process = Running(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        let started = Icinga { _process: process, directory, port, numbers };
        until("Icinga", || started.result("passive"));
        Some(started)
    }

    /// The attributes of a service.
    fn result(&self, service: &str) -> Option<Value> {
        let ca = self.directory.path().join("ca.pem");
        let agent = agent(&AgentOptions { direct: true, ca_file: Some(&ca), timeout: Duration::from_secs(10), ..AgentOptions::default() });
        let login = base64::engine::general_purpose::STANDARD.encode(format!("pcemon:{PASSWORD}"));
        let url = format!("https://127.0.0.1:{}/v1/objects/services/pce!{service}", self.port);
        let request = agent.unwrap().get(url).header("authorization", format!("Basic {login}"));
        let mut response = request.call().ok().filter(|response| response.status() == 200)?;
        let said: Value = serde_json::from_str(&response.body_mut().read_to_string().ok()?).ok()?;
        Some(said["results"][0]["attrs"].clone())
    }

    fn send(&self, service: &str, password: &str, ca: &str, notification: &Notification) -> Outcome {
        let toml = format!(
            "url = \"https://127.0.0.1:{}\"\nuser = \"pcemon\"\npassword = {{ env = \"PASSWORD\" }}\nhost = \"pce\"\nservice = \"{service}\"\nca_file = '{}'",
            self.port,
            self.directory.path().join(ca).display()
        );
        let password = Secret::new(password);
        let known = |source: &SecretSource| match source {
            SecretSource::Plain(secret) => Ok(secret.clone()),
            _ => Ok(password.clone()),
        };
        read("icinga", &toml).0.unwrap().open(&common("icinga"), &known).unwrap().send(notification, &context())
    }
}

#[test]
fn icinga_takes_passive_results_and_runs_the_plugin() {
    let Some(server) = Icinga::start() else { return };
    let expires = Some("2026-11-20T10:40:00Z".parse().unwrap());
    let snapshot = |alerts| Notification { kind: NotificationKind::Snapshot, expires, alerts, ..single() };

    assert_eq!(server.send("passive", PASSWORD, "ca.pem", &snapshot(vec![alert()])), Outcome::Delivered);
    let service = server.result("passive").unwrap();
    let result = &service["last_check_result"];
    assert_eq!((service["state"].as_f64(), result["ttl"].as_f64(), result["active"].as_bool()), (Some(2.0), Some(2400.0), Some(false)));
    let output = result["output"].as_str().unwrap();
    assert!(output.starts_with("PCEMON CRITICAL: 1 critical\n[CRITICAL] Blocked traffic to databases"), "{output}");
    assert_eq!(server.send("passive", PASSWORD, "ca.pem", &snapshot(vec![])), Outcome::Delivered);
    assert_eq!(server.result("passive").unwrap()["state"].as_f64(), Some(0.0));

    for (service, password, ca, words) in [
        ("another", PASSWORD, "ca.pem", "no such service"),
        ("x\" || true || \"", PASSWORD, "ca.pem", "no such service"),
        ("passive", "wrong", "ca.pem", "user and password"),
        ("passive", PASSWORD, "other-ca.pem", "certificate was refused"),
    ] {
        let service = service.replace('"', "\\\"");
        let outcome = server.send(&service, password, ca, &snapshot(vec![alert()]));
        assert!(error_of(&outcome).contains(words), "{service}: {outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Retry { .. }), ca == "other-ca.pem", "{outcome:?}");
    }
    assert_eq!(server.result("passive").unwrap()["state"].as_f64(), Some(0.0), "a refused result changed something");

    let service = until("the check", || server.result("active").filter(|service| !service["last_check_result"].is_null()));
    assert_eq!(service["state"].as_f64(), Some(1.0), "{service}");
    let output = service["last_check_result"]["output"].as_str().unwrap();
    assert!(output.starts_with("PCEMON WARNING - Blocked it's / bad 50 (> 10)") && !output.contains("critical="), "{output}");
    // Numbers and thresholds, as Icinga understood them.
    let mut numbers: Vec<String> = Vec::new();
    let mut number = |path: &str, value: &str| {
        until(path, || {
            numbers.extend(server.numbers.try_iter());
            numbers.iter().any(|line| line.contains(path) && line.contains(&format!(" {value} "))).then_some(())
        });
    };
    for (path, value) in [
        ("active.pcemon.perfdata.warning.value", "1"),
        ("active.pcemon.perfdata.ok.value", "1"),
        ("active.pcemon.perfdata.Blocked_it_s___bad.value", "50"),
        ("active.pcemon.perfdata.Blocked_it_s___bad.warn", "10"),
        ("active.pcemon.perfdata.Blocked_it_s___bad.crit", "100"),
    ] {
        number(path, value);
    }
    // Not the first result: what came before Icinga had reached the database of numbers is not there.
    assert_eq!(server.send("passive", PASSWORD, "ca.pem", &snapshot(vec![alert()])), Outcome::Delivered);
    number("passive.passive.perfdata.critical.value", "1");
}

#[test]
fn nagios_reads_state_and_numbers_of_the_plugin() {
    let Some(program) = program("nagios4") else { return };
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().display();
    create_dir_all(directory.path().join("results")).unwrap();
    let plugin = plugin(directory.path());
    let days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"].map(|day| format!("{day} 00:00-24:00\n"));
    let objects = format!(
        "define timeperiod {{\ntimeperiod_name always\nalias always\n{}}}\n\
         define command {{\ncommand_name pcemon\ncommand_line /bin/sh {plugin}\n}}\n\
         define contact {{\ncontact_name nobody\nhost_notification_commands pcemon\nservice_notification_commands pcemon\n\
         host_notification_period always\nservice_notification_period always\n}}\n\
         define host {{\nhost_name pce\naddress 127.0.0.1\nmax_check_attempts 1\nactive_checks_enabled 0\ncheck_period always\ncontacts nobody\n}}\n\
         define service {{\nhost_name pce\nservice_description pcemon\ncheck_command pcemon\ncheck_interval 1\nretry_interval 1\n\
         max_check_attempts 1\ncheck_period always\ncontacts nobody\n}}\n",
        days.concat()
    );
    write(directory.path().join("objects.cfg"), objects).unwrap();
    let config = format!(
        "log_file={home}/log\ncfg_file={home}/objects.cfg\nstatus_file={home}/status\nstatus_update_interval=1\nlock_file={home}/lock\n\
         temp_file={home}/temp\ntemp_path={home}\nobject_cache_file={home}/objects.cache\nprecached_object_file={home}/precached\n\
         check_result_path={home}/results\nstate_retention_file={home}/retention\ncommand_file={home}/commands\nquery_socket={home}/queries\n\
         check_external_commands=0\nretain_state_information=0\nnagios_user={}\nnagios_group={}\ninterval_length=1\ncheck_for_updates=0\n\
         enable_notifications=0\nservice_inter_check_delay_method=n\nprocess_performance_data=1\nservice_perfdata_file={home}/perfdata\n\
         service_perfdata_file_template=$SERVICESTATE$|$SERVICEOUTPUT$|$SERVICEPERFDATA$\n",
        said("id", "-un"),
        said("id", "-gn")
    );
    write(directory.path().join("nagios.cfg"), config).unwrap();
    let mut command = Command::new(program);
    let process = command.arg(directory.path().join("nagios.cfg")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _running = Running(process);
    let line = until("the performance data", || {
        let text = std::fs::read_to_string(directory.path().join("perfdata")).ok()?;
        text.split_inclusive('\n').find(|line| line.ends_with('\n')).map(|line| line.trim_end().to_owned())
    });
    let parts: Vec<&str> = line.splitn(3, '|').collect();
    assert_eq!(parts[0], "WARNING", "{line}");
    assert!(parts[1].starts_with("PCEMON WARNING - Blocked it's / bad 50 (> 10)"), "{line}");
    assert!(parts[2].starts_with("critical=0;;;0 warning=1;;;0 unknown=0;;;0 ok=1;;;0 duration="), "{line}");
    assert!(parts[2].contains("=50;10;100;0 ") && parts[2].ends_with("Quiet=50;@100:;;0"), "{line}");
    let status = until("the status", || {
        let status = std::fs::read_to_string(directory.path().join("status")).ok()?;
        let service = status.split("servicestatus {").nth(1)?.split("\n\t}").next()?.to_owned();
        service.contains("has_been_checked=1").then_some(service)
    });
    let field = |name: &str| status.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('=')).unwrap();
    assert_eq!(field("current_state"), "1");
    assert!(field("performance_data").contains("=50;10;100;0"), "{status}");
    // The lines after the first are the long output, not more numbers.
    assert!(field("long_plugin_output").contains("threshold > 10") && !field("long_plugin_output").contains('|'), "{status}");
}

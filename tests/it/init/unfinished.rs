//! An `init` that is not finished keeps what it was told, but no secret, and says truly what it leaves behind.

use super::written;
use crate::support::cli::{Room, until};
use pcemon::sim::estate::{self, Estate};
use pcemon::sim::options::Options;
use pcemon::sim::server::Sim;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A person at a terminal who waits for each question.
pub struct Person {
    child: Child,
    seen: Arc<Mutex<Vec<u8>>>,
    /// How much of it was looked at.
    read: usize,
}

impl Person {
    pub fn at(room: &Room, arguments: &str) -> Person {
        let mut command = Command::new("script");
        command.args(["-qec", &format!("exec {} {arguments}", env!("CARGO_BIN_EXE_pcemon")), "/dev/null"]);
        command.env_clear().current_dir(room.path("")).env("HOME", room.path("")).env("PATH", std::env::var_os("PATH").unwrap());
        command.env("PCE_KEY", "api_1f2e3d4c5b6a79880").env("PCE_SECRET", "simulated-secret").env("TERM", "dumb");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (mut out, seen) = (child.stdout.take().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let theirs = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut some) {
                theirs.lock().unwrap().extend_from_slice(&some[..count]);
            }
        });
        Person { child, seen, read: 0 }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// Waits for a question and answers it.
    pub fn answers(&mut self, question: &str, answer: &str) -> &mut Person {
        let from = self.read;
        until(&format!("{question} in {}", self.said()), || self.said()[from..].contains(question));
        self.read = self.said().len();
        self.child.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
        self
    }

    /// What was said when the program was over, and its exit code.
    pub fn leaves(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        // The reader ends with the terminal.
        let mut length = 0;
        until("the end of what is said", || std::mem::replace(&mut length, self.said().len()) == self.said().len() && length > 0);
        (code, self.said())
    }
}

const INTERRUPT: &str = "\u{3}";
const END_OF_INPUT: &str = "\u{4}";

/// Answers survive an interruption and the end of the input; what may be a secret does not.
#[test]
fn answers_are_offered_again() {
    for (end, said) in [(INTERRUPT, "interrupted; no config was written"), (END_OF_INPUT, "no answer; nothing was written")] {
        let room = Room::new();
        let mut person = Person::at(&room, "init --offline");
        person
            .answers("URL of the PCE", "https://pce.example.com:8443/#/map\n")
            .answers("Organisation", "7\n")
            .answers("API key's id", "api_1f2e3d4c5b6a79880\n")
            .answers("API key's secret", "plain:hunter2hunter2\n")
            .answers("Where do alerts go?", "ntfy\n")
            .answers("Name of the channel", "phone\n")
            .answers("topic", "https://ntfy.example.com/hunter2\n")
            .answers("Where else?", "email\n")
            .answers("Name of the channel", "soc\n")
            .answers("from", "pcemon@example.com\n")
            .answers("to (", end);
        let (code, text) = person.leaves();
        assert!(code == 3 && text.contains(said), "{code} {text}");
        assert!(text.contains("rules.answers.toml") && text.contains("offers them again"), "{text}");
        assert!(!text.contains("at the PCE"), "nobody was asked: {text}");
        let kept = std::fs::read_to_string(room.path("rules.answers.toml")).unwrap();
        assert!(!kept.contains("hunter2") && !kept.contains("api_1f2e3d4c5b6a79880"), "{kept}");
        assert!(!room.path("rules.toml").exists());

        // The second time everything but the secrets is a matter of Enter, and one answer is taken back.
        let mut person = Person::at(&room, "init --offline");
        person
            .answers("URL of the PCE, for example https://pce.example.com:8443 [https://pce.example.com:8443/#/map]", "\n")
            .answers("Organisation, the number in the console's URL [7]", "\n")
            .answers("API key's id, or file:PATH, or the id itself [PCE_API_KEY]", "\n")
            .answers("API key's secret, or file:PATH [PCE_API_SECRET]", "\n")
            .answers("Where do alerts go? - for none [ntfy]", "\n")
            .answers("Name of the channel [phone]", "\n")
            .answers("topic", "NTFY_TOPIC\n")
            .answers("Where else? - for none [email]", "-\n")
            .answers("Which rules", "none\n");
        let (code, text) = person.leaves();
        assert!(code == 0 && text.contains("offered again"), "{text}");
        let config = written(&room, "rules.toml");
        assert_eq!(config.pce.as_ref().unwrap().org_id, 7);
        assert_eq!(config.channels.iter().map(|channel| channel.common.name.as_str()).collect::<Vec<_>>(), ["phone"]);
        assert!(!room.path("rules.answers.toml").exists(), "what is finished is not kept");
    }
}

/// A run that was killed has kept its answers, too.
#[test]
fn a_termination_keeps_the_answers() {
    let room = Room::new();
    let mut person = Person::at(&room, "init --offline -c one.toml");
    person.answers("URL of the PCE", "https://pce.example.com\n").answers("Organisation", "");
    // The terminal's own program ends with the signal; whoever sits behind it is hung up.
    rustix::process::kill_process(rustix::process::Pid::from_child(&person.child), rustix::process::Signal::TERM).unwrap();
    let _ = person.leaves();
    let kept = std::fs::read_to_string(room.path("one.answers.toml")).unwrap();
    assert!(kept.contains("https://pce.example.com"), "{kept}");
}

/// After the credentials were tried nothing of it is at the PCE, and nothing is said about queries there.
#[test]
fn nothing_is_said_of_queries_that_are_not_there() {
    let Estate { world, events, .. } = estate::world(jiff::Timestamp::now());
    let sim = Sim::start(Options { events, ..Options::new(world, jiff::Timestamp::now()) }).unwrap();
    let room = Room::new();
    let mut person = Person::at(&room, "init");
    person
        .answers("URL of the PCE", &format!("{}\n", sim.url()))
        .answers("Organisation", "1\n")
        .answers("API key's id", "PCE_KEY\n")
        .answers("API key's secret", "PCE_SECRET\n")
        .answers("Where do alerts go?", INTERRUPT);
    let (code, text) = person.leaves();
    assert!(code == 3 && text.contains("the PCE accepts the API key"), "{text}");
    assert!(
        text.contains("interrupted; no config was written") && !text.contains("deleting") && !text.contains("left at the PCE"),
        "{text}"
    );
    assert_eq!(sim.queries_left(), 0);
}

/// A target is added to the config that is there: by pairs, or by asking.
#[test]
fn a_target_is_added() {
    let room = Room::new();
    room.config("# mine\n[[rules]]\nname = \"a\"\nsource = \"events\"\nwarning = \">= 1\"\n");
    let before = std::fs::read_to_string(room.path("rules.toml")).unwrap();
    let pairs = ["init", "target", "records", "name=backups", "from.glob=/var/log/backups-*.ndjson", "labels.site=taipei"];
    let ran = room.run(&[&pairs[..], &["--dry-run"]].concat()).exits(0);
    assert!(ran.out.contains("+[[targets]]") && ran.out.contains("No rule reads it yet"), "{}", ran.out);
    assert!(room.run(&pairs).exits(3).err.contains("--yes"));
    assert_eq!(std::fs::read_to_string(room.path("rules.toml")).unwrap(), before);
    room.run(&[&pairs[..], &["--yes"]].concat()).exits(0);
    let text = std::fs::read_to_string(room.path("rules.toml")).unwrap();
    assert!(text.starts_with(&before), "{text}");
    let config = pcemon::config::load(&room.path("rules.toml")).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!((config.targets[0].name.as_str(), config.targets[0].labels["site"].as_str()), ("backups", "taipei"));
    // What is wrong is said, and nothing is written.
    let twice = room.run(&[&pairs[..], &["--yes"]].concat()).exits(3);
    assert!(twice.err.contains("two targets are called `backups`"), "{}", twice.err);
    let ran = room.run(&["init", "target", "nothing", "name=lab"]).exits(3);
    assert!(ran.err.contains("nothing") && ran.err.contains("records"), "{}", ran.err);
    let ran = room.run(&["init", "target", "records", "name=lab", "form.file=x"]).exits(3);
    assert!(ran.err.contains("did you mean `from`?"), "{}", ran.err);
    let ran = room.run(&["init", "target", "records", "name=lab"]).exits(3);
    assert!(ran.err.contains("`from`"), "{}", ran.err);

    let mut person = Person::at(&room, "init target records");
    person
        .answers("Name of the target [records]", "two words\n")
        .answers("from.file", "/var/log/app.ndjson\n")
        .answers("from.glob", "\n")
        .answers("from.stdin", "\n")
        .answers("Name of the target", "app\n")
        .answers("from.file, - for none [/var/log/app.ndjson]", "\n")
        .answers("from.glob", "\n")
        .answers("from.stdin", "\n")
        .answers("Keep these answers anyway?", "y\n")
        .answers("Write this to", "y\n");
    let (code, text) = person.leaves();
    let config = pcemon::config::load(&room.path("rules.toml")).unwrap_or_else(|error| panic!("{}{text}", error.render(false)));
    assert!(text.contains("cannot have this name"), "{text}");
    assert_eq!((code, config.targets.len(), config.targets[1].name.as_str()), (0, 2, "app"), "{text}");
}

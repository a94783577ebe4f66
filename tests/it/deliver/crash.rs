//! A run that is killed at any moment: nothing is lost, and what is repeated has the id it had.

use super::{id, rule, webhook};
use crate::support::receivers::{Moment, Receiver, Request, SmtpReceiver};
use crate::support::run_cli::{Bench, copy_folder};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// What happens when a message arrives, and again when it was answered.
type Hook = Arc<Mutex<Option<Box<dyn FnMut(Moment) + Send>>>>;

/// Four channels of three kinds whose receivers call the hook.
struct Scene {
    bench: Bench,
    hooks: Vec<Receiver>,
    line: Receiver,
    mail: SmtpReceiver,
    hook: Hook,
    open: Arc<Open>,
}

/// Messages that have arrived and whose receiver is not done with them.
#[derive(Default)]
struct Open {
    count: Mutex<i64>,
    changed: Condvar,
}

fn scene() -> Scene {
    let hook: Hook = Arc::new(Mutex::new(None));
    let open: Arc<Open> = Arc::default();
    let watch = || {
        let (hook, open) = (Arc::clone(&hook), Arc::clone(&open));
        move |moment| {
            if moment == Moment::Arrived {
                *open.count.lock().unwrap() += 1;
            }
            if let Some(act) = hook.lock().unwrap().as_mut() {
                act(moment);
            }
            if moment == Moment::Answered {
                *open.count.lock().unwrap() -= 1;
                open.changed.notify_all();
            }
        }
    };
    let hooks = vec![Receiver::watched([], watch()), Receiver::watched([], watch())];
    let (line, mail) = (Receiver::watched([], watch()), SmtpReceiver::watched(&[], watch()));
    let others = format!(
        "[[channels]]\nname = \"line\"\ntype = \"line\"\ntoken = {{ env = \"LINE_TOKEN\" }}\nto = \"U0123\"\nbase_url = {{ env = \"line\" }}\n\
         [[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"pcemon@example.com\"\nto = [\"soc@example.com\"]\n\
         smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\", user = \"pcemon\", password = {{ env = \"SMTP_PASSWORD\" }} }}\n",
        mail.port()
    );
    let config = format!("{}{}{}{others}", rule(&["one", "two", "line", "mail"], ""), webhook("one", ""), webhook("two", ""));
    let bench = Bench::new(&config).url("one", &hooks[0].url()).url("two", &hooks[1].url()).url("line", &line.url());
    Scene { bench, hooks, line, mail, hook, open }
}

impl Scene {
    fn on_message(&self, act: impl FnMut(Moment) + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(act));
    }

    /// Waits until the receivers are done with everything that arrived: the sender may be over a moment before its receiver.
    fn settled(&self) {
        let open = self.open.count.lock().unwrap();
        drop(self.open.changed.wait_while(open, |open| *open > 0).unwrap());
    }

    fn quiet(&self) {
        *self.hook.lock().unwrap() = None;
    }

    /// For each channel: id and what it told, in order of arrival.
    fn arrived(&self) -> BTreeMap<&'static str, Vec<(String, String)>> {
        let posts = |receiver: &Receiver, what: fn(&Request) -> String| {
            receiver.requests().iter().map(|request| (id(request), what(request))).collect::<Vec<_>>()
        };
        let told = |request: &Request| super::tells(request).join(", ");
        let line = |request: &Request| request.body.clone();
        let mails = self.mail.mails();
        let header = |data: &str, name: &str| {
            data.lines().find_map(|line| line.strip_prefix(name)).map_or_else(String::new, |value| value.trim().to_owned())
        };
        BTreeMap::from([
            ("one", posts(&self.hooks[0], told)),
            ("two", posts(&self.hooks[1], told)),
            ("line", posts(&self.line, line)),
            ("mail", mails.iter().map(|mail| (header(&mail.data, "Message-ID:"), header(&mail.data, "Subject:"))).collect()),
        ])
    }

    /// Every channel heard exactly these messages, each under one id; returns how often something came twice.
    fn judge(&self, told: &[&str], context: &str) -> usize {
        let mut repeated = 0;
        for (channel, arrived) in self.arrived() {
            let mut seen: Vec<(String, String)> = Vec::new();
            for (id, text) in arrived {
                assert!(!id.is_empty(), "{context}: {channel}");
                match seen.iter().find(|(known, _)| *known == id) {
                    Some((_, before)) => {
                        assert_eq!(*before, text, "{context}: {channel} got {id} twice with another content");
                        repeated += 1;
                    }
                    None => seen.push((id, text)),
                }
            }
            assert_eq!(seen.len(), told.len(), "{context}: {channel} {seen:?}");
            if matches!(channel, "one" | "two") {
                assert_eq!(seen.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), told, "{context}: {channel}");
            }
        }
        repeated
    }
}

const TOLD: [&str; 3] = ["first warning a, first warning b", "escalated critical a", "resolved critical a, resolved warning b"];
const STORY: [(i64, &[(&str, u64)]); 4] = [(0, &[("a", 50), ("b", 50)]), (5, &[("a", 500), ("b", 50)]), (10, &[]), (15, &[])];

#[test]
fn killed_at_any_message_nothing_is_lost() {
    let mut killed = 0;
    let mut repeated = 0;
    for moment in [Moment::Arrived, Moment::Answered] {
        // Three messages to four channels: twelve of them, and one more kill that never comes.
        for nth in 1..=13 {
            let scene = scene();
            let context = format!("killed when message {nth} had {moment:?}");
            let pid: Arc<Mutex<Option<u32>>> = Arc::default();
            let victim = Arc::clone(&pid);
            let mut count = 0;
            scene.on_message(move |now| {
                count += usize::from(now == moment);
                if now == moment && count == nth {
                    let pid = victim.lock().unwrap().expect("a process that sends has been started");
                    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
                }
            });
            let mut deaths = 0;
            for (minute, flows) in STORY {
                // Held while the process is started: the first message must not come before the id is known.
                let mut slot = pid.lock().unwrap();
                let begun = Instant::now();
                let child = scene.bench.cycle(minute, flows, &[]).spawn().unwrap();
                *slot = Some(child.id());
                drop(slot);
                let died = scene.bench.finish(begun, child).code.is_none();
                deaths += usize::from(died);
                if died {
                    // Cron starts the next one a minute later, and the world has not changed.
                    scene.quiet();
                    let run = scene.bench.check(minute + 1, flows);
                    assert_ne!(run.code, Some(3), "{context}: {}", run.said());
                }
            }
            killed += deaths;
            let again = scene.judge(&TOLD, &context);
            // Each channel has one message in flight at most.
            assert!(again <= 4 * deaths, "{context}: {again} repeated");
            repeated += again;
        }
    }
    assert!(killed >= 20, "only {killed} runs were killed");
    assert!(repeated > 0, "no kill ever hit between delivery and commit");
}

#[test]
fn resumed_from_any_state_that_a_killed_run_leaves_behind() {
    // What is on the disk when each message arrives and when it was answered, and the step it belongs to.
    let scene = scene();
    let snapshots: Arc<Mutex<Vec<PathBuf>>> = Arc::default();
    let (state, folder) = (scene.bench.state_folder(), scene.bench.path("snapshots"));
    let taken = Arc::clone(&snapshots);
    scene.on_message(move |_| {
        let mut taken = taken.lock().unwrap();
        let path = folder.join(taken.len().to_string());
        copy_folder(&state, &path);
        taken.push(path);
    });
    let mut steps = Vec::new();
    for (minute, flows) in STORY {
        let run = scene.bench.check(minute, flows);
        assert_ne!(run.code, Some(3), "{}", run.said());
        scene.settled();
        steps.push(snapshots.lock().unwrap().len());
    }
    scene.quiet();
    assert_eq!(scene.judge(&TOLD, "undisturbed"), 0);
    let ids = |scene: &Scene| -> BTreeMap<&str, BTreeSet<String>> {
        scene.arrived().into_iter().map(|(channel, list)| (channel, list.into_iter().map(|(id, _)| id).collect())).collect()
    };
    let told_once = ids(&scene);
    assert_eq!(steps, [8, 16, 24, 24]);

    let paths = snapshots.lock().unwrap().clone();
    for (number, path) in paths.iter().enumerate() {
        // A kill after this commit of this step: the folder is as it was then, with the litter of a write that was cut off.
        std::fs::remove_dir_all(scene.bench.state_folder()).unwrap();
        copy_folder(path, &scene.bench.state_folder());
        std::fs::write(scene.bench.state_folder().join("state.json.looks-999"), "cut o").unwrap();
        std::fs::create_dir(scene.bench.state_folder().join(".atomicwriteXXXX")).unwrap();
        std::fs::write(scene.bench.state_folder().join(".atomicwriteXXXX/tmpfile.tmp"), "{\"sche").unwrap();
        let step = steps.iter().position(|end| number < *end).unwrap();
        let (minute, flows) = STORY[step];
        let run = scene.bench.check(minute + 1, flows);
        assert_ne!(run.code, Some(3), "snapshot {number}: {}", run.said());
        assert!(run.json()["deliveries"].as_array().unwrap().iter().all(|delivery| delivery["status"] == "sent"), "{}", run.said());
        assert_eq!(run.deliveries().len(), run_outbox(path), "snapshot {number}");
        assert_eq!(ids(&scene), told_once, "snapshot {number}: something came under a new id, or nothing came");
    }
}

/// How many messages a snapshot's state, with the journal of deliveries beside it, still has to deliver.
fn run_outbox(folder: &std::path::Path) -> usize {
    let state: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("state.json")).unwrap()).unwrap();
    let journal = std::fs::read_to_string(folder.join("state.json.deliveries")).unwrap_or_default();
    let delivered = journal.lines().filter(|line| line.contains("\"outcome\":\"delivered\"")).count();
    state["outbox"].as_array().unwrap().len() - delivered
}

#[test]
fn nothing_is_sent_that_could_not_be_remembered() {
    let scene = scene();
    scene.bench.check(0, &[]);
    // A folder in the place of the file that the next commit writes.
    let next = scene.bench.state()["generation"].as_u64().unwrap() + 1;
    let obstacle = scene.bench.state_folder().join(format!("state.json.looks-{next}"));
    std::fs::create_dir_all(obstacle.join("full")).unwrap();
    // The verdict is said, and keeps its code; only what is critical would be sent all the same.
    let run = scene.bench.check(1, &[("a", 50), ("b", 50)]);
    assert_eq!(run.code, Some(1), "{}", run.said());
    assert!(run.stdout.contains("cannot write"), "{}", run.said());
    assert_eq!(scene.judge(&[], "nothing committed"), 0);
    std::fs::remove_dir_all(obstacle).unwrap();
    scene.bench.check(2, &[("a", 50), ("b", 50)]);
    assert_eq!(scene.judge(&TOLD[..1], "committed again"), 0);
}

#[test]
fn a_delivery_that_cannot_be_remembered_is_repeated_under_its_id() {
    let scene = scene();
    let folder = scene.bench.state_folder();
    let files = ["state.json", "state.json.deliveries"].map(|name| (folder.join(name), scene.bench.path(&format!("{name}.away"))));
    let broken = files.clone();
    scene.on_message(move |_| {
        // The disk breaks while the first message is on its way.
        for (from, to) in broken.iter().filter(|(from, _)| from.is_file()) {
            std::fs::rename(from, to).unwrap();
            std::fs::create_dir_all(from.join("full")).unwrap();
        }
    });
    let run = scene.bench.check(0, &[("a", 50), ("b", 50)]);
    assert_eq!(run.code, Some(1), "{}", run.said());
    assert!(run.json()["warnings"].to_string().contains("may be sent again"), "{}", run.said());
    scene.quiet();
    for (file, away) in &files {
        std::fs::remove_dir_all(file).unwrap();
        std::fs::rename(away, file).unwrap();
    }
    let run = scene.bench.check(1, &[("a", 50), ("b", 50)]);
    assert_eq!(run.deliveries(), ["line sent", "mail sent", "one sent", "two sent"]);
    assert!(scene.judge(&TOLD[..1], "broken disk") >= 1);
}

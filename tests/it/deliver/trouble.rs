//! One channel in trouble beside two healthy ones: everything arrives everywhere, once, and nobody waits for it.

use super::{heard, id, rule, webhook};
use crate::support::receivers::{Moment, Receiver, Reply, SmtpReceiver};
use crate::support::run_cli::{Bench, Run};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A bench with a channel in trouble, a healthy webhook and a healthy mail server.
struct Three {
    bench: Bench,
    sick: Receiver,
    well: Receiver,
    mail: SmtpReceiver,
    /// When the healthy ones were done.
    done: Arc<Mutex<Vec<Instant>>>,
}

fn three(script: Vec<Reply>, run: &str) -> Three {
    let sick = Receiver::http(script);
    let done = Arc::new(Mutex::new(Vec::new()));
    let note = |done: &Arc<Mutex<Vec<Instant>>>| {
        let done = Arc::clone(done);
        move |moment| {
            if moment == Moment::Arrived {
                done.lock().unwrap().push(Instant::now());
            }
        }
    };
    let (well, mail) = (Receiver::watched([], note(&done)), SmtpReceiver::watched(&[], note(&done)));
    let email = format!(
        "[[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"pcemon@example.com\"\nto = [\"soc@example.com\"]\n\
         smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\", user = \"pcemon\", password = {{ env = \"SMTP_PASSWORD\" }} }}\n",
        mail.port()
    );
    let config = format!(
        "{run}{}{}{}{email}",
        rule(&["sick", "well", "mail"], ""),
        webhook("sick", "timeout = \"1s\""),
        webhook("well", "timeout = \"30s\"")
    );
    let bench = Bench::new(&config).url("sick", &sick.url()).url("well", &well.url());
    Three { bench, sick, well, mail, done }
}

impl Three {
    /// One run; the healthy channels must be done long before the sick one's patience is over.
    fn check(&self, minute: i64, flows: &[(&str, u64)]) -> Run {
        let begun = Instant::now();
        let run = self.bench.check(minute, flows);
        for done in self.done.lock().unwrap().drain(..) {
            let took = done.saturating_duration_since(begun);
            assert!(took < Duration::from_millis(900) || run.took > Duration::from_secs(3), "a healthy channel waited {took:?}");
        }
        run
    }

    /// Ids of messages that the healthy channels got.
    fn healthy(&self) -> (Vec<Vec<String>>, usize) {
        (heard(&self.well), self.mail.mails().len())
    }
}

fn messages(list: &[&[&str]]) -> Vec<Vec<String>> {
    list.iter().map(|texts| texts.iter().map(|text| (*text).to_owned()).collect()).collect()
}

/// Fails three times in some way and is then well; attempts at these minutes, given the pauses.
fn recovers(name: &str, reply: Reply, pauses: [i64; 3]) {
    let three = three(vec![reply; 3], "");
    let first = three.check(0, &[("web", 50)]);
    assert_eq!((first.code, first.deliveries()[1].as_str()), (Some(1), "sick queued"), "{name}: {}", first.said());
    let mut minute = 0;
    for (number, pause) in pauses.into_iter().enumerate() {
        // One minute before its time nothing is tried.
        if pause > 1 {
            three.check(minute + pause - 1, &[("web", 50)]);
            assert_eq!(three.sick.requests().len(), number + 1, "{name}: tried too early after attempt {}", number + 1);
        }
        minute += pause;
        three.check(minute, &[("web", 50)]);
        assert_eq!(three.sick.requests().len(), number + 2, "{name}: not tried after attempt {}", number + 1);
    }
    let end = three.check(minute + 1, &[]);
    assert_eq!(end.deliveries().len(), 3, "{name}: {}", end.said());
    three.check(minute + 2, &[]);

    let requests = three.sick.requests();
    let (tries, last) = requests.split_at(4);
    assert!(tries.iter().all(|request| id(request) == id(&tries[0]) && request.body == tries[0].body), "{name}");
    assert_eq!(last.len(), 1, "{name}");
    assert_eq!(heard(&three.sick)[3..], messages(&[&["first warning web"], &["resolved warning web"]]), "{name}");
    // The healthy ones heard of the cooldown's reminders, too, if there were any; but nothing twice.
    let (well, mails) = three.healthy();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for request in three.well.requests() {
        *count.entry(id(&request)).or_default() += 1;
    }
    assert!(count.values().all(|times| *times == 1), "{name}: {count:?}");
    assert_eq!((well.first(), well.last()), (Some(&tells(0, &three)), Some(&tells(4, &three))), "{name}");
    let reminders = &well[1..well.len() - 1];
    assert!(reminders.iter().all(|message| *message == ["reminder warning web"]), "{name}: {well:?}");
    assert!(reminders.len() <= usize::try_from(minute / 30).unwrap() && mails == well.len(), "{name}: {mails} {well:?}");
}

fn tells(number: usize, three: &Three) -> Vec<String> {
    heard(&three.sick)[number].clone()
}

#[test]
fn a_service_that_is_busy() {
    recovers("429", Reply::status(429), [1, 2, 4]);
}

#[test]
fn a_service_that_names_its_pause() {
    recovers("429 with a wish", Reply::status(429).header("retry-after", "420"), [7, 7, 7]);
}

#[test]
fn a_service_that_is_broken() {
    recovers("500", Reply::status(500), [1, 2, 4]);
}

#[test]
fn an_endpoint_that_was_removed_and_made_again() {
    recovers("410", Reply::status(410), [60, 60, 60]);
}

#[test]
fn a_connection_that_breaks_off() {
    recovers("close", Reply::Close, [1, 2, 4]);
    recovers("close in the head", Reply::CloseInHead, [1, 2, 4]);
    recovers("garbage", Reply::Garbage, [1, 2, 4]);
}

#[test]
fn a_service_that_hangs() {
    recovers("hang", Reply::Hang, [1, 2, 4]);
}

#[test]
fn the_wish_of_a_service_holds_for_news_too() {
    let three = three(vec![Reply::status(429).header("retry-after", "600")], "");
    three.check(0, &[("web", 50)]);
    let run = three.check(5, &[("web", 500)]);
    assert!(run.stdout.contains("2 messages wait"), "{}", run.stdout);
    assert_eq!(three.sick.requests().len(), 1);
    three.check(10, &[("web", 500)]);
    assert_eq!(heard(&three.sick)[1..], messages(&[&["first warning web"], &["escalated critical web"]]));
    assert_eq!(three.healthy(), (messages(&[&["first warning web"], &["escalated critical web"]]), 2));
}

#[test]
fn the_deadline_ends_a_run_that_hangs() {
    let three = three(vec![Reply::Hang, Reply::Trickle], "[run]\ndeadline = \"2s\"\n");
    // The channel would wait far longer than the run may take.
    let config = std::fs::read_to_string(three.bench.path("rules.toml")).unwrap().replace("timeout = \"1s\"", "timeout = \"60s\"");
    std::fs::write(three.bench.path("rules.toml"), config).unwrap();
    for minute in [0, 10] {
        let run = three.bench.check(minute, &[("web", 50)]);
        assert!(run.took < Duration::from_secs(6), "{:?}", run.took);
        assert!(run.deliveries().contains(&"sick queued".to_owned()), "{}", run.said());
    }
    assert_eq!(three.healthy(), (messages(&[&["first warning web"]]), 1));
    three.bench.check(20, &[("web", 50)]);
    assert_eq!(three.sick.requests().len(), 3);
    assert_eq!(three.healthy(), (messages(&[&["first warning web"]]), 1));
}

#[test]
fn a_channel_whose_secret_is_missing_is_named_before_it_is_needed() {
    let well = Receiver::http([]);
    let config = format!("{}{}{}", rule(&["sick", "well"], ""), webhook("sick", ""), webhook("well", ""));
    let bench = Bench::new(&config).url("well", &well.url());
    let run = bench.check(0, &[]);
    assert_eq!((run.deliveries(), run.code), (vec!["sick failed".to_owned()], Some(3)), "{}", run.said());
    let run = bench.check(1, &[("web", 50)]);
    assert!(run.deliveries().contains(&"well sent".to_owned()) && run.deliveries().contains(&"sick queued".to_owned()), "{}", run.said());
    let sick = Receiver::http([]);
    let bench = bench.url("sick", &sick.url());
    bench.check(2, &[("web", 50)]);
    assert_eq!(heard(&sick), messages(&[&["first warning web"]]));
    assert_eq!(heard(&well).len(), 1);
}

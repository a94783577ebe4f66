//! What a channel believes follows the alert: up, down and to its end, and an end says why.

use super::{RULE, heard, rule, webhook};
use crate::support::receivers::{Receiver, Reply};
use crate::support::run_cli::{Bench, at};
use serde_json::Value;

fn hooked(channel: &str, rule_more: &str) -> (Bench, Receiver) {
    let receiver = Receiver::http([]);
    let rule = RULE.replace("cooldown = \"30m\"", "cooldown = \"24h\"");
    let config = format!("{rule}notify = [\"hook\"]\n{rule_more}\n{}", webhook("hook", channel));
    (Bench::new(&config).url("hook", &receiver.url()), receiver)
}

/// One alert of one message: `resolved milder: summary`.
fn ends(receiver: &Receiver) -> Vec<String> {
    let bodies = receiver.requests().into_iter().map(|request| serde_json::from_str::<Value>(&request.body).unwrap());
    let alerts: Vec<Value> = bodies.flat_map(|body| body["alerts"].as_array().unwrap().clone()).collect();
    let over = alerts.iter().filter(|alert| alert["state"] == "resolved");
    over.map(|alert| format!("{}: {}", alert["end"].as_str().unwrap_or("-"), alert["summary"].as_str().unwrap())).collect()
}

/// N1: what was told last is the level that counts.
#[test]
fn a_fall_that_lasts_is_told_and_the_next_rise_at_once() {
    let (bench, receiver) = hooked("", "");
    bench.check(0, &[("web", 500)]);
    for minute in (10..=600).step_by(10) {
        bench.check(minute, &[("web", 50)]);
    }
    assert_eq!(heard(&receiver), [["first critical web"], ["eased warning web"]]);
    bench.check(610, &[("web", 500)]);
    bench.check(620, &[("web", 500)]);
    assert_eq!(heard(&receiver)[2..], [["escalated critical web"]]);
    // A quick down and up is no news.
    bench.check(630, &[("web", 50)]);
    bench.check(640, &[("web", 500)]);
    bench.check(650, &[]);
    assert_eq!(heard(&receiver)[3..], [["resolved critical web"]]);
}

/// N1, when nobody was there to tell the fall.
#[test]
fn a_rise_after_a_long_fall_is_told_even_when_the_fall_was_not() {
    let (bench, receiver) = hooked("", "");
    for (minute, connections) in [(0, 500), (60, 50), (660, 500), (670, 500)] {
        bench.check(minute, &[("web", connections)]);
    }
    assert_eq!(heard(&receiver), [["first critical web"], ["escalated critical web"]]);
}

/// N2: below what a channel wants is the end for that channel, and it says so.
#[test]
fn an_alert_that_becomes_too_mild_for_a_channel_is_over_there() {
    let (bench, receiver) = hooked("min_severity = \"critical\"", "");
    for (minute, connections) in [(0, 500), (10, 50), (20, 50), (30, 500), (40, 5)] {
        bench.check(minute, &[("web", connections)]);
    }
    assert_eq!(heard(&receiver), [["first critical web"], ["resolved critical web"], ["first critical web"], ["resolved critical web"]]);
    assert_eq!(
        ends(&receiver),
        ["milder: Blocked (web): 50, over for this channel: it fires on, but only as warning", "recovered: Blocked (web): 5, over"]
    );
    bench.check(50, &[]);
    assert_eq!(bench.state()["instances"], serde_json::json!({}));
}

/// N2 with the rule's hysteresis: a short fall ends nothing.
#[test]
fn keep_firing_for_holds_for_a_fall_below_what_a_channel_wants() {
    let (bench, receiver) = hooked("min_severity = \"critical\"", "keep_firing_for = \"15m\"");
    for (minute, connections) in [(0, 500), (10, 50), (20, 500), (30, 50), (40, 50), (45, 50)] {
        bench.check(minute, &[("web", connections)]);
    }
    assert_eq!(heard(&receiver), [["first critical web"], ["resolved critical web"]]);
}

/// N2 where routes decide: whoever heard of it hears that it is told elsewhere now.
#[test]
fn an_alert_that_goes_to_another_channel_is_over_at_the_first() {
    let (pager, chat) = (Receiver::http([]), Receiver::http([]));
    let routes = "[[routes]]\nmatch = { severity = [\"critical\"] }\nchannels = [\"pager\"]\n[[routes]]\nchannels = [\"chat\"]\n";
    let config = |routes: &str| format!("{RULE}{}{}{routes}", webhook("pager", ""), webhook("chat", ""));
    let bench = Bench::new(&config(routes)).url("pager", &pager.url()).url("chat", &chat.url());
    for (minute, connections) in [(0, 500), (10, 50)] {
        bench.check(minute, &[("web", connections)]);
    }
    assert_eq!(
        (heard(&pager), heard(&chat)),
        (vec![vec!["first critical web".to_owned()], vec!["resolved critical web".to_owned()]], vec![vec!["first warning web".to_owned()]])
    );
    bench.configure(&config(
        "[[routes]]\nmatch = { severity = [\"critical\"] }\nchannels = [\"chat\"]\n[[routes]]\nchannels = [\"pager\"]\n",
    ));
    bench.check(20, &[("web", 50)]);
    assert_eq!(ends(&chat), ["elsewhere: Blocked (web): 50, over for this channel: it fires on, but is sent elsewhere now"]);
    assert_eq!(heard(&pager)[2..], [["first warning web"]]);
}

/// N3: what still fires when its silence ends is told then, whatever the cooldown.
#[test]
fn what_still_fires_when_a_silence_ends_is_told() {
    let (bench, receiver) = hooked("", "");
    bench.check(0, &[("web", 50), ("db", 50)]);
    let silence = ["silence", "add", "--match", "group.src_workload=web", "--for", "30m", "--reason", "known", "--now"];
    let now = at(5);
    assert_eq!(bench.run(&[&silence[..], &[now.as_str()]].concat()).code, Some(0));
    for minute in [10, 20, 30, 40, 50] {
        bench.check(minute, &[("web", 50), ("db", 50)]);
    }
    assert_eq!(heard(&receiver), [vec!["first warning db", "first warning web"], vec!["reminder warning web"]]);
}

/// N3 for the other two ways of muting: the same holds.
#[test]
fn what_still_fires_when_a_window_or_an_explanation_ends_is_told() {
    let window = "[[maintenance]]\nname = \"Patch day\"\nmatch = { rule = [\"Blocked\"] }\ntimes = [\"10:05-10:35\"]\ntimezone = \"UTC\"\n";
    let other = "[[rules]]\nname = \"Down\"\nsource = \"traffic\"\nmetric = \"connections\"\nmatch = { src_workload = [\"gate\"] }\n\
                 critical = \"> 0\"\nnotify = []\n[[inhibit]]\nsource = { rule = [\"Down\"] }\ntarget = { rule = [\"Blocked\"] }\n";
    for (more, explained) in [(window, false), (other, true)] {
        let (bench, receiver) = hooked("", "");
        let rule = RULE.replace("cooldown = \"30m\"", "cooldown = \"24h\"");
        bench.configure(&format!("{rule}notify = [\"hook\"]\n{}{more}", webhook("hook", "")));
        for minute in [0, 10, 20, 30, 40, 50] {
            let gate = u64::from(explained && (10..40).contains(&minute));
            bench.check(minute, &[("web", 50), ("gate", gate)]);
        }
        assert_eq!(heard(&receiver), [["first warning web"], ["reminder warning web"]], "{more}");
    }
}

/// N14: an end says why.
#[test]
fn an_end_says_why() {
    let receiver = Receiver::http([]);
    let silent = "[[rules]]\nname = \"Silent\"\nsource = \"traffic\"\nwindow = \"10m\"\ncritical = \"< 1\"\ngroup_by = [\"src_workload\"]\n\
                  remember = \"4h\"\nnotify = [\"hook\"]\n";
    let channel = webhook("hook", "");
    let bench = Bench::new(&format!("{silent}{}{channel}", rule(&["hook"], ""))).url("hook", &receiver.url());
    bench.check(0, &[("web", 5), ("db", 5)]);
    bench.check(20, &[("db", 50)]);
    for minute in (40..=320).step_by(20) {
        bench.check(minute, &[("db", 5)]);
    }
    assert_eq!(
        ends(&receiver),
        ["recovered: Blocked (db): 5, over", "forgotten: Silent (web), over: missing for so long that it is no longer expected"]
    );
    bench.check(340, &[("db", 50)]);
    bench.configure(&format!("{silent}{channel}"));
    bench.check(350, &[("db", 50)]);
    assert_eq!(ends(&receiver)[2..], ["rule_removed: Blocked (db): 50, over: the rule was removed or switched off"]);
}

/// F3: the end of what was told late is told, whatever became of the group meanwhile.
#[test]
fn the_end_of_what_was_told_late_is_told_though_the_group_is_pending_again() {
    for (more, story) in [
        // Told when it is over and waits to fire anew, which comes to nothing.
        ("for = \"15m\"", [50, 50, 50, 5, 50, 5, 5, 5]),
        // Told when it fires anew, too mild for the channel.
        ("", [500, 500, 500, 5, 50, 50, 5, 5]),
    ] {
        let receiver = Receiver::http([Reply::status(503), Reply::status(503), Reply::status(503)]);
        let channel = if more.is_empty() { "min_severity = \"critical\"" } else { "" };
        let bench = Bench::new(&format!("{}{}", rule(&["hook"], more), webhook("hook", channel))).url("hook", &receiver.url());
        for (number, connections) in story.into_iter().enumerate() {
            bench.check(10 * i64::try_from(number).unwrap(), &[("web", connections)]);
        }
        let severity = if more.is_empty() { "critical" } else { "warning" };
        let told = heard(&receiver);
        assert_eq!(told.last().unwrap(), &[format!("resolved {severity} web")], "{more}: {told:?}");
        assert_eq!(told[told.len() - 2], [format!("first {severity} web")], "{more}: {told:?}");
        assert_eq!((&bench.state()["instances"], &bench.state()["outbox"]), (&serde_json::json!({}), &serde_json::json!([])));
    }
}

/// F3: with what follows, an end before a new beginning.
#[test]
fn an_episode_that_was_told_is_over_before_the_next_one_begins() {
    let receiver = Receiver::http([Reply::status(503), Reply::status(503), Reply::status(503), Reply::status(503)]);
    let bench = Bench::new(&format!("{}{}", rule(&["hook"], ""), webhook("hook", ""))).url("hook", &receiver.url());
    for (minute, connections) in [(0, 50), (1, 5), (2, 50), (3, 50), (10, 50)] {
        bench.check(minute, &[("web", connections)]);
    }
    let told: Vec<String> = heard(&receiver)[4..].concat();
    assert_eq!(told, ["first warning web", "first warning web", "resolved warning web"]);
    let since: Vec<String> = receiver.requests()[4..]
        .iter()
        .flat_map(|request| serde_json::from_str::<Value>(&request.body).unwrap()["alerts"].as_array().unwrap().clone())
        .map(|alert| format!("{} {}", alert["state"].as_str().unwrap(), alert["since"].as_str().unwrap()))
        .collect();
    assert_eq!(since, [format!("firing {}", at(0)), format!("firing {}", at(2)), format!("resolved {}", at(0))]);
}

/// N69: what got worse is new.
#[test]
fn what_got_worse_is_new() {
    let (bench, _receiver) = hooked("", "");
    let mut codes = Vec::new();
    for (minute, connections) in [(0, 50), (10, 50), (20, 500), (30, 500), (40, 50), (50, 5)] {
        codes.push(bench.check_with(minute, &[("web", connections)], &["--fail-on", "new"]).code.unwrap());
    }
    assert_eq!(codes, [1, 0, 2, 0, 0, 0]);
}

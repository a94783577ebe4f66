//! Alerts that arrive: sequences of runs of the real program against channels that fail in every way.

mod belief;
mod crash;
mod digest;
mod heartbeat;
mod history;
mod life;
mod mail;
mod mute;
mod mute_history;
mod outbox;
mod parts;
mod secrets;
mod silence;
mod snapshot;
mod trouble;

use crate::support::receivers::{Receiver, Request};
use serde_json::Value;

/// Above 10 connections of one workload it warns, above 100 it is critical.
const RULE: &str = "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\nmetric = \"connections\"\ngroup_by = [\"src_workload\"]\n\
                    warning = \"> 10\"\ncritical = \"> 100\"\ncooldown = \"30m\"\n";

/// A signed webhook whose URL comes from the variable of the same name.
fn webhook(name: &str, more: &str) -> String {
    format!(
        "[[channels]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = {{ env = \"{name}\" }}\nsecret = {{ env = \"WEBHOOK_SECRET\" }}\n\
         headers = {{ authorization = {{ env = \"HEADER_TOKEN\" }} }}\n{more}\n"
    )
}

/// The rule, told to these channels.
fn rule(notify: &[&str], more: &str) -> String {
    format!("{RULE}notify = {notify:?}\n{more}\n")
}

/// What a webhook's request tells: `first critical web-01`, alert by alert, and `+N` for those only counted.
fn tells(request: &Request) -> Vec<String> {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let mut out: Vec<String> = body["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| {
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text(&alert["reason"]), text(&alert["severity"]), text(&alert["group"]["src_workload"]))
        })
        .collect();
    let left_out = body["left_out"].as_u64().unwrap();
    if left_out > 0 {
        out.push(format!("+{left_out}"));
    }
    out
}

/// What every request told, message by message.
fn heard(receiver: &Receiver) -> Vec<Vec<String>> {
    receiver.requests().iter().map(tells).collect()
}

fn id(request: &Request) -> String {
    request.header("webhook-id").or_else(|| request.header("x-line-retry-key")).unwrap().to_owned()
}

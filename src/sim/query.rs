//! A traffic query as the PCE reads it: what it refuses, what it selects.

use super::record::{FlowRecord, label_href};
use super::world::Host;
use crate::domain::record::Decision;
use crate::domain::time::{after, before};
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// The most rows that one query may ask for.
pub const MAX_RESULTS: u64 = 200_000;

/// Why a query is refused: token and message.
pub type Refusal = (&'static str, String);

/// A query that was accepted.
#[derive(Debug, Clone)]
pub struct Query {
    /// Start of the window.
    pub from: Timestamp,
    /// End of the window.
    pub to: Timestamp,
    /// Most rows wanted.
    pub max_results: usize,
    decisions: Vec<Decision>,
    sources: Side,
    destinations: Side,
    either: bool,
    services: Vec<Service>,
    no_services: Vec<Service>,
}

#[derive(Debug, Clone)]
struct Side {
    include: Vec<Vec<Actor>>,
    exclude: Vec<Actor>,
}

#[derive(Debug, Clone)]
enum Actor {
    Network(ipnet::IpNet),
    Label(String),
    Workload(String),
    IpList(String),
    AllWorkloads,
    Transmission(String),
}

#[derive(Debug, Clone)]
struct Service {
    ports: Option<(u64, u64)>,
    proto: Option<u64>,
    process: Option<String>,
    windows_service: Option<String>,
}

impl Query {
    /// Reads the body of a POST.
    pub fn read(body: &Value, now: Timestamp) -> Result<Query, Refusal> {
        let invalid = |message: &str| ("input_validation_error", message.to_owned());
        if !body["query_name"].is_string() {
            return Err(invalid("query_name is required"));
        }
        let day = Duration::from_secs(86_400);
        let max_results = match &body["max_results"] {
            Value::Null => MAX_RESULTS,
            value => value.as_u64().filter(|n| (1..=MAX_RESULTS).contains(n)).ok_or_else(|| invalid("max_results must be 1 to 200000"))?,
        };
        let words = body["policy_decisions"].as_array().ok_or_else(|| invalid("policy_decisions must be an array"))?;
        let decisions = words
            .iter()
            .map(|word| word.as_str().and_then(Decision::parse).ok_or_else(|| invalid("policy_decisions holds an unknown value")))
            .collect::<Result<_, _>>()?;
        let either = match body["sources_destinations_query_op"].as_str() {
            None | Some("and") => false,
            Some("or") => true,
            Some(_) => return Err(invalid("sources_destinations_query_op must be and, or")),
        };
        Ok(Query {
            from: instant(&body["start_date"], before(now, day))?,
            to: instant(&body["end_date"], after(now, day))?,
            max_results: usize::try_from(max_results).unwrap_or(usize::MAX),
            decisions,
            sources: side(&body["sources"])?,
            destinations: side(&body["destinations"])?,
            either,
            services: services(&body["services"]["include"])?,
            no_services: services(&body["services"]["exclude"])?,
        })
    }

    /// Whether the query selects the record; the window has been seen to.
    pub fn selects(&self, record: &FlowRecord) -> bool {
        let included = match (self.sources.includes(&record.src), self.destinations.includes(&record.dst)) {
            (src, dst) if self.either => src || dst,
            (src, dst) => src && dst,
        };
        included
            && !self.sources.excludes(&record.src, record)
            && !self.destinations.excludes(&record.dst, record)
            && (self.decisions.is_empty() || self.decisions.contains(&record.decision))
            && (self.services.is_empty() || self.services.iter().any(|service| service.matches(record)))
            && !self.no_services.iter().any(|service| service.matches(record))
    }
}

impl Side {
    fn includes(&self, host: &Host) -> bool {
        self.include.is_empty() || self.include.iter().any(|all| all.iter().all(|actor| actor.matches(host)))
    }

    fn excludes(&self, host: &Host, record: &FlowRecord) -> bool {
        self.exclude.iter().any(|actor| match actor {
            Actor::Transmission(word) => *word == *record.transmission || (word == "unicast" && record.transmission.is_empty()),
            actor => actor.matches(host),
        })
    }
}

impl Actor {
    fn matches(&self, host: &Host) -> bool {
        match self {
            Actor::Network(network) => network.contains(&host.ip),
            Actor::Label(href) => {
                host.workload.as_ref().is_some_and(|workload| workload.labels.iter().any(|(key, value)| label_href(key, value) == *href))
            }
            Actor::Workload(href) => host.href() == href,
            Actor::IpList(href) => host.ip_lists.iter().any(|list| href.ends_with(&format!("/ip_lists/{}", list.id))),
            Actor::AllWorkloads => host.workload.is_some(),
            Actor::Transmission(_) => false,
        }
    }
}

impl Service {
    fn matches(&self, record: &FlowRecord) -> bool {
        self.proto.is_none_or(|proto| proto == u64::from(record.proto))
            && self.ports.is_none_or(|(from, to)| record.port.is_some_and(|port| (from..=to).contains(&u64::from(port))))
            && self.process.as_ref().is_none_or(|process| **process == *record.process)
            && self.windows_service.as_ref().is_none_or(|service| **service == *record.service)
    }
}

/// A time with a zone; a naive one is refused, an empty one means the default.
pub fn instant(value: &Value, default: Timestamp) -> Result<Timestamp, Refusal> {
    match value.as_str() {
        None if value.is_null() => Ok(default),
        Some("") => Ok(default),
        text => text
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| ("invalid_timestamp", format!("Invalid timestamp {value}: a date, a time and a zone are needed"))),
    }
}

fn side(value: &Value) -> Result<Side, Refusal> {
    let invalid = |message: &str| ("input_validation_error", message.to_owned());
    let include = value["include"].as_array().ok_or_else(|| invalid("include must be an array of arrays"))?;
    let mut any_of = Vec::new();
    for all in include {
        let all = all.as_array().ok_or_else(|| invalid("include must be an array of arrays"))?;
        if all.iter().any(|item| item.get("transmission").is_some()) {
            return Err(invalid("transmission is not allowed in include"));
        }
        any_of.push(all.iter().map(actor).collect::<Result<Vec<_>, _>>()?);
    }
    // An empty inner array means any, and so does no array at all.
    if any_of.iter().any(Vec::is_empty) {
        any_of.clear();
    }
    let exclude = value["exclude"].as_array().ok_or_else(|| invalid("exclude must be an array"))?;
    Ok(Side { include: any_of, exclude: exclude.iter().map(actor).collect::<Result<_, _>>()? })
}

fn actor(value: &Value) -> Result<Actor, Refusal> {
    let invalid = |message: String| ("input_validation_error", message);
    let (key, content) = value
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.iter().next())
        .ok_or_else(|| invalid(format!("{value} is not an object with one key")))?;
    let href = || content["href"].as_str().map(str::to_owned).ok_or_else(|| invalid(format!("{key} needs an href")));
    match key.as_str() {
        "ip_address" => {
            let text = content.as_str().ok_or_else(|| invalid("ip_address must be a string".to_owned()))?;
            let network = text.parse().or_else(|_| text.parse().map(|ip: std::net::IpAddr| ip.into()));
            network.map(Actor::Network).map_err(|_| invalid(format!("{text} is not an address")))
        }
        "label" => href().map(Actor::Label),
        "workload" => href().map(Actor::Workload),
        "ip_list" => href().map(Actor::IpList),
        "actors" if content == "ams" => Ok(Actor::AllWorkloads),
        "transmission" => Ok(Actor::Transmission(content.as_str().unwrap_or_default().to_owned())),
        _ => Err(invalid(format!("{key} is not known here"))),
    }
}

fn services(value: &Value) -> Result<Vec<Service>, Refusal> {
    let invalid = |message: String| ("input_validation_error", message);
    let list = value.as_array().ok_or_else(|| invalid("services need include and exclude, both arrays".to_owned()))?;
    list.iter()
        .map(|item| {
            let number = |key: &str, most: u64| match &item[key] {
                Value::Null => Ok(None),
                found => {
                    found.as_u64().filter(|n| *n <= most).map(Some).ok_or_else(|| invalid(format!("{key} must be a number up to {most}")))
                }
            };
            let text = |key: &str| item[key].as_str().map(str::to_owned);
            let (port, to_port) = (number("port", 65_535)?, number("to_port", 65_535)?);
            if to_port.is_some() && (port.is_none() || to_port < port) {
                return Err(invalid("to_port needs a port that is not above it".to_owned()));
            }
            Ok(Service {
                ports: port.map(|port| (port, to_port.unwrap_or(port))),
                proto: number("proto", 255)?,
                process: text("process_name"),
                windows_service: text("windows_service_name"),
            })
        })
        .collect()
}

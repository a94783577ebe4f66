//! How a question that is too large for one answer is cut into smaller ones, by what the PCE can
//! filter on: first policy decisions, then protocols and ports, then time. Asks nothing itself.

use super::query::{ServiceFilter, TrafficQuery};
use crate::domain::time::pce_format;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const TCP: i16 = 6;
const UDP: i16 = 17;

/// What a question was cut by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Decision,
    Service,
    Time,
}

/// One question, perhaps a part of a larger one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    query: TrafficQuery,
    /// Everything but TCP and UDP.
    others: bool,
}

impl Piece {
    /// The whole question. Times are widened to whole seconds.
    pub(super) fn whole(query: &TrafficQuery) -> Piece {
        let mut query = query.clone();
        let floor = |at: Timestamp| Timestamp::from_second(at.as_second() - i64::from(at.subsec_nanosecond() < 0)).unwrap_or(at);
        query.from = floor(query.from);
        if floor(query.to) != query.to {
            query.to = floor(query.to) + SignedDuration::from_secs(1);
        }
        query.max_results = query.max_results.clamp(1, 200_000);
        Piece { query, others: false }
    }

    pub(super) fn max_results(&self) -> u64 {
        self.query.max_results
    }

    /// The decisions it asks for, by number.
    pub(super) fn decisions(&self) -> [bool; 4] {
        use crate::domain::record::Decision;
        Decision::ALL.map(|decision| self.query.decisions.is_empty() || self.query.decisions.contains(&decision))
    }

    /// The body that the PCE takes.
    pub(super) fn body(&self, name: &str) -> String {
        let services: Vec<Value> = self.query.services.iter().map(service).collect();
        let excluded = if self.others { json!([{"proto": TCP}, {"proto": UDP}]) } else { json!([]) };
        let decisions: Vec<&str> = self.query.decisions.iter().map(|decision| decision.name()).collect();
        json!({
            "query_name": name,
            "start_date": pce_format(self.query.from),
            "end_date": pce_format(self.query.to),
            "sources": {"include": [[]], "exclude": []},
            "destinations": {"include": [[]], "exclude": []},
            "services": {"include": services, "exclude": excluded},
            "policy_decisions": decisions,
            "sources_destinations_query_op": "and",
            "exclude_workloads_from_ip_list_query": true,
            "max_results": self.query.max_results,
        })
        .to_string()
    }

    /// The next smaller questions that together ask the same; `None` when it cannot be cut any more.
    pub(super) fn split(&self) -> Option<(Dimension, Vec<Piece>)> {
        if let Some(parts) = self.by_decision() {
            return Some((Dimension::Decision, parts));
        }
        if let Some(parts) = self.by_service() {
            return Some((Dimension::Service, parts));
        }
        Some((Dimension::Time, self.by_time()?))
    }

    fn by_decision(&self) -> Option<Vec<Piece>> {
        use crate::domain::record::Decision;
        let decisions = if self.query.decisions.is_empty() { &Decision::ALL[..] } else { &self.query.decisions };
        (decisions.len() > 1).then(|| {
            decisions.iter().map(|decision| self.with(TrafficQuery { decisions: vec![*decision], ..self.query.clone() })).collect()
        })
    }

    fn by_service(&self) -> Option<Vec<Piece>> {
        let with = |services: Vec<ServiceFilter>, others: bool| Piece { query: TrafficQuery { services, ..self.query.clone() }, others };
        let only = |service: ServiceFilter| with(vec![service], false);
        match self.query.services.as_slice() {
            _ if self.others => None,
            [] => Some(vec![only(ServiceFilter::proto(TCP)), only(ServiceFilter::proto(UDP)), with(Vec::new(), true)]),
            [service] if service.proto.is_none() => {
                let of = |proto| only(ServiceFilter { proto: Some(proto), ..*service });
                Some(vec![of(TCP), of(UDP), with(vec![*service], true)])
            }
            [service] if matches!(service.proto, Some(TCP | UDP)) => {
                let (low, high) = service.ports();
                if low >= high {
                    return None;
                }
                // Most traffic goes to low ports: the middle between them is a geometric one.
                let middle = (f64::from(low.max(1)) * f64::from(high)).sqrt() as u16;
                let middle = middle.clamp(low, high - 1);
                let range = |from: u16, to: u16| only(ServiceFilter { from_port: Some(from), to_port: Some(to), ..*service });
                Some(vec![range(low, middle), range(middle + 1, high)])
            }
            [_] => None,
            many => {
                let (first, second) = many.split_at(many.len() / 2);
                Some(vec![with(first.to_vec(), false), with(second.to_vec(), false)])
            }
        }
    }

    fn by_time(&self) -> Option<Vec<Piece>> {
        let (from, to) = (self.query.from.as_second(), self.query.to.as_second());
        if to - from <= 1 {
            return None;
        }
        // The PCE keeps whole UTC days: a cut at midnight parts them, any other cut may give the same records twice.
        let day = 86_400;
        let half = from + (to - from) / 2;
        let midnight = (half + day / 2).div_euclid(day) * day;
        let cut = Timestamp::from_second(if from < midnight && midnight < to { midnight } else { half }).ok()?;
        Some(vec![self.with(TrafficQuery { to: cut, ..self.query.clone() }), self.with(TrafficQuery { from: cut, ..self.query.clone() })])
    }

    fn with(&self, query: TrafficQuery) -> Piece {
        Piece { query, others: self.others }
    }

    /// What is asked, for people.
    pub(super) fn describe(&self) -> String {
        let mut parts = vec![format!("{} to {}", pce_format(self.query.from), pce_format(self.query.to))];
        if !self.query.decisions.is_empty() {
            parts.push(self.query.decisions.iter().map(|decision| decision.name()).collect::<Vec<_>>().join(" or "));
        }
        if self.others {
            parts.push(tr!("neither tcp nor udp"));
        }
        match self.query.services.as_slice() {
            [] => {}
            [service] => parts.push(service.describe()),
            many => parts.push(tr!("{count} services", count = many.len())),
        }
        parts.join(", ")
    }
}

fn service(filter: &ServiceFilter) -> Value {
    let mut item = serde_json::Map::new();
    if let Some(port) = filter.from_port {
        item.insert("port".to_owned(), port.into());
        if let Some(to_port) = filter.to_port.filter(|to_port| *to_port != port) {
            item.insert("to_port".to_owned(), to_port.into());
        }
    }
    if let Some(proto) = filter.proto {
        item.insert("proto".to_owned(), proto.into());
    }
    Value::Object(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Decision;

    fn query() -> TrafficQuery {
        TrafficQuery {
            from: "2026-08-02T22:00:00Z".parse().unwrap(),
            to: "2026-08-03T06:00:00Z".parse().unwrap(),
            decisions: vec![],
            services: vec![],
            max_results: 10,
        }
    }

    fn dimension(piece: &Piece) -> Option<(Dimension, usize)> {
        piece.split().map(|(dimension, parts)| (dimension, parts.len()))
    }

    #[test]
    fn decisions_then_services_then_time() {
        let whole = Piece::whole(&query());
        assert_eq!(dimension(&whole), Some((Dimension::Decision, 4)));
        let one = Piece::whole(&TrafficQuery { decisions: vec![Decision::Blocked], ..query() });
        let (by, parts) = one.split().unwrap();
        assert_eq!(by, Dimension::Service);
        assert_eq!(
            parts.iter().map(Piece::describe).collect::<Vec<_>>(),
            [
                "2026-08-02T22:00:00Z to 2026-08-03T06:00:00Z, blocked, tcp",
                "2026-08-02T22:00:00Z to 2026-08-03T06:00:00Z, blocked, udp",
                "2026-08-02T22:00:00Z to 2026-08-03T06:00:00Z, blocked, neither tcp nor udp",
            ]
        );
        assert_eq!(dimension(&parts[2]), Some((Dimension::Time, 2)));
        assert!(parts[2].body("n").contains(r#""services":{"exclude":[{"proto":6},{"proto":17}],"include":[]}"#));
        let (by, halves) = parts[2].split().unwrap();
        assert_eq!(by, Dimension::Time);
        assert!(
            halves[0].describe().contains("to 2026-08-03T00:00:00Z") && halves[1].describe().starts_with("2026-08-03T00:00:00Z to"),
            "the cut is at midnight"
        );
        let (_, quarters) = halves[1].split().unwrap();
        assert!(quarters[0].describe().contains("to 2026-08-03T03:00:00Z"));
    }

    #[test]
    fn port_ranges_cover_each_port_once_down_to_single_ports() {
        let tcp = Piece::whole(&TrafficQuery { decisions: vec![Decision::Blocked], services: vec![ServiceFilter::proto(TCP)], ..query() });
        let mut ranges = vec![tcp];
        let mut depth = 0;
        while let Some(position) = ranges.iter().position(|piece| matches!(piece.split(), Some((Dimension::Service, _)))) {
            let piece = ranges.remove(position);
            let (low, high) = piece.query.services[0].ports();
            let (_, parts) = piece.split().unwrap();
            let bounds: Vec<_> = parts.iter().map(|part| part.query.services[0].ports()).collect();
            assert_eq!((bounds[0].0, bounds[0].1 + 1, bounds[1].1), (low, bounds[1].0, high));
            // Only the part that holds 443 is followed.
            ranges.extend(parts.into_iter().filter(|part| {
                let (low, high) = part.query.services[0].ports();
                low <= 443 && 443 <= high
            }));
            depth += 1;
        }
        assert_eq!(ranges[0].query.services[0].ports(), (443, 443));
        assert!(depth <= 16, "{depth}");
        assert!(ranges[0].body("n").contains(r#""include":[{"port":443,"proto":6}]"#));
    }

    #[test]
    fn given_services_are_kept() {
        let port = |from, to, proto| ServiceFilter { from_port: Some(from), to_port: to, proto };
        let decisions = vec![Decision::Allowed];
        let list = Piece::whole(&TrafficQuery {
            decisions: decisions.clone(),
            services: vec![port(1, None, None), port(2, None, None), port(3, None, None)],
            ..query()
        });
        let (_, parts) = list.split().unwrap();
        assert_eq!(parts.iter().map(|part| part.query.services.len()).collect::<Vec<_>>(), [1, 2]);
        let single = Piece::whole(&TrafficQuery { decisions: decisions.clone(), services: vec![port(8000, Some(8001), None)], ..query() });
        let (_, parts) = single.split().unwrap();
        assert_eq!(parts.len(), 3);
        assert!(parts[2].others && parts[2].query.services == [port(8000, Some(8001), None)]);
        let (_, halves) = parts[0].split().unwrap();
        assert_eq!(halves.iter().map(|half| half.query.services[0].ports()).collect::<Vec<_>>(), [(8000, 8000), (8001, 8001)]);
        let icmp = Piece::whole(&TrafficQuery { decisions, services: vec![ServiceFilter::proto(1)], ..query() });
        assert_eq!(dimension(&icmp), Some((Dimension::Time, 2)));
    }

    #[test]
    fn a_second_is_not_cut() {
        let piece = Piece::whole(&TrafficQuery {
            from: "2026-08-03T06:00:00.4Z".parse().unwrap(),
            to: "2026-08-03T06:00:00.9Z".parse().unwrap(),
            decisions: vec![Decision::Blocked],
            services: vec![ServiceFilter::proto(1)],
            max_results: 1_000_000,
        });
        assert_eq!(piece.describe(), "2026-08-03T06:00:00Z to 2026-08-03T06:00:01Z, blocked, icmp");
        assert_eq!(piece.split(), None);
        assert_eq!(piece.max_results(), 200_000);
    }
}

//! The fields of a flow, and what a rule cannot know of one that leaves some of them out.

use crate::domain::field::Field;
use crate::domain::filter::{Filter, TrafficCondition};
use crate::domain::metric::Metric;
use crate::domain::record::{Endpoint, Flow, NotTold, proto_name};
use crate::domain::rule::Rule;
use xxhash_rust::xxh3::xxh3_64;

/// What must be told of a flow for a rule to know whether and where it counts.
pub(super) fn asks_of(rule: &Rule, filter: &Filter<TrafficCondition>) -> NotTold {
    let values: &[Field] = match &rule.metric {
        Metric::Distinct(field) => std::slice::from_ref(field),
        Metric::New(fields) | Metric::Changes(fields) => fields,
        _ => &[],
    };
    let fields = rule.group_by.iter().chain(values);
    let asks = fields.fold(filter.asks().and(NotTold::PAIRING), |asks, field| asks.and(field_asks(field)));
    if matches!(rule.metric, Metric::Flows | Metric::Bandwidth) { asks.and(FLOW) } else { asks }
}

/// What makes a flow the flow that it is.
const FLOW: NotTold = NotTold::PORT.and(NotTold::PROTO).and(NotTold::DECISION).and(NotTold::IP.of_src()).and(NotTold::IP.of_dst());

/// What must be told of a flow for its amount to be known.
pub(super) fn amount_asks(metric: &Metric) -> NotTold {
    match metric {
        Metric::Bytes | Metric::Bandwidth | Metric::Throughput => NotTold::BYTES,
        Metric::BytesIn => NotTold::BYTES_IN,
        Metric::BytesOut => NotTold::BYTES_OUT,
        _ => NotTold::NOTHING,
    }
}

/// What must be told of a flow for the value of a field to be known.
fn field_asks(field: &Field) -> NotTold {
    let name = NotTold::NAME.and(NotTold::WORKLOAD);
    let labels = NotTold::LABELS.and(NotTold::WORKLOAD);
    match field {
        Field::SrcIp => NotTold::IP.of_src(),
        Field::DstIp => NotTold::IP.of_dst(),
        Field::SrcWorkload => name.of_src(),
        Field::DstWorkload => name.of_dst(),
        Field::SrcLabel(_) => labels.of_src(),
        Field::DstLabel(_) => labels.of_dst(),
        Field::Port => NotTold::PORT,
        Field::Proto => NotTold::PROTO,
        Field::Decision => NotTold::DECISION,
        Field::Process | Field::User => NotTold::REPORTER,
        _ => NotTold::NOTHING,
    }
}

/// Whether a flow does not tell the value of a field.
pub fn is_not_told(field: &Field, flow: &Flow<'_>) -> bool {
    if !flow.not_told().any(field_asks(field)) {
        return false;
    }
    let end = |end: &Endpoint| end.not_told;
    match field {
        // An address that cannot be read is one all the same, when it only has to be told from others.
        Field::SrcIp => flow.src.endpoint.ip_text.is_empty(),
        Field::DstIp => flow.dst.endpoint.ip_text.is_empty(),
        // A name is told by itself; a host name stands in for one only where it is known that there is none.
        Field::SrcWorkload => flow.src.endpoint.workload.as_ref().is_none_or(|workload| workload.name.is_empty()),
        Field::DstWorkload => flow.dst.endpoint.workload.as_ref().is_none_or(|workload| workload.name.is_empty()),
        Field::SrcLabel(key) => flow.src.endpoint.label(key).is_none() && end(&flow.src.endpoint).any(NotTold::LABELS),
        Field::DstLabel(key) => flow.dst.endpoint.label(key).is_none() && end(&flow.dst.endpoint).any(NotTold::LABELS),
        _ => true,
    }
}

/// What a rule cannot know of a flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    /// Whether it matches.
    pub(super) matching: bool,
    /// To which group it belongs.
    pub(super) group: bool,
    /// Which value it has.
    pub(super) value: bool,
    /// Whether another record speaks of the same connections.
    pub(super) pairing: bool,
    /// How much it adds.
    pub(super) amount: bool,
}

impl Doubt {
    pub(super) fn of(rule: &Rule, flow: &Flow<'_>, undecided: bool) -> Doubt {
        let any = |fields: &[Field]| fields.iter().any(|field| is_not_told(field, flow));
        let value = match &rule.metric {
            Metric::Distinct(field) => is_not_told(field, flow),
            Metric::New(fields) | Metric::Changes(fields) => any(fields),
            Metric::Flows | Metric::Bandwidth => {
                let has_address = !is_not_told(&Field::SrcIp, flow) && !is_not_told(&Field::DstIp, flow);
                flow.own_not_told.any(FLOW) || !has_address
            }
            _ => false,
        };
        let amount = flow.own_not_told.any(amount_asks(&rule.metric));
        let pairing = flow.not_told().any(NotTold::REPORTING_END);
        Doubt { matching: undecided, group: any(&rule.group_by), value, pairing, amount }
    }

    /// Whether it may be that it does not count.
    pub(super) fn any(self) -> bool {
        self.matching || self.group || self.value
    }
}

/// The value of a field, or `None` when the record has no such thing.
pub fn field_value(field: &Field, flow: &Flow<'_>) -> Option<String> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match field {
        Field::SrcIp => some(&flow.src.endpoint.ip_text),
        Field::DstIp => some(&flow.dst.endpoint.ip_text),
        Field::SrcWorkload => some(flow.src.endpoint.display_name()),
        Field::DstWorkload => some(flow.dst.endpoint.display_name()),
        Field::SrcLabel(key) => flow.src.endpoint.label(key).map(str::to_owned),
        Field::DstLabel(key) => flow.dst.endpoint.label(key).map(str::to_owned),
        Field::Port => flow.port.map(|port| port.to_string()),
        Field::Proto => (flow.proto >= 0).then(|| proto_name(flow.proto)),
        Field::Process => some(flow.process),
        Field::User => some(flow.user),
        Field::Decision => Some(flow.decision.name().to_owned()),
        // Those of events and of VENs.
        _ => None,
    }
}

/// What `memory::group_key` makes of these fields, without building the texts.
pub(super) fn key_of(fields: &[Field], flow: &Flow<'_>, scratch: &mut Vec<u8>) -> u64 {
    if fields.is_empty() {
        return super::measurement::UNGROUPED;
    }
    scratch.clear();
    fields.iter().for_each(|field| append_field(field, flow, scratch));
    xxh3_64(scratch)
}

/// The bytes that `memory::group_key` hashes.
fn append_field(field: &Field, flow: &Flow<'_>, out: &mut Vec<u8>) {
    let mut text = |text: Option<&str>| match text {
        None => out.push(0),
        Some(text) => {
            out.push(1);
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    };
    match field {
        Field::SrcIp => text(Some(flow.src.endpoint.ip_text.as_str()).filter(|text| !text.is_empty())),
        Field::DstIp => text(Some(flow.dst.endpoint.ip_text.as_str()).filter(|text| !text.is_empty())),
        Field::SrcWorkload => text(Some(flow.src.endpoint.display_name()).filter(|text| !text.is_empty())),
        Field::DstWorkload => text(Some(flow.dst.endpoint.display_name()).filter(|text| !text.is_empty())),
        Field::SrcLabel(key) => text(flow.src.endpoint.label(key)),
        Field::DstLabel(key) => text(flow.dst.endpoint.label(key)),
        Field::Decision => text(Some(flow.decision.name())),
        other => text(field_value(other, flow).as_deref()),
    }
}

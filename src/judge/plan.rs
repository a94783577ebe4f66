//! Rules compiled once: every distinct condition becomes one bit, tested once for each endpoint or
//! record, and a rule becomes a comparison of bits. A hundred rules cost little more than five.

use crate::domain::filter::{End, EndCondition, Filter, TrafficCondition};
use crate::domain::record::{Decision, Endpoint, Flow};

/// A set of condition numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, bit: usize) {
        let word = bit / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (bit % 64);
    }

    /// Whether all of these are among `have`.
    fn all_in(&self, have: &[u64]) -> bool {
        self.0.iter().enumerate().all(|(index, word)| have.get(index).copied().unwrap_or(0) & word == *word)
    }

    /// Whether any of these is among `have`.
    fn any_in(&self, have: &[u64]) -> bool {
        self.0.iter().zip(have).any(|(word, have)| word & have != 0)
    }
}

/// One rule as bits.
#[derive(Debug, Default)]
struct CompiledRule {
    src_all: Bits,
    dst_all: Bits,
    any_all: Vec<usize>,
    other_all: Bits,
    src_none: Bits,
    dst_none: Bits,
    other_none: Bits,
}

/// All traffic rules of a run, compiled.
#[derive(Debug, Default)]
pub struct Plan {
    ends: Vec<EndCondition>,
    others: Vec<TrafficCondition>,
    rules: Vec<CompiledRule>,
    /// Scratch: which of `others` hold for the record at hand.
    holding: Vec<u64>,
}

impl Plan {
    /// Compiles filters; rule numbers are positions in this list.
    pub fn new<'f>(filters: impl IntoIterator<Item = &'f Filter<TrafficCondition>>) -> Self {
        let mut plan = Plan::default();
        for filter in filters {
            let mut rule = CompiledRule::default();
            for (_, condition) in &filter.all {
                match condition {
                    TrafficCondition::End(end, condition) => {
                        let bit = number(&mut plan.ends, condition);
                        match end {
                            End::Src => rule.src_all.set(bit),
                            End::Dst => rule.dst_all.set(bit),
                            End::Any => rule.any_all.push(bit),
                        }
                    }
                    other => rule.other_all.set(number(&mut plan.others, other)),
                }
            }
            for (_, condition) in &filter.none {
                match condition {
                    TrafficCondition::End(end, condition) => {
                        let bit = number(&mut plan.ends, condition);
                        if matches!(end, End::Src | End::Any) {
                            rule.src_none.set(bit);
                        }
                        if matches!(end, End::Dst | End::Any) {
                            rule.dst_none.set(bit);
                        }
                    }
                    other => rule.other_none.set(number(&mut plan.others, other)),
                }
            }
            plan.rules.push(rule);
        }
        plan.holding = vec![0; plan.others.len().div_ceil(64)];
        plan
    }

    /// A function that tests every end condition on an endpoint.
    pub fn marker(&self) -> impl Fn(&Endpoint) -> Box<[u64]> + 'static {
        let ends = self.ends.clone();
        move |endpoint| {
            let mut marks = vec![0u64; ends.len().div_ceil(64)];
            for (bit, _) in ends.iter().enumerate().filter(|(_, condition)| condition.matches(endpoint)) {
                marks[bit / 64] |= 1 << (bit % 64);
            }
            marks.into_boxed_slice()
        }
    }

    /// Puts the numbers of the rules that count this flow into `out`.
    pub fn matching(&mut self, flow: &Flow<'_>, out: &mut Vec<u32>) {
        out.clear();
        self.holding.fill(0);
        for (bit, _) in self.others.iter().enumerate().filter(|(_, condition)| condition.matches(flow)) {
            self.holding[bit / 64] |= 1 << (bit % 64);
        }
        let (src, dst) = (&flow.src.marks, &flow.dst.marks);
        let has = |marks: &[u64], bit: usize| marks[bit / 64] & (1 << (bit % 64)) != 0;
        for (index, rule) in (0u32..).zip(&self.rules) {
            let counted = rule.other_all.all_in(&self.holding)
                && rule.src_all.all_in(src)
                && rule.dst_all.all_in(dst)
                && rule.any_all.iter().all(|bit| has(src, *bit) || has(dst, *bit))
                && !rule.other_none.any_in(&self.holding)
                && !rule.src_none.any_in(src)
                && !rule.dst_none.any_in(dst);
            if counted {
                out.push(index);
            }
        }
    }
}

fn number<T: PartialEq + Clone>(list: &mut Vec<T>, item: &T) -> usize {
    list.iter().position(|have| have == item).unwrap_or_else(|| {
        list.push(item.clone());
        list.len() - 1
    })
}

/// The policy decisions that some rule can match; the PCE is asked for no others. Empty: all.
pub fn wanted_decisions<'f>(filters: impl IntoIterator<Item = &'f Filter<TrafficCondition>>) -> Vec<Decision> {
    let mut wanted = Vec::new();
    for filter in filters {
        let mut own: Vec<Decision> = Decision::ALL.to_vec();
        for (_, condition) in &filter.all {
            if let TrafficCondition::Decision(list) = condition {
                own.retain(|decision| list.contains(decision));
            }
        }
        for (_, condition) in &filter.none {
            if let TrafficCondition::Decision(list) = condition {
                own.retain(|decision| !list.contains(decision));
            }
        }
        wanted.extend(own);
    }
    wanted.sort_unstable();
    wanted.dedup();
    // A word this program has never heard of reads as `unknown`, and cannot be asked for by name.
    if wanted.contains(&Decision::Unknown) { Vec::new() } else { wanted }
}

/// One service that the PCE is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct WantedService {
    /// Protocol.
    pub proto: i16,
    /// Ports, first and last; `None`: all, also for protocols that have none.
    pub ports: Option<(u16, u16)>,
}

/// Protocols that have ports, as far as the PCE reports them.
const WITH_PORTS: [i16; 3] = [6, 17, 132];
/// More services than this are not worth telling apart.
const MOST_SERVICES: usize = 60;

/// The services that some rule can match, when every rule names some; the PCE is asked for no
/// others. Empty: all. (Labels are not asked for: the PCE would judge by the labels of today, the
/// rules judge by those in the record.)
pub fn wanted_services<'f>(filters: impl IntoIterator<Item = &'f Filter<TrafficCondition>>) -> Vec<WantedService> {
    let mut wanted = Vec::new();
    for filter in filters {
        let Some(own) = services_of(filter) else { return Vec::new() };
        wanted.extend(own);
    }
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.len() > MOST_SERVICES { Vec::new() } else { wanted }
}

/// The services one rule can match; `None` when it does not say.
fn services_of(filter: &Filter<TrafficCondition>) -> Option<Vec<WantedService>> {
    let mut ports = None;
    let mut protos = None;
    for (_, condition) in &filter.all {
        match condition {
            TrafficCondition::Port(list) => ports = Some(list),
            TrafficCondition::Proto(list) => protos = Some(list),
            _ => {}
        }
    }
    let allowed = |proto: i16| protos.is_none_or(|list| list.contains(&proto));
    match (ports, protos) {
        (None, None) => None,
        (None, Some(protos)) => Some(protos.iter().map(|proto| WantedService { proto: *proto, ports: None }).collect()),
        (Some(ports), _) => Some(
            ports
                .iter()
                .flat_map(|range| {
                    let protos: Vec<i16> = range.proto.map_or_else(|| WITH_PORTS.to_vec(), |proto| vec![proto]);
                    protos.into_iter().map(|proto| WantedService { proto, ports: Some((range.from, range.to)) })
                })
                .filter(|service| allowed(service.proto))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::PortRange;

    fn rule(all: Vec<TrafficCondition>) -> Filter<TrafficCondition> {
        Filter { all: all.into_iter().map(|condition| (String::new(), condition)).collect(), none: Vec::new() }
    }

    #[test]
    fn only_what_some_rule_can_match_is_asked_for() {
        let database = rule(vec![TrafficCondition::Port(vec![PortRange { from: 3306, to: 3306, proto: Some(6) }])]);
        let ping = rule(vec![TrafficCondition::Proto(vec![1]), TrafficCondition::Decision(vec![Decision::Blocked])]);
        let names =
            rule(vec![TrafficCondition::Port(vec![PortRange { from: 53, to: 53, proto: None }]), TrafficCondition::Proto(vec![17])]);
        let any = rule(vec![]);
        let services = wanted_services([&database, &ping, &names]);
        let want = [(1, None), (6, Some((3306, 3306))), (17, Some((53, 53)))].map(|(proto, ports)| WantedService { proto, ports });
        assert_eq!(services, want);
        assert_eq!(wanted_services([&database, &any]), []);
        assert_eq!(wanted_decisions([&ping]), [Decision::Blocked]);
        assert_eq!(wanted_decisions([&ping, &any]), []);
    }
}

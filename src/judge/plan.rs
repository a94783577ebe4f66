//! Rules compiled once: every distinct condition is tested once for each endpoint, and once for each
//! value that a record's own fields take. What comes of it is kept as a set of rules that are out, so
//! that a record costs a handful of ORs, however many rules there are.
//!
//! What is not told leaves a condition undecided. The rules that are in doubt are a second set, which is made and looked
//! at only where something is missing: where all is told, it costs nothing.

use crate::domain::estimate::Truth;
use crate::domain::filter::{End, EndCondition, Filter, Pattern, TrafficCondition};
use crate::domain::record::{Decision, Endpoint, Flow, NotTold, WITH_PORTS};
use hashbrown::HashMap;
use std::hash::BuildHasher;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Values remembered for one table. Past it all are forgotten and tested again.
const MOST_VALUES: usize = 8 * 1024;

/// Rule numbers that need a condition, and those that refuse it.
#[derive(Debug, Clone, Default)]
struct Wanting {
    needed: Vec<usize>,
    refused: Vec<usize>,
}

impl Wanting {
    /// Strikes the rules that are out, and notes those in doubt.
    fn strike(&self, truth: Truth, out: &mut [u64], doubt: &mut [u64]) {
        match truth {
            Truth::Yes => self.refused.iter().for_each(|rule| set(out, *rule)),
            Truth::No => self.needed.iter().for_each(|rule| set(out, *rule)),
            Truth::Unknown => self.needed.iter().chain(&self.refused).for_each(|rule| set(doubt, *rule)),
        }
    }
}

/// A test of one end of a flow.
#[derive(Debug, Clone, PartialEq)]
enum EndTest {
    Condition(EndCondition),
    /// The domain name, which a record has at one end or the other.
    Fqdn(Vec<Pattern>),
}

impl EndTest {
    fn truth(&self, end: &Endpoint) -> Truth {
        match self {
            EndTest::Condition(condition) => condition.truth(end),
            EndTest::Fqdn(wanted) => end.is_called(wanted),
        }
    }
}

/// The end conditions of all rules. A mark is three sets: rules that are out when the endpoint is the
/// source, rules that are out when it is the destination, and tests that hold, for those that either end may pass.
/// Where some test is undecided, three more follow: rules in doubt as the source, as the destination, and tests in doubt.
#[derive(Debug, Clone, Default)]
struct Ends {
    tests: Vec<(EndTest, Wanting, Wanting)>,
    words: usize,
}

impl Ends {
    fn number(&mut self, test: EndTest) -> usize {
        self.tests.iter().position(|(have, ..)| *have == test).unwrap_or_else(|| {
            self.tests.push((test, Wanting::default(), Wanting::default()));
            self.tests.len() - 1
        })
    }

    /// The length of a mark without doubts.
    fn length(&self) -> usize {
        2 * self.words + words_for(self.tests.len())
    }

    fn mark(&self, endpoint: &Endpoint) -> Box<[u64]> {
        let length = self.length();
        let mut marks = vec![0u64; 2 * length];
        let (known, doubts) = marks.split_at_mut(length);
        let sets = |marks| -> (&mut [u64], &mut [u64], &mut [u64]) {
            let (src, rest) = <[u64]>::split_at_mut(marks, self.words);
            let (dst, tests) = rest.split_at_mut(self.words);
            (src, dst, tests)
        };
        let (out_as_src, out_as_dst, held) = sets(known);
        let (doubt_as_src, doubt_as_dst, undecided) = sets(doubts);
        for (number, (test, src, dst)) in self.tests.iter().enumerate() {
            let truth = test.truth(endpoint);
            src.strike(truth, out_as_src, doubt_as_src);
            dst.strike(truth, out_as_dst, doubt_as_dst);
            match truth {
                Truth::Yes => set(held, number),
                Truth::Unknown => set(undecided, number),
                Truth::No => {}
            }
        }
        if undecided.iter().all(|word| *word == 0) {
            marks.truncate(length);
        }
        marks.into_boxed_slice()
    }
}

/// What a table tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// Decision, direction, port and protocol together.
    Numbers,
    Process,
    Service,
    User,
    State,
    Transmission,
    Network,
    ClientType,
}

impl Subject {
    fn of(condition: &TrafficCondition) -> Option<Self> {
        Some(match condition {
            TrafficCondition::End(..) | TrafficCondition::Fqdn(_) => return None,
            TrafficCondition::Decision(_) | TrafficCondition::Port(_) | TrafficCondition::Proto(_) | TrafficCondition::Direction(_) => {
                Subject::Numbers
            }
            TrafficCondition::Process(_) => Subject::Process,
            TrafficCondition::Service(_) => Subject::Service,
            TrafficCondition::User(_) => Subject::User,
            TrafficCondition::State(_) => Subject::State,
            TrafficCondition::Transmission(_) => Subject::Transmission,
            TrafficCondition::Network(_) => Subject::Network,
            TrafficCondition::ClientType(_) => Subject::ClientType,
        })
    }

    /// What a record may not tell of it.
    fn asks(self) -> NotTold {
        match self {
            Subject::Numbers => NotTold::PORT.and(NotTold::PROTO).and(NotTold::DECISION).and(NotTold::DIRECTION),
            Subject::State => NotTold::STATE,
            Subject::Network => NotTold::NETWORK,
            Subject::ClientType => NotTold::CLIENT_TYPE,
            Subject::Process | Subject::Service | Subject::User => NotTold::REPORTER,
            Subject::Transmission => NotTold::NOTHING,
        }
    }

    /// A number that stands for the value a record has.
    fn key(self, flow: &Flow<'_>, seed: u64) -> u64 {
        let missing = u64::from(flow.own_not_told.0 & self.asks().0);
        let text = match self {
            Subject::Numbers => {
                return flow.port.map_or(0, |port| u64::from(port) + 1)
                    | u64::from(flow.proto as u16) << 20
                    | (flow.decision as u64) << 40
                    | (flow.direction as u64) << 44
                    | missing << 32;
            }
            Subject::Process => flow.process,
            Subject::Service => flow.service,
            Subject::User => flow.user,
            Subject::State => flow.state,
            Subject::Transmission => flow.transmission,
            Subject::Network => flow.network,
            Subject::ClientType => flow.client_type,
        };
        xxh3_64_with_seed(text.as_bytes(), seed ^ missing)
    }
}

/// The conditions on one subject, and what came of the values met so far.
#[derive(Debug)]
struct Table {
    subject: Subject,
    conditions: Vec<(TrafficCondition, Wanting)>,
    /// Where in `out` the rules stand that are out, and whether those in doubt stand behind them.
    met: HashMap<u64, (usize, bool)>,
    out: Vec<u64>,
}

impl Table {
    /// Strikes the rules that are out for this record. Returns whether any is in doubt.
    fn strike(&mut self, flow: &Flow<'_>, seed: u64, dead: &mut [u64], doubt: &mut [u64]) -> bool {
        let words = dead.len();
        let key = self.subject.key(flow, seed);
        let (at, in_doubt) = match self.met.get(&key) {
            Some(met) => *met,
            None => self.test(flow, key, words),
        };
        dead.iter_mut().zip(&self.out[at..at + words]).for_each(|(dead, out)| *dead |= out);
        if in_doubt {
            doubt.iter_mut().zip(&self.out[at + words..at + 2 * words]).for_each(|(doubt, more)| *doubt |= more);
        }
        in_doubt
    }

    fn test(&mut self, flow: &Flow<'_>, key: u64, words: usize) -> (usize, bool) {
        if self.met.len() >= MOST_VALUES {
            self.met.clear();
            self.out.clear();
        }
        let at = self.out.len();
        self.out.resize(at + 2 * words, 0);
        let (out, doubt) = self.out[at..].split_at_mut(words);
        for (condition, wanting) in &self.conditions {
            wanting.strike(condition.truth(flow), out, doubt);
        }
        let in_doubt = doubt.iter().any(|word| *word != 0);
        if !in_doubt {
            self.out.truncate(at + words);
        }
        self.met.insert(key, (at, in_doubt));
        (at, in_doubt)
    }
}

/// All traffic rules of a run, compiled.
#[derive(Debug, Default)]
pub struct Plan {
    ends: Ends,
    tables: Vec<Table>,
    /// For each rule the tests that one end or the other must pass.
    either: Vec<Vec<usize>>,
    /// Rules that take what is undecided for a no.
    decided: Vec<u64>,
    /// Scratch: rules that are out for the record at hand.
    dead: Vec<u64>,
    /// Scratch: rules that are in doubt; none between records.
    doubt: Vec<u64>,
    /// The run's own: nobody outside can prepare two texts that hash alike.
    seed: u64,
}

impl Plan {
    /// Compiles filters; rule numbers are positions in this list.
    pub fn new<'f>(filters: impl IntoIterator<Item = &'f Filter<TrafficCondition>>) -> Self {
        let mut plan = Plan { seed: std::hash::RandomState::new().hash_one(0u8), ..Plan::default() };
        for (rule, filter) in filters.into_iter().enumerate() {
            plan.either.push(Vec::new());
            filter.all.iter().for_each(|(_, condition)| plan.add(rule, condition, true));
            filter.none.iter().for_each(|(_, condition)| plan.add(rule, condition, false));
        }
        plan.ends.words = words_for(plan.either.len());
        plan.dead = vec![0; plan.ends.words];
        plan.doubt = plan.dead.clone();
        plan.decided = plan.dead.clone();
        plan
    }

    /// Lets a rule take what is undecided for a no.
    pub fn undecided_is_no(&mut self, rule: usize) {
        if rule / 64 < self.decided.len() {
            set(&mut self.decided, rule);
        }
    }

    fn add(&mut self, rule: usize, condition: &TrafficCondition, needed: bool) {
        let (end, test) = match condition {
            TrafficCondition::End(end, condition) => (*end, EndTest::Condition(condition.clone())),
            TrafficCondition::Fqdn(wanted) => (End::Any, EndTest::Fqdn(wanted.clone())),
            other => return self.add_to_table(rule, other, needed),
        };
        let number = self.ends.number(test);
        let (_, src, dst) = &mut self.ends.tests[number];
        match (end, needed) {
            (End::Src, true) => src.needed.push(rule),
            (End::Dst, true) => dst.needed.push(rule),
            (End::Any, true) => self.either[rule].push(number),
            (End::Src, false) => src.refused.push(rule),
            (End::Dst, false) => dst.refused.push(rule),
            (End::Any, false) => {
                src.refused.push(rule);
                dst.refused.push(rule);
            }
        }
    }

    fn add_to_table(&mut self, rule: usize, condition: &TrafficCondition, needed: bool) {
        let Some(subject) = Subject::of(condition) else { return };
        let table = match self.tables.iter().position(|table| table.subject == subject) {
            Some(place) => &mut self.tables[place],
            None => {
                self.tables.push(Table { subject, conditions: Vec::new(), met: HashMap::new(), out: Vec::new() });
                let last = self.tables.len() - 1;
                &mut self.tables[last]
            }
        };
        let place = table.conditions.iter().position(|(have, _)| have == condition).unwrap_or_else(|| {
            table.conditions.push((condition.clone(), Wanting::default()));
            table.conditions.len() - 1
        });
        let wanting = &mut table.conditions[place].1;
        if needed { wanting.needed.push(rule) } else { wanting.refused.push(rule) }
    }

    /// A function that tests every end condition on an endpoint.
    pub fn marker(&self) -> impl Fn(&Endpoint) -> Box<[u64]> + 'static {
        let ends = self.ends.clone();
        move |endpoint| ends.mark(endpoint)
    }

    /// Puts the numbers of the rules that count this flow into `out`, and those that may count it, depending on what is not
    /// told, into `out` and `undecided`.
    pub fn matching(&mut self, flow: &Flow<'_>, out: &mut Vec<u32>, undecided: &mut Vec<u32>) {
        out.clear();
        undecided.clear();
        let (words, length) = (self.ends.words, self.ends.length());
        let (src, dst) = (&flow.src.marks, &flow.dst.marks);
        for ((dead, src), dst) in self.dead.iter_mut().zip(&src[..words]).zip(&dst[words..2 * words]) {
            *dead = src | dst;
        }
        let mut in_doubt = src.len() > length || dst.len() > length;
        for table in &mut self.tables {
            in_doubt |= table.strike(flow, self.seed, &mut self.dead, &mut self.doubt);
        }
        if in_doubt {
            return self.matching_in_doubt(flow, out, undecided);
        }
        let (src, dst) = (&src[2 * words..], &dst[2 * words..]);
        for rule in alive(&self.dead) {
            let Some(either) = self.either.get(rule) else { break };
            if either.iter().all(|test| has(src, *test) || has(dst, *test)) {
                out.push(rule as u32);
            }
        }
    }

    /// The same where something is not told.
    fn matching_in_doubt(&mut self, flow: &Flow<'_>, out: &mut Vec<u32>, undecided: &mut Vec<u32>) {
        let (words, length) = (self.ends.words, self.ends.length());
        let (src, dst) = (&flow.src.marks, &flow.dst.marks);
        let nothing = vec![0u64; length];
        let doubts = |marks: &[u64]| -> Vec<u64> { marks.get(length..).filter(|doubts| !doubts.is_empty()).unwrap_or(&nothing).to_vec() };
        let (src_doubts, dst_doubts) = (doubts(src), doubts(dst));
        for ((doubt, src), dst) in self.doubt.iter_mut().zip(&src_doubts[..words]).zip(&dst_doubts[words..2 * words]) {
            *doubt |= src | dst;
        }
        let truth = |test: usize| {
            let at = |held: &[u64], doubts: &[u64]| match (has(&held[2 * words..], test), has(&doubts[2 * words..], test)) {
                (true, _) => Truth::Yes,
                (false, maybe) => Truth::No.unless_missing(maybe),
            };
            at(src, &src_doubts).or(at(dst, &dst_doubts))
        };
        for rule in alive(&self.dead) {
            let Some(either) = self.either.get(rule) else { break };
            let known = if has(&self.doubt, rule) { Truth::Unknown } else { Truth::Yes };
            match known.and(Truth::all(either.iter().map(|test| truth(*test)))) {
                Truth::Yes => out.push(rule as u32),
                Truth::Unknown if !has(&self.decided, rule) => {
                    out.push(rule as u32);
                    undecided.push(rule as u32);
                }
                Truth::Unknown | Truth::No => {}
            }
        }
        self.doubt.fill(0);
    }
}

/// The rules that are not out.
fn alive(dead: &[u64]) -> impl Iterator<Item = usize> {
    dead.iter().enumerate().flat_map(|(word, dead)| {
        let mut alive = !dead;
        std::iter::from_fn(move || {
            let bit = alive.trailing_zeros() as usize;
            (alive != 0).then(|| {
                alive &= alive - 1;
                word * 64 + bit
            })
        })
    })
}

fn words_for(bits: usize) -> usize {
    bits.div_ceil(64)
}

fn set(words: &mut [u64], bit: usize) {
    words[bit / 64] |= 1 << (bit % 64);
}

fn has(words: &[u64], bit: usize) -> bool {
    words[bit / 64] & (1 << (bit % 64)) != 0
}

/// The policy decisions that some rule can match; the PCE is asked for no others. Empty: all.
pub fn wanted_decisions<'f>(filters: impl IntoIterator<Item = &'f Filter<TrafficCondition>>) -> Vec<Decision> {
    let mut wanted: Vec<Decision> = filters.into_iter().flat_map(decisions_of).collect();
    wanted.sort_unstable();
    wanted.dedup();
    // A word this program has never heard of reads as `unknown`, and cannot be asked for by name.
    if wanted.contains(&Decision::Unknown) { Vec::new() } else { wanted }
}

/// The policy decisions that a rule can match.
pub fn decisions_of(filter: &Filter<TrafficCondition>) -> Vec<Decision> {
    let mut own = Decision::ALL.to_vec();
    for (conditions, wanted) in [(&filter.all, true), (&filter.none, false)] {
        for (_, condition) in conditions {
            if let TrafficCondition::Decision(list) = condition {
                own.retain(|decision| list.contains(decision) == wanted);
            }
        }
    }
    own
}

/// One service that the PCE is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct WantedService {
    /// Protocol.
    pub proto: i16,
    /// Ports, first and last; `None`: all, also for protocols that have none.
    pub ports: Option<(u16, u16)>,
}

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
    use crate::domain::filter::{IpSet, PortRange};
    use crate::domain::record::{Direction, Interned, Workload};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const WORDS: [&str; 4] = ["", "alpha", "beta", "timed out"];

    fn patterns() -> impl Strategy<Value = Vec<Pattern>> {
        prop::collection::vec(prop::sample::select(vec!["alpha", "beta", "a*", "*"]), 1..3)
            .prop_map(|texts| texts.into_iter().map(|text| Pattern::new(text, false).unwrap()).collect())
    }

    fn words() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec(prop::sample::select(vec!["alpha", "beta", "timed out", "unicast"]).prop_map(str::to_owned), 1..3)
    }

    fn end_condition() -> impl Strategy<Value = EndCondition> {
        prop_oneof![
            patterns().prop_map(|values| EndCondition::Labels(BTreeMap::from([("role".to_owned(), values)]))),
            Just(EndCondition::Ip(IpSet { ranges: vec![IpSet::parse_item("10.0.0.0/31").unwrap()] })),
            patterns().prop_map(EndCondition::IpList),
            patterns().prop_map(EndCondition::Workload),
            any::<bool>().prop_map(EndCondition::Managed),
            words().prop_map(EndCondition::Os),
        ]
    }

    fn condition() -> impl Strategy<Value = TrafficCondition> {
        let decisions = prop::collection::vec(prop::sample::select(Decision::ALL.to_vec()), 1..3);
        let port =
            (0u16..4, 0u16..3, prop::option::of(Just(6i16))).prop_map(|(from, more, proto)| PortRange { from, to: from + more, proto });
        prop_oneof![
            6 => (prop::sample::select(vec![End::Src, End::Dst, End::Any]), end_condition()).prop_map(|(end, condition)| TrafficCondition::End(end, condition)),
            1 => decisions.prop_map(TrafficCondition::Decision),
            1 => prop::collection::vec(port, 1..3).prop_map(TrafficCondition::Port),
            1 => prop::collection::vec(prop::sample::select(vec![6i16, 17, -1]), 1..3).prop_map(TrafficCondition::Proto),
            1 => patterns().prop_map(TrafficCondition::Process),
            1 => patterns().prop_map(TrafficCondition::Service),
            1 => patterns().prop_map(TrafficCondition::User),
            1 => patterns().prop_map(TrafficCondition::Network),
            2 => patterns().prop_map(TrafficCondition::Fqdn),
            1 => words().prop_map(TrafficCondition::State),
            1 => words().prop_map(TrafficCondition::Transmission),
            1 => words().prop_map(TrafficCondition::ClientType),
            1 => prop_oneof![Just(Direction::Inbound), Just(Direction::Outbound)].prop_map(|direction| TrafficCondition::Direction(vec![direction])),
        ]
    }

    fn endpoint() -> impl Strategy<Value = Endpoint> {
        let word = || prop::sample::select(WORDS.to_vec());
        (0u8..4, prop::option::of((word(), word(), any::<bool>())), word(), word(), missing(0x1ff)).prop_map(
            |(ip, workload, list, fqdn, not_told)| Endpoint {
                ip: format!("10.0.0.{ip}").parse().ok().filter(|_| !not_told.any(NotTold::IP)),
                workload: workload.map(|(name, role, managed)| Workload {
                    name: name.to_owned(),
                    os: role.to_owned(),
                    labels: vec![("role".to_owned(), role.to_owned())],
                    managed: Some(managed),
                    ..Workload::default()
                }),
                ip_lists: vec![list.to_owned()],
                fqdn: fqdn.to_owned(),
                not_told,
                ..Endpoint::default()
            },
        )
    }

    /// Most often nothing is missing, sometimes a little, seldom much.
    fn missing(of: u32) -> impl Strategy<Value = NotTold> {
        prop_oneof![
            6 => Just(NotTold::NOTHING),
            2 => (any::<u32>(), any::<u32>()).prop_map(move |(a, b)| NotTold(a & b & of)),
            1 => Just(NotTold(of)),
        ]
    }

    fn filter() -> impl Strategy<Value = Filter<TrafficCondition>> {
        let some = |most| prop::collection::vec(condition().prop_map(|condition| (String::new(), condition)), 0..most);
        (some(4), some(2)).prop_map(|(all, none)| Filter { all, none })
    }

    proptest! {
        #[test]
        fn says_what_the_filters_say(
            filters in prop::collection::vec(filter(), 0..140),
            records in prop::collection::vec((endpoint(), endpoint(), prop::option::of(0u16..6), 0usize..4, any::<bool>(), any::<[prop::sample::Index; 8]>(), missing(0x3ff0_0000)), 1..20),
        ) {
            let mut plan = Plan::new(&filters);
            (0..filters.len()).filter(|rule| rule % 5 == 0).for_each(|rule| plan.undecided_is_no(rule));
            let marker = plan.marker();
            let (mut out, mut undecided) = (Vec::new(), Vec::new());
            let interned = |endpoint: Endpoint| Interned { marks: marker(&endpoint), name: "".into(), endpoint, ip_key: 0, href_key: 0 };
            for (src, dst, port, decision, inbound, texts, own_not_told) in records {
                let text = |number: usize| *texts[number].get(&WORDS);
                let flow = Flow {
                    src: &interned(src),
                    dst: &interned(dst),
                    port,
                    proto: [6, 17, -1][texts[7].index(3)],
                    process: text(0),
                    service: text(1),
                    user: text(2),
                    decision: Decision::ALL[decision],
                    direction: if inbound { Direction::Inbound } else { Direction::Outbound },
                    state: text(3),
                    transmission: text(4),
                    network: text(5),
                    client_type: text(6),
                    connections: 1,
                    bytes_in: 0,
                    bytes_out: 0,
                    icmp: 0,
                    first: None,
                    last: None,
                    own_not_told,
                };
                plan.matching(&flow, &mut out, &mut undecided);
                let right = |wanted: fn(Truth, u32) -> bool| -> Vec<u32> {
                    (0u32..).zip(&filters).filter(|(number, filter)| wanted(filter.truth(&flow), *number)).map(|(number, _)| number).collect()
                };
                prop_assert_eq!(&out, &right(|truth, number| truth.is_yes() || (truth == Truth::Unknown && number % 5 != 0)));
                prop_assert_eq!(&undecided, &right(|truth, number| truth == Truth::Unknown && number % 5 != 0));
            }
        }
    }

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

//! All probes of a run: side by side up to a limit, one at a time for each host, every first attempt before any second; and
//! what the canaries say of our own network.

use super::super::{Held, Obtained};
use super::address::{Ask, Context, Probe};
use super::failure::UNKNOWN;
use super::failure::{Failure, OF_THE_WAY};
use super::found::{Done, Found};
use super::settings::ProbeSettings;
use super::stream::Limit;
use super::{http, names, ping, tcp};
use crate::domain::fault::{Fault, Party};
use crate::domain::secret::Secret;
use crate::process::patience;
use crate::settings::fetch_secret;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);
/// A thread needs little more than a handshake.
const STACK: usize = 1 << 20;

/// One attempt.
fn attempt(probe: &Probe, context: &Context<'_>) -> Found {
    let limit = Limit::of(patience::left().map_or(probe.timeout, |left| left.min(probe.timeout)));
    let mut found = Found::default();
    let begun = Instant::now();
    let outcome = match &probe.ask {
        Ask::Http(_) => http::ask(probe, context, limit, &mut found),
        Ask::Tcp => tcp::ask(probe, limit, &mut found),
        Ask::Tls => tcp::encrypted(probe, context, limit, &mut found),
        Ask::Ping => ping::ask(probe, limit, &mut found),
        Ask::Dns { .. } => names::ask(probe, limit, &mut found),
    };
    found.took = found.rtt.map_or_else(|| begun.elapsed(), Duration::from_secs_f64);
    found.failure = outcome.err();
    if let Some((proxy, failure)) = probe.proxy.as_ref().zip(found.failure.as_mut()).filter(|(_, failure)| !failure.of_proxy) {
        failure.why = tr!("through the proxy {proxy}: {why}", proxy = proxy.shown(), why = failure.why);
    }
    // Less time than the config gives is no time-out of the service.
    if limit.whole < probe.timeout && found.failure.as_ref().is_some_and(|failure| failure.outcome == "timeout") {
        found.failure = Some(no_time());
    }
    found
}

fn no_time() -> Failure {
    Failure::of("no_time", tr!("the run had no time left for it: give [run] deadline more, or the targets a shorter timeout"))
}

/// One probe in the queue.
struct Job<'a> {
    probe: &'a Probe,
    context: Context<'a>,
    /// Not before.
    at: Option<Instant>,
    done: Done,
}

/// The queue, and who is busy.
struct Queue {
    /// Places of jobs, in the order in which they are done.
    waiting: Vec<usize>,
    running: usize,
    busy: BTreeSet<String>,
    /// Hosts that let somebody wait in vain: their latency is none, and there is no need for turns.
    silent: BTreeSet<String>,
}

struct Hall<'a> {
    queue: Mutex<Queue>,
    bell: Condvar,
    jobs: Vec<Mutex<Job<'a>>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hall<'_> {
    /// The next job that may begin; `None` when there is none any more.
    fn next(&self) -> Option<usize> {
        let mut queue = held(&self.queue);
        loop {
            let now = Instant::now();
            let over = patience::left().is_some_and(|left| left.is_zero());
            let mut earliest: Option<Instant> = None;
            let mut ready = None;
            for (place, number) in queue.waiting.iter().enumerate() {
                let job = held(&self.jobs[*number]);
                if !over && queue.busy.contains(&job.probe.host) && !queue.silent.contains(&job.probe.host) {
                    continue;
                }
                match job.at.filter(|at| *at > now && !over) {
                    Some(at) => earliest = Some(earliest.map_or(at, |known| known.min(at))),
                    None => {
                        ready = Some((place, *number, job.probe.host.clone()));
                        break;
                    }
                }
            }
            if let Some((place, number, host)) = ready {
                queue.waiting.remove(place);
                queue.running += 1;
                queue.busy.insert(host);
                return Some(number);
            }
            if queue.waiting.is_empty() && queue.running == 0 {
                self.bell.notify_all();
                return None;
            }
            let wait = earliest.map_or(Duration::from_secs(1), |at| at.saturating_duration_since(now)).max(Duration::from_millis(1));
            queue = self.bell.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Does one job, and puts it back where another attempt is due.
    fn work(&self, number: usize) {
        let mut job = held(&self.jobs[number]);
        let over = patience::left().is_some_and(|left| left.is_zero());
        let (probe, context) = (job.probe, job.context);
        let found = if over {
            Found { failure: Some(no_time()), ..Found::default() }
        } else {
            drop(job);
            let found = attempt(probe, &context);
            job = held(&self.jobs[number]);
            found
        };
        let outcome = found.failure.as_ref().map_or("ok", |failure| failure.outcome);
        // Without time a second attempt says nothing that the first did not.
        let keeps = over && job.done.attempts > 0;
        if !keeps {
            job.done.add(found);
        }
        let again = outcome != "ok"
            && !matches!(outcome, "certificate" | "no_time" | "not_permitted" | "own_fault")
            && job.done.attempts < probe.attempts;
        if again && !over {
            job.at = Some(Instant::now() + PAUSE);
        }
        drop(job);
        let mut queue = held(&self.queue);
        queue.running -= 1;
        queue.busy.remove(&probe.host);
        if matches!(outcome, "timeout" | "unreachable") {
            queue.silent.insert(probe.host.clone());
        }
        if again && !over {
            queue.waiting.push(number);
        }
        self.bell.notify_all();
    }
}

/// Asks all of them.
fn all(jobs: Vec<Job<'_>>, concurrency: usize) -> Vec<Done> {
    let workers = concurrency.min(jobs.len());
    let waiting = (0..jobs.len()).collect();
    let queue = Queue { waiting, running: 0, busy: BTreeSet::new(), silent: BTreeSet::new() };
    let hall = Hall { queue: Mutex::new(queue), bell: Condvar::new(), jobs: jobs.into_iter().map(Mutex::new).collect() };
    let serve = || {
        while let Some(number) = hall.next() {
            hall.work(number);
        }
    };
    std::thread::scope(|scope| {
        for number in 1..workers {
            let thread = std::thread::Builder::new().name(format!("probe-{number}")).stack_size(STACK);
            if thread.spawn_scoped(scope, serve).is_err() {
                // Those that are there do it all.
                break;
            }
        }
        serve();
    });
    hall.jobs.into_iter().map(|job| job.into_inner().unwrap_or_else(PoisonError::into_inner).done).collect()
}

/// Asks everything that the targets list; an answer for each of them, in their order.
pub(super) fn run(targets: &[&ProbeSettings], now: Timestamp) -> Vec<Held> {
    let common = targets.first().map(|target| target.common()).unwrap_or_default();
    let headers: Vec<Result<Vec<(String, Secret)>, String>> = targets.iter().map(|target| headers_of(target)).collect();
    let mut jobs = Vec::new();
    let mut owners = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        let Ok(headers) = &headers[number] else { continue };
        for probe in &target.probes {
            jobs.push(Job { probe, context: Context { now, headers }, at: None, done: Done::default() });
            owners.push((number, probe));
        }
    }
    let mut done: Vec<Vec<(&Probe, Done)>> = targets.iter().map(|_| Vec::new()).collect();
    for ((number, probe), one) in owners.into_iter().zip(all(jobs, common.concurrency)) {
        done[number].push((probe, one));
    }
    cut_off(targets, &common.canaries, &mut done);
    let told = targets.iter().zip(headers).zip(done);
    told.map(|((target, headers), done)| match headers {
        Err(why) => Held { parts: Vec::new(), obtained: Err(Fault::of(Party::Config, format!("{}: {why}", target.name))) },
        Ok(_) => answer(&done, now),
    })
    .collect()
}

/// When no canary could be reached, nothing that failed on the way says anything of its service.
fn cut_off(targets: &[&ProbeSettings], canaries: &[String], done: &mut [Vec<(&Probe, Done)>]) {
    let is_canary = |number: usize| canaries.contains(&targets[number].name);
    let own: Vec<&Done> =
        done.iter().enumerate().filter(|(number, _)| is_canary(*number)).flat_map(|(_, list)| list.iter().map(|(_, done)| done)).collect();
    let lost = |done: &Done| OF_THE_WAY.contains(&done.outcome()) || UNKNOWN.contains(&done.outcome());
    if own.is_empty() || !own.iter().all(|done| lost(done)) {
        return;
    }
    let names = canaries.join(", ");
    let why = tr!("this machine is cut off: no canary ({names}) can be reached; look at its own network first", names);
    for (_, done) in done.iter_mut().flatten() {
        if OF_THE_WAY.contains(&done.outcome()) {
            done.last.failure = Some(Failure::of("own_network", why.clone()));
        }
    }
}

/// What the config refers to: the headers with their secrets, and a file of CAs that can be read.
fn headers_of(target: &ProbeSettings) -> Result<Vec<(String, Secret)>, String> {
    let Some(probe) = target.probes.first() else { return Ok(Vec::new()) };
    if let Some(path) = &probe.ca_file {
        // What the config names and nobody can read is no fault of any service.
        crate::http::tls::judge(Some(path))?;
    }
    let mut out = Vec::new();
    for (name, source) in &probe.http.headers {
        let secret = fetch_secret(source)?;
        let clean = secret.expose().trim().chars().all(|c| c == '\t' || (' '..='~').contains(&c) || c > '\u{9f}');
        if !clean {
            return Err(tr!("the value of the header {name} contains characters that are not allowed in a header", name));
        }
        out.push((name.clone(), secret));
    }
    Ok(out)
}

/// The answer of one target. Where nothing could be asked for one reason, that is why the target failed.
fn answer(done: &[(&Probe, Done)], now: Timestamp) -> Held {
    let lines: String = done.iter().map(|(probe, done)| crate::domain::spelling::hide(&done.line(probe, now).to_string()) + "\n").collect();
    let queries = done.iter().map(|(_, done)| done.attempts).sum();
    let mut reasons: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, done) in done {
        let failure = done.last.failure.as_ref().filter(|failure| UNKNOWN.contains(&failure.outcome));
        reasons.insert(failure.map_or("ok", |failure| failure.outcome), failure.map_or("", |failure| failure.why.as_str()));
    }
    let obtained = match reasons.iter().next() {
        Some((outcome, why)) if reasons.len() == 1 && *outcome != "ok" => {
            let party = if *outcome == "own_network" { Party::Network } else { Party::Program };
            Err(Fault::of(party, (*why).to_owned()))
        }
        _ => Ok(Obtained { queries, bytes: lines.len() as u64, ..Obtained::default() }),
    };
    Held { parts: vec![("probe.ndjson".to_owned(), lines.into_bytes())], obtained }
}

/// Each probe once, for `doctor`: what was found, and of what failed why.
pub(super) fn examine(target: &ProbeSettings) -> Result<String, String> {
    let headers = headers_of(target)?;
    let now = Timestamp::now();
    let jobs =
        target.probes.iter().map(|probe| Job { probe, context: Context { now, headers: &headers }, at: None, done: Done::default() });
    let done = all(jobs.collect(), target.common().concurrency);
    let bad: Vec<String> = target
        .probes
        .iter()
        .zip(&done)
        .filter_map(|(probe, done)| Some(format!("{}: {}", probe.name, done.last.failure.as_ref()?.why)))
        .collect();
    if !bad.is_empty() {
        let count = bad.len();
        let more = if count > 5 { tr!(" | and {count} more", count = count - 5) } else { String::new() };
        return Err(format!("{}{more}", bad.into_iter().take(5).collect::<Vec<_>>().join(" | ")));
    }
    let slowest = done.iter().map(|done| &done.last).max_by_key(|last| last.took);
    let mut out = trn!("{count} probe answers as expected", "{count} probes answer as expected", count = done.len());
    if let Some(last) = slowest {
        let phases = &last.phases;
        let named = [
            ("resolve", phases.resolve),
            ("connect", phases.connect),
            ("tls", phases.tls),
            ("first_byte", phases.first_byte),
            ("transfer", phases.transfer),
        ];
        let parts: Vec<String> =
            named.into_iter().filter_map(|(name, span)| Some(format!("{name} {:.1} ms", span?.as_secs_f64() * 1000.0))).collect();
        let whole = format!("{:.1} ms", last.took.as_secs_f64() * 1000.0);
        out.push_str(&tr!("; the slowest in {whole} ({parts})", whole, parts = parts.join(", ")));
    }
    let ends = target.probes.iter().zip(&done).filter_map(|(_, done)| done.last.certificate.as_ref()?.path_not_after);
    if let Some(end) = ends.min() {
        let days = end.duration_since(now).as_secs() / 86_400;
        out.push_str(&trn!(
            "; the first certificate expires in {count} day",
            "; the first certificate expires in {count} days",
            count = days
        ));
    }
    if target.probes.iter().any(|probe| probe.ask == Ask::Ping) {
        out.push_str(&tr!("; pings by {way}", way = ping::way()));
    }
    Ok(out)
}

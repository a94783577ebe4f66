//! Echo requests without root: a datagram socket where the kernel allows it, a raw one, the program `ping`; and where none
//! of them may, that is said and nothing is called down.

use super::address::Probe;
use super::failure::Failure;
use super::found::Found;
use super::place::Place;
use super::stream::{self, Limit};
use crate::domain::foreign::Foreign;
use crate::domain::text::visible;
use crate::process::children;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, connect, ipproto, recv, send, socket, sockopt};
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Between two packets.
const PAUSE: Duration = Duration::from_millis(200);
/// For the answer to one.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes behind the head of a packet.
const PAYLOAD: usize = 24;

/// What came of the packets.
struct Echoes {
    sent: u32,
    times: Vec<Duration>,
    /// Who said that there is no way.
    unreachable: bool,
}

/// Which way of asking is allowed, for `doctor`.
pub(super) fn way() -> &'static str {
    let family = (AddressFamily::INET, ipproto::ICMP);
    if socket(family.0, SocketType::DGRAM, Some(family.1)).is_ok() {
        "datagram"
    } else if socket(family.0, SocketType::RAW, Some(family.1)).is_ok() {
        "raw"
    } else if program().is_some() {
        "program"
    } else {
        ""
    }
}

/// Pings.
pub(super) fn ask(probe: &Probe, limit: Limit, found: &mut Found) -> Result<(), Failure> {
    let addresses = stream::resolve(Place { host: &probe.host, port: 0, family: probe.family }, limit, &mut found.phases)?;
    let Some(address) = addresses.first().map(SocketAddr::ip) else { return Err(Failure::of("resolve", tr!("there is no address"))) };
    found.address = Some(address);
    let echoes = match open(address) {
        Ok((socket, raw)) => {
            found.method = Some(if raw { "raw" } else { "datagram" });
            packets(&socket, raw, address, probe.count, limit).map_err(|error| of_errno(error, address))?
        }
        Err(Errno::ACCESS | Errno::PERM) => {
            let Some(program) = program() else { return Err(not_permitted()) };
            found.method = Some("program");
            by_program(&program, address, probe.count, limit)?
        }
        Err(error) => return Err(of_errno(error, address)),
    };
    let got = echoes.times.len() as u32;
    found.loss = Some(if echoes.sent == 0 { 1.0 } else { f64::from(echoes.sent.saturating_sub(got)) / f64::from(echoes.sent) });
    if got == 0 {
        return Err(if echoes.unreachable {
            Failure::of("unreachable", tr!("{address} cannot be reached: no host answers there, or a router says no", address))
        } else {
            Failure::of(
                "timeout",
                trn!(
                    "{address} does not answer to {count} packet",
                    "{address} does not answer to {count} packets",
                    count = echoes.sent,
                    address
                ),
            )
        });
    }
    let seconds: Vec<f64> = echoes.times.iter().map(Duration::as_secs_f64).collect();
    let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
    found.rtt = Some(mean);
    found.jitter = Some(match seconds.len() {
        1 => 0.0,
        count => seconds.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>() / (count - 1) as f64,
    });
    Ok(())
}

fn not_permitted() -> Failure {
    Failure::of(
        "not_permitted",
        tr!(
            "this machine lets nobody ping: allow it with sysctl -w net.ipv4.ping_group_range=\"0 2147483647\", install the program ping, or give pcemon CAP_NET_RAW"
        ),
    )
}

fn of_errno(error: Errno, address: IpAddr) -> Failure {
    match error {
        Errno::NETUNREACH | Errno::ADDRNOTAVAIL | Errno::NETDOWN | Errno::AFNOSUPPORT => {
            Failure::of("own_network", tr!("this machine has no route to {address}: look at its network", address))
        }
        Errno::HOSTUNREACH => {
            Failure::of("unreachable", tr!("{address} cannot be reached: no host answers there, or a router says no", address))
        }
        Errno::ACCESS | Errno::PERM => not_permitted(),
        other => Failure::of("own_fault", tr!("this machine could not ping {address}: {why}", address, why = other)),
    }
}

/// A socket for echoes, connected; whether it is a raw one.
fn open(address: IpAddr) -> Result<(OwnedFd, bool), Errno> {
    let (family, protocol) = if address.is_ipv4() { (AddressFamily::INET, ipproto::ICMP) } else { (AddressFamily::INET6, ipproto::ICMPV6) };
    let (socket, raw) = match socket(family, SocketType::DGRAM, Some(protocol)) {
        Ok(socket) => (socket, false),
        Err(Errno::ACCESS | Errno::PERM) => (rustix::net::socket(family, SocketType::RAW, Some(protocol))?, true),
        Err(error) => return Err(error),
    };
    connect(&socket, &SocketAddr::new(address, 0))?;
    Ok((socket, raw))
}

/// A packet: type, code, checksum, identifier, number, and a text that nobody else sends.
fn packet(address: IpAddr, id: u16, number: u16, nonce: u64) -> Vec<u8> {
    let mut bytes = vec![if address.is_ipv4() { 8 } else { 128 }, 0, 0, 0];
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(&nonce.to_be_bytes());
    bytes.resize(8 + PAYLOAD, b'p');
    // Of version 6 the kernel computes it; of version 4 it does for datagrams only.
    if address.is_ipv4() {
        let sum = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]))).sum::<u32>();
        let folded = (sum & 0xffff) + (sum >> 16);
        let folded = ((folded & 0xffff) + (folded >> 16)) as u16;
        bytes[2..4].copy_from_slice(&(!folded).to_be_bytes());
    }
    bytes
}

/// The number of an answer of ours.
fn number_of(bytes: &[u8], raw: bool, address: IpAddr, nonce: u64) -> Option<u16> {
    // A raw socket of version 4 hands the head of IP over as well.
    let skip = if raw && address.is_ipv4() { usize::from(bytes.first()? & 0x0f) * 4 } else { 0 };
    let bytes = bytes.get(skip..)?;
    let reply = if address.is_ipv4() { 0 } else { 129 };
    if bytes.first() != Some(&reply) || bytes.get(8..16)? != nonce.to_be_bytes() {
        return None;
    }
    Some(u16::from_be_bytes([*bytes.get(6)?, *bytes.get(7)?]))
}

/// What the kernel makes of a message that a packet of ours did not get through (ICMP unreachable, prohibited, expired).
fn of_router(error: Errno) -> bool {
    matches!(
        error,
        Errno::HOSTUNREACH
            | Errno::NETUNREACH
            | Errno::CONNREFUSED
            | Errno::ACCESS
            | Errno::HOSTDOWN
            | Errno::NONET
            | Errno::NOPROTOOPT
            | Errno::PROTO
    )
}

fn packets(socket: &OwnedFd, raw: bool, address: IpAddr, count: u32, limit: Limit) -> Result<Echoes, Errno> {
    let nonce = fastrand::u64(..);
    let id = fastrand::u16(..);
    let mut echoes = Echoes { sent: 0, times: Vec::new(), unreachable: false };
    let mut begun: Vec<Instant> = Vec::new();
    let mut answered = vec![false; count as usize];
    let mut buffer = [0u8; 1500];
    for number in 0..count {
        if limit.left().is_none() {
            break;
        }
        match send(socket, &packet(address, id, number as u16, nonce), SendFlags::empty()) {
            Ok(_) => {}
            // What a router said of the packet before comes with the next one.
            Err(error) if of_router(error) && (number > 0 || error == Errno::HOSTUNREACH) => echoes.unreachable = true,
            Err(error) => return Err(error),
        }
        begun.push(Instant::now());
        echoes.sent += 1;
        let last = number + 1 == count;
        let until = (Instant::now() + if last { PATIENCE } else { PAUSE }).min(limit.until);
        while !answered[..=number as usize].iter().all(|one| *one) || !last {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            sockopt::set_socket_timeout(socket, sockopt::Timeout::Recv, Some(left.max(Duration::from_millis(1))))?;
            match recv(socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((got, _)) => {
                    let number = number_of(&buffer[..got], raw, address, nonce).map(usize::from);
                    // A duplicate does not count twice, and each answer is of its own packet.
                    if let Some(number) = number.filter(|number| answered.get(*number) == Some(&false) && *number < begun.len()) {
                        answered[number] = true;
                        echoes.times.push(begun[number].elapsed());
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) if of_router(error) => echoes.unreachable = true,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(echoes)
}

fn program() -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("ping")).find(|path| path.is_file())
}

/// Has the program ping, of iputils, busybox or BSD.
fn by_program(program: &std::path::Path, address: IpAddr, count: u32, limit: Limit) -> Result<Echoes, Failure> {
    let shown = visible(&program.display().to_string());
    let cannot = |why: String| Failure::of("not_permitted", tr!("{program} could not be asked: {why}", program = shown.clone(), why));
    let mut command = Command::new(program);
    command.args(["-n", "-c", &count.to_string(), "-W", "1", &address.to_string()]).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut family = children::start_own(command).map_err(|error| cannot(visible(&error.to_string())))?;
    let (Some(out), Some(err)) = (family.child.stdout.take(), family.child.stderr.take()) else { return Err(cannot(String::new())) };
    let left = limit.left().unwrap_or_default();
    let read = crate::process::patience::within(left, move || {
        let (mut text, mut said) = (String::new(), String::new());
        let _ = out.take(64 << 10).read_to_string(&mut text);
        let _ = err.take(4 << 10).read_to_string(&mut said);
        (text, said)
    });
    let Some((text, said)) = read else {
        family.end();
        return Ok(Echoes { sent: count, times: Vec::new(), unreachable: false });
    };
    let status = family.child.wait().ok().and_then(|status| status.code());
    let times = times_of(&text);
    if times.is_empty() && status != Some(1) {
        return Err(cannot(Foreign::new(said.lines().next().unwrap_or_default()).words(&[], 200)));
    }
    Ok(Echoes { sent: count, times, unreachable: text.contains("Unreachable") })
}

/// `64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.042 ms`, each number once.
fn times_of(text: &str) -> Vec<Duration> {
    let mut seen = std::collections::BTreeSet::new();
    let mut times = Vec::new();
    for line in text.lines().filter(|line| !line.contains("DUP!")) {
        let number = line.split(['=', ' ']).skip_while(|word| !word.ends_with("seq")).nth(1).map(str::to_owned);
        let time = line.split("time").nth(1).map(|rest| rest.trim_start_matches(['=', '<']));
        let time = time.and_then(|rest| rest.split([' ', 'm']).next()?.parse::<f64>().ok());
        if let (Some(number), Some(time)) = (number, time.filter(|time| time.is_finite() && *time >= 0.0))
            && seen.insert(number)
        {
            times.push(Duration::from_secs_f64(time / 1000.0));
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_of_the_program() {
        let iputils = "PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.\n64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.500 ms\n64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.700 ms (DUP!)\n64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=1 ms\n\nrtt min/avg/max/mdev = 0.5/0.5/1/0.1 ms\n";
        assert_eq!(times_of(iputils), [Duration::from_micros(500), Duration::from_millis(1)]);
        let busybox = "64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.250 ms\n64 bytes from 127.0.0.1: seq=1 ttl=64 time=0.750 ms\n";
        assert_eq!(times_of(busybox).len(), 2);
        assert!(times_of("From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n").is_empty());
    }

    #[test]
    fn an_answer_is_ours_by_number_and_text() {
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let mut reply = packet(address, 7, 3, 42);
        reply[0] = 0;
        assert_eq!(number_of(&reply, false, address, 42), Some(3));
        assert_eq!(number_of(&reply, false, address, 43), None, "another's");
        assert_eq!(number_of(&packet(address, 7, 3, 42), false, address, 42), None, "our own request");
        assert_eq!(number_of(&reply[..10], false, address, 42), None);
        let raw = [&[0x45u8; 20][..], &reply].concat();
        assert_eq!(number_of(&raw, true, address, 42), Some(3));
    }
}

//! A name server that answers as tests want it to.

use super::{CHECK, DOWN, goes, shown, target};
use crate::support::cli::Room;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// Answers of one kind, made of the question.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// These records (type, time to live, data) with this code.
    Says(u8, &'static [(u16, u32, &'static [u8])]),
    /// To be asked again over TCP.
    Cut(&'static [(u16, u32, &'static [u8])]),
    /// With another number, then for another question, then right.
    Confused,
    /// The first question is lost.
    Deaf,
    /// Never.
    Never,
}

pub(super) const A1: (u16, u32, &[u8]) = (1, 300, &[192, 0, 2, 1]);
const A2: (u16, u32, &[u8]) = (1, 60, &[192, 0, 2, 2]);

fn answer(question: &[u8], code: u8, records: &[(u16, u32, &[u8])], cut: bool) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let mut out = question[..2].to_vec();
    out.extend_from_slice(&[if cut { 0x86 } else { 0x84 }, code, 0, 1]);
    out.extend_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(&question[12..end]);
    for (kind, ttl, data) in records {
        out.extend_from_slice(&[0xc0, 12]);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 1]);
        out.extend_from_slice(&ttl.to_be_bytes());
        out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend_from_slice(data);
    }
    out
}

pub(super) fn server(how: How) -> SocketAddr {
    let (tcp, udp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            break (tcp, udp);
        }
    };
    let at = tcp.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0u8; 2048];
        let mut asked = 0;
        while let Ok((count, from)) = udp.recv_from(&mut buffer) {
            asked += 1;
            let question = &buffer[..count];
            let say = |bytes: Vec<u8>| drop(udp.send_to(&bytes, from));
            match how {
                How::Says(code, records) => say(answer(question, code, records, false)),
                How::Cut(_) => say(answer(question, 0, &[], true)),
                How::Confused => {
                    let mut wrong = answer(question, 0, &[A2], false);
                    wrong[0] ^= 0xff;
                    say(wrong);
                    let mut other = answer(question, 0, &[A2], false);
                    other[13] ^= 0x01;
                    say(other);
                    say(b"nonsense".to_vec());
                    say(answer(question, 0, &[A1], false));
                }
                How::Deaf if asked == 1 => {}
                How::Deaf => say(answer(question, 0, &[A1], false)),
                How::Never => {}
            }
        }
    });
    std::thread::spawn(move || {
        for mut stream in tcp.incoming().map_while(Result::ok) {
            let mut length = [0u8; 2];
            if stream.read_exact(&mut length).is_err() {
                continue;
            }
            let mut question = vec![0u8; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut question).unwrap();
            if let How::Cut(records) = how {
                let bytes = answer(&question, 0, records, false);
                stream.write_all(&u16::try_from(bytes.len()).unwrap().to_be_bytes()).and_then(|()| stream.write_all(&bytes)).unwrap();
            }
        }
    });
    at
}

fn asks(how: How, more: &str) -> String {
    format!("url = \"dns://{}/www.example.com{more}", server(how))
}

#[test]
fn answers_are_a_set() {
    let record = goes(&asks(How::Says(0, &[A2, A1]), "\"\nexpect = { answer = [\"192.0.2.1\", \"192.0.2.2\"] }"), "ok", "");
    assert_eq!(record["fields"]["answer"], "192.0.2.1 192.0.2.2");
    assert_eq!((&record["numbers"]["answers"], &record["numbers"]["ttl"]), (&2.0.into(), &60.0.into()));
    goes(&asks(How::Says(0, &[A1, A2]), "\"\nexpect = { answer = [\"192.0.2.2\", \"192.0.2.1\"] }"), "ok", "");
    goes(
        &asks(How::Says(0, &[A1]), "\"\nexpect = { answer = [\"192.0.2.9\"] }"),
        "answer",
        "answers 192.0.2.1 to www.example.com, expected is 192.0.2.9",
    );
    const TEXT: &[(u16, u32, &[u8])] = &[(16, 9, b"\x05v=spf\x031 a")];
    let record = goes(&asks(How::Says(0, TEXT), "?type=TXT\""), "ok", "");
    assert_eq!(record["fields"]["answer"], "v=spf1 a");
    // A chain: what counts is the type that was asked for.
    let record = goes(&asks(How::Says(0, &[(5, 5, &[0xc0, 16]), A1]), "\""), "ok", "");
    assert_eq!(record["fields"]["answer"], "192.0.2.1");
}

#[test]
fn codes_and_no_data_are_told_apart() {
    goes(&asks(How::Says(3, &[]), "\""), "rcode", "NXDOMAIN");
    goes(&asks(How::Says(3, &[]), "\"\nexpect = { rcode = \"NXDOMAIN\" }"), "ok", "");
    goes(&asks(How::Says(2, &[]), "\""), "rcode", "SERVFAIL");
    goes(&asks(How::Says(5, &[]), "\""), "rcode", "REFUSED");
    goes(&asks(How::Says(0, &[]), "\""), "answer", "has no record of type A");
    goes(&asks(How::Never, "\"\ntimeout = \"600ms\""), "timeout", "within 0.6 s");
    let closed = crate::support::closed::ClosedPort::new();
    goes(&format!("url = \"dns://{closed}/www.example.com\""), "refused", "no name server");
}

#[test]
fn lost_cut_and_foreign_answers() {
    const MANY: &[(u16, u32, &[u8])] = &[A1; 60];
    assert_eq!(goes(&asks(How::Cut(MANY), "\""), "ok", "")["fields"]["answer"], "192.0.2.1");
    assert_eq!(goes(&asks(How::Confused, "\""), "ok", "")["fields"]["answer"], "192.0.2.1");
    let record = goes(&asks(How::Deaf, "\"\ntimeout = \"900ms\""), "ok", "");
    assert_eq!(record["numbers"]["failures"], 0.0);
}

/// The same answer in another order is none that changed; another one is.
#[test]
fn a_changed_answer_is_seen() {
    let room = Room::new();
    let rule =
        "[[rules]]\nname = \"changed\"\nsource = \"probe\"\nmetric = \"changes:answer\"\ngroup_by = [\"probe\"]\nwarning = \">= 1\"\n";
    let line = |answer: &str, at: &str| {
        format!(
            "{{\"probe\":\"d\",\"url\":\"dns://x/y\",\"type\":\"dns\",\"at\":\"{at}\",\"outcome\":\"ok\",\"answer\":{answer},\"certificate\":null}}\n"
        )
    };
    room.config(&format!("{rule}{DOWN}"));
    let value = |answer: &str, minute: u32| {
        let now = format!("2026-11-20T10:{minute:02}:00Z");
        room.write("in.ndjson", line(answer, &now));
        let report = room.run(&["check", "-o", "json", "--now", &now, "--input", "probe=in.ndjson"]).json();
        report.rule("changed")["state"].as_str().unwrap().to_owned()
    };
    value("[\"192.0.2.1\",\"192.0.2.2\"]", 0);
    assert_eq!(value("[\"192.0.2.2\",\"192.0.2.1\"]", 5), "ok");
    assert_eq!(value("[\"192.0.2.66\"]", 10), "firing");
}

/// A name that does not exist is down; a resolver of ours that does not answer is nobody's fault but ours.
#[test]
fn a_name_without_an_address_is_not_our_outage() {
    let all = shown(&target("t", "url = \"tcp://127.0.0.1:9\"\nip = \"6\""));
    assert_eq!(all[0]["fields"]["outcome"], "resolve", "{all:#?}");
    let room = Room::new();
    room.config(&format!("{}{DOWN}", target("t", "url = \"http://no-such-host.invalid/\"\ntimeout = \"2s\"")));
    let report = room.run(&CHECK).json();
    let state = report.rule("down")["state"].as_str().unwrap().to_owned();
    // Whether somebody answers for `.invalid` depends on where the test runs.
    assert!(state == "firing" || (state == "unknown" && report.0.to_string().contains("name server of this machine")), "{:#}", report.0);
}

/// A chain of names that leads back to itself, and one that leads nowhere: there is no address, and nobody follows it for ever.
#[test]
fn a_chain_without_an_end_is_no_answer() {
    // `www.example.com` is `example.com` (the name 4 bytes behind the question's), which is `www.example.com`.
    const ROUND: &[(u16, u32, &[u8])] = &[(5, 60, &[0xc0, 16]), (5, 60, &[0xc0, 12])];
    goes(&asks(How::Says(0, ROUND), "\""), "answer", "has no record of type A");
    const ITSELF: &[(u16, u32, &[u8])] = &[(5, 60, &[0xc0, 12])];
    goes(&asks(How::Says(0, ITSELF), "\""), "answer", "has no record of type A");
    let record = goes(&asks(How::Says(0, ITSELF), "?type=CNAME\""), "ok", "");
    assert_eq!(record["fields"]["answer"], "www.example.com");
    // A name in the answer that points to itself: such a message says nothing, and the question is asked again.
    const POINTER: &[(u16, u32, &[u8])] = &[(5, 60, &[0xc0, 45])];
    goes(&asks(How::Says(0, POINTER), "?type=CNAME\"\ntimeout = \"600ms\""), "timeout", "");
}

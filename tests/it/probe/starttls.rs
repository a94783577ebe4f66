//! The words before the handshake, in nine protocols, and what goes wrong with them.

use super::{goes, saying, serve};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Says the first word, then answers each message with the next one.
fn dialog(first: &'static [u8], answers: &'static [&'static [u8]]) -> SocketAddr {
    serve(move |mut stream: TcpStream| {
        let _ = stream.write_all(first);
        let mut buffer = [0u8; 1024];
        for answer in answers {
            if !stream.read(&mut buffer).is_ok_and(|count| count > 0) || stream.write_all(answer).is_err() {
                return;
            }
        }
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}

#[track_caller]
fn says(kind: &str, at: SocketAddr, outcome: &str, part: &str) {
    goes(&format!("url = \"tls://{at}\"\nstarttls = \"{kind}\"\ntimeout = \"1s\""), outcome, part);
}

/// The greeting of MySQL with these capabilities in the upper half of the first two bytes.
fn greeting(capabilities: u8) -> &'static [u8] {
    let mut body = b"\x0a8.0.1\0\x01\0\0\0saltsalt\0\xff".to_vec();
    body.push(capabilities);
    body.extend_from_slice(&[0x2d, 2, 0, 0xff, 0xc1, 21]);
    let mut out = vec![body.len() as u8, 0, 0, 0];
    out.extend_from_slice(&body);
    Box::leak(out.into_boxed_slice())
}

const OFFERED: &[Case] = &[
    ("smtp", b"220-mx.example.com\r\n220 ready\r\n", &[b"250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n", b"220 go\r\n"]),
    ("lmtp", b"220 ready\r\n", &[b"250-mx\r\n250-STARTTLS\r\n250 PIPELINING\r\n", b"220 go\r\n"]),
    ("imap", b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", &[b"* NOTE\r\na OK begin\r\n"]),
    ("pop3", b"+OK ready\r\n", &[b"+OK begin\r\n"]),
    ("ftp", b"220-hello\r\n220 ready\r\n", &[b"234 go\r\n"]),
    ("sieve", b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK ready\r\n", &[b"OK begin\r\n"]),
    ("ldap", b"", &[&[0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]]),
    ("postgres", b"", &[b"S"]),
    (
        "xmpp",
        b"",
        &[
            b"<?xml version='1.0'?><stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
            b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        ],
    ),
];

const REFUSED: &[Case] = &[
    ("smtp", b"220 ready\r\n", &[b"250-mx\r\n250 SIZE 1\r\n"]),
    ("imap", b"* OK ready\r\n", &[b"a BAD unknown\r\n"]),
    ("pop3", b"+OK ready\r\n", &[b"-ERR no\r\n"]),
    ("ftp", b"220 ready\r\n", &[b"502 no\r\n"]),
    ("sieve", b"\"IMPLEMENTATION\" \"x\"\r\nOK ready\r\n", &[]),
    ("ldap", b"", &[&[0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 2, 4, 0, 4, 0]]),
    ("postgres", b"", &[b"N"]),
    ("xmpp", b"", &[b"<stream:stream><stream:features><other/></stream:features>"]),
];

type Case = (&'static str, &'static [u8], &'static [&'static [u8]]);

/// Everything up to the handshake, of which these servers then say nothing: what is waited for is the handshake.
#[test]
fn every_protocol_gets_as_far_as_the_handshake() {
    says("mysql", dialog(greeting(0xff), &[]), "timeout", "TLS handshake");
    for (kind, first, answers) in OFFERED {
        says(kind, dialog(first, answers), "timeout", "TLS handshake");
    }
}

/// Not offered is a failure of its own: what is said there stays in the clear.
#[test]
fn not_offered_is_said() {
    says("mysql", dialog(greeting(0xf7), &[]), "starttls", "does not offer STARTTLS");
    for (kind, first, answers) in REFUSED {
        says(kind, dialog(first, answers), "starttls", "does not offer STARTTLS");
    }
}

/// What follows the consent in the clear is nobody's to say.
#[test]
fn words_slipped_in_behind_the_consent_are_refused() {
    let smtp = dialog(b"220 ready\r\n", &[b"250 STARTTLS\r\n", b"220 go\r\n250 injected\r\n"]);
    says("smtp", smtp, "starttls", "more in the clear");
    says("postgres", dialog(b"", &[b"SE"]), "starttls", "more in the clear");
}

#[test]
fn refusals_and_nonsense() {
    says("smtp", saying(b"554 go away \x1b[31m\r\n"), "starttls", "554 go away");
    says("mysql", saying(&[9, 0, 0, 0, 0xff, 0x6a, 4, b'n', b'o', b'p', b'e', b'!', b'!']), "starttls", "nope");
    says("ldap", dialog(b"", &[b"HTTP/1.1 400 Bad\r\n\r\n"]), "starttls", "not LDAP");
    says("imap", saying(b"* BYE busy\r\n"), "starttls", "BYE busy");
    says("smtp", serve(drop), "closed", "STARTTLS");
    says("smtp", saying(b""), "timeout", "STARTTLS");
    let endless = serve(|mut stream| while stream.write_all(&[b'2'; 4096]).is_ok() {});
    says("smtp", endless, "starttls", "line without an end");
}

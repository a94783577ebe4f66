//! Mail servers as they are: strict, old, odd, slow, hostile; each recipient for itself.

use super::contract::{Verdict, mail_settings, verdict};
use super::{context, error_of, open, read, single};
use crate::support::receivers::SmtpReceiver;
use crate::support::run_cli::Bench;
use Verdict::{Delivered, Permanent, Retry};
use pcemon::channels::{Outcome, Part, SendContext};
use pcemon::domain::alert::Notification;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn what_a_mail_server_means() {
    type Script = &'static [(&'static str, &'static str)];
    let table: &[(Script, Verdict, &str)] = &[
        (&[], Delivered, ""),
        (&[("CONNECT", "421 too busy")], Retry, "too busy"),
        (&[("CONNECT", "554 go away")], Permanent, "go away"),
        (&[("CONNECT", "CLOSE")], Retry, ""),
        (&[("CONNECT", "GARBAGE")], Retry, ""),
        (&[("AUTH", "535 wrong")], Permanent, "check user and password"),
        (&[("AUTH", "454 later")], Retry, "later"),
        (&[("EHLO", "250-test\r\n250 8BITMIME")], Permanent, "login"),
        (&[("MAIL", "451 later")], Retry, "later"),
        (&[("MAIL", "550 not you")], Permanent, "not you"),
        (&[("RCPT", "550 nobody here")], Permanent, "a@example.com"),
        (&[("RCPT", "450 greylisted")], Retry, "greylisted"),
        (&[("RCPT TO:<a@", "450 later"), ("RCPT", "550 never")], Retry, "never"),
        (&[("DATA", "452 disk full")], Retry, "disk full"),
        (&[(".", "554 spam")], Permanent, "spam"),
        (&[(".", "451 later")], Retry, "later"),
        (&[(".", "CLOSE")], Retry, ""),
        (&[("QUIT", "CLOSE")], Delivered, ""),
    ];
    for (script, want, words) in table {
        let server = SmtpReceiver::start(script);
        let outcome = open("email", &mail_settings(server.port())).send(&single(), &context());
        assert_eq!(verdict(&outcome), *want, "{script:?}: {outcome:?}");
        assert!(error_of(&outcome).contains(words), "{script:?}: {outcome:?}");
        assert_eq!(server.mails().len(), usize::from(*want == Delivered), "{script:?}");
    }
}

#[test]
fn starttls_is_never_skipped() {
    let server = SmtpReceiver::start(&[]);
    let toml = mail_settings(server.port()).replace("\"none\"", "\"starttls\"");
    let outcome = open("email", &toml).send(&single(), &context());
    assert_eq!(verdict(&outcome), Permanent, "{outcome:?}");
    assert!(error_of(&outcome).contains("STARTTLS"), "{outcome:?}");
    assert!(server.commands().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{:?}", server.commands());
}

#[test]
fn a_mail_logs_in_and_names_everybody() {
    use base64::Engine;
    let server = SmtpReceiver::start(&[]);
    assert_eq!(open("email", &mail_settings(server.port())).send(&single(), &context()), Outcome::Delivered);
    let mail = &server.mails()[0];
    assert_eq!(mail.from, "<pcemon@example.com>");
    assert_eq!(mail.to, ["<a@example.com>", "<b@example.com>"]);
    let token = base64::engine::general_purpose::STANDARD.encode("\0pcemon\0password-S3CRET-2");
    assert_eq!(mail.auth, Some(format!("PLAIN {token}")));
}

fn recipient(who: &str) -> Part {
    Part::Recipient(who.to_owned())
}

/// One full mailbox does not keep an alert from the others, and who is gone for good is named.
#[test]
fn each_recipient_is_taken_or_refused_by_itself() {
    for refusal in ["452 mailbox full", "450 greylisted", "552 too many recipients"] {
        let server = SmtpReceiver::start(&[("RCPT TO:<a@", refusal)]);
        let channel = open("email", &mail_settings(server.port()));
        let Outcome::Partly { taken, rest, .. } = channel.send(&single(), &context()) else { panic!("{refusal}") };
        assert_eq!((taken, verdict(&rest)), (vec![recipient("b@example.com")], Retry), "{refusal}");
        assert!(error_of(&rest).contains("a@example.com") && error_of(&rest).contains(refusal), "{rest:?}");
        assert_eq!(server.mails()[0].to, ["<b@example.com>"]);
        // The next attempt is for the other alone.
        let notification = Notification { taken_by: BTreeSet::from(["b@example.com".to_owned()]), attempts: 1, ..single() };
        assert_eq!(channel.send(&notification, &context()), Outcome::Partly { taken: Vec::new(), rest, refused: Vec::new() });
        assert_eq!(server.mails().len(), 1);
        let named = server.commands().iter().filter(|line| line.starts_with("RCPT TO:<b@")).count();
        assert_eq!(named, 1);
        let willing = SmtpReceiver::start(&[]);
        assert_eq!(open("email", &mail_settings(willing.port())).send(&notification, &context()), Outcome::Delivered);
        assert_eq!(willing.mails()[0].to, ["<a@example.com>"]);
    }
    let server = SmtpReceiver::start(&[("RCPT TO:<a@", "550 left the company")]);
    let Outcome::Warned { warning, .. } = open("email", &mail_settings(server.port())).send(&single(), &context()) else { panic!() };
    assert!(warning.contains("a@example.com (550 left the company)") && warning.contains("the other 1"), "{warning}");
    assert_eq!(server.mails()[0].to, ["<b@example.com>"]);
    // A server that hangs up says nothing of the recipient.
    let server = SmtpReceiver::start(&[("RCPT TO:<b@", "421 shutting down")]);
    let outcome = open("email", &mail_settings(server.port())).send(&single(), &context());
    assert_eq!((verdict(&outcome), server.mails()), (Retry, Vec::new()), "{outcome:?}");
}

/// The same seen from a run: nobody waits for a full mailbox, nobody is told twice, and report and JSON name the lost one.
#[test]
fn a_run_tells_each_recipient_once() {
    let config = |port: u16| {
        format!(
            "{}[[channels]]\nname = \"mail\"\ntype = \"email\"\nfrom = \"pcemon@example.com\"\nto = [\"a@example.com\", \"b@example.com\"]\n\
             smtp = {{ host = \"127.0.0.1\", port = {port}, tls = \"none\" }}\n",
            "[[rules]]\nname = \"Blocked\"\nsource = \"traffic\"\ncritical = \"> 100\"\nnotify = [\"mail\"]\n"
        )
    };
    let full = SmtpReceiver::start(&[("RCPT TO:<a@", "452 mailbox full")]);
    let bench = Bench::new(&config(full.port()));
    let of = |run: &crate::support::run_cli::Run| -> Vec<String> {
        let recipients = run.json()["deliveries"][0]["recipients"].clone();
        let one = |one: &serde_json::Value| format!("{} {} {}", one["recipient"], one["status"], one["error"]).replace('"', "");
        recipients.as_array().unwrap().iter().map(one).collect()
    };
    let run = bench.check(0, &[("web", 500)]);
    assert_eq!(
        (run.deliveries(), of(&run)),
        (vec!["mail queued".to_owned()], vec!["a@example.com queued null".to_owned(), "b@example.com sent null".to_owned()])
    );
    assert_eq!(full.mails().iter().map(|mail| mail.to.clone()).collect::<Vec<_>>(), [["<b@example.com>"]]);
    let emptied = SmtpReceiver::start(&[]);
    bench.configure(&config(emptied.port()));
    let run = bench.check(10, &[("web", 500)]);
    assert_eq!(of(&run), ["a@example.com sent null", "b@example.com sent null"]);
    assert_eq!(emptied.mails().iter().map(|mail| mail.to.clone()).collect::<Vec<_>>(), [["<a@example.com>"]]);

    let gone = SmtpReceiver::start(&[("RCPT TO:<a@", "550 left the company")]);
    let bench = Bench::new(&config(gone.port()));
    let run = bench.check(0, &[("web", 500)]);
    assert_eq!(run.deliveries(), ["mail sent"], "{}", run.said());
    let said = run.json()["warnings"].to_string();
    assert!(said.contains("a@example.com") && said.contains("left the company"), "{}", run.stdout);
    assert_eq!(of(&run), ["a@example.com failed 550 left the company", "b@example.com sent null"]);
    // Who asks later what is wrong is told, until a mail goes through to everybody.
    let doctor = || bench.run(&["doctor", "--offline", "--now", &crate::support::run_cli::at(5)]).said();
    assert!(doctor().contains("a@example.com (550 left the company)"), "{}", doctor());
    let back = SmtpReceiver::start(&[]);
    bench.configure(&config(back.port()));
    let run = bench.check(60, &[("web", 500)]);
    assert_eq!(of(&run), ["a@example.com sent null", "b@example.com sent null"], "{}", run.said());
    assert!(!doctor().contains("left the company"), "{}", doctor());
}

/// What a server and a client say to each other, line by line.
type Talk = Arc<Mutex<Vec<String>>>;

/// A server with this certificate that offers STARTTLS and, behind `220 go ahead`, already sends `injected`.
fn starttls_server(injected: &'static str) -> (u16, Talk, tempfile::NamedTempFile) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let mut ca = tempfile::NamedTempFile::new().unwrap();
    // As Windows writes it.
    ca.write_all(b"\xef\xbb\xbf").unwrap();
    ca.write_all(certificate.pem().replace('\n', "\r\n").as_bytes()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let talk = Talk::default();
    let log = Arc::clone(&talk);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that does not like what it hears goes away.
            let _ = serve_starttls(stream.unwrap(), injected, &config, &log);
        }
    });
    (port, talk, ca)
}

fn serve_starttls(mut stream: TcpStream, injected: &str, config: &Arc<rustls::ServerConfig>, log: &Talk) -> std::io::Result<()> {
    let note = |text: &str| log.lock().unwrap().push(text.to_owned());
    stream.write_all(b"220 test ready\r\n")?;
    let mut lines = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        note(&format!("plain {}", line.trim_end()));
        if line.starts_with("STARTTLS") {
            stream.write_all(format!("220 go ahead\r\n{injected}").as_bytes())?;
            break;
        }
        stream.write_all(b"250-test\r\n250-STARTTLS\r\n250 8BITMIME\r\n")?;
    }
    let session = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
    let mut tls = BufReader::new(rustls::StreamOwned::new(session, stream));
    let mut in_mail = false;
    loop {
        let mut line = String::new();
        if tls.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        if in_mail && line != "." {
            continue;
        }
        in_mail = line == "DATA";
        note(&format!("tls {}", if line.starts_with("AUTH") { "AUTH" } else { line }));
        let reply = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250-test\r\n250 AUTH LOGIN PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        tls.get_mut().write_all(format!("{reply}\r\n").as_bytes())?;
    }
}

/// Somebody on the way writes the answers to EHLO, AUTH, MAIL, RCPT and DATA before encryption begins.
#[test]
fn what_was_sent_before_tls_is_never_read_after_it() {
    const ALL: &str = "250-x\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 sender\r\n250 one\r\n250 two\r\n354 go on\r\n250 taken\r\n221 bye\r\n";
    let toml = |port: u16, ca: &tempfile::NamedTempFile| {
        let path = ca.path().display();
        mail_settings(port).replace("\"none\"", &format!("\"starttls\", ca_file = '{path}'"))
    };
    for injected in [ALL, "250 x\r\n", "2"] {
        let (port, talk, ca) = starttls_server(injected);
        let outcome = open("email", &toml(port, &ca)).send(&single(), &context());
        assert_eq!(verdict(&outcome), Retry, "{injected:?}: {outcome:?}");
        assert!(error_of(&outcome).contains("before encryption began"), "{injected:?}: {outcome:?}");
        let talk = talk.lock().unwrap();
        assert!(talk.iter().all(|line| line.starts_with("plain EHLO") || line == "plain STARTTLS"), "{talk:?}");
    }
    let (port, talk, ca) = starttls_server("");
    assert_eq!(open("email", &toml(port, &ca)).send(&single(), &context()), Outcome::Delivered);
    let talk = talk.lock().unwrap();
    // What the server can is asked anew once nobody else can answer.
    assert!(talk[0].starts_with("plain EHLO") && talk[1] == "plain STARTTLS" && talk[2].starts_with("tls EHLO"), "{talk:?}");
    assert_eq!(talk[3..6], ["tls AUTH", "tls MAIL FROM:<pcemon@example.com>", "tls RCPT TO:<a@example.com>"]);
}

/// Lines and replies without end, at every step: the answer is an error, soon, and little of it is kept.
#[test]
fn no_reply_is_read_without_end() {
    for endless in ["250-and more\r\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "250 "] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let written = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let chunk = endless.repeat(1024);
            while stream.write_all(chunk.as_bytes()).is_ok() {
                count.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        });
        let outcome = open("email", &mail_settings(port)).send(&single(), &context());
        assert_eq!(verdict(&outcome), Retry, "{outcome:?}");
        assert!(error_of(&outcome).contains("not SMTP") && error_of(&outcome).chars().count() < 500, "{outcome:?}");
        // What the buffers of both ends hold, and not the gigabytes that a second of reading brings.
        assert!(written.load(Ordering::SeqCst) < 64 * 1024 * 1024, "{written:?}");
    }
}

/// Servers of all ages, by what they answer to the greeting of the client and what they offer.
#[test]
fn old_and_strict_servers() {
    let without_login = |port| mail_settings(port).replace(", user = \"pcemon\", password = { env = \"PASSWORD\" }", "");
    // Strict ones take no bare name, and every container has one: without a dot it is the address.
    let server = SmtpReceiver::start(&[]);
    assert_eq!(open("email", &without_login(server.port())).send(&single(), &context()), Outcome::Delivered);
    let said = server.commands().remove(0);
    let name = said.strip_prefix("EHLO ").unwrap();
    assert!(name.contains('.'), "{said}");
    for hello in ["monitor.example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
        let server = SmtpReceiver::start(&[]);
        let toml = without_login(server.port()).replace("smtp = {", &format!("smtp = {{ hello = \"{hello}\","));
        assert_eq!(open("email", &toml).send(&single(), &context()), Outcome::Delivered);
        assert_eq!(server.commands()[0], format!("EHLO {hello}"));
    }
    for hello in ["a b", "x\\r\\nMAIL FROM:<x@example.com>", "", "[monitor]"] {
        let toml = without_login(25).replace("smtp = {", &format!("smtp = {{ hello = \"{hello}\","));
        assert!(!super::errors(read("email", &toml).1).is_empty(), "{hello:?}");
    }
    // Older than EHLO.
    for refusal in ["500 what?", "502 not implemented", "501 bad", "550 no"] {
        let server = SmtpReceiver::start(&[("EHLO", refusal), ("HELO", "250 hello")]);
        assert_eq!(open("email", &without_login(server.port())).send(&single(), &context()), Outcome::Delivered, "{refusal}");
        assert!(server.commands()[1].starts_with("HELO "), "{:?}", server.commands());
        // A login needs EHLO.
        let outcome = open("email", &mail_settings(server.port())).send(&single(), &context());
        assert!(verdict(&outcome) == Permanent && error_of(&outcome).contains(refusal), "{outcome:?}");
    }
    let server = SmtpReceiver::start(&[("EHLO", "504 need a fully qualified name"), ("HELO", "504 need a fully qualified name")]);
    let outcome = open("email", &without_login(server.port())).send(&single(), &context());
    assert!(verdict(&outcome) == Permanent && error_of(&outcome).contains("smtp.hello"), "{outcome:?}");
    // Greetings of several lines, names in small letters, a recipient that is passed on.
    let odd: &[(&str, &str)] = &[
        ("CONNECT", "220-welcome\n220-to the\n220"),
        ("EHLO", "250-test\n250-size 1000\n250 auth login"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("cGNlbW9u", "334 UGFzc3dvcmQ6"),
        ("cGFzc3dvcmQtUzNDUkVULTI=", "235"),
        ("RCPT", "251 will forward"),
    ];
    let server = SmtpReceiver::start(odd);
    assert_eq!(open("email", &mail_settings(server.port())).send(&single(), &context()), Outcome::Delivered);
    assert_eq!(server.mails()[0].to.len(), 2);
}

/// A login that nobody here knows is named, instead of advice that would be wrong.
#[test]
fn the_logins_a_server_offers_are_named() {
    for (offer, words) in [
        ("250-test\r\n250-AUTH NTLM GSSAPI\r\n250 AUTH=XOAUTH2", "offers only the logins GSSAPI, NTLM, XOAUTH2"),
        ("250-test\r\n250 8BITMIME", "offers no login on this connection"),
    ] {
        let server = SmtpReceiver::start(&[("EHLO", offer)]);
        let outcome = open("email", &mail_settings(server.port())).send(&single(), &context());
        assert!(verdict(&outcome) == Permanent && error_of(&outcome).contains(words), "{outcome:?}");
        assert_eq!(error_of(&outcome).contains("leave user and password out"), words.contains("no login"), "{outcome:?}");
        assert!(!server.commands().iter().any(|line| line.starts_with("AUTH")));
    }
    // The form of servers older than the standard, and an offer that is not kept.
    let server =
        SmtpReceiver::start(&[("EHLO", "250-test\r\n250 AUTH=PLAIN LOGIN"), ("AUTH PLAIN", "504 not now"), ("AUTH LOGIN", "235 welcome")]);
    assert_eq!(open("email", &mail_settings(server.port())).send(&single(), &context()), Outcome::Delivered);
}

/// A server that drips a byte now and then, at any step, ends with the attempt.
#[test]
fn a_dripping_server_ends_in_time() {
    for step in ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        let server = SmtpReceiver::start(&[(step, "TRICKLE")]);
        let short = SendContext { timeout: Duration::from_millis(150), ..context() };
        let begun = std::time::Instant::now();
        let outcome = open("email", &mail_settings(server.port())).send(&single(), &short);
        assert!(verdict(&outcome) == Retry && error_of(&outcome).contains("in time"), "{step}: {outcome:?}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{step}");
    }
}

#[test]
fn the_port_says_how_a_connection_is_protected() {
    for (port, tls) in [(465, "implicit"), (587, "starttls"), (25, "starttls")] {
        let settings = read("email", &mail_settings(port).replace(", tls = \"none\"", "")).0.unwrap();
        assert!(format!("{settings:?}").to_lowercase().contains(&format!("tls: {tls}")), "{settings:?}");
    }
}

/// Decodes encoded words as a mail program does: everywhere in a header, and nowhere twice.
fn as_read(header: &str) -> String {
    use base64::Engine;
    let mut out = String::new();
    let mut rest = header;
    while let Some(begin) = rest.find("=?utf-8?b?") {
        let (before, word) = (&rest[..begin], &rest[begin + 10..]);
        let end = word.find("?=").unwrap();
        // Blanks between two encoded words are none.
        if !before.trim().is_empty() || out.is_empty() {
            out.push_str(before);
        }
        out.push_str(&String::from_utf8(base64::engine::general_purpose::STANDARD.decode(&word[..end]).unwrap()).unwrap());
        rest = &word[end + 2..];
    }
    out + rest
}

/// `=?..?=` in a rule's name, a sender's name or the prefix is shown, not decoded into something else.
#[test]
fn encoded_words_are_shown_as_they_were_written() {
    let spoof = "=?utf-8?b?4oCucm9vdA==?=";
    let server = SmtpReceiver::start(&[]);
    let toml = format!(
        "from = \"=?utf-8?q?Boss?= <pcemon@example.com>\"\nto = [\"{spoof} <a@example.com>\", \"資安 <b@example.com>\"]\n\
         subject_prefix = \"{spoof}\"\nsmtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}",
        server.port()
    );
    let mut notification = single();
    notification.alerts[0].rule = format!("{spoof} {}", "long ".repeat(20));
    assert_eq!(open("email", &toml).send(&notification, &context()), Outcome::Delivered);
    let mail = &server.mails()[0];
    let (head, _) = mail.data.split_once("\r\n\r\n").unwrap();
    for line in head.split("\r\n") {
        assert!(line.len() <= 78 || !line.contains("=?"), "{line}");
    }
    let head = head.replace("\r\n ", " ");
    let header = |name: &str| as_read(head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().trim_end());
    assert!(header("Subject").starts_with(&format!("{spoof} CRITICAL {spoof} long long")), "{}", header("Subject"));
    assert_eq!(header("From"), "=?utf-8?q?Boss?= <pcemon@example.com>");
    assert_eq!(header("To"), format!("{spoof} <a@example.com>, 資安 <b@example.com>"));
    assert!(!header("Subject").contains('\u{202e}'));
}

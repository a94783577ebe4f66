//! A server over TLS with a certificate of the test's making, which answers every request with an empty list.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

/// What a certificate says of itself.
pub struct Certificate {
    pub name: &'static str,
    pub is_ca: bool,
    pub from: (i32, u8, u8),
    pub to: (i32, u8, u8),
}

impl Default for Certificate {
    fn default() -> Self {
        Certificate { name: "localhost", is_ca: false, from: (2020, 1, 1), to: (2120, 1, 1) }
    }
}

/// A server that is gone when the test is; its port, and its certificate as PEM.
pub struct Server {
    pub port: u16,
    pub pem: String,
    /// The CA that signed it; the certificate itself where it signed itself.
    pub ca: String,
}

impl Server {
    /// With a certificate that signed itself.
    pub fn own(certificate: &Certificate) -> Server {
        let (parameters, key) = (parameters(certificate), KeyPair::generate().unwrap());
        let signed = parameters.self_signed(&key).unwrap();
        Server { port: serve(&signed, &key), ca: signed.pem(), pem: signed.pem() }
    }

    /// With a certificate that a CA of its own signed.
    pub fn of_authority(certificate: &Certificate) -> Server {
        let authority = parameters(&Certificate { name: "ca.example.com", is_ca: true, ..Certificate::default() });
        let authority_key = KeyPair::generate().unwrap();
        let ca = authority.self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let signed = parameters(certificate).signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
        Server { port: serve(&signed, &key), ca: ca.pem(), pem: signed.pem() }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

fn parameters(certificate: &Certificate) -> CertificateParams {
    let mut parameters = CertificateParams::new(vec![certificate.name.to_owned()]).unwrap();
    if certificate.is_ca {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let day = |(year, month, day)| rcgen::date_time_ymd(year, month, day);
    (parameters.not_before, parameters.not_after) = (day(certificate.from), day(certificate.to));
    parameters
}

fn serve(certificate: &rcgen::Certificate, key: &KeyPair) -> u16 {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(session, stream);
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match tls.read(&mut chunk) {
                    Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
                    // Whoever does not like the certificate goes away.
                    _ => break,
                }
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]";
            let _ = tls.write_all(answer).and_then(|()| tls.flush());
        }
    });
    port
}

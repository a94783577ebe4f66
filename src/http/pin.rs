//! Certificates that are known by their fingerprint: whoever shows one of them is trusted, whatever its name and dates,
//! provided that it holds the key.

use super::tls;
use crate::domain::text::visible;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// The SHA-256 fingerprint of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Reads `AA:BB:..`, in upper or lower case, with or without colons.
    pub fn read(text: &str) -> Result<Pin, String> {
        let wrong = || tr!("'{text}' is not a SHA-256 fingerprint: 32 bytes in hexadecimal, such as AB:CD:..", text = visible(text));
        let digits: Vec<char> = text.trim().chars().filter(|c| *c != ':').collect();
        let mut out = [0; 32];
        if digits.len() != 64 {
            return Err(wrong());
        }
        for (byte, pair) in out.iter_mut().zip(digits.chunks(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
            *byte = high.zip(low).map(|(high, low)| high << 4 | low).ok_or_else(wrong)?;
        }
        Ok(Pin(out))
    }

    /// That of a certificate.
    pub fn of(der: &[u8]) -> Pin {
        Pin(Sha256::digest(der).into())
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why none of the fingerprints is that of the certificate.
#[derive(Debug)]
struct Another(Pin);

impl fmt::Display for Another {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&tr!("it is not the pinned one: its fingerprint is {pin}; if it was renewed, write this one", pin = self.0))
    }
}

impl std::error::Error for Another {}

/// Trusts certificates by fingerprint; others where the chain is to be trusted as well.
#[derive(Debug)]
pub(super) struct Pinned {
    pins: Vec<Pin>,
    chain: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    pub fn new(pins: Vec<Pin>, chain: Option<Arc<dyn ServerCertVerifier>>) -> Pinned {
        Pinned { pins, chain, provider: tls::provider() }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let own = Pin::of(end_entity.as_ref());
        if self.pins.contains(&own) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.chain {
            Some(chain) => chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::Other(OtherError(Arc::new(Another(own)))).into()),
        }
    }

    // That it holds the key of the certificate is proven in any case: anybody can show a certificate.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_spellings_are_one_fingerprint() {
        let pin = Pin::of(b"certificate");
        let shown = pin.to_string();
        for text in [shown.clone(), shown.to_lowercase(), shown.replace(':', ""), format!(" {shown} ")] {
            assert_eq!(Pin::read(&text), Ok(pin), "{text}");
        }
        for text in ["", "AB:CD", &shown[1..], &format!("{shown}00"), &shown.replace('A', "x").replace('1', "y").replace('2', "z")] {
            assert!(Pin::read(text).is_err(), "{text}");
        }
    }
}

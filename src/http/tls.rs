//! Whom a TLS connection trusts, for HTTP and for what is none: one way to read the roots, one judge.

use rustls::CertificateError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use x509_cert::der::Decode;

/// The cryptography of every connection.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Who proves certificates: a private CA bundle, or the system. The error names the file.
pub(super) fn verifier(ca_file: Option<&Path>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    match ca_file {
        Some(path) => Ok(Arc::new(Bundle::read(path)?)),
        None => {
            let built = rustls_platform_verifier::Verifier::new(provider());
            built
                .map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
                .map_err(|error| tr!("cannot set up TLS: {error}", error))
        }
    }
}

/// Settings of a client without a certificate of its own.
pub(super) fn config(verifier: Arc<dyn ServerCertVerifier>) -> Result<rustls::ClientConfig, String> {
    Ok(trusting(verifier)?.with_no_client_auth())
}

/// Settings of a client that shows a certificate (PEM) of its own. The error names the file.
pub(super) fn config_with(
    verifier: Arc<dyn ServerCertVerifier>,
    (certificate, key): (&Path, &Path),
) -> Result<rustls::ClientConfig, String> {
    let chain = read_certificates("cert_file", certificate)?;
    let pem = read_pem("key_file", key)?;
    let secret = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| tr!("key_file {path} has no readable private key; keys with a passphrase are not supported", path = key.display()))?;
    trusting(verifier)?.with_client_auth_cert(chain, secret).map_err(|error| {
        tr!(
            "cert_file {cert_file} and key_file {key_file} cannot be used together: {error}",
            cert_file = certificate.display(),
            key_file = key.display(),
            error
        )
    })
}

fn trusting(
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert>, String> {
    let builder = rustls::ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| tr!("cannot set up TLS: {error}", error))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

/// Settings of a client that trusts a private CA bundle, or what the system trusts, and shows its own certificate and key if
/// it has them.
pub fn client_config(ca_file: Option<&Path>, client: Option<(&Path, &Path)>) -> Result<rustls::ClientConfig, String> {
    match client {
        Some(client) => config_with(verifier(ca_file)?, client),
        None => config(verifier(ca_file)?),
    }
}

/// Who proves certificates, for somebody who wants to see them as well.
pub fn judge(ca_file: Option<&Path>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    verifier(ca_file)
}

/// Settings of a client whose certificates `judge` is asked about.
pub fn judged_by(judge: Arc<dyn ServerCertVerifier>) -> Result<rustls::ClientConfig, String> {
    config(judge)
}

/// `ca_file`: what its certificates signed is trusted, and so are the certificates themselves where a server shows one of
/// them: appliances sign their own. Name and dates count in both cases.
#[derive(Debug)]
struct Bundle {
    /// `None`: nothing in the file can sign.
    roots: Option<Arc<WebPkiServerVerifier>>,
    own: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Bundle {
    fn read(path: &Path) -> Result<Bundle, String> {
        let own = read_certificates("ca_file", path)?;
        let mut roots = rustls::RootCertStore::empty();
        // What is no root may still be the certificate that the server shows.
        roots.add_parsable_certificates(own.iter().cloned());
        let provider = provider();
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        Ok(Bundle { roots: built.ok(), own, provider })
    }
}

impl ServerCertVerifier for Bundle {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.own.iter().any(|own| own.as_ref() == end_entity.as_ref()) {
            in_time(end_entity, now)?;
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        match &self.roots {
            Some(roots) => roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

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

/// Whether a certificate is valid now, by its dates.
fn in_time(der: &CertificateDer<'_>, now: UnixTime) -> Result<(), rustls::Error> {
    let certificate = x509_cert::Certificate::from_der(der).map_err(|_| CertificateError::BadEncoding)?;
    let validity = certificate.tbs_certificate().validity();
    let unix = |time: &x509_cert::time::Time| UnixTime::since_unix_epoch(Duration::from_secs(time.to_unix_duration().as_secs()));
    let (not_before, not_after) = (unix(&validity.not_before), unix(&validity.not_after));
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    Ok(())
}

/// Takes any certificate: `insecure_skip_verify`.
#[derive(Debug)]
pub(super) struct Anybody(pub(super) Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The certificates in a PEM file; `name` is the setting, for messages.
fn read_certificates(name: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read_pem(name, path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = read.map_err(|error| tr!("{name} {path} is not PEM: {error}", name, path = path.display(), error))?;
    if certificates.is_empty() {
        return Err(tr!("{name} {path} contains no certificate", name, path = path.display()));
    }
    Ok(certificates)
}
/// Bytes of a file of certificates; the bundles of whole systems have a fifth of it.
const PEM_BYTES: u64 = 2 * 1024 * 1024;

/// Reads a PEM file named by the setting `name`, as editors write it: UTF-8 with or without a byte order mark, UTF-16.
pub(super) fn read_pem(name: &str, path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| tr!("cannot read {name} {path}: {error}", name, path = path.display(), error);
    let bytes = match crate::files::read_patiently(path, PEM_BYTES) {
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            return Err(tr!("{name} {path} is too large for a file of certificates", name, path = path.display()));
        }
        read => read.map_err(cannot)?,
    };
    let utf_16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    Ok(match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        _ => bytes,
    })
}

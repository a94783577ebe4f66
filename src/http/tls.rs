//! TLS for what is no HTTP: the same roots, read the same way.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The cryptography of every connection.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Who proves certificates: a private CA bundle, or the system. The error names the file.
pub(super) fn verifier(ca_file: Option<&Path>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    match ca_file {
        Some(path) => {
            let roots = Arc::new(read_ca(path)?);
            let built = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
            built
                .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
                .map_err(|error| tr!("ca_file {path}: {error}", path = path.display(), error))
        }
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
    let builder = rustls::ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| tr!("cannot set up TLS: {error}", error))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Settings of a client that trusts a private CA bundle, or what the system trusts.
pub fn client_config(ca_file: Option<&Path>) -> Result<rustls::ClientConfig, String> {
    config(verifier(ca_file)?)
}

fn read_ca(path: &Path) -> Result<rustls::RootCertStore, String> {
    let pem = read_pem("ca_file", path)?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate =
            certificate.map_err(|error| tr!("{name} {path} is not PEM: {error}", name = "ca_file", path = path.display(), error))?;
        roots.add(certificate).map_err(|error| tr!("ca_file {path}: {error}", path = path.display(), error))?;
    }
    if roots.is_empty() { Err(tr!("ca_file {path} holds no certificate", path = path.display())) } else { Ok(roots) }
}

/// Bytes of a file of certificates; the bundles of whole systems have a fifth of it.
const PEM_BYTES: u64 = 2 * 1024 * 1024;

/// Reads a PEM file named by the setting `name`, as editors write it: UTF-8 with or without a byte order mark, UTF-16.
pub(super) fn read_pem(name: &str, path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| tr!("cannot read {name} {path}: {error}", name, path = path.display(), error);
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(PEM_BYTES + 1).read_to_end(&mut bytes)).map_err(cannot)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > PEM_BYTES) {
        return Err(tr!("{name} {path} is too large for a file of certificates", name, path = path.display()));
    }
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

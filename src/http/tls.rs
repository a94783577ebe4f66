//! TLS for what is no HTTP: the same roots, read the same way.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
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
    let pem = std::fs::read(path).map_err(|error| tr!("cannot read ca_file {path}: {error}", path = path.display(), error))?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| tr!("ca_file {path} is not PEM: {error}", path = path.display(), error))?;
        roots.add(certificate).map_err(|error| tr!("ca_file {path}: {error}", path = path.display(), error))?;
    }
    if roots.is_empty() { Err(tr!("ca_file {path} holds no certificate", path = path.display())) } else { Ok(roots) }
}

//! Certificates as Proxmox makes them: a CA for each cluster, and a certificate for each node that is named after it.
//!
//! Proxmox' own keys are RSA; these are of elliptic curves, because nothing here can make the others quickly.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io;
use std::sync::Arc;

/// The CA of a cluster.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// The certificate of a node, with its key.
pub struct Leaf {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    /// As PEM.
    pub pem: String,
    /// When it ends.
    pub end: Timestamp,
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

fn span(parameters: &mut CertificateParams, from: Timestamp, until: Timestamp) {
    let [from, until] = [from, until].map(day);
    let made = |date: Date| rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs());
    (parameters.not_before, parameters.not_after) = (made(from), made(until));
}

fn failed(error: rcgen::Error) -> io::Error {
    io::Error::other(error)
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Authority {
    /// A CA that was made a year before `from` and is good for nine more years after `until`.
    pub fn new(from: Timestamp, until: Timestamp) -> io::Result<Authority> {
        let mut parameters = CertificateParams::new(Vec::new()).map_err(failed)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let name = &mut parameters.distinguished_name;
        name.push(DnType::CommonName, "Proxmox Virtual Environment");
        name.push(DnType::OrganizationalUnitName, "1d0e9a35-6a0b-4b57-8c40-7a1f2e3d4c5b");
        name.push(DnType::OrganizationName, "PVE Cluster Manager CA");
        span(&mut parameters, from - DAY * 365, until + DAY * (9 * 365));
        let key = KeyPair::generate().map_err(failed)?;
        let pem = parameters.self_signed(&key).map_err(failed)?.pem();
        Ok(Authority { issuer: Issuer::new(parameters, key), pem })
    }

    /// What stands in `pve-root-ca.pem`.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a node; the loopback addresses and its own are in it, unless there is another list of names.
    pub fn sign(&self, node: &str, address: &str, names: Option<&[&str]>, from: Timestamp, end: Timestamp) -> io::Result<Leaf> {
        let full = format!("{node}.example.com");
        let usual = ["127.0.0.1", "::1", "localhost", address, node, &full];
        let names = names.unwrap_or(&usual);
        let mut parameters = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).map_err(failed)?;
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let name = &mut parameters.distinguished_name;
        name.push(DnType::OrganizationalUnitName, "PVE Cluster Node");
        name.push(DnType::OrganizationName, "Proxmox Virtual Environment");
        name.push(DnType::CommonName, full.as_str());
        span(&mut parameters, from, end);
        let key = KeyPair::generate().map_err(failed)?;
        let signed = parameters.signed_by(&key, &self.issuer).map_err(failed)?;
        let midnight = day(end).to_zoned(TimeZone::UTC).map_or(end, |at| at.timestamp());
        Ok(Leaf { pem: signed.pem(), certificate: signed.der().clone(), key: key.serialize_der(), end: midnight })
    }
}

impl Leaf {
    /// SHA-256 of it, as Proxmox writes it.
    pub fn fingerprint(&self) -> String {
        let mut out = String::new();
        for (at, byte) in Sha256::digest(&self.certificate).iter().enumerate() {
            // Writing to a text cannot fail.
            let _ = write!(out, "{}{byte:02X}", if at == 0 { "" } else { ":" });
        }
        out
    }

    pub(in crate::sim) fn config(&self) -> io::Result<Arc<rustls::ServerConfig>> {
        let key = PrivateKeyDer::Pkcs8(self.key.clone().into());
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![self.certificate.clone()], key))
            .map_err(io::Error::other)?;
        Ok(Arc::new(config))
    }
}

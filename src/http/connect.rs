//! The TLS end of an HTTP connection: ours in place of the client's own, because that one knows no way to trust a single
//! certificate and hides what was wrong with one.

use super::pin::{Pin, Pinned};
use super::tls;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ureq::Error;
use ureq::unversioned::transport::time::{Duration as Limit, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, TcpConnector, Transport,
    TransportAdapter,
};

/// Whom to trust, and what to show.
#[derive(Debug, Default)]
pub(super) struct Trust {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) client: Option<(PathBuf, PathBuf)>,
    pub(super) insecure: bool,
    pub(super) pins: Vec<Pin>,
    pub(super) server_name: Option<String>,
}

impl Trust {
    fn config(&self) -> Result<ClientConfig, String> {
        let verifier = if self.insecure {
            Arc::new(tls::Anybody(tls::provider()))
        } else if self.pins.is_empty() {
            tls::verifier(self.ca_file.as_deref())?
        } else {
            let chain = self.ca_file.as_deref().map(|path| tls::verifier(Some(path))).transpose()?;
            Arc::new(Pinned::new(self.pins.clone(), chain))
        };
        match &self.client {
            Some((certificate, key)) => tls::config_with(verifier, (certificate, key)),
            None => tls::config(verifier),
        }
    }
}

/// Connections straight or through a proxy, encrypted where the URL says so. The error names the file at fault.
pub(super) fn connector(trust: Trust) -> Result<impl Connector, String> {
    let tls = Tls { config: OnceLock::new(), trust };
    if tls.trust.ca_file.is_some() || tls.trust.client.is_some() {
        // A file that cannot be read is said before anything is asked; the system's roots are read when they are needed.
        tls.config()?;
    }
    Ok(().chain(ConnectProxyConnector::default()).chain(TcpConnector::default()).chain(tls))
}

#[derive(Debug)]
struct Tls {
    trust: Trust,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    fn config(&self) -> Result<Arc<ClientConfig>, String> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.trust.config()?);
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, Encrypted>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Err(Error::ConnectionFailed) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let config = self.config().map_err(|error| Error::Other(error.into()))?;
        let host = details.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let host = self.trust.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(host).map_err(|_| Error::Tls("the host is not a name that a certificate can have"))?.to_owned();
        let mut session = ClientConnection::new(config, name).map_err(Error::Rustls)?;
        let mut socket = TransportAdapter::new(Box::new(transport) as Box<dyn Transport>, details.current_time.clone());
        socket.set_timeout(left(details));
        session.complete_io(&mut socket)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Encrypted { buffers, stream: StreamOwned::new(session, socket) })))
    }
}

/// What is left of the time for connecting once the way there is open.
fn left(details: &ConnectionDetails<'_>) -> NextTimeout {
    let mut timeout = details.timeout;
    if !timeout.after.is_not_happening() {
        let spent = match ((details.current_time)(), details.now) {
            (Instant::Exact(now), Instant::Exact(begun)) => now.saturating_duration_since(begun),
            _ => Duration::ZERO,
        };
        timeout.after = Limit::Exact(timeout.after.saturating_sub(spent));
    }
    timeout
}

/// An encrypted connection.
struct Encrypted {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl std::fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encrypted")
    }
}

impl Transport for Encrypted {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        Ok(self.stream.write_all(&self.buffers.output()[..amount])?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

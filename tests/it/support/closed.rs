//! A port at which nobody listens.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// An address that refuses connections for as long as this lives.
///
/// A port that was free a moment ago may be the next test's. This one is taken, as the near end of a connection that stands:
/// nobody can listen there, and nobody does.
#[derive(Debug)]
pub struct ClosedPort {
    taken: TcpStream,
    _peer: TcpListener,
}

impl ClosedPort {
    pub fn new() -> Self {
        let peer = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = TcpStream::connect(peer.local_addr().unwrap()).unwrap();
        Self { taken, _peer: peer }
    }

    pub fn address(&self) -> SocketAddr {
        self.taken.local_addr().unwrap()
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }
}

impl std::fmt::Display for ClosedPort {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.address().fmt(out)
    }
}

#[test]
fn it_refuses_and_nobody_can_take_it() {
    let closed = ClosedPort::new();
    for _ in 0..20 {
        assert_eq!(TcpStream::connect(closed.address()).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
        assert!(TcpListener::bind(closed.address()).is_err());
    }
}

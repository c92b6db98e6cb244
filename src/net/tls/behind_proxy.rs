//! The client certificate of a request through an https proxy: only the service gets it, and not the proxy,
//! which may also request one.
//!
//! The HTTP library uses one configuration for both handshakes, and a certificate resolver does not know which
//! one it serves. But one client makes one request on one connection, so its handshakes alternate: with the
//! proxy, then through its tunnel with the service. Each begins by looking for a session to resume.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::client::{
    ClientSessionStore, ResolvesClientCert, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, NamedGroup, SignatureScheme};

/// Presents the certificate of this configuration only to the service. For one client.
pub(super) fn shown_to_the_service_alone(config: &mut ClientConfig) {
    let handshakes = Arc::new(Handshakes::default());
    config.resumption = Resumption::store(Arc::clone(&handshakes) as Arc<dyn ClientSessionStore>);
    let identity = Arc::clone(&config.client_auth_cert_resolver);
    config.client_auth_cert_resolver = Arc::new(OfTheService { handshakes, identity });
}

/// Counts the handshakes. Stores no session.
#[derive(Debug, Default)]
struct Handshakes(AtomicUsize);

impl ClientSessionStore for Handshakes {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    /// Called once, when a handshake begins.
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.fetch_add(1, Ordering::SeqCst);
        None
    }
}

/// Gives the certificate to every second handshake.
#[derive(Debug)]
struct OfTheService {
    handshakes: Arc<Handshakes>,
    identity: Arc<dyn ResolvesClientCert>,
}

impl ResolvesClientCert for OfTheService {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let begun = self.handshakes.0.load(Ordering::SeqCst);
        let is_the_service = begun > 0 && begun.is_multiple_of(2);
        is_the_service.then(|| self.identity.resolve(issuers, schemes)).flatten()
    }

    fn has_certs(&self) -> bool {
        self.identity.has_certs()
    }
}

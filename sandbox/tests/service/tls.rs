//! The sandbox by https, with rustls over a plain socket as the client.

use std::io::{self, ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use concur_sandbox::{Certificate, Config, Fault, Sandbox, Tls};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, RootCertStore,
    StreamOwned,
};

use crate::http::{PATIENCE, Reply, company_form, post, read, token_request};

fn sandbox(tls: Tls) -> Sandbox {
    Sandbox::start(Config { tls: Some(tls), ..Config::default() }).unwrap()
}

/// Logs in by TLS as a client that trusts the sandbox's CA alone and wants this name.
fn log_in_as(sandbox: &Sandbox, name: &str) -> io::Result<Option<Reply>> {
    log_in_with(sandbox, name, None)
}

/// The same, with a client certificate and its key to show.
fn log_in_with(sandbox: &Sandbox, name: &str, pem: Option<&str>) -> io::Result<Option<Reply>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(sandbox.ca_pem().unwrap().as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match pem.map(str::as_bytes) {
        None => config.with_no_client_auth(),
        Some(pem) => config
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(pem).unwrap()],
                PrivateKeyDer::from_pem_slice(pem).unwrap(),
            )
            .unwrap(),
    };
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let port = sandbox.origin().rsplit(':').next().unwrap().parse().unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(token_request(&company_form(sandbox.app())).as_bytes())?;
    read(&mut stream)
}

fn refused(sandbox: &Sandbox, name: &str) -> CertificateError {
    let error = log_in_as(sandbox, name).unwrap_err();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(why)) => why.clone(),
        _ => panic!("{error}"),
    }
}

#[test]
fn the_sandbox_serves_https_under_each_of_its_names() {
    let sandbox = sandbox(Tls::default());
    assert!(sandbox.origin().starts_with("https://127.0.0.1:"), "{}", sandbox.origin());
    for name in ["127.0.0.1", "localhost", "::1"] {
        let reply = log_in_as(&sandbox, name).unwrap().unwrap();
        assert_eq!(reply.status, 200, "{name}");
        assert_eq!(reply.field("geolocation"), sandbox.origin());
    }
}

#[test]
fn a_configured_name_is_the_only_one_in_the_origin() {
    let sandbox = sandbox(Tls::named("concur.test"));
    assert!(sandbox.origin().starts_with("https://concur.test:"), "{}", sandbox.origin());
    assert_eq!(log_in_as(&sandbox, "concur.test").unwrap().unwrap().status, 200);
    let why = refused(&sandbox, "localhost");
    assert!(matches!(why, CertificateError::NotValidForNameContext { .. }), "{why:?}");
}

#[test]
fn an_expired_certificate_and_one_of_another_ca_are_what_they_claim() {
    let tls = |certificate| Tls { certificate, ..Tls::default() };
    let why = refused(&sandbox(tls(Certificate::Expired)), "127.0.0.1");
    assert!(matches!(why, CertificateError::ExpiredContext { .. }), "{why:?}");
    let why = refused(&sandbox(tls(Certificate::OfAnotherCa)), "127.0.0.1");
    assert!(matches!(why, CertificateError::BadSignature), "{why:?}");
}

#[test]
fn client_certificates_are_required_and_wrong_ones_refused_with_a_reason() {
    let strict = || sandbox(Tls { wants_client: true, ..Tls::default() });
    let ours = strict();
    let pem = ours.client_pem().unwrap();
    assert_eq!(log_in_with(&ours, "localhost", Some(pem)).unwrap().unwrap().status, 200);
    let alert_for = |pem: Option<&str>| {
        let error = log_in_with(&ours, "localhost", pem).unwrap_err();
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(Error::AlertReceived(alert)) => *alert,
            _ => panic!("{error}"),
        }
    };
    assert_eq!(alert_for(None), AlertDescription::CertificateRequired);
    let stranger = strict().client_pem().unwrap().to_owned();
    // Of the same name, by a CA of the same name with another key.
    let alert = alert_for(Some(&stranger));
    assert!(
        [AlertDescription::DecryptError, AlertDescription::UnknownCA].contains(&alert),
        "{alert:?}"
    );
    assert_eq!(ours.counters().token_requests, 1, "no other client was accepted");
    let open = sandbox(Tls::default());
    assert_eq!(log_in_with(&open, "localhost", Some(&stranger)).unwrap().unwrap().status, 200);
}

#[test]
fn drops_and_resets_happen_at_the_socket() {
    let sandbox = sandbox(Tls::default());
    sandbox.push_fault(Fault::DropBefore);
    let error = log_in_as(&sandbox, "127.0.0.1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "no farewell");
    sandbox.push_fault(Fault::ResetAfter);
    let error = log_in_as(&sandbox, "127.0.0.1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let counters = sandbox.counters();
    assert_eq!((counters.token_requests, counters.grants_made), (2, 1));
}

#[test]
fn a_name_that_is_invalid_in_a_certificate_is_refused_at_the_start() {
    let names = vec!["not\u{e9}ascii".to_owned()];
    let config = Config { tls: Some(Tls { names, ..Tls::default() }), ..Config::default() };
    Sandbox::start(config).unwrap_err();
}

#[test]
fn without_tls_there_is_no_ca() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    assert_eq!(sandbox.ca_pem(), None);
    assert_eq!(post(&sandbox, &company_form(sandbox.app())).status, 200);
}

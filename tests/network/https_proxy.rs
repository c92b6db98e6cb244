//! An https proxy that requests client certificates itself: it gets none of ours, and the service
//! behind it gets ours.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concur_sandbox::{Config, Rotation, Sandbox, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

use crate::harness::{Run, World};

/// Whether each connection presented a client certificate.
type Shown = Arc<Mutex<Vec<bool>>>;

struct HttpsProxy {
    url: String,
    /// Its own certificate, to be trusted.
    pem: String,
    shown: Shown,
}

impl HttpsProxy {
    /// Leads to `port`, speaks this version, and asks for certificates by the CA of `clients`.
    fn start(port: u16, clients: &str, version: &'static SupportedProtocolVersion) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(clients.as_bytes()).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let shown = Shown::default();
        let noted = Arc::clone(&shown);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (config, noted) = (Arc::clone(&config), Arc::clone(&noted));
                // A broken tunnel is handled by its ends.
                std::thread::spawn(move || tunnel(client.unwrap(), config, port, &noted));
            }
        });
        Self { url, pem: certificate.pem(), shown }
    }

    fn shown(&self) -> Vec<bool> {
        std::mem::take(&mut self.shown.lock().unwrap())
    }
}

fn tunnel(
    client: TcpStream,
    config: Arc<ServerConfig>,
    port: u16,
    shown: &Mutex<Vec<bool>>,
) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut client = StreamOwned::new(connection, client);
    let mut head = BufReader::new(&mut client).lines();
    while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    shown.lock().unwrap().push(client.conn.peer_certificates().is_some());
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    client.sock.set_read_timeout(Some(Duration::from_millis(5)))?;
    server.set_read_timeout(Some(Duration::from_millis(5)))?;
    // One end after the other: neither is waited for.
    while copied(&mut client, &mut server)? && copied(&mut server, &mut client)? {}
    Ok(())
}

/// Hands on what there is; `false` at the end.
fn copied(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let mut bytes = [0; 16 * 1024];
    match from.read(&mut bytes) {
        Ok(0) => Ok(false),
        Ok(count) => to.write_all(&bytes[..count]).and_then(|()| to.flush()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

fn at_localhost(wants_client: bool) -> Config {
    let tls = Some(Tls { host: Some("localhost".to_owned()), wants_client, ..Tls::default() });
    Config { tls, rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

fn port_of(world: &World) -> u16 {
    world.sandbox.origin().rsplit(':').next().unwrap().parse().unwrap()
}

#[test]
fn only_the_service_gets_the_client_certificate_and_not_the_proxy() {
    let world = World::with(at_localhost(true));
    let pem = world.write("client.pem", world.sandbox.client_pem().unwrap());
    let ca = world.sandbox.ca_pem().unwrap();
    world.write("credentials.json", world.sandbox.credentials_json());
    let origin = world.sandbox.origin().to_owned();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let proxy = HttpsProxy::start(port_of(&world), ca, version);
        let roots = world.write("roots.pem", format!("{ca}{}", proxy.pem));
        let by = |run: Run| {
            let run = run.env("CONCUR_CRED_CA_BUNDLE", &roots).env("CONCUR_CRED_PROXY", &proxy.url);
            run.env("CONCUR_CRED_CLIENT_CERT", &pem)
        };
        by(world.concur(["login", "--base-url", &origin])).ok();
        by(world.concur(["refresh"])).ok();
        by(world.concur(["api", "/profile/identity/v4.1/Users"])).ok();
        by(world.concur(["doctor"])).ok();
        let shown = proxy.shown();
        assert!(shown.len() >= 4, "each went through the proxy: {shown:?}");
        assert!(shown.iter().all(|shown| !shown), "the proxy got no certificate: {shown:?}");
    }
}

#[test]
fn a_proxy_that_demands_a_certificate_is_reported_and_gets_none() {
    let world = World::with(at_localhost(false));
    let insisting = Sandbox::start(at_localhost(true)).unwrap();
    let pem = world.write("client.pem", insisting.client_pem().unwrap());
    let both = [insisting.ca_pem().unwrap(), world.sandbox.ca_pem().unwrap()].concat();
    let roots = world.write("roots.pem", both);
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
    let login = login.env("CONCUR_CRED_CA_BUNDLE", roots).env("CONCUR_CRED_CLIENT_CERT", pem);
    let output = login.env("CONCUR_CRED_PROXY", insisting.origin()).fails(5);
    output.says(&format!("the proxy {} asks for a client certificate", insisting.origin()));
    assert_eq!(insisting.requests().len(), 0, "the client was refused");
    assert_eq!(world.sandbox.requests().len(), 0);
}

//! TLS: a CA of the sandbox's own, made at the start, and a certificate signed by it.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::config::{Certificate, Tls};

/// A CA, and what a server with its certificate needs.
pub(crate) struct Authority {
    pub(crate) pems: Pems,
    pub(crate) acceptor: TlsAcceptor,
}

/// What clients may be given, as PEM.
pub(crate) struct Pems {
    /// The CA's certificate.
    pub(crate) ca: String,
    /// A client certificate by that CA, and its key.
    pub(crate) client: String,
}

impl Authority {
    pub(crate) fn new(tls: &Tls) -> io::Result<Self> {
        let ca = new_ca().map_err(io::Error::other)?;
        let shown = match tls.certificate {
            Certificate::OfAnotherCa => {
                new_ca().map_err(io::Error::other).and_then(|other| server_config(tls, &other, &ca))
            }
            Certificate::Good
            | Certificate::Expired
            | Certificate::NotYetValid
            | Certificate::SelfSigned => server_config(tls, &ca, &ca),
        };
        let client = client_pem(&ca).map_err(io::Error::other)?;
        let pems = Pems { ca: ca.pem(), client };
        Ok(Self { pems, acceptor: TlsAcceptor::from(Arc::new(shown?)) })
    }
}

type Ca = CertifiedIssuer<'static, KeyPair>;

fn new_ca() -> Result<Ca, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "concur-sandbox CA, made up");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// A server with a certificate by `issuer`, which asks clients for one by `clients`.
fn server_config(tls: &Tls, issuer: &Ca, clients: &Ca) -> io::Result<ServerConfig> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = certificate_params(tls)
        .and_then(|params| match tls.certificate {
            Certificate::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, issuer),
        })
        .map_err(io::Error::other)?;
    let chain = vec![certificate.der().clone()];
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(ring::default_provider());
    let verifier = if tls.wants_client {
        let mut roots = RootCertStore::empty();
        roots.add(clients.der().clone()).map_err(io::Error::other)?;
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(io::Error::other)?
    } else {
        WebPkiClientVerifier::no_client_auth()
    };
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_client_cert_verifier(verifier).with_single_cert(chain, key)
        })
        .map_err(io::Error::other)
}

/// A client certificate by this CA and its key, as one PEM text.
fn client_pem(ca: &Ca) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "concur-sandbox client, made up");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, ca)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

fn certificate_params(tls: &Tls) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(tls.names.clone())?;
    params.distinguished_name.push(DnType::CommonName, "concur-sandbox, made up");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let year = match tls.certificate {
        Certificate::Expired => Some(2001),
        Certificate::NotYetValid => Some(3001),
        Certificate::Good | Certificate::OfAnotherCa | Certificate::SelfSigned => None,
    };
    if let Some(year) = year {
        params.not_before = date_time_ymd(year, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
    }
    Ok(params)
}

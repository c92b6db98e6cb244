//! TLS: trusted roots, the client certificate, and the reasons for refusals.

mod behind_proxy;
mod identity;
mod pem;

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};

use super::not_usable;
use super::proxy::Via;
use crate::error::{Error, Result};
use crate::sys::files;

/// The bundled roots, and those in the file that the setting `ca_bundle` names. The file must be valid in
/// whole, and others must not be able to write it: an ignored root would be hard to find.
pub(super) fn roots(ca_bundle: Option<&Path>) -> Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_bundle {
        add_bundle(&mut roots, path)?;
    }
    Ok(Arc::new(roots))
}

/// The TLS configuration of a client. The system's roots are not read.
#[derive(Clone)]
pub(super) struct Tls {
    config: ClientConfig,
    has_identity: bool,
}

impl Tls {
    /// Trusts the bundled roots and those of `ca_bundle`, and presents the certificate of `client_cert` on
    /// request. Also returns a warning about the file of the key.
    pub(super) fn new(
        ca_bundle: Option<&Path>,
        client_cert: Option<&Path>,
    ) -> Result<(Self, Option<String>)> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| not_usable("TLS library", &error.to_string(), ""))?
            .with_root_certificates(roots(ca_bundle)?);
        let Some(path) = client_cert else {
            return Ok((Self { config: builder.with_no_client_auth(), has_identity: false }, None));
        };
        let (chain, key, warning) = identity::read(path)?;
        let config = builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| identity::unfit(path, &error))?;
        Ok((Self { config, has_identity: true }, warning))
    }

    /// For one client with this proxy.
    pub(super) fn config(&self, via: Option<&Via>) -> ClientConfig {
        let mut config = self.config.clone();
        if self.has_identity && via.is_some_and(Via::is_https) {
            behind_proxy::shown_to_the_service_alone(&mut config);
        }
        config
    }

    /// Whether there is a client certificate.
    pub(super) fn has_identity(&self) -> bool {
        self.has_identity
    }
}

fn add_bundle(roots: &mut RootCertStore, path: &Path) -> Result<()> {
    let file = files::read_named(path)
        .map_err(|error| not_usable("ca_bundle", &lower_first(error.problem()), error.remedy()))?;
    let certificates = pem::certificates(&file.bytes).map_err(|refusal| match refusal {
        pem::Refusal::Encrypted => unfit(path, "it contains a private key"),
        pem::Refusal::Other(why) => unfit(path, &why),
    })?;
    if certificates.is_empty() {
        return Err(unfit(path, "it contains no certificate"));
    }
    for (certificate, number) in certificates.into_iter().zip(1..) {
        let damaged = |_| unfit(path, &format!("certificate {number} in it is damaged"));
        roots.add(certificate).map_err(damaged)?;
    }
    Ok(())
}

fn unfit(path: &Path, why: &str) -> Error {
    not_usable(
        &format!("ca_bundle {}", path.display()),
        why,
        "It must contain root certificates in PEM form (-----BEGIN CERTIFICATE-----), and \
         nothing else; to convert one: openssl x509 -in OLD -out NEW",
    )
}

/// The text as it follows a colon.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Why there is no TLS with a host or a proxy.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// It requires a client certificate, and there is none.
    WantsIdentity,
    /// It requires another kind of client certificate.
    WantsOtherIdentity,
    /// It does not accept the client certificate, for this reason.
    IdentityRefused(&'static str),
    /// Its certificate is not from a trusted issuer.
    Untrusted,
    /// Its certificate is for another name.
    OtherName,
    /// Its certificate has expired.
    Expired,
    /// Its certificate is not valid yet.
    NotYetValid,
    /// Its certificate is not valid.
    Invalid,
    /// Anything else.
    Other(Box<rustls::Error>),
}

/// Why there is no TLS, if it is TLS that failed.
pub(super) fn refusal(error: &(dyn StdError + 'static), has_identity: bool) -> Option<Refusal> {
    tls_error(error).map(|error| Refusal::new(error, has_identity))
}

/// Whether the other side requires a client certificate.
pub(super) fn wants_certificate(error: &(dyn StdError + 'static)) -> bool {
    let required = AlertDescription::CertificateRequired;
    matches!(tls_error(error), Some(rustls::Error::AlertReceived(alert)) if *alert == required)
}

/// Why a service refused this client, if it did.
pub(super) fn turned_away(error: &(dyn StdError + 'static), has_identity: bool) -> Option<Refusal> {
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => about_identity(*alert, has_identity),
        _ => None,
    }
}

/// A service's alert (RFC 8446, section 6.2) about the client certificate or its absence.
fn about_identity(alert: AlertDescription, has_identity: bool) -> Option<Refusal> {
    use AlertDescription as Alert;
    let refused = match alert {
        Alert::CertificateRequired if has_identity => return Some(Refusal::WantsOtherIdentity),
        Alert::CertificateRequired => return Some(Refusal::WantsIdentity),
        Alert::CertificateExpired => "it has expired, or the clock there is wrong",
        Alert::CertificateRevoked => "it was revoked",
        Alert::UnknownCA => "its issuer is unknown there",
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateUnknown
        | Alert::AccessDenied
        | Alert::DecryptError => "it is not accepted",
        _ => return None,
    };
    has_identity.then_some(Refusal::IdentityRefused(refused))
}

fn tls_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // The error inside an `io::Error` is not its source: `source` would skip it.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => tls_error(held),
        None => error.source().and_then(tls_error),
    }
}

impl Refusal {
    fn new(error: &rustls::Error, has_identity: bool) -> Self {
        use CertificateError as Bad;
        if let rustls::Error::AlertReceived(alert) = error
            && let Some(about) = about_identity(*alert, has_identity)
        {
            return about;
        }
        let rustls::Error::InvalidCertificate(bad) = error else {
            return Self::Other(Box::new(error.clone()));
        };
        match bad {
            // The second means a root of the same name with another key.
            Bad::UnknownIssuer | Bad::BadSignature => Self::Untrusted,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::OtherName,
            Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYetValid,
            _ => Self::Invalid,
        }
    }

    /// The middle of a sentence about this host or proxy.
    pub(super) fn of(&self, party: &str) -> String {
        match self {
            Self::WantsIdentity => {
                format!("{party} requires a client certificate; set client_cert")
            }
            Self::WantsOtherIdentity => {
                format!("{party} asks for a client certificate of another kind than client_cert")
            }
            Self::IdentityRefused(why) => {
                format!("{party} does not accept the client certificate (client_cert): {why}")
            }
            Self::Untrusted => format!(
                "the certificate of {party} is not from a trusted issuer; if your company has \
                 its own root certificate, set ca_bundle"
            ),
            Self::OtherName => format!("the certificate of {party} is for another name"),
            Self::Expired => {
                format!("the certificate of {party} has expired, or the clock here is wrong")
            }
            Self::NotYetValid => {
                format!("the certificate of {party} is not valid yet, or the clock here is wrong")
            }
            Self::Invalid => format!("the certificate of {party} is not valid"),
            Self::Other(error) => format!("no TLS connection with {party}: {error}"),
        }
    }
}

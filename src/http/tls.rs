//! TLS: the roots that are trusted, and why a service's certificate was not.

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};

use crate::error::{Error, Kind, Result};
use crate::files;

/// The bundled roots, and those in the file that the setting `ca_bundle` names. The file must be whole
/// and others must not be able to write it: a root that is left out in silence would be looked for
/// elsewhere.
pub(super) fn roots(ca_bundle: Option<&Path>) -> Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_bundle {
        add_bundle(&mut roots, path)?;
    }
    Ok(Arc::new(roots))
}

/// What a client that trusts these roots needs. Nothing of the system is read.
pub(super) fn client_config(roots: &Arc<RootCertStore>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth())
}

fn add_bundle(roots: &mut RootCertStore, path: &Path) -> Result<()> {
    let file = files::read_named(path).map_err(|error| {
        Error::new(
            Kind::Unusable,
            format!("The ca_bundle cannot be used: {}", lower_first(error.problem())),
            error.remedy(),
        )
    })?;
    let mut count = 0_u32;
    for certificate in CertificateDer::pem_slice_iter(&file.bytes) {
        count += 1;
        let added = certificate.ok().and_then(|certificate| roots.add(certificate).ok());
        added.ok_or_else(|| not_usable(path, &format!("certificate {count} in it is damaged")))?;
    }
    if count == 0 {
        return Err(not_usable(path, "there is no certificate in it"));
    }
    Ok(())
}

fn not_usable(path: &Path, why: &str) -> Error {
    Error::new(
        Kind::Unusable,
        format!("The ca_bundle {} cannot be used: {why}", path.display()),
        "Put root certificates in PEM form into it (-----BEGIN CERTIFICATE-----).",
    )
}

/// The text as it stands behind a colon.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Why TLS with `host` failed, if it is TLS that failed.
pub(super) fn refusal(error: &(dyn StdError + 'static), host: &str) -> Option<String> {
    tls_error(error).map(|error| told(error, host))
}

fn tls_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // What an `io::Error` holds is not its source: `source` would skip it.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => tls_error(held),
        None => error.source().and_then(tls_error),
    }
}

fn told(error: &rustls::Error, host: &str) -> String {
    use CertificateError as Bad;
    let rustls::Error::InvalidCertificate(bad) = error else {
        return format!("no TLS connection with {host}: {error}");
    };
    match bad {
        // The second is what a root of the right name with another key comes to.
        Bad::UnknownIssuer | Bad::BadSignature => format!(
            "the certificate of {host} is not from an issuer that is trusted here; a company's own \
             root certificate can be given by the setting ca_bundle"
        ),
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            format!("the certificate of {host} is for another name")
        }
        Bad::Expired | Bad::ExpiredContext { .. } => {
            format!("the certificate of {host} has expired, or the clock here is wrong")
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet, or the clock here is wrong")
        }
        _ => format!("the certificate of {host} is not valid"),
    }
}

//! `client_cert`: the client certificate and its key.

use std::path::Path;

use rustls::InconsistentKeys;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{lower_first, pem};
use crate::error::{Error, Result};
use crate::net::not_usable;
use crate::sys::files;

const REMEDY: &str = "It must contain the certificate, its intermediate certificates and the \
                      private key, in PEM form.";

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, Option<String>);

/// The certificates and the key in the file, and a warning about its permissions. Others must not be able to
/// write it.
pub(super) fn read(path: &Path) -> Result<Identity> {
    let file = files::read_named(path).map_err(|error| {
        not_usable("client_cert", &lower_first(error.problem()), error.remedy())
    })?;
    let pem::Contents { certificates, key } =
        pem::identity(&file.bytes).map_err(|refusal| match refusal {
            pem::Refusal::Encrypted => not_usable(
                &format!("client_cert {}", path.display()),
                "its private key is encrypted",
                "Write the key without a passphrase: openssl pkey -in OLD -out NEW; then chmod 600 it.",
            ),
            pem::Refusal::Other(why) => refused(path, &why),
        })?;
    if certificates.is_empty() {
        return Err(refused(path, "it contains no certificate"));
    }
    let key = key.ok_or_else(|| refused(path, "it contains no private key"))?;
    Ok((certificates, key, file.warning))
}

/// Why certificate and key cannot be used.
pub(super) fn unfit(path: &Path, error: &rustls::Error) -> Error {
    let why = match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "its private key does not belong to its first certificate"
        }
        rustls::Error::InvalidCertificate(_) => "certificate 1 in it is damaged",
        _ => pem::DAMAGED_KEY,
    };
    refused(path, why)
}

fn refused(path: &Path, why: &str) -> Error {
    not_usable(&format!("client_cert {}", path.display()), why, REMEDY)
}

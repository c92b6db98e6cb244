//! One request to an API behind the token: from a person's words to a request (`target`, `fields`,
//! `headers`, `method`: pure), over the wire (`client`), and what the answer means (`answer`: pure).
//! `input` and `output` are the edges of bodies.

pub mod answer;
pub mod client;
pub mod connections;
pub mod fields;
pub mod headers;
pub mod input;
pub mod method;
pub mod output;
pub mod target;

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::model::origin::{AllowedOrigin, Origin};
use crate::model::record::Record;
use crate::store::Store;

/// Where a record's token may be sent: its base URL, if that is Concur's own or one that the operator
/// named in the settings or at login.
pub fn home_of(store: &Store, config: &Config, record: &Record) -> Result<AllowedOrigin> {
    let base = Origin::from_operator(&record.geolocation);
    let base = base.map_err(|_| not_allowed(&record.geolocation, record))?;
    if let Some(allowed) = config.allowed.permit(&base) {
        return Ok(allowed);
    }
    // The origin of the last login stands in the clear: only a client secret that opens vouches for it.
    let named = match &record.application {
        Some(application) => {
            store.unseal_client_secret(application)?;
            Origin::from_operator(&application.origin).ok()
        }
        None => None,
    };
    named
        .and_then(|named| config.allowed.and(&named).permit(&base))
        .ok_or_else(|| not_allowed(&record.geolocation, record))
}

fn not_allowed(base_url: &str, record: &Record) -> Error {
    Error::new(
        Kind::Unusable,
        format!(
            "{} is not an origin that may be sent a secret",
            crate::model::printable::printable(base_url, 200)
        ),
        "Log in again with --base-url, or list it under allowed_origins in config.toml.",
    )
    .of_profile(record.profile_name())
}

//! What Concur grants, after its answer was understood.

use super::origin::Origin;
use super::secret::Secret;

/// The tokens of one answer of the token service, or of an imported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `None` when the answer had none that could be used; the rest is kept all the same.
    pub access_token: Option<Secret>,
    /// Epoch seconds; `None` when it could not be learnt.
    pub access_expires_at: Option<i64>,
    /// `None` when the answer had none: then the one already held is kept.
    pub refresh_token: Option<Secret>,
    /// Epoch seconds.
    pub refresh_expires_at: Option<i64>,
    /// Whether that is our assumption and not Concur's word.
    pub refresh_expiry_assumed: bool,
    /// The granted scope, space separated.
    pub scope: Option<String>,
    /// The base URL from now on, already found allowed; `None` keeps the present one.
    pub geolocation: Option<Origin>,
    /// `id_token`.
    pub id_token: Option<Secret>,
    /// Company or user UUID, where the answer tells it.
    pub principal: Option<String>,
}

//! Which tokens the profiles already have. An older copy must not overwrite newer tokens, and no two profiles
//! may hold the same refresh token: when Concur replaces it for one of them, the other's is invalid.

use std::cmp::Ordering;

use crate::error::{Error, Kind, Result};
use crate::formats::tutorial::token_file::consumed;
use crate::model::grant::Grant;
use crate::model::jwt;
use crate::model::record::{Column, OutcomeKind, Record, RecordId};
use crate::model::secret::Secret;
use crate::store::Store;

/// How a copy of tokens compares with those of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The profile has nothing that could be lost, or older tokens.
    Newer,
    /// The profile has the same refresh token.
    Same,
    /// The profile has newer tokens, or their order is not known.
    Older,
    /// The profile has a refresh token, and the copy has none.
    Poorer,
}

/// Compares a copy with the tokens of a profile: by the access tokens' time of issue, else by the expiry of the
/// refresh tokens. A refresh token that does not open, or that Concur has called invalid, is nothing to lose.
pub(crate) fn standing(store: &Store, held: &Record, copy: &Grant) -> Standing {
    let open = |column| store.unseal(held, column).ok().flatten();
    let Some(refresh_token) = open(Column::RefreshToken) else { return Standing::Newer };
    if copy.refresh_token.as_ref() == Some(&refresh_token) {
        return Standing::Same;
    }
    if held.attempt.outcome == Some(OutcomeKind::Condemned) {
        return Standing::Newer;
    }
    if copy.refresh_token.is_none() {
        return Standing::Poorer;
    }
    let issued_at = |token: Option<&Secret>| token.and_then(jwt::claims)?.issued_at;
    let access_token = open(Column::AccessToken);
    let issued = (issued_at(copy.access_token.as_ref()), issued_at(access_token.as_ref()));
    let ends = (
        copy.refresh_expires_at.filter(|_| !copy.refresh_expiry_assumed),
        held.refresh_expires_at.filter(|_| !held.refresh_expiry_assumed),
    );
    let order = |(copied, held): (Option<i64>, Option<i64>)| Some(copied?.cmp(&held?));
    let decided = |order: &Ordering| order.is_ne();
    match order(issued).filter(decided).or_else(|| order(ends)) {
        Some(Ordering::Greater) => Standing::Newer,
        _ => Standing::Older,
    }
}

/// Whether to write the copy. `Ok(false)` for the same tokens; any other reason not to is an error.
pub(crate) fn is_to_be_kept(standing: Standing, profile: &str) -> Result<bool> {
    let problem = match standing {
        Standing::Newer => return Ok(true),
        Standing::Same => return Ok(false),
        Standing::Older => {
            format!(
                "The profile {profile} has tokens that are newer than this copy, or of unknown \
                 age"
            )
        }
        Standing::Poorer => {
            format!("The profile {profile} has a refresh token, and this copy has none")
        }
    };
    Err(Error::new(
        Kind::Usage,
        format!("{problem}; nothing was changed"),
        "Use another name with --profile, or replace its tokens with --replace.",
    ))
}

/// Keeps the profile's refresh token if an answer for the same account has none: "There are certain conditions
/// where a refresh token is not returned".
pub(crate) fn keep_refresh_token(store: &Store, held: &Record, grant: &mut Grant) {
    let is_invalid = held.attempt.outcome == Some(OutcomeKind::Condemned);
    if grant.refresh_token.is_some() || is_invalid {
        return;
    }
    if let Ok(Some(refresh_token)) = store.unseal(held, Column::RefreshToken) {
        grant.refresh_token = Some(refresh_token);
        grant.refresh_expires_at = held.refresh_expires_at;
        grant.refresh_expiry_assumed = held.refresh_expiry_assumed;
    }
}

/// Whether the profile has consumed this refresh token of the same application and has a newer one. It must not be
/// sent again: Concur may then revoke the newer one, too.
pub(crate) fn has_consumed(
    store: &Store,
    held: &Record,
    client_id: &str,
    refresh_token: &Secret,
) -> bool {
    let open = |column| store.unseal(held, column).ok().flatten();
    let is_invalid = held.attempt.outcome == Some(OutcomeKind::Condemned);
    held.client_id() == client_id
        && !is_invalid
        && open(Column::RefreshToken).is_some_and(|current| current != *refresh_token)
        && open(Column::UnknownFields)
            .is_some_and(|cell| consumed::is_consumed(&cell, refresh_token))
}

/// The unknown fields of new tokens, with the refresh tokens that the profile has consumed until now, and `token`.
pub(crate) fn remembered(
    store: &Store,
    held: Option<&Record>,
    client_id: &str,
    fields: Option<&Secret>,
    token: Option<&Secret>,
) -> Option<Secret> {
    let held = held.filter(|held| held.client_id() == client_id);
    let cell = held.and_then(|held| store.unseal(held, Column::UnknownFields).ok().flatten());
    consumed::remembered(fields, cell.as_ref(), token)
}

/// Notes in the record that this grant replaces its refresh token. Without that the grant is kept all the same.
pub(crate) fn remember_replaced(store: &Store, record: &mut Record, grant: &Grant) {
    let Ok(Some(replaced)) = store.unseal(record, Column::RefreshToken) else { return };
    if grant.refresh_token.as_ref().is_none_or(|new| *new == replaced) {
        return;
    }
    let Ok(cell) = store.unseal(record, Column::UnknownFields) else { return };
    let cell = consumed::remembered_in(cell.as_ref(), &replaced);
    if let Ok(meta) = store.meta() {
        let _ = store.put_cell(record, &meta.store_id, Column::UnknownFields, cell.as_ref());
    }
}

/// The other profile that holds this refresh token of the same application, or has consumed it. Damage of other
/// profiles is reported by `doctor` and does not prevent a login.
pub(crate) fn other_holder(
    store: &Store,
    own: Option<RecordId>,
    client_id: &str,
    refresh_token: &Secret,
) -> Option<String> {
    let holds = |record: &Record| {
        let held = store.unseal(record, Column::RefreshToken);
        held.is_ok_and(|held| held.as_ref() == Some(refresh_token))
            || has_consumed(store, record, client_id, refresh_token)
    };
    let accounts = store.accounts().unwrap_or_default();
    let mut others = accounts.iter().filter(|record| {
        Some(record.id) != own && record.client_id() == client_id && record.profile.is_some()
    });
    others.find(|record| holds(record)).and_then(Record::profile_name).map(str::to_owned)
}

/// The error for a refresh token that another profile holds.
pub(crate) fn refused(other: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!(
            "The profile {other} already has this refresh token, and a refresh of one profile \
             may make it invalid for the other; nothing was changed"
        ),
        format!("Use --profile {other}, or rename it: concur-cred rename {other} NEW"),
    )
}

/// The warning for a login whose refresh token another profile holds.
pub(crate) fn warning(profile: &str, other: &str) -> String {
    format!(
        "{profile}: the profile {other} has the same refresh token: if Concur replaces it for \
         one of them, the other must log in again. Use one profile for both"
    )
}

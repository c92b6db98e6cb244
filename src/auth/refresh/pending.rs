//! A pending grant: an answer that could not be committed, kept sealed in the reserve file and committed by the
//! next lock holder.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Refresher, ValidToken};
use crate::auth::held;
use crate::error::{Error, Kind, Result};
use crate::model::grant::Grant;
use crate::model::origin::Origin;
use crate::model::record::{Attempt, OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::store::lock::RecordLock;
use crate::store::{Store, reserve};

/// The result of committing a pending grant.
pub(super) enum Absorbed {
    /// The record, with the pending grant in it if there was one.
    Record(Box<Record>),
    /// The store still cannot be written; the access token of the pending grant is valid and is returned.
    OnlyServed(Box<ValidToken>),
}

/// The text of a pending grant, before it is sealed.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    access_token: Option<Cow<'a, str>>,
    access_expires_at: Option<i64>,
    refresh_token: Option<Cow<'a, str>>,
    refresh_expires_at: Option<i64>,
    refresh_expiry_assumed: bool,
    scope: Option<Cow<'a, str>>,
    geolocation: Option<Cow<'a, str>>,
    id_token: Option<Cow<'a, str>>,
    principal: Option<Cow<'a, str>>,
    obtained_at: i64,
}

/// Whether the record has a pending grant.
pub(super) fn is_there(store: &Store, record: &Record) -> bool {
    reserve::pending(store.paths(), record.id).is_ok_and(|spill| spill.is_some())
}

/// Saves a pending grant in the record's reserve file.
pub(super) fn keep(
    store: &mut Store,
    record: &Record,
    grant: &Grant,
    obtained_at: i64,
) -> Result<()> {
    let text = encode(grant, obtained_at)?;
    let sealed = store.seal_pending_grant(record.id, record.generation, &text)?;
    Ok(reserve::keep_pending(store.paths(), record.id, &sealed)?)
}

impl Refresher<'_> {
    /// Saves a grant for an unchanged account if the store cannot be written: for the holder of the record's
    /// lock. The next holder commits it.
    pub(crate) fn keep_in_reserve(
        &mut self,
        store: &mut Store,
        record: &Record,
        grant: &Grant,
    ) -> Result<()> {
        keep(store, record, grant, (self.clock)())
    }
}

/// Commits a pending grant, if it is for this record at this generation.
pub(super) fn absorb(
    store: &mut Store,
    lock: &RecordLock,
    record: Record,
    now: i64,
) -> Result<Absorbed> {
    let Some(sealed) = reserve::pending(store.paths(), record.id)? else {
        return Ok(Absorbed::Record(Box::new(record)));
    };
    store.ensure_current_key()?;
    // The commit would authenticate the edited values.
    store.prove_identity(&record)?;
    let answer = store.unseal_pending_grant(record.id, record.generation, &sealed)?;
    let Some((grant, obtained_at)) = answer.as_ref().and_then(decode) else {
        // Obtained before a login or another refresh: obsolete.
        reserve::clear(store.paths(), record.id)?;
        return Ok(Absorbed::Record(Box::new(record)));
    };
    let mut ended = ended(&record, now);
    held::remember_replaced(store, &mut ended, &grant);
    match store.commit_grant(lock, &ended, (&grant, None), obtained_at) {
        Ok(renewed) => {
            // If this fails, the answer is of an earlier generation and will not be used again.
            let _ = reserve::clear(store.paths(), record.id);
            Ok(Absorbed::Record(Box::new(renewed)))
        }
        Err(error) => match (grant.access_token, grant.access_expires_at) {
            (Some(token), Some(expires_at)) if expires_at > now => {
                let record = Record { access_expires_at: Some(expires_at), ..record };
                Ok(Absorbed::OnlyServed(Box::new(ValidToken { token, record })))
            }
            _ => Err(error.into()),
        },
    }
}

/// The record with its attempt ended by this grant, which was only stored late.
fn ended(record: &Record, now: i64) -> Record {
    let attempt = Attempt {
        number: record.attempt.number,
        started_at: record.attempt.started_at,
        ended_at: Some(now),
        outcome: Some(OutcomeKind::Granted),
        ..Attempt::default()
    };
    Record { attempt, ..record.clone() }
}

fn encode<'g>(grant: &'g Grant, obtained_at: i64) -> Result<Secret> {
    let Grant {
        access_token,
        access_expires_at,
        refresh_token,
        refresh_expires_at,
        refresh_expiry_assumed,
        scope,
        geolocation,
        id_token,
        principal,
    } = grant;
    let secret = |secret: &'g Option<Secret>| secret.as_ref()?.expose_utf8().map(Cow::Borrowed);
    let text = |text: &'g Option<String>| text.as_deref().map(Cow::Borrowed);
    let written = Written {
        access_token: secret(access_token),
        access_expires_at: *access_expires_at,
        refresh_token: secret(refresh_token),
        refresh_expires_at: *refresh_expires_at,
        refresh_expiry_assumed: *refresh_expiry_assumed,
        scope: text(scope),
        geolocation: geolocation.as_ref().map(|origin| origin.as_str().into()),
        id_token: secret(id_token),
        principal: text(principal),
        obtained_at,
    };
    serde_json::to_vec(&written)
        .map(Secret::new)
        .map_err(|_| Error::new(Kind::Other, "The answer could not be saved", "Report this."))
}

fn decode(text: &Secret) -> Option<(Grant, i64)> {
    let Written {
        access_token,
        access_expires_at,
        refresh_token,
        refresh_expires_at,
        refresh_expiry_assumed,
        scope,
        geolocation,
        id_token,
        principal,
        obtained_at,
    } = serde_json::from_slice(text.expose()).ok()?;
    let secret = |text: Option<Cow<'_, str>>| text.map(|text| Secret::from(text.into_owned()));
    let grant = Grant {
        access_token: secret(access_token),
        access_expires_at,
        refresh_token: secret(refresh_token),
        refresh_expires_at,
        refresh_expiry_assumed,
        scope: scope.map(Cow::into_owned),
        geolocation: geolocation.and_then(|text| Origin::from_operator(&text).ok()),
        id_token: secret(id_token),
        principal: principal.map(Cow::into_owned),
    };
    Some((grant, obtained_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_from_the_reserve_whole() {
        let grant = Grant {
            access_token: Some(Secret::from("a")),
            access_expires_at: Some(5),
            refresh_token: Some(Secret::from("r\"\\")),
            refresh_expires_at: None,
            refresh_expiry_assumed: true,
            scope: Some("openid".to_owned()),
            geolocation: Origin::from_operator("us2").ok(),
            id_token: None,
            principal: Some("uuid".to_owned()),
        };
        let encoded = encode(&grant, 7).unwrap();
        assert_eq!(decode(&encoded), Some((grant, 7)));
    }
}

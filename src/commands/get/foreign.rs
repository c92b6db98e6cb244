//! `get` for a host without a managed account: the stored credentials.

use crate::error::Result;
use crate::formats::git::{Answer, Request};
use crate::model::record::{Column, Record};
use crate::store::{CredentialFilter, Store};
use crate::ui::context::Context;

use super::rendered;

/// The most recently stored credential that matches and can be printed; one that is valid before one that
/// is expired and can be refreshed.
pub(super) fn answer(context: &mut Context<'_>, store: &Store, request: &Request) -> Result<u8> {
    let (Some(protocol), Some(host)) = (&request.protocol, &request.host) else { return Ok(0) };
    let filter = CredentialFilter {
        protocol,
        host,
        path: request.path.as_deref(),
        username: request.username.as_deref(),
    };
    let now = context.now();
    let mut records = store.stored_credentials(&filter)?;
    records.retain(|record| match &record.authtype {
        None => true,
        // If the server offers only other schemes, git would send it without success and then erase it.
        Some(scheme) if scheme.eq_ignore_ascii_case(b"Bearer") => request.takes_bearer(),
        Some(_) => request.capability_authtype,
    });
    let is_expired = |record: &Record| record.access_expires_at.is_some_and(|at| at <= now);
    records.sort_by_key(is_expired);
    let mut damaged = None;
    for record in records {
        let answer =
            if is_expired(&record) { refreshable(store, record) } else { valid(store, record) };
        match answer {
            Ok(Some(answer)) => {
                context.answer(&rendered(&answer)?)?;
                return Ok(0);
            }
            Ok(None) => {}
            // One that does not open is reported, and does not block the others.
            Err(error) => damaged = Some(error),
        }
    }
    damaged.map_or(Ok(0), Err)
}

/// The answer for an expired credential: never its password.
fn refreshable(store: &Store, record: Record) -> Result<Option<Answer>> {
    let refresh_token = store.unseal(&record, Column::RefreshToken)?;
    Ok(refresh_token.filter(|token| !token.is_empty()).map(|oauth_refresh_token| {
        Answer::RefreshToken { username: record.key.username, oauth_refresh_token }
    }))
}

fn valid(store: &Store, record: Record) -> Result<Option<Answer>> {
    let Some(secret) = store.unseal(&record, Column::AccessToken)? else { return Ok(None) };
    let oauth_refresh_token = store.unseal(&record, Column::RefreshToken)?;
    let password_expiry_utc = record.access_expires_at;
    Ok(Some(match (record.authtype, record.key.username) {
        (Some(authtype), username) => Answer::AuthType {
            authtype,
            credential: secret,
            ephemeral: false,
            password_expiry_utc,
            oauth_refresh_token,
            username,
        },
        (None, username) => Answer::Password {
            username: username.unwrap_or_default(),
            password: secret,
            password_expiry_utc,
            oauth_refresh_token,
        },
    }))
}

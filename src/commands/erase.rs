//! `erase`: a caller found a credential invalid.

use crate::auth::accounts::{self, Managed};
use crate::auth::refresh::Refresher;
use crate::error::Result;
use crate::model::policy;
use crate::model::record::{Account, Column, Record};
use crate::model::secret::Secret;
use crate::store::{CredentialFilter, Store};
use crate::ui::context::Context;

use super::helper;

pub(super) fn run(context: &mut Context<'_>) -> Result<u8> {
    let by_git = context.called_by_git;
    let Some(request) = helper::git_credential(context, by_git)? else { return Ok(0) };
    let Some(mut store) = context.store()? else { return Ok(0) };
    let accounts = match context.global.profile {
        // The token itself shows which profile it is.
        None => accounts::matching(&store, &request)?,
        Some(_) => match accounts::managed_for(context, &store, &request)? {
            Managed::One(account) => vec![*account],
            Managed::PinnedElsewhere(_) => return Ok(0),
            Managed::Several(_) | Managed::None => Vec::new(),
        },
    };
    let refused = request.credential.as_ref().or(request.password.as_ref());
    if let Some(refused) = refused {
        drop_managed(context, &mut store, accounts, refused)?;
    }
    let (Some(protocol), Some(host)) = (&request.protocol, &request.host) else { return Ok(0) };
    let filter = CredentialFilter {
        protocol,
        host,
        path: request.path.as_deref(),
        username: request.username.as_deref(),
    };
    let mut matching = store.stored_credentials(&filter)?;
    if let Some(refused) = refused {
        // Another secret than the stored one: a caller with an old token must not delete the new one.
        let same = |record: &Record| {
            store
                .unseal(record, Column::AccessToken)
                .is_ok_and(|kept| kept.as_ref() == Some(refused))
        };
        matching.retain(same);
    }
    if !matching.is_empty() {
        store.erase_credentials(&matching)?;
    }
    Ok(0)
}

/// Removes the access token of a managed account if its current one was refused, so that the next `get`
/// refreshes; never the refresh token (`logout` does that), and never a very new token, because then the reason
/// must be another one.
fn drop_managed(
    context: &mut Context<'_>,
    store: &mut Store,
    accounts: Vec<Account>,
    refused: &Secret,
) -> Result<()> {
    for account in accounts {
        let Some(seen) = store.reread(account.id)? else { continue };
        let is_current =
            |store: &Store, record: &Record| match store.unseal(record, Column::AccessToken) {
                Ok(kept) => kept.as_ref() == Some(refused),
                Err(_) => false,
            };
        if !is_current(store, &seen) || !policy::may_force(&seen, seen.generation, context.now()) {
            continue;
        }
        let lock = Refresher::with(context, |refresher| refresher.lock(store, &seen))?;
        let current =
            Refresher::with(context, |refresher| refresher.settled_if_there(store, &lock, &seen))?;
        let now = context.now();
        if let Some(current) = current
            && policy::may_force(&current, seen.generation, now)
            && is_current(store, &current)
        {
            store.drop_access_token(&lock, &current, now)?;
        }
    }
    Ok(())
}

//! Refresh tokens that are invalid once they are sent: whether to send one, and keeping the tokens that come for it,
//! which are the only valid ones.

use crate::auth::login::obtain;
use crate::auth::oauth::form::GrantRequest;
use crate::auth::refresh::Refresher;
use crate::auth::{committing, held};
use crate::error::{Error, Kind, Result, login_again};
use crate::model::profile::ProfileName;
use crate::model::record::Record;
use crate::store::lock::RecordLock;
use crate::store::{self, NewAccount, Store, reserve};
use crate::sys::failpoint;
use crate::ui::context::Context;

/// Keeps the account, if the profile `is_free` for it. `is_replaced`: Concur has replaced the refresh token that
/// was sent. `held`: what the profile held until now.
pub(crate) fn keep(
    app: &mut Context<'_>,
    store: &mut Store,
    lock: &RecordLock,
    account: NewAccount,
    is_free: Result<()>,
    is_replaced: bool,
    held: Option<Record>,
) -> Result<()> {
    match is_free {
        Ok(()) if is_replaced => keep_replaced(app, store, lock, &account, held),
        Ok(()) => obtain::keep(app, store, lock, &account),
        Err(_) if is_replaced => keep_beside(app, store, account),
        taken => taken,
    }
}

/// The record as it is now; for a refresh token that is sent, with the tokens that may still be in the reserve file.
pub(super) fn settled(
    app: &mut Context<'_>,
    store: &mut Store,
    lock: &RecordLock,
    request: GrantRequest<'_>,
) -> Result<Option<Record>> {
    match store.reread(lock.record_id())? {
        Some(record) if request.is_refresh() => Refresher::with(app, |refresher| {
            refresher.settled_under(store, lock, &record).map(Some)
        }),
        current => Ok(current),
    }
}

/// Whether the profile has consumed the refresh token already, so that it is logged in; then says so.
pub(super) fn is_consumed(
    app: &mut Context<'_>,
    store: &Store,
    record: &Record,
    client_id: &str,
    request: GrantRequest<'_>,
) -> bool {
    let GrantRequest::Refresh { refresh_token } = request else { return false };
    let is = held::has_consumed(store, record, client_id, refresh_token);
    if is {
        app.note(&format!(
            "{}: already logged in: this refresh token was used before and has been replaced; nothing was sent or \
             changed",
            record.profile_name().unwrap_or_default()
        ));
    }
    is
}

/// Keeps the account by every way there is.
fn keep_replaced(
    app: &mut Context<'_>,
    store: &mut Store,
    lock: &RecordLock,
    account: &NewAccount,
    held: Option<Record>,
) -> Result<()> {
    let first = match save(app, store, lock, account) {
        Ok(record) => {
            obtain::tell(app, store, &record);
            return Ok(());
        }
        Err(error) => Error::from(error),
    };
    // For the profile as it is, the answer can wait in the reserve file.
    if let Some(held) = held.filter(|held| is_of(held, account))
        && Refresher::with(app, |refresher| refresher.keep_in_reserve(store, &held, &account.grant))
            .is_ok()
    {
        return Err(in_reserve(&first, account));
    }
    // Nothing can wait there for another: what the file takes up is the room that a full disk lacks.
    reserve::remove(store.paths(), lock.record_id());
    match failpoint::write("account-save-again")
        .map_err(|error| store::Error::unwritable(&error))
        .and_then(|()| store.save_account(lock, account, app.now()))
    {
        Ok(record) => {
            obtain::tell(app, store, &record);
            Ok(())
        }
        Err(_) => Err(lost(&first, account)),
    }
}

fn save(
    app: &Context<'_>,
    store: &mut Store,
    lock: &RecordLock,
    account: &NewAccount,
) -> store::Result<Record> {
    failpoint::write("account-save").map_err(|error| store::Error::unwritable(&error))?;
    committing::retried(|| store.save_account(lock, account, app.now()))
}

/// Keeps tokens that belong to another company than the profile's as a profile of their own: the refresh token
/// that was given may be invalid now, and these must not be lost.
fn keep_beside(app: &mut Context<'_>, store: &mut Store, mut account: NewAccount) -> Result<()> {
    let taken = store.profile_names()?;
    let name = account.profile.clone();
    let mut names = (2..1000).filter_map(|count| format!("{name}-{count}").parse().ok());
    let is_free = |name: &ProfileName| !taken.iter().any(|taken| taken == name.as_str());
    account.profile = names.find(is_free).ok_or_else(|| {
        Error::new(
            Kind::Usage,
            format!("The profile {name} holds another company, user or application"),
            "Use another name with --profile.",
        )
    })?;
    let lock = obtain::lock(app, store, None)?;
    if let Err(error) = keep_replaced(app, store, &lock, &account, None) {
        obtain::discard(store, lock);
        return Err(error);
    }
    Err(Error::new(
        Kind::Usage,
        format!(
            "The profile {name} holds another company, user or application; the new tokens are kept as the \
             profile {}, because Concur has replaced the refresh token that was given",
            account.profile
        ),
        format!(
            "Use it: --profile {}, or give it another name with concur-cred rename.",
            account.profile
        ),
    ))
}

/// Whether the profile held tokens of this account.
fn is_of(held: &Record, account: &NewAccount) -> bool {
    held.client_id() == account.client_id && held.principal.eq_ignore_ascii_case(&account.principal)
}

fn in_reserve(why: &Error, account: &NewAccount) -> Error {
    Error::new(
        why.kind(),
        format!(
            "{}; the new tokens are saved in the reserve file but not yet committed",
            why.problem()
        ),
        "Fix this; the next refresh commits them.",
    )
    .of_profile(Some(account.profile.as_str()))
}

fn lost(why: &Error, account: &NewAccount) -> Error {
    let login = login_again(Some(account.profile.as_str()), account.obtained_by);
    Error::new(
        why.kind(),
        format!(
            "{}; Concur has replaced the refresh token that was given, and the new one could not be kept",
            why.problem()
        ),
        format!("Fix this, obtain a new refresh token, and run: {login}"),
    )
    .of_profile(Some(account.profile.as_str()))
}

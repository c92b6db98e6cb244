//! `refresh`: refreshes now, whatever the state.

use crate::auth::accounts;
use crate::auth::no_profile::no_profile;
use crate::auth::refresh::Refresher;
use crate::cli::Refresh;
use crate::error::{Result, worst_exit_code};
use crate::model::policy::Need;
use crate::model::record::Record;
use crate::store::Store;
use crate::ui::context::Context;
use crate::ui::times::span;

pub(super) fn run(context: &mut Context<'_>, args: &Refresh) -> Result<u8> {
    let mut store = accounts::store(context)?;
    let records = wanted(context, &store, args.all)?;
    if let Some(warning) = store.prove_key()? {
        context.warn(warning);
    }
    let mut failures = Vec::new();
    for record in records {
        if let Err(error) = refresh(context, &mut store, record) {
            context.show(&error);
            failures.push(error);
        }
    }
    store.leave_cache();
    match failures.first() {
        // Of several a profile that was removed meanwhile is no failure; of one it is.
        Some(error) if !args.all => Ok(error.kind().exit_code()),
        _ => Ok(worst_exit_code(&failures)),
    }
}

fn wanted(context: &Context<'_>, store: &Store, all: bool) -> Result<Vec<Record>> {
    if !all {
        return accounts::selected_record(context, store).map(|record| vec![record]);
    }
    let records = store.accounts()?;
    if records.is_empty() { Err(no_profile(context)) } else { Ok(records) }
}

fn refresh(context: &mut Context<'_>, store: &mut Store, record: Record) -> Result<()> {
    let token =
        Refresher::with(context, |refresher| refresher.token(store, record, Need::Refresh))?;
    let expires = token.record.access_expires_at;
    let left = span(expires.map_or(0, |at| at.saturating_sub(context.now())));
    let profile = token.record.profile_name().unwrap_or_default();
    context.note(&format!("{profile}: refreshed; the access token is valid for {left}"));
    Ok(())
}

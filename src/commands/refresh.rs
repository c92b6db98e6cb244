//! `refresh`: now, whatever the state.

use crate::accounts;
use crate::app::App;
use crate::cli::Refresh;
use crate::error::Result;
use crate::model::record::Record;
use crate::refresh::Trigger;
use crate::store::Store;

pub(super) fn run(app: &mut App<'_>, args: &Refresh) -> Result<u8> {
    let mut store = app.store()?.ok_or_else(accounts::no_profile)?;
    if !args.all {
        let record = accounts::selected(app, &store)?;
        refresh(app, &mut store, &record)?;
        return Ok(0);
    }
    let records = store.accounts()?;
    if records.is_empty() {
        return Err(accounts::no_profile());
    }
    let mut worst = 0;
    for record in records {
        if let Err(error) = refresh(app, &mut store, &record) {
            app.show(&error);
            worst = worst.max(error.kind().exit_code());
        }
    }
    Ok(worst)
}

fn refresh(app: &mut App<'_>, store: &mut Store, record: &Record) -> Result<()> {
    let usable = app.renewing(|renewer| renewer.renew(store, record, Trigger::Explicit))?;
    let left = usable.record.access_expires_at.map_or(0, |at| (at - app.now()) / 60);
    let profile = record.profile_name().unwrap_or_default();
    app.note(&format!("{profile}: refreshed; the access token lives {left} min"));
    Ok(())
}

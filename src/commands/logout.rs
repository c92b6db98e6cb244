//! `logout`: forgets a profile and its tokens on this machine.

use crate::accounts;
use crate::app::App;
use crate::error::Result;
use crate::store::events::Event;
use crate::store::reserve;

pub(super) fn run(app: &mut App<'_>) -> Result<u8> {
    let mut store = app.store()?.ok_or_else(accounts::no_profile)?;
    let record = accounts::selected_record(app, &store)?;
    let lock = app.renewing(|renewer| renewer.lock(&store, &record))?;
    store.forget(&lock)?;
    reserve::remove(store.paths(), record.id);
    store.leave_ticket();
    let profile = record.profile_name().unwrap_or_default().to_owned();
    app.note(&format!(
        "{profile}: forgotten on this machine; its tokens live on at Concur until they expire"
    ));
    app.audit(Event {
        at: app.now(),
        profile: Some(profile),
        action: "logout".to_owned(),
        outcome: "forgotten".to_owned(),
        ..Event::default()
    });
    Ok(0)
}

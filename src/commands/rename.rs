//! `rename`: renames a profile; its tokens stay as they are.

use crate::auth::accounts;
use crate::auth::refresh::Refresher;
use crate::cli::Rename;
use crate::error::{Error, Kind, Result};
use crate::model::profile::ProfileName;
use crate::store::Wanted;
use crate::store::audit::Event;
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &Rename) -> Result<u8> {
    let Rename { name, new_name } = args;
    let mut store = accounts::store(context)?;
    let account = accounts::named(&store, name)?;
    let is_taken =
        || store.find(Wanted::Profile(Some(new_name.as_str()))).map(|found| !found.is_empty());
    if name != new_name && is_taken()? {
        return Err(Error::new(
            Kind::Usage,
            format!("There is a profile {new_name} already; nothing was changed"),
            "Choose another name, or forget that profile first: concur-cred logout --profile NAME",
        ));
    }
    let record = accounts::stored_record(&store, &account)?;
    store.preload_key()?;
    let lock = Refresher::with(context, |refresher| refresher.lock(&store, &record))?;
    store.rename_profile(&lock, name, new_name)?;
    store.leave_cache();
    context.note(&format!("{name} is now {new_name}"));
    if context.config.default_profile.as_ref() == Some(name) {
        context.note(&format!("the setting default_profile still names {name}: change it"));
    }
    audit(context, name, new_name);
    Ok(0)
}

fn audit(context: &mut Context<'_>, name: &ProfileName, new_name: &ProfileName) {
    context.audit(Event {
        at: context.now(),
        profile: Some(new_name.to_string()),
        action: "rename".to_owned(),
        outcome: format!("was {name}"),
        ..Event::default()
    });
}

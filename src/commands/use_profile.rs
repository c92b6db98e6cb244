//! `use`: the profile that is meant when none is named.

use crate::accounts;
use crate::app::App;
use crate::cli::Use;
use crate::error::{Error, Kind, Result};

pub(super) fn run(app: &mut App<'_>, args: &Use) -> Result<u8> {
    let mut store = app.store()?.ok_or_else(accounts::no_profile)?;
    let known = store.profile_names()?;
    if !known.iter().any(|name| name == args.name.as_str()) {
        return Err(Error::new(
            Kind::NotFound,
            format!("There is no profile {} (known: {})", args.name, known.join(", ")),
            format!("Make it: concur-cred login --profile {}", args.name),
        ));
    }
    store.use_profile(&args.name)?;
    store.leave_ticket();
    app.note(&format!("{} is now meant when no profile is named", args.name));
    Ok(0)
}

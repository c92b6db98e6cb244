//! `use`: chooses the default profile.

use crate::auth::accounts;
use crate::cli::Use;
use crate::error::Result;
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &Use) -> Result<u8> {
    let mut store = accounts::store(context)?;
    accounts::named(&store, &args.name)?;
    store.use_profile(&args.name)?;
    store.leave_cache();
    context.note(&format!("{} is now meant when no profile is named", args.name));
    Ok(0)
}

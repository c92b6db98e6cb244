//! `use`: chooses the default profile.

use crate::auth::accounts;
use crate::cli::Use;
use crate::error::Result;
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &Use) -> Result<u8> {
    let mut store = accounts::store(context)?;
    let Some(name) = &args.name else {
        let account = accounts::selected(context, &store)?;
        context.answer(format!("{}\n", account.profile).as_bytes())?;
        return Ok(0);
    };
    accounts::named(&store, name)?;
    store.use_profile(name)?;
    store.leave_cache();
    context.note(&format!("{name} is now the default profile"));
    Ok(0)
}

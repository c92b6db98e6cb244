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
    let named = context.named_profile()?.filter(|named| named != name);
    if let (Some(named), Some((by, command))) = (named, context.chooses_profile()) {
        context.warn(&format!("{by} still chooses {named}; to use {name}, run: {command}"));
    }
    Ok(0)
}

//! `status`: every profile and how long its tokens live.

mod check;
mod json;

use serde_json::{Value, json};

use crate::auth::accounts;
use crate::cli::Status;
use crate::error::Result;
use crate::model::printable::printable_json;
use crate::model::record::Record;
use crate::store::Store;
use crate::ui::context::Context;
use crate::ui::status;
use crate::ui::status::screen::Screen;
use crate::ui::status::view::View;

pub(super) use check::{DEFECT, MISUSED, UNKNOWN, unknown};

pub(super) fn run(context: &mut Context<'_>, args: &Status) -> Result<u8> {
    if args.check {
        return Ok(check::run(context, args));
    }
    let store = accounts::store(context)?;
    let records = wanted(context, &store)?;
    let now = context.now();
    let min_ttl = context.config.min_ttl;
    let used = store.meta()?.used_profile.clone();
    let is_used = |record: &Record| used.is_some() && used.as_deref() == record.profile_name();
    let is_edited = |record: &Record| store.is_known_to_be_edited(record);
    let text = if args.json {
        let profiles: Vec<Value> = records
            .iter()
            .map(|record| json::as_json(record, is_edited(record), is_used(record), now, min_ttl))
            .collect();
        format!("{}\n", printable_json(&json!({ "profiles": profiles })))
    } else {
        let warn_before = context.config.warn_before.seconds(&context.env)?;
        let view = |record| {
            let view = View::of(record, is_used(record), now, min_ttl, warn_before);
            if is_edited(record) { view.edited() } else { view }
        };
        let views: Vec<View> = records.iter().map(view).collect();
        status::shown(Screen::of(context), &views)
    };
    context.answer(text.as_bytes())?;
    Ok(0)
}

/// Every account, or the one that is named.
fn wanted(context: &Context<'_>, store: &Store) -> Result<Vec<Record>> {
    let mut records = store.accounts()?;
    if let Some(name) = context.global.profile.as_ref() {
        records.retain(|record| record.profile.as_ref() == Some(name));
    }
    if records.is_empty() {
        return Err(accounts::selected(context, store).err().unwrap_or_else(accounts::no_profile));
    }
    Ok(records)
}

//! `status`: every profile and how long its tokens are valid.

mod check;
mod json;

use serde_json::{Value, json};

use crate::auth::accounts;
use crate::auth::no_profile::no_profile;
use crate::cli::Status;
use crate::error::Result;
use crate::model::health::{self, Cells, Limits};
use crate::model::printable::printable_json;
use crate::model::record::Record;
use crate::store::Store;
use crate::ui::context::Context;
use crate::ui::status::screen::Screen;
use crate::ui::status::view::View;
use crate::ui::status::{self, Profile, glance};

pub(super) use check::{DEFECT, MISUSED, UNKNOWN, unknown};

pub(super) fn run(context: &mut Context<'_>, args: &Status) -> Result<u8> {
    if args.check {
        return Ok(check::run(context, args));
    }
    let store = accounts::store(context)?;
    let records = wanted(context, &store)?;
    let now = context.now();
    let limits = Limits::of_warning(context.config.warn_before.seconds(&context.env)?);
    let mut profiles = examined(context, &store, &records, limits)?;
    let text = if args.json {
        let used = store.meta()?.used_profile.as_deref();
        let min_ttl = context.config.min_ttl;
        let profiles: Vec<Value> = profiles
            .iter()
            .map(|profile| {
                let is_used = used.is_some() && used == profile.record.profile_name();
                json::as_json(profile, is_used, now, min_ttl)
            })
            .collect();
        format!("{}\n", printable_json(&json!({ "profiles": profiles })))
    } else {
        status::sort(&mut profiles);
        let screen = Screen::of(context);
        if args.long {
            let views: Vec<View> =
                profiles.iter().map(|profile| View::of(profile, now, limits)).collect();
            status::long(screen, &views)
        } else {
            glance::drawn(screen, &profiles, now, args.all)
        }
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
        return Err(accounts::selected(context, store)
            .err()
            .unwrap_or_else(|| no_profile(context)));
    }
    Ok(records)
}

/// The same with the trouble of each. No key command is run.
fn examined<'r>(
    context: &Context<'_>,
    store: &Store,
    records: &'r [Record],
    limits: Limits,
) -> Result<Vec<Profile<'r>>> {
    let now = context.now();
    let default = default_profile(context, store)?;
    let has_no_key = store.is_known_to_be_locked();
    let profile = |record: &'r Record| {
        let cells = match has_no_key {
            true => Cells::NoKey,
            false if store.is_known_to_be_edited(record) => Cells::Edited,
            false => Cells::Sound,
        };
        Profile {
            record,
            trouble: health::trouble(record, cells, now, limits),
            is_default: default.is_some() && default.as_deref() == record.profile_name(),
        }
    };
    Ok(records.iter().map(profile).collect())
}

/// The default profile, by settings, by `use` or as the only one.
fn default_profile(context: &Context<'_>, store: &Store) -> Result<Option<String>> {
    // An invalid name is an error of the commands that use a profile.
    let variable = context.env.setting("CONCUR_CRED_PROFILE").ok().flatten();
    let by_settings = || context.config.default_profile.as_ref().map(ToString::to_string);
    let by_use = store.meta()?.used_profile.clone();
    let only = || {
        let mut names = store.profile_names().ok()?;
        let name = names.pop();
        name.filter(|_| names.is_empty())
    };
    Ok(variable.or_else(by_settings).or(by_use).or_else(only))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::oauth::advice::{self, Refused, Sent};
    use crate::error::login_again;
    use crate::model::grant::GrantKind;
    use crate::model::record::{Attempt, OutcomeKind, SealedCell};
    use crate::ui::status::words;

    /// The error of a refused refresh and `status` show the same remedy.
    #[test]
    fn the_command_of_a_refusal_is_the_one_that_its_error_names() {
        let mut wrong = Vec::new();
        for code in 1..=150 {
            for by in GrantKind::ALL {
                let outcome = match code {
                    108 => OutcomeKind::Condemned,
                    _ => OutcomeKind::Rejected,
                };
                let record = Record {
                    refresh_token: Some(SealedCell(Vec::new())),
                    obtained_by: Some(by),
                    attempt: Attempt {
                        outcome: Some(outcome),
                        code: Some(code),
                        ..Attempt::default()
                    },
                    ..Record::default()
                };
                let (by, profile) = (record.login_by(), Some("acme"));
                let login = login_again(profile, by);
                let refused = Refused { by, login: &login, profile, sent: Sent::Stored };
                let advice = advice::advice(Some(code), &refused);
                // These name no command.
                if code == 16 || advice.contains("concur-cred has a defect") {
                    continue;
                }
                let limits = Limits::of_warning(1);
                let trouble = health::trouble(&record, Cells::Sound, 0, limits).unwrap();
                let command = words::command(trouble.fix(&record), profile);
                let command = command.trim_end_matches(" --base-url ORIGIN");
                // Its options have another order.
                let is_by_browser = code == 21 && advice.contains("login --profile acme --grant");
                let is_named = advice.contains(command) || is_by_browser;
                if !is_named {
                    wrong.push(format!("{code} by {by:?}: {command}\n{advice}"));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}

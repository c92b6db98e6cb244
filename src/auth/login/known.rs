//! What a profile that is logged in again has already: only the rest is asked for.

use super::obtain;
use super::start::{Start, Whose};
use crate::error::{Result, set_secret_command};
use crate::model::grant::GrantKind;
use crate::model::origin::Origin;
use crate::model::principal::PrincipalType;
use crate::model::printable::printable;
use crate::model::record::{Column, OutcomeKind, Record};
use crate::store::Store;
use crate::ui::context::Context;

/// How much of an identifier is shown where the whole one is known: the first group of a UUID, and an ellipsis.
const SHORT_CHARS: usize = 9;
/// Another client secret than that of the App ID. Code 61 may be about the App ID: then both are asked for.
const WRONG_SECRET: i64 = 64;

/// By which grant the profile is logged in again; `None`: there is no such profile, or its grant is not known.
pub(crate) fn way(app: &Context<'_>) -> Result<Option<GrantKind>> {
    let Some(store) = app.store()? else { return Ok(None) };
    let (_, record) = obtain::profile(app, Some(&store))?;
    let Some(record) = obtain::believed(Some(&store), record.as_ref()) else { return Ok(None) };
    Ok(match record.login_by() {
        Some(GrantKind::Import) if record.principal_type() == Some(PrincipalType::Company) => {
            Some(GrantKind::Company)
        }
        by => by.filter(|by| *by != GrantKind::Import),
    })
}

/// Takes from the profile what was not given, and refuses what was given of another account. A secret is taken
/// only for the origin that it was given for, and from a record that proves what it says of itself.
pub(crate) fn fill(app: &Context<'_>, start: &mut Start) -> Result<()> {
    let present = if start.replace { None } else { app.store()? };
    let Some(store) = present else { return Ok(()) };
    let (_, record) = obtain::profile(app, Some(&store))?;
    let Some(record) = obtain::believed(Some(&store), record.as_ref()) else { return Ok(()) };
    let Some(application) = &record.application else { return Ok(()) };
    let credentials = &start.credentials;
    let client_id = credentials.client_id.as_ref().unwrap_or(&application.client_id);
    let company = credentials.company_uuid.as_deref().filter(|_| start.kind == GrantKind::Company);
    // Before a person types the rest.
    start.refuse_another(Some(record), client_id, company.map(Whose::Given))?;
    let is_there =
        |named: &Origin| application.registered_at().is_ok_and(|origin| origin == *named);
    if !start.base_url.as_ref().is_none_or(is_there) {
        return Ok(());
    }
    let credentials = &mut start.credentials;
    let given = credentials.count();
    credentials.client_id.get_or_insert_with(|| application.client_id.clone());
    if credentials.client_secret.is_none() && refused_secret(record).is_none() {
        credentials.client_secret = store.unseal_client_secret(application).ok();
    }
    if start.kind == GrantKind::Company {
        fill_company(app, &store, record, start);
    }
    if start.credentials.count() > given {
        start.renewal = renewal(app, start, record)?;
    }
    Ok(())
}

/// The company, and its request token while that is valid.
fn fill_company(app: &Context<'_>, store: &Store, record: &Record, start: &mut Start) {
    let is_company = matches!(record.principal_type(), None | Some(PrincipalType::Company));
    if !is_company || record.has_unknown_principal() {
        return;
    }
    let credentials = &mut start.credentials;
    let company = credentials.company_uuid.get_or_insert_with(|| record.principal.clone());
    if credentials.request_token.is_none()
        && company.eq_ignore_ascii_case(&record.principal)
        && record.has_live_request_token(app.now())
    {
        // One that does not open is asked for like one that has expired.
        credentials.request_token = store.unseal(record, Column::RequestToken).ok().flatten();
    }
}

/// Concur's code, if it refused the stored client secret when that was last used.
fn refused_secret(record: &Record) -> Option<i64> {
    let is_rejected = record.attempt.outcome == Some(OutcomeKind::Rejected);
    record.attempt.code.filter(|code| is_rejected && *code == WRONG_SECRET)
}

/// Which profile it is that is logged in again, in lines.
fn renewal(app: &Context<'_>, start: &Start, record: &Record) -> Result<Vec<String>> {
    let profile = record.profile_name();
    let client_id = printable(record.client_id(), SHORT_CHARS);
    let whose = if record.has_unknown_principal() || record.renews_by_itself() {
        String::new()
    } else {
        let principal = printable(&record.principal, SHORT_CHARS);
        format!(", {} {principal}", record.principal_noun())
    };
    let name = profile.unwrap_or_default();
    let is_named = app.named_profile()?.is_some();
    let other = if is_named { "" } else { " For another one: --profile NAME" };
    let mut lines = vec![format!("Renewing {name} (App ID {client_id}{whose}).{other}")];
    let refused = refused_secret(record).filter(|_| start.credentials.client_secret.is_none());
    lines.extend(refused.map(|code| {
        let command = set_secret_command(profile);
        format!(
            "Concur refused the client secret (code {code}). If it was replaced, run: {command}"
        )
    }));
    let had_refresh_token =
        matches!(record.obtained_by, Some(GrantKind::Refresh | GrantKind::Import));
    let is_company = matches!(record.principal_type(), None | Some(PrincipalType::Company));
    if had_refresh_token && start.kind == GrantKind::Company {
        lines.push("With a new refresh token instead: --grant refresh".to_owned());
    } else if had_refresh_token && is_company && start.kind == GrantKind::Refresh {
        lines.push("With a company request token instead: --grant company".to_owned());
    }
    Ok(lines)
}

//! Finds the application and the company or user of an imported file's tokens.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::auth::login::obtain::{self, Credentials};
use crate::cli::Import as Args;
use crate::error::{Error, Kind, Result};
use crate::formats::tutorial::TokenFile;
use crate::model::grant::{Grant, GrantKind};
use crate::model::jwt;
use crate::model::principal::PrincipalType;
use crate::ui::context::Context;

/// App ID and secret: of the file, else of `--credentials`, else of the variables, else of the
/// `credentials.json` beside the file.
pub(super) fn application(
    context: &mut Context<'_>,
    args: &Args,
    file: &TokenFile,
) -> Result<Credentials> {
    let own = Credentials {
        client_id: file.client_id.clone(),
        client_secret: file.client_secret.clone(),
        ..Credentials::default()
    };
    let is_whole = own.client_id.is_some() && own.client_secret.is_some();
    // A file with both needs no other one.
    let default = if is_whole { PathBuf::new() } else { beside(&args.file) };
    let mut credentials = obtain::credentials(context, args.credentials.as_deref(), &default)?;
    if let Some(path) = credentials.file.as_ref().filter(|_| !is_whole) {
        context.note(&format!("application from {}", path.display()));
    }
    if !is_whole {
        credentials.check(GrantKind::Import)?;
    }
    // A secret belongs to one application and is not used with another App ID.
    let is_another = |id: &String| credentials.client_id.as_ref().is_some_and(|other| other != id);
    if !is_whole && own.client_id.as_ref().is_some_and(is_another) {
        return Err(Error::new(
            Kind::Usage,
            "The file names another App ID than the credentials; nothing was changed",
            "Name the credentials.json of its application with --credentials.",
        ));
    }
    credentials.variables.retain(|variable| match *variable {
        "CONCUR_CRED_CLIENT_ID" => own.client_id.is_none(),
        "CONCUR_CRED_CLIENT_SECRET" => own.client_secret.is_none(),
        _ => false,
    });
    credentials.client_id = own.client_id.or(credentials.client_id);
    credentials.client_secret = own.client_secret.or(credentials.client_secret);
    Ok(credentials)
}

/// The principal of the tokens: by their claims, else by the file or the credentials. `None`: unknown. A file
/// that names another company is refused.
pub(super) fn principal(
    grant: &Grant,
    file: &TokenFile,
    credentials: &Credentials,
) -> Result<Option<String>> {
    let Some(subject) = grant.subject() else {
        return Ok(file.company_uuid.clone().or_else(|| credentials.company_uuid.clone()));
    };
    let kind = grant.principal_type();
    // The company of a user's application does not identify the user.
    let of_credentials = credentials.company_uuid.as_deref().filter(|_| {
        credentials.file.is_some() && matches!(kind, None | Some(PrincipalType::Company))
    });
    let access_token = grant.access_token.as_ref().and_then(jwt::claims);
    let of_access = access_token.and_then(|claims| claims.subject);
    for (what, named) in [
        ("the file's companyUUID", file.company_uuid.as_deref()),
        ("its access token", of_access.as_deref()),
        ("the companyUUID of the credentials", of_credentials),
    ] {
        let Some(named) = named.filter(|named| !named.eq_ignore_ascii_case(&subject)) else {
            continue;
        };
        let whose = kind.map_or("company", PrincipalType::noun);
        // The value may be a secret in the wrong place.
        let named = if Uuid::try_parse(named).is_ok() { named } else { "another" };
        return Err(Error::new(
            Kind::Usage,
            format!(
                "The tokens belong to {whose} {subject}, but {what} names {named}; nothing was \
                 changed"
            ),
            "If you want these tokens, remove the other name.",
        ));
    }
    Ok(Some(subject))
}

/// The `credentials.json` beside the file (in the current folder for stdin).
fn beside(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join("credentials.json")
}

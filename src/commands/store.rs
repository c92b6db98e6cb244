//! `store`: stores a credential for git or another caller.

use crate::auth::accounts::{self, Managed};
use crate::auth::held;
use crate::auth::login::obtain;
use crate::auth::oauth::answer::assumed_refresh_expiry;
use crate::cli::StoreArgs;
use crate::error::{Error, Kind, Result};
use crate::formats::git::Request;
use crate::model::grant::Grant;
use crate::model::origin::Origin;
use crate::model::profile::ProfileName;
use crate::model::record::{Application, GitKey};
use crate::store::audit::Event;
use crate::store::{NewAccount, NewStoredCredential, Store};
use crate::ui::context::Context;

use super::helper;

pub(super) fn run(context: &mut Context<'_>, args: &StoreArgs) -> Result<u8> {
    let by_git = context.called_by_git;
    let Some(request) = helper::git_credential(context, by_git)? else { return Ok(0) };
    if request.ephemeral {
        return Ok(0);
    }
    if let Some(store) = context.store()?
        && is_managed(context, &store, args, &request)?
    {
        // git approves the credential that it just got: a late approve must not overwrite a newer token, and a
        // caller must not plant one.
        return Ok(0);
    }
    match &args.application {
        Some(name) => bind(context, request, name),
        None => foreign(context, request),
    }
}

/// Whether the request is for a managed account, whatever `--profile` names. With `--application` that option
/// names the new account.
fn is_managed(
    context: &Context<'_>,
    store: &Store,
    args: &StoreArgs,
    request: &Request,
) -> Result<bool> {
    if args.application.is_some() {
        return Ok(!accounts::matching(store, request)?.is_empty());
    }
    Ok(!matches!(accounts::managed_for(context, store, request)?, Managed::None))
}

fn foreign(context: &mut Context<'_>, request: Request) -> Result<u8> {
    let Request { protocol, host, path, username, password, credential, authtype, .. } = request;
    let secret = match (authtype.is_some(), credential, username.is_some(), password) {
        (true, Some(credential), ..) => credential,
        (_, _, true, Some(password)) => password,
        // Incomplete: nothing to store (gitcredentials(7)).
        _ => return Ok(0),
    };
    if context.paths.is_none() {
        return Ok(0); // no home: git is not disturbed, as with every request of its
    }
    let mut store = context.store_or_new_for_helper()?;
    let key = GitKey {
        protocol: protocol.unwrap_or_default(),
        host: host.unwrap_or_default(),
        path,
        username,
    };
    let new = NewStoredCredential {
        key,
        authtype,
        secret,
        expires_at: request.password_expiry_utc,
        refresh_token: request.oauth_refresh_token,
    };
    store.store_credential(&new, context.now())?;
    Ok(0)
}

/// Creates a managed account from the credential, with an application of `login` or `import`.
fn bind(context: &mut Context<'_>, request: Request, application: &str) -> Result<u8> {
    let now = context.now();
    let mut store = accounts::store(context)?;
    let known = application_named(&store, application)?;
    let (application_origin, origin) = origins(context, &known, &request)?;
    let Some(principal) = request.username.and_then(|name| String::from_utf8(name).ok()) else {
        return Err(Error::new(
            Kind::Usage,
            "A profile needs a user name: the company or user UUID",
            "Send username= with the request.",
        ));
    };
    let Some(access_token) = request.credential.or(request.password) else { return Ok(0) };
    let client_secret = store.unseal_client_secret(&known)?;
    let profile = free_profile(context, &store, application)?;
    let assumed = request.oauth_refresh_token.is_some();
    let grant = Grant {
        access_token: Some(access_token),
        access_expires_at: request.password_expiry_utc,
        refresh_token: request.oauth_refresh_token,
        refresh_expires_at: assumed.then(|| assumed_refresh_expiry(now)).flatten(),
        refresh_expiry_assumed: assumed,
        scope: None,
        geolocation: Some(origin),
        id_token: None,
        principal: None,
    };
    let new = NewAccount {
        profile: profile.clone(),
        client_id: known.client_id,
        client_secret,
        application_origin,
        principal,
        obtained_by: None,
        request_token: None,
        grant,
        obtained_at: now,
        unknown_fields: None,
    };
    if let Some(token) = &new.grant.refresh_token
        && let Some(other) = held::other_holder(&store, None, &new.client_id, token)
    {
        return Err(held::refused(&other));
    }
    let lock = obtain::lock(context, &store, None)?;
    if let Err(error) = store.save_account(&lock, &new, now) {
        obtain::discard(&store, lock);
        return Err(error.into());
    }
    store.leave_cache();
    context.audit(Event {
        at: now,
        profile: Some(profile.to_string()),
        action: "store".to_owned(),
        outcome: "kept".to_owned(),
        ..Event::default()
    });
    Ok(0)
}

fn application_named(store: &Store, name: &str) -> Result<Application> {
    let mut applications = store.applications()?;
    if let Some(at) = applications.iter().position(|known| known.name == name) {
        return Ok(applications.swap_remove(at));
    }
    let names: Vec<&str> = applications.iter().map(|known| known.name.as_str()).collect();
    Err(Error::new(
        Kind::NotFound,
        format!("There is no application of that name (known: {})", names.join(", ")),
        "Make one: concur-cred login",
    ))
}

/// The application's origin and the token's own, which must be an allowed origin.
fn origins(
    context: &Context<'_>,
    known: &Application,
    request: &Request,
) -> Result<(Origin, Origin)> {
    let origin = origin_of(request)?;
    let named = known.registered_at().ok();
    let allowed =
        named.iter().fold(context.config.allowed.clone(), |list, origin| list.and(origin));
    if allowed.permit(&origin).is_none() {
        return Err(Error::new(
            Kind::Usage,
            format!("Refusing to send credentials to {origin}: it is not an allowed origin"),
            "List it under allowed_origins in config.toml if it is Concur's.",
        ));
    }
    Ok((named.unwrap_or_else(|| origin.clone()), origin))
}

fn origin_of(request: &Request) -> Result<Origin> {
    let text = |bytes: &Option<Vec<u8>>| {
        bytes.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned)
    };
    let (protocol, host) = (text(&request.protocol), text(&request.host));
    protocol
        .zip(host)
        .and_then(|(protocol, host)| {
            let origin = Origin::from_operator(&format!("{protocol}://{host}")).ok();
            // In canonical form: programs read other spellings differently.
            origin.filter(|origin| origin.host() == host)
        })
        .ok_or_else(|| {
            Error::new(
                Kind::Usage,
                "The request's protocol and host are not an origin of Concur's",
                "Send protocol=https and the host of the token's base URL.",
            )
        })
}

/// The named profile, else one named like the application; never an existing one.
fn free_profile(context: &Context<'_>, store: &Store, application: &str) -> Result<ProfileName> {
    let taken = store.profile_names()?;
    let candidate = match context.named_profile()? {
        Some(name) => Some(name),
        None => application.parse().ok(),
    };
    candidate.filter(|name| !taken.contains(&name.to_string())).ok_or_else(|| {
        Error::new(
            Kind::Usage,
            "The new profile needs a name",
            "Name it: concur-cred --profile NAME store --application NAME",
        )
    })
}

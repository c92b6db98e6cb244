//! What every grant shares: the application, the profile it goes into, asking under the record's lock,
//! keeping. No lock and no transaction is held while a person is asked.

use crate::auth::held;
use crate::auth::login::obtain;
use crate::auth::oauth::answer::assumed_refresh_expiry;
use crate::auth::oauth::asking::Asking;
use crate::auth::oauth::form::GrantRequest;
use crate::error::{Error, Kind, Result, login_again};
use crate::model::grant::{Grant, GrantKind};
use crate::model::origin::{AllowList, AllowedOrigin, BadOrigin, Origin};
use crate::model::principal::PrincipalType;
use crate::model::profile::ProfileName;
use crate::model::record::{Record, RecordId};
use crate::model::secret::Secret;
use crate::store::lock::RecordLock;
use crate::store::{NewAccount, RequestToken, Store};
use crate::sys::signals;
use crate::ui::context::Context;
use crate::ui::prompt;

use super::dialog::guide;
use super::dialog::questions::{self, Application, Known};
use super::keeping;
use super::outcome;
use super::start::{Start, Whose};

/// How long a company request token lives, seconds (SAP: company request token).
const REQUEST_TOKEN_LIFE_SECS: i64 = 24 * 3600;
/// Where to log in when no data centre is named: the global landing zone.
pub(crate) const DEFAULT_BASE_URL: &str = "glz";

/// Where a login goes.
pub(crate) struct Target {
    pub(crate) profile: ProfileName,
    /// The origin that the operator named, now or at an earlier login.
    pub(crate) origin: Origin,
    old: Option<Record>,
}

impl Target {
    /// The record that the profile has already.
    pub(crate) fn record_id(&self) -> Option<RecordId> {
        self.old.as_ref().map(|record| record.id)
    }
}

/// Whose the tokens are.
#[derive(Clone, Copy)]
pub(crate) enum Principal<'a> {
    /// The company UUID that was given, unless the tokens name another.
    Known(&'a str),
    /// The principal that the tokens name; when they name none, this.
    FromTokens { otherwise: &'a str },
}

/// A grant request and what is kept with its tokens.
pub(crate) struct TokenRequest<'a> {
    pub(crate) grant: GrantRequest<'a>,
    pub(crate) principal: Principal<'a>,
    /// Kept for a day: the way back when the refresh token is refused.
    pub(crate) request_token: Option<&'a Secret>,
    /// Where to ask, when it is not where the login goes.
    pub(crate) at: Option<&'a AllowedOrigin>,
}

impl TokenRequest<'_> {
    /// What was granted, with what the answer leaves as it was.
    fn completed(&self, mut grant: Grant, now: i64) -> Grant {
        if let (GrantRequest::Refresh { refresh_token }, None) = (self.grant, &grant.refresh_token)
        {
            // "There are certain conditions where a refresh token is not returned": the used one stays.
            grant.refresh_token = Some(refresh_token.clone());
            grant.refresh_expiry_assumed = grant.refresh_expires_at.is_none();
            grant.refresh_expires_at = grant.refresh_expires_at.or(assumed_refresh_expiry(now));
        }
        if grant.geolocation.is_none() {
            grant.geolocation = self.at.map(|at| at.origin().clone());
        }
        grant
    }

    /// The principal that the operator named, if it is another. A user's tokens may go with the credentials of a company.
    fn named_another<'a>(
        &'a self,
        start: &'a Start,
        grant: &Grant,
        principal: &str,
    ) -> Option<&'a str> {
        let named = match self.principal {
            Principal::Known(uuid) => Some(uuid),
            Principal::FromTokens { .. } if start.kind == GrantKind::Refresh => {
                let is_company =
                    matches!(grant.principal_type(), None | Some(PrincipalType::Company));
                start.credentials.company_uuid.as_deref().filter(|_| is_company)
            }
            Principal::FromTokens { .. } => None,
        };
        named.filter(|named| !named.eq_ignore_ascii_case(principal))
    }

    /// The refresh token that was sent, if Concur has replaced it.
    fn replaced(&self, grant: &Grant) -> Option<&Secret> {
        let GrantRequest::Refresh { refresh_token } = self.grant else { return None };
        let is_replaced = grant.refresh_token.as_ref().is_some_and(|new| new != refresh_token);
        is_replaced.then_some(refresh_token)
    }
}

/// App ID and secret; a person is asked for what is missing, when there is one. `further`: what the
/// grant needs besides, and whether it is missing.
pub(crate) fn application(
    app: &mut Context<'_>,
    start: &mut Start,
    further: &[(&str, bool)],
) -> Result<Application> {
    let credentials = &mut start.credentials;
    let own = [
        ("appID", credentials.client_id.is_none()),
        ("clientSecret", credentials.client_secret.is_none()),
    ];
    let missing: Vec<&str> = own
        .iter()
        .chain(further)
        .filter_map(|(name, is_missing)| is_missing.then_some(*name))
        .collect();
    if !missing.is_empty() && !prompt::is_possible() {
        let read: Vec<&str> = own.iter().chain(further).map(|(name, _)| *name).collect();
        let error = obtain::missing(&missing, &read, credentials.file.as_deref());
        let has_other = start.kind == GrantKind::Company && credentials.refresh_token.is_some();
        return Err(if has_other { use_refresh_token(&error) } else { error });
    }
    if !missing.is_empty() || (prompt::is_possible() && !start.renewal.is_empty()) {
        let values: Vec<_> = own.iter().chain(further).copied().collect();
        guide::introduce(app, start, &values);
    }
    let credentials = &mut start.credentials;
    let client_id = if let Some(client_id) = credentials.client_id.take() {
        client_id
    } else {
        let client_secret = credentials.client_secret.as_ref();
        questions::client_id(app, None, Known { client_secret, ..Known::default() })?
    };
    let client_secret = match credentials.client_secret.take() {
        Some(secret) => secret,
        None => questions::client_secret(app, "Client secret", &client_id)?,
    };
    // Who types these has no file, and the application is one of some data centre.
    if own.iter().any(|(_, is_missing)| *is_missing) && is_anywhere(app, start)? {
        start.base_url = Some(prompt::data_centre(app, DEFAULT_BASE_URL)?);
    }
    Ok(Application { client_id, client_secret })
}

/// The error for a company login without a request token, where there is a refresh token.
fn use_refresh_token(error: &Error) -> Error {
    let remedy = "There is a refresh token: to use it, run the same again with --grant refresh.";
    Error::new(error.kind(), error.problem(), remedy)
}

/// Whether neither the caller nor the profile says where to log in.
fn is_anywhere(app: &Context<'_>, start: &Start) -> Result<bool> {
    if start.base_url.is_some() {
        return Ok(false);
    }
    let present = app.store()?;
    let (_, old) = obtain::profile(app, present.as_ref())?;
    let believed = obtain::believed(present.as_ref(), old.as_ref());
    let known = if start.replace { believed } else { old.as_ref() };
    Ok(known.is_none_or(|record| record.application.is_none()))
}

/// The profile to log in to and the origin to ask. Refuses a profile that holds another account;
/// `principal` where it is known before Concur was asked.
pub(crate) fn target(
    app: &Context<'_>,
    start: &Start,
    application: &Application,
    principal: Option<&str>,
) -> Result<Target> {
    let present = app.store()?;
    let (profile, old) = obtain::profile(app, present.as_ref())?;
    let believed = obtain::believed(present.as_ref(), old.as_ref());
    start.refuse_another(believed, &application.client_id, principal.map(Whose::Given))?;
    let origin = match (&start.base_url, present.as_ref().zip(old.as_ref())) {
        (Some(origin), _) => origin.clone(),
        // What is replaced need not be proven, if its origin is named.
        (None, Some((store, record))) if !start.replace || believed.is_some() => {
            proven_origin(start, &profile, store, record)?
        }
        _ => Origin::from_operator(DEFAULT_BASE_URL).map_err(unusable)?,
    };
    // Before anything is asked of a person, or spent.
    start.service.http().via(&app.config.allowed.permitting(&origin).1)?;
    Ok(Target { profile, origin, old })
}

/// Asks for the grant and keeps what comes. Everything that can fail here fails before a one-time
/// secret is spent.
pub(crate) fn log_in(
    app: &mut Context<'_>,
    start: &Start,
    application: &Application,
    target: &Target,
    request: &TokenRequest<'_>,
) -> Result<()> {
    let mut store = app.store_or_new()?;
    let lock = obtain::lock(app, &store, target.old.as_ref())?;
    // A refresh token that was sent may be invalid: until the new one is kept.
    let held = request.grant.is_refresh().then(signals::hold);
    let logged_in = store
        .prove_writable()
        .map_err(Error::from)
        .and_then(|()| ask_and_keep(app, start, application, target, request, &mut store, &lock));
    if logged_in.is_err() && target.old.is_none() {
        obtain::discard(&store, lock);
    }
    if held.is_some() && signals::is_held() {
        // The program ends here; no later moment writes it.
        app.write_audit_log();
    }
    drop(held);
    logged_in
}

fn ask_and_keep(
    app: &mut Context<'_>,
    start: &Start,
    application: &Application,
    target: &Target,
    request: &TokenRequest<'_>,
    store: &mut Store,
    lock: &RecordLock,
) -> Result<()> {
    // A person may have taken a while to answer: whose profile it is now is what counts.
    let current = keeping::settled(app, store, lock, request.grant)?;
    if let Some(record) = &current
        && keeping::is_consumed(app, store, record, &application.client_id, request.grant)
    {
        return Ok(());
    }
    let believed = obtain::believed(Some(store), current.as_ref());
    let is_free = |principal: Option<Whose<'_>>| {
        start.refuse_another(believed, &application.client_id, principal)
    };
    is_free(match request.principal {
        Principal::Known(uuid) => Some(Whose::Given(uuid)),
        Principal::FromTokens { .. } => None,
    })?;
    let (allowed, there) = app.config.allowed.permitting(&target.origin);
    let asking = asking(app, start, application, &allowed);
    let asked = asking.ask(request.at.unwrap_or(&there), request.grant);
    let now = app.now();
    let mut grant = request.completed(outcome::granted(app, asked, start, &target.profile)?, now);
    let (Principal::Known(known) | Principal::FromTokens { otherwise: known }) = request.principal;
    let principal = grant.subject().unwrap_or_else(|| known.to_owned());
    if let Some(named) = request.named_another(start, &grant, &principal) {
        app.warn(&format!("Concur's tokens are those of {principal}, and not of {named}"));
    }
    let is_free = is_free(Some(Whose::Tokens(&principal)));
    if let Some(held) =
        current.as_ref().filter(|_| is_free.is_ok() && start.kind != GrantKind::Application)
        && held.principal.eq_ignore_ascii_case(&principal)
        && held.client_id() == application.client_id
    {
        held::keep_refresh_token(store, held, &mut grant);
    }
    check_others(app, (store, lock), application, target, (request, &grant))?;
    let request_token = request.request_token.map(|secret| RequestToken {
        secret: secret.clone(),
        expires_at: now + REQUEST_TOKEN_LIFE_SECS,
    });
    let replaced = request.replaced(&grant);
    let (is_replaced, fields) = (replaced.is_some(), start.unknown_fields.as_ref());
    let client_id = &application.client_id;
    let unknown_fields = held::remembered(store, current.as_ref(), client_id, fields, replaced);
    let account = NewAccount {
        profile: target.profile.clone(),
        client_id: application.client_id.clone(),
        client_secret: application.client_secret.clone(),
        application_origin: target.origin.clone(),
        principal,
        obtained_by: Some(start.kind),
        request_token,
        grant,
        obtained_at: now,
        unknown_fields,
    };
    keeping::keep(app, store, lock, account, is_free, is_replaced, current)
}

/// Refuses a refresh token that another profile has, or warns of one that was granted.
fn check_others(
    app: &mut Context<'_>,
    (store, lock): (&Store, &RecordLock),
    application: &Application,
    target: &Target,
    (request, grant): (&TokenRequest<'_>, &Grant),
) -> Result<()> {
    let others =
        |token| held::other_holder(store, Some(lock.record_id()), &application.client_id, token);
    if let Some(other) = grant.refresh_token.as_ref().and_then(others) {
        if request.grant.is_refresh() {
            return Err(held::refused(&other));
        }
        app.warn(&held::warning(target.profile.as_str(), &other));
    }
    Ok(())
}

/// What asks the token service.
pub(crate) fn asking<'a>(
    app: &Context<'_>,
    start: &'a Start,
    application: &'a Application,
    allowed: &'a AllowList,
) -> Asking<'a> {
    Asking {
        service: &start.service,
        allowed,
        clock: app.clock,
        client_id: &application.client_id,
        client_secret: &application.client_secret,
    }
}

/// The origin that was named at an earlier login. It stands in the store in the clear, and what a login
/// sends there is not sealed for it: so the record's identity must open, whatever origin it is.
fn proven_origin(
    start: &Start,
    profile: &ProfileName,
    store: &Store,
    record: &Record,
) -> Result<Origin> {
    let edited = |origin: &str| {
        let login = login_again(Some(profile.as_str()), Some(start.kind));
        Error::new(
            Kind::Unusable,
            format!(
                "The stored base URL{origin} is not proven to be the one that you named: the store was \
                 edited or damaged, and nothing was sent there"
            ),
            // Not with that origin to paste: it may come from the one who edited the store.
            format!("Name the one that you know: {login} --base-url ORIGIN"),
        )
        .of_profile(Some(profile.as_str()))
    };
    let Some(application) = &record.application else { return Err(edited("")) };
    let origin = application.registered_at().map_err(unusable)?;
    store.prove_key()?;
    store.prove_identity(record).map_err(|_| edited(&format!(" {origin}")))?;
    Ok(origin)
}

fn unusable(bad: BadOrigin) -> Error {
    Error::new(
        Kind::Unusable,
        format!("The profile's base URL is not usable: {bad}"),
        "Name it with --base-url.",
    )
}

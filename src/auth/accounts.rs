//! Which account a command is for.

use crate::auth::no_profile::no_profile;
use crate::auth::refresh;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::formats::git::Request;
use crate::model::host;
use crate::model::origin::AllowedOrigin;
use crate::model::profile::ProfileName;
use crate::model::record::{Account, Record};
use crate::store::{Store, Wanted};
use crate::ui::context::Context;

/// The store, for a command that has nothing to do without one.
pub(crate) fn store(app: &Context<'_>) -> Result<Store> {
    app.need_paths()?;
    app.store()?.ok_or_else(|| no_profile(app))
}

/// The account without a request: the named one, else the one chosen by `use`, else
/// the only one.
pub(crate) fn selected(app: &Context<'_>, store: &Store) -> Result<Account> {
    let name = app.named_profile()?;
    let name = name.as_ref().map(crate::model::profile::ProfileName::as_str);
    store.open_cache();
    let mut found = store.find(Wanted::Profile(name))?;
    match (found.pop(), found.is_empty(), name) {
        (Some(account), true, _) => Ok(account),
        (Some(_), false, _) => Err(ambiguous(&store.profile_names()?)),
        (None, _, Some(name)) => {
            let error = unknown(name, &store.profile_names()?);
            let chosen = app.chooses_profile().filter(|_| app.global.profile.is_none());
            let Some((by, command)) = chosen else { return Err(error) };
            let problem = format!("{}, which {by} names", error.problem());
            Err(Error::new(error.kind(), problem, format!("Correct it, or run: {command}")))
        }
        (None, _, None) => match store.profile_names()? {
            names if names.is_empty() => Err(no_profile(app)),
            names => Err(no_default(&names)),
        },
    }
}

/// The account of exactly this name.
pub(crate) fn named(store: &Store, name: &ProfileName) -> Result<Account> {
    store.open_cache();
    let found = store.find(Wanted::Profile(Some(name.as_str())))?.pop();
    match found {
        Some(account) => Ok(account),
        None => Err(unknown(name.as_str(), &store.profile_names()?)),
    }
}

/// [`selected`], the whole record of it.
pub(crate) fn selected_record(app: &Context<'_>, store: &Store) -> Result<Record> {
    let account = selected(app, store)?;
    record_of(store, &account)
}

/// The whole record of an account, its identity proven.
pub(crate) fn record_of(store: &Store, account: &Account) -> Result<Record> {
    let record = stored_record(store, account)?;
    store.prove_identity(&record)?;
    Ok(record)
}

/// The whole record of an account, unproven: for callers that replace or remove it.
pub(crate) fn stored_record(store: &Store, account: &Account) -> Result<Record> {
    store.reread(account.id)?.ok_or_else(|| refresh::gone(Some(account.profile.as_str())))
}

/// The origin that takes a record's token: its base URL, if that is Concur's own or one that the operator
/// named in the settings or at login.
pub(crate) fn api_origin(store: &Store, config: &Config, record: &Record) -> Result<AllowedOrigin> {
    store.prove_identity(record)?;
    let not_allowed = || refresh::not_allowed(&record.geolocation, record.profile_name());
    let base = record.base_url().map_err(|_| not_allowed())?;
    if let Some(allowed) = config.allowed.permit(&base) {
        return Ok(allowed);
    }
    let application = record.application.as_ref().ok_or_else(not_allowed)?;
    let named = application.registered_at().map_err(|_| not_allowed())?;
    config.allowed.and(&named).permit(&base).ok_or_else(not_allowed)
}

/// The error for a store whose default profile does not exist.
fn no_default(known: &[String]) -> Error {
    Error::new(
        Kind::NotFound,
        format!("The default profile does not exist (known: {})", known.join(", ")),
        "Name one with --profile or CONCUR_CRED_PROFILE, or choose another: concur-cred use NAME",
    )
}

fn unknown(name: &str, known: &[String]) -> Error {
    let like = |known: &&String| strsim::damerau_levenshtein(name, known) <= MISTYPED_LETTERS;
    let remedy = match known.iter().find(like) {
        Some(near) => format!(
            "Did you mean {near}? To make a new profile, run: concur-cred login --profile {name}"
        ),
        None => format!("To make it, run: concur-cred login --profile {name}"),
    };
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Error::new(Kind::NotFound, format!("There is no profile {name} (known: {known})"), remedy)
}

/// The most mistyped letters for which a profile's name is suggested.
const MISTYPED_LETTERS: usize = 2;

/// The error for a choice that the caller must make.
pub(crate) fn ambiguous(known: &[String]) -> Error {
    Error::new(
        Kind::NotFound,
        format!("There are several profiles and none is chosen: {}", known.join(", ")),
        "Name one with --profile or CONCUR_CRED_PROFILE, or choose the default profile: \
         concur-cred use NAME",
    )
}

/// What a helper's request means among the managed accounts.
#[derive(Debug)]
pub(crate) enum Managed {
    /// This one.
    One(Box<Account>),
    /// Several, and nothing says which: these are their names.
    Several(Vec<String>),
    /// `--profile` names another one: nothing answers. Why, unless the request has a user name.
    PinnedElsewhere(Option<Error>),
    /// None of them.
    None,
}

/// The managed accounts of a host in its canonical form: those of exactly this origin, and of the one whose
/// `www-` twin it is (only of Concur's hosts).
fn of_host(store: &Store, protocol: &[u8], host: &[u8]) -> Result<Vec<Account>> {
    store.open_cache();
    let twin_of = host::twin_of(protocol, host).unwrap_or(host);
    Ok(store.find(Wanted::Host { protocol, host, twin_of })?)
}

/// The managed accounts of a git request's host with its user name, when it has one.
pub(crate) fn matching(store: &Store, request: &Request) -> Result<Vec<Account>> {
    let (Some(protocol), Some(host)) = (&request.protocol, &request.host) else {
        return Ok(Vec::new());
    };
    let mut accounts = of_host(store, protocol, host)?;
    accounts.retain(|account| is_of_user(account, request.username.as_deref()));
    Ok(accounts)
}

fn is_of_user(account: &Account, username: Option<&[u8]>) -> bool {
    username.is_none_or(|username| account.key.username.as_deref() == Some(username))
}

/// The managed account for a git request: of those of its host the one of `--profile`, else by user name, else
/// the selected profile, else the only one.
pub(crate) fn managed_for(app: &Context<'_>, store: &Store, request: &Request) -> Result<Managed> {
    let (Some(protocol), Some(host)) = (&request.protocol, &request.host) else {
        return Ok(Managed::None);
    };
    meant(app, store, of_host(store, protocol, host)?, request.username.as_deref())
}

/// The same for the origin of a URI.
pub(crate) fn managed_at(
    app: &Context<'_>,
    store: &Store,
    protocol: &str,
    host: &str,
) -> Result<Managed> {
    meant(app, store, of_host(store, protocol.as_bytes(), host.as_bytes())?, None)
}

fn meant(
    app: &Context<'_>,
    store: &Store,
    mut accounts: Vec<Account>,
    username: Option<&[u8]>,
) -> Result<Managed> {
    if let Some(name) = app.global.profile.as_ref().filter(|_| !accounts.is_empty()) {
        return pinned(store, accounts, username, name);
    }
    accounts.retain(|account| is_of_user(account, username));
    chosen(app, store, accounts)
}

/// `--profile` on a helper's call: for a host that managed accounts serve, only that profile answers.
fn pinned(
    store: &Store,
    mut accounts: Vec<Account>,
    username: Option<&[u8]>,
    name: &ProfileName,
) -> Result<Managed> {
    let is_at_host = accounts.iter().any(|account| account.profile == *name);
    accounts.retain(|account| is_of_user(account, username));
    if let Some(at) = accounts.iter().position(|account| account.profile == *name) {
        return Ok(Managed::One(Box::new(accounts.swap_remove(at))));
    }
    if accounts.is_empty() && is_at_host {
        return Ok(Managed::PinnedElsewhere(None));
    }
    let known = store.profile_names()?;
    if !known.iter().any(|known| known == name.as_str()) {
        return Ok(Managed::PinnedElsewhere(Some(unknown(name.as_str(), &known))));
    }
    let why = Error::new(
        Kind::NotFound,
        format!("The profile {name} of --profile does not answer for this host"),
        "Nothing was answered. Configure the helper for this host without --profile, or with the \
         profile of this host.",
    );
    Ok(Managed::PinnedElsewhere(Some(why)))
}

fn chosen(app: &Context<'_>, store: &Store, mut accounts: Vec<Account>) -> Result<Managed> {
    if accounts.len() > 1 {
        let used = store.meta()?.used_profile.clone();
        let chosen = app.named_profile()?.map(|name| name.to_string()).or(used);
        if let Some(at) =
            accounts.iter().position(|a| Some(a.profile.as_str()) == chosen.as_deref())
        {
            return Ok(Managed::One(Box::new(accounts.swap_remove(at))));
        }
        let names = accounts.iter().map(|a| a.profile.to_string()).collect();
        return Ok(Managed::Several(names));
    }
    Ok(accounts.pop().map_or(Managed::None, |account| Managed::One(Box::new(account))))
}

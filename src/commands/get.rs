//! `get` and `token`: print the bare token, a format of it, or git's answer.

mod foreign;

use zeroize::Zeroizing;

use crate::auth::accounts::{self, Managed};
use crate::auth::refresh::{Refresher, ValidToken};
use crate::cli::{self, Get, Protocol, Token};
use crate::error::{Error, Kind, Result};
use crate::formats::bazel;
use crate::formats::format::{AccessToken, Format, render};
use crate::formats::git::{Answer, Request};
use crate::model::policy::{self, Decision, Need};
use crate::model::printable::printable;
use crate::model::record::{AccessTimes, Account, Column, Record};
use crate::model::span::span;
use crate::store::Store;
use crate::sys::{failpoint, trace};
use crate::ui::context::Context;

use super::helper::{self, Request as Asked};

/// The note after a token printed on a terminal.
const IN_SCROLLBACK: &str = "the token is now on your screen and in its scrollback; to avoid \
                             this: concur-cred api PATH, concur-cred exec -- CMD, or concur-cred \
                             get --format curl | curl -K - URL";

pub(super) fn run(context: &mut Context<'_>, args: &Get) -> Result<u8> {
    let serving =
        Serving { with_refresh_token: args.with_refresh_token, ..Serving::of(&args.serving) };
    if let Some(format) = args.format {
        let code = bare(context, format, serving)?;
        note_on_terminal(context);
        return Ok(code);
    }
    let git = context.called_by_git.then_some(Protocol::Git);
    let asked = match args.protocol.or(git) {
        Some(Protocol::Git) => match helper::git_request(context, true)? {
            Some(request) => Some(Asked::Git(request)),
            None => return Ok(0),
        },
        Some(Protocol::Bazel) => Some(helper::bazel_request(context)?),
        None => helper::either_request(context)?,
    };
    match asked {
        Some(Asked::Git(request)) => by_request(context, &request, serving),
        Some(Asked::Bazel(request)) => by_uri(context, &request, serving),
        None => {
            let code = bare(context, Format::Token, serving)?;
            // stdin was looked at anyway: a script's hit does not pay for another look.
            if context.is_typed {
                note_on_terminal(context);
            }
            Ok(code)
        }
    }
}

pub(super) fn token(context: &mut Context<'_>, args: &Token) -> Result<u8> {
    let Token { named: _, serving } = args;
    let code = bare(context, Format::Token, Serving::of(serving))?;
    note_on_terminal(context);
    Ok(code)
}

fn note_on_terminal(context: &mut Context<'_>) {
    if (context.out_is_terminal)() {
        context.note(IN_SCROLLBACK);
    }
}

/// The selected account's token, in a format.
fn bare(context: &mut Context<'_>, format: Format, serving: Serving) -> Result<u8> {
    if serving.with_refresh_token && matches!(format, Format::Token | Format::Header | Format::Curl)
    {
        return Err(no_place_for_a_refresh_token(&format!("The format {format}")));
    }
    let mut store = accounts::store(context)?;
    let account = accounts::selected(context, &store)?;
    let (token, is_hit) = serve(context, &mut store, account, serving)?;
    let answer = render(format, &token).map_err(|error| cannot_print(&error.to_string()))?;
    context.answer(&answer)?;
    end(store, is_hit);
    Ok(0)
}

/// Writes the cache for the next hit, after the answer.
fn end(store: Store, is_hit: bool) {
    if is_hit || store.has_written() {
        store.leave_cache();
    }
    store.leave_open();
}

/// Which token is acceptable, and what is returned with it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Serving {
    /// The minimum remaining lifetime, seconds; `None`: the configured one.
    min_ttl: Option<i64>,
    /// Never use the network.
    cached: bool,
    /// Return the refresh token too.
    with_refresh_token: bool,
}

impl Serving {
    /// From these options, without the refresh token.
    pub(super) fn of(options: &cli::Serving) -> Self {
        let cli::Serving { min_ttl, cached } = options;
        Self { min_ttl: *min_ttl, cached: *cached, with_refresh_token: false }
    }
}

/// The token of a managed account, and whether it is a hit: printed from the store after reading only what a
/// hit needs. Otherwise the whole record is read, and refreshed if necessary.
pub(super) fn serve(
    context: &mut Context<'_>,
    store: &mut Store,
    account: Account,
    serving: Serving,
) -> Result<(AccessToken, bool)> {
    trace::step("account found");
    let served = taken_from(context, store, account, serving);
    trace::step(if served.is_ok() { "token in hand" } else { "no token" });
    failpoint::pass("lock-released");
    served
}

fn taken_from(
    context: &mut Context<'_>,
    store: &mut Store,
    account: Account,
    serving: Serving,
) -> Result<(AccessToken, bool)> {
    let min_ttl = min_ttl(context, account.access_times(), serving.min_ttl);
    if !serving.with_refresh_token
        && policy::is_surely_fresh(account.access_times(), context.now(), min_ttl)
        && let Ok(Some(secret)) = store.unseal_access_token(&account)
    {
        let token = AccessToken {
            secret,
            base_url: account.geolocation,
            expires_at: account.access_expires_at,
            principal: account.principal,
            profile: account.profile.into(),
            refresh_token: None,
        };
        return Ok((token, true));
    }
    let record = accounts::record_of(store, &account)?;
    let ValidToken { token, record } = valid_token(context, store, record, min_ttl, serving)?;
    let refresh_token = serving
        .with_refresh_token
        .then(|| store.unseal(&record, Column::RefreshToken))
        .transpose()?
        .flatten();
    let token = AccessToken {
        secret: token,
        base_url: record.geolocation,
        expires_at: record.access_expires_at,
        principal: record.principal,
        profile: account.profile.into(),
        refresh_token,
    };
    Ok((token, false))
}

/// The token of a whole record, from the store or refreshed.
fn valid_token(
    context: &mut Context<'_>,
    store: &mut Store,
    record: Record,
    min_ttl: i64,
    serving: Serving,
) -> Result<ValidToken> {
    if serving.cached {
        return cached(context, store, record, min_ttl);
    }
    Refresher::with(context, |refresher| {
        // A pending grant contains the refresh token that must be returned.
        let record =
            if serving.with_refresh_token { refresher.settled(store, record)? } else { record };
        refresher.token(store, record, Need::Token { min_ttl })
    })
}

/// The minimum remaining lifetime, seconds: as requested or configured, but not more than the service's tokens
/// can ever have.
fn min_ttl(context: &mut Context<'_>, access: AccessTimes, asked: Option<i64>) -> i64 {
    let wanted = asked.unwrap_or(context.config.min_ttl);
    if asked.is_none() && wanted <= policy::DEFAULT_MIN_TTL_SECS {
        return wanted;
    }
    let (capped, was_capped) = policy::capped_min_ttl(access, wanted);
    // A setting is capped without a note: on a hit stderr stays empty.
    if was_capped && asked.is_some() {
        let lifetime = span(capped);
        context.note(&format!(
            "--min-ttl is more than half of the lifetime that Concur grants; using {lifetime}"
        ));
    }
    capped
}

fn cached(
    context: &Context<'_>,
    store: &Store,
    record: Record,
    min_ttl: i64,
) -> Result<ValidToken> {
    let token = match policy::plan(&record, context.now(), Need::Token { min_ttl }) {
        Decision::Fresh | Decision::Soft => store.unseal(&record, Column::AccessToken)?,
        Decision::Stale | Decision::Refused(_) => None,
    };
    match token {
        Some(token) => Ok(ValidToken { token, record }),
        None => Err(Error::new(
            Kind::Temporary,
            "The stored access token has expired, and --cached does not allow a refresh",
            "Run it without --cached.",
        )
        .of_profile(record.profile_name())),
    }
}

/// The answer to a request for a URI's headers.
fn by_uri(context: &mut Context<'_>, request: &bazel::Request, serving: Serving) -> Result<u8> {
    if serving.with_refresh_token {
        return Err(no_place_for_a_refresh_token("Bazel's answer"));
    }
    let store = context.store()?;
    let account = match &store {
        Some(store) => accounts::managed_at(context, store, &request.scheme, &request.host)?,
        None => Managed::None,
    };
    let (account, mut store) = match (account, store) {
        (Managed::One(account), Some(store)) => (*account, store),
        (Managed::Several(names), _) => return Err(accounts::ambiguous(&names)),
        (not_ours, _) => {
            say_why(context, &not_ours);
            context.answer(bazel::NOTHING)?;
            return Ok(0);
        }
    };
    let (token, is_hit) = serve(context, &mut store, account, serving)?;
    let answer = bazel::answer(&token.secret, token.expires_at);
    context.answer(&answer.map_err(|error| cannot_print(&error.to_string()))?)?;
    end(store, is_hit);
    Ok(0)
}

fn no_place_for_a_refresh_token(what: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("{what} has no place for a refresh token"),
        "Use --format json, env, powershell or git.",
    )
}

/// The answer to a git request.
fn by_request(context: &mut Context<'_>, request: &Request, serving: Serving) -> Result<u8> {
    let Some(store) = context.store()? else { return Ok(0) };
    match accounts::managed_for(context, &store, request)? {
        Managed::One(account) => managed(context, store, *account, request, serving),
        Managed::Several(names) => {
            context.show(&accounts::ambiguous(&names));
            Ok(0)
        }
        elsewhere @ Managed::PinnedElsewhere(_) => {
            say_why(context, &elsewhere);
            Ok(0)
        }
        Managed::None => foreign::answer(context, &store, request),
    }
}

/// Notes why an answer is empty, if there is a reason to show.
fn say_why(context: &mut Context<'_>, managed: &Managed) {
    if let Managed::PinnedElsewhere(Some(why)) = managed {
        context.show(why);
    }
}

fn managed(
    context: &mut Context<'_>,
    mut store: Store,
    account: Account,
    request: &Request,
    serving: Serving,
) -> Result<u8> {
    let served = serve(context, &mut store, account, serving)
        .and_then(|(token, is_hit)| Ok((managed_answer(token, request)?, is_hit)));
    match served {
        Ok((answer, is_hit)) => {
            context.answer(&answer)?;
            end(store, is_hit);
            Ok(0)
        }
        Err(error) => {
            // The only answer on failure: this account has no password, and git would store one that a person
            // types.
            context.answer(&rendered(&Answer::Quit)?)?;
            Err(error)
        }
    }
}

fn managed_answer(token: AccessToken, request: &Request) -> Result<Zeroizing<Vec<u8>>> {
    let AccessToken { secret, expires_at, principal, refresh_token, .. } = token;
    let answer = if request.takes_bearer() {
        Answer::AuthType {
            authtype: b"Bearer".to_vec(),
            credential: secret,
            ephemeral: true,
            password_expiry_utc: expires_at,
            oauth_refresh_token: refresh_token,
            username: None,
        }
    } else {
        Answer::Password {
            username: principal.into_bytes(),
            password: secret,
            password_expiry_utc: expires_at,
            oauth_refresh_token: refresh_token,
        }
    };
    rendered(&answer)
}

fn rendered(answer: &Answer) -> Result<Zeroizing<Vec<u8>>> {
    answer.render().map_err(|error| cannot_print(&error.to_string()))
}

pub(super) fn cannot_print(why: &str) -> Error {
    Error::new(
        Kind::Unusable,
        format!("The stored credential cannot be printed: {}", printable(why, 200)),
        "Erase it and store it again; a profile is renewed by concur-cred login.",
    )
}

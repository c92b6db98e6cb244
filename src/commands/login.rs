//! `login`: obtains tokens by the company grant and makes or renews a profile.

use std::path::Path;

use crate::app::App;
use crate::cli::Login;
use crate::error::{Error, Kind, Result, ServiceWord, login_command};
use crate::lock::RecordLock;
use crate::model::grant::Grant;
use crate::model::origin::Origin;
use crate::model::profile::ProfileName;
use crate::model::secret::Secret;
use crate::oauth::advice;
use crate::oauth::answer::Outcome;
use crate::oauth::client::TokenService;
use crate::oauth::form::GrantRequest;
use crate::refresh::{Asked, Asking, Attempted};
use crate::store::events::Event;
use crate::store::{NewAccount, RequestToken, Store};

use super::obtain::{self, Given};
use super::prompt;

/// How long a company request token lives, seconds (SAP: company request token).
const REQUEST_TOKEN_LIFE_SECS: i64 = 24 * 3600;
/// Where to log in when nobody names a data centre: the global landing zone.
const DEFAULT_BASE_URL: &str = "glz";
const DEFAULT_FILE: &str = "credentials.json";

/// Everything the company grant needs.
struct Wanted {
    client_id: String,
    client_secret: Secret,
    company_uuid: String,
    request_token: Secret,
}

pub(super) fn run(app: &mut App<'_>, args: &Login) -> Result<u8> {
    let base_url = obtain::base_url(args.base_url.as_deref())?;
    let service = TokenService::new(&app.config.http)?;
    let given = obtain::given(app, args.credentials.as_deref(), Path::new(DEFAULT_FILE))?;
    let wanted = complete(app, given)?;
    let present = app.store()?;
    let (profile, old) = obtain::target(app, present.as_ref())?;
    drop(present);
    obtain::refuse_another(old.as_ref(), &wanted.client_id, &wanted.company_uuid, args.replace)?;
    let known = old.as_ref().and_then(|record| record.application.as_ref());
    let origin = match (base_url, known) {
        (Some(origin), _) => origin,
        (None, Some(application)) if !args.replace => stored_origin(&application.origin)?,
        _ => stored_origin(DEFAULT_BASE_URL)?,
    };
    // Everything that can fail here fails before the request token is spent.
    let mut store = app.store_or_new()?;
    let lock = obtain::lock(app, &store, old.as_ref())?;
    let logged_in = log_in(app, &service, &mut store, &lock, profile, origin, wanted);
    if logged_in.is_err() && old.is_none() {
        obtain::discard(&store, lock);
    }
    logged_in.map(|()| 0)
}

fn log_in(
    app: &mut App<'_>,
    service: &TokenService,
    store: &mut Store,
    lock: &RecordLock,
    profile: ProfileName,
    origin: Origin,
    wanted: Wanted,
) -> Result<()> {
    let asked = ask(app, service, &origin, &wanted);
    let now = app.now();
    let grant = granted(app, asked, &profile)?;
    let account = NewAccount {
        profile,
        client_id: wanted.client_id,
        client_secret: wanted.client_secret,
        application_origin: origin,
        principal: wanted.company_uuid,
        request_token: Some(RequestToken {
            secret: wanted.request_token,
            expires_at: now + REQUEST_TOKEN_LIFE_SECS,
        }),
        grant,
        obtained_at: now,
        unknown_fields: None,
    };
    obtain::keep(app, store, lock, account)
}

/// Asks a person for what is missing, when there is one.
fn complete(app: &mut App<'_>, given: Given) -> Result<Wanted> {
    let missing: Vec<&str> = [
        ("appID", given.client_id.is_none()),
        ("clientSecret", given.client_secret.is_none()),
        ("companyUUID", given.company_uuid.is_none()),
        ("companyRequestToken", given.request_token.is_none()),
    ]
    .into_iter()
    .filter_map(|(name, is_missing)| is_missing.then_some(name))
    .collect();
    if !missing.is_empty() && !prompt::is_possible() {
        return Err(obtain::missing(&missing, given.file.as_deref()));
    }
    let or_line = |app: &mut App<'_>, value: Option<String>, question: &str| match value {
        Some(value) => Ok(value),
        None => prompt::line(app, question),
    };
    let or_secret = |value: Option<Secret>, question: &str| match value {
        Some(value) => Ok(value),
        None => prompt::secret(question),
    };
    Ok(Wanted {
        client_id: or_line(app, given.client_id, "App ID (client id)")?,
        client_secret: or_secret(given.client_secret, "Client secret")?,
        company_uuid: or_line(app, given.company_uuid, "Company UUID")?,
        request_token: or_secret(given.request_token, "Company request token")?,
    })
}

fn stored_origin(text: &str) -> Result<Origin> {
    Origin::from_operator(text).map_err(|bad| {
        Error::new(
            Kind::Unusable,
            format!("The profile's base URL is not usable: {bad}"),
            "Name it with --base-url.",
        )
    })
}

fn ask(app: &App<'_>, service: &TokenService, origin: &Origin, wanted: &Wanted) -> Asked {
    let allowed = app.config.allowed.and(origin);
    let asking = Asking {
        service,
        allowed: &allowed,
        clock: app.clock,
        client_id: &wanted.client_id,
        client_secret: &wanted.client_secret,
    };
    let request = GrantRequest::Company {
        company_uuid: &wanted.company_uuid,
        request_token: &wanted.request_token,
    };
    // The list above was widened by this very origin: it is permitted.
    match allowed.permit(origin) {
        Some(at) => asking.ask(&at, request),
        None => Asked::not_made("the base URL is not allowed"),
    }
}

fn granted(app: &mut App<'_>, asked: Asked, profile: &ProfileName) -> Result<Grant> {
    let duration_ms = i64::try_from(asked.took.as_millis()).ok();
    let login = login_command(Some(profile.as_str()));
    let (outcome, result) = match asked.ended {
        Attempted::Answered(Outcome::Granted(grant, odd)) => {
            for note in odd {
                app.note(&note);
            }
            ("granted", Ok(*grant))
        }
        Attempted::Answered(Outcome::Rejected { word, why, .. }) => {
            let advice = advice::advice(word.code, &login);
            let why = why.unwrap_or_else(|| "Concur refused the login".to_owned());
            ("rejected", Err(Error::new(Kind::LoginNeeded, why, advice).with_service(word)))
        }
        Attempted::Answered(Outcome::Transient { why, word, .. }) => {
            let problem = format!("The token service could not log you in: it {why}");
            ("transient", Err(Error::new(Kind::Temporary, problem, RUN_AGAIN).with_service(word)))
        }
        Attempted::Answered(Outcome::Elsewhere(..)) => ("elsewhere", Err(sent_on())),
        Attempted::Unreached(why) => {
            let problem = format!("The token service cannot be reached: {why}");
            ("local", Err(Error::new(Kind::Temporary, problem, CHECK_NETWORK)))
        }
    };
    let word = match &result {
        Ok(_) => ServiceWord::default(),
        Err(error) => error.service().clone(),
    };
    app.audit(Event {
        at: app.now(),
        profile: Some(profile.to_string()),
        action: "login".to_owned(),
        outcome: outcome.to_owned(),
        code: word.code,
        correlation_id: word.correlation_id.or(asked.correlation_id),
        duration_ms,
        detail: result.as_ref().err().map(|error| error.problem().to_owned()),
    });
    result.map_err(|error| error.of_profile(Some(profile.as_str())))
}

const RUN_AGAIN: &str = "Nothing was changed. Run it again in a while.";
const CHECK_NETWORK: &str =
    "Check --base-url, network, name resolution, proxy and certificates; nothing was changed.";

fn sent_on() -> Error {
    Error::new(Kind::LoginNeeded, "Concur sent the login on twice", "Name the base URL: --base-url")
}

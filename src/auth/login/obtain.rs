//! What `login` and `import` share: whose application it is, which profile, and keeping the account.

use std::path::{Path, PathBuf};

use crate::auth::accounts;
use crate::auth::oauth::advice::{IN_FILE, IN_VARIABLES, Names, TYPED};
use crate::auth::refresh::Refresher;
use crate::error::{Error, Kind, Result};
use crate::formats::tutorial;
use crate::model::grant::GrantKind;
use crate::model::origin::{BadOrigin, Origin, SHORT_NAMES};
use crate::model::profile::ProfileName;
use crate::model::record::Record;
use crate::model::secret::Secret;
use crate::store::lock::RecordLock;
use crate::store::{NewAccount, Store, Wanted, reserve};
use crate::sys::files::{self, NamedFile, shell_word};
use crate::ui::context::Context;
use crate::ui::status::view::short_name;
use crate::ui::times::{DAY, local_date};

/// The shortest six months, seconds; less a day for the answer's way and a change of the clocks.
const SIX_MONTHS_SECS: i64 = 180 * DAY;

/// What the operator gave about application and company; what is missing is `None`.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub company_uuid: Option<String>,
    pub request_token: Option<Secret>,
    pub refresh_token: Option<Secret>,
    /// The base URL as it stands in the file.
    pub base_url: Option<String>,
    /// Where the file's values came from, for messages.
    pub file: Option<PathBuf>,
    /// The variables whose values these are, for messages.
    pub variables: Vec<&'static str>,
}

impl Credentials {
    /// What the values are called where they come from; those that are missing are typed.
    pub(crate) fn names(&self) -> Names {
        TYPED.or(&IN_FILE, self.present()).or_variables(&self.variables)
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> usize {
        self.present().into_iter().filter(|is| *is).count()
    }

    /// Which values there are, in the order of the names.
    fn present(&self) -> [bool; 5] {
        [
            self.client_id.is_some(),
            self.client_secret.is_some(),
            self.company_uuid.is_some(),
            self.request_token.is_some(),
            self.refresh_token.is_some(),
        ]
    }

    /// The grant that the values are for, where that is clear from what was given.
    pub(crate) fn settled_grant(&self) -> Option<GrantKind> {
        let is_company = self.request_token.is_some() || self.company_uuid.is_some();
        match &self.refresh_token {
            Some(_) if self.request_token.is_none() => Some(GrantKind::Refresh),
            _ => is_company.then_some(GrantKind::Company),
        }
    }

    fn has(&self, variable: &str) -> bool {
        match variable {
            "CONCUR_CRED_CLIENT_ID" => self.client_id.is_some(),
            "CONCUR_CRED_CLIENT_SECRET" => self.client_secret.is_some(),
            "CONCUR_CRED_COMPANY" => self.company_uuid.is_some(),
            "CONCUR_CRED_REQUEST_TOKEN" => self.request_token.is_some(),
            "CONCUR_CRED_REFRESH_TOKEN" => self.refresh_token.is_some(),
            _ => false,
        }
    }
}

/// Reads the credentials file (`named` must exist; `default` may) and the environment. A named file
/// wins over the environment, the environment over the default file.
pub(crate) fn credentials(
    app: &mut Context<'_>,
    named: Option<&Path>,
    default: &Path,
) -> Result<Credentials> {
    let from_env = Credentials {
        client_id: app.env.setting("CONCUR_CRED_CLIENT_ID")?,
        client_secret: app.env.setting("CONCUR_CRED_CLIENT_SECRET")?.map(Secret::from),
        company_uuid: app.env.setting("CONCUR_CRED_COMPANY")?,
        request_token: app.env.setting("CONCUR_CRED_REQUEST_TOKEN")?.map(Secret::from),
        refresh_token: app.env.setting("CONCUR_CRED_REFRESH_TOKEN")?.map(Secret::from),
        base_url: None,
        file: None,
        variables: IN_VARIABLES.all().into_iter().filter(|name| app.env.is_set(name)).collect(),
    };
    Ok(match named {
        Some(path) => first_then(from_file(app, path, files::read_named(path)?)?, from_env),
        None if default.exists() => {
            first_then(from_env, from_file(app, default, files::read_default(default)?)?)
        }
        None => from_env,
    })
}

fn first_then(first: Credentials, then: Credentials) -> Credentials {
    let further = then.variables.iter().filter(|variable| !first.has(variable));
    let variables = first.variables.iter().chain(further).copied().collect();
    Credentials {
        client_id: first.client_id.or(then.client_id),
        client_secret: first.client_secret.or(then.client_secret),
        company_uuid: first.company_uuid.or(then.company_uuid),
        request_token: first.request_token.or(then.request_token),
        refresh_token: first.refresh_token.or(then.refresh_token),
        base_url: first.base_url.or(then.base_url),
        file: first.file.or(then.file),
        variables,
    }
}

fn from_file(app: &mut Context<'_>, path: &Path, file: NamedFile) -> Result<Credentials> {
    if let Some(warning) = file.warning.filter(|_| !app.env.is_credential(path)) {
        app.warn(&warning);
    }
    let read = tutorial::Credentials::parse(&file.bytes).map_err(|error| {
        Error::new(
            Kind::Usage,
            format!("{}: {error}", path.display()),
            "Correct it; nothing was changed. concur-cred init FILE writes a blank one.",
        )
    })?;
    for key in &read.misspelt {
        app.warn(&format!("{}: an unknown key is probably meant for {key}", path.display()));
    }
    let some = |text: String| (!text.is_empty()).then_some(text);
    Ok(Credentials {
        client_id: some(read.client_id),
        client_secret: Some(read.client_secret).filter(|secret| !secret.is_empty()),
        company_uuid: some(read.company_uuid),
        request_token: read.company_request_token.filter(|secret| !secret.is_empty()),
        refresh_token: read.refresh_token.filter(|secret| !secret.is_empty()),
        base_url: read.base_url,
        file: Some(path.to_owned()),
        variables: Vec::new(),
    })
}

impl Credentials {
    /// The base URL that the credentials file names.
    pub(crate) fn base_url(&self, app: &Context<'_>) -> Result<Option<Origin>> {
        let Some(text) = &self.base_url else { return Ok(None) };
        origin_of_file(app, text, "The credentials file's base URL").map(Some)
    }
}

/// The base URL that a file names. A file can never widen where secrets go: anything but Concur's own hosts
/// must be named by the operator. Not quoted: a secret that was pasted one line too high is no origin.
pub(crate) fn origin_of_file(app: &Context<'_>, text: &str, what: &str) -> Result<Origin> {
    let origin = Origin::from_person(text).map_err(|bad| {
        let remedy = match bad {
            BadOrigin::Legacy(instead) => {
                format!("Run the same again with --base-url {instead}; nothing was changed.")
            }
            _ => {
                "Correct it, or name the right one with --base-url; nothing was changed.".to_owned()
            }
        };
        Error::new(Kind::Usage, format!("{what} is not usable: {bad}"), remedy)
    })?;
    if app.config.allowed.permit(&origin).is_none() {
        return Err(Error::new(
            Kind::Usage,
            format!("{what} {origin} is not an allowed origin"),
            format!("If it is yours, run the same again with --base-url {origin}"),
        ));
    }
    Ok(origin)
}

/// The profile to make or to log in again, and its record if there is one: the named one, else the default profile,
/// else the first, `default`.
pub(crate) fn profile(
    app: &Context<'_>,
    store: Option<&Store>,
) -> Result<(ProfileName, Option<Record>)> {
    let named = app.named_profile()?;
    let mut found = match store {
        Some(store) => store.find(Wanted::Profile(named.as_ref().map(ProfileName::as_str)))?,
        None => Vec::new(),
    };
    if let (true, Some(store)) = (found.len() > 1, store) {
        return Err(accounts::ambiguous(&store.profile_names()?));
    }
    let whole = |account| store.map(|store| accounts::stored_record(store, account)).transpose();
    let record = found.pop().as_ref().map_or(Ok(None), whole)?;
    let kept = record.as_ref().and_then(|record| record.profile.clone());
    Ok((kept.or(named).unwrap_or_else(ProfileName::default_name), record))
}

/// The record that was found, if what it says of itself is proven: whose an edited one is, the login that
/// makes it anew decides.
pub(crate) fn believed<'r>(store: Option<&Store>, old: Option<&'r Record>) -> Option<&'r Record> {
    old.filter(|record| store.is_some_and(|store| store.prove_identity(record).is_ok()))
}

/// What `--base-url` names.
pub(crate) fn base_url(text: Option<&str>) -> Result<Option<Origin>> {
    text.map(|text| {
        Origin::from_person(text).map_err(|bad| {
            let problem = format!("--base-url is not usable: {bad}");
            Error::new(Kind::Usage, problem, base_url_hint(bad))
        })
    })
    .transpose()
}

/// The data centre that was named without its option, where a person may have meant a profile.
pub(crate) fn place(text: &str) -> Result<Origin> {
    Origin::from_person(text).map_err(|bad| {
        let remedy = match text.parse::<ProfileName>() {
            Ok(_) => format!("{} For a profile, use --profile NAME.", base_url_hint(bad)),
            Err(_) => base_url_hint(bad),
        };
        Error::new(Kind::Usage, format!("Invalid data centre: {bad}"), remedy)
    })
}

/// What to name instead of a base URL that is not usable.
fn base_url_hint(bad: BadOrigin) -> String {
    match bad {
        BadOrigin::Legacy(instead) => format!("Use --base-url {instead}."),
        _ => format!(
            "Use one of {}, or an origin such as https://us2.api.concursolutions.com.",
            SHORT_NAMES.join(", ")
        ),
    }
}

/// The lock of the record that is made or changed; key and reserve are sure to be there.
pub(crate) fn lock(
    app: &mut Context<'_>,
    store: &Store,
    old: Option<&Record>,
) -> Result<RecordLock> {
    app.show_progress();
    if let Some(warning) = store.prove_key()? {
        app.warn(warning);
    }
    let lock = if let Some(record) = old {
        Refresher::with(app, |refresher| refresher.lock(store, record))?
    } else {
        RecordLock::for_new(store.paths())?
    };
    reserve::ensure(store.paths(), lock.record_id())?;
    Ok(lock)
}

/// Leaves nothing behind of a record that was not made after all.
pub(crate) fn discard(store: &Store, lock: RecordLock) {
    reserve::remove(store.paths(), lock.record_id());
    lock.discard(store.paths());
}

/// Keeps the account and says what there is now.
pub(crate) fn keep(
    app: &mut Context<'_>,
    store: &mut Store,
    lock: &RecordLock,
    account: &NewAccount,
) -> Result<()> {
    let record = store.save_account(lock, account, app.now())?;
    tell(app, store, &record);
    Ok(())
}

/// Says what there is now, and what to do next.
pub(crate) fn tell(app: &mut Context<'_>, store: &mut Store, record: &Record) {
    let name = record.profile_name().unwrap_or_default();
    let whose = if record.has_unknown_principal() {
        "company or user not known yet".to_owned()
    } else {
        format!("{} {}", record.principal_noun(), record.principal)
    };
    let place = short_name(&record.geolocation).unwrap_or(&record.geolocation);
    let done = if record.obtained_by == Some(GrantKind::Import) { "Imported" } else { "Logged in" };
    let mut lines = vec![format!("{done}: {name}, {place} ({whose})"), life(record)];
    let default = store.find(Wanted::Profile(None)).unwrap_or_default();
    let default = default.iter().map(|account| account.profile.as_str());
    let default: Vec<_> = default.collect();
    let with_name = match default[..] {
        [only] if only == name => String::new(),
        [other] => {
            lines.push(format!(
                "The default profile is still {other}; to change it, run: concur-cred use {name}"
            ));
            format!(" --profile {name}")
        }
        _ => format!(" --profile {name}"),
    };
    lines.push(format!("Try: concur-cred api{with_name} \"/profile/identity/v4.1/Users?count=1\""));
    app.succeeded(&lines);
    store.leave_cache();
}

/// How long the profile is of use without a person.
fn life(record: &Record) -> String {
    let Some(at) = record.refresh_expires_at else {
        return if record.obtained_by == Some(GrantKind::Application) {
            "Refreshes itself with App ID and secret".to_owned()
        } else {
            "There is no refresh token: log in again when the access token has expired".to_owned()
        };
    };
    let (date, is_assumed) = (local_date(at), record.refresh_expiry_assumed);
    let assumed = if is_assumed { ", assumed: Concur did not say" } else { "" };
    let is_new = at.saturating_sub(record.obtained_at) >= SIX_MONTHS_SECS;
    let unused = if is_new {
        format!("for six months ({date}{assumed})")
    } else {
        format!("until {date}{}", if is_assumed { " (assumed: Concur did not say)" } else { "" })
    };
    format!("Refreshes itself; log in again only if unused {unused}")
}

/// The keys of a credentials file, and the variable that each value is taken from.
const VARIABLES: [(&str, &str); 5] = [
    ("appID", "CONCUR_CRED_CLIENT_ID"),
    ("clientSecret", "CONCUR_CRED_CLIENT_SECRET"),
    ("companyUUID", "CONCUR_CRED_COMPANY"),
    ("companyRequestToken", "CONCUR_CRED_REQUEST_TOKEN"),
    ("refreshToken", "CONCUR_CRED_REFRESH_TOKEN"),
];

/// The error for values that were not given; `read`: all that are asked for, by their keys.
pub(crate) fn missing(names: &[&str], read: &[&str], file: Option<&Path>) -> Error {
    let place = match file {
        Some(path) => format!("Add them to {}", shell_word(path)),
        None => "Fill in a credentials.json (concur-cred init)".to_owned(),
    };
    let is_read = |(name, _): &&(&str, &str)| read.contains(name);
    let variables: Vec<&str> =
        VARIABLES.iter().filter(is_read).map(|(_, variable)| *variable).collect();
    let variables = match variables.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => variables.concat(),
    };
    Error::new(
        Kind::Usage,
        format!("Not given: {}", names.join(", ")),
        format!("{place}, or set {variables}."),
    )
}

//! Pure: what a person can do about a refusal (SAP: Authentication API, response codes). The remedy may depend
//! on the grant of the tokens, and on the source of the refused values.

use crate::error::{login_again, refresh_command, set_secret_command};
use crate::model::grant::GrantKind;

/// What Concur refused, for the remedy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused<'a> {
    /// The grant, `None` when it is not known.
    pub by: Option<GrantKind>,
    /// The command that logs in again.
    pub login: &'a str,
    /// The profile.
    pub profile: Option<&'a str>,
    /// The source of the values.
    pub sent: Sent<'a>,
}

/// The source of the values that Concur refused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sent<'a> {
    /// From the store.
    Stored,
    /// From the store, except for a client secret that is not stored yet.
    NewSecret,
    /// From the user who logs in.
    Given {
        /// Their names there.
        names: &'a Names,
        /// Whether the profile exists, with a stored client secret.
        has_profile: bool,
    },
}

/// The names of the values of a login in their source: fields of a credentials file, variables, or prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// The App ID.
    pub client_id: &'static str,
    /// The client secret.
    pub client_secret: &'static str,
    /// The company UUID.
    pub company: &'static str,
    /// The company request token.
    pub request_token: &'static str,
    /// The refresh token.
    pub refresh_token: &'static str,
}

impl Names {
    /// All of them.
    pub(crate) const fn all(&self) -> [&'static str; 5] {
        let Self { client_id, client_secret, company, request_token, refresh_token } = self;
        [client_id, client_secret, company, request_token, refresh_token]
    }

    /// These variables, and the other names for the rest.
    #[must_use]
    pub(crate) fn or_variables(&self, set: &[&str]) -> Self {
        self.or(&IN_VARIABLES, IN_VARIABLES.all().map(|variable| set.contains(&variable)))
    }

    /// The names of `other` where that `is` so.
    pub(crate) fn or(&self, other: &Self, is: [bool; 5]) -> Self {
        let mut names = self.all();
        for (at, name) in names.iter_mut().enumerate().filter(|(at, _)| is[*at]) {
            *name = other.all()[at];
        }
        let [client_id, client_secret, company, request_token, refresh_token] = names;
        Self { client_id, client_secret, company, request_token, refresh_token }
    }
}

/// The names of the variables.
pub(crate) const IN_VARIABLES: Names = Names {
    client_id: "CONCUR_CRED_CLIENT_ID",
    client_secret: "CONCUR_CRED_CLIENT_SECRET",
    company: "CONCUR_CRED_COMPANY",
    request_token: "CONCUR_CRED_REQUEST_TOKEN",
    refresh_token: "CONCUR_CRED_REFRESH_TOKEN",
};

/// The names in a credentials file.
pub(crate) const IN_FILE: Names = Names {
    client_id: "appID",
    client_secret: "clientSecret",
    company: "companyUUID",
    request_token: "companyRequestToken",
    refresh_token: "refreshToken",
};

/// The names at the prompts.
pub(crate) const TYPED: Names = Names {
    client_id: "the App ID",
    client_secret: "the client secret",
    company: "the company UUID",
    request_token: "the company request token",
    refresh_token: "the refresh token",
};

/// The remedy for a refused login or refresh.
pub(crate) fn advice(code: Option<i64>, refused: &Refused<'_>) -> String {
    let Refused { by, login, .. } = *refused;
    let again = format!("then run: {login}");
    match code {
        Some(5 | 19 | 61 | 64) => wrong_credentials(code, refused),
        Some(10..=14 | 123) => format!(
            "The account is disabled, locked or not permitted: ask your Concur administrator to enable it, {}",
            once_fixed(refused)
        ),
        Some(16) => {
            "Log in again, and name the base URL of your data centre with --base-url (for example us2 or eu2)."
                .to_owned()
        }
        Some(20) => format!(
            "This machine's IP address is not on Concur's IP allow-list: ask your Concur administrator to add it, {}",
            once_fixed(refused)
        ),
        Some(21) => format!(
            "This user signs in by single sign-on, and Concur accepts no password: log in with the browser: {}",
            by_browser(refused)
        ),
        Some(53 | 59) => format!(
            "The application is not enabled for this company: ask your Concur administrator or SAP support, {}",
            once_fixed(refused)
        ),
        Some(54) => too_much_scope(by, &again),
        Some(60) => tick(grants_needed(by), refused),
        Some(55 | 100) if by != Some(GrantKind::Otp) => {
            format!("Check the user name: it is the login ID of a Concur user, {again}")
        }
        Some(55 | 80..=85 | 100) => about_one_time_password(code, login),
        Some(103) => format!(
            "The browser's code was already used or has expired (it is valid for minutes): to \
             sign in again, run: {login}"
        ),
        Some(105) if by == Some(GrantKind::Refresh) => format!(
            "The refresh token is of another App ID: use that one, or get a refresh token for this one, {again}"
        ),
        Some(104 | 105) => format!(
            "Register exactly this redirect URI for the application at Concur, {again}"
        ),
        Some(107) => tick("the grant \"refresh_token\"", refused),
        Some(108) => log_in_again(by, login),
        Some(136) => new_request_token(refused),
        Some(139) => format!(
            "The password of this user must be changed: the user changes it at https://www.concursolutions.com, \
             {again}"
        ),
        Some(51 | 52 | 56..=58 | 62 | 63 | 65 | 101 | 102 | 106 | 109) => missing(refused),
        Some(115 | 117..=122 | 124 | 135) => {
            "Concur does not understand the request: a proxy may have changed it, or concur-cred \
             has a defect. Report it with the code and the correlation ID."
                .to_owned()
        }
        _ => unknown(refused),
    }
}

fn tick(grants: &str, refused: &Refused<'_>) -> String {
    format!("Edit the application at Concur and tick {grants}, {}", once_fixed(refused))
}

/// The e-mail address, or the password that was sent to it.
fn about_one_time_password(code: Option<i64>, login: &str) -> String {
    match code {
        Some(82) => format!(
            "Too many one-time passwords are open: use the one in the newest mail, or wait until \
             they expire, then run: {login}"
        ),
        Some(83) => {
            format!(
                "The one-time password was already used or has expired: to get a new one, run: \
                 {login}"
            )
        }
        Some(84 | 85) => format!(
            "The one-time password is not the one in the mail: to get a new one, run: {login}"
        ),
        _ => {
            format!("Check that the e-mail address is the one of a Concur user, then run: {login}")
        }
    }
}

/// The page for new company request tokens.
pub(crate) const TOKEN_PAGE: &str = "https://www.concursolutions.com/nui/authadmin/companytokens";

const NEW_REQUEST_TOKEN: &str = "Make a new company request token at \
    https://www.concursolutions.com/nui/authadmin/companytokens";

/// The remedy if only a login helps.
pub(crate) fn log_in_again(by: Option<GrantKind>, login_command: &str) -> String {
    match by {
        Some(GrantKind::Company | GrantKind::Import) | None => {
            format!("{NEW_REQUEST_TOKEN}, put it in credentials.json, and run: {login_command}")
        }
        Some(GrantKind::User | GrantKind::Application | GrantKind::Browser | GrantKind::Otp) => {
            format!("Log in again: {login_command}")
        }
        Some(GrantKind::Refresh) => format!(
            "Get a new refresh token from the source of this one, and run: {login_command}; a user can \
             log in with --grant browser instead"
        ),
    }
}

/// The remedy if Concur states a temporary reason; otherwise `None`.
pub(crate) fn meanwhile(code: Option<i64>) -> Option<&'static str> {
    (code == Some(134)).then_some(
        "Nothing was changed. Run it again in a while; your Concur administrator knows when the \
         maintenance ends.",
    )
}

/// The command to run after the fix at Concur: with a refresh token no login is needed. An application has
/// none.
fn once_fixed(refused: &Refused<'_>) -> String {
    match (refused.sent, refused.by) {
        (Sent::Stored, Some(GrantKind::Application)) | (Sent::Given { .. }, _) => {
            format!("then run: {}", refused.login)
        }
        (Sent::Stored, _) => format!("then run: {}", refresh_command(refused.profile)),
        // A refresh would use the old one.
        (Sent::NewSecret, _) => format!("then run: {}", set_secret_command(refused.profile)),
    }
}

fn by_browser(refused: &Refused<'_>) -> String {
    let Refused { login, profile, .. } = *refused;
    let mut words: Vec<&str> = login.split(' ').collect();
    if !words.contains(&"login") {
        return login_again(profile, Some(GrantKind::Browser));
    }
    match words.iter().position(|word| *word == "--grant") {
        Some(at) if at + 1 < words.len() => words[at + 1] = "browser",
        _ => words.extend(["--grant", "browser"]),
    }
    words.join(" ")
}

fn wrong_credentials(code: Option<i64>, refused: &Refused<'_>) -> String {
    let Refused { by, login, profile, sent } = *refused;
    let set_secret = set_secret_command(profile);
    let (names, has_profile) = match sent {
        Sent::Stored | Sent::NewSecret if code == Some(19) => return log_in_again(by, login),
        Sent::Stored | Sent::NewSecret => {
            return replaced_at_concur(&set_secret, login);
        }
        Sent::Given { names, has_profile } => (names, has_profile && !replaces(login)),
    };
    // Its App ID is the one that was given, so that there is nothing to correct.
    if has_profile && code == Some(61) {
        return replaced_at_concur(&set_secret, login);
    }
    let Names { client_id, client_secret, company, request_token, refresh_token } = names;
    let replaced = if has_profile {
        format!(". If the client secret was replaced at Concur: {set_secret}")
    } else {
        String::new()
    };
    let check = match by {
        _ if matches!(code, Some(61 | 64)) => format!("Correct {client_id} and {client_secret}"),
        Some(GrantKind::User) => format!(
            "Check user name, password, {client_id} and {client_secret} (too many wrong ones lock the account)"
        ),
        Some(GrantKind::Application) => format!("Check {client_id} and {client_secret}"),
        Some(GrantKind::Refresh) => {
            format!("Check {client_id}, {client_secret} and {refresh_token}")
        }
        Some(GrantKind::Browser | GrantKind::Otp) => {
            format!("Check {client_id} and {client_secret}, and that the user may log in")
        }
        Some(GrantKind::Company | GrantKind::Import) | None => format!(
            "Check {client_id}, {client_secret}, {company} and {request_token} (a request token \
             is valid for 24 hours; make a new one at {TOKEN_PAGE})"
        ),
    };
    format!("{check}, then run: {login}{replaced}")
}

/// For a profile whose App ID or client secret Concur does not know.
fn replaced_at_concur(set_secret: &str, login: &str) -> String {
    let replace = if replaces(login) { "" } else { " --replace" };
    format!(
        "If the application's client secret was replaced at Concur, run: {set_secret}. \
         If the application was replaced by another one, run: {login}{replace}"
    )
}

/// Whether a login puts other values in the place of the profile's.
fn replaces(login: &str) -> bool {
    login.split(' ').any(|word| word == "--replace")
}

fn new_request_token(refused: &Refused<'_>) -> String {
    let place = match refused.sent {
        Sent::Given { names, .. } => format!(", put it in {}", names.request_token),
        Sent::Stored | Sent::NewSecret => String::new(),
    };
    format!(
        "Make a new company request token for this application's App ID at {TOKEN_PAGE}{place}, then run: {}",
        refused.login
    )
}

fn missing(refused: &Refused<'_>) -> String {
    let Refused { by, login, sent, .. } = *refused;
    let Sent::Given { names, .. } = sent else {
        return format!("A stored value is missing or malformed: log in again: {login}");
    };
    let Names { client_id, client_secret, company, request_token, refresh_token } = names;
    let further = match by {
        Some(GrantKind::Company | GrantKind::Import) | None => {
            format!(", {company} and {request_token}")
        }
        Some(GrantKind::User) => ", the user name and the password".to_owned(),
        Some(GrantKind::Otp) => ", the e-mail address and the one-time password".to_owned(),
        Some(GrantKind::Browser) => " and the redirect URI".to_owned(),
        Some(GrantKind::Refresh) => format!(" and {refresh_token}"),
        Some(GrantKind::Application) => String::new(),
    };
    let (between, end) = if further.is_empty() { (" and ", "") } else { (", ", &*further) };
    format!(
        "A value is missing or malformed: check {client_id}{between}{client_secret}{end}, then run: {login}"
    )
}

/// An undocumented code, or none.
fn unknown(refused: &Refused<'_>) -> String {
    let support = "Give SAP support the code and the correlation ID";
    match refused.sent {
        Sent::Stored => {
            format!("{support}. When it is fixed, run: {}", refresh_command(refused.profile))
        }
        Sent::NewSecret => {
            format!("{support}. When it is fixed, run: {}", set_secret_command(refused.profile))
        }
        Sent::Given { .. } => format!("{support}; nothing was changed."),
    }
}

fn too_much_scope(by: Option<GrantKind>, again: &str) -> String {
    match by {
        Some(GrantKind::Browser | GrantKind::Otp) => format!(
            "The application does not have all of these scopes: request fewer with --scope, or \
             add them in its settings at Concur, {again}"
        ),
        _ => format!(
            "The application does not have these scopes any more: add them in its settings at Concur, \
             {again}"
        ),
    }
}

/// What must be ticked for the application, as Concur calls it.
fn grants_needed(by: Option<GrantKind>) -> &'static str {
    match by {
        Some(GrantKind::Application) => "the grant \"client_credentials\"",
        Some(GrantKind::Browser) => "the grants \"authorization_code\" and \"refresh_token\"",
        Some(GrantKind::Otp) => "the grants \"otp\" and \"refresh_token\"",
        Some(GrantKind::Refresh) => "the grant \"refresh_token\"",
        Some(GrantKind::Company | GrantKind::User | GrantKind::Import) | None => {
            "the grants \"password\" and \"refresh_token\""
        }
    }
}

#[cfg(test)]
mod tests;

//! Pure: what a person can do about a refusal (SAP: Authentication API, response codes). Where the
//! remedy depends on it, by the grant that the tokens were obtained with.

use crate::model::grant::GrantKind;

/// What to do about a refused login or refresh. `by` is the grant, `None` when it is not known;
/// `login_command` is what the person would run again.
pub fn advice(code: Option<i64>, by: Option<GrantKind>, login_command: &str) -> String {
    let again = format!("then run: {login_command}");
    match code {
        Some(5 | 19) => wrong_credentials(by, &again),
        Some(10..=14 | 20 | 21 | 123) => {
            "The account is disabled, locked or restricted: ask your Concur administrator."
                .to_owned()
        }
        Some(16) => {
            "Name the base URL of your data centre with --base-url (for example us2 or eu2)."
                .to_owned()
        }
        Some(53 | 59) => {
            "The application is not enabled for this company: ask your Concur administrator or SAP \
             support."
                .to_owned()
        }
        Some(54) => too_much_scope(by, &again),
        Some(60) => {
            format!("Edit the application at Concur and tick {}, {again}", grants_needed(by))
        }
        Some(61 | 64) => format!("Correct appID and clientSecret, {again}"),
        Some(55 | 80 | 81 | 100) => {
            format!("Check that the e-mail address is the one of a Concur user, {again}")
        }
        Some(82) => format!(
            "Too many one-time passwords are open: use the one in the newest mail, or wait until they \
             are over, {again}"
        ),
        Some(83) => {
            format!(
                "The one-time password is used or over: ask for a new one, and run: {login_command}"
            )
        }
        Some(84 | 85) => format!(
            "The one-time password is not the one in the mail: ask for a new one, and run: \
             {login_command}"
        ),
        Some(103) => format!(
            "The code of the browser is used or over (it lives for minutes): sign in again, and run: \
             {login_command}"
        ),
        Some(104 | 105) => format!(
            "Register the redirect URI for this very application at Concur, to the letter, {again}"
        ),
        Some(107) => {
            format!("Edit the application at Concur and tick the grant \"refresh_token\", {again}")
        }
        Some(108) => log_in_again(by, login_command),
        Some(136) => format!(
            "Make a new company request token for this application's App ID at {TOKEN_PAGE}, {again}"
        ),
        Some(51 | 52 | 56..=58 | 62 | 63 | 65 | 101 | 102 | 106 | 109 | 115 | 117..=122 | 135) => {
            format!("A value is missing or malformed: check credentials.json, {again}")
        }
        _ => "Give SAP support the correlation id; it is tried again after 15 minutes.".to_owned(),
    }
}

/// Where a company request token is made.
pub const TOKEN_PAGE: &str = "https://www.concursolutions.com/nui/authadmin/companytokens";

const NEW_REQUEST_TOKEN: &str = "Make a new company request token at \
    https://www.concursolutions.com/nui/authadmin/companytokens";

/// What to do when only a login helps.
pub fn log_in_again(by: Option<GrantKind>, login_command: &str) -> String {
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

/// What to do when Concur says that it is temporary and why; `None` when it did not say.
pub fn meanwhile(code: Option<i64>) -> Option<&'static str> {
    (code == Some(134)).then_some(
        "Nothing was changed. Run it again in a while; your Concur administrator knows when the \
         maintenance is over.",
    )
}

fn wrong_credentials(by: Option<GrantKind>, again: &str) -> String {
    match by {
        Some(GrantKind::User) => format!(
            "Check user name, password, appID and clientSecret (too many wrong ones lock the account), \
             {again}"
        ),
        Some(GrantKind::Application) => format!("Check appID and clientSecret, {again}"),
        Some(GrantKind::Refresh) => {
            format!("Check appID, clientSecret and refreshToken, {again}")
        }
        Some(GrantKind::Browser | GrantKind::Otp) => {
            format!("Check appID and clientSecret, and that the user may log in, {again}")
        }
        Some(GrantKind::Company | GrantKind::Import) | None => format!(
            "Check appID, clientSecret, companyUUID and companyRequestToken (a request token lives \
             24 hours; a new one is made at {TOKEN_PAGE}), {again}"
        ),
    }
}

fn too_much_scope(by: Option<GrantKind>, again: &str) -> String {
    match by {
        Some(GrantKind::Browser | GrantKind::Otp) => format!(
            "The application has not all of these scopes: ask for fewer with --scope, or add them in \
             its settings at Concur, {again}"
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
mod tests {
    use super::*;

    #[test]
    fn a_dead_refresh_token_leads_to_the_admin_page_and_the_command() {
        for by in [None, Some(GrantKind::Company), Some(GrantKind::Import)] {
            let text = advice(Some(108), by, "concur-cred login --profile acme");
            assert!(text.contains(TOKEN_PAGE) && text.contains("concur-cred login --profile acme"));
        }
    }

    #[test]
    fn who_has_no_request_token_is_not_told_to_make_one() {
        let others = [
            GrantKind::User,
            GrantKind::Application,
            GrantKind::Browser,
            GrantKind::Otp,
            GrantKind::Refresh,
        ];
        for by in others {
            for code in (0..200).map(Some).chain([None]).filter(|code| *code != Some(136)) {
                let text = advice(code, Some(by), "concur-cred login");
                assert!(!text.contains("request token"), "{by:?} {code:?}: {text}");
            }
            assert!(log_in_again(Some(by), "X").contains(": X"));
        }
    }

    #[test]
    fn a_missing_grant_is_called_by_concurs_name_for_it() {
        let tick = |by| advice(Some(60), by, "X");
        assert!(tick(None).contains("\"password\""));
        assert!(tick(Some(GrantKind::Application)).contains("\"client_credentials\""));
        assert!(tick(Some(GrantKind::Otp)).contains("\"otp\""));
        assert!(tick(Some(GrantKind::Browser)).contains("\"authorization_code\""));
    }

    #[test]
    fn every_code_has_some_advice() {
        for code in (0..200).map(Some).chain([None]) {
            for by in GrantKind::ALL.map(Some).into_iter().chain([None]) {
                assert!(advice(code, by, "concur-cred login").len() > 20);
            }
        }
    }
}

//! Pure: what a person can do about a refusal (SAP: Authentication API, response codes).

/// What to do about a refused login or refresh. `login_command` is what the person would run again.
pub fn advice(code: Option<i64>, login_command: &str) -> String {
    let again = format!("then run: {login_command}");
    match code {
        Some(5 | 19) => format!(
            "Check appID, clientSecret, companyUUID and companyRequestToken (a request token lives \
             24 hours), {again}"
        ),
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
        Some(54) => {
            "Ask for the scopes in the application's settings at Concur, or narrow the request."
                .to_owned()
        }
        Some(60) => format!(
            "Edit the application at Concur and tick the grants \"password\" and \"refresh_token\", \
             {again}"
        ),
        Some(61 | 64) => format!("Correct appID and clientSecret, {again}"),
        Some(107) => {
            format!("Edit the application at Concur and tick the grant \"refresh_token\", {again}")
        }
        Some(108) => {
            format!("{NEW_REQUEST_TOKEN}, put it in credentials.json, and run: {login_command}")
        }
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
pub fn log_in_again(login_command: &str) -> String {
    format!("{NEW_REQUEST_TOKEN}, put it in credentials.json, and run: {login_command}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_refresh_token_leads_to_the_admin_page_and_the_command() {
        let text = advice(Some(108), "concur-cred login --profile acme");
        assert!(text.contains(TOKEN_PAGE) && text.contains("concur-cred login --profile acme"));
    }

    #[test]
    fn every_code_has_some_advice() {
        for code in (0..200).map(Some).chain([None]) {
            assert!(advice(code, "concur-cred login").len() > 20);
        }
    }
}

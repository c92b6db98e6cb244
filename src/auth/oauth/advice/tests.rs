//! The advice for every code and grant.

use super::*;

const LOGIN: &str = "concur-cred login --profile acme";
const REFRESH: &str = "concur-cred refresh --profile acme";
const SET_SECRET: &str = "concur-cred set-secret --profile acme";
const FILE: Sent<'_> = Sent::Given { names: &IN_FILE, has_profile: false };
const VARIABLES: Sent<'_> = Sent::Given { names: &IN_VARIABLES, has_profile: false };

fn told(code: impl Into<Option<i64>>, by: Option<GrantKind>, sent: Sent<'_>) -> String {
    advice(code.into(), &Refused { by, login: LOGIN, profile: Some("acme"), sent })
}

fn grants() -> impl Iterator<Item = Option<GrantKind>> {
    GrantKind::ALL.map(Some).into_iter().chain([None])
}

fn codes() -> impl Iterator<Item = Option<i64>> {
    (0..200).chain([9999, -1]).map(Some).chain([None])
}

#[test]
fn each_documented_code_says_what_to_do_now() {
    let user = Some(GrantKind::User);
    let company = Some(GrantKind::Company);
    for (code, by, stored, given) in [
        (5, company, SET_SECRET, "companyRequestToken"),
        (5, user, SET_SECRET, "password"),
        (19, company, TOKEN_PAGE, TOKEN_PAGE),
        (19, user, "Log in again", "password"),
        (10, company, REFRESH, LOGIN),
        (11, company, "administrator", "administrator"),
        (12, company, "administrator", "administrator"),
        (13, company, "administrator", "administrator"),
        (14, company, "administrator", "administrator"),
        (123, company, "administrator", "administrator"),
        (16, company, "--base-url", "--base-url"),
        (20, company, "IP allow-list", "IP allow-list"),
        (20, user, REFRESH, LOGIN),
        (21, user, "--grant browser", "--grant browser"),
        (53, company, REFRESH, LOGIN),
        (59, company, "not enabled", "not enabled"),
        (54, company, "add them in its settings", LOGIN),
        (55, user, "login ID", "login ID"),
        (100, user, "login ID", "login ID"),
        (55, Some(GrantKind::Otp), "e-mail address", "e-mail address"),
        (80, Some(GrantKind::Otp), "e-mail address", LOGIN),
        (82, Some(GrantKind::Otp), "newest mail", LOGIN),
        (83, Some(GrantKind::Otp), "new one", LOGIN),
        (85, Some(GrantKind::Otp), "new one", LOGIN),
        (60, company, REFRESH, "\"password\""),
        (61, company, SET_SECRET, "Correct appID and clientSecret"),
        (64, user, SET_SECRET, "Correct appID and clientSecret"),
        (62, company, LOGIN, "companyUUID"),
        (63, Some(GrantKind::Application), LOGIN, "check appID and clientSecret, then"),
        (103, Some(GrantKind::Browser), LOGIN, "sign in again"),
        (104, Some(GrantKind::Browser), "redirect URI", LOGIN),
        (105, Some(GrantKind::Browser), "redirect URI", LOGIN),
        (105, Some(GrantKind::Refresh), "another App ID", LOGIN),
        (107, company, REFRESH, "\"refresh_token\""),
        (108, company, TOKEN_PAGE, LOGIN),
        (124, company, "Report", "Report"),
        (115, company, "Report", "Report"),
        (135, user, "Report", "Report"),
        (136, company, TOKEN_PAGE, "companyRequestToken"),
        (139, user, "changes it at https://www.concursolutions.com", LOGIN),
        (9999, company, REFRESH, "SAP support"),
    ] {
        for (sent, expected) in [(Sent::Stored, stored), (FILE, given)] {
            let told = told(code, by, sent);
            assert!(told.contains(expected), "{code} {by:?} {sent:?}: {expected:?} in {told:?}");
        }
    }
}

#[test]
fn every_advice_is_for_this_very_case() {
    for (code, by) in codes().flat_map(|code| grants().map(move |by| (code, by))) {
        for sent in [Sent::Stored, Sent::NewSecret, FILE, VARIABLES] {
            let told = told(code, by, sent);
            let what = format!("{code:?} {by:?} {sent:?}: {told}");
            assert!(told.len() > 20, "{what}");
            for promise in ["tried again", "15 minutes", "automatically"] {
                assert!(!told.contains(promise), "it promises what does not come: {what}");
            }
            let is_of_file = IN_FILE.all().iter().any(|name| told.contains(name));
            let is_of_variables = told.contains("CONCUR_CRED_");
            match sent {
                Sent::Stored | Sent::NewSecret => {
                    assert!(!is_of_file && !is_of_variables, "{what}");
                }
                _ if matches!(sent, Sent::Given { names, .. } if *names == IN_FILE) => {
                    assert!(!is_of_variables, "{what}");
                }
                Sent::Given { .. } => assert!(!is_of_file, "{what}"),
            }
            let bad_client = matches!(code, Some(61 | 64)) && matches!(sent, Sent::Stored);
            assert!(!bad_client || told.contains(SET_SECRET), "{what}");
            let has_old_secret = matches!(sent, Sent::NewSecret) && told.contains("cred refresh");
            assert!(!has_old_secret, "a refresh would be made with the stored secret: {what}");
        }
    }
}

#[test]
fn what_came_from_a_variable_is_called_by_its_name() {
    for code in [61, 64] {
        let told = told(code, None, VARIABLES);
        assert!(told.contains("CONCUR_CRED_CLIENT_ID and CONCUR_CRED_CLIENT_SECRET"), "{told}");
    }
    let refresh = told(5, Some(GrantKind::Refresh), VARIABLES);
    assert!(refresh.contains("CONCUR_CRED_REFRESH_TOKEN"), "{refresh}");
    assert!(told(5, None, VARIABLES).contains("CONCUR_CRED_REQUEST_TOKEN"));
    assert!(told(136, None, VARIABLES).contains("put it in CONCUR_CRED_REQUEST_TOKEN"));
    assert!(told(62, None, VARIABLES).contains("CONCUR_CRED_COMPANY"));
    let mixed = IN_FILE.or_variables(&["CONCUR_CRED_CLIENT_SECRET", "HOME"]);
    let told = told(64, None, Sent::Given { names: &mixed, has_profile: true });
    assert!(told.contains("Correct appID and CONCUR_CRED_CLIENT_SECRET"), "{told}");
    assert!(told.contains(SET_SECRET), "{told}");
}

#[test]
fn a_user_of_single_sign_on_is_led_to_the_browser() {
    for (login, expected) in [
        (
            "concur-cred login --grant user --profile a",
            "concur-cred login --grant browser --profile a",
        ),
        ("concur-cred login", "concur-cred login --grant browser"),
    ] {
        let refused = Refused { by: None, login, profile: None, sent: FILE };
        assert!(advice(Some(21), &refused).ends_with(expected));
    }
}

#[test]
fn a_dead_refresh_token_leads_to_the_admin_page_and_the_command() {
    for by in [None, Some(GrantKind::Company), Some(GrantKind::Import)] {
        let text = told(108, by, Sent::Stored);
        assert!(text.contains(TOKEN_PAGE) && text.contains(LOGIN));
    }
}

#[test]
fn who_has_no_request_token_is_not_told_to_make_one() {
    let others = GrantKind::ALL
        .into_iter()
        .filter(|by| !matches!(by, GrantKind::Company | GrantKind::Import));
    for by in others {
        for code in codes().filter(|code| *code != Some(136)) {
            for sent in [Sent::Stored, FILE] {
                let text = told(code, Some(by), sent);
                assert!(!text.contains("request token"), "{by:?} {code:?}: {text}");
            }
        }
        assert!(log_in_again(Some(by), "X").contains(": X"));
    }
}

#[test]
fn a_missing_grant_is_called_by_concurs_name_for_it() {
    let tick = |by| told(60, by, FILE);
    assert!(tick(None).contains("\"password\""));
    assert!(tick(Some(GrantKind::Application)).contains("\"client_credentials\""));
    assert!(tick(Some(GrantKind::Otp)).contains("\"otp\""));
    assert!(tick(Some(GrantKind::Browser)).contains("\"authorization_code\""));
}

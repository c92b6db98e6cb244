//! Concur's refusals: the code decides, the message says what to do, and only code 108 invalidates the refresh token.

use concur_sandbox::{CODES, Config, Fault, Sandbox};

use super::support::{assert_refresh_token_is_not_lost, each, stored_refresh_token};
use crate::harness::World;

/// Codes that are not plain refusals: "lives elsewhere", "bad refresh token", maintenance.
const SPECIAL: [u32; 3] = [16, 108, 134];
const DAY_SECS: i64 = 86_400;

/// The correlation id of the last token request.
fn last_correlation_id(world: &World) -> String {
    world.sandbox.requests().last().unwrap().correlation_id.clone()
}

#[test]
fn every_documented_refresh_refusal_names_its_code_and_loses_no_token() {
    let world = World::logged_in();
    for code in CODES.iter().filter(|code| !SPECIAL.contains(&code.number)) {
        world.sandbox.push_fault(Fault::Code(code.number));
        let output = world.concur(["refresh"]).fails(4);
        let id = last_correlation_id(&world);
        let output = output.says(&format!("code {},", code.number)).says(&id);
        let output = output.says(code.description).says("default: ");
        assert!(output.hint().len() > 20, "what to do: {output:?}");
        assert_refresh_token_is_not_lost(&world, code.description);
    }
    world.concur(["refresh"]).ok();
    world.concur(["get"]).ok().silent();
}

#[test]
fn every_documented_login_refusal_names_its_code_and_stores_nothing() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    for code in CODES.iter().filter(|code| ![16, 134].contains(&code.number)) {
        world.sandbox.push_fault(Fault::Code(code.number));
        let output = world.concur(["login", "--base-url", world.sandbox.origin()]).fails(4);
        let id = last_correlation_id(&world);
        output.says(&format!("code {},", code.number)).says(&id).says(code.description);
    }
    world.concur(["get"]).fails(3);
    let reserves = super::support::tree(&world.state_dir().join("reserve"));
    assert_eq!(reserves.len(), 0, "a refused login leaves no reserve behind");
}

#[test]
fn an_undocumented_code_is_a_refusal_too() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::Code(9999));
    world.concur(["get"]).fails(4).says("code 9999");
    assert_refresh_token_is_not_lost(&world, "an undocumented code");
}

#[test]
fn a_refusal_holds_for_15_minutes_and_is_then_retried() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.disable_client(true);
    world.concur(["get"]).fails(4).says("code 59").says("administrator");
    world.concur(["get"]).fails(4).says("code 59");
    assert_eq!(world.refreshes(), 1, "no second request at once");
    world.sandbox.disable_client(false);
    world.concur(["get"]).at_offset(14 * 60).fails(4);
    assert_eq!(world.refreshes(), 1);
    world.concur(["get"]).at_offset(16 * 60).ok().silent();
}

#[test]
fn an_explicit_refresh_sends_a_request_after_any_refusal() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.disable_client(true);
    world.concur(["get"]).fails(4);
    world.sandbox.disable_client(false);
    world.concur(["refresh"]).ok();
    world.concur(["get"]).ok().silent();
}

#[test]
fn an_invalid_refresh_token_falls_back_to_a_valid_request_token() {
    let world = World::logged_in();
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.sandbox.counters().token_requests_of("password"), 2);
    assert_refresh_token_is_not_lost(&world, "the way back");
}

#[test]
fn an_invalid_refresh_token_without_a_request_token_requires_a_login() {
    let world = World::logged_in();
    world.sandbox.revoke_refresh_tokens();
    let late = || world.concur(["get"]).at_offset(2 * DAY_SECS);
    let page = "https://www.concursolutions.com/nui/authadmin/companytokens";
    let failed = late().fails(4).says("code 108").says("bad or expired refresh token");
    failed
        .says(&last_correlation_id(&world))
        .says(page)
        .says("concur-cred login --profile default");
    let asked = world.token_requests();
    late().fails(4).says("code 108").says("concur-cred login --profile default");
    world.concur(["get"]).at_offset(4 * DAY_SECS).fails(4).says("108");
    assert_eq!(world.token_requests(), asked, "an invalid refresh token is not sent again");

    let app = world.sandbox.app().clone();
    world.login("default", &app);
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_bare_invalid_grant_invalidates_the_refresh_token_and_a_bare_invalid_client_does_not() {
    let body = |error: &str| Fault::RawBody {
        status: 400,
        content_type: "application/json".to_owned(),
        body: format!(r#"{{"error":"{error}"}}"#).into_bytes(),
    };
    let world = World::logged_in();
    let refresh = || world.concur(["get"]).at_offset(2 * DAY_SECS);
    world.sandbox.push_fault(body("invalid_client"));
    refresh().fails(4).says("invalid_client");
    let later = || world.concur(["get"]).at_offset(2 * DAY_SECS + 16 * 60);
    world.sandbox.push_fault(body("invalid_grant"));
    later().fails(4).says("invalid_grant");
    let asked = world.refreshes();
    world.concur(["get"]).at_offset(3 * DAY_SECS).fails(4).says("login");
    assert_eq!(world.refreshes(), asked, "the refresh token is invalid");
}

#[test]
fn control_characters_of_the_service_never_reach_the_terminal() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::RawBody {
        status: 400,
        content_type: "application/json".to_owned(),
        body: format!(
            r#"{{"code":59,"error":"e","error_description":"\u001b[2J\r\nerror: all is well{}","concur-correlationid":"\u001b]0;x\u0007"}}"#,
            "x".repeat(10_000)
        )
        .into_bytes(),
    });
    let output = world.concur(["get"]).fails(4).says("code 59");
    assert!(!output.stderr.contains(['\u{1b}', '\u{7}', '\r']), "{output:?}");
    assert!(output.stderr.len() < 2000, "a long text is cut: {}", output.stderr.len());
    let log = world.concur(["log"]).ok();
    assert!(!log.text().contains(['\u{1b}', '\u{7}', '\r']), "{log:?}");
}

/// Two data centres that know one application.
fn two_data_centres() -> (World, Sandbox) {
    let world = World::new();
    let app = Some(world.sandbox.app().clone());
    let other = Sandbox::start(Config { app, ..Config::default() }).unwrap();
    (world, other)
}

#[test]
fn a_redirected_login_goes_to_an_allowed_origin() {
    let (world, there) = two_data_centres();
    world.sandbox.configure(|config| config.lives_elsewhere = Some(there.origin().to_owned()));
    world.write("credentials.json", world.sandbox.credentials_json());
    let allowed =
        |args: &[&str]| world.concur(args).env("CONCUR_CRED_ALLOWED_ORIGINS", there.origin());
    allowed(&["login", "--base-url", world.sandbox.origin()]).ok().says(there.origin());
    let token = allowed(&["get"]).ok().silent().line();
    assert!(there.is_live_access_token(&token));
    world.expire("default");
    allowed(&["get"]).ok().silent();
    assert_eq!(world.token_requests(), 1, "later requests go there");
    assert_eq!(there.counters().token_requests_of("refresh_token"), 1);
}

#[test]
fn a_redirected_login_sends_nothing_to_an_origin_that_is_not_allowed() {
    let (world, there) = two_data_centres();
    world.sandbox.configure(|config| config.lives_elsewhere = Some(there.origin().to_owned()));
    world.write("credentials.json", world.sandbox.credentials_json());
    let output = world.concur(["login", "--base-url", world.sandbox.origin()]).fails(4);
    let output = output.says("code 16").says("not an allowed origin");
    assert!(output.stderr.contains("--base-url"), "{output:?}");
    assert_eq!(there.requests().len(), 0, "nothing was sent there");
    assert_eq!(world.token_requests(), 1);
}

#[test]
fn two_data_centres_that_redirect_to_each_other_get_one_request_each() {
    let (world, there) = two_data_centres();
    let here = world.sandbox.origin().to_owned();
    world.sandbox.configure(|config| config.lives_elsewhere = Some(there.origin().to_owned()));
    there.configure(|config| config.lives_elsewhere = Some(here));
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
    login.env("CONCUR_CRED_ALLOWED_ORIGINS", there.origin()).fails(4).says("code 16");
    assert_eq!((world.token_requests(), there.counters().token_requests), (1, 1));
}

#[test]
fn a_geolocation_beside_code_108_is_not_a_redirect() {
    let (world, there) = two_data_centres();
    world.login("default", &world.sandbox.app().clone());
    world.expire("default");
    let body = format!(
        r#"{{"code":108,"error":"invalid_grant","error_description":"bad or expired refresh token","geolocation":"{}"}}"#,
        there.origin()
    );
    world.sandbox.push_fault(Fault::RawBody {
        status: 400,
        content_type: "application/json".to_owned(),
        body: body.into_bytes(),
    });
    world.concur(["get"]).env("CONCUR_CRED_ALLOWED_ORIGINS", there.origin()).ok();
    assert_eq!(there.requests().len(), 0);
    assert!(world.sandbox.is_current_refresh_token(&stored_refresh_token(&world, "default")));
}

#[test]
fn invalid_credentials_are_distinguished_from_an_unreachable_service() {
    let valid = World::new();
    let app = valid.sandbox.app().clone();
    let wrong = || "11111111-2222-3333-4444-555555555555".to_owned();
    let cases = [
        concur_sandbox::App { client_id: wrong(), ..app.clone() },
        concur_sandbox::App { client_secret: wrong(), ..app.clone() },
        concur_sandbox::App { company_uuid: wrong(), ..app.clone() },
        concur_sandbox::App { request_token: wrong(), ..app.clone() },
    ];
    each(&cases, |case| {
        let home =
            valid.work().join(format!("home of {}", cases.iter().position(|c| c == case).unwrap()));
        std::fs::create_dir(&home).unwrap();
        let file = home.join("credentials.json");
        std::fs::write(&file, valid.sandbox.credentials_json_of(case)).unwrap();
        crate::harness::set_mode(&file, 0o600);
        let args = ["login", "--base-url", valid.sandbox.origin(), "--credentials"];
        let output = valid.concur(args).arg(&file).env("HOME", &home).fails(4);
        output.says("code ").says("correlation ");
    });
}

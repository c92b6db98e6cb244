//! `login --grant refresh`: App ID, secret and an existing refresh token.

use concur_sandbox::{Config, Fault, Rotation};
use serde_json::{Value, json};

use super::support::{assert_nowhere, files, status};
use crate::harness::{Run, World};

/// The service's answer to another client's grant.
fn held(world: &World) -> Value {
    world.sandbox.issue_token_response(&world.sandbox.app().clone(), 60)
}

fn refresh_token(world: &World) -> String {
    held(world)["refresh_token"].as_str().unwrap().to_owned()
}

/// The login, without a credentials file.
fn login(world: &World) -> Run {
    world.concur(["login", "--grant", "refresh", "--base-url", world.sandbox.origin()])
}

fn with_app(world: &World, run: Run) -> Run {
    let app = world.sandbox.app();
    run.env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
}

#[test]
fn a_login_with_a_refresh_token_makes_a_profile() {
    let world = World::new();
    let token = refresh_token(&world);
    let run = with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token);
    let output = run.ok().says(&format!("company {}", world.sandbox.app().company_uuid));
    let secret = world.sandbox.app().client_secret.clone();
    assert_nowhere(&world, &output.stderr, &[&token, &secret]);
    let status = status(&world);
    assert_eq!(status["grant"], "refresh");
    assert_eq!(status["principal_type"], "company");
    assert_eq!(status["company_uuid"], world.sandbox.app().company_uuid.as_str());
    assert_eq!(status["refresh_token"]["expiry_is_assumed"], false);
    assert_eq!((world.token_requests(), world.refreshes()), (1, 1), "refreshed at once");
    world.concur(["get"]).ok().silent();
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.sandbox.violations(), [""; 0]);
    assert!(world.concur(["log"]).ok().text().contains("refresh grant"));
}

#[test]
fn an_answer_for_another_company_is_reported() {
    let world = World::new();
    let other = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    let token = refresh_token(&world);
    let run = with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token);
    let output = run.env("CONCUR_CRED_COMPANY", other).ok();
    let company = world.sandbox.app().company_uuid.clone();
    output.says(&format!("Concur's tokens are those of {company}, and not of {other}"));
    assert_eq!(status(&world)["company_uuid"], company.as_str());
}

#[test]
fn every_known_field_name_of_the_credentials_file_is_read() {
    let names = [
        ["appID", "clientSecret", "refreshToken"],
        ["client_id", "client_secret", "refresh_token"],
        ["clientId", "clientSecret", "refresh_token"],
        ["appId", "client_secret", "refreshToken"],
        ["app_id", "client_secret", "refresh_token"],
    ];
    for [id, secret, token] in names {
        let world = World::new();
        let app = world.sandbox.app().clone();
        let text = json!({
            id: format!(" {}\n", app.client_id).trim_end_matches('\n'),
            secret: format!(" {} ", app.client_secret),
            token: format!("\t{}", refresh_token(&world)).replace('\t', " "),
            "companyId": 4711,
        });
        world.write("credentials.json", text.to_string());
        login(&world).ok();
        world.concur(["get"]).ok().silent();
        assert_eq!(status(&world)["company_uuid"], app.company_uuid.as_str(), "{id} {token}");
    }
}

#[test]
fn a_credentials_file_cannot_allow_an_origin() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let origin = world.sandbox.origin().to_owned();
    let login = ["login", "--grant", "refresh"];
    for name in ["geolocation", "api_url", "base_url", "baseUrl", "instance_url"] {
        let token = refresh_token(&world);
        let text = json!({
            "client_id": app.client_id, "client_secret": app.client_secret,
            "refresh_token": token, name: origin,
        });
        world.write("credentials.json", text.to_string());
        let before = world.token_requests();
        let hint = format!("run the same again with --base-url {origin}");
        drop(world.concur(login).arg("--profile").arg("p").fails(2).says(&hint));
        assert_eq!(world.token_requests(), before, "{name}");
        let profile = name.to_lowercase();
        let allowed = world.concur(login).env("CONCUR_CRED_ALLOWED_ORIGINS", &origin);
        drop(allowed.arg("--profile").arg(&profile).ok());
        assert_eq!(world.token_requests(), before + 1, "{name}");
    }
    let text = json!({
        "client_id": app.client_id, "client_secret": app.client_secret,
        "refresh_token": "x", "api_url": "https://www.concursolutions.com",
    });
    world.write("credentials.json", text.to_string());
    drop(world.concur(login).fails(2).says("--base-url us2"));
}

#[test]
fn the_tokens_of_the_answer_are_the_ones_stored() {
    for rotation in [Rotation::Same, Rotation::NewKeepOld, Rotation::NewRevokeFamily] {
        let world = World::with(Config { rotation, ..Config::default() });
        let token = refresh_token(&world);
        with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token).ok();
        world.expire("default");
        world.concur(["get"]).ok().silent();
        let kept = world.concur(["export", "-"]).ok().json();
        assert_eq!(kept["refresh_token"] == token.as_str(), rotation == Rotation::Same);
        assert!(world.sandbox.is_current_refresh_token(kept["refresh_token"].as_str().unwrap()));
    }
    let world = World::with(Config { omit_refresh_token: true, ..Config::default() });
    world.sandbox.configure(|config| config.omit_refresh_token = false);
    let token = refresh_token(&world);
    world.sandbox.configure(|config| config.omit_refresh_token = true);
    with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token).ok().says("assumed");
    let kept = world.concur(["export", "-"]).ok().json();
    assert_eq!(kept["refresh_token"], token.as_str(), "an answer without one keeps the used one");
}

#[test]
fn a_refused_refresh_token_makes_no_profile() {
    let world = World::new();
    let token = refresh_token(&world);
    world.sandbox.revoke_refresh_tokens();
    let run = with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token);
    let output = run.fails(4).says("code 108").says("login --grant refresh");
    assert!(
        !output.stderr.contains("request token") && !output.stderr.contains(&token),
        "{output:?}"
    );
    world.concur(["status"]).fails(3);
    let left = files(&world.state_dir());
    let of_a_record = |name: &str| name.contains("lock") || name.contains("reserve");
    assert!(!left.iter().any(|file| of_a_record(&file.to_string_lossy())), "{left:?}");
}

#[test]
fn missing_values_are_named_with_their_variables() {
    let world = World::new();
    let output = login(&world).fails(2).says("Not given: appID, clientSecret, refreshToken.");
    let output = output.says("CONCUR_CRED_REFRESH_TOKEN");
    assert!(!output.stderr.contains("REQUEST_TOKEN"), "{output:?}");
    let output = with_app(&world, login(&world)).fails(2).says("Not given: refreshToken.");
    assert!(!output.stderr.contains("CONCUR_CRED_COMPANY"), "{output:?}");
    let stray = "3fd2a1b4-8c1e-4a43-9d6a-5b8f3f3f0001";
    for argument in ["--refresh-token", "--refreshToken"] {
        let run = world.concur(["login", "--grant", "refresh"]).arg(argument).arg(stray);
        let output = run.output().code(2);
        assert!(!output.stderr.contains(stray), "{output:?}");
    }
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn no_child_process_inherits_the_variable() {
    let world = World::logged_in();
    let run = world.concur(["exec", "--", "env"]);
    let output = run.env("CONCUR_CRED_REFRESH_TOKEN", "of-somebody-else").ok();
    assert!(!output.text().contains("of-somebody-else"), "{output:?}");
}

#[test]
fn a_second_profile_with_the_same_refresh_token_is_refused() {
    let world = World::new();
    let token = refresh_token(&world);
    let run = || with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token);
    run().arg("--profile").arg("first").ok();
    let second = || run().arg("--profile").arg("second");
    let output = second().fails(2).says("profile first already has this refresh token");
    drop(output);
    second().arg("--replace").fails(2);
    assert_eq!(world.refreshes(), 1, "the token is not used");
    run().arg("--profile").arg("first").ok();
    world.concur(["token", "--profile", "second"]).fails(3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_prompt_reads_it_without_echo() {
    use crate::harness::{skipped, terminal::Terminal};
    let world = World::new();
    let app = world.sandbox.app().clone();
    let token = refresh_token(&world);
    let Some(mut terminal) = Terminal::login(&world, "--grant refresh") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("client id): ");
    terminal.answer(&app.client_id);
    terminal.wait_for("Client secret (not shown): ");
    terminal.answer_unseen(&app.client_secret);
    terminal.wait_for("Refresh token (not shown): ");
    terminal.answer_unseen(&token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains(&token) && !shown.contains(&app.client_secret), "{shown}");
    world.concur(["get"]).ok().silent();
}

/// Only the answer shows the principal of a refresh token: when it is another company than the profile's, and the
/// given token is used up, the new one must not be lost.
#[test]
fn tokens_of_another_company_do_not_overwrite_and_are_not_lost() {
    for rotation in [Rotation::Same, Rotation::NewRevokeFamily] {
        let world = World::with(Config { rotation, ..Config::default() });
        world.login("default", &world.sandbox.app().clone());
        let other = world.sandbox.add_company();
        let of_other = world.sandbox.issue_token_response(&other, 60);
        let token = of_other["refresh_token"].as_str().unwrap();
        let company = |at: usize| {
            let status = world.concur(["status", "--json"]).ok().json();
            status["profiles"][at]["company_uuid"].as_str().map(str::to_owned)
        };
        let before = company(0).unwrap();
        let output = login(&world)
            .env("CONCUR_CRED_CLIENT_ID", &other.client_id)
            .env("CONCUR_CRED_CLIENT_SECRET", &other.client_secret)
            .env("CONCUR_CRED_REFRESH_TOKEN", token)
            .fails(2)
            .says("holds another company");
        assert_eq!(company(0).unwrap(), before);
        if rotation == Rotation::Same {
            assert_eq!(company(1), None, "{output:?}");
            continue;
        }
        drop(output.says("default-2"));
        assert_eq!(company(1).as_deref(), Some(other.company_uuid.as_str()));
        world.concur(["refresh", "--profile", "default-2"]).ok();
        world.concur(["token"]).ok().silent();
    }
}

#[test]
fn a_missing_request_token_suggests_the_refresh_grant() {
    let world = World::new();
    let grant = ["login", "--grant", "company", "--base-url", world.sandbox.origin()];
    let run = world.concur(grant);
    let output = with_app(&world, run).env("CONCUR_CRED_REFRESH_TOKEN", "r-1").fails(2);
    drop(output.says("companyRequestToken").says("--grant refresh"));
}

#[test]
fn an_answer_without_a_principal_may_be_followed_by_one_with_it() {
    let world = World::new();
    let token = refresh_token(&world);
    let names = ["access_token", "id_token"].map(str::to_owned).to_vec();
    world.sandbox.push_fault(Fault::OmitFields(names));
    let run = with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token);
    drop(run.ok().says("company or user not known yet"));
    world.concur(["get"]).ok().silent();
    let company = &world.sandbox.app().company_uuid;
    assert_eq!(status(&world)["company_uuid"], company.as_str());
    let asked = world.sandbox.origin().strip_prefix("http://").unwrap();
    let request = format!("protocol=http\nhost={asked}\nusername={company}\n\n");
    let answer = world.concur(["get"]).stdin(request).ok();
    assert!(answer.text().contains(&format!("username={company}")), "{answer:?}");
    world.concur(["export", "-"]).ok();
    world.concur(["doctor"]).ok();
}

#[test]
fn a_login_with_a_principal_replaces_one_without() {
    let world = World::new();
    let names = ["access_token", "id_token"].map(str::to_owned).to_vec();
    world.sandbox.push_fault(Fault::OmitFields(names));
    for _ in 0..2 {
        let token = refresh_token(&world);
        with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token).ok();
    }
    assert_eq!(status(&world)["company_uuid"], world.sandbox.app().company_uuid.as_str());
}

/// Who was given a refresh token has neither the page nor the rights to make a request token.
#[test]
fn every_command_names_the_refresh_token_that_the_profile_needs() {
    let world = World::new();
    let token = refresh_token(&world);
    let run = with_app(&world, login(&world)).env("CONCUR_CRED_REFRESH_TOKEN", &token);
    run.arg("--profile").arg("acme").ok();
    world.sandbox.revoke_refresh_tokens();
    world.expire("acme");
    let again = "concur-cred login --grant refresh --profile acme";
    for args in [
        &["get"][..],
        &["refresh"],
        &["keepalive"],
        &["exec", "--", "true"],
        &["api", "/x"],
        &["status"],
        &["doctor"],
    ] {
        let output = world.concur(args).output();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), output.stderr);
        assert!(said.contains(again), "{args:?}\n{output:?}");
        assert!(!said.contains("request token"), "{args:?}\n{output:?}");
    }
    let status = world.concur(["status"]).output();
    assert!(status.text().contains("needs a new refresh token"), "{status:?}");
}

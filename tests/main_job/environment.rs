//! Values from the environment, and what `--base-url` takes.

use super::support::{each, status_of};
use crate::harness::{Run, World};

/// The command with an app's values in the environment.
fn with_app(run: Run, app: &concur_sandbox::App) -> Run {
    run.env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .env("CONCUR_CRED_COMPANY", &app.company_uuid)
        .env("CONCUR_CRED_REQUEST_TOKEN", &app.request_token)
}

fn login(world: &World) -> Run {
    world.concur(["login", "--base-url", world.sandbox.origin()])
}

#[test]
fn a_job_without_files_logs_in_from_the_environment() {
    let world = World::new();
    with_app(login(&world), &world.sandbox.app().clone()).ok();
    world.concur(["get"]).ok().silent();
    assert_eq!(super::support::tree(&world.work()).len(), 0, "no file is written");
}

#[test]
fn the_environment_fills_in_what_the_file_lacks() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let text = world.sandbox.credentials_json().replace(&app.client_secret, "");
    world.write("credentials.json", text.replace(&app.request_token, ""));
    login(&world).fails(2).says("Not given: clientSecret, companyRequestToken.");
    login(&world)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .env("CONCUR_CRED_REQUEST_TOKEN", &app.request_token)
        .ok();
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_named_file_precedes_the_environment_and_that_precedes_the_default_file() {
    let world = World::new();
    let other = world.sandbox.add_company();
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    with_app(login(&world), &other).ok();
    assert_eq!(status_of(&world, "default")["company_uuid"], other.company_uuid.as_str());
    let named = with_app(login(&world), &other).arg("--credentials").arg(&file);
    named.arg("--profile").arg("named").ok();
    let company = &world.sandbox.app().company_uuid;
    assert_eq!(status_of(&world, "named")["company_uuid"], company.as_str());
}

#[test]
fn missing_values_without_a_file_suggest_variables_and_init() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let output = login(&world).env("CONCUR_CRED_CLIENT_ID", &app.client_id).fails(2);
    output
        .says("Not given: clientSecret, companyUUID, companyRequestToken.")
        .says("concur-cred init")
        .says("CONCUR_CRED_REQUEST_TOKEN");
    with_app(login(&world), &app).env("CONCUR_CRED_COMPANY", "").fails(2).says("companyUUID");
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn an_invalid_base_url_is_wrong_usage_and_gets_nothing() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let cases = [
        "",
        "us9",
        "http://us2.api.concursolutions.com",
        "ftp://us2.api.concursolutions.com",
        "https://user@us2.api.concursolutions.com",
        "https://gateway.example/oauth2",
        "https://gateway.example/?x",
        "gateway.example",
        "https://www.concursolutions.com",
        "//us2",
        "http://localhost:8080",
        "http://127.0.0.1.evil.example:80",
        "http://10.0.0.1",
    ];
    each(&cases, |text| {
        let output = world.concur(["login", "--base-url", text]).fails(2);
        output.says("--base-url").says("us2");
    });
    assert_eq!(super::support::tree(&world.home()).len(), 0, "nothing is made");
}

#[test]
fn an_invalid_setting_is_named_before_anything_is_sent() {
    let world = World::logged_in();
    world.expire("default");
    let cases = [
        ("CONCUR_CRED_MIN_TTL", "soon"),
        ("CONCUR_CRED_HTTP_TIMEOUT", "-1"),
        ("CONCUR_CRED_LOCK_TIMEOUT", "1 h"),
        ("CONCUR_CRED_ALLOWED_ORIGINS", "http://evil.example"),
        ("CONCUR_CRED_DEFAULT_PROFILE", "No Good"),
    ];
    each(&cases, |(name, value)| {
        let key = name.trim_start_matches("CONCUR_CRED_").to_lowercase();
        let output = world.concur(["get"]).env(name, value).fails(6);
        assert!(output.stderr.contains(name) || output.stderr.contains(&key), "{output:?}");
    });
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn a_named_configuration_must_exist_and_be_valid() {
    let world = World::logged_in();
    world.concur(["get", "--config", "nowhere.toml"]).fails(6).says("nowhere.toml");
    world.write("config.toml", "min_ttl = 60\nmin_tll = 60\n");
    world.concur(["get", "--config", "config.toml"]).fails(6).says("line 2");
    world.write("config.toml", "min_ttl = \"5m\"\nhttp_timeout = 30\n");
    world.concur(["get", "--config", "config.toml"]).ok().silent();
}

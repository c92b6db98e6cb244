//! The advice after a refusal: for stored values, and for values given to a login.

use concur_sandbox::Fault;

use crate::harness::{Output, World};

/// Logs in with everything in variables.
fn login_by_variables(world: &World) -> Output {
    let app = world.sandbox.app();
    world
        .concur(["login", "--base-url", world.sandbox.origin()])
        .env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .env("CONCUR_CRED_COMPANY", &app.company_uuid)
        .env("CONCUR_CRED_REQUEST_TOKEN", &app.request_token)
        .fails(4)
}

fn login_by_file(world: &World) -> Output {
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", "--base-url", world.sandbox.origin()]).fails(4)
}

fn assert_advises(output: &Output, words: &[&str]) {
    let message = output.hint();
    for word in words {
        assert!(message.contains(word), "{word:?}\n{output:?}");
    }
    for promise in ["tried again", "15 minutes"] {
        assert!(!output.stderr.contains(promise), "{output:?}");
    }
}

#[test]
fn a_refresh_and_a_login_are_advised_by_the_code() {
    let refresh = "concur-cred refresh --profile default";
    let login = "concur-cred login --profile default";
    for (code, refreshed, logged_in) in [
        (10, [refresh, "administrator"], [login, "administrator"]),
        (20, [refresh, "IP allow-list"], [login, "IP allow-list"]),
        (21, ["browser", "--grant browser"], ["browser", "--grant browser"]),
        (55, ["login ID", login], ["login ID", login]),
        (100, ["login ID", login], ["login ID", login]),
        (59, [refresh, "not enabled"], [login, "not enabled"]),
        (
            61,
            ["run: concur-cred set-secret --profile default", "login --profile default --replace"],
            ["run: concur-cred set-secret --profile default", " --replace"],
        ),
        (64, ["concur-cred set-secret --profile default", login], ["clientSecret", "set-secret"]),
        (107, [refresh, "\"refresh_token\""], [login, "\"refresh_token\""]),
        (124, ["Report", "correlation ID"], ["Report", "correlation ID"]),
        (139, ["must be changed", login], ["must be changed", login]),
        (9999, ["SAP support", refresh], ["SAP support", "correlation ID"]),
    ] {
        let world = World::logged_in();
        world.expire("default");
        world.sandbox.push_fault(Fault::Code(code));
        let output = world.concur(["get"]).fails(4).says(&format!("code {code}"));
        assert_advises(&output, &refreshed);
        // The next caller gets the same message from the store.
        assert_advises(&world.concur(["get"]).fails(4), &refreshed);
        world.sandbox.push_fault(Fault::Code(code));
        assert_advises(&login_by_file(&world), &logged_in);
        if refreshed.contains(&refresh) {
            world.concur(["refresh", "--profile", "default"]).ok();
        }
    }
}

#[test]
fn advice_names_the_variables_that_a_login_was_given() {
    for (code, names) in [
        (5, ["CONCUR_CRED_CLIENT_SECRET", "CONCUR_CRED_REQUEST_TOKEN"]),
        (61, ["CONCUR_CRED_CLIENT_ID", "CONCUR_CRED_CLIENT_SECRET"]),
        (64, ["CONCUR_CRED_CLIENT_ID", "CONCUR_CRED_CLIENT_SECRET"]),
        (136, ["CONCUR_CRED_REQUEST_TOKEN", "App ID"]),
        (62, ["CONCUR_CRED_CLIENT_ID", "CONCUR_CRED_COMPANY"]),
    ] {
        let world = World::new();
        world.sandbox.push_fault(Fault::Code(code));
        let output = login_by_variables(&world);
        assert_advises(&output, &names);
        assert!(!output.stderr.contains("clientSecret"), "{output:?}");
        assert!(!output.stderr.contains("set-secret"), "there is no profile yet: {output:?}");
    }
    // Each is named by its source: variables precede the default file.
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    world.sandbox.push_fault(Fault::Code(64));
    let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
    let output = login.env("CONCUR_CRED_CLIENT_SECRET", "stale").fails(4);
    assert_advises(&output, &["Correct appID and CONCUR_CRED_CLIENT_SECRET"]);
    // A file that is named wins over them.
    world.sandbox.push_fault(Fault::Code(64));
    let login = world.concur(["login", "--base-url", world.sandbox.origin(), "--credentials"]);
    let output = login.arg("credentials.json").env("CONCUR_CRED_CLIENT_SECRET", "stale").fails(4);
    assert_advises(&output, &["Correct appID and clientSecret"]);
}

#[test]
fn advice_mentions_a_base_url_only_where_one_was_given() {
    let code_16 = |geolocation: &str| {
        Fault::RawBody {
        status: 400,
        content_type: "application/json".to_owned(),
        body: format!(
            r#"{{"code":16,"error":"invalid_request","error_description":"user lives elsewhere"{geolocation}}}"#
        )
        .into_bytes(),
    }
    };
    for (geolocation, is_named) in [
        ("", false),
        (r#","geolocation":null"#, false),
        (r#","geolocation":"""#, false),
        (r#","geolocation":"https://evil.example""#, true),
    ] {
        let world = World::logged_in();
        world.sandbox.push_fault(code_16(geolocation));
        let output = world.concur(["refresh"]).fails(4).says("code 16");
        assert_eq!(
            output.stderr.contains("redirected to a host that is not an allowed origin"),
            is_named,
            "{output:?}"
        );
        assert_advises(&output, &["--base-url"]);
    }
}

//! `import` of any JSON object with a refresh token, by all known field names.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::support::{exported, status_of, stored_refresh_token, tree};
use crate::harness::moment::now;
use crate::harness::{Output, World};

const OTHER: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
const USER: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// What a vendor's page or a program's settings hold: App ID, secret, refresh token.
fn handed(world: &World) -> Value {
    let app = world.sandbox.app().clone();
    let answer = world.sandbox.issue_token_response(&app, 60);
    json!({
        "client_id": app.client_id, "client_secret": app.client_secret,
        "refresh_token": answer["refresh_token"],
    })
}

fn import(world: &World, file: &Value) -> crate::harness::Run {
    world.concur(["import", "-", "--base-url", world.sandbox.origin()]).stdin(file.to_string())
}

fn refused(world: &World, output: Output) -> Output {
    assert_eq!(tree(&world.home()).len(), 0, "nothing is made\n{output:?}");
    assert_eq!(world.sandbox.requests().len(), 0, "nothing is sent\n{output:?}");
    output
}

/// A token with this payload and an unchecked signature.
fn jwt(payload: &Value) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#), part(&payload.to_string()))
}

#[test]
fn app_id_secret_and_refresh_token_are_enough() {
    let world = World::new();
    import(&world, &handed(&world)).ok();
    let status = status_of(&world, "default");
    assert_eq!(status["company_uuid"], world.sandbox.app().company_uuid.as_str());
    assert_eq!(
        (&status["grant"], &status["principal_type"]),
        (&json!("import"), &json!("company"))
    );
    assert_eq!(world.refreshes(), 1, "used once, to determine the principal");
    world.concur(["get"]).ok().silent();
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.sandbox.violations(), [""; 0]);
}

#[test]
fn every_known_field_name_is_read() {
    let ids = ["client_id", "clientId", "appID", "appId", "app_id"];
    let secrets = ["client_secret", "clientSecret"];
    let tokens = ["refresh_token", "refreshToken"];
    let companies = ["companyUUID", "company_uuid", "companyId"];
    for (at, id) in ids.iter().enumerate() {
        let world = World::new();
        let handed = handed(&world);
        let app = world.sandbox.app().clone();
        let file = json!({
            *id: format!("  {}", app.client_id),
            secrets[at % 2]: format!("{} ", app.client_secret),
            tokens[at % 2]: handed["refresh_token"],
            companies[at % 3]: app.company_uuid,
            "note": "kept",
        });
        import(&world, &file).ok();
        assert_eq!(world.refreshes(), 0, "the file names the principal");
        let status = status_of(&world, "default");
        assert_eq!(status["company_uuid"], app.company_uuid.as_str(), "{id}");
        world.concur(["get"]).ok().silent();
        let out = exported(&world, "default");
        assert_eq!((&out["note"], &out["client_secret"]), (&json!("kept"), &Value::Null), "{out}");
    }
}

#[test]
fn the_base_url_is_read_from_every_known_field_in_every_form() {
    let names = ["api_url", "base_url", "baseUrl", "instance_url", "geolocation"];
    let forms = [
        "us2.api.concursolutions.com",
        "https://us2.api.concursolutions.com/oauth2/v0/token",
        "https://WWW-US2.api.concursolutions.com/api/v3.0/",
        " https://us2.api.concursolutions.com. ",
        "US2",
    ];
    for (name, form) in names.iter().zip(forms) {
        let world = World::new();
        let mut file = handed(&world);
        file[*name] = form.into();
        file["companyUUID"] = world.sandbox.app().company_uuid.as_str().into();
        world.concur(["import", "-"]).stdin(file.to_string()).ok();
        let origin = "https://us2.api.concursolutions.com";
        assert_eq!(status_of(&world, "default")["base_url"], origin, "{name}: {form}");
    }
}

#[test]
fn the_operators_base_url_overrides_the_files() {
    for geolocation in [
        "https://us2.api.concursolutions.com",
        "https://www.concursolutions.com",
        "https://eu1imp.concursolutions.com",
        "https://evil.example",
        "http://us2.api.concursolutions.com",
        "nonsense",
        "https://u:p@evil.example",
    ] {
        let world = World::new();
        let mut file = handed(&world);
        file["geolocation"] = geolocation.into();
        import(&world, &file).ok();
        let origin = world.sandbox.origin();
        assert_eq!(status_of(&world, "default")["base_url"], origin, "{geolocation}");
        world.concur(["refresh"]).ok();
    }
    let world = World::new();
    let mut file = handed(&world);
    file["geolocation"] = "https://www.concursolutions.com/".into();
    let output = world.concur(["import", "-"]).stdin(file.to_string()).fails(2);
    drop(refused(&world, output).says("legacy host").says("--base-url us2"));
}

#[test]
fn the_files_application_precedes_credentials_and_those_precede_variables() {
    let world = World::new();
    let stranger = world.sandbox.add_app();
    world.write("credentials.json", world.sandbox.credentials_json_of(&stranger));
    let with_variables = |run: crate::harness::Run| {
        run.env("CONCUR_CRED_CLIENT_ID", "nobody").env("CONCUR_CRED_CLIENT_SECRET", "none")
    };
    let run = import(&world, &handed(&world)).arg("--credentials").arg("credentials.json");
    with_variables(run).ok();
    let app = world.sandbox.app().clone();
    assert_eq!(status_of(&world, "default")["client_id"], app.client_id.as_str());
    let mut alone = handed(&world);
    for name in ["client_id", "client_secret"] {
        alone.as_object_mut().unwrap().remove(name);
    }
    world.write("mine.json", world.sandbox.credentials_json());
    let run = import(&world, &alone).arg("--credentials").arg("mine.json");
    with_variables(run).arg("--profile").arg("second").ok().says("application from mine.json");
    assert_eq!(status_of(&world, "second")["client_id"], app.client_id.as_str());
}

#[test]
fn a_secret_is_never_combined_with_another_app_id() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let mut file = handed(&world);
    file["client_id"] = "another".into();
    file.as_object_mut().unwrap().remove("client_secret");
    let output = import(&world, &file).fails(2).says("another App ID");
    drop(refused(&world, output));
}

#[test]
fn missing_values_are_named_with_the_variables_that_import_reads() {
    let world = World::new();
    let file = json!({ "refresh_token": "r-1" });
    let output = refused(&world, import(&world, &file).fails(2));
    let output = output.says("Not given: appID, clientSecret.").says("CONCUR_CRED_CLIENT_SECRET");
    assert!(!output.stderr.contains("REQUEST_TOKEN"), "{output:?}");
    assert!(!output.stderr.contains("COMPANY"), "no company is needed\n{output:?}");
    let file = json!({ "access_token": "opaque", "client_id": "a", "client_secret": "s" });
    let output = refused(&world, import(&world, &file).fails(2));
    let output = output.says("Not given: companyUUID.").says("CONCUR_CRED_COMPANY");
    assert!(!output.stderr.contains("REQUEST_TOKEN"), "{output:?}");
    import(&world, &file).env("CONCUR_CRED_COMPANY", OTHER).ok();
    assert_eq!(status_of(&world, "default")["company_uuid"], OTHER, "what the hint names is read");
}

#[test]
fn the_credentials_file_may_name_the_base_url_and_another_company_is_reported() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let mut file = world.sandbox.issue_token_response(&app, 60);
    for name in ["geolocation", "id_token"] {
        file.as_object_mut().unwrap().remove(name);
    }
    let credentials = |company: &str| {
        json!({
            "client_id": app.client_id, "client_secret": app.client_secret,
            "instance_url": "US2.api.concursolutions.com", "companyUUID": company,
        })
    };
    world.write("credentials.json", credentials(OTHER).to_string());
    let import = || world.concur(["import", "-"]).stdin(file.to_string());
    let output = refused(&world, import().fails(2));
    drop(output.says(OTHER).says(&app.company_uuid));
    world.write("credentials.json", credentials(&app.company_uuid).to_string());
    import().ok();
    let origin = "https://us2.api.concursolutions.com";
    assert_eq!(status_of(&world, "default")["base_url"], origin);
}

/// An application's credentials name a company, and a user of it holds the tokens.
#[test]
fn a_users_tokens_can_be_imported_with_a_companys_credentials() {
    let world = World::new();
    let mut file = handed(&world);
    for name in ["client_id", "client_secret"] {
        file.as_object_mut().unwrap().remove(name);
    }
    file["id_token"] = jwt(&json!({ "sub": USER, "concur.type": "user" })).into();
    world.write("credentials.json", world.sandbox.credentials_json());
    import(&world, &file).ok();
    assert_eq!(status_of(&world, "default")["company_uuid"], USER);
}

#[test]
fn the_tokens_claims_decide_the_principal() {
    for name in ["companyUUID", "company_uuid", "companyId"] {
        let world = World::new();
        let app = world.sandbox.app().clone();
        let mut file = world.sandbox.issue_token_response(&app, 60);
        for (key, value) in handed(&world).as_object().unwrap() {
            file[key] = value.clone();
        }
        file[name] = OTHER.into();
        world.sandbox.clear_log();
        for further in ["--dry-run", "--replace"] {
            let output = import(&world, &file).arg(further).fails(2);
            drop(refused(&world, output).says(OTHER).says(&app.company_uuid));
        }
        file[name] = app.company_uuid.to_uppercase().into();
        import(&world, &file).ok();
        assert_eq!(status_of(&world, "default")["company_uuid"], app.company_uuid.as_str());
    }
}

#[test]
fn messages_distinguish_a_company_from_a_user() {
    for (claim, noun) in [("user", "user"), ("company", "company"), ("app", "application")] {
        let world = World::new();
        let mut file = handed(&world);
        file["id_token"] = jwt(&json!({ "sub": USER, "concur.type": claim })).into();
        import(&world, &file).arg("--dry-run").ok().says(&format!("would be {noun} {USER}"));
        let output = import(&world, &file).ok().says("Imported: default, ");
        drop(output.says(&format!("({noun} {USER})")));
        let status = status_of(&world, "default");
        assert_eq!(status["principal_type"], claim);
        assert_eq!(status["company_uuid"], USER);
        let table = world.concur(["status", "--long"]).ok();
        assert!(table.text().to_lowercase().contains(claim), "{table:?}");
        world.sandbox.revoke_refresh_tokens();
        let output = world.concur(["get"]).fails(4);
        let names_it = output.stderr.contains("company request token");
        assert_eq!(names_it, claim == "company", "{output:?}");
        world.concur(["logout"]).ok();
    }
}

#[test]
fn an_expires_in_that_is_a_timestamp_is_read_as_one() {
    let now = now();
    for (at, is_access) in
        [(now + 1800, true), ((now + 1800) * 1000, true), (now + 90 * 86_400, false)]
    {
        let world = World::new();
        let mut file = handed(&world);
        file["access_token"] = "opaque-1".into();
        file["companyUUID"] = OTHER.into();
        file["expires_in"] = at.into();
        import(&world, &file).ok();
        let status = status_of(&world, "default");
        let seconds = if at > now * 100 { at / 1000 } else { at };
        let (is, is_not) = if is_access {
            (&status["access_token"]["expires_at"], &status["refresh_token"]["expires_at"])
        } else {
            (&status["refresh_token"]["expires_at"], &status["access_token"]["expires_at"])
        };
        assert_eq!(is, seconds, "{at}: {status}");
        assert_ne!(is_not, seconds, "{at}: {status}");
    }
}

#[test]
fn a_refused_import_changes_nothing() {
    let world = World::new();
    let file = handed(&world);
    world.sandbox.revoke_refresh_tokens();
    let output = import(&world, &file).fails(4).says("code 108");
    let again = format!(
        "Get a new refresh token from the source of this one, and run: concur-cred import --profile default \
         --base-url {} -",
        world.sandbox.origin()
    );
    let output = output.says(&again);
    assert!(!output.stderr.contains("request token"), "a user has no request token\n{output:?}");
    world.concur(["status"]).fails(3);
    import(&world, &file).arg("--dry-run").ok().says("would use the refresh token once");
    assert_eq!(world.token_requests(), 1, "a dry run uses nothing");
}

#[test]
fn errors_name_the_fields_as_the_file_does() {
    for (code, says) in [
        (61, "Correct the App ID and CONCUR_CRED_CLIENT_SECRET, "),
        (5, "Check the App ID, CONCUR_CRED_CLIENT_SECRET and the refresh token, "),
        (60, "tick the grant \"refresh_token\", "),
    ] {
        let world = World::new();
        let mut file = handed(&world);
        file.as_object_mut().unwrap().remove("client_secret");
        world.sandbox.push_fault(concur_sandbox::Fault::Code(code));
        let run = import(&world, &file)
            .env("CONCUR_CRED_CLIENT_ID", world.sandbox.app().client_id.clone())
            .env("CONCUR_CRED_CLIENT_SECRET", "wrong")
            .env("CONCUR_CRED_REFRESH_TOKEN", "not read");
        let output = run.fails(4).says(says).says("run: concur-cred import --profile default");
        assert!(!output.stderr.contains("company"), "{output:?}");
    }
    let world = World::new();
    world.sandbox.push_fault(concur_sandbox::Fault::Code(21));
    let output = import(&world, &handed(&world)).fails(4);
    output.says("log in with the browser: concur-cred login --grant browser --profile default");
}

#[test]
fn a_bearer_prefix_is_removed_from_a_token() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let mut file = handed(&world);
    let token = world.sandbox.issue_token_response(&app, 0)["access_token"].clone();
    file["access_token"] = format!("Bearer {}", token.as_str().unwrap()).into();
    import(&world, &file).ok();
    assert_eq!(world.concur(["get"]).ok().silent().text().trim_end(), token.as_str().unwrap());
    assert_eq!(world.refreshes(), 0, "the token is valid");
}

#[test]
fn input_that_is_not_json_suggests_an_alternative() {
    let world = World::new();
    let run = world.concur(["import", "-"]).stdin("CLIENT_ID=a\nREFRESH_TOKEN=r\n");
    let output = refused(&world, run.fails(2)).says("stdin: line 1, column 1");
    output.says("concur-cred login --grant refresh");
}

#[test]
fn a_rotating_service_loses_nothing() {
    let config = concur_sandbox::Config {
        rotation: concur_sandbox::Rotation::NewRevokeFamily,
        ..concur_sandbox::Config::default()
    };
    let world = World::with(config);
    import(&world, &handed(&world)).ok();
    assert!(world.sandbox.is_current_refresh_token(&stored_refresh_token(&world, "default")));
}

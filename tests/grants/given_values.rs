//! Values from variables and files: what named them is in the message, and each must have its shape.

use concur_sandbox::App;

use crate::harness::{Output, Run, World};

/// A world with the profile acme, and a `credentials.json` of this application in the current folder.
fn world_with_file_of(app: impl Fn(&World) -> App) -> (World, App) {
    let world = World::new();
    world.login("acme", &world.sandbox.app().clone());
    let other = app(&world);
    world.write("credentials.json", world.sandbox.credentials_json_of(&other));
    (world, other)
}

fn with_variables(app: &App, run: Run) -> Run {
    run.env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .env("CONCUR_CRED_COMPANY", &app.company_uuid)
        .env("CONCUR_CRED_REQUEST_TOKEN", &app.request_token)
}

/// The hint leads to a profile of its own first.
fn assert_safe(output: &Output) {
    let place = |word: &str| output.hint().find(word).unwrap_or_else(|| panic!("{output:?}"));
    assert!(place("--profile NEW") < place("--replace"), "{output:?}");
}

#[test]
fn what_named_another_company_is_named_with_both_companies() {
    let (world, other) = world_with_file_of(|world| world.sandbox.add_company());
    let own = &world.sandbox.app().company_uuid;
    let before = world.token_requests();
    let login = || world.concur(["login", "--profile", "acme"]);
    let output = login().fails(2).says(&format!(
        "The profile acme holds another company ({own}) than companyUUID in credentials.json in the current folder \
         ({}); nothing was changed",
        other.company_uuid
    ));
    assert!(output.hint().contains("correct companyUUID in credentials.json"), "{output:?}");
    assert_safe(&output);
    std::fs::create_dir(world.work().join("in")).unwrap();
    let file = world.write("in/x.json", world.sandbox.credentials_json_of(&other));
    let named = login().arg("--credentials").arg(&file).fails(2);
    assert!(named.stderr.contains(&format!("companyUUID in {}", file.display())), "{named:?}");
    std::fs::remove_file(world.work().join("credentials.json")).unwrap();
    let output = with_variables(&other, login()).fails(2);
    let said = format!("({own}) than CONCUR_CRED_COMPANY ({})", other.company_uuid);
    assert_safe(&output.says(&said));
    assert_eq!(world.token_requests(), before);
}

#[test]
fn what_named_another_application_is_named_with_both() {
    let (world, other) = world_with_file_of(|world| world.sandbox.add_app());
    let own = &world.sandbox.app().client_id;
    let login = || world.concur(["login", "--profile", "acme"]);
    let output = login().fails(2).says(&format!(
        "holds another application ({own}) than appID in credentials.json in the current folder ({})",
        other.client_id
    ));
    assert_safe(&output);
    // A secret in the wrong place is not shown.
    let wrong = App { client_id: "a-secret-of-mine".to_owned(), ..other };
    let output = with_variables(&wrong, login()).fails(2).says("than CONCUR_CRED_CLIENT_ID;");
    assert!(!output.stderr.contains("a-secret-of-mine"), "{output:?}");
}

#[test]
fn tokens_of_another_company_are_named_with_both_companies() {
    let (world, other) = world_with_file_of(|world| world.sandbox.add_company());
    let own = &world.sandbox.app().company_uuid;
    let held = world.sandbox.issue_token_response(&other, 60);
    std::fs::remove_file(world.work().join("credentials.json")).unwrap();
    let run = world.concur(["login", "--grant", "refresh", "--profile", "acme"]);
    let run = run.env("CONCUR_CRED_REFRESH_TOKEN", held["refresh_token"].as_str().unwrap());
    let output = run.fails(2);
    let said = format!("({own}) than the new tokens ({})", other.company_uuid);
    assert_safe(&output.says(&said));
}

/// What `docker --env-file` leaves, and what is copied by mistake.
fn malformed(value: &str) -> [(String, &'static str); 5] {
    [
        (format!("\"{value}\""), "quotation marks"),
        (format!("'{value}'"), "quotation marks"),
        (format!("CLIENT_ID={value}"), "equals sign"),
        (format!("{{\"appID\": \"{value}\"}}"), "JSON"),
        (format!("https://us2.api.concursolutions.com/{value}"), "address"),
    ]
}

fn refused(world: &World, output: Output, value: &str, name: &str, wrong: &str) {
    let output = output.says(&format!("{name} is not usable"));
    assert!(output.hint().contains(wrong), "{output:?}");
    assert!(!output.stderr.contains(value), "{output:?}");
    assert_eq!(world.token_requests(), 0, "{output:?}");
}

#[test]
fn a_variable_must_have_the_shape_of_its_value() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let login = |grant: &str| {
        let args = ["login", "--base-url", world.sandbox.origin(), "--grant", grant];
        with_variables(&app, world.concur(args)).env("CONCUR_CRED_REFRESH_TOKEN", "r-1")
    };
    for (grant, name, value) in [
        ("company", "CONCUR_CRED_CLIENT_ID", &app.client_id),
        ("app", "CONCUR_CRED_CLIENT_SECRET", &app.client_secret),
        ("company", "CONCUR_CRED_COMPANY", &app.company_uuid),
        ("company", "CONCUR_CRED_REQUEST_TOKEN", &app.request_token),
        ("refresh", "CONCUR_CRED_REFRESH_TOKEN", &app.request_token),
    ] {
        for (given, wrong) in malformed(value) {
            refused(&world, login(grant).env(name, &given).fails(2), value, name, wrong);
        }
    }
    let value = app.company_uuid.replace('-', "");
    let output = login("company").env("CONCUR_CRED_COMPANY", &value).fails(2);
    refused(&world, output, &value, "CONCUR_CRED_COMPANY", "company UUID");
    let quoted = login("company").env("CONCUR_CRED_CLIENT_ID", "\"x\"").fails(2);
    assert!(quoted.hint().contains("docker --env-file"), "{quoted:?}");
    // What the grant does not use does not stop it.
    login("app").env("CONCUR_CRED_COMPANY", "acme").env("CONCUR_CRED_REQUEST_TOKEN", "'x'").ok();
}

#[test]
fn a_field_of_a_file_must_have_the_shape_of_its_value() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let good = world.sandbox.credentials_json();
    for (name, value) in [
        ("appID", &app.client_id),
        ("clientSecret", &app.client_secret),
        ("companyUUID", &app.company_uuid),
        ("companyRequestToken", &app.request_token),
    ] {
        for (given, wrong) in malformed(value) {
            let mut file: serde_json::Value = serde_json::from_str(&good).unwrap();
            file[name] = given.into();
            world.write("credentials.json", file.to_string());
            let output = world.concur(["login", "--base-url", world.sandbox.origin()]).fails(2);
            let name = format!("{name} in credentials.json in the current folder");
            refused(&world, output, value, &name, wrong);
        }
    }
    let token_file = world.sandbox.refresh_token_object_file(&app, 60);
    let import = world.concur(["import", "-", "--base-url", world.sandbox.origin()]);
    let import = import.env("CONCUR_CRED_CLIENT_SECRET", "\"secret\"").stdin(token_file);
    refused(&world, import.fails(2), "\"secret\"", "CONCUR_CRED_CLIENT_SECRET", "quotation");
}

#[test]
fn a_new_client_secret_must_have_the_shape_of_one() {
    let world = World::logged_in();
    let before = world.token_requests();
    let name = "CONCUR_CRED_CLIENT_SECRET";
    for (given, wrong) in malformed("new-secret") {
        let piped = world.concur(["set-secret"]).stdin(given.as_str()).fails(2);
        let piped = piped.says("stdin is not usable");
        let set = world.concur(["set-secret"]).env(name, &given).fails(2);
        let set = set.says(&format!("{name} is not usable"));
        for output in [piped, set] {
            assert!(output.hint().contains(wrong), "{output:?}");
            assert!(!output.stderr.contains("new-secret"), "{output:?}");
        }
    }
    assert_eq!(world.token_requests(), before);
}

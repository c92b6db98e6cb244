//! Code 61 for a profile that exists: its application was deleted at Concur, or replaced by another one.

use concur_sandbox::{App, Config, Fault};

use super::support::status;
use crate::harness::terminal::Terminal;
use crate::harness::{Run, World, skipped};

const REQUEST_TOKEN: &str = "Company request token (not shown): ";
const CLIENT_SECRET: &str = "Client secret (not shown): ";

fn world(config: Config) -> World {
    let world = World::with(config);
    world.login("acme", &world.sandbox.app().clone());
    let _ = std::fs::remove_file(world.work().join("credentials-acme.json"));
    world
}

/// Starts a login into the profile, whose App ID Concur does not know, and answers the question for the App ID.
fn asked_for_app_id(world: &World, answer: &str) -> Option<Terminal> {
    let Some(mut terminal) = Terminal::start(world, 80, "login --profile acme", &[]) else {
        skipped("there is no script(1) to make a terminal with");
        return None;
    };
    let client_id = &world.sandbox.app().client_id;
    let said = terminal.wait_for(&format!("App ID (client id) [{client_id}]: "));
    assert!(said.contains("(code 61") && said.contains("to keep the one in brackets"), "{said}");
    terminal.answer(answer);
    terminal.wait_for(CLIENT_SECRET);
    Some(terminal)
}

fn assert_logged_in(world: &World, client_id: &str) {
    let found = status(world);
    assert_eq!(found["client_id"], client_id);
    assert_eq!(found["company_uuid"], world.sandbox.app().company_uuid.as_str());
    assert_eq!(found["base_url"], world.sandbox.origin());
    world.expire("acme");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.sandbox.violations(), [""; 0]);
}

#[test]
fn another_app_id_that_is_typed_replaces_the_application_of_the_profile() {
    let world = world(Config::default());
    let other = world.sandbox.add_app();
    world.sandbox.push_fault(Fault::Code(61));
    let Some(mut terminal) = asked_for_app_id(&world, &other.client_id) else { return };
    terminal.answer_unseen(&other.client_secret);
    // The stored one is of the application before.
    terminal.wait_for(REQUEST_TOKEN);
    terminal.answer_unseen(&other.request_token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("Data centre") && !shown.contains("--replace"), "{shown}");
    assert_logged_in(&world, &other.client_id);
}

#[test]
fn enter_keeps_the_app_id_and_the_secret_is_asked_for() {
    let world = world(Config { wrong_secret_code: 61, ..Config::default() });
    let secret = world.sandbox.change_client_secret();
    // Also where a refresh was refused before.
    world.expire("acme");
    world.concur(["get"]).fails(4);
    let Some(mut terminal) = asked_for_app_id(&world, "") else { return };
    terminal.answer_unseen(&secret);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_logged_in(&world, &world.sandbox.app().client_id);
}

fn with(app: &App, run: Run) -> Run {
    run.env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .env("CONCUR_CRED_COMPANY", &app.company_uuid)
        .env("CONCUR_CRED_REQUEST_TOKEN", &app.request_token)
}

#[test]
fn every_hint_names_both_ways_and_the_named_command_works() {
    let set_secret = "concur-cred set-secret --profile acme";
    let replace = "concur-cred login --profile acme --replace";
    let world = world(Config::default());
    let app = world.sandbox.app().clone();
    world.expire("acme");
    for args in [&["get"][..], &["refresh"], &["login", "--profile", "acme"]] {
        world.sandbox.push_fault(Fault::Code(61));
        let output = world.concur(args).fails(4);
        assert!(output.hint().contains(set_secret), "{output:?}");
        assert!(output.hint().ends_with(replace), "{output:?}");
        assert!(!output.hint().contains("Correct"), "{output:?}");
    }
    let shown = world.concur(["status"]).output();
    assert!(shown.text().contains(set_secret), "{shown:?}");
    assert!(shown.text().contains("login --replace"), "{shown:?}");
    for variable in [true, false] {
        world.sandbox.push_fault(Fault::Code(61));
        let run = world.concur(["set-secret"]);
        let secret = "deaf0000-3a4e-4c1f-9d6a-5b8f3f3f0001";
        let run =
            if variable { run.env("CONCUR_CRED_CLIENT_SECRET", secret) } else { run.stdin(secret) };
        let output = run.fails(4);
        assert!(output.hint().ends_with(replace), "{output:?}");
    }
    // At the data centre of the profile, not at the default one.
    let other = world.sandbox.add_app();
    let run = world.concur(["login", "--profile", "acme", "--replace"]);
    with(&other, run).ok();
    assert_logged_in(&world, &other.client_id);
    // What was given now is refused, and no secret of the profile.
    world.sandbox.push_fault(Fault::Code(61));
    let run = world.concur(["login", "--profile", "acme", "--replace"]);
    let output = with(&app, run).fails(4);
    assert!(output.hint().starts_with("Correct CONCUR_CRED_CLIENT_ID"), "{output:?}");
    assert!(!output.hint().contains("set-secret"), "{output:?}");
}

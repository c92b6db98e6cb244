//! A person at a terminal is asked for what is missing; what is secret is not echoed.
#![cfg(target_os = "linux")]

use super::harness::World;
use super::harness::terminal::Terminal;
use super::support::skipped;

#[test]
fn what_no_file_gives_is_asked_for_and_secrets_are_not_echoed() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let Some(mut terminal) = Terminal::login(&world, "") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("client id): ");
    terminal.answer(&app.client_id);
    terminal.wait_for("Client secret (not shown): ");
    terminal.answer_unseen(&app.client_secret);
    terminal.wait_for("Company UUID: ");
    terminal.answer(&app.company_uuid);
    terminal.wait_for("request token (not shown): ");
    terminal.answer_unseen(&app.request_token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(&app.company_uuid), "what is no secret is seen:\n{shown}");
    for secret in [&app.client_secret, &app.request_token] {
        assert!(!shown.contains(secret.as_str()), "a secret is echoed:\n{shown}");
    }
    world.concur(["get"]).ok().silent();
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let text = world.sandbox.credentials_json();
    world.write("credentials.json", text.replace(&app.request_token, ""));
    let Some(mut terminal) = Terminal::login(&world, "") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    let before = terminal.wait_for("request token (not shown): ");
    assert!(!before.contains("Client secret") && !before.contains("Company UUID"), "{before}");
    terminal.answer_unseen(&app.request_token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn a_question_without_an_answer_makes_nothing() {
    let world = World::new();
    let Some(mut terminal) = Terminal::login(&world, "") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("client id): ");
    terminal.answer("");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert_eq!(super::support::tree(&world.home()).len(), 0, "{shown}");
    assert_eq!(world.token_requests(), 0);
}

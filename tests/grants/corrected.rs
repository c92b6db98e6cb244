//! At a terminal the value that Concur refused is asked for again, and all others are kept.

use concur_sandbox::{App, Config, Fault};

use super::support::{EMAIL, assert_nowhere, status, succeeds, user, world_with_user};
use crate::harness::terminal::Terminal;
use crate::harness::{BINARY, World, skipped};

const CLIENT_ID: &str = "App ID (client id)";
const CLIENT_SECRET: &str = "Client secret (not shown): ";
const REQUEST_TOKEN: &str = "Company request token (not shown): ";
const PAGE: &str = "https://www.concursolutions.com/nui/authadmin/companytokens";

/// A login on a terminal with the values of this application.
fn login(world: &World, app: &App, args: &str) -> Option<Terminal> {
    world.write("credentials.json", world.sandbox.credentials_json_of(app));
    let terminal = Terminal::login(world, args);
    if terminal.is_none() {
        skipped("there is no script(1) to make a terminal with");
    }
    terminal
}

fn some_uuid() -> String {
    App::made_up().client_id
}

#[test]
fn an_unknown_app_id_is_asked_for_again_alone() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let wrong = App { client_id: some_uuid(), ..app.clone() };
    let Some(mut terminal) = login(&world, &wrong, "") else { return };
    let said = terminal.wait_for(&format!("{CLIENT_ID} [{}]: ", wrong.client_id));
    let host = world.sandbox.origin().trim_start_matches("http://");
    assert!(said.contains(&format!("Concur does not know appID at {host} (code 61")), "{said}");
    assert!(
        said.contains("correlation ") && said.contains("to keep the one in brackets"),
        "{said}"
    );
    terminal.answer("not an App ID");
    let said = terminal.wait_for(CLIENT_ID);
    assert!(said.contains("no spaces"), "{said}");
    terminal.answer(&app.client_id);
    let shown = succeeds(&world, terminal);
    for question in [CLIENT_SECRET, REQUEST_TOKEN, "Company UUID", "Data centre"] {
        assert!(!shown.contains(question), "all else is kept:\n{shown}");
    }
    assert_eq!(world.token_requests(), 2);
}

#[test]
fn a_kept_app_id_leads_to_the_data_centre_and_then_to_the_secret() {
    // Some answer a wrong secret like an unknown App ID.
    let world = World::with(Config { wrong_secret_code: 61, ..Config::default() });
    let app = world.sandbox.app().clone();
    let wrong = App { client_secret: some_uuid(), ..app.clone() };
    let Some(mut terminal) = login(&world, &wrong, "") else { return };
    terminal.wait_for(&format!("{CLIENT_ID} [{}]: ", wrong.client_id));
    terminal.answer("");
    let origin = world.sandbox.origin();
    terminal.wait_for(&format!("Data centre (us2, eu2, apj1, ... or an origin) [{origin}]: "));
    terminal.answer("");
    terminal.wait_for(CLIENT_SECRET);
    terminal.answer_unseen(&app.client_secret);
    let shown = succeeds(&world, terminal);
    assert!(!shown.contains(REQUEST_TOKEN), "{shown}");
}

#[test]
fn another_data_centre_is_asked_with_the_same_values() {
    let world = World::new();
    let elsewhere = World::new();
    let app = world.sandbox.app().clone();
    world.write("credentials.json", world.sandbox.credentials_json());
    let args = format!("login --base-url {}", elsewhere.sandbox.origin());
    let Some(mut terminal) = Terminal::start(&world, 80, &args, &[]) else { return };
    terminal.wait_for(&format!("[{}]: ", app.client_id));
    terminal.answer("");
    terminal.wait_for(&format!("[{}]: ", elsewhere.sandbox.origin()));
    terminal.answer(world.sandbox.origin());
    succeeds(&world, terminal);
}

#[test]
fn a_wrong_client_secret_is_asked_for_again_alone() {
    for grant in ["company", "app"] {
        let world = World::new();
        let app = world.sandbox.app().clone();
        let wrong = App { client_secret: some_uuid(), ..app.clone() };
        let args = format!("--grant {grant}");
        let Some(mut terminal) = login(&world, &wrong, &args) else { return };
        let said = terminal.wait_for(CLIENT_SECRET);
        assert!(said.contains("Concur refused clientSecret (code 64"), "{said}");
        terminal.answer_unseen(&some_uuid());
        terminal.wait_for(CLIENT_SECRET);
        terminal.answer_unseen(&app.client_secret);
        let shown = succeeds(&world, terminal);
        assert!(!shown.contains(CLIENT_ID) && !shown.contains("Company UUID"), "{shown}");
        assert_nowhere(&world, &shown, &[&app.client_secret]);
    }
}

#[test]
fn a_refused_request_token_is_asked_for_with_the_page_to_make_one() {
    for code in [5, 19] {
        let world = World::new();
        let app = world.sandbox.app().clone();
        if code == 19 {
            world.sandbox.push_fault(Fault::Code(19));
        }
        let request_token = if code == 19 { app.request_token.clone() } else { some_uuid() };
        let wrong = App { request_token, ..app.clone() };
        let Some(mut terminal) = login(&world, &wrong, "") else { return };
        let said = terminal.wait_for(&format!("Company UUID [{}]: ", app.company_uuid));
        assert!(said.contains(&format!("(code {code}")) && said.contains(PAGE), "{said}");
        assert!(said.contains("refused companyUUID or companyRequestToken"), "{said}");
        terminal.answer_unseen("");
        terminal.wait_for(REQUEST_TOKEN);
        terminal.answer_unseen("two words");
        terminal.wait_for("no spaces");
        terminal.wait_for(REQUEST_TOKEN);
        terminal.answer_unseen(&app.request_token);
        let shown = succeeds(&world, terminal);
        assert!(!shown.contains(CLIENT_ID) && !shown.contains(CLIENT_SECRET), "{shown}");
    }
}

#[test]
fn a_corrected_company_keeps_its_request_token() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let wrong = App { company_uuid: some_uuid(), ..app.clone() };
    let Some(mut terminal) = login(&world, &wrong, "") else { return };
    terminal.wait_for(&format!("Company UUID [{}]: ", wrong.company_uuid));
    terminal.answer_unseen(&app.company_uuid);
    let shown = succeeds(&world, terminal);
    assert!(!shown.contains(REQUEST_TOKEN), "{shown}");
    assert_eq!(status(&world)["company_uuid"], app.company_uuid.as_str());
}

#[test]
fn a_request_token_of_another_app_id_is_asked_for_alone() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let request_token = world.sandbox.add_app().request_token;
    let wrong = App { request_token, ..app.clone() };
    let Some(mut terminal) = login(&world, &wrong, "") else { return };
    let said = terminal.wait_for(REQUEST_TOKEN);
    assert!(said.contains("of another App ID (code 136") && said.contains(PAGE), "{said}");
    let log = world.concur(["log"]).ok();
    assert!(log.text().contains("136"), "before the answer: {log:?}");
    terminal.answer_unseen(&app.request_token);
    let shown = succeeds(&world, terminal);
    assert!(!shown.contains("Company UUID"), "{shown}");
}

#[test]
fn a_refused_refresh_token_is_asked_for_again() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let answer = world.sandbox.issue_token_response(&app, 60);
    let Some(mut terminal) = login(&world, &app, "--grant refresh") else { return };
    terminal.wait_for("Refresh token (not shown): ");
    terminal.answer_unseen(&some_uuid());
    let said = terminal.wait_for("Refresh token (not shown): ");
    assert!(said.contains("Concur refused the refresh token (code 108"), "{said}");
    terminal.answer_unseen(answer["refresh_token"].as_str().unwrap());
    succeeds(&world, terminal);
}

#[test]
fn an_unknown_user_is_asked_for_again_and_the_password_is_kept() {
    let world = world_with_user();
    world.sandbox.push_fault(Fault::Code(55));
    let Some(mut terminal) = Terminal::login(&world, "--grant user") else { return };
    terminal.wait_for("User name (login id): ");
    terminal.answer("erica@example.com");
    terminal.wait_for("Password (not shown): ");
    terminal.answer_unseen(&user(&world).password);
    let said = terminal.wait_for("User name (login id): ");
    assert!(said.contains("does not know this user (code 55"), "{said}");
    terminal.answer(EMAIL);
    let shown = succeeds(&world, terminal);
    assert_eq!(shown.matches("Password (not shown)").count(), 1, "{shown}");
}

#[test]
fn an_unknown_address_is_asked_for_again() {
    let world = world_with_user();
    world.sandbox.push_faults_at("/oauth2/v0/otp", 1, Fault::Code(80));
    let Some(mut terminal) = Terminal::login(&world, "--grant otp") else { return };
    terminal.wait_for("E-mail address of the user: ");
    terminal.answer("erica@example.com");
    let said = terminal.wait_for("E-mail address of the user: ");
    assert!(said.contains("does not know a user of this address (code 80"), "{said}");
    terminal.answer(EMAIL);
    terminal.wait_for("One-time password (not shown): ");
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    succeeds(&world, terminal);
}

#[test]
fn without_an_answer_the_refusal_stands_and_its_remedy_is_shown() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let wrong = App { client_secret: some_uuid(), ..app };
    let Some(mut terminal) = login(&world, &wrong, "") else { return };
    terminal.wait_for(CLIENT_SECRET);
    for _ in 0..3 {
        terminal.answer("");
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(4), "{shown}");
    assert!(shown.contains("Concur refused the login (code 64"), "{shown}");
    assert!(
        shown.contains("Correct appID and clientSecret, then run: concur-cred login"),
        "{shown}"
    );
    world.concur(["status"]).fails(3);
    // A job is not asked.
    let output = world.concur(["login", "--base-url", world.sandbox.origin()]).fails(4);
    assert!(!output.stderr.contains("not shown"), "{output:?}");
}

#[test]
fn corrections_come_to_an_end() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    world.sandbox.fault_always(Fault::Code(64));
    let Some(mut terminal) = login(&world, &app, "") else { return };
    for _ in 0..5 {
        terminal.wait_for(CLIENT_SECRET);
        terminal.answer_unseen(&some_uuid());
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(4), "{shown}");
    assert_eq!(world.token_requests(), 6);
}

#[test]
fn what_was_typed_ahead_is_not_run_by_the_shell() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let wrong = App { client_secret: some_uuid(), ..app };
    world.write("credentials.json", world.sandbox.credentials_json_of(&wrong));
    let login = format!("'{BINARY}' login --base-url {}", world.sandbox.origin());
    let script = format!("{login}; echo \"ended with $?.\"; read line; echo \"read <$line>.\"");
    let Some(mut terminal) = Terminal::shell(&world, 80, &script, &[]) else { return };
    for typed in ["a b\n", "a b\n", "a b\nstray-secret\n"] {
        terminal.wait_for(CLIENT_SECRET);
        terminal.press_unseen(typed);
    }
    terminal.wait_for("ended with 4.");
    terminal.answer("typed later");
    terminal.wait_for("read <");
    assert_eq!(terminal.wait_for(">."), "typed later");
}

#[test]
fn what_was_pasted_behind_a_wrong_answer_answers_nothing() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let Some(mut terminal) = Terminal::login(&world, "--grant app") else { return };
    terminal.wait_for("client id): ");
    let json = world.sandbox.credentials_json().replace('{', "{\n").replace(',', ",\n");
    assert!(json.lines().count() > 4, "{json}");
    terminal.press(&json);
    terminal.wait_for("That is JSON");
    terminal.wait_for("client id): ");
    terminal.answer(&app.client_id);
    // The second line is for no question: the first is refused by Concur.
    terminal.wait_for(CLIENT_SECRET);
    terminal.press_unseen("not-this-one\nnor-that-one\n");
    terminal.wait_for("Concur refused the client secret");
    terminal.wait_for(CLIENT_SECRET);
    terminal.answer_unseen(&app.client_secret);
    let shown = succeeds(&world, terminal);
    assert_eq!(shown.matches("That is JSON").count(), 1, "{shown}");
    assert_eq!(world.token_requests(), 2, "the second line was sent nowhere");
}

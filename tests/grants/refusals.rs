//! Messages for Concur's refusals: each says what to do.

use concur_sandbox::{App, Config, Fault, GrantType};

use super::support::write_application;
use crate::harness::{Output, World};

/// A login that must fail with this exit code.
fn refused(world: &World, app: &App, code: i32) -> Output {
    let file = world.write("app.json", world.sandbox.credentials_json_of(app));
    let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
    world.concur(args).arg(file).fails(code)
}

fn assert_says(output: &Output, code: u32, what: &[&str]) {
    assert!(output.stderr.contains(&format!("code {code}")), "{output:?}");
    assert!(output.stderr.contains("correlation "), "SAP support asks for it\n{output:?}");
    let remedy = output.hint();
    for what in what {
        assert!(remedy.contains(what), "{what:?}\n{output:?}");
    }
}

#[test]
fn a_request_token_of_another_application_must_be_made_again() {
    let world = World::new();
    let request_token = world.sandbox.add_app().request_token;
    let app = App { request_token, ..world.sandbox.app().clone() };
    let output = refused(&world, &app, 4);
    assert_says(&output, 136, &["this application's App ID", "companytokens", "concur-cred login"]);
}

#[test]
fn an_expired_request_token_is_named_as_a_possible_cause_with_the_page_for_a_new_one() {
    let config = Config { request_token_lifetime_seconds: 0, ..Config::default() };
    let world = World::with(config);
    let app = world.sandbox.app().clone();
    let output = refused(&world, &app, 4);
    assert_says(&output, 5, &["is valid for 24 hours", "companytokens", "concur-cred login"]);
    world.sandbox.push_fault(Fault::Code(19));
    assert_says(&refused(&world, &app, 4), 19, &["is valid for 24 hours", "companytokens"]);
}

#[test]
fn an_application_without_the_grant_is_to_be_edited() {
    let world = World::new();
    world.sandbox.configure(|config| config.allowed_grants = vec![GrantType::RefreshToken]);
    let app = world.sandbox.app().clone();
    let output = refused(&world, &app, 4);
    assert_says(&output, 60, &["Edit the application", "\"password\"", "concur-cred login"]);
    write_application(&world);
    let args = ["login", "--grant", "app", "--base-url", world.sandbox.origin()];
    assert_says(&world.concur(args).fails(4), 60, &["\"client_credentials\"", "--grant app"]);
}

#[test]
fn the_command_to_run_again_is_the_one_that_was_run() {
    let world = World::new();
    world.sandbox.push_fault(Fault::Code(60));
    let file = world.write("the app.json", world.sandbox.credentials_json());
    let origin = world.sandbox.origin();
    let args = ["login", "--grant", "app", "--profile", "batch", "--base-url", origin];
    let output = world.concur(args).arg("--credentials").arg("the app.json").fails(4);
    let message = output.hint();
    let (_, command) = message.split_once("run: concur-cred ").unwrap();
    assert!(file.exists() && command.contains(origin), "glz has no such application: {message}");
    let again = format!("exec \"$0\" {command}");
    world.run("sh", ["-c", &again, crate::harness::BINARY]).ok();
    world.concur(["get", "--profile", "batch"]).ok().silent();
}

#[test]
fn scopes_that_were_taken_away_are_to_be_added_again() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::Code(54));
    let output = world.concur(["get"]).fails(4);
    assert_says(&output, 54, &["add them in its settings", "concur-cred login --profile default"]);
}

#[test]
fn maintenance_is_temporary_and_says_so() {
    let world = World::new();
    world.sandbox.fault_always(Fault::Code(134));
    let app = world.sandbox.app().clone();
    let output = refused(&world, &app, 5).says("scheduled maintenance");
    assert_says(&output, 134, &["Nothing was changed", "knows when the maintenance ends"]);
    world.sandbox.clear_faults();
    world.login("default", &app);
    world.expire("default");
    world.sandbox.fault_always(Fault::Code(134));
    let output = world.concur(["get"]).fails(5).says("scheduled maintenance");
    assert_says(&output, 134, &["still valid", "retry after that"]);
}

#[cfg(target_os = "linux")]
#[test]
fn each_problem_with_a_one_time_password_says_what_to_do() {
    use super::support::{EMAIL, world_with_user};
    use crate::harness::{skipped, terminal::Terminal};

    // When the mail is asked for.
    for (code, what) in [
        (55, "the one of a Concur user"),
        (80, "the one of a Concur user"),
        (81, "the one of a Concur user"),
        (82, "wait until they expire"),
        (60, "\"otp\""),
        (64, "Correct appID and clientSecret"),
    ] {
        let world = world_with_user();
        world.sandbox.push_faults_at("/oauth2/v0/otp", 1, Fault::Code(code));
        let Some(mut terminal) = Terminal::login(&world, "--grant otp") else {
            skipped("there is no script(1) to make a terminal with");
            return;
        };
        terminal.wait_for("E-mail address of the user: ");
        terminal.answer(EMAIL);
        // What may be corrected is asked for again, and not answered here.
        match code {
            55 | 80 | 81 => drop(terminal.wait_for("E-mail address of the user: ")),
            64 => drop(terminal.wait_for("Client secret (not shown): ")),
            _ => {}
        }
        let (exit, shown) = terminal.end();
        assert_eq!(exit, Some(4), "{code}: {shown}");
        assert!(shown.contains(&format!("code {code}")) && shown.contains(what), "{shown}");
        assert!(shown.contains("concur-cred login --grant otp"), "{shown}");
    }
    // When the code is taken to Concur; 84 and 85 may be typed again.
    for (code, what) in [(83, "already used or has expired"), (84, "not the one in the mail")] {
        let world = world_with_user();
        world.sandbox.fault_always(Fault::Code(code));
        let Some(mut terminal) = Terminal::login(&world, "--grant otp") else { return };
        terminal.wait_for("E-mail address of the user: ");
        terminal.answer(EMAIL);
        for _ in 0..if code == 83 { 1 } else { 3 } {
            terminal.wait_for("One-time password (not shown): ");
            terminal.answer_unseen("12345678");
        }
        let (exit, shown) = terminal.end();
        assert_eq!(exit, Some(4), "{code}: {shown}");
        assert!(shown.contains(&format!("code {code}")) && shown.contains(what), "{shown}");
    }
    // A failing service does not cause a second mail.
    let world = world_with_user();
    world.sandbox.push_faults_at("/oauth2/v0/otp", 1, Fault::Code(134));
    let Some(mut terminal) = Terminal::login(&world, "--grant otp") else { return };
    terminal.wait_for("E-mail address of the user: ");
    terminal.answer(EMAIL);
    let (exit, shown) = terminal.end();
    assert_eq!(exit, Some(5), "{shown}");
    assert_eq!(world.sandbox.requests().len(), 1);
}

//! A profile that is logged in again: only what is gone or was refused is asked for.

use concur_sandbox::Fault;

use super::support::{assert_nowhere, status, succeeds};
use crate::harness::terminal::{Terminal, screen};
use crate::harness::{World, skipped};

const REQUEST_TOKEN: &str = "Company request token (not shown): ";
const CLIENT_SECRET: &str = "Client secret (not shown): ";

/// A world with the profile acme and no credentials file; its request token has expired.
fn world() -> World {
    let world = World::new();
    world.login("acme", &world.sandbox.app().clone());
    expire_request_token(&world);
    world
}

fn expire_request_token(world: &World) {
    world.database().execute("UPDATE record SET request_token_expires_at = 1", []).unwrap();
}

fn login(world: &World, args: &str) -> Option<Terminal> {
    let terminal = Terminal::start(world, 80, &format!("login {args}"), &[]);
    if terminal.is_none() {
        skipped("there is no script(1) to make a terminal with");
    }
    terminal
}

#[test]
fn only_a_new_request_token_is_asked_for() {
    let world = world();
    let app = world.sandbox.app().clone();
    for (args, other) in [("--profile acme", ""), ("", " For another one: --profile NAME")] {
        expire_request_token(&world);
        let Some(mut terminal) = login(&world, args) else { return };
        let before = terminal.wait_for(REQUEST_TOKEN);
        let (client_id, company) = (&app.client_id[..8], &app.company_uuid[..8]);
        assert_eq!(
            screen(&before).join("\n"),
            format!(
                "Renewing acme (App ID {client_id}…, company {company}…).{other}\n\
                 Only a new company request token is needed, from\n  \
                 https://www.concursolutions.com/nui/authadmin/companytokens\n"
            )
        );
        terminal.answer_unseen(&app.company_uuid);
        terminal.wait_for("is the company UUID");
        terminal.wait_for(REQUEST_TOKEN);
        terminal.answer_unseen(&world.sandbox.new_request_token());
        let shown = succeeds(&world, terminal);
        assert_nowhere(&world, &shown, &[&app.client_secret]);
    }
}

#[test]
fn a_request_token_that_is_still_valid_is_used() {
    let world = World::logged_in();
    std::fs::remove_file(world.work().join("credentials-default.json")).unwrap();
    let Some(terminal) = login(&world, "") else { return };
    let shown = succeeds(&world, terminal);
    assert!(!shown.contains("not shown") && !shown.contains("needed"), "{shown}");
    assert!(shown.contains("Renewing default (App ID "), "which one, at once:\n{shown}");
    assert_eq!(world.token_requests(), 2);
}

#[test]
fn a_refused_request_token_is_asked_for_alone() {
    let world = World::logged_in();
    world.sandbox.push_fault(Fault::Code(5));
    let Some(mut terminal) = login(&world, "") else { return };
    let said = terminal.wait_for(REQUEST_TOKEN);
    assert!(said.contains("Concur refused the company request token (code 5"), "{said}");
    assert!(!said.contains("Company UUID"), "the company of a profile is known:\n{said}");
    terminal.answer_unseen(&world.sandbox.new_request_token());
    succeeds(&world, terminal);
}

#[test]
fn a_client_secret_that_concur_refused_is_asked_for() {
    let world = world();
    let secret = world.sandbox.change_client_secret();
    // At the login.
    let Some(mut terminal) = login(&world, "--profile acme") else { return };
    terminal.wait_for(REQUEST_TOKEN);
    terminal.answer_unseen(&world.sandbox.new_request_token());
    let said = terminal.wait_for(CLIENT_SECRET);
    assert!(said.contains("Concur refused the client secret (code 64"), "{said}");
    terminal.answer_unseen(&secret);
    succeeds(&world, terminal);
    // At an earlier refresh.
    let secret = world.sandbox.change_client_secret();
    world.expire("acme");
    expire_request_token(&world);
    world.concur(["get"]).fails(4);
    let Some(mut terminal) = login(&world, "--profile acme") else { return };
    let said = terminal.wait_for(CLIENT_SECRET);
    assert!(said.contains("(code 64)") && said.contains("set-secret --profile acme"), "{said}");
    assert!(said.contains("Needed: client secret, company request token"), "{said}");
    terminal.answer_unseen(&secret);
    terminal.wait_for(REQUEST_TOKEN);
    terminal.answer_unseen(&world.sandbox.new_request_token());
    succeeds(&world, terminal);
}

#[test]
fn each_profile_is_logged_in_again_by_its_own_grant() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let origin = world.sandbox.origin();
    let file = world.write("app.json", world.sandbox.credentials_json());
    let grant = ["login", "--grant", "app", "--profile", "batch", "--base-url", origin];
    world.concur(grant).arg("--credentials").arg(file).ok();
    let Some(terminal) = login(&world, "--profile batch") else { return };
    let shown = succeeds(&world, terminal);
    assert!(!shown.contains("not shown"), "nothing is asked for:\n{shown}");
    assert_eq!(status(&world)["grant"], "app");

    // What a company was imported with is not known; a request token is what its administrator can have.
    let file = world.sandbox.refresh_token_object_file(&app, 60);
    world.write("refreshTokenObjectFile.json", file);
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["import", "--profile", "moved", "--base-url", origin]).ok();
    std::fs::remove_file(world.work().join("credentials.json")).unwrap();
    let Some(mut terminal) = login(&world, "--profile moved") else { return };
    let said = terminal.wait_for(REQUEST_TOKEN);
    assert!(said.contains("With a new refresh token instead: --grant refresh"), "{said}");
    terminal.answer_unseen(&world.sandbox.new_request_token());
    succeeds(&world, terminal);
}

#[test]
fn a_refresh_token_is_all_that_is_asked_for_of_its_profile() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    world.write("credentials.json", world.sandbox.credentials_json());
    let token = || {
        let answer = world.sandbox.issue_token_response(&app, 60);
        answer["refresh_token"].as_str().unwrap().to_owned()
    };
    let args = ["login", "--grant", "refresh", "--base-url", world.sandbox.origin()];
    world.concur(args).env("CONCUR_CRED_REFRESH_TOKEN", token()).ok();
    std::fs::remove_file(world.work().join("credentials.json")).unwrap();
    for args in ["--grant refresh", ""] {
        let Some(mut terminal) = login(&world, args) else { return };
        let said = terminal.wait_for("Refresh token (not shown): ");
        assert!(said.contains("Only a new refresh token is needed"), "{said}");
        assert!(said.contains("With a company request token instead: --grant company"), "{said}");
        terminal.answer_unseen(&token());
        succeeds(&world, terminal);
    }
}

#[test]
fn the_stored_secret_is_not_sent_to_an_origin_that_is_named_now() {
    let world = world();
    let elsewhere = World::new();
    let args = format!("--profile acme --base-url {}", elsewhere.sandbox.origin());
    let Some(mut terminal) = login(&world, &args) else { return };
    let said = terminal.wait_for("App ID (client id): ");
    assert!(said.contains("Needed: App ID, client secret, company UUID"), "{said}");
    terminal.interrupt();
    terminal.end();
    let grant = ["login", "--grant", "app", "--profile", "acme", "--base-url"];
    world.concur(grant).arg(elsewhere.sandbox.origin()).fails(2).says("Not given: appID");
    assert_eq!(elsewhere.token_requests(), 0);
}

#[test]
fn a_job_needs_to_give_only_the_rest() {
    let world = world();
    std::fs::remove_file(world.work().join("credentials-acme.json")).unwrap();
    world.concur(["login", "--profile", "acme"]).fails(2).says("Not given: companyRequestToken.");
    let token = world.sandbox.new_request_token();
    let run = world.concur(["login", "--profile", "acme"]);
    run.env("CONCUR_CRED_REQUEST_TOKEN", token).ok();
    // Another account is refused before anything is asked for.
    for variable in ["CONCUR_CRED_CLIENT_ID", "CONCUR_CRED_COMPANY"] {
        let other = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
        let run = world.concur(["login", "--profile", "acme"]).env(variable, other);
        run.fails(2).says("acme holds another");
    }
    // Nor is a profile that is to be replaced.
    world.concur(["login", "--profile", "acme", "--replace"]).fails(2).says("appID, clientSecret");
}

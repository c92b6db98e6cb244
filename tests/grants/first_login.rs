//! A `login` without `--grant` on a terminal: it asks what there is to log in with, and explains where the
//! values come from and which are still needed.

use concur_sandbox::{Config, GrantType};

use super::support::{files, status, write_application};
use crate::harness::terminal::{Terminal, screen};
use crate::harness::{World, skipped};

const CHOICE: &str = "Enter 1 to 5 [1]: ";
const CLIENT_ID: &str = "App ID (client id): ";
const CLIENT_SECRET: &str = "Client secret (not shown): ";

/// A terminal with `login`, these arguments and variables.
fn login(world: &World, args: &str, env: &[(&str, &str)]) -> Option<Terminal> {
    let args = format!("login --base-url {} {args}", world.sandbox.origin());
    let terminal = Terminal::start(world, 80, &args, env);
    if terminal.is_none() {
        skipped("there is no script(1) to make a terminal with");
    }
    terminal
}

/// Types App ID and secret.
fn type_application(world: &World, terminal: &mut Terminal) {
    let app = world.sandbox.app();
    terminal.wait_for(CLIENT_ID);
    terminal.answer(&app.client_id);
    terminal.wait_for(CLIENT_SECRET);
    terminal.answer_unseen(&app.client_secret);
}

#[test]
fn what_there_is_to_log_in_with_is_asked_for_and_then_explained() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let Some(mut terminal) = login(&world, "", &[]) else { return };
    let before = terminal.wait_for(CHOICE);
    assert_eq!(
        screen(&before).join("\n"),
        "What do you have?\n  \
         1  a company request token (most common)\n  \
         2  a refresh token\n  \
         3  a user who signs in by SSO, in a browser\n  \
         4  the application alone: App ID and client secret\n  \
         5  the files of SAP's tutorial: refreshTokenObjectFile.json, credentials.json\n"
    );
    terminal.answer("company token");
    let wrong = terminal.wait_for(CHOICE);
    assert!(wrong.contains("Enter a number from 1 to 5"), "{wrong}");
    terminal.answer("");
    terminal.wait_for("\n");
    let explained = terminal.wait_for(CLIENT_ID);
    assert_eq!(
        screen(&explained).join("\n"),
        "Where the values come from:\n  \
         App ID, client secret: Administration > Company > Authentication Admin >\n    \
         OAuth 2.0 Application Management (role: Web Services Administrator)\n  \
         company UUID: shown with the company request token\n  \
         company request token: made from the App ID, valid for 24 hours, at\n    \
         https://www.concursolutions.com/nui/authadmin/companytokens\n\
         Needed: App ID, client secret, company UUID, company request token\n"
    );
    terminal.answer(&app.client_id);
    terminal.wait_for(CLIENT_SECRET);
    terminal.answer_unseen(&app.client_secret);
    terminal.wait_for("Company UUID: ");
    terminal.answer(&app.company_uuid);
    terminal.wait_for("request token (not shown): ");
    terminal.answer_unseen(&app.request_token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(status(&world)["grant"], "company");
}

#[test]
fn a_refresh_token_is_one_of_the_ways() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let answer = world.sandbox.issue_token_response(&app, 60);
    let Some(mut terminal) = login(&world, "", &[]) else { return };
    terminal.wait_for(CHOICE);
    terminal.answer("2");
    let explained = terminal.wait_for("Needed: App ID, client secret, refresh token");
    assert!(!explained.contains("request token"), "{explained}");
    type_application(&world, &mut terminal);
    terminal.wait_for("Refresh token (not shown): ");
    terminal.answer_unseen(answer["refresh_token"].as_str().unwrap());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(status(&world)["grant"], "refresh");
}

#[test]
fn the_browser_is_one_of_the_ways() {
    let world = World::with(Config {
        allowed_grants: vec![GrantType::AuthorizationCode],
        ..Config::default()
    });
    let Some(mut terminal) = login(&world, "", &[]) else { return };
    terminal.wait_for(CHOICE);
    terminal.answer("3.");
    terminal.wait_for("redirect URI: register http://localhost:8017/callback");
    type_application(&world, &mut terminal);
    terminal.wait_for("/oauth2/v0/authorize?");
    terminal.interrupt();
    let (code, shown) = terminal.end();
    assert_ne!(code, Some(0), "{shown}");
}

#[test]
fn the_application_alone_is_one_of_the_ways() {
    let world = World::new();
    let Some(mut terminal) = login(&world, "", &[]) else { return };
    terminal.wait_for(CHOICE);
    terminal.answer("4");
    type_application(&world, &mut terminal);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("companytokens"), "no page that is not needed:\n{shown}");
    assert_eq!(status(&world)["grant"], "app");
}

#[test]
fn the_tutorials_files_are_imported_where_they_are() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let Some(mut terminal) = login(&world, "", &[]) else { return };
    terminal.wait_for(CHOICE);
    terminal.answer("5");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("no refreshTokenObjectFile.json in this folder"), "{shown}");
    assert!(shown.contains("run: concur-cred import"), "{shown}");
    assert_eq!(files(&world.home()).len(), 0, "{shown}");

    write_application(&world);
    let file = world.sandbox.refresh_token_object_file(&app, 60);
    world.write("refreshTokenObjectFile.json", file);
    let Some(mut terminal) = login(&world, "--profile acme", &[]) else { return };
    terminal.wait_for(CHOICE);
    terminal.answer("5");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(status(&world)["grant"], "import");
    world.concur(["token", "--profile", "acme"]).ok().silent();
}

#[test]
fn what_is_known_is_named_with_its_source_and_not_asked_for() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let env = [("CONCUR_CRED_CLIENT_ID", app.client_id.as_str())];
    let Some(mut terminal) = login(&world, "--grant company", &env) else { return };
    let known = "App ID from CONCUR_CRED_CLIENT_ID; \
                 still needed: client secret, company UUID, company request token";
    terminal.wait_for(known);
    let between = terminal.wait_for(CLIENT_SECRET);
    assert!(!between.contains(CLIENT_ID), "{between}");
    terminal.interrupt();
    terminal.end();
}

#[test]
fn credentials_that_settle_it_are_used_without_a_question() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    world.write("credentials.json", world.sandbox.credentials_json());
    let Some(terminal) = login(&world, "", &[]) else { return };
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    for text in ["What do you have", "Where the values", "needed"] {
        assert!(!shown.contains(text), "{text}:\n{shown}");
    }
    // A refresh token alone is used, by a job too.
    write_application(&world);
    let answer = world.sandbox.issue_token_response(&app, 60);
    let token = answer["refresh_token"].as_str().unwrap();
    let run = world.concur(["login", "--profile", "job", "--base-url", world.sandbox.origin()]);
    run.env("CONCUR_CRED_REFRESH_TOKEN", token).ok();
    assert_eq!(world.refreshes(), 1);
    // A request token goes before it: nothing that was given is spent without need.
    world.write("credentials.json", world.sandbox.credentials_json());
    let run = world.concur(["login", "--profile", "job", "--base-url", world.sandbox.origin()]);
    run.env("CONCUR_CRED_REFRESH_TOKEN", token).ok();
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn without_an_answer_or_a_terminal_nothing_is_chosen() {
    let world = World::new();
    let Some(mut terminal) = login(&world, "", &[]) else { return };
    for _ in 0..3 {
        terminal.wait_for(CHOICE);
        terminal.answer("6");
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("No valid answer after three tries"), "{shown}");
    let output = world.concur(["login"]).fails(2).says("companyRequestToken");
    assert!(!output.stderr.contains("What do you have"), "{output:?}");
    assert_eq!((world.token_requests(), files(&world.home()).len()), (0, 0));
}

#[test]
fn a_mistyped_value_is_asked_for_again_with_the_reason() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let Some(mut terminal) = login(&world, "--grant company", &[]) else { return };
    let json = world.sandbox.credentials_json();
    for (wrong, why) in [(json.trim(), "--credentials FILE"), ("eyJhbGciOi.e30.x", "is a token")] {
        terminal.wait_for(CLIENT_ID);
        terminal.answer(wrong);
        terminal.wait_for(why);
    }
    terminal.wait_for(CLIENT_ID);
    terminal.answer(&format!("\u{200b} {}\u{feff} ", app.client_id));
    for (wrong, why) in [(app.client_id.as_str(), "is the App ID"), ("a b", "no spaces")] {
        terminal.wait_for(CLIENT_SECRET);
        terminal.answer_unseen(wrong);
        terminal.wait_for(why);
    }
    terminal.wait_for(CLIENT_SECRET);
    terminal.answer_unseen(&app.client_secret);
    for (wrong, why) in [("acme", "Invalid company UUID"), (&app.client_id, "is the App ID")] {
        terminal.wait_for("Company UUID: ");
        terminal.answer_unseen(wrong);
        terminal.wait_for(why);
    }
    terminal.wait_for("Company UUID: ");
    terminal.answer(&app.company_uuid);
    for (wrong, why) in [
        (app.company_uuid.as_str(), "is the company UUID"),
        (&app.client_secret, "is the client secret"),
    ] {
        terminal.wait_for("request token (not shown): ");
        terminal.answer_unseen(wrong);
        terminal.wait_for(why);
    }
    terminal.wait_for("request token (not shown): ");
    terminal.answer_unseen(&app.request_token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(world.token_requests(), 1, "no mistake was sent to Concur");
}

#[test]
fn a_login_says_who_one_is_how_long_that_lasts_and_what_next() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    world.write("credentials.json", world.sandbox.credentials_json());
    let until = |date: &str| format!("Refreshes itself; log in again only if unused {date}");
    let told = |profile: &str, mark: &str| {
        let place = world.sandbox.origin();
        format!("{mark}Logged in: {profile}, {place} (company {})\n", app.company_uuid)
    };
    let utf8 = ("LC_ALL", "C.UTF-8");
    for (args, env, mark) in [
        ("--profile acme", &[utf8][..], "\u{1b}[1m\u{1b}[32m✓ \u{1b}[0m"),
        ("--profile acme", &[utf8, ("NO_COLOR", "1")], "✓ "),
        ("--profile acme --color never", &[utf8], "✓ "),
        ("--profile acme", &[], ""),
    ] {
        let Some(terminal) = login(&world, args, env) else { return };
        let (code, shown) = terminal.end();
        let shown = shown.replace('\r', "");
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains(&told("acme", mark)), "{mark:?}\n{shown}");
        assert!(shown.contains(&until("for six months (20")), "{shown}");
        assert!(shown.contains("Try: concur-cred api \"/profile/identity"), "{shown}");
    }
    let args = ["login", "--profile", "other", "--base-url", world.sandbox.origin()];
    let output = world.concur(args).ok().says(&told("other", ""));
    assert!(output.stdout.is_empty(), "{output:?}");
    drop(output.says("The default profile is still acme").says("api --profile other "));
    // One that lives less is not said to live six months.
    world.sandbox.configure(|config| config.refresh_lifetime_seconds = 21 * 86_400);
    world.concur(args).ok().says(&until("until 20"));
    world.sandbox.configure(|config| config.omit_refresh_expires_in = true);
    world.concur(args).ok().says("for six months (20").says(", assumed: Concur did not say)");
    let output = world.concur(args).arg("--quiet").ok();
    assert_eq!(output.stderr, "");
}

#[test]
fn a_clock_that_is_off_is_reported_once_with_its_remedy() {
    let world = World::new();
    let file = world.write("app.json", world.sandbox.credentials_json());
    let login = |seconds| {
        let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
        world.concur(args).arg(&file).at_offset(seconds).ok()
    };
    for (seconds, difference) in [(10_800, "3 h ahead of"), (-2700, "45 min behind")] {
        let output = login(seconds);
        let warning = format!("This machine's clock is {difference} Concur's");
        assert_eq!(output.stderr.matches("clock").count(), 2, "one warning\n{output:?}");
        drop(output.says(&warning).says("by NTP: sudo timedatectl set-ntp true"));
    }
    let output = login(0);
    assert!(!output.stderr.contains("clock"), "{output:?}");
}

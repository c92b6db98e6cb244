//! `login --grant otp`: an address, a mail, a code.
#![cfg(target_os = "linux")]

use concur_sandbox::GrantType;

use super::support::{EMAIL, assert_nowhere, files, status, user, world_with_user};
use crate::harness::terminal::Terminal;
use crate::harness::{World, skipped};

const ASKS_ADDRESS: &str = "E-mail address of the user: ";
const ASKS_CODE: &str = "One-time password (not shown): ";

/// The login, up to the question for the code.
fn asked_for_code(world: &World, args: &str) -> Option<Terminal> {
    let Some(mut terminal) = Terminal::login(world, &format!("--grant otp {args}")) else {
        skipped("there is no script(1) to make a terminal with");
        return None;
    };
    terminal.wait_for(ASKS_ADDRESS);
    terminal.answer(EMAIL);
    terminal.wait_for(ASKS_CODE);
    Some(terminal)
}

#[test]
fn the_mailed_code_makes_a_profile_that_refreshes() {
    let world = world_with_user();
    let Some(mut terminal) = asked_for_code(&world, "") else { return };
    let otp = world.sandbox.sent_otp(EMAIL).unwrap();
    terminal.answer_unseen(&otp);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let secret = world.sandbox.app().client_secret.clone();
    assert_nowhere(&world, &shown, &[&otp, &secret]);
    let status = status(&world);
    assert_eq!(status["grant"], "otp");
    assert_eq!(status["company_uuid"], user(&world).uuid.as_str(), "the id_token says who it is");
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 1);
    let counters = world.sandbox.counters();
    assert_eq!((counters.otps_sent, counters.token_requests_of("otp")), (1, 1));
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
    let log = world.concur(["log"]).ok();
    assert!(log.text().contains("otp grant") && !log.text().contains(&otp), "{log:?}");
}

#[test]
fn an_invalid_refresh_token_suggests_a_login_with_the_same_grant() {
    let world = world_with_user();
    let Some(mut terminal) = asked_for_code(&world, "--profile me") else { return };
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    assert_eq!(terminal.end().0, Some(0));
    world.expire("me");
    world.sandbox.revoke_refresh_tokens();
    let output = world.concur(["get"]).fails(4).says("code 108");
    let output = output.says("Log in again: concur-cred login --grant otp --profile me");
    assert!(!output.stderr.contains("request token"), "{output:?}");
}

#[test]
fn a_wrong_address_and_a_wrong_code_are_asked_for_again() {
    let world = world_with_user();
    let Some(mut terminal) = Terminal::login(&world, "--grant otp") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    for wrong in ["erika", ""] {
        terminal.wait_for(ASKS_ADDRESS);
        terminal.answer(wrong);
    }
    terminal.wait_for(ASKS_ADDRESS);
    terminal.answer(EMAIL);
    terminal.wait_for(ASKS_CODE);
    terminal.answer_unseen("wrong-one-1");
    terminal.wait_for("this is not the code");
    terminal.wait_for(ASKS_CODE);
    terminal.answer_unseen("wrong-one-2");
    terminal.wait_for(ASKS_CODE);
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Invalid e-mail address"), "{shown}");
    assert!(shown.contains("Nothing was entered"), "{shown}");
    assert_nowhere(&world, &shown, &["wrong-one-1", "wrong-one-2"]);
    assert_eq!(world.sandbox.counters().otps_sent, 1, "one mail is enough");
    world.concur(["get"]).ok().silent();
}

#[test]
fn three_wrong_codes_end_the_login_and_leave_no_account() {
    let world = world_with_user();
    let Some(mut terminal) = asked_for_code(&world, "") else { return };
    terminal.answer_unseen("wrong-one-1");
    for wrong in ["wrong-one-2", "wrong-one-3"] {
        terminal.wait_for(ASKS_CODE);
        terminal.answer_unseen(wrong);
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(4), "{shown}");
    assert!(shown.contains("code 85") && shown.contains("to get a new one"), "{shown}");
    world.concur(["status"]).fails(3);
    let left = files(&world.state_dir());
    let of_a_record = |name: &str| name.contains("lock") || name.contains("reserve");
    assert!(!left.iter().any(|file| of_a_record(&file.to_string_lossy())), "{left:?}");
}

#[test]
fn a_cancelled_prompt_leaves_nothing() {
    for interrupt in [true, false] {
        let world = world_with_user();
        let Some(mut terminal) = asked_for_code(&world, "") else { return };
        if interrupt {
            terminal.interrupt();
        }
        let (code, shown) = terminal.end();
        assert_ne!(code, Some(0), "{shown}");
        assert_eq!(files(&world.home()), Vec::<std::path::PathBuf>::new(), "{shown}");
        assert_eq!(world.token_requests(), 0);
    }
}

#[test]
fn no_lock_is_held_during_a_prompt() {
    let world = world_with_user();
    world.login("default", &world.sandbox.app().clone());
    world.expire("default");
    let Some(mut terminal) = asked_for_code(&world, "--replace") else { return };
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token), "no lock is held during a prompt");
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(status(&world)["grant"], "otp");
}

#[test]
fn a_profile_that_changed_during_a_prompt_is_not_overwritten() {
    let world = world_with_user();
    let Some(mut terminal) = asked_for_code(&world, "") else { return };
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    assert_eq!(terminal.end().0, Some(0));
    let Some(mut terminal) = asked_for_code(&world, "") else { return };
    let file = world.write("company.json", world.sandbox.credentials_json());
    let args = ["login", "--replace", "--base-url", world.sandbox.origin(), "--credentials"];
    world.concur(args).arg(file).ok();
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("holds another company"), "{shown}");
    assert_eq!(status(&world)["grant"], "company");
    world.concur(["get"]).ok().silent();
}

#[test]
fn scopes_are_sent_as_given() {
    let world = world_with_user();
    let Some(mut terminal) = asked_for_code(&world, "--scope 'openid EXPRPT'") else { return };
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(status(&world)["scope"], "openid EXPRPT");
    let world = world_with_user();
    let Some(mut terminal) = asked_for_code(&world, "--scope everything") else { return };
    terminal.answer_unseen(&world.sandbox.sent_otp(EMAIL).unwrap());
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(4), "{shown}");
    assert!(shown.contains("code 54") && shown.contains("request fewer with --scope"), "{shown}");
}

#[test]
fn a_user_of_another_data_centre_is_redirected_there() {
    let home = world_with_user();
    let landing = world_with_user();
    let (app, user) = (home.sandbox.app().clone(), user(&home));
    landing.sandbox.configure(|config| {
        config.user = Some(user.clone());
        config.lives_elsewhere = Some(home.sandbox.origin().to_owned());
    });
    home.sandbox.configure(|config| config.allowed_grants = vec![GrantType::Otp]);
    // The two services do not share the application: the refusal shows where the request went.
    landing.write("config.toml", format!("allowed_origins = [\"{}\"]\n", home.sandbox.origin()));
    let Some(mut terminal) = Terminal::login(&landing, "--grant otp --config config.toml") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for(ASKS_ADDRESS);
    terminal.answer(EMAIL);
    terminal.wait_for("App ID (client id) [");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(4), "{shown}");
    assert!(shown.contains("code 61"), "{shown}");
    assert_eq!(home.sandbox.counters().refusals_of(61), 1);
    assert_ne!(app.client_id, landing.sandbox.app().client_id);
}

#[test]
fn without_a_terminal_the_error_suggests_an_alternative() {
    let world = world_with_user();
    for grant in ["otp", "user"] {
        let output = world.concur(["login", "--grant", grant]).stdin("x\n").fails(2);
        let _ = output.says("no terminal").says("concur-cred login");
    }
    assert_eq!((world.token_requests(), world.sandbox.counters().otps_sent), (0, 0));
    assert_eq!(files(&world.home()).len(), 0);
}

//! `login --grant user`: a name and a password, typed once and not kept.
#![cfg(target_os = "linux")]

use super::support::{EMAIL, assert_nowhere, files, status, user, world_with_user};
use crate::harness::terminal::Terminal;
use crate::harness::{World, skipped};

const ASKS_NAME: &str = "User name (login id): ";
const ASKS_PASSWORD: &str = "Password (not shown): ";

/// The login, up to the question for the password.
fn asked_for_password(world: &World) -> Option<Terminal> {
    let Some(mut terminal) = Terminal::login(world, "--grant user") else {
        skipped("there is no script(1) to make a terminal with");
        return None;
    };
    terminal.wait_for("SAP advises against");
    terminal.wait_for(ASKS_NAME);
    terminal.answer(EMAIL);
    terminal.wait_for(ASKS_PASSWORD);
    Some(terminal)
}

#[test]
fn the_password_is_asked_for_once_and_never_stored() {
    let world = world_with_user();
    let user = user(&world);
    let Some(mut terminal) = asked_for_password(&world) else { return };
    terminal.answer_unseen(&user.password);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_nowhere(&world, &shown, &[&user.password]);
    let now = status(&world);
    assert_eq!((&now["grant"], &now["company_uuid"]), (&"user".into(), &user.uuid.clone().into()));
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 1, "it refreshes with the refresh token");
    assert_eq!(world.sandbox.counters().token_requests_of("password"), 1);
    world.expire("default");
    world.sandbox.revoke_refresh_tokens();
    world.concur(["get"]).fails(4).says("concur-cred login --grant user --profile default");
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn a_password_is_sent_with_its_spaces() {
    let world = world_with_user();
    let password = " pass  phrase ".to_owned();
    world.sandbox.configure(|config| {
        config.user = config.user.take().map(|user| concur_sandbox::User { password, ..user });
    });
    let Some(mut terminal) = asked_for_password(&world) else { return };
    terminal.answer_unseen(" pass  phrase ");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn a_wrong_password_lists_likely_causes_and_leaves_no_account() {
    let world = world_with_user();
    let Some(mut terminal) = asked_for_password(&world) else { return };
    terminal.answer_unseen("not-the-password");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(4), "{shown}");
    assert!(shown.contains("code 19") && shown.contains("Check user name, password"), "{shown}");
    assert_nowhere(&world, &shown, &["not-the-password"]);
    world.concur(["status"]).fails(3);
    assert_eq!(world.token_requests(), 1, "a wrong password is not retried: that locks accounts");
}

#[test]
fn the_profile_of_another_user_is_not_overwritten() {
    let world = world_with_user();
    world.login("default", &world.sandbox.app().clone());
    let password = user(&world).password;
    let Some(mut terminal) = asked_for_password(&world) else { return };
    terminal.answer_unseen(&password);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("--replace"), "{shown}");
    assert_eq!(status(&world)["grant"], "company");
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_cancelled_prompt_leaves_no_profile() {
    for interrupt in [true, false] {
        let world = world_with_user();
        let Some(mut terminal) = asked_for_password(&world) else { return };
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
fn an_invalid_company_uuid_is_asked_for_three_times() {
    let world = world_with_user();
    let Some(mut terminal) = Terminal::login(&world, "--grant company") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    for wrong in ["acme", "", "0a3ac1d5"] {
        terminal.wait_for("Company UUID: ");
        terminal.answer(wrong);
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert_eq!(shown.matches("Invalid company UUID").count(), 2, "{shown}");
    assert!(shown.contains("No valid answer after three tries"), "{shown}");
    assert_eq!(files(&world.home()).len(), 0);
}

//! The installed git as the caller.

use super::common::{now, one_login, snapshot};
use crate::harness::{BINARY, Output, Run, World};

/// `git credential OPERATION` with this helper and more configuration.
fn git(world: &World, helper: &str, config: &[&str], operation: &str) -> Run {
    let helper = format!("credential.helper={helper}");
    let mut args = vec!["-c", &helper];
    for setting in config {
        args.extend(["-c", setting]);
    }
    args.extend(["credential", operation]);
    world.run("git", args).env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_GLOBAL", "/dev/null")
}

fn fill(world: &World, request: &str) -> Output {
    git(world, "concur", &[], "fill").stdin(request).ok().silent()
}

/// git found no helper with an answer, and prompts were disabled.
fn finds_nothing(run: Run) {
    let output = run.output().code(128);
    assert!(output.stdout.is_empty(), "{output:?}");
    drop(output.says("terminal prompts disabled"));
}

#[test]
fn a_stored_credential_round_trips_through_git() {
    let world = World::new();
    let asked = "protocol=https\nhost=git.example:8443\n\n";
    finds_nothing(git(&world, "concur", &[], "fill").stdin(asked));
    assert!(!world.state_dir().exists(), "a failed request creates nothing");
    let expires = now() + 3600;
    let whole = format!(
        "protocol=https\nhost=git.example:8443\nusername=me\npassword=p=&%0a w\n\
         password_expiry_utc={expires}\noauth_refresh_token=r\n\n"
    );
    drop(git(&world, "concur", &[], "approve").stdin(whole.clone()).ok().silent());
    let filled = fill(&world, asked);
    assert_eq!(filled.value("username").unwrap(), "me");
    assert_eq!(filled.value("password").unwrap(), "p=&%0a w");
    // git before 2.41 and 2.42 passes neither on.
    if git_speaks_authtype(&world) {
        assert_eq!(filled.value("password_expiry_utc").unwrap(), expires.to_string());
        assert_eq!(filled.value("oauth_refresh_token").unwrap(), "r");
    }
    drop(git(&world, "concur", &[], "reject").stdin(whole).ok().silent());
    finds_nothing(git(&world, "concur", &[], "fill").stdin(asked));
}

#[test]
fn a_managed_account_is_filled_with_and_without_the_path() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    for setting in ["credential.useHttpPath=false", "credential.useHttpPath=true"] {
        let asked = world.request("path=profile/identity/v4.1/Users\n");
        let filled = git(&world, "concur", &[setting], "fill").stdin(asked).ok().silent();
        assert_eq!(filled.value("password"), Some(token.clone()), "{setting}");
        assert_eq!(filled.value("username").unwrap(), world.sandbox.app().company_uuid);
    }
}

#[test]
fn approving_a_filled_token_changes_nothing() {
    let world = World::logged_in();
    let before = snapshot(&world);
    for capability in ["", "capability[]=authtype\n"] {
        let filled = fill(&world, &world.request(capability));
        let back = filled.stdout.clone();
        drop(git(&world, "concur", &[], "approve").stdin(back).ok().silent());
        assert_eq!(snapshot(&world), before, "{capability:?}");
    }
}

#[test]
fn rejecting_a_filled_token_refreshes_it_on_the_next_fill() {
    for capability in ["", "capability[]=authtype\n"] {
        let world = World::logged_in();
        world.age_access_token("default", 120);
        let filled = fill(&world, &world.request(capability));
        drop(git(&world, "concur", &[], "reject").stdin(filled.stdout.clone()).ok().silent());
        let again = fill(&world, &world.request(capability));
        assert_ne!(again.stdout, filled.stdout, "{capability:?}");
        assert_eq!(world.refreshes(), 1);
    }
}

/// Whether this git speaks of authtype (2.46 and later).
fn git_speaks_authtype(world: &World) -> bool {
    let output = world.run("git", ["credential", "capability"]).output();
    output.code == Some(0) && output.text().contains("capability authtype")
}

#[test]
fn git_gets_a_bearer_credential_if_it_supports_them() {
    let world = World::logged_in();
    assert_eq!(
        world.helper(["capability"]).ok().silent().text(),
        "version 0\ncapability authtype\n"
    );
    if !git_speaks_authtype(&world) {
        return;
    }
    let token = world.concur(["token"]).ok().line();
    let filled = fill(&world, &world.request("capability[]=authtype\n"));
    assert_eq!(filled.value("authtype").unwrap(), "Bearer");
    assert_eq!(filled.value("credential").unwrap(), token);
    assert_eq!(filled.value("ephemeral").unwrap(), "1");
    assert_eq!(filled.value("password"), None);
}

#[test]
fn a_helper_named_by_its_path_and_with_arguments_answers_for_that_profile() {
    let world = World::new();
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    let path = BINARY.replace(' ', "\\ ");
    for name in ["one", "two"] {
        let helper = format!("{path} --profile {name}");
        let filled = git(&world, &helper, &[], "fill").stdin(world.request("")).ok().silent();
        let token = world.concur(["token", "--profile", name]).ok().line();
        assert_eq!(filled.value("password"), Some(token), "{name}");
    }
    world.forget_default_profile();
    let ambiguous = git(&world, "concur", &[], "fill").stdin(world.request(""));
    let output = ambiguous.output().code(128).says("one").says("two");
    assert!(output.stdout.is_empty());
}

#[test]
fn quit_ends_git_with_our_message_and_without_a_prompt() {
    let world = World::logged_in_with(one_login());
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    let run = git(&world, "concur", &[], "fill").stdin(world.request(""));
    let output = run.output().code(128).says("concur-cred login --profile default");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(!output.stderr.contains("prompts disabled"), "git did not get as far\n{output:?}");
}

#[test]
fn a_temporary_failure_leaves_git_without_an_answer() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.fault_always(concur_sandbox::Fault::too_many_requests(600));
    let run = git(&world, "concur", &[], "fill").stdin(world.request(""));
    let output = run.output().code(128).says("429");
    assert!(output.stdout.is_empty(), "{output:?}");
}

#[test]
fn an_unknown_operation_is_ignored() {
    let world = World::logged_in();
    for args in [&["rotate"][..], &["--profile", "default", "list"]] {
        let output = world.helper(args).stdin(world.request("")).ok().silent();
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn git_without_a_home_works() {
    let world = World::new();
    for value in ["/nonexistent", "/dev/null"] {
        let asked = "protocol=https\nhost=git.example\n\n";
        let run = git(&world, "concur", &[], "fill").stdin(asked).env("HOME", value);
        let output = run.output().code(128);
        assert!(!output.stderr.contains("concur-cred:"), "{output:?}");
    }
}

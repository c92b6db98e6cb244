//! Several companies on one host, which is normal: the last one used is never assumed.

use super::common::{assert_nothing, get, one_login, store};
use crate::harness::{Run, World, set_mode};

/// Two companies, `one` and `two`, on the sandbox's host, none of them the default; and their tokens.
fn two() -> (World, String, String) {
    let world = World::new();
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    let token = |name| world.concur(["token", "--profile", name]).ok().line();
    let (one, two) = (token("one"), token("two"));
    world.forget_default_profile();
    (world, one, two)
}

fn password(run: Run) -> Option<String> {
    run.ok().silent().value("password")
}

#[test]
fn an_ambiguous_request_gets_no_answer_and_lists_the_candidates() {
    let (world, ..) = two();
    for more in ["", "capability[]=authtype\n", "path=x\n"] {
        let output = get(&world, more);
        assert_nothing(&output);
        drop(output.says("one").says("two").says("--profile"));
    }
}

#[test]
fn the_requested_user_name_takes_precedence() {
    let (world, one, _) = two();
    let uuid: String = world.column("one", "principal");
    let request = world.request(&format!("username={uuid}\n"));
    assert_eq!(password(world.helper(["get"]).stdin(request.clone())), Some(one.clone()));
    let other = world.helper(["get"]).env("CONCUR_CRED_PROFILE", "two").stdin(request);
    assert_eq!(password(other), Some(one), "the caller's user name counts, not the selection");
}

#[test]
fn the_option_precedes_environment_configuration_and_use() {
    let (world, one, two) = two();
    drop(world.concur(["use", "one"]).ok());
    let ask = || world.helper(["get"]).stdin(world.request(""));
    assert_eq!(password(ask()), Some(one.clone()), "the one selected by `use`");
    let file = world.config_dir().join("config.toml");
    std::fs::write(&file, "default_profile = \"two\"\n").unwrap();
    set_mode(&file, 0o600);
    assert_eq!(password(ask()), Some(two.clone()), "the configuration precedes `use`");
    let run = ask().env("CONCUR_CRED_PROFILE", "one");
    assert_eq!(password(run), Some(one), "the environment precedes the configuration");
    let run = world.helper(["--profile", "two", "get"]).stdin(world.request(""));
    assert_eq!(password(run.env("CONCUR_CRED_PROFILE", "one")), Some(two), "the option first");
}

#[test]
fn a_selected_profile_of_another_host_selects_nothing() {
    let (world, ..) = two();
    let run = world.helper(["--profile", "three", "get"]).stdin(world.request(""));
    assert_nothing(&run.output());
}

#[test]
fn a_stored_credential_never_answers_for_an_ambiguous_account() {
    let (world, ..) = two();
    store(&world, world.request("username=mallory\npassword=planted\n"));
    let output = get(&world, "");
    assert_nothing(&output);
}

#[test]
fn quit_is_not_sent_for_an_ambiguous_request() {
    let world = World::with(one_login());
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    world.forget_default_profile();
    world.sandbox.revoke_refresh_tokens();
    world.expire("one");
    world.expire("two");
    assert_nothing(&get(&world, ""));
    let run = world.helper(["--profile", "two", "get"]).stdin(world.request(""));
    assert_eq!(run.output().code(4).text(), "quit=1\n");
    assert_eq!(world.refreshes(), 1, "only the selected one was tried");
}

#[test]
fn erase_drops_only_the_token_of_the_named_company() {
    let (world, one, two) = two();
    world.age_access_token("one", 600);
    world.age_access_token("two", 600);
    super::common::erase(&world, world.request(&format!("password={two}\n")));
    let token = |name| world.concur(["token", "--profile", name]).ok().line();
    assert_eq!(token("one"), one);
    assert_ne!(token("two"), two);
}

//! Several companies on one host, which is normal: never "the last one".

use super::common::{assert_nothing, get, one_login, store};
use crate::harness::{Run, World, set_mode};

/// Two companies, `one` and `two`, on the sandbox's host; and their tokens.
fn two() -> (World, String, String) {
    let world = World::new();
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    let token = |name| world.concur(["token", "--profile", name]).ok().line();
    let (one, two) = (token("one"), token("two"));
    (world, one, two)
}

fn password(run: Run) -> Option<String> {
    run.ok().silent().value("password")
}

#[test]
fn without_a_choice_nothing_is_answered_and_the_candidates_are_named() {
    let (world, ..) = two();
    for more in ["", "capability[]=authtype\n", "path=x\n"] {
        let output = get(&world, more);
        assert_nothing(&output);
        drop(output.says("one").says("two").says("--profile"));
    }
}

#[test]
fn the_requested_user_name_decides_before_all_else() {
    let (world, one, _) = two();
    let uuid: String = world.column("one", "principal");
    let request = world.request(&format!("username={uuid}\n"));
    assert_eq!(password(world.helper(["get"]).stdin(request.clone())), Some(one.clone()));
    let other = world.helper(["get"]).env("CONCUR_CRED_PROFILE", "two").stdin(request);
    assert_eq!(password(other), Some(one), "the caller's user name counts, not what is chosen");
}

#[test]
fn the_option_decides_before_environment_configuration_and_use() {
    let (world, one, two) = two();
    drop(world.concur(["use", "one"]).ok());
    let ask = || world.helper(["get"]).stdin(world.request(""));
    assert_eq!(password(ask()), Some(one.clone()), "the one chosen by `use`");
    let file = world.config_dir().join("config.toml");
    std::fs::write(&file, "default_profile = \"two\"\n").unwrap();
    set_mode(&file, 0o600);
    assert_eq!(password(ask()), Some(two.clone()), "the configuration stands before `use`");
    let run = ask().env("CONCUR_CRED_PROFILE", "one");
    assert_eq!(password(run), Some(one), "the environment stands before the configuration");
    let run = world.helper(["--profile", "two", "get"]).stdin(world.request(""));
    assert_eq!(password(run.env("CONCUR_CRED_PROFILE", "one")), Some(two), "the option first");
}

#[test]
fn a_choice_that_is_not_on_this_host_chooses_nothing() {
    let (world, ..) = two();
    let run = world.helper(["--profile", "three", "get"]).stdin(world.request(""));
    assert_nothing(&run.output());
}

#[test]
fn a_foreign_entry_does_not_answer_in_the_place_of_an_ambiguous_account() {
    let (world, ..) = two();
    store(&world, world.request("username=mallory\npassword=planted\n"));
    let output = get(&world, "");
    assert_nothing(&output);
}

#[test]
fn quit_is_not_said_while_it_is_open_which_account_is_meant() {
    let world = World::with(one_login());
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    world.sandbox.revoke_refresh_tokens();
    world.expire("one");
    world.expire("two");
    assert_nothing(&get(&world, ""));
    let run = world.helper(["--profile", "two", "get"]).stdin(world.request(""));
    assert_eq!(run.output().code(4).text(), "quit=1\n");
    assert_eq!(world.refreshes(), 1, "only the chosen one was tried");
}

#[test]
fn erase_drops_the_token_of_the_one_company_that_it_names() {
    let (world, one, two) = two();
    world.age_access_token("one", 600);
    world.age_access_token("two", 600);
    super::common::erase(&world, world.request(&format!("password={two}\n")));
    let token = |name| world.concur(["token", "--profile", name]).ok().line();
    assert_eq!(token("one"), one);
    assert_ne!(token("two"), two);
}

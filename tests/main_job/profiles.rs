//! Which profile is used by default, and what `login`, `use` and `logout` do to the others.

use super::support::{exported, status_of, tree};
use crate::harness::{Run, World};

/// Two companies of one application: `acme` and `beta`.
fn two_companies() -> World {
    let world = World::new();
    world.login("acme", &world.sandbox.app().clone());
    let other = world.sandbox.add_company();
    world.login("beta", &other);
    world
}

/// The company whose token a command prints.
fn token_of(world: &World, profile: &str) -> String {
    exported(world, profile)["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_first_login_without_a_name_makes_default() {
    let world = World::new();
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", "--base-url", world.sandbox.origin()]).ok().says("default");
    world.concur(["get", "--profile", "default"]).ok();
    assert!(file.exists());
}

#[test]
fn the_only_profile_is_the_default_whatever_its_name() {
    let world = World::new();
    world.login("acme", &world.sandbox.app().clone());
    world.concur(["get"]).ok().silent();
}

#[test]
fn several_profiles_without_a_choice_are_listed() {
    let world = two_companies();
    world.forget_default_profile();
    for command in ["get", "token", "refresh", "export", "logout"] {
        world.concur([command]).fails(3).says("acme").says("beta").says("--profile");
    }
    assert_eq!(world.refreshes(), 0);
    assert_eq!(tree(&world.work()).len(), 2, "nothing was exported");
}

#[test]
fn the_first_profile_stays_the_default_until_use_chooses_another() {
    let world = World::new();
    world.login("acme", &world.sandbox.app().clone());
    let token = world.concur(["token"]).ok().silent().line();
    let beta = world.sandbox.add_company();
    let login = world.login("beta", &beta);
    let login = login.says("Logged in: beta").says("default profile is still acme");
    drop(login.says("concur-cred use beta").says("concur-cred api --profile beta"));
    assert_eq!(world.concur(["token"]).ok().silent().line(), token, "scripts go on");
    assert_eq!(world.concur(["use"]).ok().silent().line(), "acme");
    world.concur(["use", "beta"]).ok().says("beta is now the default profile");
    assert_eq!(world.concur(["use"]).ok().silent().line(), "beta");
    assert_ne!(world.concur(["token"]).ok().line(), token);
    // An older store: its only profile was the default one.
    let older = World::logged_in();
    older.forget_default_profile();
    older.login("other", &older.sandbox.add_company());
    assert_eq!(older.concur(["use"]).ok().silent().line(), "default");
}

#[test]
fn a_profile_may_be_named_without_its_option() {
    let world = two_companies();
    let token = world.concur(["token", "--profile", "beta"]).ok().line();
    assert_eq!(world.concur(["token", "beta"]).ok().silent().line(), token);
    assert_eq!(world.concur(["token", "beta", "--cached"]).ok().silent().line(), token);
    for command in ["status", "list"] {
        let shown = world.concur([command, "beta"]).ok().silent();
        assert!(shown.text().contains("beta") && !shown.text().contains("acme"), "{shown:?}");
    }
    world.concur(["refresh", "beta"]).ok().says("beta: refreshed");
    drop(world.concur(["token", "beta", "--profile", "acme"]).output().code(2));
    drop(world.concur(["refresh", "beta", "--all"]).output().code(2));
    world.concur(["token", "baeta"]).fails(3).says("Did you mean beta?");
    world.concur(["token", "nothing-like-it"]).fails(3).says("login --profile nothing-like-it");
    world.concur(["logout", "beta"]).ok().says("beta: ");
    world.concur(["token", "--profile", "beta"]).fails(3);
}

#[test]
fn help_and_version_may_be_typed_as_commands_and_a_data_centre_without_its_option() {
    let world = World::new();
    let text = |args: &[&str]| world.concur(args).ok().silent().text().to_owned();
    assert_eq!(text(&["help"]), text(&["--help"]));
    assert_eq!(text(&["help", "login"]), text(&["login", "--help"]));
    assert_eq!(text(&["version"]), text(&["--version"]));
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", world.sandbox.origin()]).ok().says("Logged in: default");
    let wrong = world.concur(["login", "acme"]).fails(2);
    drop(wrong.says("Invalid data centre").says("--profile"));
    drop(world.concur(["login", "us2", "--base-url", "us2"]).output().code(2));
}

#[test]
fn a_profile_is_chosen_by_option_then_environment_then_configuration_then_use() {
    let world = two_companies();
    let (acme, beta) = (token_of(&world, "acme"), token_of(&world, "beta"));
    world.concur(["use", "beta"]).ok();
    assert_eq!(world.concur(["get"]).ok().line(), beta, "use");
    let config = world.write("config.toml", "default_profile = \"acme\"\n");
    let configured = || world.concur(["get"]).env("CONCUR_CRED_CONFIG", &config);
    assert_eq!(configured().ok().line(), acme, "the configuration comes before use");
    let env = |name: &str| configured().env("CONCUR_CRED_PROFILE", name);
    assert_eq!(env("beta").ok().line(), beta, "the environment comes before it");
    assert_eq!(env("beta").arg("--profile").arg("acme").ok().line(), acme, "the option wins");
}

#[test]
fn an_unknown_profile_is_an_error_that_lists_the_known_ones() {
    let world = two_companies();
    let unknown = ["get", "--profile", "gamma"];
    world.concur(unknown).fails(3).says("gamma").says("acme, beta").says("login --profile gamma");
    world.concur(["use", "gamma"]).fails(3).says("acme, beta");
    world.concur(["get"]).env("CONCUR_CRED_PROFILE", "gamma").fails(3).says("gamma");
}

#[test]
fn an_invalid_name_is_wrong_usage() {
    let world = two_companies();
    for name in ["", "Acme", "-acme", "a b", "../acme", &"a".repeat(65)] {
        let output = world.concur(["get"]).arg(format!("--profile={name}")).output().code(2);
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    world.concur(["get"]).env("CONCUR_CRED_PROFILE", "A B").fails(2);
}

#[test]
fn without_any_profile_the_error_suggests_login() {
    let world = World::new();
    for command in ["get", "token", "status", "refresh", "export", "logout"] {
        world
            .concur([command])
            .fails(3)
            .says("store.db does not exist (user ")
            .says("concur-cred login");
    }
    let by_sudo = world.concur(["token"]).env("SUDO_USER", "erika").fails(3);
    assert!(by_sudo.hint().contains("those of erika, run this without sudo"), "{by_sudo:?}");
    assert!(world.concur(["log"]).ok().silent().text().is_empty());
    assert_eq!(tree(&world.home()), Vec::<std::path::PathBuf>::new(), "nothing was made");
}

#[test]
fn a_login_into_a_profile_of_another_company_needs_replace() {
    let world = World::logged_in();
    let kept = || {
        let mut file = exported(&world, "default");
        // What is left of the token's life shrinks while the test runs.
        file["expires_in"].take();
        file
    };
    let before = kept();
    let other = world.sandbox.add_company();
    let file = world.write("other.json", world.sandbox.credentials_json_of(&other));
    let login = |more: &[&str]| {
        let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
        let run = world.concur(args).arg(&file);
        more.iter().fold(run, Run::arg)
    };
    login(&[]).fails(2).says("another company").says("--replace").says("--profile");
    assert_eq!(world.token_requests(), 1, "the request token was not spent");
    assert_eq!(kept(), before, "the profile is as it was");
    login(&["--replace"]).ok();
    assert_eq!(status_of(&world, "default")["company_uuid"], other.company_uuid.as_str());
}

#[test]
fn a_login_into_a_profile_of_another_application_needs_replace() {
    let world = World::logged_in();
    let other = world.sandbox.add_app();
    let file = world.write("other.json", world.sandbox.credentials_json_of(&other));
    let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
    world.concur(args).arg(&file).fails(2).says("another application").says("--replace");
    world.concur(args).arg(&file).arg("--replace").ok();
    assert_eq!(status_of(&world, "default")["client_id"], other.client_id.as_str());
    world.expire("default");
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_profile_is_refreshed_at_the_base_url_of_its_login() {
    let world = World::logged_in();
    let before = world.concur(["get"]).ok().line();
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login"]).ok();
    assert_ne!(world.concur(["get"]).ok().silent().line(), before, "a new token");
    assert_eq!(world.sandbox.counters().token_requests_of("password"), 2);
    assert_eq!(status_of(&world, "default")["base_url"], world.sandbox.origin());
}

#[test]
fn two_companies_are_refreshed_separately() {
    let world = two_companies();
    let beta = token_of(&world, "beta");
    world.expire("acme");
    world.concur(["get", "--profile", "acme"]).ok().silent();
    assert_eq!(world.concur(["get", "--profile", "beta"]).ok().line(), beta);
    assert_eq!(world.refreshes(), 1);
    world.expire("acme");
    world.expire("beta");
    world.concur(["refresh", "--all"]).ok();
    assert_eq!(world.refreshes(), 3);
}

#[test]
fn a_logout_removes_one_profile_and_revokes_nothing() {
    let world = two_companies();
    world.concur(["use", "acme"]).ok();
    let gone = exported(&world, "acme");
    world.concur(["logout"]).ok().says("acme").says("live on");
    world.concur(["get", "--profile", "acme"]).fails(3).says("beta");
    world.concur(["get"]).ok().silent();
    let kept = gone["refresh_token"].as_str().unwrap();
    assert!(world.sandbox.is_current_refresh_token(kept), "only the local data is removed");
    assert_eq!(world.sandbox.counters().disconnections, 0);
    let reserves = tree(&world.state_dir().join("reserve"));
    assert_eq!(reserves.len(), 1, "no reserve of the removed profile is left");
    let applications: i64 =
        world.database().query_row("SELECT count(*) FROM application", [], |r| r.get(0)).unwrap();
    assert_eq!(applications, 1, "the application is still beta's");
    world.concur(["logout", "--profile", "beta"]).ok();
    world.concur(["get"]).fails(3).says("no profile");
    let records: i64 = world
        .database()
        .query_row(
            "SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM application)",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(records, 0, "no secret stays behind");
}

#[test]
fn the_default_profile_is_marked_in_the_status() {
    let world = two_companies();
    world.concur(["use", "beta"]).ok().says("beta");
    let marked = |world: &World, env: &[(&str, &str)]| {
        let run = |args: &[&str]| {
            let run =
                env.iter().fold(world.concur(args), |run, (name, value)| run.env(name, value));
            run.ok().text().to_owned()
        };
        let (glance, table) = (run(&["status"]), run(&["status", "--long"]));
        let in_table = |name: &&str| table.contains(&format!("{name}*"));
        let in_glance = |name: &&str| glance.contains(&format!("ok {name} *"));
        let names = ["acme", "beta"];
        let found: Vec<_> = names.into_iter().filter(in_table).collect();
        assert_eq!(
            found,
            names.into_iter().filter(in_glance).collect::<Vec<_>>(),
            "{glance}{table}"
        );
        found.concat()
    };
    assert_eq!(marked(&world, &[]), "beta");
    assert_eq!(marked(&world, &[("CONCUR_CRED_PROFILE", "acme")]), "acme", "the variable is first");
    assert_eq!(marked(&world, &[("CONCUR_CRED_DEFAULT_PROFILE", "acme")]), "acme");
    world.concur(["logout", "--profile", "beta"]).ok();
    world.database().execute("UPDATE meta SET used_profile = NULL", []).unwrap();
    assert_eq!(marked(&world, &[]), "acme", "the only one");
    world.login("beta", &world.sandbox.add_company());
    world.database().execute("UPDATE meta SET used_profile = NULL", []).unwrap();
    assert_eq!(marked(&world, &[]), "", "none is the default");
    let one = world.concur(["status", "--profile", "acme", "--json"]).ok().json();
    assert_eq!(one["profiles"].as_array().map(Vec::len), Some(1), "{one}");
}

#[test]
fn rename_keeps_everything_but_the_name() {
    let world = two_companies();
    world.concur(["use", "acme"]).ok();
    let token = world.concur(["get"]).ok().line();
    let cells: String = world.column("acme", "hex(access_token || refresh_token)");
    world.concur(["rename", "acme", "acme-eu"]).ok().says("acme is now acme-eu");
    let kept: String = world.column("acme-eu", "hex(access_token || refresh_token)");
    assert_eq!(cells, kept);
    assert_eq!(world.concur(["get"]).ok().silent().line(), token, "it is still the one in use");
    world.concur(["get", "--profile", "acme"]).fails(3).says("acme-eu");
    world.expire("acme-eu");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 1, "and it is renewed as before");
    world.concur(["log"]).ok();
    assert!(world.concur(["log", "--json"]).ok().text().contains("was acme"));
    world.concur(["rename", "acme-eu", "acme-eu"]).ok();
}

/// The `status` of a profile, without values that change every second.
fn lasting(world: &World, profile: &str) -> serde_json::Value {
    let mut status = super::support::status_of(world, profile);
    for token in ["access_token", "refresh_token"] {
        status[token]["seconds_left"].take();
    }
    status
}

#[test]
fn rename_refuses_a_name_in_use_and_an_unknown_profile() {
    let world = two_companies();
    let before = lasting(&world, "beta");
    world.concur(["rename", "acme", "beta"]).fails(2).says("already");
    world.concur(["rename", "nobody", "x"]).fails(3).says("acme, beta");
    for wrong in [&["acme", "No Name"][..], &["acme"], &[]] {
        world.concur(["rename"].iter().chain(wrong)).output().code(2);
    }
    assert_eq!(lasting(&world, "beta"), before);
    let config = world.write("config.toml", "default_profile = \"acme\"\n");
    let rename = world.concur(["rename", "acme", "c"]).env("CONCUR_CRED_CONFIG", &config);
    rename.ok().says("default_profile still names acme");
}

#[test]
fn what_chooses_a_profile_in_place_of_use_is_named_with_the_command_that_ends_it() {
    let world = two_companies();
    let names: Vec<String> = world.concur(["status", "--json"]).ok().json()["profiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|profile| profile["profile"].as_str().unwrap().to_owned())
        .collect();
    world.concur(["config", "set", "default_profile", &names[0]]).ok();
    let chosen = world.concur(["use", &names[1]]).ok();
    let chosen = chosen.says(&format!("the setting default_profile still chooses {}", names[0]));
    drop(chosen.says("concur-cred config unset default_profile"));
    drop(world.concur(["use", &names[0]]).ok());
    world.concur(["config", "set", "default_profile", "gone"]).ok();
    let gone = world.concur(["token"]).fails(3).says("which the setting default_profile names");
    assert!(gone.hint().ends_with("concur-cred config unset default_profile"), "{gone:?}");
    let by_variable = world.concur(["token"]).env("CONCUR_CRED_PROFILE", "gone").fails(3);
    assert!(by_variable.hint().ends_with("unset CONCUR_CRED_PROFILE"), "{by_variable:?}");
}

//! A refresh that is answered with another company's or user's tokens: they are kept, and none is printed.

use concur_sandbox::{Config, Fault, Rotation};

use super::each;
use crate::harness::{Output, World};

const OTHER: &str = "11111111-2222-4333-8444-555555555555";

/// A world after a refresh answered with another principal's tokens.
fn world() -> (World, Output) {
    let world =
        World::logged_in_with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() });
    world.sandbox.configure(|config| config.refresh_principal = Some(OTHER.to_owned()));
    world.expire("default");
    let output = world.concur(["get"]).fails(4);
    (world, output)
}

fn names_both(world: &World, output: Output) -> Output {
    output.says(OTHER).says(&world.sandbox.app().company_uuid)
}

#[test]
fn new_tokens_of_another_principal_are_kept_and_both_principals_are_named() {
    let (world, output) = world();
    drop(names_both(&world, output).says("--replace"));
    world.sandbox.configure(|config| config.refresh_principal = None);
    drop(world.concur(["refresh"]).fails(4));
    let counters = world.sandbox.counters();
    assert_eq!(counters.families_revoked_by_reuse, 0, "the rotated token was kept and sent");
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn later_callers_get_the_same_error_without_a_request() {
    let (world, _) = world();
    let asked = world.token_requests();
    for args in [
        &["get"][..],
        &["token"],
        &["token", "--cached"],
        &["get", "--format", "json"],
        &["get", "--with-refresh-token", "--format", "json"],
        &["exec", "--", "true"],
        &["api", "/sandbox/echo"],
        &["export", "-"],
        &["export"],
    ] {
        for later in [0, 3600, 86_400] {
            let run = world.concur(args).at_offset(later);
            let output = run.output();
            let code = if args.contains(&"--cached") { output.code } else { Some(4) };
            assert_eq!(output.code, code, "{output:?}");
            assert_ne!(output.code, Some(0), "{output:?}");
            assert!(output.stdout.is_empty(), "{output:?}");
        }
    }
    drop(names_both(&world, world.concur(["get"]).at_offset(3600).fails(4)));
    let git = world.helper(["get"]).stdin(world.request("")).output();
    assert!(!git.text().contains("password="), "{git:?}");
    drop(world.concur(["keepalive"]).at_offset(2 * 86_400).output().code(4));
    assert_eq!(world.token_requests(), asked);
}

#[test]
fn a_token_that_is_still_valid_is_not_printed_either() {
    let world = World::logged_in();
    world.sandbox.configure(|config| config.refresh_principal = Some(OTHER.to_owned()));
    world.age_access_token("default", 3600 - 200);
    drop(names_both(&world, world.concur(["get"]).fails(4)));
    drop(names_both(&world, world.concur(["get"]).fails(4)));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn many_callers_get_the_error_from_one_request() {
    let world = World::logged_in();
    world.sandbox.configure(|config| config.refresh_principal = Some(OTHER.to_owned()));
    world.expire("default");
    let crowd: Vec<_> = (0..8).map(|_| world.concur(["get"]).start()).collect();
    for one in crowd {
        let output = one.wait().code(4);
        assert!(output.stdout.is_empty(), "{output:?}");
        drop(names_both(&world, output));
    }
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn status_shows_the_other_principal() {
    let (world, _) = world();
    let status = world.concur(["status", "--json"]).ok().json();
    let profile = &status["profiles"][0];
    assert_eq!((&profile["usable"], &profile["needs_login"]), (&false.into(), &true.into()));
    assert_eq!(profile["last_attempt"]["outcome"], "other-principal");
    let why = profile["last_attempt"]["why"].as_str().unwrap();
    assert!(why.contains(OTHER) && why.contains(&world.sandbox.app().company_uuid), "{why}");
    let table = world.concur(["status"]).ok();
    assert!(table.text().contains("another company or user"), "{table:?}");
    let check = world.concur(["status", "--check"]).output().code(2);
    assert!(check.text().contains(OTHER), "{check:?}");
}

#[test]
fn a_login_or_an_import_clears_the_error() {
    let (world, _) = world();
    world.sandbox.configure(|config| config.refresh_principal = None);
    drop(world.login("default", &world.sandbox.app().clone()));
    drop(world.concur(["get"]).ok().silent());
    let (world, _) = self::world();
    world.sandbox.configure(|config| config.refresh_principal = None);
    let app = world.sandbox.app().clone();
    world.write("tokens.json", world.sandbox.refresh_token_object_file(&app, 0));
    world.write("credentials.json", world.sandbox.credentials_json());
    let base = world.sandbox.origin().to_owned();
    drop(world.concur(["import", "tokens.json", "--replace", "--base-url", &base]).ok());
    drop(world.concur(["get"]).ok().silent());
}

#[test]
fn the_same_principal_in_another_spelling_is_accepted() {
    let world = World::logged_in();
    let upper = world.sandbox.app().company_uuid.to_uppercase();
    world.sandbox.configure(|config| config.refresh_principal = Some(upper.clone()));
    world.expire("default");
    drop(world.concur(["get"]).ok().silent());
}

#[test]
fn either_token_names_the_principal() {
    each(["id_token", "access_token"], |known| {
        let world = World::logged_in();
        world.sandbox.configure(|config| config.refresh_principal = Some(OTHER.to_owned()));
        let value = if known == "id_token" { "access_token" } else { "id_token" };
        world
            .sandbox
            .push_fault(Fault::OverrideField { name: value.to_owned(), value: "opaque".into() });
        world.expire("default");
        drop(world.concur(["get"]).fails(4).says(OTHER));
    });
}

//! Moves: from the tutorial's script, between companies, between machines.

use std::path::PathBuf;

use super::recipe::{Recipe, have, stand_in};
use crate::harness::{Run, World, mode, set_mode};

/// The operator must allow the sandbox's origin; an imported file cannot.
fn allowed(run: Run, world: &World) -> Run {
    run.env("CONCUR_CRED_ALLOWED_ORIGINS", world.sandbox.origin())
}

#[test]
fn the_tutorials_files_are_imported_and_deleted() {
    if !have(&["shred"]) {
        return;
    }
    let recipe = Recipe::open("from-the-tutorial.md", &["import", "clean", "export"]);
    let world = World::new();
    let app = world.sandbox.app().clone();
    let object = world.sandbox.refresh_token_object_file(&app, 7200);
    for (name, text) in [
        ("credentials.json", world.sandbox.credentials_json()),
        ("refreshTokenObjectFile.json", object),
    ] {
        set_mode(&world.write(name, text), 0o644);
    }
    let output = allowed(recipe.run("import", &world), &world).ok();
    assert!(output.text().contains("valid until "), "{output:?}");
    assert!(!output.stderr.contains("others"), "no warning is left\n{output:?}");
    assert_eq!((world.token_requests(), world.refreshes()), (1, 1));
    drop(recipe.run("clean", &world).ok());
    assert_eq!(std::fs::read_dir(world.work()).unwrap().count(), 0, "nothing in plain text");

    let token = world.concur(["token"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    drop(recipe.run("export", &world).ok());
    let file = world.work().join("refreshTokenObjectFile.json");
    assert_eq!(mode(&file), 0o600);
    assert!(std::fs::read_to_string(file).unwrap().contains("refresh_expires_in"));
}

#[test]
fn each_company_is_refreshed_and_one_failure_stops_no_other() {
    if !have(&["jq"]) {
        return;
    }
    let recipe = Recipe::open("several-companies.md", &["login", "each"]);
    let world = World::new();
    world.write("acme.json", world.sandbox.credentials_json());
    let globex = world.sandbox.add_company();
    world.write("globex.json", world.sandbox.credentials_json_of(&globex));
    drop(recipe.run("login", &world).ok());
    drop(recipe.run("each", &world).ok().silent());
    for company in ["acme", "globex"] {
        let file = world.work().join(format!("users-{company}.json"));
        assert!(std::fs::read_to_string(&file).unwrap().contains("Mustermann"), "{company}");
        std::fs::remove_file(file).unwrap();
    }
    let kill = "UPDATE record SET access_expires_at = 1, refresh_token = NULL, request_token = NULL \
                WHERE profile = 'acme'";
    assert_eq!(world.database().execute(kill, []).unwrap(), 1);
    drop(recipe.run("each", &world).output().code(4).says("error: acme: "));
    assert!(!world.work().join("users-acme.json").exists());
    assert!(world.work().join("users-globex.json").exists(), "the other was asked all the same");
}

/// Another machine: another home. Transferred files are in the current folder of both.
fn new_machine(world: &World) -> PathBuf {
    let home = world.work().join("new machine");
    std::fs::create_dir(&home).unwrap();
    home
}

fn machine() -> Recipe {
    Recipe::open("another-machine.md", &["pack", "unpack", "forget", "one"])
}

#[test]
fn store_and_key_move_and_leave_nothing_on_the_old_machine() {
    if !have(&["tar", "shred", "jq"]) {
        return;
    }
    let recipe = machine();
    let world = World::logged_in();
    let second = world.sandbox.add_company();
    world.login("globex", &second);
    let home = new_machine(&world);
    drop(recipe.run("pack", &world).ok().silent());
    for archive in ["concur-store.tar", "concur-key.tar"] {
        let file = world.work().join(archive);
        assert_eq!(mode(&file), 0o600, "{archive}");
        std::fs::copy(&file, home.join(archive)).unwrap();
    }
    drop(recipe.run("unpack", &world).env("HOME", &home).in_folder(&home).ok());
    assert_eq!(world.refreshes(), 2, "both profiles, on the new machine");
    drop(recipe.run("forget", &world).ok());
    world.concur(["token", "--profile", "default"]).fails(3);
    for profile in ["default", "globex"] {
        let run = world.concur(["token", "--profile", profile]).env("HOME", &home);
        assert!(world.sandbox.is_live_access_token(&run.ok().silent().line()), "{profile}");
    }
    for folder in [world.work(), home] {
        let left = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().ends_with(".tar")).collect();
        assert_eq!(left, Vec::<std::ffi::OsString>::new(), "no archive is left");
    }
}

#[test]
fn one_profile_moves_through_a_pipe_without_a_file() {
    let recipe = machine();
    let world = World::new();
    world.login("acme", &world.sandbox.app().clone());
    let old = world.home();
    let home = new_machine(&world);
    let reach = format!("[ \"$1\" = old-machine ]\nshift\nHOME='{}' exec \"$@\"", old.display());
    stand_in(&world, "ssh", &reach);
    world.write("credentials.json", world.sandbox.credentials_json());
    drop(allowed(recipe.run("one", &world).env("HOME", &home), &world).ok());
    let token = world.concur(["token"]).env("HOME", &home).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    world.concur(["token"]).fails(3);
}

#[test]
fn app_id_secret_and_refresh_token_are_enough_to_begin_with() {
    if !have(&["shred"]) {
        return;
    }
    let recipe = Recipe::open("refresh-token.md", &["job", "file", "pipe", "token"]);
    for block in ["job", "file", "pipe"] {
        let world = World::new();
        let app = world.sandbox.app().clone();
        let answer = world.sandbox.issue_token_response(&app, 60);
        let token = answer["refresh_token"].as_str().unwrap();
        let held = format!(
            r#"{{"client_id":"{}","client_secret":"{}","refresh_token":"{token}"}}"#,
            app.client_id, app.client_secret
        );
        stand_in(&world, "sops", "[ \"$*\" = '-d concur.enc.json' ]\ncat concur.enc.json");
        let file = if block == "pipe" { "concur.enc.json" } else { "concur.json" };
        set_mode(&world.write(file, held), 0o644);
        let run = recipe.run(block, &world);
        let run = if block == "job" {
            run.env("CONCUR_CRED_CLIENT_ID", &app.client_id)
                .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
                .env("CONCUR_CRED_REFRESH_TOKEN", token)
        } else {
            run
        };
        drop(run.ok());
        let token = recipe.run("token", &world).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "{block}");
        assert_eq!(world.refreshes(), 1, "{block}");
    }
}

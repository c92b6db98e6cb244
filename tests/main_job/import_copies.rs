//! Copies of tokens: an older copy does not replace newer tokens, and no two profiles get the same refresh token.

use concur_sandbox::{Config, Rotation};
use serde_json::{Value, json};

use super::support::{exported, status_of, stored_refresh_token};
use crate::harness::{Run, World};

/// A world whose service replaces refresh tokens, with a filled `credentials.json`.
fn world() -> World {
    let rotation = Rotation::NewKeepOld;
    let world = World::with(Config { rotation, ..Config::default() });
    world.write("credentials.json", world.sandbox.credentials_json());
    world
}

/// The service's answer as the tutorial keeps it, this many seconds old.
fn copy(world: &World, age_seconds: i64) -> Value {
    let app = world.sandbox.app().clone();
    serde_json::from_str(&world.sandbox.refresh_token_object_file(&app, age_seconds)).unwrap()
}

fn import(world: &World, file: &Value) -> Run {
    world.concur(["import", "-", "--base-url", world.sandbox.origin()]).stdin(file.to_string())
}

fn without(file: &Value, names: &[&str]) -> Value {
    let mut file = file.clone();
    for name in names {
        file.as_object_mut().unwrap().remove(*name);
    }
    file
}

#[test]
fn an_older_copy_over_newer_tokens_changes_nothing() {
    let world = world();
    let old = copy(&world, 3000);
    import(&world, &copy(&world, 600)).ok();
    let held = stored_refresh_token(&world, "default");
    let opaque = |file: &Value| {
        let mut file = without(file, &["id_token"]);
        file["access_token"] = "opaque".into();
        file
    };
    let undated = without(&opaque(&old), &["refresh_expires_in"]);
    let cases = [
        ("by the access token", old.clone()),
        ("by the refresh token's expiry", opaque(&old)),
        ("nobody knows", undated.clone()),
        ("nobody knows", without(&undated, &["access_token"])),
        ("it has no refresh token", without(&copy(&world, 0), &["refresh_token"])),
    ];
    for (why, file) in &cases {
        for further in [&["--dry-run"][..], &[]] {
            let run = further.iter().fold(import(&world, file), Run::arg);
            drop(run.fails(2).says("nothing was changed").says("--replace"));
            assert_eq!(stored_refresh_token(&world, "default"), held, "{why}");
        }
    }
    assert_eq!(world.token_requests(), 0);
    import(&world, &old).arg("--replace").ok();
    assert_eq!(stored_refresh_token(&world, "default"), old["refresh_token"].as_str().unwrap());
}

#[test]
fn a_newer_copy_is_imported() {
    for (age, file_age) in [(3000, 600), (600, 0)] {
        let world = world();
        import(&world, &copy(&world, age)).ok();
        let newer = copy(&world, file_age);
        import(&world, &newer).ok();
        let kept = stored_refresh_token(&world, "default");
        assert_eq!(kept, newer["refresh_token"].as_str().unwrap());
    }
    // Without the access tokens the refresh tokens' expiry decides.
    let world = world();
    let names = ["access_token", "id_token"];
    import(&world, &without(&copy(&world, 3000), &names)).ok();
    let newer = without(&copy(&world, 0), &names);
    import(&world, &newer).ok();
    assert_eq!(stored_refresh_token(&world, "default"), newer["refresh_token"].as_str().unwrap());
}

#[test]
fn the_same_refresh_token_changes_nothing_and_is_no_failure() {
    let world = world();
    let file = copy(&world, 600);
    import(&world, &file).ok();
    let before = exported(&world, "default");
    let generation: i64 = world.column("default", "generation");
    for file in [file.clone(), without(&file, &["access_token"]), {
        let mut file = file.clone();
        file["refresh_expires_in"] = json!(1_900_000_000);
        file
    }] {
        import(&world, &file).ok().says("nothing was changed");
        import(&world, &file).arg("--dry-run").ok().says("nothing was changed");
    }
    assert_eq!(world.column::<i64>("default", "generation"), generation);
    assert_eq!(exported(&world, "default")["refresh_expires_in"], before["refresh_expires_in"]);
}

/// What was refreshed since is newer, wherever it stands.
#[test]
fn a_copy_from_before_a_refresh_is_older() {
    let world = world();
    let file = copy(&world, 3000);
    import(&world, &file).ok();
    world.concur(["refresh"]).ok();
    let held = stored_refresh_token(&world, "default");
    assert_ne!(held, file["refresh_token"].as_str().unwrap());
    import(&world, &file).fails(2);
    assert_eq!(stored_refresh_token(&world, "default"), held);
}

/// A refresh token that Concur has called invalid is nothing to lose.
#[test]
fn a_copy_replaces_an_invalid_refresh_token() {
    let world = world();
    import(&world, &copy(&world, 5000)).ok();
    world.sandbox.revoke_refresh_tokens();
    world.concur(["get"]).fails(4);
    let file = without(&copy(&world, 6000), &["access_token", "id_token", "refresh_expires_in"]);
    import(&world, &file).ok();
    world.concur(["get"]).ok();
}

#[test]
fn a_second_profile_with_the_same_refresh_token_is_refused() {
    let world = world();
    let file = copy(&world, 600);
    import(&world, &file).arg("--profile").arg("first").ok();
    for further in ["--dry-run", "--replace"] {
        let run = import(&world, &file).arg("--profile").arg("second").arg(further);
        drop(run.fails(2).says("profile first already has this refresh token"));
    }
    world.concur(["token", "--profile", "second"]).fails(3);
    // Whose it is need not be known for that.
    let alone = without(&file, &["access_token", "id_token", "companyUUID"]);
    import(&world, &alone).arg("--profile").arg("second").fails(2);
    assert_eq!(world.token_requests(), 0);
    // Another application's token is another one, whatever its text.
    let other = world.sandbox.add_app();
    world.write("other.json", world.sandbox.credentials_json_of(&other));
    let run = import(&world, &file).arg("--profile").arg("second");
    run.arg("--credentials").arg("other.json").ok();
    assert_eq!(status_of(&world, "second")["client_id"], other.client_id.as_str());
}

/// Concur often returns the same refresh token to a second login of the company.
#[test]
fn a_company_login_with_the_same_refresh_token_only_warns() {
    let world = World::logged_in();
    let held = stored_refresh_token(&world, "default");
    let answer = json!({
        "expires_in": 3600, "token_type": "Bearer", "access_token": "opaque-1",
        "refresh_token": held, "refresh_expires_in": 2_000_000_000,
        "geolocation": world.sandbox.origin(),
    });
    world.sandbox.push_fault(concur_sandbox::Fault::RawBody {
        status: 200,
        content_type: "application/json".to_owned(),
        body: answer.to_string().into_bytes(),
    });
    let app = world.sandbox.app().clone();
    let output = world.login("second", &app).says("the profile default has the same refresh token");
    drop(output);
    assert_eq!(stored_refresh_token(&world, "second"), held);
}

/// "There are certain conditions where a refresh token is not returned": then the one already held stays.
#[test]
fn a_login_answer_without_a_refresh_token_keeps_the_stored_one() {
    let world = World::logged_in();
    let held = stored_refresh_token(&world, "default");
    world.sandbox.configure(|config| config.omit_refresh_token = true);
    let app = world.sandbox.app().clone();
    world.login("default", &app);
    assert_eq!(stored_refresh_token(&world, "default"), held);
    assert_eq!(status_of(&world, "default")["refresh_token"]["expiry_is_assumed"], false);
    // One that Concur has called invalid is not worth it.
    world.sandbox.revoke_refresh_tokens();
    world.database().execute("UPDATE record SET request_token = NULL", []).unwrap();
    world.expire("default");
    world.concur(["get"]).fails(4);
    world.login("default", &app);
    assert_eq!(status_of(&world, "default")["refresh_token"]["present"], false);
}

/// What a caller stores for an application is a profile like any other.
#[test]
fn store_makes_no_second_profile_with_the_same_refresh_token() {
    let world = World::logged_in();
    let held = exported(&world, "default");
    let text = |name: &str| held[name].as_str().unwrap().to_owned();
    let request = world.request(&format!(
        "username=somebody\npassword={}\noauth_refresh_token={}\n",
        text("access_token"),
        text("refresh_token")
    ));
    let store = ["--profile", "second", "store", "--application", "default"];
    let output = world.concur(store).stdin(request).output().code(2);
    drop(output.says("profile default already has this refresh token"));
    world.concur(["token", "--profile", "second"]).fails(3);
}

/// Nor may what is damaged of one profile cost another what was granted.
#[test]
fn a_damaged_row_of_another_profile_stops_no_login_and_no_import() {
    let world = world();
    let app = world.sandbox.app().clone();
    world.login("default", &app);
    world.login("damaged", &app);
    let sql = "UPDATE record SET profile = 'No Good' WHERE profile = 'damaged'";
    assert_eq!(world.database().execute(sql, []).unwrap(), 1);
    world.login("third", &app);
    import(&world, &copy(&world, 60)).arg("--profile").arg("fourth").ok();
    for profile in ["third", "fourth"] {
        world.concur(["token", "--profile", profile]).ok();
    }
}

#[cfg(unix)]
#[test]
fn two_imports_at_the_same_moment_make_one_profile() {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    let world = world();
    let file = copy(&world, 60);
    let into = |profile| import(&world, &file).arg("--profile").arg(profile);
    let late = into("late").env("CONCUR_CRED_TEST_FAILPOINT", "import-locked=stop").start();
    let pid = Pid::from_child(&late.child);
    let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(status.stopped());
    into("early").ok();
    kill_process(pid, Signal::CONT).unwrap();
    drop(late.wait().code(2).says("The profile early already has this refresh token"));
    assert_eq!(
        world.concur(["status", "--json"]).ok().json()["profiles"].as_array().unwrap().len(),
        1
    );
}

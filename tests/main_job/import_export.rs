//! The tutorial's file in and out.

use serde_json::{Value, json};

use super::support::{each, exported, status_of, tree};
use crate::harness::{Output, Run, World};

/// A world with a filled `credentials.json`, and the service's answer as the tutorial keeps it.
fn world_with_file(access_age_seconds: i64) -> (World, Value) {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let app = world.sandbox.app().clone();
    let file = world.sandbox.refresh_token_object_file(&app, access_age_seconds);
    (world, serde_json::from_str(&file).unwrap())
}

fn import(world: &World, file: &Value) -> Run {
    world.write("refreshTokenObjectFile.json", file.to_string());
    world.concur(["import", "--base-url", world.sandbox.origin()])
}

fn changed(mut file: Value, name: &str, value: Value) -> Value {
    file[name] = value;
    file
}

fn without(mut file: Value, name: &str) -> Value {
    file.as_object_mut().unwrap().remove(name);
    file
}

fn refused(output: Output, world: &World) -> Output {
    assert_eq!(tree(&world.home()).len(), 0, "nothing is made\n{output:?}");
    assert_eq!(world.sandbox.requests().len(), 0, "nothing is sent\n{output:?}");
    output
}

#[test]
fn an_imported_token_is_served_and_refreshed_at_its_own_origin() {
    let (world, file) = world_with_file(0);
    import(&world, &file).ok().says("credentials.json").says(world.sandbox.origin());
    assert_eq!(world.concur(["get"]).ok().silent().line(), file["access_token"].as_str().unwrap());
    assert_eq!(world.token_requests(), 0);
    world.expire("default");
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
}

#[test]
fn an_imported_expired_token_is_refreshed_at_the_first_use() {
    let (world, file) = world_with_file(5 * 3600);
    import(&world, &file).ok();
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn an_imported_refresh_token_past_its_expiry_is_tried_once() {
    let (world, file) = world_with_file(2 * 3600);
    import(&world, &changed(file, "refresh_expires_in", json!(1_700_000_000))).ok();
    let token = world.concur(["get"]).ok().line();
    assert!(
        world.sandbox.is_live_access_token(&token),
        "the service's answer counts, not the date"
    );
}

#[test]
fn expiries_may_be_seconds_or_milliseconds_numbers_or_text() {
    let (world, file) = world_with_file(0);
    let end = file["refresh_expires_in"].as_i64().unwrap();
    let values = [
        json!(end),
        json!(end.to_string()),
        json!(end * 1000),
        json!((end * 1000).to_string()),
        json!(format!(" {end} ")),
        serde_json::from_str(&format!("{end}.0")).unwrap(),
    ];
    for value in values {
        let file = changed(file.clone(), "refresh_expires_in", value.clone());
        import(&world, &changed(file, "expires_in", json!("3600"))).arg("--replace").ok();
        let status = status_of(&world, "default");
        assert_eq!(status["refresh_token"]["expires_at"], end, "{value}");
        assert_eq!(status["refresh_token"]["expiry_is_assumed"], false, "{value}");
        assert_eq!(exported(&world, "default")["refresh_expires_in"], end, "{value}");
    }
    let without = without(file, "refresh_expires_in");
    import(&world, &without).arg("--replace").ok().says("assumed");
    assert_eq!(status_of(&world, "default")["refresh_token"]["expiry_is_assumed"], true);
}

#[test]
fn a_file_without_a_geolocation_needs_a_base_url() {
    let (world, file) = world_with_file(0);
    let file = without(file, "geolocation");
    world.write("refreshTokenObjectFile.json", file.to_string());
    refused(world.concur(["import"]).fails(2), &world).says("no geolocation").says("--base-url");
    import(&world, &file).ok();
    assert_eq!(status_of(&world, "default")["base_url"], world.sandbox.origin());
}

/// The profile and all else that was asked for stay: the same again, and one option more.
#[test]
fn a_file_of_another_origin_suggests_the_option_to_import_it() {
    let (world, file) = world_with_file(0);
    world.write("refreshTokenObjectFile.json", file.to_string());
    let import = ["import", "--profile", "acme"];
    let more = format!("run the same again with --base-url {}", world.sandbox.origin());
    refused(world.concur(import).fails(2), &world).says(&more);
    world.concur(import).arg("--base-url").arg(world.sandbox.origin()).ok();
    world.write("none.json", "{}");
    let none = world.concur(["import", "none.json"]).fails(2);
    none.says("it is not a token response.\nhint: Name a file");
}

#[test]
fn an_imported_file_can_never_allow_an_origin() {
    let cases = [
        "https://evil.example",
        "http://us2.api.concursolutions.com",
        "http://127.0.0.1:9",
        "https://user:pw@us2.api.concursolutions.com",
        "https://us2.api.concursolutions.com:444",
        "https://us2.api.concursolutions.com.evil.example",
        "ftp://us2.api.concursolutions.com",
        "nonsense",
        "https://127.0.0.1:9",
        "\u{1b}[2Jhttps://evil.example",
    ];
    each(&cases, |text| {
        let (world, file) = world_with_file(0);
        let file = changed(file, "geolocation", json!(text));
        world.write("refreshTokenObjectFile.json", file.to_string());
        let output = refused(world.concur(["import"]).fails(2), &world);
        assert!(!output.stderr.contains('\u{1b}'), "{output:?}");
        // What the operator names is where it goes, whatever the file says.
        let origin = world.sandbox.origin().to_owned();
        world.concur(["import", "--base-url", &origin]).ok();
        assert_eq!(status_of(&world, "default")["base_url"], origin.as_str());
    });
}

#[test]
fn a_geolocation_of_concur_is_always_allowed() {
    let (world, file) = world_with_file(0);
    let file = changed(file, "geolocation", json!("https://US2.api.concursolutions.com/x/"));
    world.write("refreshTokenObjectFile.json", file.to_string());
    world.concur(["import"]).ok();
    assert_eq!(status_of(&world, "default")["base_url"], "https://us2.api.concursolutions.com");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn unknown_fields_survive_import_refresh_and_export() {
    let (world, file) = world_with_file(0);
    let unknown = [
        ("x_note", json!("ü \"quoted\" \u{7f} \n")),
        ("x_nested", json!({"a": [1, null, {"b": -1.5}], "": true})),
        ("x_large", json!(u64::MAX)),
        ("companyuuid", json!("not the known spelling")),
    ];
    let mut whole = file;
    for (name, value) in &unknown {
        whole[*name] = value.clone();
    }
    import(&world, &whole).ok();
    for _ in 0..2 {
        let out = exported(&world, "default");
        for (name, value) in &unknown {
            assert_eq!(&out[*name], value, "{name}");
        }
        world.expire("default");
        world.concur(["get"]).ok().silent();
    }
}

#[test]
fn import_and_export_are_each_others_inverse() {
    let (world, file) = world_with_file(0);
    import(&world, &file).ok();
    let mut out = exported(&world, "default");
    let life = out["expires_in"].as_i64().unwrap();
    // An import has nothing but the token's own expiry, by a clock that may be ahead of ours.
    assert!((3500..=3605).contains(&life));
    out["expires_in"] = file["expires_in"].clone();
    assert_eq!(out, file);
}

#[test]
fn a_dry_run_reports_the_import_and_changes_nothing() {
    let (world, file) = world_with_file(0);
    let output = import(&world, &file).arg("--dry-run").ok();
    let company = world.sandbox.app().company_uuid.clone();
    let output = refused(output, &world).says("nothing was changed").says(&company);
    output.says(world.sandbox.origin()).says("default");
    let bad = changed(file, "geolocation", json!("https://evil.example"));
    world.write("bad.json", bad.to_string());
    let _ = refused(world.concur(["import", "bad.json", "--dry-run"]).fails(2), &world);
}

#[test]
fn an_import_into_a_profile_of_another_company_needs_replace() {
    let world = World::logged_in();
    let other = world.sandbox.add_company();
    world.write("credentials.json", world.sandbox.credentials_json_of(&other));
    let text = world.sandbox.refresh_token_object_file(&other, 0);
    let file: Value = serde_json::from_str(&text).unwrap();
    let before = std::fs::read(world.store_file()).unwrap();
    import(&world, &file).fails(2).says("another company").says("--replace");
    import(&world, &file).arg("--dry-run").fails(2).says("another company");
    assert_eq!(std::fs::read(world.store_file()).unwrap(), before, "all or nothing");
    import(&world, &file).arg("--replace").arg("--dry-run").ok();
    assert_eq!(std::fs::read(world.store_file()).unwrap(), before, "a dry run");
    import(&world, &file).arg("--replace").ok();
    assert_eq!(status_of(&world, "default")["company_uuid"], other.company_uuid.as_str());
}

#[test]
fn an_import_without_an_application_makes_nothing() {
    let (world, file) = world_with_file(0);
    std::fs::remove_file(world.work().join("credentials.json")).unwrap();
    let output = refused(import(&world, &file).fails(2), &world);
    output.says("appID, clientSecret").says("CONCUR_CRED_CLIENT_ID");
    let named = world.write("app.json", world.sandbox.credentials_json());
    import(&world, &file).arg("--credentials").arg(named).ok().says("app.json");
    world.expire("default");
    world.concur(["get"]).ok().silent();
}

#[test]
fn the_application_is_looked_for_beside_the_file() {
    let (world, file) = world_with_file(0);
    let folder = world.work().join("a tutorial");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(world.work().join("credentials.json"), folder.join("credentials.json"))
        .unwrap();
    let path = world.write("a tutorial/tokens.json", file.to_string());
    let import = world.concur(["import", "--base-url", world.sandbox.origin()]).arg(path);
    import.ok().says("a tutorial/credentials.json");
}

#[test]
fn import_reads_stdin_and_export_writes_stdout() {
    let (world, file) = world_with_file(0);
    let import = world.concur(["import", "-", "--base-url", world.sandbox.origin()]);
    import.stdin(file.to_string()).ok().says("credentials.json");
    let out = world.concur(["export", "-"]).ok().silent();
    let line = out.line();
    assert_eq!(
        serde_json::from_str::<Value>(&line).unwrap()["refresh_token"],
        file["refresh_token"]
    );
    assert_eq!(tree(&world.work()).len(), 1, "no file is written");
}

#[test]
fn a_file_without_a_refresh_token_lasts_an_hour_and_then_requires_a_login() {
    let (world, file) = world_with_file(0);
    let file = without(without(file, "refresh_token"), "refresh_expires_in");
    import(&world, &file).ok();
    world.concur(["get"]).ok().silent();
    world.concur(["get"]).at_offset(4000).fails(4).says("no refresh token").says("login");
    assert_eq!(world.token_requests(), 0);
}

//! `--profile` on a helper's command line pins a profile; environment, configuration and `use` only select one.

use serde_json::json;

use super::common::{ask, assert_nothing, erase, snapshot, store};
use crate::harness::{Output, Run, World};

/// Two companies, `one` and `two`, on the sandbox's host, and the profile `far` on another host.
fn three() -> (World, [String; 2]) {
    let world = World::new();
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    far(&world);
    let token = |name| world.concur(["token", "--profile", name]).ok().line();
    let tokens = [token("one"), token("two")];
    (world, tokens)
}

/// Makes the profile `far` of another company, which lives at Concur's `us2`.
fn far(world: &World) {
    let company = world.sandbox.add_company();
    let file = world.sandbox.refresh_token_object_file(&company, 120);
    let mut file: serde_json::Value = serde_json::from_str(&file).unwrap();
    file["geolocation"] = "https://us2.api.concursolutions.com".into();
    world.write("tokens.json", file.to_string());
    world.write("credentials-far.json", world.sandbox.credentials_json_of(&company));
    let import = ["import", "tokens.json", "--profile", "far", "--credentials"];
    drop(world.concur(import).arg("credentials-far.json").ok());
}

fn pinned(world: &World, profile: &str, verb: &str, request: impl Into<Vec<u8>>) -> Run {
    world.helper(["--profile", profile, verb]).stdin(request)
}

/// An empty answer, and a reason on stderr that names the profile.
fn refused(output: Output, profile: &str) {
    let output = output.code(0).says(profile);
    assert!(output.stdout.is_empty(), "{output:?}");
}

#[test]
fn only_the_pinned_profile_answers_a_managed_host() {
    let (world, [one, two]) = three();
    for (profile, token) in [("one", &one), ("two", &two)] {
        for more in ["", "path=x\n", "wwwauth[]=Basic\n"] {
            let run = pinned(&world, profile, "get", world.request(more));
            assert_eq!(run.ok().silent().value("password").as_ref(), Some(token), "{profile}");
        }
    }
    let ask_far = || pinned(&world, "far", "get", world.request(""));
    refused(ask_far().output(), "far");
    refused(ask_far().env("CONCUR_CRED_PROFILE", "one").output(), "far");
    let at_far = "protocol=https\nhost=us2.api.concursolutions.com\n\n";
    refused(pinned(&world, "one", "get", at_far).output(), "one");
    let twin = "protocol=https\nhost=www-us2.api.concursolutions.com:443\n\n";
    refused(pinned(&world, "one", "get", twin).output(), "one");
    assert!(pinned(&world, "far", "get", twin).ok().silent().value("password").is_some());
    refused(pinned(&world, "nowhere", "get", world.request("")).output(), "no profile nowhere");
}

#[test]
fn a_hosts_only_account_never_answers_for_another_pinned_profile() {
    let world = World::logged_in();
    far(&world);
    refused(pinned(&world, "far", "get", world.request("")).output(), "far");
    let uri = json!({ "uri": world.sandbox.origin() }).to_string();
    let bazel = world.concur(["--profile", "far", "get"]).stdin(uri.clone()).output();
    assert_eq!(bazel.code(0).says("far").text(), "{}\n");
    let bazel = world.concur(["--profile", "nowhere", "get"]).stdin(uri.clone()).output();
    assert_eq!(bazel.code(0).says("no profile nowhere").text(), "{}\n");
    let bazel = world.concur(["--profile", "default", "get"]).stdin(uri.clone()).ok().silent();
    assert!(bazel.text().contains("Bearer"));
    let chosen = world.concur(["get"]).env("CONCUR_CRED_PROFILE", "far").stdin(uri).ok().silent();
    assert!(chosen.text().contains("Bearer"), "selection has no effect with a single account");
}

#[test]
fn the_requested_user_name_must_be_the_pinned_profiles() {
    let (world, [one, _]) = three();
    let uuid: String = world.column("one", "principal");
    let of_one = world.request(&format!("username={uuid}\n"));
    let answer = pinned(&world, "one", "get", of_one.clone()).ok().silent();
    assert_eq!(answer.value("password"), Some(one));
    refused(pinned(&world, "two", "get", of_one).output(), "two");
    let unknown = pinned(&world, "two", "get", world.request("username=mallory\n"));
    assert_nothing(&unknown.ok().silent());
}

#[test]
fn a_stored_credential_never_answers_for_a_pinned_profile() {
    let (world, _) = three();
    store(&world, world.request("username=mallory\npassword=planted\n"));
    for profile in ["far", "nowhere", "one"] {
        let run = pinned(&world, profile, "get", world.request("username=mallory\n"));
        assert_nothing(&run.ok());
    }
}

#[test]
fn a_pin_has_no_effect_on_other_hosts() {
    let (world, _) = three();
    for profile in ["one", "far", "nowhere"] {
        let host = format!("protocol=https\nhost={profile}.example\n");
        let kept = pinned(&world, profile, "store", format!("{host}username=me\npassword=p\n\n"));
        drop(kept.ok().silent());
        let run = pinned(&world, profile, "get", format!("{host}\n"));
        assert_eq!(run.ok().silent().text(), "username=me\npassword=p\n");
        drop(pinned(&world, profile, "erase", format!("{host}\n")).ok().silent());
        assert_nothing(&pinned(&world, profile, "get", format!("{host}\n")).ok().silent());
    }
}

#[test]
fn store_and_erase_for_another_profiles_host_are_silently_ignored() {
    let (world, [one, two]) = three();
    store(&world, world.request("username=me\npassword=p\n"));
    world.age_access_token("one", 600);
    world.age_access_token("two", 600);
    let uuid: String = world.column("one", "principal");
    let before = snapshot(&world);
    for profile in ["far", "nowhere"] {
        for more in [
            "username=me\npassword=other\n".to_owned(),
            "username=else\npassword=planted\n".to_owned(),
            "authtype=Bearer\ncredential=planted\n".to_owned(),
            format!("username={uuid}\npassword={one}\n"),
            format!("password={two}\n"),
            "username=me\npassword=p\n".to_owned(),
            String::new(),
        ] {
            for verb in ["store", "erase"] {
                let output = pinned(&world, profile, verb, world.request(&more)).ok().silent();
                assert_nothing(&output);
                assert_eq!(snapshot(&world), before, "{profile} {verb} {more}");
            }
        }
    }
    let run = pinned(&world, "two", "erase", world.request(&format!("password={one}\n")));
    drop(run.ok().silent());
    assert_eq!(snapshot(&world), before, "the other company's token on the same host");
    drop(pinned(&world, "two", "erase", world.request(&format!("password={two}\n"))).ok().silent());
    let cell: Option<Vec<u8>> = world.column("two", "access_token");
    assert_eq!(cell, None, "its own");
}

#[test]
fn environment_configuration_and_use_only_choose_among_several_that_match() {
    let (world, [one, two]) = three();
    let at_far = "protocol=https\nhost=us2.api.concursolutions.com\n\n";
    let ask_far = || world.helper(["get"]).stdin(at_far);
    assert!(ask_far().env("CONCUR_CRED_PROFILE", "one").ok().silent().value("password").is_some());
    let by_setting = ask_far().env("CONCUR_CRED_DEFAULT_PROFILE", "one").ok().silent();
    assert!(by_setting.value("password").is_some());
    drop(world.concur(["use", "two"]).ok());
    assert!(ask(&world, at_far).silent().value("password").is_some());
    let here = || world.helper(["get"]).stdin(world.request(""));
    assert_eq!(here().ok().silent().value("password"), Some(two));
    let chosen = here().env("CONCUR_CRED_PROFILE", "one").ok().silent();
    assert_eq!(chosen.value("password"), Some(one.clone()));
    erase(&world, world.request(&format!("password={one}\n")));
}

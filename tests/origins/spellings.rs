//! Base URLs as people write them: every spelling of a Concur host is accepted as its
//! origin, and a legacy host is refused with the right one.

use super::sources::{ALLOWED, Scene};

const US2: &str = "https://us2.api.concursolutions.com";

/// Spellings of `us2`.
const SPELLINGS: [&str; 14] = [
    "us2",
    "US2",
    " us2 ",
    "www-us2",
    "us2.api.concursolutions.com",
    "WWW-US2.api.ConcurSolutions.com",
    "us2.api.concursolutions.com:443/",
    "us2.api.concursolutions.com.",
    "https://www-us2.api.concursolutions.com/oauth2/v0/token",
    "https://US2.api.concursolutions.com/api/v3.0/expense/reports?limit=1",
    "https://us2.api.concursolutions.com.:443//",
    "https://us2.api.concursolutions.com#top",
    "HTTPS:us2.api.concursolutions.com",
    "us2.api.concursolutions.com/oauth2/v0/token?x=1",
];

/// Legacy hosts, and what is to be named in their place.
const LEGACY: [(&str, &str); 9] = [
    ("https://www.concursolutions.com", "us2"),
    ("www.concursolutions.com/api/v3.0", "us2"),
    ("https://eu1.concursolutions.com/", "eu2"),
    ("EU1", "eu2"),
    ("https://implementation.concursolutions.com", "us-impl"),
    ("implementation", "us-impl"),
    ("https://eu1imp.concursolutions.com.", "emea-impl"),
    ("https://us2.concursolutions.com/home", "us2"),
    ("https://www.concurcdc.cn", "cn"),
];

fn login(scene: &Scene, base_url: &str) -> crate::harness::Run {
    let login = ["login", "--credentials", "credentials-default.json", "--profile", "other"];
    scene.concur(&login).arg("--base-url").arg(base_url)
}

#[test]
fn each_spelling_of_a_host_leads_a_login_there() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    for text in SPELLINGS {
        scene.was_sent_to(US2, login(&scene, text).output());
    }
}

#[test]
fn a_legacy_host_is_refused_and_the_right_one_is_named() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    for (text, instead) in LEGACY {
        let output = login(&scene, text).fails(2).says("legacy host");
        scene.nothing_was_sent(0, &output.says(&format!("Use --base-url {instead}.")));
        let setting = scene.concur(&["refresh"]).env(ALLOWED, text).fails(6);
        let named = format!("use {instead} instead");
        scene.nothing_was_sent(0, &setting.says(ALLOWED).says("legacy host").says(&named));
    }
}

#[test]
fn an_origin_that_is_not_concurs_is_named_exactly() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    for text in ["gateway.example", "https://gateway.example/x", "https://me@gateway.example"] {
        scene.nothing_was_sent(0, &login(&scene, text).fails(2).says("--base-url is not usable"));
    }
    let named = "https://www-gateway.example";
    scene.was_sent_to(named, login(&scene, named).output());
}

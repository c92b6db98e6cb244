//! Origins from callers: the host of a request, a stored credential's host, the path of an API. No token
//! is printed for another origin than its own, and stored values of a caller are never sent on their own.

use serde_json::json;

use super::sources::{ALLOWED, Row, Scene};
use crate::harness::{Output, Run, World};

const US2: &str = "https://us2.api.concursolutions.com";
/// The same data centre's other host (SAP: Base URIs).
const TWIN: &str = "https://www-us2.api.concursolutions.com";
const TUNNEL: &str = "CONNECT us2.api.concursolutions.com:443 HTTP/1.1";

/// A scene whose only profile lives at Concur's own `us2`; its access token.
fn at_us2() -> (Scene, String) {
    let scene = Scene::new();
    let app = scene.world.sandbox.app().clone();
    let file = scene.world.sandbox.refresh_token_object_file(&app, 60);
    let mut file: serde_json::Value = serde_json::from_str(&file).unwrap();
    file["geolocation"] = US2.into();
    scene.world.write("tokens.json", file.to_string());
    let import = ["import", "tokens.json", "--profile", "us2", "--credentials"];
    drop(scene.world.concur(import).arg("credentials-default.json").ok());
    drop(scene.world.concur(["logout", "--profile", "default"]).ok());
    scene.world.sandbox.clear_log();
    let token = scene.world.concur(["token"]).ok().line();
    (scene, token)
}

/// Scheme and authority, split without URL parsing.
fn split(text: &str) -> (&str, &str) {
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    (scheme, rest.split('/').next().unwrap_or_default())
}

fn prints(token: &str, output: &Output) -> bool {
    output.stdout.windows(token.len()).any(|part| part == token.as_bytes())
}

#[test]
fn the_host_of_gits_request_gets_only_its_own_token() {
    let (scene, token) = at_us2();
    let mut answered = 0;
    let more = ["path=oauth2\n", "username=x@us2.api.concursolutions.com\n"];
    for (Row { text, from_operator, .. }, more) in scene.rows().zip(more.iter().cycle()) {
        let (protocol, host) = split(&text);
        for path in ["", more] {
            let request = format!("protocol={protocol}\nhost={host}\n{path}\n");
            let allowed = from_operator.clone().unwrap_or_default();
            let run = scene.world.helper(["get"]).env(ALLOWED, allowed).stdin(request);
            let output = run.output();
            scene.nothing_was_sent(0, &output);
            let host = host.to_ascii_lowercase();
            let host = host.strip_suffix(":443").unwrap_or(&host);
            let is_it = protocol == "https" && [&US2[8..], &TWIN[8..]].contains(&host);
            let is_given = prints(&token, &output);
            answered += usize::from(is_given);
            assert_eq!(is_given, is_it && !path.starts_with("username"), "{text:?}\n{output:?}");
            assert!(is_given || output.stdout.is_empty(), "{output:?}");
        }
    }
    assert!(answered >= 4, "{answered}");
}

/// A token is bound to its host: moved to another one, it is not printed there.
#[test]
fn an_edited_host_gets_no_token() {
    let (scene, token) = at_us2();
    let sql = "UPDATE record SET protocol = CAST(?1 AS BLOB), host = CAST(?2 AS BLOB)";
    for Row { text, from_operator, .. } in scene.rows() {
        let (protocol, host) = split(&text);
        let is_its_own = protocol == "https" && host == &US2[8..];
        scene.world.database().execute(sql, [protocol, host]).unwrap();
        let allowed = from_operator.clone().unwrap_or_default();
        let request = format!("protocol={protocol}\nhost={host}\n\n");
        let git = scene.world.helper(["get"]).env(ALLOWED, &allowed).stdin(request);
        let uri = json!({ "uri": text }).to_string();
        let bazel = scene.concur(&["get"]).env(ALLOWED, &allowed).stdin(uri);
        let bare = scene.concur(&["get"]).env(ALLOWED, &allowed);
        let given = [git, bazel, bare].map(|run| {
            let output = run.output();
            scene.nothing_was_sent(0, &output);
            let is_given = prints(&token, &output);
            assert!(is_its_own || !is_given, "{text:?}\n{output:?}");
            is_given
        });
        assert_eq!([given[0], given[2]], [is_its_own; 2], "{text:?}");
    }
}

#[test]
fn the_uri_of_bazels_request_gets_only_its_own_token() {
    let (scene, token) = at_us2();
    for Row { text, from_outside, .. } in scene.rows() {
        let request = json!({ "uri": text }).to_string();
        let output = scene.concur(&["get"]).stdin(request).output();
        scene.nothing_was_sent(0, &output);
        if prints(&token, &output) {
            let origin = from_outside.unwrap_or_default();
            assert!([US2, TWIN].contains(&&*origin), "{text:?}\n{output:?}");
            let before_path = text.split(['?', '#']).next().unwrap();
            let is_plain = !before_path.contains(['\\', '@']) && !before_path.contains(":///");
            assert!(is_plain, "URL parsers differ on it: {text:?}");
        } else {
            assert!(["", "{}\n"].contains(&output.text()), "{text:?}\n{output:?}");
            assert_ne!(text, US2);
        }
    }
}

fn stored(scene: &Scene, run: Run, text: &str) -> Output {
    let (protocol, host) = split(text);
    let request = format!(
        "protocol={protocol}\nhost={host}\nusername=me\npassword=old\npassword_expiry_utc=1\n\
         oauth_refresh_token=of-a-caller\n\n"
    );
    let output = run.stdin(request).output();
    scene.nothing_was_sent(0, &output);
    output
}

/// A refresh token in a stored credential is never used for a refresh.
#[test]
fn a_stored_credential_is_sent_nowhere() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    for Row { text, .. } in scene.rows() {
        let (protocol, host) = split(&text);
        drop(stored(&scene, scene.world.helper(["store"]), &text));
        let request = format!("protocol={protocol}\nhost={host}\nusername=me\n\n");
        let output = scene.world.helper(["get"]).stdin(request).output();
        scene.nothing_was_sent(0, &output);
        assert!(!output.text().contains("old"), "expired: {output:?}");
    }
    let all = scene.concur(&["keepalive"]).ok();
    scene.nothing_was_sent(0, &all);
}

/// It is bound to an application, whose secret goes where its refresh token goes: Concur's hosts alone.
#[test]
fn tokens_stored_for_an_application_are_sent_only_to_concur() {
    let scene = Scene::new();
    scene.world.sandbox.clear_log();
    for Row { text, from_outside, .. } in scene.rows() {
        let run = scene.concur(&["store", "--application", "default"]);
        let output = stored(&scene, run, &text);
        let made = profiles(&scene.world);
        if made == 1 {
            assert_ne!(output.code, Some(0), "{text:?}\n{output:?}");
            continue;
        }
        let origin = from_outside.unwrap_or_else(|| panic!("{text:?}\n{output:?}"));
        let name: String = scene
            .world
            .database()
            .query_row("SELECT profile FROM record WHERE profile != 'default'", [], |row| {
                row.get(0)
            })
            .unwrap();
        scene.was_sent_to(&origin, scene.concur(&["refresh", "--profile", &name]).output());
        drop(scene.world.concur(["logout", "--profile", &name]).ok());
    }
}

fn profiles(world: &World) -> i64 {
    let sql = "SELECT count(*) FROM record WHERE profile IS NOT NULL";
    world.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The token goes to the profile's own origin or nowhere, whatever stands in the path.
#[test]
fn the_path_of_a_request_never_leads_to_another_origin() {
    let (scene, _) = at_us2();
    for (at, Row { text, from_operator, .. }) in scene.rows().enumerate() {
        let slashes = text.split_once(':').map_or(&*text, |(_, rest)| rest);
        let wrapped = [slashes, &format!("/{text}"), &format!("/..{slashes}")][at % 3].to_owned();
        for path in [&*text, &wrapped] {
            let allowed = from_operator.clone().unwrap_or_default();
            let output = scene.concur(&["api", "--", path]).env(ALLOWED, allowed).output();
            let connections = scene.trap.connections();
            let is_refused = connections.is_empty() && output.code == Some(2);
            let is_home = output.code == Some(5) && connections.iter().all(|line| line == TUNNEL);
            assert!(is_refused || is_home, "{path:?}: {connections:?}\n{output:?}");
        }
    }
}

/// An edited origin in the cache is not used by the next hit.
#[test]
fn an_edited_cache_gets_no_token_for_another_origin() {
    let scene = Scene::new();
    let home = scene.world.sandbox.origin().to_owned();
    let cache = scene.world.state_dir().join("ticket");
    for _ in 0..2 {
        drop(scene.world.concur(["token"]).ok());
    }
    let valid = std::fs::read(&cache).unwrap();
    let field = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    scene.world.sandbox.clear_log();
    for Row { text, from_operator, .. } in scene.rows() {
        let (from, to) = (field(&home), field(&text));
        let at = valid.windows(from.len()).position(|part| part == from).unwrap();
        let edited = [&valid[..at], &to, &valid[at + from.len()..]].concat();
        std::fs::write(&cache, &edited).unwrap();
        let allowed = from_operator.unwrap_or_default();
        let output = scene.concur(&["get", "--format", "json"]).env(ALLOWED, &allowed).ok();
        assert_eq!(output.json()["base_url"], home, "{text:?}");
        scene.nothing_was_sent(0, &output);
        std::fs::write(&cache, &edited).unwrap();
        let asked = ["api", "/sandbox/echo"];
        let output = scene.concur(&asked).env(ALLOWED, &allowed).ok();
        scene.nothing_was_sent(1, &output);
    }
}

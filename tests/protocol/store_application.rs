//! `store --application NAME`: the stored credential becomes an account that later `get`s refresh.

use serde_json::Value;

use super::common::{now, snapshot};
use crate::harness::{Run, World};

/// A world with the application `default`, and the tokens of another company of it.
fn world_and_tokens() -> (World, Value, String) {
    let world = World::logged_in();
    let company = world.sandbox.add_company();
    let tokens = world.sandbox.issue_token_response(&company, 0);
    (world, tokens, company.company_uuid)
}

/// A credential for the sandbox's host.
fn lines(tokens: &Value, username: &str, expires_at: i64) -> String {
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    format!(
        "username={username}\npassword={}\noauth_refresh_token={}\npassword_expiry_utc={expires_at}\n",
        text("access_token"),
        text("refresh_token")
    )
}

fn store_as(world: &World, profile: &str, request: impl Into<Vec<u8>>) -> Run {
    world.concur(["--profile", profile, "store", "--application", "default"]).stdin(request)
}

#[test]
fn tokens_stored_for_an_application_are_served_and_later_refreshed() {
    let (world, tokens, uuid) = world_and_tokens();
    let request = world.request(&lines(&tokens, &uuid, now() + 3600));
    drop(store_as(&world, "second", request).ok());
    let get = || world.concur(["token", "--profile", "second"]).ok().silent().line();
    assert_eq!(get(), tokens["access_token"].as_str().unwrap());
    assert_eq!(world.refreshes(), 0);
    world.expire("second");
    let renewed = get();
    assert!(world.sandbox.is_live_access_token(&renewed));
    assert_ne!(renewed, tokens["access_token"].as_str().unwrap());
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn a_token_of_unknown_lifetime_is_refreshed_first() {
    let (world, tokens, uuid) = world_and_tokens();
    let request = world.request(&lines(&tokens, &uuid, 0));
    drop(store_as(&world, "second", request).ok());
    let served = world.concur(["token", "--profile", "second"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&served));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_bearer_credential_is_bound_like_a_password() {
    let (world, tokens, uuid) = world_and_tokens();
    let text = |name: &str| tokens[name].as_str().unwrap();
    let request = world.request(&format!(
        "capability[]=authtype\nusername={uuid}\nauthtype=Bearer\ncredential={}\n\
         oauth_refresh_token={}\n",
        text("access_token"),
        text("refresh_token")
    ));
    drop(store_as(&world, "second", request).ok());
    let served = world.concur(["token", "--profile", "second"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&served));
}

#[test]
fn an_origin_that_is_not_allowed_is_refused() {
    let (world, tokens, uuid) = world_and_tokens();
    let lines = lines(&tokens, &uuid, now() + 3600);
    let before = snapshot(&world);
    for (protocol, host) in [
        ("https", "evil.example"),
        ("https", "api.concursolutions.com"),
        ("https", "evilapi.concursolutions.com"),
        ("https", "us.api.concursolutions.com.evil.example"),
        ("https", "us.api.concursolutions.com:8443"),
        ("https", "user@us.api.concursolutions.com"),
        ("https", "evil.example/us.api.concursolutions.com"),
        ("https", "evil.example#.api.concursolutions.com"),
        ("https", "evil.example\\.api.concursolutions.com"),
        ("http", "us.api.concursolutions.com"),
        ("http", "127.0.0.1:1"),
        ("http", "localhost"),
        ("ftp", "us.api.concursolutions.com"),
        ("https://us.api.concursolutions.com/?", "evil.example"),
    ] {
        let request = format!("protocol={protocol}\nhost={host}\n{lines}\n");
        let output = store_as(&world, "second", request).fails(2);
        let token = tokens["access_token"].as_str().unwrap();
        assert!(!output.stderr.contains(token), "no secret in the message\n{output:?}");
        assert_eq!(snapshot(&world), before, "{protocol}://{host}");
    }
}

#[test]
fn concurs_own_origins_are_always_allowed() {
    let (world, tokens, uuid) = world_and_tokens();
    let lines = lines(&tokens, &uuid, now() + 3600);
    let request = format!("protocol=https\nhost=US2.api.concursolutions.com\n{lines}\n");
    drop(store_as(&world, "second", request).ok());
    let asked = "protocol=https\nhost=www-us2.api.concursolutions.com\n\n";
    let output = world.helper(["get"]).stdin(asked).ok().silent();
    assert_eq!(output.value("password").as_deref(), tokens["access_token"].as_str());
}

#[test]
fn an_ambiguous_host_is_refused_and_a_default_port_dropped() {
    let (world, tokens, uuid) = world_and_tokens();
    let lines = lines(&tokens, &uuid, now() + 3600);
    let port = world.host().rsplit(':').next().unwrap().to_owned();
    let before = snapshot(&world);
    for name in ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01"] {
        let request = format!("protocol=http\nhost={name}:{port}\n{lines}\n");
        drop(store_as(&world, "second", request).fails(2));
        assert_eq!(snapshot(&world), before, "{name}");
    }
    let request = format!("protocol=https\nhost=us2.api.concursolutions.com:443\n{lines}\n");
    drop(store_as(&world, "second", request).ok());
    let base: String = world.column("second", "geolocation");
    assert_eq!(base, "https://us2.api.concursolutions.com");
}

#[test]
fn an_incomplete_or_ephemeral_credential_is_ignored() {
    let (world, ..) = world_and_tokens();
    let before = snapshot(&world);
    for more in [
        "username=u\n",
        "username=u\noauth_refresh_token=r\n",
        "username=u\npassword=p\nephemeral=1\n",
        "username=u\nauthtype=Bearer\n",
    ] {
        let output = store_as(&world, "second", world.request(more)).ok().silent();
        assert!(output.stdout.is_empty());
        assert_eq!(snapshot(&world), before, "{more:?}");
    }
}

#[test]
fn an_unknown_application_is_named_with_the_known_ones() {
    let (world, tokens, uuid) = world_and_tokens();
    let before = snapshot(&world);
    let request = world.request(&lines(&tokens, &uuid, now() + 3600));
    let run = world.concur(["--profile", "second", "store", "--application", "nothere"]);
    drop(run.stdin(request).fails(3).says("default"));
    assert_eq!(snapshot(&world), before);
}

#[test]
fn an_existing_account_is_not_overwritten() {
    let (world, tokens, _) = world_and_tokens();
    let uuid = world.sandbox.app().company_uuid.clone();
    let before = snapshot(&world);
    let request = world.request(&lines(&tokens, &uuid, now() + 3600));
    drop(store_as(&world, "default", request.clone()).ok());
    drop(store_as(&world, "second", request).ok());
    assert_eq!(snapshot(&world), before);
}

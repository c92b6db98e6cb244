//! A managed account as git and other callers see it.

use concur_sandbox::Fault;

use super::common::{ask, assert_nothing, erase, get, now, one_login, snapshot, store};
use crate::harness::World;

#[test]
fn only_the_accounts_host_is_answered() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let host = world.host().to_owned();
    let output = ask(&world, format!("protocol=http\nhost={host}\n\n")).silent();
    assert_eq!(output.value("password"), Some(token), "{host}");
    let without_port = host.split(':').next().unwrap();
    for (protocol, host) in [
        ("https", host.clone()),
        ("HTTP", host.clone()),
        ("http", without_port.to_owned()),
        ("http", format!("{without_port}:1")),
        ("http", format!("{host}0")),
        ("http", format!("www-{host}")),
        ("http", format!("www-www-{host}")),
        ("http", format!("xwww-{host}")),
        ("http", format!("a.{host}")),
        ("http", format!("{host}.")),
        ("http", format!(" {host}")),
        ("http", format!("user@{host}")),
        ("http", "*".to_owned()),
        ("http", "%".to_owned()),
        ("http", "www-".to_owned()),
        ("http", "us2.api.concursolutions.com".to_owned()),
    ] {
        let output = ask(&world, format!("protocol={protocol}\nhost={host}\n\n")).silent();
        assert!(output.stdout.is_empty(), "{protocol}://{host}\n{output:?}");
    }
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn the_path_is_ignored() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    for path in ["path=\n", "path=profile/identity/v4.1/Users\n", "path=%2e%2e\n"] {
        assert_eq!(get(&world, path).silent().value("password"), Some(token.clone()), "{path}");
    }
}

#[test]
fn without_the_capability_the_answer_is_user_name_password_and_expiry() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let expires: i64 = world.column("default", "access_expires_at");
    let uuid = &world.sandbox.app().company_uuid;
    let expected = format!("username={uuid}\npassword={token}\npassword_expiry_utc={expires}\n");
    for more in ["", "capability[]=state\n", "capability[]=authtype\ncapability[]=\n"] {
        assert_eq!(get(&world, more).silent().text(), expected, "{more:?}");
    }
    let same = world.concur(["get"]).stdin(world.request("")).ok().silent();
    assert_eq!(same.text(), expected, "the other name gives the same answer");
}

#[test]
fn with_the_capability_the_answer_is_a_bearer_credential_in_the_documented_lines() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let expires: i64 = world.column("default", "access_expires_at");
    let expected = format!(
        "capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1\n\
         password_expiry_utc={expires}\n"
    );
    for more in
        ["capability[]=authtype\n", "capability[]=authtype\ncapability[]=state\nwwwauth[]=Bearer\n"]
    {
        assert_eq!(get(&world, more).silent().text(), expected, "{more:?}");
    }
}

#[test]
fn the_refresh_token_is_printed_only_when_it_is_asked_for() {
    let world = World::logged_in();
    for more in ["", "capability[]=authtype\n"] {
        let output = get(&world, more);
        assert_eq!(output.value("oauth_refresh_token"), None, "{more:?}");
        let run = world.helper(["get", "--with-refresh-token"]).stdin(world.request(more));
        let printed = run.ok().silent().value("oauth_refresh_token").unwrap();
        assert!(world.sandbox.is_current_refresh_token(&printed));
    }
}

#[test]
fn neither_protocol_nor_host_is_ever_printed() {
    let world = World::logged_in();
    for more in ["", "capability[]=authtype\n", "path=x\n"] {
        let output = get(&world, more);
        for key in ["protocol", "host", "path", "url"] {
            assert_eq!(output.value(key), None, "{key}\n{output:?}");
        }
    }
}

#[test]
fn an_unknown_user_name_gets_no_answer() {
    let world = World::logged_in();
    for username in ["somebody", "", "%", "*"] {
        assert_nothing(&get(&world, &format!("username={username}\n")).silent());
    }
    let uuid = world.sandbox.app().company_uuid.clone();
    let output = get(&world, &format!("username={uuid}\n"));
    assert!(output.value("password").is_some());
}

#[test]
fn store_never_changes_a_managed_account() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let uuid = world.sandbox.app().company_uuid.clone();
    let before = snapshot(&world);
    for more in [
        format!("username={uuid}\npassword={token}\n"),
        format!("username={uuid}\npassword=planted\npassword_expiry_utc=99999999999\n"),
        format!("username={uuid}\npassword=planted\noauth_refresh_token=planted\n"),
        format!("username={uuid}\npassword=planted\npath=some/path\n"),
        "authtype=Bearer\ncredential=planted\n".to_owned(),
        "capability[]=authtype\nauthtype=Bearer\ncredential=planted\nephemeral=1\n".to_owned(),
    ] {
        store(&world, world.request(&more));
        assert_eq!(snapshot(&world), before, "{more}");
    }
    assert_eq!(world.concur(["token"]).ok().line(), token);
}

#[test]
fn a_planted_credential_of_another_user_never_replaces_the_account() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    store(&world, world.request("username=mallory\npassword=planted\n"));
    assert_eq!(get(&world, "").value("password"), Some(token.clone()));
    world.expire("default");
    world.sandbox.fault_always(Fault::service_unavailable());
    let failed = world.helper(["get"]).stdin(world.request("")).output().code(5);
    assert_eq!(failed.text(), "quit=1\n");
    assert!(!failed.stderr.contains("planted"), "{failed:?}");
}

/// The forms of `erase` requests after a refusal.
fn refused(world: &World, token: &str) -> [String; 3] {
    let uuid = &world.sandbox.app().company_uuid;
    [
        world.request(&format!("username={uuid}\npassword={token}\n")),
        world.request(&format!("authtype=Bearer\ncredential={token}\n")),
        world.request(&format!("password={token}\n")),
    ]
}

#[test]
fn erase_of_the_current_token_makes_the_next_get_refresh() {
    for shape in 0..3 {
        let world = World::logged_in();
        let token = world.concur(["token"]).ok().line();
        world.age_access_token("default", 61);
        erase(&world, refused(&world, &token)[shape].clone());
        assert_eq!(world.token_requests(), 1, "erase sends no request: login was the only one");
        let renewed = get(&world, "").silent().value("password").unwrap();
        assert_ne!(renewed, token);
        assert_eq!(world.refreshes(), 1);
    }
}

#[test]
fn erase_of_a_token_under_a_minute_old_is_ignored() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    world.age_access_token("default", 30);
    let before = snapshot(&world);
    for request in refused(&world, &token) {
        erase(&world, request);
    }
    assert_eq!(snapshot(&world), before);
    assert_eq!(world.concur(["token"]).ok().line(), token);
}

#[test]
fn a_refusal_for_another_reason_does_not_become_a_refresh_storm() {
    let world = World::logged_in();
    world.age_access_token("default", 600);
    for _ in 0..5 {
        let token = get(&world, "").value("password").unwrap();
        erase(&world, refused(&world, &token)[0].clone());
    }
    assert_eq!(world.refreshes(), 1, "the new token is too young to be dropped again");
}

#[test]
fn many_callers_whose_token_was_refused_cost_one_refresh() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    world.age_access_token("default", 600);
    world.write("refused", refused(&world, &token)[0].as_bytes());
    let script = "git-credential-concur erase < refused && exec concur-cred token";
    let callers: Vec<_> = (0..40).map(|_| world.run("sh", ["-c", script]).start()).collect();
    let outputs: Vec<_> = callers.into_iter().map(|caller| caller.wait().code(0)).collect();
    let renewed = outputs[0].line();
    assert_ne!(renewed, token);
    for output in outputs {
        assert_eq!(output.line(), renewed);
    }
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn erase_of_another_or_no_token_leaves_the_account_alone() {
    let world = World::logged_in();
    let uuid = world.sandbox.app().company_uuid.clone();
    let token = world.concur(["token"]).ok().line();
    world.age_access_token("default", 600);
    let before = snapshot(&world);
    for more in [
        String::new(),
        format!("username={uuid}\n"),
        format!("username={uuid}\npassword=stale\n"),
        format!("username={uuid}\npassword=\n"),
        format!("username=somebody\npassword={token}\n"),
        format!("password={}\n", &token[..token.len() - 1]),
        "authtype=Bearer\ncredential=stale\n".to_owned(),
        format!("password={token}x\n"),
    ] {
        erase(&world, world.request(&more));
        assert_eq!(snapshot(&world), before, "{more}");
    }
    let without_path = format!("protocol=https\nhost={}\npassword={token}\n\n", world.host());
    erase(&world, without_path);
    assert_eq!(snapshot(&world), before);
}

#[test]
fn erase_never_destroys_the_refresh_token() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    world.age_access_token("default", 600);
    for request in refused(&world, &token) {
        erase(&world, request);
    }
    let cell: Option<Vec<u8>> = world.column("default", "refresh_token");
    assert!(cell.is_some(), "the refresh token is still there");
    let run = world.helper(["get", "--with-refresh-token"]).stdin(world.request(""));
    let kept = run.ok().value("oauth_refresh_token").unwrap();
    assert!(world.sandbox.is_current_refresh_token(&kept));
}

/// A world that requires a new login.
fn rejected() -> World {
    let world = World::logged_in_with(one_login());
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    world
}

#[test]
fn quit_is_the_whole_answer_when_a_new_login_is_required() {
    let world = rejected();
    for more in ["", "capability[]=authtype\n", "path=x\n"] {
        let output = world.helper(["get"]).stdin(world.request(more)).output().code(4);
        assert_eq!(output.text(), "quit=1\n", "{more:?}\n{output:?}");
        drop(output.says("error: default: ").says("concur-cred login --profile default"));
    }
    let output = world.concur(["get"]).stdin(world.request("")).output().code(4);
    assert_eq!(output.text(), "quit=1\n", "under the other name too");
    assert_eq!(world.refreshes(), 1, "a refused refresh token is not tried again and again");
}

#[test]
fn quit_is_not_sent_for_another_host_or_user() {
    let world = rejected();
    for request in [
        "protocol=https\nhost=git.example\n\n".to_owned(),
        "protocol=https\nhost=us2.api.concursolutions.com\n\n".to_owned(),
        format!("protocol=https\nhost={}\n\n", world.host()),
        world.request("username=somebody\n"),
    ] {
        assert_nothing(&ask(&world, request).silent());
    }
}

#[test]
fn git_gets_a_refreshed_token_with_a_future_expiry() {
    let world = World::logged_in();
    world.expire("default");
    let output = get(&world, "capability[]=authtype\n").silent();
    assert!(world.sandbox.is_live_access_token(&output.value("credential").unwrap()));
    let expires: i64 = output.value("password_expiry_utc").unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&(expires - now())), "{expires}");
}

//! Parts of the helper protocol other than the host: quit, the schemes of a server, text before a
//! request, and the fields of an expired credential.

use concur_sandbox::Fault;

use super::common::{ask, assert_nothing, get, now, one_login, snapshot, store};
use crate::harness::{Run, World};

const ASKED: &str = "protocol=https\nhost=git.example\n\n";

/// `quit=1`, alone, with an error on stderr.
fn quits(run: Run, code: i32) {
    let output = run.output().code(code);
    assert_eq!(output.text(), "quit=1\n", "{output:?}");
    assert!(output.stderr.contains("error: "), "{output:?}");
}

#[test]
fn quit_is_sent_whenever_a_managed_token_cannot_be_obtained() {
    for more in ["", "capability[]=authtype\n", "path=x\n"] {
        let world = World::logged_in();
        world.expire("default");
        let asked = || world.helper(["get"]).stdin(world.request(more));
        let cached = world.helper(["get", "--cached"]).stdin(world.request(more));
        quits(cached, 5);
        world.sandbox.fault_always(Fault::too_many_requests(600));
        quits(asked(), 5);
        quits(asked(), 5);
        quits(world.concur(["get"]).stdin(world.request(more)), 5);
    }
    let rejected = World::logged_in_with(one_login());
    rejected.sandbox.revoke_refresh_tokens();
    rejected.expire("default");
    quits(rejected.helper(["get"]).stdin(rejected.request("")), 4);
}

#[test]
fn quit_is_sent_when_key_or_cells_are_damaged() {
    let world = World::logged_in();
    let asked = || world.helper(["get"]).stdin(world.request(""));
    let key = world.config_dir().join("key");
    let away = world.config_dir().join("away");
    std::fs::rename(&key, &away).unwrap();
    quits(asked(), 6);
    std::fs::rename(&away, &key).unwrap();
    let cells = "UPDATE record SET access_token = zeroblob(80), refresh_token = zeroblob(80)";
    world.database().execute(cells, []).unwrap();
    quits(asked(), 6);
}

#[test]
fn quit_is_not_sent_when_no_account_matches() {
    let world = World::with(one_login());
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    world.sandbox.revoke_refresh_tokens();
    world.expire("one");
    world.expire("two");
    drop(world.concur(["logout", "--profile", "one"]).ok());
    drop(world.login("three", &world.sandbox.add_company()));
    world.forget_default_profile();
    let asked = |more: &str| world.helper(["get"]).stdin(world.request(more));
    assert_nothing(&asked("").ok().says("--profile"));
    assert_nothing(&asked("username=somebody\n").ok().silent());
    assert_nothing(&world.helper(["--profile", "nowhere", "get"]).stdin(world.request("")).ok());
    std::fs::write(world.store_file(), "not a database, and long enough to be read as one")
        .unwrap();
    let output = asked("").output();
    assert_nothing(&output);
    assert_eq!(output.code, Some(6), "a store that cannot be opened\n{output:?}");
}

#[test]
fn a_bazel_failure_contains_no_git_fields() {
    let world = World::logged_in();
    world.expire("default");
    let uri = serde_json::json!({ "uri": world.sandbox.origin() }).to_string();
    assert_nothing(&world.concur(["get", "--cached"]).stdin(uri).fails(5));
}

#[test]
fn a_server_that_does_not_offer_bearer_gets_user_name_and_password() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let asked = |more: &str| get(&world, &format!("capability[]=authtype\n{more}")).silent();
    for more in [
        "wwwauth[]=Basic\n",
        "wwwauth[]=basic realm=\"x\"\n",
        "wwwauth[]=Negotiate\nwwwauth[]=Basic realm=\"x, Bearer y\"\n",
        "wwwauth[]=Bearer\nwwwauth[]=\nwwwauth[]=Basic\n",
        "wwwauth[]=Digest bearer=1, qop=\"auth\"\n",
    ] {
        let answer = asked(more);
        assert_eq!(answer.value("password").as_ref(), Some(&token), "{more:?}");
        assert_eq!(answer.value("authtype"), None, "{more:?}");
        assert_eq!(answer.value("capability[]"), None, "{more:?}");
        assert_eq!(answer.value("username"), Some(world.sandbox.app().company_uuid.clone()));
    }
    for more in [
        "",
        "wwwauth[]=\n",
        "wwwauth[]=Bearer\n",
        "wwwauth[]=bearer realm=\"x\"\n",
        "wwwauth[]=Basic\nwwwauth[]=Bearer\n",
        "wwwauth[]=Basic realm=\"x\", BEARER realm=\"y\"\n",
        "wwwauth[]=Basic\nwwwauth[]=\n",
    ] {
        assert_eq!(asked(more).value("credential").as_ref(), Some(&token), "{more:?}");
    }
    let plain = get(&world, "wwwauth[]=Bearer\n").silent();
    assert_eq!(plain.value("password"), Some(token), "without the capability there is one form");
}

#[test]
fn a_leading_bom_or_blank_line_is_skipped_only_under_our_own_name() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    for before in ["\n", "\r\n", "\n\n\r\n\n", "\u{feff}", "\u{feff}\n", "\u{feff}\r\n\r\n"] {
        let request = format!("{before}{}", world.request(""));
        for args in [&["get"][..], &["get", "--protocol", "git"]] {
            let answer = world.concur(args).stdin(request.clone()).ok().silent();
            assert_eq!(answer.value("password").as_ref(), Some(&token), "{before:?} {args:?}");
        }
        let crlf = request.replace("\r\n", "\n").replace('\n', "\r\n");
        let answer = world.concur(["get"]).stdin(crlf).ok().silent();
        assert_eq!(answer.value("password").as_ref(), Some(&token), "{before:?} with CRLF");
        let bazel = format!("{before}{}", serde_json::json!({ "uri": world.sandbox.origin() }));
        let answer = world.concur(["get"]).stdin(bazel).ok().silent();
        assert!(answer.text().contains("Bearer "), "{before:?}");
        let other = "protocol=https\nhost=git.example\nusername=me\n";
        drop(world.concur(["store"]).stdin(format!("{before}{other}password=p\n\n")).ok().silent());
        assert_eq!(ask(&world, ASKED).value("password").as_deref(), Some("p"), "{before:?}");
        drop(world.concur(["erase"]).stdin(format!("{before}{other}\n")).ok().silent());
        assert_nothing(&ask(&world, ASKED).silent());
    }
}

#[test]
fn under_gits_name_a_blank_first_line_ends_the_request_and_a_bom_is_part_of_a_key() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let before = snapshot(&world);
    let lines = world.request(&format!("username=me\npassword={token}\n"));
    for verb in ["get", "store", "erase"] {
        for blank in ["\n", "\r\n", "\n\u{feff}"] {
            let run = world.helper([verb]).stdin(format!("{blank}{lines}"));
            assert_nothing(&run.ok().silent());
        }
        let marked = world.helper([verb]).stdin(format!("\u{feff}{lines}"));
        assert_nothing(&marked.fails(2));
    }
    let marked = world.helper(["get"]).stdin(format!("\u{feff}x=1\n{}", world.request("")));
    assert_eq!(marked.ok().value("password"), Some(token), "an unknown key is ignored");
    assert_eq!(snapshot(&world), before);
}

#[test]
fn blank_input_is_no_request_and_prints_no_token() {
    let world = World::logged_in();
    for input in ["\n", "\r\n\n", "\u{feff}", "\u{feff}\r\n", "\u{feff}\u{feff}\n", " \n", "\r"] {
        assert_nothing(&world.concur(["get"]).stdin(input).fails(2).says("concur-cred token"));
    }
    let endless = "\n".repeat(2 << 20);
    assert_nothing(&world.concur(["get"]).stdin(endless).fails(2));
}

#[test]
fn an_expired_credential_returns_user_name_and_refresh_token_without_password() {
    let keep = |world: &World, more: &str| {
        store(world, format!("protocol=https\nhost=git.example\n{more}\n"));
    };
    let world = World::new();
    keep(&world, "username=me\npassword=old\npassword_expiry_utc=1\noauth_refresh_token=r\n");
    for more in ["", "username=me\n", "capability[]=authtype\n", "wwwauth[]=Basic\n"] {
        let request = format!("protocol=https\nhost=git.example\n{more}\n");
        assert_eq!(ask(&world, request).silent().text(), "username=me\noauth_refresh_token=r\n");
    }
    assert_nothing(&ask(&world, "protocol=https\nhost=git.example\nusername=you\n\n").silent());
    keep(&world, &format!("username=me\npassword=new\npassword_expiry_utc={}\n", now() + 600));
    assert_eq!(ask(&world, ASKED).value("password").as_deref(), Some("new"));
    let later = world.helper(["get"]).at_offset(601).stdin(ASKED).ok().silent();
    assert_nothing(&later);

    let world = World::new();
    keep(&world, "username=me\npassword=old\npassword_expiry_utc=1\noauth_refresh_token=\n");
    assert_nothing(&ask(&world, ASKED).silent());
    let bearer = "authtype=Bearer\ncredential=old\npassword_expiry_utc=1\noauth_refresh_token=r\n";
    keep(&world, bearer);
    let capable = format!("capability[]=authtype\n{ASKED}");
    assert_eq!(ask(&world, capable).silent().text(), "oauth_refresh_token=r\n");
    assert_nothing(&ask(&world, ASKED).silent());
    keep(&world, "username=valid\npassword=p\n");
    keep(&world, "username=me\npassword=old\npassword_expiry_utc=1\noauth_refresh_token=r\n");
    let answer = ask(&world, ASKED).silent();
    assert_eq!(answer.value("password").as_deref(), Some("p"), "one that is valid comes first");
}

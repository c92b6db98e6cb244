//! The host of a request: origins are compared as origins, only Concur's hosts have `www-` twins, and no
//! host that URL parsers read differently is answered.

use serde_json::json;

use super::common::{ask, assert_nothing, erase, snapshot, store};
use crate::harness::cells;
use crate::harness::{Output, World};

/// A world whose only profile has this base URL, and its access token; no request goes there.
fn at(base_url: &str) -> (World, String) {
    let world = World::logged_in();
    let app = world.sandbox.app().clone();
    let file = world.sandbox.refresh_token_object_file(&app, 120);
    let mut file: serde_json::Value = serde_json::from_str(&file).unwrap();
    file["geolocation"] = base_url.into();
    world.write("tokens.json", file.to_string());
    let import = ["import", "tokens.json", "--profile", "there", "--credentials"];
    let import = world.concur(import).arg("credentials-default.json");
    drop(import.env("CONCUR_CRED_ALLOWED_ORIGINS", base_url).ok());
    drop(world.concur(["logout", "--profile", "default"]).ok());
    let token = world.concur(["token"]).ok().silent().line();
    (world, token)
}

fn git(world: &World, protocol: &str, host: &str) -> Output {
    ask(world, format!("protocol={protocol}\nhost={host}\n\n")).silent()
}

fn bazel(world: &World, uri: &str) -> Output {
    world.concur(["get"]).stdin(json!({ "uri": uri }).to_string()).output()
}

/// `api` with an unreachable proxy: 5 if a request would be sent, 2 if the PATH is refused.
fn api(world: &World, url: &str) -> Output {
    let run = world.concur(["api", url]).env("CONCUR_CRED_PROXY", "http://127.0.0.1:9");
    run.env("CONCUR_CRED_ALLOWED_ORIGINS", "https://gateway.example").output()
}

#[test]
fn a_host_of_concurs_is_answered_under_its_www_twin_too() {
    let (world, token) = at("https://us2.api.concursolutions.com");
    for host in [
        "us2.api.concursolutions.com",
        "www-us2.api.concursolutions.com",
        "WWW-US2.api.concursolutions.com",
        "www-us2.api.concursolutions.com:443",
    ] {
        let password = git(&world, "https", host).value("password");
        assert_eq!(password.as_ref(), Some(&token), "{host}");
        let answer = bazel(&world, &format!("https://{host}/a")).code(0).silent().json();
        assert_eq!(answer["headers"]["Authorization"][0], format!("Bearer {token}"), "{host}");
        assert_eq!(api(&world, &format!("https://{host}/a")).code, Some(5), "{host}");
    }
    for host in [
        "www-eu2.api.concursolutions.com",
        "www-www-us2.api.concursolutions.com",
        "www-us2.api.concursolutions.com:8443",
        "www-us2.api.concursolutions.com.evil.example",
        "www.us2.api.concursolutions.com",
        "wwwus2.api.concursolutions.com",
    ] {
        assert_nothing(&git(&world, "https", host));
        assert_eq!(bazel(&world, &format!("https://{host}/a")).code(0).text(), "{}\n", "{host}");
        let refused = api(&world, &format!("https://{host}/a")).code(2);
        assert_nothing(&refused.says("another origin"));
    }
    assert_nothing(&git(&world, "http", "www-us2.api.concursolutions.com"));
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn store_under_the_www_twin_is_ignored_and_erase_drops_the_token() {
    let (world, token) = at("https://us2.api.concursolutions.com");
    let twin = "protocol=https\nhost=www-us2.api.concursolutions.com\n";
    let before = snapshot(&world);
    let uuid: String = world.column("there", "principal");
    store(&world, format!("{twin}username={uuid}\npassword=planted\n\n"));
    assert_eq!(snapshot(&world), before);
    erase(&world, format!("{twin}password={token}\n\n"));
    let cell: Option<Vec<u8>> = world.column("there", "access_token");
    assert_eq!(cell, None, "the next get refreshes");
}

#[test]
fn the_www_name_of_any_other_host_is_a_different_host() {
    let (world, token) = at("https://gateway.example");
    assert_eq!(git(&world, "https", "gateway.example").value("password"), Some(token));
    for host in ["www-gateway.example", "WWW-gateway.example", "www-gateway.example:443"] {
        assert_nothing(&git(&world, "https", host));
        let bearer = format!("capability[]=authtype\nprotocol=https\nhost={host}\n\n");
        assert_nothing(&ask(&world, bearer).silent());
        assert_eq!(bazel(&world, &format!("https://{host}/")).code(0).text(), "{}\n", "{host}");
        assert_nothing(&api(&world, &format!("https://{host}/")).code(2));
    }
    let planted = "protocol=https\nhost=www-gateway.example\nusername=me\npassword=p\n\n";
    store(&world, planted);
    let own = git(&world, "https", "www-gateway.example");
    assert_eq!(
        own.value("password").as_deref(),
        Some("p"),
        "a credential stored for it is separate"
    );
}

#[test]
fn a_default_port_makes_no_other_origin_of_a_managed_account() {
    let (world, token) = at("https://us2.api.concursolutions.com");
    let answer = git(&world, "https", "us2.api.concursolutions.com:443");
    assert_eq!(answer.value("password").as_ref(), Some(&token));
    let answer = bazel(&world, "https://us2.api.concursolutions.com:443/a").code(0).json();
    assert_eq!(answer["headers"]["Authorization"][0], format!("Bearer {token}"));
    assert_eq!(api(&world, "https://us2.api.concursolutions.com:443/a").code, Some(5));
    for port in ["80", "4433", "44", "0443", ""] {
        assert_nothing(&git(&world, "https", &format!("us2.api.concursolutions.com:{port}")));
    }
    let before = snapshot(&world);
    store(
        &world,
        "protocol=https\nhost=us2.api.concursolutions.com:443\nauthtype=Bearer\ncredential=x\n\n",
    );
    assert_eq!(snapshot(&world), before, "nothing is stored");
    let erased = "protocol=https\nhost=us2.api.concursolutions.com:443\n";
    erase(&world, format!("{erased}password={token}\n\n"));
    let cell: Option<Vec<u8>> = world.column("there", "access_token");
    assert_eq!(cell, None);
}

#[test]
fn a_default_port_makes_no_other_origin_of_a_stored_credential() {
    for (protocol, plain, with_port) in [
        ("https", "git.example", "git.example:443"),
        ("http", "git.example", "git.example:80"),
        ("https", "[::1]", "[::1]:443"),
    ] {
        for (stored, asked) in [(plain, with_port), (with_port, plain), (with_port, with_port)] {
            let world = World::new();
            let keep = |host: &str, password: &str| {
                let line = format!("protocol={protocol}\nhost={host}\nusername=me\n");
                store(&world, format!("{line}password={password}\n\n"));
            };
            keep(stored, "one");
            assert_eq!(git(&world, protocol, asked).value("password").as_deref(), Some("one"));
            keep(asked, "two");
            let answer = git(&world, protocol, stored).value("password");
            assert_eq!(answer.as_deref(), Some("two"), "{stored} is {asked}: replaced");
            assert_nothing(&git(&world, protocol, &format!("{plain}:8443")));
            erase(&world, format!("protocol={protocol}\nhost={asked}\npassword=two\n\n"));
            assert_nothing(&git(&world, protocol, stored));
        }
    }
    let world = World::new();
    store(&world, "protocol=http\nhost=git.example:443\nusername=me\npassword=p\n\n");
    assert_nothing(&git(&world, "http", "git.example"));
    assert_nothing(&git(&world, "https", "git.example"));
}

/// Versions up to 0.1 kept a default port as it was sent.
#[test]
fn what_an_earlier_version_stored_with_its_default_port_is_found_replaced_and_erased() {
    let world = World::new();
    store(&world, "protocol=https\nhost=git.example\nusername=me\npassword=earlier\n\n");
    cells::move_to_host(&world, "git.example:443");
    let call = |verb: &str, more: &str| {
        let run = world.helper([verb]);
        run.stdin(format!("protocol=https\nhost=git.example\n{more}\n")).ok().silent()
    };
    let password = || call("get", "").value("password");
    assert_eq!(password().as_deref(), Some("earlier"));
    drop(call("store", "username=me\npassword=new\n"));
    assert_eq!(password().as_deref(), Some("new"));
    let database = world.database();
    let count = database.query_row("SELECT count(*) FROM record", [], |row| row.get(0));
    assert_eq!(count, Ok(1), "it was replaced");
    drop(call("store", "username=other\npassword=of other\n"));
    assert_eq!(password().as_deref(), Some("of other"), "the most recently stored one");
    drop(call("erase", ""));
    assert_eq!(password(), None);
}

#[test]
fn a_host_that_url_parsers_read_differently_gets_no_answer() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let port = world.host().rsplit(':').next().unwrap().to_owned();
    for name in [
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7F.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127%2e0.0.1",
        "127.0.0.1%00",
        "[::ffff:127.0.0.1]",
        "[0:0::1]",
        "\u{ff11}27.0.0.1",
        "127\u{3002}0.0.1",
    ] {
        let uri = format!("http://{name}:{port}/a");
        let refused = bazel(&world, &uri).code(2);
        assert_nothing(&refused);
        assert!(!refused.stderr.contains(name), "the input is not quoted: {refused:?}");
        assert_nothing(&world.concur(["api", &uri]).fails(2));
        assert_nothing(&git(&world, "http", &format!("{name}:{port}")));
        let planted = format!("protocol=http\nhost={name}:{port}\nusername=me\npassword=p\n\n");
        store(&world, planted);
        assert_eq!(git(&world, "http", world.host()).value("password").as_ref(), Some(&token));
    }
    for uri in ["https://us2.api.concursolutions%2ecom/", "https://10.1/", "https://012.0.0.1/"] {
        assert_nothing(&bazel(&world, uri).code(2));
    }
    let ours = bazel(&world, &format!("HTTP://127.0.0.1:{port}/")).code(0).json();
    assert_eq!(ours["headers"]["Authorization"][0], format!("Bearer {token}"));
    assert_eq!(bazel(&world, "https://Git.Example/").code(0).text(), "{}\n");
    assert_eq!(world.token_requests(), 1, "the login's");
}

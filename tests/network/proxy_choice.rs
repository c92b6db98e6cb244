//! Which proxy setting applies, and that an unusable one is never silently ignored.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::proxies;
use crate::harness::{Output, Run, World};

/// Not text in UTF-8.
fn not_text() -> &'static OsStr {
    OsStr::from_bytes(b"http://\xff\xfe:3128")
}

/// Exit code 6; no request, no attempt, no refresh token lost.
fn fails_before_anything(world: &World, run: Run) -> Output {
    let (requests, attempt) = (world.token_requests(), world.column::<i64>("default", "attempt"));
    let output = run.fails(6);
    assert_eq!(world.token_requests(), requests, "nothing was sent\n{output:?}");
    assert_eq!(world.column::<i64>("default", "attempt"), attempt, "no attempt\n{output:?}");
    output
}

#[test]
fn a_proxy_that_cannot_be_used_is_exit_6_names_its_variable_and_spends_nothing() {
    let (world, proxy) = proxies::world();
    let ca = world.work().join("ca.pem");
    let values = [
        OsStr::new("socks5://h:1080"),
        OsStr::new("socks5h://u:p@h"),
        OsStr::new("SOCKS4a://h"),
        OsStr::new("htp://h:3128"),
        OsStr::new("http://h:99999"),
        OsStr::new("http://h:3128/path"),
        OsStr::new("http//h"),
        not_text(),
    ];
    let names = ["CONCUR_CRED_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    for name in names {
        for value in values {
            let run = |args: &[&str]| {
                world.concur(args).env("CONCUR_CRED_CA_BUNDLE", &ca).env(name, value)
            };
            fails_before_anything(&world, run(&["get"])).says(name);
        }
        let run = |args: &[&str]| {
            world.concur(args).env("CONCUR_CRED_CA_BUNDLE", &ca).env(name, not_text())
        };
        let origin = world.sandbox.origin();
        let login = ["login", "--base-url", origin, "--credentials", "credentials.json"];
        fails_before_anything(&world, run(&login)).says(name);
        fails_before_anything(&world, run(&["refresh"])).says(name);
        // An invalid setting is not skipped: the next one is not used.
        let with_another = run(&["refresh"]).env("all_proxy", &proxy.url);
        if name != "all_proxy" {
            fails_before_anything(&world, with_another).says(name);
        }
    }
    // A hit sends no request.
    world.age_access_token("default", -7200);
    for args in [&["get"][..], &["token"]] {
        world.concur(args).env("HTTPS_PROXY", not_text()).ok().silent();
        world.concur(args).env("CONCUR_CRED_PROXY", "socks5://h").ok().silent();
    }
    let api = world.concur(["api", "/x"]).env("CONCUR_CRED_CA_BUNDLE", &ca);
    fails_before_anything(&world, api.env("HTTPS_PROXY", "socks5://h")).says("HTTPS_PROXY");
}

#[test]
fn a_proxy_setting_is_validated_only_where_it_would_be_used() {
    let (world, proxy) = proxies::world();
    let ca = world.work().join("ca.pem");
    let refresh = || world.concur(["refresh"]).env("CONCUR_CRED_CA_BUNDLE", &ca);
    let bad = [OsStr::new("socks://127.0.0.1:1080"), not_text()];
    for bad in bad {
        // Desktops set both; the more specific one decides.
        refresh().env("ALL_PROXY", bad).env("HTTPS_PROXY", &proxy.url).ok();
        refresh().env("HTTPS_PROXY", bad).env("CONCUR_CRED_PROXY", &proxy.url).ok();
        // Only for http, which is not used through a proxy here.
        refresh().env("HTTP_PROXY", bad).env("HTTPS_PROXY", &proxy.url).ok();
        refresh().env("NO_PROXY", bad).env("CONCUR_CRED_PROXY", "direct").fails(5);
    }
    let loopback = World::logged_in();
    for name in ["CONCUR_CRED_PROXY", "HTTPS_PROXY", "all_proxy", "NO_PROXY"] {
        for bad in bad {
            loopback.concur(["refresh"]).env(name, bad).ok();
        }
    }
    let no_proxy = refresh().env("NO_PROXY", not_text()).env("HTTPS_PROXY", &proxy.url);
    fails_before_anything(&world, no_proxy).says("NO_PROXY");
    // A blank one is not set.
    refresh().env("HTTPS_PROXY", " \n").env("ALL_PROXY", format!(" {}\r\n", proxy.url)).ok();
}

#[test]
fn no_proxy_is_read_as_curl_and_go_read_it() {
    let (world, proxy) = proxies::world();
    let ca = world.work().join("ca.pem");
    let port = world.sandbox.origin().rsplit(':').next().unwrap().to_owned();
    let went_through = |no_proxy: &str| {
        let run = world.concur(["refresh"]).env("CONCUR_CRED_CA_BUNDLE", &ca);
        let output =
            run.env("HTTPS_PROXY", &proxy.url).env("NO_PROXY", no_proxy).at_offset(6).output();
        // Without the proxy the name is unknown.
        assert!([Some(0), Some(5)].contains(&output.code), "{output:?}");
        output.code == Some(0)
    };
    for no_proxy in [
        "*",
        "concur.invalid",
        "CONCUR.Invalid",
        "concur.invalid.",
        ".invalid",
        "*.invalid",
        "invalid",
        "x.example concur.invalid",
        "x.example,\tconcur.invalid\n",
        &format!("concur.invalid:{port}"),
        &format!("*.invalid:{port}"),
    ] {
        assert!(!went_through(no_proxy), "{no_proxy:?} exempts it");
    }
    for no_proxy in
        ["", "ncur.invalid", "*.concur.invalid", "concur.invalid:1", "10.0.0.0/8", "nvalid"]
    {
        assert!(went_through(no_proxy), "{no_proxy:?} does not");
    }
}

#[test]
fn no_proxy_is_validated_only_where_a_proxy_is_set() {
    let (world, _proxy) = proxies::world();
    let ca = world.work().join("ca.pem");
    let refresh = || world.concur(["refresh"]).env("CONCUR_CRED_CA_BUNDLE", &ca);
    for name in ["NO_PROXY", "no_proxy"] {
        // Direct: the name is unknown.
        refresh().env(name, not_text()).at_offset(6).fails(5).says("could not connect to");
    }
    let logout = world.concur(["logout", "--revoke", "--yes"]).env("CONCUR_CRED_CA_BUNDLE", &ca);
    logout.env("HTTPS_PROXY", "socks5://h").fails(6).says("HTTPS_PROXY");
    world.concur(["status"]).ok();
}

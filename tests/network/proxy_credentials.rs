//! A proxy's user name and password: sent unchanged, never shown.

use base64::prelude::{BASE64_STANDARD, Engine};

use super::proxies::{self, Proxy};
use crate::harness::{Run, World};

/// No part of it may be seen anywhere.
const USER: &str = "me-pr0xy@corp.test";
/// Each as it is written in the URL, and its value.
const PASSWORDS: [(&str, &str); 11] = [
    ("hun@ter2-pr0xy", "hun@ter2-pr0xy"),
    ("hun:ter2-pr0xy", "hun:ter2-pr0xy"),
    ("hun/ter2-pr0xy", "hun/ter2-pr0xy"),
    ("hun?ter2-pr0xy", "hun?ter2-pr0xy"),
    ("hun#ter2-pr0xy", "hun#ter2-pr0xy"),
    ("hun%ter2-pr0xy", "hun%ter2-pr0xy"),
    ("hun%40ter2%2Dpr0xy", "hun@ter2-pr0xy"),
    ("hun://ter2-pr0xy", "hun://ter2-pr0xy"),
    ("hün|ter2-pr0xy", "hün|ter2-pr0xy"),
    ("1234/@@ter2-pr0xy", "1234/@@ter2-pr0xy"),
    ("hun ter2-pr0xy", "hun ter2-pr0xy"),
];
/// The variables that name the proxy of https, and whether it can be named without a scheme.
const VARIABLES: [(&str, bool); 5] = [
    ("HTTPS_PROXY", true),
    ("https_proxy", true),
    ("ALL_PROXY", true),
    ("all_proxy", true),
    ("CONCUR_CRED_PROXY", false),
];

/// The texts that must not appear anywhere, for a password in this encoding.
fn parts(written: &str, meant: &str) -> Vec<String> {
    let longest = meant.rsplit(['@', ':', '/', '?', '#', '%', ' ']).next().unwrap();
    vec![
        USER.to_owned(),
        "me-pr0xy".to_owned(),
        "corp.test".to_owned(),
        written.to_owned(),
        longest.to_owned(),
        BASE64_STANDARD.encode(format!("{USER}:{meant}")),
    ]
}

fn assert_unseen(bytes: &[u8], parts: &[String], what: &str) {
    let text = String::from_utf8_lossy(bytes);
    for part in parts {
        assert!(!text.contains(part), "{part} is in {what}:\n{text}");
    }
}

/// Everything that the program wrote.
fn assert_unseen_in_files(world: &World, parts: &[String]) {
    let (mut left, mut seen) = (vec![world.home(), world.work()], 0);
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if !path.ends_with("config.toml") {
            assert_unseen(&std::fs::read(&path).unwrap(), parts, &path.display().to_string());
            seen += 1;
        }
    }
    assert!(seen > 5, "store, audit log, trace and more were searched");
}

/// `scheme://USER:PASSWORD@…` of a URL without user information.
fn with_user(url: &str, password: &str, has_scheme: bool) -> String {
    let place = url.trim_start_matches("http://");
    let scheme = if has_scheme { "http://" } else { "" };
    format!("{scheme}{USER}:{password}@{place}")
}

fn expect_sent(proxy: &Proxy, meant: &str, what: &str) {
    let expected = BASE64_STANDARD.encode(format!("{USER}:{meant}"));
    let head = proxy.newest_head();
    let sent = head.iter().find_map(|line| {
        let (name, value) = line.split_once(": Basic ")?;
        name.eq_ignore_ascii_case("proxy-authorization").then_some(value)
    });
    assert_eq!(sent, Some(expected.as_str()), "{what}: {head:?}");
}

#[test]
fn every_setting_sends_a_password_of_any_characters_and_never_shows_it() {
    let (world, proxy) = proxies::world();
    let trace = world.work().join("trace.txt");
    let ca = world.work().join("ca.pem");
    for (at, (written, meant)) in PASSWORDS.into_iter().enumerate() {
        let parts = parts(written, meant);
        // The first by every variable, each of the others by one.
        let by = if at == 0 { &VARIABLES[..] } else { &VARIABLES[at % 4..=at % 4] };
        for (name, may_lack_scheme) in by.iter().copied() {
            for has_scheme in [true, false] {
                if !has_scheme && !may_lack_scheme {
                    continue;
                }
                let url = with_user(&proxy.url, written, has_scheme);
                let run = world.concur(["refresh"]).env("CONCUR_CRED_CA_BUNDLE", &ca);
                let output = run.env(name, &url).env("CONCUR_CRED_TRACE", &trace).ok();
                expect_sent(&proxy, meant, &format!("{name}={url}"));
                assert_unseen(output.stderr.as_bytes(), &parts, "stderr");
            }
        }
        assert_unseen_in_files(&world, &parts);
    }
    let (written, meant) = PASSWORDS[0];
    let line = format!("proxy = \"{}\"\n", with_user(&proxy.url, written, true));
    std::fs::write(world.config_dir().join("config.toml"), line).unwrap();
    let config = world.config_dir().join("config.toml");
    crate::harness::set_mode(&config, 0o600);
    world.concur(["refresh"]).env("CONCUR_CRED_CA_BUNDLE", &ca).ok();
    expect_sent(&proxy, meant, "config.toml");
}

/// Every command's message about an unreachable proxy, and every display of the settings.
#[test]
fn no_proxy_error_shows_the_password() {
    let (world, _proxy) = proxies::world();
    let ca = world.work().join("ca.pem");
    let trace = world.work().join("trace.txt");
    let origin = world.sandbox.origin().to_owned();
    let commands = [
        &["get"][..],
        &["refresh"],
        &["api", "/x"],
        &["login", "--base-url", &origin, "--credentials", "credentials.json"],
        &["logout", "--revoke", "--yes"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["doctor", "--report", "-"],
        &["log"],
        &["log", "--json"],
        &["status", "--json"],
        &["keepalive"],
        &["keepalive", "--install", "cron", "--print"],
    ];
    // Not there; not a host; not a port; not a scheme; SOCKS.
    let places =
        ["http://@127.0.0.1:1", "http://@127.0.0.1:x", "http://@", "ftp://@h:1", "socks5://@h:1"];
    let all = || VARIABLES.into_iter().map(|(name, _)| name).chain(["HTTP_PROXY", "http_proxy"]);
    for (at, place) in places.into_iter().enumerate() {
        let (written, meant) = PASSWORDS[at];
        let url = place.replacen('@', &format!("{USER}:{written}@"), 1);
        let parts = parts(written, meant);
        for name in all() {
            let run = |args: &[&str]| -> Run {
                let run = world.concur(args).env("CONCUR_CRED_CA_BUNDLE", &ca);
                run.env(name, &url).env("CONCUR_CRED_TRACE", &trace)
            };
            // All of them by the first variable, the pages and a request by each.
            let every = name == "HTTPS_PROXY";
            for args in
                commands.iter().filter(|args| every || ["config", "doctor"].contains(&args[0]))
            {
                let output = run(args).at_offset(6).output();
                assert_unseen(output.stderr.as_bytes(), &parts, &format!("{name} {args:?} stderr"));
                assert_unseen(&output.stdout, &parts, &format!("{name} {args:?} stdout"));
            }
        }
        assert_unseen_in_files(&world, &parts);
    }
}

#[test]
fn no_url_setting_shows_its_user_information() {
    let world = World::logged_in();
    let url = format!("https://{USER}:hun@ter2-pr0xy@service.example");
    let parts = parts("hun@ter2-pr0xy", "hun@ter2-pr0xy");
    for args in [
        &["login", "--base-url", &url][..],
        &["import", "--base-url", &url],
        &["api", &url],
        &["get", "--format", &url],
    ] {
        let output = world.concur(args).output();
        assert_ne!(output.code, Some(0), "{output:?}");
        // What clap refuses it quotes at another place; here it is our own message.
        if args[0] != "get" {
            assert_unseen(output.stderr.as_bytes(), &parts, &format!("{args:?}"));
        }
    }
    for args in [&["token"][..], &["config", "show"], &["doctor"], &["doctor", "--report", "-"]] {
        let output = world.concur(args).env("CONCUR_CRED_ALLOWED_ORIGINS", &url).output().code(6);
        assert_unseen(output.stderr.as_bytes(), &parts, "stderr");
        assert_unseen(&output.stdout, &parts, "stdout");
    }
}

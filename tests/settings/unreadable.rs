//! A setting that cannot be read is an error that names it, and never treated as unset; white space
//! around a value is ignored.
#![cfg(unix)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::configure;
use crate::harness::{Output, Run, World};

/// Not text in UTF-8.
fn not_text() -> &'static OsStr {
    OsStr::from_bytes(b"s3cr3t\xff\xfe")
}

/// Asserts exit code 6 and the variable's name; no request, no quoted value, no file in the current folder.
fn refused(world: &World, run: Run, name: &str) -> Output {
    let (requests, files) =
        (world.token_requests(), std::fs::read_dir(world.work()).unwrap().count());
    let output = run.fails(6).says(name);
    assert!(!output.stderr.contains("s3cr3t"), "{output:?}");
    assert_eq!(world.token_requests(), requests, "nothing was sent\n{output:?}");
    let after = std::fs::read_dir(world.work()).unwrap().count();
    assert_eq!(after, files, "nothing is made in the current folder\n{output:?}");
    output
}

#[test]
fn a_setting_that_is_not_text_is_named_by_every_command_that_reads_it() {
    let world = World::logged_in();
    let other = world.sandbox.add_company();
    world.login("other", &other);
    world.concur(["use", "other"]).ok();
    let request = world.request("");
    for name in [
        "CONCUR_CRED_PROFILE",
        "CONCUR_CRED_DEFAULT_PROFILE",
        "CONCUR_CRED_MIN_TTL",
        "CONCUR_CRED_LOCK_TIMEOUT",
        "CONCUR_CRED_HTTP_TIMEOUT",
        "CONCUR_CRED_ALLOWED_ORIGINS",
    ] {
        let run = |args: &[&str]| world.concur(args).env(name, not_text());
        refused(&world, run(&["get"]), name);
        refused(&world, run(&["token"]), name);
        refused(&world, run(&["get"]).stdin(request.clone()), name);
        refused(&world, run(&["refresh"]), name);
        refused(&world, run(&["exec", "--", "true"]), name);
    }
    for (name, args) in [
        ("CONCUR_CRED_WARN_BEFORE", &["status"][..]),
        ("CONCUR_CRED_WARN_BEFORE", &["config", "show"]),
        ("CONCUR_CRED_KEEPALIVE_AFTER", &["keepalive"]),
        ("CONCUR_CRED_KEEPALIVE_AFTER", &["config", "show"]),
        ("CONCUR_CRED_KEY_SOURCE", &["config", "show"]),
        ("CONCUR_CRED_PROXY", &["config", "show"]),
        ("CONCUR_CRED_MIN_TTL", &["config", "show"]),
    ] {
        refused(&world, world.concur(args).env(name, not_text()), name);
    }
    let file = world.write("credentials.json", "{}");
    for name in [
        "CONCUR_CRED_CLIENT_ID",
        "CONCUR_CRED_CLIENT_SECRET",
        "CONCUR_CRED_COMPANY",
        "CONCUR_CRED_REQUEST_TOKEN",
    ] {
        let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
        refused(&world, login.env(name, not_text()), name);
    }
    std::fs::remove_file(file).unwrap();
    let home = world.work().join("with a key");
    let login = |key: &OsStr| {
        let app = other.clone();
        world
            .concur(["login", "--base-url", world.sandbox.origin()])
            .env("CONCUR_CRED_HOME", &home)
            .env("CONCUR_CRED_KEY", key)
            .env("CONCUR_CRED_CLIENT_ID", format!(" {}\n", app.client_id))
            .env("CONCUR_CRED_CLIENT_SECRET", format!("{}\r\n", app.client_secret))
            .env("CONCUR_CRED_COMPANY", format!("{}\n", app.company_uuid))
            .env("CONCUR_CRED_REQUEST_TOKEN", format!("\t{} \n", app.request_token))
    };
    login(not_text()).fails(6).says("CONCUR_CRED_KEY");
    assert!(!home.join("key").exists(), "no other key is made");
    // CI secrets end in newlines.
    login(OsStr::new(" MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTL/\n")).fails(6);
    let key = "Uc17XpDrdZxuyIGnfcKpIAtExDjkFriCv5qHwz3+7dw=";
    login(OsStr::new(&format!(" {key}\r\n"))).ok();
}

#[test]
fn white_space_around_a_value_is_ignored() {
    let world = World::logged_in();
    let shown = |name: &str, value: &str| {
        let output = world.concur(["config", "show", "--json"]).env(name, value).ok().json();
        let key = name.trim_start_matches("CONCUR_CRED_").to_lowercase();
        let all = output["settings"].as_array().unwrap().clone();
        all.into_iter().find(|setting| setting["key"] == key.as_str()).unwrap()["value"].clone()
    };
    for (name, value, expected) in [
        ("CONCUR_CRED_MIN_TTL", " 2m\n", "2m"),
        ("CONCUR_CRED_DEFAULT_PROFILE", "default\r\n", "default"),
        ("CONCUR_CRED_LOCK_TIMEOUT", "\t7s ", "7s"),
        ("CONCUR_CRED_HTTP_TIMEOUT", "30\n", "30s"),
        ("CONCUR_CRED_ALLOWED_ORIGINS", "\nhttps://a.example\n", "https://a.example"),
        ("CONCUR_CRED_CA_BUNDLE", "/etc/ca.pem\n", "/etc/ca.pem"),
        ("CONCUR_CRED_CLIENT_CERT", " /etc/me.pem\n", "/etc/me.pem"),
        ("CONCUR_CRED_PROXY", " direct\n", "direct"),
        ("CONCUR_CRED_WARN_BEFORE", "9d\n", "9d"),
        ("CONCUR_CRED_KEEPALIVE_AFTER", "9d\n", "9d"),
        ("CONCUR_CRED_KEY_SOURCE", "file\n", "file"),
    ] {
        assert_eq!(shown(name, value), expected, "{name}={value:?}");
        let config = world.concur(["config", "show", "--json"]).ok().json();
        let blank = world.concur(["config", "show", "--json"]).env(name, " \n").ok().json();
        assert_eq!(blank["settings"], config["settings"], "a blank {name} is not set");
    }
    let token = world.concur(["token"]).ok().line();
    let get = |name: &str, value: String| {
        assert_eq!(world.concur(["token"]).env(name, value).ok().silent().line(), token, "{name}");
    };
    get("CONCUR_CRED_PROFILE", "default\n".to_owned());
    let file = world.write("other.toml", "min_ttl = 61\n");
    get("CONCUR_CRED_CONFIG", format!("{}\n", file.display()));
    let home = World::new();
    let place = format!("{}\n", home.home().join("here").display());
    home.concur(["token"]).env("CONCUR_CRED_HOME", place).fails(3);
    world.concur(["token"]).env("CONCUR_CRED_TRACE", "1\n").ok().says("trace: ");
    world.concur(["token"]).env("CONCUR_CRED_TRACE", " 0\n").ok().silent();
}

#[test]
fn a_folder_that_is_not_absolute_is_refused_and_nothing_is_made_there() {
    let world = World::new();
    let credentials = world.write("credentials.json", world.sandbox.credentials_json());
    for name in ["CONCUR_CRED_HOME", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        for value in ["relative", "./here", "../up", ".", "~", "~/concur", "$HOME/x"] {
            let run = |args: &[&str]| world.concur(args).env(name, value);
            for args in [
                &["get"][..],
                &["token"],
                &["status"],
                &["log"],
                &["doctor", "--offline"],
                &["config", "show"],
                &["config", "path"],
                &["key", "show-source"],
                &["keepalive", "--install", "cron", "--print"],
            ] {
                refused(&world, run(args), name);
            }
            let login = run(&["login", "--base-url", world.sandbox.origin(), "--credentials"]);
            refused(&world, login.arg(&credentials), name);
            refused(&world, run(&["get"]).stdin(world.request("")), name);
            run(&["--version"]).ok().silent();
            run(&["--help"]).ok().silent();
            run(&["completions", "bash"]).ok().silent();
        }
    }
    // The more specific setting decides, and the others are not read.
    let run = |name: &str| {
        let own = world.home().join("own");
        world.concur(["token"]).env("CONCUR_CRED_HOME", own).env(name, "relative")
    };
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
        run(name).fails(3);
    }
    let units = world.concur(["keepalive", "--install", "systemd", "--print"]);
    let own = world.home().join("own");
    units
        .env("CONCUR_CRED_HOME", own)
        .env("XDG_CONFIG_HOME", "relative")
        .fails(6)
        .says("XDG_CONFIG");
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0, "nothing was made");
    let login = world.concur(["login", "--base-url", world.sandbox.origin(), "--credentials"]);
    login.arg(&credentials).env("CREDENTIALS_DIRECTORY", "relative").fails(6).says("CREDENTIALS_D");
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn an_invalid_value_is_named_by_its_key_or_its_variable() {
    let world = World::logged_in();
    configure(&world, "default_profile = \"No Good\"\n");
    world
        .concur(["token"])
        .fails(6)
        .says("config.toml, line 1: default_profile is not a profile name.");
    configure(&world, "");
    let by_variable = world.concur(["token"]).env("CONCUR_CRED_DEFAULT_PROFILE", "No Good");
    by_variable.fails(6).says("error: CONCUR_CRED_DEFAULT_PROFILE is not");
    let origins = world.concur(["token"]).env("CONCUR_CRED_DEFAULT_PROFILE", "default");
    let origins = origins.env("CONCUR_CRED_ALLOWED_ORIGINS", "http://a.example");
    origins.fails(6).says("error: CONCUR_CRED_ALLOWED_ORIGINS is not");
}

//! https: which certificates are accepted, and the messages for others.

use std::path::{Path, PathBuf};

use concur_sandbox::{Certificate, Config, Rotation, Sandbox, Tls};

use super::support::{assert_refresh_token_is_not_lost, each};
use crate::harness::{Output, Run, World, set_mode};

const BUNDLE: &str = "CONCUR_CRED_CA_BUNDLE";

fn config(tls: Tls) -> Config {
    Config { tls: Some(tls), rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

fn shown(certificate: Certificate) -> Config {
    config(Tls { certificate, ..Tls::default() })
}

/// The CA of the world's service, as a file.
fn ca(world: &World) -> PathBuf {
    world.write("ca.pem", world.sandbox.ca_pem().unwrap())
}

fn login(world: &World) -> Run {
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", "--base-url", world.sandbox.origin(), "--credentials"]).arg(file)
}

/// A world whose service speaks https, in which `login` has made the profile `default`.
fn logged_in() -> (World, PathBuf) {
    let world = World::with(config(Tls::default()));
    let ca = ca(&world);
    login(&world).env(BUNDLE, &ca).ok();
    (world, ca)
}

/// `get` with this bundle ends so, and nothing is sent, spent or lost.
fn refuses_and_loses_nothing(world: &World, bundle: Option<&Path>, code: i32) -> Output {
    world.sandbox.clear_log();
    let get = world.concur(["get"]);
    let get = match bundle {
        Some(bundle) => get.env(BUNDLE, bundle),
        None => get,
    };
    let output = get.fails(code);
    assert_eq!(world.sandbox.requests().len(), 0, "nothing was sent\n{output:?}");
    assert_refresh_token_is_not_lost(world, &format!("{output:?}"));
    output
}

#[test]
fn login_refresh_and_get_by_https_with_the_bundle_in_the_environment() {
    let (world, ca) = logged_in();
    let first = world.concur(["get"]).ok().silent().line();
    world.expire("default");
    let second = world.concur(["get"]).env(BUNDLE, &ca).ok().silent().line();
    assert_ne!(first, second);
    assert!(world.sandbox.is_live_access_token(&second));
    world.concur(["refresh"]).env(BUNDLE, "ca.pem").ok();
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn a_bundle_in_the_configuration_works_by_relative_path() {
    let world = World::with(config(Tls::default()));
    let ca = ca(&world);
    std::fs::create_dir_all(world.config_dir()).unwrap();
    set_mode(&world.config_dir(), 0o700);
    std::fs::copy(&ca, world.config_dir().join("roots.pem")).unwrap();
    std::fs::write(world.config_dir().join("config.toml"), "ca_bundle = \"roots.pem\"\n").unwrap();
    set_mode(&world.config_dir().join("config.toml"), 0o600);
    login(&world).ok();
    world.expire("default");
    world.concur(["get"]).in_folder("/").ok().silent();
    assert_eq!(world.refreshes(), 1);
    world.expire("default");
    let output = refuses_and_loses_nothing(&world, Some(Path::new("roots.pem")), 6);
    output.says("ca_bundle");
}

#[test]
fn an_unknown_issuer_is_named_with_the_setting_that_helps() {
    let (world, ca) = logged_in();
    world.expire("default");
    let output = refuses_and_loses_nothing(&world, None, 5);
    output.says("is not from a trusted issuer").says("set ca_bundle");
    // Another caller, who has the bundle, is held up by it for five seconds.
    world.concur(["get"]).env(BUNDLE, &ca).at_offset(6).ok();
    let other = World::with(config(Tls::default()));
    login(&other).fails(5).says("set ca_bundle").says("nothing was changed");
    assert_eq!(other.sandbox.requests().len(), 0);
}

#[test]
fn an_invalid_certificate_is_refused_with_its_reason() {
    let wrong_name = Tls { names: vec!["elsewhere.test".to_owned()], ..Tls::default() };
    let cases = [
        (config(wrong_name), "is for another name"),
        (shown(Certificate::Expired), "has expired, or the clock here is wrong"),
        (shown(Certificate::NotYetValid), "is not valid yet"),
        (shown(Certificate::OfAnotherCa), "is not from a trusted issuer"),
        (shown(Certificate::SelfSigned), "is not from a trusted issuer"),
    ];
    each(&cases, |(config, why)| {
        let world = World::with(config.clone());
        let ca = ca(&world);
        login(&world)
            .env(BUNDLE, &ca)
            .fails(5)
            .says(&format!("the certificate of {}", host(&world)))
            .says(why);
        assert_eq!(world.sandbox.requests().len(), 0, "nothing was sent");
    });
}

fn host(world: &World) -> &str {
    world.sandbox.origin().trim_start_matches("https://")
}

#[test]
fn a_bundle_may_contain_several_certificates_and_text_between_them() {
    let (world, _) = logged_in();
    let other = Sandbox::start(config(Tls::default())).unwrap();
    let (a, b) = (other.ca_pem().unwrap(), world.sandbox.ca_pem().unwrap());
    let bundle = world.write("both.pem", format!("# the other\n{a}\nours:\n{b}"));
    world.expire("default");
    world.concur(["get"]).env(BUNDLE, bundle).ok().silent();
}

#[test]
fn an_unusable_bundle_fails_before_a_token_is_spent() {
    let (world, _) = logged_in();
    world.expire("default");
    let pem = world.sandbox.ca_pem().unwrap();
    let second_damaged = format!("{pem}{}", pem.replacen("MII", "AAA", 1));
    let none = "it contains no certificate";
    let cases: [(&str, &[u8], &str); 5] = [
        ("empty", b"", none),
        ("words", b"no certificate\n", none),
        ("binary", &[0x30, 0x82, 0xff, 0x00], none),
        ("halved", &pem.as_bytes()[..pem.len() / 2], "certificate 1 in it is damaged"),
        ("second damaged", second_damaged.as_bytes(), "certificate 2 in it is damaged"),
    ];
    for (name, content, why) in cases {
        let bundle = world.write("bad.pem", content);
        let output = refuses_and_loses_nothing(&world, Some(&bundle), 6);
        assert!(output.stderr.contains(why), "{name}\n{output:?}");
        let login = login(&world).arg("--profile").arg("other").env(BUNDLE, &bundle).fails(6);
        login.says(why).says("PEM");
    }
    let missing = world.work().join("missing.pem");
    refuses_and_loses_nothing(&world, Some(&missing), 6).says("missing.pem").says("Check the path");
    refuses_and_loses_nothing(&world, Some(&world.work()), 6).says("is a folder");
    let fresh = World::with(config(Tls::default()));
    login(&fresh).env(BUNDLE, &missing).fails(6).says("missing.pem");
    assert!(!fresh.state_dir().exists(), "a login that cannot ask makes nothing");
    let attempts: i64 = world.column("default", "attempt");
    assert_eq!(attempts, 0, "no attempt was spent");
}

#[cfg(unix)]
#[test]
fn a_bundle_that_others_can_write_is_refused_and_one_that_they_can_read_is_not() {
    let (world, ca) = logged_in();
    world.expire("default");
    for mode in [0o620, 0o602, 0o666] {
        set_mode(&ca, mode);
        refuses_and_loses_nothing(&world, Some(&ca), 6).says("thers can write").says("chmod");
    }
    set_mode(&ca, 0o644);
    world.concur(["get"]).env(BUNDLE, &ca).ok().silent();
}

#[test]
fn a_hit_never_reads_the_bundle() {
    let (world, _) = logged_in();
    world.concur(["get"]).env(BUNDLE, "/nonexistent/ca.pem").ok().silent();
    // So does a token in its last minutes, which is served whether it can be renewed or not.
    world.age_access_token("default", 3400);
    world.concur(["get"]).env(BUNDLE, "/nonexistent/ca.pem").ok().silent();
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn https_on_loopback_never_uses_a_proxy_either() {
    let (world, ca) = logged_in();
    world.expire("default");
    let get = world.concur(["get"]).env(BUNDLE, &ca);
    get.env("HTTPS_PROXY", "http://127.0.0.1:1").env("ALL_PROXY", "http://127.0.0.1:1").ok();
}

#[test]
fn a_truncated_answer_is_not_a_local_failure() {
    let (world, ca) = logged_in();
    world.expire("default");
    world.sandbox.push_faults(3, concur_sandbox::Fault::ResetBefore);
    world.concur(["get"]).env(BUNDLE, &ca).fails(5).says("closed the connection without an answer");
    assert_eq!(world.refreshes(), 3, "asked three times in all");
}

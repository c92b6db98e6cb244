//! `client_cert`: read only for a request, presented only on request, and refused with a reason.

use std::path::{Path, PathBuf};

use concur_sandbox::{Config, Rotation, Sandbox, Tls};

use super::configure;
#[cfg(unix)]
use crate::harness::set_mode;
use crate::harness::{Output, Run, World};

const CERT: &str = "CONCUR_CRED_CLIENT_CERT";

fn config(wants_client: bool) -> Config {
    let tls = Some(Tls { wants_client, ..Tls::default() });
    Config { tls, rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

fn with_ca(world: &World, run: Run) -> Run {
    let ca = world.write("ca.pem", world.sandbox.ca_pem().unwrap());
    run.env("CONCUR_CRED_CA_BUNDLE", ca)
}

fn login(world: &World) -> Run {
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
    with_ca(world, world.concur(args).arg(file))
}

fn get(world: &World) -> Run {
    with_ca(world, world.concur(["get"]))
}

/// A world whose service requests a certificate, the file of a valid one, and an expired token.
fn logged_in() -> (World, PathBuf) {
    let world = World::with(config(true));
    let pem = world.write("client.pem", world.sandbox.client_pem().unwrap());
    login(&world).env(CERT, &pem).ok();
    world.expire("default");
    world.sandbox.clear_log();
    (world, pem)
}

fn fails_and_loses_nothing(world: &World, run: Run, code: i32) -> Output {
    let output = run.fails(code);
    assert_eq!(world.sandbox.requests().len(), 0, "nothing was taken\n{output:?}");
    let kept = world.concur(["export", "-"]).ok().json();
    let kept = kept["refresh_token"].as_str().unwrap();
    assert!(world.sandbox.is_current_refresh_token(kept), "the refresh token is kept\n{output:?}");
    output
}

#[test]
fn a_service_that_requests_a_certificate_gets_it_from_variable_or_configuration() {
    let (world, pem) = logged_in();
    get(&world).env(CERT, &pem).ok().silent();
    world.expire("default");
    std::fs::copy(&pem, world.config_dir().join("mine.pem")).unwrap();
    configure(&world, "client_cert = \"mine.pem\"\n");
    get(&world).in_folder("/").ok().silent();
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn a_service_that_requests_no_certificate_gets_none() {
    let world = World::with(config(false));
    let pem = world.write("client.pem", world.sandbox.client_pem().unwrap());
    login(&world).env(CERT, pem).ok();
}

#[test]
fn a_missing_or_wrong_client_certificate_is_reported() {
    let (world, pem) = logged_in();
    fails_and_loses_nothing(&world, get(&world), 5)
        .says("requires a client certificate; set client_cert");
    let stranger = Sandbox::start(config(true)).unwrap();
    let stranger = world.write("stranger.pem", stranger.client_pem().unwrap());
    fails_and_loses_nothing(&world, get(&world).env(CERT, stranger).at_offset(6), 5)
        .says("does not accept the client certificate (client_cert)");
    get(&world).env(CERT, pem).at_offset(12).ok().silent();
    let other = World::with(config(true));
    login(&other).fails(5).says("requires a client certificate").says("nothing was changed");
}

#[test]
fn an_unusable_certificate_file_fails_before_a_token_is_spent() {
    let (world, pem) = logged_in();
    let text = std::fs::read_to_string(&pem).unwrap();
    let at = text.find("-----BEGIN PRIVATE KEY-----").unwrap();
    let (certificate, key) = text.split_at(at);
    let other = Sandbox::start(config(true)).unwrap();
    let other = other.client_pem().unwrap().to_owned();
    let of_another = &other[other.find("-----BEGIN PRIVATE KEY-----").unwrap()..];
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let short =
        key.lines().filter(|line| line.starts_with('-')).collect::<Vec<_>>().join("\nAAAA\n");
    let cases = [
        (String::new(), "it contains no certificate"),
        (key.to_owned(), "it contains no certificate"),
        (certificate.to_owned(), "it contains no private key"),
        (format!("{certificate}{of_another}"), "does not belong to its first certificate"),
        (format!("{certificate}{encrypted}"), "its private key is encrypted"),
        (format!("{certificate}{short}\n"), "is damaged or of a kind that is not supported"),
        (format!("{}{key}", &certificate[..certificate.len() / 2]), "is damaged"),
        (
            format!("{}{key}", certificate.replacen("MII", "AAA", 1)),
            "certificate 1 in it is damaged",
        ),
    ];
    for (content, why) in cases {
        let bad = world.write("bad.pem", &content);
        let output = fails_and_loses_nothing(&world, get(&world).env(CERT, &bad), 6);
        let output = output.says(&format!("The client_cert {}", bad.display())).says(why);
        let secret = key.lines().nth(1).unwrap();
        assert!(!output.stderr.contains(secret), "{output:?}");
        let doctor = with_ca(&world, world.concur(["doctor", "--offline"])).env(CERT, &bad);
        let doctor = doctor.output().code(6);
        assert!(doctor.text().contains("FAIL  client_cert"), "{doctor:?}");
        assert!(doctor.text().contains(why), "{doctor:?}");
    }
    let missing = world.work().join("missing.pem");
    let output = fails_and_loses_nothing(&world, get(&world).env(CERT, &missing), 6);
    output.says("The client_cert cannot be used: cannot read").says("missing.pem");
    let attempts: i64 = world.column("default", "attempt");
    assert_eq!(attempts, 0, "no attempt was spent");
}

#[cfg(unix)]
#[test]
fn login_warns_about_a_readable_key_and_refuses_a_writable_one() {
    let (world, pem) = logged_in();
    set_mode(&pem, 0o644);
    login(&world).env(CERT, &pem).ok().says("others can read").says("chmod 600");
    world.expire("default");
    get(&world).env(CERT, &pem).ok().silent();
    world.expire("default");
    world.sandbox.clear_log();
    let doctor = with_ca(&world, world.concur(["doctor", "--offline"])).env(CERT, &pem);
    let doctor = doctor.ok();
    assert!(doctor.text().contains("warn  client_cert"), "{doctor:?}");
    for mode in [0o620, 0o602] {
        set_mode(&pem, mode);
        let output = fails_and_loses_nothing(&world, get(&world).env(CERT, &pem), 6);
        output.says("thers can write").says("chmod");
    }
}

#[test]
fn a_hit_never_reads_the_client_certificate() {
    let world = World::with(config(false));
    login(&world).ok();
    world.concur(["get"]).env(CERT, Path::new("/nonexistent/client.pem")).ok().silent();
    assert_eq!(world.refreshes(), 0);
}

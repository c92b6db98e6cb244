//! The online checks of `doctor`: token services, git, and the settings for requests.

use std::net::TcpListener;

use concur_sandbox::{Config, Fault, Tls};

use super::support::{Report, report};
use crate::harness::{BINARY, Run, World, program};

fn asked(run: Run) -> Report {
    report(&run.output().silent())
}

fn doctor(world: &World) -> Run {
    world.concur(["doctor", "--json"])
}

/// A world whose service speaks https as `localhost`, which goes through proxies, and its CA.
fn by_tls(tls: Tls) -> (World, std::path::PathBuf) {
    let tls = Some(Tls { host: Some("localhost".to_owned()), ..tls });
    let world = World::with(Config { tls, ..Config::default() });
    let ca = world.write("ca.pem", world.sandbox.ca_pem().unwrap());
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
    let login = world.concur(args).arg(file).env("CONCUR_CRED_CA_BUNDLE", &ca);
    let pem = world.write("client.pem", world.sandbox.client_pem().unwrap());
    login.env("CONCUR_CRED_CLIENT_CERT", pem).ok();
    (world, ca)
}

#[test]
fn a_reachable_service_is_reported_with_route_status_and_clock_and_gets_no_secret() {
    let world = World::logged_in();
    world.sandbox.clear_log();
    let origin = world.sandbox.origin();
    let found = asked(doctor(&world));
    found.has("service", "ok", &format!("{origin} directly: no TLS; it answers (code 62) in"));
    found.has("service clock", "ok", "this clock is ").is_all_ok();
    let requests = world.sandbox.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].secrets.is_empty() && requests[0].client_id.is_none(), "{requests:?}");
    assert_eq!(world.sandbox.violations(), [""; 0]);
    asked(world.concur(["doctor", "--offline", "--json"])).is_all_ok();
    assert_eq!(world.sandbox.requests().len(), 1, "offline sends no request");
}

#[test]
fn each_service_gets_one_request_for_any_number_of_profiles() {
    let world = World::logged_in();
    world.login("other", &world.sandbox.add_company());
    world.sandbox.clear_log();
    asked(doctor(&world)).is_all_ok();
    assert_eq!(world.sandbox.requests().len(), 1);
}

#[test]
fn clock_skew_is_reported_with_its_remedy() {
    let world = World::logged_in();
    let at = |seconds| asked(doctor(&world).at_offset(seconds));
    at(45).has("service clock", "warn", "ahead of").has("service clock", "warn", "NTP");
    at(300).has("service clock", "fail", "ahead of");
    at(-300).has("service clock", "fail", "behind");
}

/// A gateway's answer in place of the service.
fn html(status: u16) -> Fault {
    let (content_type, body) = ("text/html".to_owned(), b"<html>No.</html>".to_vec());
    Fault::RawBody { status, content_type, body }
}

#[test]
fn a_failing_or_unexpected_service_is_reported() {
    let world = World::logged_in();
    let with = |fault: Fault| {
        world.sandbox.push_fault(fault);
        asked(doctor(&world).env("CONCUR_CRED_HTTP_TIMEOUT", "3s"))
    };
    with(Fault::service_unavailable()).has(
        "service",
        "fail",
        "status 503; The service has a problem",
    );
    with(html(403)).has("service", "fail", "Another server than Concur's answers there");
    with(Fault::DropBefore).has("service", "fail", "closed the connection without an answer");
    with(Fault::Silence).has("service", "fail", "did not answer in time");
}

#[test]
fn an_unreachable_service_is_reported() {
    let world = World::logged_in();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = format!("http://127.0.0.1:{port}");
    let set = "UPDATE record SET geolocation = ?1";
    world.database().execute(set, [&gone]).unwrap();
    let found = asked(doctor(&world).env("CONCUR_CRED_ALLOWED_ORIGINS", &gone));
    found.has("service", "fail", &format!("could not connect to 127.0.0.1:{port}"));
    asked(doctor(&world)).has("service", "fail", "Refusing to send credentials to");
}

#[test]
fn tls_is_reported_with_its_issuer_or_its_error() {
    let (world, ca) = by_tls(Tls::default());
    let by = |world: &World| doctor(world).env("CONCUR_CRED_CA_BUNDLE", &ca);
    asked(by(&world)).has("service", "ok", "TLS with a root of ca_bundle").is_all_ok();
    asked(doctor(&world)).has("service", "fail", "set ca_bundle");
    let broken = world.write("broken.pem", "nothing");
    let found = asked(doctor(&world).env("CONCUR_CRED_CA_BUNDLE", broken));
    found.has("ca_bundle", "fail", "it contains no certificate");
    found.has("service", "warn", "not checked: a setting is invalid");
    world.sandbox.clear_log();
    let (strict, ca) = by_tls(Tls { wants_client: true, ..Tls::default() });
    let found = asked(doctor(&strict).env("CONCUR_CRED_CA_BUNDLE", &ca));
    found.has("service", "fail", "requires a client certificate");
    let pem = strict.work().join("client.pem");
    let run = doctor(&strict).env("CONCUR_CRED_CA_BUNDLE", &ca).env("CONCUR_CRED_CLIENT_CERT", pem);
    asked(run).has("client_cert", "ok", "client.pem").is_all_ok();
}

#[test]
fn the_proxy_in_use_is_reported_without_its_password() {
    let (world, ca) = by_tls(Tls::default());
    let run = || doctor(&world).env("CONCUR_CRED_CA_BUNDLE", &ca);
    let url = "http://erika:hunter2@127.0.0.1:1";
    for variable in ["CONCUR_CRED_PROXY", "HTTPS_PROXY"] {
        let output = run().env(variable, url).output().silent();
        assert!(!output.text().contains("hunter2") && !output.text().contains("erika"));
        let found = report(&output);
        found.has(
            "service",
            "fail",
            "by the proxy http://127.0.0.1:1: could not connect to the proxy",
        );
    }
    let past = run().env("HTTPS_PROXY", url).env("NO_PROXY", "localhost");
    asked(past).has("service", "ok", "directly").is_all_ok();
    let wrong = asked(run().env("CONCUR_CRED_PROXY", "hunter2"));
    wrong.has("proxy", "fail", "is not a proxy such as");
}

#[test]
fn an_unreachable_proxy_never_means_a_direct_connection() {
    let world = World::new();
    let output = doctor(&world).env("HTTPS_PROXY", "socks5://me:s3cr3t@127.0.0.1:1").output();
    assert!(!output.text().contains("s3cr3t"), "{output:?}");
    let found = report(&output.silent());
    found.has("service", "fail", " by a proxy: the proxy socks5://127.0.0.1:1 is a SOCKS proxy");
}

#[test]
fn the_git_configuration_is_reported() {
    let world = World::logged_in();
    if world.run("git", ["--version"]).output().code != Some(0) {
        return;
    }
    let offline = || asked(world.concur(["doctor", "--offline", "--json"]));
    offline().has("git", "ok", "does not ask this program").is_all_ok();
    let config = |value: &str| {
        let lines = value.replace('\n', "\n\thelper = ");
        let text = format!("[credential]\n\thelper = {lines}\n");
        std::fs::write(world.home().join(".gitconfig"), text).unwrap();
    };
    config("concur");
    offline().has("git-credential-concur", "ok", "bin/git-credential-concur").is_all_ok();
    config("store\nconcur");
    offline().has("git helper store", "warn", "is configured before this one");
    let link = world.bin().join("git-credential-concur");
    std::fs::remove_file(&link).unwrap();
    program::script(&link, "#!/bin/sh\n");
    config("concur");
    offline().has("git-credential-concur", "warn", "is another program, or another version");
    std::fs::remove_file(&link).unwrap();
    offline().has("git-credential-concur", "fail", "concur-cred configure-git");
    config(BINARY);
    offline().has("git", "ok", "1 line of its configuration").is_all_ok();
    let broken = "[credential]\n\thelper = !echo s3cr3t\n[broken";
    std::fs::write(world.home().join(".gitconfig"), broken).unwrap();
    let broken = offline();
    broken.has("git", "warn", "cannot read its configuration").has(
        "git",
        "warn",
        "git config --list",
    );
}

/// An attacker who can write to the database changes the origin in both places.
#[test]
fn an_unverified_origin_gets_no_request_and_no_client_certificate() {
    let (world, ca) = by_tls(Tls::default());
    let tls = Tls { host: Some("localhost".to_owned()), wants_client: true, ..Tls::default() };
    let trap =
        concur_sandbox::Sandbox::start(Config { tls: Some(tls), ..Config::default() }).unwrap();
    let both = [world.sandbox.ca_pem().unwrap(), trap.ca_pem().unwrap()].concat();
    let both = world.write("both.pem", both);
    let pem = world.write("trap.pem", trap.client_pem().unwrap());
    let run = || {
        let run = doctor(&world).env("CONCUR_CRED_CA_BUNDLE", &both);
        run.env("CONCUR_CRED_CLIENT_CERT", &pem)
    };
    for table in ["UPDATE record SET geolocation = ?1", "UPDATE application SET origin = ?1"] {
        world.database().execute(table, [trap.origin()]).unwrap();
        let found = asked(run());
        found.has("service", "fail", trap.origin());
        assert_eq!(trap.requests().len(), 0, "no request goes there");
    }
    // If the operator allows it, it gets a request.
    asked(run().env("CONCUR_CRED_ALLOWED_ORIGINS", trap.origin()));
    assert_eq!(trap.requests().len(), 1);
    drop(ca);
}

/// Without the key an origin that is not Concur's cannot be verified.
#[test]
fn without_the_key_only_allowed_origins_get_a_request() {
    let world = World::logged_in();
    world.sandbox.clear_log();
    std::fs::remove_file(world.config_dir().join("key")).unwrap();
    let found = asked(doctor(&world));
    found.has("service", "fail", "not proven to be the base URL that you named");
    assert_eq!(world.sandbox.requests().len(), 0);
    asked(doctor(&world).env("CONCUR_CRED_ALLOWED_ORIGINS", world.sandbox.origin()));
    assert_eq!(world.sandbox.requests().len(), 1);
}

/// The other profile's origin is allowed, but not for this profile.
#[test]
fn a_profile_linked_to_another_application_causes_no_request_there() {
    let (world, ca) = by_tls(Tls::default());
    let other = concur_sandbox::Sandbox::start(Config::default()).unwrap();
    let file = world.write("other.json", other.credentials_json());
    let args = ["login", "--profile", "other", "--base-url", other.origin(), "--credentials"];
    world.concur(args).arg(file).ok();
    other.clear_log();
    let database = world.database();
    let link = "UPDATE record SET geolocation = ?1, application_id = (SELECT application_id FROM \
                record WHERE profile = 'other') WHERE profile = 'default'";
    database.execute(link, [other.origin()]).unwrap();
    database.execute("DELETE FROM record WHERE profile = 'other'", []).unwrap();
    let found = asked(doctor(&world).env("CONCUR_CRED_CA_BUNDLE", ca));
    found.has("service", "fail", "not proven to be the base URL that you named");
    assert_eq!(other.requests().len(), 0);
}

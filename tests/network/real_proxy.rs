//! Requests through a real proxy: the settings, and the messages for failures.
//!
//! `https://localhost:PORT` is no literal loopback address, so it goes through proxies.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use concur_sandbox::{Certificate, Config, Rotation, Sandbox, Tls};

use super::tinyproxy::TinyProxy;
use crate::harness::{Output, Run, World, set_mode};

const USER: &str = "erika";
const PASSWORD: &str = "pr0xy-hunter2";

fn config(tls: Tls) -> Config {
    Config { tls: Some(tls), rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

fn at_localhost() -> Tls {
    Tls { host: Some("localhost".to_owned()), ..Tls::default() }
}

/// A world in which `login` has made the profile `default` directly, with an expired access token.
fn world() -> World {
    world_with(at_localhost())
}

fn world_with(tls: Tls) -> World {
    let world = World::with(config(tls));
    with_ca(&world, login(&world)).ok();
    world.expire("default");
    world.sandbox.clear_log();
    world
}

fn login(world: &World) -> Run {
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", "--base-url", world.sandbox.origin(), "--credentials"]).arg(file)
}

fn ca(world: &World) -> PathBuf {
    world.write("ca.pem", world.sandbox.ca_pem().unwrap())
}

fn with_ca(world: &World, run: Run) -> Run {
    run.env("CONCUR_CRED_CA_BUNDLE", ca(world))
}

fn get(world: &World) -> Run {
    with_ca(world, world.concur(["get"]))
}

fn configure(world: &World, text: &str) {
    let file = world.config_dir().join("config.toml");
    std::fs::write(&file, text).unwrap();
    set_mode(&file, 0o600);
}

fn connect(world: &World) -> String {
    let port = world.sandbox.origin().rsplit(':').next().unwrap();
    format!("CONNECT localhost:{port} HTTP/1.1")
}

/// Refreshed through this proxy, only with CONNECT.
fn went_through(world: &World, proxy: &TinyProxy, run: Run) {
    let before = (proxy.requests().len(), world.refreshes());
    run.ok().silent();
    assert_eq!(world.refreshes(), before.1 + 1);
    assert_eq!(proxy.requests()[before.0..], [connect(world)], "{}", proxy.log());
    world.expire("default");
}

/// Refreshed without this proxy.
fn went_past(world: &World, proxy: &TinyProxy, run: Run) {
    let before = (proxy.requests().len(), world.refreshes());
    run.ok().silent();
    assert_eq!(world.refreshes(), before.1 + 1);
    assert_eq!(proxy.requests().len(), before.0, "{}", proxy.log());
    world.expire("default");
}

/// Exit code 5, nothing reached the service, nothing was lost.
fn fails_and_loses_nothing(world: &World, run: Run) -> Output {
    let output = run.fails(5);
    assert_eq!(world.sandbox.requests().len(), 0, "nothing was sent\n{output:?}");
    let kept = world.concur(["export", "-"]).ok().json();
    let kept = kept["refresh_token"].as_str().unwrap();
    assert!(world.sandbox.is_current_refresh_token(kept), "the refresh token is kept\n{output:?}");
    output
}

#[test]
fn each_proxy_setting_works_and_the_most_specific_one_wins() {
    let Some(proxy) = TinyProxy::start("") else { return };
    let world = world();
    let nowhere = "http://127.0.0.1:1";
    went_through(&world, &proxy, get(&world).env("HTTPS_PROXY", proxy.url()));
    went_through(&world, &proxy, get(&world).env("all_proxy", proxy.url()));
    went_through(&world, &proxy, get(&world).env("CONCUR_CRED_PROXY", proxy.url()));
    configure(&world, &format!("proxy = \"{}\"\n", proxy.url()));
    went_through(&world, &proxy, get(&world));
    went_through(&world, &proxy, get(&world).env("HTTPS_PROXY", nowhere));
    configure(&world, &format!("proxy = \"{nowhere}\"\n"));
    went_through(&world, &proxy, get(&world).env("CONCUR_CRED_PROXY", proxy.url()));
}

#[test]
fn no_proxy_and_direct_bypass_the_proxy() {
    let Some(proxy) = TinyProxy::start("") else { return };
    let world = world();
    let set = |run: Run| run.env("CONCUR_CRED_PROXY", proxy.url());
    for (name, value) in [("NO_PROXY", "localhost"), ("no_proxy", "a.example, localhost")] {
        went_past(&world, &proxy, set(get(&world)).env(name, value));
        went_past(&world, &proxy, get(&world).env("HTTPS_PROXY", proxy.url()).env(name, value));
    }
    configure(&world, "proxy = \"direct\"\n");
    went_past(&world, &proxy, get(&world).env("HTTPS_PROXY", proxy.url()));
    went_past(&world, &proxy, get(&world).env("CONCUR_CRED_PROXY", "none"));
    went_through(&world, &proxy, set(get(&world)).env("NO_PROXY", "other.example"));
}

#[test]
fn loopback_never_uses_a_proxy() {
    let world = World::logged_in();
    world.expire("default");
    let get = world.concur(["get"]).env("CONCUR_CRED_PROXY", "http://127.0.0.1:1");
    get.env("ALL_PROXY", "http://127.0.0.1:1").ok().silent();
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn an_unreachable_proxy_is_named() {
    let world = world();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://{USER}:{PASSWORD}@127.0.0.1:{port}");
    let output = fails_and_loses_nothing(&world, get(&world).env("CONCUR_CRED_PROXY", url));
    let output = output.says(&format!("could not connect to the proxy http://127.0.0.1:{port}: "));
    assert!(!output.stderr.contains(PASSWORD), "{output:?}");
    let unknown = get(&world).env("CONCUR_CRED_PROXY", "http://proxy.invalid:3128").at_offset(6);
    fails_and_loses_nothing(&world, unknown).says("the proxy http://proxy.invalid:3128: ");
}

#[test]
fn a_proxy_that_wants_a_password_is_reported_and_gets_the_configured_one() {
    let Some(proxy) = TinyProxy::start(&format!("BasicAuth {USER} {PASSWORD}")) else { return };
    let world = world();
    let set = |url: String| get(&world).env("CONCUR_CRED_PROXY", url);
    fails_and_loses_nothing(&world, set(proxy.url()))
        .says(&format!("the proxy {} requires a user name and password", proxy.url()))
        .says("the setting proxy");
    // This one says 401 to a wrong password; another may say 407 again.
    let strict = answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let wrong = |url: &str| url.replace("//", &format!("//{USER}:wr0ng-hunter3@"));
    for (url, offset) in [(proxy.url(), 6), (strict, 12)] {
        let output = fails_and_loses_nothing(&world, set(wrong(&url)).at_offset(offset));
        let output = output.says("does not accept the user name and password");
        assert!(!output.stderr.contains("wr0ng-hunter3"), "{output:?}");
    }
    configure(&world, &format!("proxy = \"{}\"\n", proxy.url_for(USER, PASSWORD)));
    went_through(&world, &proxy, get(&world).at_offset(18));
    assert!(!proxy.log().contains(PASSWORD), "it does not log what it is given");
}

/// A proxy that gives this answer to every request, until the test ends.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut head = BufReader::new(client.try_clone().unwrap()).lines();
            while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _ = client.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn the_proxys_password_appears_only_in_its_configuration_file() {
    let Some(proxy) = TinyProxy::start(&format!("BasicAuth {USER} {PASSWORD}")) else { return };
    let world = world();
    configure(&world, &format!("proxy = \"{}\"\n", proxy.url_for(USER, PASSWORD)));
    let trace = world.work().join("trace.txt");
    let mut streams = Vec::new();
    let origin = world.sandbox.origin();
    let commands = [
        &["get", "--trace"][..],
        &["refresh"],
        &["login", "--base-url", origin, "--credentials", "credentials.json"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["doctor", "--report", "-"],
        &["log", "--json"],
        &["status", "--json"],
    ];
    for args in commands {
        let run = with_ca(&world, world.concur(args)).env("CONCUR_CRED_TRACE", &trace);
        let output = run.ok();
        streams.push((args, output.stdout, output.stderr.into_bytes()));
    }
    assert!(world.refreshes() >= 2 && !proxy.requests().is_empty());
    let base64 = base64::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        format!("{USER}:{PASSWORD}").as_bytes(),
    );
    let has = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.contains(PASSWORD) || text.contains(&base64)
    };
    for (args, out, err) in &streams {
        assert!(!has(out) && !has(err), "{args:?}");
    }
    let mut left = vec![world.home(), world.work()];
    let mut seen = 0;
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if !path.ends_with("config.toml") {
            assert!(!has(&std::fs::read(&path).unwrap()), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 5, "store, audit log, trace and more were searched");
}

#[cfg(unix)]
#[test]
fn login_warns_about_a_password_in_a_readable_configuration() {
    let Some(proxy) = TinyProxy::start("") else { return };
    let world = world();
    configure(&world, &format!("proxy = \"{}\"\n", proxy.url_for(USER, PASSWORD)));
    let file = world.config_dir().join("config.toml");
    set_mode(&file, 0o644);
    with_ca(&world, login(&world)).ok().says("others can read").says("chmod 600");
    configure(&world, &format!("proxy = \"{}\"\n", proxy.url()));
    set_mode(&file, 0o644);
    let output = with_ca(&world, login(&world)).ok();
    assert!(
        !output.stderr.contains("others can read"),
        "without a password there is no warning\n{output:?}"
    );
}

#[test]
fn a_proxy_that_refuses_or_cannot_reach_the_host_is_named_with_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let filter = folder.path().join("filter");
    std::fs::write(&filter, "^allowed\\.example$\n").unwrap();
    let lines = format!("Filter \"{}\"\nFilterDefaultDeny Yes", filter.display());
    let Some(proxy) = TinyProxy::start(&lines) else { return };
    let world = world();
    let set = || get(&world).env("CONCUR_CRED_PROXY", proxy.url());
    let host = world.sandbox.origin().trim_start_matches("https://");
    let says = format!("the proxy {} refused or failed to connect to {host}", proxy.url());
    fails_and_loses_nothing(&world, set()).says(&says);
    assert!(proxy.log().contains("iltered"), "{}", proxy.log());
}

#[test]
fn a_silent_proxy_times_out_and_nothing_counts_as_sent() {
    let world = world();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let run = get(&world).env("CONCUR_CRED_PROXY", &url).env("CONCUR_CRED_HTTP_TIMEOUT", "4");
    let host = world.sandbox.origin().trim_start_matches("https://");
    let says = format!("the proxy {url} did not open a connection to {host} in time");
    fails_and_loses_nothing(&world, run).says(&says);
}

#[test]
fn an_https_proxys_own_certificate_is_verified() {
    let world = world();
    let other = Sandbox::start(config(at_localhost())).unwrap();
    let set = |run: Run| run.env("CONCUR_CRED_PROXY", other.origin());
    let refused = format!("the certificate of {} is not from a trusted issuer", other.origin());
    fails_and_loses_nothing(&world, set(get(&world))).says(&refused);
    assert_eq!(other.requests().len(), 0);
    // The sandbox is not a proxy: it answers CONNECT with an unknown path.
    let both = [other.ca_pem().unwrap(), world.sandbox.ca_pem().unwrap()].concat();
    let bundle = world.write("both.pem", both);
    let run = set(world.concur(["get"])).env("CONCUR_CRED_CA_BUNDLE", bundle).at_offset(6);
    let says = format!("the proxy {} refused or failed to connect to localhost:", other.origin());
    fails_and_loses_nothing(&world, run).says(&says);
    assert_eq!(other.requests()[0].method, "CONNECT");
}

#[test]
fn tls_through_the_proxy_is_verified_as_without_it() {
    let Some(proxy) = TinyProxy::start("") else { return };
    let shown = |certificate| Tls { certificate, ..at_localhost() };
    let wrong_name = Tls { names: vec!["elsewhere.test".to_owned()], ..at_localhost() };
    for (tls, why) in [
        (wrong_name, "is for another name"),
        (shown(Certificate::Expired), "has expired, or the clock here is wrong"),
        (shown(Certificate::OfAnotherCa), "is not from a trusted issuer"),
    ] {
        let world = World::with(config(tls));
        let run = with_ca(&world, login(&world)).env("CONCUR_CRED_PROXY", proxy.url());
        run.fails(5).says("the certificate of localhost:").says(why).says("nothing was changed");
        assert_eq!(world.sandbox.requests().len(), 0, "nothing was sent");
    }
    let world = world();
    let without = world.concur(["get"]).env("CONCUR_CRED_PROXY", proxy.url());
    fails_and_loses_nothing(&world, without).says("set ca_bundle");
}

#[test]
fn a_client_certificate_is_presented_through_the_proxy() {
    let Some(proxy) = TinyProxy::start("") else { return };
    let world = World::with(config(Tls { wants_client: true, ..at_localhost() }));
    let pem = world.write("client.pem", world.sandbox.client_pem().unwrap());
    let by = |run: Run| with_ca(&world, run).env("CONCUR_CRED_PROXY", proxy.url());
    by(login(&world)).env("CONCUR_CRED_CLIENT_CERT", &pem).ok();
    world.expire("default");
    world.sandbox.clear_log();
    let output = fails_and_loses_nothing(&world, by(world.concur(["get"])));
    output.says("requires a client certificate; set client_cert");
    let other = Sandbox::start(config(at_localhost())).unwrap();
    let stranger = world.write("stranger.pem", other.client_pem().unwrap());
    let run = by(world.concur(["get"])).env("CONCUR_CRED_CLIENT_CERT", stranger).at_offset(6);
    fails_and_loses_nothing(&world, run).says("does not accept the client certificate");
    let run = by(world.concur(["get"])).env("CONCUR_CRED_CLIENT_CERT", &pem).at_offset(12);
    run.ok().silent();
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn an_invalid_proxy_setting_fails_before_a_token_is_spent() {
    let world = world();
    let wrong = "is not a proxy such as http://host:3128, or direct";
    for (value, says) in [
        ("proxy:3128", wrong),
        ("ftp://proxy:3128", wrong),
        ("http://proxy:3128/path", wrong),
        ("socks5h://u:hunter2@proxy:1080", "names a SOCKS proxy"),
    ] {
        let output = get(&world).env("CONCUR_CRED_PROXY", value).fails(6);
        let output = output.says(&format!("error: CONCUR_CRED_PROXY {says}"));
        assert!(!output.stderr.contains("hunter2"), "{output:?}");
        configure(&world, &format!("proxy = \"{value}\"\n"));
        get(&world).fails(6).says(&format!("error: proxy {says}"));
        std::fs::remove_file(world.config_dir().join("config.toml")).unwrap();
    }
    let attempts: i64 = world.column("default", "attempt");
    assert_eq!(attempts, 0, "no attempt was spent");
    let of_the_system = get(&world).env("ALL_PROXY", "socks5://u:hunter2@127.0.0.1:1");
    let output =
        of_the_system.fails(6).says("ALL_PROXY").says("socks5://127.0.0.1:1 is a SOCKS proxy");
    assert!(!output.stderr.contains("hunter2"), "{output:?}");
    // A hit sends no request, and so reads no proxy setting.
    world.age_access_token("default", -7200);
    world.concur(["get"]).env("CONCUR_CRED_PROXY", "nonsense").ok().silent();
}

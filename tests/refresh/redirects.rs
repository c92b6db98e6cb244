//! 307 and 308 of the token endpoint: to one of Concur's own origins once, and nowhere else. Concur's names are
//! those of two services of this test, behind a proxy that knows where they are.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use concur_sandbox::{Config, Fault, Rotation, Sandbox, Tls};
use serde_json::{Value, json};

use super::each;
use crate::harness::{Run, World};

const HERE: &str = "us2.api.concursolutions.com";
const THERE: &str = "us2-impl.api.concursolutions.com";

/// A proxy to these names only, on its own thread until the test ends.
fn proxy(names: Vec<(String, SocketAddr)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let names = names.clone();
            std::thread::spawn(move || tunnel(client, &names));
        }
    });
    format!("http://{address}")
}

fn tunnel(mut client: TcpStream, names: &[(String, SocketAddr)]) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let asked = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    let known = names.iter().find(|(name, _)| format!("{name}:443") == asked);
    let Some((_, address)) = known else {
        client.write_all(b"HTTP/1.1 502 Unknown\r\nContent-Length: 0\r\n\r\n").ok()?;
        return None;
    };
    let mut server = TcpStream::connect(address).ok()?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Write);
    Some(())
}

/// Two of Concur's data centres with one application.
struct Concur {
    world: World,
    there: Sandbox,
    proxy: String,
}

fn address(sandbox: &Sandbox) -> SocketAddr {
    let port = sandbox.origin().rsplit_once(':').unwrap().1;
    format!("127.0.0.1:{port}").parse().unwrap()
}

fn at(name: &str) -> Config {
    Config {
        tls: Some(Tls::named(name)),
        geolocation: Some(format!("https://{name}")),
        rotation: Rotation::NewRevokeFamily,
        ..Config::default()
    }
}

impl Concur {
    fn new() -> Self {
        let world = World::with(at(HERE));
        let app = Some(world.sandbox.app().clone());
        let there = Sandbox::start(Config { app, ..at(THERE) }).unwrap();
        let roots = [&world.sandbox, &there].map(|sandbox| sandbox.ca_pem().unwrap()).concat();
        world.write("ca.pem", roots);
        world.write("credentials.json", world.sandbox.credentials_json());
        let proxy = proxy(vec![
            (HERE.to_owned(), address(&world.sandbox)),
            (THERE.to_owned(), address(&there)),
        ]);
        let concur = Self { world, there, proxy };
        concur.run(&["login", "--base-url", "us2"]).ok();
        concur.world.sandbox.clear_log();
        concur.world.expire("default");
        concur
    }

    fn run(&self, args: &[&str]) -> Run {
        let run = self.world.concur(args).env("CONCUR_CRED_CA_BUNDLE", "ca.pem");
        run.env("CONCUR_CRED_PROXY", &self.proxy)
    }

    /// Requests here and there.
    fn asked(&self) -> (u64, u64) {
        (self.world.token_requests(), self.there.counters().token_requests)
    }

    fn base_url(&self) -> String {
        self.world.column("default", "geolocation")
    }

    /// The other data centre's answer to a token of this one.
    fn granted_there(&self) {
        let answer = self.there.issue_token_response(self.there.app(), 0);
        self.there.push_fault(json_body(200, &answer));
    }
}

fn json_body(status: u16, body: &Value) -> Fault {
    let body = body.to_string().into_bytes();
    Fault::RawBody { status, content_type: "application/json".to_owned(), body }
}

fn redirect(status: u16, location: &str) -> Fault {
    Fault::Redirect { status, location: location.to_owned() }
}

fn to(name: &str) -> String {
    format!("https://{name}/oauth2/v0/token")
}

#[test]
fn a_redirect_to_another_origin_of_concur_is_followed_once_and_remembered() {
    each([307, 308], |status| {
        for location in [to(THERE), to(&THERE.to_uppercase()), to(&format!("{THERE}:443"))] {
            let concur = Concur::new();
            concur.world.sandbox.push_fault(redirect(status, &location));
            concur.granted_there();
            let token = concur.run(&["get"]).ok().silent().line();
            assert!(concur.there.is_live_access_token(&token));
            assert_eq!(concur.asked(), (1, 1), "{location}");
            assert_eq!(concur.base_url(), format!("https://{THERE}"));
            concur.world.expire("default");
            concur.run(&["get"]).ok().silent();
            assert_eq!(concur.asked(), (1, 2), "it is remembered");
            assert_eq!(concur.there.violations(), Vec::<String>::new());
        }
    });
}

#[test]
fn a_login_follows_the_redirect_too() {
    let concur = Concur::new();
    concur.world.sandbox.push_fault(redirect(308, &to(THERE)));
    concur.granted_there();
    concur.run(&["login", "--profile", "new", "--base-url", "us2"]).ok();
    let token = concur.run(&["get", "--profile", "new"]).ok().line();
    assert!(concur.there.is_live_access_token(&token));
}

#[test]
fn a_redirect_to_any_other_origin_is_not_followed() {
    let outside = Sandbox::start(Config::default()).unwrap();
    let outside = outside.origin();
    let locations = [
        format!("{outside}/oauth2/v0/token"),
        format!("http://{THERE}/oauth2/v0/token"),
        to(&format!("{THERE}:8443")),
        to(&format!("user@{THERE}")),
        to(&format!("user:pw@{THERE}")),
        to(&format!("@{THERE}")),
        to(&format!("{THERE}.evil.example")),
        to(&format!("{THERE}.")),
        to("evilapi.concursolutions.com"),
        to("www.concursolutions.com"),
        format!("https://{THERE}/oauth2/v0/token?x=y"),
        format!("https://{THERE}/oauth2/v0/token?"),
        format!("https://{THERE}/oauth2/v0/token#x"),
        format!("https://{THERE}/oauth2/v0/token/"),
        format!("https://{THERE}//oauth2/v0/token"),
        format!("https://{THERE}/x/../oauth2/v0/token"),
        format!("https://{THERE}/?/oauth2/v0/token"),
        format!("https://{THERE}?/oauth2/v0/token"),
        format!("https://{THERE}#/oauth2/v0/token"),
        format!("https:{THERE}/oauth2/v0/token"),
        format!("https://{THERE}/oauth2/v0/otp"),
        format!("https://{THERE}/OAuth2/v0/token"),
        format!("https://{THERE}/"),
        format!("//{THERE}/oauth2/v0/token"),
        "/oauth2/v0/token".to_owned(),
        to(HERE),
        String::new(),
    ];
    for some in locations.chunks(8) {
        each(some.to_vec(), |location| {
            let concur = Concur::new();
            concur.world.sandbox.fault_always(redirect(307, &location));
            let get = concur.run(&["get"]).env("CONCUR_CRED_ALLOWED_ORIGINS", outside);
            drop(get.fails(5).says("redirect"));
            let (here, there) = concur.asked();
            assert!((1..=3).contains(&here) && there == 0, "{location}: {here} {there}");
            concur.world.sandbox.clear_faults();
            concur.run(&["get"]).at_offset(61).ok().silent();
        });
    }
}

#[test]
fn only_307_and_308_are_followed() {
    each([301, 302, 303, 300, 304], |status| {
        let concur = Concur::new();
        concur.world.sandbox.fault_always(redirect(status, &to(THERE)));
        drop(concur.run(&["get"]).fails(5).says("redirect"));
        assert_eq!(concur.asked().1, 0, "{status}");
    });
}

#[test]
fn a_redirected_answer_invalidates_no_refresh_token_and_is_not_followed_further() {
    let answers = [
        (Fault::Code(108), 4),
        (json_body(400, &json!({"error": "invalid_grant"})), 4),
        (Fault::Code(61), 4),
        (json_body(400, &json!({"code": 16, "geolocation": format!("https://{HERE}")})), 4),
        (redirect(307, &to(HERE)), 5),
        (redirect(307, &to("eu2.api.concursolutions.com")), 5),
        (Fault::service_unavailable(), 5),
        (Fault::DropBefore, 5),
    ];
    each(answers, |(fault, code)| {
        let concur = Concur::new();
        concur.world.sandbox.fault_always(redirect(307, &to(THERE)));
        concur.there.fault_always(fault.clone());
        drop(concur.run(&["get"]).fails(code));
        assert_eq!(concur.asked(), (1, 1), "{fault:?}");
        assert_eq!(concur.base_url(), format!("https://{HERE}"), "{fault:?}");
        concur.world.sandbox.clear_faults();
        concur.run(&["refresh"]).ok();
        assert_eq!(concur.asked(), (2, 1), "{fault:?}");
        assert_eq!(concur.world.sandbox.counters().families_revoked_by_reuse, 0);
    });
}

#[test]
fn a_redirect_after_code_16_is_not_followed() {
    let concur = Concur::new();
    let code_16 = json!({"code": 16, "error": "x", "geolocation": format!("https://{THERE}")});
    concur.world.sandbox.fault_always(json_body(400, &code_16));
    concur.there.fault_always(redirect(308, &to(HERE)));
    drop(concur.run(&["get"]).fails(5).says("redirect"));
    assert_eq!(concur.asked().0, 1);
}

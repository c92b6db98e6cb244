//! Proxies get only CONNECT requests, and one caller's broken proxy delays others only briefly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use concur_sandbox::{Config, Rotation, Tls};

use crate::harness::{Run, World};

/// A name without DNS entry (RFC 6761): reachable only through a proxy.
const NAME: &str = "concur.invalid";
/// Nothing listens there.
const BROKEN: &str = "http://127.0.0.1:1";

/// A proxy that connects every name to one port of this machine, until the test ends.
pub(crate) struct Proxy {
    pub(crate) url: String,
    heads: Heads,
}

/// The lines of each request's head.
type Heads = Arc<Mutex<Vec<Vec<String>>>>;

impl Proxy {
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Heads::default();
        let noted = Arc::clone(&heads);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                serve(client.unwrap(), port, &noted);
            }
        });
        Self { url, heads }
    }

    /// The first lines of the requests that were made to it.
    fn requests(&self) -> Vec<String> {
        self.heads.lock().unwrap().iter().map(|head| head[0].clone()).collect()
    }

    /// The lines of the newest request's head.
    pub(crate) fn newest_head(&self) -> Vec<String> {
        self.heads.lock().unwrap().last().unwrap().clone()
    }
}

/// One tunnel; its ends handle a failure.
fn serve(client: TcpStream, port: u16, heads: &Mutex<Vec<Vec<String>>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut head = Vec::new();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
        head.push(std::mem::take(&mut line).trim_end().to_owned());
    }
    heads.lock().unwrap().push(head);
    let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let up = server.try_clone().unwrap();
    std::thread::spawn(move || copy(reader, up));
    std::thread::spawn(move || copy(server, client));
}

fn copy(mut from: impl Read, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// A service behind a name, and the proxy that leads to it.
pub(crate) fn world() -> (World, Proxy) {
    let config = Config {
        tls: Some(Tls::named(NAME)),
        rotation: Rotation::NewRevokeFamily,
        ..Config::default()
    };
    let world = World::with(config);
    let port = world.sandbox.origin().rsplit(':').next().unwrap().parse().unwrap();
    let proxy = Proxy::to(port);
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    let args = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
    by(&world, &proxy.url, world.concur(args).arg(file)).ok();
    world.expire("default");
    (world, proxy)
}

/// The run with this proxy, and with the CA of the world's service.
pub(crate) fn by(world: &World, proxy: &str, run: Run) -> Run {
    let ca = world.write("ca.pem", world.sandbox.ca_pem().unwrap());
    run.env("HTTPS_PROXY", proxy).env("CONCUR_CRED_CA_BUNDLE", ca)
}

#[test]
fn a_proxy_gets_a_connect_request_and_nothing_else() {
    let (world, proxy) = world();
    by(&world, &proxy.url, world.concur(["get"])).ok().silent();
    let port = world.sandbox.origin().rsplit(':').next().unwrap();
    let connect = format!("CONNECT {NAME}:{port} HTTP/1.1");
    assert_eq!(proxy.requests(), [connect.as_str(); 2]);
    assert_eq!(world.sandbox.violations(), [""; 0]);
}

/// The HTTP library ignores a setting that it cannot parse, and would bypass the proxy.
#[test]
fn an_invalid_proxy_variable_is_an_error_and_nothing_is_sent() {
    let (world, proxy) = world();
    for no_proxy in ["http//proxy", "htp://proxy:3128", "proxy:99999"] {
        let run = by(&world, no_proxy, world.concur(["refresh"]).env("ALL_PROXY", &proxy.url));
        run.fails(6).says("HTTPS_PROXY is not a proxy such as http://host:3128");
    }
    assert_eq!((proxy.requests().len(), world.refreshes()), (1, 0));
}

#[test]
fn one_callers_broken_proxy_delays_others_for_at_most_five_seconds() {
    let (world, proxy) = world();
    let get = || world.concur(["get"]);
    let broken = by(&world, BROKEN, get()).fails(5);
    broken.says("The token service cannot be reached").says("could not connect to");
    // Inside the five seconds no caller tries again, so that a herd of such callers costs one attempt.
    by(&world, &proxy.url, get()).fails(5).says("The token service cannot be reached");
    assert_eq!(proxy.requests().len(), 1, "the login alone");
    let token = by(&world, &proxy.url, get()).at_offset(6).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    // The caller with the broken proxy gets the token that the other one obtained.
    let hit = by(&world, BROKEN, get()).at_offset(6).ok().silent().line();
    assert_eq!(hit, token);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn an_explicit_refresh_with_a_working_proxy_is_not_delayed() {
    let (world, proxy) = world();
    by(&world, BROKEN, world.concur(["get"])).fails(5);
    by(&world, &proxy.url, world.concur(["refresh"])).ok();
    by(&world, BROKEN, world.concur(["get"])).ok().silent();
    assert_eq!(world.refreshes(), 1);
}

//! Which requests the receiver accepts.

use std::io::Write as _;
use std::net::{Ipv6Addr, SocketAddr, TcpStream};

use concur_sandbox::Fault;

use super::support::{Place, Reply, exchange, field, press};

const AUTHORIZE: &str = "/oauth2/v0/authorize";
const END: &str = "/concur-cred/done";

fn assert_is_last_page(reply: &Reply, heading: &str) {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.body.contains(heading) && reply.body.contains("close this page"), "{reply:?}");
}

#[test]
fn the_callback_makes_a_profile_that_refreshes() {
    let place = Place::new();
    let world = &place.world;
    let login = place.start(&["--scope", "openid EXPRPT"]);
    let callback = press(&world.sandbox, &login.link, "allow");
    let reply = place.get(&callback);
    assert_eq!((reply.status, reply.header("location")), (303, Some(END)), "{reply:?}");
    assert_is_last_page(&place.get(END), "You are logged in");
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    let user = world.sandbox.config().user.unwrap();
    assert!(said.contains(&user.uuid), "{said}");
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    world.expire("default");
    assert_ne!(world.concur(["get"]).ok().line(), token);
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.sandbox.violations(), [] as [&str; 0]);
}

#[test]
fn code_and_state_are_stored_nowhere() {
    let place = Place::new();
    let login = place.start(&["--trace"]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let (state, code) = (login.state(), field(&callback, "code"));
    let reply = place.get(&callback);
    for header in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
        assert_eq!(reply.header(header.0), Some(header.1), "{reply:?}");
    }
    let page = place.get(END);
    let (exit, said) = login.end();
    assert_eq!(exit, Some(0), "{said}");
    let log = place.world.concur(["log", "--json"]).ok();
    let files = place.made().into_iter().filter_map(|file| std::fs::read(file).ok());
    let places = files.chain([said.into_bytes(), page.body.into_bytes(), log.stdout]);
    for bytes in places {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&state) && !text.contains(&code), "{text}");
    }
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
}

#[test]
fn invalid_callbacks_are_refused_and_the_valid_one_is_still_accepted() {
    let place = Place::new();
    let mut login = place.start(&[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let wrong_state = callback.replace(&login.state(), &"A".repeat(43));
    let stateless = format!("/callback?code={}", field(&callback, "code"));
    let port = place.port;
    let own = format!("Host: localhost:{port}\r\n");
    let none = String::new();
    let long = format!("{own}X: {}\r\n", "x".repeat(100_000));
    let cases: [(&str, &str, String, u16); 13] = [
        ("GET", &callback, format!("Host: evil.example:{port}\r\n"), 400),
        ("GET", &callback, format!("Host: 127.0.0.1:{port}\r\n"), 400),
        ("GET", &callback, "Host: localhost\r\n".to_owned(), 400),
        ("GET", &callback, format!("{own}{own}"), 400),
        ("GET", &callback, none, 400),
        ("GET", &format!("http://localhost:{port}{callback}"), own.clone(), 400),
        ("POST", &callback, format!("{own}Content-Length: 1\r\n"), 405),
        ("HEAD", &callback, own.clone(), 405),
        ("GET", &callback, long, 431),
        ("GET", &callback.replace("/callback", "/callback/"), own.clone(), 404),
        ("GET", END, own.clone(), 404),
        ("GET", &wrong_state, own.clone(), 400),
        ("GET", &stateless, own.clone(), 400),
    ];
    for (method, target, headers, expected) in cases {
        let reply = place
            .send(&format!("{method} {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"));
        assert_eq!(reply.status, expected, "{method} {headers:?} {reply:?}");
        assert_eq!(reply.header("location"), None, "{reply:?}");
    }
    assert_eq!(place.send("nonsense\r\n\r\n").status, 400);
    login.wait_for("another login's state");
    assert_eq!(place.get(&callback).status, 303);
    assert_is_last_page(&place.get(END), "You are logged in");
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("refused a request").count(), 1, "reported once: {said}");
    assert_eq!(place.world.token_requests(), 1);
}

#[test]
fn silent_connections_do_not_block_the_browser() {
    let place = Place::new();
    let login = place.start(&[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let half = |text: &str| {
        let mut stream = TcpStream::connect(place.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let silent: Vec<TcpStream> = (0..100).map(|_| half("")).collect();
    let slow: Vec<TcpStream> = (0..100).map(|_| half("GET /callback HTTP/1.1\r\nHo")).collect();
    assert_eq!(place.get(&callback).status, 303);
    assert_is_last_page(&place.get(END), "You are logged in");
    let (code, said) = login.end();
    assert_eq!(code, Some(0), "{said}");
    drop((silent, slow));
}

#[test]
fn of_two_simultaneous_callbacks_one_counts() {
    let place = Place::new();
    let login = place.start(&[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let start = std::sync::Barrier::new(2);
    let come = || {
        start.wait();
        place.get(&callback).status
    };
    let mut statuses = std::thread::scope(|scope| {
        let both = [scope.spawn(come), scope.spawn(come)];
        both.map(|thread| thread.join().unwrap())
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_is_last_page(&place.get(END), "You are logged in");
    assert_eq!(login.end().0, Some(0));
    assert_eq!(place.world.token_requests(), 1, "the code is sent once");
}

#[test]
fn the_receiver_listens_only_on_loopback_ipv4_and_ipv6() {
    let place = Place::new();
    let login = place.start(&[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let request = |connection: &str| {
        let port = place.port;
        format!(
            "GET {callback} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: {connection}\r\n\r\n"
        )
    };
    let other = SocketAddr::from(([127, 0, 0, 2], place.port));
    assert!(TcpStream::connect(other).is_err(), "only the one address");
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, place.port));
    match TcpStream::connect(six) {
        Ok(_) => assert_eq!(exchange(six, &request("close")).status, 303),
        Err(_) => assert_eq!(exchange(place.address(), &request("close")).status, 303),
    }
    assert_is_last_page(&place.get(END), "You are logged in");
    assert_eq!(login.end().0, Some(0));
}

#[test]
fn a_missing_or_changed_state_is_refused() {
    let place = Place::new();
    let sandbox = &place.world.sandbox;
    let mut login = place.start(&[]);
    sandbox.push_faults_at(AUTHORIZE, 1, Fault::OmitFields(vec!["state".to_owned()]));
    let changed = Fault::OverrideField { name: "state".to_owned(), value: "other".into() };
    sandbox.push_faults_at(AUTHORIZE, 1, changed);
    for _ in 0..2 {
        assert_eq!(place.get(&press(sandbox, &login.link, "allow")).status, 400);
    }
    login.wait_for("without a state");
    assert_eq!(place.get(&press(sandbox, &login.link, "allow")).status, 303);
    assert_is_last_page(&place.get(END), "You are logged in");
    assert_eq!(login.end().0, Some(0));
}

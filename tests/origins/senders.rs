//! Commands that send a secret, with a service that redirects, or with an untrusted certificate.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use concur_sandbox::{Config, Fault, GrantType};

use super::sources::{ALLOWED, Scene};
use super::trap::Trap;
use crate::harness::World;

/// A world whose application may use its own grant, too.
fn world() -> World {
    let mut config = Config::default();
    config.allowed_grants.push(GrantType::ClientCredentials);
    let world = World::with(config);
    let app = world.sandbox.app().clone();
    world.login("default", &app);
    world
}

/// Each of them: its name, the path that is asked, and the command.
const SENDERS: [(&str, &str, &[&str]); 8] = [
    ("refresh", "/oauth2/", &["refresh"]),
    ("keepalive", "/oauth2/", &["keepalive", "--after", "0s"]),
    ("company grant", "/oauth2/", &["login", "--profile", "other"]),
    ("application's grant", "/oauth2/", &["login", "--grant", "app", "--profile", "other"]),
    ("API", "/sandbox/", &["api", "/sandbox/echo"]),
    ("API with a body", "/sandbox/", &["api", "POST", "/sandbox/echo", "-f", "a=b"]),
    ("API's DELETE", "/sandbox/", &["api", "DELETE", "/sandbox/echo"]),
    ("revoking", "/app-mgmt/", &["logout", "--revoke", "--yes"]),
];

/// Not even to an allowed origin or the service itself: only the named origin gets a request.
#[test]
fn no_secret_follows_a_redirect() {
    std::thread::scope(|scope| {
        for sender in SENDERS {
            for statuses in [&[301, 302][..], &[303, 307], &[308]] {
                scope.spawn(move || follows_no_redirect(sender, statuses));
            }
        }
    });
}

fn follows_no_redirect((name, path, command): (&str, &str, &[&str]), statuses: &[u16]) {
    let scene = Scene { world: world(), trap: Trap::new() };
    let home = scene.world.sandbox.origin().to_owned();
    let mut later = 0;
    for status in statuses.iter().copied() {
        for to in [scene.trap.url(), home.clone()] {
            // No caller retries at once.
            later += 90;
            scene.world.sandbox.clear_log();
            scene.world.sandbox.clear_faults();
            let location = format!("{to}/oauth2/v0/token?moved");
            let fault = Fault::Redirect { status, location };
            // More often than any client retries.
            scene.world.sandbox.push_faults_at(path, 20, fault);
            let mut run = scene.concur(command).env(ALLOWED, &to).at_offset(later);
            if command[0] == "login" {
                run = run.arg("--base-url").arg(&home);
                run = run.arg("--credentials").arg("credentials-default.json");
            }
            let output = run.output();
            assert_ne!(output.code, Some(0), "{name} {status}\n{output:?}");
            assert!(scene.trap.connections().is_empty(), "{name} {status}\n{output:?}");
            let asked = scene.world.sandbox.requests();
            assert!(!asked.is_empty(), "{name} {status}: it was asked\n{output:?}");
            assert_eq!(scene.world.sandbox.violations(), [""; 0], "{name} {status}\n{output:?}");
        }
    }
}

/// A server that answers a handshake with other data, or with an outdated TLS version.
const IMPOSTORS: [(&str, &[u8]); 4] = [
    ("in the clear", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    ("with a redirect in the clear", b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:9/\r\n\r\n"),
    // ServerHello of TLS 1.1 and of TLS 1.0: version, random, no session, AES128-SHA, no compression.
    ("with TLS 1.1", &server_hello(2)),
    ("with TLS 1.0", &server_hello(1)),
];

const fn server_hello(minor: u8) -> [u8; 47] {
    let mut hello = [7; 47];
    let head = [0x16, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor];
    let mut at = 0;
    while at < head.len() {
        hello[at] = head[at];
        at += 1;
    }
    [hello[43], hello[44], hello[45], hello[46]] = [0, 0, 0x2f, 0];
    hello
}

/// Such a server gets a `ClientHello` and an alert, and no secret.
#[test]
fn tls_is_never_downgraded() {
    for (how, answer) in IMPOSTORS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let (results, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let mut greeting = vec![0; 16 * 1024];
                let length = client.read(&mut greeting).unwrap_or(0);
                greeting.truncate(length);
                let _ = client.write_all(answer);
                let mut rest = Vec::new();
                let _ = client.read_to_end(&mut rest);
                let _ = results.send((greeting, rest));
            }
        });
        let world = World::new();
        world.write("credentials.json", world.sandbox.credentials_json());
        let output = world.concur(["login", "--base-url", &origin]).fails(5);
        // The client has gone: its data is reported once it is read completely.
        let first = heard.recv_timeout(Duration::from_secs(60));
        let first = first.unwrap_or_else(|_| panic!("{how}: no connection\n{output:?}"));
        let connections = std::iter::once(first).chain(heard.try_iter());
        for (greeting, rest) in connections {
            assert_eq!(greeting[0], 0x16, "{how}: a handshake begins");
            // Nothing at all, or one alert (RFC 8446, section 6): 7 bytes.
            assert!(rest.is_empty() || (rest[0] == 0x15 && rest.len() == 7), "{how}: {rest:?}");
        }
        assert!(world.sandbox.requests().is_empty(), "{how}");
    }
}

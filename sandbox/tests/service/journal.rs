use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::thread;

use concur_sandbox::{Config, Sandbox, fingerprint};
use serde_json::Value;

use crate::http::{PATIENCE, USERS, call, company_form, log_in, refresh, send, token_request};

/// A log that a test can read.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_names_secrets_by_fingerprint_and_never_shows_one() {
    let log = Shown::default();
    let sandbox = Sandbox::start_with_log(Config::default(), Box::new(log.clone())).unwrap();
    let reply = log_in(&sandbox);
    let refreshed = refresh(&sandbox, &reply.field("refresh_token"));
    let access = refreshed.field("access_token");
    call(&sandbox, "GET", &format!("{USERS}?count=1&access_token={access}"), &access);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let app = sandbox.app();
    let secrets = [
        app.client_secret.clone(),
        app.request_token.clone(),
        reply.field("refresh_token"),
        reply.field("access_token"),
        reply.field("id_token"),
        access,
    ];
    let shown = format!("{text}{:?}{:?}{:?}", sandbox.requests(), sandbox, sandbox.config());
    let shown = format!("{shown}{:?}{:?}", sandbox.app(), sandbox.violations());
    for secret in &secrets {
        assert!(!shown.contains(secret), "a secret is shown");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["secrets"]["password"], fingerprint(&app.request_token));
    assert_eq!(lines[1]["secrets"]["refresh_token"], fingerprint(&secrets[2]));
    assert_eq!(lines[2]["secrets"]["access_token"], fingerprint(&secrets[5]));
}

#[test]
fn a_record_contains_the_client_the_request_and_the_outcome() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let id = "2803b8f8-a42b-43c2-a739-b8768e4759b8";
    let request = token_request(&company_form(sandbox.app()));
    let head = format!("User-Agent: claim/1\r\nconcur-correlationid: {id}\r\nAccept");
    let reply = send(&sandbox, &request.replacen("Accept", &head, 1));
    assert_eq!(reply.header("Concur-Correlationid"), Some(id), "the client's id is echoed");
    let records = sandbox.requests();
    let record = &records[0];
    assert_eq!((record.sequence, record.method.as_str()), (1, "POST"));
    assert_eq!(record.grant_type.as_deref(), Some("password"));
    assert_eq!(record.user_agent.as_deref(), Some("claim/1"));
    assert_eq!((record.correlation_id.as_str(), record.correlation_id_was_sent), (id, true));
    assert_eq!((record.status, record.outcome.as_str()), (Some(200), "granted"));
    refresh(&sandbox, "unknown");
    let second = sandbox.requests().pop().unwrap();
    assert_eq!((second.sequence, second.outcome.as_str()), (2, "code 108"));
    assert!(!second.correlation_id_was_sent && !second.correlation_id.is_empty());
    let counters = sandbox.counters();
    assert_eq!((counters.token_requests, counters.grants_made), (2, 1));
    assert_eq!(counters.token_requests_of("refresh_token"), 1);
    assert_eq!(counters.refusals_of(108), 1);
}

#[test]
fn a_gate_holds_a_request_that_has_been_counted() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let gate = sandbox.hold_next_token_request();
    assert!(!gate.wait_until_reached(std::time::Duration::ZERO), "no request yet");
    thread::scope(|scope| {
        let held = scope.spawn(|| log_in(&sandbox));
        assert!(gate.wait_until_reached(PATIENCE));
        assert_eq!(sandbox.requests()[0].outcome, "pending");
        assert_eq!((sandbox.counters().token_requests, sandbox.counters().grants_made), (1, 0));
        assert_eq!(log_in(&sandbox).status, 200, "another request passes meanwhile");
        gate.release();
        assert_eq!(held.join().unwrap().status, 200);
    });
    assert_eq!(sandbox.counters().max_simultaneous_token_requests, 2);
}

#[test]
fn a_dropped_gate_holds_nothing() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    drop(sandbox.hold_next_token_request());
    log_in(&sandbox);
}

#[test]
fn simultaneous_refreshes_are_counted_by_family() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let [first, second] = [(); 2].map(|()| log_in(&sandbox).field("refresh_token"));
    let gates = [(); 3].map(|()| sandbox.hold_next_token_request());
    thread::scope(|scope| {
        for token in [&first, &first, &second] {
            scope.spawn(|| assert_eq!(refresh(&sandbox, token).status, 200));
        }
        for gate in &gates {
            assert!(gate.wait_until_reached(PATIENCE));
        }
        gates.iter().for_each(concur_sandbox::Gate::release);
    });
    let counters = sandbox.counters();
    assert_eq!(counters.max_simultaneous_refreshes_of_one_family, 2);
    assert_eq!(counters.max_simultaneous_token_requests, 3);
    sandbox.clear_log();
    refresh(&sandbox, &first);
    assert_eq!(sandbox.counters().max_simultaneous_refreshes_of_one_family, 1);
}

#[test]
fn many_clients_are_served_at_once_and_each_is_granted_once() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let tokens: Vec<String> = thread::scope(|scope| {
        let clients: Vec<_> =
            (0..32).map(|_| scope.spawn(|| log_in(&sandbox).field("access_token"))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let distinct: std::collections::HashSet<_> = tokens.iter().collect();
    assert_eq!((distinct.len(), sandbox.counters().grants_made), (32, 32));
    assert!(sandbox.violations().is_empty());
}

#[test]
fn sandboxes_in_one_process_know_nothing_of_each_other() {
    let [one, other] = [(); 2].map(|()| Sandbox::start(Config::default()).unwrap());
    let reply = log_in(&one);
    assert!(!other.was_issued_access_token(&reply.field("access_token")));
    assert_eq!(other.counters().token_requests, 0);
    let address = one.origin().strip_prefix("http://").unwrap().to_owned();
    drop(one);
    assert!(std::net::TcpStream::connect(address).is_err(), "a dropped sandbox frees its port");
}

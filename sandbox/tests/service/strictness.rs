use std::io::Write as _;

use concur_sandbox::{Config, Fault, Sandbox};

use crate::http::{company_form, connect, encode, read, send, token_request};

fn valid(sandbox: &Sandbox) -> String {
    token_request(&company_form(sandbox.app()))
}

/// Sends a request that Concur would refuse: nothing may be granted, and the violation must be recorded.
fn refused(sandbox: &Sandbox, request: &str, status: u16, violation: &str) {
    let reply = send(sandbox, request);
    assert_eq!((reply.status, reply.code()), (status, 135), "{reply:?}");
    assert_eq!(sandbox.counters().grants_made, 0, "nothing is granted");
    let violations = sandbox.violations();
    assert!(violations.iter().any(|text| text.contains(violation)), "{violations:?}");
}

#[test]
fn a_charset_parameter_is_refused() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let request = valid(&sandbox).replace("-urlencoded\r", "-urlencoded; charset=utf-8\r");
    refused(&sandbox, &request, 400, "charset");
}

#[test]
fn another_content_type_is_refused() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let request = valid(&sandbox).replace("application/x-www-form-urlencoded", "application/json");
    refused(&sandbox, &request, 400, "Content-Type");
}

#[test]
fn a_chunked_body_is_refused() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let body = encode(&company_form(sandbox.app()));
    let (head, _) = valid(&sandbox).split_once("Content-Length").map(own).unwrap();
    let request =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    refused(&sandbox, &request, 400, "chunked");
}

fn own((head, rest): (&str, &str)) -> (String, String) {
    (head.to_owned(), rest.to_owned())
}

#[test]
fn a_request_without_content_length_is_refused() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let (head, _) = valid(&sandbox).split_once("Content-Length").map(own).unwrap();
    refused(&sandbox, &format!("{head}\r\n"), 400, "no Content-Length");
}

#[test]
fn secrets_in_the_url_are_refused_and_not_repeated() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let secret = sandbox.app().client_secret.clone();
    let target = format!("/oauth2/v0/token?client_secret={secret} ");
    let request = valid(&sandbox).replacen("/oauth2/v0/token ", &target, 1);
    refused(&sandbox, &request, 400, "the URL carries client_secret");
    assert!(!sandbox.violations().concat().contains(&secret));
}

#[test]
fn a_repeated_field_is_refused() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let mut form = company_form(sandbox.app()).to_vec();
    form.push(("username", "another"));
    refused(&sandbox, &token_request(&form), 400, "username is sent twice");
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let padding = "x".repeat(70 * 1024);
    let mut form = company_form(sandbox.app()).to_vec();
    form.push(("padding", &padding));
    refused(&sandbox, &token_request(&form), 413, "64 KiB");
}

#[test]
fn basic_authentication_is_not_read() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let form: Vec<_> = company_form(sandbox.app())
        .into_iter()
        .filter(|(name, _)| !name.starts_with("client_"))
        .collect();
    let request = token_request(&form).replacen("Accept", "Authorization: Basic eDp5\r\nAccept", 1);
    assert_eq!(send(&sandbox, &request).code(), 115);
    assert_eq!(sandbox.violations().len(), 1);
}

#[test]
fn careless_requests_are_served_and_noted() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let request = valid(&sandbox).replace("Accept: application/json\r\n", "Accept: */*\r\n");
    assert_eq!(send(&sandbox, &request).status, 200);
    assert!(sandbox.violations()[0].contains("Accept"), "{:?}", sandbox.violations());
    let request = valid(&sandbox).replacen("Accept", "concur-correlationid: mine\r\nAccept", 1);
    assert_eq!(send(&sandbox, &request).status, 200);
    assert!(sandbox.violations()[1].contains("not a UUID"), "{:?}", sandbox.violations());
    sandbox.clear_log();
    assert!(sandbox.violations().is_empty());
}

#[test]
fn a_followed_redirect_is_a_violation() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let location = format!("{}/elsewhere?x=1", sandbox.origin());
    sandbox.push_fault(Fault::Redirect { status: 307, location: location.clone() });
    let reply = send(&sandbox, &valid(&sandbox));
    assert_eq!((reply.status, reply.header("location")), (307, Some(location.as_str())));
    assert!(sandbox.violations().is_empty(), "the first redirected request is no violation");
    send(&sandbox, &valid(&sandbox).replacen("/oauth2/v0/token", "/elsewhere?x=1", 1));
    assert!(sandbox.violations()[0].contains("redirect"), "{:?}", sandbox.violations());
}

#[test]
fn wrong_methods_and_paths_get_their_status() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let get = |target: &str| {
        send(&sandbox, &format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    };
    let reply = get("/oauth2/v0/token");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    let reply = get("/app-mgmt/v0/connections");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("DELETE")));
    assert_eq!(get("/oauth2/v1/token").status, 404);
    assert_eq!(get("/oauth2/v0/jwks").json()["keys"][0]["alg"], "RS256");
}

#[test]
fn a_connection_serves_several_requests() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let mut stream = connect(&sandbox);
    let kept = valid(&sandbox).replace("Connection: close\r\n", "");
    stream.write_all(kept.as_bytes()).unwrap();
    stream.write_all(valid(&sandbox).as_bytes()).unwrap();
    read(&mut stream).unwrap().unwrap();
    let peers: Vec<String> = sandbox.requests().into_iter().map(|record| record.peer).collect();
    assert!(peers.len() == 2 && peers[0] == peers[1], "{peers:?}");
}

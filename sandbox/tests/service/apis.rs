use concur_sandbox::{Config, Sandbox};

use crate::http::{USERS, call, company_form, log_in, post, refresh, send};

#[test]
fn users_are_listed_for_a_valid_token() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    for (target, expected) in [
        (USERS.to_owned(), 3),
        (format!("{USERS}?count=1"), 1),
        (format!("{USERS}?count=0"), 0),
        ("/profile/identity/v4/Users/".to_owned(), 3),
    ] {
        let reply = call(&sandbox, "GET", &target, &access);
        assert_eq!(reply.status, 200, "{target}");
        let body = reply.json();
        assert_eq!(body["Resources"].as_array().unwrap().len(), expected, "{target}");
        assert_eq!(body["itemsPerPage"], expected);
    }
    assert_eq!(call(&sandbox, "GET", &format!("{USERS}?count=x"), &access).status, 400);
}

#[test]
fn absent_wrong_and_expired_tokens_are_forbidden() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    let absent = format!("GET {USERS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let reply = send(&sandbox, &absent);
    assert_eq!((reply.status, &reply.json()["status"]), (403, &"403".into()));
    assert_eq!(call(&sandbox, "GET", USERS, "nonsense").status, 403);
    sandbox.expire_access_tokens();
    assert!(sandbox.was_issued_access_token(&access) && !sandbox.is_live_access_token(&access));
    assert_eq!(call(&sandbox, "GET", USERS, &access).status, 403);
    sandbox.configure(|config| config.forbidden_status = 401);
    let reply = call(&sandbox, "GET", USERS, &access);
    assert_eq!(reply.status, 401);
    assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer"));
    assert_eq!((sandbox.counters().api_requests, sandbox.counters().api_refusals), (4, 4));
}

#[test]
fn a_token_issued_expired_is_forbidden() {
    let config = Config { access_lifetime_seconds: -5, ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let reply = log_in(&sandbox);
    assert_eq!(reply.json()["expires_in"], -5);
    assert_eq!(call(&sandbox, "GET", USERS, &reply.field("access_token")).status, 403);
}

#[test]
fn deleting_the_connections_revokes_all_of_that_principal_and_app_only() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let (first, second) = (log_in(&sandbox), log_in(&sandbox));
    let company = sandbox.add_company();
    let bystander = post(&sandbox, &company_form(&company));
    let path = "/app-mgmt/v0/connections";
    assert_eq!(call(&sandbox, "DELETE", path, "nonsense").status, 403);
    assert_eq!(call(&sandbox, "DELETE", path, &first.field("access_token")).status, 200);
    for reply in [&first, &second] {
        assert_eq!(refresh(&sandbox, &reply.field("refresh_token")).code(), 108);
        assert!(!sandbox.is_live_access_token(&reply.field("access_token")));
    }
    assert_eq!(refresh(&sandbox, &bystander.field("refresh_token")).status, 200);
    assert!(sandbox.is_live_access_token(&bystander.field("access_token")));
    assert_eq!(sandbox.counters().disconnections, 1);
}

fn post_json(sandbox: &Sandbox, target: &str, access: &str, body: &str) -> crate::http::Reply {
    send(
        sandbox,
        &format!(
            "POST {target} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\nX-A: 1\r\nX-A: 2\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\
             Authorization: Bearer {access}\r\n\r\n{body}",
            body.len()
        ),
    )
}

#[test]
fn reports_are_listed_and_made_for_a_token_with_their_scope() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    let reports = "/api/v3.0/expense/reports";
    let first = call(&sandbox, "GET", &format!("{reports}?user=ALL&limit=25"), &access).json();
    assert_eq!(first["Items"].as_array().unwrap().len(), 25);
    let next = first["NextPage"].as_str().unwrap().strip_prefix(sandbox.origin()).unwrap();
    let last = call(&sandbox, "GET", next, &access).json();
    assert_eq!((last["Items"].as_array().unwrap().len(), last["NextPage"].is_null()), (15, true));
    assert!(
        post_json(&sandbox, reports, &access, r#"{"Name":"x"}"#).field("URI").contains(reports)
    );
    assert_eq!(post_json(&sandbox, reports, &access, "{}").status, 400);
    let reply = call(&sandbox, "DELETE", reports, &access);
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")));
    sandbox.configure(|config| config.scope = "openid".to_owned());
    let narrow = log_in(&sandbox).field("access_token");
    for target in [reports, USERS] {
        let reply = call(&sandbox, "GET", target, &narrow);
        assert_eq!(reply.status, 403);
        assert!(reply.field("message").contains("scope"), "{reply:?}");
    }
}

#[test]
fn the_echo_endpoint_returns_the_request_without_the_token() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    let reply = post_json(&sandbox, "/sandbox/echo?a=1&a=b%20c", &access, "[7]");
    let body = reply.json();
    assert_eq!(
        (body["method"].as_str(), body["path"].as_str()),
        (Some("POST"), Some("/sandbox/echo"))
    );
    assert_eq!(body["query"], serde_json::json!([["a", "1"], ["a", "b c"]]));
    assert_eq!(body["headers"]["x-a"], serde_json::json!(["1", "2"]));
    assert_eq!(
        (body["body_bytes"].as_u64(), &body["body_json"]),
        (Some(3), &serde_json::json!([7]))
    );
    assert_eq!(body["body_sha256"].as_str().unwrap().len(), 64);
    assert!(!reply.text().contains(&access));
    assert_eq!(call(&sandbox, "PATCH", "/sandbox/echo", "nonsense").status, 403);
    let bytes = call(&sandbox, "GET", "/sandbox/bytes?count=1000", &access);
    assert_eq!((bytes.body.len(), bytes.body[257]), (1000, 1));
    assert_eq!(call(&sandbox, "GET", "/sandbox/bytes?count=x", &access).status, 400);
}

#[test]
fn a_delete_of_the_connections_with_a_body_is_refused_and_recorded() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    let query = call(&sandbox, "DELETE", "/app-mgmt/v0/connections?all=1", &access);
    assert_eq!(query.status, 400);
    let request = format!(
        "DELETE /app-mgmt/v0/connections HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\
         Content-Length: 2\r\nAuthorization: Bearer {access}\r\n\r\n{{}}"
    );
    assert_eq!(send(&sandbox, &request).status, 400);
    assert_eq!((sandbox.counters().disconnections, sandbox.violations().len()), (0, 2));
    assert!(sandbox.is_live_access_token(&access));
}

#[test]
fn a_stalling_body_sends_its_first_half_and_then_nothing() {
    use std::io::{Read as _, Write as _};
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    sandbox.push_faults_at("/sandbox/", 1, concur_sandbox::Fault::StallBody);
    let mut stream = crate::http::connect(&sandbox);
    let request = format!(
        "GET /sandbox/bytes?count=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {access}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut got = Vec::new();
    while got.len() < 500 || !got.ends_with(&[243]) {
        let mut some = [0; 512];
        let count = stream.read(&mut some).unwrap();
        assert!(count > 0, "the connection stays open");
        got.extend_from_slice(&some[..count]);
    }
    let head = String::from_utf8_lossy(&got);
    assert!(head.to_lowercase().contains("content-length: 1000"), "{head}");
}

//! The page of the browser grant, and the codes it issues.

use concur_sandbox::{Config, Fault, GrantType, Sandbox, User};

use crate::http::{Reply, encode, post, refresh, send};

const PATH: &str = "/oauth2/v0/authorize";
const URI: &str = "http://localhost:8017/callback";

fn sandbox() -> Sandbox {
    let mut config = Config {
        redirect_uris: vec![URI.to_owned(), "https://intranet.example/cb?app=1".to_owned()],
        user: Some(User::made_up("erika@example.com")),
        ..Config::default()
    };
    config.allowed_grants.push(GrantType::AuthorizationCode);
    Sandbox::start(config).unwrap()
}

fn asking(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", sandbox.app().client_id.clone()),
        ("redirect_uri", URI.to_owned()),
        ("response_type", "code".to_owned()),
        ("scope", "openid".to_owned()),
        ("state", "s&1 <2>".to_owned()),
    ]
}

fn with(
    mut fields: Vec<(&'static str, String)>,
    name: &str,
    value: &str,
) -> Vec<(&'static str, String)> {
    for field in fields.iter_mut().filter(|field| field.0 == name) {
        value.clone_into(&mut field.1);
    }
    fields
}

fn encoded(fields: &[(&'static str, String)]) -> String {
    encode(&fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
}

fn get(sandbox: &Sandbox, fields: &[(&'static str, String)]) -> Reply {
    let query = encoded(fields);
    send(sandbox, &format!("GET {PATH}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

fn press(sandbox: &Sandbox, fields: &[(&'static str, String)], button: &str) -> Reply {
    let user = sandbox.config().user.unwrap();
    let mut fields = fields.to_vec();
    fields.extend([
        ("username", user.login_id),
        ("password", user.password),
        ("decision", button.to_owned()),
    ]);
    let body = encoded(&fields);
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close");
    send(sandbox, &format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// The fields that a redirect carries to this URI.
fn carried(reply: &Reply, uri: &str) -> Vec<(String, String)> {
    assert_eq!(reply.status, 302, "{reply:?}");
    let query = reply.header("location").unwrap().strip_prefix(uri).unwrap();
    form_urlencoded::parse(&query.as_bytes()[1..]).into_owned().collect()
}

fn field(fields: &[(String, String)], name: &str) -> String {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap()
}

fn exchange(sandbox: &Sandbox, code: &str, uri: &str) -> Reply {
    let app = sandbox.app();
    post(
        sandbox,
        &[
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", uri),
        ],
    )
}

#[test]
fn the_page_shows_who_asks_for_what_escaped_and_without_scripts() {
    let sandbox = sandbox();
    let reply = get(&sandbox, &asking(&sandbox));
    assert_eq!(reply.status, 200, "{reply:?}");
    let text = reply.text();
    assert!(
        text.contains(&sandbox.app().client_id) && text.contains("<code>openid</code>"),
        "{text}"
    );
    assert!(text.contains("value=\"s&amp;1 &lt;2&gt;\"") && !text.contains("<2>"), "{text}");
    assert!(!text.contains("<script") && !text.contains("src="), "{text}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(sandbox.violations(), [] as [&str; 0]);
}

#[test]
fn a_code_is_for_the_user_who_allowed_and_can_be_used_once() {
    let sandbox = sandbox();
    let fields = carried(&press(&sandbox, &asking(&sandbox), "allow"), URI);
    assert_eq!(field(&fields, "state"), "s&1 <2>");
    assert_eq!(field(&fields, "geolocation"), sandbox.origin());
    let code = field(&fields, "code");
    let reply = exchange(&sandbox, &code, URI);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["scope"], "openid");
    assert!(reply.json()["id_token"].is_string());
    assert_eq!(refresh(&sandbox, &reply.field("refresh_token")).status, 200);
    assert_eq!(exchange(&sandbox, &code, URI).code(), 103, "a code is used once");
}

#[test]
fn a_code_is_bound_to_its_client_its_redirect_uri_and_its_time() {
    let sandbox = sandbox();
    let code = || field(&carried(&press(&sandbox, &asking(&sandbox), "allow"), URI), "code");
    assert_eq!(exchange(&sandbox, &code(), "http://localhost:8017/other").code(), 104);
    let other = sandbox.add_app();
    let theirs = post(
        &sandbox,
        &[
            ("client_id", &other.client_id),
            ("client_secret", &other.client_secret),
            ("grant_type", "authorization_code"),
            ("code", &code()),
            ("redirect_uri", URI),
        ],
    );
    assert_eq!(theirs.code(), 105);
    assert_eq!(exchange(&sandbox, "made-up", URI).code(), 103);
    assert_eq!(exchange(&sandbox, "", URI).code(), 101);
    assert_eq!(exchange(&sandbox, &code(), "").code(), 102);
    sandbox.configure(|config| config.code_lifetime_seconds = 0);
    assert_eq!(exchange(&sandbox, &code(), URI).code(), 103, "expired");
}

#[test]
fn an_unregistered_redirect_uri_is_never_redirected_to() {
    let sandbox = sandbox();
    let valid = asking(&sandbox);
    let mut cases = vec![with(valid.clone(), "client_id", "unknown")];
    for uri in [
        "https://evil.example/",
        "http://localhost:8017/callback/",
        "HTTP://localhost:8017/callback",
    ] {
        cases.push(with(valid.clone(), "redirect_uri", uri));
    }
    for name in ["client_id", "redirect_uri"] {
        cases.push(valid.iter().filter(|field| field.0 != name).cloned().collect());
    }
    for twice in &valid {
        let mut fields = valid.clone();
        fields.push(twice.clone());
        cases.push(fields);
    }
    for fields in cases {
        for reply in [get(&sandbox, &fields), press(&sandbox, &fields, "allow")] {
            assert_eq!((reply.status, reply.header("location")), (400, None), "{fields:?}");
            assert!(!reply.text().contains("evil"), "{reply:?}");
        }
    }
}

#[test]
fn errors_and_denials_are_sent_to_the_application() {
    let sandbox = sandbox();
    let valid = asking(&sandbox);
    let error = |reply: &Reply| {
        let fields = carried(reply, URI);
        assert!(!field(&fields, "error_description").is_empty());
        assert_eq!(field(&fields, "state"), "s&1 <2>");
        field(&fields, "error_code")
    };
    assert_eq!(error(&press(&sandbox, &valid, "deny")), "access_denied");
    let token = with(valid.clone(), "response_type", "token");
    assert_eq!(error(&get(&sandbox, &token)), "unsupported_response_type");
    assert_eq!(error(&get(&sandbox, &with(valid.clone(), "scope", "openid ALL"))), "54");
    sandbox.disable_client(true);
    assert_eq!(error(&get(&sandbox, &valid)), "59");
    sandbox.disable_client(false);
    sandbox
        .configure(|config| config.allowed_grants.retain(|g| *g != GrantType::AuthorizationCode));
    assert_eq!(error(&get(&sandbox, &valid)), "60");
}

#[test]
fn a_wrong_password_is_asked_for_again() {
    let sandbox = sandbox();
    let mut fields = asking(&sandbox);
    fields.extend([("username", "erika@example.com".to_owned()), ("password", "x".to_owned())]);
    let reply = press(&sandbox, &fields, "allow");
    assert_eq!((reply.status, reply.header("location")), (200, None));
    assert!(reply.text().contains("Wrong user name or password"), "{reply:?}");
}

#[test]
fn a_query_of_the_registered_uri_is_kept_and_faults_edit_the_redirect() {
    let sandbox = sandbox();
    let uri = "https://intranet.example/cb?app=1";
    let fields = with(asking(&sandbox), "redirect_uri", uri);
    sandbox.push_faults_at(PATH, 1, Fault::Geolocation("https://evil.example".to_owned()));
    sandbox.push_faults_at(PATH, 1, Fault::OmitFields(vec!["state".to_owned()]));
    let first = carried(&press(&sandbox, &fields, "allow"), uri);
    assert_eq!(field(&first, "geolocation"), "https://evil.example");
    let second = carried(&press(&sandbox, &fields, "allow"), uri);
    assert!(second.iter().all(|(name, _)| name != "state"), "{second:?}");
}

//! Failed browser logins: their messages, and that they leave nothing behind.

use std::net::TcpListener;
use std::process::Command;

use concur_sandbox::{Fault, Sandbox};

use super::support::{Login, Place, config, field, press};

const AUTHORIZE: &str = "/oauth2/v0/authorize";

/// Asserts this exit code, these messages, and no profile.
fn assert_ends(place: &Place, login: Login, code: i32, says: &[&str]) {
    let (exit, said) = login.end();
    assert_eq!(exit, Some(code), "{said}");
    for text in says {
        assert!(said.contains(text), "{text:?}: {said}");
    }
    assert!(!said.contains('\u{1b}'), "no control characters: {said}");
    let status = place.world.concur(["status", "--json"]).output();
    assert!(!String::from_utf8_lossy(&status.stdout).contains("default"), "{status:?}");
}

/// The same before the token request: then there is no store either.
fn assert_ends_early(place: &Place, login: Login, code: i32, says: &[&str]) {
    assert_ends(place, login, code, says);
    assert_eq!(place.world.token_requests(), 0);
    assert!(!place.world.store_file().exists() && !place.world.config_dir().exists());
}

#[test]
fn denying_access_shows_what_to_do() {
    let place = Place::new();
    let login = place.start(&[]);
    assert_eq!(place.get(&press(&place.world.sandbox, &login.link, "deny")).status, 303);
    let page = place.get("/concur-cred/done");
    assert!(page.body.contains("The login failed"), "{page:?}");
    let says = ["without permission", "did not allow", "allow the application", "--grant browser"];
    assert_ends_early(&place, login, 4, &says);
}

#[test]
fn concurs_refusal_is_shown_escaped_with_advice() {
    let place = Place::new();
    let login = place.start(&[]);
    let put = |name: &str, value: &str| Fault::OverrideField {
        name: name.to_owned(),
        value: value.into(),
    };
    let faults = vec![put("error_code", "10"), put("error_description", "\u{1b}[2Jdis\nabled")];
    place.world.sandbox.push_faults_at(AUTHORIZE, 1, Fault::Together(faults));
    place.get(&press(&place.world.sandbox, &login.link, "deny"));
    assert_ends_early(
        &place,
        login,
        4,
        &["code 10", "\\u{1b}[2Jdis", "ask your Concur administrator"],
    );
}

#[test]
fn a_code_is_not_sent_to_an_origin_that_is_not_allowed() {
    let place = Place::new();
    let login = place.start(&[]);
    let evil = Fault::Geolocation("https://us.api.concursolutions.com.evil.example".to_owned());
    place.world.sandbox.push_faults_at(AUTHORIZE, 1, evil);
    assert_eq!(place.get(&press(&place.world.sandbox, &login.link, "allow")).status, 303);
    assert_ends_early(&place, login, 6, &["evil.example", "not allowed", "Nothing was sent there"]);
}

#[test]
fn a_code_is_exchanged_at_its_geolocation() {
    let place = Place::new();
    let app = place.world.sandbox.app().clone();
    let there =
        Sandbox::start(concur_sandbox::Config { app: Some(app), ..config(&place.redirect_uri) });
    let there = there.unwrap();
    let allowed = place.world.concur(place.login(&["--no-browser"]));
    let login =
        Login::start(allowed.env("CONCUR_CRED_ALLOWED_ORIGINS", there.origin()).into_command());
    let geolocation = Fault::Geolocation(there.origin().to_owned());
    place.world.sandbox.push_faults_at(AUTHORIZE, 1, geolocation);
    place.get(&press(&place.world.sandbox, &login.link, "allow"));
    // The two sandboxes do not share their codes: the refusal shows where the request went.
    assert_ends(&place, login, 4, &["code 103", "sign in again"]);
    assert_eq!((place.world.token_requests(), there.counters().token_requests), (0, 1));
}

#[test]
fn a_code_that_was_already_used_makes_no_profile() {
    let place = Place::new();
    let login = place.start(&[]);
    let callback = press(&place.world.sandbox, &login.link, "allow");
    let app = place.world.sandbox.app();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &app.client_id)
        .append_pair("client_secret", &app.client_secret)
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", &field(&callback, "code"))
        .append_pair("redirect_uri", &place.redirect_uri)
        .finish();
    let address = place.world.host().parse().unwrap();
    let head = "POST /oauth2/v0/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/json";
    let stolen = super::support::exchange(
        address,
        &format!(
            "{head}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    );
    assert_eq!(stolen.status, 200, "{stolen:?}");
    place.get(&callback);
    assert_ends(&place, login, 4, &["code 103", "already used or has expired"]);
}

#[test]
fn a_profile_of_another_user_is_not_overwritten() {
    let place = Place::new();
    let log_in = || {
        let login = place.start(&[]);
        place.get(&press(&place.world.sandbox, &login.link, "allow"));
        place.get("/concur-cred/done");
        login.end()
    };
    assert_eq!(log_in().0, Some(0));
    let before = place.world.concur(["get"]).ok().line();
    assert_eq!(log_in().0, Some(0), "the same user logs in again");
    place
        .world
        .sandbox
        .configure(|config| config.user = Some(concur_sandbox::User::made_up("erika@example.com")));
    let (code, said) = log_in();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--replace"), "{said}");
    assert_ne!(place.world.concur(["get"]).ok().line(), before, "the second login's token is kept");
}

#[test]
fn a_browser_login_timeout_is_a_temporary_failure() {
    let place = Place::new();
    let login = place.start(&["--timeout", "0s"]);
    assert_ends_early(&place, login, 5, &["Timed out after", "--timeout 15m", "registered"]);
    assert_eq!(place.made(), [""; 0]);
}

#[test]
fn a_port_in_use_is_reported_first() {
    for host in ["127.0.0.1", "[::1]"] {
        let place = Place::new();
        let Ok(taken) = TcpListener::bind(format!("{host}:{}", place.port)) else { continue };
        // No credentials: they would be asked for, or found missing, later.
        std::fs::remove_file(place.world.work().join("credentials.json")).unwrap();
        let named = format!("localhost:{}", place.port);
        place.world.concur(place.login(&[])).fails(1).says(&named).says("--redirect-uri");
        assert_eq!(place.made(), [""; 0]);
        drop(taken);
    }
}

#[test]
fn an_interrupted_login_leaves_nothing_behind() {
    let place = Place::new();
    let mut login = place.start(&[]);
    let id = login.child.id().to_string();
    // The shell's own: not every machine has a program of this name.
    assert!(Command::new("sh").args(["-c", "kill -s TERM $0", &id]).status().unwrap().success());
    assert_eq!(login.child.wait().unwrap().code(), None, "the signal ends it");
    assert_eq!(place.made(), [""; 0]);
    TcpListener::bind(place.address()).unwrap();
}

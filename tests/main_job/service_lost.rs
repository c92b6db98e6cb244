//! Answers that are lost, before and after the grant.

use concur_sandbox::{Config, Fault, Rotation};

use super::support::{assert_refresh_token_is_not_lost, each, stored_refresh_token};
use crate::harness::World;

const ROTATIONS: [Rotation; 3] = [Rotation::Same, Rotation::NewKeepOld, Rotation::NewRevokeFamily];

fn cases(faults: &[Fault]) -> Vec<(Rotation, Fault)> {
    let with = |rotation| faults.iter().map(move |fault| (rotation, fault.clone()));
    ROTATIONS.into_iter().flat_map(with).collect()
}

fn world(rotation: Rotation) -> World {
    World::logged_in_with(Config { rotation, ..Config::default() })
}

#[test]
fn a_connection_lost_before_the_grant_costs_one_more_request() {
    each(&cases(&[Fault::DropBefore, Fault::ResetBefore]), |(rotation, fault)| {
        let world = world(*rotation);
        world.sandbox.push_fault(fault.clone());
        world.expire("default");
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token));
        assert_eq!((world.refreshes(), world.sandbox.counters().grants_made), (2, 2));
        assert_refresh_token_is_not_lost(&world, &format!("{rotation:?} {fault:?}"));
    });
}

#[test]
fn an_answer_lost_after_the_grant_still_yields_a_valid_token() {
    let faults = [Fault::DropAfter, Fault::ResetAfter, Fault::TruncateBody];
    each(&cases(&faults), |(rotation, fault)| {
        let world = world(*rotation);
        world.sandbox.push_fault(fault.clone());
        world.expire("default");
        let token = world.concur(["get"]).ok().line();
        let what = format!("{rotation:?} {fault:?}");
        assert!(world.sandbox.is_live_access_token(&token), "{what}");
        assert_refresh_token_is_not_lost(&world, &what);
    });
}

#[test]
fn a_lost_rotation_is_reported_when_nothing_can_recover_it() {
    let world = world(Rotation::NewRevokeFamily);
    world.sandbox.push_fault(Fault::DropAfter);
    // Two days later the request token of the login has expired.
    let late = world.concur(["get"]).at_offset(2 * 86_400).fails(4);
    late.says("code 108").says("concur-cred login --profile default");
    assert_eq!(world.sandbox.counters().token_requests_of("password"), 1);
}

#[test]
fn a_login_with_a_lost_answer_succeeds_with_the_next_request() {
    each(&[Fault::DropAfter, Fault::ResetAfter, Fault::TruncateBody], |fault| {
        let world = World::new();
        world.sandbox.push_fault(fault.clone());
        world.login("default", &world.sandbox.app().clone());
        world.concur(["get"]).ok().silent();
        assert_refresh_token_is_not_lost(&world, &format!("{fault:?}"));
    });
}

#[test]
fn losing_every_answer_is_temporary_and_keeps_the_stored_token() {
    let world = world(Rotation::Same);
    let before = stored_refresh_token(&world, "default");
    world.sandbox.fault_always(Fault::TruncateBody);
    world.expire("default");
    world.concur(["get"]).fails(5).says("broke off");
    assert_eq!(stored_refresh_token(&world, "default"), before);
    world.sandbox.clear_faults();
    world.concur(["get"]).at_offset(61).ok().silent();
}

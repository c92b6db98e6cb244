//! init → login → get → export → import → status.

use super::harness::World;

#[test]
fn a_token_is_served_from_the_store_and_refreshed_when_it_is_over() {
    let world = World::logged_in();
    let first = world.concur(["get"]).ok().silent().line();
    let again = world.concur(["token"]).ok().silent().line();
    assert_eq!(first, again, "a good token comes from the store");
    assert_eq!(world.refreshes(), 0);
    world.expire("default");
    let renewed = world.concur(["get"]).ok().silent().line();
    assert_ne!(first, renewed);
    assert!(world.sandbox.is_live_access_token(&renewed));
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

//! Helpers shared by these tests.

#![allow(dead_code, reason = "each platform uses its own part")]

use concur_sandbox::RequestRecord;
use serde_json::Value;

use crate::harness::{Output, Run, World};

/// An endpoint that returns the request.
pub(super) const ECHO: &str = "/sandbox/echo";

/// `api` with these arguments.
pub(super) fn api(world: &World, args: &[&str]) -> Run {
    world.concur(["api"].iter().chain(args))
}

/// The request that `api` sends with these arguments.
pub(super) fn sent(world: &World, args: &[&str]) -> Value {
    api(world, args).ok().silent().json()
}

/// Asserts exit code 2, a message, an empty stdout, and no request.
pub(super) fn refused_before_anything_is_sent(world: &World, args: &[&str]) -> Output {
    world.sandbox.clear_log();
    let output = api(world, args).fails(2);
    assert!(world.sandbox.requests().is_empty(), "nothing is sent\n{output:?}");
    output
}

/// The requests that were not for the token service.
pub(super) fn api_requests(world: &World) -> Vec<RequestRecord> {
    let all = world.sandbox.requests().into_iter();
    all.filter(|request| !request.path.starts_with("/oauth2/")).collect()
}

/// The current access token, without a refresh.
pub(super) fn current_token(world: &World) -> String {
    world.concur(["token", "--cached"]).ok().line()
}

//! Name resolution: by the C library, except in a static build, whose C library cannot load the system's
//! name-service modules.

#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    any(debug_assertions, target_feature = "crt-static")
))]
mod own;

use reqwest::blocking::ClientBuilder;

/// Sets the resolver of this build. Nothing is read before a name is resolved.
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    any(debug_assertions, target_feature = "crt-static")
))]
pub(super) fn set(builder: ClientBuilder) -> ClientBuilder {
    if cfg!(target_feature = "crt-static") || wanted_by_a_test() {
        builder.dns_resolver(std::sync::Arc::new(own::OwnResolver))
    } else {
        builder
    }
}

/// Sets the resolver of this build: the C library's.
#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    any(debug_assertions, target_feature = "crt-static")
)))]
pub(super) fn set(builder: ClientBuilder) -> ClientBuilder {
    builder
}

/// Lets a debug build resolve as a static build does.
#[cfg(all(target_os = "linux", target_env = "gnu", debug_assertions))]
fn wanted_by_a_test() -> bool {
    crate::sys::env::Env::of_process().text("CONCUR_CRED_TEST_RESOLVER").as_deref() == Some("own")
}

#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    not(debug_assertions),
    target_feature = "crt-static"
))]
const fn wanted_by_a_test() -> bool {
    false
}

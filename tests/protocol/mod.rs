//! stdin and stdout: git's helper protocol, the bare token and the formats, through
//! the real binary under both of its names.

#[cfg(unix)]
mod bare;
#[cfg(unix)]
mod bazel;
#[cfg(unix)]
mod bazel_schema;
mod callers;
mod common;
#[cfg(unix)]
mod configure_git;
#[cfg(unix)]
mod configure_git_here;
#[cfg(unix)]
mod formats;
mod hosts;
mod managed;
mod matching;
mod pins;
#[cfg(unix)]
mod real_git;
mod requests;
mod several;
mod store_application;
mod stored_credentials;

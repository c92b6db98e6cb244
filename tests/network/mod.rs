//! The network path to the service: name resolution of static builds, and proxies.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod dns;
mod https_proxy;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod namespace;
mod proxies;
#[cfg(unix)]
mod proxy_choice;
mod proxy_credentials;
mod real_proxy;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod resolver;
mod tinyproxy;

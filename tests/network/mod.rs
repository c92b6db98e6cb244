//! Ways to the service: names resolved as a static build does, and proxies.

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

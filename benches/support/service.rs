//! The one place that starts a token service.

use std::ffi::OsString;
use std::io::Write as _;

use concur_sandbox::{Config, Sandbox, Tls};
use tempfile::NamedTempFile;

use super::Outcome;

/// A token service, and what a client needs to trust it.
pub struct Service {
    /// The service.
    pub sandbox: Sandbox,
    /// Variables for ours.
    pub variables: Vec<(&'static str, OsString)>,
    /// Arguments for curl.
    pub curl_args: Vec<OsString>,
    /// The protocol, for the report.
    pub transport: &'static str,
    /// Its root certificate.
    _root: NamedTempFile,
}

/// Starts one.
pub fn start() -> Outcome<Service> {
    let sandbox = Sandbox::start(Config { tls: Some(Tls::default()), ..Config::default() })?;
    let mut root = NamedTempFile::new()?;
    root.write_all(sandbox.ca_pem().ok_or("a sandbox with TLS has a root")?.as_bytes())?;
    let file = root.path().as_os_str().to_owned();
    Ok(Service {
        sandbox,
        variables: vec![("CONCUR_CRED_CA_BUNDLE", file.clone())],
        curl_args: vec!["--cacert".into(), file],
        transport: "https",
        _root: root,
    })
}

impl Service {
    /// `host:port`.
    pub fn host(&self) -> &str {
        self.sandbox.origin().split("://").nth(1).unwrap_or_default()
    }

    /// What git asks a helper: git 2.46 and later announce what they can do.
    pub fn git_request(&self) -> String {
        let protocol = self.sandbox.origin().split("://").next().unwrap_or_default();
        let host = self.host();
        format!("capability[]=authtype\ncapability[]=state\nprotocol={protocol}\nhost={host}\n\n")
    }
}

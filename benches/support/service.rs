//! The one place that starts a token service.

use std::ffi::OsString;

use concur_sandbox::{Config, Sandbox};

use super::Outcome;

/// A token service, and what a client must be told to trust it.
pub struct Service {
    /// The service.
    pub sandbox: Sandbox,
    /// Variables for ours.
    pub variables: Vec<(&'static str, OsString)>,
    /// Arguments for curl.
    pub curl_args: Vec<OsString>,
    /// How it is spoken to; for the report.
    pub transport: &'static str,
}

/// Starts one.
pub fn start() -> Outcome<Service> {
    let sandbox = Sandbox::start(Config::default())?;
    Ok(Service { sandbox, variables: Vec::new(), curl_args: Vec::new(), transport: "http" })
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

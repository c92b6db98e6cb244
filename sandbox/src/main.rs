//! `concur-sandbox`: starts a [`Sandbox`], says how to use it, and waits to be stopped.

mod cli;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use cli::Cli;
use concur_sandbox::{App, Sandbox, Times};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&problem);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), String> {
    // Before the hints: a reader of them may send the signal.
    let stop = Stop::listen().map_err(|error| format!("Signals cannot be awaited: {error}."))?;
    let sandbox = start(cli)?;
    for spec in &cli.fault {
        match spec.times {
            Times::Count(times) => sandbox.push_faults(times, spec.fault.clone()),
            Times::Always => sandbox.fault_always(spec.fault.clone()),
        }
    }
    if let Some(path) = &cli.credentials {
        write_new(path, &sandbox.credentials_json())?;
    }
    if let (Some(path), Some(pem)) = (&cli.ca, sandbox.ca_pem()) {
        write_new(path, pem)?;
    }
    if let (Some(path), Some(pem)) = (&cli.client_cert, sandbox.client_pem()) {
        write_new(path, pem)?;
    }
    // The reader may have closed the pipe after the first line; the service is not for stdout.
    let _ = write_hints(&mut io::stdout().lock(), &sandbox, cli);
    stop.wait();
    say(&summary(&sandbox));
    Ok(())
}

fn start(cli: &Cli) -> Result<Sandbox, String> {
    let config = cli.config();
    let started = match &cli.log {
        None => Sandbox::start(config),
        Some(path) => {
            let log = open_log(path).map_err(|error| {
                format!("The log {} cannot be opened: {error}.", path.display())
            })?;
            Sandbox::start_with_log(config, log)
        }
    };
    started
        .map_err(|error| format!("The port cannot be listened on: {error}. Choose another --port."))
}

fn open_log(path: &Path) -> io::Result<Box<dyn Write + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout()));
    }
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    Ok(Box::new(file))
}

/// Writes a file that was not there, for its owner alone.
fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let written = create_private(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        format!(
            "{} cannot be written: {error}. Name a file that does not exist yet, in a folder that does.",
            path.display()
        )
    })
}

/// A new file that only its owner can read, from the moment it exists.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_hints(out: &mut impl Write, sandbox: &Sandbox, cli: &Cli) -> io::Result<()> {
    let origin = sandbox.origin();
    writeln!(out, "concur-sandbox listens on {origin}")?;
    writeln!(out, "Try:")?;
    if let Some(file) = &cli.ca {
        writeln!(out, "  export CONCUR_CRED_CA_BUNDLE={}", quoted_path(file)?)?;
    }
    if let Some(file) = &cli.client_cert {
        writeln!(out, "  export CONCUR_CRED_CLIENT_CERT={}", quoted_path(file)?)?;
    }
    if let Some(file) = &cli.credentials {
        let file = quoted_path(file)?;
        writeln!(out, "  concur-cred login --base-url {origin} --credentials {file}")?;
    } else {
        let App { client_id, client_secret, company_uuid, request_token } = sandbox.app();
        writeln!(out, "  export CONCUR_CRED_CLIENT_ID={client_id}")?;
        writeln!(out, "  export CONCUR_CRED_CLIENT_SECRET={client_secret}")?;
        writeln!(out, "  export CONCUR_CRED_COMPANY={company_uuid}")?;
        writeln!(out, "  export CONCUR_CRED_REQUEST_TOKEN={request_token}")?;
        writeln!(out, "  concur-cred login --base-url {origin}")?;
    }
    if let Some(grants) = cli.change_secret {
        let secret = sandbox.change_client_secret_after(grants);
        writeln!(out, "  # the client secret after {grants} grants: {secret}")?;
    }
    if let Some(user) = sandbox.config().user {
        let grant = if cli.has_otp() { "otp" } else { "user" };
        writeln!(out, "  concur-cred login --base-url {origin} --profile me --grant {grant}")?;
        writeln!(out, "  # user {}, password {}", user.login_id, user.password)?;
    }
    for uri in &sandbox.config().redirect_uris {
        let uri = quoted(uri);
        write!(
            out,
            "  concur-cred login --base-url {origin} --profile me --grant browser --redirect-uri {uri}"
        )?;
        match &cli.credentials {
            Some(file) => writeln!(out, " --credentials {}", quoted_path(file)?)?,
            None => writeln!(out)?,
        }
    }
    writeln!(out, "  concur-cred token")?;
    out.flush()
}

/// The whole path as a POSIX shell takes it.
fn quoted_path(path: &Path) -> io::Result<String> {
    Ok(quoted(&std::path::absolute(path)?.display().to_string()))
}

/// The word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn summary(sandbox: &Sandbox) -> String {
    let counters = sandbox.counters();
    let refusals: u64 = counters.refusals_by_code.values().sum();
    format!(
        "{} token requests, {} grants, {refusals} refusals, {} API requests, {} faults, {} violations.",
        counters.token_requests,
        counters.grants_made,
        counters.api_requests,
        counters.faults,
        sandbox.violations().len(),
    )
}

fn say(text: &str) {
    // If stderr is closed there is no other place to report to.
    let _ = writeln!(io::stderr().lock(), "concur-sandbox: {text}");
}

/// The signals that end it.
struct Stop {
    runtime: tokio::runtime::Runtime,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (terminate, interrupt) = {
            let _inside = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        Ok(Self { runtime, terminate, interrupt })
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime })
    }

    #[cfg(unix)]
    fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }

    #[cfg(not(unix))]
    fn wait(self) {
        // Without the handler no signal can be seen: stop at once.
        let _ = self.runtime.block_on(tokio::signal::ctrl_c());
    }
}

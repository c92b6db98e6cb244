//! A real proxy: tinyproxy, on a port of its own, until the test ends.

use crate::harness::skipped;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

/// How often another port is tried when one is taken.
const TRIES: u32 = 10;

pub(crate) struct TinyProxy {
    child: Child,
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl TinyProxy {
    /// With these lines in its configuration; `None` where there is none, which is said.
    pub(crate) fn start(more: &str) -> Option<Self> {
        if Command::new("tinyproxy").arg("-v").output().is_err() {
            skipped("there is no tinyproxy");
            return None;
        }
        Some((0..TRIES).find_map(|_| Self::try_start(more)).expect("a proxy that listens"))
    }

    fn try_start(more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("tinyproxy.conf");
        let lines = format!("Listen 127.0.0.1\nPort {port}\nTimeout 60\nLogLevel Info\n{more}\n");
        std::fs::write(&file, lines).unwrap();
        let mut child = Command::new("tinyproxy")
            .args(["-d", "-c"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        if !lines.any(|line| line.contains("Accepting connections")) {
            child.wait().unwrap();
            return None;
        }
        let log = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&log);
        std::thread::spawn(move || lines.for_each(|line| noted.lock().unwrap().push(line)));
        Some(Self { child, port, log, _folder: folder })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The same with a user name and password.
    pub(crate) fn url_for(&self, user: &str, password: &str) -> String {
        format!("http://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// The first lines of the requests that were made to it. It logs a request before it answers it.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        let lines = log.iter().filter_map(|line| line.split_once("Request (file descriptor "));
        lines.filter_map(|(_, rest)| Some(rest.split_once(": ")?.1.to_owned())).collect()
    }

    /// Everything that it logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

impl Drop for TinyProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

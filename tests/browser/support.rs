//! A waiting login, and a handwritten browser that sends exactly what the test says.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use concur_sandbox::{Config, GrantType, Sandbox, User};
use url::{Url, form_urlencoded};

use crate::harness::World;

/// No test should wait this long; it only keeps a broken one from hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A free port, below those that the system gives to clients: no other program gets it meanwhile.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port =
            20_000 + (u16::try_from(std::process::id() % 1000).unwrap() * 10 + step) % 10_000;
        let is_free = |host: &str| match TcpListener::bind(format!("{host}:{port}")) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::AddrInUse,
        };
        if is_free("127.0.0.1") && is_free("[::1]") {
            return port;
        }
    }
}

/// A Concur whose application has a user and this redirect URI.
pub(crate) fn config(redirect_uri: &str) -> Config {
    let mut config = Config {
        redirect_uris: vec![redirect_uri.to_owned()],
        user: Some(User::made_up("erika@example.com")),
        ..Config::default()
    };
    config.allowed_grants.push(GrantType::AuthorizationCode);
    config
}

/// A world with a redirect URI of its own, and the application's credentials file.
pub(crate) struct Place {
    pub(crate) world: World,
    pub(crate) port: u16,
    pub(crate) redirect_uri: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let port = free_port();
        Self::at(port, &format!("http://localhost:{port}/callback"))
    }

    pub(crate) fn at(port: u16, redirect_uri: &str) -> Self {
        let world = World::with(config(redirect_uri));
        world.write("credentials.json", world.sandbox.credentials_json());
        Self { world, port, redirect_uri: redirect_uri.to_owned() }
    }

    /// The arguments of a login here.
    pub(crate) fn login<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let mut args = vec!["login", "--grant", "browser", "--redirect-uri", &self.redirect_uri];
        args.extend(["--base-url", self.world.sandbox.origin()]);
        args.extend(more);
        args
    }

    /// Starts a login that opens no browser, and waits until it shows its address.
    pub(crate) fn start(&self, more: &[&str]) -> Login {
        let mut args = self.login(&["--no-browser"]);
        args.extend(more);
        Login::start(self.world.concur(args).into_command())
    }

    /// A request to the receiver, as a browser sends it.
    pub(crate) fn get(&self, target: &str) -> Reply {
        let port = self.port;
        self.send(&format!(
            "GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        ))
    }

    /// Any request to the receiver.
    pub(crate) fn send(&self, request: &str) -> Reply {
        exchange(self.address(), request)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Files and folders under HOME.
    pub(crate) fn made(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![self.world.home()];
        while let Some(folder) = left.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    left.push(path.clone());
                }
                found.push(path.display().to_string());
            }
        }
        found
    }
}

/// A login that has shown its address.
pub(crate) struct Login {
    pub(crate) child: Child,
    pub(crate) link: Url,
    said: String,
    stderr: BufReader<ChildStderr>,
}

impl Login {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let link = loop {
            let from = said.len();
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "an address is shown:\n{said}");
            if let Some(link) = said[from..].strip_prefix("  http") {
                break Url::parse(&format!("http{}", link.trim_end())).unwrap();
            }
        };
        Self { child, link, said, stderr }
    }

    /// Reads on until this text appears.
    pub(crate) fn wait_for(&mut self, text: &str) {
        while !self.said.contains(text) {
            assert_ne!(
                self.stderr.read_line(&mut self.said).unwrap(),
                0,
                "{text:?}:\n{}",
                self.said
            );
        }
    }

    pub(crate) fn state(&self) -> String {
        self.link.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
    }

    /// Waits for its end; returns the exit code and its messages without the address.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, self.said.replace(self.link.as_str(), "ADDRESS"))
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// Sends a request whose connection is closed afterwards, and reads the answer.
pub(crate) fn exchange(address: SocketAddr, request: &str) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A server that refuses early may close before everything is written.
    let _ = stream.write_all(request.as_bytes());
    read(&mut BufReader::new(stream))
}

/// Reads an answer to its end. Some servers keep the connection, whatever they are asked.
pub(crate) fn read(stream: &mut impl io::BufRead) -> Reply {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "a whole head: {head:?}");
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut reply = Reply { status, head, body: String::new() };
    let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
    stream.take(length).read_to_string(&mut reply.body).unwrap();
    reply
}

/// The user signs in and presses a button; returns the path and query that the browser is redirected to.
pub(crate) fn press(sandbox: &Sandbox, link: &Url, button: &str) -> String {
    let user = sandbox.config().user.unwrap();
    let body = form_urlencoded::Serializer::new(link.query().unwrap().to_owned())
        .append_pair("username", &user.login_id)
        .append_pair("password", &user.password)
        .append_pair("decision", button)
        .finish();
    let address = sandbox.origin().strip_prefix("http://").unwrap().parse().unwrap();
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        link.path(),
        body.len()
    );
    let reply = exchange(address, &request);
    assert_eq!(reply.status, 302, "{reply:?}");
    let callback = Url::parse(reply.header("location").unwrap()).unwrap();
    format!("{}?{}", callback.path(), callback.query().unwrap())
}

/// The value of a field of a callback.
pub(crate) fn field(callback: &str, name: &str) -> String {
    let (_, query) = callback.split_once('?').unwrap();
    let mut fields = form_urlencoded::parse(query.as_bytes());
    fields.find(|(known, _)| known == name).unwrap().1.into_owned()
}

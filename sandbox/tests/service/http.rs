//! HTTP/1.1 by hand: what is sent is exactly what the test says.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use concur_sandbox::{App, Sandbox};
use serde_json::Value;

/// No test should wait this long; it only keeps a broken one from hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A string field of the JSON body.
    pub(crate) fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    pub(crate) fn code(&self) -> u64 {
        self.json()["code"].as_u64().unwrap_or_else(|| panic!("no code: {self:?}"))
    }
}

/// Sends `request` and reads to the end of the connection; `None` if nothing came.
pub(crate) fn exchange(sandbox: &Sandbox, request: &[u8]) -> io::Result<Option<Reply>> {
    let mut stream = connect(sandbox);
    stream.write_all(request)?;
    read(&mut stream)
}

pub(crate) fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.origin().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(crate) fn read(stream: &mut impl io::Read) -> io::Result<Option<Reply>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Some(Reply { status, head, body: bytes[end + 4..].to_vec() }))
}

/// Sends a request that must be answered.
pub(crate) fn send(sandbox: &Sandbox, request: &str) -> Reply {
    exchange(sandbox, request.as_bytes()).unwrap().unwrap()
}

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A well-formed token request.
pub(crate) fn token_request(fields: &[(&str, &str)]) -> String {
    form_request("/oauth2/v0/token", fields)
}

/// A well-formed POST of a form.
pub(crate) fn form_request(path: &str, fields: &[(&str, &str)]) -> String {
    let body = encode(fields);
    format!(
        "POST {path} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\
         Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn post(sandbox: &Sandbox, fields: &[(&str, &str)]) -> Reply {
    send(sandbox, &token_request(fields))
}

pub(crate) fn company_form(app: &App) -> [(&str, &str); 6] {
    [
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("grant_type", "password"),
        ("username", &app.company_uuid),
        ("password", &app.request_token),
        ("credtype", "authtoken"),
    ]
}

pub(crate) fn refresh_form<'a>(app: &'a App, refresh_token: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ]
}

/// The company grant for the sandbox's own app.
pub(crate) fn log_in(sandbox: &Sandbox) -> Reply {
    let reply = post(sandbox, &company_form(sandbox.app()));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

pub(crate) fn refresh(sandbox: &Sandbox, refresh_token: &str) -> Reply {
    post(sandbox, &refresh_form(sandbox.app(), refresh_token))
}

/// A request to an API with a bearer token.
pub(crate) fn call(sandbox: &Sandbox, method: &str, target: &str, access_token: &str) -> Reply {
    send(
        sandbox,
        &format!(
            "{method} {target} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\
             Accept: application/json\r\nAuthorization: Bearer {access_token}\r\n\r\n"
        ),
    )
}

pub(crate) const USERS: &str = "/profile/identity/v4.1/Users";

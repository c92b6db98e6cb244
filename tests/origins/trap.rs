//! A stand-in for every wrong origin: a listener on loopback that counts connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// It is both the wrong port on this machine and the proxy of every run. So every request to another
/// host, loopback or not, ends here.
pub(super) struct Trap {
    pub(super) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Trap {
    pub(super) fn new() -> Self {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listen(listener, &heads);
        // Machines without IPv6 have no listener there either.
        match TcpListener::bind(format!("[::1]:{port}")) {
            Ok(listener) => listen(listener, &heads),
            Err(error) => assert_ne!(error.kind(), ErrorKind::AddrInUse, "{port}"),
        }
        Self { port, heads }
    }

    /// As the proxy of everything.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The first line of each connection since the last look; `TLS` for one that begins a handshake.
    pub(super) fn connections(&self) -> Vec<String> {
        std::mem::take(&mut *self.heads.lock().unwrap())
    }
}

fn listen(listener: TcpListener, heads: &Arc<Mutex<Vec<String>>>) {
    let heads = Arc::clone(heads);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            // Counted before the answer, so that a client with an answer is already counted.
            serve(client.unwrap(), &heads);
        }
    });
}

fn serve(mut client: TcpStream, heads: &Mutex<Vec<String>>) {
    let mut bytes = vec![0; 16 * 1024];
    let length = client.read(&mut bytes).unwrap_or(0);
    if bytes[0] == 0x16 {
        heads.lock().unwrap().push("TLS".to_owned());
        return;
    }
    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
    let first = text.lines().next().unwrap_or_default().to_owned();
    let is_tunnel = first.starts_with("CONNECT ");
    heads.lock().unwrap().push(first);
    let (status, body) =
        if is_tunnel { ("502 Bad Gateway", "") } else { ("400 Bad Request", REFUSAL) };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    let _ = client.write_all(format!("{head}{body}").as_bytes());
    // What it sends besides is read, so that its answer is not lost to a reset.
    let _ = client.shutdown(std::net::Shutdown::Write);
    let _ = client.read_to_end(&mut bytes);
}

/// Concur's, so that no client retries.
const REFUSAL: &str = "{\"code\":61,\"error\":\"invalid_client\"}";
